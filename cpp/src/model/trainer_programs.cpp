// The programs of a trainer: training, evaluation, gradients, and updates from given gradients.
#include "kernels/dispatch.hpp"
#include "model/trainer_state.hpp"
#include "plan/constraint.hpp"

namespace pronghorn {

template <class T>
template <class Holder>
T*& Trainer<T>::State::slot_pointer(int index, Holder& holder) noexcept {
  return index == kAverage       ? holder.average
         : index == kAccumulator ? holder.accumulator
                                 : holder.slots[index];
}

template <class T>
template <class Holder>
void Trainer<T>::State::point_at_slots(std::size_t variable, Holder& holder) {
  for (SlotMemory& slot : slots) {
    if (slot.variable == variable) slot_pointer(slot.index, holder) = slot.values.data();
  }
}

template <class T>
void Trainer<T>::State::make_buffers() {
  if (!buffers.empty()) return;
  for (const Variable<T>* variable : engine->state_->pointers) {
    buffers.emplace_back(variable->layout().size());
  }
}

template <class T>
std::vector<std::unique_ptr<Sink<T>>> Trainer<T>::State::make_sinks(bool fused_sinks) {
  if (!fused_sinks) make_buffers();
  std::vector<std::unique_ptr<Sink<T>>> made;
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    made.push_back(nullptr);
    if (!engine->state_->graph.variable_trainable(v)) continue;
    made[v] = std::make_unique<Sink<T>>();
    Sink<T>& sink = *made[v];
    sink.variable = engine->state_->pointers[v];
    sink.l1 = engine->state_->regularizers[v].l1;
    sink.l2 = engine->state_->regularizers[v].l2;
    sink.penalties = AlignedBuffer<double>(sink.variable->layout().count() * sink.runs_per_panel());
    sink.fused = fused_sinks;
    if (fused_sinks) {
      sink.optimizer = optimizer;
      sink.clipvalue = static_cast<T>(clipvalue);
      sink.decays = decays(v);
      point_at_slots(v, sink);
    } else {
      sink.buffer = buffers[v].data();
    }
  }
  return made;
}

template <class T>
PlanOptions<T> Trainer<T>::State::plan_options(
    bool backward, const std::vector<std::unique_ptr<Sink<T>>>* from) const {
  PlanOptions<T> options;
  options.training = backward;
  options.backward = backward;
  options.losses = spec.losses;
  options.metrics = spec.metrics;
  options.tapped = spec.tapped;
  options.variables = engine->state_->pointers;
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    options.sinks.push_back(from == nullptr ? nullptr : (*from)[v].get());
  }
  return options;
}

template <class T>
Program<T>& Trainer<T>::State::training_program() {
  require_optimizer();
  const std::lock_guard lock(plan_mutex);
  if (training != nullptr) return *training;
  sinks = make_sinks(fused);
  PlanOptions<T> options = plan_options(true, &sinks);
  options.constrain = true;
  if (!fused) {
    fill_update();
    options.update = &update;
    // The norm is that of a mean over several steps where gradients are accumulated.
    options.sums_known = update.clips_norm() && accumulation_steps == 1;
    for (std::size_t i = 0; i < update.variables.size() && options.sums_known; ++i) {
      sinks[update.variables[i].index]->squares = update.sums_of(i);
    }
  }
  training = std::make_unique<Program<T>>(Planner<T>(engine->state_->graph, options).plan());
  training_pool = std::make_unique<Pool<T>>(*training);
  return *training;
}

template <class T>
Replica<T>& Trainer<T>::State::replica() {
  const std::lock_guard lock(plan_mutex);
  if (twin != nullptr) return *twin;
  auto made = std::make_unique<Replica<T>>();
  made->sinks = make_sinks(true);
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    made->variables.push_back(nullptr);
    if (made->sinks[v] == nullptr) continue;
    Variable<T>& original = *engine->state_->pointers[v];
    made->variables[v] = Variable<T>::like(original);
    made->sinks[v]->variable = made->variables[v].get();
    made->copies.push_back(
        {original.packed(), made->variables[v]->packed(), original.layout().size()});
  }
  for (SlotMemory& slot : slots) {
    made->slots.emplace_back(slot.values.size());
    T* const own = made->slots.back().data();
    slot_pointer(slot.index, *made->sinks[slot.variable]) = own;
    made->copies.push_back({slot.values.data(), own, slot.values.size()});
  }
  PlanOptions<T> options = plan_options(true, &made->sinks);
  options.constrain = true;
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    if (made->variables[v] != nullptr) options.variables[v] = made->variables[v].get();
  }
  made->program = Planner<T>(engine->state_->graph, options).plan();
  twin = std::move(made);
  return *twin;
}

template <class T>
void Trainer<T>::State::fill_update() {
  if (!fused) make_buffers();
  update.optimizer = optimizer;
  update.clipnorm = clipnorm;
  update.clipvalue = clipvalue;
  update.global_clipnorm = global_clipnorm;
  if (!update.variables.empty()) return;
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    if (!engine->state_->graph.variable_trainable(v)) continue;
    UpdateVariable<T> entry;
    entry.index = v;
    entry.variable = engine->state_->pointers[v];
    entry.gradient = fused ? nullptr : buffers[v].data();
    entry.decays = decays(v);
    entry.apart = std::find(apart.begin(), apart.end(), v) != apart.end();
    point_at_slots(v, entry);
    update.variables.push_back(entry);
  }
  update.cut();
}

template <class T>
Program<T>& Trainer<T>::State::evaluation_program() {
  const std::lock_guard lock(plan_mutex);
  if (evaluation == nullptr) {
    evaluation = std::make_unique<Program<T>>(
        Planner<T>(engine->state_->graph, plan_options(false, nullptr)).plan());
    evaluation_pool = std::make_unique<Pool<T>>(*evaluation);
  }
  return *evaluation;
}

template <class T>
Program<T>& Trainer<T>::State::gradient_program() {
  const std::lock_guard lock(plan_mutex);
  if (gradient == nullptr) {
    buffer_sinks = make_sinks(false);
    gradient = std::make_unique<Program<T>>(
        Planner<T>(engine->state_->graph, plan_options(true, &buffer_sinks)).plan());
    gradient_pool = std::make_unique<Pool<T>>(*gradient);
  }
  return *gradient;
}

template <class T>
Program<T>& Trainer<T>::State::apply_program() {
  require_optimizer();
  const std::lock_guard lock(plan_mutex);
  fill_update();
  if (apply == nullptr) {
    apply = std::make_unique<Program<T>>();
    for (auto& made : make_update_phases(update, false)) {
      apply->stages.emplace_back();
      apply->stages.back().phases.push_back(std::move(made.phase));
      // Memory is the limit rather than arithmetic: about as long as this many operations.
      constexpr double kFlopsPerElement = 60;
      for (const auto& piece : update.pieces) {
        apply->stages.back().cost.flops_per_step +=
            kFlopsPerElement * static_cast<double>(piece.size);
      }
    }
    apply->stages.emplace_back();
    for (const ConstraintSpec& constraint : engine->state_->graph.constraints()) {
      const std::size_t v = constraint.variable;
      if (!engine->state_->graph.variable_trainable(v)) continue;
      apply->stages.back().phases.push_back(
          make_constraint_phase(*engine->state_->pointers[v], constraint));
    }
    apply_pool = std::make_unique<Pool<T>>(*apply);
  }
  return *apply;
}

#define PRONGHORN_INSTANTIATE(T)                                \
  template Program<T>& Trainer<T>::State::training_program();   \
  template Replica<T>& Trainer<T>::State::replica();            \
  template Program<T>& Trainer<T>::State::evaluation_program(); \
  template Program<T>& Trainer<T>::State::gradient_program();   \
  template Program<T>& Trainer<T>::State::apply_program();
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
