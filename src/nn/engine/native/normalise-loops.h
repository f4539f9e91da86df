// The loops of batch norm with an activation; a part of loops.h.

/** A vector, or a part of one: then the others are zero. */
template <bool WHOLE>
PART V taken(const float* from, int64_t part) {
  return WHOLE ? load(from) : load_part(from, part);
}

template <bool WHOLE>
PART void given(float* to, V value, int64_t part) {
  if (WHOLE) store(to, value);
  else store_part(to, value, part);
}

/** The first numbers of a vector, the others zero. */
template <bool WHOLE>
PART V only(V value, int64_t part) {
  if (WHOLE) return value;
  float kept[LANES];
  store(kept, value);
  return load_part(kept, part);
}

// Each of the following works on one vector's place in some rows; the loops after them go over all places.

template <bool WHOLE>
PART void moments_at(const float* x, int64_t rows, int64_t width, int64_t part, const float* about, float* sum, float* square) {
  const V middle = load(about);
  V s = V{}, q = V{};
  for (int64_t r = 0; r < rows; r++) {
    const V d = only<WHOLE>(taken<WHOLE>(x + r * width, part) - middle, part);
    s += d;
    q += d * d;
  }
  store(sum, load(sum) + s);
  store(square, load(square) + q);
}

LOOP void moments(const float* x, int64_t count, int64_t width, const float* about, float* sum, float* square) {
  const int64_t rows = count / width, whole = rows * width;
  for (int64_t row = 0; row < rows; row += 8)
    for (int64_t j = 0; j < width; j += LANES)
      moments_at<true>(x + row * width + j, least(8, rows - row), width, LANES, about + j, sum + j, square + j);
  for (int64_t j = 0; whole + j < count; j += LANES)
    moments_at<false>(x + whole + j, 1, width, least(LANES, count - whole - j), about + j, sum + j, square + j);
}

template <int A, bool WHOLE>
PART void apply_at(const float* x, int64_t rows, int64_t width, int64_t part, Line line, int64_t j, float* y) {
  const V mean = load(line.mean + j), factor = load(line.factor + j), offset = load(line.offset + j);
  for (int64_t at = 0; at < rows * width; at += width)
    given<WHOLE>(y + at, activation<A>((taken<WHOLE>(x + at, part) - mean) * factor + offset), part);
}

template <int A>
LOOP void apply(const float* x, int64_t count, int64_t width, Line line, float* y) {
  const int64_t rows = count / width, whole = rows * width;
  for (int64_t row = 0; row < rows; row += 4)
    for (int64_t j = 0; j < width; j += LANES)
      apply_at<A, true>(x + row * width + j, least(4, rows - row), width, LANES, line, j, y + row * width + j);
  for (int64_t j = 0; whole + j < count; j += LANES)
    apply_at<A, false>(x + whole + j, 1, width, least(LANES, count - whole - j), line, j, y + whole + j);
}

template <int A, bool WHOLE>
PART void weigh_at(const float* dy, const float* x, int64_t rows, int64_t width, int64_t part, Line line, int64_t j, float* sum) {
  const V mean = load(line.mean + j), factor = load(line.factor + j), offset = load(line.offset + j);
  V s = V{};
  for (int64_t at = 0; at < rows * width; at += width)
    s += taken<WHOLE>(dy + at, part) * activation<A>((taken<WHOLE>(x + at, part) - mean) * factor + offset);
  store(sum + j, load(sum + j) + s);
}

template <int A>
LOOP void weigh(const float* dy, const float* x, int64_t count, int64_t width, Line line, float* sum) {
  const int64_t rows = count / width, whole = rows * width;
  for (int64_t row = 0; row < rows; row += 8)
    for (int64_t j = 0; j < width; j += LANES)
      weigh_at<A, true>(dy + row * width + j, x + row * width + j, least(8, rows - row), width, LANES, line, j, sum);
  for (int64_t j = 0; whole + j < count; j += LANES)
    weigh_at<A, false>(dy + whole + j, x + whole + j, 1, width, least(LANES, count - whole - j), line, j, sum);
}

/** What the gate makes of a slope; without one all is as it is. */
PART V gated(V dy, V factor, V added, bool gates) { return gates ? dy * factor + added : dy; }

template <int A, bool WHOLE>
PART void slopes_at(const float* dy, const float* x, int64_t rows, int64_t width, int64_t part, Line line, Gate gate, int64_t j, float* sum,
                    float* product) {
  const V mean = load(line.mean + j), factor = load(line.factor + j), offset = load(line.offset + j);
  const bool gates = gate.factor != nullptr;
  const V times = gates ? load(gate.factor + j) : V{}, added = gates ? load(gate.added + j) : V{};
  V s = V{}, p = V{};
  for (int64_t at = 0; at < rows * width; at += width) {
    const V d = taken<WHOLE>(x + at, part) - mean;
    const V g = only<WHOLE>(slope<A>(gated(taken<WHOLE>(dy + at, part), times, added, gates), d * factor + offset), part);
    s += g;
    p += g * d;
  }
  store(sum + j, load(sum + j) + s);
  store(product + j, load(product + j) + p);
}

template <int A>
LOOP void slopes(const float* dy, const float* x, int64_t count, int64_t width, Line line, Gate gate, float* sum, float* product) {
  const int64_t rows = count / width, whole = rows * width;
  for (int64_t row = 0; row < rows; row += 8)
    for (int64_t j = 0; j < width; j += LANES)
      slopes_at<A, true>(dy + row * width + j, x + row * width + j, least(8, rows - row), width, LANES, line, gate, j, sum, product);
  for (int64_t j = 0; whole + j < count; j += LANES)
    slopes_at<A, false>(dy + whole + j, x + whole + j, 1, width, least(LANES, count - whole - j), line, gate, j, sum, product);
}

template <int A, bool WHOLE>
PART void back_at(const float* dy, const float* x, int64_t rows, int64_t width, int64_t part, Line line, Gate gate, int64_t j, V tilt, V shift,
                  float* dx) {
  const V mean = load(line.mean + j), factor = load(line.factor + j), offset = load(line.offset + j);
  const bool gates = gate.factor != nullptr;
  const V times = gates ? load(gate.factor + j) : V{}, added = gates ? load(gate.added + j) : V{};
  for (int64_t at = 0; at < rows * width; at += width) {
    const V d = taken<WHOLE>(x + at, part) - mean;
    const V g = slope<A>(gated(taken<WHOLE>(dy + at, part), times, added, gates), d * factor + offset);
    given<WHOLE>(dx + at, factor * g + (tilt * d + shift), part);
  }
}

template <int A>
LOOP void back(const float* dy, const float* x, int64_t count, int64_t width, Line line, Gate gate, const float* tilt, const float* shift,
               float* dx) {
  const int64_t rows = count / width, whole = rows * width;
  for (int64_t row = 0; row < rows; row += 4)
    for (int64_t j = 0; j < width; j += LANES) {
      const int64_t at = row * width + j;
      back_at<A, true>(dy + at, x + at, least(4, rows - row), width, LANES, line, gate, j, load(tilt + j), load(shift + j), dx + at);
    }
  for (int64_t j = 0; whole + j < count; j += LANES) {
    const int64_t at = whole + j, part = least(LANES, count - at);
    back_at<A, false>(dy + at, x + at, 1, width, part, line, gate, j, load(tilt + j), load(shift + j), dx + at);
  }
}
