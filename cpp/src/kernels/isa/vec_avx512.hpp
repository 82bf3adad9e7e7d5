// AVX-512 (F, DQ, BW, VL) shell of body/vec.hpp, which states what each function does.
#pragma once

#include <immintrin.h>

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr bool kFused = true;

// Masked forms with all lanes on, where GCC 12 warns of the unmasked ones' undefined operand
// (GCC bug 105593); they compile to the unmasked instruction.
constexpr __mmask16 kAll16 = 0xffff;
constexpr __mmask8 kAll8 = 0xff;

template <class T>
PRONGHORN_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  if constexpr (sizeof(T) == 4) {
    return _mm512_fmadd_ps(a, b, c);
  } else {
    return _mm512_fmadd_pd(a, b, c);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> sqrt(Vec<T> v) {
  if constexpr (sizeof(T) == 4) {
    return _mm512_maskz_sqrt_ps(kAll16, v);
  } else {
    return _mm512_maskz_sqrt_pd(kAll8, v);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) {
    return _mm512_maskz_min_ps(kAll16, a, b);
  } else {
    return _mm512_maskz_min_pd(kAll8, a, b);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) {
    return _mm512_maskz_max_ps(kAll16, a, b);
  } else {
    return _mm512_maskz_max_pd(kAll8, a, b);
  }
}

template <class T>
PRONGHORN_INLINE Vec<T> scale_exponent(Vec<T> v, Vec<T> k) {
  if constexpr (sizeof(T) == 4) {
    return _mm512_maskz_scalef_ps(kAll16, v, k);
  } else {
    return _mm512_maskz_scalef_pd(kAll8, v, k);
  }
}

// For floats by estimates of 14 bits and a Newton step each, since root and divider take longer
// than the rest of an optimizer's update. A root below 2^-60 counts as 0 beside an epsilon of 2^-36
// or more; vectors with numbers that the estimates cannot take (infinity, NaN, ...) go the exact
// way.
template <class T>
PRONGHORN_INLINE Vec<T> divide_by_root(Vec<T> a, Vec<T> v, T epsilon) {
  if constexpr (sizeof(T) == 4) {
    constexpr float kMost = 0x1p100f, kLeast = 0x1p-36f;
    const __mmask16 normal = _mm512_cmp_ps_mask(v, splat(0x1p-120f), _CMP_GE_OQ);
    const Vec<float> inverse = _mm512_maskz_rsqrt14_ps(normal, v);
    const Vec<float> near_root = _mm512_maskz_mul_ps(normal, v, inverse);
    const Vec<float> root = fma<T>(fma<T>(-near_root, near_root, v), T(0.5) * inverse, near_root);
    const Vec<float> divisor = root + epsilon;
    const __mmask16 in_range = _mm512_mask_cmp_ps_mask(
        _mm512_cmp_ps_mask(v, splat(kMost), _CMP_LE_OQ), divisor, splat(kLeast), _CMP_GE_OQ);
    if (__builtin_expect(in_range == kAll16, 1)) {
      const Vec<float> reciprocal = _mm512_maskz_rcp14_ps(kAll16, divisor);
      const Vec<float> quotient = a * reciprocal;
      return fma<T>(fma<T>(-quotient, divisor, a), reciprocal, quotient);
    }
  }
  return a / (sqrt<T>(v) + epsilon);
}

PRONGHORN_INLINE Vec<float> load_first(const float* p, std::size_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
PRONGHORN_INLINE Vec<double> load_first(const double* p, std::size_t n) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
}

template <class T, int Count>
PRONGHORN_INLINE Vec<T> repeat(const T* p) {
  if constexpr (Count == 4 && sizeof(T) == 4) {
    return _mm512_maskz_broadcast_f32x4(kAll16, _mm_loadu_ps(p));
  } else if constexpr (Count == 4) {
    return _mm512_maskz_broadcast_f64x4(kAll8, _mm256_loadu_pd(p));
  } else if constexpr (sizeof(T) == 4) {
    double pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return reinterpret_cast<Vec<float>>(_mm512_set1_pd(pair));
  } else {
    return _mm512_maskz_broadcast_f64x2(kAll8, _mm_loadu_pd(p));
  }
}

PRONGHORN_INLINE void store_first(float* p, Vec<float> v, std::size_t n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
}
PRONGHORN_INLINE void store_first(double* p, Vec<double> v, std::size_t n) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), v);
}

PRONGHORN_INLINE UintVec<double> multiply_wide(UintVec<double> a, UintVec<double> b) {
  return reinterpret_cast<UintVec<double>>(
      _mm512_maskz_mul_epu32(kAll8, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
