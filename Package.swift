// swift-tools-version: 6.1
import PackageDescription

// The modules, lowest first. An arrow goes only to a module above; what a module *is* stands
// beside it, and what it may import is its dependency list.

let package = Package(
  name: "fbq",
  products: [],
  dependencies: [],
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

    // Float kernels in C: oneDNN behind a small interface, and loops that are bound by memory.
    .target(
      name: "CFloatKernels",
      linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp"), .linkedLibrary("m")]),

    // Forward runs of a float graph on batches of images.
    .target(name: "FloatEngine", dependencies: ["Diagnostics", "FloatModel", "CFloatKernels"]),
    .testTarget(name: "FloatEngineTests", dependencies: ["FloatEngine", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
