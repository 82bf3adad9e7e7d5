#include "plan/sink.hpp"

#include <cstring>

#include "kernels/dispatch.hpp"

namespace pronghorn {

template <class T>
void Sink<T>::consume(std::size_t j, std::size_t row, std::size_t rows, T* g, bool accumulate,
                      const kernels::OptimizerScalars<T>* scalars) noexcept {
  const auto& elementwise = kernels::table<T>().elementwise;
  const PanelLayout& layout = variable->layout();
  const std::size_t width = layout.width(j);
  const std::size_t offset = layout.offset(j) + row * width;
  const std::size_t n = rows * width;
  T* w = variable->packed() + offset;
  if (regularized() && !accumulate) {
    penalties[j * runs_per_panel() + row / kSinkRows] = elementwise.regularize(w, g, n, l1, l2);
  }
  if (!fused) {
    T* out = buffer + offset;
    if (accumulate) {
      elementwise.add(out, g, out, n);
    } else {
      std::memcpy(out, g, n * sizeof(T));
    }
    if (squares != nullptr) {
      squares[j * runs_per_panel() + row / kSinkRows] =
          kernels::table<T>().products.sum_squares(out, n);
    }
    return;
  }
  if (accumulator != nullptr) accumulate_run(g, accumulator + offset, n, *scalars);
  if (scalars->updates) {
    if (clipvalue > 0) elementwise.clip(g, n, clipvalue);
    T* slot_runs[kernels::kMaxSlots];
    for (int s = 0; s < kernels::kMaxSlots; ++s) {
      slot_runs[s] = slots[s] == nullptr ? nullptr : slots[s] + offset;
    }
    update_run(*optimizer, decays, w, slot_runs, g, n, *scalars);
  }
  if (average != nullptr) {
    elementwise.average(average + offset, w, n, scalars->average_momentum, scalars->overwrites);
  }
}

template <class T>
double Sink<T>::penalty() const noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < penalties.size(); ++i) sum += penalties[i];
  return sum;
}

template <class T>
void accumulate_run(T* g, T* accumulator, std::size_t n,
                    const kernels::OptimizerScalars<T>& scalars) noexcept {
  const auto& elementwise = kernels::table<T>().elementwise;
  if (scalars.updates) {
    elementwise.merge(g, accumulator, n, scalars.accumulated);
  } else {
    elementwise.add(accumulator, g, accumulator, n);
  }
}

template <class T>
void update_run(const kernels::Optimizer<T>& optimizer, bool decays, T* w, T* const* slots,
                const T* g, std::size_t n, const kernels::OptimizerScalars<T>& scalars) noexcept {
  if (decays) {
    optimizer.update(w, slots, g, n, scalars);
    return;
  }
  kernels::OptimizerScalars<T> own = scalars;
  own.decay_factor = 1;
  optimizer.update(w, slots, g, n, own);
}

template void accumulate_run(float*, float*, std::size_t,
                             const kernels::OptimizerScalars<float>&) noexcept;
template void accumulate_run(double*, double*, std::size_t,
                             const kernels::OptimizerScalars<double>&) noexcept;
template void update_run(const kernels::Optimizer<float>&, bool, float*, float* const*,
                         const float*, std::size_t,
                         const kernels::OptimizerScalars<float>&) noexcept;
template void update_run(const kernels::Optimizer<double>&, bool, double*, double* const*,
                         const double*, std::size_t,
                         const kernels::OptimizerScalars<double>&) noexcept;
template struct Sink<float>;
template struct Sink<double>;

}  // namespace pronghorn
