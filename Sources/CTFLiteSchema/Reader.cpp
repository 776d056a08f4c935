#include "TFLReader.h"

#include <algorithm>

#include "tflite-subset_generated.h"

using flatbuffers::Vector;
namespace schema = fbq::tflite;

static_assert(FLATBUFFERS_LITTLEENDIAN, "files are used in place, so the host must be little-endian");
static_assert(
    static_cast<int>(schema::BuiltinOptions::MAX) == TFLOptionsKindDepthToSpace,
    "TFLOptionsKind lists what the schema lists");

const size_t tfl_maximum_size = FLATBUFFERS_MAX_BUFFER_SIZE - 1;

namespace {

const schema::Model *root(TFLModelRef model) {
  return reinterpret_cast<const schema::Model *>(model);
}

const schema::SubGraph *graph(TFLModelRef model) { return root(model)->subgraphs()->Get(0); }

template <typename Element>
size_t count(const Vector<Element> *vector) {
  return vector ? vector->size() : 0;
}

template <typename Table>
const Table *entry(const Vector<flatbuffers::Offset<Table>> *vector, size_t index) {
  return vector->Get(static_cast<flatbuffers::uoffset_t>(index));
}

TFLText text(const flatbuffers::String *string) {
  return string ? TFLText{string->c_str(), string->size()} : TFLText{};
}

TFLIntegers integers(const Vector<int32_t> *vector) {
  return vector ? TFLIntegers{vector->data(), vector->size()} : TFLIntegers{};
}

TFLBytes bytes(const Vector<uint8_t> *vector) {
  return vector ? TFLBytes{vector->data(), vector->size()} : TFLBytes{};
}

/// What convolutions and pools have in common.
template <typename Table>
void read_window(const Table &table, TFLOptions &result) {
  result.padding = static_cast<int8_t>(table.padding());
  result.stride_height = table.stride_h();
  result.stride_width = table.stride_w();
  result.activation = static_cast<int8_t>(table.fused_activation_function());
}

template <typename Table>
void read_dilation(const Table &table, TFLOptions &result) {
  result.dilation_height = table.dilation_h_factor();
  result.dilation_width = table.dilation_w_factor();
}

template <typename Table>
void read_resize(const Table &table, TFLOptions &result) {
  result.align_corners = table.align_corners();
  result.half_pixel_centers = table.half_pixel_centers();
}

void read(const schema::Conv2DOptions &table, TFLOptions &result) {
  read_window(table, result);
  read_dilation(table, result);
}

void read(const schema::DepthwiseConv2DOptions &table, TFLOptions &result) {
  read_window(table, result);
  read_dilation(table, result);
  result.depth_multiplier = table.depth_multiplier();
}

void read(const schema::TransposeConvOptions &table, TFLOptions &result) {
  read_window(table, result);
}

void read(const schema::Pool2DOptions &table, TFLOptions &result) {
  read_window(table, result);
  result.filter_height = table.filter_height();
  result.filter_width = table.filter_width();
}

void read(const schema::SVDFOptions &table, TFLOptions &result) {
  result.count = table.rank();
  result.activation = static_cast<int8_t>(table.fused_activation_function());
}

void read(const schema::FullyConnectedOptions &table, TFLOptions &result) {
  result.activation = static_cast<int8_t>(table.fused_activation_function());
  result.weights_format = static_cast<int8_t>(table.weights_format());
  result.keeps_dimensions = table.keep_num_dims();
}

void read(const schema::SoftmaxOptions &table, TFLOptions &result) { result.factor = table.beta(); }

void read(const schema::ConcatenationOptions &table, TFLOptions &result) {
  result.axis = table.axis();
  result.activation = static_cast<int8_t>(table.fused_activation_function());
}

void read(const schema::AddOptions &table, TFLOptions &result) {
  result.activation = static_cast<int8_t>(table.fused_activation_function());
  result.pot_scale_int16 = table.pot_scale_int16();
}

void read(const schema::SubOptions &table, TFLOptions &result) {
  result.activation = static_cast<int8_t>(table.fused_activation_function());
  result.pot_scale_int16 = table.pot_scale_int16();
}

void read(const schema::MulOptions &table, TFLOptions &result) {
  result.activation = static_cast<int8_t>(table.fused_activation_function());
}

void read(const schema::DivOptions &table, TFLOptions &result) {
  result.activation = static_cast<int8_t>(table.fused_activation_function());
}

void read(const schema::L2NormOptions &table, TFLOptions &result) {
  result.activation = static_cast<int8_t>(table.fused_activation_function());
}

void read(const schema::ResizeBilinearOptions &table, TFLOptions &result) {
  read_resize(table, result);
}

void read(const schema::ResizeNearestNeighborOptions &table, TFLOptions &result) {
  read_resize(table, result);
}

void read(const schema::ReshapeOptions &table, TFLOptions &result) {
  result.extents = integers(table.new_shape());
}

void read(const schema::SqueezeOptions &table, TFLOptions &result) {
  result.extents = integers(table.squeeze_dims());
}

void read(const schema::SpaceToDepthOptions &table, TFLOptions &result) {
  result.count = table.block_size();
}

void read(const schema::DepthToSpaceOptions &table, TFLOptions &result) {
  result.count = table.block_size();
}

void read(const schema::GatherOptions &table, TFLOptions &result) {
  result.axis = table.axis();
  result.batch_dimensions = table.batch_dims();
}

void read(const schema::ReducerOptions &table, TFLOptions &result) {
  result.keeps_dimensions = table.keep_dims();
}

void read(const schema::StridedSliceOptions &table, TFLOptions &result) {
  result.begin_mask = table.begin_mask();
  result.end_mask = table.end_mask();
  result.ellipsis_mask = table.ellipsis_mask();
  result.new_axis_mask = table.new_axis_mask();
  result.shrink_axis_mask = table.shrink_axis_mask();
  result.offset = table.offset();
}

void read(const schema::SplitOptions &table, TFLOptions &result) {
  result.count = table.num_splits();
}

void read(const schema::SplitVOptions &table, TFLOptions &result) {
  result.count = table.num_splits();
}

void read(const schema::ArgMaxOptions &table, TFLOptions &result) {
  result.element_type = static_cast<int8_t>(table.output_type());
}

void read(const schema::ArgMinOptions &table, TFLOptions &result) {
  result.element_type = static_cast<int8_t>(table.output_type());
}

void read(const schema::ShapeOptions &table, TFLOptions &result) {
  result.element_type = static_cast<int8_t>(table.out_type());
}

void read(const schema::PackOptions &table, TFLOptions &result) {
  result.count = table.values_count();
  result.axis = table.axis();
}

void read(const schema::UnpackOptions &table, TFLOptions &result) {
  result.count = table.num();
  result.axis = table.axis();
}

void read(const schema::UnidirectionalSequenceLSTMOptions &table, TFLOptions &result) {
  result.activation = static_cast<int8_t>(table.fused_activation_function());
  result.cell_clip = table.cell_clip();
  result.projection_clip = table.proj_clip();
  result.is_time_major = table.time_major();
  result.asymmetric_quantize_inputs = table.asymmetric_quantize_inputs();
  result.diagonal_recurrent_tensors = table.diagonal_recurrent_tensors();
}

void read(const schema::LeakyReluOptions &table, TFLOptions &result) {
  result.factor = table.alpha();
}

void read(const schema::MirrorPadOptions &table, TFLOptions &result) {
  result.mode = static_cast<int8_t>(table.mode());
}

TFLOptions options(const schema::Operator &operation) {
  TFLOptions result{};
  if (!operation.builtin_options()) return result;
  result.kind = static_cast<TFLOptionsKind>(operation.builtin_options_type());
  switch (operation.builtin_options_type()) {
#define OPTIONS_CASE(Table)                                 \
  case schema::BuiltinOptions::Table:                       \
    read(*operation.builtin_options_as_##Table(), result); \
    break;
    OPTIONS_CASE(Conv2DOptions)
    OPTIONS_CASE(DepthwiseConv2DOptions)
    OPTIONS_CASE(Pool2DOptions)
    OPTIONS_CASE(SVDFOptions)
    OPTIONS_CASE(FullyConnectedOptions)
    OPTIONS_CASE(SoftmaxOptions)
    OPTIONS_CASE(ConcatenationOptions)
    OPTIONS_CASE(AddOptions)
    OPTIONS_CASE(L2NormOptions)
    OPTIONS_CASE(ResizeBilinearOptions)
    OPTIONS_CASE(ReshapeOptions)
    OPTIONS_CASE(SpaceToDepthOptions)
    OPTIONS_CASE(MulOptions)
    OPTIONS_CASE(GatherOptions)
    OPTIONS_CASE(ReducerOptions)
    OPTIONS_CASE(SubOptions)
    OPTIONS_CASE(DivOptions)
    OPTIONS_CASE(SqueezeOptions)
    OPTIONS_CASE(StridedSliceOptions)
    OPTIONS_CASE(SplitOptions)
    OPTIONS_CASE(ArgMaxOptions)
    OPTIONS_CASE(TransposeConvOptions)
    OPTIONS_CASE(ShapeOptions)
    OPTIONS_CASE(ArgMinOptions)
    OPTIONS_CASE(PackOptions)
    OPTIONS_CASE(UnpackOptions)
    OPTIONS_CASE(UnidirectionalSequenceLSTMOptions)
    OPTIONS_CASE(ResizeNearestNeighborOptions)
    OPTIONS_CASE(LeakyReluOptions)
    OPTIONS_CASE(MirrorPadOptions)
    OPTIONS_CASE(SplitVOptions)
    OPTIONS_CASE(DepthToSpaceOptions)
#undef OPTIONS_CASE
    case schema::BuiltinOptions::NONE:
      break;
  }
  return result;
}

/// The name of an enum's number in a generated, zero-terminated table of names.
const char *name(const char *const *names, int64_t number, int64_t last) {
  return number >= 0 && number <= last ? names[number] : nullptr;
}

}  // namespace

const char *tfl_operator_name(int32_t code) {
  return name(
      schema::EnumNamesBuiltinOperator(), code, static_cast<int32_t>(schema::BuiltinOperator::MAX));
}

const char *tfl_element_type_name(int8_t type) {
  return name(schema::EnumNamesTensorType(), type, static_cast<int8_t>(schema::TensorType::MAX));
}

TFLModelRef tfl_open(const void *bytes, size_t count) {
  if (count > tfl_maximum_size || reinterpret_cast<uintptr_t>(bytes) % 8 != 0) return nullptr;
  auto *start = static_cast<const uint8_t *>(bytes);
  flatbuffers::Verifier verifier(start, count);
  if (!schema::VerifyModelBuffer(verifier)) return nullptr;
  return reinterpret_cast<TFLModelRef>(schema::GetModel(start));
}

uint32_t tfl_version(TFLModelRef model) { return root(model)->version(); }
TFLText tfl_description(TFLModelRef model) { return text(root(model)->description()); }
size_t tfl_subgraph_count(TFLModelRef model) { return count(root(model)->subgraphs()); }
size_t tfl_operator_code_count(TFLModelRef model) { return count(root(model)->operator_codes()); }
size_t tfl_buffer_count(TFLModelRef model) { return count(root(model)->buffers()); }
size_t tfl_tensor_count(TFLModelRef model) { return count(graph(model)->tensors()); }
size_t tfl_operator_count(TFLModelRef model) { return count(graph(model)->operators()); }
TFLIntegers tfl_inputs(TFLModelRef model) { return integers(graph(model)->inputs()); }
TFLIntegers tfl_outputs(TFLModelRef model) { return integers(graph(model)->outputs()); }

TFLOperatorCode tfl_operator_code(TFLModelRef model, size_t index) {
  auto *table = entry(root(model)->operator_codes(), index);
  return {
      std::max<int32_t>(
          table->deprecated_builtin_code(), static_cast<int32_t>(table->builtin_code())),
      text(table->custom_code()), table->version()};
}

TFLBuffer tfl_buffer(TFLModelRef model, size_t index) {
  auto *table = entry(root(model)->buffers(), index);
  return {bytes(table->data()), table->offset(), table->size()};
}

TFLTensor tfl_tensor(TFLModelRef model, size_t index) {
  auto *table = entry(graph(model)->tensors(), index);
  TFLTensor result{};
  result.name = text(table->name());
  result.shape = integers(table->shape());
  result.shape_signature = integers(table->shape_signature());
  result.type = static_cast<int8_t>(table->type());
  result.buffer = table->buffer();
  result.is_variable = table->is_variable();
  if (auto *quantization = table->quantization()) {
    auto *scales = quantization->scale();
    auto *zero_points = quantization->zero_point();
    result.is_quantized = count(scales) > 0;
    if (scales) result.scales = {scales->data(), scales->size()};
    if (zero_points) result.zero_points = {zero_points->data(), zero_points->size()};
    result.quantized_dimension = quantization->quantized_dimension();
    result.has_quantization_details =
        quantization->details_type() != schema::QuantizationDetails::NONE;
  }
  result.has_sparsity = table->sparsity() != nullptr;
  result.has_variant_tensors = count(table->variant_tensors()) > 0;
  result.has_external_buffer = table->external_buffer() != 0;
  return result;
}

TFLOperator tfl_operator(TFLModelRef model, size_t index) {
  auto *table = entry(graph(model)->operators(), index);
  return {
      table->opcode_index(),           integers(table->inputs()),
      integers(table->outputs()),      integers(table->intermediates()),
      bytes(table->custom_options()), options(*table)};
}
