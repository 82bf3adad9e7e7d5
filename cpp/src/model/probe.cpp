// What the threads of a team can do at most, together.
#include "kernels/probe.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/memory.hpp"
#include "base/team.hpp"
#include "pronghorn/runtime.hpp"

namespace pronghorn {
namespace {

void check_threads(int threads) {
  if (threads < 1 || threads > 1024) {
    throw std::invalid_argument("threads must be between 1 and 1024, got " +
                                std::to_string(threads));
  }
}

// The sum of what every member measures while all of them do.
template <class Measure>
double together(int threads, const Measure& measure) {
  std::vector<double> rates(static_cast<std::size_t>(threads), 0);
  Team::run(threads, [&](int thread, int team, Barrier& barrier) {
    barrier.wait();
    rates[static_cast<std::size_t>(thread)] = measure(thread, team);
  });
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

}  // namespace

double peak_flops(bool double_precision, int threads) {
  check_threads(threads);
  return together(threads, [&](int, int) {
    return double_precision ? kernels::peak_flops<double>() : kernels::peak_flops<float>();
  });
}

double stream_bandwidth(int threads) {
  check_threads(threads);
  constexpr std::size_t kCount = std::size_t{1} << 24;  // 128 MiB an array: beyond the caches
  constexpr int kRepeats = 3;
  AlignedBuffer<double> a(kCount), b(kCount), c(kCount);
  return together(threads, [&](int thread, int team) {
    const Share share = share_of(kCount, thread, team);
    return kernels::triad_bytes_per_second(a.data() + share.begin, b.data() + share.begin,
                                           c.data() + share.begin, share.end - share.begin,
                                           kRepeats);
  });
}

}  // namespace pronghorn
