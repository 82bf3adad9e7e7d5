#include "plan/thread_choice.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/team.hpp"
#include "kernels/dispatch.hpp"
#include "pronghorn/runtime.hpp"

namespace pronghorn {
namespace {

// Measured on steps of 20 us to 5 ms, one thread against two (docs/performance.md).
constexpr double kFlopsPerSecondAndLane = 6.25e9;  // 100 GFLOP/s with 16 lanes
constexpr double kBarrierSeconds = 0.8e-6;         // for two threads; once more each doubling
// What a core reads of another's cache, or invalidates there; more than half a second-level cache
// would have left it meanwhile, however many threads there are.
constexpr double kExchangeBytesPerSecond = 6.7e9, kMostExchanged = 1 << 20;
// Sums that both cores write while the other one still has those of the step before the last.
constexpr double kExchangedSums = 1.3;
constexpr double kCachedBytesPerSecond = 50e9;  // of its own
constexpr double kLeastGain = 1.12;
// Threads that take parts of a batch come to a barrier at times that differ by more.
constexpr double kMeetingSeconds = 2.5e-6;
// What it takes to wake a team and copy weights, once for the steps of a run.
constexpr double kWakeSeconds = 60e-6;

template <class T>
double flops_per_second() noexcept {
  return kFlopsPerSecondAndLane * static_cast<double>(kernels::table<T>().vector);
}

double barrier_seconds(int threads, double of_two = kBarrierSeconds) noexcept {
  return of_two * std::log2(threads);
}

template <class T>
double serial_seconds(const StageCost& cost, std::size_t samples) noexcept {
  const double flops = cost.flops_per_sample * static_cast<double>(samples) + cost.flops_per_step;
  return flops / flops_per_second<T>();
}

// Phases that only move data count no operations, so the bytes have a say.
template <class T>
bool better_alone(const StageCost& cost, std::size_t samples, int threads) noexcept {
  const double moving =
      cost.bytes_per_sample * static_cast<double>(samples) / kCachedBytesPerSecond;
  const double seconds = std::max(serial_seconds<T>(cost, samples), moving);
  return seconds <= seconds / threads + barrier_seconds(threads);
}

// What set_sharing last said; nothing: "auto".
std::atomic<std::optional<Sharing>> chosen_sharing{std::nullopt};

// What a step takes where threads take parts of the batch; infinity where they cannot.
template <class T>
double parts_seconds(const Program<T>& program, std::size_t samples, int threads) noexcept {
  const PartOrder<T>& order = program.parts;
  const auto n = static_cast<std::size_t>(threads);
  if (order.unit == 0 || divide_up(samples, order.unit) < n) {
    return std::numeric_limits<double>::infinity();
  }
  std::size_t largest = 0;
  for (int thread = 0; thread < threads; ++thread) {
    const Share share = share_of(divide_up(samples, order.unit), thread, threads);
    largest = std::max(largest, std::min(samples, share.end * order.unit) -
                                    std::min(samples, share.begin * order.unit));
  }
  const double others = static_cast<double>(threads - 1) / threads;
  double exchanged =
      order.exchanged_bytes + order.after_cost.bytes_per_sample * static_cast<double>(samples);
  const std::size_t half = threads == 2 ? program.half(samples) : 0;
  for (const HalvedSum& sum : order.halved) {
    if (half == 0 || !sum.pays(half)) continue;
    exchanged -= sum.bytes_per_sample * static_cast<double>(samples);
    exchanged += static_cast<double>(sum.inputs * sum.outputs * sizeof(T));
  }
  return serial_seconds<T>(order.together_cost, largest) +
         serial_seconds<T>(order.after_cost, samples) / threads +
         static_cast<double>(1 + order.after.size()) * barrier_seconds(threads, kMeetingSeconds) +
         exchanged * others / kExchangeBytesPerSecond;
}

// What a step takes where two threads have weights each of its own; infinity where they cannot.
template <class T>
double replicas_seconds(const Program<T>& program, std::size_t samples, int threads) noexcept {
  if (threads != 2 || !program.replicable(samples)) return std::numeric_limits<double>::infinity();
  const PartOrder<T>& order = program.parts;
  double exchanged = 0;
  for (const HalvedSum& sum : order.halved) {
    exchanged += kExchangedSums * static_cast<double>(sum.inputs * sum.outputs * sizeof(T));
  }
  const std::size_t larger = samples - program.half(samples);
  return serial_seconds<T>(order.together_cost, larger) +
         serial_seconds<T>(order.after_cost, larger) + kMeetingSeconds +
         exchanged / kExchangeBytesPerSecond;
}

// What a step takes where threads take parts of each phase.
template <class T>
double phases_seconds(const Program<T>& program, std::size_t samples, int threads) noexcept {
  double total = 0;
  bool alone_before = false;
  for (const auto& stage : program.stages) {
    const double seconds = serial_seconds<T>(stage.cost, samples);
    const bool alone = better_alone<T>(stage.cost, samples, threads);
    const double bytes =
        std::min(kMostExchanged, stage.cost.bytes_per_sample * static_cast<double>(samples));
    total += alone ? seconds : seconds / threads;
    if (!alone || !alone_before) total += barrier_seconds(threads);
    total += bytes * (threads - 1) / threads / kExchangeBytesPerSecond;
    alone_before = alone;
  }
  return total;
}

}  // namespace

void set_sharing(const std::string& how) {
  if (how == "auto") {
    chosen_sharing.store(std::nullopt);
  } else if (how == "phases") {
    chosen_sharing.store(Sharing::kPhases);
  } else if (how == "parts") {
    chosen_sharing.store(Sharing::kParts);
  } else if (how == "replicas") {
    chosen_sharing.store(Sharing::kReplicas);
  } else {
    throw std::invalid_argument("sharing must be 'auto', 'phases', 'parts' or 'replicas', got '" +
                                how + "'");
  }
}

template <class T>
Sharing best_sharing(const Program<T>& program, std::size_t samples, int threads) noexcept {
  if (threads == 1) return Sharing::kPhases;
  const std::optional<Sharing> chosen = chosen_sharing.load();
  const double parts = parts_seconds(program, samples, threads);
  const double replicas = replicas_seconds(program, samples, threads);
  if (chosen == Sharing::kReplicas && std::isfinite(replicas)) return Sharing::kReplicas;
  if (chosen == Sharing::kPhases || !std::isfinite(parts)) return Sharing::kPhases;
  if (chosen.has_value()) return Sharing::kParts;
  const double phases = phases_seconds(program, samples, threads);
  if (replicas < std::min(parts, phases)) return Sharing::kReplicas;
  return parts < phases ? Sharing::kParts : Sharing::kPhases;
}

template <class T>
int threads_apart(double flops) noexcept {
  return flops / flops_per_second<T>() >= parallel_threshold() ? max_threads() : 1;
}

template <class T>
int threads_together(const Program<T>& program, std::size_t samples, std::size_t steps) noexcept {
  const int most = max_threads();
  if (most == 1 || parallel_threshold() <= 0) return most;
  const double serial = program.flops(samples) / flops_per_second<T>();
  int best = 1;
  double least = serial / kLeastGain;
  const double replicas =
      replicas_seconds(program, samples, 2) + kWakeSeconds / static_cast<double>(steps);
  if (replicas < least) {
    least = replicas;
    best = 2;
  }
  if (serial < parallel_threshold()) return best;
  for (int threads = 2;; threads = std::min(2 * threads, most)) {
    const double seconds = std::min(phases_seconds(program, samples, threads),
                                    parts_seconds(program, samples, threads));
    if (seconds < least) {
      least = seconds;
      best = threads;
    }
    if (threads == most) return best;
  }
}

template <class T>
std::vector<bool> stages_alone(const Program<T>& program, std::size_t samples, int threads) {
  std::vector<bool> alone;
  if (threads == 1 || parallel_threshold() <= 0) return alone;
  for (const auto& stage : program.stages) {
    alone.push_back(better_alone<T>(stage.cost, samples, threads));
  }
  return alone;
}

#define PRONGHORN_INSTANTIATE(T)                                                       \
  template int threads_apart<T>(double) noexcept;                                      \
  template int threads_together(const Program<T>&, std::size_t, std::size_t) noexcept; \
  template Sharing best_sharing(const Program<T>&, std::size_t, int) noexcept;         \
  template std::vector<bool> stages_alone(const Program<T>&, std::size_t, int);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
