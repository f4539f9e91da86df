// Batch norm with an activation in the same pass, of numbers [images, places, channels].
#pragma once
#include "kernels.h"

/** What is normalised, and by what. */
struct Normalised {
  const float* x;
  int64_t images;
  /** How many numbers an image has. */
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

/** The gradients of that; dx may be dy. With a gate, of [images, channels] each, they are those for dy * factor + added. */
struct NormaliseGradients {
  float* dx;
  float* d_scale;
  float* d_offset;
};
void normalise_gradient(const Normalised& of, Statistics statistics, const float* dy, Gate gate, NormaliseGradients to);

/** The sums of dy * y over each image's places, of [images, channels]: the gradient of what multiplies them. */
void gate_gradient(const Normalised& of, Statistics statistics, const float* dy, float* d_gate);
