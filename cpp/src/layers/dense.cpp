// Dense: Z = X W + b, Y = act(Z), on the last axis.
//   backward data     dX = dZ W^T                  (THEORY: Goodfellow et al., Deep Learning, 6.5)
//   backward weights  dW = X^T dZ, db = sum of dZ's rows
// All three are tile products on panels of W (kernels/table.hpp, Products). A task of the forward
// and the weight phases is a panel of columns, so the thread that updates a panel is the one that
// reads it in the next forward; a task of the data phase is a panel of dX's columns.
#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/rowwise_phase.hpp"
#include "model/planner.hpp"

namespace pronghorn {
namespace {

// Depth of a product at a time: a block of a B panel stays in the first-level cache
// (256 rows x 2 vectors x 64 bytes = 32 KiB) while all rows of A pass over it.
constexpr std::size_t kDepth = 256;

constexpr std::size_t block_depth(std::size_t depth) {
  return divide_up(depth, divide_up(depth, kDepth));
}

// Tasks of a phase: panels of columns, each cut into `cuts` runs of rows when there are too few
// panels to share evenly. How it is cut changes no result.
struct Grid {
  std::size_t panels, cuts, rows, unit;  // cuts are multiples of `unit` rows

  Grid(std::size_t panels_, std::size_t rows_, std::size_t unit_, int threads)
      : panels(panels_), cuts(1), rows(rows_), unit(unit_) {
    const auto n = static_cast<std::size_t>(threads);
    const std::size_t units = divide_up(rows, unit);
    if (panels % n != 0 && panels < 8 * n) cuts = std::max<std::size_t>(1, std::min(units, n));
  }
  std::size_t tasks() const noexcept { return rows == 0 ? 0 : panels * cuts; }
  std::size_t panel(std::size_t task) const noexcept { return task / cuts; }
  std::size_t begin(std::size_t task) const noexcept {
    return std::min(rows, divide_up(rows, unit) * (task % cuts) / cuts * unit);
  }
  std::size_t end(std::size_t task) const noexcept {
    return std::min(rows, divide_up(rows, unit) * (task % cuts + 1) / cuts * unit);
  }
};

template <class T>
class DenseForward final : public Phase<T> {
 public:
  DenseForward(const Variable<T>* kernel, const Variable<T>* bias, std::size_t x, std::size_t z,
               std::size_t y, BoundActivation<T> activation, std::size_t rows_per_sample)
      : kernel_(kernel), bias_(bias), x_(x), z_(z), y_(y), activation_(activation),
        rows_per_sample_(rows_per_sample) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T*) const noexcept override {
    const auto& table = kernels::table<T>();
    const PanelLayout& layout = kernel_->layout();
    const Grid tasks = grid(step);
    const std::size_t ldz = step.info(z_).ld, ldy = step.info(y_).ld;
    const std::size_t depth = block_depth(layout.rows);
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t j = tasks.panel(task);
      const std::size_t row = tasks.begin(task), rows = tasks.end(task) - row;
      if (rows == 0) continue;
      const std::size_t width = layout.width(j), col = j * layout.panel;
      const T* w = kernel_->packed() + layout.offset(j);
      const T* b = bias_ == nullptr ? nullptr : bias_->packed() + col;
      T* z = step.data(z_) + row * ldz + col;
      for (std::size_t k = 0; k < layout.rows; k += depth) {
        table.products.rows(step.row_pointers(x_) + row, k, rows, std::min(depth, layout.rows - k),
                            w + k * width, width, b, k > 0, z, ldz, width / layout.vector);
      }
      if (activation_.kernel != nullptr) {
        activation_.kernel->forward(z, ldz, step.data(y_) + row * ldy + col, ldy, rows,
                                    layout.filled(j), activation_.params);
      }
    }
  }
  double flops_per_sample() const noexcept override {
    return 2.0 * static_cast<double>(kernel_->element_count() * rows_per_sample_);
  }

 private:
  Grid grid(const Step<T>& step) const noexcept {
    return {kernel_->layout().count(), step.rows(x_), kernels::table<T>().tile_rows, step.threads};
  }

  const Variable<T>* kernel_;
  const Variable<T>* bias_;
  const std::size_t x_, z_, y_;
  const BoundActivation<T> activation_;  // only what a panel alone allows
  const std::size_t rows_per_sample_;
};

template <class T>
class DenseBackwardData final : public Phase<T> {
 public:
  DenseBackwardData(const Variable<T>* kernel, std::size_t dz, Contribution<T> to,
                    std::size_t rows_per_sample)
      : kernel_(kernel), dz_(dz), to_(to), rows_per_sample_(rows_per_sample) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }

  std::size_t scratch(std::size_t /*samples*/) const override {
    return (kDepth + kernels::table<T>().panel) * kernels::table<T>().panel;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& table = kernels::table<T>();
    const PanelLayout& layout = kernel_->layout();
    const std::size_t panel = layout.panel, vector = layout.vector;
    const std::size_t ldg = step.info(to_.tensor).ld;
    const Grid tasks = grid(step);
    // Whole panels of W at a time, so that each block of W^T is cut from few of them.
    const std::size_t depth = std::max<std::size_t>(1, kDepth / panel) * panel;
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t col = tasks.panel(task) * panel;
      const std::size_t row = tasks.begin(task), rows = tasks.end(task) - row;
      if (rows == 0) continue;
      const std::size_t cols = std::min(panel, layout.rows - col);
      const std::size_t width = cols <= vector ? vector : panel;
      T* g = step.data(to_.tensor) + row * ldg + col;
      for (std::size_t k = 0; k < layout.cols; k += depth) {
        const std::size_t length = std::min(depth, layout.cols - k);
        transpose_block(table, col, cols, k, length, width, scratch);
        table.products.rows(step.row_pointers(dz_) + row, k, rows, length, scratch, width, nullptr,
                            k > 0 || to_.accumulate, g, ldg, width / vector);
      }
      apply_epilogue(step, to_.epilogue, to_.tensor, row, rows, col, cols);
    }
  }
  double flops_per_sample() const noexcept override {
    return 2.0 * static_cast<double>(kernel_->element_count() * rows_per_sample_);
  }

 private:
  Grid grid(const Step<T>& step) const noexcept {
    const PanelLayout& layout = kernel_->layout();
    return {divide_up(layout.rows, layout.panel), step.rows(dz_), kernels::table<T>().tile_rows,
            step.threads};
  }

  // out (length, width) = rows [row, row + rows) and columns [k, k + length) of W, transposed; the
  // columns beyond `rows` are zero.
  void transpose_block(const kernels::Table<T>& table, std::size_t row, std::size_t rows,
                       std::size_t k, std::size_t length, std::size_t width,
                       T* out) const noexcept {
    const PanelLayout& layout = kernel_->layout();
    if (rows < width) std::memset(out, 0, length * width * sizeof(T));
    for (std::size_t done = 0; done < length;) {
      const std::size_t j = (k + done) / layout.panel;
      const std::size_t count = std::min(layout.filled(j), length - done);
      const std::size_t ld = layout.width(j);
      table.products.transpose(kernel_->packed() + layout.offset(j) + row * ld, ld,
                               out + done * width, width, rows, count);
      done += count;
    }
  }

  const Variable<T>* kernel_;
  const std::size_t dz_;
  const Contribution<T> to_;
  const std::size_t rows_per_sample_;
};

// dW and db into their sinks. The bias goes with the first cut of each panel.
template <class T>
class DenseBackwardWeights final : public Phase<T> {
 public:
  // A sink and whether an earlier use of its variable has begun the sum.
  struct Part {
    Sink<T>* sink = nullptr;
    bool accumulate = false;
  };

  DenseBackwardWeights(const Variable<T>* kernel, Part kernel_part, Part bias_part, std::size_t x,
                       std::size_t dz, std::size_t rows_per_sample)
      : kernel_(kernel), kernel_part_(kernel_part), bias_part_(bias_part), x_(x), dz_(dz),
        rows_per_sample_(rows_per_sample) {}

  std::size_t tasks(const Step<T>& step) const noexcept override { return grid(step).tasks(); }

  // A run of gradient rows, then the panel of dZ.
  std::size_t scratch(std::size_t samples) const override {
    const std::size_t panel = kernels::table<T>().panel;
    return (kSinkRows + samples * rows_per_sample_ + 1) * panel;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& table = kernels::table<T>();
    const PanelLayout& layout = kernel_->layout();
    const Grid tasks = grid(step);
    const std::size_t batch = step.rows(dz_), ldz = step.info(dz_).ld;
    const std::size_t depth = block_depth(batch);
    T* run_of_rows = scratch;
    T* packed = scratch + kSinkRows * layout.panel;
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t j = tasks.panel(task), width = layout.width(j), col = j * layout.panel;
      const T* dz = step.data(dz_) + col;
      if (bias_part_.sink != nullptr && tasks.begin(task) == 0) {
        table.products.column_sums(dz, ldz, batch, width, run_of_rows);
        bias_part_.sink->consume(j, 0, 1, run_of_rows, bias_part_.accumulate, step.scalars);
      }
      if (kernel_part_.sink == nullptr) continue;
      // A panel of dZ that many rows of dW pass over is worth a copy without gaps.
      std::size_t ld = ldz;
      if (batch >= kPackRows && ldz != width && tasks.end(task) - tasks.begin(task) > kSinkRows) {
        for (std::size_t r = 0; r < batch; ++r) {
          std::memcpy(packed + r * width, dz + r * ldz, width * sizeof(T));
        }
        dz = packed;
        ld = width;
      }
      for (std::size_t row = tasks.begin(task); row < tasks.end(task); row += kSinkRows) {
        const std::size_t rows = std::min(kSinkRows, tasks.end(task) - row);
        for (std::size_t k = 0; k < batch; k += depth) {
          table.products.columns(step.row_pointers(x_) + k, row, rows, std::min(depth, batch - k),
                                 dz + k * ld, ld, k > 0, run_of_rows, width,
                                 width / layout.vector);
        }
        kernel_part_.sink->consume(j, row, rows, run_of_rows, kernel_part_.accumulate,
                                   step.scalars);
      }
    }
  }
  double flops_per_sample() const noexcept override {
    return 2.0 * static_cast<double>(kernel_->element_count() * rows_per_sample_);
  }
  double flops_per_step() const noexcept override {
    return 20.0 * static_cast<double>(kernel_->element_count());
  }

 private:
  static constexpr std::size_t kPackRows = 64;

  Grid grid(const Step<T>& step) const noexcept {
    return {kernel_->layout().count(), kernel_->layout().rows, kSinkRows, step.threads};
  }

  const Variable<T>* kernel_;
  const Part kernel_part_, bias_part_;
  const std::size_t x_, dz_;
  const std::size_t rows_per_sample_;
};

struct Dense {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& variables) {
    if (inputs[0].empty()) throw std::invalid_argument("the input needs at least one axis");
    if (node.units == 0) throw std::invalid_argument("units must be positive, got 0");
    bind_activation<float>(node.activation);
    const std::size_t features = inputs[0].back();
    if (node.kernel >= variables.size()) throw std::invalid_argument("no such kernel variable");
    require(variables[node.kernel], {features, node.units}, "kernel");
    if (node.bias >= 0) {
      if (static_cast<std::size_t>(node.bias) >= variables.size()) {
        throw std::invalid_argument("no such bias variable");
      }
      require(variables[static_cast<std::size_t>(node.bias)], {node.units}, "bias");
    }
    Shape shape = inputs[0];
    shape.back() = node.units;
    return shape;
  }

  static std::vector<std::size_t> variables(const NodeSpec& node) {
    std::vector<std::size_t> all = {node.kernel};
    if (node.bias >= 0) all.push_back(static_cast<std::size_t>(node.bias));
    return all;
  }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const auto& variables = planner.options().variables;
    const Variable<T>* kernel = variables[node.kernel];
    const Variable<T>* bias =
        node.bias < 0 ? nullptr : variables[static_cast<std::size_t>(node.bias)];
    const std::size_t x = planner.value(node.inputs[0]);
    auto act = bind_activation<T>(node.activation);
    if (planner.head_takes_logits(i)) act.kernel = nullptr;

    const std::size_t y = planner.make_value(i);
    const TensorInfo info = planner.info(y);
    const bool keep_z = planner.options().backward && act.kernel != nullptr &&
                        act.kernel->needs_input;
    const std::size_t z = keep_z ? planner.new_tensor(info.rows, info.cols) : y;
    if (act.kernel != nullptr) planner.set_epilogue(i, {act, z, y});

    std::vector<Resource> reads = {tensor_resource(x), variable_resource(node.kernel)};
    if (bias != nullptr) reads.push_back(variable_resource(static_cast<std::size_t>(node.bias)));
    std::vector<Resource> writes = {tensor_resource(y), tensor_resource(z)};
    // A row-wise activation needs all columns: with its panel if that is all of them, else after.
    const bool apart = act.kernel != nullptr && act.kernel->row_wise &&
                       kernel->layout().count() > 1;
    planner.emit(std::make_unique<DenseForward<T>>(kernel, bias, x, z, y,
                                                   apart ? BoundActivation<T>{} : act, info.rows),
                 reads, writes);
    if (!apart) return;
    auto body = [z, y, act](Step<T>& step, std::size_t row, std::size_t rows) {
      act.kernel->forward(step.data(z) + row * step.info(z).ld, step.info(z).ld,
                          step.data(y) + row * step.info(y).ld, step.info(y).ld, rows,
                          step.info(y).cols, act.params);
    };
    planner.emit(rowwise(planner, y, 20, body), {tensor_resource(z)}, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t input = node.inputs[0];
    const std::size_t x = planner.value(input);
    const std::size_t dz = planner.gradient(i);
    const std::size_t rows_per_sample = planner.info(dz).rows;
    const GradientEpilogue<T>& epilogue = planner.epilogue(i);
    if (epilogue.activation.kernel != nullptr && !planner.epilogue_done(i)) {
      auto body = [epilogue, dz](Step<T>& step, std::size_t row, std::size_t rows) {
        apply_epilogue(step, epilogue, dz, row, rows, 0, step.info(dz).cols);
      };
      planner.emit(rowwise(planner, dz, 15, body),
                   {tensor_resource(epilogue.input), tensor_resource(epilogue.output)},
                   {tensor_resource(dz)});
    }
    const Variable<T>* kernel = planner.options().variables[node.kernel];
    if (planner.wants_gradient(input)) {
      const auto to = planner.contribute(input, true);
      std::vector<Resource> reads = {tensor_resource(dz), variable_resource(node.kernel)};
      if (to.epilogue.activation.kernel != nullptr) {
        reads.push_back(tensor_resource(to.epilogue.input));
        reads.push_back(tensor_resource(to.epilogue.output));
      }
      planner.emit(std::make_unique<DenseBackwardData<T>>(kernel, dz, to, rows_per_sample), reads,
                   {tensor_resource(to.tensor)});
    }
    if (!node.trainable) return;
    typename DenseBackwardWeights<T>::Part parts[2];
    std::vector<Resource> writes;
    const auto used = variables(node);
    for (std::size_t p = 0; p < used.size(); ++p) {
      parts[p].sink = planner.sink(used[p]);
      if (parts[p].sink == nullptr) continue;
      parts[p].accumulate = planner.start_sink(used[p]);
      writes.push_back(variable_resource(used[p]));
    }
    if (writes.empty()) return;
    planner.emit(std::make_unique<DenseBackwardWeights<T>>(kernel, parts[0], parts[1], x, dz,
                                                           rows_per_sample),
                 {tensor_resource(x), tensor_resource(dz)}, writes);
  }

 private:
  static void require(const Shape& got, const Shape& expected, const char* what) {
    if (got == expected) return;
    throw std::invalid_argument(std::string(what) + " has shape " + to_string(got) +
                                ", expected " + to_string(expected));
  }
};

PRONGHORN_REGISTER_LAYER(dense, Dense);

}  // namespace
}  // namespace pronghorn
