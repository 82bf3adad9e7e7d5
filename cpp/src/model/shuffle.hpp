// The order in which an epoch visits its samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pronghorn {

// A uniform permutation of 0..n-1 that is a function of (n, seed) alone: Fisher and Yates's method
// (Durstenfeld, CACM 7, 1964, Algorithm 235) on Philox words.
std::vector<std::uint32_t> shuffled(std::size_t n, std::uint64_t seed);
// The same in memory that is there.
void shuffle(std::vector<std::uint32_t>& order, std::uint64_t seed) noexcept;

}  // namespace pronghorn
