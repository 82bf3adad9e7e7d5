// Run: whole epochs in one team, a chunk of steps at a time.
#include <algorithm>
#include <chrono>
#include <optional>
#include <shared_mutex>
#include <stdexcept>

#include "base/cpu.hpp"
#include "base/team.hpp"
#include "model/run_state.hpp"
#include "model/shuffle.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {
namespace {

// Data below this size stay in the second-level cache from one epoch to the next.
constexpr std::size_t kCachedBytes = std::size_t{1} << 20;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Steps prepared at a time: enough to make the clock and the team's two extra barriers free, few
// enough that a slice ends on time.
template <class T>
std::size_t chunk_steps(const Program<T>& program, std::size_t batch, bool training) {
  // Threads that evaluate share out whole batches, of which there should be many.
  const double kFlopsPerSecond = 20e9, kSeconds = training ? 4e-3 : 16e-3 * max_threads();
  constexpr std::size_t kMostSteps = 256, kMostSamples = 65536;
  const double step_seconds = (program.flops(batch) + 1e3) / kFlopsPerSecond;
  const auto by_time = static_cast<std::size_t>(std::min(1e6, kSeconds / step_seconds));
  return std::max<std::size_t>(1, std::min({by_time, kMostSteps, kMostSamples / batch}));
}

}  // namespace

template <class T>
DataView<T> data_view(const std::vector<const T*>& inputs, const std::vector<Targets<T>>& targets,
                      std::size_t samples) {
  DataView<T> view;
  view.samples = samples;
  view.inputs = inputs;
  for (const Targets<T>& target : targets) {
    view.targets.push_back({target.dense, target.labels, target.weights, target.weighs_rows});
  }
  return view;
}

template <class T>
Run<T>::State::State(std::shared_ptr<Trainer<T>> trainer_, std::vector<const T*> inputs,
                     std::vector<Targets<T>> targets, std::size_t samples, std::size_t batch_size_,
                     bool training_, const std::uint64_t* shuffle_seed)
    : trainer(std::move(trainer_)),
      data(data_view(inputs, targets, samples)),
      batch_size(std::min(batch_size_, samples)),
      training(training_),
      totals(trainer->state_->make_totals()) {
  if (samples == 0) throw std::invalid_argument("there are no samples");
  if (batch_size_ == 0) throw std::invalid_argument("batch_size must be positive, got 0");
  auto& state = *trainer->state_;
  const Program<T>& program = training ? state.training_program() : state.evaluation_program();
  const std::size_t chunk = std::min(chunk_steps(program, batch_size, training), steps());
  tables_ = InputTables<T>(program, std::min(checked_multiply(chunk, batch_size), samples));
  scalars_.resize(chunk);
  half_ = program.half(batch_size);
  begin(shuffle_seed);
}

template <class T>
void Run<T>::State::begin(const std::uint64_t* shuffle_seed) {
  if (shuffle_seed == nullptr) {
    order.clear();
  } else if (order.empty()) {
    order = shuffled(data.samples, *shuffle_seed);
  } else {
    shuffle(order, *shuffle_seed);
  }
  scattered_ = !order.empty() && tables_.bytes_per_sample() * data.samples > kCachedBytes;
  done = 0;
  totals.reset();
  const auto& engine = *trainer->state_->engine->state_;
  const std::shared_lock lock(engine.locks);
  penalty = engine.penalty(training);
}

template <class T>
Run<T>::State::~State() {
  auto& state = *trainer->state_;
  if (workspace_ != nullptr) {
    (training ? state.training_pool : state.evaluation_pool)->give(std::move(workspace_));
  }
  for (auto& workspace : evaluation_workspaces_) state.evaluation_pool->give(std::move(workspace));
}

template <class T>
void Run<T>::State::prepare(std::size_t count, const double* rates, std::size_t rate_count,
                            std::size_t rate_offset) {
  const std::size_t first = done * batch_size;
  tables_.set(data.inputs.data(), 0, std::min(count * batch_size, data.samples - first), first,
              order.empty() ? nullptr : order.data() + first);
  if (!training) return;
  for (std::size_t s = 0; s < count; ++s) {
    const double rate = rate_count == 1 ? rates[0] : rates[rate_offset + s];
    auto& state = *trainer->state_;
    scalars_[s] = state.scalars(rate, state.iterations.load() + static_cast<std::int64_t>(s) + 1);
  }
}

// A part at a time: a core follows only so many lines and page tables at once, and waits where it
// is asked for more.
template <class T>
class Run<T>::State::StepAhead final : public Ahead {
 public:
  StepAhead(const State& state, std::size_t at, std::size_t first_step, int thread, int team)
      : state_(state),
        share_(share_of(state.batch_samples(first_step + at), thread, team)),
        position_(at * state.batch_size),
        indices_(state.order.data() + (first_step + at) * state.batch_size) {}

  void load(std::size_t part, std::size_t parts) const noexcept override {
    const std::size_t count = share_.end - share_.begin;
    const std::size_t begin = share_.begin + count * part / parts;
    const std::size_t end = share_.begin + count * (part + 1) / parts;
    state_.tables_.prefetch(position_ + begin, position_ + end);
    for (const auto& target : state_.data.targets) {
      for (std::size_t i = begin; i < end; ++i) {
        if (target.labels != nullptr) prefetch(target.labels + indices_[i]);
        if (target.weights != nullptr) prefetch(target.weights + indices_[i]);
      }
    }
  }

 private:
  const State& state_;
  const Share share_;
  const std::size_t position_;
  const std::uint32_t* indices_;
};

// The step at position `at` of a chunk that began at `first_step`.
template <class T>
Step<T> Run<T>::State::step_at(const Program<T>& program, Workspace<T>& workspace, std::size_t at,
                               std::size_t first_step, int threads) const {
  Step<T> step;
  step.program = &program;
  step.workspace = &workspace;
  step.samples = batch_samples(first_step + at);
  step.half = half_;
  step.first = at * batch_size;
  step.threads = threads;
  step.source = &data;
  step.origin = (first_step + at) * batch_size;
  step.indices = order.empty() ? nullptr : order.data() + step.origin;
  step.penalty = penalty;
  if (!tap.outputs.empty()) step.tap = &tap;
  return step;
}

template <class T>
std::size_t Run<T>::State::train(std::size_t max_steps, double max_seconds, const double* rates,
                                 std::size_t rate_count) {
  auto& state = *trainer->state_;
  const Program<T>& program = state.training_program();
  const std::size_t wanted = std::min(max_steps, steps() - done);
  if (wanted == 0) return 0;
  const int threads = threads_together(program, batch_size, wanted);
  if (workspace_ == nullptr || workspace_->threads() < threads) {
    workspace_ = state.training_pool->take(batch_size, threads);
  }
  workspace_->arrange(program, batch_size);
  tables_.bind(*workspace_);
  Replica<T>* twin = nullptr;
  if (workspace_->has_replicas(threads) && workspace_->part(1).begin == half_) {
    twin = &state.replica();
  }
  const std::unique_lock lock(state.engine->state_->locks);
  const auto start = Clock::now();
  std::size_t finished = 0, chunk = 0;
  Team::run(threads, [&](int thread, int team, Barrier& barrier) {
    const bool replicas = twin != nullptr && team == 2;
    if (replicas && thread == 1) twin->refresh(state.sinks);
    const Program<T>& own = replicas && thread == 1 ? twin->program : program;
    for (;;) {
      if (replicas) barrier.wait();  // a replica's step ends before the other's does
      if (thread == 0) {
        const bool over = max_seconds >= 0 && finished > 0 && seconds_since(start) > max_seconds;
        chunk = over ? 0 : std::min(scalars_.size(), wanted - finished);
        const SectionTimer timer(program.profile, Section::kRows);
        if (chunk > 0) prepare(chunk, rates, rate_count, finished);
      }
      {
        const SectionTimer timer(program.profile, Section::kWaiting);
        barrier.wait();
      }
      const std::size_t count = chunk, first_step = done;
      if (count == 0) return;
      const auto number = static_cast<std::uint64_t>(state.iterations.load());
      for (std::size_t s = 0; s < count; ++s) {
        Step<T> step = step_at(program, *workspace_, s, first_step, team);
        std::optional<StepAhead> ahead;
        if (scattered_ && s + 1 < count) {
          step.ahead = &ahead.emplace(*this, s + 1, first_step, thread, team);
        }
        step.number = number + s;
        step.scalars = &scalars_[s];
        step.totals = &totals;
        if (replicas) {
          run_replica(program, own, step, thread, barrier);
        } else {
          run_stages(program, 0, program.stages.size(), step, thread, barrier);
        }
      }
      if (thread == 0) {
        finished += count;
        done += count;
        state.iterations.fetch_add(static_cast<std::int64_t>(count));
      }
    }
  });
  return finished;
}

template <class T>
std::size_t Run<T>::State::evaluate(std::size_t max_steps, double max_seconds) {
  auto& state = *trainer->state_;
  const Program<T>& program = state.evaluation_program();
  const std::size_t wanted = std::min(max_steps, steps() - done);
  const auto start = Clock::now();
  const std::shared_lock lock(state.engine->state_->locks);
  std::size_t finished = 0;
  while (finished < wanted) {
    if (max_seconds >= 0 && finished > 0 && seconds_since(start) > max_seconds) break;
    const std::size_t count = std::min(scalars_.size(), wanted - finished);
    {
      const SectionTimer timer(program.profile, Section::kRows);
      prepare(count, nullptr, 0, 0);
    }
    const std::size_t samples = std::min(count * batch_size, data.samples);
    const int threads = threads_apart<T>(program.flops(samples));
    if (count >= 2 * static_cast<std::size_t>(threads)) {
      evaluate_apart(program, count, threads);
    } else {
      evaluate_together(program, count, threads_together(program, batch_size));
    }
    finished += count;
    done += count;
  }
  return finished;
}

// Each thread takes whole batches; their sums are added in order afterwards.
template <class T>
void Run<T>::State::evaluate_apart(const Program<T>& program, std::size_t count, int threads) {
  auto& pool = *trainer->state_->evaluation_pool;
  while (evaluation_workspaces_.size() < static_cast<std::size_t>(threads)) {
    evaluation_workspaces_.push_back(pool.take(batch_size, 1));
  }
  for (auto& workspace : evaluation_workspaces_) tables_.bind(*workspace);
  std::vector<Totals> parts(count, trainer->state_->make_totals());
  Team::run(threads, [&](int thread, int team, Barrier&) {
    Barrier alone(1);
    Workspace<T>& workspace = *evaluation_workspaces_[static_cast<std::size_t>(thread)];
    const Share share = share_of(count, thread, team);
    for (std::size_t s = share.begin; s < share.end; ++s) {
      Step<T> step = step_at(program, workspace, s, done, 1);
      step.totals = &parts[s];
      run_stages(program, 0, program.stages.size(), step, 0, alone);
    }
  });
  for (const Totals& part : parts) totals.add(part);
}

// The team shares the work of each batch.
template <class T>
void Run<T>::State::evaluate_together(const Program<T>& program, std::size_t count, int threads) {
  if (workspace_ == nullptr || workspace_->threads() < threads) {
    workspace_ = trainer->state_->evaluation_pool->take(batch_size, threads);
  }
  tables_.bind(*workspace_);
  for (std::size_t s = 0; s < count; ++s) {
    Totals part = trainer->state_->make_totals();
    Team::run(threads, [&](int thread, int team, Barrier& barrier) {
      Step<T> step = step_at(program, *workspace_, s, done, team);
      step.totals = &part;
      run_stages(program, 0, program.stages.size(), step, thread, barrier);
    });
    totals.add(part);
  }
}

template <class T>
std::size_t Run<T>::State::tap_steps() const noexcept {
  constexpr double kSeconds = 0.25, kFlopsPerSecond = 20e9;
  constexpr std::size_t kMostElements = std::size_t{1} << 14;
  const auto& state = *trainer->state_;
  const Program<T>& program = training ? *state.training : *state.evaluation;
  std::size_t elements = 1;  // a sample
  for (const std::size_t output : state.spec.tapped) {
    const TensorInfo& info = program.tensors[program.outputs[output]];
    elements = std::max(elements, info.rows * info.cols);
  }
  const auto by_time =
      static_cast<std::size_t>(kSeconds * kFlopsPerSecond / (program.flops(batch_size) + 1e3));
  const std::size_t by_size = kMostElements / (elements * batch_size);
  return std::max<std::size_t>(1, std::min(by_time, by_size));
}

template <class T>
Run<T>::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
template <class T>
Run<T>::~Run() = default;

template <class T>
std::size_t Run<T>::steps() const noexcept {
  return state_->steps();
}
template <class T>
std::size_t Run<T>::done() const noexcept {
  return state_->done;
}

template <class T>
std::size_t Run<T>::advance(std::size_t max_steps, double max_seconds, const double* rates,
                            std::size_t rate_count) {
  const std::size_t wanted = std::min(max_steps, state_->steps() - state_->done);
  const Tap<T>& tap = state_->tap;
  const std::size_t end = std::min((state_->done + wanted) * state_->batch_size, samples());
  if (!tap.outputs.empty() && end > tap.last) {
    throw std::invalid_argument("there is no room for the outputs of " + std::to_string(wanted) +
                                " batches");
  }
  if (!state_->training) return state_->evaluate(max_steps, max_seconds);
  if (rate_count != 1 && rate_count < wanted) {
    throw std::invalid_argument("learning_rates has " + std::to_string(rate_count) +
                                " entries for " + std::to_string(wanted) + " steps");
  }
  return state_->train(max_steps, max_seconds, rates, rate_count);
}

template <class T>
void Run<T>::tap(std::vector<T*> outputs, std::size_t batches) {
  state_->tap.outputs = std::move(outputs);
  state_->tap.first = state_->done * batch_size();
  state_->tap.last = std::min((state_->done + batches) * batch_size(), samples());
}
template <class T>
std::size_t Run<T>::tap_steps() const noexcept {
  return state_->tap_steps();
}
template <class T>
const std::vector<std::uint32_t>& Run<T>::order() const noexcept {
  return state_->order;
}
template <class T>
std::size_t Run<T>::batch_size() const noexcept {
  return state_->batch_size;
}
template <class T>
std::size_t Run<T>::samples() const noexcept {
  return state_->data.samples;
}

template <class T>
void Run<T>::reset_results() {
  state_->totals.reset();
}

template <class T>
void Run<T>::restart(const std::uint64_t* shuffle_seed) {
  state_->tap = {};
  state_->begin(shuffle_seed);
}

template <class T>
RunResults Run<T>::results() const {
  const Totals& totals = state_->totals;
  RunResults results;
  results.loss_sum = totals.loss;
  results.samples = totals.samples;
  results.output_loss_sums = totals.output_losses;
  results.finite = totals.finite;
  std::size_t m = 0;
  for (const auto& list : state_->trainer->state_->spec.metrics) {
    results.metrics.emplace_back();
    for (std::size_t i = 0; i < list.size(); ++i, ++m) {
      results.metrics.back().emplace_back(totals.metric_sums[m], totals.metric_weights[m]);
    }
  }
  return results;
}

#define PRONGHORN_INSTANTIATE(T)                                                               \
  template DataView<T> data_view(const std::vector<const T*>&, const std::vector<Targets<T>>&, \
                                 std::size_t);                                                 \
  template class Run<T>;
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
