// The checked graph: a DAG of operations with every shape known.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pronghorn/spec.hpp"

namespace pronghorn {

// A sample's part of a tensor as a matrix: the last axis is `cols`, all before it `rows`.
struct SampleMatrix {
  std::size_t rows = 1, cols = 1;
};

class Graph {
 public:
  // `variable_shapes`: those of the engine's variables. Throws std::invalid_argument with the
  // layer's name in the message.
  Graph(GraphSpec spec, const std::vector<Shape>& variable_shapes);

  const GraphSpec& spec() const noexcept { return spec_; }
  std::size_t size() const noexcept { return spec_.nodes.size(); }
  const NodeSpec& node(std::size_t i) const noexcept { return spec_.nodes[i]; }
  const Shape& shape(std::size_t i) const noexcept { return shapes_[i]; }
  SampleMatrix matrix(std::size_t i) const noexcept;
  const std::vector<std::size_t>& users(std::size_t i) const noexcept { return users_[i]; }
  const std::vector<std::size_t>& inputs() const noexcept { return inputs_; }
  const std::vector<std::size_t>& outputs() const noexcept { return spec_.outputs; }
  // How many nodes use variable v: more than one means that its gradient is a sum.
  std::size_t variable_uses(std::size_t v) const noexcept { return variable_uses_[v]; }
  bool variable_trainable(std::size_t v) const noexcept { return variable_trainable_[v]; }

  // Of all nodes, one a variable at most.
  std::vector<ConstraintSpec> constraints() const;

 private:
  GraphSpec spec_;
  std::vector<Shape> shapes_;
  std::vector<std::vector<std::size_t>> users_;
  std::vector<std::size_t> inputs_;
  std::vector<std::size_t> variable_uses_;
  std::vector<bool> variable_trainable_;
};

std::size_t element_count(const Shape& shape);
std::string to_string(const Shape& shape);

}  // namespace pronghorn
