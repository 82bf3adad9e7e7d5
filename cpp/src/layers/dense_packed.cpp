// The products of a dense layer with the left matrix copied aside (kernels/table.hpp, pack_rows and
// pack_columns): worth it where many panels of columns pass over the same rows. The nesting is that
// of Goto and van de Geijn (ACM Trans. Math. Softw. 34, 2008): a packed block stays in the second
// cache while panels pass over it, and a block of a panel stays in the first cache while the
// block's tiles pass over that.
#include <algorithm>
#include <cstring>

#include "kernels/dispatch.hpp"
#include "layers/dense_products.hpp"

namespace pronghorn {
namespace {

// Depth of a product at a time (a block of a panel: 256 rows x 2 vectors x 64 bytes = 32 KiB).
constexpr std::size_t kDepth = 256;
// A packed block, and the panels of dZ that the weight phase packs.
constexpr std::size_t kBlockBytes = 512 << 10;
constexpr std::size_t kPanelsBytes = 2 << 20;
// Rows of dW of one panel between two visits to the optimizer.
constexpr std::size_t kBlockRuns = 4;

constexpr std::size_t even(std::size_t length, std::size_t most) {
  return divide_up(length, divide_up(length, most));
}

// What a range of tasks stands for: by panels where they share out evenly, else by rows.
struct Range {
  std::size_t first_panel, last_panel, first_row, last_row;
};
class Split {
 public:
  Split(std::size_t panels, std::size_t rows, std::size_t unit, int threads)
      : panels_(panels), rows_(rows), unit_(unit), cuts_(static_cast<std::size_t>(threads)) {
    by_panels_ = panels % cuts_ == 0 || panels >= 8 * cuts_ || divide_up(rows, unit) < cuts_;
  }
  std::size_t tasks() const noexcept { return rows_ == 0 ? 0 : by_panels_ ? panels_ : cuts_; }
  Range range(std::size_t begin, std::size_t end) const noexcept {
    if (by_panels_) return {begin, end, 0, rows_};
    return {0, panels_, row(begin), row(end)};
  }

 private:
  std::size_t row(std::size_t cut) const noexcept {
    return std::min(rows_, divide_up(rows_, unit_) * cut / cuts_ * unit_);
  }

  std::size_t panels_, rows_, unit_, cuts_;
  bool by_panels_;
};

template <class T>
class PackedForward final : public Phase<T> {
 public:
  explicit PackedForward(const DenseForwardArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return split(step).tasks(); }
  std::size_t scratch(std::size_t samples) const override {
    return std::min(kBlockBytes / sizeof(T), samples * args_.rows_per_sample * kDepth);
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* block) const noexcept override {
    const auto& table = kernels::table<T>();
    const PanelLayout& layout = args_.kernel->layout();
    const Range range = split(step).range(begin, end);
    const std::size_t ldz = step.info(args_.z).ld, ldy = step.info(args_.y).ld;
    const std::size_t depth = even(layout.rows, kDepth);
    const std::size_t height =
        even(range.last_row - range.first_row, kBlockBytes / sizeof(T) / depth);
    for (std::size_t row = range.first_row; row < range.last_row; row += height) {
      const std::size_t rows = std::min(height, range.last_row - row);
      for (std::size_t k = 0; k < layout.rows; k += depth) {
        const std::size_t length = std::min(depth, layout.rows - k);
        table.products.pack_rows(step.row_pointers(args_.x) + row, k, rows, length, block);
        for (std::size_t j = range.first_panel; j < range.last_panel; ++j) {
          const std::size_t width = layout.width(j), col = j * layout.panel;
          const T* w = args_.kernel->packed() + layout.offset(j) + k * width;
          const T* b = args_.bias == nullptr ? nullptr : args_.bias->packed() + col;
          T* z = step.data(args_.z) + row * ldz + col;
          const bool more = j + 1 < range.last_panel;
          if (width >= layout.vector) {
            table.products.packed(block, rows, length, w, width, b, k > 0, z, ldz,
                                  width / layout.vector,
                                  args_.kernel->packed() + layout.offset(j + more) + k * width,
                                  length * width * sizeof(T));
          } else if (k == 0) {
            table.products.narrow_rows(step.row_pointers(args_.x) + row, 0, rows, layout.rows, w,
                                       width, b, false, z, ldz);
          }
          if (k + length == layout.rows && args_.activation.kernel != nullptr) {
            args_.activation.kernel->forward(z, ldz, step.data(args_.y) + row * ldy + col, ldy,
                                             rows, layout.filled(j), args_.activation.params);
          }
        }
      }
    }
  }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }

 private:
  Split split(const Step<T>& step) const noexcept {
    return {args_.kernel->layout().count(), step.rows(args_.x), kernels::table<T>().tile_rows,
            step.threads};
  }

  const DenseForwardArgs<T> args_;
};

template <class T>
class PackedBackwardData final : public Phase<T> {
 public:
  explicit PackedBackwardData(const DenseDataArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return split(step).tasks(); }
  // A block of W^T, then the packed block.
  std::size_t scratch(std::size_t samples) const override {
    return kDepth * kernels::table<T>().panel +
           std::min(kBlockBytes / sizeof(T), samples * args_.rows_per_sample * kDepth);
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& table = kernels::table<T>();
    const PanelLayout& layout = args_.kernel->layout();
    const std::size_t panel = layout.panel;
    const Range range = split(step).range(begin, end);
    const std::size_t ldg = step.info(args_.to.tensor).ld;
    const std::size_t depth = std::min(kDepth, layout.cols);
    const std::size_t height =
        even(range.last_row - range.first_row, kBlockBytes / sizeof(T) / depth);
    T* const block = scratch + kDepth * panel;
    for (std::size_t row = range.first_row; row < range.last_row; row += height) {
      const std::size_t rows = std::min(height, range.last_row - row);
      for (std::size_t k = 0; k < layout.cols; k += depth) {
        const std::size_t length = std::min(depth, layout.cols - k);
        table.products.pack_rows(step.row_pointers(args_.dz) + row, k, rows, length, block);
        for (std::size_t j = range.first_panel; j < range.last_panel; ++j) {
          const std::size_t col = j * panel, cols = std::min(panel, layout.rows - col);
          const std::size_t width = layout.width_for(cols);
          const bool accumulate = k > 0 || args_.to.accumulate;
          T* g = step.data(args_.to.tensor) + row * ldg + col;
          transposed_block(*args_.kernel, col, cols, k, length, width, scratch);
          if (width < layout.vector) {
            table.products.narrow_rows(step.row_pointers(args_.dz) + row, k, rows, length, scratch,
                                       width, nullptr, accumulate, g, ldg);
          } else {
            table.products.packed(block, rows, length, scratch, width, nullptr, accumulate, g, ldg,
                                  width / layout.vector, scratch, 0);
          }
          if (k + length == layout.cols) {
            apply_epilogue(step, args_.to.epilogue, args_.to.tensor, row, rows, col, cols);
          }
        }
      }
    }
  }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }

 private:
  Split split(const Step<T>& step) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    return {divide_up(layout.rows, layout.panel), step.rows(args_.dz),
            kernels::table<T>().tile_rows, step.threads};
  }

  const DenseDataArgs<T> args_;
};

// The memory that is wanted soon, cut into `calls` even pieces: what a sink will touch for some
// rows of a panel, then the panel that comes next.
template <class T>
class Stream {
 public:
  Stream(const Sink<T>& sink, std::size_t j, std::size_t row, std::size_t rows, const T* next,
         std::size_t next_elements, std::size_t calls) {
    const PanelLayout& layout = sink.variable->layout();
    const std::size_t offset = layout.offset(j) + row * layout.width(j);
    const std::size_t n = rows * layout.width(j);
    add(sink.fused ? sink.variable->packed() + offset : sink.buffer + offset, n);
    for (int s = 0; s < kernels::kMaxSlots && sink.fused; ++s) {
      if (sink.slots[s] != nullptr) add(sink.slots[s] + offset, n);
    }
    if (next != nullptr) add(next, next_elements);
    calls_each_ = std::max<std::size_t>(1, calls / count_);
  }
  const char* from(std::size_t call) const noexcept {
    const std::size_t piece = std::min(call - array(call) * calls_each_, calls_each_ - 1);
    return arrays_[array(call)] + bytes_[array(call)] * piece / calls_each_;
  }
  std::size_t bytes(std::size_t call) const noexcept { return bytes_[array(call)] / calls_each_; }

 private:
  void add(const T* from, std::size_t elements) noexcept {
    arrays_[count_] = reinterpret_cast<const char*>(from);
    bytes_[count_++] = elements * sizeof(T);
  }
  std::size_t array(std::size_t call) const noexcept {
    return std::min(call / calls_each_, count_ - 1);
  }

  const char* arrays_[2 + kernels::kMaxSlots];
  std::size_t bytes_[2 + kernels::kMaxSlots];
  std::size_t count_ = 0, calls_each_;
};

template <class T>
class PackedBackwardWeights final : public Phase<T> {
 public:
  explicit PackedBackwardWeights(const DenseWeightsArgs<T>& args) : args_(args) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return split(step).tasks(); }

  // Gradient rows, panels of dZ, then the packed block of X^T.
  std::size_t scratch(std::size_t samples) const override {
    const std::size_t batch = samples * args_.rows_per_sample;
    return kBlockRuns * kSinkRows * args_.kernel->layout().panel +
           panels_at_once(batch) * batch * args_.kernel->layout().panel + block_rows(batch) * batch;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* gradient) const noexcept override {
    const PanelLayout& layout = args_.kernel->layout();
    const Range range = split(step).range(begin, end);
    const std::size_t batch = step.rows(args_.dz), group = panels_at_once(batch);
    T* const panels = gradient + kBlockRuns * kSinkRows * layout.panel;
    for (std::size_t j = range.first_panel; j < range.last_panel; j += group) {
      const std::size_t last = std::min(range.last_panel, j + group);
      pack_panels(step, j, last, range.first_row == 0, panels, gradient);
      if (args_.kernel_part.sink == nullptr) continue;
      for (std::size_t row = range.first_row; row < range.last_row; row += block_rows(batch)) {
        const std::size_t rows = std::min(block_rows(batch), range.last_row - row);
        T* const block = panels + group * batch * layout.panel;
        pack_block(step, row, rows, block);
        for (std::size_t p = j; p < last; ++p) {
          const std::size_t next = p + 1 < last ? p + 1 : j;
          one_block(step, p, row, rows, panels + (p - j) * batch * layout.panel, block,
                    panels + (next - j) * batch * layout.panel, gradient);
        }
      }
    }
  }
  double flops_per_sample() const noexcept override { return dense_flops_per_sample(args_); }
  double flops_per_step() const noexcept override {
    return 20.0 * static_cast<double>(args_.kernel->element_count());
  }

 private:
  Split split(const Step<T>& step) const noexcept {
    return {args_.kernel->layout().count(), args_.kernel->layout().rows, kSinkRows, step.threads};
  }
  std::size_t panels_at_once(std::size_t batch) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    return std::clamp<std::size_t>(kPanelsBytes / sizeof(T) / (layout.panel * batch), 1,
                                   layout.count());
  }
  static std::size_t block_rows(std::size_t batch) noexcept {
    return kSinkRows *
           std::clamp<std::size_t>(kBlockBytes / sizeof(T) / (kSinkRows * batch), 1, kBlockRuns);
  }

  // Panels [j, last) of dZ without gaps, and their sums into the bias.
  void pack_panels(const Step<T>& step, std::size_t j, std::size_t last, bool bias, T* out,
                   T* sums) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    const std::size_t batch = step.rows(args_.dz), ldz = step.info(args_.dz).ld;
    for (; j < last; ++j, out += batch * layout.panel) {
      const std::size_t width = layout.width(j);
      const T* const dz = step.data(args_.dz) + j * layout.panel;
      for (std::size_t r = 0; r < batch; ++r) {
        std::memcpy(out + r * width, dz + r * ldz, width * sizeof(T));
      }
      if (args_.bias_part.sink == nullptr || !bias) continue;
      kernels::table<T>().products.column_sums(out, width, batch, width, sums);
      args_.bias_part.sink->consume(j, 0, 1, sums, args_.bias_part.accumulate, step.scalars);
    }
  }

  // Columns [row, row + rows) of X by blocks of the depth, and in these by runs.
  void pack_block(const Step<T>& step, std::size_t row, std::size_t rows, T* out) const noexcept {
    const std::size_t batch = step.rows(args_.dz);
    for (std::size_t k = 0; k < batch; k += kDepth) {
      const std::size_t depth = std::min(kDepth, batch - k);
      // All whole runs at once, as the tiles follow each other: long pieces of each row of X.
      const std::size_t whole = rows / kSinkRows * kSinkRows;
      const T* const* const x = step.row_pointers(args_.x) + k;
      const auto& pack_columns = kernels::table<T>().products.pack_columns;
      pack_columns(x, row, whole, depth, out + k * rows);
      pack_columns(x, row + whole, rows - whole, depth, out + k * rows + whole * depth);
    }
  }

  // Rows [row, row + rows) of panel j of dW, and into the sink; panel `next` of dZ comes after it.
  void one_block(const Step<T>& step, std::size_t j, std::size_t row, std::size_t rows, const T* dz,
                 const T* x, const T* next, T* gradient) const noexcept {
    const auto& table = kernels::table<T>();
    const PanelLayout& layout = args_.kernel->layout();
    const std::size_t batch = step.rows(args_.dz), width = layout.width(j);
    Sink<T>& sink = *args_.kernel_part.sink;
    const Stream stream(sink, j, row, rows, batch < kDepth ? nullptr : next, batch * width,
                        divide_up(batch, kDepth) * divide_up(rows, kSinkRows));
    std::size_t call = 0;
    if (width < layout.vector) {
      table.products.narrow_columns(step.row_pointers(args_.x), row, rows, batch, dz, width,
                                    gradient, width);
    }
    for (std::size_t k = 0; width >= layout.vector && k < batch; k += kDepth) {
      const std::size_t depth = std::min(kDepth, batch - k);
      for (std::size_t r = 0; r < rows; r += kSinkRows, ++call) {
        const std::size_t count = std::min(kSinkRows, rows - r);
        table.products.packed(x + k * rows + r * depth, count, depth, dz + k * width, width,
                              nullptr, k > 0, gradient + r * width, width, width / layout.vector,
                              stream.from(call), stream.bytes(call));
      }
    }
    for (std::size_t r = 0; r < rows; r += kSinkRows) {
      sink.consume(j, row + r, std::min(kSinkRows, rows - r), gradient + r * width,
                   args_.kernel_part.accumulate, step.scalars);
    }
  }

  const DenseWeightsArgs<T> args_;
};

}  // namespace

template <class T>
std::unique_ptr<Phase<T>> dense_packed(const DenseForwardArgs<T>& args) {
  return std::make_unique<PackedForward<T>>(args);
}
template <class T>
std::unique_ptr<Phase<T>> dense_packed(const DenseDataArgs<T>& args) {
  return std::make_unique<PackedBackwardData<T>>(args);
}
template <class T>
std::unique_ptr<Phase<T>> dense_packed(const DenseWeightsArgs<T>& args) {
  return std::make_unique<PackedBackwardWeights<T>>(args);
}

#define PRONGHORN_INSTANTIATE(T)                                               \
  template std::unique_ptr<Phase<T>> dense_packed(const DenseForwardArgs<T>&); \
  template std::unique_ptr<Phase<T>> dense_packed(const DenseDataArgs<T>&);    \
  template std::unique_ptr<Phase<T>> dense_packed(const DenseWeightsArgs<T>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
