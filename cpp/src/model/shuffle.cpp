#include "model/shuffle.hpp"

#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/philox.hpp"

namespace pronghorn {
namespace {

// Separates these words from other uses of the same seed.
constexpr std::uint32_t kShuffleStream = 0x73687566u;

}  // namespace

std::vector<std::size_t> in_order(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed) {
  if (n > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument("cannot shuffle more than 2^32 - 1 samples, got " +
                                std::to_string(n));
  }
  std::vector<std::size_t> order = in_order(n);
  PhiloxSequence words(seed, kShuffleStream, 0);
  for (std::size_t left = n; left > 1; --left) {
    std::swap(order[left - 1], order[words.below(static_cast<std::uint32_t>(left))]);
  }
  return order;
}

}  // namespace pronghorn
