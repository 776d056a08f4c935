import Diagnostics
import FloatModel
import FloatReference
import Quantizer
import Synchronization
import Testing

@Suite("Training")
struct TrainingOutcomeTests {
  private static let everything = TrainingOptions(
    epochs: 8, batch: 6, thresholdRate: 1e-2, weightRate: 3e-3, biasRate: 0.1, tunesWeights: true,
    tunesBiases: true, heldOutShare: 0.25)

  @Test(
    "brings the integer model nearer to the float one, on samples that it has not learned from",
    arguments: 1...4 as ClosedRange<UInt64>, StudentArithmetic.allCases)
  func improves(seed: UInt64, student: StudentArithmetic) throws {
    let task = try TrainingTask(blocksOfSeed: seed)
    var options = Self.everything
    options.student = student
    let trained = try task.trained(options)
    let losses = try #require(trained.heldOutLosses)
    #expect(losses.after < losses.before, "seed \(seed)")
    let heldOut = task.heldOut(6)
    let before = try task.error(of: task.start(), samples: heldOut)
    let after = try task.error(of: trained, samples: heldOut)
    #expect(after < before, "seed \(seed)")
  }

  @Test(
    "never leaves a model worse than it found it on the held-out samples, at whatever rate",
    arguments: [1e-3, 0.3, 10] as [Float], ThresholdParametrization.allCases)
  func neverWorse(rate: Float, parametrization: ThresholdParametrization) throws {
    let task = try TrainingTask(blocksOfSeed: 5, samples: 12, weights: .perChannel)
    let trained = try task.trained(
      TrainingOptions(
        epochs: 3, batch: 4, thresholdRate: rate, weightRate: rate, biasRate: rate,
        parametrization: parametrization, tunesWeights: true, tunesBiases: true))
    let losses = try #require(trained.heldOutLosses)
    #expect(losses.after <= losses.before)
    #expect(trained.isFinite)
    _ = try LoweredNetwork(trained)
  }

  @Test("gives the same bits for the same seed and threads, others for another seed")
  func deterministic() throws {
    var task = try TrainingTask(blocksOfSeed: 2)
    task.options.threads = 2
    var options = Self.everything
    options.epochs = 2
    let first = try task.trained(options)
    #expect(try task.trained(options).isSame(as: first))
    options.seed = 2
    #expect(try !task.trained(options).isSame(as: first))
  }

  @Test("keeps factors of weights and biases in 0.75…1.25 and α in 0.5…1, however fast it learns")
  func limits() throws {
    var task = try TrainingTask(blocksOfSeed: 3, weights: .perChannel)
    task.options.thresholds = .symmetric
    var options = Self.everything
    (options.thresholdRate, options.weightRate) = (0.5, 0.5)
    options.tunesBiases = false
    let start = try task.start()
    // What a network may become at any time, not only where it was best.
    let student = try StudentNetwork(start, options: options)
    try student.update(student.parameters.mapValues { $0.map { _ in -7 } })
    for far: Float in [-7, 0.3, 7] {
      try student.update(student.parameters.mapValues { $0.map { _ in far } })
      var state = start
      student.write(to: &state)
      expectLimits(state, start)
    }
    let trained = try task.trained(options)
    #expect(!trained.isSame(as: start))
    expectLimits(trained, start)
  }

  private func expectLimits(_ state: QuantizationState, _ start: QuantizationState) {
    for node in start.graph.nodes where node.inputs.count > 2 {
      for constant in node.inputs.dropFirst() {
        let before = start.graph.values[constant].constant?.values ?? []
        let after = state.graph.values[constant].constant?.values ?? []
        #expect(before.count == after.count)
        for (old, new) in zip(before, after) where old != 0 {
          #expect((0.7499...1.2501).contains(new / old))
        }
      }
      let before = start.weightThresholds[node.inputs[1]] ?? []
      let after = state.weightThresholds[node.inputs[1]] ?? []
      #expect(before.count == after.count)
      for (old, new) in zip(before, after) {
        #expect((0.4999...1.0001).contains(new / old))
      }
      let old = start.ranges[node.output]?.maximum ?? 0
      let new = state.ranges[node.output]?.maximum ?? 0
      let oldMagnitude = max(old, -(start.ranges[node.output]?.minimum ?? 0))
      #expect((0.4999...1.0001).contains(new / oldMagnitude))
    }
  }

  @Test("stops after as many epochs without a gain as it has patience")
  func patience() throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    let trained = try task.trained(
      TrainingOptions(epochs: 50, batch: 8, thresholdRate: 1e-30, patience: 3))
    let note = try #require(trained.notes.last)
    #expect(note.hasPrefix("trained 3 epochs on 22 samples; held-out 2: loss "))
  }

  @Test("reports each step once, and never goes back")
  func progress() throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    var shares: [Double] = []
    var details: [String] = []
    _ = try task.trained(
      TrainingOptions(epochs: 2, batch: 8),
      progress: { report in
        shares.append(report.share)
        details.append(report.detail)
      })
    #expect(shares == shares.sorted() && shares.last == 1)
    let steps = details.filter { $0 != "teacher" }
    #expect(steps.count == 4)
    #expect(steps[2].hasPrefix("epoch 2 of 2, step 1 of 2, loss "))
  }

  @Test("can be stopped at any step, with the best model so far", arguments: [0, 1, 5])
  func cancelled(after steps: Int) throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    let asked = Mutex(0)
    let trained = try task.trained(Self.everything) {
      asked.withLock {
        $0 += 1; return $0 > steps
      }
    }
    #expect(asked.withLock { $0 } == steps + 1)
    #expect(trained.notes.dropLast().last == "training interrupted in epoch \(steps / 3 + 1)")
    let losses = try #require(trained.heldOutLosses)
    #expect(losses.after <= losses.before)
    if steps < 3 { #expect(losses.after == losses.before) }
    _ = try LoweredNetwork(trained)
  }

  @Test("steps back at half the rate when a loss is no number, says so, and ends finite")
  func setback() throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    // A teacher whose answer to one sample, which is not held out, is beyond what floats can square.
    var samples = task.values
    samples[5] = samples[5].map { $0.map { $0 * 1e22 } }
    var state = try task.start()
    try TrainingStep(
      samples: task.graph.sampleSet(samples), teacher: task.graph, options: Self.everything
    ).apply(to: &state) { _ in }
    let notes = state.notes.filter { $0.hasPrefix("the loss became inf in epoch ") }
    #expect(
      notes.first
        == "the loss became inf in epoch 1: went back to the best model and halved the learning rate"
    )
    #expect(notes.count == 6, "then it gives up")
    #expect(state.isFinite)
    let losses = try #require(state.heldOutLosses)
    #expect(losses.after <= losses.before)
  }

  @Test("survives rates that make parameters infinite")
  func infiniteRates() throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    var options = Self.everything
    let greatest = Float.greatestFiniteMagnitude
    (options.thresholdRate, options.weightRate, options.biasRate) = (greatest, greatest, greatest)
    let trained = try task.trained(options)
    #expect(trained.isFinite)
    let losses = try #require(trained.heldOutLosses)
    #expect(losses.after <= losses.before)
  }
}

@Suite("Training refuses or remarks on")
struct TrainingSampleTests {
  private func step(_ count: Int) throws -> TrainingStep {
    var task = try TrainingTask(blocksOfSeed: 1)
    task.values = Array(task.values.prefix(count))
    let none = SampleSet(
      images: [],
      preprocessing: ImagePreprocessing(
        height: 6, width: 5, resizeShortSide: 6, channelOrder: .rgb, mean: [0, 0, 0],
        standardDeviation: [1, 1, 1]))
    return TrainingStep(
      samples: count == 0 ? none : try task.samples(), teacher: task.graph,
      options: TrainingOptions(epochs: 1))
  }

  @Test(
    "too few samples",
    arguments: [
      (
        0,
        "training: there are 0 samples, training needs 2; give more, better hundreds: some are held "
          + "out to tell when to stop"
      ),
      (
        1,
        "training: there is 1 sample, training needs 2; give more, better hundreds: some are held "
          + "out to tell when to stop"
      ),
    ])
  func tooFew(count: Int, message: String) throws {
    var state = try TrainingTask(blocksOfSeed: 1).start()
    let step = try step(count)
    let whole = #expect(throws: Diagnostic.self) { try step.apply(to: &state) { _ in } }
    #expect(whole?.description == message)
    let blocks = BlockReconstructionStep(samples: step.samples, options: step.options)
    let parts = #expect(throws: Diagnostic.self) { try blocks.apply(to: &state) { _ in } }
    #expect(parts?.description == message)
  }

  @Test("few samples, with a note", arguments: [2, 24])
  func few(count: Int) throws {
    var state = try TrainingTask(blocksOfSeed: 1).start()
    try step(count).apply(to: &state) { _ in }
    #expect(
      state.notes.first
        == "only \(count) training samples: the result may fit them rather than the task")
  }

  @Test("samples that are all alike, with a note")
  func constant() throws {
    var task = try TrainingTask(blocksOfSeed: 1, samples: 40)
    task.values = Array(repeating: task.values[0], count: 40)
    let trained = try task.trained(TrainingOptions(epochs: 1))
    #expect(
      trained.notes.first == "the float model answers all training samples alike: they teach little"
    )
    _ = try LoweredNetwork(trained)
  }

  @Test("samples to which the float model answers infinity")
  func infiniteTeacher() throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    var state = try task.start()
    var samples = task.values
    samples[3] = samples[3].map { $0.map { $0 < 0 ? -3e38 : 3e38 } }
    let step = try TrainingStep(
      samples: task.graph.sampleSet(samples), teacher: task.graph, options: TrainingOptions())
    let error = #expect(throws: Diagnostic.self) { try step.apply(to: &state) { _ in } }
    #expect(
      error?.description
        == "tensor 'fc': holds NaN or infinity for training samples 0…7; check --mean and --std and "
        + "the model's weights")
  }

  @Test("a network that is not calibrated")
  func uncalibrated() throws {
    let task = try TrainingTask(blocksOfSeed: 1)
    var state = QuantizationState(graph: task.graph, options: task.options)
    let step = try TrainingStep(
      samples: task.samples(), teacher: task.graph, options: TrainingOptions())
    let error = #expect(throws: Diagnostic.self) { try step.apply(to: &state) { _ in } }
    #expect(error?.description == "tensor 'x': it has no range; calibrate before training")
  }
}
