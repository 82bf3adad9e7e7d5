// Metrics of a row, not differentiable.
#pragma once

#include "kernels/body/loss_loops.hpp"
#include "kernels/body/registry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// The first of the largest; NaN counts as the largest.
template <class T>
PRONGHORN_INLINE std::size_t argmax_by_element(const T* x, std::size_t n) {
  std::size_t best = 0;
  T value = x[0];
  for (std::size_t i = 1; i < n; ++i) {
    // Not (x <= value) is true for NaN; value == value ends the search at the first NaN.
    if (!(x[i] <= value) && value == value) {
      best = i;
      value = x[i];
    }
  }
  return best;
}

// The same: each lane keeps its first largest, and the least index among the best lanes wins.
template <class T>
PRONGHORN_INLINE std::size_t argmax(const T* x, std::size_t n) {
  // Indices are counted in T, so they must be exact there.
  constexpr std::size_t kMost = std::size_t{1} << VecTraits<T>::kMantissaBits;
  if (n < 2 * kLanes<T> || n > kMost) return argmax_by_element(x, n);
  Vec<T> index = {};
  for (std::size_t i = 0; i < kLanes<T>; ++i) index[i] = static_cast<T>(i);
  Vec<T> value = load(x);
  Vec<T> best = index;
  Vec<T> nan = value - value;  // zero, or NaN where some value is infinite or NaN
  const auto visit = [&](std::size_t i) {
    const Vec<T> v = load(x + i);
    const Vec<T> at = index + static_cast<T>(i);
    const IntVec<T> above = v > value;
    best = select<T>(above, at, best);
    value = select<T>(above, v, value);
    nan += v - v;
  };
  std::size_t i = kLanes<T>;
  for (; i + kLanes<T> <= n; i += kLanes<T>) visit(i);
  if (i < n) visit(n - kLanes<T>);  // overlaps; a repeated element is not above itself
  const T checked = sum_lanes<T>(nan);
  if (checked != checked) return argmax_by_element(x, n);
  const Vec<T> largest = splat<T>(max_lanes<T>(value));
  const Vec<T> none = splat<T>(static_cast<T>(n));
  return static_cast<std::size_t>(min_lanes<T>(select<T>(value == largest, best, none)));
}

// Whether fewer than k predictions exceed that of `label`; a NaN there counts as -infinity. No
// prediction is that of a label out of range.
template <class T>
PRONGHORN_INLINE T in_top_k(const T* pred, std::size_t n, std::size_t label, int k) {
  if (label >= n) return T(0);
  T at_label = pred[label];
  if (at_label != at_label) at_label = -VecTraits<T>::kInfinity;
  std::int64_t above = 0;
  for (std::size_t i = 0; i < n; ++i) above += pred[i] > at_label ? 1 : 0;
  return above < k ? T(1) : T(0);
}

// argmax(p) = label.
template <class T>
struct SparseCategoricalAccuracy {
  static constexpr const char* kName = "sparse_categorical_accuracy";
  static constexpr bool kSparse = true, kDifferentiable = false, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit SparseCategoricalAccuracy(const LossParams&) {}
  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    return argmax(row.pred, row.cols) == static_cast<std::size_t>(row.label) ? T(1) : T(0);
  }
};
PRONGHORN_REGISTER(SparseCategoricalAccuracy)

// argmax(p) = argmax(t).
template <class T>
struct CategoricalAccuracy {
  static constexpr const char* kName = "categorical_accuracy";
  static constexpr bool kSparse = false, kDifferentiable = false, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit CategoricalAccuracy(const LossParams&) {}
  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    return argmax(row.pred, row.cols) == argmax(row.target, row.cols) ? T(1) : T(0);
  }
};
PRONGHORN_REGISTER(CategoricalAccuracy)

// p_label among the k largest; ties count as within.
template <class T>
struct SparseTopKCategoricalAccuracy {
  static constexpr const char* kName = "sparse_top_k_categorical_accuracy";
  static constexpr bool kSparse = true, kDifferentiable = false, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit SparseTopKCategoricalAccuracy(const LossParams& params) : k(params.k) {}
  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    return in_top_k(row.pred, row.cols, static_cast<std::size_t>(row.label), k);
  }
  int k;
};
PRONGHORN_REGISTER(SparseTopKCategoricalAccuracy)

// The same with the label argmax(t).
template <class T>
struct TopKCategoricalAccuracy {
  static constexpr const char* kName = "top_k_categorical_accuracy";
  static constexpr bool kSparse = false, kDifferentiable = false, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit TopKCategoricalAccuracy(const LossParams& params) : k(params.k) {}
  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    return in_top_k(row.pred, row.cols, argmax(row.target, row.cols), k);
  }
  int k;
};
PRONGHORN_REGISTER(TopKCategoricalAccuracy)

// Share of columns where (p > threshold) as 0 or 1 equals t.
template <class T>
struct BinaryAccuracy {
  static constexpr const char* kName = "binary_accuracy";
  static constexpr bool kSparse = false, kDifferentiable = false, kByColumn = true, kMean = true;
  explicit BinaryAccuracy(const LossParams& params)
      : threshold(splat<T>(static_cast<T>(params.threshold))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    const Vec<T> decided = select<T>(p > threshold, splat<T>(1), Vec<T>{});
    return select<T>(decided == t, splat<T>(1), Vec<T>{});
  }
  Vec<T> threshold;
};
PRONGHORN_REGISTER(BinaryAccuracy)

// Share of columns where p equals t exactly.
template <class T>
struct Accuracy {
  static constexpr const char* kName = "accuracy";
  static constexpr bool kSparse = false, kDifferentiable = false, kByColumn = true, kMean = true;
  explicit Accuracy(const LossParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    return select<T>(p == t, splat<T>(1), Vec<T>{});
  }
};
PRONGHORN_REGISTER(Accuracy)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
