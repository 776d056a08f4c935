// Codes of 8 bits as codes of 16, and back, in `lanes`.
//
// With a shift s of 0 and more both roundings of a difference x, which has 9 bits, are one:
//
//   (x·2^s·m + 2^30) >> 31  =  (x·2^(s+1)·m + 2^31) >> 32
//
// which is taking upper halves; the zero point is part of the nudge. Nothing saturates for s ≤ 21 before the
// codes do. Other shifts are left to the table.

enum { greatest_widening_shift = 21 };

static void widen_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_widening *w = parameters;
  const fbq_multiplier factor = w->multiplier;
  if (factor.shift < 0 || factor.shift > greatest_widening_shift) {
    fbq_portable_widen(parameters, begin, end, scratch);
    return;
  }
  const int32_t left = factor.shift + 1;
  const fbq_scale_16x8 own = {
      .multiplier = factor.multiplier,
      .nudge = ((int64_t)1 << 31) - w->zero_point * (int64_t)factor.multiplier * ((int64_t)1 << left),
  };
  scale_16x8 scale;
  for (size_t lane = 0; lane < lane_count; lane++) set_scale_16x8(&scale, lane, &own);
  const uint8_t flip = w->flip;
  const size_t stop = least(end * fbq_lookup_unit, w->count);
  size_t i = begin * fbq_lookup_unit;
  for (; i + codes_in_lanes <= stop; i += codes_in_lanes) {
    const lanes first = lanes_expand_signed(w->input + i, flip);
    const lanes second = lanes_expand_signed(w->input + i + lane_count, flip);
    const lanes codes =
        lanes_narrow_16_in_order(scaled_16x8(lanes_shift_left_by(first, left), &scale),
                                 scaled_16x8(lanes_shift_left_by(second, left), &scale));
    lanes_store(w->output + i, codes);
  }
  for (; i < stop; i++) w->output[i] = w->table[w->input[i]];
}

// Codes that fill a vector of bytes; the path is a constant once inlined.
WIDE_INLINE lanes narrowed_codes(const int path, const int16_t *from, const fbq_output *stage,
                                 const loaded_scale *scale, const loaded_stage *loaded) {
  lanes v[4];
  UNROLLED for (int k = 0; k < 4; k++) {
    v[k] = scaled_by(path, lanes_expand_words(from + k * lane_count), stage, scale);
  }
  return codes_of_four(v[0], v[1], v[2], v[3], loaded);
}

WIDE_INLINE void narrow_by(const int path, const fbq_narrowing *n, size_t i, size_t stop) {
  const loaded_scale scale = load_scale(n->stage.scales);
  const loaded_stage loaded = load_stage(&n->stage);
  for (; i + sizeof(lanes) <= stop; i += sizeof(lanes)) {
    lanes_store(n->output + i, narrowed_codes(path, n->input + i, &n->stage, &scale, &loaded));
  }
  if (i == stop) return;
  int16_t rest[sizeof(lanes)] = {0};
  __builtin_memcpy(rest, n->input + i, (stop - i) * sizeof *rest);
  lanes_store_bytes(n->output + i, narrowed_codes(path, rest, &n->stage, &scale, &loaded), stop - i);
}

static void narrow_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_narrowing *n = parameters;
  const size_t first = begin * fbq_lookup_unit, stop = least(end * fbq_lookup_unit, n->count);
  switch (n->stage.path) {
    case fbq_quick: narrow_by(fbq_quick, n, first, stop); break;
    case fbq_quick_signed: narrow_by(fbq_quick_signed, n, first, stop); break;
    default: narrow_by(fbq_general, n, first, stop); break;
  }
}
