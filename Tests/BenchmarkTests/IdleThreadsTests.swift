import TestSupport
import Testing

@Suite("A command on the float engine limits how long idle threads spin")
struct IdleThreadsTests {
  /// Runs the command with OpenMP showing its settings each time it is loaded.
  private func settings(_ environment: [String]) throws -> [Substring] {
    let command = BuiltCommand("FloatEngineBenchmark")
    let clean = ["-u", "GOMP_SPINCOUNT", "-u", "OMP_WAIT_POLICY", "OMP_DISPLAY_ENV=verbose"]
    let result = try Command("env", clean + environment + [command.path, "--help"]).run()
    #expect(result.status == 0)
    #expect(result.output.contains("USAGE: FloatEngineBenchmark <model>"))
    return result.errors.split(separator: "\n").filter { $0.contains("GOMP_SPINCOUNT = ") }
  }

  @Test("it starts anew once, with a thousand turns")
  func restart() throws {
    let lines = try settings([])
    #expect(lines.count == 2)
    #expect(lines.last == "  GOMP_SPINCOUNT = '1000'")
  }

  @Test("what the user has set stands", arguments: ["GOMP_SPINCOUNT=77", "OMP_WAIT_POLICY=active"])
  func choiceOfUser(setting: String) throws {
    let lines = try settings([setting])
    #expect(lines.count == 1)
    #expect(lines.last != "  GOMP_SPINCOUNT = '1000'")
  }
}
