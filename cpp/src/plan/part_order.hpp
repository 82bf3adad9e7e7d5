// Another order for a training step's phases on several threads. What leads to the gradients of
// activations treats each sample by itself in most networks: then every thread takes a part of the
// batch through all of it without a barrier, its activations staying in its own cache, and only the
// phases that sum over samples (weight gradients with their updates, totals) follow in stages. It
// is the better order where the batch's activations are larger than the weights, which the threads
// exchange instead.
#pragma once

#include <cstddef>
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

// Runs the step of a workspace with parts on this thread of the team; ends like run_stages.
template <class T, class Timer>
void run_parts(Timer&& timer, const Program<T>& program, Step<T>& step, int thread,
               Barrier& barrier) noexcept {
  typename Workspace<T>::Part& mine = step.workspace->part(thread);
  T* const scratch = step.workspace->scratch(thread);
  step.halves = step.threads == 2 && step.half > 0 && step.workspace->part(1).begin == step.half;
  const auto done = [&](std::size_t number, std::size_t tasks) {
    timer.phase_done(number, tasks > 0);
    if (step.ahead != nullptr) step.ahead->load(number, program.profile.phases.size());
  };
  Step<T> part = step.part(mine);
  for (const auto& [phase, number] : program.parts.together) {
    const std::size_t tasks = part.samples == 0 ? 0 : phase->tasks(part);
    if (tasks > 0) phase->run(part, 0, tasks, scratch);
    done(number, tasks);
  }
  barrier.wait();
  timer.waiting_done();
  for (const auto& stage : program.parts.after) {
    for (const auto& [phase, number] : stage) {
      const std::size_t tasks = phase->tasks(step);
      const Share share = share_of(tasks, thread, step.threads);
      if (share.begin < share.end) phase->run(step, share.begin, share.end, scratch);
      done(number, tasks);
    }
    barrier.wait();
    timer.waiting_done();
  }
}

}  // namespace pronghorn
