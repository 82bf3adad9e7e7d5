// Prediction from Python.
#pragma once

#include "bindings.hpp"

namespace pronghorn::python {

// Outputs for a list of arrays; throws ValueError or TypeError where they do not fit.
template <class T>
py::list predict(const Engine<T>& engine, const py::sequence& xs);

// A callable for engines of one input and one output, otherwise None: it takes an array and returns
// the output, or None where the array is not C-contiguous, of another dtype or of another shape.
template <class T>
py::object plain_predictor(const std::shared_ptr<Engine<T>>& engine);

}  // namespace pronghorn::python
