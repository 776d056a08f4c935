#ifndef FBQ_TYPES_H
#define FBQ_TYPES_H

// The parts of a .fbq file as plain C structs, for reading and for writing alike. What each member
// means, and its range, stands in Schemas/fbq.fbs at the table or struct of the same name.
//
// When reading, pointers lead into the file's bytes and are valid as long as those; indices, enum
// values and counts are as the file says, unchecked. When writing, they lead to memory of the
// caller, which is copied.

#include <stddef.h>
#include <stdint.h>

/// UTF-8 by intention, unchecked; not zero-terminated. Absent where `bytes` is null.
typedef struct FBQText {
  const char *bytes;
  size_t count;
} FBQText;

typedef struct FBQBytes {
  const uint8_t *bytes;
  size_t count;
} FBQBytes;

typedef struct FBQIntegers {
  const int32_t *values;
  size_t count;
} FBQIntegers;

typedef struct FBQShorts {
  const int16_t *values;
  size_t count;
} FBQShorts;

/// Floats as the bit patterns of IEEE 754 binary32, so that no bit gets lost on the way.
typedef struct FBQFloats {
  const uint32_t *bits;
  size_t count;
} FBQFloats;

typedef struct FBQMultiplier {
  int32_t multiplier;
  int32_t shift;
} FBQMultiplier;

typedef struct FBQCodeRange {
  int32_t minimum;
  int32_t maximum;
} FBQCodeRange;

typedef struct FBQSpatialPair {
  int32_t height;
  int32_t width;
} FBQSpatialPair;

typedef struct FBQSpatialPadding {
  int32_t top;
  int32_t left;
  int32_t bottom;
  int32_t right;
} FBQSpatialPadding;

/// Laid out as in the file.
typedef struct FBQProfileTable {
  uint8_t profile;
  uint8_t padding[3];
  int32_t buffer;
} FBQProfileTable;

typedef struct FBQProfileTables {
  const FBQProfileTable *values;
  size_t count;
} FBQProfileTables;

/// The numbers of the union `OperatorKind`.
typedef enum FBQOperatorKind : uint8_t {
  FBQOperatorKindConvolution = 1,
  FBQOperatorKindDepthwiseConvolution = 2,
  FBQOperatorKindFullyConnected = 3,
  FBQOperatorKindAdd = 4,
  FBQOperatorKindSubtract = 5,
  FBQOperatorKindMultiply = 6,
  FBQOperatorKindAveragePool = 7,
  FBQOperatorKindMaxPool = 8,
  FBQOperatorKindMean = 9,
  FBQOperatorKindSum = 10,
  FBQOperatorKindSoftmax = 11,
  FBQOperatorKindConcatenation = 12,
  FBQOperatorKindPad = 13,
  FBQOperatorKindReshape = 14,
  FBQOperatorKindRequantize = 15,
  FBQOperatorKindLookup = 16,
  FBQOperatorKindResizeNearest = 17,
  FBQOperatorKindResizeBilinear = 18,
  FBQOperatorKindTranspose = 19,
  FBQOperatorKindStridedSlice = 20,
  FBQOperatorKindPRelu = 21,
  FBQOperatorKindMinimum = 22,
  FBQOperatorKindMaximum = 23,
  FBQOperatorKindArgMax = 24,
  FBQOperatorKindArgMin = 25,
  FBQOperatorKindReduceMax = 26,
  FBQOperatorKindReduceMin = 27,
  FBQOperatorKindLogSoftmax = 28,
  FBQOperatorKindL2Normalization = 29,
  FBQOperatorKindDepthToSpace = 30,
  FBQOperatorKindSpaceToDepth = 31,
  FBQOperatorKindBatchToSpace = 32,
  FBQOperatorKindSpaceToBatch = 33,
  FBQOperatorKindTile = 34,
  FBQOperatorKindGather = 35,
  FBQOperatorKindSequenceLSTM = 36,
  FBQOperatorKindSVDF = 37,
  FBQOperatorKindTransposeConvolution = 38,
  FBQOperatorKindLeakyRelu = 39,
  FBQOperatorKindInterpolatedFunction = 40,
} FBQOperatorKind;

typedef struct FBQConvolutionOptions {
  FBQSpatialPair stride;
  FBQSpatialPair dilation;
  FBQSpatialPadding padding;
  FBQIntegers multipliers;
  FBQIntegers shifts;
  FBQCodeRange clamp;
  uint8_t accumulator;
} FBQConvolutionOptions;

typedef struct FBQFullyConnectedOptions {
  FBQIntegers multipliers;
  FBQIntegers shifts;
  FBQCodeRange clamp;
  uint8_t accumulator;
} FBQFullyConnectedOptions;

typedef struct FBQAddOptions {
  int32_t left_shift;
  FBQMultiplier first;
  FBQMultiplier second;
  FBQMultiplier output;
  FBQCodeRange clamp;
} FBQAddOptions;

typedef struct FBQMultiplyOptions {
  FBQMultiplier multiplier;
  FBQCodeRange clamp;
} FBQMultiplyOptions;

typedef struct FBQPoolOptions {
  FBQSpatialPair window;
  FBQSpatialPair stride;
  FBQSpatialPadding padding;
  FBQCodeRange clamp;
} FBQPoolOptions;

typedef struct FBQReduceOptions {
  FBQIntegers axes;
  uint8_t keeps_dimensions;
  FBQMultiplier multiplier;
} FBQReduceOptions;

typedef struct FBQSoftmaxOptions {
  FBQMultiplier multiplier;
  int32_t minimum_difference;
} FBQSoftmaxOptions;

typedef struct FBQPadOptions {
  FBQIntegers before;
  FBQIntegers after;
  uint8_t mode;
  int32_t value;
} FBQPadOptions;

typedef struct FBQLookupOptions {
  uint8_t function;
  FBQFloats coefficients;
  int32_t buffer;
  FBQProfileTables profile_tables;
} FBQLookupOptions;

typedef struct FBQResizeNearestOptions {
  FBQIntegers rows;
  FBQIntegers columns;
} FBQResizeNearestOptions;

typedef struct FBQResizeBilinearOptions {
  uint8_t align_corners;
  uint8_t half_pixel_centers;
} FBQResizeBilinearOptions;

typedef struct FBQStridedSliceOptions {
  FBQIntegers begin;
  FBQIntegers strides;
} FBQStridedSliceOptions;

typedef struct FBQPReluOptions {
  FBQMultiplier positive;
  FBQMultiplier negative;
} FBQPReluOptions;

typedef struct FBQReduceExtremeOptions {
  FBQIntegers axes;
  uint8_t keeps_dimensions;
} FBQReduceExtremeOptions;

typedef struct FBQLogSoftmaxOptions {
  FBQMultiplier multiplier;
  FBQMultiplier reverse;
  int32_t minimum_difference;
} FBQLogSoftmaxOptions;

typedef struct FBQBatchBlockOptions {
  FBQIntegers block;
  FBQIntegers before;
  FBQIntegers after;
} FBQBatchBlockOptions;

typedef struct FBQGatherOptions {
  int32_t axis;
  int32_t batch_dimensions;
} FBQGatherOptions;

typedef struct FBQLSTMGate {
  FBQMultiplier input;
  FBQMultiplier recurrent;
} FBQLSTMGate;

typedef struct FBQSequenceLSTMOptions {
  FBQLSTMGate input_gate;
  FBQLSTMGate forget_gate;
  FBQLSTMGate cell_gate;
  FBQLSTMGate output_gate;
  FBQMultiplier forget_product;
  FBQMultiplier input_product;
  FBQMultiplier output_product;
  int32_t cell_scale_exponent;
  int32_t cell_clip;
  uint8_t time_major;
} FBQSequenceLSTMOptions;

typedef struct FBQSVDFOptions {
  int32_t rank;
  FBQMultiplier feature;
  FBQMultiplier time;
} FBQSVDFOptions;

typedef struct FBQTransposeConvolutionOptions {
  FBQSpatialPair stride;
  FBQSpatialPadding padding;
  FBQIntegers multipliers;
  FBQIntegers shifts;
  FBQCodeRange clamp;
  uint8_t accumulator;
} FBQTransposeConvolutionOptions;

typedef struct FBQLeakyReluOptions {
  FBQMultiplier positive;
  FBQMultiplier negative;
} FBQLeakyReluOptions;

typedef struct FBQInterpolatedFunctionOptions {
  uint8_t function;
  int32_t multiplier;
  int32_t shift;
} FBQInterpolatedFunctionOptions;

/// The options of an operation; `FBQOperation.kind` says which member holds them.
typedef union FBQOptions {
  /// Convolution, DepthwiseConvolution
  FBQConvolutionOptions convolution;
  FBQFullyConnectedOptions fully_connected;
  /// Add, Subtract
  FBQAddOptions add;
  FBQMultiplyOptions multiply;
  /// AveragePool, MaxPool
  FBQPoolOptions pool;
  /// Mean, Sum
  FBQReduceOptions reduce;
  FBQSoftmaxOptions softmax;
  /// Concatenation, ArgMax, ArgMin
  int32_t axis;
  FBQPadOptions pad;
  /// Requantize
  FBQMultiplier requantize;
  FBQLookupOptions lookup;
  FBQResizeNearestOptions resize_nearest;
  FBQResizeBilinearOptions resize_bilinear;
  /// Transpose
  FBQIntegers permutation;
  FBQStridedSliceOptions strided_slice;
  FBQPReluOptions prelu;
  /// ReduceMax, ReduceMin
  FBQReduceExtremeOptions reduce_extreme;
  FBQLogSoftmaxOptions log_softmax;
  /// DepthToSpace, SpaceToDepth
  int32_t block_size;
  /// BatchToSpace, SpaceToBatch
  FBQBatchBlockOptions batch_block;
  /// Tile
  FBQIntegers multiples;
  FBQGatherOptions gather;
  FBQSequenceLSTMOptions sequence_lstm;
  FBQSVDFOptions svdf;
  FBQTransposeConvolutionOptions transpose_convolution;
  FBQLeakyReluOptions leaky_relu;
  FBQInterpolatedFunctionOptions interpolated_function;
} FBQOptions;

typedef struct FBQProfileScaling {
  uint8_t profile;
  uint8_t form;
  FBQIntegers words;
  /// Whether `clamp` means anything.
  uint8_t has_clamp;
  FBQCodeRange clamp;
} FBQProfileScaling;

typedef struct FBQOperation {
  FBQText name;
  FBQOperatorKind kind;
  FBQOptions options;
  FBQIntegers inputs;
  FBQIntegers outputs;
  /// Filled when reading only.
  size_t scaling_count;
} FBQOperation;

typedef struct FBQTensor {
  FBQText name;
  FBQIntegers shape;
  uint8_t element_type;
  /// Whether the three members below mean anything.
  uint8_t is_quantized;
  FBQFloats scales;
  FBQIntegers zero_points;
  int32_t axis;
  int32_t buffer;
  uint8_t is_state;
} FBQTensor;

typedef struct FBQBuffer {
  FBQBytes data;
  uint8_t compression;
  uint64_t expanded_size;
  uint32_t crc32;
} FBQBuffer;

typedef struct FBQInputPipeline {
  int32_t height;
  int32_t width;
  int32_t resize_short_side;
  uint8_t channel_order;
  FBQShorts code_tables;
  FBQFloats mean;
  FBQFloats standard_deviation;
} FBQInputPipeline;

typedef struct FBQLayerRecord {
  FBQText operation;
  uint32_t observed_minimum_bits;
  uint32_t observed_maximum_bits;
  int32_t headroom_bits;
  /// Filled when reading only.
  size_t note_count;
} FBQLayerRecord;

typedef struct FBQConversionRecord {
  FBQText source_name;
  FBQText source_digest;
  FBQText tool_version;
  /// Filled when reading only.
  size_t option_count;
  /// Filled when reading only.
  size_t layer_count;
} FBQConversionRecord;

/// The scalars and counts of the root table.
typedef struct FBQModelHeader {
  uint32_t format_version;
  uint8_t arithmetic;
  FBQText producer;
  FBQText name;
  FBQIntegers inputs;
  FBQIntegers outputs;
  FBQBytes profiles;
} FBQModelHeader;

#endif
