// A few bytes in one integer, for instruction sets without masks for bytes. Memory is read and written only
// where it belongs to an operand: a few bytes are two overlapping accesses, one from the first and one to
// the last.

// 0…8 bytes, the others 0.
WIDE_INLINE uint64_t load_up_to_8(const uint8_t *from, size_t count) {
  if (count >= 8) {
    uint64_t all;
    __builtin_memcpy(&all, from, sizeof all);
    return all;
  }
  if (count >= 4) {
    uint32_t first, last;
    __builtin_memcpy(&first, from, sizeof first);
    __builtin_memcpy(&last, from + count - 4, sizeof last);
    return first | (uint64_t)last << (8 * (count - 4));
  }
  if (count == 0) return 0;
  return from[0] | (uint64_t)from[count / 2] << (8 * (count / 2)) |
         (uint64_t)from[count - 1] << (8 * (count - 1));
}

WIDE_INLINE void store_up_to_8(uint8_t *to, uint64_t bytes, size_t count) {
  if (count >= 8) {
    __builtin_memcpy(to, &bytes, 8);
  } else if (count >= 4) {
    const uint64_t last = bytes >> (8 * (count - 4));
    __builtin_memcpy(to, &bytes, 4);
    __builtin_memcpy(to + count - 4, &last, 4);
  } else if (count > 0) {
    to[0] = (uint8_t)bytes;
    to[count / 2] = (uint8_t)(bytes >> (8 * (count / 2)));
    to[count - 1] = (uint8_t)(bytes >> (8 * (count - 1)));
  }
}
