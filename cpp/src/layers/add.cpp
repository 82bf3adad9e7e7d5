// Add: Y = X_1 + X_2 + ...; every input's gradient is dY.
#include <cstring>
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct Add {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = kAnyNumber;

  static Shape infer(const NodeSpec& /*node*/, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    for (const Shape& shape : inputs) {
      if (shape != inputs[0]) {
        throw std::invalid_argument("inputs must have one shape, got " + to_string(inputs[0]) +
                                    " and " + to_string(shape));
      }
    }
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    std::vector<std::size_t> xs;
    std::vector<Resource> reads;
    for (const std::size_t input : planner.graph().node(i).inputs) {
      xs.push_back(planner.value(input));
      reads.push_back(tensor_resource(xs.back()));
    }
    const std::size_t y = planner.make_value(i);
    auto body = [xs, y](Step<T>& step, std::size_t row, std::size_t rows) {
      const std::size_t cols = step.info(y).cols, ld = step.info(y).ld;
      const auto& elementwise = kernels::table<T>().elementwise;
      for (std::size_t r = row; r < row + rows; ++r) {
        T* out = step.data(y) + r * ld;
        std::memcpy(out, step.row_pointers(xs[0])[r], cols * sizeof(T));
        for (std::size_t k = 1; k < xs.size(); ++k) {
          elementwise.add(out, step.row_pointers(xs[k])[r], out, cols);
        }
      }
    };
    planner.emit(samplewise(planner, y, static_cast<double>(xs.size()), body), reads,
                 {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const std::size_t dy = planner.gradient(i);
    for (const std::size_t input : planner.graph().node(i).inputs) {
      if (!planner.wants_gradient(input)) continue;
      const auto to = planner.contribute(input, true);
      const std::size_t dx = to.tensor;
      auto body = [dy, dx, to](Step<T>& step, std::size_t row, std::size_t rows) {
        const std::size_t cols = step.info(dy).cols;
        const auto& elementwise = kernels::table<T>().elementwise;
        for (std::size_t r = row; r < row + rows; ++r) {
          const T* in = step.data(dy) + r * step.info(dy).ld;
          T* out = step.data(dx) + r * step.info(dx).ld;
          if (to.accumulate) {
            elementwise.add(out, in, out, cols);
          } else {
            std::memcpy(out, in, cols * sizeof(T));
          }
        }
        apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
      };
      planner.emit(samplewise(planner, dy, 2, body), {tensor_resource(dy)}, {tensor_resource(dx)});
    }
  }
};

PRONGHORN_REGISTER_LAYER(add, Add);

}  // namespace
}  // namespace pronghorn
