// Prediction from Python: any list of arrays, and the short way for one plain array.
#include "predict.hpp"

#include <algorithm>
#include <chrono>

#include "bindings.hpp"

namespace pronghorn::python {
namespace {

using NumPy = py::detail::npy_api;

// All rows, in slices of about kSlice seconds, looking for signals in between. Pointers are
// advanced. False: a Python error is set.
template <class T>
bool predict_in_slices(const Engine<T>& engine, std::vector<const T*>& inputs, std::size_t samples,
                       std::vector<T*>& outputs) {
  constexpr double kSlice = 0.04, kMostGrowth = 8;
  const auto advance = [](auto& pointers, const std::vector<Shape>& shapes, std::size_t rows) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      std::size_t elements = rows;
      for (const std::size_t axis : shapes[i]) elements *= axis;
      pointers[i] += elements;
    }
  };
  std::size_t slice = engine.predict_rows(kSlice);
  for (std::size_t left = samples;;) {
    const std::size_t rows = std::min(slice, left);
    const auto start = std::chrono::steady_clock::now();
    {
      const Released released;
      engine.predict(inputs, rows, outputs);
    }
    left -= rows;
    if (left == 0) return true;
    if (PyErr_CheckSignals() != 0) return false;
    advance(inputs, engine.input_shapes(), rows);
    advance(outputs, engine.output_shapes(), rows);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    const double growth = std::min(kMostGrowth, kSlice / std::max(passed.count(), 1e-9));
    const auto wanted = static_cast<std::size_t>(static_cast<double>(slice) * growth);
    slice = std::max(kPredictRows, wanted / kPredictRows * kPredictRows);
  }
}

// What the short way compares an array with, and what it makes.
template <class T>
struct PlainPredictor {
  std::shared_ptr<Engine<T>> engine;
  Shape input, output;
  const NumPy* numpy;
  py::dtype dtype;

  static constexpr const char* kName =
      sizeof(T) == sizeof(float) ? "pronghorn.plain_float32" : "pronghorn.plain_float64";

  // Whether `object` is an ndarray, no subclass, that the engine can read in place.
  bool takes(PyObject* object) const noexcept {
    if (Py_TYPE(object) != numpy->PyArray_Type_) return false;
    const auto* array = py::detail::array_proxy(object);
    constexpr int kWanted = NumPy::NPY_ARRAY_C_CONTIGUOUS_ | NumPy::NPY_ARRAY_ALIGNED_;
    if (array->descr != dtype.ptr() || (array->flags & kWanted) != kWanted) return false;
    if (array->nd != static_cast<int>(input.size()) + 1 || array->dimensions[0] == 0) return false;
    for (std::size_t a = 0; a < input.size(); ++a) {
      if (static_cast<std::size_t>(array->dimensions[a + 1]) != input[a]) return false;
    }
    return true;
  }

  static constexpr std::size_t kMostAxes = 32;  // the batch included

  // A new reference, or null with a Python error set.
  PyObject* make_output(py::ssize_t samples) const noexcept {
    Py_intptr_t extents[kMostAxes];
    extents[0] = samples;
    for (std::size_t a = 0; a < output.size(); ++a) {
      extents[a + 1] = static_cast<Py_intptr_t>(output[a]);
    }
    // The call takes over one reference to the dtype.
    return numpy->PyArray_NewFromDescr_(numpy->PyArray_Type_, dtype.inc_ref().ptr(),
                                        static_cast<int>(output.size()) + 1, extents, nullptr,
                                        nullptr, 0, nullptr);
  }

  static PyObject* call(PyObject* capsule, PyObject* x) noexcept {
    const auto* self = static_cast<PlainPredictor*>(PyCapsule_GetPointer(capsule, kName));
    if (self == nullptr) return nullptr;
    if (!self->takes(x)) Py_RETURN_NONE;
    const auto* array = py::detail::array_proxy(x);
    PyObject* result = self->make_output(array->dimensions[0]);
    if (result == nullptr) return nullptr;
    const auto* in = reinterpret_cast<const T*>(array->data);
    auto* out = reinterpret_cast<T*>(py::detail::array_proxy(result)->data);
    if (self->run(in, static_cast<std::size_t>(array->dimensions[0]), out)) return result;
    Py_DECREF(result);
    return nullptr;
  }

  bool run(const T* in, std::size_t samples, T* out) const noexcept {
    try {
      {
        // A few rows are done before another thread could take over the interpreter.
        const EngineCall call;
        if (engine->predict_at_once(&in, samples, &out)) return true;
      }
      std::vector<const T*> inputs = {in};
      std::vector<T*> outputs = {out};
      return predict_in_slices(*engine, inputs, samples, outputs);
    } catch (const std::bad_alloc&) {
      PyErr_NoMemory();
    } catch (const std::exception& error) {
      PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return false;
  }

  static void destroy(PyObject* capsule) {
    delete static_cast<PlainPredictor*>(PyCapsule_GetPointer(capsule, kName));
  }
};

}  // namespace

template <class T>
py::list predict(const Engine<T>& engine, const py::sequence& xs) {
  const auto arrays = require_arrays<T>(xs, "xs");
  std::size_t samples = 0;
  auto inputs = require_inputs(arrays, engine.input_shapes(), "xs", samples);
  py::list results;
  std::vector<T*> outputs;
  for (const Shape& shape : engine.output_shapes()) {
    auto array = new_array<T>(samples, shape);
    outputs.push_back(array.mutable_data());
    results.append(std::move(array));
  }
  if (!predict_in_slices(engine, inputs, samples, outputs)) throw py::error_already_set();
  return results;
}

// A function of one argument by CPython's own convention: pybind11's dispatch alone would take as
// long as a small net.
template <class T>
py::object plain_predictor(const std::shared_ptr<Engine<T>>& engine) {
  using Plain = PlainPredictor<T>;
  static PyMethodDef definition = {
      "predict", &Plain::call, METH_O,
      "Outputs for one C-contiguous array of the engine's dtype; None for any other argument."};
  const auto inputs = engine->input_shapes(), outputs = engine->output_shapes();
  const bool plain_shapes =
      inputs.size() == 1 && outputs.size() == 1 && outputs[0].size() < Plain::kMostAxes;
  if (!plain_shapes) return py::none();
  auto plain = std::make_unique<Plain>(
      Plain{engine, inputs[0], outputs[0], &NumPy::get(), py::dtype::of<T>()});
  PyObject* capsule = PyCapsule_New(plain.get(), Plain::kName, &Plain::destroy);
  if (capsule == nullptr) throw py::error_already_set();
  plain.release();
  const auto held = py::reinterpret_steal<py::object>(capsule);
  PyObject* function = PyCFunction_New(&definition, held.ptr());
  if (function == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(function);
}

#define PRONGHORN_INSTANTIATE(T)                                    \
  template py::list predict(const Engine<T>&, const py::sequence&); \
  template py::object plain_predictor(const std::shared_ptr<Engine<T>>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn::python
