// How rows go through the inference program: alone on this thread, chunks apart on the threads of a
// team, or together, the team sharing each phase.
#include <algorithm>
#include <vector>

#include "base/cpu.hpp"
#include "base/team.hpp"
#include "model/engine_state.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {
namespace {

// Calls estimated to take less are worth less than handing the interpreter to another thread.
constexpr double kAtOnceSeconds = 5e-6, kFlopsPerSecond = 20e9;

// One chunk of rows from `first`, on member `thread` of a team that all call this.
template <class T>
void run_chunk(const Program<T>& program, Lane<T>& lane, const T* const* inputs,
               std::size_t samples, std::size_t first, T* const* outputs, int thread, int team,
               Barrier& barrier) noexcept {
  Step<T> step;
  step.program = &program;
  step.workspace = &lane.workspace;
  step.samples = std::min(kPredictRows, samples - first);
  step.threads = team;
  if (thread == 0) {
    const SectionTimer timer(program.profile, Section::kRows);
    lane.tables.set(inputs, 0, step.samples, first, nullptr);
  }
  barrier.wait();
  run_stages(program, 0, program.stages.size(), step, thread, barrier);
  if (thread == 0) {
    const SectionTimer timer(program.profile, Section::kOutputs);
    for (std::size_t o = 0; o < program.outputs.size(); ++o) {
      const std::size_t tensor = program.outputs[o];
      const TensorInfo& info = program.tensors[tensor];
      copy_out(step, tensor, outputs[o] + first * info.rows * info.cols);
    }
  }
  barrier.wait();
}

}  // namespace

template <class T>
void Engine<T>::State::predict_alone(const T* const* inputs, std::size_t samples,
                                     T* const* outputs) const {
  auto lane = lanes.take(std::min(samples, kPredictRows), 1);
  {
    const FlushDenormals flush;
    Barrier alone(1);
    for (std::size_t first = 0; first < samples; first += kPredictRows) {
      run_chunk(inference, *lane, inputs, samples, first, outputs, 0, 1, alone);
    }
  }
  lanes.give(std::move(lane));
}

template <class T>
void Engine<T>::State::predict_apart(const T* const* inputs, std::size_t samples, T* const* outputs,
                                     int threads) const {
  const std::size_t chunks = divide_up(samples, kPredictRows);
  std::vector<std::unique_ptr<Lane<T>>> taken;
  for (int t = 0; t < threads; ++t) taken.push_back(lanes.take(kPredictRows, 1));
  Team::run(threads, [&](int thread, int team, Barrier&) {
    Barrier alone(1);
    Lane<T>& lane = *taken[static_cast<std::size_t>(thread)];
    const Share share = share_of(chunks, thread, team);
    for (std::size_t c = share.begin; c < share.end; ++c) {
      run_chunk(inference, lane, inputs, samples, c * kPredictRows, outputs, 0, 1, alone);
    }
  });
  for (auto& lane : taken) lanes.give(std::move(lane));
}

template <class T>
void Engine<T>::State::predict_together(const T* const* inputs, std::size_t samples,
                                        T* const* outputs, int threads) const {
  auto lane = lanes.take(std::min(samples, kPredictRows), threads);
  Team::run(threads, [&](int thread, int team, Barrier& barrier) {
    for (std::size_t first = 0; first < samples; first += kPredictRows) {
      run_chunk(inference, *lane, inputs, samples, first, outputs, thread, team, barrier);
    }
  });
  lanes.give(std::move(lane));
}

template <class T>
void Engine<T>::predict(const T* const* inputs, std::size_t samples, T* const* outputs) const {
  const State& state = *state_;
  const std::shared_lock lock(state.locks);
  const int apart = threads_apart<T>(state.inference_flops * static_cast<double>(samples));
  const std::size_t chunks = divide_up(samples, kPredictRows);
  if (apart > 1 && chunks >= 2 * static_cast<std::size_t>(apart)) {
    return state.predict_apart(inputs, samples, outputs, apart);
  }
  const int together =
      apart == 1 ? 1 : threads_together(state.inference, std::min(samples, kPredictRows));
  if (together > 1) {
    state.predict_together(inputs, samples, outputs, together);
  } else if (apart > 1 && chunks > 1) {
    state.predict_apart(inputs, samples, outputs, apart);
  } else {
    state.predict_alone(inputs, samples, outputs);
  }
}

template <class T>
bool Engine<T>::predict_at_once(const T* const* inputs, std::size_t samples,
                                T* const* outputs) const {
  const State& state = *state_;
  const double flops = state.inference_flops * static_cast<double>(samples);
  if (flops * (sizeof(T) / 4.0) > kAtOnceSeconds * kFlopsPerSecond) return false;
  const std::shared_lock lock(state.locks, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  state.predict_alone(inputs, samples, outputs);
  return true;
}

template <class T>
std::size_t Engine<T>::predict_rows(double seconds) const noexcept {
  constexpr double kMostRows = 1e9;
  const double flops = state_->inference_flops * (sizeof(T) / 4.0) + 1;
  const auto rows =
      static_cast<std::size_t>(std::min(kMostRows, seconds * kFlopsPerSecond / flops));
  return std::max(kPredictRows, rows / kPredictRows * kPredictRows);
}

#define PRONGHORN_INSTANTIATE(T)                                                                 \
  template void Engine<T>::predict(const T* const*, std::size_t, T* const*) const;               \
  template bool Engine<T>::predict_at_once(const T* const*, std::size_t, T* const*) const;       \
  template std::size_t Engine<T>::predict_rows(double) const noexcept;                           \
  template void Engine<T>::State::predict_alone(const T* const*, std::size_t, T* const*) const;  \
  template void Engine<T>::State::predict_apart(const T* const*, std::size_t, T* const*, int)    \
      const;                                                                                     \
  template void Engine<T>::State::predict_together(const T* const*, std::size_t, T* const*, int) \
      const;
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
