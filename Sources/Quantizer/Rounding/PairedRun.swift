import Diagnostics
import FloatEngine
import FloatModel

/// Runs the float network and one with other weights side by side over all samples, part by part, so
/// that what is decided about a layer can depend on what those before it have become.
///
/// A part is a range of nodes that begins where the last one ended. First ``compare(to:in:and:wanted:_:)``
/// runs it in both networks, then ``advance(to:in:)`` runs it once more with the constants that it has
/// got meanwhile.
///
/// **Memory.** Both networks' elements of all samples where one part ends and the next begins.
struct PairedRun {
  private let count: Int
  private let batch: Int
  private let threads: Int
  /// Elements over all samples of the values that the nodes from ``position`` on read.
  private var reference: [ValueIndex: [Float]] = [:]
  private var changed: [ValueIndex: [Float]] = [:]
  /// The same behind the part that was compared last.
  private var next: [ValueIndex: [Float]] = [:]
  /// Memory that is used again: that of fresh arrays would be cleared page by page.
  private var spare: [[Float]] = []
  /// The first node that has not been run for good.
  private(set) var position = 0

  /// What gets the elements of one sample in both networks.
  typealias Comparison = (
    _ value: ValueIndex, _ reference: UnsafeBufferPointer<Float>,
    _ changed: UnsafeBufferPointer<Float>
  ) throws(Diagnostic) -> Void

  /// Reads the inputs of `graph` from `samples`.
  init(
    _ graph: FloatGraph, samples: SampleSet, options: QuantizationOptions
  ) throws(Diagnostic) {
    (count, batch, threads) = (samples.count, options.batch, options.threads)
    for start in stride(from: 0, to: count, by: batch) {
      let inputs = try samples.inputs(start..<min(start + batch, count))
      for (input, elements) in zip(graph.inputs, inputs) {
        reference[input, default: []] += elements
      }
    }
    changed = reference
  }

  /// Runs the nodes from ``position`` up to `end`, and hands each sample's elements of the values
  /// `wanted`, which the nodes up to `last` read, in both networks to `body`.
  ///
  /// - Parameters:
  ///   - float: the float network.
  ///   - other: the same nodes, with other constants.
  /// - Throws: what the engine and `body` throw; a value that becomes NaN or infinite.
  mutating func compare(
    to end: Int, in float: FloatGraph, and other: FloatGraph, last: Int, wanted: Set<ValueIndex>,
    _ body: Comparison
  ) throws(Diagnostic) {
    let live = live(behind: end, in: float)
    let computed = wanted.filter { changed[$0] == nil }
    Self.empty(&next, into: &spare)
    var engines: (float: FloatEngine?, other: FloatEngine?) = (nil, nil)
    for start in stride(from: 0, to: count, by: batch) {
      let size = min(batch, count - start)
      if engines.float?.batch != size {
        engines.float = try engine(float, to: end, keeping: live.union(computed), batch: size)
        engines.other = try engine(other, to: last, keeping: computed, batch: size)
      }
      try engines.float?.run(inputs: slices(of: reference, start, size))
      try engines.other?.run(inputs: slices(of: changed, start, size))
      keep(live, of: engines.float, in: float, held: reference, start, size)
      for value in wanted.sorted() {
        if let float = reference[value], let other = changed[value] {
          let range = range(of: float, start, size)
          try hand(value, size, float[range], other[range], body)
        } else if let float = engines.float, let other = engines.other {
          try require(finite: other.values(of: value), value, in: float.graph)
          try hand(value, size, float.values(of: value), other.values(of: value), body)
        }
      }
    }
  }

  /// Runs the nodes from ``position`` up to `end`, where the last comparison ended, in the network with
  /// other constants for good.
  mutating func advance(to end: Int, in other: FloatGraph) throws(Diagnostic) {
    let live = live(behind: end, in: other)
    Self.empty(&reference, into: &spare)
    swap(&reference, &next)
    var engine: FloatEngine?
    for start in stride(from: 0, to: count, by: batch) {
      let size = min(batch, count - start)
      if engine?.batch != size {
        engine = try self.engine(other, to: end, keeping: live, batch: size)
      }
      try engine?.run(inputs: slices(of: changed, start, size))
      keep(live, of: engine, in: other, held: changed, start, size)
    }
    Self.empty(&changed, into: &spare)
    swap(&changed, &next)
    position = end
  }

  /// The values that nodes from `end` on read and that exist by then.
  private func live(behind end: Int, in graph: FloatGraph) -> Set<ValueIndex> {
    let existing = Set(graph.nodes[position..<end].map(\.output)).union(changed.keys)
    return Set(graph.nodes[end...].flatMap(\.inputs)).intersection(existing)
  }

  /// An engine for the nodes from ``position`` up to `end`; `nil` where it would compute nothing that
  /// is kept.
  private func engine(
    _ graph: FloatGraph, to end: Int, keeping kept: Set<ValueIndex>, batch: Int
  ) throws(Diagnostic) -> FloatEngine? {
    var part = graph
    part.nodes = Array(graph.nodes[position..<end])
    part.inputs = changed.keys.sorted()
    part.outputs = kept.filter { changed[$0] == nil }.sorted()
    guard !part.outputs.isEmpty else { return nil }
    return try FloatEngine(graph: part, batch: batch, threads: threads)
  }

  private func slices(of held: [ValueIndex: [Float]], _ start: Int, _ size: Int) -> [[Float]] {
    held.sorted { $0.key < $1.key }.map { Array($0.value[range(of: $0.value, start, size)]) }
  }

  private func range(of elements: [Float], _ start: Int, _ size: Int) -> Range<Int> {
    let perSample = elements.count / count
    return start * perSample..<(start + size) * perSample
  }

  /// Appends to `next` what an engine has computed, or what is held already.
  private mutating func keep(
    _ live: Set<ValueIndex>, of engine: FloatEngine?, in graph: FloatGraph,
    held: [ValueIndex: [Float]], _ start: Int,
    _ size: Int
  ) {
    for value in live {
      if next[value] == nil {
        let wanted = count * perSample(value, in: graph)
        let largest = spare.indices.max { spare[$0].capacity < spare[$1].capacity }
        var elements = largest.map { spare.remove(at: $0) } ?? []
        elements.reserveCapacity(wanted)
        next[value] = elements
      }
      if let elements = held[value] {
        let range = range(of: elements, start, size)
        next[value]?.append(contentsOf: elements[range])
      } else if let engine {
        next[value]?.append(contentsOf: engine.values(of: value))
      }
    }
  }

  private func perSample(_ value: ValueIndex, in graph: FloatGraph) -> Int {
    graph.values[value].shape.reduce(1, *)
  }

  private static func empty(_ values: inout [ValueIndex: [Float]], into spare: inout [[Float]]) {
    let keys = Array(values.keys)
    for key in keys {
      guard var elements = values.removeValue(forKey: key) else { continue }
      elements.removeAll(keepingCapacity: true)
      spare.append(elements)
    }
  }

  private func hand(
    _ value: ValueIndex, _ size: Int, _ reference: some Collection<Float>,
    _ changed: some Collection<Float>, _ body: Comparison
  ) throws(Diagnostic) {
    let result = reference.withContiguousStorageIfAvailable { reference in
      changed.withContiguousStorageIfAvailable { changed in
        Result { () throws(Diagnostic) in
          let perSample = reference.count / size
          for sample in 0..<size {
            let range = sample * perSample..<(sample + 1) * perSample
            try body(
              value, UnsafeBufferPointer(rebasing: reference[range]),
              UnsafeBufferPointer(rebasing: changed[range]))
          }
        }
      }
    }
    try result??.get()
  }

  private func require(
    finite elements: UnsafeBufferPointer<Float>, _ value: ValueIndex, in graph: FloatGraph
  ) throws(Diagnostic) {
    guard isFinite(elements) else {
      throw Diagnostic(
        place: "tensor '\(graph.values[value].name)'",
        problem: "holds NaN or infinity once the weights before it are rounded",
        remedy: "convert with --rounding nearest")
    }
  }
}
