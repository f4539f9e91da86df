// Vectors of LANES numbers, and activations of them; a part of loops.h.

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

PART int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
