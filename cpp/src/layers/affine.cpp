// Affine: Y = gamma X + beta, element by element, with learned gamma and beta that are broadcast
// over a sample; either may be left out.
//   dX = gamma dY, dgamma = sum of dY X, dbeta = sum of dY
#include <cstring>

#include "layers/block_phase.hpp"
#include "layers/layer.hpp"
#include "layers/parameter.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct Affine {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;
  enum { kGamma, kBeta, kWeights };

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& variables) {
    require_weights(node, kWeights, variables);
    require_broadcast(node.shape, inputs[0]);
    for (const std::size_t v : given_weights(node)) {
      if (element_count(variables[v]) != element_count(node.shape)) {
        throw std::invalid_argument("a weight has shape " + to_string(variables[v]) +
                                    ", expected as many elements as " + to_string(node.shape));
      }
    }
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return given_weights(node); }

  // gamma and beta over the elements of a row, or of all rows of a sample.
  template <class T>
  struct Parameters {
    Parameters(const Planner<T>& planner, std::size_t i)
        : period(same_for_rows(planner.graph().node(i).shape) ? 1 : planner.graph().matrix(i).rows),
          elements(period * planner.graph().matrix(i).cols),
          gamma(make(planner, i, kGamma, T{1})),
          beta(make(planner, i, kBeta, T{0})) {}

    std::size_t period, elements;
    SampleParameter<T> gamma, beta;

   private:
    SampleParameter<T> make(const Planner<T>& planner, std::size_t i, std::size_t which,
                            T otherwise) const {
      const NodeSpec& node = planner.graph().node(i);
      if (node.weights[which] < 0) return SampleParameter<T>(otherwise);
      return SampleParameter<T>(planner, static_cast<std::size_t>(node.weights[which]), node.shape,
                                planner.graph().shape(i), elements);
    }
  };

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const Parameters<T> with(planner, i);
    const std::size_t x = planner.value(planner.graph().node(i).inputs[0]);
    const std::size_t y = planner.make_value(i);
    std::vector<Resource> reads = {tensor_resource(x)};
    for (const std::size_t v : variables(planner.graph().node(i))) {
      reads.push_back(variable_resource(v));
    }
    const std::size_t n = with.elements;
    auto setup = [with, n](Step<T>&, T* scratch) {
      with.gamma.expand(scratch, n);
      with.beta.expand(scratch + n, n);
      std::fill_n(scratch + 2 * n, n, T{0});
    };
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows, const T* scratch) {
      const std::size_t cols = step.info(y).cols;
      const auto& columns = kernels::table<T>().columns;
      for (std::size_t r = row; r < row + rows; ++r) {
        const std::size_t at = r % with.period * cols;
        columns.transform(step.row_pointers(x)[r], scratch + 2 * n + at, scratch + at,
                          scratch + n + at, step.data(y) + r * step.info(y).ld, cols);
      }
    };
    planner.emit(rowwise_prepared(planner, y, 3, 3 * n, setup, body), reads, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const Parameters<T> with(planner, i);
    if (planner.wants_gradient(node.inputs[0])) backward_data(planner, i, with);
    if (node.trainable) backward_weights(planner, i, with);
  }

 private:
  template <class T>
  static void backward_data(Planner<T>& planner, std::size_t i, const Parameters<T>& with) {
    const std::size_t dy = planner.gradient(i);
    const auto to = planner.contribute(planner.graph().node(i).inputs[0], true);
    const std::size_t dx = to.tensor, n = with.elements;
    auto setup = [with, n](Step<T>&, T* scratch) { with.gamma.expand(scratch, n); };
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows, T* scratch) {
      const std::size_t cols = step.info(dy).cols;
      const auto& table = kernels::table<T>();
      for (std::size_t r = row; r < row + rows; ++r) {
        T* out = step.data(dx) + r * step.info(dx).ld;
        T* made = to.accumulate ? scratch + n : out;
        table.columns.multiply(step.data(dy) + r * step.info(dy).ld,
                               scratch + r % with.period * cols, made, cols);
        if (to.accumulate) table.elementwise.add(out, made, out, cols);
      }
      apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
    };
    std::vector<Resource> reads = {tensor_resource(dy)};
    if (with.gamma.given()) reads.push_back(variable_resource(with.gamma.index()));
    planner.emit(rowwise_prepared(planner, dy, 3, 2 * n, setup, body), reads,
                 {tensor_resource(dx)});
  }

  // The sums over samples by blocks, then one task that adds these and hands them on.
  template <class T>
  static void backward_weights(Planner<T>& planner, std::size_t i, const Parameters<T>& with) {
    struct Part {
      SampleParameter<T> parameter;
      Sink<T>* sink;
      bool accumulate;
      std::size_t offset;  // in the sums
    };
    const std::size_t n = with.elements;
    std::vector<Part> parts;
    std::vector<Resource> writes;
    std::size_t packed = 0;
    for (const auto* parameter : {&with.gamma, &with.beta}) {
      if (!parameter->given() || planner.sink(parameter->index()) == nullptr) continue;
      const std::size_t v = parameter->index();
      parts.push_back(
          {*parameter, planner.sink(v), planner.start_sink(v), parameter == &with.gamma ? n : 0});
      writes.push_back(variable_resource(v));
      packed = std::max(packed, parameter->packed_size());
    }
    if (parts.empty()) return;

    const std::size_t x = planner.value(planner.graph().node(i).inputs[0]);
    const std::size_t dy = planner.gradient(i), rows_per_sample = planner.info(dy).rows;
    const AccumulatorInfo info{block_samples(rows_per_sample), 2 * n};
    const std::size_t sums = planner.new_accumulator(info);
    auto setup = [n](Step<T>&, T* scratch) { std::fill_n(scratch + 2 * n, n, T{0}); };
    auto body = [=](Step<T>& step, std::size_t first, std::size_t samples, double* out,
                    T* scratch) {
      const std::size_t cols = step.info(dy).cols;
      const auto& columns = kernels::table<T>().columns;
      std::fill_n(scratch, 2 * n, T{0});
      for (std::size_t r = first * rows_per_sample; r < (first + samples) * rows_per_sample; ++r) {
        const std::size_t at = r % with.period * cols;
        columns.add_products(step.data(dy) + r * step.info(dy).ld, step.row_pointers(x)[r],
                             scratch + 2 * n, scratch + at, scratch + n + at, cols);
      }
      std::copy_n(scratch, 2 * n, out);
    };
    planner.emit(by_blocks<T>(sums, info, 3 * n,
                              4.0 * static_cast<double>(planner.info(dy).cols * rows_per_sample),
                              setup, body),
                 {tensor_resource(x), tensor_resource(dy)}, {accumulator_resource(sums)});
    auto finish = [=](Step<T>& step, T* scratch) {
      const double* total = combine_blocks(step.workspace->accumulator(sums),
                                           divide_up(step.samples, info.block_samples), info.width);
      for (const Part& part : parts) {
        part.parameter.reduce(total + part.offset, scratch);
        consume_packed(*part.sink, scratch, part.accumulate, step.scalars);
      }
    };
    planner.emit(single<T>(packed, finish), {accumulator_resource(sums)}, writes);
  }
};

PRONGHORN_REGISTER_LAYER(affine, Affine);

}  // namespace
}  // namespace pronghorn
