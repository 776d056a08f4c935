// swift-tools-version: 6.1
import PackageDescription

// The modules, lowest first. An arrow goes only to a module above; what a module *is* stands
// beside it, and what it may import is its dependency list.

let package = Package(
  name: "fbq",
  products: [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0")
  ],
  targets: [
    // The one error type: file, place, problem, remedy. Pure Swift, Embedded.
    .target(name: "Diagnostics"),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),

    // Mapped reading and atomic writing of files.
    .target(name: "FileAccess", dependencies: ["Diagnostics"]),
    .testTarget(
      name: "FileAccessTests", dependencies: ["FileAccess", "TestSupport", "CTestSupport"]),

    // What tests of several modules share: temporary folders, reproducible random numbers.
    .target(name: "TestSupport", path: "Tests/TestSupport"),

    // System calls that tests need and Swift does not import.
    .target(name: "CTestSupport", path: "Tests/CTestSupport"),

    // Value types of a quantized graph. Integers only, no Foundation, Embedded.
    .target(name: "IntegerModel", dependencies: ["Diagnostics"]),

    // Value types of a float graph, shape inference, rewriting passes.
    .target(name: "FloatModel", dependencies: ["Diagnostics"]),
    .testTarget(
      name: "FloatModelTests", dependencies: ["FloatModel", "FloatReference", "TestSupport"]),

    // Tests only: a float evaluator of plain loops, obviously right, to judge everything else by.
    .target(
      name: "FloatReference", dependencies: ["Diagnostics", "FloatModel"],
      path: "Tests/FloatReference"),

    // Readers of foreign model formats.
    .target(
      name: "ModelImport",
      dependencies: [
        "FloatModel", "FileAccess",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .testTarget(
      name: "ModelImportTests",
      dependencies: [
        "Diagnostics", "FloatModel", "FloatReference", "ModelImport", "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
