#include "FBQReader.h"

#include "fbq_generated.h"

using flatbuffers::Vector;
namespace schema = fbq::schema;

static_assert(FLATBUFFERS_LITTLEENDIAN, "files are used in place, so the host must be little-endian");
static_assert(sizeof(schema::ProfileTable) == sizeof(FBQProfileTable), "used in place");
static_assert(
    static_cast<int>(schema::OperatorKind::MAX) == FBQOperatorKindInterpolatedFunction,
    "FBQOperatorKind lists what the schema lists");

const size_t fbq_maximum_size = FLATBUFFERS_MAX_BUFFER_SIZE - 1;

namespace {

const schema::Model *root(FBQModelRef model) {
  return reinterpret_cast<const schema::Model *>(model);
}

template <typename Element>
size_t count(const Vector<Element> *vector) {
  return vector ? vector->size() : 0;
}

FBQText text(const flatbuffers::String *string) {
  return string ? FBQText{string->c_str(), string->size()} : FBQText{};
}

FBQIntegers integers(const Vector<int32_t> *vector) {
  return vector ? FBQIntegers{vector->data(), vector->size()} : FBQIntegers{};
}

FBQFloats floats(const Vector<float> *vector) {
  return vector ? FBQFloats{reinterpret_cast<const uint32_t *>(vector->data()), vector->size()}
                : FBQFloats{};
}

uint32_t bits(float value) {
  uint32_t result;
  memcpy(&result, &value, sizeof result);
  return result;
}

FBQMultiplier multiplier(const schema::Multiplier *value) {
  return {value->multiplier(), value->shift()};
}

FBQCodeRange range(const schema::CodeRange *value) { return {value->minimum(), value->maximum()}; }

FBQSpatialPair pair(const schema::SpatialPair *value) { return {value->height(), value->width()}; }

FBQSpatialPadding padding(const schema::SpatialPadding *value) {
  return {value->top(), value->left(), value->bottom(), value->right()};
}

FBQConvolutionOptions convolution(const schema::ConvolutionOptions &options) {
  return {
      pair(options.stride()),
      pair(options.dilation()),
      padding(options.padding()),
      integers(options.multipliers()),
      integers(options.shifts()),
      range(options.clamp()),
      static_cast<uint8_t>(options.accumulator())};
}

FBQAddOptions add(const schema::AddOptions &options) {
  return {
      options.left_shift(), multiplier(options.first()), multiplier(options.second()),
      multiplier(options.output()), range(options.clamp())};
}

FBQPoolOptions pool(const schema::PoolOptions &options) {
  return {
      pair(options.window()), pair(options.stride()), padding(options.padding()),
      range(options.clamp())};
}

FBQReduceOptions reduce(const schema::ReduceOptions &options) {
  return {integers(options.axes()), options.keeps_dimensions(), multiplier(options.multiplier())};
}

FBQLookupOptions lookup(const schema::LookupOptions &options) {
  FBQProfileTables tables{};
  if (auto *vector = options.profile_tables()) {
    tables = {reinterpret_cast<const FBQProfileTable *>(vector->Data()), vector->size()};
  }
  return {
      static_cast<uint8_t>(options.function()), floats(options.coefficients()), options.buffer(),
      tables};
}

FBQLSTMGate gate(const schema::LSTMGate *value) {
  return {multiplier(&value->input()), multiplier(&value->recurrent())};
}

FBQSequenceLSTMOptions sequence_lstm(const schema::SequenceLSTMOptions &options) {
  return {
      gate(options.input_gate()),
      gate(options.forget_gate()),
      gate(options.cell_gate()),
      gate(options.output_gate()),
      multiplier(options.forget_product()),
      multiplier(options.input_product()),
      multiplier(options.output_product()),
      options.cell_scale_exponent(),
      options.cell_clip(),
      options.time_major()};
}

FBQTransposeConvolutionOptions transpose_convolution(
    const schema::TransposeConvolutionOptions &options) {
  return {
      pair(options.stride()),
      padding(options.padding()),
      integers(options.multipliers()),
      integers(options.shifts()),
      range(options.clamp()),
      static_cast<uint8_t>(options.accumulator())};
}

/// The options of a known kind.
FBQOptions options(FBQOperatorKind kind, const void *table) {
  FBQOptions result{};
  switch (kind) {
    case FBQOperatorKindConvolution:
    case FBQOperatorKindDepthwiseConvolution:
      result.convolution = convolution(*static_cast<const schema::ConvolutionOptions *>(table));
      break;
    case FBQOperatorKindFullyConnected: {
      auto &options = *static_cast<const schema::FullyConnectedOptions *>(table);
      result.fully_connected = {
          integers(options.multipliers()), integers(options.shifts()), range(options.clamp()),
          static_cast<uint8_t>(options.accumulator())};
      break;
    }
    case FBQOperatorKindAdd:
    case FBQOperatorKindSubtract:
      result.add = add(*static_cast<const schema::AddOptions *>(table));
      break;
    case FBQOperatorKindMultiply: {
      auto &options = *static_cast<const schema::MultiplyOptions *>(table);
      result.multiply = {multiplier(options.multiplier()), range(options.clamp())};
      break;
    }
    case FBQOperatorKindAveragePool:
    case FBQOperatorKindMaxPool:
      result.pool = pool(*static_cast<const schema::PoolOptions *>(table));
      break;
    case FBQOperatorKindMean:
    case FBQOperatorKindSum:
      result.reduce = reduce(*static_cast<const schema::ReduceOptions *>(table));
      break;
    case FBQOperatorKindSoftmax: {
      auto &options = *static_cast<const schema::SoftmaxOptions *>(table);
      result.softmax = {multiplier(options.multiplier()), options.minimum_difference()};
      break;
    }
    case FBQOperatorKindConcatenation:
      result.axis = static_cast<const schema::ConcatenationOptions *>(table)->axis();
      break;
    case FBQOperatorKindPad: {
      auto &options = *static_cast<const schema::PadOptions *>(table);
      result.pad = {
          integers(options.before()), integers(options.after()),
          static_cast<uint8_t>(options.mode()), options.value()};
      break;
    }
    case FBQOperatorKindReshape:
      break;
    case FBQOperatorKindRequantize:
      result.requantize =
          multiplier(static_cast<const schema::RequantizeOptions *>(table)->multiplier());
      break;
    case FBQOperatorKindLookup:
      result.lookup = lookup(*static_cast<const schema::LookupOptions *>(table));
      break;
    case FBQOperatorKindResizeNearest: {
      auto &options = *static_cast<const schema::ResizeNearestOptions *>(table);
      result.resize_nearest = {integers(options.rows()), integers(options.columns())};
      break;
    }
    case FBQOperatorKindResizeBilinear: {
      auto &options = *static_cast<const schema::ResizeBilinearOptions *>(table);
      result.resize_bilinear = {options.align_corners(), options.half_pixel_centers()};
      break;
    }
    case FBQOperatorKindTranspose:
      result.permutation =
          integers(static_cast<const schema::TransposeOptions *>(table)->permutation());
      break;
    case FBQOperatorKindStridedSlice: {
      auto &options = *static_cast<const schema::StridedSliceOptions *>(table);
      result.strided_slice = {integers(options.begin()), integers(options.strides())};
      break;
    }
    case FBQOperatorKindPRelu: {
      auto &options = *static_cast<const schema::PReluOptions *>(table);
      result.prelu = {multiplier(options.positive()), multiplier(options.negative())};
      break;
    }
    case FBQOperatorKindMinimum:
    case FBQOperatorKindMaximum:
    case FBQOperatorKindL2Normalization:
      break;
    case FBQOperatorKindArgMax:
    case FBQOperatorKindArgMin:
      result.axis = static_cast<const schema::ArgumentOptions *>(table)->axis();
      break;
    case FBQOperatorKindReduceMax:
    case FBQOperatorKindReduceMin: {
      auto &options = *static_cast<const schema::ReduceExtremeOptions *>(table);
      result.reduce_extreme = {integers(options.axes()), options.keeps_dimensions()};
      break;
    }
    case FBQOperatorKindLogSoftmax: {
      auto &options = *static_cast<const schema::LogSoftmaxOptions *>(table);
      result.log_softmax = {
          multiplier(options.multiplier()), multiplier(options.reverse()),
          options.minimum_difference()};
      break;
    }
    case FBQOperatorKindDepthToSpace:
    case FBQOperatorKindSpaceToDepth:
      result.block_size = static_cast<const schema::DepthBlockOptions *>(table)->block_size();
      break;
    case FBQOperatorKindBatchToSpace:
    case FBQOperatorKindSpaceToBatch: {
      auto &options = *static_cast<const schema::BatchBlockOptions *>(table);
      result.batch_block = {
          integers(options.block()), integers(options.before()), integers(options.after())};
      break;
    }
    case FBQOperatorKindTile:
      result.multiples = integers(static_cast<const schema::TileOptions *>(table)->multiples());
      break;
    case FBQOperatorKindGather: {
      auto &options = *static_cast<const schema::GatherOptions *>(table);
      result.gather = {options.axis(), options.batch_dimensions()};
      break;
    }
    case FBQOperatorKindSequenceLSTM:
      result.sequence_lstm = sequence_lstm(*static_cast<const schema::SequenceLSTMOptions *>(table));
      break;
    case FBQOperatorKindSVDF: {
      auto &options = *static_cast<const schema::SVDFOptions *>(table);
      result.svdf = {options.rank(), multiplier(options.feature()), multiplier(options.time())};
      break;
    }
    case FBQOperatorKindTransposeConvolution:
      result.transpose_convolution =
          transpose_convolution(*static_cast<const schema::TransposeConvolutionOptions *>(table));
      break;
    case FBQOperatorKindLeakyRelu: {
      auto &options = *static_cast<const schema::LeakyReluOptions *>(table);
      result.leaky_relu = {multiplier(options.positive()), multiplier(options.negative())};
      break;
    }
    case FBQOperatorKindInterpolatedFunction: {
      auto &options = *static_cast<const schema::InterpolatedFunctionOptions *>(table);
      result.interpolated_function = {
          static_cast<uint8_t>(options.function()), options.multiplier(), options.shift()};
      break;
    }
  }
  return result;
}

}  // namespace

FBQModelRef fbq_open(const void *bytes, size_t count) {
  if (count > fbq_maximum_size || reinterpret_cast<uintptr_t>(bytes) % 8 != 0) return nullptr;
  auto *start = static_cast<const uint8_t *>(bytes);
  flatbuffers::Verifier verifier(start, count);
  if (!schema::VerifyModelBuffer(verifier)) return nullptr;
  return reinterpret_cast<FBQModelRef>(schema::GetModel(start));
}

FBQModelHeader fbq_header(FBQModelRef model) {
  auto *table = root(model);
  return {
      table->format_version(),
      static_cast<uint8_t>(table->arithmetic()),
      text(table->producer()),
      text(table->name()),
      integers(table->inputs()),
      integers(table->outputs()),
      table->profiles() ? FBQBytes{table->profiles()->Data(), table->profiles()->size()}
                        : FBQBytes{}};
}

size_t fbq_tensor_count(FBQModelRef model) { return count(root(model)->tensors()); }
size_t fbq_operation_count(FBQModelRef model) { return count(root(model)->operations()); }
size_t fbq_buffer_count(FBQModelRef model) { return count(root(model)->buffers()); }
size_t fbq_label_count(FBQModelRef model) { return count(root(model)->labels()); }
uint64_t fbq_file_size(FBQModelRef model) { return root(model)->file_size(); }

const uint8_t *fbq_file_crc32(FBQModelRef model) {
  return reinterpret_cast<const flatbuffers::Table *>(model)->GetAddressOf(
      schema::Model::VT_FILE_CRC32);
}

FBQTensor fbq_tensor(FBQModelRef model, size_t index) {
  auto *table = root(model)->tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  FBQTensor result{};
  result.name = text(table->name());
  result.shape = integers(table->shape());
  result.element_type = static_cast<uint8_t>(table->element_type());
  result.buffer = table->buffer();
  result.is_state = table->is_state();
  if (auto *quantization = table->quantization()) {
    result.is_quantized = 1;
    result.scales = floats(quantization->scales());
    result.zero_points = integers(quantization->zero_points());
    result.axis = quantization->axis();
  }
  return result;
}

FBQOperation fbq_operation(FBQModelRef model, size_t index) {
  auto *table = root(model)->operations()->Get(static_cast<flatbuffers::uoffset_t>(index));
  auto kind = static_cast<FBQOperatorKind>(table->kind_type());
  return {
      text(table->name()), kind, options(kind, table->kind()), integers(table->inputs()),
      integers(table->outputs()), count(table->scalings())};
}

FBQProfileScaling fbq_operation_scaling(FBQModelRef model, size_t operation, size_t index) {
  auto *table = root(model)
                    ->operations()
                    ->Get(static_cast<flatbuffers::uoffset_t>(operation))
                    ->scalings()
                    ->Get(static_cast<flatbuffers::uoffset_t>(index));
  auto *clamp = table->clamp();
  return {
      static_cast<uint8_t>(table->profile()), static_cast<uint8_t>(table->form()),
      integers(table->words()), static_cast<uint8_t>(clamp != nullptr),
      clamp ? range(clamp) : FBQCodeRange{}};
}

FBQBuffer fbq_buffer(FBQModelRef model, size_t index) {
  auto *table = root(model)->buffers()->Get(static_cast<flatbuffers::uoffset_t>(index));
  return {
      {table->data()->data(), table->data()->size()},
      static_cast<uint8_t>(table->compression()),
      table->expanded_size(),
      table->crc32()};
}

FBQText fbq_label(FBQModelRef model, size_t index) {
  return text(root(model)->labels()->Get(static_cast<flatbuffers::uoffset_t>(index)));
}

uint8_t fbq_input_pipeline(FBQModelRef model, FBQInputPipeline *pipeline) {
  auto *table = root(model)->input_pipeline();
  if (!table) return 0;
  *pipeline = {
      table->height(),
      table->width(),
      table->resize_short_side(),
      static_cast<uint8_t>(table->channel_order()),
      {table->code_tables()->data(), table->code_tables()->size()},
      floats(table->mean()),
      floats(table->standard_deviation())};
  return 1;
}

uint8_t fbq_conversion_record(FBQModelRef model, FBQConversionRecord *record) {
  auto *table = root(model)->record();
  if (!table) return 0;
  *record = {
      text(table->source_name()), text(table->source_digest()), text(table->tool_version()),
      count(table->options()), count(table->layers())};
  return 1;
}

FBQText fbq_record_option(FBQModelRef model, size_t index) {
  return text(root(model)->record()->options()->Get(static_cast<flatbuffers::uoffset_t>(index)));
}

FBQLayerRecord fbq_record_layer(FBQModelRef model, size_t index) {
  auto *table = root(model)->record()->layers()->Get(static_cast<flatbuffers::uoffset_t>(index));
  return {
      text(table->operation()), bits(table->observed_minimum()), bits(table->observed_maximum()),
      table->headroom_bits(), count(table->notes())};
}

FBQText fbq_record_note(FBQModelRef model, size_t layer, size_t index) {
  auto *table = root(model)->record()->layers()->Get(static_cast<flatbuffers::uoffset_t>(layer));
  return text(table->notes()->Get(static_cast<flatbuffers::uoffset_t>(index)));
}
