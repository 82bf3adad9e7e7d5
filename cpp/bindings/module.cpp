// The Python module `_core`: a table of contents. Each topic has a file of its own.
#include "bindings.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "pronghorn's compiled core; use the package, not this module.";
  pronghorn::python::register_runtime(m);
  pronghorn::python::register_arithmetic(m);
  pronghorn::python::register_variable(m);
  pronghorn::python::register_engine(m);
  pronghorn::python::register_trainer(m);
}
