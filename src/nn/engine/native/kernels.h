// What the operations compute in their innermost loops, once for each instruction set.
#pragma once
#include <cstdint>

/** Vectors are at most this long, so rows of numbers are made multiples of it. */
constexpr int64_t kWidest = 16;

/** The activations that batch norm computes in the same pass. */
enum Activation { kNone, kRelu, kRelu6, kHardSwish, kSwish, kActivations };

/** Batch norm's numbers for each place of a row: z = (x - mean) * factor + offset. */
struct Line {
  const float* mean;
  const float* factor;
  const float* offset;
};

/** What a depthwise kernel reads around a place i of a row of outputs: `rows[ky][offsets[kx] + i]`. */
struct Taps {
  const float* const* rows;
  const int64_t* offsets;
  int64_t down;
  int64_t across;
};

/** What a slope is multiplied by and what is added to it before an activation sees it, for each place of a row; both or none. */
struct Gate {
  const float* factor;
  const float* added;
};

/**
 * Numbers are looked at as rows of `width`, a multiple of kWidest; the last of `count` numbers may end in the middle of a row. Here
 * g = (dy * gate.factor + gate.added) * activation'(z).
 */
struct Kernels {
  /** Adds to the sums of (x - about) and of its square. */
  void (*moments)(const float* x, int64_t count, int64_t width, const float* about, float* sum, float* square);
  /** y = activation(z) */
  void (*apply[kActivations])(const float* x, int64_t count, int64_t width, Line line, float* y);
  /** Adds to the sums of dy * activation(z). */
  void (*weigh[kActivations])(const float* dy, const float* x, int64_t count, int64_t width, Line line, float* sum);
  /** Adds to the sums of g and of g * (x - mean). */
  void (*slopes[kActivations])(const float* dy, const float* x, int64_t count, int64_t width, Line line, Gate gate, float* sum, float* product);
  /** dx = line.factor * g + tilt * (x - mean) + shift; dx may be dy. */
  void (*back[kActivations])(const float* dy, const float* x, int64_t count, int64_t width, Line line, Gate gate, const float* tilt,
                             const float* shift, float* dx);
  /** out[i] = sum of taps * weights, of which there is a row of `width` for each tap. */
  void (*correlate)(Taps taps, const float* weights, int64_t count, int64_t width, float* out);
  /** Adds the sums of dy[i] * tap to a row of `width` for each tap. */
  void (*collect)(Taps taps, const float* dy, int64_t count, int64_t width, float* sums);
  /** Copies columns of `channels` numbers in turns to two places, and writes up to kWidest numbers more behind each place's end. */
  void (*split)(const float* from, int64_t columns, int64_t channels, float* first, float* second);
  /** Copies columns in turns from two places, of which up to kWidest numbers more are read behind each place's end. */
  void (*join)(const float* first, const float* second, int64_t columns, int64_t channels, float* to);
};

/** The kernels for this machine's processor. */
const Kernels& kernels();
