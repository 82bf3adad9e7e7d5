// Orders of samples: permutations, functions of the seed, uniform.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/philox.hpp"
#include "kernels/dispatch.hpp"
#include "model/shuffle.hpp"

namespace pronghorn {
namespace {

TEST(Shuffle, IsAPermutation) {
  for (const std::size_t n : {1u, 2u, 17u, 1000u}) {
    auto order = shuffled(n, 7);
    std::sort(order.begin(), order.end());
    for (std::uint32_t i = 0; i < n; ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(Shuffle, IsAFunctionOfTheSeed) {
  EXPECT_EQ(shuffled(100, 3), shuffled(100, 3));
  EXPECT_NE(shuffled(100, 3), shuffled(100, 4));
  EXPECT_NE(shuffled(100, 3), shuffled(100, 3 + (std::uint64_t{1} << 32)));
}

// Durstenfeld's loop as it is published, a word at a time.
TEST(Shuffle, IsFisherAndYates) {
  for (const std::size_t n : {1u, 2u, 5u, 33u, 1000u, 5000u}) {
    std::vector<std::uint32_t> expected(n);
    std::iota(expected.begin(), expected.end(), 0u);
    PhiloxSequence words(11, 0x73687566u, 0);
    for (std::size_t left = n; left > 1; --left) {
      std::swap(expected[left - 1], expected[words.below(static_cast<std::uint32_t>(left))]);
    }
    EXPECT_EQ(shuffled(n, 11), expected);
    std::vector<std::uint32_t> again(n, 7u);
    shuffle(again, 11);
    EXPECT_EQ(again, expected);
  }
}

TEST(Shuffle, DrawsTheWordsOfPhiloxOnEveryInstructionSet) {
  constexpr std::uint64_t kSeed = 0x0123456789abcdefu, kStep = 3, kBlock = 5;
  for (const std::string& isa : kernels::supported_isas()) {
    for (const std::size_t n : {1u, 4u, 31u, 32u, 100u}) {
      std::vector<std::uint32_t> words(n + 1, 42u);
      kernels::table<float>(isa).noise.words(words.data(), n, kSeed, 9, kStep, kBlock);
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_EQ(words[i], philox_word(kSeed, 9, kStep, 4 * kBlock + i)) << isa << " " << i;
      }
      EXPECT_EQ(words[n], 42u);
    }
  }
}

// All 24 orders of four samples, 24,000 draws: chi-squared with 23 degrees of freedom exceeds 49.7
// with probability 0.001.
TEST(Shuffle, IsUniform) {
  std::vector<int> counts(256, 0);
  for (std::uint64_t seed = 0; seed < 24000; ++seed) {
    const auto order = shuffled(4, seed);
    ++counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]];
  }
  double chi_squared = 0;
  int orders = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++orders;
    chi_squared += (count - 1000.0) * (count - 1000.0) / 1000.0;
  }
  EXPECT_EQ(orders, 24);
  EXPECT_LT(chi_squared, 49.7);
}

}  // namespace
}  // namespace pronghorn
