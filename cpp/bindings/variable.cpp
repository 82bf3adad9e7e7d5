#include "bindings.hpp"

namespace pronghorn::python {

void register_variable(py::module_& m) {
  py::class_<PyVariable>(m, "Variable")
      .def(py::init([](const Shape& shape, const std::string& dtype,
                       std::optional<std::size_t> row_axes) {
             return with_dtype(dtype, [&](auto scalar) {
               using T = decltype(scalar);
               return PyVariable{row_axes ? std::make_shared<Variable<T>>(shape, *row_axes)
                                          : std::make_shared<Variable<T>>(shape)};
             });
           }),
           py::arg("shape"), py::arg("dtype") = "float32", py::arg("row_axes") = py::none())
      .def_property_readonly("shape",
                             [](const PyVariable& self) {
                               return std::visit(
                                   [](const auto& v) { return py::tuple(py::cast(v->shape())); },
                                   self.held);
                             })
      .def_property_readonly(
          "dtype",
          [](const PyVariable& self) { return self.held.index() == 0 ? "float32" : "float64"; })
      .def("get",
           [](const PyVariable& self) {
             return std::visit(
                 [](const auto& v) -> py::array {
                   using T = std::remove_pointer_t<decltype(v->packed())>;
                   auto out = new_array<T>(v->shape());
                   T* data = out.mutable_data();
                   {
                     const Released released;
                     v->get(data);
                   }
                   return out;
                 },
                 self.held);
           })
      .def(
          "set",
          [](const PyVariable& self, const py::object& value) {
            std::visit(
                [&](const auto& v) {
                  using T = std::remove_pointer_t<decltype(v->packed())>;
                  const auto array = require_array<T>(value, "value");
                  const auto expected = to_ssize(v->shape());
                  if (!std::equal(expected.begin(), expected.end(), array.shape(),
                                  array.shape() + array.ndim())) {
                    throw py::value_error("value must have shape " +
                                          std::string(py::str(py::tuple(py::cast(v->shape())))) +
                                          ", got " + format_shape(array));
                  }
                  const T* data = array.data();
                  const Released released;
                  v->set(data);
                },
                self.held);
          },
          py::arg("value"));
}

}  // namespace pronghorn::python
