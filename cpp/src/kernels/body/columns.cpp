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
  return {transform<T>, multiply<T>, add_squares<T>, add_products<T>, standardize_backward<T>};
}

template Columns<float> columns_table<float>() noexcept;
template Columns<double> columns_table<double>() noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
