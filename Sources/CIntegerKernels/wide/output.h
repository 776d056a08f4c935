// The output stage of all wide kernels: the scales of channels in blocks of lanes, and codes of what was
// scaled. How a block is scaled, `wide_scale`, is another file's: x86_requantize.h, or neon_requantize.h.

static size_t wide_scale_bytes(const fbq_channels *channels) {
  return channels->groups * wide_blocks(channels->channels) * sizeof(wide_scale);
}

static fbq_multiplier wide_multiplier(const fbq_channels *channels, size_t index) {
  return channels->multipliers[channels->has_one_multiplier ? 0 : index];
}

static void wide_set_scales(const fbq_channels *channels, void *scales, fbq_output *stage) {
  wide_scale *blocks = scales;
  __builtin_memset(scales, 0, wide_scale_bytes(channels));
  int32_t least_shift = INT32_MAX, greatest_shift = INT32_MIN;
  for (size_t i = 0; i < channels->groups * channels->channels; i++) {
    const fbq_multiplier factor = wide_multiplier(channels, i);
    if (factor.multiplier == 0) continue;
    if (factor.shift < least_shift) least_shift = factor.shift;
    if (factor.shift > greatest_shift) greatest_shift = factor.shift;
  }
  const fbq_path path = wide_path(greatest_shift, channels->reaches_limit, stage);
  stage->scales = scales;
  stage->path = (uint8_t)path;
  stage->folds_zero_point = (uint8_t)wide_folds_zero_point(least_shift, path);
  for (size_t group = 0; group < channels->groups; group++) {
    wide_scale *first = blocks + group * wide_blocks(channels->channels);
    for (size_t channel = 0; channel < channels->channels; channel++) {
      size_t index = group * channels->channels + channel;
      wide_set_scale(first + channel / lane_count, channel % lane_count, channels->bias[index],
                     wide_multiplier(channels, index), stage);
    }
  }
}

// What follows the scaling, in registers.
typedef struct {
  lanes zero_point, minimum, maximum, flip;
  // Whether narrowing does all of it.
  int is_plain;
} loaded_stage;

WIDE_INLINE loaded_stage load_stage(const fbq_output *stage) {
  return (loaded_stage){
      .zero_point = lanes_repeat_16(stage->folds_zero_point ? 0 : stage->zero_point),
      .minimum = lanes_repeat_8(stage->minimum + stage->zero_point),
      .maximum = lanes_repeat_8(stage->maximum + stage->zero_point),
      .flip = lanes_repeat_8(stage->flip),
      .is_plain = stage->folds_zero_point && stage->flip == 0 &&
                  stage->minimum + stage->zero_point == INT8_MIN &&
                  stage->maximum + stage->zero_point == INT8_MAX,
  };
}

// As codes_of_four has them where the stage is plain.
WIDE_INLINE lanes narrowed_four(lanes a, lanes b, lanes c, lanes d) {
  return lanes_narrow_8(lanes_narrow_16(a, b), lanes_narrow_16(c, d));
}

// The codes of four vectors of scaled values, in order. Saturating first to 16 and then to 8 bits changes
// nothing, since the clamp is narrower.
WIDE_INLINE lanes codes_of_four(lanes a, lanes b, lanes c, lanes d, const loaded_stage *stage) {
  lanes ab = lanes_add_saturating_16(lanes_narrow_16(a, b), stage->zero_point);
  lanes cd = lanes_add_saturating_16(lanes_narrow_16(c, d), stage->zero_point);
  lanes codes = lanes_narrow_8(ab, cd);
  codes = lanes_minimum_8(lanes_maximum_8(codes, stage->minimum), stage->maximum);
  return lanes_xor(codes, stage->flip);
}

// One vector by any path.
WIDE_INLINE lanes scaled(lanes x, const wide_scale *scale, const fbq_output *stage) {
  if (stage->path == fbq_general) return scaled_general(x, scale, stage->single);
  const loaded_scale loaded = load_scale(scale);
  return stage->path == fbq_quick ? scaled_quick(x, &loaded) : scaled_signed(x, &loaded);
}
