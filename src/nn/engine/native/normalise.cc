#include "normalise.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>
#include "threads.h"

namespace {

using Row = std::vector<float>;

/** How many numbers a part has about: it stays in a core's own cache between two passes. */
constexpr int64_t kPart = 1 << 15;

/**
 * Numbers as rows that repeat the channels until they fill vectors, cut into parts. Where images differ in what is done with them, a part
 * lies in one image.
 */
class Parts {
 public:
  Parts(const Normalised& of, bool by_image)
      : channels_(of.channels), images_(by_image ? of.images : 1), size_(by_image ? of.size : of.images * of.size) {
    const int64_t least = channels_ * (kWidest / std::gcd(channels_, kWidest));
    width = least * std::max<int64_t>(1, 4 * kWidest / least);
    each_ = std::max<int64_t>(1, kPart / width / 8) * 8 * width;
    of_image_ = (size_ + each_ - 1) / each_;
  }

  int64_t count() const { return images_ * of_image_; }
  int64_t image(int64_t part) const { return part / of_image_; }
  int64_t start(int64_t part) const { return image(part) * size_ + part % of_image_ * each_; }
  int64_t length(int64_t part) const { return std::min(each_, size_ - part % of_image_ * each_); }

  Row repeated(const float* values) const {
    Row row(width);
    for (int64_t j = 0; j < width; j += channels_) std::copy(values, values + channels_, &row[j]);
    return row;
  }

  /** Adds the sums of each channel over some parts' rows, in the parts' order. */
  void fold(const Row& rows, int64_t first, int64_t last, double* sums) const {
    std::fill(sums, sums + channels_, 0.0);
    for (int64_t part = first; part < last; part++)
      for (int64_t j = 0; j < width; j += channels_)
        for (int64_t c = 0; c < channels_; c++) sums[c] += rows[part * width + j + c];
  }

  int64_t width;

 private:
  int64_t channels_, images_, size_, each_, of_image_;
};

/** A batch norm's numbers, repeated. */
struct Repeated {
  Repeated(const Normalised& of, const Statistics& statistics, const Parts& parts) : own(of.channels) {
    for (int64_t c = 0; c < of.channels; c++) own[c] = of.scale[c] * statistics.inverse[c];
    mean = parts.repeated(statistics.mean);
    factor = parts.repeated(own.data());
    offset = parts.repeated(of.offset);
  }
  Line line() const { return {mean.data(), factor.data(), offset.data()}; }

  Row own, mean, factor, offset;
};

/** The gate of one image, repeated; empty without one. */
struct RepeatedGate {
  RepeatedGate(Gate gate, int64_t image, int64_t channels, const Parts& parts) {
    if (gate.factor == nullptr) return;
    factor = parts.repeated(gate.factor + image * channels);
    added = parts.repeated(gate.added + image * channels);
  }
  Gate gate() const { return factor.empty() ? Gate{nullptr, nullptr} : Gate{factor.data(), added.data()}; }

  Row factor, added;
};

/** A value near each channel's mean, so that squares of what differs from it lose nothing. */
Row roughMean(const Normalised& of) {
  const int64_t rows = of.images * of.size / of.channels, seen = std::min<int64_t>(rows, 32);
  Row mean(of.channels, 0.0f);
  for (int64_t row = 0; row < seen; row++) {
    const float* from = of.x + row * (rows / seen) * of.channels;
    for (int64_t c = 0; c < of.channels; c++) mean[c] += from[c] / float(seen);
  }
  return mean;
}

void measure(const Normalised& of, float epsilon, float* variance, Statistics statistics) {
  const Parts parts(of, false);
  const int64_t width = parts.width;
  const Row rough = roughMean(of), about = parts.repeated(rough.data());
  Row sums(parts.count() * width, 0.0f), squares(parts.count() * width, 0.0f);
  in_parallel(parts.count(), [&](int64_t part) {
    kernels().moments(of.x + parts.start(part), parts.length(part), width, about.data(), &sums[part * width], &squares[part * width]);
  });
  std::vector<double> sum(of.channels), square(of.channels);
  parts.fold(sums, 0, parts.count(), sum.data());
  parts.fold(squares, 0, parts.count(), square.data());
  const double count = double(of.images * of.size / of.channels);
  for (int64_t c = 0; c < of.channels; c++) {
    const double off = sum[c] / count;
    const double spread = square[c] / count - off * off;
    // What is no number stays so.
    const double biased = spread < 0 ? 0 : spread;
    statistics.mean[c] = float(rough[c] + off);
    statistics.inverse[c] = float(1 / std::sqrt(biased + epsilon));
    variance[c] = float(count > 1 ? biased * count / (count - 1) : biased);
  }
}

}  // namespace

void normalise(const Normalised& of, float epsilon, float* y, float* variance, Statistics statistics) {
  measure(of, epsilon, variance, statistics);
  const Parts parts(of, false);
  const Repeated repeated(of, statistics, parts);
  in_parallel(parts.count(), [&](int64_t part) {
    const int64_t start = parts.start(part);
    kernels().apply[of.activation](of.x + start, parts.length(part), parts.width, repeated.line(), y + start);
  });
}

void normalise_gradient(const Normalised& of, Statistics statistics, const float* dy, Gate gate, NormaliseGradients to) {
  const int64_t channels = of.channels;
  const Parts parts(of, gate.factor != nullptr);
  const int64_t width = parts.width;
  const Repeated repeated(of, statistics, parts);
  Row sums(parts.count() * width, 0.0f), products(parts.count() * width, 0.0f);
  in_parallel(parts.count(), [&](int64_t part) {
    const int64_t start = parts.start(part);
    const RepeatedGate own(gate, parts.image(part), channels, parts);
    kernels().slopes[of.activation](dy + start, of.x + start, parts.length(part), width, repeated.line(), own.gate(), &sums[part * width],
                                    &products[part * width]);
  });
  std::vector<double> sum(channels), product(channels);
  parts.fold(sums, 0, parts.count(), sum.data());
  parts.fold(products, 0, parts.count(), product.data());
  const double count = double(of.images * of.size / channels);
  Row tilt(channels), shift(channels);
  for (int64_t c = 0; c < channels; c++) {
    const double inverse = statistics.inverse[c], factor = repeated.own[c];
    to.d_offset[c] = float(sum[c]);
    to.d_scale[c] = float(product[c] * inverse);
    shift[c] = float(-factor * sum[c] / count);
    tilt[c] = float(-factor * inverse * inverse * product[c] / count);
  }
  const Row tilts = parts.repeated(tilt.data()), shifts = parts.repeated(shift.data());
  in_parallel(parts.count(), [&](int64_t part) {
    const int64_t start = parts.start(part);
    const RepeatedGate own(gate, parts.image(part), channels, parts);
    kernels().back[of.activation](dy + start, of.x + start, parts.length(part), width, repeated.line(), own.gate(), tilts.data(),
                                  shifts.data(), to.dx + start);
  });
}

void gate_gradient(const Normalised& of, Statistics statistics, const float* dy, float* d_gate) {
  const Parts parts(of, true);
  const int64_t width = parts.width, of_image = parts.count() / of.images;
  const Repeated repeated(of, statistics, parts);
  in_parallel(of.images, [&](int64_t image) {
    Row sums(of_image * width, 0.0f);
    for (int64_t own = 0; own < of_image; own++) {
      const int64_t part = image * of_image + own, start = parts.start(part);
      kernels().weigh[of.activation](dy + start, of.x + start, parts.length(part), width, repeated.line(), &sums[own * width]);
    }
    std::vector<double> sum(of.channels);
    parts.fold(sums, 0, of_image, sum.data());
    std::copy(sum.begin(), sum.end(), d_gate + image * of.channels);
  });
}
