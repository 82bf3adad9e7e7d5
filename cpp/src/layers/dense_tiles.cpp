// Forward and dX by tile kernels on panels of W (kernels/table.hpp, Products). A task of the
// forward and the weight phases is a panel of columns, so the thread that updates a panel is the
// one that reads it in the next forward; a task of the data phase is a panel of dX's columns.
#include <algorithm>
#include <cstring>

#include "kernels/dispatch.hpp"
#include "layers/dense_grid.hpp"
#include "layers/dense_products.hpp"

namespace pronghorn {
namespace {

// Depth of a product at a time: a block of a B panel stays in the first-level cache
// (256 rows x 2 vectors x 64 bytes = 32 KiB) while all rows of A pass over it.
constexpr std::size_t kDepth = 256;

// What the second-level cache holds beside other things.
constexpr std::size_t kCachedBytes = 1 << 20;

constexpr std::size_t block_depth(std::size_t depth) {
  return divide_up(depth, divide_up(depth, kDepth));
}

template <class T>
class DenseForward final : public Phase<T> {
 public:
  explicit DenseForward(const DenseForwardArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T*) const noexcept override {
    const auto& table = kernels::table<T>();
    const PanelLayout& layout = args_.kernel->layout();
    const DenseGrid tasks = grid(step);
    const std::size_t ldz = step.info(args_.z).ld, ldy = step.info(args_.y).ld;
    const std::size_t depth = block_depth(layout.rows);
    if (step.rows(args_.x) == 1) begin = one_row(step, begin, end);
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t j = tasks.panel(task);
      const std::size_t row = tasks.begin(task), rows = tasks.end(task) - row;
      if (rows == 0) continue;
      const std::size_t width = layout.width(j), col = j * layout.panel;
      const T* w = args_.kernel->packed() + layout.offset(j);
      const T* b = args_.bias == nullptr ? nullptr : args_.bias->packed() + col;
      T* z = step.data(args_.z) + row * ldz + col;
      if (width < layout.vector) {
        table.products.narrow_rows(step.row_pointers(args_.x) + row, 0, rows, layout.rows, w, width,
                                   b, false, z, ldz);
      }
      for (std::size_t k = 0; width >= layout.vector && k < layout.rows; k += depth) {
        table.products.rows(step.row_pointers(args_.x) + row, k, rows,
                            std::min(depth, layout.rows - k), w + k * width, width, b, k > 0, z,
                            ldz, width / layout.vector);
      }
      if (args_.activation.kernel != nullptr) {
        args_.activation.kernel->forward(z, ldz, step.data(args_.y) + row * ldy + col, ldy, rows,
                                         layout.filled(j), args_.activation.params);
      }
    }
  }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }

 private:
  DenseGrid grid(const Step<T>& step) const noexcept {
    return {args_.kernel->layout().count(), step.rows(args_.x), kernels::table<T>().tile_rows,
            step.threads};
  }

  // The full panels among [begin, end), which are tasks where there is one row; the first not done.
  std::size_t one_row(Step<T>& step, std::size_t begin, std::size_t end) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    const std::size_t last = std::min(end, layout.cols / layout.panel);
    if (begin >= last) return begin;
    const std::size_t col = begin * layout.panel, cols = (last - begin) * layout.panel;
    T* const z = step.data(args_.z) + col;
    kernels::table<T>().products.one_row(
        step.row_pointers(args_.x)[0], layout.rows, args_.kernel->packed() + layout.offset(begin),
        layout.panel * layout.rows, args_.bias == nullptr ? nullptr : args_.bias->packed() + col, z,
        last - begin);
    if (args_.activation.kernel != nullptr) {
      args_.activation.kernel->forward(z, cols, step.data(args_.y) + col, cols, 1, cols,
                                       args_.activation.params);
    }
    return last;
  }

  const DenseForwardArgs<T> args_;
};

template <class T>
class DenseBackwardData final : public Phase<T> {
 public:
  explicit DenseBackwardData(const DenseDataArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }

  std::size_t scratch(std::size_t /*samples*/) const override {
    return (kDepth + kernels::table<T>().panel) * kernels::table<T>().panel;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const std::size_t cols = args_.kernel->layout().cols, panel = args_.kernel->layout().panel;
    const DenseGrid tasks = grid(step);
    // Cuts of the depth are part of a narrow result: they follow from the whole batch.
    if (step.batch_rows(args_.dz) <= kernels::table<T>().tile_rows) {
      // One tile of rows waits for W's memory: each panel of W is read from end to end.
      for (std::size_t k = 0; k < cols; k += panel) {
        for (std::size_t task = begin; task < end; ++task) {
          add_block(step, tasks, task, k, std::min(panel, cols - k), scratch);
        }
      }
    } else {
      // Whole panels of W at a time, so that each block of W^T is cut from few of them. All of dZ
      // passes by each panel of dX if it stays in the second cache meanwhile, else the other way
      // round.
      const std::size_t depth = std::max<std::size_t>(1, kDepth / panel) * panel;
      const std::size_t bytes = step.rows(args_.dz) * step.info(args_.dz).ld * sizeof(T);
      const std::size_t group = bytes > kCachedBytes ? end - begin : 1;
      for (std::size_t first = begin; first < end; first += group) {
        for (std::size_t k = 0; k < cols; k += depth) {
          for (std::size_t task = first; task < first + group; ++task) {
            add_block(step, tasks, task, k, std::min(depth, cols - k), scratch);
          }
        }
      }
    }
  }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }

 private:
  DenseGrid grid(const Step<T>& step) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    return {divide_up(layout.rows, layout.panel), step.rows(args_.dz),
            kernels::table<T>().tile_rows, step.threads};
  }

  // dX of one task += columns [k, k + length) of dZ times those of W, transposed.
  void add_block(Step<T>& step, const DenseGrid& tasks, std::size_t task, std::size_t k,
                 std::size_t length, T* block) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    const std::size_t row = tasks.begin(task), rows = tasks.end(task) - row;
    if (rows == 0) return;
    const std::size_t col = tasks.panel(task) * layout.panel;
    const std::size_t cols = std::min(layout.panel, layout.rows - col);
    const std::size_t width = layout.width_for(cols);
    const std::size_t ldg = step.info(args_.to.tensor).ld;
    const bool accumulate = k > 0 || args_.to.accumulate;
    const T* const* const dz = step.row_pointers(args_.dz) + row;
    T* const g = step.data(args_.to.tensor) + row * ldg + col;
    const auto& products = kernels::table<T>().products;
    transposed_block(*args_.kernel, col, cols, k, length, width, block);
    if (width < layout.vector) {
      products.narrow_rows(dz, k, rows, length, block, width, nullptr, accumulate, g, ldg);
    } else {
      products.rows(dz, k, rows, length, block, width, nullptr, accumulate, g, ldg,
                    width / layout.vector);
    }
    if (k + length == layout.cols) {
      apply_epilogue(step, args_.to.epilogue, args_.to.tensor, row, rows, col, cols);
    }
  }

  const DenseDataArgs<T> args_;
};

}  // namespace

template <class T>
std::unique_ptr<Phase<T>> dense_tiles(const DenseForwardArgs<T>& args) {
  return std::make_unique<DenseForward<T>>(args);
}
template <class T>
std::unique_ptr<Phase<T>> dense_tiles(const DenseDataArgs<T>& args) {
  return std::make_unique<DenseBackwardData<T>>(args);
}

#define PRONGHORN_INSTANTIATE(T)                                              \
  template std::unique_ptr<Phase<T>> dense_tiles(const DenseForwardArgs<T>&); \
  template std::unique_ptr<Phase<T>> dense_tiles(const DenseDataArgs<T>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
