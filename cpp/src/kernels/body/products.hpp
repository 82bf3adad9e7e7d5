// Register tiles of the matrix products.
//
// A tile is Rows x Vectors accumulators. For each k it loads Vectors vectors of B and broadcasts one
// scalar of A to each row, so an element of C is one chain of multiply-adds in order of k, whatever
// the tile's size: the size may change speed, never bits.
//
// Registers of the largest tiles (two vectors):
//   AVX-512, NEON (32 registers): 12 x 2 accumulators + 2 of B + 1 broadcast = 27
//   AVX2, SSE2    (16 registers):  6 x 2 accumulators + 2 of B + 1 broadcast = 15
//                                  (+ 1 product where multiply and add are apart = 16)
// Broadcasts per multiply-add are 1/Vectors and loads of B 1/Rows: two loads a cycle keep two
// multiply-adds a cycle fed.
#pragma once

#include <cstddef>

#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace {

#if defined(__AVX512F__) || defined(__ARM_NEON)
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif

template <class T>
struct Wide;
template <>
struct Wide<float> {
  typedef float Type __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef float Unaligned __attribute__((vector_size(PRONGHORN_ISA_BYTES), aligned(4), may_alias));
};
template <>
struct Wide<double> {
  typedef double Type __attribute__((vector_size(PRONGHORN_ISA_BYTES)));
  typedef double Unaligned __attribute__((vector_size(PRONGHORN_ISA_BYTES), aligned(8), may_alias));
};

template <class T>
using Vector = typename Wide<T>::Type;
template <class T>
constexpr std::size_t kLanes = PRONGHORN_ISA_BYTES / sizeof(T);

template <class T>
inline Vector<T> load(const T* p) noexcept {
  return *reinterpret_cast<const typename Wide<T>::Unaligned*>(p);
}
template <class T>
inline void store(T* p, Vector<T> v) noexcept {
  *reinterpret_cast<typename Wide<T>::Unaligned*>(p) = v;
}

// Starting values of a tile: C, the bias in each row, or zero.
template <class T, int Rows, int Vectors>
inline void start_tile(Vector<T> (&acc)[Rows][Vectors], const T* bias, bool accumulate, const T* c,
                       std::size_t ldc) noexcept {
  for (int v = 0; v < Vectors; ++v) {
    const Vector<T> first = bias != nullptr ? load(bias + v * kLanes<T>) : Vector<T>{};
    for (int r = 0; r < Rows; ++r) {
      acc[r][v] = accumulate ? load(c + r * ldc + v * kLanes<T>) : first;
    }
  }
}

template <class T, int Rows, int Vectors>
inline void finish_tile(const Vector<T> (&acc)[Rows][Vectors], T* c, std::size_t ldc) noexcept {
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < Vectors; ++v) store(c + r * ldc + v * kLanes<T>, acc[r][v]);
  }
}

template <class T, int Rows, int Vectors>
void rows_tile(const T* const* a_rows, std::size_t k0, std::size_t depth, const T* b,
               std::size_t ldb, const T* bias, bool accumulate, T* c, std::size_t ldc) noexcept {
  Vector<T> acc[Rows][Vectors];
  start_tile<T, Rows, Vectors>(acc, bias, accumulate, c, ldc);
  const T* a[Rows];
  for (int r = 0; r < Rows; ++r) a[r] = a_rows[r] + k0;
  for (std::size_t k = 0; k < depth; ++k, b += ldb) {
    Vector<T> right[Vectors];
    for (int v = 0; v < Vectors; ++v) right[v] = load(b + v * kLanes<T>);
    for (int r = 0; r < Rows; ++r) {
      for (int v = 0; v < Vectors; ++v) acc[r][v] += a[r][k] * right[v];
    }
  }
  finish_tile<T, Rows, Vectors>(acc, c, ldc);
}

template <class T, int Rows, int Vectors>
void columns_tile(const T* const* a_rows, std::size_t i0, std::size_t depth, const T* b,
                  std::size_t ldb, bool accumulate, T* c, std::size_t ldc) noexcept {
  Vector<T> acc[Rows][Vectors];
  start_tile<T, Rows, Vectors>(acc, nullptr, accumulate, c, ldc);
  for (std::size_t k = 0; k < depth; ++k, b += ldb) {
    const T* a = a_rows[k] + i0;
    Vector<T> right[Vectors];
    for (int v = 0; v < Vectors; ++v) right[v] = load(b + v * kLanes<T>);
    for (int r = 0; r < Rows; ++r) {
      for (int v = 0; v < Vectors; ++v) acc[r][v] += a[r] * right[v];
    }
  }
  finish_tile<T, Rows, Vectors>(acc, c, ldc);
}

}  // namespace
}  // namespace pronghorn::kernels::PRONGHORN_ISA
