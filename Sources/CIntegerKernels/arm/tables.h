// The table for AArch64. Internal.
#ifndef FBQ_ARM_TABLES_H
#define FBQ_ARM_TABLES_H

#include "CIntegerKernels.h"

extern const fbq_kernels fbq_neon_dotprod_kernels;

#endif
