import CTestSupport
import Foundation

/// Calls `body` with the file access rights of a user who owns nothing, also where the tests run as
/// root: the file-system user is a property of the thread, and leaving 0 drops the capabilities that
/// override permissions. `body` must not suspend.
func asOrdinaryUser<Result>(_ body: () -> Result) -> Result {
  guard geteuid() == 0 else { return body() }
  _ = fbq_test_set_file_system_user(65_534)
  defer { _ = fbq_test_set_file_system_user(0) }
  return body()
}

/// Calls `body` on a thread with a file system of `pageCount` pages mounted at `folder`, visible to
/// that thread alone. Returns `nil` where mounting is not allowed.
func onSmallDisk<Result: Sendable>(
  at folder: String, pageCount: Int, _ body: @escaping @Sendable () -> Result
) -> Result? {
  let outcome = Outcome<Result>()
  let thread = Thread {
    defer { outcome.done.signal() }
    guard fbq_test_separate_mounts() == 0 else { return }
    guard mount("tmpfs", folder, "tmpfs", 0, "size=\(pageCount * 4096)") == 0 else { return }
    outcome.result = body()
    umount2(folder, Int32(MNT_DETACH))
  }
  thread.start()
  outcome.done.wait()
  return outcome.result
}

/// Hands a result from one thread to another; the semaphore orders the accesses.
private final class Outcome<Result>: @unchecked Sendable {
  var result: Result?
  let done = DispatchSemaphore(value: 0)
}
