import CommandSupport
import Testing

@Suite("The progress line")
struct ProgressTests {
  @Test(
    "shows share and time left once they can be told",
    arguments: [
      (0.0, 0.0, "calibrating 0 %"),
      (0.01, 9.0, "calibrating 1 %"),
      (0.5, 12.0, "calibrating 50 %, 12 s left"),
      (0.25, 60.0, "calibrating 25 %, 3 min 0 s left"),
      (1.0, 60.0, "calibrating 100 %, 0 s left"),
    ])
  func line(share: Double, elapsed: Double, expected: String) {
    #expect(Progress.line(title: "calibrating", share: share, elapsed: elapsed) == expected)
  }
}
