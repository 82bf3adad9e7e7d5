// The thread team: one OpenMP region a run, with a barrier of its own inside it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace pronghorn {

// Threads a run may use: what set_num_threads asked for, else OpenMP's default (OMP_NUM_THREADS,
// threadpool limits, cores). 1 in a child of fork once the parent had a team: libgomp's pool does
// not survive fork.
int max_threads() noexcept;
// 0 restores the default. Throws std::invalid_argument below 0.
void set_num_threads(int count);

// Work estimated to take less than this many seconds on one core runs serially; steps in a row
// may not (plan/thread_choice.hpp).
double parallel_threshold() noexcept;
void set_parallel_threshold(double seconds);

// Sense-reversing barrier: spins for longer than phases differ, then sleeps. A team larger than the
// machine yields at once instead, since its members wait for each other's cores.
class Barrier {
 public:
  explicit Barrier(int threads) noexcept;
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  void wait() noexcept;

 private:
  void sleep(unsigned generation) noexcept;

  const int threads_;
  const bool crowded_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<unsigned> generation_{0};
  std::atomic<int> sleepers_{0};
};

// Runs body(thread, threads) on every member of a team of at most `threads` members; denormals are
// flushed to zero meanwhile. The barrier is for the team's real size. `body` must not throw.
class Team {
 public:
  static void run(int threads, const std::function<void(int thread, int threads, Barrier&)>& body);
};

// The share [begin, end) of `count` tasks that thread `thread` of `threads` has.
struct Share {
  std::size_t begin, end;
};
inline Share share_of(std::size_t count, int thread, int threads) noexcept {
  const auto t = static_cast<std::size_t>(thread), n = static_cast<std::size_t>(threads);
  return {count * t / n, count * (t + 1) / n};
}

}  // namespace pronghorn
