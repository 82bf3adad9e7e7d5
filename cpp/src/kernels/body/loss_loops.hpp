// What makes table entries of the definitions in losses_* and row_metrics.
//
// A definition by rows (kByColumn = false) is a class template
//   kName, kSparse, kDifferentiable  as in kernels::Loss
//   explicit Definition(const LossParams&)
//   T row(const LossRow<T>&) const   value of the row; writes the gradient unless that is null
//   kNarrow                          rows of up to so many columns go to `rows` instead, if not 0:
//   void rows(const LossArgs<T>&, bool with_gradient) const
// and one that sums over columns (kByColumn = true) has instead of `row`
//   kMean                            whether the value is the mean of the columns or their sum
//   Vec<T> value(Vec<T> pred, Vec<T> target) const
//   Vec<T> gradient(Vec<T> pred, Vec<T> target) const  d value / d pred, if kDifferentiable
// One that couples all rows of a batch (kWholeBatch = true; left out elsewhere) has only `rows`.
#pragma once

#include "kernels/body/lane_block.hpp"
#include "kernels/body/map.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// Keras's fuzz factor, which keeps probabilities off 0 and 1.
constexpr double kEpsilon = 1e-7;

template <class T>
struct LossRow {
  const T* pred;
  const T* target;  // or null
  std::int32_t label;
  std::size_t cols;
  T scale;  // dJ/d(value), if grad is not null
  T* grad;  // dJ/dpred, or null; may be pred itself
};

template <class...>
using Void = void;

template <class D, class = void>
struct WholeBatch {
  static constexpr bool kValue = false;
};
template <class D>
struct WholeBatch<D, Void<decltype(D::kWholeBatch)>> {
  static constexpr bool kValue = D::kWholeBatch;
};

template <class T, template <class> class Definition>
PRONGHORN_INLINE T run_columns(const Definition<T>& loss, const LossRow<T>& row) {
  using D = Definition<T>;
  const T weight = D::kMean ? T(1) / static_cast<T>(row.cols) : T(1);
  const T scale = row.grad != nullptr ? row.scale * weight : T(0);
  const T sum = sum_of<T>(row.cols, [&](std::size_t i, std::size_t count) {
    const Vec<T> pred = load_up_to(row.pred + i, count);
    const Vec<T> target = load_up_to(row.target + i, count);
    if constexpr (D::kDifferentiable) {
      if (row.grad != nullptr) {
        store_up_to<T>(row.grad + i, scale * loss.gradient(pred, target), count);
      }
    }
    return loss.value(pred, target);
  });
  return D::kMean ? sum / static_cast<T>(row.cols) : sum;
}

// Rows of a single column, a vector of them at a time; the same values as run_columns gives.
template <class T, template <class> class Definition>
PRONGHORN_INLINE void run_single_column(const Definition<T>& loss, const LossArgs<T>& args,
                                        bool with_gradient) {
  using D = Definition<T>;
  constexpr std::size_t kBlock = kLanes<T>;
  for (std::size_t first = 0; first < args.rows; first += kBlock) {
    const std::size_t count = args.rows - first < kBlock ? args.rows - first : kBlock;
    T pred_lanes[kBlock] = {};
    T target_lanes[kBlock] = {};
    for (std::size_t i = 0; i < count; ++i) {
      pred_lanes[i] = args.pred[(first + i) * args.ld_pred];
      target_lanes[i] = args.target[(first + i) * args.ld_target];
    }
    const Vec<T> pred = load(pred_lanes);
    const Vec<T> target = load(target_lanes);
    store_up_to<T>(args.row_value + first, loss.value(pred, target), count);
    if constexpr (D::kDifferentiable) {
      if (with_gradient) {
        T grad_lanes[kBlock];
        store<T>(grad_lanes,
                 load_up_to(args.row_scale + first, count) * loss.gradient(pred, target));
        for (std::size_t i = 0; i < count; ++i) {
          args.grad[(first + i) * args.ld_grad] = grad_lanes[i];
        }
      }
    }
  }
}

// Rows of two to kFewColumns columns, a row to each lane.
constexpr int kFewColumns = 4;

template <class T, template <class> class Definition>
PRONGHORN_INLINE void run_few_columns(const Definition<T>& loss, const LossArgs<T>& args,
                                      bool with_gradient) {
  using D = Definition<T>;
  const T weight = D::kMean ? T(1) / static_cast<T>(args.cols) : T(1);
  for (std::size_t first = 0; first < args.rows; first += kLanes<T>) {
    const std::size_t rest = args.rows - first;
    const std::size_t count = rest < kLanes<T> ? rest : kLanes<T>;
    LaneBlock<T, kFewColumns> pred, target;
    pred.gather(args.pred + first * args.ld_pred, args.ld_pred, count, args.cols);
    target.gather(args.target + first * args.ld_target, args.ld_target, count, args.cols);
    const Vec<T> scale =
        with_gradient ? weight * load_up_to(args.row_scale + first, count) : Vec<T>{};
    Vec<T> sum = {};
    for (std::size_t c = 0; c < args.cols; ++c) {
      const Vec<T> p = load(pred.at[c]), t = load(target.at[c]);
      sum += loss.value(p, t);
      if constexpr (D::kDifferentiable) store<T>(pred.at[c], scale * loss.gradient(p, t));
    }
    store_up_to<T>(args.row_value + first, sum * weight, count);
    if (with_gradient) {
      pred.scatter(args.grad + first * args.ld_grad, args.ld_grad, count, args.cols);
    }
  }
}

template <class T, template <class> class Definition>
void run_by_rows(const Definition<T>& loss, const LossArgs<T>& args, bool with_gradient) {
  using D = Definition<T>;
  if constexpr (D::kByColumn) {
    if (args.cols == 1) {
      run_single_column<T, Definition>(loss, args, with_gradient);
      return;
    }
    if constexpr (kLanes<T> > kFewColumns) {
      if (args.cols <= kFewColumns) {
        run_few_columns<T, Definition>(loss, args, with_gradient);
        return;
      }
    }
  }
  if constexpr (!D::kByColumn) {
    if constexpr (D::kNarrow > 0) {
      if (args.cols <= D::kNarrow) {
        loss.rows(args, with_gradient);
        return;
      }
    }
  }
  for (std::size_t r = 0; r < args.rows; ++r) {
    const LossRow<T> row = {args.pred + r * args.ld_pred,
                            D::kSparse ? nullptr : args.target + r * args.ld_target,
                            D::kSparse ? args.labels[r] : 0,
                            args.cols,
                            with_gradient ? args.row_scale[r] : T(0),
                            with_gradient ? args.grad + r * args.ld_grad : nullptr};
    if constexpr (D::kByColumn) {
      args.row_value[r] = run_columns<T, Definition>(loss, row);
    } else {
      args.row_value[r] = loss.row(row);
    }
  }
}

template <class T, template <class> class Definition>
void run_loss(const LossArgs<T>& args) noexcept {
  using D = Definition<T>;
  const D loss(args.params);
  const bool with_gradient =
      D::kDifferentiable && args.row_scale != nullptr && args.grad != nullptr;
  if constexpr (WholeBatch<D>::kValue) {
    loss.rows(args, with_gradient);
  } else {
    run_by_rows<T, Definition>(loss, args, with_gradient);
  }
}

template <class T, template <class> class Definition>
constexpr Loss<T> loss_entry() {
  using D = Definition<T>;
  return {D::kName, D::kSparse, D::kDifferentiable, WholeBatch<D>::kValue, run_loss<T, Definition>};
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
