import FloatModel
import Foundation

/// Operators with weights, windows or sums.
enum Layers {
  static func convolution(_ parameters: FloatConvolution, _ x: [RealTensor]) -> RealTensor {
    let (image, weights) = (x[0], x[1])
    let (height, width, channels) = (image.shape[1], image.shape[2], image.shape[3])
    let (outputs, windowHeight, windowWidth) =
      (weights.shape[0], weights.shape[1], weights.shape[2])
    let perGroup = channels / parameters.groups
    let outputsPerGroup = outputs / parameters.groups
    func extent(_ size: Int, _ padding: Int, _ window: Int, _ dilation: Int, _ stride: Int) -> Int {
      (size + padding - ((window - 1) * dilation + 1)) / stride + 1
    }
    let outputHeight = extent(
      height, parameters.padding.top + parameters.padding.bottom, windowHeight,
      parameters.dilation.height, parameters.stride.height)
    let outputWidth = extent(
      width, parameters.padding.left + parameters.padding.right, windowWidth,
      parameters.dilation.width, parameters.stride.width)
    var result: [Double] = []
    for batch in 0..<image.shape[0] {
      for y in 0..<outputHeight {
        for column in 0..<outputWidth {
          for output in 0..<outputs {
            let firstChannel = output / outputsPerGroup * perGroup
            var sum = x.count > 2 ? x[2].values[output] : 0
            for tapY in 0..<windowHeight {
              let sourceY =
                y * parameters.stride.height - parameters.padding.top
                + tapY * parameters.dilation.height
              if sourceY < 0 || sourceY >= height { continue }
              for tapX in 0..<windowWidth {
                let sourceX =
                  column * parameters.stride.width - parameters.padding.left
                  + tapX * parameters.dilation.width
                if sourceX < 0 || sourceX >= width { continue }
                let pixel = ((batch * height + sourceY) * width + sourceX) * channels
                let tap = ((output * windowHeight + tapY) * windowWidth + tapX) * perGroup
                for channel in 0..<perGroup {
                  sum +=
                    Double(image.values[pixel + firstChannel + channel])
                    * Double(weights.values[tap + channel])
                }
              }
            }
            result.append(clamped(sum, parameters.clamp))
          }
        }
      }
    }
    return RealTensor(shape: [image.shape[0], outputHeight, outputWidth, outputs], values: result)
  }

  static func fullyConnected(_ x: [RealTensor], _ clamp: ClampRange) -> RealTensor {
    let (outputs, width) = (x[1].shape[0], x[1].shape[1])
    return RealTensor(shape: x[0].shape.dropLast() + [outputs]) { index in
      let output = index[index.count - 1]
      var sum = x.count > 2 ? x[2].values[output] : 0
      for input in 0..<width {
        sum += x[0][index.dropLast() + [input]] * x[1][[output, input]]
      }
      return clamped(sum, clamp)
    }
  }

  static func batchNormalization(_ x: [RealTensor], _ epsilon: Float) -> RealTensor {
    RealTensor(shape: x[0].shape) { index in
      let channel = index[index.count - 1]
      let gamma = x[1].values[channel]
      let beta = x[2].values[channel]
      let mean = x[3].values[channel]
      let variance = x[4].values[channel]
      return gamma * (x[0][index] - mean) / (variance + Double(epsilon)).squareRoot() + beta
    }
  }

  /// `reduce` of the elements of each window that lie inside the image.
  static func pool(
    _ pool: FloatPool, _ image: RealTensor, _ reduce: ([Double]) -> Double
  ) -> RealTensor {
    let (height, width) = (image.shape[1], image.shape[2])
    let outputHeight =
      (height + pool.padding.top + pool.padding.bottom - pool.window.height) / pool.stride.height
      + 1
    let outputWidth =
      (width + pool.padding.left + pool.padding.right - pool.window.width) / pool.stride.width + 1
    return RealTensor(shape: [image.shape[0], outputHeight, outputWidth, image.shape[3]]) {
      index in
      var elements: [Double] = []
      for tapY in 0..<pool.window.height {
        for tapX in 0..<pool.window.width {
          let y = index[1] * pool.stride.height - pool.padding.top + tapY
          let x = index[2] * pool.stride.width - pool.padding.left + tapX
          if y >= 0, y < height, x >= 0, x < width {
            elements.append(image[[index[0], y, x, index[3]]])
          }
        }
      }
      return reduce(elements)
    }
  }

  static func mean(_ x: RealTensor, _ axes: [Int], keepsDimensions: Bool) -> RealTensor {
    let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    let count = axes.map { x.shape[$0] }.reduce(1, *)
    let means = RealTensor(shape: kept) { index in
      var sum = 0.0
      for position in 0..<count {
        var rest = position
        var source = index
        for axis in axes {
          source[axis] = rest % x.shape[axis]
          rest /= x.shape[axis]
        }
        sum += x[source]
      }
      return sum / Double(count)
    }
    if keepsDimensions { return means }
    return RealTensor(
      shape: kept.indices.filter { !axes.contains($0) }.map { kept[$0] }, values: means.values)
  }

  static func softmax(_ x: RealTensor, _ axis: Int) -> RealTensor {
    RealTensor(shape: x.shape) { index in
      func element(_ position: Int) -> Double {
        var source = index
        source[axis] = position
        return x[source]
      }
      let all = (0..<x.shape[axis]).map(element)
      let greatest = all.max() ?? 0
      let sum = all.map { exp($0 - greatest) }.reduce(0, +)
      return exp(x[index] - greatest) / sum
    }
  }
}
