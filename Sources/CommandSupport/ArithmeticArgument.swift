import ArgumentParser
import IntegerModel

extension ArithmeticProfile: ExpressibleByArgument {
  /// The profile of that name.
  public init?(argument: String) { self.init(name: argument) }
  /// The names, for `--help` and error messages.
  public static var allValueStrings: [String] { allCases.map(\.name) }
  /// None beyond the names: raw values are those of the file format and mean nothing to users.
  public static var allValueDescriptions: [String: String] { [:] }
}
