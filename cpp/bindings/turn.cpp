// Whose turn it is with the interpreter lock, as far as threads that come back from the engine go.
#include <atomic>
#include <chrono>

#include "base/cpu.hpp"
#include "bindings.hpp"

namespace pronghorn::python {
namespace {

// A turn lasts a microsecond or two, but several times that where an interrupt falls into it.
constexpr std::int64_t kMostNanoseconds = 20000;

std::atomic<std::int64_t> taken_at{0};  // 0: by nobody
thread_local std::int64_t own_turn = 0;

std::int64_t now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// Two that see a free turn at the same time must not both go and ask for the interpreter lock: one
// of them would sleep.
void wait_for_turn() noexcept {
  for (;;) {
    std::int64_t taken = taken_at.load(std::memory_order_acquire);
    const std::int64_t time = now();
    if (taken == 0 && taken_at.compare_exchange_strong(taken, time, std::memory_order_acq_rel)) {
      return;
    }
    if (taken != 0 && time - taken > kMostNanoseconds) return;
    cpu_relax();
  }
}

void turn_taken() noexcept {
  own_turn = now();
  taken_at.store(own_turn, std::memory_order_release);
}

void turn_given() noexcept {
  taken_at.compare_exchange_strong(own_turn, 0, std::memory_order_acq_rel);
}

}  // namespace pronghorn::python
