// Crossentropy over classes. p are probabilities, z logits, t the target's probabilities.
#pragma once

#include "kernels/body/loss_loops.hpp"
#include "kernels/body/narrow_softmax.hpp"
#include "kernels/body/registry.hpp"
#include "kernels/body/softmax.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// One-hot targets mixed with the uniform distribution: t (1 - s) + s/classes.
template <class T>
struct ClassSmoothing {
  ClassSmoothing(const LossParams& params, std::size_t classes)
      : factor(static_cast<T>(1 - params.label_smoothing)),
        offset(static_cast<T>(params.label_smoothing / static_cast<double>(classes))) {}
  PRONGHORN_MEMBER Vec<T> operator()(Vec<T> t) const { return t * factor + offset; }
  T factor, offset;
};

template <class T>
PRONGHORN_INLINE T row_sum(const T* x, std::size_t n) {
  return sum_of<T>(n, [&](std::size_t i, std::size_t count) { return load_up_to(x + i, count); });
}

// -sum_j t_j log q_j with q = p / sum p cut to [epsilon, 1 - epsilon]. With the sum S and m_j = 1
// where q_j is not cut, 0 elsewhere: dL/dp_i = (sum_j t_j m_j - t_i m_i / q_i) / S.
template <class T>
struct CategoricalCrossentropy {
  static constexpr const char* kName = "categorical_crossentropy";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  static constexpr T kLow = T(kEpsilon), kHigh = T(1 - kEpsilon);
  explicit CategoricalCrossentropy(const LossParams& given) : params(given) {}

  static PRONGHORN_MEMBER IntVec<T> inside(Vec<T> q) {
    return (q >= splat<T>(kLow)) & (q <= splat<T>(kHigh));
  }

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const ClassSmoothing<T> smooth(params, row.cols);
    const T sum = row_sum(row.pred, row.cols);
    const T value = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
      const Vec<T> q = load_up_to(row.pred + i, count) / sum;
      const Vec<T> cut = min<T>(splat<T>(kHigh), max<T>(splat<T>(kLow), q));
      return -smooth(load_up_to(row.target + i, count)) * log<T>(cut);
    });
    if (row.grad != nullptr) {
      const T weight = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
        const Vec<T> q = load_up_to(row.pred + i, count) / sum;
        return select<T>(inside(q), smooth(load_up_to(row.target + i, count)), Vec<T>{});
      });
      map(row.pred, row.target, row.grad, row.cols, [&](Vec<T> p, Vec<T> t) {
        const Vec<T> q = p / sum;
        return row.scale / sum * (weight - select<T>(inside(q), smooth(t) / q, Vec<T>{}));
      });
    }
    return value;
  }
  LossParams params;
};
PRONGHORN_REGISTER(CategoricalCrossentropy)

// The same with one-hot t given by its index.
template <class T>
struct SparseCategoricalCrossentropy {
  static constexpr const char* kName = "sparse_categorical_crossentropy";
  static constexpr bool kSparse = true, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  static constexpr T kLow = T(kEpsilon), kHigh = T(1 - kEpsilon);
  explicit SparseCategoricalCrossentropy(const LossParams&) {}

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const T sum = row_sum(row.pred, row.cols);
    const T q = row.pred[row.label] / sum;
    const T cut = q < kLow ? kLow : (q > kHigh ? kHigh : q);
    if (row.grad != nullptr) {
      const bool inside = q >= kLow && q <= kHigh;
      const T common = inside ? row.scale / sum : T(0);
      const Vec<T> filled = splat<T>(common);
      for (std::size_t i = 0; i < row.cols; i += kLanes<T>) {
        store_up_to<T>(row.grad + i, filled, row.cols - i);
      }
      if (inside) row.grad[row.label] = common * (T(1) - T(1) / q);
    }
    return -log_scalar<T>(cut);
  }
};
PRONGHORN_REGISTER(SparseCategoricalCrossentropy)

// -sum_j t_j log softmax(z)_j = sum_j t_j ((m - z_j) + log sum e^(z - m)), m = max z; derivative
// p_i sum_j t_j - t_i, written as p_i (sum_j t_j - t_i) - t_i (1 - p_i) with 1 - p_i free of
// cancellation at the largest logit.
template <class T>
struct CategoricalCrossentropyLogits {
  static constexpr const char* kName = "categorical_crossentropy_logits";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit CategoricalCrossentropyLogits(const LossParams& given) : params(given) {}

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const ClassSmoothing<T> smooth(params, row.cols);
    const SoftmaxRow<T> soft = softmax_row<T>(row.pred, nullptr, row.cols);
    const T log_total = soft.log_total();
    T weight = 0;
    const T value = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
      const Vec<T> t = smooth(load_up_to(row.target + i, count));
      return t * ((soft.shift - load_up_to(row.pred + i, count)) + log_total);
    });
    if (row.grad != nullptr) {
      weight = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
        return smooth(load_up_to(row.target + i, count));
      });
      const T reciprocal = T(1) / soft.total();
      map(row.pred, row.target, row.grad, row.cols, [&](Vec<T> z, Vec<T> target) {
        const Vec<T> t = smooth(target);
        const Vec<T> e = exp<T>(z - soft.shift);
        const IntVec<T> peak = z == splat<T>(soft.shift);
        const Vec<T> others = select<T>(peak, splat<T>(soft.excess), soft.total() - e);
        return row.scale * reciprocal * (e * (weight - t) - t * others);
      });
    }
    return value;
  }
  LossParams params;
};
PRONGHORN_REGISTER(CategoricalCrossentropyLogits)

// The same with one-hot t given by its index: log sum e^(z - m) + (m - z_label); derivative
// p_i, and p_label - 1 = -(sum of the others)/total at the label.
template <class T>
struct SparseCategoricalCrossentropyLogits {
  static constexpr const char* kName = "sparse_categorical_crossentropy_logits";
  static constexpr bool kSparse = true, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = kNarrowClasses;
  explicit SparseCategoricalCrossentropyLogits(const LossParams&) {}

  PRONGHORN_MEMBER void rows(const LossArgs<T>& args, bool with_gradient) const {
    sparse_crossentropy_by_lanes(args, with_gradient);
  }

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const T at_label = row.pred[row.label];
    const SoftmaxRow<T> soft = softmax_row<T>(row.pred, row.grad, row.cols);
    if (row.grad != nullptr) {
      const T e = row.grad[row.label];
      const T others = at_label == soft.shift ? soft.excess : soft.total() - e;
      const T factor = row.scale / soft.total();
      map(row.grad, row.grad, row.cols, [&](Vec<T> v) { return v * factor; });
      row.grad[row.label] = -others * factor;
    }
    return soft.log_total() + (soft.shift - at_label);
  }
};
PRONGHORN_REGISTER(SparseCategoricalCrossentropyLogits)

// (1 - p_label^q) / q; derivative -p_label^(q - 1) at the label. Zhang & Sabuncu, arXiv:1805.07836,
// eq. 6.
template <class T>
struct CategoricalGeneralizedCrossEntropy {
  static constexpr const char* kName = "categorical_generalized_cross_entropy";
  static constexpr bool kSparse = true, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit CategoricalGeneralizedCrossEntropy(const LossParams& params)
      : q(static_cast<T>(params.q)) {}

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const Vec<T> p = splat<T>(row.pred[row.label]);
    const T value = (T(1) - power<T>(p, q)[0]) / q;
    if (row.grad != nullptr) {
      const T slope = -row.scale * power<T>(p, q - T(1))[0];
      for (std::size_t i = 0; i < row.cols; ++i) row.grad[i] = T(0);
      row.grad[row.label] = slope;
    }
    return value;
  }
  T q;
};
PRONGHORN_REGISTER(CategoricalGeneralizedCrossEntropy)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
