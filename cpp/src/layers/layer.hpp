// What a layer is to the engine, and the registry of layers. A layer is one file of this folder:
// its shape rule, its forward and backward lowering and the phases that they emit. REGISTER_LAYER
// at the end of that file is all that makes it known.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "pronghorn/spec.hpp"

namespace pronghorn {

template <class T>
class Planner;

constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

template <class T>
struct LayerLowering {
  // Emits the phases that compute node `i`'s value (and what backward needs of it).
  void (*forward)(Planner<T>& planner, std::size_t i);
  // Emits the phases that turn node i's gradient into those of its inputs and parameters.
  void (*backward)(Planner<T>& planner, std::size_t i);
};

struct LayerKind {
  std::string op;
  std::size_t min_inputs, max_inputs;
  // Output shape per sample; throws std::invalid_argument.
  Shape (*infer)(const NodeSpec& node, const std::vector<Shape>& inputs,
                 const std::vector<Shape>& variables);
  // Variables that the node uses.
  std::vector<std::size_t> (*variables)(const NodeSpec& node);
  LayerLowering<float> lowering_float;
  LayerLowering<double> lowering_double;
};

template <class T>
const LayerLowering<T>& lowering(const LayerKind& kind) noexcept;
template <>
inline const LayerLowering<float>& lowering<float>(const LayerKind& kind) noexcept {
  return kind.lowering_float;
}
template <>
inline const LayerLowering<double>& lowering<double>(const LayerKind& kind) noexcept {
  return kind.lowering_double;
}

// nullptr if there is none of that name.
const LayerKind* find_layer(const std::string& op) noexcept;
bool register_layer(LayerKind kind);

inline std::vector<std::size_t> no_variables(const NodeSpec& /*node*/) { return {}; }

// Layer is a struct with static infer, variables, kMinInputs, kMaxInputs and templates
// forward<T>(Planner<T>&, i), backward<T>(Planner<T>&, i).
#define PRONGHORN_REGISTER_LAYER(op_name, Layer)                         \
  [[maybe_unused]] const bool registered_##op_name =                     \
      register_layer({#op_name,                                          \
                      Layer::kMinInputs,                                 \
                      Layer::kMaxInputs,                                 \
                      &Layer::infer,                                     \
                      &Layer::variables,                                 \
                      {&Layer::forward<float>, &Layer::backward<float>}, \
                      {&Layer::forward<double>, &Layer::backward<double>}})

}  // namespace pronghorn
