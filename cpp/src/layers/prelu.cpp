// PReLU: Y = X where X > 0, else alpha X, with a learned alpha that is broadcast over a sample. He
// et al., arXiv:1502.01852, equation 1.
//   dX = dY where X > 0, else alpha dY;  dalpha = sum of dY min(X, 0)
#include "layers/block_phase.hpp"
#include "layers/layer.hpp"
#include "layers/parameter.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct PRelu {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& variables) {
    require_weights(node, 1, variables);
    require_broadcast(node.shape, inputs[0]);
    if (given_weights(node).empty() ||
        element_count(variables[given_weights(node)[0]]) != element_count(node.shape)) {
      throw std::invalid_argument("needs alpha with as many elements as " + to_string(node.shape));
    }
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return given_weights(node); }

  template <class T>
  struct Alpha {
    Alpha(const Planner<T>& planner, std::size_t i)
        : period(same_for_rows(planner.graph().node(i).shape) ? 1 : planner.graph().matrix(i).rows),
          elements(period * planner.graph().matrix(i).cols),
          parameter(planner, given_weights(planner.graph().node(i))[0],
                    planner.graph().node(i).shape, planner.graph().shape(i), elements) {}
    std::size_t period, elements;
    SampleParameter<T> parameter;
  };

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const Alpha<T> alpha(planner, i);
    const std::size_t x = planner.value(planner.graph().node(i).inputs[0]);
    const std::size_t y = planner.make_value(i);
    auto setup = [alpha](Step<T>&, T* scratch) { alpha.parameter.expand(scratch, alpha.elements); };
    auto body = [=, period = alpha.period](Step<T>& step, std::size_t row, std::size_t rows,
                                           const T* scratch) {
      const std::size_t cols = step.info(y).cols;
      for (std::size_t r = row; r < row + rows; ++r) {
        kernels::table<T>().columns.leaky(step.row_pointers(x)[r], scratch + r % period * cols,
                                          step.data(y) + r * step.info(y).ld, cols);
      }
    };
    planner.emit(rowwise_prepared(planner, y, 3, alpha.elements, setup, body),
                 {tensor_resource(x), variable_resource(alpha.parameter.index())},
                 {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const Alpha<T> alpha(planner, i);
    if (planner.wants_gradient(node.inputs[0])) backward_data(planner, i, alpha);
    const std::size_t variable = alpha.parameter.index();
    Sink<T>* sink = planner.sink(variable);
    if (!node.trainable || sink == nullptr) return;

    const std::size_t x = planner.value(node.inputs[0]), dy = planner.gradient(i);
    const std::size_t n = alpha.elements, rows_per_sample = planner.info(dy).rows;
    const AccumulatorInfo info{block_samples(rows_per_sample), n};
    const std::size_t sums = planner.new_accumulator(info);
    auto body = [=, period = alpha.period](Step<T>& step, std::size_t first, std::size_t samples,
                                           double* out, T* scratch) {
      const std::size_t cols = step.info(dy).cols;
      std::fill_n(scratch, n, T{0});
      for (std::size_t r = first * rows_per_sample; r < (first + samples) * rows_per_sample; ++r) {
        kernels::table<T>().columns.add_negative_products(step.data(dy) + r * step.info(dy).ld,
                                                          step.row_pointers(x)[r],
                                                          scratch + r % period * cols, cols);
      }
      std::copy_n(scratch, n, out);
    };
    const double flops = 3.0 * static_cast<double>(planner.info(dy).cols * rows_per_sample);
    planner.emit(by_blocks<T>(
                     sums, info, n, flops, [](Step<T>&, T*) {}, body),
                 {tensor_resource(x), tensor_resource(dy)}, {accumulator_resource(sums)});
    const bool accumulate = planner.start_sink(variable);
    auto finish = [=, parameter = alpha.parameter](Step<T>& step, T* scratch) {
      const double* total = combine_blocks(step.workspace->accumulator(sums),
                                           divide_up(step.samples, info.block_samples), n);
      parameter.reduce(total, scratch);
      consume_packed(*sink, scratch, accumulate, step.scalars);
    };
    planner.emit(single<T>(alpha.parameter.packed_size(), finish), {accumulator_resource(sums)},
                 {variable_resource(variable)});
  }

 private:
  template <class T>
  static void backward_data(Planner<T>& planner, std::size_t i, const Alpha<T>& alpha) {
    const std::size_t input = planner.graph().node(i).inputs[0];
    const std::size_t x = planner.value(input), dy = planner.gradient(i), n = alpha.elements;
    const auto to = planner.contribute(input, true);
    const std::size_t dx = to.tensor;
    auto setup = [alpha](Step<T>&, T* scratch) { alpha.parameter.expand(scratch, alpha.elements); };
    auto body = [=, period = alpha.period](Step<T>& step, std::size_t row, std::size_t rows,
                                           T* scratch) {
      const std::size_t cols = step.info(dy).cols;
      const auto& table = kernels::table<T>();
      for (std::size_t r = row; r < row + rows; ++r) {
        T* out = step.data(dx) + r * step.info(dx).ld;
        T* made = to.accumulate ? scratch + n : out;
        table.columns.leaky_backward(step.data(dy) + r * step.info(dy).ld, step.row_pointers(x)[r],
                                     scratch + r % period * cols, made, cols);
        if (to.accumulate) table.elementwise.add(out, made, out, cols);
      }
      apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
    };
    planner.emit(
        rowwise_prepared(planner, dy, 3, 2 * n, setup, body),
        {tensor_resource(x), tensor_resource(dy), variable_resource(alpha.parameter.index())},
        {tensor_resource(dx)});
  }
};

PRONGHORN_REGISTER_LAYER(prelu, PRelu);

}  // namespace
}  // namespace pronghorn
