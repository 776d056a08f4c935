import Glibc

/// A lock and a way to wait for what others do under it, POSIX threads' own.
///
/// Unchecked: the system's mutex and condition may be used from any thread.
final class Condition: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Creates an open lock.
  init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    let isReady = pthread_mutex_init(mutex, nil) == 0 && pthread_cond_init(condition, nil) == 0
    precondition(isReady, "the system has no lock left")
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Calls `body` while no other thread is under this lock.
  func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Opens the lock until another thread calls ``broadcast()``, or for no reason; then closes it
  /// again. To be called under the lock, in a loop that looks whether the wait is over.
  func wait() { pthread_cond_wait(condition, mutex) }

  /// Wakes all that wait.
  func broadcast() { pthread_cond_broadcast(condition) }
}
