// swift-tools-version: 6.1
import Glibc
import PackageDescription

// The modules, lowest first. An arrow goes only to a module above; what a module *is* stands
// beside it, and what it may import is its dependency list.

// Whether the system has the libraries that `qrun` needs as archives too, as Debian and Ubuntu do.
// FBQ_SHARED_LIBRARIES=1 leaves them shared all the same: for builds that live longer than libraries.
let hasArchives =
  Context.environment["FBQ_SHARED_LIBRARIES"] != "1"
  && ["c", "jpeg", "m", "png", "z"].allSatisfy { name in
    ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
      .contains { access("\($0)/lib\(name).a", R_OK) == 0 }
  }

let package = Package(
  name: "fbq",
  products: [
    .executable(name: "qconvert", targets: ["qconvert"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    // Independent arithmetic for tests.
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
  ],
  targets: [
    // The one error type: file, place, problem, remedy. Pure Swift, Embedded.
    .target(name: "Diagnostics"),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),

    // Mapped reading and atomic writing of files.
    .target(name: "FileAccess", dependencies: ["Diagnostics"]),
    .testTarget(
      name: "FileAccessTests", dependencies: ["FileAccess", "TestSupport", "CTestSupport"]),

    // zlib, as the system has it.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Checksums and deflate streams over zlib, for the file formats.
    .target(name: "Compression", dependencies: ["Diagnostics", "CZlib"]),
    .testTarget(name: "CompressionTests", dependencies: ["Compression", "TestSupport"]),

    // Reading and writing of NumPy's .npy and .npz files.
    .target(name: "TensorFiles", dependencies: ["Diagnostics", "FileAccess", "Compression"]),
    .testTarget(
      name: "TensorFilesTests",
      dependencies: ["TensorFiles", "FileAccess", "Compression", "TestSupport"]),

    // The .fbq file in memory: reader, verifier and builder that flatc generated, behind C structs.
    .target(
      name: "CFBQSchema",
      cxxSettings: [
        .headerSearchPath("generated"),
        .define("NDEBUG", .when(configuration: .release)),
        // Buffers are aligned to 64 bytes; the library allows 32 unless told otherwise.
        .define("FLATBUFFERS_MAX_ALIGNMENT", to: "64"),
      ]),

    // What tests of several modules share: temporary folders, reproducible random numbers.
    .target(name: "TestSupport", path: "Tests/TestSupport"),

    // System calls that tests need and Swift does not import.
    .target(name: "CTestSupport", path: "Tests/CTestSupport"),

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
        "CAllocationCounter", "Diagnostics", "FBQFormat", "IntegerModel", "IntegerRuntime",
        "IntegerTestSupport", "TestSupport", "qconvert",
        .product(name: "BigInt", package: "BigInt"),
      ]),

    // From real scales to the integers that operators store: multipliers, clamps, tables.
    .target(
      name: "OperatorArithmetic", dependencies: ["Diagnostics", "IntegerModel", "IntegerRuntime"]),
    .testTarget(
      name: "OperatorArithmeticTests",
      dependencies: ["Diagnostics", "IntegerModel", "OperatorArithmetic", "TestSupport"]),

    // .fbq files to integer graphs and back: verified, checksummed, weights used in place.
    .target(
      name: "FBQFormat",
      dependencies: ["CFBQSchema", "Compression", "Diagnostics", "FileAccess", "IntegerModel"]),
    .testTarget(
      name: "FBQFormatTests",
      dependencies: [
        "CFBQSchema", "Compression", "Diagnostics", "FBQFormat", "IntegerModel",
        "IntegerTestSupport", "TestSupport",
      ]),

    // Value types of a float graph, shape inference, rewriting passes.
    .target(name: "FloatModel", dependencies: ["Diagnostics"]),
    .testTarget(
      name: "FloatModelTests", dependencies: ["FloatModel", "FloatReference", "TestSupport"]),

    // Tests only: a float evaluator of plain loops, obviously right, to judge everything else by.
    .target(
      name: "FloatReference", dependencies: ["Diagnostics", "FloatModel", "TestSupport"],
      path: "Tests/FloatReference"),

    // The .tflite file in memory: reader, verifier and builder that flatc generated, behind C structs.
    .target(
      name: "CTFLiteSchema",
      cxxSettings: [
        .headerSearchPath("generated"), .define("NDEBUG", .when(configuration: .release)),
      ]),

    // .tflite files to value types and back: verified, constants used in place.
    .target(
      name: "TFLiteFormat",
      dependencies: ["CTFLiteSchema", "Diagnostics", "FileAccess", "IntegerModel"]),
    .testTarget(
      name: "TFLiteFormatTests",
      dependencies: [
        "CTFLiteSchema", "Diagnostics", "IntegerModel", "TFLiteFormat", "TestSupport",
      ],
      exclude: ["schema_oracle.py"]),

    // Messages of ONNX files, generated from Schemas/onnx-subset.proto.
    .target(
      name: "ONNXFormat",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")]),

    // Readers of foreign model formats.
    .target(
      name: "ModelImport",
      dependencies: [
        "Diagnostics", "FloatModel", "FileAccess", "IntegerModel", "ONNXFormat",
        "OperatorArithmetic", "TFLiteFormat",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .testTarget(
      name: "ModelImportTests",
      dependencies: [
        "Diagnostics", "FloatModel", "FloatReference", "IntegerModel", "IntegerRuntime",
        "ModelImport", "ONNXFormat", "TFLiteFormat", "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),

    // Writers of foreign model formats.
    .target(
      name: "ModelExport",
      dependencies: [
        "Diagnostics", "FileAccess", "IntegerModel", "ONNXFormat", "OperatorArithmetic",
        "TFLiteFormat",
      ]),
    .testTarget(
      name: "ModelExportTests",
      dependencies: [
        "Diagnostics", "FBQFormat", "IntegerModel", "IntegerRuntime", "IntegerTestSupport",
        "ModelExport", "ModelImport", "OperatorArithmetic", "TFLiteFormat", "TensorFiles",
        "TestSupport", "qconvert",
      ]),

    // LiteRT, from PyPI, judges the profiles that reproduce it.
    .testTarget(
      name: "LiteRTProfileTests",
      dependencies: [
        "Diagnostics", "IntegerModel", "IntegerRuntime", "IntegerTestSupport", "ModelImport",
        "OperatorArithmetic", "TFLiteFormat", "TensorFiles", "TestSupport",
      ]),

    // Float kernels in C: oneDNN behind a small interface, and loops that are bound by memory.
    .target(
      name: "CFloatKernels",
      linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp"), .linkedLibrary("m")]),

    // Forward runs of a float graph on batches of images.
    .target(name: "FloatEngine", dependencies: ["Diagnostics", "FloatModel", "CFloatKernels"]),
    .testTarget(
      name: "FloatEngineTests",
      dependencies: [
        "CAllocationCounter", "FloatEngine", "FloatReference", "ModelImport", "TestSupport",
      ],
      exclude: ["onnxruntime_oracle.py"]),

    // How fast the float engine is; tools/bench runs it.
    .executableTarget(
      name: "FloatEngineBenchmark",
      dependencies: [
        "CommandSupport", "FloatEngine", "ModelImport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/FloatEngineBenchmark"),

    // How fast the training engine is beside bare oneDNN convolutions; tools/bench runs it.
    .executableTarget(
      name: "TrainingBenchmark",
      dependencies: [
        "CFloatKernels", "CommandSupport", "FloatEngine", "FloatModel", "ModelImport",
        "Quantizer", "TensorFiles",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/TrainingBenchmark"),

    // How long a quantized model takes from its path to ready; tools/bench runs it.
    .executableTarget(
      name: "LoadingBenchmark",
      dependencies: [
        "CommandSupport", "FBQFormat", "IntegerRuntime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/LoadingBenchmark"),
    .testTarget(
      name: "BenchmarkTests", dependencies: ["FloatEngineBenchmark", "TestSupport"],
      exclude: ["measurements.json", "page.md"]),

    // PNG and JPEG bytes to pixels, by the system's libpng and libjpeg-turbo. C, because their
    // errors are long jumps.
    .target(
      name: "CImageCodecs", linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),

    // Image files to the codes of an input tensor: decoding, resizing and cropping, in integers.
    .target(
      name: "ImageInput",
      dependencies: ["CImageCodecs", "Diagnostics", "FileAccess", "IntegerModel"]),
    .testTarget(
      name: "ImageInputTests",
      dependencies: ["Diagnostics", "FileAccess", "ImageInput", "IntegerModel", "TestSupport"],
      exclude: ["pillow_oracle.py"]),

    // A model run on inputs: images or codes in, classes, arrays, goldens and times out.
    .target(
      name: "InferenceSession",
      dependencies: [
        "Diagnostics", "FileAccess", "ImageInput", "IntegerModel", "IntegerRuntime", "TensorFiles",
      ]),
    .testTarget(
      name: "InferenceSessionTests",
      dependencies: [
        "Diagnostics", "InferenceSession", "IntegerModel", "IntegerRuntime", "IntegerTestSupport",
        "TensorFiles", "TestSupport",
      ]),

    // Float graph in, integer graph out: calibration, thresholds, lowering, evaluation.
    .target(
      name: "Quantizer",
      dependencies: [
        "Diagnostics", "FloatEngine", "FloatModel", "ImageInput", "InferenceSession",
        "IntegerModel", "IntegerRuntime", "OperatorArithmetic", "TensorFiles",
      ]),
    .testTarget(
      name: "QuantizerTests",
      dependencies: [
        "Diagnostics", "FloatModel", "FloatReference", "IntegerModel", "IntegerRuntime",
        "ModelExport", "ModelImport",
        "Quantizer", "TensorFiles", "TestSupport",
      ]),

    // OpenSSL's digests, as the system has them.
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    // What both commands share: exit codes and error lines, progress, label files.
    .target(
      name: "CommandSupport",
      dependencies: [
        "Diagnostics", "FileAccess", "IntegerModel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(
      name: "CommandSupportTests", dependencies: ["CommandSupport", "Diagnostics", "TestSupport"]),

    // Float model in, .fbq out; inspection and evaluation.
    .executableTarget(
      name: "qconvert",
      dependencies: [
        "CLibCrypto", "CommandSupport", "Diagnostics", "FBQFormat", "FileAccess", "FloatEngine",
        "FloatModel", "ImageInput", "IntegerModel", "IntegerRuntime", "ModelExport", "ModelImport",
        "OperatorArithmetic", "Quantizer", "TFLiteFormat", "TensorFiles",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // It runs `qrun` too, which has linker settings of its own that a test would take over: `swift
    // test` builds it as it builds every product.
    .testTarget(
      name: "QConvertTests",
      dependencies: [
        "FBQFormat", "IntegerModel", "TFLiteFormat", "TensorFiles", "TestSupport", "qconvert",
      ]),

    // The command that runs a model. It holds all libraries itself: a process that loads them takes
    // longer to start than a model to load, and more memory. No module that it uses may import
    // Foundation, which would bring 40 MB of ICU; FoundationEssentials does not.
    .executableTarget(
      name: "qrun",
      dependencies: [
        "CommandSupport", "Diagnostics", "FBQFormat", "FileAccess", "InferenceSession",
        "IntegerModel", "IntegerRuntime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      linkerSettings: hasArchives
        ? [
          .unsafeFlags(
            [
              "-static-executable", "-use-ld=lld", "-l_FoundationCShims",
              "-l_FoundationCollections",
            ], .when(configuration: .release))
        ] : []),
    // Without `qrun`, as the tests of `qconvert`.
    .testTarget(
      name: "QRunTests",
      dependencies: [
        "FBQFormat", "InferenceSession", "IntegerModel", "IntegerRuntime", "IntegerTestSupport",
        "OperatorArithmetic", "TensorFiles", "TestSupport",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
