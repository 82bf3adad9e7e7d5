// Rows of few columns turned so that each lane has a row: no sums across lanes, whose latency is
// most of the time of a short row.
#pragma once

#include "kernels/body/transpose.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// What the widest block has room for.
constexpr std::size_t kMostNarrow = 16;

// Up to kLanes rows of up to kMostNarrow columns, column by column. Keep columns of them change
// sides in registers; Keep = 0 stands for any number, an element at a time.
template <class T, int Keep>
struct LaneBlock {
  static constexpr int kColumns = Keep == 0 ? static_cast<int>(kMostNarrow) : Keep;
  alignas(kVectorBytes) T at[kColumns][kLanes<T>];

  PRONGHORN_MEMBER void gather(const T* x, std::size_t ld, std::size_t rows, std::size_t cols) {
    if constexpr (Keep > 0) {
      constexpr int kCount = static_cast<int>(kLanes<T>);
      Vec<T> block[kLanes<T>];
      unroll<kCount>([&](auto r) PRONGHORN_UNROLLED {
        block[r] = static_cast<std::size_t>(r) < rows ? load_up_to(x + r * ld, cols) : Vec<T>{};
      });
      first_columns<T, Keep, kCount, kCount>(block);
      unroll<Keep>([&](auto c) PRONGHORN_UNROLLED { store<T>(at[c], block[c]); });
      return;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) at[c][r] = x[r * ld + c];
    }
    for (std::size_t r = rows; r < kLanes<T>; ++r) {
      for (std::size_t c = 0; c < cols; ++c) at[c][r] = T(0);
    }
  }
  PRONGHORN_MEMBER void scatter(T* x, std::size_t ld, std::size_t rows, std::size_t cols) const {
    if constexpr (Keep > 0) {
      constexpr int kRows = static_cast<int>(kLanes<T>) / Keep;
      Vec<T> block[Keep];
      unroll<Keep>([&](auto c) PRONGHORN_UNROLLED {
        block[c] = static_cast<std::size_t>(c) < cols ? load(at[c]) : Vec<T>{};
      });
      rows_of_columns<T, Keep>(block);
      if constexpr (kRows == 1) {
        unroll<Keep>([&](auto r) PRONGHORN_UNROLLED {
          if (static_cast<std::size_t>(r) < rows) store_up_to<T>(x + r * ld, block[r], cols);
        });
      } else {
        alignas(kVectorBytes) T packed[kLanes<T>][Keep];
        unroll<Keep>([&](auto v) PRONGHORN_UNROLLED { store<T>(packed[v * kRows], block[v]); });
        if (cols == Keep) {
          for (std::size_t r = 0; r < rows; ++r) copy<Keep>(packed[r], x + r * ld);
        } else if (cols == Keep - 1) {
          for (std::size_t r = 0; r < rows; ++r) copy<Keep - 1>(packed[r], x + r * ld);
        } else {
          for (std::size_t r = 0; r < rows; ++r) copy<2>(packed[r], x + r * ld);
        }
      }
      return;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) x[r * ld + c] = at[c][r];
    }
  }

 private:
  template <int N>
  static PRONGHORN_MEMBER void copy(const T* from, T* to) {
    __builtin_memcpy(to, from, N * sizeof(T));
  }
};

}  // namespace pronghorn::kernels::PRONGHORN_ISA
