// What Python hands over for training, evaluation and gradients, as the engine wants it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"

namespace pronghorn::python {

// Class numbers, which index memory: they are checked before each pass over them.
struct Labels {
  py::array_t<std::int32_t> values;
  std::size_t classes;
  std::optional<int> ignored;
  std::string name;

  void check() const;  // throws ValueError
};

// Pointers into arrays, the arrays that they point into, and class numbers to be checked again.
template <class T>
struct Batch {
  std::vector<const T*> inputs;
  std::vector<Targets<T>> targets;
  std::size_t samples = 0;
  std::vector<py::array> alive;
  std::vector<Labels> labels;
};

// Inputs, targets (labels, dense ones or a pair of both) and weights (or None) of each output.
// Throws TypeError or ValueError that names the argument.
template <class T>
Batch<T> to_batch(const Trainer<T>& trainer, const py::sequence& xs, const py::sequence& ys,
                  const py::sequence& sample_weights);

}  // namespace pronghorn::python
