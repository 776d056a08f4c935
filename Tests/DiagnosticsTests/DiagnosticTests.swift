import Diagnostics
import Testing

@Suite("A diagnostic renders as one line")
struct DiagnosticTests {
  @Test("file, place, problem and remedy stand in that order")
  func fullText() {
    let diagnostic = Diagnostic(
      file: "model.onnx", place: "node 'conv1'", problem: "group is 0",
      remedy: "export the model again with group ≥ 1")
    #expect(
      diagnostic.description
        == "model.onnx: node 'conv1': group is 0; export the model again with group ≥ 1")
  }

  @Test("empty parts leave no punctuation behind")
  func emptyParts() {
    #expect(Diagnostic(problem: "the disk is full").description == "the disk is full")
  }

  @Test("the innermost file name wins")
  func inFile() {
    let inner = Diagnostic(problem: "is truncated").inFile("weights.bin").inFile("model.onnx")
    #expect(inner.description == "weights.bin: is truncated")
  }

  @Test("control characters in hostile names cannot break the line")
  func controlCharacters() {
    #expect(
      Diagnostic(place: "tensor 'a\n\u{1b}[2Jb\u{9b}'", problem: "is bad").description
        == "tensor 'a??[2Jb?': is bad")
  }
}
