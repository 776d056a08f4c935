// Which tables there are, and which of them this machine can run.
#include "CIntegerKernels.h"
#include "portable/portable.h"
#include "x86/tables.h"

#if defined(__x86_64__)

#include <cpuid.h>

// What the processor has, of what tables need.
typedef struct {
  int saves_512_bits, avx512, avx512_vnni;
} features;

static features processor(void) {
  features found = {0};
  unsigned a, b, c, d;
  if (!__get_cpuid_count(1, 0, &a, &b, &c, &d) || !(c & 1u << 27)) return found;
  // Registers that the system does not save on a task switch cannot be used.
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  found.saves_512_bits = (low & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  const unsigned avx2 = 1u << 5, foundation = 1u << 16, doublewords = 1u << 17, bytes = 1u << 30,
                 lengths = 1u << 31;
  const unsigned all = avx2 | foundation | doublewords | bytes | lengths;
  found.avx512 = (b & all) == all;
  found.avx512_vnni = (c & 1u << 11) != 0;
  return found;
}

const fbq_kernels *fbq_kernels_of(fbq_table table) {
  switch (table) {
    case fbq_portable_table: return &fbq_portable_kernels;
    case fbq_avx512_vnni_table: return &fbq_avx512_vnni_kernels;
    default: return NULL;
  }
}

const char *fbq_lacking(fbq_table table) {
  if (table == fbq_portable_table) return NULL;
  const features found = processor();
  switch (table) {
    case fbq_avx512_vnni_table:
      if (!found.avx512) return "AVX-512 (F, BW, DQ, VL)";
      if (!found.avx512_vnni) return "AVX-512 VNNI";
      return found.saves_512_bits ? NULL : "an operating system that saves 512-bit registers";
    default: return "this kind of processor";
  }
}

#else

const fbq_kernels *fbq_kernels_of(fbq_table table) {
  return table == fbq_portable_table ? &fbq_portable_kernels : NULL;
}

const char *fbq_lacking(fbq_table table) {
  return table == fbq_portable_table ? NULL : "an x86-64 processor";
}

#endif
