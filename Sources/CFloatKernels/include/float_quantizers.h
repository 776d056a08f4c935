// Fake quantization: floats rounded to the reals that integer codes stand for, and the
// straight-through derivatives of that (FAT paper, eq. 16-19). Single-threaded: training runs one
// engine per thread.
#ifndef FBQ_FLOAT_QUANTIZERS_H
#define FBQ_FLOAT_QUANTIZERS_H

#include <stdint.h>

/// The grid of codes: real = scale · (code − zero_point), code_minimum ≤ code ≤ code_maximum.
typedef struct {
  float scale;
  float zero_point;
  float code_minimum;
  float code_maximum;
} FloatGrid;

/// What the backward pass must know of an element: below or above the grid, or else the rounding
/// error code − x/scale − zero_point, in −1/2…1/2, times `float_residual_unit`.
enum { float_residual_unit = 250, float_residual_below = -127, float_residual_above = 127 };

/// Sums over elements of the gradient g with respect to the rounded values.
typedef struct {
  /// Σ g · (code − x/scale − zero_point) over the elements inside the grid: d/d scale.
  double inside;
  /// Σ g over the elements below the least code.
  double below;
  /// Σ g over the elements above the greatest code.
  double above;
} FloatGridGradient;

/// y = the grid's real nearest to x, ties to even; `residuals` for the backward pass, or null.
/// `x` and `y` may be the same. NaN stays NaN.
void float_quantize(
    const float *x, float *y, int8_t *residuals, int64_t count, const FloatGrid *grid);

/// Takes g = d loss / d y to d loss / d x (eq. 17 and 19: 1 inside the grid, 0 outside) in place and
/// adds to `sums`.
void float_quantize_backward(
    float *g, const int8_t *residuals, int64_t count, FloatGridGradient *sums);

/// As `float_quantize_backward` but from x itself, for arrays that are at hand anyway (weights).
/// `masked` receives d loss / d x; it may be `g`.
void float_quantize_backward_from(
    const float *x, const float *g, float *masked, int64_t count, const FloatGrid *grid,
    FloatGridGradient *sums);

/// As `float_quantize` where the codes were computed elsewhere, by the device: y becomes their
/// reals, residuals their distance from x. x above the grid counts as above only if the code is the
/// greatest (below likewise); distances beyond a half are stored as a half.
void float_adopt_codes(
    const float *x, const int8_t *codes, float *y, int8_t *residuals, int64_t count,
    const FloatGrid *grid);

/// Learned rounding (AdaRound, Nagel et al. 2020): y = scale · clip(⌊x / scale⌋ + h(v), −127, 127)
/// with the rectified sigmoid h(v) = clip(1.2 σ(v) − 0.1, 0, 1) (eq. 23), or with `hard` the h that
/// v tends to, 0 or 1.
void float_learned_round(
    const float *x, const float *v, float *y, int64_t count, float scale, int hard);

/// The v at which `float_learned_round` gives x itself.
void float_learned_round_start(const float *x, float *v, int64_t count, float scale);

/// Takes g = d loss / d y to d loss / d v in place, and adds the derivative of the regularizer
/// strength · Σ (1 − |2h − 1|^exponent) (eq. 24), which drives h to 0 or 1.
void float_learned_round_backward(
    const float *x, const float *v, float *g, int64_t count, float scale, float strength,
    float exponent);

/// One step of Adam (Kingma and Ba 2015, algorithm 1) on `count` parameters. `rate` includes the
/// bias corrections' factor √(1 − β2^t) / (1 − β1^t); epsilon likewise scaled.
void float_adam_step(
    float *parameters, float *first, float *second, const float *gradient, int64_t count,
    float rate, float beta1, float beta2, float epsilon);

#endif
