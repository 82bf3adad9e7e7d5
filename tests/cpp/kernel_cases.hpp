// What the tests of kernels share: every instruction set that runs here, guarded buffers, errors in
// units in the last place.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/dispatch.hpp"

namespace pronghorn::tests {

// Calls check(table) for each instruction set that this machine runs.
template <class T, class Check>
void for_each_isa(Check check) {
  for (const std::string& isa : kernels::supported_isas()) {
    SCOPED_TRACE(isa + (sizeof(T) == 4 ? " float" : " double"));
    check(kernels::table<T>(isa));
  }
}

// A (rows, cols) matrix with `ld` elements between rows; everything outside it is a guard.
template <class T>
class Guarded {
 public:
  Guarded(std::size_t rows, std::size_t cols, std::size_t ld, std::size_t offset = 3)
      : rows_(rows),
        cols_(cols),
        ld_(ld),
        offset_(offset),
        data_(offset + rows * ld + 2 * kAround, kGuard) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) at(r, c) = 0;
    }
  }

  T* data() { return data_.data() + kAround + offset_; }
  std::size_t ld() const { return ld_; }
  T& at(std::size_t r, std::size_t c) { return data()[r * ld_ + c]; }

  void fill(std::mt19937_64& random, double low, double high) {
    std::uniform_real_distribution<double> uniform(low, high);
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < cols_; ++c) at(r, c) = static_cast<T>(uniform(random));
    }
  }

  bool guards_intact() {
    for (std::size_t i = 0; i < data_.size(); ++i) {
      const std::size_t start = kAround + offset_;
      const bool inside = i >= start && i < start + rows_ * ld_ && (i - start) % ld_ < cols_;
      if (!inside && data_[i] != kGuard) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kAround = 64;
  static constexpr T kGuard = T(-12345.5);
  std::size_t rows_, cols_, ld_, offset_;
  std::vector<T> data_;
};

// |got - want| in units in the last place of T at `want`; huge where one is NaN or infinite and the
// other is not.
template <class T>
double ulp_error(T got, long double want) {
  constexpr double kHuge = 1e30;
  const T rounded = static_cast<T>(want);
  if (std::isnan(want)) return std::isnan(got) ? 0 : kHuge;
  if (std::isinf(got) || std::isinf(rounded)) return got == rounded ? 0 : kHuge;
  if (std::isnan(got)) return kHuge;
  int exponent = 0;
  std::frexp(want, &exponent);
  const int least = std::numeric_limits<T>::min_exponent;
  if (want == 0 || exponent < least) exponent = least;
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - want) / unit);
}

}  // namespace pronghorn::tests
