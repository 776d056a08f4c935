import FBQFormat
import Foundation
import IntegerModel
import TestSupport
import Testing

@Suite("The schema, what was generated from it and the model agree")
struct SchemaTests {
  static let repository = URL(fileURLWithPath: TestData.repository)

  @Test(
    "the generated header is what flatc makes of the schema",
    .enabled(if: header.isOfInstalledVersion, "needs the flatc that made the committed header"))
  func generated() throws {
    let committed = try #require(SchemaTests.header.committed)
    #expect(try SchemaTests.header.regenerated() == committed)
  }

  @Test("enum numbers are those of the model")
  func enums() throws {
    #expect(
      try numbers(of: "ElementType")
        == pairs(ElementType.allCases.map { ($0.name, $0.rawValue) }))
    #expect(
      try numbers(of: "ArithmeticProfile")
        == pairs(ArithmeticProfile.allCases.map { ("\($0)", $0.rawValue) }))
    #expect(
      try numbers(of: "UnaryFunction")
        == pairs(UnaryFunction.allCases.map { ("\($0)", $0.rawValue) }))
    #expect(
      try numbers(of: "PadMode")
        == pairs([PadMode.constant, .reflect, .symmetric, .edge].map { ("\($0)", $0.rawValue) }))
    #expect(
      try numbers(of: "ChannelOrder")
        == pairs([ChannelOrder.rgb, .bgr, .gray].map { ("\($0)", $0.rawValue) }))
    #expect(
      try numbers(of: "AccumulatorType")
        == pairs([AccumulatorType.int32, .int64].map { ("\($0)", $0.rawValue) }))
  }

  @Test("the schema numbers the forms of scalings in the order in which they are listed here")
  func forms() throws {
    var random = RandomGraph(generator: SeededGenerator(seed: 0))
    let names = random.forms().map { String("\($0)".prefix { $0 != "(" }) }
    let numbered = names.enumerated().map { ($0.element, UInt8($0.offset)) }
    #expect(try numbers(of: "ScalingForm") == pairs(numbered))
  }

  @Test("the union lists the operators of the model in the order of their numbers")
  func operators() throws {
    var random = RandomGraph(generator: SeededGenerator(seed: 0))
    let names = random.kinds().map { String("\($0)".prefix { $0 != "(" }).lowercased() }
    let body = try body(of: "union OperatorKind")
    #expect(
      body.split(separator: ",").compactMap { $0.split(separator: ":").first }
        .map { $0.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() }
        .filter { !$0.isEmpty } == names)
  }

  private static let header = GeneratedHeader("Sources/CFBQSchema/generated/fbq_generated.h")

  /// What stands between the braces behind `start` in the schema, without comments.
  private func body(of start: String) throws -> String {
    let text = try String(
      contentsOf: SchemaTests.repository.appendingPathComponent("Schemas/fbq.fbs"),
      encoding: .utf8)
    let code = text.split(separator: "\n").filter {
      !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//")
    }.joined(separator: "\n")
    let declaration = try #require(code.range(of: start))
    let rest = code[declaration.upperBound...]
    let open = try #require(rest.firstIndex(of: "{"))
    let close = try #require(rest.firstIndex(of: "}"))
    return String(rest[rest.index(after: open)..<close])
  }

  private func numbers(of name: String) throws -> [String: UInt8] {
    var result: [String: UInt8] = [:]
    for entry in try body(of: "enum \(name) ").split(separator: ",") {
      let parts = entry.split(separator: "=").map {
        $0.trimmingCharacters(in: .whitespacesAndNewlines)
      }
      if parts.count == 2 { result[parts[0].lowercased()] = UInt8(parts[1]) }
    }
    return result
  }

  private func pairs(_ values: [(String, UInt8)]) -> [String: UInt8] {
    Dictionary(uniqueKeysWithValues: values.map { ($0.lowercased(), $1) })
  }
}
