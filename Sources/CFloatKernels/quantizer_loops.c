#include "float_quantizers.h"

#include <stddef.h>

// Compiled once per instruction set, chosen when the program is loaded: these loops are bound by
// arithmetic while the activations of a small batch are in the caches.
#if defined(__x86_64__)
#define VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTORIZED
#endif

enum {
  // Elements summed in single precision before they are added to the double sums.
  block = 2048
};

// Adding and subtracting it rounds a float of less than 2^22 to the nearest integer, ties to even.
static const float rounder = 0x1.8p23f;

static inline float residual_of(float t, float code, const FloatGrid *grid) {
  float error = (code - t) * float_residual_unit;
  // Written so that NaN takes the last branch: it has no integer form.
  return t > grid->code_maximum ? (float)float_residual_above
      : t >= grid->code_minimum ? error
                                : (float)float_residual_below;
}

static inline float code_of(float t, const FloatGrid *grid) {
  float raised = t < grid->code_minimum ? grid->code_minimum : t;
  float clamped = raised > grid->code_maximum ? grid->code_maximum : raised;
  return (clamped + rounder) - rounder;
}

VECTORIZED static void quantize_block(
    const float *x, float *y, int8_t *residuals, int64_t count, const FloatGrid *grid_pointer) {
  const FloatGrid grid = *grid_pointer;
  float inverse = 1 / grid.scale;
  for (int64_t i = 0; i < count; ++i) {
    float t = x[i] * inverse + grid.zero_point;
    float code = code_of(t, &grid);
    y[i] = (code - grid.zero_point) * grid.scale;
    residuals[i] = (int8_t)(int32_t)residual_of(t, code, &grid);
  }
}

VECTORIZED static void round_block(
    const float *x, float *y, int64_t count, const FloatGrid *grid_pointer) {
  const FloatGrid grid = *grid_pointer;
  float inverse = 1 / grid.scale;
  for (int64_t i = 0; i < count; ++i) {
    float code = code_of(x[i] * inverse + grid.zero_point, &grid);
    y[i] = (code - grid.zero_point) * grid.scale;
  }
}

void float_quantize(
    const float *x, float *y, int8_t *residuals, int64_t count, const FloatGrid *grid) {
  if (residuals) {
    quantize_block(x, y, residuals, count, grid);
  } else {
    round_block(x, y, count, grid);
  }
}

typedef struct {
  float inside, below, above;
} BlockSums;

VECTORIZED static BlockSums backward_block(
    float *restrict g, const int8_t *restrict residuals, int64_t count) {
#pragma clang fp reassociate(on)
  float inside = 0, below = 0, above = 0;
  for (int64_t i = 0; i < count; ++i) {
    float gradient = g[i];
    int32_t residual = residuals[i];
    below += residual == float_residual_below ? gradient : 0;
    above += residual == float_residual_above ? gradient : 0;
    float passed =
        residual != float_residual_below && residual != float_residual_above ? gradient : 0;
    inside += passed * (float)residual;
    g[i] = passed;
  }
  return (BlockSums){inside / float_residual_unit, below, above};
}

static void add_sums(FloatGridGradient *sums, BlockSums part) {
  sums->inside += (double)part.inside;
  sums->below += (double)part.below;
  sums->above += (double)part.above;
}

void float_quantize_backward(
    float *g, const int8_t *residuals, int64_t count, FloatGridGradient *sums) {
  for (int64_t start = 0; start < count; start += block) {
    int64_t length = count - start < block ? count - start : block;
    add_sums(sums, backward_block(g + start, residuals + start, length));
  }
}

VECTORIZED static BlockSums backward_from_block(
    const float *x, const float *g, float *masked, int64_t count, const FloatGrid *grid_pointer) {
#pragma clang fp reassociate(on)
  const FloatGrid grid = *grid_pointer;
  float inverse = 1 / grid.scale;
  float inside = 0, below = 0, above = 0;
  for (int64_t i = 0; i < count; ++i) {
    float t = x[i] * inverse + grid.zero_point;
    float gradient = g[i];
    below += t < grid.code_minimum ? gradient : 0;
    above += t > grid.code_maximum ? gradient : 0;
    float passed = t >= grid.code_minimum && t <= grid.code_maximum ? gradient : 0;
    inside += passed * (code_of(t, &grid) - t);
    masked[i] = passed;
  }
  return (BlockSums){inside, below, above};
}

void float_quantize_backward_from(
    const float *x, const float *g, float *masked, int64_t count, const FloatGrid *grid,
    FloatGridGradient *sums) {
  for (int64_t start = 0; start < count; start += block) {
    int64_t length = count - start < block ? count - start : block;
    add_sums(
        sums, backward_from_block(x + start, g + start, masked + start, length, grid));
  }
}

VECTORIZED void float_adopt_codes(
    const float *x, const int8_t *codes, float *y, int8_t *residuals, int64_t count,
    const FloatGrid *grid_pointer) {
  const FloatGrid grid = *grid_pointer;
  float inverse = 1 / grid.scale;
  for (int64_t i = 0; i < count; ++i) {
    float t = x[i] * inverse + grid.zero_point;
    float code = codes[i];
    float error = code - t;
    error = error < -0.5f ? -0.5f : error > 0.5f ? 0.5f : error;
    float residual = error * float_residual_unit;
    residual = t > grid.code_maximum && code >= grid.code_maximum ? float_residual_above : residual;
    residual = t < grid.code_minimum && code <= grid.code_minimum ? float_residual_below : residual;
    y[i] = (code - grid.zero_point) * grid.scale;
    // NaN has no integer form.
    residuals[i] = (int8_t)(int32_t)(residual == residual ? residual : 0);
  }
}

VECTORIZED void float_adam_step(
    float *restrict parameters, float *restrict first, float *restrict second,
    const float *restrict gradient, int64_t count, float rate, float beta1, float beta2,
    float epsilon) {
  for (int64_t i = 0; i < count; ++i) {
    float g = gradient[i];
    float m = beta1 * first[i] + (1 - beta1) * g;
    float v = beta2 * second[i] + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    // The intrinsic, not sqrtf, whose errno would keep the loop scalar.
    parameters[i] -= rate * m / (__builtin_elementwise_sqrt(v) + epsilon);
  }
}
