#include "plan/profile.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>

namespace pronghorn {
namespace profile_detail {

std::atomic<int> sessions{0};

struct Entry {
  std::int64_t nanoseconds = 0;
  std::uint64_t calls = 0;
  double samples = 0;
};

// What one thread has spent in one program.
struct ProgramTimes {
  ProfileLabels labels;  // a copy: the program may be gone when somebody asks
  std::vector<Entry> entries;
};

}  // namespace profile_detail

namespace {

using profile_detail::Entry;
using profile_detail::ProgramTimes;

struct ThreadStore {
  std::mutex mutex;
  std::map<std::uint64_t, ProgramTimes> programs;

  ProgramTimes& of(const ProfileLabels& labels) {
    ProgramTimes& times = programs[labels.id];
    if (times.entries.empty()) {
      times.labels = labels;
      times.entries.resize(labels.phases.size() + kSections);
    }
    return times;
  }
};

std::mutex stores_mutex;
// Never destroyed: threads may outlive static objects.
std::vector<std::shared_ptr<ThreadStore>>& stores() {
  static auto* const all = new std::vector<std::shared_ptr<ThreadStore>>;
  return *all;
}

ThreadStore& own_store() {
  thread_local const std::shared_ptr<ThreadStore> store = [] {
    auto made = std::make_shared<ThreadStore>();
    const std::lock_guard lock(stores_mutex);
    stores().push_back(made);
    return made;
  }();
  return *store;
}

std::int64_t now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const char* name_of(Section section) {
  switch (section) {
    case Section::kRows:
      return "rows";
    case Section::kOutputs:
      return "outputs";
    default:
      return "waiting";
  }
}

}  // namespace

void start_profiling() noexcept { profile_detail::sessions.fetch_add(1); }
void stop_profiling() noexcept { profile_detail::sessions.fetch_sub(1); }

std::uint64_t new_profile_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

PhaseTimer::PhaseTimer(const ProfileLabels& labels, std::size_t samples) : samples_(samples) {
  ThreadStore& store = own_store();
  lock_ = std::unique_lock(store.mutex);
  times_ = &store.of(labels);
  last_ = now();
}

void PhaseTimer::add(std::size_t index, bool ran) noexcept {
  const std::int64_t time = now();
  Entry& entry = times_->entries[index];
  entry.nanoseconds += time - last_;
  if (samples_ > 0 && ran) {
    ++entry.calls;
    entry.samples += static_cast<double>(samples_);
  }
  last_ = time;
}

void PhaseTimer::waiting_done() noexcept {
  add(times_->labels.phases.size() + static_cast<std::size_t>(Section::kWaiting), true);
}

void SectionTimer::start() noexcept { begun_ = now(); }
void SectionTimer::stop() noexcept {
  const std::int64_t time = now() - begun_;
  ThreadStore& store = own_store();
  const std::lock_guard lock(store.mutex);
  ProgramTimes& times = store.of(*labels_);
  Entry& entry = times.entries[labels_->phases.size() + static_cast<std::size_t>(section_)];
  entry.nanoseconds += time;
  ++entry.calls;
}

std::vector<ProfileLine> profile_lines() {
  // The stores only grow, so a thread keeps its number.
  std::map<std::uint64_t, std::map<std::size_t, ProgramTimes>> programs;
  std::vector<std::shared_ptr<ThreadStore>> all;
  {
    const std::lock_guard lock(stores_mutex);
    all = stores();
  }
  for (std::size_t thread = 0; thread < all.size(); ++thread) {
    const std::lock_guard lock(all[thread]->mutex);
    for (const auto& [id, times] : all[thread]->programs) programs[id][thread] = times;
  }
  std::vector<ProfileLine> lines;
  for (const auto& [id, threads] : programs) {
    const auto& [labels, entries] = threads.begin()->second;
    for (std::size_t e = 0; e < entries.size(); ++e) {
      ProfileLine line;
      double samples = 0;
      line.purpose = labels.purpose;
      line.seconds.resize(all.size());
      for (const auto& [thread, times] : threads) {
        line.seconds[thread] = 1e-9 * static_cast<double>(times.entries[e].nanoseconds);
        line.calls += times.entries[e].calls;
        samples += times.entries[e].samples;
      }
      if (e < labels.phases.size()) {
        const auto& [layer, cost] = labels.phases[e];
        line.layer = layer;
        line.work = cost.work;
        line.flops = cost.flops_per_sample * samples;
        line.bytes =
            cost.bytes_per_sample * samples + cost.bytes_per_step * static_cast<double>(line.calls);
      } else {
        line.work = name_of(static_cast<Section>(e - labels.phases.size()));
      }
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace pronghorn
