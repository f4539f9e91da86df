// The same loops for three instruction sets; a processor's best is chosen when the first operation runs.
#include "kernels.h"
#include <cstring>

#define LEVEL plain
#define TARGET "sse2"
#define LANES 4
#include "loops.h"
#undef LEVEL
#undef TARGET
#undef LANES

#define LEVEL avx2
#define TARGET "avx2,fma"
#define LANES 8
#include "loops.h"
#undef LEVEL
#undef TARGET
#undef LANES

#define LEVEL avx512
#define TARGET "avx512f,avx512dq,avx2,fma"
#define LANES 16
#include "loops.h"

static const Kernels& choose() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return avx512::all;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::all;
  return plain::all;
}

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}
