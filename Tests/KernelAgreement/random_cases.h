// Random parameters within what the runtime's validation lets through: every remainder, zero point and
// clamp, codes at their limits, accumulators that need all their bits.
#ifndef FBQ_RANDOM_CASES_H
#define FBQ_RANDOM_CASES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../Sources/CIntegerKernels/portable/general_scale.h"
#include "CIntegerKernels.h"

static uint64_t random_state;

static uint32_t next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 16);
}

static void seed(uint64_t number) {
  random_state = 0x9e3779b97f4a7c15 * (number + 1);
  for (int i = 0; i < 5; i++) next();
}

static int32_t between(int32_t least, int32_t most) {
  return least + (int32_t)(next() % (uint32_t)(most - least + 1));
}

static int one_in(int32_t count) { return between(1, count) == 1; }

static uint8_t random_flip(void) { return one_in(2) ? 0x80 : 0; }

static void *allocate(size_t bytes) {
  void *block = malloc(bytes > 0 ? bytes : 1);
  if (!block) abort();
  return block;
}

// As the runtime aligns packed weights, scales and scratch.
static void *allocate_aligned(size_t bytes) {
  void *block;
  if (posix_memalign(&block, 64, bytes > 0 ? bytes : 1)) abort();
  return block;
}

static void *copy(const void *from, size_t bytes) {
  return memcpy(allocate(bytes), from, bytes);
}

// Of all values, of few extremes, or all the same extreme.
static uint8_t *random_bytes(size_t count) {
  static const uint8_t extremes[] = {0x80, 0x7f, 0xff, 0x00, 0x81, 0x01};
  uint8_t *bytes = allocate(count);
  const int32_t kind = between(0, 7);
  const uint8_t all = extremes[between(0, 3)];
  for (size_t i = 0; i < count; i++) {
    bytes[i] = kind == 0 ? all : kind == 1 ? extremes[next() % sizeof extremes] : (uint8_t)next();
  }
  return bytes;
}

// Codes of 16 bits, likewise.
static int16_t *random_words(size_t count) {
  static const int16_t extremes[] = {INT16_MIN, INT16_MAX, -1, 0, INT16_MIN + 1, 1};
  int16_t *words = allocate(count * sizeof *words);
  const int32_t kind = between(0, 7);
  const int16_t all = extremes[between(0, 3)];
  for (size_t i = 0; i < count; i++) {
    words[i] = kind == 0 ? all : kind == 1 ? extremes[next() % 6] : (int16_t)next();
  }
  return words;
}

// Before a table's scales are set.
static fbq_output random_stage(uint8_t flip) {
  const int32_t zero_point = between(-128, 127);
  int32_t minimum = -128, maximum = 127;
  switch (between(0, 3)) {
    // What follows is never negative.
    case 0: minimum = zero_point; break;
    case 1:
      minimum = between(-128, 127);
      maximum = between(minimum, 127);
      break;
    default: break;
  }
  return (fbq_output){
      .zero_point = zero_point,
      .minimum = minimum - zero_point,
      .maximum = maximum - zero_point,
      .flip = flip,
      .single = (uint8_t)one_in(2),
  };
}

static fbq_multiplier random_multiplier(int32_t least_shift, int32_t greatest_shift) {
  static const int32_t extremes[] = {0, 1 << 30, INT32_MAX};
  return (fbq_multiplier){
      .multiplier = one_in(10) ? extremes[next() % 3] : (1 << 30) + (int32_t)(next() >> 2),
      .shift = between(least_shift, greatest_shift),
  };
}

// The channels of an operator.
typedef struct {
  int32_t *bias;
  fbq_multiplier *multipliers;
  uint8_t has_one_multiplier, reaches_limit;
  size_t groups, count;
} channel_scales;

// `greatest` bounds the magnitude of the sums that are added to the bias.
static channel_scales random_scales(size_t count, size_t groups, int64_t greatest) {
  const int64_t limit = (int64_t)1 << 30;
  channel_scales scales = {
      .bias = allocate(count * sizeof(int32_t)),
      .multipliers = allocate(count * sizeof(fbq_multiplier)),
      .has_one_multiplier = (uint8_t)one_in(2),
      .reaches_limit = (uint8_t)one_in(6),
      .groups = groups,
      .count = count,
  };
  int64_t bias = (scales.reaches_limit ? 2 * limit : limit) - 1 - greatest;
  if (bias > 100000 && !one_in(4)) bias = 100000;
  const int has_left_shifts = one_in(6);
  for (size_t i = 0; i < count; i++) {
    const uint64_t high = next();
    scales.bias[i] = (int32_t)((int64_t)((high << 32 | next()) % (uint64_t)(2 * bias + 1)) - bias);
    scales.multipliers[i] = has_left_shifts ? random_multiplier(-31, 30)
                            : one_in(5)     ? random_multiplier(-31, -1)
                                            : random_multiplier(-14, -1);
  }
  return scales;
}

// The same for all elements of an array.
static channel_scales equal_scales(size_t count, int32_t bias, int64_t greatest) {
  channel_scales scales = random_scales(1, 1, 0);
  const int32_t magnitude = bias < 0 ? -bias : bias;
  free(scales.bias);
  scales.bias = allocate(count * sizeof(int32_t));
  for (size_t i = 0; i < count; i++) scales.bias[i] = bias;
  scales.has_one_multiplier = 1;
  if (greatest + magnitude >= (int64_t)1 << 30) scales.reaches_limit = 1;
  scales.count = count;
  return scales;
}

static void free_scales(channel_scales *scales) {
  free(scales->bias);
  free(scales->multipliers);
}

// How many windows fit along one axis.
static int32_t windows(int32_t input, int32_t padding, int32_t window, int32_t stride) {
  return input + padding < window ? 0 : (input + padding - window) / stride + 1;
}

// 0 where the kernel does not fit the image.
static int random_convolution(fbq_convolution *c, int is_depthwise) {
  memset(c, 0, sizeof *c);
  c->batches = between(1, 2);
  c->kernel_height = one_in(3) ? between(1, 6) : 3;
  c->kernel_width = one_in(3) ? between(1, 6) : c->kernel_height;
  if (one_in(4)) c->kernel_height = c->kernel_width = 1;
  if (is_depthwise && one_in(12)) c->kernel_height = between(7, 17);
  c->stride_height = between(1, 3);
  c->stride_width = one_in(3) ? between(1, 3) : c->stride_height;
  c->dilation_height = one_in(4) ? between(1, 3) : 1;
  c->dilation_width = one_in(4) ? between(1, 3) : 1;
  c->padding_top = one_in(3) ? 0 : between(0, 3);
  c->padding_left = one_in(3) ? 0 : between(0, 3);
  c->input_height = between(1, 14);
  c->input_width = one_in(8) ? between(40, 120) : between(1, 30);
  int32_t padding_bottom = between(0, 3), padding_right = between(0, 3);
  const int is_pixelwise = one_in(5);
  if (is_pixelwise) {
    c->kernel_height = c->kernel_width = c->stride_height = c->stride_width = 1;
    c->padding_top = c->padding_left = padding_bottom = padding_right = 0;
  }
  c->output_height = windows(c->input_height, c->padding_top + padding_bottom,
                             (c->kernel_height - 1) * c->dilation_height + 1, c->stride_height);
  c->output_width = windows(c->input_width, c->padding_left + padding_right,
                            (c->kernel_width - 1) * c->dilation_width + 1, c->stride_width);
  c->groups = is_depthwise || is_pixelwise || !one_in(4) ? 1 : between(2, 3);
  c->input_channels =
      is_depthwise ? between(1, 150) : c->groups * (one_in(2) ? between(1, 12) : between(1, 100));
  if (is_pixelwise && one_in(2)) c->input_channels = (c->input_channels + 3) / 4 * 4;
  c->output_channels = is_depthwise ? c->input_channels * (one_in(8) ? between(2, 3) : 1)
                                    : c->groups * (one_in(2) ? between(1, 20) : between(1, 110));
  if (!is_depthwise && one_in(4)) {
    // Whole blocks of channels, and depths that tables have tiles of their own for.
    c->output_channels = c->groups * 16 * between(1, 5);
    if (is_pixelwise) c->input_channels = 8 * between(1, 6);
    if (c->kernel_width == 3) c->input_channels = c->groups * 3;
  }
  c->input_flip = random_flip();
  c->weight_flip = random_flip();
  c->input_zero_point = between(-128, 127);
  c->weight_zero_point = one_in(3) ? between(-128, 127) : 0;
  c->splits_channels = (uint8_t)one_in(2);
  return c->output_height > 0 && c->output_width > 0;
}

static fbq_elementwise random_elementwise(void) {
  fbq_elementwise e = {
      .rows = (size_t)between(1, 4),
      .length = (size_t)between(1, 300),
      .first_stride = !one_in(6),
      .second_stride = !one_in(6),
      .input_flip = random_flip(),
      .first_zero_point = between(-128, 127),
      .second_zero_point = between(-128, 127),
      .left_shift = one_in(3) ? between(0, 21) : 20,
      .first_multiplier = random_multiplier(one_in(4) ? -31 : -4, 0),
      .second_multiplier = random_multiplier(one_in(4) ? -31 : -4, 0),
      .negates_second = (uint8_t)one_in(2),
  };
  e.first_row_stride = one_in(4) ? 0 : e.first_stride ? e.length : 1;
  e.second_row_stride = one_in(4) ? 0 : e.second_stride ? e.length : 1;
  return e;
}

// What TablePlanner puts there; returns the greatest magnitude of a sum.
static int64_t fill_addition_tables(fbq_elementwise *e, int32_t (*tables)[256]) {
  int64_t sum = 0;
  for (int i = 0; i < 2; i++) {
    const fbq_multiplier factor = i == 0 ? e->first_multiplier : e->second_multiplier;
    const int32_t zero_point = i == 0 ? e->first_zero_point : e->second_zero_point;
    int64_t greatest = 0;
    for (int byte = 0; byte < 256; byte++) {
      const int32_t difference = (int8_t)(byte ^ e->input_flip) - zero_point;
      int32_t value = fbq_scale_general(difference * (1 << e->left_shift), factor.multiplier,
                                        factor.shift, e->stage.single);
      if (i == 1 && e->negates_second) value = -value;
      tables[i][byte] = value;
      const int64_t magnitude = value < 0 ? -(int64_t)value : value;
      if (magnitude > greatest) greatest = magnitude;
    }
    sum += greatest;
  }
  e->first_table = tables[0];
  e->second_table = tables[1];
  return sum;
}

// 0 where the window does not fit the image.
static int random_pool(fbq_pool *p, int is_average) {
  memset(p, 0, sizeof *p);
  p->flip = random_flip();
  p->batches = between(1, 2);
  p->channels = between(1, 70);
  p->input_height = between(1, 12);
  p->input_width = between(1, 12);
  p->window_height = between(1, 5);
  p->window_width = between(1, 5);
  p->stride_height = between(1, 3);
  p->stride_width = between(1, 3);
  // Every window sees the image.
  p->padding_top = between(0, p->window_height - 1);
  p->padding_left = between(0, p->window_width - 1);
  p->output_height = windows(p->input_height, p->padding_top, p->window_height, p->stride_height);
  p->output_width = windows(p->input_width, p->padding_left, p->window_width, p->stride_width);
  // The limits for max are those of the flipped codes.
  const int32_t least = is_average && p->flip ? 0 : -128;
  p->minimum = least + between(0, 100);
  p->maximum = least + between(100, 255);
  return p->output_height > 0 && p->output_width > 0;
}

// Q0.31, from e^0 falling; −1 from where they are negligible.
static void fill_exponentials(int32_t *exponentials) {
  const int32_t end = between(1, 256);
  int64_t value = INT32_MAX;
  const int64_t factor = between(1, INT32_MAX - 1);
  for (int i = 0; i < 256; i++, value = value * factor >> 31) {
    exponentials[i] = i < end ? (int32_t)value : -1;
  }
}

// Weights whose sum is 2^bits.
static fbq_resize_sample random_sample(int32_t extent, int32_t bits) {
  const int32_t lower = between(0, extent - 1), weight = between(0, 1 << bits);
  return (fbq_resize_sample){
      .lower = lower,
      .upper = between(lower, lower + 1 < extent ? lower + 1 : lower),
      .lower_weight = (1 << bits) - weight,
      .upper_weight = weight,
  };
}

// Axes in another order, one of them perhaps backwards; returns the bytes of the array and leaves in
// `*start` where its first element lies in the input.
static size_t random_copy(fbq_copy *c, size_t *start) {
  static const size_t runs[] = {1, 1, 2, 3, 4, 8, 16, 21};
  int order[fbq_copy_axes];
  memset(c, 0, sizeof *c);
  c->run = runs[next() % (sizeof runs / sizeof *runs)];
  size_t step = c->run;
  for (int axis = fbq_copy_axes - 1; axis >= 0; axis--) {
    c->extents[axis] = (size_t)between(1, axis < 2 ? 2 : 5);
    c->input_steps[axis] = (ptrdiff_t)step;
    step *= c->extents[axis];
    order[axis] = axis;
  }
  for (int axis = fbq_copy_axes - 1; axis > 0; axis--) {
    const int other = between(0, axis), kept = order[axis];
    order[axis] = order[other];
    order[other] = kept;
  }
  ptrdiff_t output_step = (ptrdiff_t)c->run;
  for (int i = fbq_copy_axes - 1; i >= 0; i--) {
    c->output_steps[order[i]] = output_step;
    output_step *= (ptrdiff_t)c->extents[order[i]];
  }
  *start = 0;
  if (one_in(3)) {
    const int axis = between(0, fbq_copy_axes - 1);
    *start = (c->extents[axis] - 1) * (size_t)c->input_steps[axis];
    c->input_steps[axis] *= -1;
  }
  return step;
}

static fbq_pad random_pad(void) {
  fbq_pad p = {.value = (uint8_t)next()};
  for (int axis = 0; axis < fbq_pad_axes; axis++) {
    p.input_extents[axis] = (size_t)between(1, axis < 3 ? 2 : 5);
    p.before[axis] = (size_t)(one_in(2) ? 0 : between(0, 2));
    const size_t after = (size_t)(one_in(2) ? 0 : between(0, 2));
    p.output_extents[axis] = p.before[axis] + p.input_extents[axis] + after;
  }
  return p;
}

#endif
