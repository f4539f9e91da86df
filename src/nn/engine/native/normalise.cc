#include "normalise.h"
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>
#include "threads.h"

namespace {

using Row = std::vector<float>;

/** How many numbers a part has about: it stays in a core's own cache between two passes. */
constexpr int64_t kPart = 1 << 15;

/** Numbers cut into rows that repeat the channels until they fill vectors, and the rows into parts; what is left over is a part of its own. */
class Parts {
 public:
  Parts(int64_t size, int64_t channels) : size_(size), channels_(channels) {
    const int64_t least = kWidest / std::gcd(channels, kWidest);
    width = channels * least * std::max<int64_t>(1, 4 * kWidest / (channels * least));
    rows_ = size / width;
    const int64_t eights = std::max<int64_t>(1, kPart / width / 8);
    rows_each_ = eights * 8;
    whole_ = (rows_ + rows_each_ - 1) / rows_each_;
  }

  int64_t count() const { return whole_ + (size_ % width != 0); }
  int64_t start(int64_t part) const { return part == whole_ ? rows_ * width : part * rows_each_ * width; }
  int64_t rows(int64_t part) const { return part == whole_ ? 1 : std::min(rows_each_, rows_ - part * rows_each_); }
  /** The length of a row that is not whole; 0 for those that are. */
  int64_t rest(int64_t part) const { return part == whole_ ? size_ % width : 0; }

  Row repeated(const float* values) const {
    Row row(width);
    for (int64_t j = 0; j < width; j++) row[j] = values[j % channels_];
    return row;
  }

  /** The sums of each channel over all parts' rows, in the parts' order. */
  void fold(const Row& rows, double* sums) const {
    std::fill(sums, sums + channels_, 0.0);
    for (int64_t part = 0; part < count(); part++) {
      const int64_t length = rest(part) == 0 ? width : rest(part);
      for (int64_t j = 0; j < length; j++) sums[j % channels_] += rows[part * width + j];
    }
  }

  int64_t width;

 private:
  int64_t size_, channels_, rows_, rows_each_, whole_;
};

/** A part of an array, or a copy of it that fills a whole row. */
class Filled {
 public:
  Filled(const float* from, int64_t rest, int64_t width) : from_(from) {
    if (rest == 0) return;
    copy_.assign(width, 0.0f);
    std::memcpy(copy_.data(), from, rest * sizeof(float));
    from_ = copy_.data();
  }
  const float* data() const { return from_; }

 private:
  const float* from_;
  Row copy_;
};

/** A value near each channel's mean, so that squares of what differs from it lose nothing. */
Row roughMean(const float* x, int64_t size, int64_t channels) {
  const int64_t rows = size / channels, seen = std::min<int64_t>(rows, 32);
  Row mean(channels, 0.0f);
  for (int64_t row = 0; row < seen; row++) {
    const float* from = x + row * (rows / seen) * channels;
    for (int64_t c = 0; c < channels; c++) mean[c] += from[c] / float(seen);
  }
  return mean;
}

/** One through the deviation, times the scale. */
Row factors(const Normalised& of, const float* inverse) {
  Row factor(of.channels);
  for (int64_t c = 0; c < of.channels; c++) factor[c] = of.scale[c] * inverse[c];
  return factor;
}

}  // namespace

void normalise(const Normalised& of, float epsilon, float* y, float* variance, Statistics statistics) {
  const int64_t channels = of.channels;
  const Parts parts(of.size, channels);
  const int64_t width = parts.width;
  const Row rough = roughMean(of.x, of.size, channels), about = parts.repeated(rough.data());
  Row sums(parts.count() * width, 0.0f), squares(parts.count() * width, 0.0f);
  in_parallel(parts.count(), [&](int64_t part) {
    const Filled x(of.x + parts.start(part), parts.rest(part), width);
    kernels().moments(x.data(), parts.rows(part), width, about.data(), &sums[part * width], &squares[part * width]);
  });
  std::vector<double> sum(channels), square(channels);
  parts.fold(sums, sum.data());
  parts.fold(squares, square.data());
  const double count = double(of.size / channels);
  for (int64_t c = 0; c < channels; c++) {
    const double off = sum[c] / count;
    const double spread = square[c] / count - off * off;
    const double biased = spread < 0 ? 0 : spread;
    statistics.mean[c] = float(rough[c] + off);
    statistics.inverse[c] = float(1 / std::sqrt(biased + epsilon));
    variance[c] = float(count > 1 ? biased * count / (count - 1) : biased);
  }
  const Row mean = parts.repeated(statistics.mean), factor = parts.repeated(factors(of, statistics.inverse).data());
  const Row offset = parts.repeated(of.offset);
  const Line line{mean.data(), factor.data(), offset.data()};
  in_parallel(parts.count(), [&](int64_t part) {
    const int64_t start = parts.start(part), rest = parts.rest(part);
    const Filled x(of.x + start, rest, width);
    Row copy(rest == 0 ? 0 : width);
    kernels().apply[of.activation](x.data(), parts.rows(part), width, line, rest == 0 ? y + start : copy.data());
    if (rest != 0) std::memcpy(y + start, copy.data(), rest * sizeof(float));
  });
}

void normalise_gradient(const Normalised& of, Statistics statistics, const float* dy, float* dx, float* d_scale, float* d_offset) {
  const int64_t channels = of.channels;
  const Parts parts(of.size, channels);
  const int64_t width = parts.width;
  const Row own = factors(of, statistics.inverse);
  const Row mean = parts.repeated(statistics.mean), factor = parts.repeated(own.data()), offset = parts.repeated(of.offset);
  const Line line{mean.data(), factor.data(), offset.data()};
  Row sums(parts.count() * width, 0.0f), products(parts.count() * width, 0.0f);
  in_parallel(parts.count(), [&](int64_t part) {
    const int64_t start = parts.start(part), rest = parts.rest(part);
    const Filled x(of.x + start, rest, width), slopes(dy + start, rest, width);
    kernels().slopes[of.activation](slopes.data(), x.data(), parts.rows(part), width, line, &sums[part * width], &products[part * width]);
  });
  std::vector<double> sum(channels), product(channels);
  parts.fold(sums, sum.data());
  parts.fold(products, product.data());
  const double count = double(of.size / channels);
  Row tilt(channels), shift(channels);
  for (int64_t c = 0; c < channels; c++) {
    const double inverse = statistics.inverse[c];
    d_offset[c] = float(sum[c]);
    d_scale[c] = float(product[c] * inverse);
    shift[c] = float(-own[c] * sum[c] / count);
    tilt[c] = float(-own[c] * inverse * inverse * product[c] / count);
  }
  const Row tilts = parts.repeated(tilt.data()), shifts = parts.repeated(shift.data());
  in_parallel(parts.count(), [&](int64_t part) {
    const int64_t start = parts.start(part), rest = parts.rest(part);
    const Filled x(of.x + start, rest, width), slopes(dy + start, rest, width);
    Row copy(rest == 0 ? 0 : width);
    float* to = rest == 0 ? dx + start : copy.data();
    kernels().back[of.activation](slopes.data(), x.data(), parts.rows(part), width, line, tilts.data(), shifts.data(), to);
    if (rest != 0) std::memcpy(dx + start, copy.data(), rest * sizeof(float));
  });
}
