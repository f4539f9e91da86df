#include "depthwise.h"
#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>
#include "threads.h"

namespace {

using Row = std::vector<float>;

/** The batch is cut into as many shares, whose sums are added in order. */
constexpr int64_t kShares = 16;

constexpr int64_t kLargest = 5;

/** The length after which channels and vectors begin together. */
int64_t period(int64_t channels) { return channels * (kWidest / std::gcd(channels, kWidest)); }

/** Rows of weights, each repeated to the period. */
Row repeated(const float* weights, int64_t rows, int64_t channels) {
  const int64_t width = period(channels);
  Row result(rows * width);
  for (int64_t row = 0; row < rows; row++)
    for (int64_t j = 0; j < width; j += channels) std::memcpy(&result[row * width + j], weights + row * channels, channels * sizeof(float));
  return result;
}

/**
 * The rows of an image that a kernel sees, with zeros around it. With a stride of 2 the even columns come first, then the odd ones, so that
 * what a tap reads for neighbouring outputs lies side by side. As many rows are kept as a kernel is high.
 */
class Window {
 public:
  explicit Window(const Depthwise& of)
      : of_(of), columns_((of.out_width - 1) * of.stride + of.kernel), odds_((columns_ + 1) / 2 * of.channels + kWidest),
        length_(columns_ * of.channels + 2 * kWidest), rows_(of.kernel * length_, 0.0f) {
    for (int64_t kx = 0; kx < of.kernel; kx++) offsets_[kx] = place(kx);
  }

  void begin(const float* image) {
    image_ = image;
    next_ = 0;
  }

  /** What the kernel reads for a row of outputs; they must be asked for in order. */
  Taps at(int64_t out_row) {
    const int64_t first = out_row * of_.stride;
    next_ = std::max(next_, first);
    while (next_ < first + of_.kernel) fill(next_++);
    for (int64_t ky = 0; ky < of_.kernel; ky++) pointers_[ky] = &rows_[(first + ky) % of_.kernel * length_];
    return {pointers_, offsets_, of_.kernel, of_.kernel};
  }

 private:
  int64_t place(int64_t column) const { return of_.stride == 1 ? column * of_.channels : column % 2 * odds_ + column / 2 * of_.channels; }

  void fill(int64_t padded_row) {
    float* row = &rows_[padded_row % of_.kernel * length_];
    const int64_t y = padded_row - of_.top, channels = of_.channels;
    const float* from = image_ + y * of_.width * channels;
    if (y < 0 || y >= of_.height) {
      std::memset(row, 0, length_ * sizeof(float));
      return;
    }
    const int64_t end = std::min(columns_, of_.left + of_.width), seen = end - of_.left;
    if (of_.stride == 1) std::memcpy(row + of_.left * channels, from, seen * channels * sizeof(float));
    else kernels().split(from, seen, channels, row + place(of_.left), row + place(of_.left + 1));
    const auto zero = [&](int64_t column) { std::memset(row + place(column), 0, channels * sizeof(float)); };
    for (int64_t column = 0; column < of_.left; column++) zero(column);
    for (int64_t column = end; column < columns_; column++) zero(column);
  }

  const Depthwise of_;
  const int64_t columns_, odds_, length_;
  Row rows_;
  const float* image_ = nullptr;
  int64_t next_ = 0;
  int64_t offsets_[kLargest];
  const float* pointers_[kLargest];
};

/** The gradient of one image of a stride of 2: its even and its odd rows and columns each see other taps of the kernel. */
class Spread {
 public:
  Spread(const Depthwise& of, const float* weights)
      : of_(of), row_(of.out_width * of.channels), length_((of.out_width + 2 * of.kernel) * of.channels + kWidest),
        slopes_((of.out_height + 2 * of.kernel) * length_, 0.0f) {
    for (Row& half : halves_) half.resize((of.width + 1) / 2 * of.channels + kWidest);
    for (int64_t odd_row = 0; odd_row < 2; odd_row++)
      for (int64_t odd = 0; odd < 2; odd++) weights_[odd_row][odd] = chosen(weights, odd_row, odd);
  }

  void image(const float* dy, float* dx) {
    const int64_t channels = of_.channels;
    for (int64_t row = 0; row < of_.out_height; row++)
      std::memcpy(at(row) + of_.kernel * channels, dy + row * row_, row_ * sizeof(float));
    for (int64_t row = 0; row < of_.height; row++) {
      for (int64_t column = 0; column < 2; column++) half(row, column);
      kernels().join(halves_[0].data(), halves_[1].data(), of_.width, channels, dx + row * of_.width * channels);
    }
  }

 private:
  float* at(int64_t row) { return &slopes_[(row + of_.kernel) * length_]; }

  Row chosen(const float* weights, int64_t odd_row, int64_t odd) const {
    Row taps;
    for (int64_t ky = odd_row; ky < of_.kernel; ky += 2)
      for (int64_t kx = odd; kx < of_.kernel; kx += 2) {
        const float* tap = weights + (ky * of_.kernel + kx) * of_.channels;
        taps.insert(taps.end(), tap, tap + of_.channels);
      }
    return repeated(taps.data(), taps.size() / of_.channels, of_.channels);
  }

  /** Every other column of a row. */
  void half(int64_t row, int64_t column) {
    const int64_t odd_row = (row + of_.top) % 2, odd = (column + of_.left) % 2;
    int64_t offsets[kLargest], down = 0, across = 0;
    const float* rows[kLargest];
    for (int64_t ky = odd_row; ky < of_.kernel; ky += 2) rows[down++] = at(halved(row + of_.top - ky));
    for (int64_t kx = odd; kx < of_.kernel; kx += 2) offsets[across++] = (halved(column + of_.left - kx) + of_.kernel) * of_.channels;
    kernels().correlate({rows, offsets, down, across}, weights_[odd_row][odd].data(), (of_.width - column + 1) / 2 * of_.channels,
                        period(of_.channels), halves_[column].data());
  }

  static int64_t halved(int64_t even) { return even >= 0 ? even / 2 : -(-even / 2); }

  const Depthwise of_;
  const int64_t row_, length_;
  Row slopes_;
  Row halves_[2];
  Row weights_[2][2];
};

}  // namespace

void depthwise(const Depthwise& of, const float* x, const float* weights, float* y) {
  const int64_t image = of.height * of.width * of.channels, row = of.out_width * of.channels;
  const Row taps = repeated(weights, of.kernel * of.kernel, of.channels);
  in_parallel(std::min(of.batch, kShares), [&](int64_t share) {
    Window window(of);
    const int64_t shares = std::min(of.batch, kShares);
    for (int64_t n = of.batch * share / shares; n < of.batch * (share + 1) / shares; n++) {
      window.begin(x + n * image);
      float* to = y + n * of.out_height * row;
      for (int64_t r = 0; r < of.out_height; r++) kernels().correlate(window.at(r), taps.data(), row, period(of.channels), to + r * row);
    }
  });
}

void depthwise_input_gradient(const Depthwise& of, const float* weights, const float* dy, float* dx) {
  if (of.stride == 1) {
    Row turned(of.kernel * of.kernel * of.channels);
    const int64_t last = of.kernel * of.kernel - 1;
    for (int64_t tap = 0; tap <= last; tap++)
      std::memcpy(&turned[tap * of.channels], weights + (last - tap) * of.channels, of.channels * sizeof(float));
    Depthwise back = of;
    std::swap(back.height, back.out_height);
    std::swap(back.width, back.out_width);
    back.top = of.kernel - 1 - of.top;
    back.left = of.kernel - 1 - of.left;
    return depthwise(back, dy, turned.data(), dx);
  }
  const int64_t image = of.height * of.width * of.channels, out = of.out_height * of.out_width * of.channels;
  const int64_t shares = std::min(of.batch, kShares);
  in_parallel(shares, [&](int64_t share) {
    Spread spread(of, weights);
    for (int64_t n = of.batch * share / shares; n < of.batch * (share + 1) / shares; n++) spread.image(dy + n * out, dx + n * image);
  });
}

void depthwise_weights_gradient(const Depthwise& of, const float* x, const float* dy, float* d_weights) {
  const int64_t image = of.height * of.width * of.channels, row = of.out_width * of.channels, width = period(of.channels);
  const int64_t taps = of.kernel * of.kernel, shares = std::min(of.batch, kShares);
  Row sums(shares * taps * width, 0.0f);
  in_parallel(shares, [&](int64_t share) {
    Window window(of);
    for (int64_t n = of.batch * share / shares; n < of.batch * (share + 1) / shares; n++) {
      window.begin(x + n * image);
      const float* slopes = dy + n * of.out_height * row;
      for (int64_t r = 0; r < of.out_height; r++) kernels().collect(window.at(r), slopes + r * row, row, width, &sums[share * taps * width]);
    }
  });
  for (int64_t tap = 0; tap < taps; tap++)
    for (int64_t c = 0; c < of.channels; c++) {
      double sum = 0;
      for (int64_t share = 0; share < shares; share++)
        for (int64_t j = c; j < width; j += of.channels) sum += sums[(share * taps + tap) * width + j];
      d_weights[tap * of.channels + c] = float(sum);
    }
}
