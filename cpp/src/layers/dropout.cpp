// Inverted dropout (Srivastava et al., JMLR 15, 2014): Y = X * keep / (1 - rate) in training, X
// otherwise. The mask is a function of (seed, node, step, element) alone.
#include <cstring>
#include <stdexcept>
#include <string>

#include "layers/layer.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct Dropout {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    if (!(node.rate >= 0 && node.rate <= 1)) {
      throw std::invalid_argument("rate must be between 0 and 1, got " + std::to_string(node.rate));
    }
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t x = planner.value(node.inputs[0]);
    if (!planner.options().training || node.rate == 0) {
      planner.set_value(i, x);
      return;
    }
    const std::size_t y = planner.make_value(i);
    std::vector<Resource> writes = {tensor_resource(y)};
    const bool kept = planner.options().backward && planner.wants_gradient(node.inputs[0]);
    std::size_t mask = 0;
    if (kept) {
      const TensorInfo& info = planner.info(y);
      mask = planner.new_tensor(info.rows, divide_up(info.cols, sizeof(T)));
      planner.set_layer_state(i, mask);
      writes.push_back(tensor_resource(mask));
    }
    const double rate = node.rate;
    const std::uint64_t seed = node.seed;
    const auto stream = static_cast<std::uint32_t>(i);
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows) {
      const std::size_t cols = step.info(y).cols, ldy = step.info(y).ld;
      const std::size_t before = step.first_row(y);
      const auto& elementwise = kernels::table<T>().elementwise;
      for (std::size_t r = row; r < row + rows; ++r) {
        elementwise.dropout(step.row_pointers(x)[r], step.data(y) + r * ldy,
                            kept ? mask_row(step, mask, r) : nullptr, cols, rate, seed, stream,
                            step.number, (before + r) * cols);
      }
    };
    planner.emit(samplewise(planner, y, 10, body), {tensor_resource(x)}, writes);
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t input = node.inputs[0];
    if (!planner.wants_gradient(input)) return;
    const double rate = planner.options().training ? node.rate : 0;
    const std::size_t dy = planner.gradient(i);
    const auto to = planner.contribute(input, true);
    const std::size_t dx = to.tensor, mask = planner.layer_state(i);
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows) {
      const std::size_t cols = step.info(dy).cols;
      const auto& elementwise = kernels::table<T>().elementwise;
      for (std::size_t r = row; r < row + rows; ++r) {
        T* gy = step.data(dy) + r * step.info(dy).ld;
        T* gx = step.data(dx) + r * step.info(dx).ld;
        if (rate > 0) {
          elementwise.dropout_backward(gy, mask_row(step, mask, r), to.accumulate ? gy : gx, cols,
                                       rate);
        } else if (!to.accumulate) {
          std::memcpy(gx, gy, cols * sizeof(T));
        }
        if (to.accumulate) elementwise.add(gx, gy, gx, cols);
      }
      apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
    };
    std::vector<Resource> reads;
    if (rate > 0) reads.push_back(tensor_resource(mask));
    planner.emit(samplewise(planner, dy, 4, body), reads,
                 {tensor_resource(dy), tensor_resource(dx)});
  }

 private:
  // Which elements of a row were kept, a byte each, in a tensor of T.
  template <class T>
  static std::uint8_t* mask_row(const Step<T>& step, std::size_t mask, std::size_t row) noexcept {
    return reinterpret_cast<std::uint8_t*>(step.data(mask) + row * step.info(mask).ld);
  }
};

PRONGHORN_REGISTER_LAYER(dropout, Dropout);

}  // namespace
}  // namespace pronghorn
