// What the files of the Python module share: arrays and specs in, arrays out.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "pronghorn/engine.hpp"
#include "pronghorn/runtime.hpp"
#include "pronghorn/spec.hpp"
#include "pronghorn/variable.hpp"

namespace pronghorn::python {

namespace py = pybind11;

void register_runtime(py::module_& m);
void register_arithmetic(py::module_& m);
void register_variable(py::module_& m);
void register_engine(py::module_& m);
void register_trainer(py::module_& m);

// Between two short calls a thread holds the interpreter lock for a microsecond or two. Who asks
// for it meanwhile and sleeps costs the other a system call to wake it, and wakes late; so it spins
// first. `taken` and `given` say when a thread that came from here has the lock.
void wait_for_turn() noexcept;
void turn_taken() noexcept;
void turn_given() noexcept;

// Gives the interpreter lock away while it lives. A daemon thread that asks for the lock back while
// the interpreter shuts down is ended by CPython, which unwinds its stack (pthread_exit): past
// destructors that would use Python objects, and into this one, which must not throw. The thread
// sleeps here instead until the process is gone, as CPython itself does from 3.14 on.
class OtherThreadsRun {
 public:
  OtherThreadsRun() noexcept : state_(PyEval_SaveThread()) { turn_given(); }
  ~OtherThreadsRun() {
    try {
      wait_for_turn();
      PyEval_RestoreThread(state_);
      turn_taken();
    } catch (...) {
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }
  OtherThreadsRun(const OtherThreadsRun&) = delete;
  OtherThreadsRun& operator=(const OtherThreadsRun&) = delete;

 private:
  PyThreadState* state_;
};

// The interpreter lock is free and the engine at work. os.fork holds the interpreter lock: it waits
// for the end of calls like this one, which must not wait for the interpreter meanwhile.
struct Released {
  OtherThreadsRun others;
  EngineCall call;
};

// Elements from which work is worth handing the interpreter to another thread.
constexpr std::size_t kManyElements = 1 << 14;

// One Python class for both scalar types.
template <template <class> class Of>
using Either = std::variant<std::shared_ptr<Of<float>>, std::shared_ptr<Of<double>>>;

struct PyVariable {
  Either<Variable> held;
};
struct PyEngine {
  Either<Engine> held;
};
struct PyGradients {
  Either<Gradients> held;
};

// An array as the core wants it: C-contiguous, aligned, native, of type T. Throws TypeError or
// ValueError with `what` in the message.
template <class T>
py::array_t<T> require_array(const py::handle& object, const std::string& what);

// Sample counts of a list of arrays that must be (n, shape...); throws ValueError where they
// differ.
template <class T>
std::vector<const T*> require_inputs(const std::vector<py::array_t<T>>& arrays,
                                     const std::vector<Shape>& shapes, const std::string& what,
                                     std::size_t& samples);
template <class T>
std::vector<py::array_t<T>> require_arrays(const py::sequence& objects, const std::string& what);

// A fresh (n, shape...) array.
template <class T>
py::array_t<T> new_array(std::size_t samples, const Shape& shape);
template <class T>
py::array_t<T> new_array(const Shape& shape);

std::vector<py::ssize_t> to_ssize(const Shape& shape);
std::string format_shape(const py::array& array);

// The dtype's scalar, through `make(T{})`: "float32" or "float64", else ValueError.
template <class F>
auto with_dtype(const std::string& dtype, F&& make) {
  if (dtype == "float32") return make(float{});
  if (dtype == "float64") return make(double{});
  throw py::value_error("dtype must be 'float32' or 'float64', got '" + dtype + "'");
}

}  // namespace pronghorn::python
