// Tiles of the matrix product of a convolution: some pixels by some blocks of channels, over the whole depth,
// and then their codes. See convolution.h for the layout of weights and patches.h for that of patches.

static size_t group_outputs(const fbq_convolution *c) {
  return (size_t)(c->output_channels / c->groups);
}

static size_t group_blocks(const fbq_convolution *c) { return wide_blocks(group_outputs(c)); }

typedef struct tile_work tile_work;

// Rows of pixels whose patches follow each other.
typedef struct {
  const uint8_t *patches;
  // Bytes from the patches of a row to those of the next.
  size_t patch_row;
  size_t rows, width;
  uint8_t *to;
} pixel_region;

// Tiles of a panel that take turns, see turns.h: a kernel for regions no narrower than a tile.
typedef void (*turn_kernel)(const tile_work *work, const pixel_region *region);

// Which one; null where tiles take no turns.
typedef struct {
  turn_kernel kernel;
  // Of a panel, and pixels of a tile.
  size_t blocks, pixels;
} turn_choice;

static const turn_choice no_turns = {NULL, tile_blocks, 0};

// What the tiles of a panel have in common.
struct tile_work {
  patch_shape shape;
  panel_division panels;
  turn_choice turns;
  const uint8_t *weights;
  // Bytes from one step of the weights to the next.
  size_t weight_stride;
  const wide_scale *scales;
  const fbq_output *stage;
  const loaded_stage *loaded;
  size_t output_stride;
  // Channels that are stored.
  size_t channels;
};

// The general path.
static __attribute__((noinline)) void scale_tile(int32_t (*sums)[lane_count], int pixels,
                                                 int blocks, const tile_work *work) {
  for (int i = 0; i < pixels * blocks; i++) {
    lanes scaled = scaled_general(lanes_load(sums[i]), work->scales + i % blocks,
                                  work->stage->single);
    lanes_store(sums[i], scaled);
  }
}

// One step of depth. The lesser side of the tile is what registers hold beside the accumulators.
WIDE_INLINE void multiply_step(const int pixels, const int blocks, lanes (*sums)[tile_blocks],
                               const uint8_t *codes, size_t stride, const uint8_t *weights) {
  if (pixels > blocks) {
    lane_weights w[tile_blocks];
    UNROLLED for (int b = 0; b < blocks; b++) {
      w[b] = load_weights(weights + (size_t)b * sizeof(lane_weights));
    }
    UNROLLED for (int p = 0; p < pixels; p++) {
      lane_codes four = codes_of_bytes(lanes_repeat_four(codes + (size_t)p * stride));
      UNROLLED for (int b = 0; b < blocks; b++) sums[p][b] = lanes_dot(sums[p][b], four, w[b]);
    }
  } else {
    lane_codes four[tile_pixels];
    UNROLLED for (int p = 0; p < pixels; p++) {
      four[p] = codes_of_bytes(lanes_repeat_four(codes + (size_t)p * stride));
    }
    UNROLLED for (int b = 0; b < blocks; b++) {
      lane_weights w = load_weights(weights + (size_t)b * sizeof(lane_weights));
      UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = lanes_dot(sums[p][b], four[p], w);
    }
  }
}

// `pixels` × `blocks`, constants once inlined. `patch_sums` may be null.
WIDE_INLINE void multiply_tile(const int pixels, const int blocks, const tile_work *work,
                               const uint8_t *patches, const int32_t *patch_sums, uint8_t *to) {
  lanes sums[tile_pixels][tile_blocks];
  UNROLLED for (int b = 0; b < blocks; b++) {
    lanes bias = lanes_load(work->scales[b].bias);
    UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = bias;
  }
  if (patch_sums) {
    UNROLLED for (int p = 0; p < pixels; p++) {
      lanes sum = lanes_repeat(patch_sums[p]);
      UNROLLED for (int b = 0; b < blocks; b++) sums[p][b] = lanes_subtract(sums[p][b], sum);
    }
  }
  const uint8_t *weights = work->weights;
  const size_t stride = work->shape.pixel_stride;
  for (size_t run = 0; run < work->shape.runs; run++, patches += work->shape.run_stride) {
    const uint8_t *end = patches + work->shape.run_steps * 4;
    for (const uint8_t *codes = patches; codes < end; codes += 4, weights += work->weight_stride) {
      multiply_step(pixels, blocks, sums, codes, stride, weights);
    }
  }
  const uint8_t path = work->stage->path;
  if (path == fbq_quick) {
    UNROLLED for (int b = 0; b < blocks; b++) {
      const loaded_scale scale = load_scale(work->scales + b);
      UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = scaled_quick(sums[p][b], &scale);
    }
  } else if (path == fbq_quick_signed) {
    UNROLLED for (int b = 0; b < blocks; b++) {
      const loaded_scale scale = load_scale(work->scales + b);
      UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = scaled_signed(sums[p][b], &scale);
    }
  } else {
    int32_t stored[tile_pixels * tile_blocks][lane_count];
    UNROLLED for (int i = 0; i < pixels * blocks; i++) {
      lanes_store(stored[i], sums[i / blocks][i % blocks]);
    }
    scale_tile(stored, pixels, blocks, work);
    UNROLLED for (int i = 0; i < pixels * blocks; i++) {
      sums[i / blocks][i % blocks] = lanes_load(stored[i]);
    }
  }
  const loaded_stage stage = *work->loaded;
  const int last = blocks - 1;
  const size_t channels = work->channels, output_stride = work->output_stride;
  if (blocks == 1 && channels == lane_count) {
    // Four pixels to a vector of codes; of those left over each its own.
    UNROLLED for (int p = 0; p + 4 <= pixels; p += 4, to += 4 * output_stride) {
      const lanes four =
          stage.is_plain
              ? narrowed_four(sums[p][0], sums[p + 1][0], sums[p + 2][0], sums[p + 3][0])
              : codes_of_four(sums[p][0], sums[p + 1][0], sums[p + 2][0], sums[p + 3][0], &stage);
      lanes_store_quarters(to, output_stride, four);
    }
    UNROLLED for (int p = pixels / 4 * 4; p < pixels; p++, to += output_stride) {
      const lanes codes = codes_of_four(sums[p][0], sums[p][0], sums[p][0], sums[p][0], &stage);
      lanes_store_blocks(to, codes, 1);
    }
    return;
  }
  lanes codes[tile_pixels];
  if (stage.is_plain) {
    UNROLLED for (int p = 0; p < pixels; p++) {
      codes[p] = narrowed_four(sums[p][0], sums[p][last < 1 ? last : 1],
                               sums[p][last < 2 ? last : 2], sums[p][last]);
    }
  } else {
    UNROLLED for (int p = 0; p < pixels; p++) {
      codes[p] = codes_of_four(sums[p][0], sums[p][last < 1 ? last : 1],
                               sums[p][last < 2 ? last : 2], sums[p][last], &stage);
    }
  }
  if (channels == (size_t)(blocks * lane_count)) {
    UNROLLED for (int p = 0; p < pixels; p++, to += output_stride) {
      lanes_store_blocks(to, codes[p], blocks);
    }
  } else {
    UNROLLED for (int p = 0; p < pixels; p++, to += output_stride) {
      lanes_store_bytes(to, codes[p], channels);
    }
  }
}

typedef void (*tile_kernel)(const tile_work *work, const uint8_t *patches,
                            const int32_t *patch_sums, uint8_t *to);

#define TILE(pixels, blocks)                                                              \
  static void multiply_##pixels##x##blocks(const tile_work *work, const uint8_t *patches, \
                                           const int32_t *patch_sums, uint8_t *to) {      \
    multiply_tile(pixels, blocks, work, patches, patch_sums, to);                         \
  }
#define TILE_NAME(pixels, blocks) [blocks - 1][pixels - 1] = multiply_##pixels##x##blocks,

WIDE_TILES(TILE)

// By blocks − 1 and pixels − 1.
static const tile_kernel tile_kernels[tile_blocks][tile_pixels] = {WIDE_TILES(TILE_NAME)};

// Pixels whose patches follow each other, as equal tiles.
static void multiply_pixels(const tile_work *work, size_t blocks, const uint8_t *patches,
                            const int32_t *patch_sums, size_t count, uint8_t *to) {
  const size_t height = tile_heights[blocks - 1], tile_count = (count + height - 1) / height;
  for (size_t tile = 0; tile < tile_count; tile++) {
    const size_t begin = count * tile / tile_count, end = count * (tile + 1) / tile_count;
    tile_kernels[blocks - 1][end - begin - 1](
        work, patches + begin * work->shape.pixel_stride, patch_sums ? patch_sums + begin : NULL,
        to + begin * work->output_stride);
  }
}

// The same for a region; `patch_sums` may be null.
static void multiply_rows(const tile_work *work, size_t blocks, const pixel_region *region,
                          const int32_t *patch_sums) {
  for (size_t row = 0; row < region->rows; row++) {
    const size_t pixel = row * region->width;
    multiply_pixels(work, blocks, region->patches + row * region->patch_row,
                    patch_sums ? patch_sums + pixel : NULL, region->width,
                    region->to + pixel * work->output_stride);
  }
}
