// Activation as a layer of its own: Y = act(X), dX = dY * act'(X). One that follows a linear Dense
// layer is merged into it before planning (see model/graph.cpp).
#include <cstring>

#include "layers/layer.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct ActivationLayer {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    bind_activation<float>(node.activation);
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t x = planner.value(node.inputs[0]);
    const auto act = bind_activation<T>(node.activation);
    if (act.kernel == nullptr || planner.head_takes_logits(i)) {
      planner.set_value(i, x);
      return;
    }
    const std::size_t y = planner.make_value(i);
    auto body = [x, y, act](Step<T>& step, std::size_t row, std::size_t rows) {
      const std::size_t cols = step.info(x).cols, ldy = step.info(y).ld, ldx = step.info(x).ld;
      T* out = step.data(y) + row * ldy;
      if (const T* in = step.data(x)) {
        act.kernel->forward(in + row * ldx, ldx, out, ldy, rows, cols, act.params);
        return;
      }
      const T* const* in = step.row_pointers(x) + row;
      for (std::size_t r = 0; r < rows; ++r) {
        act.kernel->forward(in[r], cols, out + r * ldy, ldy, 1, cols, act.params);
      }
    };
    planner.emit(samplewise(planner, y, 10, body), {tensor_resource(x)}, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t input = node.inputs[0];
    if (!planner.wants_gradient(input)) return;
    const std::size_t x = planner.value(input), y = planner.value(i);
    const std::size_t dy = planner.gradient(i);
    const auto act = bind_activation<T>(node.activation);
    const bool linear = act.kernel == nullptr || planner.head_takes_logits(i);
    const auto to = planner.contribute(input, true);
    const std::size_t dx = to.tensor;
    // One row at a time through a short buffer when it must be added to what is there.
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows) {
      const std::size_t cols = step.info(dy).cols;
      const std::size_t lddy = step.info(dy).ld, lddx = step.info(dx).ld;
      const std::size_t ldy = step.info(y).ld;
      const auto& table = kernels::table<T>();
      for (std::size_t r = row; r < row + rows; ++r) {
        T* gy = step.data(dy) + r * lddy;
        T* gx = step.data(dx) + r * lddx;
        // dY is read by nobody else, so its derivative product may be taken in place.
        if (!linear) {
          const T* z = act.kernel->needs_input ? step.row_pointers(x)[r] : nullptr;
          act.kernel->backward(z, cols, step.data(y) + r * ldy, ldy, gy, lddy, gy, lddy, 1, cols,
                               act.params);
        }
        if (to.accumulate) {
          table.elementwise.add(gx, gy, gx, cols);
        } else {
          std::memcpy(gx, gy, cols * sizeof(T));
        }
      }
      apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
    };
    planner.emit(samplewise(planner, dy, 15, body), {tensor_resource(x), tensor_resource(y)},
                 {tensor_resource(dy), tensor_resource(dx)});
  }
};

PRONGHORN_REGISTER_LAYER(activation, ActivationLayer);

}  // namespace
}  // namespace pronghorn
