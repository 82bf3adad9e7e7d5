// Dense: Z = X W + b, Y = act(Z), on the last axis (Goodfellow et al., Deep Learning, 6.5).
//   backward data     dX = dZ W^T
//   backward weights  dW = X^T dZ, db = sum of dZ's rows
#include <stdexcept>

#include "kernels/gemm_choice.hpp"
#include "layers/dense_products.hpp"
#include "layers/layer.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct Dense {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& variables) {
    if (inputs[0].empty()) throw std::invalid_argument("the input needs at least one axis");
    if (node.units == 0) throw std::invalid_argument("units must be positive, got 0");
    bind_activation<float>(node.activation);
    const std::size_t features = inputs[0].back();
    if (node.kernel >= variables.size()) throw std::invalid_argument("no such kernel variable");
    require(variables[node.kernel], {features, node.units}, "kernel");  // or axes folded into these
    if (node.bias >= 0) {
      if (static_cast<std::size_t>(node.bias) >= variables.size()) {
        throw std::invalid_argument("no such bias variable");
      }
      require(variables[static_cast<std::size_t>(node.bias)], {node.units}, "bias");
    }
    Shape shape = inputs[0];
    shape.back() = node.units;
    return shape;
  }

  static std::vector<std::size_t> variables(const NodeSpec& node) {
    std::vector<std::size_t> all = {node.kernel};
    if (node.bias >= 0) all.push_back(static_cast<std::size_t>(node.bias));
    return all;
  }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const auto& variables = planner.options().variables;
    const Variable<T>* kernel = variables[node.kernel];
    const Variable<T>* bias =
        node.bias < 0 ? nullptr : variables[static_cast<std::size_t>(node.bias)];
    const std::size_t x = planner.value(node.inputs[0]);
    if (kernel->layout().rows != planner.info(x).cols ||
        (bias != nullptr && bias->layout().rows != 1)) {
      throw std::invalid_argument("layer '" + node.name +
                                  "': the rows of the kernel's matrix must be the inputs, and the "
                                  "bias must be one row");
    }
    auto act = bind_activation<T>(node.activation);
    if (planner.head_takes_logits(i)) act.kernel = nullptr;

    const std::size_t y = planner.make_value(i);
    const TensorInfo info = planner.info(y);
    const bool keep_z =
        planner.options().backward && act.kernel != nullptr && act.kernel->needs_input;
    const std::size_t z = keep_z ? planner.new_tensor(info.rows, info.cols) : y;
    if (act.kernel != nullptr) planner.set_epilogue(i, {act, z, y});

    std::vector<Resource> reads = {tensor_resource(x), variable_resource(node.kernel)};
    if (bias != nullptr) reads.push_back(variable_resource(static_cast<std::size_t>(node.bias)));
    std::vector<Resource> writes = {tensor_resource(y), tensor_resource(z)};
    // A row-wise activation needs all columns: with its panel if that is all of them, else after.
    const bool apart =
        act.kernel != nullptr && act.kernel->row_wise && kernel->layout().count() > 1;
    const DenseForwardArgs<T> args{kernel,   bias, x, z, y, apart ? BoundActivation<T>{} : act,
                                   info.rows};
    planner.emit(dense_product(args), reads, writes, dense_cost<T>(args, "forward"));
    if (!apart) return;
    auto body = [z, y, act](Step<T>& step, std::size_t row, std::size_t rows) {
      act.kernel->forward(step.data(z) + row * step.info(z).ld, step.info(z).ld,
                          step.data(y) + row * step.info(y).ld, step.info(y).ld, rows,
                          step.info(y).cols, act.params);
    };
    planner.emit(samplewise(planner, y, 20, body), {tensor_resource(z)}, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t input = node.inputs[0];
    const std::size_t x = planner.value(input);
    const std::size_t dz = planner.gradient(i);
    const std::size_t rows_per_sample = planner.info(dz).rows;
    const GradientEpilogue<T>& epilogue = planner.epilogue(i);
    if (epilogue.activation.kernel != nullptr && !planner.epilogue_done(i)) {
      auto body = [epilogue, dz](Step<T>& step, std::size_t row, std::size_t rows) {
        apply_epilogue(step, epilogue, dz, row, rows, 0, step.info(dz).cols);
      };
      planner.emit(samplewise(planner, dz, 15, body),
                   {tensor_resource(epilogue.input), tensor_resource(epilogue.output)},
                   {tensor_resource(dz)});
    }
    const Variable<T>* kernel = planner.options().variables[node.kernel];
    typename DenseWeightsArgs<T>::Part parts[2];
    const auto used = variables(node);
    for (std::size_t p = 0; p < used.size() && node.trainable; ++p) {
      parts[p].sink = planner.sink(used[p]);
    }
    // W has no other reader or writer meanwhile, and the products are tiles.
    const bool one_pass = planner.wants_gradient(input) && parts[0].sink != nullptr &&
                          one_pass_pays(*kernel, 1) &&
                          planner.graph().variable_uses(node.kernel) == 1 &&
                          !kernels::may_prefer_blas(kernels::gemm_choice());
    DenseDataArgs<T> data{kernel, dz, {}, rows_per_sample, one_pass};
    std::size_t stage = 0;
    if (planner.wants_gradient(input)) {
      data.to = planner.contribute(input, true);
      std::vector<Resource> reads = {tensor_resource(dz), variable_resource(node.kernel)};
      if (data.to.epilogue.activation.kernel != nullptr) {
        reads.push_back(tensor_resource(data.to.epilogue.input));
        reads.push_back(tensor_resource(data.to.epilogue.output));
      }
      stage = planner.emit(dense_product(data), reads, {tensor_resource(data.to.tensor)},
                           dense_cost<T>(data, "dX"));
    }
    std::vector<Resource> writes;
    for (std::size_t p = 0; p < used.size(); ++p) {
      if (parts[p].sink == nullptr) continue;
      parts[p].accumulate = planner.start_sink(used[p]);
      writes.push_back(variable_resource(used[p]));
    }
    if (writes.empty()) return;
    DenseWeightsArgs<T> args{kernel, parts[0], parts[1], x, dz, rows_per_sample, one_pass};
    // A later use of a shared variable would come between the halves.
    const std::vector<Resource> reads = {tensor_resource(x), tensor_resource(dz)};
    bool halves = !kernels::may_prefer_blas(kernels::gemm_choice()) &&
                  args.halved_sum().possible() && planner.known_in_parts(reads);
    for (const std::size_t v : used) halves = halves && planner.graph().variable_uses(v) == 1;
    if (halves) {
      const PanelLayout& layout = kernel->layout();
      args.partials[0] = planner.new_partial(layout.size());
      args.partials[1] = planner.new_partial(layout.count() * layout.panel);
    }
    planner.emit(dense_product(args), reads, writes, weights_cost(args));
    if (halves) {
      planner.emit_halves(half_of_weights(args), added_halves_of_weights(args), args.halved_sum());
    }
    if (one_pass) planner.emit_instead(stage, dense_one_pass(data, args), one_pass_cost(args));
  }

 private:
  // `got` may have more axes than `expected` where these are products of neighbouring ones.
  static void require(const Shape& got, const Shape& expected, const char* what) {
    std::size_t product = 1, at = 0;
    for (const std::size_t axis : got) {
      product *= axis;
      if (at + 1 < expected.size() && product == expected[at]) product = 1, ++at;
    }
    if (at + 1 == expected.size() && product == expected[at]) return;
    throw std::invalid_argument(std::string(what) + " has shape " + to_string(got) + ", expected " +
                                to_string(expected));
  }
};

PRONGHORN_REGISTER_LAYER(dense, Dense);

}  // namespace
}  // namespace pronghorn
