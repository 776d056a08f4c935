// The tables for x86-64. Internal.
#ifndef FBQ_X86_TABLES_H
#define FBQ_X86_TABLES_H

#include "CIntegerKernels.h"

extern const fbq_kernels fbq_avx2_kernels;
extern const fbq_kernels fbq_avx_vnni_kernels;
extern const fbq_kernels fbq_avx512_vnni_kernels;

#endif
