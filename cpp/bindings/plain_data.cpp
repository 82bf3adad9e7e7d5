#include "plain_data.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace pronghorn::python {
namespace {

using NumPy = py::detail::npy_api;

// What one array must be like.
class Like {
 public:
  explicit Like(const py::array& example)
      : dtype_(example.dtype()),
        sample_(example.shape() + 1, example.shape() + example.ndim()),
        numpy_(NumPy::get()) {}

  // The array, or null if `object` is of another type, dtype or sample shape, or lies otherwise.
  const py::detail::PyArray_Proxy* take(PyObject* object) const noexcept {
    if (Py_TYPE(object) != numpy_.PyArray_Type_) return nullptr;
    const auto* array = py::detail::array_proxy(object);
    constexpr int kWanted = NumPy::NPY_ARRAY_C_CONTIGUOUS_ | NumPy::NPY_ARRAY_ALIGNED_;
    if ((array->flags & kWanted) != kWanted || !same(array->descr)) return nullptr;
    if (array->nd != static_cast<int>(sample_.size()) + 1) return nullptr;
    for (std::size_t a = 0; a < sample_.size(); ++a) {
      if (array->dimensions[a + 1] != sample_[a]) return nullptr;
    }
    return array;
  }

  std::size_t sample_size() const noexcept {
    std::size_t size = 1;
    for (const py::ssize_t axis : sample_) size *= static_cast<std::size_t>(axis);
    return size;
  }
  template <class T>
  bool holds() const {
    return same(py::dtype::of<T>().ptr());
  }

 private:
  // Arrays from a pickle, for one, have a dtype object of their own.
  bool same(PyObject* dtype) const noexcept {
    return dtype == dtype_.ptr() || numpy_.PyArray_EquivTypes_(dtype, dtype_.ptr());
  }

  py::dtype dtype_;
  std::vector<py::ssize_t> sample_;
  const NumPy& numpy_;
};

bool labels_fit(const std::int32_t* y, std::size_t n, std::uint32_t classes) noexcept {
  std::uint32_t largest = 0;  // a negative number is a large one
  for (std::size_t i = 0; i < n; ++i) {
    largest = std::max(largest, static_cast<std::uint32_t>(y[i]));
  }
  return largest < classes;
}

template <class T>
bool values_fit(const T* y, std::size_t n, bool shares) noexcept {
  bool fits = true;
  if (shares) {
    for (std::size_t i = 0; i < n; ++i) fits &= y[i] >= 0 && y[i] <= 1;
  } else {
    for (std::size_t i = 0; i < n; ++i) fits &= std::isfinite(y[i]);
  }
  return fits;
}

struct PlainData {
  Like x, y;
  std::uint32_t classes;
  bool shares;
  enum { kLabels, kFloat, kDouble } kind;

  static constexpr const char* kName = "pronghorn.plain_data";

  bool fits(const void* values, std::size_t n) const noexcept {
    switch (kind) {
      case kLabels:
        return labels_fit(static_cast<const std::int32_t*>(values), n, classes);
      case kFloat:
        return values_fit(static_cast<const float*>(values), n, shares);
      default:
        return values_fit(static_cast<const double*>(values), n, shares);
    }
  }

  static PyObject* call(PyObject* capsule, PyObject* const* args, Py_ssize_t count) noexcept {
    const auto* self = static_cast<PlainData*>(PyCapsule_GetPointer(capsule, kName));
    if (self == nullptr) return nullptr;
    if (count != 2) {
      PyErr_SetString(PyExc_TypeError, "expected x and y");
      return nullptr;
    }
    const auto* xs = self->x.take(args[0]);
    const auto* ys = self->y.take(args[1]);
    if (xs == nullptr || ys == nullptr) return PyLong_FromLong(0);
    const Py_intptr_t rows = xs->dimensions[0];
    const auto values = static_cast<std::size_t>(rows) * self->y.sample_size();
    const bool fits = ys->dimensions[0] == rows && self->fits(ys->data, values);
    return PyLong_FromSsize_t(fits ? rows : 0);
  }

  static void destroy(PyObject* capsule) {
    delete static_cast<PlainData*>(PyCapsule_GetPointer(capsule, kName));
  }
};

}  // namespace

py::object plain_data(const py::array& x, const py::array& y, std::uint32_t classes, bool shares) {
  if (x.ndim() == 0 || y.ndim() == 0) throw py::value_error("x and y must have rows");
  auto data =
      std::make_unique<PlainData>(PlainData{Like(x), Like(y), classes, shares, PlainData::kDouble});
  if (data->y.holds<std::int32_t>()) {
    data->kind = PlainData::kLabels;
  } else if (data->y.holds<float>()) {
    data->kind = PlainData::kFloat;
  } else if (!data->y.holds<double>()) {
    throw py::type_error("y must have dtype int32, float32 or float64");
  }
  using Call = PyObject* (*)(PyObject*, PyObject*);
  static PyMethodDef definition = {
      "plain_data", reinterpret_cast<Call>(reinterpret_cast<void (*)()>(&PlainData::call)),
      METH_FASTCALL, "Rows of arrays that can be read in place; 0 for any others."};
  PyObject* capsule = PyCapsule_New(data.get(), PlainData::kName, &PlainData::destroy);
  if (capsule == nullptr) throw py::error_already_set();
  data.release();
  const auto held = py::reinterpret_steal<py::object>(capsule);
  PyObject* function = PyCFunction_New(&definition, held.ptr());
  if (function == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(function);
}

}  // namespace pronghorn::python
