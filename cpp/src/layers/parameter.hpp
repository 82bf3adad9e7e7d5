// Parameters that act on the elements of a sample: how they are broadcast over it, and how their
// gradients reach the sinks.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "layers/layer.hpp"
#include "plan/planner.hpp"

namespace pronghorn {

// Throws std::invalid_argument if the layer was not given that number.
inline double number(const NodeSpec& node, const std::string& name) {
  const auto found = node.numbers.find(name);
  if (found == node.numbers.end()) throw std::invalid_argument("needs the number '" + name + "'");
  return found->second;
}

// The variables among the node's `weights`.
inline std::vector<std::size_t> given_weights(const NodeSpec& node) {
  std::vector<std::size_t> given;
  for (const std::ptrdiff_t index : node.weights) {
    if (index >= 0) given.push_back(static_cast<std::size_t>(index));
  }
  return given;
}

inline void require_weights(const NodeSpec& node, std::size_t count,
                            const std::vector<Shape>& variables) {
  if (node.weights.size() != count) {
    throw std::invalid_argument("takes " + std::to_string(count) + " weights, got " +
                                std::to_string(node.weights.size()));
  }
  if ((!node.weights_l1.empty() && node.weights_l1.size() != count) ||
      node.weights_l1.size() != node.weights_l2.size()) {
    throw std::invalid_argument("needs a regulariser for each weight, or none");
  }
  for (const std::size_t v : given_weights(node)) {
    if (v >= variables.size()) throw std::invalid_argument("no such variable");
  }
}

// Hands the whole gradient of a variable, in its packed layout, to its sink. `g` may change.
template <class T>
void consume_packed(Sink<T>& sink, T* g, bool accumulate,
                    const kernels::OptimizerScalars<T>* scalars) noexcept {
  const PanelLayout& layout = sink.variable->layout();
  for (std::size_t j = 0; j < layout.count(); ++j) {
    for (std::size_t row = 0; row < layout.rows; row += kSinkRows) {
      const std::size_t rows = std::min(kSinkRows, layout.rows - row);
      sink.consume(j, row, rows, g + layout.offset(j) + row * layout.width(j), accumulate, scalars);
    }
  }
}

// A parameter laid over the elements of a sample, or over those of each of its rows where the
// parameter is the same for all of them.
template <class T>
class SampleParameter {
 public:
  // A parameter that is not there: every element is `value`.
  explicit SampleParameter(T value) : value_(value) {}
  // `shape`: the parameter's, with ones where it is broadcast over `sample`. `elements`: of the
  // sample, or of a row.
  SampleParameter(const Planner<T>& planner, std::size_t index, const Shape& shape,
                  const Shape& sample, std::size_t elements)
      : variable_(planner.options().variables[index]), index_(index) {
    const PanelLayout& layout = variable_->layout();
    for (std::size_t e = 0; e < elements; ++e) {
      // The element's place along each axis, from the last.
      std::size_t rest = e, flat = 0, stride = 1;
      for (std::size_t a = sample.size(); a-- > 0;) {
        const std::size_t at = rest % sample[a];
        rest /= sample[a];
        if (shape[a] == 1) continue;
        flat += at * stride;
        stride *= shape[a];
      }
      const std::size_t row = flat / layout.cols, col = flat % layout.cols;
      const std::size_t j = col / layout.panel;
      places_.push_back(layout.offset(j) + row * layout.width(j) + col % layout.panel);
    }
  }

  bool given() const noexcept { return variable_ != nullptr; }
  std::size_t index() const noexcept { return index_; }
  std::size_t packed_size() const noexcept { return given() ? variable_->layout().size() : 0; }

  void expand(T* out, std::size_t elements) const noexcept {
    if (!given()) {
      std::fill_n(out, elements, value_);
      return;
    }
    const T* packed = variable_->packed();
    for (std::size_t e = 0; e < places_.size(); ++e) out[e] = packed[places_[e]];
  }
  // Gradient by element to gradient of the variable, packed in `g`.
  void reduce(const double* gradient, T* g) const noexcept {
    std::fill_n(g, packed_size(), T{0});
    for (std::size_t e = 0; e < places_.size(); ++e) g[places_[e]] += static_cast<T>(gradient[e]);
  }

 private:
  const Variable<T>* variable_ = nullptr;
  std::size_t index_ = 0;
  T value_ = 0;
  std::vector<std::size_t> places_;  // in the packed values, of each element
};

// Throws std::invalid_argument unless `shape` has the axes of `sample`, or 1 in their place.
inline void require_broadcast(const Shape& shape, const Shape& sample) {
  bool fits = shape.size() == sample.size();
  for (std::size_t a = 0; fits && a < shape.size(); ++a) {
    fits = shape[a] == 1 || shape[a] == sample[a];
  }
  if (!fits) {
    throw std::invalid_argument("parameters of shape " + to_string(shape) +
                                " cannot be broadcast over samples of shape " + to_string(sample));
  }
}

// Whether a parameter of that shape is the same for all rows of a sample.
inline bool same_for_rows(const Shape& shape) noexcept {
  for (std::size_t a = 0; a + 1 < shape.size(); ++a) {
    if (shape[a] != 1) return false;
  }
  return true;
}

}  // namespace pronghorn
