// Where a variable's gradient goes, a run of packed elements at a time: straight into the optimizer
// (fused), or into a buffer of the variable's layout.
#pragma once

#include <cstddef>

#include "base/memory.hpp"
#include "kernels/table.hpp"
#include "pronghorn/variable.hpp"

namespace pronghorn {

template <class T>
struct Step;

// Rows of a gradient panel that are made and consumed at a time: a multiple of every kernel's tile
// rows, small enough that the run stays in the first-level cache between product and update.
constexpr std::size_t kSinkRows = 48;

template <class T>
struct Sink {
  Variable<T>* variable = nullptr;
  bool fused = false;

  double l1 = 0, l2 = 0;  // regulariser, added to the gradient and to the penalties
  // One penalty a (panel, run of kSinkRows rows), so that their sum has a fixed order.
  AlignedBuffer<double> penalties;

  // fused
  T* average = nullptr;      // moving average of the weights, packed like them; null: none is kept
  T* accumulator = nullptr;  // sum of the gradients since the last update; null: each one updates
  const kernels::Optimizer<T>* optimizer = nullptr;
  T* slots[kernels::kMaxSlots] = {};
  T clipvalue = 0;     // 0: off
  bool decays = true;  // whether weight decay applies

  // not fused
  T* buffer = nullptr;
  double* squares = nullptr;  // sums of the gradient's squares by (panel, run); null: not wanted

  bool regularized() const noexcept { return l1 != 0 || l2 != 0; }
  std::size_t runs_per_panel() const noexcept {
    return divide_up(variable->layout().rows, kSinkRows);
  }
  // Takes rows [row, row + rows) of panel j, rows <= kSinkRows and row a multiple of it; `g` may be
  // overwritten. `accumulate`: add to the buffer (a later use of a shared variable).
  void consume(std::size_t j, std::size_t row, std::size_t rows, T* g, bool accumulate,
               const kernels::OptimizerScalars<T>* scalars) noexcept;
  double penalty() const noexcept;
};

// Adds the gradient to the sum since the last update; if this step updates, the gradient becomes
// their mean and the sum zero.
template <class T>
void accumulate_run(T* g, T* accumulator, std::size_t n,
                    const kernels::OptimizerScalars<T>& scalars) noexcept;

// One update of n elements; `decays`: whether weight decay is a part of it.
template <class T>
void update_run(const kernels::Optimizer<T>& optimizer, bool decays, T* w, T* const* slots,
                const T* g, std::size_t n, const kernels::OptimizerScalars<T>& scalars) noexcept;

}  // namespace pronghorn
