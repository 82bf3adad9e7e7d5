// dX = dZ W^T, dW = X^T dZ and W's update in one pass over W, for batches of few rows: the time of
// these is that of W's way from memory, which two phases would make it go twice. A task is a run of
// rows of W, which are columns of dX, so that no sum is shared between tasks. A thread walks down
// its rows of one panel after another: memory is read in the order in which it lies, while the
// unfinished dX of few rows stays in the second cache.
#include <algorithm>

#include "kernels/dispatch.hpp"
#include "layers/dense_products.hpp"

namespace pronghorn {
namespace {

// Batches for which the way of W and its slots from memory takes longer than the products, as
// measured, and weights that do not stay in the second cache from one phase to the next.
constexpr std::size_t kFewRows = 16;
constexpr std::size_t kManyBytes = 1 << 20;

template <class T>
class OnePass final : public Phase<T> {
 public:
  OnePass(const DenseDataArgs<T>& data, const DenseWeightsArgs<T>& weights)
      : data_(data), weights_(weights) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    if (!one_pass_pays(*data_.kernel, step.rows(data_.dz))) return 0;
    return divide_up(data_.kernel->layout().rows, kSinkRows);
  }
  // A block of W^T, then a run of rows of dW.
  std::size_t scratch(std::size_t /*samples*/) const override {
    const std::size_t panel = kernels::table<T>().panel;
    return (panel + kSinkRows) * panel;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& layout = data_.kernel->layout();
    for (std::size_t j = 0; j < layout.count(); ++j) {
      if (begin == 0 && weights_.bias_part.sink != nullptr) bias_gradient(step, j, scratch);
      for (std::size_t task = begin; task < end; ++task) {
        const std::size_t row = task * kSinkRows;
        const Block block{j, row, std::min(kSinkRows, layout.rows - row)};
        Ahead ahead(block_ahead(j, task, begin, end), kSinkRows * layout.panel * sizeof(T));
        input_gradient(step, block, ahead, scratch);
        weight_gradient(step, block, ahead, scratch + layout.panel * layout.panel);
      }
    }
    const std::size_t first = begin * kSinkRows;
    apply_epilogue(step, data_.to.epilogue, data_.to.tensor, 0, step.rows(data_.dz), first,
                   std::min(layout.rows, end * kSinkRows) - first);
  }

 private:
  // Rows [row, row + rows) of panel j of W.
  struct Block {
    std::size_t j, row, rows;
  };
  // Asks for a block of W in as many parts as kernels are called for another block. The slots lie
  // in order and are left to the processor, whose own prefetching they keep up with.
  class Ahead {
   public:
    Ahead(const T* block, std::size_t bytes)
        : at_(reinterpret_cast<const char*>(block)),
          lines_(divide_up(bytes, kParts * kAlignment)) {}
    void load() noexcept {
      for (std::size_t i = 0; i < lines_; ++i, at_ += kAlignment) __builtin_prefetch(at_, 0, 2);
    }

   private:
    static constexpr std::size_t kParts = 5;

    const char* at_;
    const std::size_t lines_;
  };

  // The block two tasks later, as one task is too short for memory to answer.
  const T* block_ahead(std::size_t j, std::size_t task, std::size_t begin,
                       std::size_t end) const noexcept {
    const PanelLayout& layout = data_.kernel->layout();
    task += 2;
    if (task >= end && j + 1 < layout.count()) {
      ++j;
      task = std::min(task - (end - begin), end - 1);
    }
    return data_.kernel->packed() + layout.offset(j) +
           std::min(task * kSinkRows, layout.rows - 1) * layout.width(j);
  }

  // Columns of dX += panel j of dZ times the block of W, transposed.
  void input_gradient(Step<T>& step, const Block& block, Ahead& ahead,
                      T* transposed) const noexcept {
    const auto& products = kernels::table<T>().products;
    const PanelLayout& layout = data_.kernel->layout();
    const std::size_t k = block.j * layout.panel, length = layout.filled(block.j);
    const std::size_t batch = step.rows(data_.dz), ldg = step.info(data_.to.tensor).ld;
    const T* const* const dz = step.row_pointers(data_.dz);
    const bool accumulate = block.j > 0 || data_.to.accumulate;
    for (std::size_t done = 0; done < block.rows; done += layout.panel) {
      const std::size_t col = block.row + done, cols = std::min(layout.panel, block.rows - done);
      const std::size_t width = layout.width_for(cols);
      T* const g = step.data(data_.to.tensor) + col;
      ahead.load();
      transposed_block(*data_.kernel, col, cols, k, length, width, transposed);
      ahead.load();
      if (width < layout.vector) {
        products.narrow_rows(dz, k, batch, length, transposed, width, nullptr, accumulate, g, ldg);
      } else {
        products.rows(dz, k, batch, length, transposed, width, nullptr, accumulate, g, ldg,
                      width / layout.vector);
      }
    }
  }

  // The block of dW into the sink.
  void weight_gradient(Step<T>& step, const Block& block, Ahead& ahead,
                       T* gradient) const noexcept {
    const auto& products = kernels::table<T>().products;
    const PanelLayout& layout = data_.kernel->layout();
    const auto [j, row, rows] = block;
    const std::size_t width = layout.width(j), batch = step.rows(data_.dz);
    const T* const* const x = step.row_pointers(weights_.x);
    const T* const dz = step.data(data_.dz) + j * layout.panel;
    const std::size_t ldz = step.info(data_.dz).ld;
    if (width < layout.vector) {
      products.narrow_columns(x, row, rows, batch, dz, ldz, gradient, width);
    } else {
      products.columns(x, row, rows, batch, dz, ldz, false, gradient, width, width / layout.vector);
    }
    ahead.load();
    weights_.kernel_part.sink->consume(j, row, rows, gradient, weights_.kernel_part.accumulate,
                                       step.scalars);
  }

  void bias_gradient(Step<T>& step, std::size_t j, T* sums) const noexcept {
    const PanelLayout& layout = data_.kernel->layout();
    kernels::table<T>().products.column_sums(step.data(data_.dz) + j * layout.panel,
                                             step.info(data_.dz).ld, step.rows(data_.dz),
                                             layout.width(j), sums);
    weights_.bias_part.sink->consume(j, 0, 1, sums, weights_.bias_part.accumulate, step.scalars);
  }

  const DenseDataArgs<T> data_;
  const DenseWeightsArgs<T> weights_;
};

}  // namespace

template <class T>
bool one_pass_pays(const Variable<T>& kernel, std::size_t rows) noexcept {
  return rows <= kFewRows && kernel.element_count() * sizeof(T) >= kManyBytes;
}

template <class T>
std::unique_ptr<Phase<T>> dense_one_pass(const DenseDataArgs<T>& data,
                                         const DenseWeightsArgs<T>& weights) {
  return std::make_unique<OnePass<T>>(data, weights);
}

#define PRONGHORN_INSTANTIATE(T)                                             \
  template bool one_pass_pays(const Variable<T>&, std::size_t) noexcept;     \
  template std::unique_ptr<Phase<T>> dense_one_pass(const DenseDataArgs<T>&, \
                                                    const DenseWeightsArgs<T>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
