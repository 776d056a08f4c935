#ifndef TFL_READER_H
#define TFL_READER_H

// Walks a .tflite file in memory. Nothing is copied or allocated. Pointers lead into the file's bytes
// and are valid as long as those; indices, enum values and counts are as the file says, unchecked.

#include "TFLTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The root of a verified file.
typedef const struct TFLModel *TFLModelRef;

/// The greatest number of bytes that a FlatBuffer can have.
extern const size_t tfl_maximum_size;

/// The format's name of an operator; null where it has none of that number.
const char *tfl_operator_name(int32_t code);
/// The format's name of an element type; null where it has none of that number.
const char *tfl_element_type_name(int8_t type);

/// Runs the FlatBuffers verifier over `count` bytes at `bytes`, which must be 8-byte aligned and
/// carry the file identifier. Returns null where the structure is damaged or larger than
/// `tfl_maximum_size`. Only offsets and sizes are checked: neither enum values nor indices.
TFLModelRef tfl_open(const void *bytes, size_t count);

uint32_t tfl_version(TFLModelRef model);
TFLText tfl_description(TFLModelRef model);
size_t tfl_subgraph_count(TFLModelRef model);
size_t tfl_operator_code_count(TFLModelRef model);
size_t tfl_buffer_count(TFLModelRef model);

// Indices below the count are the caller's duty; what follows is of the first subgraph, which must
// exist.

size_t tfl_tensor_count(TFLModelRef model);
size_t tfl_operator_count(TFLModelRef model);
TFLIntegers tfl_inputs(TFLModelRef model);
TFLIntegers tfl_outputs(TFLModelRef model);

typedef struct TFLOperatorCode {
  /// The greater of both numbers that the file gives.
  int32_t code;
  TFLText custom_code;
  int32_t version;
} TFLOperatorCode;

TFLOperatorCode tfl_operator_code(TFLModelRef model, size_t index);

typedef struct TFLBuffer {
  TFLBytes data;
  uint64_t offset;
  uint64_t size;
} TFLBuffer;

TFLBuffer tfl_buffer(TFLModelRef model, size_t index);

typedef struct TFLTensor {
  TFLText name;
  TFLIntegers shape;
  TFLIntegers shape_signature;
  int8_t type;
  uint32_t buffer;
  uint8_t is_variable;
  uint8_t is_quantized;
  TFLFloats scales;
  TFLLongs zero_points;
  int32_t quantized_dimension;
  /// What this interface does not read, and may not be passed over.
  uint8_t has_quantization_details;
  uint8_t has_sparsity;
  uint8_t has_variant_tensors;
  uint8_t has_external_buffer;
} TFLTensor;

TFLTensor tfl_tensor(TFLModelRef model, size_t index);

typedef struct TFLOperator {
  uint32_t opcode_index;
  TFLIntegers inputs;
  TFLIntegers outputs;
  TFLIntegers intermediates;
  TFLBytes custom_options;
  /// `kind` is the file's number also where this interface does not know the options' type, which
  /// are then absent, and 0 where the file has none.
  TFLOptions options;
} TFLOperator;

TFLOperator tfl_operator(TFLModelRef model, size_t index);

#ifdef __cplusplus
}
#endif

#endif
