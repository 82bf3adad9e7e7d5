#include "base/team.hpp"

#include <omp.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#endif

#include "base/cpu.hpp"

namespace pronghorn {
namespace {

std::atomic<int> requested_threads{0};
std::atomic<double> threshold_seconds{40e-6};
std::atomic<bool> team_was_used{false};
std::atomic<bool> forked_after_use{false};

#if defined(__unix__) || defined(__APPLE__)
void after_fork_in_child() {
  if (team_was_used.load()) forked_after_use.store(true);
}
const int fork_handler = pthread_atfork(nullptr, nullptr, after_fork_in_child);
#endif

// Spins (of about 50 ns where a pause takes that) before a member sleeps. A member that waits for
// longer waits because a foreign process has another member's core. It then sleeps rather than
// yields: the scheduler lets a sleeper run as soon as it wakes, so the members come to run at the
// same time, while one that yields or spins uses up its own share of its core when the other has
// none.
constexpr int kSpins = 2000;
constexpr int kSpinsWhenCrowded = 50;

// Returns at the latest when `word` no longer holds `value` and wake_sleepers was called.
void sleep_while(std::atomic<unsigned>& word, unsigned value) noexcept {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<unsigned*>(&word), FUTEX_WAIT_PRIVATE, value, nullptr,
          nullptr, 0);
#else
  static_cast<void>(word), static_cast<void>(value);
  std::this_thread::yield();
#endif
}

void wake_sleepers(std::atomic<unsigned>& word) noexcept {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<unsigned*>(&word), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr,
          nullptr, 0);
#else
  static_cast<void>(word);
#endif
}

}  // namespace

int max_threads() noexcept {
  if (forked_after_use.load(std::memory_order_relaxed)) return 1;
  const int requested = requested_threads.load(std::memory_order_relaxed);
  return requested > 0 ? requested : omp_get_max_threads();
}

void set_num_threads(int count) {
  if (count < 0 || count > 1024) {
    throw std::invalid_argument("num_threads must be between 0 (the default) and 1024, got " +
                                std::to_string(count));
  }
  requested_threads.store(count);
}

double parallel_threshold() noexcept { return threshold_seconds.load(std::memory_order_relaxed); }
void set_parallel_threshold(double seconds) { threshold_seconds.store(seconds); }

Barrier::Barrier(int threads) noexcept
    : threads_(threads), crowded_(threads > 1 && threads > omp_get_num_procs()) {}

void Barrier::wait() noexcept {
  if (threads_ == 1) return;
  const unsigned generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
    arrived_.store(0, std::memory_order_relaxed);
    // Sequentially consistent here and in `sleep`: either this thread sees the sleeper, or the
    // sleeper sees the new generation.
    generation_.store(generation + 1);
    if (sleepers_.load() > 0) wake_sleepers(generation_);
    return;
  }
  const int most = crowded_ ? kSpinsWhenCrowded : kSpins;
  for (int spins = 0; generation_.load(std::memory_order_acquire) == generation;) {
    if (++spins < most) {
      cpu_relax();
    } else if (crowded_) {
      std::this_thread::yield();
    } else {
      sleep(generation);
    }
  }
}

void Barrier::sleep(unsigned generation) noexcept {
  sleepers_.fetch_add(1);
  sleep_while(generation_, generation);
  sleepers_.fetch_sub(1);
}

void Team::run(int threads, const std::function<void(int, int, Barrier&)>& body) {
  // A fork leaves the other members behind; a tape, for one, may have counted on them before.
  if (threads <= 1 || forked_after_use.load(std::memory_order_relaxed)) {
    const FlushDenormals flush;
    Barrier barrier(1);
    body(0, 1, barrier);
    return;
  }
  team_was_used.store(true);
  std::optional<Barrier> barrier;
#pragma omp parallel num_threads(threads)
  {
    const FlushDenormals flush;
#pragma omp single
    barrier.emplace(omp_get_num_threads());
    body(omp_get_thread_num(), omp_get_num_threads(), *barrier);
  }
}

}  // namespace pronghorn
