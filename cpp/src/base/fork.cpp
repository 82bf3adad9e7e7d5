#include "base/fork.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace pronghorn {
namespace {

std::atomic<int> threads_inside{0};
std::atomic<int> forks_wanted{0};

void doze() noexcept { std::this_thread::sleep_for(std::chrono::microseconds(50)); }

#if defined(__unix__) || defined(__APPLE__)
void before_fork() {
  forks_wanted.fetch_add(1);
  while (threads_inside.load() != 0) doze();
}
void after_fork_in_parent() { forks_wanted.fetch_sub(1); }
// Another thread may have been between stepping in and seeing the fork.
void after_fork_in_child() {
  threads_inside.store(0);
  forks_wanted.store(0);
}
const int fork_handler = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
#endif

}  // namespace

// Sequentially consistent on both sides: either the fork sees this thread inside, or this thread
// sees the fork.
void enter_engine() noexcept {
  for (;;) {
    threads_inside.fetch_add(1);
    if (forks_wanted.load() == 0) return;
    threads_inside.fetch_sub(1);
    while (forks_wanted.load() != 0) doze();
  }
}

void leave_engine() noexcept { threads_inside.fetch_sub(1); }

}  // namespace pronghorn
