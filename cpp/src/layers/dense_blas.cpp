// The products of a dense layer by BLAS, single-threaded, on blocks of a fixed size: the blocks of
// different tasks run at once in the engine's team. Blocks of W are copied out of their panels and
// rows of X gathered, since BLAS takes one distance between rows.
#include <algorithm>
#include <cstring>

#include "kernels/blas.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/gemm_choice.hpp"
#include "layers/dense_products.hpp"

namespace pronghorn {
namespace {

// Rows, columns and depth of a block: three of them fit a second-level cache of 1 MiB in float.
constexpr std::size_t kBlock = 256;
static_assert(kBlock % 16 == 0, "whole panels on every instruction set");
// Rows of dW in a block: whole sink runs.
constexpr std::size_t kWeightRows = 4 * kSinkRows;

// Tasks: blocks of columns by blocks of rows, independent of the thread count.
struct BlockGrid {
  RowBlocks rows, cols;
  std::size_t tasks() const noexcept { return rows.count() * cols.count(); }
  std::size_t row_block(std::size_t task) const noexcept { return task % rows.count(); }
  std::size_t col_block(std::size_t task) const noexcept { return task / rows.count(); }
};

// out (depth, cols) = W[row.., col..] out of its panels; col is a panel's boundary.
template <class T>
void copy_weights(const Variable<T>& kernel, std::size_t row, std::size_t depth, std::size_t col,
                  std::size_t cols, T* out, std::size_t ld) noexcept {
  const PanelLayout& layout = kernel.layout();
  for (std::size_t done = 0; done < cols;) {
    const std::size_t j = (col + done) / layout.panel, width = layout.width(j);
    const std::size_t count = std::min(layout.filled(j), cols - done);
    const T* panel = kernel.packed() + layout.offset(j) + row * width;
    for (std::size_t i = 0; i < depth; ++i) {
      std::memcpy(out + i * ld + done, panel + i * width, count * sizeof(T));
    }
    done += count;
  }
}

// out (rows, cols) = columns [first, first + cols) of rows given by pointers.
template <class T>
void gather(const T* const* pointers, std::size_t rows, std::size_t first, std::size_t cols, T* out,
            std::size_t ld) noexcept {
  for (std::size_t r = 0; r < rows; ++r) {
    std::memcpy(out + r * ld, pointers[r] + first, cols * sizeof(T));
  }
}

template <class T>
class BlasForward final : public Phase<T> {
 public:
  explicit BlasForward(const DenseForwardArgs<T>& args) : args_(args) {}
  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }
  std::size_t scratch(std::size_t /*samples*/) const override { return 2 * kBlock * kBlock; }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& layout = args_.kernel->layout();
    const BlockGrid tasks = grid(step);
    const std::size_t ldz = step.info(args_.z).ld, ldy = step.info(args_.y).ld;
    T* w = scratch;
    T* x = scratch + kBlock * kBlock;
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t rb = tasks.row_block(task), cb = tasks.col_block(task);
      const std::size_t row = tasks.rows.begin(rb), rows = tasks.rows.size(rb);
      const std::size_t col = tasks.cols.begin(cb), cols = tasks.cols.size(cb);
      T* z = step.data(args_.z) + row * ldz + col;
      for (std::size_t r = 0; r < rows; ++r) {
        if (args_.bias == nullptr) {
          std::memset(z + r * ldz, 0, cols * sizeof(T));
        } else {
          std::memcpy(z + r * ldz, args_.bias->packed() + col, cols * sizeof(T));
        }
      }
      for (std::size_t k = 0; k < layout.rows; k += kBlock) {
        const std::size_t depth = std::min(kBlock, layout.rows - k);
        copy_weights(*args_.kernel, k, depth, col, cols, w, kBlock);
        gather(step.row_pointers(args_.x) + row, rows, k, depth, x, kBlock);
        kernels::blas::gemm(false, false, rows, cols, depth, x, kBlock, w, kBlock, T{1}, z, ldz);
      }
      if (args_.activation.kernel != nullptr) {
        args_.activation.kernel->forward(z, ldz, step.data(args_.y) + row * ldy + col, ldy, rows,
                                         cols, args_.activation.params);
      }
    }
  }

 private:
  BlockGrid grid(const Step<T>& step) const noexcept {
    return {{step.rows(args_.x), kBlock}, {args_.kernel->layout().cols, kBlock}};
  }
  const DenseForwardArgs<T> args_;
};

template <class T>
class BlasData final : public Phase<T> {
 public:
  explicit BlasData(const DenseDataArgs<T>& args) : args_(args) {}
  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }
  std::size_t scratch(std::size_t /*samples*/) const override { return kBlock * kBlock; }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& layout = args_.kernel->layout();
    const BlockGrid tasks = grid(step);
    const std::size_t ldz = step.info(args_.dz).ld, ldg = step.info(args_.to.tensor).ld;
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t rb = tasks.row_block(task), cb = tasks.col_block(task);
      const std::size_t row = tasks.rows.begin(rb), rows = tasks.rows.size(rb);
      const std::size_t col = tasks.cols.begin(cb), cols = tasks.cols.size(cb);
      T* g = step.data(args_.to.tensor) + row * ldg + col;
      for (std::size_t k = 0; k < layout.cols; k += kBlock) {
        const std::size_t depth = std::min(kBlock, layout.cols - k);
        copy_weights(*args_.kernel, col, cols, k, depth, scratch, kBlock);
        const T beta = k > 0 || args_.to.accumulate ? T{1} : T{0};
        kernels::blas::gemm(false, true, rows, cols, depth, step.data(args_.dz) + row * ldz + k,
                            ldz, scratch, kBlock, beta, g, ldg);
      }
      apply_epilogue(step, args_.to.epilogue, args_.to.tensor, row, rows, col, cols);
    }
  }

 private:
  BlockGrid grid(const Step<T>& step) const noexcept {
    return {{step.rows(args_.dz), kBlock}, {args_.kernel->layout().rows, kBlock}};
  }
  const DenseDataArgs<T> args_;
};

template <class T>
class BlasWeights final : public Phase<T> {
 public:
  explicit BlasWeights(const DenseWeightsArgs<T>& args) : args_(args) {}
  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }
  // Gathered rows of X, a block of dW, a run of it in a panel's layout.
  std::size_t scratch(std::size_t /*samples*/) const override {
    return kBlock * kWeightRows + kWeightRows * kBlock + kSinkRows * kernels::table<T>().panel;
  }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }
  double flops_per_step() const noexcept override {
    return 20.0 * static_cast<double>(args_.kernel->element_count());
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& layout = args_.kernel->layout();
    const BlockGrid tasks = grid(step);
    const std::size_t batch = step.rows(args_.dz), ldz = step.info(args_.dz).ld;
    T* x = scratch;
    T* block = x + kBlock * kWeightRows;
    T* run_of_rows = block + kWeightRows * kBlock;
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t rb = tasks.row_block(task), cb = tasks.col_block(task);
      const std::size_t row = tasks.rows.begin(rb), rows = tasks.rows.size(rb);
      const std::size_t col = tasks.cols.begin(cb), cols = tasks.cols.size(cb);
      const std::size_t first = col / layout.panel, last = divide_up(col + cols, layout.panel);
      if (args_.bias_part.sink != nullptr && row == 0) {
        for (std::size_t j = first; j < last; ++j) {
          kernels::table<T>().products.column_sums(step.data(args_.dz) + j * layout.panel, ldz,
                                                   batch, layout.width(j), run_of_rows);
          args_.bias_part.sink->consume(j, 0, 1, run_of_rows, args_.bias_part.accumulate,
                                        step.scalars);
        }
      }
      if (args_.kernel_part.sink == nullptr) continue;
      for (std::size_t k = 0; k < batch; k += kBlock) {
        const std::size_t depth = std::min(kBlock, batch - k);
        gather(step.row_pointers(args_.x) + k, depth, row, rows, x, kWeightRows);
        kernels::blas::gemm(true, false, rows, cols, depth, x, kWeightRows,
                            step.data(args_.dz) + k * ldz + col, ldz, k > 0 ? T{1} : T{0}, block,
                            kBlock);
      }
      for (std::size_t j = first; j < last; ++j) {
        const std::size_t width = layout.width(j), filled = layout.filled(j);
        for (std::size_t r = 0; r < rows; r += kSinkRows) {
          const std::size_t count = std::min(kSinkRows, rows - r);
          for (std::size_t i = 0; i < count; ++i) {
            T* out = run_of_rows + i * width;
            std::memcpy(out, block + (r + i) * kBlock + j * layout.panel - col, filled * sizeof(T));
            std::memset(out + filled, 0, (width - filled) * sizeof(T));
          }
          args_.kernel_part.sink->consume(j, row + r, count, run_of_rows,
                                          args_.kernel_part.accumulate, step.scalars);
        }
      }
    }
  }

 private:
  BlockGrid grid(const Step<T>& /*step*/) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    return {{layout.rows, kWeightRows}, {layout.cols, kBlock}};
  }
  const DenseWeightsArgs<T> args_;
};

}  // namespace

template <class T>
std::unique_ptr<Phase<T>> dense_blas(const DenseForwardArgs<T>& args) {
  return std::make_unique<BlasForward<T>>(args);
}
template <class T>
std::unique_ptr<Phase<T>> dense_blas(const DenseDataArgs<T>& args) {
  return std::make_unique<BlasData<T>>(args);
}
template <class T>
std::unique_ptr<Phase<T>> dense_blas(const DenseWeightsArgs<T>& args) {
  return std::make_unique<BlasWeights<T>>(args);
}

#define PRONGHORN_INSTANTIATE(T)                                             \
  template std::unique_ptr<Phase<T>> dense_blas(const DenseForwardArgs<T>&); \
  template std::unique_ptr<Phase<T>> dense_blas(const DenseDataArgs<T>&);    \
  template std::unique_ptr<Phase<T>> dense_blas(const DenseWeightsArgs<T>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
