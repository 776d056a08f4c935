import CIntegerKernels

/// Which kernels compute a model. All of them give the same bits.
public enum KernelChoice: String, CaseIterable, Sendable {
  /// For each operator the fastest kernel this machine has.
  case auto
  /// The specification: readable Swift, one loop per axis.
  case reference
  /// Portable C where an operator has such a kernel, the reference elsewhere.
  case portable
  /// AVX2; `portable` where an operator has no such kernel.
  case avx2
  /// AVX2 with dot products of bytes; `avx2` and then `portable` where an operator has no such kernel.
  case avxVNNI = "avx-vnni"
  /// AVX-512 with dot products of bytes; `avx2` and then `portable` where an operator has no such kernel.
  case avx512VNNI = "avx512-vnni"
  /// AArch64 with dot products of bytes; `portable` where an operator has no such kernel.
  case neonDotProduct = "neon-dotprod"

  /// The kernels that this choice means on this machine: never `auto`.
  public var resolved: KernelChoice {
    guard self == .auto else { return self }
    return KernelChoice.allCases.last { $0 != .auto && $0.lacking == nil } ?? .reference
  }

  /// What this machine lacks to run these kernels, such as "AVX-512 VNNI"; `nil` if it has all.
  public var lacking: String? {
    table.flatMap { fbq_lacking($0) }.map { String(cString: $0) }
  }

  /// The choices other than `auto` that this machine can run, the slowest first.
  public static var available: [KernelChoice] {
    allCases.filter { $0 != .auto && $0.lacking == nil }
  }

  /// The table of kernels; `nil` for those that have none.
  var table: fbq_table? {
    switch self {
    case .auto, .reference: nil
    case .portable: fbq_portable_table
    case .avx2: fbq_avx2_table
    case .avxVNNI: fbq_avx_vnni_table
    case .avx512VNNI: fbq_avx512_vnni_table
    case .neonDotProduct: fbq_neon_dotprod_table
    }
  }

  /// The choices whose tables are asked for a kernel, in this order, before the reference computes.
  var tablesInOrder: [KernelChoice] {
    switch resolved {
    case .auto, .reference: []
    case .portable: [.portable]
    case .avx2: [.avx2, .portable]
    case .avxVNNI: [.avxVNNI, .avx2, .portable]
    case .avx512VNNI: [.avx512VNNI, .avx2, .portable]
    case .neonDotProduct: [.neonDotProduct, .portable]
    }
  }
}
