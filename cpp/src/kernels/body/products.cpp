#include "kernels/body/products.hpp"

#include <utility>

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace {

// Cuts `count` rows into the fewest tiles of nearly equal height: 32 rows become 11 + 11 + 10, not
// 12 + 12 + 8, because a short tile leaves the multiply-add units waiting.
template <class Tile>
inline void for_each_tile(std::size_t count, Tile tile) noexcept {
  if (count == 0) return;
  const std::size_t tiles = (count + kTileRows - 1) / kTileRows;
  const std::size_t height = count / tiles;
  const std::size_t taller = count % tiles;
  std::size_t first = 0;
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::size_t rows = height + (t < taller ? 1 : 0);
    tile(first, rows);
    first += rows;
  }
}

template <class T>
using RowsTile = void (*)(const T* const*, std::size_t, std::size_t, const T*, std::size_t, const T*,
                          bool, T*, std::size_t) noexcept;
template <class T>
using ColumnsTile = void (*)(const T* const*, std::size_t, std::size_t, const T*, std::size_t, bool,
                             T*, std::size_t) noexcept;

template <class T, int Vectors, int... Rows>
inline RowsTile<T> rows_tile_of(std::size_t rows, std::integer_sequence<int, Rows...>) noexcept {
  static constexpr RowsTile<T> kTiles[] = {rows_tile<T, Rows + 1, Vectors>...};
  return kTiles[rows - 1];
}
template <class T, int Vectors, int... Rows>
inline ColumnsTile<T> columns_tile_of(std::size_t rows, std::integer_sequence<int, Rows...>) noexcept {
  static constexpr ColumnsTile<T> kTiles[] = {columns_tile<T, Rows + 1, Vectors>...};
  return kTiles[rows - 1];
}
using Heights = std::make_integer_sequence<int, kTileRows>;

template <class T>
void rows(const T* const* a_rows, std::size_t k0, std::size_t rows, std::size_t depth, const T* b,
          std::size_t ldb, const T* bias, bool accumulate, T* c, std::size_t ldc,
          std::size_t vectors) noexcept {
  for_each_tile(rows, [&](std::size_t first, std::size_t height) {
    const RowsTile<T> tile = vectors == 2 ? rows_tile_of<T, 2>(height, Heights{})
                                          : rows_tile_of<T, 1>(height, Heights{});
    tile(a_rows + first, k0, depth, b, ldb, bias, accumulate, c + first * ldc, ldc);
  });
}

template <class T>
void columns(const T* const* a_rows, std::size_t i0, std::size_t count, std::size_t depth,
             const T* b, std::size_t ldb, bool accumulate, T* c, std::size_t ldc,
             std::size_t vectors) noexcept {
  for_each_tile(count, [&](std::size_t first, std::size_t height) {
    const ColumnsTile<T> tile = vectors == 2 ? columns_tile_of<T, 2>(height, Heights{})
                                             : columns_tile_of<T, 1>(height, Heights{});
    tile(a_rows, i0 + first, depth, b, ldb, accumulate, c + first * ldc, ldc);
  });
}

template <class T>
void transpose(const T* src, std::size_t lds, T* dst, std::size_t ldd, std::size_t rows,
               std::size_t cols) noexcept {
  for (std::size_t j = 0; j < cols; ++j) {
    for (std::size_t i = 0; i < rows; ++i) dst[j * ldd + i] = src[i * lds + j];
  }
}

template <class T>
void column_sums(const T* b, std::size_t ldb, std::size_t rows, std::size_t cols, T* sums) noexcept {
  std::size_t j = 0;
  for (; j + kLanes<T> <= cols; j += kLanes<T>) {
    Vector<T> sum{};
    for (std::size_t r = 0; r < rows; ++r) sum += load(b + r * ldb + j);
    store(sums + j, sum);
  }
  for (; j < cols; ++j) {
    T sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += b[r * ldb + j];
    sums[j] = sum;
  }
}

// Sixteen partial sums whatever the vector length, so every instruction set adds in the same order.
template <class T>
double sum_squares(const T* x, std::size_t n) noexcept {
  constexpr std::size_t kPartial = 16;
  double sums[kPartial] = {};
  std::size_t i = 0;
  for (; i + kPartial <= n; i += kPartial) {
    for (std::size_t p = 0; p < kPartial; ++p) {
      const double value = x[i + p];
      sums[p] += value * value;
    }
  }
  for (std::size_t p = 0; i < n; ++i, ++p) {
    const double value = x[i];
    sums[p] += value * value;
  }
  for (std::size_t half = kPartial / 2; half > 0; half /= 2) {
    for (std::size_t p = 0; p < half; ++p) sums[p] += sums[p + half];
  }
  return sums[0];
}

}  // namespace

template <class T>
Products<T> products_table() noexcept {
  return {rows<T>, columns<T>, transpose<T>, column_sums<T>, sum_squares<T>};
}
template Products<float> products_table<float>() noexcept;
template Products<double> products_table<double>() noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
