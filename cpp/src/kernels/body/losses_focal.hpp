// Crossentropy with less weight on what is predicted well. p are probabilities, z logits, t
// targets. Lin et al., arXiv:1708.02002, eq. 5, with Keras's smoothing and cuts.
#pragma once

#include "kernels/body/losses_classes.hpp"
#include "kernels/body/losses_columns.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// w u^gamma b with the crossentropy b of p cut to [epsilon, 1 - epsilon], u = t (1 - p) + (1 - t) p
// and w = t alpha + (1 - t)(1 - alpha), or 1 if not balanced. Derivative
// w (gamma u^(gamma - 1) (1 - 2t) b + u^gamma db/dp).
template <class T>
struct BinaryFocalCrossentropy {
  static constexpr const char* kName = "binary_focal_crossentropy";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit BinaryFocalCrossentropy(const LossParams& params)
      : crossentropy(unsmoothed(params)),
        smooth(params),
        gamma(static_cast<T>(params.gamma)),
        alpha(static_cast<T>(params.alpha)),
        balanced(params.balanced) {}

  static LossParams unsmoothed(LossParams params) {
    params.label_smoothing = 0;
    return params;
  }
  PRONGHORN_MEMBER Vec<T> weight(Vec<T> t) const {
    return balanced ? t * alpha + (T(1) - t) * (T(1) - alpha) : splat<T>(1);
  }
  static PRONGHORN_MEMBER Vec<T> miss(Vec<T> p, Vec<T> t) {
    return t * (T(1) - p) + (T(1) - t) * p;
  }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> target) const {
    const Vec<T> t = smooth(target);
    return weight(t) * power<T>(miss(p, t), gamma) * crossentropy.value(p, t);
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> target) const {
    const Vec<T> t = smooth(target);
    const Vec<T> u = miss(p, t);
    Vec<T> slope = power<T>(u, gamma) * crossentropy.gradient(p, t);
    if (gamma != T(0)) {
      const Vec<T> turn = T(1) - T(2) * t;
      slope += gamma * power<T>(u, gamma - T(1)) * turn * crossentropy.value(p, t);
    }
    return weight(t) * slope;
  }
  BinaryCrossentropy<T> crossentropy;
  BinarySmoothing<T> smooth;
  T gamma, alpha;
  bool balanced;
};
PRONGHORN_REGISTER(BinaryFocalCrossentropy)

// The same of p = s(z); dp/dz = p (1 - p). As in Keras p is cut, so the slope ends at |z| = 16.
template <class T>
struct BinaryFocalCrossentropyLogits {
  static constexpr const char* kName = "binary_focal_crossentropy_logits";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit BinaryFocalCrossentropyLogits(const LossParams& params) : of_probability(params) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z, Vec<T> t) const {
    return of_probability.value(sigmoid<T>(z), t);
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> t) const {
    const Vec<T> p = sigmoid<T>(z);
    return of_probability.gradient(p, t) * p * (T(1) - p);
  }
  BinaryFocalCrossentropy<T> of_probability;
};
PRONGHORN_REGISTER(BinaryFocalCrossentropyLogits)

// -alpha t (1 - q)^gamma log q of one class; h = d/dq, zero where q is cut.
template <class T>
struct FocalTerm {
  explicit FocalTerm(const LossParams& params)
      : alpha(static_cast<T>(params.alpha)), gamma(static_cast<T>(params.gamma)) {}
  static PRONGHORN_MEMBER Vec<T> cut(Vec<T> q) {
    return min<T>(splat<T>(T(1 - kEpsilon)), max<T>(splat<T>(T(kEpsilon)), q));
  }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> unbounded, Vec<T> t) const {
    const Vec<T> q = cut(unbounded);
    return -alpha * t * power<T>(T(1) - q, gamma) * log<T>(q);
  }
  PRONGHORN_MEMBER Vec<T> slope(Vec<T> q, Vec<T> t) const {
    const Vec<T> rest = T(1) - q;
    Vec<T> h = -power<T>(rest, gamma) / q;
    if (gamma != T(0)) h += gamma * power<T>(rest, gamma - T(1)) * log<T>(q);
    return select<T>(CategoricalCrossentropy<T>::inside(q), alpha * t * h, Vec<T>{});
  }
  T alpha, gamma;
};

// sum_j -alpha t_j (1 - q_j)^gamma log q_j, q = p / sum p cut to [epsilon, 1 - epsilon]; derivative
// (h_i - sum_j h_j q_j) / sum p.
template <class T>
struct CategoricalFocalCrossentropy {
  static constexpr const char* kName = "categorical_focal_crossentropy";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit CategoricalFocalCrossentropy(const LossParams& given) : params(given), term(given) {}

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const ClassSmoothing<T> smooth(params, row.cols);
    const T sum = row_sum(row.pred, row.cols);
    const T value = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
      const Vec<T> t = smooth(load_up_to(row.target + i, count));
      return term.value(load_up_to(row.pred + i, count) / sum, t);
    });
    if (row.grad != nullptr) {
      const T common = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
        const Vec<T> q = load_up_to(row.pred + i, count) / sum;
        return term.slope(q, smooth(load_up_to(row.target + i, count))) * q;
      });
      map(row.pred, row.target, row.grad, row.cols, [&](Vec<T> p, Vec<T> t) {
        return row.scale / sum * (term.slope(p / sum, smooth(t)) - common);
      });
    }
    return value;
  }
  LossParams params;
  FocalTerm<T> term;
};
PRONGHORN_REGISTER(CategoricalFocalCrossentropy)

// The same of q = softmax(z); derivative q_i (h_i - sum_j h_j q_j).
template <class T>
struct CategoricalFocalCrossentropyLogits {
  static constexpr const char* kName = "categorical_focal_crossentropy_logits";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit CategoricalFocalCrossentropyLogits(const LossParams& given)
      : params(given), term(given) {}

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const ClassSmoothing<T> smooth(params, row.cols);
    const SoftmaxRow<T> soft = softmax_row<T>(row.pred, nullptr, row.cols);
    const T reciprocal = T(1) / soft.total();
    const auto probability = [&](Vec<T> z) { return exp<T>(z - soft.shift) * reciprocal; };
    const T value = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
      const Vec<T> t = smooth(load_up_to(row.target + i, count));
      return term.value(probability(load_up_to(row.pred + i, count)), t);
    });
    if (row.grad != nullptr) {
      const T common = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
        const Vec<T> q = probability(load_up_to(row.pred + i, count));
        return term.slope(q, smooth(load_up_to(row.target + i, count))) * q;
      });
      map(row.pred, row.target, row.grad, row.cols, [&](Vec<T> z, Vec<T> t) {
        const Vec<T> q = probability(z);
        return row.scale * q * (term.slope(q, smooth(t)) - common);
      });
    }
    return value;
  }
  LossParams params;
  FocalTerm<T> term;
};
PRONGHORN_REGISTER(CategoricalFocalCrossentropyLogits)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
