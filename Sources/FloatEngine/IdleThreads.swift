import CFloatKernels

/// How the threads of the engine wait for work.
public enum IdleThreads {
  /// Makes idle threads sleep soon instead of spinning for milliseconds, which on a machine with
  /// other work costs most of the speed.
  ///
  /// OpenMP reads the setting, `GOMP_SPINCOUNT`, once, when it is loaded: so this starts the program
  /// anew with the same arguments, unless `GOMP_SPINCOUNT` or `OMP_WAIT_POLICY` is set already. To
  /// be called first thing in a command, before anything is printed or opened.
  public static func limitSpinning() {
    float_threads_limit_spinning(CommandLine.unsafeArgv)
  }
}
