#include "plan/program.hpp"

#include <algorithm>

#include "plan/part_order.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {

template <class T>
double Program<T>::flops(std::size_t samples) const noexcept {
  double total = 0;
  for (const auto& stage : stages) {
    total += stage.cost.flops_per_sample * static_cast<double>(samples) + stage.cost.flops_per_step;
  }
  return total;
}

template <class T>
std::size_t Program<T>::half(std::size_t batch) const noexcept {
  const std::size_t unit = parts.unit;
  if (unit == 0 || batch <= unit) return 0;
  const std::size_t half = share_of(divide_up(batch, unit), 0, 2).end * unit;
  const auto pays = [half](const HalvedSum& sum) { return sum.pays(half); };
  return std::any_of(parts.halved.begin(), parts.halved.end(), pays) ? half : 0;
}

template <class T>
bool Program<T>::replicable(std::size_t batch) const noexcept {
  const std::size_t samples = parts.only_halved && !updates_state ? half(batch) : 0;
  const auto pays = [samples](const HalvedSum& sum) { return sum.pays(samples); };
  return samples > 0 && std::all_of(parts.halved.begin(), parts.halved.end(), pays);
}

template <class T>
Workspace<T>::Workspace(const Program<T>& program, std::size_t capacity, int threads)
    : capacity_(capacity), threads_(threads) {
  const std::size_t line = kAlignment / sizeof(T);
  std::vector<std::size_t> sizes(program.slot_count, 0);
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const TensorInfo& info = program.tensors[t];
    if (info.input >= 0) continue;
    const std::size_t rows = checked_multiply(capacity, info.rows);
    auto& size = sizes[program.slots[t]];
    size = std::max(size, round_up(checked_multiply(rows, info.ld), line));
  }
  std::vector<std::size_t> offsets;
  std::size_t total = 0;
  for (const std::size_t size : sizes) {
    offsets.push_back(total);
    total = checked_add(total, size);
  }
  arena_ = AlignedBuffer<T>(total);

  bases_.resize(program.tensors.size(), nullptr);
  rows_.resize(program.tensors.size(), nullptr);
  tables_.resize(program.tensors.size());
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const TensorInfo& info = program.tensors[t];
    if (info.input >= 0) continue;
    bases_[t] = arena_.data() + offsets[program.slots[t]];
    tables_[t] = AlignedBuffer<const T*>(capacity * info.rows);
    for (std::size_t r = 0; r < capacity * info.rows; ++r) {
      tables_[t][r] = bases_[t] + r * info.ld;
    }
    rows_[t] = tables_[t].data();
  }
  make_sums(program);
  for (const auto& stage : program.stages) {
    for (const auto& phase : stage.phases) {
      scratch_stride_ = std::max(scratch_stride_, phase->scratch(capacity));
    }
  }
  scratch_stride_ = round_up(scratch_stride_, line);
  scratch_ = AlignedBuffer<T>(checked_multiply(scratch_stride_, static_cast<std::size_t>(threads)));
  arrange(program, capacity);
}

template <class T>
void Workspace<T>::arrange(const Program<T>& program, std::size_t samples) {
  if (samples == arranged_) return;
  arranged_ = 0;  // until all memory is there
  alone_ = stages_alone(program, samples, threads_);
  parts_.clear();
  other_turn_.reset();
  const Sharing sharing = best_sharing(program, samples, threads_);
  if (sharing != Sharing::kPhases) make_parts(program, samples);
  if (sharing == Sharing::kReplicas) {
    other_turn_.reset(new Workspace(*this, program, 0));
    other_turn_->threads_ = threads_;
    other_turn_->make_sums(program);
    other_turn_->make_parts(program, samples);
  }
  arranged_ = samples;
}

template <class T>
void Workspace<T>::make_sums(const Program<T>& program) {
  sums_.clear();
  for (const AccumulatorInfo& info : program.accumulators) {
    accumulators_.emplace_back(divide_up(capacity_, info.block_samples) * info.width);
    sums_.push_back(accumulators_.back().data());
  }
}

template <class T>
Workspace<T>::Workspace(const Workspace& whole, const Program<T>& program, std::size_t begin)
    : capacity_(whole.capacity_ - begin),
      threads_(1),
      bases_(whole.bases_),
      rows_(whole.rows_),
      sums_(whole.sums_),
      partials_(whole.partials_) {
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const TensorInfo& info = program.tensors[t];
    if (info.input >= 0) continue;
    bases_[t] += begin * info.rows * info.ld;
    rows_[t] += begin * info.rows;
  }
  for (std::size_t a = 0; a < sums_.size(); ++a) {
    const AccumulatorInfo& info = program.accumulators[a];
    sums_[a] += begin / info.block_samples * info.width;
  }
}

template <class T>
void Workspace<T>::make_parts(const Program<T>& program, std::size_t samples) {
  const std::size_t unit = program.parts.unit;
  if (threads_ == 2 && partial_arena_.size() == 0) {
    const std::size_t line = kAlignment / sizeof(T);
    std::size_t total = 0;
    for (const std::size_t size : program.partials) total += 2 * round_up(size, line);
    partial_arena_ = AlignedBuffer<T>(total);
    partials_.clear();
    T* next = partial_arena_.data();
    for (const std::size_t size : program.partials) {
      for (int half = 0; half < 2; ++half, next += round_up(size, line)) partials_.push_back(next);
    }
  }
  for (int thread = 0; thread < threads_; ++thread) {
    const Share share = share_of(divide_up(samples, unit), thread, threads_);
    const std::size_t begin = std::min(samples, share.begin * unit);
    parts_.push_back({begin, std::min(samples, share.end * unit),
                      std::unique_ptr<Workspace>(new Workspace(*this, program, begin))});
  }
}

namespace {

struct NoTimer {
  void phase_done(std::size_t /*phase*/, bool /*ran*/) const noexcept {}
  void waiting_done() const noexcept {}
};

template <class T, class Timer>
void run_with(Timer&& timer, const Program<T>& program, std::size_t first, std::size_t last,
              std::size_t phase_number, Step<T>& step, int thread, Barrier& barrier) noexcept {
  const Workspace<T>& workspace = *step.workspace;
  T* scratch = step.workspace->scratch(thread);
  const auto phase_done = [&](std::size_t tasks) {
    timer.phase_done(phase_number, tasks > 0);
    if (step.ahead != nullptr) step.ahead->load(phase_number, program.profile.phases.size());
    ++phase_number;
  };
  for (std::size_t s = first; s < last; ++s) {
    const auto& phases = program.stages[s].phases;
    if (step.threads > 1 && workspace.alone(s)) {
      if (thread == 0) {
        Step<T> whole = step;
        whole.threads = 1;
        for (const auto& phase : phases) {
          const std::size_t tasks = phase->tasks(whole);
          if (tasks > 0) phase->run(whole, 0, tasks, scratch);
          phase_done(tasks);
        }
      } else {
        for (std::size_t p = 0; p < phases.size(); ++p) phase_done(0);
      }
      if (s + 1 < last && workspace.alone(s + 1)) continue;
    } else {
      for (const auto& phase : phases) {
        const std::size_t tasks = phase->tasks(step);
        const Share share =
            step.threads == 1 ? Share{0, tasks} : share_of(tasks, thread, step.threads);
        if (share.begin < share.end) phase->run(step, share.begin, share.end, scratch);
        phase_done(tasks);
      }
    }
    barrier.wait();
    timer.waiting_done();
  }
}

}  // namespace

template <class T>
void run_stages(const Program<T>& program, std::size_t first, std::size_t last, Step<T>& step,
                int thread, Barrier& barrier) noexcept {
  const bool parts =
      first == 0 && last == program.stages.size() && step.workspace->has_parts(step.threads);
  if (!profiling()) {
    if (parts) {
      run_parts(NoTimer{}, program, step, thread, barrier);
    } else {
      run_with(NoTimer{}, program, first, last, 0, step, thread, barrier);
    }
    return;
  }
  const std::size_t samples = thread == 0 ? step.samples : 0;
  if (parts) {
    run_parts(PhaseTimer(program.profile, samples), program, step, thread, barrier);
    return;
  }
  std::size_t before = 0;
  for (std::size_t s = 0; s < first; ++s) before += program.stages[s].phases.size();
  run_with(PhaseTimer(program.profile, samples), program, first, last, before, step, thread,
           barrier);
}

template <class T>
void run_replica(const Program<T>& program, const Program<T>& own, Step<T>& step, int thread,
                 Barrier& barrier) noexcept {
  if (!profiling()) {
    run_replica_with(NoTimer{}, program, own, step, thread, barrier);
  } else {
    const std::size_t samples = thread == 0 ? step.samples : 0;
    run_replica_with(PhaseTimer(program.profile, samples), program, own, step, thread, barrier);
  }
}

void Totals::add(const Totals& other) {
  loss += other.loss;
  samples += other.samples;
  finite = finite && other.finite;
  for (std::size_t i = 0; i < output_losses.size(); ++i) output_losses[i] += other.output_losses[i];
  for (std::size_t i = 0; i < metric_sums.size(); ++i) {
    metric_sums[i] += other.metric_sums[i];
    metric_weights[i] += other.metric_weights[i];
  }
}

void Totals::reset() {
  loss = samples = 0;
  finite = true;
  for (auto* sums : {&output_losses, &metric_sums, &metric_weights}) {
    std::fill(sums->begin(), sums->end(), 0.0);
  }
}

template struct Program<float>;
template struct Program<double>;
template class Workspace<float>;
template class Workspace<double>;
template void run_stages(const Program<float>&, std::size_t, std::size_t, Step<float>&, int,
                         Barrier&) noexcept;
template void run_stages(const Program<double>&, std::size_t, std::size_t, Step<double>&, int,
                         Barrier&) noexcept;
template void run_replica(const Program<float>&, const Program<float>&, Step<float>&, int,
                          Barrier&) noexcept;
template void run_replica(const Program<double>&, const Program<double>&, Step<double>&, int,
                          Barrier&) noexcept;

}  // namespace pronghorn
