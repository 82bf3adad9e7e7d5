// Softmax crossentropy of few classes, a row to each lane.
#pragma once

#include "kernels/body/lane_block.hpp"
#include "kernels/body/loss_loops.hpp"
#include "kernels/body/math.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr std::size_t kNarrowClasses = kMostNarrow;

template <class T>
PRONGHORN_INLINE IntVec<T> load_labels(const std::int32_t* labels, std::size_t count) {
  if constexpr (sizeof(T) == sizeof(std::int32_t)) {
    if (count == kLanes<T>) {
      IntVec<T> all;
      __builtin_memcpy(&all, labels, sizeof all);
      return all;
    }
  }
  IntVec<T> some = {};
  for (std::size_t i = 0; i < count; ++i) some[i] = labels[i];
  return some;
}

// sparse_categorical_crossentropy_logits for cols <= LaneBlock::kColumns; the equations stand
// there.
template <class T, int Keep>
PRONGHORN_INLINE void sparse_crossentropy_of_lanes(const LossArgs<T>& args, bool with_gradient) {
  const std::size_t cols = args.cols;
  for (std::size_t first = 0; first < args.rows; first += kLanes<T>) {
    const std::size_t rest = args.rows - first;
    const std::size_t count = rest < kLanes<T> ? rest : kLanes<T>;
    LaneBlock<T, Keep> block;
    block.gather(args.pred + first * args.ld_pred, args.ld_pred, count, cols);
    const IntVec<T> labels = load_labels<T>(args.labels + first, count);
    Vec<T> shift = load(block.at[0]);
    Vec<T> at_label = shift;
    for (std::size_t c = 1; c < cols; ++c) {
      const Vec<T> z = load(block.at[c]);
      shift = max<T>(z, shift);
      at_label = select<T>(labels == static_cast<typename VecTraits<T>::Int>(c), z, at_label);
    }
    // As in softmax_row: the largest logit's own 1 is kept apart.
    Vec<T> below = {};
    Vec<T> peaks = splat<T>(-1);
    for (std::size_t c = 0; c < cols; ++c) {
      const Vec<T> z = load(block.at[c]);
      const Vec<T> e = exp<T>(z - shift);
      const IntVec<T> peak = z == shift;
      peaks += select<T>(peak, splat<T>(1), Vec<T>{});
      below += select<T>(peak, Vec<T>{}, e);
      store<T>(block.at[c], e);
    }
    const Vec<T> excess = below + peaks;
    store_up_to<T>(args.row_value + first, log1p<T>(excess) + (shift - at_label), count);
    if (!with_gradient) continue;
    const Vec<T> total = excess + T(1);
    const Vec<T> factor = load_up_to(args.row_scale + first, count) / total;
    const IntVec<T> right = at_label == shift;
    for (std::size_t c = 0; c < cols; ++c) {
      const Vec<T> e = load(block.at[c]);
      const Vec<T> others = select<T>(right, excess, total - e);
      const IntVec<T> here = labels == static_cast<typename VecTraits<T>::Int>(c);
      store<T>(block.at[c], select<T>(here, -others, e) * factor);
    }
    block.scatter(args.grad + first * args.ld_grad, args.ld_grad, count, cols);
  }
}

template <class T>
PRONGHORN_INLINE void sparse_crossentropy_by_lanes(const LossArgs<T>& args, bool with_gradient) {
  constexpr int kCount = static_cast<int>(kLanes<T>);
  if constexpr (kCount > 4) {
    if (args.cols > 1 && args.cols <= 4) {
      sparse_crossentropy_of_lanes<T, 4>(args, with_gradient);
      return;
    }
  }
  if (args.cols <= kLanes<T>) {
    sparse_crossentropy_of_lanes<T, kCount>(args, with_gradient);
  } else {
    sparse_crossentropy_of_lanes<T, 0>(args, with_gradient);
  }
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
