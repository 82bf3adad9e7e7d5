// What Python hands over for training, evaluation and gradients, as the engine wants it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings.hpp"

namespace pronghorn::python {

// Class numbers, which index memory. The array is the user's, who may change it between two calls,
// so they are checked before each use.
struct Labels {
  py::array_t<std::int32_t> values;
  std::size_t classes;
  std::optional<int> ignored;
  std::string name;

  void check() const;  // throws ValueError
  // Those of the samples at positions [first, last) of `order`, which is empty if they come as they
  // lie.
  void check(const std::vector<std::uint32_t>& order, std::size_t first, std::size_t last) const;

 private:
  void check(std::size_t first, std::size_t count) const;
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
