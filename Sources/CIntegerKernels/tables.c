// Which tables there are, and which of them this machine can run.
#include "CIntegerKernels.h"
#include "arm/tables.h"
#include "portable/portable.h"
#include "x86/tables.h"

#if defined(__x86_64__)

#include <cpuid.h>

// What the processor and the system have, of what tables need. Registers that the system does not save on
// a task switch cannot be used.
typedef struct {
  int saves_256_bits, saves_512_bits, avx2, avx_vnni, avx512, avx512_vnni;
} features;

static features processor(void) {
  features found = {0};
  unsigned a, b, c, d;
  const unsigned system_saves = 1u << 27;
  if (!__get_cpuid_count(1, 0, &a, &b, &c, &d) || !(c & system_saves)) return found;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  found.saves_256_bits = (low & 0x06) == 0x06;
  found.saves_512_bits = (low & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  const unsigned foundation = 1u << 16, doublewords = 1u << 17, bytes = 1u << 30, lengths = 1u << 31;
  const unsigned all = foundation | doublewords | bytes | lengths;
  found.avx2 = (b & 1u << 5) != 0;
  found.avx512 = found.avx2 && (b & all) == all;
  found.avx512_vnni = (c & 1u << 11) != 0;
  // Leaf 7 says in `a` how many parts it has.
  if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) found.avx_vnni = (a & 1u << 4) != 0;
  return found;
}

const fbq_kernels *fbq_kernels_of(fbq_table table) {
  switch (table) {
    case fbq_portable_table: return &fbq_portable_kernels;
    case fbq_avx2_table: return &fbq_avx2_kernels;
    case fbq_avx_vnni_table: return &fbq_avx_vnni_kernels;
    case fbq_avx512_vnni_table: return &fbq_avx512_vnni_kernels;
    default: return NULL;
  }
}

static const char *lacking_here(fbq_table table) {
  const features found = processor();
  const char *const saved_256_bits = "an operating system that saves 256-bit registers";
  switch (table) {
    case fbq_avx2_table:
      if (!found.avx2) return "AVX2";
      return found.saves_256_bits ? NULL : saved_256_bits;
    case fbq_avx_vnni_table:
      if (!found.avx2) return "AVX2";
      if (!found.avx_vnni) return "AVX-VNNI";
      return found.saves_256_bits ? NULL : saved_256_bits;
    default:
      if (!found.avx512) return "AVX-512 (F, BW, DQ, VL)";
      if (!found.avx512_vnni) return "AVX-512 VNNI";
      return found.saves_512_bits ? NULL : "an operating system that saves 512-bit registers";
  }
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

const fbq_kernels *fbq_kernels_of(fbq_table table) {
  switch (table) {
    case fbq_portable_table: return &fbq_portable_kernels;
    case fbq_neon_dotprod_table: return &fbq_neon_dotprod_kernels;
    default: return NULL;
  }
}

static int has_dot_products(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__ARM_FEATURE_DOTPROD)
  return 1;
#else
  return 0;
#endif
}

static const char *lacking_here(fbq_table table) {
  (void)table;
  return has_dot_products() ? NULL : "dot products of bytes (DotProd)";
}

#else

const fbq_kernels *fbq_kernels_of(fbq_table table) {
  return table == fbq_portable_table ? &fbq_portable_kernels : NULL;
}

static const char *lacking_here(fbq_table table) {
  (void)table;
  return NULL;
}

#endif

const char *fbq_lacking(fbq_table table) {
  if (table == fbq_portable_table) return NULL;
  if (fbq_kernels_of(table)) return lacking_here(table);
  return table == fbq_neon_dotprod_table ? "an AArch64 processor" : "an x86-64 processor";
}
