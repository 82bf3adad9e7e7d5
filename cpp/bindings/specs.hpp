// Python dictionaries to the engine's plain specs. Unknown keys raise ValueError.
#pragma once

#include "bindings.hpp"

namespace pronghorn::python {

GraphSpec to_graph(const py::sequence& nodes, const std::vector<std::size_t>& outputs);
LossSpec to_loss(const py::handle& spec);  // None: no loss
MetricSpec to_metric(const py::handle& spec);
OptimizerSpec to_optimizer(const py::handle& spec);

}  // namespace pronghorn::python
