// Softmax crossentropy of few classes, a row to each lane: no sums across lanes, whose latency is
// most of the time of a short row.
#pragma once

#include "kernels/body/loss_loops.hpp"
#include "kernels/body/math.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr std::size_t kNarrowClasses = 16;

// Up to kLanes rows of up to kNarrowClasses columns, column by column.
template <class T>
struct LaneBlock {
  alignas(kVectorBytes) T at[kNarrowClasses][kLanes<T>];

  PRONGHORN_MEMBER void gather(const T* x, std::size_t ld, std::size_t rows, std::size_t cols) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) at[c][r] = x[r * ld + c];
    }
    for (std::size_t r = rows; r < kLanes<T>; ++r) {
      for (std::size_t c = 0; c < cols; ++c) at[c][r] = T(0);
    }
  }
  PRONGHORN_MEMBER void scatter(T* x, std::size_t ld, std::size_t rows, std::size_t cols) const {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) x[r * ld + c] = at[c][r];
    }
  }
};

// sparse_categorical_crossentropy_logits for cols <= kNarrowClasses; the equations stand there.
template <class T>
PRONGHORN_INLINE void sparse_crossentropy_by_lanes(const LossArgs<T>& args, bool with_gradient) {
  const std::size_t cols = args.cols;
  for (std::size_t first = 0; first < args.rows; first += kLanes<T>) {
    const std::size_t rest = args.rows - first;
    const std::size_t count = rest < kLanes<T> ? rest : kLanes<T>;
    LaneBlock<T> block;
    block.gather(args.pred + first * args.ld_pred, args.ld_pred, count, cols);
    T label_lanes[kLanes<T>] = {};
    T logit_lanes[kLanes<T>] = {};
    for (std::size_t r = 0; r < count; ++r) {
      const std::int32_t label = args.labels[first + r];
      label_lanes[r] = static_cast<T>(label);
      logit_lanes[r] = block.at[label][r];
    }
    const Vec<T> labels = load(label_lanes);
    const Vec<T> at_label = load(logit_lanes);
    Vec<T> shift = load(block.at[0]);
    for (std::size_t c = 1; c < cols; ++c) shift = max<T>(load(block.at[c]), shift);
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
      const IntVec<T> here = labels == splat<T>(static_cast<T>(c));
      store<T>(block.at[c], select<T>(here, -others, e) * factor);
    }
    block.scatter(args.grad + first * args.ld_grad, args.ld_grad, count, cols);
  }
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
