// A trainer's numbers and memory: losses, metrics, the optimizer's settings and its slots.
#include "model/trainer_state.hpp"

#include <algorithm>
#include <shared_mutex>
#include <stdexcept>

#include "kernels/dispatch.hpp"

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
  for (const std::size_t output : spec.tapped) {
    if (output >= outputs) {
      throw std::invalid_argument("there is no output " + std::to_string(output) + " to copy out");
    }
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
std::size_t Trainer<T>::State::graph_variables() const {
  return engine->state_->pointers.size();
}

template <class T>
void Trainer<T>::State::require_optimizer() const {
  if (optimizer == nullptr)
    throw std::invalid_argument("the trainer was made without an optimizer");
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

template struct Trainer<float>::State;
template struct Trainer<double>::State;

}  // namespace pronghorn
