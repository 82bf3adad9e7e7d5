// Concatenate along the last axis: Y = [X_1 X_2 ...]; each input's gradient is its slice of dY.
#include <cstring>
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct Concatenate {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = kAnyNumber;

  static Shape infer(const NodeSpec& /*node*/, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    Shape shape = inputs[0];
    if (shape.empty()) throw std::invalid_argument("inputs need at least one axis");
    for (std::size_t k = 1; k < inputs.size(); ++k) {
      Shape other = inputs[k];
      if (other.size() == shape.size()) {
        const std::size_t last = other.back();
        other.back() = shape.back();
        if (other == shape) {
          shape.back() += last;
          continue;
        }
      }
      throw std::invalid_argument("inputs must agree on all axes but the last, got " +
                                  to_string(inputs[0]) + " and " + to_string(inputs[k]));
    }
    return shape;
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const std::size_t y = planner.make_value(i);
    std::vector<std::size_t> xs;
    std::vector<Resource> reads;
    for (const std::size_t input : planner.graph().node(i).inputs) {
      xs.push_back(planner.value(input));
      reads.push_back(tensor_resource(xs.back()));
    }
    auto body = [xs, y](Step<T>& step, std::size_t row, std::size_t rows) {
      for (std::size_t r = row; r < row + rows; ++r) {
        T* out = step.data(y) + r * step.info(y).ld;
        for (const std::size_t x : xs) {
          std::memcpy(out, step.row_pointers(x)[r], step.info(x).cols * sizeof(T));
          out += step.info(x).cols;
        }
      }
    };
    planner.emit(samplewise(planner, y, 1, body), reads, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const std::size_t dy = planner.gradient(i);
    std::size_t offset = 0;
    for (const std::size_t input : planner.graph().node(i).inputs) {
      const std::size_t cols = planner.info(planner.value(input)).cols;
      if (planner.wants_gradient(input)) {
        const auto to = planner.contribute(input, true);
        const std::size_t dx = to.tensor;
        auto body = [dy, dx, cols, offset, to](Step<T>& step, std::size_t row, std::size_t rows) {
          const auto& elementwise = kernels::table<T>().elementwise;
          for (std::size_t r = row; r < row + rows; ++r) {
            const T* in = step.data(dy) + r * step.info(dy).ld + offset;
            T* out = step.data(dx) + r * step.info(dx).ld;
            if (to.accumulate) {
              elementwise.add(out, in, out, cols);
            } else {
              std::memcpy(out, in, cols * sizeof(T));
            }
          }
          apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
        };
        planner.emit(samplewise(planner, dx, 2, body), {tensor_resource(dy)},
                     {tensor_resource(dx)});
      }
      offset += cols;
    }
  }
};

PRONGHORN_REGISTER_LAYER(concatenate, Concatenate);

}  // namespace
}  // namespace pronghorn
