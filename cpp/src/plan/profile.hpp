// Where the time of programs goes. Off, it costs one relaxed load a run of stages; on, every thread
// adds up what it spends in a store of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "pronghorn/runtime.hpp"

namespace pronghorn {

// What a phase must do at least: the operations of its matrix products, and the memory that it
// reads and writes if every operand is touched once.
struct PhaseCost {
  const char* work = nullptr;  // null: "forward" or "backward", as the planner was doing
  double flops_per_sample = 0;
  double bytes_per_sample = 0;
  double bytes_per_step = 0;
};

namespace profile_detail {
extern std::atomic<int> sessions;
struct ProgramTimes;
}  // namespace profile_detail
inline bool profiling() noexcept {
  return profile_detail::sessions.load(std::memory_order_relaxed) > 0;
}

// A program's lines, in the order of its phases, then those of `Section`. `id` is never given to
// two programs.
struct ProfileLabels {
  struct Label {
    std::string layer;
    PhaseCost cost;
  };
  std::uint64_t id = 0;
  const char* purpose = "";
  std::vector<Label> phases;
};
std::uint64_t new_profile_id() noexcept;

// What happens around the phases of a program.
enum class Section { kRows, kOutputs, kWaiting };
constexpr std::size_t kSections = 3;

// Adds to this thread's store, which it locks against a reader. `samples` is 0 on all but one
// thread of a team, so that a batch counts once.
class PhaseTimer {
 public:
  PhaseTimer(const ProfileLabels& labels, std::size_t samples);
  // `ran`: whether the phase had work in this step.
  void phase_done(std::size_t phase, bool ran) noexcept { add(phase, ran); }
  void waiting_done() noexcept;

 private:
  void add(std::size_t entry, bool ran) noexcept;

  const std::size_t samples_;
  profile_detail::ProgramTimes* times_;
  std::unique_lock<std::mutex> lock_;
  std::int64_t last_;
};

// Times its scope as `section` if profiling.
class SectionTimer {
 public:
  SectionTimer(const ProfileLabels& labels, Section section) noexcept
      : labels_(profiling() ? &labels : nullptr), section_(section) {
    if (labels_ != nullptr) start();
  }
  ~SectionTimer() {
    if (labels_ != nullptr) stop();
  }
  SectionTimer(const SectionTimer&) = delete;
  SectionTimer& operator=(const SectionTimer&) = delete;

 private:
  void start() noexcept;
  void stop() noexcept;
  const ProfileLabels* labels_;
  Section section_;
  std::int64_t begun_ = 0;
};

}  // namespace pronghorn
