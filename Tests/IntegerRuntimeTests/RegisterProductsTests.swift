import IntegerRuntime
import Testing

@Suite("Products in registers")
struct RegisterProductsTests {
  @Test("their number grows with the rounds", arguments: KernelChoice.available)
  func number(kernels: KernelChoice) throws {
    guard kernels != .reference, kernels != .portable else {
      #expect(kernels.multiplyRegisters(rounds: 1) == nil)
      return
    }
    let one = try #require(kernels.multiplyRegisters(rounds: 1))
    #expect(one > 0 && one.isMultiple(of: 4))
    #expect(kernels.multiplyRegisters(rounds: 1000) == 1000 * one)
    #expect(kernels.multiplyRegisters(rounds: 0) == 0)
  }
}
