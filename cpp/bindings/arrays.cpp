#include "bindings.hpp"

namespace pronghorn::python {

std::vector<py::ssize_t> to_ssize(const Shape& shape) { return {shape.begin(), shape.end()}; }

std::string format_shape(const py::array& array) {
  std::string text = "(";
  for (py::ssize_t i = 0; i < array.ndim(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(array.shape(i));
  }
  return text + (array.ndim() == 1 ? ",)" : ")");
}

template <class T>
py::array_t<T> require_array(const py::handle& object, const std::string& what) {
  if (!py::isinstance<py::array>(object)) {
    throw py::type_error(what + " must be a NumPy array, got " +
                         std::string(py::str(py::type::of(object).attr("__name__"))));
  }
  const auto array = py::reinterpret_borrow<py::array>(object);
  if (!py::isinstance<py::array_t<T>>(array)) {
    throw py::type_error(what + " must have dtype " + std::string(py::str(py::dtype::of<T>())) +
                         ", got " + std::string(py::str(array.dtype())));
  }
  constexpr int kWanted =
      py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  if ((array.flags() & kWanted) != kWanted) {
    throw py::value_error(what + " must be C-contiguous and aligned");
  }
  return py::reinterpret_borrow<py::array_t<T>>(object);
}

template <class T>
std::vector<py::array_t<T>> require_arrays(const py::sequence& objects, const std::string& what) {
  std::vector<py::array_t<T>> arrays;
  for (std::size_t i = 0; i < py::len(objects); ++i) {
    arrays.push_back(
        require_array<T>(py::object(objects[i]), what + "[" + std::to_string(i) + "]"));
  }
  return arrays;
}

template <class T>
std::vector<const T*> require_inputs(const std::vector<py::array_t<T>>& arrays,
                                     const std::vector<Shape>& shapes, const std::string& what,
                                     std::size_t& samples) {
  if (arrays.size() != shapes.size()) {
    throw py::value_error(what + " must have " + std::to_string(shapes.size()) + " arrays, got " +
                          std::to_string(arrays.size()));
  }
  std::vector<const T*> pointers;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const auto& array = arrays[i];
    const std::string name = what + "[" + std::to_string(i) + "]";
    bool fits = array.ndim() == static_cast<py::ssize_t>(shapes[i].size()) + 1;
    for (std::size_t a = 0; fits && a < shapes[i].size(); ++a) {
      fits = static_cast<std::size_t>(array.shape(static_cast<py::ssize_t>(a) + 1)) == shapes[i][a];
    }
    if (!fits) {
      std::string expected = "(n";
      for (const std::size_t axis : shapes[i]) expected += ", " + std::to_string(axis);
      throw py::value_error(name + " must have shape " + expected + "), got " +
                            format_shape(array));
    }
    const auto rows = static_cast<std::size_t>(array.shape(0));
    if (i == 0) samples = rows;
    if (rows != samples) {
      throw py::value_error(name + " has " + std::to_string(rows) + " samples, expected " +
                            std::to_string(samples));
    }
    pointers.push_back(array.data());
  }
  if (samples == 0) throw py::value_error(what + " must have at least one sample");
  return pointers;
}

template <class T>
py::array_t<T> new_array(const Shape& shape) {
  return py::array_t<T>(to_ssize(shape));
}

template <class T>
py::array_t<T> new_array(std::size_t samples, const Shape& shape) {
  Shape whole = {samples};
  whole.insert(whole.end(), shape.begin(), shape.end());
  return new_array<T>(whole);
}

template py::array_t<std::int32_t> require_array(const py::handle&, const std::string&);
#define PRONGHORN_INSTANTIATE(T)                                                                \
  template py::array_t<T> require_array(const py::handle&, const std::string&);                 \
  template std::vector<py::array_t<T>> require_arrays(const py::sequence&, const std::string&); \
  template std::vector<const T*> require_inputs(const std::vector<py::array_t<T>>&,             \
                                                const std::vector<Shape>&, const std::string&,  \
                                                std::size_t&);                                  \
  template py::array_t<T> new_array(const Shape&);                                              \
  template py::array_t<T> new_array(std::size_t, const Shape&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn::python
