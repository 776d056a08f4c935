import CFloatKernels
import Diagnostics

/// oneDNN's engine and stream. Held by every primitive, since it must outlive them.
final class PrimitiveContext {
  let handle: OpaquePointer

  init() throws(Diagnostic) {
    var handle: OpaquePointer?
    let status = float_context_create(&handle)
    guard status == 0, let handle else {
      throw Diagnostic(
        problem: "oneDNN does not start: \(String(cString: float_status_text(status)))")
    }
    self.handle = handle
  }

  deinit { float_context_destroy(handle) }
}
