#include "FBQBuilder.h"

#include <algorithm>
#include <vector>

#include "fbq_generated.h"

using flatbuffers::Offset;
using flatbuffers::String;
using flatbuffers::Vector;
namespace schema = fbq::schema;

struct FBQBuilder {
  explicit FBQBuilder(size_t capacity) : fbb(capacity) {
    // Every scalar is stored, also one that equals its default: −0 equals 0 and would lose its sign,
    // and the place of the checksum must exist.
    fbb.ForceDefaults(true);
  }

  flatbuffers::FlatBufferBuilder fbb;
  std::vector<Offset<schema::Buffer>> buffers;
  std::vector<Offset<schema::Tensor>> tensors;
  std::vector<Offset<schema::Operation>> operations;
  std::vector<Offset<schema::ProfileScaling>> scalings;
  std::vector<Offset<String>> labels;
  std::vector<Offset<schema::LayerRecord>> layers;
  Offset<schema::InputPipeline> pipeline;
  Offset<schema::ConversionRecord> record;

  Offset<String> string(FBQText text) {
    return fbb.CreateString(text.bytes ? text.bytes : "", text.count);
  }

  Offset<Vector<int32_t>> vector(FBQIntegers integers) {
    return fbb.CreateVector(integers.values, integers.count);
  }

  Offset<Vector<float>> vector(FBQFloats floats) {
    return fbb.CreateVector(reinterpret_cast<const float *>(floats.bits), floats.count);
  }

  Offset<Vector<Offset<String>>> vector(const FBQText *texts, size_t count) {
    std::vector<Offset<String>> offsets;
    for (size_t index = 0; index < count; ++index) offsets.push_back(string(texts[index]));
    return fbb.CreateVector(offsets);
  }
};

namespace {

schema::Multiplier multiplier(FBQMultiplier value) { return {value.multiplier, value.shift}; }
schema::CodeRange range(FBQCodeRange value) { return {value.minimum, value.maximum}; }
schema::SpatialPair pair(FBQSpatialPair value) { return {value.height, value.width}; }
schema::SpatialPadding padding(FBQSpatialPadding value) {
  return {value.top, value.left, value.bottom, value.right};
}

float real(uint32_t bits) {
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

Offset<void> convolution(FBQBuilder &builder, const FBQConvolutionOptions &options) {
  auto stride = pair(options.stride), dilation = pair(options.dilation);
  auto edges = padding(options.padding);
  auto clamp = range(options.clamp);
  auto multipliers = builder.vector(options.multipliers);
  auto shifts = builder.vector(options.shifts);
  return schema::CreateConvolutionOptions(
             builder.fbb, &stride, &dilation, &edges, multipliers, shifts, &clamp,
             static_cast<schema::AccumulatorType>(options.accumulator))
      .Union();
}

Offset<void> fully_connected(FBQBuilder &builder, const FBQFullyConnectedOptions &options) {
  auto clamp = range(options.clamp);
  auto multipliers = builder.vector(options.multipliers);
  auto shifts = builder.vector(options.shifts);
  return schema::CreateFullyConnectedOptions(
             builder.fbb, multipliers, shifts, &clamp,
             static_cast<schema::AccumulatorType>(options.accumulator))
      .Union();
}

Offset<void> add(FBQBuilder &builder, const FBQAddOptions &options) {
  auto first = multiplier(options.first), second = multiplier(options.second);
  auto output = multiplier(options.output);
  auto clamp = range(options.clamp);
  return schema::CreateAddOptions(
             builder.fbb, options.left_shift, &first, &second, &output, &clamp)
      .Union();
}

Offset<void> pool(FBQBuilder &builder, const FBQPoolOptions &options) {
  auto window = pair(options.window), stride = pair(options.stride);
  auto edges = padding(options.padding);
  auto clamp = range(options.clamp);
  return schema::CreatePoolOptions(builder.fbb, &window, &stride, &edges, &clamp).Union();
}

Offset<void> reduce(FBQBuilder &builder, const FBQReduceOptions &options) {
  auto factor = multiplier(options.multiplier);
  auto axes = builder.vector(options.axes);
  return schema::CreateReduceOptions(builder.fbb, axes, options.keeps_dimensions, &factor).Union();
}

Offset<void> lookup(FBQBuilder &builder, const FBQLookupOptions &options) {
  std::vector<schema::ProfileTable> tables;
  for (size_t index = 0; index < options.profile_tables.count; ++index) {
    auto &entry = options.profile_tables.values[index];
    tables.emplace_back(static_cast<schema::ArithmeticProfile>(entry.profile), entry.buffer);
  }
  auto coefficients = builder.vector(options.coefficients);
  auto profile_tables = builder.fbb.CreateVectorOfStructs(tables);
  return schema::CreateLookupOptions(
             builder.fbb, static_cast<schema::UnaryFunction>(options.function), coefficients,
             options.buffer, profile_tables)
      .Union();
}

schema::LSTMGate gate(FBQLSTMGate value) {
  return {multiplier(value.input), multiplier(value.recurrent)};
}

Offset<void> sequence_lstm(FBQBuilder &builder, const FBQSequenceLSTMOptions &options) {
  auto input_gate = gate(options.input_gate), forget_gate = gate(options.forget_gate);
  auto cell_gate = gate(options.cell_gate), output_gate = gate(options.output_gate);
  auto forget_product = multiplier(options.forget_product);
  auto input_product = multiplier(options.input_product);
  auto output_product = multiplier(options.output_product);
  return schema::CreateSequenceLSTMOptions(
             builder.fbb, &input_gate, &forget_gate, &cell_gate, &output_gate, &forget_product,
             &input_product, &output_product, options.cell_scale_exponent, options.cell_clip,
             options.time_major)
      .Union();
}

Offset<void> transpose_convolution(
    FBQBuilder &builder, const FBQTransposeConvolutionOptions &options) {
  auto stride = pair(options.stride);
  auto edges = padding(options.padding);
  auto clamp = range(options.clamp);
  auto multipliers = builder.vector(options.multipliers);
  auto shifts = builder.vector(options.shifts);
  return schema::CreateTransposeConvolutionOptions(
             builder.fbb, &stride, &edges, multipliers, shifts, &clamp,
             static_cast<schema::AccumulatorType>(options.accumulator))
      .Union();
}

Offset<void> options(FBQBuilder &builder, FBQOperatorKind kind, const FBQOptions &options) {
  auto &fbb = builder.fbb;
  switch (kind) {
    case FBQOperatorKindConvolution:
    case FBQOperatorKindDepthwiseConvolution:
      return convolution(builder, options.convolution);
    case FBQOperatorKindFullyConnected:
      return fully_connected(builder, options.fully_connected);
    case FBQOperatorKindAdd:
    case FBQOperatorKindSubtract:
      return add(builder, options.add);
    case FBQOperatorKindMultiply: {
      auto factor = multiplier(options.multiply.multiplier);
      auto clamp = range(options.multiply.clamp);
      return schema::CreateMultiplyOptions(fbb, &factor, &clamp).Union();
    }
    case FBQOperatorKindAveragePool:
    case FBQOperatorKindMaxPool:
      return pool(builder, options.pool);
    case FBQOperatorKindMean:
    case FBQOperatorKindSum:
      return reduce(builder, options.reduce);
    case FBQOperatorKindSoftmax: {
      auto factor = multiplier(options.softmax.multiplier);
      return schema::CreateSoftmaxOptions(fbb, &factor, options.softmax.minimum_difference).Union();
    }
    case FBQOperatorKindConcatenation:
      return schema::CreateConcatenationOptions(fbb, options.axis).Union();
    case FBQOperatorKindPad: {
      auto before = builder.vector(options.pad.before);
      auto after = builder.vector(options.pad.after);
      auto mode = static_cast<schema::PadMode>(options.pad.mode);
      return schema::CreatePadOptions(fbb, before, after, mode, options.pad.value).Union();
    }
    case FBQOperatorKindReshape:
      return schema::CreateReshapeOptions(fbb).Union();
    case FBQOperatorKindRequantize: {
      auto factor = multiplier(options.requantize);
      return schema::CreateRequantizeOptions(fbb, &factor).Union();
    }
    case FBQOperatorKindLookup:
      return lookup(builder, options.lookup);
    case FBQOperatorKindResizeNearest: {
      auto rows = builder.vector(options.resize_nearest.rows);
      auto columns = builder.vector(options.resize_nearest.columns);
      return schema::CreateResizeNearestOptions(fbb, rows, columns).Union();
    }
    case FBQOperatorKindResizeBilinear:
      return schema::CreateResizeBilinearOptions(
                 fbb, options.resize_bilinear.align_corners,
                 options.resize_bilinear.half_pixel_centers)
          .Union();
    case FBQOperatorKindTranspose: {
      auto permutation = builder.vector(options.permutation);
      return schema::CreateTransposeOptions(fbb, permutation).Union();
    }
    case FBQOperatorKindStridedSlice: {
      auto begin = builder.vector(options.strided_slice.begin);
      auto strides = builder.vector(options.strided_slice.strides);
      return schema::CreateStridedSliceOptions(fbb, begin, strides).Union();
    }
    case FBQOperatorKindPRelu: {
      auto positive = multiplier(options.prelu.positive);
      auto negative = multiplier(options.prelu.negative);
      return schema::CreatePReluOptions(fbb, &positive, &negative).Union();
    }
    case FBQOperatorKindMinimum:
    case FBQOperatorKindMaximum:
      return schema::CreateExtremeOptions(fbb).Union();
    case FBQOperatorKindArgMax:
    case FBQOperatorKindArgMin:
      return schema::CreateArgumentOptions(fbb, options.axis).Union();
    case FBQOperatorKindReduceMax:
    case FBQOperatorKindReduceMin: {
      auto axes = builder.vector(options.reduce_extreme.axes);
      auto keeps = options.reduce_extreme.keeps_dimensions;
      return schema::CreateReduceExtremeOptions(fbb, axes, keeps).Union();
    }
    case FBQOperatorKindLogSoftmax: {
      auto factor = multiplier(options.log_softmax.multiplier);
      auto reverse = multiplier(options.log_softmax.reverse);
      return schema::CreateLogSoftmaxOptions(
                 fbb, &factor, &reverse, options.log_softmax.minimum_difference)
          .Union();
    }
    case FBQOperatorKindL2Normalization:
      return schema::CreateL2NormalizationOptions(fbb).Union();
    case FBQOperatorKindDepthToSpace:
    case FBQOperatorKindSpaceToDepth:
      return schema::CreateDepthBlockOptions(fbb, options.block_size).Union();
    case FBQOperatorKindBatchToSpace:
    case FBQOperatorKindSpaceToBatch: {
      auto block = builder.vector(options.batch_block.block);
      auto before = builder.vector(options.batch_block.before);
      auto after = builder.vector(options.batch_block.after);
      return schema::CreateBatchBlockOptions(fbb, block, before, after).Union();
    }
    case FBQOperatorKindTile: {
      auto multiples = builder.vector(options.multiples);
      return schema::CreateTileOptions(fbb, multiples).Union();
    }
    case FBQOperatorKindGather:
      return schema::CreateGatherOptions(
                 fbb, options.gather.axis, options.gather.batch_dimensions)
          .Union();
    case FBQOperatorKindSequenceLSTM:
      return sequence_lstm(builder, options.sequence_lstm);
    case FBQOperatorKindSVDF: {
      auto feature = multiplier(options.svdf.feature), time = multiplier(options.svdf.time);
      return schema::CreateSVDFOptions(fbb, options.svdf.rank, &feature, &time).Union();
    }
    case FBQOperatorKindTransposeConvolution:
      return transpose_convolution(builder, options.transpose_convolution);
    case FBQOperatorKindLeakyRelu: {
      auto positive = multiplier(options.leaky_relu.positive);
      auto negative = multiplier(options.leaky_relu.negative);
      return schema::CreateLeakyReluOptions(fbb, &positive, &negative).Union();
    }
    case FBQOperatorKindInterpolatedFunction: {
      auto &values = options.interpolated_function;
      return schema::CreateInterpolatedFunctionOptions(
                 fbb, static_cast<schema::UnaryFunction>(values.function), values.multiplier,
                 values.shift)
          .Union();
    }
  }
  return {};
}

}  // namespace

FBQBuilder *fbq_builder_create(size_t capacity) { return new FBQBuilder(capacity); }

void fbq_builder_destroy(FBQBuilder *builder) { delete builder; }

void fbq_builder_add_buffer(FBQBuilder *builder, FBQBuffer buffer) {
  auto &fbb = builder->fbb;
  fbb.ForceVectorAlignment(buffer.data.count, 1, 64);
  auto data = fbb.CreateVector(buffer.data.bytes, buffer.data.count);
  builder->buffers.push_back(
      schema::CreateBuffer(
          fbb, data, static_cast<schema::Compression>(buffer.compression), buffer.expanded_size,
          buffer.crc32));
}

void fbq_builder_add_tensor(FBQBuilder *builder, FBQTensor tensor) {
  auto &fbb = builder->fbb;
  Offset<schema::Quantization> quantization;
  if (tensor.is_quantized) {
    auto scales = builder->vector(tensor.scales);
    auto zero_points = builder->vector(tensor.zero_points);
    quantization = schema::CreateQuantization(fbb, scales, zero_points, tensor.axis);
  }
  auto name = builder->string(tensor.name);
  auto shape = builder->vector(tensor.shape);
  builder->tensors.push_back(
      schema::CreateTensor(
          fbb, name, shape, static_cast<schema::ElementType>(tensor.element_type), quantization,
          tensor.buffer, tensor.is_state));
}

void fbq_builder_add_scaling(FBQBuilder *builder, FBQProfileScaling scaling) {
  auto words = builder->vector(scaling.words);
  auto clamp = range(scaling.clamp);
  builder->scalings.push_back(
      schema::CreateProfileScaling(
          builder->fbb, static_cast<schema::ArithmeticProfile>(scaling.profile),
          static_cast<schema::ScalingForm>(scaling.form), words,
          scaling.has_clamp ? &clamp : nullptr));
}

void fbq_builder_add_operation(FBQBuilder *builder, FBQOperation operation) {
  auto name = builder->string(operation.name);
  auto inputs = builder->vector(operation.inputs);
  auto outputs = builder->vector(operation.outputs);
  auto table = options(*builder, operation.kind, operation.options);
  auto scalings = builder->fbb.CreateVector(builder->scalings);
  builder->scalings.clear();
  builder->operations.push_back(
      schema::CreateOperation(
          builder->fbb, name, static_cast<schema::OperatorKind>(operation.kind), table, inputs,
          outputs, scalings));
}

void fbq_builder_add_label(FBQBuilder *builder, FBQText label) {
  builder->labels.push_back(builder->string(label));
}

void fbq_builder_set_input_pipeline(FBQBuilder *builder, FBQInputPipeline pipeline) {
  auto &fbb = builder->fbb;
  auto tables = fbb.CreateVector(pipeline.code_tables.values, pipeline.code_tables.count);
  auto mean = builder->vector(pipeline.mean);
  auto deviation = builder->vector(pipeline.standard_deviation);
  builder->pipeline = schema::CreateInputPipeline(
      fbb, pipeline.height, pipeline.width, pipeline.resize_short_side,
      static_cast<schema::ChannelOrder>(pipeline.channel_order), tables, mean, deviation);
}

void fbq_builder_add_layer(
    FBQBuilder *builder, FBQLayerRecord layer, const FBQText *notes, size_t note_count) {
  auto operation = builder->string(layer.operation);
  auto texts = builder->vector(notes, note_count);
  builder->layers.push_back(
      schema::CreateLayerRecord(
          builder->fbb, operation, real(layer.observed_minimum_bits),
          real(layer.observed_maximum_bits), layer.headroom_bits, texts));
}

void fbq_builder_set_conversion_record(
    FBQBuilder *builder, FBQConversionRecord record, const FBQText *options, size_t option_count) {
  auto &fbb = builder->fbb;
  auto source_name = builder->string(record.source_name);
  auto source_digest = builder->string(record.source_digest);
  auto tool_version = builder->string(record.tool_version);
  auto texts = builder->vector(options, option_count);
  auto layers = fbb.CreateVector(builder->layers);
  builder->record = schema::CreateConversionRecord(
      fbb, source_name, source_digest, tool_version, texts, layers);
}

FBQBytes fbq_builder_finish(FBQBuilder *builder, FBQModelHeader header, size_t *crc32_offset) {
  auto &fbb = builder->fbb;
  std::reverse(builder->buffers.begin(), builder->buffers.end());
  auto buffers = fbb.CreateVector(builder->buffers);
  auto labels = fbb.CreateVector(builder->labels);
  auto operations = fbb.CreateVector(builder->operations);
  auto tensors = fbb.CreateVector(builder->tensors);
  auto inputs = builder->vector(header.inputs);
  auto outputs = builder->vector(header.outputs);
  auto profiles = fbb.CreateVector(
      reinterpret_cast<const schema::ArithmeticProfile *>(header.profiles.bytes),
      header.profiles.count);
  auto name = builder->string(header.name);
  auto producer = builder->string(header.producer);
  schema::FinishModelBuffer(
      fbb, schema::CreateModel(
               fbb, header.format_version, 0, 0, producer, name,
               static_cast<schema::ArithmeticProfile>(header.arithmetic), tensors, operations,
               inputs, outputs, buffers, builder->pipeline, labels, builder->record, profiles));

  auto *start = fbb.GetBufferPointer();
  auto *root = flatbuffers::GetMutableRoot<flatbuffers::Table>(start);
  root->SetField<uint64_t>(schema::Model::VT_FILE_SIZE, fbb.GetSize(), 0);
  *crc32_offset = root->GetAddressOf(schema::Model::VT_FILE_CRC32) - start;
  return {start, fbb.GetSize()};
}
