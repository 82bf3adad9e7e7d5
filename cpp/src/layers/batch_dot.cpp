// Batch dot: for each sample Y = A B^T, A (m, k) and B (n, k) being its matrices.
//   dA = dY B, dB = dY^T A
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/sample_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct BatchDot {
  static constexpr std::size_t kMinInputs = 2, kMaxInputs = 2;

  static Shape infer(const NodeSpec& /*node*/, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    if (inputs[0].size() != 2 || inputs[1].size() != 2 || inputs[0][1] != inputs[1][1]) {
      throw std::invalid_argument("inputs must be matrices of as many columns, got " +
                                  to_string(inputs[0]) + " and " + to_string(inputs[1]));
    }
    return {inputs[0][0], inputs[1][0]};
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const auto& inputs = planner.graph().node(i).inputs;
    const std::size_t a = planner.value(inputs[0]), b = planner.value(inputs[1]);
    const std::size_t y = planner.make_value(i);
    const std::size_t m = planner.info(a).rows, n = planner.info(b).rows;
    const std::size_t depth = planner.info(a).cols;
    auto body = [=](Step<T>& step, std::size_t first, std::size_t samples) {
      const auto& columns = kernels::table<T>().columns;
      for (std::size_t s = first; s < first + samples; ++s) {
        for (std::size_t r = 0; r < m; ++r) {
          T* out = step.data(y) + (s * m + r) * step.info(y).ld;
          const T* left = step.row_pointers(a)[s * m + r];
          for (std::size_t c = 0; c < n; ++c) {
            out[c] = columns.dot(left, step.row_pointers(b)[s * n + c], depth);
          }
        }
      }
    };
    planner.emit(by_sample<T>(2 * m * n * depth, body), {tensor_resource(a), tensor_resource(b)},
                 {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const auto& inputs = planner.graph().node(i).inputs;
    for (std::size_t which = 0; which < 2; ++which) {
      if (!planner.wants_gradient(inputs[which])) continue;
      const std::size_t other = planner.value(inputs[1 - which]), dy = planner.gradient(i);
      const auto to = planner.contribute(inputs[which], false);
      const std::size_t dx = to.tensor;
      const std::size_t own = planner.info(dx).rows, others = planner.info(other).rows;
      const std::size_t depth = planner.info(dx).cols, rows_y = planner.info(dy).rows;
      auto body = [=](Step<T>& step, std::size_t first, std::size_t samples) {
        const auto& columns = kernels::table<T>().columns;
        const std::size_t ldy = step.info(dy).ld;
        for (std::size_t s = first; s < first + samples; ++s) {
          const T* gradient = step.data(dy) + s * rows_y * ldy;
          for (std::size_t r = 0; r < own; ++r) {
            T* out = step.data(dx) + (s * own + r) * step.info(dx).ld;
            if (!to.accumulate) std::fill_n(out, depth, T{0});
            for (std::size_t c = 0; c < others; ++c) {
              const T factor = which == 0 ? gradient[r * ldy + c] : gradient[c * ldy + r];
              columns.add_scaled(factor, step.row_pointers(other)[s * others + c], out, depth);
            }
          }
        }
      };
      planner.emit(by_sample<T>(2 * own * others * depth, body),
                   {tensor_resource(other), tensor_resource(dy)}, {tensor_resource(dx)});
    }
  }
};

PRONGHORN_REGISTER_LAYER(batch_dot, BatchDot);

}  // namespace
}  // namespace pronghorn
