#ifndef TFL_TYPES_H
#define TFL_TYPES_H

// The parts of a .tflite file as plain C values. What each means stands in
// Schemas/tflite-subset.fbs at the field of the same name.

#include <stddef.h>
#include <stdint.h>

/// Not zero-terminated, unchecked. Absent where `bytes` is null.
typedef struct TFLText {
  const char *bytes;
  size_t count;
} TFLText;

typedef struct TFLIntegers {
  const int32_t *values;
  size_t count;
} TFLIntegers;

typedef struct TFLLongs {
  const int64_t *values;
  size_t count;
} TFLLongs;

typedef struct TFLFloats {
  const float *values;
  size_t count;
} TFLFloats;

typedef struct TFLBytes {
  const uint8_t *bytes;
  size_t count;
} TFLBytes;

/// The numbers of the union `BuiltinOptions`.
typedef enum TFLOptionsKind : uint8_t {
  TFLOptionsKindNone = 0,
  TFLOptionsKindConvolution = 1,
  TFLOptionsKindDepthwiseConvolution = 2,
  TFLOptionsKindPool = 5,
  TFLOptionsKindSVDF = 6,
  TFLOptionsKindFullyConnected = 8,
  TFLOptionsKindSoftmax = 9,
  TFLOptionsKindConcatenation = 10,
  TFLOptionsKindAdd = 11,
  TFLOptionsKindL2Normalization = 12,
  TFLOptionsKindResizeBilinear = 15,
  TFLOptionsKindReshape = 17,
  TFLOptionsKindSpaceToDepth = 19,
  TFLOptionsKindMultiply = 21,
  TFLOptionsKindGather = 23,
  TFLOptionsKindReducer = 27,
  TFLOptionsKindSubtract = 28,
  TFLOptionsKindDivide = 29,
  TFLOptionsKindSqueeze = 30,
  TFLOptionsKindStridedSlice = 32,
  TFLOptionsKindSplit = 35,
  TFLOptionsKindArgMax = 40,
  TFLOptionsKindTransposeConvolution = 49,
  TFLOptionsKindShape = 55,
  TFLOptionsKindArgMin = 57,
  TFLOptionsKindPack = 59,
  TFLOptionsKindUnpack = 64,
  TFLOptionsKindLSTM = 71,
  TFLOptionsKindResizeNearest = 74,
  TFLOptionsKindLeakyRelu = 75,
  TFLOptionsKindMirrorPad = 77,
  TFLOptionsKindSplitV = 79,
  TFLOptionsKindDepthToSpace = 94,
} TFLOptionsKind;

/// Options of one operator: the fields of all tables of options together, of which `kind` says which
/// mean something.
typedef struct TFLOptions {
  TFLOptionsKind kind;
  // Windows
  int8_t padding;
  int32_t stride_height;
  int32_t stride_width;
  int32_t dilation_height;
  int32_t dilation_width;
  int32_t filter_height;
  int32_t filter_width;
  int32_t depth_multiplier;
  /// `fused_activation_function`
  int8_t activation;
  // Fully connected
  int8_t weights_format;
  /// `keep_num_dims`, `keep_dims`
  uint8_t keeps_dimensions;
  // Add, subtract
  uint8_t pot_scale_int16;
  /// `beta`, `alpha`
  float factor;
  int32_t axis;
  /// `num_splits`, `values_count`, `num`, `block_size`, `rank`
  int32_t count;
  // Gather
  int32_t batch_dimensions;
  /// `new_shape`, `squeeze_dims`
  TFLIntegers extents;
  // Resize
  uint8_t align_corners;
  uint8_t half_pixel_centers;
  // Strided slice
  int32_t begin_mask;
  int32_t end_mask;
  int32_t ellipsis_mask;
  int32_t new_axis_mask;
  int32_t shrink_axis_mask;
  uint8_t offset;
  // Mirror pad
  int8_t mode;
  /// `output_type`, `out_type`
  int8_t element_type;
  // LSTM
  float cell_clip;
  float projection_clip;
  uint8_t is_time_major;
  uint8_t asymmetric_quantize_inputs;
  uint8_t diagonal_recurrent_tensors;
} TFLOptions;

#endif
