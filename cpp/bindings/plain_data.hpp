// The short way for one array of inputs and one of targets.
#pragma once

#include <cstdint>

#include "bindings.hpp"

namespace pronghorn::python {

// A function of (x, y) that gives their number of rows if they can be read in place like the two
// examples, and 0 for anything else. int32 targets must lie in 0..classes-1; others in [0, 1] with
// `shares`, and be finite without.
py::object plain_data(const py::array& x, const py::array& y, std::uint32_t classes, bool shares);

}  // namespace pronghorn::python
