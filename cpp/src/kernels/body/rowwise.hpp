// Row-wise activations: a row is one unit.
#pragma once

#include "kernels/body/activation_loops.hpp"
#include "kernels/body/registry.hpp"
#include "kernels/body/softmax.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// e[i] = exp(z[i] - shift); returns their sum. e may be null or z itself.
template <class T>
PRONGHORN_INLINE T exp_row(const T* z, T* e, std::size_t n, T shift) {
  return sum_of<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> value = exp<T>(load_up_to(z + i, count) - shift);
    if (e != nullptr) store_up_to<T>(e + i, value, count);
    return value;
  });
}

template <class T>
PRONGHORN_INLINE T dot_row(const T* a, const T* b, std::size_t n) {
  return sum_of<T>(n, [&](std::size_t i, std::size_t count) {
    return load_up_to(a + i, count) * load_up_to(b + i, count);
  });
}

// y_i = e^(z_i - m) / sum_j e^(z_j - m), m = max z; dz_i = y_i (dy_i - sum_j y_j dy_j).
template <class T>
struct Softmax {
  static constexpr const char* kName = "softmax";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = true;
  explicit PRONGHORN_MEMBER Softmax(const ActivationParams&) {}
  static PRONGHORN_MEMBER void value(const T* z, T* y, std::size_t cols) {
    const T scale = T(1) / exp_row(z, y, cols, row_max(z, cols));
    map(y, y, cols, [&](Vec<T> e) { return e * scale; });
  }
  static PRONGHORN_MEMBER void gradient(const T*, const T* y, const T* dy, T* dz,
                                        std::size_t cols) {
    const T mean = dot_row(y, dy, cols);
    map(y, dy, dz, cols, [&](Vec<T> p, Vec<T> d) { return p * (d - mean); });
  }
};
PRONGHORN_REGISTER(Softmax)

// y_i = z_i - m - log sum_j e^(z_j - m), m = max z; dz_i = dy_i - e^(y_i) sum_j dy_j.
template <class T>
struct LogSoftmax {
  static constexpr const char* kName = "log_softmax";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = true;
  explicit PRONGHORN_MEMBER LogSoftmax(const ActivationParams&) {}
  static PRONGHORN_MEMBER void value(const T* z, T* y, std::size_t cols) {
    const T shift = row_max(z, cols);
    const T log_sum = log_scalar(exp_row<T>(z, nullptr, cols, shift));
    map(z, y, cols, [&](Vec<T> v) { return (v - shift) - log_sum; });
  }
  static PRONGHORN_MEMBER void gradient(const T*, const T* y, const T* dy, T* dz,
                                        std::size_t cols) {
    const T total = sum_of<T>(
        cols, [&](std::size_t i, std::size_t count) { return load_up_to(dy + i, count); });
    map(y, dy, dz, cols, [&](Vec<T> v, Vec<T> d) { return d - exp<T>(v) * total; });
  }
};
PRONGHORN_REGISTER(LogSoftmax)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
