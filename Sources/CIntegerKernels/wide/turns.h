// Tiles whose products are written by turns with the requantization of the tile before.
//
// Both keep other parts of the processor busy, but it does not look far enough ahead to find the products of
// the next tile behind the codes of this one. So a tile has half as many accumulators, and the others hold
// the sums of the tile before:
//
//   products of  pixels 6, 7    pixels 8, 9    pixels 10, 11
//   codes of        pixels 0, 1    pixels 2, 3    pixels 4, 5
//
// Where depth is little, a tile is `shallow_pixels` of one block, whose weights stay in registers, and each
// pixel has its products at once. Otherwise it is 6 pixels of two blocks, whose products come
// step by step, some steps to a turn. A region's last tile may repeat pixels of the one before.
//
// Only for instruction sets with 32 registers that a lane_weights fills one of.

enum {
  shallow_pixels = 8,
  // Steps whose weights find room in registers.
  most_shallow_steps = 12,
  // Beyond, the wider tiles without turns gain more by loading less.
  most_turn_steps = 100,
};

// Where the tiles of a region have come to, and the strides that lead on.
typedef struct {
  const uint8_t *patches;
  uint8_t *to;
  size_t column, row, last_column, rows;
  size_t pixel_stride, output_stride, next_output_row;
  ptrdiff_t next_row;
} tile_place;

WIDE_INLINE tile_place first_place(const tile_work *work, const pixel_region *region,
                                   size_t pixels) {
  const size_t last_column = region->width - pixels;
  return (tile_place){
      .patches = region->patches,
      .to = region->to,
      .last_column = last_column,
      .rows = region->rows,
      .pixel_stride = work->shape.pixel_stride,
      .output_stride = work->output_stride,
      .next_row = (ptrdiff_t)region->patch_row - (ptrdiff_t)(last_column * work->shape.pixel_stride),
      .next_output_row = pixels * work->output_stride,
  };
}

WIDE_INLINE tile_place next_place(tile_place place, size_t pixels) {
  if (place.column == place.last_column) {
    place.column = 0;
    place.row++;
    place.patches += place.next_row;
    place.to += place.next_output_row;
    return place;
  }
  const size_t step = least(pixels, place.last_column - place.column);
  place.column += step;
  place.patches += step * place.pixel_stride;
  place.to += step * place.output_stride;
  return place;
}

WIDE_INLINE lanes scaled_by_path(const int path, lanes x, const loaded_scale *scale) {
  return path == fbq_quick ? scaled_quick(x, scale) : scaled_signed(x, scale);
}

// The codes of four scaled vectors: of four pixels' block, or of two pixels' two blocks.
WIDE_INLINE void store_turn(const int blocks, const tile_work *work, const loaded_stage *stage,
                            const lanes *x, size_t stride, uint8_t *to) {
  const lanes codes = stage->is_plain ? narrowed_four(x[0], x[1], x[2], x[3])
                                      : codes_of_four(x[0], x[1], x[2], x[3], stage);
  if (blocks == 2 && work->channels != (size_t)(blocks * lane_count)) {
    lanes_store_part_bytes(to, stride, codes, 4 / blocks, work->channels);
  } else if (blocks == 1) {
    lanes_store_quarters(to, stride, codes);
  } else {
    lanes_store_halves(to, stride, codes);
  }
}

// MARK: Little depth

typedef struct {
  lanes bias;
  loaded_scale scale;
  lane_weights weights[most_shallow_steps];
} shallow_block;

WIDE_INLINE lanes shallow_sum(const int runs, const int run_steps, const tile_work *work,
                              const shallow_block *block, const uint8_t *patch) {
  const size_t run_stride = work->shape.run_stride;
  lanes sum = block->bias;
  UNROLLED for (int run = 0; run < runs; run++) {
    UNROLLED for (int step = 0; step < run_steps; step++) {
      const uint8_t *codes = patch + (size_t)run * run_stride + step * 4;
      sum = lanes_dot(sum, codes_of_bytes(lanes_repeat_four(codes)),
                      block->weights[run * run_steps + step]);
      // Where it is written is where it is to be.
      FORGET(sum);
    }
  }
  return sum;
}

// Stores the codes of four `values` and, with `continues`, puts in their place the sums of the next pixels.
WIDE_INLINE void shallow_turn(const int runs, const int run_steps, const int path,
                              const int continues, const tile_work *work,
                              const shallow_block *block, const loaded_stage *stage, lanes *values,
                              const uint8_t *next, const tile_place *place, uint8_t *to) {
  lanes x[4];
  UNROLLED for (int p = 0; p < 4; p++) {
    lanes value = values[p];
    if (continues) {
      values[p] = shallow_sum(runs, run_steps, work, block,
                              next + (size_t)p * place->pixel_stride);
    }
    FORGET(value);
    x[p] = scaled_by_path(path, value, &block->scale);
    FORGET(x[p]);
  }
  store_turn(1, work, stage, x, place->output_stride, to);
}

WIDE_INLINE void shallow_tile(const int runs, const int run_steps, const int path,
                              const int continues, const tile_work *work,
                              const shallow_block *block, const loaded_stage *stage, lanes *values,
                              const uint8_t *next, const tile_place *place) {
  shallow_turn(runs, run_steps, path, continues, work, block, stage, values, next, place,
               place->to);
  shallow_turn(runs, run_steps, path, continues, work, block, stage, values + 4,
               next + 4 * place->pixel_stride, place, place->to + 4 * place->output_stride);
}

WIDE_INLINE void multiply_shallow_block(const int runs, const int run_steps, const int path,
                                        const tile_work *work, size_t index,
                                        const pixel_region *region) {
  shallow_block block = {.bias = lanes_load(work->scales[index].bias),
                         .scale = load_scale(work->scales + index)};
  UNROLLED for (int i = 0; i < runs * run_steps; i++) {
    block.weights[i] = load_weights(work->weights + (size_t)i * work->weight_stride +
                                    index * sizeof(lane_weights));
  }
  const loaded_stage stage = *work->loaded;
  tile_place place = first_place(work, region, shallow_pixels);
  place.to += index * lane_count;
  lanes values[shallow_pixels];
  UNROLLED for (int p = 0; p < shallow_pixels; p++) {
    values[p] = shallow_sum(runs, run_steps, work, &block,
                            place.patches + (size_t)p * place.pixel_stride);
  }
  for (;;) {
    const tile_place next = next_place(place, shallow_pixels);
    if (next.row == next.rows) break;
    shallow_tile(runs, run_steps, path, 1, work, &block, &stage, values, next.patches, &place);
    place = next;
  }
  shallow_tile(runs, run_steps, path, 0, work, &block, &stage, values, place.patches, &place);
}

WIDE_INLINE void multiply_shallow(const int runs, const int run_steps, const int path,
                                  const tile_work *work, const pixel_region *region) {
  const size_t blocks = work->channels / lane_count;
  for (size_t block = 0; block < blocks; block++) {
    multiply_shallow_block(runs, run_steps, path, work, block, region);
  }
}

// MARK: More depth

// Where the steps of a tile have come to.
typedef struct {
  const uint8_t *codes, *weights;
  // Of the run.
  size_t step;
} step_place;

WIDE_INLINE step_place multiply_steps(const int pixels, const int blocks, const tile_work *work,
                                      lanes (*sums)[2], step_place at, size_t count) {
  const size_t stride = work->shape.pixel_stride, run_steps = work->shape.run_steps;
  const ptrdiff_t to_next_run =
      (ptrdiff_t)work->shape.run_stride - (ptrdiff_t)((run_steps - 1) * 4);
  for (; count > 0; count--) {
    lane_weights weights[2];
    UNROLLED for (int b = 0; b < blocks; b++) {
      weights[b] = load_weights(at.weights + (size_t)b * sizeof(lane_weights));
    }
    UNROLLED for (int p = 0; p < pixels; p++) {
      const lane_codes four = codes_of_bytes(lanes_repeat_four(at.codes + (size_t)p * stride));
      UNROLLED for (int b = 0; b < blocks; b++) {
        sums[p][b] = lanes_dot(sums[p][b], four, weights[b]);
      }
    }
    at.weights += work->weight_stride;
    at.step++;
    at.codes += at.step == run_steps ? to_next_run : 4;
    at.step = at.step == run_steps ? 0 : at.step;
  }
  return at;
}

// Stores the codes of `values` and, with `continues`, puts in their place the sums of the next pixels.
WIDE_INLINE void turn_tile(const int pixels, const int blocks, const int path, const int continues,
                           const tile_work *work, const loaded_stage *stage, lanes (*values)[2],
                           const uint8_t *next, const tile_place *place) {
  const size_t steps = work->shape.runs * work->shape.run_steps;
  const int together = 4 / blocks, turns = pixels / together;
  step_place at = {next, work->weights, 0};
  lanes sums[8][2];
  UNROLLED for (int b = 0; b < blocks; b++) {
    UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = lanes_load(work->scales[b].bias);
  }
  UNROLLED for (int turn = 0; turn < turns; turn++) {
    const size_t begin = steps * (size_t)turn / (size_t)turns;
    const size_t end = steps * (size_t)(turn + 1) / (size_t)turns;
    if (continues) at = multiply_steps(pixels, blocks, work, sums, at, end - begin);
    lanes x[4];
    UNROLLED for (int b = 0; b < blocks; b++) {
      const loaded_scale scale = load_scale(work->scales + b);
      UNROLLED for (int p = 0; p < together; p++) {
        lanes value = values[turn * together + p][b];
        FORGET(value);
        x[p * blocks + b] = scaled_by_path(path, value, &scale);
      }
    }
    store_turn(blocks, work, stage, x, place->output_stride,
               place->to + (size_t)(turn * together) * place->output_stride);
  }
  UNROLLED for (int p = 0; p < pixels; p++) {
    UNROLLED for (int b = 0; b < blocks; b++) values[p][b] = sums[p][b];
  }
}

WIDE_INLINE void multiply_turns(const int pixels, const int blocks, const int path,
                                const tile_work *work, const pixel_region *region) {
  const loaded_stage stage = *work->loaded;
  const step_place start = {region->patches, work->weights, 0};
  lanes values[8][2];
  UNROLLED for (int b = 0; b < blocks; b++) {
    UNROLLED for (int p = 0; p < pixels; p++) values[p][b] = lanes_load(work->scales[b].bias);
  }
  multiply_steps(pixels, blocks, work, values, start, work->shape.runs * work->shape.run_steps);
  tile_place place = first_place(work, region, (size_t)pixels);
  for (;;) {
    const tile_place next = next_place(place, (size_t)pixels);
    if (next.row == next.rows) break;
    turn_tile(pixels, blocks, path, 1, work, &stage, values, next.patches, &place);
    place = next;
  }
  turn_tile(pixels, blocks, path, 0, work, &stage, values, place.patches, &place);
}

// MARK: Which

#define BY_PATH(name, function, a, b)                                            \
  static void name(const tile_work *work, const pixel_region *region) {          \
    if (work->stage->path == fbq_quick) {                                        \
      function(a, b, fbq_quick, work, region);                                   \
    } else {                                                                     \
      function(a, b, fbq_quick_signed, work, region);                            \
    }                                                                            \
  }
#define SHALLOW(runs, steps) BY_PATH(multiply_shallow_##runs##x##steps, multiply_shallow, runs, steps)

// The first layer's depth, 3 × 3 × 3, and those of 1 × 1 convolutions.
SHALLOW(3, 3)
SHALLOW(1, 2)
SHALLOW(1, 4)
SHALLOW(1, 6)
SHALLOW(1, 8)
SHALLOW(1, 10)
SHALLOW(1, 12)
BY_PATH(multiply_turns_6x2, multiply_turns, 6, 2)

static turn_kernel shallow_kernel(const patch_shape *shape) {
  if (shape->runs == 3 && shape->run_steps == 3) return multiply_shallow_3x3;
  if (shape->runs != 1) return NULL;
  switch (shape->run_steps) {
    case 2: return multiply_shallow_1x2;
    case 4: return multiply_shallow_1x4;
    case 6: return multiply_shallow_1x6;
    case 8: return multiply_shallow_1x8;
    case 10: return multiply_shallow_1x10;
    case 12: return multiply_shallow_1x12;
    default: return NULL;
  }
}

// Whether rows of so many pixels make tiles of `pixels` that are less work than tiles that do not take turns:
// requantizing 16 channels costs those as much as six steps, and as much as three where tiles take turns.
static int is_worth_turns(size_t width, size_t pixels, size_t steps) {
  const size_t computed = (width + pixels - 1) / pixels * pixels;
  return width >= pixels && steps <= most_turn_steps &&
         computed * (steps + 3) < width * (steps + 6);
}

// How the tiles of a convolution take turns.
static turn_choice turns_of(const fbq_convolution *c, const patch_shape *shape) {
  const size_t steps = shape->runs * shape->run_steps, blocks = group_blocks(c);
  const turn_kernel shallow = shallow_kernel(shape);
  turn_choice choice = {shallow, tile_blocks, shallow_pixels};
  if (!shallow && blocks % 2 == 0) choice = (turn_choice){multiply_turns_6x2, 2, 6};
  const size_t width = (size_t)c->output_width * (is_rowwise(c) ? 1 : (size_t)c->output_height);
  if (!choice.kernel || c->weight_zero_point != 0) return no_turns;
  return is_worth_turns(width, choice.pixels, steps) ? choice : no_turns;
}
