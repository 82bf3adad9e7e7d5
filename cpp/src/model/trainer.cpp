// Trainer: what callers see of it.
#include <algorithm>
#include <shared_mutex>
#include <stdexcept>

#include "kernels/dispatch.hpp"
#include "model/run_state.hpp"

namespace pronghorn {

template <class T>
Trainer<T>::Trainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
template <class T>
Trainer<T>::~Trainer() = default;

template <class T>
std::shared_ptr<Trainer<T>> Trainer<T>::make(std::shared_ptr<Engine<T>> engine,
                                             std::vector<LossSpec> losses,
                                             std::vector<std::vector<MetricSpec>> metrics,
                                             const OptimizerSpec* optimizer,
                                             std::vector<std::size_t> tapped) {
  TrainerSpec<T> spec{std::move(losses), std::move(metrics), std::move(tapped)};
  return std::shared_ptr<Trainer>(
      new Trainer(std::make_unique<State>(std::move(engine), std::move(spec), optimizer)));
}

template <class T>
const std::shared_ptr<Engine<T>>& Trainer<T>::engine() const noexcept {
  return state_->engine;
}

template <class T>
const std::vector<std::size_t>& Trainer<T>::tapped() const noexcept {
  return state_->spec.tapped;
}

template <class T>
std::int64_t Trainer<T>::iterations() const noexcept {
  return state_->iterations.load();
}

template <class T>
void Trainer<T>::set_iterations(std::int64_t iterations) {
  if (iterations < 0) {
    throw std::invalid_argument("iterations must be >= 0, got " + std::to_string(iterations));
  }
  state_->iterations.store(iterations);
}

template <class T>
void Trainer<T>::set_optimizer(const OptimizerSpec& spec) {
  State& state = *state_;
  state.require_optimizer();
  if (spec.name != state.optimizer->name) {
    throw std::invalid_argument("the trainer's optimizer is '" +
                                std::string(state.optimizer->name) + "', got '" + spec.name + "'");
  }
  const std::unique_lock lock(state.engine->state_->locks);
  const bool clipped_norm = state.clipnorm > 0 || state.global_clipnorm > 0;
  if (clipped_norm != (spec.clipnorm > 0 || spec.global_clipnorm > 0)) {
    throw std::invalid_argument("clipping by norm cannot be switched after compiling");
  }
  if (spec.use_ema != state.averages ||
      (spec.gradient_accumulation_steps > 1) != state.accumulates()) {
    throw std::invalid_argument(
        "moving averages and accumulation of gradients cannot be switched after compiling");
  }
  if (state.slot_names(state.checked_config(spec)) != state.slot_names(state.config)) {
    throw std::invalid_argument("optimizer '" + spec.name +
                                "' would need other state than it was compiled with; a momentum, "
                                "for one, cannot be switched on or off after compiling");
  }
  state.configure(spec);
  const auto& pointers = state.engine->state_->pointers;
  for (std::size_t v = 0; v < state.sinks.size(); ++v) {
    if (state.sinks[v] == nullptr) continue;
    state.sinks[v]->clipvalue = static_cast<T>(state.clipvalue);
    state.sinks[v]->decays = state.decays(v);
  }
  for (UpdateVariable<T>& entry : state.update.variables) {
    const auto found = std::find(pointers.begin(), pointers.end(), entry.variable);
    entry.decays = state.decays(static_cast<std::size_t>(found - pointers.begin()));
  }
  state.update.clipnorm = state.clipnorm;
  state.update.clipvalue = state.clipvalue;
  state.update.global_clipnorm = state.global_clipnorm;
}

template <class T>
std::vector<typename Trainer<T>::Slot> Trainer<T>::slots() const {
  std::vector<Slot> all;
  for (const auto& slot : state_->slots) all.push_back({slot.name, slot.variable, slot.shape});
  return all;
}

template <class T>
void Trainer<T>::get_slot(std::size_t slot, T* out) const {
  const auto& memory = state_->slots.at(slot);
  const std::shared_lock lock(state_->engine->state_->locks);
  if (!memory.packed) {
    std::copy_n(memory.values.data(), memory.values.size(), out);
    return;
  }
  unpack(state_->engine->state_->pointers[memory.variable]->layout(), memory.values.data(), out);
}

template <class T>
void Trainer<T>::set_slot(std::size_t slot, const T* values) {
  auto& memory = state_->slots.at(slot);
  const std::unique_lock lock(state_->engine->state_->locks);
  if (!memory.packed) {
    std::copy_n(values, memory.values.size(), memory.values.data());
    return;
  }
  pack(state_->engine->state_->pointers[memory.variable]->layout(), values, memory.values.data());
}

template <class T>
std::vector<double> Trainer<T>::state() const {
  const std::shared_lock lock(state_->engine->state_->locks);
  return state_->persistent;
}

template <class T>
void Trainer<T>::set_state(const std::vector<double>& state) {
  if (state.size() != state_->persistent.size()) {
    throw std::invalid_argument("the optimizer's state has " +
                                std::to_string(state_->persistent.size()) + " numbers, got " +
                                std::to_string(state.size()));
  }
  const std::unique_lock lock(state_->engine->state_->locks);
  state_->persistent = state;
}

template <class T>
bool Trainer<T>::needs_labels(std::size_t output) const {
  return state_->reads(output, true);
}
template <class T>
bool Trainer<T>::needs_dense(std::size_t output) const {
  return state_->reads(output, false);
}

template <class T>
std::optional<int> Trainer<T>::ignored_label(std::size_t output) const {
  const auto& table = kernels::table<T>();
  std::vector<const ObjectiveSpec*> specs = {&state_->spec.losses[output]};
  for (const MetricSpec& metric : state_->spec.metrics[output]) specs.push_back(&metric);
  std::optional<int> ignored;
  bool first = true;
  for (const ObjectiveSpec* spec : specs) {
    const auto* kernel = kernels::find_loss(table, spec->name);
    if (kernel == nullptr || !kernel->sparse || !kernel->differentiable) continue;
    if (!first && spec->ignore_class != ignored) return std::nullopt;
    ignored = spec->ignore_class;
    first = false;
  }
  return ignored;
}

template <class T>
bool Trainer<T>::trainable(std::size_t variable) const noexcept {
  return state_->engine->state_->graph.variable_trainable(variable);
}

template <class T>
std::unique_ptr<Run<T>> Trainer<T>::run(std::vector<const T*> inputs,
                                        std::vector<Targets<T>> targets, std::size_t samples,
                                        std::size_t batch_size, bool training,
                                        const std::uint64_t* shuffle_seed) {
  auto state = std::make_unique<typename Run<T>::State>(this->shared_from_this(), std::move(inputs),
                                                        std::move(targets), samples, batch_size,
                                                        training, shuffle_seed);
  return std::unique_ptr<Run<T>>(new Run<T>(std::move(state)));
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace pronghorn
