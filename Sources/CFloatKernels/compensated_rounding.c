#include "float_rounding.h"

#include <math.h>

#include "loop_chunks.h"

// Rows of the upper factor are contiguous, which the loops want; the transpose is what is read later.
WIDE_VECTORS
static bool factor_upper(double *matrix, int64_t size) {
  for (int64_t k = 0; k < size; ++k) {
    double *pivots = matrix + k * size;
    if (!(pivots[k] > 0)) return false;
    double root = sqrt(pivots[k]);
    for (int64_t j = k; j < size; ++j) pivots[j] /= root;
    for (int64_t i = k + 1; i < size; ++i) {
      double *row = matrix + i * size;
      double factor = pivots[i];
      for (int64_t j = i; j < size; ++j) row[j] -= factor * pivots[j];
    }
  }
  return true;
}

bool float_cholesky(double *matrix, float *factor, int64_t size) {
  if (!factor_upper(matrix, size)) return false;
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < size; ++j) {
      factor[i * size + j] = j <= i ? (float)matrix[j * size + i] : 0;
    }
  }
  return true;
}

WIDE_VECTORS
double float_compensated_round(
    const float *weights, const float *factor, float *pull, int8_t *codes, int64_t size,
    float scale) {
  double error = 0;
  for (int64_t i = 0; i < size; ++i) pull[i] = 0;
  for (int64_t i = size - 1; i >= 0; --i) {
    const float *row = factor + i * size;
    float wanted = weights[i] + pull[i] / row[i];
    float code = floorf(wanted / scale + 0.5f);
    code = code < -127 ? -127 : code > 127 ? 127 : code;
    codes[i] = (int8_t)code;
    double rest = (double)row[i] * (wanted - code * scale);
    error += rest * rest;
    float distance = weights[i] - code * scale;
    for (int64_t j = 0; j < i; ++j) pull[j] += row[j] * distance;
  }
  return error;
}

WIDE_VECTORS
void float_regress(
    const float *row, const float *cross, const float *factor, float *result, int64_t size) {
  for (int64_t j = 0; j < size; ++j) result[j] = 0;
  for (int64_t i = 0; i < size; ++i) {
    const float *line = cross + i * size;
    for (int64_t j = 0; j < size; ++j) result[j] += row[i] * line[j];
  }
  // L · y = r, then Lᵀ · x = y.
  for (int64_t i = 0; i < size; ++i) {
    const float *line = factor + i * size;
    float sum = 0;
#pragma clang loop vectorize(enable)
    for (int64_t j = 0; j < i; ++j) {
#pragma clang fp reassociate(on)
      sum += line[j] * result[j];
    }
    result[i] = (result[i] - sum) / line[i];
  }
  for (int64_t i = size - 1; i >= 0; --i) {
    const float *line = factor + i * size;
    result[i] /= line[i];
    for (int64_t j = 0; j < i; ++j) result[j] -= line[j] * result[i];
  }
}

WIDE_VECTORS
void float_tap_products(
    const float *x, float *sums, int64_t positions, int64_t taps, int64_t channels) {
  for (int64_t p = 0; p < positions; ++p) {
    const float *pixel = x + p * taps * channels;
    for (int64_t s = 0; s < taps; ++s) {
      for (int64_t t = 0; t < taps; ++t) {
        const float *a = pixel + s * channels, *b = pixel + t * channels;
        float *sum = sums + (s * taps + t) * channels;
        for (int64_t c = 0; c < channels; ++c) sum[c] += a[c] * b[c];
      }
    }
  }
}
