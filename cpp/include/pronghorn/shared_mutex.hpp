// A reader-writer lock that readers cannot keep a writer from.
#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace pronghorn {

// std::shared_mutex may let new readers in for as long as one is inside: predictions in a few
// threads would keep training waiting for ever. Here readers that come while a writer waits queue
// behind it at a turnstile. A thread must not take it twice, shared or not.
class SharedMutex {
 public:
  void lock() {
    waiting_.fetch_add(1);
    {
      const std::lock_guard queue(turnstile_);
      mutex_.lock();
    }
    waiting_.fetch_sub(1);
  }
  void unlock() { mutex_.unlock(); }
  void lock_shared() {
    // Passed through rather than held, so that all readers go on together after the writer.
    if (waiting_.load() != 0) {
      const std::lock_guard queue(turnstile_);
    }
    mutex_.lock_shared();
  }
  bool try_lock_shared() { return waiting_.load() == 0 && mutex_.try_lock_shared(); }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  std::atomic<int> waiting_{0};
  std::mutex turnstile_;
  std::shared_mutex mutex_;
};

}  // namespace pronghorn
