// The patches of a convolution: where the bytes under each output pixel lie for the matrix product.
//
// A patch is a few runs of bytes that follow each other, the same distance apart in every patch:
//
//   1 × 1, no padding     one run, in place where codes need no flip, else in a flipped copy
//   rows of an image      kernel_height runs, which are slices of padded image rows: neighboring
//   (stride as may be)    patches overlap, nothing is copied twice
//
//      image rows with   ┌────────────────────────┐
//      their padding     │   ╶───run 0───╴        │   the next patch is stride_width pixels to the
//                        │   ╶───run 1───╴        │   right
//                        │   ╶───run 2───╴        │
//                        └────────────────────────┘
//
//   anything else         one run that is copied together for each pixel
//
// Bytes are made what the dot products take; outside the image they are the zero point. Patches are made for a chunk of
// pieces at a time that stays in the first-level cache while the panels of weights pass over it. A piece
// is a row of output pixels over [N, OH] where patches are slices of rows, else a tile of pixels over
// [N, OH, OW].

enum {
  // Bytes of patches that are made at a time.
  patch_bytes = 24 * 1024,
  // Making them may write so many bytes more, and whole steps of 4 bytes are read.
  patch_slack = 64,
  // Longer image rows are not copied whole.
  row_limit = 128 * 1024,
  // Narrower images make tiles of so few pixels that copying each patch costs less, unless its runs are so
  // short.
  least_row_pixels = 6,
  least_run_bytes = 8,
  // Only absurd dilations need more.
  scratch_limit = 8 << 20,
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t most(size_t a, size_t b) { return a > b ? a : b; }

static size_t group_inputs(const fbq_convolution *c) {
  return (size_t)(c->input_channels / c->groups);
}

static size_t taps(const fbq_convolution *c) {
  return (size_t)c->kernel_height * (size_t)c->kernel_width;
}

static size_t output_pixels(const fbq_convolution *c) {
  return (size_t)c->batches * (size_t)c->output_height * (size_t)c->output_width;
}

// What makes of the input's bytes the codes that dot products take: int8 codes, or those plus 128.
static uint8_t flip_of_codes(const fbq_convolution *c) { return c->input_flip ^ code_flip; }

static int32_t shifted_zero_point(const fbq_convolution *c) {
  return c->input_zero_point + code_flip;
}

// Copies bytes that follow each other, flipped; writes up to 63 more.
WIDE_INLINE void copy_flipped(uint8_t *to, const uint8_t *from, size_t count, lanes flips) {
  const size_t width = sizeof(lanes);
  size_t i = 0;
  for (; i + width <= count; i += width) {
    lanes_store(to + i, lanes_xor(lanes_load(from + i), flips));
  }
  if (i < count) lanes_store(to + i, lanes_load_bytes(from + i, count - i, flips));
}

// The bytes of input pixels without a gap are the patches.
static int is_pixelwise(const fbq_convolution *c) {
  return taps(c) == 1 && c->groups == 1 && c->stride_height == 1 && c->stride_width == 1 &&
         c->padding_top == 0 && c->padding_left == 0 && c->output_height == c->input_height &&
         c->output_width == c->input_width && c->input_channels % 4 == 0;
}

// Of a padded image row.
static size_t row_bytes(const fbq_convolution *c) {
  return ((size_t)(c->output_width - 1) * (size_t)c->stride_width + (size_t)c->kernel_width) *
         (size_t)c->input_channels;
}

// Image rows under so many rows of output.
static size_t rows_under(const fbq_convolution *c, size_t rows) {
  return (rows - 1) * (size_t)c->stride_height +
         (size_t)(c->kernel_height - 1) * (size_t)c->dilation_height + 1;
}

static int is_rowwise(const fbq_convolution *c) {
  const int is_long = c->output_width >= least_row_pixels ||
                      c->kernel_width * c->input_channels <= least_run_bytes;
  return !is_pixelwise(c) && c->groups == 1 && (c->dilation_width == 1 || c->kernel_width == 1) &&
         is_long && rows_under(c, 1) * row_bytes(c) <= row_limit;
}

// How patches lie in memory.
typedef struct {
  size_t runs, run_bytes;
  // Steps of 4 bytes of a run; what the last one has too many meets weights of zero.
  size_t run_steps;
  // Bytes from one run to the next and from one pixel to the next.
  size_t run_stride, pixel_stride;
} patch_shape;

static patch_shape shape_of_patches(const fbq_convolution *c) {
  patch_shape shape = {.runs = 1, .run_bytes = taps(c) * group_inputs(c)};
  if (is_rowwise(c)) {
    shape.runs = (size_t)c->kernel_height;
    shape.run_bytes = (size_t)c->kernel_width * group_inputs(c);
    shape.run_stride = (size_t)c->dilation_height * row_bytes(c);
    shape.pixel_stride = (size_t)c->stride_width * group_inputs(c);
  }
  shape.run_steps = (shape.run_bytes + 3) / 4;
  if (shape.pixel_stride == 0) shape.pixel_stride = shape.run_steps * 4;
  return shape;
}

// Bytes of packed weights per channel.
static size_t depth(const fbq_convolution *c) {
  const patch_shape shape = shape_of_patches(c);
  return shape.runs * shape.run_steps * 4;
}

static size_t tiles(size_t pixels) { return (pixels + piece_pixels - 1) / piece_pixels; }

static size_t pieces(const fbq_convolution *c) {
  if (is_rowwise(c)) return (size_t)c->batches * (size_t)c->output_height;
  return tiles(output_pixels(c));
}

// The first pixel of a piece over [N, OH, OW]: tiles are as equal as can be, 49 pixels are 7 times 7.
static size_t first_pixel(const fbq_convolution *c, size_t piece) {
  if (is_rowwise(c)) return piece * (size_t)c->output_width;
  return output_pixels(c) * piece / pieces(c);
}

static size_t most_chunk_pieces(const fbq_convolution *c) {
  if (!is_rowwise(c)) return most(patch_bytes / depth(c) / piece_pixels, 1);
  const size_t more = (size_t)c->stride_height * row_bytes(c);
  const size_t one = rows_under(c, 1) * row_bytes(c);
  return least(one < patch_bytes ? 1 + (patch_bytes - one) / more : 1, (size_t)c->output_height);
}

static size_t chunk_bytes(const fbq_convolution *c) {
  const size_t count = most_chunk_pieces(c);
  if (is_rowwise(c)) return rows_under(c, count) * row_bytes(c) + patch_slack;
  return count * piece_pixels * depth(c) + patch_slack;
}

// The rows under `count` rows of output from row `first` of all [N, OH], of one image.
static void copy_rows(const fbq_convolution *c, size_t first, size_t count, uint8_t *to) {
  const lanes flips = lanes_repeat_8(flip_of_codes(c));
  const uint8_t padding = (uint8_t)shifted_zero_point(c);
  const size_t channels = (size_t)c->input_channels, width = (size_t)c->input_width;
  const size_t height = (size_t)c->output_height, bytes = row_bytes(c);
  const uint8_t *image = c->input + first / height * (size_t)c->input_height * width * channels;
  const size_t left = least((size_t)c->padding_left * channels, bytes);
  const size_t inside = least(width * channels, bytes - left);
  int32_t row = (int32_t)(first % height) * c->stride_height - c->padding_top;
  for (size_t rows = rows_under(c, count); rows > 0; rows--, row++, to += bytes) {
    if (row < 0 || row >= c->input_height) {
      __builtin_memset(to, padding, bytes);
      continue;
    }
    __builtin_memset(to, padding, left);
    copy_flipped(to + left, image + (size_t)row * width * channels, inside, flips);
    __builtin_memset(to + left + inside, padding, bytes - left - inside);
  }
}

// The patch under an output pixel for the channels of a group.
static void copy_patch(const fbq_convolution *c, const uint8_t *image, size_t first_channel,
                       int32_t row, int32_t column, uint8_t *to, lanes flips) {
  const size_t channels = group_inputs(c);
  const size_t width = (size_t)c->kernel_width;
  const uint8_t padding = (uint8_t)shifted_zero_point(c);
  for (int32_t k = 0; k < c->kernel_height; k++, row += c->dilation_height) {
    if (row < 0 || row >= c->input_height) {
      __builtin_memset(to, padding, width * channels);
      to += width * channels;
      continue;
    }
    const uint8_t *line = image + (size_t)row * (size_t)c->input_width * (size_t)c->input_channels +
                          first_channel;
    const int32_t last = column + c->kernel_width - 1;
    if (c->groups == 1 && c->dilation_width == 1 && column >= 0 && last < c->input_width) {
      copy_flipped(to, line + (size_t)column * channels, width * channels, flips);
      to += width * channels;
      continue;
    }
    int32_t at = column;
    for (size_t l = 0; l < width; l++, at += c->dilation_width, to += channels) {
      if (at < 0 || at >= c->input_width) {
        __builtin_memset(to, padding, channels);
      } else {
        copy_flipped(to, line + (size_t)at * (size_t)c->input_channels, channels, flips);
      }
    }
  }
}

static void copy_patches(const fbq_convolution *c, size_t group, size_t first, size_t count,
                         uint8_t *to) {
  const lanes flips = lanes_repeat_8(flip_of_codes(c));
  const size_t stride = depth(c);
  size_t output_column = first % (size_t)c->output_width;
  size_t rest = first / (size_t)c->output_width;
  size_t output_row = rest % (size_t)c->output_height;
  size_t image_bytes =
      (size_t)c->input_height * (size_t)c->input_width * (size_t)c->input_channels;
  const uint8_t *image = c->input + rest / (size_t)c->output_height * image_bytes;
  for (size_t i = 0; i < count; i++, to += stride) {
    copy_patch(c, image, group * group_inputs(c),
               (int32_t)output_row * c->stride_height - c->padding_top,
               (int32_t)output_column * c->stride_width - c->padding_left, to, flips);
    if (++output_column < (size_t)c->output_width) continue;
    output_column = 0;
    if (++output_row < (size_t)c->output_height) continue;
    output_row = 0;
    image += image_bytes;
  }
}

// Pieces of the chunk that begins with piece `first`, of those before `last`.
static size_t chunk_pieces(const fbq_convolution *c, size_t first, size_t last) {
  size_t left = last - first;
  // Of the same image.
  if (is_rowwise(c)) left = least(left, (size_t)c->output_height - first % (size_t)c->output_height);
  const size_t chunks = (left + most_chunk_pieces(c) - 1) / most_chunk_pieces(c);
  return (left + chunks - 1) / chunks;
}

// Makes the patches of a chunk for one group and returns where they are.
static const uint8_t *make_patches(const fbq_convolution *c, size_t group, size_t first,
                                   size_t count, uint8_t *scratch) {
  if (is_rowwise(c)) {
    copy_rows(c, first, count, scratch);
    return scratch;
  }
  const size_t pixel = first_pixel(c, first), end = first_pixel(c, first + count);
  if (!is_pixelwise(c)) {
    copy_patches(c, group, pixel, end - pixel, scratch);
    return scratch;
  }
  const uint8_t *from = c->input + pixel * depth(c);
  const uint8_t flip = flip_of_codes(c);
  if (flip == 0) return from;
  copy_flipped(scratch, from, (end - pixel) * depth(c), lanes_repeat_8(flip));
  return scratch;
}
