#include <algorithm>

#include "bindings.hpp"
#include "predict.hpp"
#include "specs.hpp"

namespace pronghorn::python {
namespace {

// A tape and the arrays that its row pointers lie in.
template <class T>
struct HeldTape {
  std::shared_ptr<Engine<T>> engine;
  std::unique_ptr<Tape<T>> tape;
  std::vector<py::array_t<T>> inputs;
  bool input_gradients = true;
};
struct PyTape {
  std::variant<HeldTape<float>, HeldTape<double>> held;
};

template <class T>
VariableList<T> to_variables(const std::vector<PyVariable>& variables) {
  VariableList<T> list;
  for (const PyVariable& variable : variables) {
    const auto* held = std::get_if<std::shared_ptr<Variable<T>>>(&variable.held);
    if (held == nullptr) throw py::type_error("variables must have the engine's dtype");
    list.push_back(*held);
  }
  return list;
}

py::list shape_tuples(const std::vector<Shape>& shapes) {
  py::list list;
  for (const Shape& shape : shapes) list.append(py::tuple(py::cast(shape)));
  return list;
}

template <class T>
PyTape forward(const std::shared_ptr<Engine<T>>& engine, const py::sequence& xs, bool training,
               std::uint64_t step, bool input_gradients) {
  HeldTape<T> held;
  held.engine = engine;
  held.inputs = require_arrays<T>(xs, "xs");
  std::size_t samples = 0;
  const auto inputs = require_inputs(held.inputs, engine->input_shapes(), "xs", samples);
  const Released released;
  held.tape = engine->forward(inputs, samples, training, step, input_gradients);
  held.input_gradients = input_gradients;
  return PyTape{std::move(held)};
}

template <class T>
py::list tape_outputs(const HeldTape<T>& held) {
  py::list results;
  std::vector<T*> outputs;
  std::size_t elements = 0;
  for (const Shape& shape : held.engine->output_shapes()) {
    auto array = new_array<T>(held.tape->samples(), shape);
    outputs.push_back(array.mutable_data());
    elements += static_cast<std::size_t>(array.size());
    results.append(std::move(array));
  }
  std::optional<Released> released;
  if (elements >= kManyElements) released.emplace();
  for (std::size_t o = 0; o < outputs.size(); ++o) held.tape->output(o, outputs[o]);
  return results;
}

template <class T>
py::tuple tape_backward(const HeldTape<T>& held, const py::sequence& dys) {
  const auto shapes = held.engine->output_shapes();
  if (py::len(dys) != shapes.size()) {
    throw py::value_error("dys must have " + std::to_string(shapes.size()) + " entries, got " +
                          std::to_string(py::len(dys)));
  }
  std::vector<py::array_t<T>> alive;
  std::vector<const T*> given;
  for (std::size_t o = 0; o < shapes.size(); ++o) {
    const py::object dy = dys[o];
    if (dy.is_none()) {
      given.push_back(nullptr);
      continue;
    }
    const std::string name = "dys[" + std::to_string(o) + "]";
    alive.push_back(require_array<T>(dy, name));
    Shape expected = {held.tape->samples()};
    expected.insert(expected.end(), shapes[o].begin(), shapes[o].end());
    const auto want = to_ssize(expected);
    const auto& array = alive.back();
    if (!std::equal(want.begin(), want.end(), array.shape(), array.shape() + array.ndim())) {
      throw py::value_error(name + " must have the output's shape, got " + format_shape(array));
    }
    given.push_back(array.data());
  }
  py::list inputs;
  std::vector<T*> input_out;
  if (held.input_gradients) {
    for (const Shape& shape : held.engine->input_shapes()) {
      auto array = new_array<T>(held.tape->samples(), shape);
      input_out.push_back(array.mutable_data());
      inputs.append(std::move(array));
    }
  }
  std::shared_ptr<Gradients<T>> gradients;
  {
    const Released released;
    gradients = held.tape->backward(given, input_out);
  }
  return py::make_tuple(PyGradients{std::move(gradients)}, inputs);
}

template <class T>
py::object get_gradient(const Gradients<T>& gradients, std::size_t variable) {
  if (variable >= gradients.variables().size()) {
    throw py::index_error("there are gradients of " + std::to_string(gradients.variables().size()) +
                          " variables, got " + std::to_string(variable));
  }
  if (!gradients.has(variable)) return py::none();
  auto array = new_array<T>(gradients.variables()[variable]->shape());
  T* out = array.mutable_data();
  {
    const Released released;
    gradients.get(variable, out);
  }
  return std::move(array);
}

}  // namespace

void register_engine(py::module_& m) {
  py::class_<PyTape>(m, "Tape")
      .def_property_readonly("outputs",
                             [](const PyTape& self) {
                               return std::visit([](const auto& h) { return tape_outputs(h); },
                                                 self.held);
                             })
      .def(
          "backward",
          [](const PyTape& self, const py::sequence& dys) {
            return std::visit([&](const auto& h) { return tape_backward(h, dys); }, self.held);
          },
          py::arg("dys"));

  py::class_<PyGradients>(m, "Gradients")
      .def(
          "get",
          [](const PyGradients& self, std::size_t variable) {
            return std::visit([&](const auto& g) { return get_gradient(*g, variable); }, self.held);
          },
          py::arg("variable"));

  py::class_<PyEngine>(m, "Engine")
      .def(py::init([](const py::sequence& nodes, const std::vector<std::size_t>& outputs,
                       const std::vector<PyVariable>& variables, const std::string& dtype) {
             GraphSpec graph = to_graph(nodes, outputs);
             return with_dtype(dtype, [&](auto scalar) {
               using T = decltype(scalar);
               return PyEngine{Engine<T>::make(std::move(graph), to_variables<T>(variables))};
             });
           }),
           py::arg("nodes"), py::arg("outputs"), py::arg("variables"), py::arg("dtype"))
      .def_property_readonly("isa",
                             [](const PyEngine& self) {
                               return std::visit([](const auto& e) { return e->isa(); }, self.held);
                             })
      .def_property_readonly("input_shapes",
                             [](const PyEngine& self) {
                               return std::visit(
                                   [](const auto& e) { return shape_tuples(e->input_shapes()); },
                                   self.held);
                             })
      .def_property_readonly("output_shapes",
                             [](const PyEngine& self) {
                               return std::visit(
                                   [](const auto& e) { return shape_tuples(e->output_shapes()); },
                                   self.held);
                             })
      .def(
          "predict",
          [](const PyEngine& self, const py::sequence& xs) {
            return std::visit([&](const auto& e) { return predict(*e, xs); }, self.held);
          },
          py::arg("xs"))
      .def("plain_predictor",
           [](const PyEngine& self) {
             return std::visit([](const auto& e) { return plain_predictor(e); }, self.held);
           })
      .def(
          "forward",
          [](const PyEngine& self, const py::sequence& xs, bool training, std::uint64_t step,
             bool input_gradients) {
            return std::visit(
                [&](const auto& e) { return forward(e, xs, training, step, input_gradients); },
                self.held);
          },
          py::arg("xs"), py::arg("training"), py::arg("step") = 0,
          py::arg("input_gradients") = true)
      .def("regularization", [](const PyEngine& self) {
        return std::visit([](const auto& e) { return e->regularization(); }, self.held);
      });
}

}  // namespace pronghorn::python
