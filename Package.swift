// swift-tools-version: 6.1
import PackageDescription

// The modules, lowest first. An arrow goes only to a module above; what a module *is* stands
// beside it, and what it may import is its dependency list.

let package = Package(
  name: "fbq",
  products: [],
  dependencies: [
    // Independent arithmetic for tests.
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1")
  ],
  targets: [
    // The one error type: file, place, problem, remedy. Pure Swift, Embedded.
    .target(name: "Diagnostics"),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),

    // Mapped reading and atomic writing of files.
    .target(name: "FileAccess", dependencies: ["Diagnostics"]),

    // Integer kernels behind one table of function pointers; thread pool. No floating point.
    .target(name: "CIntegerKernels"),

    // Value types of a quantized graph. Integers only, no Foundation, Embedded.
    .target(name: "IntegerModel", dependencies: ["Diagnostics"]),
    .testTarget(
      name: "IntegerModelTests",
      dependencies: [
        "Diagnostics", "IntegerModel", "IntegerTestSupport",
        .product(name: "BigInt", package: "BigInt"),
      ]),

    // Counts heap allocations of a thread, for tests.
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),

    // Graphs made by hand, seeded random codes, exact arithmetic, for tests.
    .target(
      name: "IntegerTestSupport",
      dependencies: ["IntegerModel", .product(name: "BigInt", package: "BigInt")],
      path: "Tests/IntegerTestSupport"),

    // Memory plan, reference kernels, interpreter. Integers only, no Foundation, Embedded.
    .target(
      name: "IntegerRuntime", dependencies: ["CIntegerKernels", "Diagnostics", "IntegerModel"]),
    .testTarget(
      name: "IntegerRuntimeTests",
      dependencies: [
        "CAllocationCounter", "Diagnostics", "IntegerModel", "IntegerRuntime", "IntegerTestSupport",
        .product(name: "BigInt", package: "BigInt"),
      ]),

    // Value types of a float graph, shape inference, rewriting passes.
    .target(name: "FloatModel", dependencies: ["Diagnostics"]),
  ],
  swiftLanguageModes: [.v6]
)
