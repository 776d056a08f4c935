import TestSupport
import Testing

@Suite("The schema and what was generated from it agree")
struct SchemaTests {
  private static let header = GeneratedHeader(
    "Sources/CTFLiteSchema/generated/tflite-subset_generated.h")

  @Test(
    "the generated header is what flatc makes of the schema",
    .enabled(if: header.isOfInstalledVersion, "needs the flatc that made the committed header"))
  func generated() throws {
    let committed = try #require(SchemaTests.header.committed)
    #expect(try SchemaTests.header.regenerated() == committed)
  }
}
