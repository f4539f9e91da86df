// The loops for one instruction set: LEVEL is its namespace, TARGET the compiler's name for it, LANES how many numbers a vector holds.
// Included once for each, so without a guard. Sums are taken in an order that depends on shapes alone.

namespace LEVEL {

#define LOOP __attribute__((target(TARGET))) static
#define PART __attribute__((target(TARGET), always_inline)) static inline

#include "vectors.h"

#include "normalise-loops.h"

#include "depthwise-loops.h"

static const Kernels all = {
    moments,
    {apply<kNone>, apply<kRelu>, apply<kRelu6>, apply<kHardSwish>, apply<kSwish>},
    {weigh<kNone>, weigh<kRelu>, weigh<kRelu6>, weigh<kHardSwish>, weigh<kSwish>},
    {slopes<kNone>, slopes<kRelu>, slopes<kRelu6>, slopes<kHardSwish>, slopes<kSwish>},
    {back<kNone>, back<kRelu>, back<kRelu6>, back<kHardSwish>, back<kSwish>},
    correlate,
    collect,
    split,
    join,
};

#undef LOOP
#undef PART

}  // namespace LEVEL
