// Trainer: optimizer state and the programs of training, evaluation and gradients.
#include <algorithm>
#include <cmath>
#include <shared_mutex>
#include <stdexcept>

#include "base/cpu.hpp"
#include "base/team.hpp"
#include "kernels/dispatch.hpp"
#include "model/head.hpp"
#include "model/run_state.hpp"
#include "model/trainer_state.hpp"
#include "plan/constraint.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {

template <class T>
Trainer<T>::State::State(std::shared_ptr<Engine<T>> engine_, TrainerSpec<T> spec_,
                         const OptimizerSpec* optimizer_spec)
    : engine(std::move(engine_)), spec(std::move(spec_)) {
  const std::size_t outputs = engine->output_shapes().size();
  if (spec.losses.size() != outputs || spec.metrics.size() != outputs) {
    throw std::invalid_argument("losses and metrics must have one entry for each of the " +
                                std::to_string(outputs) + " outputs");
  }
  if (optimizer_spec != nullptr) {
    optimizer = kernels::find_optimizer(kernels::table<T>(), optimizer_spec->name);
    if (optimizer == nullptr) {
      throw std::invalid_argument("unknown optimizer '" + optimizer_spec->name + "'");
    }
    configure(*optimizer_spec);
    make_slots();
  }
  persistent.assign(kernels::kMaxScalars, 1.0);
  // A gradient that is a sum over several uses, or that is clipped by a norm, must be whole before
  // it is applied.
  const Graph& graph = engine->state_->graph;
  fused = clipnorm <= 0 && global_clipnorm <= 0;
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    if (graph.variable_trainable(v) && graph.variable_uses(v) > 1) fused = false;
  }
  // Names and shapes are checked now rather than at the first step.
  evaluation_program();
}

template <class T>
kernels::OptimizerConfig Trainer<T>::State::checked_config(
    const OptimizerSpec& optimizer_spec) const {
  kernels::OptimizerConfig made;
  std::size_t known = 0;
  for (int h = 0; h < kernels::kMaxScalars && optimizer->hyper_names[h] != nullptr; ++h, ++known) {
    const auto found = optimizer_spec.hyper.find(optimizer->hyper_names[h]);
    if (found == optimizer_spec.hyper.end()) {
      throw std::invalid_argument(std::string("optimizer '") + optimizer->name + "' needs '" +
                                  optimizer->hyper_names[h] + "'");
    }
    made.hyper[h] = found->second;
  }
  if (optimizer_spec.hyper.size() != known) {
    throw std::invalid_argument(std::string("optimizer '") + optimizer->name + "' takes " +
                                std::to_string(known) + " numbers, got " +
                                std::to_string(optimizer_spec.hyper.size()));
  }
  made.weight_decay = optimizer_spec.weight_decay;
  return made;
}

template <class T>
void Trainer<T>::State::configure(const OptimizerSpec& optimizer_spec) {
  config = checked_config(optimizer_spec);
  clipnorm = optimizer_spec.clipnorm;
  clipvalue = optimizer_spec.clipvalue;
  global_clipnorm = optimizer_spec.global_clipnorm;
  undecayed = optimizer_spec.undecayed;
}

template <class T>
bool Trainer<T>::State::decays(std::size_t variable) const noexcept {
  return std::find(undecayed.begin(), undecayed.end(), variable) == undecayed.end();
}

template <class T>
std::vector<std::string> Trainer<T>::State::slot_names(const kernels::OptimizerConfig& of) const {
  const char* names[kernels::kMaxSlots] = {};
  double initial[kernels::kMaxSlots] = {};
  const int count = optimizer->slots(of.hyper, names, initial);
  return {names, names + count};
}

template <class T>
void Trainer<T>::State::make_slots() {
  const char* names[kernels::kMaxSlots] = {};
  double initial[kernels::kMaxSlots] = {};
  const int count = optimizer->slots(config.hyper, names, initial);
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    if (!engine->state_->graph.variable_trainable(v)) continue;
    const PanelLayout& layout = engine->state_->pointers[v]->layout();
    for (int s = 0; s < count; ++s) {
      AlignedBuffer<T> values(layout.size());
      // Padding keeps a zero gradient, so it may start at the same value as the rest.
      std::fill_n(values.data(), values.size(), static_cast<T>(initial[s]));
      slots.push_back({names[s], v, s, std::move(values)});
    }
  }
}

template <class T>
std::size_t Trainer<T>::State::graph_variables() const {
  return engine->state_->pointers.size();
}

template <class T>
void Trainer<T>::State::require_optimizer() const {
  if (optimizer == nullptr)
    throw std::invalid_argument("the trainer was made without an optimizer");
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
      for (SlotMemory& slot : slots) {
        if (slot.variable == v) sink.slots[slot.index] = slot.values.data();
      }
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
  }
  training = std::make_unique<Program<T>>(Planner<T>(engine->state_->graph, options).plan());
  training_pool = std::make_unique<Pool<T>>(*training);
  return *training;
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
    entry.variable = engine->state_->pointers[v];
    entry.gradient = fused ? nullptr : buffers[v].data();
    entry.decays = decays(v);
    for (SlotMemory& slot : slots) {
      if (slot.variable == v) entry.slots[slot.index] = slot.values.data();
    }
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
    for (auto* make : {&make_norm_phase<T>, &make_update_phase<T>}) {
      apply->stages.emplace_back();
      apply->stages.back().phases.push_back((*make)(update));
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

template <class T>
Totals Trainer<T>::State::make_totals() const {
  Totals totals;
  std::size_t metrics = 0;
  for (const auto& list : spec.metrics) metrics += list.size();
  totals.output_losses.resize(spec.losses.size());
  totals.metric_sums.resize(metrics);
  totals.metric_weights.resize(metrics);
  return totals;
}

template <class T>
kernels::OptimizerScalars<T> Trainer<T>::State::scalars(double learning_rate, std::int64_t step) {
  kernels::OptimizerScalars<T> made{};
  config.learning_rate = learning_rate;
  optimizer->prepare(config, step, persistent.data(), made);
  return made;
}

template <class T>
Trainer<T>::Trainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
template <class T>
Trainer<T>::~Trainer() = default;

template <class T>
std::shared_ptr<Trainer<T>> Trainer<T>::make(std::shared_ptr<Engine<T>> engine,
                                             std::vector<LossSpec> losses,
                                             std::vector<std::vector<MetricSpec>> metrics,
                                             const OptimizerSpec* optimizer) {
  TrainerSpec<T> spec{std::move(losses), std::move(metrics)};
  return std::shared_ptr<Trainer>(
      new Trainer(std::make_unique<State>(std::move(engine), std::move(spec), optimizer)));
}

template <class T>
const std::shared_ptr<Engine<T>>& Trainer<T>::engine() const noexcept {
  return state_->engine;
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
  for (const auto& slot : state_->slots) all.push_back({slot.name, slot.variable});
  return all;
}

template <class T>
void Trainer<T>::get_slot(std::size_t slot, T* out) const {
  const auto& memory = state_->slots.at(slot);
  const std::shared_lock lock(state_->engine->state_->locks);
  unpack(state_->engine->state_->pointers[memory.variable]->layout(), memory.values.data(), out);
}

template <class T>
void Trainer<T>::set_slot(std::size_t slot, const T* values) {
  auto& memory = state_->slots.at(slot);
  const std::unique_lock lock(state_->engine->state_->locks);
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

// Whether output o's loss or a metric of it reads labels (sparse) or dense targets.
template <class T>
bool Trainer<T>::State::reads(std::size_t output, bool sparse) const {
  const auto& table = kernels::table<T>();
  const auto matches = [&](const std::string& name) {
    const auto* loss = kernels::find_loss(table, name);
    return loss != nullptr && loss->sparse == sparse;
  };
  const LossSpec& loss = spec.losses[output];
  if (!loss.name.empty() && matches(loss.name)) return true;
  for (const MetricSpec& metric : spec.metrics[output]) {
    if (matches(metric.name)) return true;
  }
  return false;
}

template <class T>
bool Trainer<T>::trainable(std::size_t variable) const noexcept {
  return state_->engine->state_->graph.variable_trainable(variable);
}

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
  for (std::size_t i = 0; i < samples; ++i) tables.set(inputs.data(), i, i);
  tables.bind(*workspace);
  Totals totals = state.make_totals();
  const double penalty = state.engine->state_->penalty(true);
  Team::run(workspace->threads(), [&](int thread, int team, Barrier& barrier) {
    Step<T> step;
    step.program = &program;
    step.workspace = workspace.get();
    step.samples = samples;
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
