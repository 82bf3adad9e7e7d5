// Elementary functions on vectors of float and double.
//
// All take any argument, propagate NaN, keep the sign of zero, and reach infinities, poles and
// saturation exactly. Results below the normal range are gradual where the machine's mode lets them
// be, and zero where it flushes; `sigmoid` flushes them always. Denormal arguments count as zero
// where the mode says so. tests/cpp/test_math.cpp measures the errors against wider arithmetic over
// the whole range, on each instruction set; the bound that it enforces is stated at each function.
#pragma once

#include "kernels/body/math_constants.hpp"
#include "kernels/body/vec.hpp"
#if defined(__AVX512F__)
#include "kernels/isa/tanh_avx512.hpp"
#endif

namespace pronghorn::kernels::PRONGHORN_ISA {

namespace detail {

template <class T, std::size_t I, std::size_t N>
PRONGHORN_INLINE Vec<T> horner(Vec<T> x, const T (&coefficients)[N]) {
  if constexpr (I + 1 == N) {
    return splat<T>(coefficients[I]);
  } else {
    return fma<T>(horner<T, I + 1>(x, coefficients), x, splat<T>(coefficients[I]));
  }
}

// x = k ln 2 + r with integral k and |r| <= 0.35; p = e^r - 1.
template <class T>
struct Reduced {
  Vec<T> k;
  Vec<T> p;
};

// Reduces x + low, where |low| <= 0.01 extends the precision of x.
template <class T>
PRONGHORN_INLINE Reduced<T> reduce_exp(Vec<T> x, Vec<T> low) {
  using C = MathConstants<T>;
  constexpr T kLog2E = T(1.44269504088896340736);
  const Vec<T> k = round_small<T>(x * kLog2E);
  Vec<T> r = fma<T>(k, splat<T>(-C::kLn2High), x);
  r = fma<T>(k, splat<T>(-C::kLn2Low), r) + low;
  const Vec<T> p = fma<T>(r * r, horner<T, 0>(r, C::kExp), r);
  return {k, p};
}

// Half of expm1(x), for kExpm1Min <= x <= kExpMax: 2^(k-1) p + (2^(k-1) - 1/2).
template <class T>
PRONGHORN_INLINE Vec<T> half_expm1(Vec<T> x) {
  const Reduced<T> reduced = reduce_exp<T>(x, Vec<T>{});
  const UintVec<T> k = bits<T>(reduced.k + kRounder<T>) - pattern(kRounder<T>);
  const Vec<T> scale =
      from_bits<T>((k + (VecTraits<T>::kExponentBias - 1)) << VecTraits<T>::kMantissaBits);
  return fma<T>(scale, reduced.p, scale - T(0.5));
}

// x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), for normal x > 0.
template <class T>
struct Split {
  Vec<T> k;
  Vec<T> f;
};

template <class T>
PRONGHORN_INLINE Split<T> split_exponent(Vec<T> x) {
  using Traits = VecTraits<T>;
  using Uint = typename Traits::Uint;
  constexpr T kSqrtHalf = T(0.70710678118654752440);
  constexpr T kShift = sizeof(T) == 4 ? T(0x1p23) : T(0x1p52);
  const Uint offset = pattern(kSqrtHalf);
  const UintVec<T> u = bits<T>(x) + (pattern(T(1)) - offset);
  const UintVec<T> biased = u >> Traits::kMantissaBits;
  const UintVec<T> mantissa = (u & ((Uint(1) << Traits::kMantissaBits) - 1)) + offset;
  // The biased exponent, set into the low bits of 2^mantissa bits, becomes a number.
  const Vec<T> k =
      from_bits<T>(biased | pattern(kShift)) - (kShift + static_cast<T>(Traits::kExponentBias));
  return {k, from_bits<T>(mantissa) - T(1)};
}

// log(1 + f) + k ln 2 + correction, the terms summed from the smallest up.
template <class T>
PRONGHORN_INLINE Vec<T> log_of_split(Split<T> split, Vec<T> correction) {
  using C = MathConstants<T>;
  const Vec<T> f = split.f;
  const Vec<T> half_square = f * f * T(0.5);
  Vec<T> small = fma<T>(split.k, splat<T>(C::kLn2Low), correction);
  if constexpr (sizeof(T) == 4) {
    small = fma<T>(f * f * f, horner<T, 0>(f, C::kLog), small) - half_square;
  } else {
    const Vec<T> s = f / (f + T(2));
    const Vec<T> z = s * s;
    const Vec<T> tail = z * horner<T, 0>(z, C::kLog);
    small = fma<T>(s, half_square + tail, small) - half_square;
  }
  return fma<T>(split.k, splat<T>(C::kLn2High), f + small);
}

// Replaces what the logarithm of x is not by arithmetic: +inf and NaN, zero, negative x.
template <class T>
PRONGHORN_INLINE Vec<T> log_specials(Vec<T> x, Vec<T> result) {
  using Traits = VecTraits<T>;
  result = select<T>(x < splat<T>(Traits::kInfinity), result, x);
  result = select<T>(x == Vec<T>{}, splat<T>(-Traits::kInfinity), result);
  return select<T>(x < Vec<T>{}, splat<T>(Traits::kNan), result);
}

// The rounding error of x * x (Dekker's product where there is no fused multiply-add).
template <class T>
PRONGHORN_INLINE Vec<T> square_error(Vec<T> x, Vec<T> square) {
  if constexpr (kFused) {
    return fma<T>(x, x, -square);
  } else {
    using Uint = typename VecTraits<T>::Uint;
    constexpr Uint kHighHalf = ~((Uint(1) << (VecTraits<T>::kMantissaBits / 2 + 1)) - 1);
    const Vec<T> high = from_bits<T>(bits<T>(x) & kHighHalf);
    const Vec<T> low = x - high;
    return ((high * high - square) + T(2) * high * low) + low * low;
  }
}

// e^(x^2) erfc(x) for 0 <= x <= kErfMax.
template <class T>
PRONGHORN_INLINE Vec<T> scaled_erfc(Vec<T> x) {
  using C = MathConstants<T>;
  const Vec<T> reciprocal = T(1) / (x + C::kErfcCentre);
  const Vec<T> t = (x - C::kErfcCentre) * reciprocal;
  return reciprocal * horner<T, 0>(t, C::kErfc);
}

}  // namespace detail

// e^(x + low) where |low| <= 0.01 extends the precision of x.
template <class T>
PRONGHORN_INLINE Vec<T> exp_extended(Vec<T> x, Vec<T> low) {
  using C = MathConstants<T>;
  x = max<T>(splat<T>(C::kExpMin), min<T>(splat<T>(C::kExpMax), x));
  const auto reduced = detail::reduce_exp<T>(x, low);
  return scale_exponent<T>(reduced.p + T(1), reduced.k);
}

// e^x. 2 ULP, all x.
template <class T>
PRONGHORN_INLINE Vec<T> exp(Vec<T> x) {
  return exp_extended<T>(x, Vec<T>{});
}

// e^x - 1. 2 ULP, all x.
template <class T>
PRONGHORN_INLINE Vec<T> expm1(Vec<T> x) {
  using C = MathConstants<T>;
  const Vec<T> inside = max<T>(splat<T>(C::kExpm1Min), min<T>(splat<T>(C::kExpMax), x));
  const Vec<T> half = detail::half_expm1<T>(inside);
  return or_sign<T>(half + half, x);
}

// log x. 2 ULP, all x.
template <class T>
PRONGHORN_INLINE Vec<T> log(Vec<T> x) {
  using Traits = VecTraits<T>;
  constexpr T kUp = sizeof(T) == 4 ? T(0x1p24) : T(0x1p53);
  constexpr T kDown = sizeof(T) == 4 ? T(24) : T(53);
  const IntVec<T> denormal = x < splat<T>(Traits::kMinNormal);
  detail::Split<T> split = detail::split_exponent<T>(select<T>(denormal, x * kUp, x));
  split.k = select<T>(denormal, split.k - kDown, split.k);
  return detail::log_specials<T>(x, detail::log_of_split<T>(split, Vec<T>{}));
}

// log(1 + x). 2 ULP, all x.
template <class T>
PRONGHORN_INLINE Vec<T> log1p(Vec<T> x) {
  const Vec<T> u = x + T(1);
  const detail::Split<T> split = detail::split_exponent<T>(u);
  const Vec<T> lost = x - (u - T(1));  // what rounding 1 + x to u dropped
  const Vec<T> result = detail::log_of_split<T>(split, lost / u);
  return or_sign<T>(detail::log_specials<T>(u, result), x);
}

// tanh |x| = t / (t + 2) with t = expm1(2 |x|), or by a table. 3 ULP, all x.
template <class T>
PRONGHORN_INLINE Vec<T> tanh(Vec<T> x) {
  const Vec<T> a = min<T>(splat<T>(MathConstants<T>::kTanhMax), abs<T>(x));
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return or_sign<T>(detail::tanh_of_magnitude(a), x);
#endif
  const Vec<T> half = detail::half_expm1<T>(a + a);
  return or_sign<T>(half / (half + T(1)), x);
}

// 1 / (1 + e^-x). 3 ULP where the result is normal.
template <class T>
PRONGHORN_INLINE Vec<T> sigmoid(Vec<T> x) {
  return T(1) / (T(1) + exp<T>(-x));
}

// erf x: a polynomial near zero, 1 - erfc |x| beyond. 3 ULP, all x.
template <class T>
PRONGHORN_INLINE Vec<T> erf(Vec<T> x) {
  using C = MathConstants<T>;
  const Vec<T> a = min<T>(splat<T>(C::kErfMax), abs<T>(x));
  const Vec<T> near = x * detail::horner<T, 0>(a * a, C::kErf);
  const Vec<T> erfc = exp<T>(-(a * a)) * detail::scaled_erfc<T>(a);
  return select<T>(a < splat<T>(C::kErfSmall), near, or_sign<T>(T(1) - erfc, x));
}

// The standard normal distribution: density e^(-x^2/2)/sqrt(2 pi) and its integral from -infinity,
// erfc(-x/sqrt 2)/2, which keeps its relative precision in the lower tail.
template <class T>
struct Normal {
  Vec<T> density;
  Vec<T> integral;
};

template <class T>
PRONGHORN_INLINE Normal<T> normal_distribution(Vec<T> x) {
  constexpr T kSqrtHalf = T(0.70710678118654752440);
  constexpr T kSqrt2 = T(1.41421356237309504880);
  constexpr T kInvSqrt2Pi = T(0.39894228040143267794);
  const Vec<T> a = min<T>(splat<T>(MathConstants<T>::kErfMax * kSqrt2), abs<T>(x));
  const Vec<T> square = a * a;
  const Vec<T> low = detail::square_error<T>(a, square);
  const Vec<T> gauss = exp_extended<T>(square * T(-0.5), low * T(-0.5));
  const Vec<T> tail = T(0.5) * gauss * detail::scaled_erfc<T>(a * kSqrtHalf);
  return {gauss * kInvSqrt2Pi, select<T>(x > Vec<T>{}, T(1) - tail, tail)};
}

// x^y for x >= 0, within about |y log x| ULP; x^0 = 1.
template <class T>
PRONGHORN_INLINE Vec<T> power(Vec<T> x, T y) {
  return y == T(0) ? splat<T>(1) : exp<T>(y * log<T>(x));
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|).
template <class T>
PRONGHORN_INLINE Vec<T> softplus(Vec<T> x) {
  return max<T>(Vec<T>{}, x) + log1p<T>(exp<T>(-abs<T>(x)));
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
