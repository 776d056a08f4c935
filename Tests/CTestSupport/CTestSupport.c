#define _GNU_SOURCE
#include "CTestSupport.h"

#include <sched.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/mount.h>

int fbq_test_set_file_system_user(unsigned int user) { return setfsuid(user); }

int fbq_test_separate_mounts(void) {
  if (unshare(CLONE_NEWNS) != 0) return -1;
  // Without this, mounts could propagate back into the namespace the process came from.
  return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}
