// Any function of one byte with the table in four registers: two permutations of 128 bytes and the choice
// between them. VBMI, which they need, is checked at run time: processors with VNNI and without it exist.

static __attribute__((target("avx512vbmi"))) void lookup_in_registers(const fbq_lookup *l, size_t begin,
                                                                      size_t end) {
  const __m512i first = _mm512_loadu_si512(l->table), second = _mm512_loadu_si512(l->table + 64);
  const __m512i third = _mm512_loadu_si512(l->table + 128);
  const __m512i fourth = _mm512_loadu_si512(l->table + 192);
  for (size_t i = begin; i < end; i += 64) {
    const size_t count = least(64, end - i);
    const __mmask64 mask = count == 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
    const __m512i codes = _mm512_maskz_loadu_epi8(mask, l->input + i);
    const __m512i low = _mm512_permutex2var_epi8(first, codes, second);
    const __m512i high = _mm512_permutex2var_epi8(third, codes, fourth);
    _mm512_mask_storeu_epi8(
        l->output + i, mask, _mm512_mask_blend_epi8(_mm512_movepi8_mask(codes), low, high));
  }
}

static void lookup_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_lookup *l = parameters;
  if (__builtin_cpu_supports("avx512vbmi")) {
    lookup_in_registers(l, begin * fbq_lookup_unit, least(end * fbq_lookup_unit, l->count));
  } else {
    fbq_portable_lookup(parameters, begin, end, scratch);
  }
}
