#ifndef FBQ_READER_H
#define FBQ_READER_H

// Walks a .fbq file in memory. Nothing is copied or allocated.

#include "FBQTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The root of a verified file.
typedef const struct FBQModel *FBQModelRef;

/// The greatest number of bytes that a FlatBuffer can have.
extern const size_t fbq_maximum_size;

/// Runs the FlatBuffers verifier over `count` bytes at `bytes`, which must be 8-byte aligned and
/// carry the file identifier. Returns null where the structure is damaged or larger than
/// `fbq_maximum_size`. Only offsets, sizes and required members are checked: neither enum values nor
/// indices, nor the 64-byte alignment of buffers.
FBQModelRef fbq_open(const void *bytes, size_t count);

FBQModelHeader fbq_header(FBQModelRef model);
size_t fbq_tensor_count(FBQModelRef model);
size_t fbq_operation_count(FBQModelRef model);
size_t fbq_buffer_count(FBQModelRef model);
size_t fbq_label_count(FBQModelRef model);

/// `Model.file_size`
uint64_t fbq_file_size(FBQModelRef model);
/// `Model.file_crc32`, in place; null where the file has none.
const uint8_t *fbq_file_crc32(FBQModelRef model);

// Indices below the count are the caller's duty.

FBQTensor fbq_tensor(FBQModelRef model, size_t index);
/// An operation of a kind beyond those of `FBQOperatorKind` comes without options.
FBQOperation fbq_operation(FBQModelRef model, size_t index);
FBQProfileScaling fbq_operation_scaling(FBQModelRef model, size_t operation, size_t index);
FBQBuffer fbq_buffer(FBQModelRef model, size_t index);
FBQText fbq_label(FBQModelRef model, size_t index);

/// Whether the file has an input pipeline, which is then stored in `pipeline`.
uint8_t fbq_input_pipeline(FBQModelRef model, FBQInputPipeline *pipeline);

/// Whether the file has a conversion record, which is then stored in `record`.
uint8_t fbq_conversion_record(FBQModelRef model, FBQConversionRecord *record);
FBQText fbq_record_option(FBQModelRef model, size_t index);
FBQLayerRecord fbq_record_layer(FBQModelRef model, size_t index);
FBQText fbq_record_note(FBQModelRef model, size_t layer, size_t index);

#ifdef __cplusplus
}
#endif

#endif
