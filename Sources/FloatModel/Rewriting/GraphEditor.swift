import Diagnostics

/// A float graph under edit: knows who makes and who uses each value, and keeps that current while
/// a pass replaces, removes and inserts nodes.
///
/// Node positions stay valid during the edit: removed nodes leave a gap, and inserted nodes come to
/// light only in ``finished()``.
struct GraphEditor {
  /// Whether anything was edited.
  private(set) var isChanged = false

  private var values: [FloatValue]
  private var nodes: [FloatNode?]
  /// Nodes to stand before the node at a position.
  private var insertions: [Int: [FloatNode]] = [:]
  /// Position of the node that writes each value.
  private var producers: [Int?]
  /// Positions of the nodes that read each value; a node that reads it twice is listed twice.
  private var users: [[Int]]
  private var isOutput: [Bool]
  private var names: UniqueNames
  private let original: FloatGraph

  init(_ graph: FloatGraph) {
    original = graph
    values = graph.values
    nodes = graph.nodes
    producers = Array(repeating: nil, count: graph.values.count)
    users = Array(repeating: [], count: graph.values.count)
    isOutput = Array(repeating: false, count: graph.values.count)
    names = UniqueNames(graph.values.map(\.name))
    for (position, node) in graph.nodes.enumerated() {
      producers[node.output] = position
      for input in node.inputs { users[input].append(position) }
    }
    for output in graph.outputs { isOutput[output] = true }
  }

  /// The edited graph.
  func finished() -> FloatGraph {
    var graph = original
    graph.values = values
    graph.nodes = []
    for position in nodes.indices {
      graph.nodes += insertions[position] ?? []
      if let node = nodes[position] { graph.nodes.append(node) }
    }
    return graph
  }

  // MARK: Looking

  /// Positions of all nodes, removed ones included.
  var positions: Range<Int> { nodes.indices }

  /// The node at `position`; `nil` once removed.
  subscript(position: Int) -> FloatNode? { nodes[position] }

  /// The shape of a value.
  func shape(_ value: ValueIndex) -> [Int] { values[value].shape }

  /// The tensor of a constant value, otherwise `nil`.
  func constant(_ value: ValueIndex) -> FloatTensor? { values[value].constant }

  /// The name of a value.
  func name(_ value: ValueIndex) -> String { values[value].name }

  /// The node that computes `value`, and its position; `nil` for inputs, constants, and values of
  /// nodes inserted in this edit.
  func producer(of value: ValueIndex) -> (position: Int, node: FloatNode)? {
    guard let position = producers[value], let node = nodes[position] else { return nil }
    return (position, node)
  }

  /// As ``producer(of:)``, but only where nothing else reads `value`: the caller may absorb it.
  func soleProducer(of value: ValueIndex) -> (position: Int, node: FloatNode)? {
    hasSoleUse(value) ? producer(of: value) : nil
  }

  /// Whether `value` is read exactly once, and is no output of the graph.
  func hasSoleUse(_ value: ValueIndex) -> Bool { users[value].count == 1 && !isOutput[value] }

  /// Whether `value` is an output of the graph.
  func isGraphOutput(_ value: ValueIndex) -> Bool { isOutput[value] }

  /// Positions of the nodes that read `value`.
  func users(of value: ValueIndex) -> [Int] { users[value] }

  // MARK: Editing

  /// Puts `node` in place of the one at `position`.
  mutating func replace(_ position: Int, with node: FloatNode) {
    detach(position)
    nodes[position] = node
    producers[node.output] = position
    for input in node.inputs { users[input].append(position) }
    isChanged = true
  }

  /// Removes the node at `position`; something else must write its output, or nothing read it.
  mutating func remove(_ position: Int) {
    detach(position)
    nodes[position] = nil
    isChanged = true
  }

  /// Inserts a node before the one at `position`.
  mutating func insert(_ node: FloatNode, before position: Int) {
    insertions[position, default: []].append(node)
    for input in node.inputs { users[input].append(position) }
    isChanged = true
  }

  /// Removes the node at `position`, whose output equals `source`, and lets everybody read `source`
  /// instead. The graph's output keeps its name: where the node writes one, the producer of
  /// `source` writes it instead.
  ///
  /// - Returns: whether that was possible; not so where a graph input, a constant or another graph
  ///   output would have to become the output.
  @discardableResult
  mutating func bypass(_ position: Int, to source: ValueIndex) -> Bool {
    guard let output = nodes[position]?.output else { return false }
    if !isOutput[output] {
      redirect(from: output, to: source)
      remove(position)
      return true
    }
    guard !isOutput[source], values[source].shape == values[output].shape,
      let producer = producer(of: source), producer.position != position
    else { return false }
    remove(position)
    var renamed = producer.node
    renamed.output = output
    replace(producer.position, with: renamed)
    redirect(from: source, to: output)
    return true
  }

  /// Lets every node that reads `old` read `new` instead.
  mutating func redirect(from old: ValueIndex, to new: ValueIndex) {
    for position in Set(users[old]) {
      guard var node = nodes[position] else { continue }
      node.inputs = node.inputs.map { $0 == old ? new : $0 }
      nodes[position] = node
    }
    users[new] += users[old]
    users[old] = []
    for position in insertions.keys {
      insertions[position] = insertions[position]?.map { node in
        var node = node
        node.inputs = node.inputs.map { $0 == old ? new : $0 }
        return node
      }
    }
    isChanged = true
  }

  /// Adds a constant under `name` or, where that is taken, a name derived from it.
  mutating func addConstant(_ tensor: FloatTensor, name: String) -> ValueIndex {
    add(FloatValue(name: names.take(name), constant: tensor))
  }

  /// Adds an activation under `name` or, where that is taken, a name derived from it.
  mutating func addValue(shape: [Int], name: String) -> ValueIndex {
    add(FloatValue(name: names.take(name), shape: shape))
  }

  /// A constant `tensor` to take the place of the constant `value` for one of its users: the same
  /// value where that user is the only one, otherwise a new one.
  mutating func replaceConstant(_ value: ValueIndex, with tensor: FloatTensor) -> ValueIndex {
    guard hasSoleUse(value) else { return addConstant(tensor, name: values[value].name) }
    values[value] = FloatValue(name: values[value].name, constant: tensor)
    isChanged = true
    return value
  }

  /// Records the shape that an edit gave a value.
  mutating func setShape(_ value: ValueIndex, _ shape: [Int]) { values[value].shape = shape }

  /// Makes the activation `value` a constant.
  mutating func setConstant(_ value: ValueIndex, _ tensor: FloatTensor) {
    values[value] = FloatValue(name: values[value].name, constant: tensor)
    isChanged = true
  }

  private mutating func add(_ value: FloatValue) -> ValueIndex {
    values.append(value)
    producers.append(nil)
    users.append([])
    isOutput.append(false)
    isChanged = true
    return values.count - 1
  }

  private mutating func detach(_ position: Int) {
    guard let node = nodes[position] else { return }
    if producers[node.output] == position { producers[node.output] = nil }
    for input in node.inputs {
      if let use = users[input].firstIndex(of: position) { users[input].remove(at: use) }
    }
  }
}
