// Bilinear resize: the two image rows around an output row are weighted first, for all columns, then their
// columns.
#include "portable.h"
#include "vectors.h"

static void weigh_rows(const fbq_resize *r, const uint8_t *image, const fbq_resize_sample *row,
                       int32_t *restrict sums) {
  const size_t count = (size_t)r->input_width * (size_t)r->channels;
  const uint8_t *restrict lower = image + (size_t)row->lower * count;
  const uint8_t *restrict upper = image + (size_t)row->upper * count;
  const int32_t first = row->lower_weight, second = row->upper_weight;
  // Codes of uint8 lie 128 above the flipped ones.
  const int32_t offset = r->flip ? 128 : 0;
  for (size_t i = 0; i < count; i++) {
    sums[i] = (fbq_code(lower[i], r->flip) + offset) * first +
              (fbq_code(upper[i], r->flip) + offset) * second;
  }
}

static void weigh_columns(const fbq_resize *r, const int32_t *restrict sums, uint8_t *restrict to) {
  const size_t channels = (size_t)r->channels;
  const int32_t half = 1 << (r->shift - 1), away = r->rounds_away ? 1 : 0, shift = r->shift;
  for (int32_t j = 0; j < r->output_width; j++, to += channels) {
    const fbq_resize_sample column = r->columns[j];
    const int32_t *restrict left = sums + (size_t)column.lower * channels;
    const int32_t *restrict right = sums + (size_t)column.upper * channels;
    for (size_t c = 0; c < channels; c++) {
      const int32_t sum = left[c] * column.lower_weight + right[c] * column.upper_weight;
      to[c] = (uint8_t)((sum + half - (away & (sum < 0))) >> shift);
    }
  }
}

void fbq_portable_resize_bilinear(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_resize *r = parameters;
  const size_t row_bytes = (size_t)r->output_width * (size_t)r->channels;
  const size_t image_bytes =
      (size_t)r->input_height * (size_t)r->input_width * (size_t)r->channels;
  for (size_t row = begin; row < end; row++) {
    const size_t batch = row / (size_t)r->output_height;
    weigh_rows(r, r->input + batch * image_bytes, &r->rows[row % (size_t)r->output_height], scratch);
    weigh_columns(r, scratch, r->output + row * row_bytes);
  }
}
