// Losses of scores and of directions: hinges and cosine similarity. p is the prediction, t the
// target.
#pragma once

#include "kernels/body/loss_loops.hpp"
#include "kernels/body/registry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// Targets -1 and 1, where 0 stands for -1. (Keras converts only batches of zeros and ones, so data
// that mix 0 with other values than 1 must be kept out.)
template <class T>
PRONGHORN_INLINE Vec<T> hinge_target(Vec<T> t) {
  return select<T>(t == Vec<T>{}, splat<T>(-1), t);
}

// max(1 - t p, 0); derivative -t where 1 - t p > 0, half of it at 0.
template <class T>
struct Hinge {
  static constexpr const char* kName = "hinge";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit Hinge(const LossParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    return max<T>(Vec<T>{}, T(1) - hinge_target<T>(t) * p);
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> target) const {
    const Vec<T> t = hinge_target<T>(target);
    return -t * (T(0.5) + T(0.5) * sign<T>(T(1) - t * p));
  }
};
PRONGHORN_REGISTER(Hinge)

// max(1 - t p, 0)^2; derivative -2 t max(1 - t p, 0).
template <class T>
struct SquaredHinge {
  static constexpr const char* kName = "squared_hinge";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = true, kMean = true;
  explicit SquaredHinge(const LossParams&) {}
  static PRONGHORN_MEMBER Vec<T> gap(Vec<T> p, Vec<T> t) { return max<T>(Vec<T>{}, T(1) - t * p); }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> p, Vec<T> t) const {
    const Vec<T> g = gap(p, hinge_target<T>(t));
    return g * g;
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> p, Vec<T> target) const {
    const Vec<T> t = hinge_target<T>(target);
    return T(-2) * t * gap(p, t);
  }
};
PRONGHORN_REGISTER(SquaredHinge)

// max(n - s + 1, 0) with s = sum_j t_j p_j and n = max_j (1 - t_j) p_j. Derivative, where positive:
// (1 - t_i)/k - t_i at the k columns that have the maximum, -t_i at others.
template <class T>
struct CategoricalHinge {
  static constexpr const char* kName = "categorical_hinge";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit CategoricalHinge(const LossParams&) {}

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const T hit = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
      return load_up_to(row.target + i, count) * load_up_to(row.pred + i, count);
    });
    T most = -VecTraits<T>::kInfinity;
    for (std::size_t i = 0; i < row.cols; ++i) {
      const T other = (T(1) - row.target[i]) * row.pred[i];
      most = other > most || other != other ? other : most;
    }
    const T gap = most - hit + T(1);
    if (row.grad != nullptr) {
      const T share = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
        const Vec<T> t = load_up_to(row.target + i, count);
        const Vec<T> other = (T(1) - t) * load_up_to(row.pred + i, count);
        return select<T>(other == splat<T>(most), splat<T>(1), Vec<T>{});
      });
      const T scale = gap > T(0) ? row.scale : (gap == T(0) ? T(0.5) * row.scale : T(0));
      map(row.pred, row.target, row.grad, row.cols, [&](Vec<T> p, Vec<T> t) {
        const Vec<T> rest = T(1) - t;
        const Vec<T> of_most = select<T>(rest * p == splat<T>(most), rest / share, Vec<T>{});
        return scale * (of_most - t);
      });
    }
    return gap > T(0) || gap != gap ? gap : T(0);
  }
};
PRONGHORN_REGISTER(CategoricalHinge)

// -sum_j a_j b_j with a = p / |p|, b = t / |t|, norms at least epsilon; derivative
// -(b - (sum_j a_j b_j) a) / |p|.
template <class T>
struct CosineSimilarity {
  static constexpr const char* kName = "cosine_similarity";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit CosineSimilarity(const LossParams&) {}

  static PRONGHORN_MEMBER T norm(const T* x, std::size_t n) {
    const T sum = sum_of<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> v = load_up_to(x + i, count);
      return v * v;
    });
    return sqrt<T>(splat<T>(sum))[0];
  }
  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    const T least = T(kEpsilon);
    const T length = norm(row.pred, row.cols);
    const T of_target = norm(row.target, row.cols);
    const T pred_norm = length < least ? least : length;
    const T target_norm = of_target < least ? least : of_target;
    const T cosine = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
      const Vec<T> b = load_up_to(row.target + i, count) / target_norm;
      return load_up_to(row.pred + i, count) / pred_norm * b;
    });
    if (row.grad != nullptr) {
      const T turn = length < least ? T(0) : cosine;
      map(row.pred, row.target, row.grad, row.cols, [&](Vec<T> p, Vec<T> t) {
        return row.scale / pred_norm * (turn * p / pred_norm - t / target_norm);
      });
    }
    return -cosine;
  }
};
PRONGHORN_REGISTER(CosineSimilarity)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
