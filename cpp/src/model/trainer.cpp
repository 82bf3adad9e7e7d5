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
  // it is applied, and so it must for some optimizers.
  const Graph& graph = engine->state_->graph;
  fused = clipnorm <= 0 && global_clipnorm <= 0 &&
          (optimizer == nullptr || optimizer->update_whole == nullptr);
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
  apart = optimizer_spec.apart;
  averages = optimizer_spec.use_ema;
  average_momentum = optimizer_spec.ema_momentum;
  overwrite_frequency = static_cast<std::int64_t>(optimizer_spec.ema_overwrite_frequency);
  accumulation_steps = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(optimizer_spec.gradient_accumulation_steps));
}

template <class T>
bool Trainer<T>::State::decays(std::size_t variable) const noexcept {
  return std::find(undecayed.begin(), undecayed.end(), variable) == undecayed.end();
}

template <class T>
std::vector<std::string> Trainer<T>::State::slot_names(const kernels::OptimizerConfig& of) const {
  std::vector<std::string> names;
  for (const bool each : {false, true}) {
    kernels::SlotSpec made[kernels::kMaxSlots] = {};
    const int count = optimizer->slots(of.hyper, {2, each}, made);
    for (int s = 0; s < count; ++s) names.emplace_back(made[s].name);
  }
  return names;
}

template <class T>
void Trainer<T>::State::make_slots() {
  const std::shared_lock lock(engine->state_->locks);
  for (std::size_t v = 0; v < graph_variables(); ++v) {
    if (!engine->state_->graph.variable_trainable(v)) continue;
    if (averages) make_slot({"average", 0, kernels::SlotKind::kLike}, v, kAverage, true);
    if (accumulates()) {
      make_slot({"gradient_accumulator", 0, kernels::SlotKind::kLike}, v, kAccumulator, true);
    }
    const bool is_apart = std::find(apart.begin(), apart.end(), v) != apart.end();
    kernels::SlotSpec made[kernels::kMaxSlots] = {};
    const std::size_t rank = engine->state_->pointers[v]->shape().size();
    const int count = optimizer->slots(config.hyper, {rank, is_apart}, made);
    for (int s = 0; s < count; ++s) make_slot(made[s], v, s, optimizer->update_whole == nullptr);
  }
}

template <class T>
void Trainer<T>::State::make_slot(const kernels::SlotSpec& slot, std::size_t variable, int index,
                                  bool packed) {
  const Variable<T>& of = *engine->state_->pointers[variable];
  Shape shape = of.shape();
  if (slot.kind == kernels::SlotKind::kRows) shape.pop_back();
  if (slot.kind == kernels::SlotKind::kColumns) shape.erase(shape.end() - 2);
  std::size_t size = of.layout().size();
  if (!packed) {
    size = 1;
    for (const std::size_t axis : shape) size *= axis;
  }
  AlignedBuffer<T> values(size);
  if (slot.kind == kernels::SlotKind::kCopy && packed) {
    std::copy_n(of.packed(), size, values.data());
  } else if (slot.kind == kernels::SlotKind::kCopy) {
    unpack(of.layout(), of.packed(), values.data());
  } else {
    // Padding keeps a zero gradient, so it may start at the same value as the rest.
    std::fill_n(values.data(), size, static_cast<T>(slot.initial));
  }
  slots.push_back({slot.name, variable, index, std::move(shape), packed, std::move(values)});
}

template <class T>
template <class Holder>
void Trainer<T>::State::point_at_slots(std::size_t variable, Holder& holder) {
  for (SlotMemory& slot : slots) {
    if (slot.variable != variable) continue;
    T*& pointer = slot.index == kAverage       ? holder.average
                  : slot.index == kAccumulator ? holder.accumulator
                                               : holder.slots[slot.index];
    pointer = slot.values.data();
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
    for (auto& made : make_update_phases(update)) {
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
  const std::int64_t updates_before = (step - 1) / accumulation_steps;
  made.updates = step % accumulation_steps == 0;
  made.accumulated = static_cast<T>(accumulation_steps);
  // The first average is the weights themselves.
  made.average_momentum = updates_before == 0 ? T{0} : static_cast<T>(average_momentum);
  made.overwrites = overwrite_frequency > 0 && (updates_before + 1) % overwrite_frequency == 0;
  config.learning_rate = learning_rate;
  if (made.updates) optimizer->prepare(config, updates_before + 1, persistent.data(), made);
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
  tables.set(inputs.data(), 0, samples, 0, nullptr);
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
