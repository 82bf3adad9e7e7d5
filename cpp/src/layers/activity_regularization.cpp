// Activity regularisation: Y = X; the loss grows by the mean over the batch of
// sum l1 |x| + l2 x^2 over a sample's elements.
//   dX = dY + (l1 sign(X) + 2 l2 X) / samples
#include "layers/block_phase.hpp"
#include "layers/layer.hpp"
#include "layers/parameter.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct ActivityRegularization {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    if (!(number(node, "l1") >= 0 && number(node, "l2") >= 0)) {
      throw std::invalid_argument("l1 and l2 must not be negative");
    }
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t x = planner.value(node.inputs[0]), cols = planner.info(x).cols;
    const std::size_t rows_per_sample = planner.info(x).rows;
    const double l1 = number(node, "l1"), l2 = number(node, "l2");
    planner.set_value(i, x);
    if (planner.options().losses.empty()) return;
    const AccumulatorInfo info{block_samples(rows_per_sample), 1};
    const std::size_t sums = planner.new_accumulator(info);
    auto body = [=](Step<T>& step, std::size_t first, std::size_t samples, double* out,
                    T* ignored) {
      double sum = 0;
      std::fill_n(ignored, cols, T{0});
      for (std::size_t r = first * rows_per_sample; r < (first + samples) * rows_per_sample; ++r) {
        sum += kernels::table<T>().elementwise.regularize(step.row_pointers(x)[r], ignored, cols,
                                                          l1, l2);
      }
      *out = sum;
    };
    const double flops = 6.0 * static_cast<double>(cols * rows_per_sample);
    planner.emit(by_blocks<T>(
                     sums, info, cols, flops, [](Step<T>&, T*) {}, body),
                 {tensor_resource(x)}, {accumulator_resource(sums)});
    planner.add_penalty({sums, info.block_samples});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t input = node.inputs[0];
    if (!planner.wants_gradient(input)) return;
    const bool penalized = !planner.options().losses.empty();
    const double l1 = penalized ? number(node, "l1") : 0, l2 = penalized ? number(node, "l2") : 0;
    const std::size_t x = planner.value(input);
    const bool above = planner.has_contribution(i);  // else nothing but the penalty depends on Y
    const std::size_t dy = planner.gradient(i), cols = planner.info(dy).cols;
    const auto to = planner.contribute(input, true);
    const std::size_t dx = to.tensor;
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows) {
      const auto& elementwise = kernels::table<T>().elementwise;
      const auto samples = static_cast<double>(step.samples);
      for (std::size_t r = row; r < row + rows; ++r) {
        T* out = step.data(dx) + r * step.info(dx).ld;
        const T* given = step.data(dy) + r * step.info(dy).ld;
        if (!to.accumulate) std::fill_n(out, cols, T{0});
        if (above) elementwise.add(out, given, out, cols);
        if (penalized) {
          elementwise.regularize(step.row_pointers(x)[r], out, cols, l1 / samples, l2 / samples);
        }
      }
      apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
    };
    planner.emit(rowwise(planner, dy, 8, body), {tensor_resource(x), tensor_resource(dy)},
                 {tensor_resource(dx)});
  }
};

PRONGHORN_REGISTER_LAYER(activity_regularization, ActivityRegularization);

}  // namespace
}  // namespace pronghorn
