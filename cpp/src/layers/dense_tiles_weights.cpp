// dW and db by tile kernels, into their sinks. A task is a panel of columns of W, or a run of its
// rows; the bias goes with the first run of each panel.
//
// Where it pays (HalvedSum), dW is the sum over the first half of the batch plus that over the
// second, on any number of threads. Two threads that take the halves through forward and dX then
// make one sum each from what lies in their own caches, and exchange those instead of the
// activations and gradients of the other half.
#include <algorithm>
#include <cstring>

#include "kernels/dispatch.hpp"
#include "layers/dense_grid.hpp"
#include "layers/dense_products.hpp"

namespace pronghorn {
namespace {

constexpr std::size_t kPackRows = 64;

// A run of rows of the batch.
struct Samples {
  std::size_t begin, end;
  std::size_t count() const noexcept { return end - begin; }
};

// The halves of the batch by which a step sums this gradient; the second may be empty.
template <class T>
struct Halves {
  Samples all, first, second;
  bool both;

  Halves(const DenseWeightsArgs<T>& args, const Step<T>& step) noexcept
      : all{0, step.rows(args.dz)} {
    const std::size_t half = args.rows_per_sample * step.half;
    both = args.halved(step) && half < all.end;
    first = {0, both ? half : all.end};
    second = {first.end, all.end};
  }
};

// One panel of dZ, and the products with it.
template <class T>
class PanelProducts {
 public:
  PanelProducts(const DenseWeightsArgs<T>& args, const Step<T>& step, std::size_t j) noexcept
      : layout_(args.kernel->layout()),
        x_(step.row_pointers(args.x)),
        dz_(step.data(args.dz) + j * layout_.panel),
        ld_(step.info(args.dz).ld),
        width_(layout_.width(j)) {}

  void bias(const Samples& samples, T* sums) const noexcept {
    kernels::table<T>().products.column_sums(dz_ + samples.begin * ld_, ld_, samples.count(),
                                             width_, sums);
  }
  // A panel that many rows of dW pass over is worth a copy without gaps.
  void pack(std::size_t batch, std::size_t rows, T* copy) noexcept {
    if (batch < kPackRows || ld_ == width_ || rows <= 2 * kSinkRows) return;
    for (std::size_t r = 0; r < batch; ++r) {
      std::memcpy(copy + r * width_, dz_ + r * ld_, width_ * sizeof(T));
    }
    dz_ = copy;
    ld_ = width_;
  }
  // Rows [row, row + rows) of the panel of dW. The whole batch at once: over a deep one the kernel
  // copies its tile of X aside.
  void kernel(const Samples& samples, std::size_t row, std::size_t rows, T* out) const noexcept {
    const auto& products = kernels::table<T>().products;
    const T* const dz = dz_ + samples.begin * ld_;
    if (width_ < layout_.vector) {
      products.narrow_columns(x_ + samples.begin, row, rows, samples.count(), dz, ld_, out, width_);
    } else {
      products.columns(x_ + samples.begin, row, rows, samples.count(), dz, ld_, false, out, width_,
                       width_ / layout_.vector);
    }
  }

 private:
  const PanelLayout& layout_;
  const T* const* x_;
  const T* dz_;
  std::size_t ld_, width_;
};

template <class T>
DenseGrid weights_grid(const DenseWeightsArgs<T>& args, const Step<T>& step) noexcept {
  const PanelLayout& layout = args.kernel->layout();
  return {layout.count(), layout.rows, kSinkRows, step.threads};
}

// For each task, take_bias(j) if it is the panel's first and take_rows(j, first row, last row).
template <class T, class TakeBias, class TakeRows>
void for_each_run(const DenseWeightsArgs<T>& args, const DenseGrid& grid, std::size_t begin,
                  std::size_t end, TakeBias take_bias, TakeRows take_rows) noexcept {
  for (std::size_t task = begin; task < end; ++task) {
    const std::size_t j = grid.panel(task);
    if (args.bias_part.sink != nullptr && grid.begin(task) == 0) take_bias(j);
    if (args.kernel_part.sink != nullptr) take_rows(j, grid.begin(task), grid.end(task));
  }
}

template <class T>
class DenseBackwardWeights final : public Phase<T> {
 public:
  explicit DenseBackwardWeights(const DenseWeightsArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    if (step.halves && args_.halved(step)) return 0;
    return weights_grid(args_, step).tasks();
  }

  // Runs of gradient rows by each half, then the panel of dZ.
  std::size_t scratch(std::size_t samples) const override {
    const std::size_t panel = kernels::table<T>().panel;
    return (2 * kSinkRows + samples * args_.rows_per_sample + 1) * panel;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& layout = args_.kernel->layout();
    const auto& add = kernels::table<T>().elementwise.add;
    const Halves<T> halves(args_, step);
    T* const sum = scratch;
    T* const other = scratch + kSinkRows * layout.panel;
    T* const packed = other + kSinkRows * layout.panel;
    for_each_run(
        args_, weights_grid(args_, step), begin, end,
        [&](std::size_t j) {
          const PanelProducts<T> products(args_, step, j);
          products.bias(halves.first, sum);
          if (halves.both) {
            products.bias(halves.second, other);
            add(sum, other, sum, layout.width(j));
          }
          args_.bias_part.sink->consume(j, 0, 1, sum, args_.bias_part.accumulate, step.scalars);
        },
        [&](std::size_t j, std::size_t first, std::size_t last) {
          PanelProducts<T> products(args_, step, j);
          products.pack(halves.all.count(), last - first, packed);
          for (std::size_t row = first; row < last; row += kSinkRows) {
            const std::size_t rows = std::min(kSinkRows, last - row);
            products.kernel(halves.first, row, rows, sum);
            if (halves.both) {
              products.kernel(halves.second, row, rows, other);
              add(sum, other, sum, rows * layout.width(j));
            }
            args_.kernel_part.sink->consume(j, row, rows, sum, args_.kernel_part.accumulate,
                                            step.scalars);
          }
        });
  }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }
  double flops_per_step() const noexcept override {
    return 20.0 * static_cast<double>(args_.kernel->element_count());
  }

 private:
  const DenseWeightsArgs<T> args_;
};

// The sum over one half of the batch, left as partial sums for the other thread.
template <class T>
class HalfOfWeights final : public Phase<T> {
 public:
  explicit HalfOfWeights(const DenseWeightsArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    return step.halves && args_.halved(step) ? args_.kernel->layout().count() : 0;
  }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& layout = args_.kernel->layout();
    const Samples samples{0, step.rows(args_.dz)};
    const bool second = step.begin > 0;
    for (std::size_t j = begin; j < end; ++j) {
      PanelProducts<T> products(args_, step, j);
      if (args_.bias_part.sink != nullptr) {
        products.bias(samples,
                      step.workspace->partial(args_.partials[1], second) + j * layout.panel);
      }
      if (args_.kernel_part.sink == nullptr) continue;
      products.pack(samples.count(), layout.rows, scratch);
      products.kernel(samples, 0, layout.rows,
                      step.workspace->partial(args_.partials[0], second) + layout.offset(j));
    }
  }

 private:
  const DenseWeightsArgs<T> args_;
};

template <class T>
class AddedHalvesOfWeights final : public Phase<T> {
 public:
  explicit AddedHalvesOfWeights(const DenseWeightsArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    return step.halves && args_.halved(step) ? weights_grid(args_, step).tasks() : 0;
  }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T* sum) const noexcept override {
    const PanelLayout& layout = args_.kernel->layout();
    const bool both = Halves<T>(args_, step).both;
    const auto halves_added = [&](std::ptrdiff_t partial, std::size_t offset, std::size_t n) {
      const T* const first = step.workspace->partial(partial, false) + offset;
      if (both) {
        const T* const second = step.workspace->partial(partial, true) + offset;
        kernels::table<T>().elementwise.add(first, second, sum, n);
      } else {
        std::memcpy(sum, first, n * sizeof(T));
      }
    };
    for_each_run(
        args_, weights_grid(args_, step), begin, end,
        [&](std::size_t j) {
          halves_added(args_.partials[1], j * layout.panel, layout.width(j));
          args_.bias_part.sink->consume(j, 0, 1, sum, args_.bias_part.accumulate, step.scalars);
        },
        [&](std::size_t j, std::size_t first, std::size_t last) {
          for (std::size_t row = first; row < last; row += kSinkRows) {
            const std::size_t rows = std::min(kSinkRows, last - row), width = layout.width(j);
            halves_added(args_.partials[0], layout.offset(j) + row * width, rows * width);
            args_.kernel_part.sink->consume(j, row, rows, sum, args_.kernel_part.accumulate,
                                            step.scalars);
          }
        });
  }

 private:
  const DenseWeightsArgs<T> args_;
};

}  // namespace

template <class T>
std::unique_ptr<Phase<T>> dense_tiles(const DenseWeightsArgs<T>& args) {
  return std::make_unique<DenseBackwardWeights<T>>(args);
}
template <class T>
std::unique_ptr<Phase<T>> half_of_weights(const DenseWeightsArgs<T>& args) {
  return std::make_unique<HalfOfWeights<T>>(args);
}
template <class T>
std::unique_ptr<Phase<T>> added_halves_of_weights(const DenseWeightsArgs<T>& args) {
  return std::make_unique<AddedHalvesOfWeights<T>>(args);
}

#define PRONGHORN_INSTANTIATE(T)                                                  \
  template std::unique_ptr<Phase<T>> dense_tiles(const DenseWeightsArgs<T>&);     \
  template std::unique_ptr<Phase<T>> half_of_weights(const DenseWeightsArgs<T>&); \
  template std::unique_ptr<Phase<T>> added_halves_of_weights(const DenseWeightsArgs<T>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
