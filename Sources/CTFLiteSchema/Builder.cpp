#include "TFLBuilder.h"

#include <algorithm>
#include <vector>

#include "tflite-subset_generated.h"

using flatbuffers::Offset;
using flatbuffers::Vector;
namespace schema = fbq::tflite;

struct TFLBuilder {
  explicit TFLBuilder(size_t capacity) : fbb(capacity) {}

  flatbuffers::FlatBufferBuilder fbb;
  std::vector<Offset<schema::Buffer>> buffers;
  std::vector<Offset<schema::Tensor>> tensors;
  std::vector<Offset<schema::OperatorCode>> codes;
  std::vector<Offset<schema::Operator>> operators;
};

namespace {

template <typename Element>
Offset<Vector<Element>> vector(TFLPart part) {
  return Offset<Vector<Element>>(part);
}

Offset<flatbuffers::String> text(TFLPart part) { return Offset<flatbuffers::String>(part); }

schema::ActivationFunctionType activation(const TFLOptions &options) {
  return static_cast<schema::ActivationFunctionType>(options.activation);
}

schema::Padding padding(const TFLOptions &options) {
  return static_cast<schema::Padding>(options.padding);
}

/// Options of windows: convolutions and pools.
Offset<void> window(flatbuffers::FlatBufferBuilder &fbb, const TFLOptions &options) {
  switch (options.kind) {
    case TFLOptionsKindConvolution:
      return schema::CreateConv2DOptions(
                 fbb, padding(options), options.stride_width, options.stride_height,
                 activation(options), options.dilation_width, options.dilation_height)
          .Union();
    case TFLOptionsKindDepthwiseConvolution:
      return schema::CreateDepthwiseConv2DOptions(
                 fbb, padding(options), options.stride_width, options.stride_height,
                 options.depth_multiplier, activation(options), options.dilation_width,
                 options.dilation_height)
          .Union();
    case TFLOptionsKindTransposeConvolution:
      return schema::CreateTransposeConvOptions(
                 fbb, padding(options), options.stride_width, options.stride_height,
                 activation(options))
          .Union();
    default:
      return schema::CreatePool2DOptions(
                 fbb, padding(options), options.stride_width, options.stride_height,
                 options.filter_width, options.filter_height, activation(options))
          .Union();
  }
}

Offset<void> table(flatbuffers::FlatBufferBuilder &fbb, const TFLOptions &options) {
  switch (options.kind) {
    case TFLOptionsKindConvolution:
    case TFLOptionsKindDepthwiseConvolution:
    case TFLOptionsKindTransposeConvolution:
    case TFLOptionsKindPool:
      return window(fbb, options);
    case TFLOptionsKindSVDF:
      return schema::CreateSVDFOptions(fbb, options.count, activation(options)).Union();
    case TFLOptionsKindFullyConnected: {
      auto format =
          static_cast<schema::FullyConnectedOptionsWeightsFormat>(options.weights_format);
      return schema::CreateFullyConnectedOptions(
                 fbb, activation(options), format, options.keeps_dimensions)
          .Union();
    }
    case TFLOptionsKindSoftmax:
      return schema::CreateSoftmaxOptions(fbb, options.factor).Union();
    case TFLOptionsKindConcatenation:
      return schema::CreateConcatenationOptions(fbb, options.axis, activation(options)).Union();
    case TFLOptionsKindAdd:
      return schema::CreateAddOptions(fbb, activation(options), options.pot_scale_int16).Union();
    case TFLOptionsKindSubtract:
      return schema::CreateSubOptions(fbb, activation(options), options.pot_scale_int16).Union();
    case TFLOptionsKindMultiply:
      return schema::CreateMulOptions(fbb, activation(options)).Union();
    case TFLOptionsKindDivide:
      return schema::CreateDivOptions(fbb, activation(options)).Union();
    case TFLOptionsKindL2Normalization:
      return schema::CreateL2NormOptions(fbb, activation(options)).Union();
    case TFLOptionsKindResizeBilinear:
      return schema::CreateResizeBilinearOptions(
                 fbb, options.align_corners, options.half_pixel_centers)
          .Union();
    case TFLOptionsKindResizeNearest:
      return schema::CreateResizeNearestNeighborOptions(
                 fbb, options.align_corners, options.half_pixel_centers)
          .Union();
    case TFLOptionsKindReshape: {
      auto shape = fbb.CreateVector(options.extents.values, options.extents.count);
      return schema::CreateReshapeOptions(fbb, shape).Union();
    }
    case TFLOptionsKindSqueeze: {
      auto axes = fbb.CreateVector(options.extents.values, options.extents.count);
      return schema::CreateSqueezeOptions(fbb, axes).Union();
    }
    case TFLOptionsKindSpaceToDepth:
      return schema::CreateSpaceToDepthOptions(fbb, options.count).Union();
    case TFLOptionsKindDepthToSpace:
      return schema::CreateDepthToSpaceOptions(fbb, options.count).Union();
    case TFLOptionsKindGather:
      return schema::CreateGatherOptions(fbb, options.axis, options.batch_dimensions).Union();
    case TFLOptionsKindReducer:
      return schema::CreateReducerOptions(fbb, options.keeps_dimensions).Union();
    case TFLOptionsKindStridedSlice:
      return schema::CreateStridedSliceOptions(
                 fbb, options.begin_mask, options.end_mask, options.ellipsis_mask,
                 options.new_axis_mask, options.shrink_axis_mask, options.offset)
          .Union();
    case TFLOptionsKindSplit:
      return schema::CreateSplitOptions(fbb, options.count).Union();
    case TFLOptionsKindSplitV:
      return schema::CreateSplitVOptions(fbb, options.count).Union();
    case TFLOptionsKindArgMax:
      return schema::CreateArgMaxOptions(
                 fbb, static_cast<schema::TensorType>(options.element_type))
          .Union();
    case TFLOptionsKindArgMin:
      return schema::CreateArgMinOptions(
                 fbb, static_cast<schema::TensorType>(options.element_type))
          .Union();
    case TFLOptionsKindShape:
      return schema::CreateShapeOptions(
                 fbb, static_cast<schema::TensorType>(options.element_type))
          .Union();
    case TFLOptionsKindPack:
      return schema::CreatePackOptions(fbb, options.count, options.axis).Union();
    case TFLOptionsKindUnpack:
      return schema::CreateUnpackOptions(fbb, options.count, options.axis).Union();
    case TFLOptionsKindLSTM:
      return schema::CreateUnidirectionalSequenceLSTMOptions(
                 fbb, activation(options), options.cell_clip, options.projection_clip,
                 options.is_time_major, options.asymmetric_quantize_inputs,
                 options.diagonal_recurrent_tensors)
          .Union();
    case TFLOptionsKindLeakyRelu:
      return schema::CreateLeakyReluOptions(fbb, options.factor).Union();
    case TFLOptionsKindMirrorPad:
      return schema::CreateMirrorPadOptions(fbb, static_cast<schema::MirrorPadMode>(options.mode))
          .Union();
    case TFLOptionsKindNone:
      break;
  }
  return {};
}

}  // namespace

TFLBuilder *tfl_builder_create(size_t capacity) { return new TFLBuilder(capacity); }

void tfl_builder_destroy(TFLBuilder *builder) { delete builder; }

TFLPart tfl_builder_add_text(TFLBuilder *builder, const char *bytes, size_t count) {
  return builder->fbb.CreateString(bytes ? bytes : "", count).o;
}

TFLPart tfl_builder_add_integers(TFLBuilder *builder, const int32_t *values, size_t count) {
  return builder->fbb.CreateVector(values, count).o;
}

TFLPart tfl_builder_add_longs(TFLBuilder *builder, const int64_t *values, size_t count) {
  return builder->fbb.CreateVector(values, count).o;
}

TFLPart tfl_builder_add_floats(TFLBuilder *builder, const float *values, size_t count) {
  return builder->fbb.CreateVector(values, count).o;
}

TFLPart tfl_builder_add_bytes(TFLBuilder *builder, const uint8_t *bytes, size_t count) {
  return builder->fbb.CreateVector(bytes, count).o;
}

void tfl_builder_add_buffer(TFLBuilder *builder, const uint8_t *bytes, size_t count) {
  auto &fbb = builder->fbb;
  Offset<Vector<uint8_t>> data;
  if (bytes) {
    fbb.ForceVectorAlignment(count, 1, 16);
    data = fbb.CreateVector(bytes, count);
  }
  builder->buffers.push_back(schema::CreateBuffer(fbb, data));
}

void tfl_builder_add_tensor(TFLBuilder *builder, TFLNewTensor tensor) {
  auto &fbb = builder->fbb;
  Offset<schema::QuantizationParameters> quantization;
  if (tensor.is_quantized) {
    quantization = schema::CreateQuantizationParameters(
        fbb, 0, 0, vector<float>(tensor.scales), vector<int64_t>(tensor.zero_points),
        schema::QuantizationDetails::NONE, 0, tensor.quantized_dimension);
  }
  schema::TensorBuilder table(fbb);
  table.add_shape(vector<int32_t>(tensor.shape));
  table.add_type(static_cast<schema::TensorType>(tensor.type));
  table.add_buffer(tensor.buffer);
  table.add_name(text(tensor.name));
  table.add_quantization(quantization);
  table.add_is_variable(tensor.is_variable);
  table.add_shape_signature(vector<int32_t>(tensor.shape_signature));
  builder->tensors.push_back(table.Finish());
}

void tfl_builder_add_operator_code(
    TFLBuilder *builder, int32_t code, TFLPart custom_code, int32_t version) {
  // Readers from before the wider number find the placeholder for higher ones.
  auto narrow = static_cast<int8_t>(std::min(code, 127));
  builder->codes.push_back(
      schema::CreateOperatorCode(
          builder->fbb, narrow, text(custom_code), version,
          static_cast<schema::BuiltinOperator>(code)));
}

void tfl_builder_add_operator(TFLBuilder *builder, TFLNewOperator operation, TFLOptions options) {
  auto &fbb = builder->fbb;
  auto options_table = table(fbb, options);
  builder->operators.push_back(
      schema::CreateOperator(
          fbb, operation.opcode_index, vector<int32_t>(operation.inputs),
          vector<int32_t>(operation.outputs), static_cast<schema::BuiltinOptions>(options.kind),
          options_table, vector<uint8_t>(operation.custom_options), 0, 0,
          vector<int32_t>(operation.intermediates)));
}

TFLBytes tfl_builder_finish(
    TFLBuilder *builder, TFLPart inputs, TFLPart outputs, TFLPart description) {
  auto &fbb = builder->fbb;
  auto tensors = fbb.CreateVector(builder->tensors);
  auto operators = fbb.CreateVector(builder->operators);
  auto name = fbb.CreateString("main");
  auto graph = schema::CreateSubGraph(
      fbb, tensors, vector<int32_t>(inputs), vector<int32_t>(outputs), operators, name);
  auto subgraphs = fbb.CreateVector(&graph, 1);
  auto codes = fbb.CreateVector(builder->codes);
  auto buffers = fbb.CreateVector(builder->buffers);
  const uint32_t schema_version = 3;
  schema::FinishModelBuffer(
      fbb, schema::CreateModel(fbb, schema_version, codes, subgraphs, text(description), buffers));
  return {fbb.GetBufferPointer(), fbb.GetSize()};
}
