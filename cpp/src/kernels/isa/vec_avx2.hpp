// AVX2 + FMA shell of body/vec.hpp, which states what each function does.
#pragma once

#include <immintrin.h>

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr bool kFused = true;

template <class T>
PRONGHORN_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  if constexpr (sizeof(T) == 4) {
    return _mm256_fmadd_ps(a, b, c);
  } else {
    return _mm256_fmadd_pd(a, b, c);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> sqrt(Vec<T> v) {
  if constexpr (sizeof(T) == 4) {
    return _mm256_sqrt_ps(v);
  } else {
    return _mm256_sqrt_pd(v);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> divide_by_root(Vec<T> a, Vec<T> v, T epsilon) {
  return a / (sqrt<T>(v) + epsilon);
}

template <class T>
PRONGHORN_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) {
    return _mm256_min_ps(a, b);
  } else {
    return _mm256_min_pd(a, b);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) {
    return _mm256_max_ps(a, b);
  } else {
    return _mm256_max_pd(a, b);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> scale_exponent(Vec<T> v, Vec<T> k) {
  return generic::scale_exponent<T>(v, k);
}

// A window of this table, slid by n, is the mask of the first n lanes.
alignas(64) constexpr std::int32_t kMask32[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                  0,  0,  0,  0,  0,  0,  0,  0};
alignas(64) constexpr std::int64_t kMask64[8] = {-1, -1, -1, -1, 0, 0, 0, 0};

PRONGHORN_INLINE __m256i mask_of_first(const float*, std::size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask32 + (8 - n)));
}
PRONGHORN_INLINE __m256i mask_of_first(const double*, std::size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask64 + (4 - n)));
}

PRONGHORN_INLINE Vec<float> load_first(const float* p, std::size_t n) {
  return _mm256_maskload_ps(p, mask_of_first(p, n));
}
PRONGHORN_INLINE Vec<double> load_first(const double* p, std::size_t n) {
  return _mm256_maskload_pd(p, mask_of_first(p, n));
}

template <class T, int Count>
PRONGHORN_INLINE Vec<T> repeat(const T* p) {
  static_assert(sizeof(T) == 4, "vectors of four lanes have no narrow panels");
  if constexpr (Count == 4) {
    return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(p));
  } else {
    double pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return reinterpret_cast<Vec<float>>(_mm256_set1_pd(pair));
  }
}

PRONGHORN_INLINE void store_first(float* p, Vec<float> v, std::size_t n) {
  _mm256_maskstore_ps(p, mask_of_first(p, n), v);
}
PRONGHORN_INLINE void store_first(double* p, Vec<double> v, std::size_t n) {
  _mm256_maskstore_pd(p, mask_of_first(p, n), v);
}

PRONGHORN_INLINE UintVec<double> multiply_wide(UintVec<double> a, UintVec<double> b) {
  return reinterpret_cast<UintVec<double>>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
