// Halves of a training step: the gradients of one batch, and an update from gradients.
#include <algorithm>
#include <shared_mutex>
#include <stdexcept>

#include "base/team.hpp"
#include "model/run_state.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {

template <class T>
double Trainer<T>::gradients(std::vector<const T*> inputs, std::vector<Targets<T>> targets,
                             std::size_t samples, const std::vector<T*>& out) {
  State& state = *state_;
  const Program<T>& program = state.gradient_program();
  const std::unique_lock lock(state.engine->state_->locks);
  const DataView<T> data = data_view(inputs, targets, samples);
  const auto workspace =
      std::make_unique<Workspace<T>>(program, samples, threads_together(program, samples));
  InputTables<T> tables(program, samples);
  tables.set(inputs.data(), 0, samples, 0, nullptr);
  tables.bind(*workspace);
  Totals totals = state.make_totals();
  const double penalty = state.engine->state_->penalty(true);
  Team::run(workspace->threads(), [&](int thread, int team, Barrier& barrier) {
    Step<T> step;
    step.program = &program;
    step.workspace = workspace.get();
    step.samples = samples;
    step.half = program.half(samples);
    step.threads = team;
    step.number = static_cast<std::uint64_t>(state.iterations.load());
    step.source = &data;
    step.totals = &totals;
    step.penalty = penalty;
    run_stages(program, 0, program.stages.size(), step, thread, barrier);
  });
  for (std::size_t v = 0; v < out.size(); ++v) {
    if (out[v] == nullptr) continue;
    unpack(state.engine->state_->pointers[v]->layout(), state.buffers[v].data(), out[v]);
  }
  return totals.loss / totals.samples;
}

template <class T>
void Trainer<T>::apply_gradients(const std::vector<GivenGradient<T>>& gradients,
                                 double learning_rate) {
  State& state = *state_;
  const auto& pointers = state.engine->state_->pointers;
  for (std::size_t v = 0; v < gradients.size(); ++v) {
    const GivenGradient<T>& given = gradients[v];
    if (given.packed == nullptr) continue;
    if (!given.packed->has(given.variable) ||
        given.packed->variables()[given.variable].get() != pointers[v]) {
      throw std::invalid_argument("gradient " + std::to_string(v) + " is of another variable");
    }
  }
  const Program<T>& program = state.apply_program();
  const std::unique_lock lock(state.engine->state_->locks);
  for (auto& entry : state.update.variables) {
    const auto found = std::find(pointers.begin(), pointers.end(), entry.variable);
    const GivenGradient<T>& given = gradients[static_cast<std::size_t>(found - pointers.begin())];
    entry.rows = given.rows;
    entry.packed = given.packed == nullptr ? nullptr : given.packed->packed(given.variable);
    entry.active = entry.rows != nullptr || entry.packed != nullptr;
  }
  const std::int64_t number = state.iterations.load() + 1;
  const auto scalars = state.scalars(learning_rate, number);
  const int threads = threads_apart<T>(program.flops(1));
  auto workspace = state.apply_pool->take(1, threads);
  Team::run(threads, [&](int thread, int team, Barrier& barrier) {
    Step<T> step;
    step.program = &program;
    step.workspace = workspace.get();
    step.samples = 1;
    step.threads = team;
    step.scalars = &scalars;
    run_stages(program, 0, program.stages.size(), step, thread, barrier);
  });
  state.apply_pool->give(std::move(workspace));
  for (auto& entry : state.update.variables) {
    entry.rows = entry.packed = nullptr;
    entry.active = true;
  }
  state.iterations.store(number);
}

#define PRONGHORN_INSTANTIATE(T)                                                        \
  template double Trainer<T>::gradients(std::vector<const T*>, std::vector<Targets<T>>, \
                                        std::size_t, const std::vector<T*>&);           \
  template void Trainer<T>::apply_gradients(const std::vector<GivenGradient<T>>&, double);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
