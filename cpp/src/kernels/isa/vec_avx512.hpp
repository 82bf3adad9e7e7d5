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

PRONGHORN_INLINE Vec<float> load_first(const float* p, std::size_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
PRONGHORN_INLINE Vec<double> load_first(const double* p, std::size_t n) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
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
