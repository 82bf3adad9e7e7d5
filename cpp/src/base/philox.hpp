// Philox4x32-10: a counter-based generator of random numbers. A block of four 32-bit words is a
// pure function of a 128-bit counter and a 64-bit key, so any element of any stream can be drawn at
// any time by any thread. Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2,
// 3", SC11 (2011), section 3.3. kernels/body/random.hpp computes the same blocks, many at a time.
#pragma once

#include <array>
#include <cstdint>

namespace pronghorn {

constexpr std::uint32_t kPhiloxMultiplier0 = 0xD2511F53u;
constexpr std::uint32_t kPhiloxMultiplier1 = 0xCD9E8D57u;
constexpr std::uint32_t kPhiloxWeyl0 = 0x9E3779B9u;  // golden ratio
constexpr std::uint32_t kPhiloxWeyl1 = 0xBB67AE85u;  // sqrt(3) - 1
constexpr int kPhiloxRounds = 10;

using PhiloxWords = std::array<std::uint32_t, 4>;

// The block of `counter` under `key`.
constexpr PhiloxWords philox4x32(PhiloxWords counter, std::uint32_t key0,
                                 std::uint32_t key1) noexcept {
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{kPhiloxMultiplier0} * counter[0];
    const std::uint64_t product1 = std::uint64_t{kPhiloxMultiplier1} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key0,
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key1,
               static_cast<std::uint32_t>(product0)};
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return counter;
}

// The counter of a block of a stream at a step: (block, step, stream, high 16 bits of block and
// step), so blocks and steps count up to 2^48.
constexpr PhiloxWords philox_counter(std::uint32_t stream, std::uint64_t step,
                                     std::uint64_t block) noexcept {
  return {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(step), stream,
          (static_cast<std::uint32_t>(block >> 32) & 0xffffu) |
              (static_cast<std::uint32_t>(step >> 32) << 16)};
}

// Word `index` of the sequence of (seed, stream, step).
constexpr std::uint32_t philox_word(std::uint64_t seed, std::uint32_t stream, std::uint64_t step,
                                    std::uint64_t index) noexcept {
  return philox4x32(philox_counter(stream, step, index / 4), static_cast<std::uint32_t>(seed),
                    static_cast<std::uint32_t>(seed >> 32))[index % 4];
}

// Uniform on [0, bound) without bias, bound > 0, from the words that `next` gives. Lemire, ACM
// TOMACS 29 (2019) 3, algorithm 5.
template <class Next>
std::uint32_t uniform_below(std::uint32_t bound, Next&& next) noexcept {
  std::uint64_t product = std::uint64_t{next()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t least = (0u - bound) % bound;
    while (static_cast<std::uint32_t>(product) < least) product = std::uint64_t{next()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

// The sequence of (seed, stream, step), drawn in order.
class PhiloxSequence {
 public:
  PhiloxSequence(std::uint64_t seed, std::uint32_t stream, std::uint64_t step) noexcept
      : seed_(seed), step_(step), stream_(stream) {}

  std::uint32_t next() noexcept {
    if (index_ % 4 == 0) {
      words_ =
          philox4x32(philox_counter(stream_, step_, index_ / 4), static_cast<std::uint32_t>(seed_),
                     static_cast<std::uint32_t>(seed_ >> 32));
    }
    return words_[index_++ % 4];
  }

  std::uint32_t below(std::uint32_t bound) noexcept {
    return uniform_below(bound, [this] { return next(); });
  }

 private:
  std::uint64_t seed_;
  std::uint64_t step_;
  std::uint64_t index_ = 0;
  std::uint32_t stream_;
  PhiloxWords words_ = {};
};

}  // namespace pronghorn
