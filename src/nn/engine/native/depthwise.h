// Depthwise convolutions of numbers [N, H, W, C] by square kernels of 3 or 5, stride 1 or 2.
#pragma once
#include "kernels.h"

/** The extents of a convolution: of its image, of its kernel and of its output. */
struct Depthwise {
  int64_t batch, height, width, channels;
  int64_t kernel, stride;
  /** The zeros before the first row and column. */
  int64_t top, left;
  int64_t out_height, out_width;
};

void depthwise(const Depthwise& of, const float* x, const float* weights, float* y);
void depthwise_input_gradient(const Depthwise& of, const float* weights, const float* dy, float* dx);
void depthwise_weights_gradient(const Depthwise& of, const float* x, const float* dy, float* d_weights);
