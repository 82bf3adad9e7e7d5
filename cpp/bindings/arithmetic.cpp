// What users compute with ordinary arrays where the engine is faster than NumPy.
#include "bindings.hpp"
#include "pronghorn/activation.hpp"
#include "pronghorn/product.hpp"

namespace pronghorn::python {
namespace {

template <class T>
py::array product(const py::object& left, const py::object& right, bool left_transposed,
                  bool right_transposed) {
  const auto a = require_array<T>(left, "a"), b = require_array<T>(right, "b");
  if (a.ndim() != 2 || b.ndim() != 2) throw py::value_error("a and b must be matrices");
  const auto view = [](const py::array_t<T>& array, bool transposed) {
    const auto rows = static_cast<std::size_t>(array.shape(transposed ? 1 : 0));
    const auto cols = static_cast<std::size_t>(array.shape(transposed ? 0 : 1));
    return MatrixView<T>{array.data(), rows, cols, transposed};
  };
  const auto x = view(a, left_transposed), y = view(b, right_transposed);
  if (x.cols != y.rows) {
    throw py::value_error("a has " + std::to_string(x.cols) + " columns and b " +
                          std::to_string(y.rows) + " rows");
  }
  auto out = new_array<T>(x.rows, Shape{y.cols});
  T* data = out.mutable_data();
  {
    const Released released;
    multiply(x, y, data);
  }
  return std::move(out);
}

// A new array of the same shape, and its elements as rows along the last axis.
template <class T>
struct Rows {
  explicit Rows(const py::array_t<T>& array)
      : made(std::vector<py::ssize_t>(array.shape(), array.shape() + array.ndim())),
        cols(array.ndim() == 0 ? 1 : static_cast<std::size_t>(array.shape(array.ndim() - 1))),
        rows(cols == 0 ? 0 : static_cast<std::size_t>(array.size()) / cols) {}

  template <class Work>
  py::array compute(const Work& work) {
    T* data = made.mutable_data();
    std::optional<Released> released;
    if (rows * cols >= kManyElements) released.emplace();
    work(data);
    released.reset();
    return std::move(made);
  }

  py::array_t<T> made;
  std::size_t cols, rows;
};

template <class T>
py::array activated(const py::object& given, const ActivationSpec& spec) {
  const auto x = require_array<T>(given, "x");
  Rows<T> out(x);
  return out.compute([&](T* y) { activate(spec, x.data(), out.rows, out.cols, y); });
}

template <class T>
py::array activation_slope(const py::object& input, const py::object& output,
                           const py::object& gradient, const ActivationSpec& spec) {
  const auto x = require_array<T>(input, "x"), y = require_array<T>(output, "y"),
             dy = require_array<T>(gradient, "dy");
  for (const auto* other : {&y, &dy}) {
    if (other->ndim() != x.ndim() || !std::equal(x.shape(), x.shape() + x.ndim(), other->shape())) {
      throw py::value_error("x, y and dy must have one shape, got " + format_shape(x) + ", " +
                            format_shape(y) + " and " + format_shape(dy));
    }
  }
  Rows<T> out(x);
  return out.compute([&](T* dx) {
    activation_gradient(spec, x.data(), y.data(), dy.data(), out.rows, out.cols, dx);
  });
}

bool is_double(const py::handle& object) { return py::isinstance<py::array_t<double>>(object); }

}  // namespace

void register_arithmetic(py::module_& m) {
  m.def(
      "matmul",
      [](const py::array& a, const py::object& b, bool transpose_a, bool transpose_b) {
        return is_double(a) ? product<double>(a, b, transpose_a, transpose_b)
                            : product<float>(a, b, transpose_a, transpose_b);
      },
      py::arg("a"), py::arg("b"), py::arg("transpose_a") = false, py::arg("transpose_b") = false);
  m.def(
      "activate",
      [](const py::object& x, const std::string& name, double p0, double p1, double p2) {
        const ActivationSpec spec{name, p0, p1, p2};
        return is_double(x) ? activated<double>(x, spec) : activated<float>(x, spec);
      },
      py::arg("x"), py::arg("name"), py::arg("p0") = 0.0, py::arg("p1") = 0.0, py::arg("p2") = 0.0);
  m.def(
      "activation_gradient",
      [](const py::object& dy, const py::object& y, const py::object& x, const std::string& name,
         double p0, double p1, double p2) {
        const ActivationSpec spec{name, p0, p1, p2};
        return is_double(x) ? activation_slope<double>(x, y, dy, spec)
                            : activation_slope<float>(x, y, dy, spec);
      },
      py::arg("dy"), py::arg("y"), py::arg("x"), py::arg("name"), py::arg("p0") = 0.0,
      py::arg("p1") = 0.0, py::arg("p2") = 0.0);
}

}  // namespace pronghorn::python
