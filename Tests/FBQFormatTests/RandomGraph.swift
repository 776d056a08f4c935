import IntegerModel

/// Graphs that mean nothing but use every member of every type, to see that each comes back.
struct RandomGraph<Generator: RandomNumberGenerator> {
  var generator: Generator

  /// A graph with one operation of each kind.
  mutating func graph() -> IntegerGraph {
    var graph = IntegerGraph(name: text(), arithmetic: element(ArithmeticProfile.allCases))
    for _ in 0..<int(1...12) { graph.tensors.append(tensor()) }
    for kind in kinds() {
      graph.operations.append(
        Operation(
          name: text(), kind: kind, inputs: naturals(), outputs: naturals(),
          scalings: list { $0.scaling() }))
    }
    graph.profiles = list { $0.element(ArithmeticProfile.allCases) }
    graph.operations.shuffle(using: &generator)
    graph.inputs = naturals()
    graph.outputs = naturals()
    if bool() { graph.inputPipeline = pipeline() }
    graph.labels = list { $0.text() }
    if bool() { graph.record = record() }
    return graph
  }

  /// One of each kind, so that the compiler reminds of new ones (`name` is exhaustive) and the test
  /// of the count does the rest.
  mutating func kinds() -> [OperatorKind] {
    [
      .convolution(convolution()), .depthwiseConvolution(convolution()),
      .fullyConnected(
        FullyConnectedParameters(
          multipliers: list { $0.multiplier() }, clamp: range(), accumulator: accumulator())),
      .add(addition()), .subtract(addition()),
      .multiply(MultiplyParameters(multiplier: multiplier(), clamp: range())),
      .averagePool(pool()), .maxPool(pool()), .mean(reduction()), .sum(reduction()),
      .softmax(SoftmaxParameters(multiplier: multiplier(), minimumDifference: int32())),
      .concatenation(axis: int(0...5)),
      .pad(
        PadParameters(
          before: naturals(), after: naturals(),
          mode: element([.constant, .reflect, .symmetric, .edge]), value: int32())),
      .reshape, .requantize(multiplier()), .lookup(lookup()),
      .resizeNearest(
        ResizeNearestParameters(rows: list { $0.int32() }, columns: list { $0.int32() })),
      .resizeBilinear(
        ResizeBilinearParameters(alignCorners: bool(), halfPixelCenters: bool())),
      .transpose(permutation: naturals()),
      .stridedSlice(StridedSliceParameters(begin: naturals(), strides: list { $0.int(-9...9) })),
      .prelu(PReluParameters(positive: multiplier(), negative: multiplier())),
      .minimum, .maximum, .argMax(ArgumentParameters(axis: int(0...5))),
      .argMin(ArgumentParameters(axis: int(0...5))),
      .reduceMax(ReduceExtremeParameters(axes: naturals(), keepsDimensions: bool())),
      .reduceMin(ReduceExtremeParameters(axes: naturals(), keepsDimensions: bool())),
      .logSoftmax(
        LogSoftmaxParameters(
          multiplier: multiplier(), reverse: multiplier(), minimumDifference: int32())),
      .l2Normalization, .depthToSpace(blockSize: int(0...9)), .spaceToDepth(blockSize: int(0...9)),
      .batchToSpace(blocks()), .spaceToBatch(blocks()), .tile(multiples: naturals()),
      .gather(GatherParameters(axis: int(0...5), batchDimensions: int(0...5))),
      .sequenceLSTM(sequenceLSTM()),
      .svdf(SVDFParameters(rank: int(0...9), feature: multiplier(), time: multiplier())),
      .transposeConvolution(
        TransposeConvolutionParameters(
          stride: pair(), padding: padding(), multipliers: list { $0.multiplier() },
          clamp: range(), accumulator: accumulator())),
      .leakyRelu(LeakyReluParameters(positive: multiplier(), negative: multiplier())),
      .interpolatedFunction(
        InterpolatedFunctionParameters(function: .tanh, multiplier: int32(), shift: int32())),
    ]
  }

  /// One of each form, to be told apart by the test of the count.
  mutating func forms() -> [ScalingForm] {
    [
      .common, .fixedPoint(list { $0.multiplier() }), .fixedPointInGroups,
      .binary32(list { $0.bits() }),
      .binary64(list { UInt64.random(in: 0 ... .max, using: &$0.generator) }),
      .binary32Sum(scale: bits(), offset: bits()),
      .weightedSum(first: int32(), second: int32(), shift: int32()),
      .table(list { $0.int32() }), .exponentials(list { $0.bits() }),
      .samples(rows: list { $0.sample() }, columns: list { $0.sample() }),
      .binary32Samples(rows: list { $0.sample() }, columns: list { $0.sample() }),
      .indices(rows: list { $0.int32() }, columns: list { $0.int32() }), .fixedPointTiesUp,
      .binary64Reciprocals(multiplier()), .polynomials,
    ]
  }

  private mutating func scaling() -> ProfileScaling {
    ProfileScaling(
      profile: element(ArithmeticProfile.allCases), form: element(forms()),
      clamp: bool() ? range() : nil)
  }

  private mutating func sample() -> ResizeSample {
    ResizeSample(lower: int32(), upper: int32(), fraction: int32())
  }

  private mutating func tensor() -> TensorDescription {
    var tensor = TensorDescription(
      name: text(), shape: list { $0.int(1...5) }, elementType: element(ElementType.allCases),
      isState: bool())
    if bool() {
      tensor.quantization = Quantization(
        scaleBits: list { $0.bits() }, zeroPoints: list { $0.int32() },
        axis: bool() ? nil : int(0...3))
    }
    if bool() { tensor.constant = constant(count: tensor.byteCount) }
    return tensor
  }

  private mutating func convolution() -> ConvolutionParameters {
    ConvolutionParameters(
      stride: pair(), dilation: pair(), padding: padding(), multipliers: list { $0.multiplier() },
      clamp: range(), accumulator: accumulator())
  }

  private mutating func blocks() -> BatchBlockParameters {
    BatchBlockParameters(block: naturals(), before: naturals(), after: naturals())
  }

  private mutating func gate() -> LSTMGate {
    LSTMGate(input: multiplier(), recurrent: multiplier())
  }

  private mutating func sequenceLSTM() -> SequenceLSTMParameters {
    SequenceLSTMParameters(
      inputGate: gate(), forgetGate: gate(), cellGate: gate(), outputGate: gate(),
      forgetProduct: multiplier(), inputProduct: multiplier(), outputProduct: multiplier(),
      cellScaleExponent: int32(), cellClip: int32(), isTimeMajor: bool())
  }

  private mutating func addition() -> AddParameters {
    AddParameters(
      leftShift: int32(), first: multiplier(), second: multiplier(), output: multiplier(),
      clamp: range())
  }

  private mutating func pool() -> PoolParameters {
    PoolParameters(window: pair(), stride: pair(), padding: padding(), clamp: range())
  }

  private mutating func reduction() -> ReduceParameters {
    ReduceParameters(axes: naturals(), keepsDimensions: bool(), multiplier: multiplier())
  }

  private mutating func lookup() -> LookupParameters {
    LookupParameters(
      function: element(UnaryFunction.allCases), coefficientBits: list { $0.bits() },
      table: constant(count: 256),
      profileTables: list {
        ProfileTable(
          profile: $0.element(ArithmeticProfile.allCases), table: $0.constant(count: 256))
      })
  }

  private mutating func pipeline() -> InputPipeline {
    InputPipeline(
      height: int(1...300), width: int(1...300), resizeShortSide: int(1...300),
      channelOrder: element([.rgb, .bgr, .gray]),
      codeTables: list { random in
        (0..<256).map { _ in Int16.random(in: .min ... .max, using: &random.generator) }
      },
      meanBits: list { $0.bits() }, standardDeviationBits: list { $0.bits() })
  }

  private mutating func record() -> ConversionRecord {
    ConversionRecord(
      sourceName: text(), sourceDigest: text(), toolVersion: text(), options: list { $0.text() },
      layers: list {
        LayerRecord(
          operation: $0.text(), observedMinimumBits: $0.bits(), observedMaximumBits: $0.bits(),
          headroomBits: $0.int32(), notes: $0.list { $0.text() })
      })
  }

  private mutating func list<Element>(_ make: (inout Self) -> Element) -> [Element] {
    var result: [Element] = []
    for _ in 0..<int(0...4) { result.append(make(&self)) }
    return result
  }

  private mutating func element<Element>(_ values: [Element]) -> Element {
    values[int(0...values.count - 1)]
  }

  /// Negative zero, NaN and infinity turn up often: a file must not touch a single bit.
  private mutating func bits() -> UInt32 {
    element([
      0x8000_0000, 0x7fa0_0001, 0x7f80_0000, UInt32.random(in: 0 ... .max, using: &generator),
    ])
  }

  private mutating func text() -> String {
    element(["", "conv1/weights", "größe ✓", "a\0b", "tensor \(int(0...999))"])
  }

  private mutating func constant(count: Int) -> ConstantBytes {
    // Half of them compress well.
    let limit: UInt8 = bool() ? 1 : 255
    return ConstantBytes(
      copying: (0..<count).map { _ in UInt8.random(in: 0...limit, using: &generator) })
  }

  private mutating func int(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &generator)
  }
  private mutating func bool() -> Bool { Bool.random(using: &generator) }
  private mutating func int32() -> Int32 {
    element([0, .min, .max, Int32.random(in: .min ... .max, using: &generator)])
  }
  private mutating func naturals() -> [Int] { list { $0.int(0...99) } }
  private mutating func multiplier() -> FixedPointMultiplier {
    FixedPointMultiplier(multiplier: int32(), shift: int32())
  }
  private mutating func range() -> CodeRange { CodeRange(minimum: int32(), maximum: int32()) }
  private mutating func pair() -> SpatialPair {
    SpatialPair(height: int(-3...99), width: int(-3...99))
  }
  private mutating func padding() -> SpatialPadding {
    SpatialPadding(top: int(0...9), left: int(0...9), bottom: int(0...9), right: int(0...9))
  }
  private mutating func accumulator() -> AccumulatorType { element([.int32, .int64]) }
}
