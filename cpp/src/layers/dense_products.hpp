// The three products of a dense layer as phases, by tile kernels or by BLAS.
#pragma once

#include <memory>

#include "plan/planner.hpp"

namespace pronghorn {

// Z = X W + b and, if its kernel is set, Y = act(Z) for an activation that a run of columns alone
// allows.
template <class T>
struct DenseForwardArgs {
  const Variable<T>* kernel;
  const Variable<T>* bias;  // or null
  std::size_t x, z, y;      // tensors
  BoundActivation<T> activation;
  std::size_t rows_per_sample;
};

// dX = dZ W^T as a contribution to a gradient.
template <class T>
struct DenseDataArgs {
  const Variable<T>* kernel;
  std::size_t dz;
  Contribution<T> to;
  std::size_t rows_per_sample;
  bool one_pass = false;  // a one-pass phase does the work where that pays
};

// dW = X^T dZ and db = the sum of dZ's rows, into their sinks (either may be null).
template <class T>
struct DenseWeightsArgs {
  struct Part {
    Sink<T>* sink = nullptr;
    bool accumulate = false;  // an earlier use of the variable has begun the sum
  };
  const Variable<T>* kernel;
  Part kernel_part, bias_part;
  std::size_t x, dz;
  std::size_t rows_per_sample;
  bool one_pass = false;  // likewise
  // Numbers of the partial sums of dW and db, where they may be made by halves of the batch; else
  // -1.
  std::ptrdiff_t partials[2] = {-1, -1};

  HalvedSum halved_sum() const noexcept {
    return {kernel->layout().rows, kernel->layout().cols, rows_per_sample, 0};
  }
  // Whether the step's gradient is the sum of those over two halves.
  bool halved(const Step<T>& step) const noexcept {
    return partials[0] >= 0 && step.half > 0 && halved_sum().pays(step.half);
  }
};

template <class Args>
double dense_flops_per_sample(const Args& args) noexcept {
  return 2.0 * static_cast<double>(args.kernel->element_count() * args.rows_per_sample);
}

// What a product must do at least: its operations, one operand and the result a sample, and the
// weights once (the optimizer's slots as well, where the update happens in the tile).
template <class T, class Args>
PhaseCost dense_cost(const Args& args, const char* work, double weight_touches = 1) noexcept {
  const PanelLayout& layout = args.kernel->layout();
  PhaseCost cost{work};
  cost.flops_per_sample = dense_flops_per_sample(args);
  cost.bytes_per_sample =
      sizeof(T) * static_cast<double>((layout.rows + layout.cols) * args.rows_per_sample);
  cost.bytes_per_step =
      weight_touches * sizeof(T) * static_cast<double>(args.kernel->element_count());
  return cost;
}
template <class T>
PhaseCost weights_cost(const DenseWeightsArgs<T>& args) noexcept {
  const Sink<T>* const sink = args.kernel_part.sink;
  if (sink == nullptr) return {"dW"};
  if (!sink->fused) return dense_cost<T>(args, "dW");
  double arrays = 1;  // each is read and written
  for (const T* slot : sink->slots) arrays += slot == nullptr ? 0 : 1;
  return dense_cost<T>(args, "dW and update", 2 * arrays);
}

template <class T>
PhaseCost one_pass_cost(const DenseWeightsArgs<T>& args) noexcept {
  PhaseCost cost = weights_cost(args);
  cost.work = args.kernel_part.sink->fused ? "dX, dW, update" : "dX and dW";
  cost.flops_per_sample *= 2;
  cost.bytes_per_sample *= 2;
  return cost;
}

template <class T>
std::unique_ptr<Phase<T>> dense_tiles(const DenseForwardArgs<T>& args);
template <class T>
std::unique_ptr<Phase<T>> dense_tiles(const DenseDataArgs<T>& args);
template <class T>
std::unique_ptr<Phase<T>> dense_tiles(const DenseWeightsArgs<T>& args);

// The gradient of a half of the batch, and the sum of both halves into the sinks.
template <class T>
std::unique_ptr<Phase<T>> half_of_weights(const DenseWeightsArgs<T>& args);
template <class T>
std::unique_ptr<Phase<T>> added_halves_of_weights(const DenseWeightsArgs<T>& args);

template <class T>
std::unique_ptr<Phase<T>> dense_blas(const DenseForwardArgs<T>& args);
template <class T>
std::unique_ptr<Phase<T>> dense_blas(const DenseDataArgs<T>& args);
template <class T>
std::unique_ptr<Phase<T>> dense_blas(const DenseWeightsArgs<T>& args);

template <class T>
std::unique_ptr<Phase<T>> dense_packed(const DenseForwardArgs<T>& args);
template <class T>
std::unique_ptr<Phase<T>> dense_packed(const DenseDataArgs<T>& args);
template <class T>
std::unique_ptr<Phase<T>> dense_packed(const DenseWeightsArgs<T>& args);

// Both backward products and the update in one pass over W; no tasks where that does not pay.
template <class T>
std::unique_ptr<Phase<T>> dense_one_pass(const DenseDataArgs<T>& data,
                                         const DenseWeightsArgs<T>& weights);
template <class T>
bool one_pass_pays(const Variable<T>& kernel, std::size_t rows) noexcept;

// out (length, width) = rows [row, row + rows) and columns [k, k + length) of W, transposed; the
// columns beyond `rows` are zero.
template <class T>
void transposed_block(const Variable<T>& kernel, std::size_t row, std::size_t rows, std::size_t k,
                      std::size_t length, std::size_t width, T* out) noexcept;

// The phase that runs, for the step's batch, the best of the three.
template <class T, template <class> class Args>
std::unique_ptr<Phase<T>> dense_product(const Args<T>& args);

}  // namespace pronghorn
