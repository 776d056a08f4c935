import Diagnostics
import Testing

@Suite("Unique names")
struct UniqueNamesTests {
  @Test("A name that is taken is numbered from 2, past numbered names that exist already")
  func numbering() {
    var names = UniqueNames(["conv", "conv_3"])
    #expect(names.take("relu") == "relu")
    #expect(names.take("conv") == "conv_2")
    #expect(names.take("conv") == "conv_4")
    #expect(names.take("conv_2") == "conv_2_2")
  }

  @Test("A name that was given free can be taken again")
  func freeing() {
    var names = UniqueNames()
    #expect(names.take("sum") == "sum")
    names.free("sum")
    #expect(names.take("sum") == "sum")
  }

  @Test("Many tensors of one name, as a hostile file may have them, take no quadratic time")
  func manyEqualNames() {
    var names = UniqueNames()
    let given = (0..<50_000).map { _ in names.take("") }
    #expect(Set(given).count == given.count)
    #expect(given.last == "_50000")
  }
}
