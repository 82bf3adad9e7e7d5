// Input: rows of user memory, read in place through row pointers.
#include "layers/layer.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct Input {
  static constexpr std::size_t kMinInputs = 0, kMaxInputs = 0;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& /*inputs*/,
                     const std::vector<Shape>& /*variables*/) {
    return node.shape;
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const auto& inputs = planner.graph().inputs();
    std::size_t input = 0;
    while (inputs[input] != i) ++input;
    const SampleMatrix matrix = planner.graph().matrix(i);
    planner.set_value(i, planner.new_input_view(input, matrix.rows, matrix.cols));
  }
  template <class T>
  static void backward(Planner<T>& /*planner*/, std::size_t /*i*/) {}
};

PRONGHORN_REGISTER_LAYER(input, Input);

}  // namespace
}  // namespace pronghorn
