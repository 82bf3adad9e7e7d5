// Losses that are a mean (or sum) over the columns of a row. p is the prediction, t the target.
#pragma once

#include "kernels/body/loss_loops.hpp"
#include "kernels/body/math.hpp"
#include "kernels/body/registry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// (p - t)^2; derivative 2 (p - t).
template <class T>
struct MeanSquaredError {
  static constexpr const char* kName = "mean_squared_error";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit MeanSquaredError(const LossParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const { return (p - t) * (p - t); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const { return T(2) * (p - t); }
};
PRONGHORN_REGISTER(MeanSquaredError)

// |p - t|; derivative sign(p - t).
template <class T>
struct MeanAbsoluteError {
  static constexpr const char* kName = "mean_absolute_error";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit MeanAbsoluteError(const LossParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const { return abs<T>(p - t); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const { return sign<T>(p - t); }
};
PRONGHORN_REGISTER(MeanAbsoluteError)

// 100 |t - p| / max(|t|, epsilon).
template <class T>
struct MeanAbsolutePercentageError {
  static constexpr const char* kName = "mean_absolute_percentage_error";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit MeanAbsolutePercentageError(const LossParams&) {}
  static PRONGHORN_MEMBER Vec<T> size(Vec<T> t) { return max<T>(splat<T>(T(kEpsilon)), abs<T>(t)); }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    return T(100) * abs<T>((t - p) / size(t));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const {
    return T(100) * sign<T>(p - t) / size(t);
  }
};
PRONGHORN_REGISTER(MeanAbsolutePercentageError)

// d^2 with d = log(1 + max(p, epsilon)) - log(1 + max(t, epsilon)); derivative 2 d / (1 + p), zero
// where p is cut.
template <class T>
struct MeanSquaredLogarithmicError {
  static constexpr const char* kName = "mean_squared_logarithmic_error";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit MeanSquaredLogarithmicError(const LossParams&) {}
  static PRONGHORN_MEMBER Vec<T> difference(Vec<T> p, Vec<T> t) {
    const Vec<T> least = splat<T>(T(kEpsilon));
    return log1p<T>(max<T>(least, p)) - log1p<T>(max<T>(least, t));
  }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    const Vec<T> d = difference(p, t);
    return d * d;
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const {
    const Vec<T> slope = T(2) * difference(p, t) / (T(1) + p);
    return select<T>(p < splat<T>(T(kEpsilon)), Vec<T>{}, slope);
  }
};
PRONGHORN_REGISTER(MeanSquaredLogarithmicError)

// e^2/2 for |e| <= delta, delta |e| - delta^2/2 beyond, e = p - t; derivative e or delta sign(e).
// Huber, Annals of Mathematical Statistics 35 (1964) 73.
template <class T>
struct Huber {
  static constexpr const char* kName = "huber";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit Huber(const LossParams& params) : delta(splat<T>(static_cast<T>(params.delta))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    const Vec<T> e = p - t;
    const Vec<T> size = abs<T>(e);
    return select<T>(size <= delta, T(0.5) * e * e, delta * size - T(0.5) * delta * delta);
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const {
    const Vec<T> e = p - t;
    return select<T>(abs<T>(e) <= delta, e, delta * sign<T>(e));
  }
  Vec<T> delta;
};
PRONGHORN_REGISTER(Huber)

// log cosh e = |e| + log1p(e^(-2|e|)) - log 2, e = p - t; derivative tanh e.
template <class T>
struct LogCosh {
  static constexpr const char* kName = "log_cosh";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  static constexpr T kLn2 = T(0.69314718055994530942);
  explicit LogCosh(const LossParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    const Vec<T> size = abs<T>(p - t);
    return size + (log1p<T>(exp<T>(T(-2) * size)) - kLn2);
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const { return tanh<T>(p - t); }
};
PRONGHORN_REGISTER(LogCosh)

// p - t log(p + epsilon); derivative 1 - t/(p + epsilon).
template <class T>
struct Poisson {
  static constexpr const char* kName = "poisson";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit Poisson(const LossParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    return p - t * log<T>(p + T(kEpsilon));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const {
    return T(1) - t / (p + T(kEpsilon));
  }
};
PRONGHORN_REGISTER(Poisson)

// t log(t/p), summed, with t and p cut to [epsilon, 1]; derivative -t/p, zero where p is cut.
template <class T>
struct KlDivergence {
  static constexpr const char* kName = "kl_divergence";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = false;
  explicit KlDivergence(const LossParams&) {}
  static PRONGHORN_MEMBER Vec<T> cut(Vec<T> v) {
    return min<T>(splat<T>(1), max<T>(splat<T>(T(kEpsilon)), v));
  }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    const Vec<T> target = cut(t);
    return target * log<T>(target / cut(p));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const {
    const IntVec<T> inside = (p >= splat<T>(T(kEpsilon))) & (p <= splat<T>(1));
    return select<T>(inside, -cut(t) / p, Vec<T>{});
  }
};
PRONGHORN_REGISTER(KlDivergence)

// Targets squeezed towards 1/2: t (1 - s) + s/2.
template <class T>
struct BinarySmoothing {
  explicit BinarySmoothing(const LossParams& params)
      : factor(splat<T>(static_cast<T>(1 - params.label_smoothing))),
        offset(splat<T>(static_cast<T>(0.5 * params.label_smoothing))) {}
  PRONGHORN_MEMBER Vec<T> operator()(Vec<T> t) const { return t * factor + offset; }
  Vec<T> factor, offset;
};

// -t log p - (1 - t) log(1 - p) with p cut to [epsilon, 1 - epsilon]; derivative
// (1 - t)/(1 - p) - t/p, zero where p is cut.
template <class T>
struct BinaryCrossentropy {
  static constexpr const char* kName = "binary_crossentropy";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  static constexpr T kLow = T(kEpsilon), kHigh = T(1 - kEpsilon);
  explicit BinaryCrossentropy(const LossParams& params) : smooth(params) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    t = smooth(t);
    const Vec<T> q = min<T>(splat<T>(kHigh), max<T>(splat<T>(kLow), p));
    return -(t * log<T>(q) + (T(1) - t) * log<T>(T(1) - q));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> t) const {
    t = smooth(t);
    const IntVec<T> inside = (p >= splat<T>(kLow)) & (p <= splat<T>(kHigh));
    return select<T>(inside, (T(1) - t) / (T(1) - p) - t / p, Vec<T>{});
  }
  BinarySmoothing<T> smooth;
};
PRONGHORN_REGISTER(BinaryCrossentropy)

// binary_crossentropy of p = s(z): t softplus(-z) + (1 - t) softplus(z), written as
// t max(-z, 0) + (1 - t) max(z, 0) + log1p(e^-|z|); derivative s(z) - t, written as
// (1 - t) s(z) - t s(-z). All terms of one sign for 0 <= t <= 1, so nothing cancels.
template <class T>
struct BinaryCrossentropyLogits {
  static constexpr const char* kName = "binary_crossentropy_logits";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit BinaryCrossentropyLogits(const LossParams& params) : smooth(params) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z, Vec<T> t) const {
    t = smooth(t);
    const Vec<T> straight = t * max<T>(Vec<T>{}, -z) + (T(1) - t) * max<T>(Vec<T>{}, z);
    return straight + log1p<T>(exp<T>(-abs<T>(z)));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> t) const {
    t = smooth(t);
    const Vec<T> e = exp<T>(-abs<T>(z));
    const Vec<T> larger = T(1) / (T(1) + e);
    const Vec<T> smaller = e * larger;
    const IntVec<T> positive = z >= Vec<T>{};
    return (T(1) - t) * select<T>(positive, larger, smaller) -
           t * select<T>(positive, smaller, larger);
  }
  BinarySmoothing<T> smooth;
};
PRONGHORN_REGISTER(BinaryCrossentropyLogits)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
