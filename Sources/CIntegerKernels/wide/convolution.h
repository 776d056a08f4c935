// Convolution as a matrix product of patches and packed weights, in `lanes`.
//
//            channels: blocks of lanes, up to tile_blocks to a panel
//            ┌───────────┐
//   depth    │ 4 depths  │   a lane_weights holds 4 depths of each channel of a block; the codes' 4 bytes
//   in steps │ of a panel│   are repeated to all lanes and multiplied with them
//   of 4     └───────────┘
//   ┌───────┐┌───────────┐
//   │patches││accumulators   up to tile_pixels × tile_blocks of them stay in registers over the whole
//   │       ││           │   depth, then become codes
//   └───────┘└───────────┘
//
// Codes go in as bytes u, unsigned ones or, where dot products are of those, signed ones (see
// patches.h), weights as signed ones:
//
//   Σ (w − z_w)·(x − z_x) = Σ w·u − z_u·Σ w − z_w·Σ (u − z_u)
//
// The second term is taken from the channel's bias when the weights are packed, the third from the sums
// of a patch, once for all channels; lane_weights that have room for it hold w − z_w at once. A tap outside
// the image is the zero point, which adds nothing. Sums wrap: what is taken away again may leave 32 bits
// on the way.
//
// Units are pieces of the output, or with `splits_channels` pieces of each panel of channels, panel by
// panel.

static panel_division panels_of(const fbq_convolution *c) {
  const patch_shape shape = shape_of_patches(c);
  const size_t most_blocks = turns_of(c, &shape).blocks;
  const size_t blocks = group_blocks(c);
  return (panel_division){(blocks + most_blocks - 1) / most_blocks, blocks};
}

static size_t convolution_units(const fbq_convolution *c) {
  return c->splits_channels ? (size_t)c->groups * panels_of(c).count * pieces(c) : pieces(c);
}

// Whether patches are summed.
static int needs_sums(const fbq_convolution *c) {
  return !has_wide_weights && c->weight_zero_point != 0;
}

// Of the pixels of a chunk.
static size_t sum_bytes(const fbq_convolution *c) {
  if (!needs_sums(c)) return 0;
  const size_t pixels = is_rowwise(c) ? (size_t)c->output_width : piece_pixels;
  return most_chunk_pieces(c) * pixels * sizeof(int32_t);
}

static size_t convolution_scratch(const fbq_convolution *c) {
  return (chunk_bytes(c) + sizeof(lanes)) / sizeof(lanes) * sizeof(lanes) + sum_bytes(c);
}

// Packed weights of a block of channels.
static size_t product_block_bytes(const fbq_convolution *c) {
  return depth(c) / 4 * sizeof(lane_weights);
}

static size_t convolution_weight_bytes(const fbq_convolution *c) {
  return (size_t)c->groups * group_blocks(c) * product_block_bytes(c);
}

static int32_t convolution_accepts(const fbq_convolution *c) {
  (void)c;
  return 1;
}

// The weights of one channel without zero point, a run after the other, 4 to a lane, lane_weights `stride`
// apart; returns their sum.
static uint32_t pack_channel(const uint8_t *weights, const patch_shape *shape, uint8_t flip,
                             int32_t zero_point, size_t lane, size_t stride, uint8_t *to) {
  uint32_t sum = 0;
  for (size_t run = 0; run < shape->runs; run++, weights += shape->run_bytes) {
    for (size_t step = 0; step < shape->run_steps; step++, to += stride) {
      const size_t used = least(4, shape->run_bytes - step * 4);
      for (size_t k = 0; k < used; k++) {
        const int32_t weight = (int8_t)(weights[step * 4 + k] ^ flip) - zero_point;
        set_weight(to, lane, k, weight);
        sum += (uint32_t)weight;
      }
    }
  }
  return sum;
}

// The same with the zero point, where lane_weights hold bytes: it is taken away with the sums of patches.
static uint32_t pack_channel_of_bytes(const uint8_t *weights, const patch_shape *shape, uint8_t flip,
                                      size_t lane, size_t stride, uint8_t *to) {
  const size_t length = shape->runs * shape->run_bytes;
  const uint32_t flips = flip * 0x01010101u;
  const int32_t sum = sum_of_run(weights, length, lanes_repeat_8(flip ^ code_flip));
  to += lane * 4;
  for (size_t run = 0; run < shape->runs; run++, weights += shape->run_bytes) {
    for (size_t step = 0; step < shape->run_bytes / 4; step++, to += stride) {
      uint32_t four;
      __builtin_memcpy(&four, weights + step * 4, sizeof four);
      four ^= flips;
      __builtin_memcpy(to, &four, sizeof four);
    }
    if (shape->run_bytes % 4 == 0) continue;
    const size_t done = shape->run_bytes / 4 * 4;
    for (size_t k = done; k < shape->run_bytes; k++) to[k - done] = weights[k] ^ flip;
    to += stride;
  }
  return (uint32_t)sum - code_flip * (uint32_t)length;
}

// For each group [panels][depth / 4][blocks of the panel] lane_weights, padded with zeros.
static void convolution_pack(const fbq_convolution *c, const uint8_t *weights, int32_t *bias,
                             void *packed) {
  const patch_shape shape = shape_of_patches(c);
  const uint32_t zero_point = (uint32_t)shifted_zero_point(c);
  const size_t length = taps(c) * group_inputs(c), bytes = product_block_bytes(c);
  const panel_division panels = panels_of(c);
  __builtin_memset(packed, 0, convolution_weight_bytes(c));
  for (size_t group = 0; group < (size_t)c->groups; group++) {
    uint8_t *to_group = (uint8_t *)packed + group * group_blocks(c) * bytes;
    for (size_t panel = 0; panel < panels.count; panel++) {
      const size_t first = first_block(panels, panel);
      const size_t blocks = first_block(panels, panel + 1) - first;
      const size_t end = least((first + blocks) * lane_count, group_outputs(c));
      for (size_t channel = first * lane_count; channel < end; channel++) {
        const size_t index = group * group_outputs(c) + channel;
        uint8_t *to = to_group + first * bytes + (channel / lane_count - first) * sizeof(lane_weights);
        const size_t lane = channel % lane_count, stride = blocks * sizeof(lane_weights);
        const uint8_t *from = weights + index * length;
        const uint32_t sum =
            has_wide_weights
                ? pack_channel(from, &shape, c->weight_flip, c->weight_zero_point, lane, stride, to)
                : pack_channel_of_bytes(from, &shape, c->weight_flip, lane, stride, to);
        bias[index] = (int32_t)((uint32_t)bias[index] - sum * zero_point);
      }
    }
  }
}

// A chunk of pieces with its patches.
typedef struct {
  size_t first, count;
  const uint8_t *patches;
  // Per pixel, or null.
  const int32_t *sums;
} piece_chunk;

// Pieces first…last − 1 of the chunk times a panel of a group.
static void multiply_pieces(const fbq_convolution *c, tile_work *work, size_t group, size_t panel,
                            const piece_chunk *chunk, size_t first, size_t last) {
  const panel_division panels = work->panels;
  const size_t start = first_block(panels, panel);
  const size_t blocks = first_block(panels, panel + 1) - start;
  const size_t index = group * group_blocks(c) + start, channel = start * lane_count;
  const size_t offset = first_pixel(c, chunk->first);
  work->weights = (const uint8_t *)c->weights + index * product_block_bytes(c);
  work->weight_stride = blocks * sizeof(lane_weights);
  work->scales = (const wide_scale *)c->stage.scales + index;
  work->channels = least(blocks * lane_count, group_outputs(c) - channel);
  const size_t pixel = first_pixel(c, first), at = pixel - offset;
  const int32_t *sums = chunk->sums ? chunk->sums + at : NULL;
  pixel_region region = {
      .patches = chunk->patches + at * work->shape.pixel_stride,
      .rows = 1,
      .width = first_pixel(c, last) - pixel,
      .to = c->output + pixel * work->output_stride + group * group_outputs(c) + channel,
  };
  if (is_rowwise(c)) {
    region.patch_row = (size_t)c->stride_height * row_bytes(c);
    region.patches = chunk->patches + (first - chunk->first) * region.patch_row;
    region.rows = last - first;
    region.width = (size_t)c->output_width;
  }
  if (work->turns.kernel && c->stage.path != fbq_general && region.width >= work->turns.pixels && (work->turns.blocks == 2 || work->channels == blocks * lane_count)) {
    work->turns.kernel(work, &region);
  } else {
    multiply_rows(work, blocks, &region, sums);
  }
}

static void sum_chunk(const fbq_convolution *c, const patch_shape *shape, const piece_chunk *chunk,
                      int32_t *sums) {
  if (!is_rowwise(c)) {
    const size_t pixels =
        first_pixel(c, chunk->first + chunk->count) - first_pixel(c, chunk->first);
    sum_patches(c, shape, chunk->patches, pixels, sums);
    return;
  }
  const size_t width = (size_t)c->output_width;
  for (size_t row = 0; row < chunk->count; row++) {
    sum_patches(c, shape, chunk->patches + row * (size_t)c->stride_height * row_bytes(c), width,
                sums + row * width);
  }
}

// Of panels first…last of a group: of the first from piece `begin`, of the last those before `end`, of
// those between all.
static void multiply_panels(const fbq_convolution *c, size_t group, size_t first, size_t last,
                            size_t begin, size_t end, uint8_t *scratch) {
  const loaded_stage loaded = load_stage(&c->stage);
  tile_work work = {
      .shape = shape_of_patches(c),
      .panels = panels_of(c),
      .stage = &c->stage,
      .loaded = &loaded,
      .output_stride = (size_t)c->output_channels,
  };
  work.turns = turns_of(c, &work.shape);
  // All panels have the same pieces, or each but the first and the last has all.
  const int is_split = c->splits_channels && first < last;
  const size_t least_piece = is_split ? 0 : begin, most_piece = is_split ? pieces(c) : end;
  int32_t *sums = (int32_t *)(void *)(scratch + convolution_scratch(c) - sum_bytes(c));
  piece_chunk chunk;
  for (chunk.first = least_piece; chunk.first < most_piece; chunk.first += chunk.count) {
    chunk.count = chunk_pieces(c, chunk.first, most_piece);
    chunk.patches = make_patches(c, group, chunk.first, chunk.count, scratch);
    chunk.sums = NULL;
    if (needs_sums(c)) {
      sum_chunk(c, &work.shape, &chunk, sums);
      chunk.sums = sums;
    }
    for (size_t panel = first; panel <= last; panel++) {
      const size_t from = is_split && panel != first ? 0 : begin;
      const size_t until = is_split && panel != last ? pieces(c) : end;
      const size_t piece = most(from, chunk.first), stop = least(until, chunk.first + chunk.count);
      if (piece < stop) multiply_pieces(c, &work, group, panel, &chunk, piece, stop);
    }
  }
}

static void convolution_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_convolution *c = parameters;
  const size_t panels = panels_of(c).count, count = pieces(c);
  if (!c->splits_channels) {
    for (size_t group = 0; group < (size_t)c->groups; group++) {
      multiply_panels(c, group, 0, panels - 1, begin, end, scratch);
    }
    return;
  }
  for (size_t unit = begin; unit < end;) {
    const size_t group = unit / (panels * count);
    const size_t stop = least(end, (group + 1) * panels * count);
    const size_t first = unit / count, last = (stop - 1) / count;
    multiply_panels(c, group, first - group * panels, last - group * panels, unit % count,
                    (stop - 1) % count + 1, scratch);
    unit = stop;
  }
}

static const fbq_convolution_kernel wide_convolution = {
    .accepts = convolution_accepts,
    .units = convolution_units,
    .scratch = convolution_scratch,
    .weight_bytes = convolution_weight_bytes,
    .pack = convolution_pack,
    .run = convolution_run,
};
