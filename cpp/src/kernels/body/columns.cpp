// Rows against vectors over the columns: what normalisations and learned scales do to a row.
#include "kernels/body/map.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

namespace {

template <class T>
void transform(const T* x, const T* shift, const T* scale, const T* offset, T* y,
               std::size_t n) noexcept {
  for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> centred = load_up_to(x + i, count) - load_up_to(shift + i, count);
    store_up_to<T>(y + i, centred * load_up_to(scale + i, count) + load_up_to(offset + i, count),
                   count);
  });
}

template <class T>
void multiply(const T* a, const T* b, T* y, std::size_t n) noexcept {
  map(a, b, y, n, [](Vec<T> u, Vec<T> v) { return u * v; });
}

template <class T>
void subtract(const T* a, const T* b, T* y, std::size_t n) noexcept {
  map(a, b, y, n, [](Vec<T> u, Vec<T> v) { return u - v; });
}

// NaN wins, as in NumPy.
template <class T>
void maximum(const T* a, const T* b, T* y, std::size_t n) noexcept {
  map(a, b, y, n, [](Vec<T> u, Vec<T> v) { return select<T>(u > v, u, select<T>(u != u, u, v)); });
}

template <class T>
void minimum(const T* a, const T* b, T* y, std::size_t n) noexcept {
  map(a, b, y, n, [](Vec<T> u, Vec<T> v) { return select<T>(u < v, u, select<T>(u != u, u, v)); });
}

template <class T>
void winner(const T* dy, const T* a, const T* b, T* dx, std::size_t n) noexcept {
  for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> d = load_up_to(dy + i, count);
    const Vec<T> u = load_up_to(a + i, count), v = load_up_to(b + i, count);
    const Vec<T> tie = select<T>(u == v, d * T(0.5), Vec<T>{});
    store_up_to<T>(dx + i, select<T>(u > v, d, tie), count);
  });
}

template <class T>
void add_scaled(T factor, const T* x, T* y, std::size_t n) noexcept {
  map(x, y, y, n, [&](Vec<T> u, Vec<T> v) { return v + u * factor; });
}

template <class T>
T dot(const T* a, const T* b, std::size_t n) noexcept {
  return sum_of<T>(n, [&](std::size_t i, std::size_t count) {
    return load_up_to(a + i, count) * load_up_to(b + i, count);
  });
}

template <class T>
void leaky(const T* x, const T* alpha, T* y, std::size_t n) noexcept {
  map(x, alpha, y, n, [](Vec<T> v, Vec<T> a) { return select<T>(v > Vec<T>{}, v, v * a); });
}

template <class T>
void leaky_backward(const T* dy, const T* x, const T* alpha, T* dx, std::size_t n) noexcept {
  for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> d = load_up_to(dy + i, count);
    const Vec<T> below = d * load_up_to(alpha + i, count);
    store_up_to<T>(dx + i, select<T>(load_up_to(x + i, count) > Vec<T>{}, d, below), count);
  });
}

template <class T>
void add_negative_products(const T* dy, const T* x, T* sums, std::size_t n) noexcept {
  for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> v = load_up_to(x + i, count);
    const Vec<T> below = select<T>(v > Vec<T>{}, Vec<T>{}, v);
    store_up_to<T>(sums + i, load_up_to(sums + i, count) + load_up_to(dy + i, count) * below,
                   count);
  });
}

template <class T>
void add_squares(const T* x, const T* shift, T* sums, std::size_t n) noexcept {
  for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> centred = load_up_to(x + i, count) - load_up_to(shift + i, count);
    store_up_to<T>(sums + i, load_up_to(sums + i, count) + centred * centred, count);
  });
}

template <class T>
void add_products(const T* dy, const T* x, const T* shift, T* sums, T* products,
                  std::size_t n) noexcept {
  for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> d = load_up_to(dy + i, count);
    const Vec<T> centred = load_up_to(x + i, count) - load_up_to(shift + i, count);
    store_up_to<T>(sums + i, load_up_to(sums + i, count) + d, count);
    store_up_to<T>(products + i, load_up_to(products + i, count) + d * centred, count);
  });
}

template <class T>
void standardize_backward(const T* dy, const T* x, const T* shift, const T* scale, const T* level,
                          const T* slope, T* dx, std::size_t n) noexcept {
  for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> centred = load_up_to(x + i, count) - load_up_to(shift + i, count);
    const Vec<T> rest = load_up_to(dy + i, count) - load_up_to(level + i, count);
    store_up_to<T>(dx + i,
                   (rest - centred * load_up_to(slope + i, count)) * load_up_to(scale + i, count),
                   count);
  });
}

}  // namespace

template <class T>
Columns<T> columns_table() noexcept {
  return {transform<T>,
          multiply<T>,
          subtract<T>,
          maximum<T>,
          minimum<T>,
          winner<T>,
          add_scaled<T>,
          dot<T>,
          leaky<T>,
          leaky_backward<T>,
          add_negative_products<T>,
          add_squares<T>,
          add_products<T>,
          standardize_backward<T>};
}

template Columns<float> columns_table<float>() noexcept;
template Columns<double> columns_table<double>() noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
