// The loops for one instruction set: LEVEL is its namespace, TARGET the compiler's name for it, LANES how many numbers a vector holds.
// Included once for each, so without a guard. Sums are taken in an order that depends on shapes alone.

namespace LEVEL {

#define LOOP __attribute__((target(TARGET))) static
#define PART __attribute__((target(TARGET), always_inline)) static inline

typedef float V __attribute__((vector_size(LANES * 4)));
typedef float Unaligned __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int Whole __attribute__((vector_size(LANES * 4)));

PART V load(const float* from) { return *(const Unaligned*)from; }
PART void store(float* to, V value) { *(Unaligned*)to = value; }
PART V all_of(float value) { return value - V{}; }

// Comparisons are written so that what is no number stays so.
PART V between(V x, float low, float high) {
  const V a = x < low ? all_of(low) : x;
  return a > high ? all_of(high) : a;
}

/** 1 / (1 + exp(-x)); exp by Cody and Waite's reduction and a polynomial, to about one unit in the last place. */
PART V sigmoid(V x) {
  const V z = between(-x, -87.0f, 88.0f);
  const V scaled = z * 1.44269504f;
  const Whole power = __builtin_convertvector(scaled + (scaled < 0.0f ? all_of(-0.5f) : all_of(0.5f)), Whole);
  const V whole = __builtin_convertvector(power, V);
  const V r = (z - whole * 0.693359375f) + whole * 2.12194440e-4f;
  V p = all_of(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const V e = p * (r * r) + r + 1.0f;
  return 1.0f / (1.0f + e * (V)((power + 127) << 23));
}

template <int A>
PART V activation(V z) {
  if (A == kRelu) return z < 0.0f ? V{} : z;
  if (A == kRelu6) return between(z, 0.0f, 6.0f);
  if (A == kHardSwish) return z * (between(z + 3.0f, 0.0f, 6.0f) * (1.0f / 6));
  if (A == kSwish) return z * sigmoid(z);
  return z;
}

/** dy times the activation's derivative at z. */
template <int A>
PART V slope(V dy, V z) {
  if (A == kRelu) return z > 0.0f ? dy : V{};
  if (A == kRelu6) return z > 0.0f ? (z < 6.0f ? dy : V{}) : V{};
  if (A == kHardSwish) {
    const V t = z + 3.0f;
    const V steep = t > 0.0f ? (t < 6.0f ? z : V{}) : V{};
    return dy * ((between(t, 0.0f, 6.0f) + steep) * (1.0f / 6));
  }
  if (A == kSwish) {
    const V s = sigmoid(z);
    return dy * (s + z * s * (1.0f - s));
  }
  return dy;
}

LOOP void moments(const float* x, int64_t rows, int64_t width, const float* about, float* sum, float* square) {
  for (int64_t row = 0; row < rows; row += 8) {
    const int64_t left = rows - row < 8 ? rows - row : 8;
    for (int64_t j = 0; j < width; j += LANES) {
      const V middle = load(about + j);
      V s = V{}, q = V{};
      for (int64_t r = 0; r < left; r++) {
        const V d = load(x + (row + r) * width + j) - middle;
        s += d;
        q += d * d;
      }
      store(sum + j, load(sum + j) + s);
      store(square + j, load(square + j) + q);
    }
  }
}

template <int A>
LOOP void apply(const float* x, int64_t rows, int64_t width, Line line, float* y) {
  for (int64_t row = 0; row < rows; row += 4) {
    const int64_t left = rows - row < 4 ? rows - row : 4;
    for (int64_t j = 0; j < width; j += LANES) {
      const V mean = load(line.mean + j), factor = load(line.factor + j), offset = load(line.offset + j);
      for (int64_t r = 0; r < left; r++) {
        const int64_t at = (row + r) * width + j;
        store(y + at, activation<A>((load(x + at) - mean) * factor + offset));
      }
    }
  }
}

template <int A>
LOOP void slopes(const float* dy, const float* x, int64_t rows, int64_t width, Line line, float* sum, float* product) {
  for (int64_t row = 0; row < rows; row += 8) {
    const int64_t left = rows - row < 8 ? rows - row : 8;
    for (int64_t j = 0; j < width; j += LANES) {
      const V mean = load(line.mean + j), factor = load(line.factor + j), offset = load(line.offset + j);
      V s = V{}, p = V{};
      for (int64_t r = 0; r < left; r++) {
        const int64_t at = (row + r) * width + j;
        const V d = load(x + at) - mean;
        const V g = slope<A>(load(dy + at), d * factor + offset);
        s += g;
        p += g * d;
      }
      store(sum + j, load(sum + j) + s);
      store(product + j, load(product + j) + p);
    }
  }
}

template <int A>
LOOP void back(const float* dy, const float* x, int64_t rows, int64_t width, Line line, const float* tilt, const float* shift, float* dx) {
  for (int64_t row = 0; row < rows; row += 4) {
    const int64_t left = rows - row < 4 ? rows - row : 4;
    for (int64_t j = 0; j < width; j += LANES) {
      const V mean = load(line.mean + j), factor = load(line.factor + j), offset = load(line.offset + j);
      const V a = load(tilt + j), b = load(shift + j);
      for (int64_t r = 0; r < left; r++) {
        const int64_t at = (row + r) * width + j;
        const V d = load(x + at) - mean;
        store(dx + at, factor * slope<A>(load(dy + at), d * factor + offset) + (a * d + b));
      }
    }
  }
}

/** The first `count` numbers, the others zero. */
PART V load_part(const float* from, int64_t count) {
  float part[LANES] = {};
  memcpy(part, from, count * sizeof(float));
  return load(part);
}

PART void store_part(float* to, V value, int64_t count) {
  float part[LANES];
  store(part, value);
  memcpy(to, part, count * sizeof(float));
}

/** The sums over all taps at place i and at N - 1 more that are `width` apart: N sums at once, since one would wait for itself. */
template <int ACROSS, int N>
PART void correlate_at(const Taps& taps, const float* weights, int64_t i, int64_t width, V* sums) {
#pragma GCC unroll 8
  for (int n = 0; n < N; n++) sums[n] = V{};
  for (int64_t ky = 0; ky < taps.down; ky++) {
    const float* row = taps.rows[ky] + i;
#pragma GCC unroll 8
    for (int kx = 0; kx < ACROSS; kx++) {
      const float* from = row + taps.offsets[kx];
      const V weight = load(weights + (ky * ACROSS + kx) * width);
#pragma GCC unroll 8
      for (int n = 0; n < N; n++) sums[n] += load(from + n * width) * weight;
    }
  }
}

template <int ACROSS, int N>
LOOP int64_t correlate_some(const Taps& taps, const float* weights, int64_t i, int64_t width, float* out) {
  V sums[N];
  correlate_at<ACROSS, N>(taps, weights, i, width, sums);
#pragma GCC unroll 8
  for (int n = 0; n < N; n++) store(out + i + n * width, sums[n]);
  return i + N * width;
}

template <int ACROSS>
LOOP void correlate_across(const Taps& taps, const float* weights, int64_t count, int64_t width, float* out) {
  for (int64_t j = 0; j < width && j < count; j += LANES) {
    const float* own = weights + j;
    int64_t i = j;
    for (int64_t left = i + LANES <= count ? (count - LANES - i) / width + 1 : 0; left > 0; left = (count - LANES - i + width) / width) {
      const int64_t some = left <= 6 ? left : left < 12 ? (left + 1) / 2 : 6;
      if (some == 6) i = correlate_some<ACROSS, 6>(taps, own, i, width, out);
      else if (some == 5) i = correlate_some<ACROSS, 5>(taps, own, i, width, out);
      else if (some == 4) i = correlate_some<ACROSS, 4>(taps, own, i, width, out);
      else if (some == 3) i = correlate_some<ACROSS, 3>(taps, own, i, width, out);
      else if (some == 2) i = correlate_some<ACROSS, 2>(taps, own, i, width, out);
      else i = correlate_some<ACROSS, 1>(taps, own, i, width, out);
      if (i + LANES > count) break;
    }
    if (i >= count) continue;
    V last[1];
    correlate_at<ACROSS, 1>(taps, own, i, width, last);
    store_part(out + i, last[0], count - i);
  }
}

LOOP void correlate(Taps taps, const float* weights, int64_t count, int64_t width, float* out) {
  if (taps.across == 5) correlate_across<5>(taps, weights, count, width, out);
  else if (taps.across == 3) correlate_across<3>(taps, weights, count, width, out);
  else if (taps.across == 2) correlate_across<2>(taps, weights, count, width, out);
  else correlate_across<1>(taps, weights, count, width, out);
}

/** Takes DOWN of the kernel's rows at once: as many sums as registers hold. */
template <int DOWN, int ACROSS>
LOOP void collect_rows(const float* const* rows, const int64_t* offsets, const float* dy, int64_t count, int64_t width, float* sums) {
  for (int64_t j = 0; j < width && j < count; j += LANES) {
    V own[DOWN * ACROSS] = {};
    for (int64_t i = j; i < count; i += width) {
      const V slope = i + LANES <= count ? load(dy + i) : load_part(dy + i, count - i);
#pragma GCC unroll 8
      for (int ky = 0; ky < DOWN; ky++) {
#pragma GCC unroll 8
        for (int kx = 0; kx < ACROSS; kx++) own[ky * ACROSS + kx] += slope * load(rows[ky] + offsets[kx] + i);
      }
    }
#pragma GCC unroll 32
    for (int tap = 0; tap < DOWN * ACROSS; tap++) store(sums + tap * width + j, load(sums + tap * width + j) + own[tap]);
  }
}

LOOP void collect(Taps taps, const float* dy, int64_t count, int64_t width, float* sums) {
  if (taps.across == 3) return collect_rows<3, 3>(taps.rows, taps.offsets, dy, count, width, sums);
  constexpr int at_once = LANES == 16 ? 5 : 1;
  for (int ky = 0; ky < 5; ky += at_once) {
    collect_rows<at_once, 5>(taps.rows + ky, taps.offsets, dy, count, width, sums + ky * 5 * width);
  }
}

/** Columns in turns to two places. What is written behind a place's end must not matter. */
LOOP void split(const float* from, int64_t columns, int64_t channels, float* first, float* second) {
  const int64_t whole = (channels + LANES - 1) / LANES * LANES;
  for (int64_t column = 0; column < columns; column++) {
    float* to = column % 2 == 0 ? first : second;
    (column % 2 == 0 ? first : second) += channels;
    if ((columns - column) * channels < whole) memcpy(to, from, channels * sizeof(float));
    else for (int64_t c = 0; c < channels; c += LANES) store(to + c, load(from + c));
    from += channels;
  }
}

/** The opposite: columns in turns from two places, behind whose ends there must be something. */
LOOP void join(const float* first, const float* second, int64_t columns, int64_t channels, float* to) {
  const int64_t whole = (channels + LANES - 1) / LANES * LANES;
  for (int64_t column = 0; column < columns; column++) {
    const float* from = column % 2 == 0 ? first : second;
    (column % 2 == 0 ? first : second) += channels;
    if ((columns - column) * channels < whole) memcpy(to, from, channels * sizeof(float));
    else for (int64_t c = 0; c < channels; c += LANES) store(to + c, load(from + c));
    to += channels;
  }
}

static const Kernels all = {
    moments,
    {apply<kNone>, apply<kRelu>, apply<kRelu6>, apply<kHardSwish>, apply<kSwish>},
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
