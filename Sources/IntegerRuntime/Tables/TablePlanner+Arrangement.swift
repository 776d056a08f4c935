import CIntegerKernels
import IntegerModel

extension TablePlanner {
  /// Padding with a constant.
  func pad(_ operation: Operation, _ parameters: PadParameters) -> TableStep? {
    guard kernels.pad != nil, parameters.mode == .constant else { return nil }
    let (input, result) = (x(operation), y(operation))
    let before = Extents(parameters.before, filler: 0)
    // Trailing axes without padding lengthen the rows: an image's channels become part of its columns.
    let last = 5
    var axes = [(input: input.extents[last], output: result.extents[last], before: before[last])]
    for axis in stride(from: last - 1, through: 0, by: -1) {
      let next = (
        input: input.extents[axis], output: result.extents[axis], before: before[axis]
      )
      let run = axes[axes.count - 1]
      if run.input == run.output {
        axes[axes.count - 1] = (
          input: next.input * run.input, output: next.output * run.input,
          before: next.before * run.input
        )
      } else {
        axes.append(next)
      }
    }
    while axes.count <= last { axes.append((input: 1, output: 1, before: 0)) }
    var p = fbq_pad()
    p.input = UnsafePointer(input.byteAddress)
    p.output = result.byteAddress
    p.value = UInt8(truncatingIfNeeded: parameters.value)
    let lastFirst = axes
    func inOrder(_ extent: (Int) -> Int) -> (Int, Int, Int, Int, Int, Int) {
      (extent(5), extent(4), extent(3), extent(2), extent(1), extent(0))
    }
    p.input_extents = inOrder { lastFirst[$0].input }
    p.output_extents = inOrder { lastFirst[$0].output }
    p.before = inOrder { lastFirst[$0].before }
    let count = result.extents.count
    return step(kernels.pad, p, units: count / axes[0].output, work: count / 8)
  }
}
