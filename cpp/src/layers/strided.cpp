// Strided: every element of Y is one element of X, Y[i_0, i_1, ...] = X[offset + sum i_k stride_k]
// with X flat. Permutes and slices axes and, where a stride is 0, repeats along them. An element's
// gradient is the sum of those of its copies.
#include <cstring>
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/parameter.hpp"
#include "layers/sample_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct Strided {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    if (node.strides.size() != node.shape.size()) {
      throw std::invalid_argument("needs a stride for each axis of the output");
    }
    auto lowest = static_cast<std::ptrdiff_t>(number(node, "offset")), highest = lowest;
    for (std::size_t a = 0; a < node.shape.size(); ++a) {
      const auto steps = static_cast<std::ptrdiff_t>(node.shape[a]) - 1;
      (node.strides[a] < 0 ? lowest : highest) += steps * node.strides[a];
    }
    if (lowest < 0 || highest >= static_cast<std::ptrdiff_t>(element_count(inputs[0]))) {
      throw std::invalid_argument("strides lead outside the input of shape " +
                                  to_string(inputs[0]));
    }
    return node.shape;
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  struct Place {
    std::size_t row, col;  // in the sample's matrix
  };
  // Where the element of X is that each element of Y takes.
  static std::vector<Place> places(const NodeSpec& node, std::size_t cols) {
    std::vector<Place> made;
    const std::size_t total = element_count(node.shape);
    made.reserve(total);
    for (std::size_t e = 0; e < total; ++e) {
      auto at = static_cast<std::ptrdiff_t>(number(node, "offset"));
      std::size_t rest = e;
      for (std::size_t a = node.shape.size(); a-- > 0;) {
        at += static_cast<std::ptrdiff_t>(rest % node.shape[a]) * node.strides[a];
        rest /= node.shape[a];
      }
      made.push_back({static_cast<std::size_t>(at) / cols, static_cast<std::size_t>(at) % cols});
    }
    return made;
  }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t x = planner.value(node.inputs[0]);
    const std::size_t y = planner.make_value(i);
    const std::size_t rows_x = planner.info(x).rows, rows_y = planner.info(y).rows;
    const std::size_t cols = planner.info(y).cols;
    auto body = [=, from = places(node, planner.info(x).cols)](Step<T>& step, std::size_t first,
                                                               std::size_t samples) {
      for (std::size_t s = first; s < first + samples; ++s) {
        const T* const* in = step.row_pointers(x) + s * rows_x;
        const Place* place = from.data();
        for (std::size_t r = s * rows_y; r < (s + 1) * rows_y; ++r) {
          T* out = step.data(y) + r * step.info(y).ld;
          for (std::size_t c = 0; c < cols; ++c, ++place) out[c] = in[place->row][place->col];
        }
      }
    };
    planner.emit(by_sample<T>(rows_y * cols, body), {tensor_resource(x)}, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    if (!planner.wants_gradient(node.inputs[0])) return;
    const std::size_t dy = planner.gradient(i);
    const auto to = planner.contribute(node.inputs[0], false);
    const std::size_t dx = to.tensor, rows_x = planner.info(dx).rows;
    const std::size_t rows_y = planner.info(dy).rows, cols = planner.info(dy).cols;
    auto body = [=, from = places(node, planner.info(dx).cols)](Step<T>& step, std::size_t first,
                                                                std::size_t samples) {
      const std::size_t ld = step.info(dx).ld;
      for (std::size_t s = first; s < first + samples; ++s) {
        T* out = step.data(dx) + s * rows_x * ld;
        if (!to.accumulate) std::memset(out, 0, rows_x * ld * sizeof(T));
        const Place* place = from.data();
        for (std::size_t r = s * rows_y; r < (s + 1) * rows_y; ++r) {
          const T* in = step.data(dy) + r * step.info(dy).ld;
          for (std::size_t c = 0; c < cols; ++c, ++place) {
            out[place->row * ld + place->col] += in[c];
          }
        }
      }
    };
    planner.emit(by_sample<T>(rows_y * cols, body), {tensor_resource(dy)}, {tensor_resource(dx)});
  }
};

PRONGHORN_REGISTER_LAYER(strided, Strided);

}  // namespace
}  // namespace pronghorn
