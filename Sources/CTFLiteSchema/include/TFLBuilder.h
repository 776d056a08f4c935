#ifndef TFL_BUILDER_H
#define TFL_BUILDER_H

// Builds a .tflite file in memory, parts before the whole: texts, vectors and bytes are added first,
// and named by what adding them returned. What is handed over is copied.

#include "TFLTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TFLBuilder TFLBuilder;

/// Something that was added; 0 stands for nothing.
typedef uint32_t TFLPart;

/// Takes `capacity` bytes at first.
TFLBuilder *tfl_builder_create(size_t capacity);
void tfl_builder_destroy(TFLBuilder *builder);

TFLPart tfl_builder_add_text(TFLBuilder *builder, const char *bytes, size_t count);
TFLPart tfl_builder_add_integers(TFLBuilder *builder, const int32_t *values, size_t count);
TFLPart tfl_builder_add_longs(TFLBuilder *builder, const int64_t *values, size_t count);
TFLPart tfl_builder_add_floats(TFLBuilder *builder, const float *values, size_t count);
TFLPart tfl_builder_add_bytes(TFLBuilder *builder, const uint8_t *bytes, size_t count);

/// Adds the next buffer of the model: `count` bytes, aligned to 16, or none where `bytes` is null.
void tfl_builder_add_buffer(TFLBuilder *builder, const uint8_t *bytes, size_t count);

typedef struct TFLNewTensor {
  TFLPart name;
  /// Integers
  TFLPart shape;
  /// Integers
  TFLPart shape_signature;
  int8_t type;
  uint32_t buffer;
  uint8_t is_variable;
  uint8_t is_quantized;
  /// Floats
  TFLPart scales;
  /// Longs
  TFLPart zero_points;
  int32_t quantized_dimension;
} TFLNewTensor;

/// Adds the next tensor.
void tfl_builder_add_tensor(TFLBuilder *builder, TFLNewTensor tensor);

/// Adds the next operator code; `custom_code` is a text.
void tfl_builder_add_operator_code(
    TFLBuilder *builder, int32_t code, TFLPart custom_code, int32_t version);

typedef struct TFLNewOperator {
  uint32_t opcode_index;
  /// Integers
  TFLPart inputs;
  /// Integers
  TFLPart outputs;
  /// Integers
  TFLPart intermediates;
  /// Bytes
  TFLPart custom_options;
} TFLNewOperator;

/// Adds the next operator.
void tfl_builder_add_operator(TFLBuilder *builder, TFLNewOperator operation, TFLOptions options);

/// Ends the file, which lives as long as the builder; `inputs` and `outputs` are integers,
/// `description` a text.
TFLBytes tfl_builder_finish(
    TFLBuilder *builder, TFLPart inputs, TFLPart outputs, TFLPart description);

#ifdef __cplusplus
}
#endif

#endif
