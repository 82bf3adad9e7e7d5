// Another order for a training step's phases on several threads. What leads to the gradients of
// activations treats each sample by itself in most networks: then every thread takes a part of the
// batch through all of it without a barrier, its activations staying in its own cache, and only the
// phases that sum over samples (weight gradients with their updates, totals) follow in stages. It
// is the better order where the batch's activations are larger than the weights, which the threads
// exchange instead.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "plan/program.hpp"
#include "pronghorn/variable.hpp"

namespace pronghorn {

struct Resource;

// Collects the phases as the planner emits them and puts the order together.
template <class T>
class PartOrderBuilder {
 public:
  // Phase `index` of stage `stage` reads and writes these.
  void add(const Phase<T>& phase, std::size_t stage, std::size_t index,
           const std::vector<Resource>& reads, const std::vector<Resource>& writes);
  // The loss takes its rows by blocks of that many samples.
  void add_block(std::size_t samples);
  // Whether these are written by phases of parts alone, and so known when a part is done.
  bool known_in_parts(const std::vector<Resource>& resources);
  // The phase added last sums over the batch what is known then. Where two threads take the halves
  // of the batch, `half` makes the sum of one and `sum` adds the two, and that phase has no tasks.
  void add_halves(std::unique_ptr<Phase<T>> half, std::unique_ptr<Phase<T>> sum,
                  const HalvedSum& what);
  // There is no such order.
  void refuse() { refused_ = true; }
  // Empty where there is none.
  PartOrder<T> finish(const Program<T>& program, const std::vector<Variable<T>*>& variables);

 private:
  struct Emission {
    const Phase<T>* phase;
    std::size_t stage, index;
    std::vector<Resource> reads, writes;
    std::ptrdiff_t at;  // stage after the parts; -1: among them
    std::unique_ptr<Phase<T>> half, sum;
    HalvedSum what;
  };
  struct Use {
    std::ptrdiff_t read = -1, write = -1;  // last stages after the parts
  };
  Use& use(const Resource& resource);

  std::vector<Emission> emissions_;
  std::vector<Use> uses_[4];
  std::size_t block_ = 0;
  bool refused_ = false;
};

// What one thread does of a step with parts or replicas, and what it tells after each phase.
template <class T, class Timer>
class PartRun {
 public:
  PartRun(Timer&& timer, const Program<T>& program, const Step<T>& step, int thread) noexcept
      : timer_(std::forward<Timer>(timer)),
        phases_(program.profile.phases.size()),
        ahead_(step.ahead),
        scratch_(step.workspace->scratch(thread)) {}

  // The phases of this thread's part, then the barrier.
  void together(const PartOrder<T>& order, Step<T> part, Barrier& barrier) noexcept {
    for (const auto& [phase, number, totals] : order.together) {
      const std::size_t tasks = part.samples == 0 ? 0 : phase->tasks(part);
      run(*phase, number, part, {0, tasks});
    }
    wait(barrier);
  }
  void run(const Phase<T>& phase, std::size_t number, Step<T>& step, const Share& share) noexcept {
    if (share.begin < share.end) phase.run(step, share.begin, share.end, scratch_);
    timer_.phase_done(number, share.begin < share.end);
    if (ahead_ != nullptr) ahead_->load(number, phases_);
  }
  void wait(Barrier& barrier) noexcept {
    barrier.wait();
    timer_.waiting_done();
  }

 private:
  Timer timer_;
  const std::size_t phases_;
  const Ahead* const ahead_;
  T* const scratch_;
};

// Runs the step of a workspace with parts on this thread of the team; ends like run_stages.
template <class T, class Timer>
void run_parts(Timer&& timer, const Program<T>& program, Step<T>& step, int thread,
               Barrier& barrier) noexcept {
  PartRun<T, Timer> mine(std::forward<Timer>(timer), program, step, thread);
  step.halves = step.threads == 2 && step.half > 0 && step.workspace->part(1).begin == step.half;
  mine.together(program.parts, step.part(step.workspace->part(thread)), barrier);
  for (const auto& stage : program.parts.after) {
    for (const auto& [phase, number, totals] : stage) {
      mine.run(*phase, number, step, share_of(phase->tasks(step), thread, step.threads));
    }
    mine.wait(barrier);
  }
}

// Two threads with weights and optimizer state each of its own, which both update in the same way
// from the sums over the two halves of the batch: sums are all that they exchange, once a step.
// That is less than parts exchange where weights are few, and the second update costs little.
template <class T, class Timer>
void run_replica_with(Timer&& timer, const Program<T>& program, const Program<T>& own,
                      Step<T>& step, int thread, Barrier& barrier) noexcept {
  PartRun<T, Timer> mine(std::forward<Timer>(timer), program, step, thread);
  step.workspace = &step.workspace->turn(step.number % 2 == 1);
  step.halves = true;
  mine.together(own.parts, step.part(step.workspace->part(thread)), barrier);
  step.threads = 1;
  for (const auto& stage : own.parts.after) {
    for (const auto& [phase, number, totals] : stage) {
      mine.run(*phase, number, step, {0, totals && thread > 0 ? 0 : phase->tasks(step)});
    }
  }
}

}  // namespace pronghorn
