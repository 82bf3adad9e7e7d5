// Register tiles of the matrix products.
//
// A tile is Rows x Vectors accumulators. For each k it loads Vectors vectors of B and broadcasts
// one scalar of A to each row, so an element of C is one chain of multiply-adds in order of k,
// whatever the tile's size: the size may change speed, never bits.
//
// Registers of the largest tiles:
//   AVX-512, NEON (32 vector registers): 12 x 2 accumulators + 2 of B + 1 broadcast = 27
//   AVX2, SSE2    (16 vector registers):  6 x 2 accumulators + 2 of B + 1 broadcast = 15
//                                         (+ 1 product where multiply and add are apart = 16)
// Two multiply-adds a cycle of latency four want at least eight accumulators, and one broadcast
// feeds Vectors of them, which two loads a cycle sustain.
#pragma once

#include <cstddef>

#include "kernels/body/unroll.hpp"
#include "kernels/body/vec.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

#if defined(__AVX512F__) || defined(__ARM_NEON)
// Ten row pointers, k, B and its stride are what the fifteen general registers of x86-64 hold
// without spills; `columns` and one-vector tiles are not bound by them.
constexpr int kTileRows = 10;
constexpr int kTallTileRows = 12;
#else
constexpr int kTileRows = 6;
constexpr int kTallTileRows = 6;
#endif

namespace {

// Starting values of a tile, row r at data + r*ld: C itself, or the bias or zeros in every row.
template <class T>
struct Start {
  const T* data;
  std::size_t ld;
};

template <class T>
alignas(64) constexpr T kZeros[2 * kLanes<T>] = {};

template <class T>
PRONGHORN_INLINE Start<T> start_of(const T* bias, bool accumulate, const T* c,
                                   std::size_t ldc) noexcept {
  if (accumulate) return {c, ldc};
  return {bias != nullptr ? bias : kZeros<T>, 0};
}

// Cuts `count` rows into the fewest tiles of nearly equal height: 14 rows become 7 + 7, not 10 + 4,
// because a short tile has too few accumulators to hide the latency of the multiply-adds.
template <class Body>
PRONGHORN_INLINE void for_each_tile(std::size_t count, std::size_t tallest, Body body) noexcept {
  if (count == 0) return;
  const std::size_t tiles = (count + tallest - 1) / tallest;
  const std::size_t height = count / tiles;
  const std::size_t taller = count % tiles;
  std::size_t first = 0;
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::size_t rows = height + (t < taller ? 1 : 0);
    body(first, rows);
    first += rows;
  }
}

template <class T, int Rows, int Vectors>
struct Accumulators {
  Vec<T> value[Rows][Vectors];

  PRONGHORN_UNROLLED void load_from(Start<T> start) noexcept {
    unroll<Rows>([&](auto r) PRONGHORN_UNROLLED {
      unroll<Vectors>([&](auto v)
                          PRONGHORN_UNROLLED { value[r][v] = load(start.data + v * kLanes<T>); });
      start.data += start.ld;
    });
  }

  // value[r] += left(r) * b, the outer product of one k.
  template <class Left>
  PRONGHORN_UNROLLED void add_product(const T* b, Left left) noexcept {
    Vec<T> right[Vectors];
    unroll<Vectors>([&](auto v) PRONGHORN_UNROLLED { right[v] = load(b + v * kLanes<T>); });
    unroll<Rows>([&](auto r) PRONGHORN_UNROLLED {
      const T scalar = left(r);
      unroll<Vectors>([&](auto v) PRONGHORN_UNROLLED { value[r][v] += scalar * right[v]; });
    });
  }

  PRONGHORN_UNROLLED void store_to(T* c, std::size_t ldc) const noexcept {
    unroll<Rows>([&](auto r) PRONGHORN_UNROLLED {
      unroll<Vectors>([&](auto v) PRONGHORN_UNROLLED { store<T>(c + v * kLanes<T>, value[r][v]); });
      c += ldc;
    });
  }
};

// Rows of B that a streaming tile asks for ahead of their use.
constexpr std::size_t kStreamAhead = 32;

// C[r, :] = start + sum_k A[r][k0 + k] * B[k, :]
//
// Streaming is for the only tile that passes over B, which waits for memory.
template <class T, int Rows, int Vectors, bool Streaming>
void rows_tile(const T* const* a_rows, std::size_t k0, std::size_t depth, const T* b,
               std::size_t ldb, Start<T> start, T* c, std::size_t ldc) noexcept {
  Accumulators<T, Rows, Vectors> sum;
  sum.load_from(start);
  // Rows end at index 0, so that one register is both counter and index. The empty assembly keeps
  // the compiler from computing the pointers with vectors, which would cost it registers.
  const T* a[Rows];
  unroll<Rows>([&](auto r) PRONGHORN_UNROLLED {
    a[r] = a_rows[r] + k0 + depth;
    asm("" : "+r"(a[r]));
  });
  for (std::ptrdiff_t k = -static_cast<std::ptrdiff_t>(depth); k != 0; ++k, b += ldb) {
    if constexpr (Streaming) {
      unroll<Vectors>([&](auto v) PRONGHORN_UNROLLED {
        __builtin_prefetch(b + kStreamAhead * ldb + v * kLanes<T>);
      });
    }
    sum.add_product(b, [&](auto r) PRONGHORN_UNROLLED { return a[r][k]; });
  }
  sum.store_to(c, ldc);
}

// C[0, :] of Panels panels, `stride` apart: up to eight chains, which hide the latency of the
// multiply-adds that two would wait for.
template <class T, int Panels>
void one_row_tile(const T* a, std::size_t depth, const T* b, std::size_t stride, const T* bias,
                  T* c) noexcept {
  constexpr int kVectors = 2 * Panels;
  Vec<T> sum[kVectors];
  unroll<kVectors>([&](auto v) PRONGHORN_UNROLLED {
    sum[v] = bias == nullptr ? Vec<T>{} : load(bias + v * kLanes<T>);
  });
  for (std::size_t k = 0; k < depth; ++k, b += 2 * kLanes<T>) {
    unroll<kVectors>([&](auto v) PRONGHORN_UNROLLED {
      sum[v] += a[k] * load(b + v / 2 * stride + v % 2 * kLanes<T>);
    });
  }
  unroll<kVectors>([&](auto v) PRONGHORN_UNROLLED { store<T>(c + v * kLanes<T>, sum[v]); });
}

// C[i, :] = start + sum_r A[r][i0 + i] * B[r, :]
template <class T, int Rows, int Vectors>
void columns_tile(const T* const* a_rows, std::size_t i0, std::size_t depth, const T* b,
                  std::size_t ldb, Start<T> start, T* c, std::size_t ldc) noexcept {
  Accumulators<T, Rows, Vectors> sum;
  sum.load_from(start);
  for (const T* const* end = a_rows + depth; a_rows != end; ++a_rows, b += ldb) {
    // The empty assembly keeps one pointer with constant offsets from becoming twelve sums.
    const T* a = *a_rows + i0;
    asm("" : "+r"(a));
    sum.add_product(b, [&](auto i) PRONGHORN_UNROLLED { return a[i]; });
  }
  sum.store_to(c, ldc);
}

// C[r, :] = start + sum_k a[k * Rows + r] * B[k, :]
//
// On its way it asks for memory that is wanted soon, so that it arrives while the multiply-adds
// run: first the rows of C below, which the next tile starts from, then `ahead_step` bytes of a
// stream with each k.
template <class T, int Rows, int Vectors>
void packed_tile(const T* a, std::size_t depth, const T* b, std::size_t ldb, Start<T> start, T* c,
                 std::size_t ldc, const char* ahead, std::size_t ahead_step) noexcept {
  Accumulators<T, Rows, Vectors> sum;
  sum.load_from(start);
  const T* const end = a + depth * Rows;
  const T* const first = depth < Rows ? end : a + Rows * Rows;
  for (const T* below = c + Rows * ldc; a != first; a += Rows, b += ldb, below += ldc) {
    __builtin_prefetch(below);
    __builtin_prefetch(below + (Vectors - 1) * kLanes<T>);
    sum.add_product(b, [&](auto r) PRONGHORN_UNROLLED { return a[r]; });
  }
  for (; a != end; a += Rows, b += ldb) {
    __builtin_prefetch(ahead, 0, 2);
    ahead += ahead_step;
    sum.add_product(b, [&](auto r) PRONGHORN_UNROLLED { return a[r]; });
  }
  sum.store_to(c, ldc);
}

}  // namespace
}  // namespace pronghorn::kernels::PRONGHORN_ISA
