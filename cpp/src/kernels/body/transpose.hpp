// Transposition of blocks of kLanes x kLanes elements in registers.
#pragma once

#include <utility>

#include "kernels/body/unroll.hpp"
#include "kernels/body/vec.hpp"
#if defined(__AVX512F__)
#include "kernels/isa/transpose_avx512.hpp"
#endif

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace {

// a0 b0 a1 b1 ... from the lower (half 0) or upper (half 1) halves of a and b.
template <class T, int Half, int... I>
PRONGHORN_INLINE Vec<T> zip(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) noexcept {
  constexpr int kCount = static_cast<int>(kLanes<T>);
  return __builtin_shufflevector(a, b, (I / 2 + Half * kCount / 2 + I % 2 * kCount)...);
}

// log2(Order) rounds of zipping vector i with vector i + N/2: each moves one bit of the number of
// the vector to the number of the lane (the perfect shuffle of Stone, IEEE Trans. Comput. C-20,
// 1971).
template <class T, int N, int Order>
PRONGHORN_INLINE void zip_rounds(Vec<T>* block) noexcept {
  if constexpr (Order > 1) {
    using Lanes = std::make_integer_sequence<int, static_cast<int>(kLanes<T>)>;
    Vec<T> zipped[N];
    unroll<N / 2>([&](auto i) PRONGHORN_UNROLLED {
      zipped[2 * i] = zip<T, 0>(block[i], block[i + N / 2], Lanes{});
      zipped[2 * i + 1] = zip<T, 1>(block[i], block[i + N / 2], Lanes{});
    });
    unroll<N>([&](auto i) PRONGHORN_UNROLLED { block[i] = zipped[i]; });
    zip_rounds<T, N, Order / 2>(block);
  }
}

template <class T>
PRONGHORN_INLINE void transpose_registers(Vec<T> (&block)[kLanes<T>]) noexcept {
  constexpr int kCount = static_cast<int>(kLanes<T>);
  zip_rounds<T, kCount, kCount>(block);
}

// The rounds that the first Keep columns of a block need: of N vectors, each with Columns columns
// of kLanes / Columns rows, the halves without such columns are left out. Ends with a column in
// each of block[0 .. Keep).
template <class T, int Keep, int N, int Columns>
PRONGHORN_INLINE void first_columns(Vec<T>* block) noexcept {
  if constexpr (Columns > Keep) {
    using Lanes = std::make_integer_sequence<int, static_cast<int>(kLanes<T>)>;
    unroll<N / 2>([&](auto i) PRONGHORN_UNROLLED {
      block[i] = zip<T, 0>(block[i], block[i + N / 2], Lanes{});
    });
    first_columns<T, Keep, N / 2, Columns / 2>(block);
  } else {
    zip_rounds<T, N, Columns>(block);
  }
}

// Back from N columns, a power of two: each vector then holds kLanes / N rows of N elements.
template <class T, int N>
PRONGHORN_INLINE void rows_of_columns(Vec<T>* block) noexcept {
  zip_rounds<T, N, N>(block);
}

template <class T>
PRONGHORN_INLINE void transpose_block(const T* src, std::size_t lds, T* dst,
                                      std::size_t ldd) noexcept {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return detail::transpose_16(src, lds, dst, ldd);
#endif
  constexpr int kCount = static_cast<int>(kLanes<T>);
  Vec<T> block[kLanes<T>];
  unroll<kCount>([&](auto i) PRONGHORN_UNROLLED { block[i] = load(src + i * lds); });
  transpose_registers<T>(block);
  unroll<kCount>([&](auto j) PRONGHORN_UNROLLED { store<T>(dst + j * ldd, block[j]); });
}

// At most kLanes rows and columns. Not inlined, for the registers of the loops over whole blocks.
template <class T>
__attribute__((noinline)) void transpose_part(const T* src, std::size_t lds, T* dst,
                                              std::size_t ldd, std::size_t rows,
                                              std::size_t cols) noexcept {
  constexpr int kCount = static_cast<int>(kLanes<T>);
  Vec<T> block[kLanes<T>];
  unroll<kCount>([&](auto i) PRONGHORN_UNROLLED {
    block[i] = static_cast<std::size_t>(i) < rows ? load_up_to(src + i * lds, cols) : Vec<T>{};
  });
  transpose_registers<T>(block);
  unroll<kCount>([&](auto j) PRONGHORN_UNROLLED {
    if (static_cast<std::size_t>(j) < cols) store_up_to<T>(dst + j * ldd, block[j], rows);
  });
}

// dst[j*ldd + i] = src[i*lds + j]
//
// It asks for the rows of src below, which callers that walk down a panel take next.
template <class T>
void transpose(const T* src, std::size_t lds, T* dst, std::size_t ldd, std::size_t rows,
               std::size_t cols) noexcept {
  for (std::size_t i = 0; i < rows; i += kLanes<T>) {
    for (std::size_t j = 0; j < cols; j += kLanes<T>) {
      const T* const from = src + i * lds + j;
      T* const to = dst + j * ldd + i;
      const std::size_t height = rows - i;
      const std::size_t width = cols - j;
      if (height >= kLanes<T> && width >= kLanes<T>) {
        // The empty assembly keeps the sixteen addresses from being held apart.
        const T* below = from + rows * lds;
        for (std::size_t r = 0; r < kLanes<T>; ++r, below += lds) {
          asm("" : "+r"(below));
          __builtin_prefetch(below, 0, 2);
        }
        transpose_block(from, lds, to, ldd);
      } else {
        transpose_part(from, lds, to, ldd, height, width);
      }
    }
  }
}

}  // namespace
}  // namespace pronghorn::kernels::PRONGHORN_ISA
