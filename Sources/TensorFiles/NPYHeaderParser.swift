import Diagnostics

/// Reads the dictionary in an `.npy` header: a few Python literals and nothing else.
struct NPYHeaderParser {
  private let text: UnsafeRawBufferPointer
  private var position = 0

  init(text: UnsafeRawBufferPointer) { self.text = text }

  /// The whole dictionary, with exactly the keys `descr`, `fortran_order` and `shape`.
  mutating func header() throws(Diagnostic) -> NPYHeader {
    var type: (elementType: ArrayElementType, isBigEndian: Bool)?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !skip("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where type == nil: type = try descriptor()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: shape = try extents()
      default: throw malformed("an unexpected or repeated key '\(key)'")
      }
      guard skip(",") else {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == text.count else { throw malformed("text behind the dictionary") }
    guard let type, let isFortranOrder, let shape else {
      throw malformed("not all of 'descr', 'fortran_order' and 'shape'")
    }
    var header = NPYHeader(shape: shape, elementType: type.elementType)
    header.isBigEndian = type.isBigEndian
    header.isFortranOrder = isFortranOrder
    return header
  }

  /// A type such as `'<f4'`.
  private mutating func descriptor() throws(Diagnostic) -> (ArrayElementType, Bool) {
    skipSpace()
    guard position < text.count, text[position] != UInt8(ascii: "[") else {
      throw unsupported("records with fields")
    }
    let text = try string()
    let order = text.first ?? " "
    let code =
      order == "<" || order == ">" || order == "=" || order == "|" ? text.dropFirst() : text[...]
    for elementType in ArrayElementType.allCases where elementType.code == code {
      return (elementType, order == ">")
    }
    throw unsupported(code == "O" ? "Python objects" : "type '\(text)'")
  }

  private mutating func boolean() throws(Diagnostic) -> Bool {
    if skip("True") { return true }
    try expect("False")
    return false
  }

  /// A tuple of non-negative integers; Python 2 wrote an `L` behind long ones.
  private mutating func extents() throws(Diagnostic) -> [Int] {
    var result: [Int] = []
    try expect("(")
    while !skip(")") {
      guard result.count < NPYHeader.maximumAxisCount else {
        throw malformed("more than \(NPYHeader.maximumAxisCount) axes")
      }
      result.append(try integer())
      _ = skip("L")
      guard skip(",") else {
        try expect(")")
        break
      }
    }
    return result
  }

  private mutating func integer() throws(Diagnostic) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
      let (scaled, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, carries) = scaled.addingReportingOverflow(Int(digit))
      guard !overflows, !carries else { throw malformed("an extent beyond \(Int.max)") }
      value = sum
      position += 1
    }
    guard position > start else { throw malformed("no extent where one is due") }
    return value
  }

  /// A quoted string without escapes.
  private mutating func string() throws(Diagnostic) -> String {
    skipSpace()
    guard position < text.count,
      text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"")
    else { throw malformed("no string where one is due") }
    let quote = text[position]
    position += 1
    let start = position
    while position < text.count, text[position] != quote {
      guard text[position] != UInt8(ascii: "\\") else { throw malformed("an escaped character") }
      position += 1
    }
    guard position < text.count else { throw malformed("a string without an end") }
    defer { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) { position += 1 }
  }

  /// Moves past `word` where it comes next.
  private mutating func skip(_ word: StaticString) -> Bool {
    skipSpace()
    let wanted = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard text[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func expect(_ word: StaticString) throws(Diagnostic) {
    guard skip(word) else { throw malformed("no '\(word)' where one is due") }
  }

  private func malformed(_ what: String) -> Diagnostic {
    Diagnostic(place: "byte \(position) of the .npy header", problem: "there is \(what)")
  }

  private func unsupported(_ what: String) -> Diagnostic {
    Diagnostic(
      problem: "it holds \(what)",
      remedy: "save a bool, integer, float32 or float64 array")
  }
}
