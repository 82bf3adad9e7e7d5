// Embedding: row i of Y is row X_i of the table W, X being whole numbers.
//   dW[k] = sum of dY_i over all i with X_i = k, in the order of i
// A number outside the table gives a row of NaN and no gradient.
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/parameter.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

constexpr std::size_t kOutside = ~std::size_t{0};

template <class T>
std::size_t row_of(T x, std::size_t rows) noexcept {
  return x >= T{0} && x < static_cast<T>(rows) ? static_cast<std::size_t>(x) : kOutside;
}

// The gradient of a run of the table's rows in one panel of its columns: a task of a thread.
template <class T>
class EmbeddingWeights final : public Phase<T> {
 public:
  EmbeddingWeights(Sink<T>* sink, bool accumulate, std::size_t x, std::size_t dy,
                   const TensorInfo& of_x)
      : sink_(sink), accumulate_(accumulate), x_(x), dy_(dy), cols_(of_x.cols) {
    flops_ = 2.0 * static_cast<double>(of_x.rows * of_x.cols * layout().cols);
  }

  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return layout().count() * divide_up(layout().rows, kRows);
  }
  std::size_t scratch(std::size_t /*samples*/) const override { return kRows * layout().panel; }
  double flops_per_sample() const noexcept override { return flops_; }
  double flops_per_step() const noexcept override {
    return 20.0 * static_cast<double>(layout().size());
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& panels = layout();
    const std::size_t runs = divide_up(panels.rows, kRows);
    const auto& elementwise = kernels::table<T>().elementwise;
    for (std::size_t task = begin; task < end; ++task) {
      const std::size_t j = task / runs, first = task % runs * kRows;
      const std::size_t count = std::min(kRows, panels.rows - first);
      const std::size_t width = panels.width(j), filled = panels.filled(j);
      std::memset(scratch, 0, count * width * sizeof(T));
      for (std::size_t r = 0; r < step.rows(x_); ++r) {
        const T* numbers = step.row_pointers(x_)[r];
        for (std::size_t c = 0; c < cols_; ++c) {
          // kOutside wraps to beyond any run.
          const std::size_t at = row_of(numbers[c], panels.rows) - first;
          if (at >= count) continue;
          const T* gradient =
              step.data(dy_) + (r * cols_ + c) * step.info(dy_).ld + j * panels.panel;
          elementwise.add(scratch + at * width, gradient, scratch + at * width, filled);
        }
      }
      for (std::size_t row = 0; row < count; row += kSinkRows) {
        const std::size_t rows = std::min(kSinkRows, count - row);
        sink_->consume(j, first + row, rows, scratch + row * width, accumulate_, step.scalars);
      }
    }
  }

 private:
  static constexpr std::size_t kRows = 16 * kSinkRows;
  const PanelLayout& layout() const noexcept { return sink_->variable->layout(); }

  Sink<T>* const sink_;
  const bool accumulate_;
  const std::size_t x_, dy_, cols_;
  double flops_ = 0;
};

struct Embedding {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& variables) {
    require_weights(node, 1, variables);
    if (given_weights(node).empty() || variables[given_weights(node)[0]].size() != 2) {
      throw std::invalid_argument("needs a table with two axes");
    }
    Shape shape = inputs[0];
    shape.push_back(variables[given_weights(node)[0]][1]);
    return shape;
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return given_weights(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t variable = given_weights(node)[0];
    const Variable<T>* table = planner.options().variables[variable];
    const std::size_t x = planner.value(node.inputs[0]);
    const std::size_t y = planner.make_value(i);
    const std::size_t per_row = planner.info(x).cols;
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows) {
      const PanelLayout& layout = table->layout();
      for (std::size_t r = row; r < row + rows; ++r) {
        const std::size_t from =
            row_of(step.row_pointers(x)[r / per_row][r % per_row], layout.rows);
        T* out = step.data(y) + r * step.info(y).ld;
        if (from == kOutside) {
          std::fill_n(out, layout.cols, std::numeric_limits<T>::quiet_NaN());
          continue;
        }
        for (std::size_t j = 0; j < layout.count(); ++j) {
          std::memcpy(out + j * layout.panel,
                      table->packed() + layout.offset(j) + from * layout.width(j),
                      layout.filled(j) * sizeof(T));
        }
      }
    };
    planner.emit(rowwise(planner, y, 1, body), {tensor_resource(x), variable_resource(variable)},
                 {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t input = node.inputs[0], dy = planner.gradient(i);
    // The value does not change with small changes of X.
    if (planner.wants_gradient(input)) {
      const auto to = planner.contribute(input, false);
      auto body = [dx = to.tensor](Step<T>& step, std::size_t row, std::size_t rows) {
        for (std::size_t r = row; r < row + rows; ++r) {
          std::fill_n(step.data(dx) + r * step.info(dx).ld, step.info(dx).cols, T{0});
        }
      };
      if (!to.accumulate) {
        planner.emit(rowwise(planner, to.tensor, 1, body), {}, {tensor_resource(to.tensor)});
      }
    }
    const std::size_t variable = given_weights(node)[0];
    if (!node.trainable || planner.sink(variable) == nullptr) return;
    const bool accumulate = planner.start_sink(variable);
    const std::size_t x = planner.value(input);
    planner.emit(std::make_unique<EmbeddingWeights<T>>(planner.sink(variable), accumulate, x, dy,
                                                       planner.info(x)),
                 {tensor_resource(x), tensor_resource(dy)}, {variable_resource(variable)});
  }
};

PRONGHORN_REGISTER_LAYER(embedding, Embedding);

}  // namespace
}  // namespace pronghorn
