// The loops of depthwise convolutions; a part of loops.h.

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
