#include "plan/graph.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/memory.hpp"
#include "layers/layer.hpp"

namespace pronghorn {

std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  for (const std::size_t axis : shape) count = checked_multiply(count, axis);
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

namespace {

// A linear dense layer whose only user is an activation layer takes that activation itself: one
// tensor and one phase fewer, and the derivative is applied where the gradient is made.
GraphSpec merge_activations(GraphSpec spec) {
  const std::size_t n = spec.nodes.size();
  std::vector<std::size_t> uses(n, 0), new_index(n, 0);
  for (const NodeSpec& node : spec.nodes) {
    for (const std::size_t input : node.inputs) {
      if (input < n) ++uses[input];
    }
  }
  for (const std::size_t output : spec.outputs) {
    if (output < n) ++uses[output];
  }
  GraphSpec merged;
  for (std::size_t i = 0; i < n; ++i) {
    NodeSpec& node = spec.nodes[i];
    if (node.op == "activation" && node.inputs.size() == 1 && node.inputs[0] < i) {
      const std::size_t input = node.inputs[0];
      NodeSpec& dense = merged.nodes[new_index[input]];
      if (uses[input] == 1 && dense.op == "dense" && dense.activation.name == "linear") {
        dense.activation = node.activation;
        new_index[i] = new_index[input];
        continue;
      }
    }
    for (std::size_t& input : node.inputs) {
      if (input < i) input = new_index[input];
    }
    new_index[i] = merged.nodes.size();
    merged.nodes.push_back(std::move(node));
  }
  for (const std::size_t output : spec.outputs) {
    merged.outputs.push_back(output < n ? new_index[output] : merged.nodes.size());
  }
  return merged;
}

}  // namespace

Graph::Graph(GraphSpec spec, const std::vector<Shape>& variable_shapes)
    : spec_(merge_activations(std::move(spec))) {
  users_.resize(size());
  variable_uses_.resize(variable_shapes.size(), 0);
  variable_trainable_.resize(variable_shapes.size(), false);
  for (std::size_t i = 0; i < size(); ++i) {
    const NodeSpec& node = spec_.nodes[i];
    const std::string where = "[" + node.op + "] layer '" + node.name + "': ";
    const LayerKind* kind = find_layer(node.op);
    if (kind == nullptr) throw std::invalid_argument(where + "unknown operation '" + node.op + "'");
    if (node.inputs.size() < kind->min_inputs || node.inputs.size() > kind->max_inputs) {
      throw std::invalid_argument(where +
                                  "wrong number of inputs: " + std::to_string(node.inputs.size()));
    }
    std::vector<Shape> input_shapes;
    for (const std::size_t input : node.inputs) {
      if (input >= i) throw std::invalid_argument(where + "inputs must come before their users");
      input_shapes.push_back(shapes_[input]);
      users_[input].push_back(i);
    }
    try {
      shapes_.push_back(kind->infer(node, input_shapes, variable_shapes));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(where + error.what());
    }
    if (element_count(shapes_.back()) == 0) {
      throw std::invalid_argument(where + "empty shape " + to_string(shapes_.back()));
    }
    if (node.op == "input") inputs_.push_back(i);
    for (const std::size_t v : kind->variables(node)) {
      ++variable_uses_[v];
      const bool frozen = std::find(node.frozen.begin(), node.frozen.end(), v) != node.frozen.end();
      if (node.trainable && !frozen) variable_trainable_[v] = true;
    }
  }
  if (outputs().empty()) throw std::invalid_argument("a network needs at least one output");
  for (const std::size_t output : outputs()) {
    if (output >= size()) throw std::invalid_argument("output refers to no node");
  }
}

std::vector<ConstraintSpec> Graph::constraints() const {
  std::vector<ConstraintSpec> found;
  std::vector<bool> known(variable_uses_.size(), false);
  for (const NodeSpec& node : spec_.nodes) {
    for (const ConstraintSpec& constraint : node.constraints) {
      if (known.at(constraint.variable)) continue;  // of a layer that is used more than once
      known[constraint.variable] = true;
      found.push_back(constraint);
    }
  }
  return found;
}

SampleMatrix Graph::matrix(std::size_t i) const noexcept {
  const Shape& shape = shapes_[i];
  SampleMatrix matrix;
  if (shape.empty()) return matrix;
  matrix.cols = shape.back();
  for (std::size_t a = 0; a + 1 < shape.size(); ++a) matrix.rows *= shape[a];
  return matrix;
}

}  // namespace pronghorn
