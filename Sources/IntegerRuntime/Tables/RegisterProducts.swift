import CIntegerKernels

extension KernelChoice {
  /// Computes dot products of bytes in registers and nothing else: what the processor could do at
  /// most with these kernels' instructions, on one thread, if no code had to be read or written.
  ///
  /// Returns how many products (multiply-accumulates) that were, in proportion to `rounds`; `nil`
  /// for kernels that have no dot products of bytes of their own.
  public func multiplyRegisters(rounds: Int) -> Int? {
    guard let table = resolved.table, lacking == nil, let kernels = fbq_kernels_of(table),
      let multiply = kernels.pointee.multiply_registers
    else { return nil }
    return Int(multiply(Int64(rounds)))
  }
}
