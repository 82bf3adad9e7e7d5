// What normalises, scales or masks rows by numbers that are not learned: activations to the engine.
#pragma once

#include "kernels/body/activation_loops.hpp"
#include "kernels/body/registry.hpp"
#include "kernels/body/rowwise.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// y = (z - m) / sqrt(v + epsilon), m and v the mean and variance of the row; p0 is epsilon.
// dz = (dy - mean(dy) - y mean(dy y)) / sqrt(v + epsilon). Ba, Kiros & Hinton, arXiv:1607.06450.
template <class T>
struct Standardize {
  static constexpr const char* kName = "standardize";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = true;
  T epsilon;
  explicit PRONGHORN_MEMBER Standardize(const ActivationParams& params)
      : epsilon(static_cast<T>(params.p0)) {}

  // The inverse of the standard deviation; the mean comes back in `mean`.
  PRONGHORN_MEMBER T moments(const T* z, std::size_t cols, T& mean) const {
    const T count = static_cast<T>(cols);
    mean = sum_of<T>(cols, [&](std::size_t i, std::size_t n) { return load_up_to(z + i, n); });
    mean /= count;
    const T squares = sum_of<T>(cols, [&](std::size_t i, std::size_t n) {
      const Vec<T> centred = load_up_to(z + i, n) - mean;
      return centred * centred;
    });
    return T(1) / generic::sqrt_lane(squares / count + epsilon);
  }
  PRONGHORN_MEMBER void value(const T* z, T* y, std::size_t cols) const {
    T mean;
    const T scale = moments(z, cols, mean);
    map(z, y, cols, [&](Vec<T> v) { return (v - mean) * scale; });
  }
  PRONGHORN_MEMBER void gradient(const T* z, const T*, const T* dy, T* dz, std::size_t cols) const {
    T mean;
    const T scale = moments(z, cols, mean), count = static_cast<T>(cols);
    const T level =
        sum_of<T>(cols, [&](std::size_t i, std::size_t n) { return load_up_to(dy + i, n); }) /
        count;
    const T slope = sum_of<T>(cols,
                              [&](std::size_t i, std::size_t n) {
                                return load_up_to(dy + i, n) * (load_up_to(z + i, n) - mean);
                              }) *
                    (scale * scale / count);
    map(z, dy, dz, cols,
        [&](Vec<T> v, Vec<T> d) { return ((d - level) - (v - mean) * slope) * scale; });
  }
};
PRONGHORN_REGISTER(Standardize)

// y = z / sqrt(mean(z^2) + epsilon); p0 is epsilon. Zhang & Sennrich, arXiv:1910.07467.
template <class T>
struct RootMeanSquare {
  static constexpr const char* kName = "root_mean_square";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = true;
  T epsilon;
  explicit PRONGHORN_MEMBER RootMeanSquare(const ActivationParams& params)
      : epsilon(static_cast<T>(params.p0)) {}

  PRONGHORN_MEMBER T scale_of(const T* z, std::size_t cols) const {
    return T(1) / generic::sqrt_lane(dot_row(z, z, cols) / static_cast<T>(cols) + epsilon);
  }
  PRONGHORN_MEMBER void value(const T* z, T* y, std::size_t cols) const {
    const T scale = scale_of(z, cols);
    map(z, y, cols, [&](Vec<T> v) { return v * scale; });
  }
  PRONGHORN_MEMBER void gradient(const T* z, const T*, const T* dy, T* dz, std::size_t cols) const {
    const T scale = scale_of(z, cols);
    const T slope = dot_row(z, dy, cols) * (scale * scale / static_cast<T>(cols));
    map(z, dy, dz, cols, [&](Vec<T> v, Vec<T> d) { return (d - v * slope) * scale; });
  }
};
PRONGHORN_REGISTER(RootMeanSquare)

// y = z / max(|z|, epsilon) with the Euclidean norm; p0 is epsilon.
// dz = (dy - y (y dy)) / |z|, or dy / epsilon where |z| < epsilon.
template <class T>
struct UnitLength {
  static constexpr const char* kName = "unit_length";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = true;
  T epsilon;
  explicit PRONGHORN_MEMBER UnitLength(const ActivationParams& params)
      : epsilon(static_cast<T>(params.p0)) {}

  PRONGHORN_MEMBER void value(const T* z, T* y, std::size_t cols) const {
    const T norm = generic::sqrt_lane(dot_row(z, z, cols));
    const T scale = T(1) / (norm > epsilon ? norm : epsilon);
    map(z, y, cols, [&](Vec<T> v) { return v * scale; });
  }
  PRONGHORN_MEMBER void gradient(const T* z, const T*, const T* dy, T* dz, std::size_t cols) const {
    const T norm = generic::sqrt_lane(dot_row(z, z, cols));
    const bool free = norm > epsilon;
    const T scale = T(1) / (free ? norm : epsilon);
    const T slope = free ? dot_row(z, dy, cols) * (scale * scale) : T(0);
    map(z, dy, dz, cols, [&](Vec<T> v, Vec<T> d) { return (d - v * slope) * scale; });
  }
};
PRONGHORN_REGISTER(UnitLength)

// y = p0 z + p1.
template <class T>
struct Rescale {
  static constexpr const char* kName = "rescale";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  T scale, offset;
  explicit PRONGHORN_MEMBER Rescale(const ActivationParams& params)
      : scale(static_cast<T>(params.p0)), offset(static_cast<T>(params.p1)) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return z * scale + offset; }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T>, Vec<T> dy) const { return dy * scale; }
};
PRONGHORN_REGISTER(Rescale)

// The row itself, or zeros if all of it equals p0; its gradient likewise.
template <class T>
struct MaskRows {
  static constexpr const char* kName = "mask_rows";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = true;
  T masked;
  explicit PRONGHORN_MEMBER MaskRows(const ActivationParams& params)
      : masked(static_cast<T>(params.p0)) {}

  PRONGHORN_MEMBER bool all_masked(const T* z, std::size_t cols) const {
    for (std::size_t i = 0; i < cols; ++i) {
      if (z[i] != masked) return false;
    }
    return true;
  }
  PRONGHORN_MEMBER void value(const T* z, T* y, std::size_t cols) const {
    const bool zero = all_masked(z, cols);
    map(z, y, cols, [&](Vec<T> v) { return zero ? Vec<T>{} : v; });
  }
  PRONGHORN_MEMBER void gradient(const T* z, const T*, const T* dy, T* dz, std::size_t cols) const {
    const bool zero = all_masked(z, cols);
    map(dy, dz, cols, [&](Vec<T> d) { return zero ? Vec<T>{} : d; });
  }
};
PRONGHORN_REGISTER(MaskRows)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
