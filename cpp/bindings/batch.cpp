#include "batch.hpp"

#include <algorithm>

namespace pronghorn::python {
namespace {

// (n, rows..., columns) of an output as an array's expected extents.
std::string expected_extents(std::size_t samples, const Shape& shape) {
  std::string text = "(" + std::to_string(samples);
  for (const std::size_t axis : shape) text += ", " + std::to_string(axis);
  return text + (shape.empty() ? ",)" : ")");
}

bool has_extents(const py::array& array, std::size_t samples, const Shape& shape) {
  if (array.ndim() != static_cast<py::ssize_t>(shape.size()) + 1) return false;
  if (static_cast<std::size_t>(array.shape(0)) != samples) return false;
  for (std::size_t a = 0; a < shape.size(); ++a) {
    if (static_cast<std::size_t>(array.shape(static_cast<py::ssize_t>(a) + 1)) != shape[a]) {
      return false;
    }
  }
  return true;
}

}  // namespace

void Labels::check() const { check(0, static_cast<std::size_t>(values.size())); }

void Labels::check(const std::vector<std::uint32_t>& order, std::size_t first,
                   std::size_t last) const {
  const auto count = static_cast<std::size_t>(values.size());
  const auto samples = static_cast<std::size_t>(values.shape(0)), each = count / samples;
  // One after the other is several times as fast as here and there.
  constexpr std::size_t kScattered = 4;
  if (order.empty()) {
    check(first * each, (last - first) * each);
  } else if ((last - first) * kScattered > samples) {
    check();
  } else {
    for (std::size_t i = first; i < last; ++i) check(order[i] * each, each);
  }
}

void Labels::check(std::size_t first, std::size_t count) const {
  const std::int32_t* at = values.data();
  std::uint32_t largest = 0;  // a negative number is a large one
  for (std::size_t i = first; i < first + count; ++i) {
    largest = std::max(largest, static_cast<std::uint32_t>(at[i]));
  }
  if (largest < classes) return;
  for (std::size_t i = first; i < first + count; ++i) {
    const bool known = at[i] >= 0 && static_cast<std::size_t>(at[i]) < classes;
    if (!known && at[i] != ignored) {
      throw py::value_error(name + " must lie in 0.." + std::to_string(classes - 1) + ", got " +
                            std::to_string(at[i]) + " at position " + std::to_string(i));
    }
  }
}

template <class T>
Batch<T> to_batch(const Trainer<T>& trainer, const py::sequence& xs, const py::sequence& ys,
                  const py::sequence& sample_weights) {
  Batch<T> batch;
  const auto inputs = require_arrays<T>(xs, "xs");
  batch.inputs = require_inputs(inputs, trainer.engine()->input_shapes(), "xs", batch.samples);
  batch.alive.assign(inputs.begin(), inputs.end());
  const auto shapes = trainer.engine()->output_shapes();
  if (py::len(ys) != shapes.size() || py::len(sample_weights) != shapes.size()) {
    throw py::value_error("ys and sample_weights must have " + std::to_string(shapes.size()) +
                          " entries");
  }
  for (std::size_t o = 0; o < shapes.size(); ++o) {
    Targets<T> targets;
    const std::string suffix = "[" + std::to_string(o) + "]";
    const bool labels = trainer.needs_labels(o), dense = trainer.needs_dense(o);
    // Both kinds at once come as a pair (labels, dense).
    const auto part = [&](std::size_t which) -> py::object {
      const py::object y = ys[o];
      if (labels && dense && py::isinstance<py::tuple>(y)) return y.cast<py::tuple>()[which];
      return y;
    };
    if (labels) {
      const auto array = require_array<std::int32_t>(part(0), "ys" + suffix);
      Shape rows(shapes[o].begin(), shapes[o].empty() ? shapes[o].end() : shapes[o].end() - 1);
      if (!has_extents(array, batch.samples, rows)) {
        throw py::value_error("ys" + suffix + " must have shape " +
                              expected_extents(batch.samples, rows) + ", got " +
                              format_shape(array));
      }
      batch.labels.push_back({array, shapes[o].empty() ? 1 : shapes[o].back(),
                              trainer.ignored_label(o), "ys" + suffix});
      batch.labels.back().check();
      targets.labels = array.data();
      batch.alive.push_back(array);
    }
    if (dense) {
      const auto array = require_array<T>(part(1), "ys" + suffix);
      if (!has_extents(array, batch.samples, shapes[o])) {
        throw py::value_error("ys" + suffix + " must have shape " +
                              expected_extents(batch.samples, shapes[o]) + ", got " +
                              format_shape(array));
      }
      targets.dense = array.data();
      batch.alive.push_back(array);
    }
    const py::object weights = sample_weights[o];
    if (!weights.is_none()) {
      const auto array = require_array<T>(weights, "sample_weights" + suffix);
      const Shape rows(shapes[o].begin(),
                       shapes[o].empty() ? shapes[o].end() : shapes[o].end() - 1);
      targets.weighs_rows = !rows.empty() && has_extents(array, batch.samples, rows);
      if (!targets.weighs_rows && !has_extents(array, batch.samples, {})) {
        throw py::value_error(
            "sample_weights" + suffix + " must have shape " + expected_extents(batch.samples, {}) +
            " or " + expected_extents(batch.samples, rows) + ", got " + format_shape(array));
      }
      targets.weights = array.data();
      batch.alive.push_back(array);
    }
    batch.targets.push_back(targets);
  }
  return batch;
}

template Batch<float> to_batch(const Trainer<float>&, const py::sequence&, const py::sequence&,
                               const py::sequence&);
template Batch<double> to_batch(const Trainer<double>&, const py::sequence&, const py::sequence&,
                                const py::sequence&);

}  // namespace pronghorn::python
