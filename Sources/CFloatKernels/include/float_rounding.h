// Rounding of weights whose errors make up for one another. Single-threaded: callers share filters
// among threads.
#ifndef FBQ_FLOAT_ROUNDING_H
#define FBQ_FLOAT_ROUNDING_H

#include <stdbool.h>
#include <stdint.h>

/// Factors the symmetric, positive definite `matrix` [size, size] as L · Lᵀ. Only its upper triangle is
/// read, and it is overwritten; `factor` [size, size] receives L, whose rows are contiguous.
///
/// Returns false for a matrix that is not positive definite.
bool float_cholesky(double *matrix, float *factor, int64_t size);

/// Rounds `weights` to `scale` · `codes`, codes in −127…127, so that ‖Lᵀ(weights − scale · codes)‖²
/// becomes small, and returns it: from the last weight to the first, each is rounded where those
/// before it want it (Babai's nearest plane; Frantar et al. 2022, "GPTQ", algorithm 1, is the same
/// from first to last).
///
/// `pull` is room for `size` floats.
double float_compensated_round(
    const float *weights, const float *factor, float *pull, int8_t *codes, int64_t size,
    float scale);

/// `result` = `row` · `cross` · (L · Lᵀ)⁻¹ with L of `factor`; `cross` and `factor` [size, size].
void float_regress(
    const float *row, const float *cross, const float *factor, float *result, int64_t size);

/// Adds x[p, s, c] · x[p, t, c] over all p to sums[s, t, c], for x [positions, taps, channels].
void float_tap_products(
    const float *x, float *sums, int64_t positions, int64_t taps, int64_t channels);

#endif
