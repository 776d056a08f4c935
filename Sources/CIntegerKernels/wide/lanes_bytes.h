// Codes and weights of dot products whose instruction takes them as bytes, four to a lane.

typedef lanes lane_codes;
typedef lanes lane_weights;

enum {
  // Whether weights of 9 bits, which those with a zero point may need, have room.
  has_wide_weights = 0,
};

WIDE_INLINE lane_codes codes_of_bytes(lanes bytes) { return bytes; }

WIDE_INLINE lane_codes forget_codes(lane_codes codes) {
  FORGET(codes);
  return codes;
}

WIDE_INLINE lane_weights weights_of_bytes(lanes bytes) { return bytes; }

WIDE_INLINE lane_weights load_weights(const void *from) { return lanes_load(from); }

// Puts weight `k` of 4 of a lane where load_weights finds it.
WIDE_INLINE void set_weight(uint8_t *to, size_t lane, size_t k, int32_t weight) {
  to[lane * 4 + k] = (uint8_t)weight;
}
