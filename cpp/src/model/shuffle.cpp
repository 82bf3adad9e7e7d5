#include "model/shuffle.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/cpu.hpp"
#include "base/memory.hpp"
#include "base/philox.hpp"

namespace pronghorn {
namespace {

// Separates these words from other uses of the same seed.
constexpr std::uint32_t kShuffleStream = 0x73687566u;

}  // namespace

std::vector<std::uint32_t> shuffled(std::size_t n, std::uint64_t seed) {
  if (n > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument("cannot shuffle more than 2^32 - 1 samples, got " +
                                std::to_string(n));
  }
  std::vector<std::uint32_t> order;
  order.reserve(n);
  ask_for_huge_pages(order.data(), n * sizeof(std::uint32_t));
  order.resize(n);
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  PhiloxSequence words(seed, kShuffleStream, 0);
  // Partners are drawn ahead, so that the memory of a long order is there when it is their turn.
  constexpr std::size_t kAhead = 32;
  std::uint32_t partners[kAhead];
  for (std::size_t left = n; left > 1;) {
    const std::size_t count = std::min(kAhead, left - 1);
    for (std::size_t i = 0; i < count; ++i) {
      partners[i] = words.below(static_cast<std::uint32_t>(left - i));
      prefetch(&order[partners[i]]);
    }
    for (std::size_t i = 0; i < count; ++i) std::swap(order[left - 1 - i], order[partners[i]]);
    left -= count;
  }
  return order;
}

}  // namespace pronghorn
