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
#include "kernels/dispatch.hpp"

namespace pronghorn {
namespace {

// Separates these words from other uses of the same seed.
constexpr std::uint32_t kShuffleStream = 0x73687566u;

// The words of a sequence, drawn many at a time.
class Words {
 public:
  // Wants to be told how many words are likely to be drawn, since to draw none is cheaper.
  Words(std::uint64_t seed, std::size_t likely) noexcept
      : seed_(seed), at_once_(std::min(kMost, round_up(likely, 4))), at_(at_once_) {}

  std::uint32_t next() noexcept {
    if (at_ == at_once_) {
      kernels::table<float>().noise.words(words_, at_once_, seed_, kShuffleStream, 0, block_);
      block_ += at_once_ / 4;
      at_ = 0;
    }
    return words_[at_++];
  }

 private:
  static constexpr std::size_t kMost = 1024;
  std::uint64_t seed_;
  std::size_t at_once_, at_;
  std::uint64_t block_ = 0;
  std::uint32_t words_[kMost];
};

}  // namespace

void shuffle(std::vector<std::uint32_t>& order, std::uint64_t seed) noexcept {
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  Words words(seed, order.size());
  // Partners are drawn ahead, so that the memory of a long order is there when it is their turn.
  constexpr std::size_t kAhead = 64;
  std::uint32_t partners[kAhead];
  for (std::size_t left = order.size(); left > 1;) {
    const std::size_t count = std::min(kAhead, left - 1);
    for (std::size_t i = 0; i < count; ++i) {
      partners[i] =
          uniform_below(static_cast<std::uint32_t>(left - i), [&] { return words.next(); });
      prefetch(&order[partners[i]]);
    }
    for (std::size_t i = 0; i < count; ++i) std::swap(order[left - 1 - i], order[partners[i]]);
    left -= count;
  }
}

std::vector<std::uint32_t> shuffled(std::size_t n, std::uint64_t seed) {
  if (n > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument("cannot shuffle more than 2^32 - 1 samples, got " +
                                std::to_string(n));
  }
  std::vector<std::uint32_t> order;
  order.reserve(n);
  ask_for_huge_pages(order.data(), n * sizeof(std::uint32_t));
  order.resize(n);
  shuffle(order, seed);
  return order;
}

}  // namespace pronghorn
