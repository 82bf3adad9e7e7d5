// Blocks of base/philox.hpp, one to a 64-bit lane, each 32-bit word zero-extended or with anything
// in the upper half: the products read the lower halves alone.
#pragma once

#include "kernels/body/vec.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr std::size_t kPhiloxLanes = kLanes<double>;
constexpr std::size_t kPhiloxWordsAtOnce = 4 * kPhiloxLanes;

// Lanes Offset, Offset + 1, ... of `first` and `second` in turn.
template <int Offset, std::size_t... I>
PRONGHORN_INLINE UintVec<double> alternate(UintVec<double> first, UintVec<double> second,
                                           IndexList<I...>) {
  return __builtin_shufflevector(first, second,
                                 static_cast<int>(I / 2 + (I % 2) * kPhiloxLanes + Offset)...);
}

// Writes the kPhiloxWordsAtOnce words of the blocks from `block` on.
PRONGHORN_INLINE void philox_words(std::uint64_t seed, std::uint32_t stream, std::uint64_t step,
                                   std::uint64_t block, std::uint32_t* words) {
  using Words = UintVec<double>;
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  constexpr std::uint64_t kLow = 0xffffffffu;
  const Words zero = {};
  const Words blocks = reinterpret_cast<Words>(lane_indices<double>()) + block;
  Words x0 = blocks;
  Words x1 = zero + (step & kLow);
  Words x2 = zero + std::uint64_t{stream};
  Words x3 = ((blocks >> 32) & 0xffffu) | (((step >> 32) << 16) & kLow);
  auto key0 = static_cast<std::uint32_t>(seed);
  auto key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const Words product0 = multiply_wide(x0, zero + kMultiplier0);
    const Words product1 = multiply_wide(x2, zero + kMultiplier1);
    x0 = (product1 >> 32) ^ x1 ^ std::uint64_t{key0};
    x1 = product1;
    x2 = (product0 >> 32) ^ x3 ^ std::uint64_t{key1};
    x3 = product0;
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  const Words first = (x0 & kLow) | (x1 << 32);
  const Words second = (x2 & kLow) | (x3 << 32);
  using Lanes = typename MakeIndexList<kPhiloxLanes>::Type;
  const Words low = alternate<0>(first, second, Lanes{});
  const Words high = alternate<kPhiloxLanes / 2>(first, second, Lanes{});
  __builtin_memcpy(words, &low, sizeof(low));
  __builtin_memcpy(words + kPhiloxWordsAtOnce / 2, &high, sizeof(high));
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
