// Orders of samples: permutations, functions of the seed, uniform.
#include <gtest/gtest.h>

#include <algorithm>

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
