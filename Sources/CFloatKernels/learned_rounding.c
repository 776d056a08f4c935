#include <math.h>

#include "float_quantizers.h"

// The rectified sigmoid reaches 0 and 1 at finite v.
static const float stretch = 1.2f, offset = -0.1f;

static float sigmoid(float v) { return 1 / (1 + expf(-v)); }

static float rectified(float sigmoid) {
  float h = stretch * sigmoid + offset;
  return h < 0 ? 0 : h > 1 ? 1 : h;
}

void float_learned_round(
    const float *x, const float *v, float *y, int64_t count, float scale, int hard) {
  for (int64_t i = 0; i < count; ++i) {
    float h = hard ? (v[i] >= 0 ? 1 : 0) : rectified(sigmoid(v[i]));
    float code = floorf(x[i] / scale) + h;
    y[i] = scale * (code < -127 ? -127 : code > 127 ? 127 : code);
  }
}

void float_learned_round_start(const float *x, float *v, int64_t count, float scale) {
  for (int64_t i = 0; i < count; ++i) {
    float code = x[i] / scale;
    float s = (code - floorf(code) - offset) / stretch;
    v[i] = logf(s / (1 - s));
  }
}

void float_learned_round_backward(
    const float *x, const float *v, float *g, int64_t count, float scale, float strength,
    float exponent) {
  for (int64_t i = 0; i < count; ++i) {
    float s = sigmoid(v[i]);
    float h = stretch * s + offset;
    if (h <= 0 || h >= 1) {
      g[i] = 0;
      continue;
    }
    float code = floorf(x[i] / scale) + h;
    float gradient = code >= -127 && code <= 127 ? g[i] * scale : 0;
    if (strength > 0) {
      float distance = 2 * h - 1;
      float slope = 2 * exponent * powf(fabsf(distance), exponent - 1);
      gradient -= strength * (distance < 0 ? -slope : slope);
    }
    g[i] = gradient * stretch * s * (1 - s);
  }
}
