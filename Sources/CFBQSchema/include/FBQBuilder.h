#ifndef FBQ_BUILDER_H
#define FBQ_BUILDER_H

// Makes a .fbq file in memory. The same calls give the same bytes.
//
// A FlatBuffer grows from its end to its start, so what is added first comes last in the file. That
// the file stays below `fbq_maximum_size` is the caller's duty.

#include "FBQTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct FBQBuilder FBQBuilder;

/// An empty file with room for `capacity` bytes before it must grow.
FBQBuilder *fbq_builder_create(size_t capacity);
void fbq_builder_destroy(FBQBuilder *builder);

/// Adds a buffer: all of them before anything else, the last one first.
void fbq_builder_add_buffer(FBQBuilder *builder, FBQBuffer buffer);
void fbq_builder_add_tensor(FBQBuilder *builder, FBQTensor tensor);
/// Adds a scaling of the operation that is added next.
void fbq_builder_add_scaling(FBQBuilder *builder, FBQProfileScaling scaling);
/// `operation.kind` must be one of `FBQOperatorKind`.
void fbq_builder_add_operation(FBQBuilder *builder, FBQOperation operation);
void fbq_builder_add_label(FBQBuilder *builder, FBQText label);
void fbq_builder_set_input_pipeline(FBQBuilder *builder, FBQInputPipeline pipeline);
/// Adds what the converter measured of one operation, before the conversion record is set.
void fbq_builder_add_layer(
    FBQBuilder *builder, FBQLayerRecord layer, const FBQText *notes, size_t note_count);
void fbq_builder_set_conversion_record(
    FBQBuilder *builder, FBQConversionRecord record, const FBQText *options, size_t option_count);

/// Completes the file but for its CRC-32, the place of which `crc32_offset` receives. The bytes
/// belong to the builder.
FBQBytes fbq_builder_finish(FBQBuilder *builder, FBQModelHeader header, size_t *crc32_offset);

#ifdef __cplusplus
}
#endif

#endif
