#include "kernels/body/products.hpp"

#include "kernels/body/narrow_products.hpp"
#include "kernels/body/tables.hpp"
#include "kernels/body/transpose.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace {

template <class T>
using Tile = void (*)(const T* const*, std::size_t, std::size_t, const T*, std::size_t, Start<T>,
                      T*, std::size_t) noexcept;

template <class T, int Vectors, int... Rows>
PRONGHORN_INLINE Tile<T> rows_tile_of(std::size_t rows, bool streaming,
                                      std::integer_sequence<int, Rows...>) noexcept {
  static constexpr Tile<T> kTiles[][2] = {
      {rows_tile<T, Rows + 1, Vectors, false>, rows_tile<T, Rows + 1, Vectors, true>}...};
  return kTiles[rows - 1][streaming];
}
template <class T, int Vectors, int... Rows>
PRONGHORN_INLINE Tile<T> columns_tile_of(std::size_t rows,
                                         std::integer_sequence<int, Rows...>) noexcept {
  static constexpr Tile<T> kTiles[] = {columns_tile<T, Rows + 1, Vectors>...};
  return kTiles[rows - 1];
}
using Heights = std::make_integer_sequence<int, kTileRows>;
using TallHeights = std::make_integer_sequence<int, kTallTileRows>;

template <class T>
void rows(const T* const* a_rows, std::size_t k0, std::size_t rows, std::size_t depth, const T* b,
          std::size_t ldb, const T* bias, bool accumulate, T* c, std::size_t ldc,
          std::size_t vectors) noexcept {
  for_each_tile(
      rows, vectors == 2 ? kTileRows : kTallTileRows,
      [&](std::size_t first, std::size_t height) PRONGHORN_UNROLLED {
        const bool only = height == rows;
        const Tile<T> tile = vectors == 2 ? rows_tile_of<T, 2>(height, only, Heights{})
                                          : rows_tile_of<T, 1>(height, only, TallHeights{});
        T* const out = c + first * ldc;
        tile(a_rows + first, k0, depth, b, ldb, start_of(bias, accumulate, out, ldc), out, ldc);
      });
}

template <class T>
void one_row(const T* a, std::size_t depth, const T* b, std::size_t stride, const T* bias, T* c,
             std::size_t panels) noexcept {
  static constexpr decltype(&one_row_tile<T, 1>) kTiles[] = {
      one_row_tile<T, 1>, one_row_tile<T, 2>, one_row_tile<T, 3>, one_row_tile<T, 4>};
  for_each_tile(panels, 4, [&](std::size_t first, std::size_t count) {
    const std::size_t col = first * 2 * kLanes<T>;
    kTiles[count - 1](a, depth, b + first * stride, stride, bias == nullptr ? nullptr : bias + col,
                      c + col);
  });
}

// Rows of A that `columns` copies aside at a time and columns of A in such a copy: with B's block
// and C's strip they fill the first cache (24 + 16 + 6 KB of 48 for floats on AVX-512).
constexpr std::size_t kDepthBlock = 128;
template <class T>
constexpr std::size_t kStrip = 192 / sizeof(T);
// Depths up to which a cache line of each row of A and of B's panel stay there without a copy.
// One vector does half the work for each line of A, so misses show earlier.
constexpr std::size_t kDirectDepth = 256;
constexpr std::size_t kDirectDepthOneVector = 64;

template <class T>
PRONGHORN_INLINE void column_tiles(const T* const* a_rows, std::size_t i0, std::size_t count,
                                   std::size_t depth, const T* b, std::size_t ldb, bool accumulate,
                                   T* c, std::size_t ldc, std::size_t vectors) noexcept {
  for_each_tile(count, kTallTileRows,
                [&](std::size_t first, std::size_t height) PRONGHORN_UNROLLED {
                  const Tile<T> tile = vectors == 2 ? columns_tile_of<T, 2>(height, TallHeights{})
                                                    : columns_tile_of<T, 1>(height, TallHeights{});
                  T* const out = c + first * ldc;
                  tile(a_rows, i0 + first, depth, b, ldb,
                       start_of<T>(nullptr, accumulate, out, ldc), out, ldc);
                });
}

template <class T>
void columns(const T* const* a_rows, std::size_t i0, std::size_t count, std::size_t depth,
             const T* b, std::size_t ldb, bool accumulate, T* c, std::size_t ldc,
             std::size_t vectors) noexcept {
  std::size_t i = 0;
  // A short column of A stays in the first cache from one tile to the next. In a long one the rows
  // evict each other, so blocks of it are copied aside, while C's strip stays over the blocks.
  if (depth > (vectors == 2 ? kDirectDepth : kDirectDepthOneVector)) {
    alignas(64) T copy[kDepthBlock][kStrip<T>];
    const T* copy_rows[kDepthBlock];
    for (std::size_t r = 0; r < kDepthBlock; ++r) copy_rows[r] = copy[r];
    for (; i + kStrip<T> <= count; i += kStrip<T>) {
      for (std::size_t r0 = 0; r0 < depth; r0 += kDepthBlock) {
        const std::size_t block = depth - r0 < kDepthBlock ? depth - r0 : kDepthBlock;
        for (std::size_t r = 0; r < block; ++r) {
          const T* const from = a_rows[r0 + r] + i0 + i;
          unroll<kStrip<T> / kLanes<T>>([&](auto v) PRONGHORN_UNROLLED {
            store<T>(copy[r] + v * kLanes<T>, load(from + v * kLanes<T>));
          });
        }
        column_tiles<T>(copy_rows, 0, kStrip<T>, block, b + r0 * ldb, ldb, accumulate || r0 > 0,
                        c + i * ldc, ldc, vectors);
      }
    }
  }
  column_tiles(a_rows, i0 + i, count - i, depth, b, ldb, accumulate, c + i * ldc, ldc, vectors);
}

template <class T>
using PackedTile = void (*)(const T*, std::size_t, const T*, std::size_t, Start<T>, T*, std::size_t,
                            const char*, std::size_t) noexcept;

template <class T, int Vectors, int... Rows>
PRONGHORN_INLINE PackedTile<T> packed_tile_of(std::size_t rows,
                                              std::integer_sequence<int, Rows...>) noexcept {
  static constexpr PackedTile<T> kTiles[] = {packed_tile<T, Rows + 1, Vectors>...};
  return kTiles[rows - 1];
}

template <class T>
void pack_rows(const T* const* a_rows, std::size_t k0, std::size_t rows, std::size_t depth,
               T* out) noexcept {
  constexpr int kCount = static_cast<int>(kLanes<T>);
  for_each_tile(rows, kTallTileRows, [&](std::size_t first, std::size_t height) {
    const T* const* const from = a_rows + first;
    for (std::size_t k = 0; k < depth; k += kLanes<T>) {
      const std::size_t cols = depth - k < kLanes<T> ? depth - k : kLanes<T>;
      for (std::size_t r0 = 0; r0 < height; r0 += kLanes<T>) {
        Vec<T> block[kLanes<T>];
        unroll<kCount>([&](auto r) PRONGHORN_UNROLLED {
          block[r] = r0 + r < height ? load_up_to(from[r0 + r] + k0 + k, cols) : Vec<T>{};
        });
        transpose_registers<T>(block);
        unroll<kCount>([&](auto c) PRONGHORN_UNROLLED {
          if (static_cast<std::size_t>(c) < cols) {
            store_up_to<T>(out + (k + c) * height + r0, block[c], height - r0);
          }
        });
      }
    }
    out += depth * height;
  });
}

template <class T>
void pack_columns(const T* const* a_rows, std::size_t i0, std::size_t count, std::size_t depth,
                  T* out) noexcept {
  if (count == 0) return;
  // Each row is another page, so its lines are asked for well before they are copied.
  constexpr std::size_t kAhead = 8, kLine = 64 / sizeof(T);
  for (std::size_t r = 0; r < depth; ++r) {
    if (r + kAhead < depth) {
      const T* const coming = a_rows[r + kAhead] + i0;
      for (std::size_t i = 0; i < count; i += kLine) __builtin_prefetch(coming + i);
      __builtin_prefetch(coming + count - 1);
    }
    T* to = out;
    for_each_tile(count, kTallTileRows, [&](std::size_t first, std::size_t height) {
      for (std::size_t i = 0; i < height; i += kLanes<T>) {
        store_up_to<T>(to + r * height + i, load_up_to(a_rows[r] + i0 + first + i, height - i),
                       height - i);
      }
      to += depth * height;
    });
  }
}

template <class T>
void packed(const T* a, std::size_t rows, std::size_t depth, const T* b, std::size_t ldb,
            const T* bias, bool accumulate, T* c, std::size_t ldc, std::size_t vectors,
            const void* ahead, std::size_t ahead_bytes) noexcept {
  constexpr std::size_t kLine = 64;
  const std::size_t passes =
      depth <= kTallTileRows ? 0
                             : (rows + kTallTileRows - 1) / kTallTileRows * (depth - kTallTileRows);
  std::size_t step = passes == 0 ? 0 : (ahead_bytes + passes - 1) / passes;
  if (step > kLine) step = kLine;
  const char* next = static_cast<const char*>(ahead);
  for_each_tile(rows, kTallTileRows, [&](std::size_t first, std::size_t height) {
    const PackedTile<T> tile = vectors == 2 ? packed_tile_of<T, 2>(height, TallHeights{})
                                            : packed_tile_of<T, 1>(height, TallHeights{});
    T* const out = c + first * ldc;
    tile(a + first * depth, depth, b, ldb, start_of(bias, accumulate, out, ldc), out, ldc, next,
         step);
    if (depth > height) next += (depth - height) * step;
  });
}

// Sums of Vectors vectors of columns: row r goes to chain r mod 4, as one chain alone would wait
// for its additions.
template <class T, int Vectors>
PRONGHORN_INLINE void sum_rows(const T* b, std::size_t ldb, std::size_t rows, std::size_t cols,
                               T* sums) noexcept {
  constexpr int kChains = 4;
  Vec<T> sum[kChains][Vectors] = {};
  const auto add = [&](auto chain, const T* row) PRONGHORN_UNROLLED {
    unroll<Vectors>([&](auto v) PRONGHORN_UNROLLED {
      sum[chain][v] += load_up_to(row + v * kLanes<T>, cols - v * kLanes<T>);
    });
  };
  std::size_t r = 0;
  for (; r + kChains <= rows; r += kChains) {
    unroll<kChains>([&](auto c) PRONGHORN_UNROLLED { add(c, b + (r + c) * ldb); });
  }
  unroll<kChains - 1>([&](auto c) PRONGHORN_UNROLLED {
    if (r + c < rows) add(c, b + (r + c) * ldb);
  });
  unroll<Vectors>([&](auto v) PRONGHORN_UNROLLED {
    store_up_to<T>(sums + v * kLanes<T>, (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]),
                   cols - v * kLanes<T>);
  });
}

template <class T>
void column_sums(const T* b, std::size_t ldb, std::size_t rows, std::size_t cols,
                 T* sums) noexcept {
  std::size_t j = 0;
  for (; j + 2 * kLanes<T> <= cols; j += 2 * kLanes<T>) {
    sum_rows<T, 2>(b + j, ldb, rows, 2 * kLanes<T>, sums + j);
  }
  for (; j < cols; j += kLanes<T>) sum_rows<T, 1>(b + j, ldb, rows, cols - j, sums + j);
}

// Sixteen partial sums whatever the length of a vector, so that every instruction set adds in the
// same order. Squares of floats are exact in double, so those sums agree to the last bit.
template <class T>
double sum_squares(const T* x, std::size_t n) noexcept {
  constexpr std::size_t kPartials = 16;
  constexpr int kVectors = static_cast<int>(kPartials / kLanes<double>);
  typedef T Narrow
      __attribute__((vector_size(kLanes<double> * sizeof(T)), aligned(alignof(T)), may_alias));
  Vec<double> sum[kVectors] = {};
  std::size_t i = 0;
  for (; i + kPartials <= n; i += kPartials) {
    unroll<kVectors>([&](auto v) PRONGHORN_UNROLLED {
      const Vec<double> value = __builtin_convertvector(
          *reinterpret_cast<const Narrow*>(x + i + v * kLanes<double>), Vec<double>);
      sum[v] += value * value;
    });
  }
  double partial[kPartials];
  unroll<kVectors>([&](auto v)
                       PRONGHORN_UNROLLED { store<double>(partial + v * kLanes<double>, sum[v]); });
  for (std::size_t p = 0; i + p < n; ++p) {
    const double value = x[i + p];
    partial[p] += value * value;
  }
  for (std::size_t half = kPartials / 2; half > 0; half /= 2) {
    for (std::size_t p = 0; p < half; ++p) partial[p] += partial[p + half];
  }
  return partial[0];
}

}  // namespace

template <class T>
Products<T> products_table() noexcept {
  return {rows<T>,         one_row<T>,     columns<T>,     pack_rows<T>,
          pack_columns<T>, packed<T>,      narrow_rows<T>, narrow_columns<T>,
          transpose<T>,    column_sums<T>, sum_squares<T>};
}
template Products<float> products_table<float>() noexcept;
template Products<double> products_table<double>() noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
