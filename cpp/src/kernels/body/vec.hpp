// Vectors of float or double as wide as the registers of the instruction set, in the vector
// extensions of GCC and Clang. The few operations that those lack (square root, fused multiply-add,
// partial loads, ...) come from isa/vec_<isa>.hpp.
//
// Everything here and in the other headers of body/ has internal linkage: a function with external
// linkage could be emitted with AVX-512 instructions and be picked by the linker for all callers.
// For the same reason the sources in body/ call no inline functions of the standard library.
#pragma once

#include <cstddef>
#include <cstdint>

#ifndef PRONGHORN_ISA
#error "PRONGHORN_ISA must name the instruction set that this source is compiled for"
#endif

#ifndef PRONGHORN_ISA_BYTES
#if defined(__AVX512F__)
#define PRONGHORN_ISA_BYTES 64
#elif defined(__AVX2__)
#define PRONGHORN_ISA_BYTES 32
#else
#define PRONGHORN_ISA_BYTES 16
#endif
#endif

#define PRONGHORN_INLINE static inline __attribute__((always_inline))
#define PRONGHORN_MEMBER inline __attribute__((always_inline))

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr std::size_t kVectorBytes = PRONGHORN_ISA_BYTES;

// The numbers 0, 1, ..., N - 1 as a type.
template <std::size_t... I>
struct IndexList {};

template <std::size_t N, std::size_t... I>
struct MakeIndexList : MakeIndexList<N - 1, N - 1, I...> {};
template <std::size_t... I>
struct MakeIndexList<0, I...> {
  using Type = IndexList<I...>;
};

template <class T>
struct VecTraits;

template <>
struct VecTraits<float> {
  using Int = std::int32_t;
  using Uint = std::uint32_t;
  typedef float Vec __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef std::int32_t IntVec __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef std::uint32_t UintVec __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef float Unaligned __attribute__((vector_size(PRONGHORN_ISA_BYTES), aligned(4), may_alias));
  static constexpr int kMantissaBits = 23;
  static constexpr Uint kExponentBias = 127;
  static constexpr Uint kSignBit = 0x80000000u;
  static constexpr float kInfinity = __builtin_inff();
  static constexpr float kNan = __builtin_nanf("");
  static constexpr float kMinNormal = 0x1p-126f;
};

template <>
struct VecTraits<double> {
  using Int = std::int64_t;
  using Uint = std::uint64_t;
  typedef double Vec __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef std::int64_t IntVec __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef std::uint64_t UintVec __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef double Unaligned __attribute__((vector_size(PRONGHORN_ISA_BYTES), aligned(8), may_alias));
  static constexpr int kMantissaBits = 52;
  static constexpr Uint kExponentBias = 1023;
  static constexpr Uint kSignBit = 0x8000000000000000u;
  static constexpr double kInfinity = __builtin_inf();
  static constexpr double kNan = __builtin_nan("");
  static constexpr double kMinNormal = 0x1p-1022;
};

template <class T>
using Vec = typename VecTraits<T>::Vec;
// Results of comparisons: all bits of a lane set or clear.
template <class T>
using IntVec = typename VecTraits<T>::IntVec;
template <class T>
using UintVec = typename VecTraits<T>::UintVec;

template <class T>
constexpr std::size_t kLanes = kVectorBytes / sizeof(T);

template <class T>
PRONGHORN_INLINE Vec<T> splat(T value) {
  return value - Vec<T>{};  // keeps the sign of zero, unlike a sum
}

template <class T>
PRONGHORN_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename VecTraits<T>::Unaligned*>(p);
}

template <class T>
PRONGHORN_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename VecTraits<T>::Unaligned*>(p) = v;
}

template <class T>
PRONGHORN_INLINE UintVec<T> bits(Vec<T> v) {
  return reinterpret_cast<UintVec<T>>(v);
}

template <class T>
PRONGHORN_INLINE Vec<T> from_bits(UintVec<T> v) {
  return reinterpret_cast<Vec<T>>(v);
}

// The bit pattern of a constant.
PRONGHORN_INLINE std::uint32_t pattern(float value) {
  std::uint32_t u;
  __builtin_memcpy(&u, &value, sizeof u);
  return u;
}
PRONGHORN_INLINE std::uint64_t pattern(double value) {
  std::uint64_t u;
  __builtin_memcpy(&u, &value, sizeof u);
  return u;
}

template <class T>
PRONGHORN_INLINE Vec<T> select(IntVec<T> mask, Vec<T> yes, Vec<T> no) {
  return mask ? yes : no;
}

template <class T>
PRONGHORN_INLINE Vec<T> abs(Vec<T> v) {
  return from_bits<T>(bits<T>(v) & ~VecTraits<T>::kSignBit);
}

// magnitude | sign bit of `sign`: copysign where the magnitude's own sign bit is clear or equal.
template <class T>
PRONGHORN_INLINE Vec<T> or_sign(Vec<T> magnitude, Vec<T> sign) {
  return from_bits<T>(bits<T>(magnitude) | (bits<T>(sign) & VecTraits<T>::kSignBit));
}

// -1, 0 or 1; NaN for NaN.
template <class T>
PRONGHORN_INLINE Vec<T> sign(Vec<T> v) {
  return select<T>(v == Vec<T>{}, Vec<T>{}, or_sign<T>(splat<T>(1), v) + T(0) * v);
}

// 1.5 * 2^mantissa bits: adding it rounds to the nearest integer, ties to even, and leaves that
// integer in the low bits of the sum.
template <class T>
constexpr T kRounder = sizeof(T) == 4 ? T(0x1.8p23) : T(0x1.8p52);

// The nearest integer, ties to even, for |v| < 2^(mantissa bits - 1).
template <class T>
PRONGHORN_INLINE Vec<T> round_small(Vec<T> v) {
  return (v + kRounder<T>)-kRounder<T>;
}

// What an instruction set can do without, for isa/vec_<isa>.hpp to fall back on.
namespace generic {

template <class T>
PRONGHORN_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {
  return select<T>(a < b, a, b);
}

template <class T>
PRONGHORN_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {
  return select<T>(a > b, a, b);
}

PRONGHORN_INLINE float sqrt_lane(float x) { return __builtin_sqrtf(x); }
PRONGHORN_INLINE double sqrt_lane(double x) { return __builtin_sqrt(x); }
PRONGHORN_INLINE float fma_lane(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
PRONGHORN_INLINE double fma_lane(double a, double b, double c) { return __builtin_fma(a, b, c); }

template <class T>
PRONGHORN_INLINE Vec<T> sqrt(Vec<T> v) {
  Vec<T> result = v;
  for (std::size_t i = 0; i < kLanes<T>; ++i) result[i] = sqrt_lane(v[i]);
  return result;
}

template <class T>
PRONGHORN_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  Vec<T> result = c;
  for (std::size_t i = 0; i < kLanes<T>; ++i) result[i] = fma_lane(a[i], b[i], c[i]);
  return result;
}

// v * 2^k for integral |k| <= 2 * bias, in two steps so that the result may be denormal or
// overflow although 2^k itself cannot be represented.
template <class T>
PRONGHORN_INLINE Vec<T> scale_exponent(Vec<T> v, Vec<T> k) {
  constexpr typename VecTraits<T>::Uint kOffset = 4 * (VecTraits<T>::kExponentBias + 1);
  const UintVec<T> exponent = bits<T>(k + kRounder<T>) - pattern(kRounder<T>);
  const UintVec<T> half = ((exponent + kOffset) >> 1) - kOffset / 2;
  const UintVec<T> rest = exponent - half;
  const Vec<T> first =
      from_bits<T>((half + VecTraits<T>::kExponentBias) << VecTraits<T>::kMantissaBits);
  const Vec<T> second =
      from_bits<T>((rest + VecTraits<T>::kExponentBias) << VecTraits<T>::kMantissaBits);
  return v * first * second;
}

// The first n < lanes elements; the other lanes are zero.
template <class T>
PRONGHORN_INLINE Vec<T> load_first(const T* p, std::size_t n) {
  Vec<T> result = {};
  for (std::size_t i = 0; i + 1 < kLanes<T>; ++i) {
    if (i < n) result[i] = p[i];
  }
  return result;
}

template <class T>
PRONGHORN_INLINE void store_first(T* p, Vec<T> v, std::size_t n) {
  for (std::size_t i = 0; i + 1 < kLanes<T>; ++i) {
    if (i < n) p[i] = v[i];
  }
}

// The 64-bit products of the low halves of each lane.
PRONGHORN_INLINE UintVec<double> multiply_wide(UintVec<double> a, UintVec<double> b) {
  return (a & 0xffffffffu) * (b & 0xffffffffu);
}

// Count values of p, over and over.
template <class T, int Count>
PRONGHORN_INLINE Vec<T> repeat(const T* p) {
  Vec<T> result;
  for (std::size_t i = 0; i < kLanes<T>; ++i) result[i] = p[i % Count];
  return result;
}

}  // namespace generic
}  // namespace pronghorn::kernels::PRONGHORN_ISA

// Each defines, for Vec<float> and Vec<double>:
//   kFused                 whether fma rounds once
//   fma<T>(a, b, c)        a * b + c
//   sqrt<T>(v)
//   divide_by_root<T>(a, v, epsilon)  a / (sqrt(v) + epsilon) for v >= 0, within 2 ULP
//   min<T>(a, b), max<T>(a, b)  the second operand if either is NaN
//   scale_exponent<T>(v, k), load_first(p, n), store_first(p, v, n), multiply_wide(a, b),
//   repeat<T, Count>(p): as above
#if defined(__AVX512F__)
#include "kernels/isa/vec_avx512.hpp"
#elif defined(__AVX2__) && defined(__FMA__)
#include "kernels/isa/vec_avx2.hpp"
#elif defined(__aarch64__)
#include "kernels/isa/vec_neon.hpp"
#else
#include "kernels/isa/vec_baseline.hpp"
#endif

namespace pronghorn::kernels::PRONGHORN_ISA {

// A vector from p, complete or, for n < lanes, of the first n elements and zeros.
template <class T>
PRONGHORN_INLINE Vec<T> load_up_to(const T* p, std::size_t n) {
  return n >= kLanes<T> ? load(p) : load_first(p, n);
}

template <class T>
PRONGHORN_INLINE void store_up_to(T* p, Vec<T> v, std::size_t n) {
  if (n >= kLanes<T>) {
    store<T>(p, v);
  } else {
    store_first(p, v, n);
  }
}

// 0, 1, 2, ...
template <class T>
PRONGHORN_INLINE IntVec<T> lane_indices() {
  IntVec<T> result = {};
  for (std::size_t i = 0; i < kLanes<T>; ++i) {
    result[i] = static_cast<typename VecTraits<T>::Int>(i);
  }
  return result;
}

// All bits set in the first n lanes.
template <class T>
PRONGHORN_INLINE IntVec<T> first_lanes(std::size_t n) {
  const auto count = static_cast<typename VecTraits<T>::Int>(n < kLanes<T> ? n : kLanes<T>);
  return lane_indices<T>() < count;
}

// v with lane i holding what lane i ^ Distance held.
template <class T, std::size_t Distance, std::size_t... I>
PRONGHORN_INLINE Vec<T> exchange_lanes(Vec<T> v, IndexList<I...>) {
  return __builtin_shufflevector(v, v, static_cast<int>(I ^ Distance)...);
}

// Combines all lanes into lane 0, by halving.
template <class T, std::size_t Distance = kLanes<T> / 2, class Combine>
PRONGHORN_INLINE T reduce_lanes(Vec<T> v, Combine combine) {
  if constexpr (Distance == 0) {
    return v[0];
  } else {
    using Indices = typename MakeIndexList<kLanes<T>>::Type;
    return reduce_lanes<T, Distance / 2>(combine(v, exchange_lanes<T, Distance>(v, Indices{})),
                                         combine);
  }
}

template <class T>
PRONGHORN_INLINE T sum_lanes(Vec<T> v) {
  return reduce_lanes<T>(v, [](Vec<T> a, Vec<T> b) { return a + b; });
}

template <class T>
PRONGHORN_INLINE T max_lanes(Vec<T> v) {
  return reduce_lanes<T>(v, [](Vec<T> a, Vec<T> b) { return max<T>(a, b); });
}

template <class T>
PRONGHORN_INLINE T min_lanes(Vec<T> v) {
  return reduce_lanes<T>(v, [](Vec<T> a, Vec<T> b) { return min<T>(a, b); });
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
