#ifndef FBQ_C_TEST_SUPPORT_H
#define FBQ_C_TEST_SUPPORT_H

// System calls that tests need and Swift's Glibc module does not show.

/// Sets the user by whose rights this thread alone uses files; returns the previous one.
int fbq_test_set_file_system_user(unsigned int user);

/// Gives this thread alone a copy of the mounts, in which mounting affects nobody else.
/// Returns 0, or -1 where that is not allowed.
int fbq_test_separate_mounts(void);

#endif
