// Convolution of 16-bit codes and 8-bit weights as a matrix product, in `lanes`, for the portable table too.
//
// Patches are those of convolution.h with two bytes for each channel, and a pair of codes takes the place of
// four bytes. It is repeated to all lanes and multiplied with the weights of as many outputs, which are
// widened to 16 bits when they are packed. Sums have 32 bits. Where weights are so many and great that this
// might not do, they are scaled and added up in 64 bits after each 480 products: of at most 2^15 · 2^7 = 2^22
// each, together less than 2^31.
//
// Units are pieces of the output, see patches.h.

enum {
  // Of pairs, what 32 bits hold for any codes.
  safe_steps_16x8 = 240,
};

// The windows with channels counted in bytes, which are taken as they are; outside the image are zeros.
static fbq_convolution byte_windows(const fbq_convolution_16x8 *layer) {
  fbq_convolution c = layer->windows;
  c.input_channels *= (int32_t)sizeof(int16_t);
  c.input_flip = code_flip;
  c.input_zero_point = -code_flip;
  return c;
}

static size_t output_blocks(const fbq_convolution_16x8 *layer) {
  return wide_blocks((size_t)layer->windows.output_channels);
}

static panel_division panels_16x8(const fbq_convolution_16x8 *layer) {
  const size_t blocks = output_blocks(layer);
  return (panel_division){(blocks + tile_blocks - 1) / tile_blocks, blocks};
}

static size_t convolution_16x8_units(const fbq_convolution_16x8 *layer) {
  const fbq_convolution c = byte_windows(layer);
  return pieces(&c);
}

static size_t convolution_16x8_scratch(const fbq_convolution_16x8 *layer) {
  const fbq_convolution c = byte_windows(layer);
  return chunk_bytes(&c);
}

// Weights of a block of outputs: a vector for each pair.
static size_t block_bytes_16x8(const fbq_convolution *c) { return depth(c) / 4 * sizeof(lanes); }

static size_t convolution_16x8_weight_bytes(const fbq_convolution_16x8 *layer) {
  const fbq_convolution c = byte_windows(layer);
  return output_blocks(layer) * (sizeof(scale_16x8) + block_bytes_16x8(&c));
}

static int32_t convolution_16x8_accepts(fbq_convolution_16x8 *layer, const uint8_t *weights) {
  const fbq_convolution c = byte_windows(layer);
  fbq_choose_path_16x8(layer, weights, 0);
  return chunk_bytes(&c) <= scratch_limit;
}

// The scales of all blocks, then [panels][pairs][blocks of the panel] vectors, padded with zeros.
static void convolution_16x8_pack(const fbq_convolution_16x8 *layer, const uint8_t *weights,
                                  void *packed) {
  const fbq_convolution c = byte_windows(layer);
  const patch_shape shape = shape_of_patches(&c);
  const panel_division panels = panels_16x8(layer);
  const size_t blocks = output_blocks(layer), outputs = (size_t)c.output_channels;
  const size_t run_codes = shape.run_bytes / sizeof(int16_t);
  scale_16x8 *scales = packed;
  uint8_t *to_panels = (uint8_t *)(scales + blocks);
  __builtin_memset(packed, 0, convolution_16x8_weight_bytes(layer));
  for (size_t panel = 0; panel < panels.count; panel++) {
    const size_t first = first_block(panels, panel), last = first_block(panels, panel + 1);
    const size_t stride = (last - first) * sizeof(lanes);
    for (size_t output = first * lane_count; output < least(last * lane_count, outputs); output++) {
      const size_t block = output / lane_count, lane = output % lane_count;
      uint8_t *to = to_panels + first * block_bytes_16x8(&c) + (block - first) * sizeof(lanes);
      const uint8_t *from = weights + output * shape.runs * run_codes;
      for (size_t run = 0; run < shape.runs; run++, from += run_codes) {
        for (size_t k = 0; k < run_codes; k++) {
          const int16_t weight = (int8_t)from[k];
          __builtin_memcpy(to + k / 2 * stride + pair_element(lane, k % 2) * sizeof weight, &weight,
                           sizeof weight);
        }
        to += shape.run_steps * stride;
      }
      fbq_scale_16x8 scale;
      const int64_t greatest = fbq_greatest_sum_16x8(&layer->windows, weights, 0, output);
      if (layer->path == fbq_quick && fbq_find_scale_16x8(&layer->stage, output, greatest, &scale)) {
        set_scale_16x8(scales + block, lane, &scale);
      }
    }
  }
}

// What the tiles of a panel have in common.
typedef struct {
  const fbq_convolution_16x8 *layer;
  patch_shape shape;
  const uint8_t *weights;
  // Bytes from one pair's weights to those of the next.
  size_t weight_stride;
  const scale_16x8 *scales;
  clamp_16x8 clamp;
  // Outputs of the panel, and all.
  size_t first_output, outputs, output_stride;
  // Pairs whose products 32 bits hold.
  size_t safe_steps;
  int has_totals;
} panel_16x8;

// Sums of a tile in memory: long ones, and those that take the general path.
typedef struct {
  int32_t sums[tile_pixels * tile_blocks][lane_count];
  // With 64 bits, scaled or for the general path as they are.
  union {
    lane_totals scaled;
    int64_t plain[lane_count];
  } totals[tile_pixels * tile_blocks];
} stored_tile;

static __attribute__((noinline)) void start_totals(const panel_16x8 *panel, int pixels, int blocks,
                                                   stored_tile *tile) {
  __builtin_memset(tile->totals, 0, (size_t)(pixels * blocks) * sizeof tile->totals[0]);
  if (panel->layer->path == fbq_general) return;
  for (int i = 0; i < pixels * blocks; i++) {
    tile->totals[i].scaled = load_nudges(panel->scales + i % blocks);
  }
}

static __attribute__((noinline)) void add_to_totals(const panel_16x8 *panel, int pixels, int blocks,
                                                    stored_tile *tile) {
  for (int i = 0; i < pixels * blocks; i++) {
    if (panel->layer->path == fbq_general) {
      for (int lane = 0; lane < lane_count; lane++) tile->totals[i].plain[lane] += tile->sums[i][lane];
    } else {
      tile->totals[i].scaled = add_scaled(tile->totals[i].scaled, lanes_load(tile->sums[i]),
                                          panel->scales + i % blocks);
    }
  }
}

static __attribute__((noinline)) void scale_totals(const panel_16x8 *panel, int pixels, int blocks,
                                                   stored_tile *tile) {
  for (int i = 0; i < pixels * blocks; i++) {
    if (panel->layer->path == fbq_quick) {
      const lanes codes = shifted_totals(tile->totals[i].scaled, panel->scales + i % blocks);
      lanes_store(tile->sums[i], codes);
      continue;
    }
    const size_t first = (size_t)(i % blocks) * lane_count;
    for (size_t lane = 0; lane < least(lane_count, panel->outputs - first); lane++) {
      tile->sums[i][lane] = fbq_code_16x8(
          &panel->layer->stage, panel->first_output + first + lane, tile->totals[i].plain[lane]);
    }
  }
}

WIDE_INLINE void store_tile(const int pixels, const int blocks, const lanes (*sums)[tile_blocks],
                            stored_tile *tile) {
  UNROLLED for (int i = 0; i < pixels * blocks; i++) {
    lanes_store(tile->sums[i], sums[i / blocks][i % blocks]);
  }
}

// One pair. The lesser side of the tile is what registers hold beside the sums.
WIDE_INLINE void multiply_pair(const int pixels, const int blocks, lanes (*sums)[tile_blocks],
                               const uint8_t *codes, size_t stride, const uint8_t *weights) {
  if (pixels > blocks) {
    lanes w[tile_blocks];
    UNROLLED for (int b = 0; b < blocks; b++) w[b] = lanes_load(weights + (size_t)b * sizeof(lanes));
    UNROLLED for (int p = 0; p < pixels; p++) {
      const lanes pair = lanes_repeat_pair(codes + (size_t)p * stride);
      UNROLLED for (int b = 0; b < blocks; b++) sums[p][b] = lanes_dot_16(sums[p][b], pair, w[b]);
    }
  } else {
    lanes pairs[tile_pixels];
    UNROLLED for (int p = 0; p < pixels; p++) pairs[p] = lanes_repeat_pair(codes + (size_t)p * stride);
    UNROLLED for (int b = 0; b < blocks; b++) {
      const lanes w = lanes_load(weights + (size_t)b * sizeof(lanes));
      UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = lanes_dot_16(sums[p][b], pairs[p], w);
    }
  }
}

WIDE_INLINE void store_tile_codes(const int pixels, const int blocks, const panel_16x8 *panel,
                                  const lanes (*sums)[tile_blocks], int16_t *to) {
  const clamp_16x8 clamp = panel->clamp;
  const size_t stride = panel->output_stride;
  const int is_whole = panel->outputs == (size_t)(blocks * lane_count);
  if (blocks == 1 && is_whole) {
    // Two pixels to a vector of codes, and perhaps one left over.
    UNROLLED for (int p = 0; p + 2 <= pixels; p += 2, to += 2 * stride) {
      const lanes codes = lanes_narrow_16_in_order(sums[p][0], sums[p + 1][0]);
      lanes_store_halves((uint8_t *)to, stride * sizeof *to, clamped_16x8(codes, &clamp));
    }
    if (pixels % 2 == 1) {
      const lanes codes = lanes_narrow_16_in_order(sums[pixels - 1][0], sums[pixels - 1][0]);
      lanes_store_blocks((uint8_t *)to, clamped_16x8(codes, &clamp), 2);
    }
    return;
  }
  UNROLLED for (int p = 0; p < pixels; p++, to += stride) {
    UNROLLED for (int b = 0; b < blocks; b += 2) {
      const int next = b + 1 < blocks ? b + 1 : b;
      const lanes codes = clamped_16x8(lanes_narrow_16_in_order(sums[p][b], sums[p][next]), &clamp);
      const size_t before = (size_t)b * lane_count;
      if (is_whole) {
        lanes_store_blocks((uint8_t *)(to + before), codes, next > b ? 4 : 2);
      } else {
        store_codes_16x8(to + before, codes, least(panel->outputs - before, codes_in_lanes));
      }
    }
  }
}

// `pixels` × `blocks`, constants once inlined.
WIDE_INLINE void multiply_tile_16x8(const int pixels, const int blocks, const panel_16x8 *panel,
                                    const uint8_t *patches, int16_t *to) {
  stored_tile stored;
  lanes sums[tile_pixels][tile_blocks];
  UNROLLED for (int i = 0; i < pixels * blocks; i++) sums[i / blocks][i % blocks] = lanes_zero();
  const int has_totals = panel->has_totals;
  if (has_totals) start_totals(panel, pixels, blocks, &stored);
  const uint8_t *weights = panel->weights;
  const size_t stride = panel->shape.pixel_stride;
  for (size_t run = 0; run < panel->shape.runs; run++, patches += panel->shape.run_stride) {
    for (size_t step = 0; step < panel->shape.run_steps;) {
      const size_t end = least(panel->shape.run_steps, step + panel->safe_steps);
      for (; step < end; step++, weights += panel->weight_stride) {
        multiply_pair(pixels, blocks, sums, patches + step * 4, stride, weights);
      }
      if (!has_totals) continue;
      store_tile(pixels, blocks, sums, &stored);
      add_to_totals(panel, pixels, blocks, &stored);
      UNROLLED for (int i = 0; i < pixels * blocks; i++) sums[i / blocks][i % blocks] = lanes_zero();
    }
  }
  if (has_totals) {
    scale_totals(panel, pixels, blocks, &stored);
    UNROLLED for (int i = 0; i < pixels * blocks; i++) {
      sums[i / blocks][i % blocks] = lanes_load(stored.sums[i]);
    }
  } else {
    UNROLLED for (int b = 0; b < blocks; b++) {
      UNROLLED for (int p = 0; p < pixels; p++) {
        sums[p][b] = scaled_16x8(sums[p][b], panel->scales + b);
      }
    }
  }
  store_tile_codes(pixels, blocks, panel, sums, to);
}

typedef void (*tile_kernel_16x8)(const panel_16x8 *panel, const uint8_t *patches, int16_t *to);

#define TILE_16X8(pixels, blocks)                                                                    \
  static void multiply_16x8_##pixels##x##blocks(const panel_16x8 *panel, const uint8_t *patches, \
                                                int16_t *to) {                                   \
    multiply_tile_16x8(pixels, blocks, panel, patches, to);                                      \
  }
#define TILE_16X8_NAME(pixels, blocks) \
  [blocks - 1][pixels - 1] = multiply_16x8_##pixels##x##blocks,

WIDE_TILES(TILE_16X8)

// By blocks − 1 and pixels − 1.
static const tile_kernel_16x8 tile_kernels_16x8[tile_blocks][tile_pixels] = {
    WIDE_TILES(TILE_16X8_NAME)};

// Pixels whose patches follow each other, as equal tiles.
static void multiply_pixels_16x8(const panel_16x8 *panel, size_t blocks, const uint8_t *patches,
                                 size_t count, int16_t *to) {
  const size_t height = tile_heights[blocks - 1], tile_count = (count + height - 1) / height;
  for (size_t tile = 0; tile < tile_count; tile++) {
    const size_t begin = count * tile / tile_count, end = count * (tile + 1) / tile_count;
    tile_kernels_16x8[blocks - 1][end - begin - 1](
        panel, patches + begin * panel->shape.pixel_stride, to + begin * panel->output_stride);
  }
}

// Pieces first…first + count − 1, whose patches were made.
static void multiply_pieces_16x8(const fbq_convolution *c, panel_16x8 *panel, size_t blocks,
                                 const uint8_t *patches, size_t first, size_t count) {
  const size_t pixel = first_pixel(c, first);
  int16_t *to = (int16_t *)(void *)c->output + pixel * panel->output_stride + panel->first_output;
  if (!is_rowwise(c)) {
    multiply_pixels_16x8(panel, blocks, patches, first_pixel(c, first + count) - pixel, to);
    return;
  }
  const size_t width = (size_t)c->output_width;
  for (size_t row = 0; row < count; row++) {
    multiply_pixels_16x8(panel, blocks, patches, width, to);
    patches += (size_t)c->stride_height * row_bytes(c);
    to += width * panel->output_stride;
  }
}

static void convolution_16x8_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_convolution_16x8 *layer = parameters;
  const fbq_convolution c = byte_windows(layer);
  const panel_division panels = panels_16x8(layer);
  const scale_16x8 *scales = c.weights;
  const uint8_t *weights = (const uint8_t *)(scales + output_blocks(layer));
  panel_16x8 work = {
      .layer = layer,
      .shape = shape_of_patches(&c),
      .clamp = load_clamp_16x8(&layer->stage),
      .output_stride = (size_t)c.output_channels,
      .safe_steps = layer->has_long_sums ? safe_steps_16x8 : SIZE_MAX / 2,
      .has_totals = layer->has_long_sums || layer->path == fbq_general,
  };
  size_t count;
  for (size_t first = begin; first < end; first += count) {
    count = chunk_pieces(&c, first, end);
    const uint8_t *patches = make_patches(&c, 0, first, count, scratch);
    for (size_t panel = 0; panel < panels.count; panel++) {
      const size_t start = first_block(panels, panel), blocks = first_block(panels, panel + 1) - start;
      work.weights = weights + start * block_bytes_16x8(&c);
      work.weight_stride = blocks * sizeof(lanes);
      work.scales = scales + start;
      work.first_output = start * lane_count;
      work.outputs = least(blocks * lane_count, (size_t)c.output_channels - work.first_output);
      multiply_pieces_16x8(&c, &work, blocks, patches, first, count);
    }
  }
}

// The kernel, as a table or the portable kernels name it.
#define WIDE_CONVOLUTION_16X8                                                             \
  {                                                                                       \
    .accepts = convolution_16x8_accepts, .units = convolution_16x8_units,                 \
    .scratch = convolution_16x8_scratch, .weight_bytes = convolution_16x8_weight_bytes,   \
    .pack = convolution_16x8_pack, .run = convolution_16x8_run,                           \
  }
