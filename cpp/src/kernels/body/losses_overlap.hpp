// One minus the overlap of predictions p and targets t, of all rows of a batch or of each row:
//   1 - a I / D, D = b I + c T + d P + epsilon, I = sum p t, T = sum t, P = sum p;
// derivative -a (t_i D - I (b t_i + d)) / D^2.
#pragma once

#include "kernels/body/loss_loops.hpp"
#include "kernels/body/registry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

template <class T>
struct Overlap {
  T a, b, c, d;

  struct Sums {
    T both = 0, targets = 0, predictions = 0;
  };
  static PRONGHORN_MEMBER void add(const T* pred, const T* target, std::size_t n, Sums& sums) {
    sums.both += sum_of<T>(n, [&](std::size_t i, std::size_t count) {
      return load_up_to(pred + i, count) * load_up_to(target + i, count);
    });
    const auto total = [n](const T* x) {
      return sum_of<T>(n, [&](std::size_t i, std::size_t k) { return load_up_to(x + i, k); });
    };
    sums.targets += total(target);
    sums.predictions += total(pred);
  }
  PRONGHORN_MEMBER T divisor(const Sums& sums) const {
    return b * sums.both + c * sums.targets + d * sums.predictions + T(kEpsilon);
  }
  PRONGHORN_MEMBER T value(const Sums& sums) const { return T(1) - a * sums.both / divisor(sums); }
  PRONGHORN_MEMBER void gradient(const T* pred, const T* target, T* grad, std::size_t n,
                                 const Sums& sums, T scale) const {
    const T by = divisor(sums);
    map(pred, target, grad, n,
        [&](Vec<T>, Vec<T> t) { return -scale * a * (t - sums.both / by * (b * t + d)) / by; });
  }

  PRONGHORN_MEMBER T row(const LossRow<T>& row) const {
    Sums sums;
    add(row.pred, row.target, row.cols, sums);
    if (row.grad != nullptr) gradient(row.pred, row.target, row.grad, row.cols, sums, row.scale);
    return value(sums);
  }
  PRONGHORN_MEMBER void rows(const LossArgs<T>& args, bool with_gradient) const {
    Sums sums;
    T scale = 0;
    for (std::size_t r = 0; r < args.rows; ++r) {
      add(args.pred + r * args.ld_pred, args.target + r * args.ld_target, args.cols, sums);
      if (with_gradient) scale += args.row_scale[r];
    }
    const T shared = value(sums);
    for (std::size_t r = 0; r < args.rows; ++r) {
      args.row_value[r] = shared;
      if (!with_gradient) continue;
      gradient(args.pred + r * args.ld_pred, args.target + r * args.ld_target,
               args.grad + r * args.ld_grad, args.cols, sums, scale);
    }
  }
};

// 1 - 2 I / (T + P). Milletari et al., arXiv:1606.04797, with sums in place of squares.
template <class T>
struct DiceByRow : Overlap<T> {
  static constexpr const char* kName = "dice_by_row";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit DiceByRow(const LossParams&) : Overlap<T>{T(2), T(0), T(1), T(1)} {}
};
PRONGHORN_REGISTER(DiceByRow)

template <class T>
struct Dice : DiceByRow<T> {
  static constexpr const char* kName = "dice";
  static constexpr bool kWholeBatch = true;
  using DiceByRow<T>::DiceByRow;
};
PRONGHORN_REGISTER(Dice)

// 1 - I / (I + alpha (T - I) + beta (P - I)). Salehi et al., arXiv:1706.05721, eq. 4.
template <class T>
struct TverskyByRow : Overlap<T> {
  static constexpr const char* kName = "tversky_by_row";
  static constexpr bool kSparse = false, kDifferentiable = true, kByColumn = false;
  static constexpr std::size_t kNarrow = 0;
  explicit TverskyByRow(const LossParams& params)
      : Overlap<T>{T(1), static_cast<T>(1 - params.alpha - params.beta),
                   static_cast<T>(params.alpha), static_cast<T>(params.beta)} {}
};
PRONGHORN_REGISTER(TverskyByRow)

template <class T>
struct Tversky : TverskyByRow<T> {
  static constexpr const char* kName = "tversky";
  static constexpr bool kWholeBatch = true;
  using TverskyByRow<T>::TverskyByRow;
};
PRONGHORN_REGISTER(Tversky)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
