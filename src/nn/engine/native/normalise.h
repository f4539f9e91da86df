// Batch norm with an activation in the same pass, of numbers [rows, channels].
#pragma once
#include "kernels.h"

/** What is normalised, and by what. */
struct Normalised {
  const float* x;
  /** How many numbers x has. */
  int64_t size;
  int64_t channels;
  const float* scale;
  const float* offset;
  Activation activation;
};

/** The batch's own statistics of each channel: `inverse` is one through the deviation. */
struct Statistics {
  float* mean;
  float* inverse;
};

/** y = activation((x - mean) * inverse * scale + offset), with statistics of x; `variance` is the unbiased one. */
void normalise(const Normalised& of, float epsilon, float* y, float* variance, Statistics statistics);

/** The gradients of that; dx may be dy. */
void normalise_gradient(const Normalised& of, Statistics statistics, const float* dy, float* dx, float* d_scale, float* d_offset);
