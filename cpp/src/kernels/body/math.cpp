// The elementary functions of body/math.hpp on arrays.
#include "kernels/body/math.hpp"

#include "kernels/body/map.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

template <class T>
VectorMath<T> math_table() noexcept {
  VectorMath<T> table = {};
  table.exp = [](const T* x, T* y, std::size_t n) noexcept {
    map(x, y, n, [](Vec<T> v) { return exp<T>(v); });
  };
  table.expm1 = [](const T* x, T* y, std::size_t n) noexcept {
    map(x, y, n, [](Vec<T> v) { return expm1<T>(v); });
  };
  table.log = [](const T* x, T* y, std::size_t n) noexcept {
    map(x, y, n, [](Vec<T> v) { return log<T>(v); });
  };
  table.log1p = [](const T* x, T* y, std::size_t n) noexcept {
    map(x, y, n, [](Vec<T> v) { return log1p<T>(v); });
  };
  table.tanh = [](const T* x, T* y, std::size_t n) noexcept {
    map(x, y, n, [](Vec<T> v) { return tanh<T>(v); });
  };
  table.sigmoid = [](const T* x, T* y, std::size_t n) noexcept {
    map(x, y, n, [](Vec<T> v) { return sigmoid<T>(v); });
  };
  table.erf = [](const T* x, T* y, std::size_t n) noexcept {
    map(x, y, n, [](Vec<T> v) { return erf<T>(v); });
  };
  return table;
}

template VectorMath<float> math_table<float>() noexcept;
template VectorMath<double> math_table<double>() noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
