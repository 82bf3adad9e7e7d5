// Products with a few columns only: a panel of a quarter or half of a vector.
//
// A lane is then not a column but one of `Phases` terms of the sum that makes a column: lane
// c * Phases + p adds up what the k with k mod Phases = p contribute to column c, and the phases
// are added at the end, ((0 + 1) + (2 + 3)). One multiply-add thus does for `Phases` values of k
// what a whole vector of mostly padding would do for one.
//
// An element of C is still one fixed sum, of (depth, columns) alone. Where depth is cut into calls
// that accumulate, the cuts are part of it.
#pragma once

#include <cstddef>

#include "kernels/body/products.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace {

// Vectors of four lanes or fewer have no narrow panels.
template <class T>
constexpr bool kHasNarrowPanels = kLanes<T> >= 8;

template <class T, int Phases>
constexpr int kNarrowColumns = static_cast<int>(kLanes<T>) / Phases;

// Lane p * columns + c (rows of C side by side) to lane c * Phases + p, and back.
template <class T, int Phases, std::size_t... I>
PRONGHORN_INLINE Vec<T> by_columns(Vec<T> v, IndexList<I...>) noexcept {
  return __builtin_shufflevector(
      v, v, static_cast<int>(I % Phases * kNarrowColumns<T, Phases> + I / Phases)...);
}
template <class T, int Phases, std::size_t... I>
PRONGHORN_INLINE Vec<T> by_rows(Vec<T> v, IndexList<I...>) noexcept {
  return __builtin_shufflevector(
      v, v,
      static_cast<int>(I % kNarrowColumns<T, Phases> * Phases + I / kNarrowColumns<T, Phases>)...);
}
// Lane c to lanes c * Phases + p.
template <class T, int Phases, std::size_t... I>
PRONGHORN_INLINE Vec<T> spread(Vec<T> v, IndexList<I...>) noexcept {
  return __builtin_shufflevector(v, v, static_cast<int>(I / Phases)...);
}

template <class T>
using LaneList = typename MakeIndexList<kLanes<T>>::Type;

// The first `count` of Phases values, then zeros, over and over.
template <class T, int Phases, std::size_t... I>
PRONGHORN_INLINE Vec<T> repeat_first(const T* p, std::size_t count, IndexList<I...>) noexcept {
  const Vec<T> v = load_first(p, count);
  return __builtin_shufflevector(v, v, static_cast<int>(I % Phases)...);
}

// C[r, :] = start + sum_k A[r][k0 + k] * B[k, :], B's rows side by side
template <class T, int Rows, int Phases>
void narrow_rows_tile(const T* const* a_rows, std::size_t k0, std::size_t depth, const T* b,
                      Start<T> start, T* c, std::size_t ldc) noexcept {
  constexpr int kColumns = kNarrowColumns<T, Phases>;
  constexpr LaneList<T> kIndices;
  Vec<T> sum[Rows] = {};
  std::size_t k = 0;
  for (; k + Phases <= depth; k += Phases) {
    const Vec<T> right = by_columns<T, Phases>(load(b + k * kColumns), kIndices);
    unroll<Rows>([&](auto r) PRONGHORN_UNROLLED {
      sum[r] += repeat<T, Phases>(a_rows[r] + k0 + k) * right;
    });
  }
  if (k < depth) {
    const Vec<T> right =
        by_columns<T, Phases>(load_first(b + k * kColumns, (depth - k) * kColumns), kIndices);
    unroll<Rows>([&](auto r) PRONGHORN_UNROLLED {
      sum[r] += repeat_first<T, Phases>(a_rows[r] + k0 + k, depth - k, kIndices) * right;
    });
  }
  unroll<Rows>([&](auto r) PRONGHORN_UNROLLED {
    Vec<T> total = sum[r] + exchange_lanes<T, 1>(sum[r], kIndices);
    if constexpr (Phases == 4) total += exchange_lanes<T, 2>(total, kIndices);
    const Vec<T> from = load_first(start.data + r * start.ld, kColumns);
    store_first(c + r * ldc, from + by_rows<T, Phases>(total, kIndices), kColumns);
  });
}

// Groups * Phases rows of C side by side: C[i, :] = sum_r A[r][i0 + i] * B[r, :]
template <class T, int Groups, int Phases>
void narrow_columns_tile(const T* const* a_rows, std::size_t i0, std::size_t depth, const T* b,
                         std::size_t ldb, T* c) noexcept {
  constexpr LaneList<T> kIndices;
  Vec<T> sum[Groups] = {};
  for (std::size_t r = 0; r < depth; ++r, b += ldb) {
    const Vec<T> right = spread<T, Phases>(load_first(b, kNarrowColumns<T, Phases>), kIndices);
    const T* const a = a_rows[r] + i0;
    unroll<Groups>([&](auto g)
                       PRONGHORN_UNROLLED { sum[g] += repeat<T, Phases>(a + g * Phases) * right; });
  }
  unroll<Groups>([&](auto g) PRONGHORN_UNROLLED {
    store<T>(c + g * kLanes<T>, by_rows<T, Phases>(sum[g], kIndices));
  });
}

// The last rows of C, fewer than Phases.
template <class T, int Phases>
void narrow_columns_rest(const T* const* a_rows, std::size_t i0, std::size_t count,
                         std::size_t depth, const T* b, std::size_t ldb, T* c) noexcept {
  constexpr LaneList<T> kIndices;
  Vec<T> sum = {};
  for (std::size_t r = 0; r < depth; ++r, b += ldb) {
    const Vec<T> right = spread<T, Phases>(load_first(b, kNarrowColumns<T, Phases>), kIndices);
    sum += repeat_first<T, Phases>(a_rows[r] + i0, count, kIndices) * right;
  }
  store_first(c, by_rows<T, Phases>(sum, kIndices), count * kNarrowColumns<T, Phases>);
}

template <class T, int Phases, int... Rows>
PRONGHORN_INLINE void narrow_rows_of(const T* const* a_rows, std::size_t k0, std::size_t rows,
                                     std::size_t depth, const T* b, const T* bias, bool accumulate,
                                     T* c, std::size_t ldc,
                                     std::integer_sequence<int, Rows...>) noexcept {
  using Tile = void (*)(const T* const*, std::size_t, std::size_t, const T*, Start<T>, T*,
                        std::size_t) noexcept;
  static constexpr Tile kTiles[] = {narrow_rows_tile<T, Rows + 1, Phases>...};
  for_each_tile(rows, sizeof...(Rows), [&](std::size_t first, std::size_t height) {
    T* const out = c + first * ldc;
    kTiles[height - 1](a_rows + first, k0, depth, b, start_of(bias, accumulate, out, ldc), out,
                       ldc);
  });
}

template <class T, int Phases, int... Groups>
PRONGHORN_INLINE void narrow_columns_of(const T* const* a_rows, std::size_t i0, std::size_t count,
                                        std::size_t depth, const T* b, std::size_t ldb, T* c,
                                        std::integer_sequence<int, Groups...>) noexcept {
  using Tile =
      void (*)(const T* const*, std::size_t, std::size_t, const T*, std::size_t, T*) noexcept;
  static constexpr Tile kTiles[] = {narrow_columns_tile<T, Groups + 1, Phases>...};
  const std::size_t groups = count / Phases;
  for_each_tile(groups, sizeof...(Groups), [&](std::size_t first, std::size_t height) {
    kTiles[height - 1](a_rows, i0 + first * Phases, depth, b, ldb, c + first * kLanes<T>);
  });
  const std::size_t done = groups * Phases;
  if (done < count) {
    narrow_columns_rest<T, Phases>(a_rows, i0 + done, count - done, depth, b, ldb,
                                   c + groups * kLanes<T>);
  }
}

template <class T>
void narrow_rows(const T* const* a_rows, std::size_t k0, std::size_t rows, std::size_t depth,
                 const T* b, std::size_t width, const T* bias, bool accumulate, T* c,
                 std::size_t ldc) noexcept {
  if constexpr (kHasNarrowPanels<T>) {
    using Heights = std::make_integer_sequence<int, 8>;
    if (width == kNarrowColumns<T, 4>) {
      narrow_rows_of<T, 4>(a_rows, k0, rows, depth, b, bias, accumulate, c, ldc, Heights{});
    } else {
      narrow_rows_of<T, 2>(a_rows, k0, rows, depth, b, bias, accumulate, c, ldc, Heights{});
    }
  }
}

template <class T>
void narrow_columns(const T* const* a_rows, std::size_t i0, std::size_t count, std::size_t depth,
                    const T* b, std::size_t ldb, T* c, std::size_t width) noexcept {
  if constexpr (kHasNarrowPanels<T>) {
    using Heights = std::make_integer_sequence<int, kTallTileRows>;
    if (width == kNarrowColumns<T, 4>) {
      narrow_columns_of<T, 4>(a_rows, i0, count, depth, b, ldb, c, Heights{});
    } else {
      narrow_columns_of<T, 2>(a_rows, i0, count, depth, b, ldb, c, Heights{});
    }
  }
}

}  // namespace
}  // namespace pronghorn::kernels::PRONGHORN_ISA
