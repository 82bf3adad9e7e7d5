// Reshape and Flatten: the same elements of each sample, cut into other rows. Over an input it is
// another view of the user's memory; elsewhere a copy, since rows of the arena are padded, or
// nothing at all where rows stay as they are.
#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/sample_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct RowCut {
  std::size_t rows, cols;  // per sample
};

// Copies elements of samples [first, first + count) from rows cut one way to rows cut another;
// adds instead where `accumulate`.
template <class T, class In, class Out>
void recut(std::size_t first, std::size_t count, RowCut from, RowCut to, bool accumulate, In in,
           Out out) noexcept {
  for (std::size_t s = first; s < first + count; ++s) {
    const std::size_t total = from.rows * from.cols;
    for (std::size_t e = 0; e < total;) {
      const std::size_t run = std::min(from.cols - e % from.cols, to.cols - e % to.cols);
      const T* source = in(s * from.rows + e / from.cols) + e % from.cols;
      T* target = out(s * to.rows + e / to.cols) + e % to.cols;
      if (accumulate) {
        for (std::size_t k = 0; k < run; ++k) target[k] += source[k];
      } else {
        std::memcpy(target, source, run * sizeof(T));
      }
      e += run;
    }
  }
}

struct Reshape {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    std::size_t from = 1, to = 1;
    for (const std::size_t axis : inputs[0]) from *= axis;
    for (const std::size_t axis : node.shape) to *= axis;
    if (from != to) {
      throw std::invalid_argument("cannot reshape " + std::to_string(from) + " elements into " +
                                  std::to_string(to));
    }
    return node.shape;
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const std::size_t x = planner.value(planner.graph().node(i).inputs[0]);
    const TensorInfo from = planner.info(x);
    const SampleMatrix to = planner.graph().matrix(i);
    if (from.rows == to.rows && from.cols == to.cols) {
      planner.set_value(i, x);
      return;
    }
    if (from.input >= 0) {
      planner.set_value(
          i, planner.new_input_view(static_cast<std::size_t>(from.input), to.rows, to.cols));
      return;
    }
    const std::size_t y = planner.make_value(i);
    const RowCut cut_x{from.rows, from.cols}, cut_y{to.rows, to.cols};
    auto body = [=](Step<T>& step, std::size_t sample, std::size_t samples) {
      recut<T>(
          sample, samples, cut_x, cut_y, false,
          [&](std::size_t r) { return step.row_pointers(x)[r]; },
          [&](std::size_t r) { return step.data(y) + r * step.info(y).ld; });
    };
    planner.emit(by_sample<T>(cut_y.rows * cut_y.cols, body), {tensor_resource(x)},
                 {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const std::size_t input = planner.graph().node(i).inputs[0];
    if (!planner.wants_gradient(input)) return;
    const std::size_t dy = planner.gradient(i);
    const auto to = planner.contribute(input, false);
    const std::size_t dx = to.tensor;
    const RowCut cut_x{planner.info(dx).rows, planner.info(dx).cols};
    const RowCut cut_y{planner.info(dy).rows, planner.info(dy).cols};
    auto body = [=](Step<T>& step, std::size_t sample, std::size_t samples) {
      recut<T>(
          sample, samples, cut_y, cut_x, to.accumulate,
          [&](std::size_t r) { return step.data(dy) + r * step.info(dy).ld; },
          [&](std::size_t r) { return step.data(dx) + r * step.info(dx).ld; });
    };
    planner.emit(by_sample<T>(cut_y.rows * cut_y.cols, body), {tensor_resource(dy)},
                 {tensor_resource(dx)});
  }
};

PRONGHORN_REGISTER_LAYER(reshape, Reshape);

}  // namespace
}  // namespace pronghorn
