#include "plan/planner.hpp"

#include <algorithm>
#include <stdexcept>

#include "kernels/dispatch.hpp"
#include "layers/layer.hpp"
#include "model/head.hpp"
#include "plan/constraint.hpp"

namespace pronghorn {

template <class T>
BoundActivation<T> bind_activation(const ActivationSpec& spec) {
  BoundActivation<T> bound;
  if (spec.name == "linear") return bound;
  const auto& table = kernels::table<T>();
  bound.kernel = kernels::find_activation(table, spec.name);
  if (bound.kernel == nullptr) {
    throw std::invalid_argument("unknown activation '" + spec.name + "'");
  }
  bound.params = {spec.p0, spec.p1, spec.p2};
  return bound;
}

template <class T>
Planner<T>::Planner(const Graph& graph, const PlanOptions<T>& options)
    : graph_(graph), options_(options), kernels_(kernels::table<T>()) {
  const std::size_t n = graph.size();
  values_.resize(n, 0);
  gradients_.resize(n, 0);
  layer_states_.resize(n, 0);
  epilogues_.resize(n);
  for (auto* flags : {&logits_, &wants_, &active_, &fused_, &has_gradient_, &started_}) {
    flags->resize(n, false);
  }
  pending_.resize(n, 0);
  analyse();
}

template <class T>
Planner<T>::~Planner() = default;

// Which nodes' gradients are wanted (something below them learns) and flow (a loss lies above
// them).
template <class T>
void Planner<T>::analyse() {
  const auto& outputs = graph_.outputs();
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const std::size_t node = outputs[o];
    const bool once = std::count(outputs.begin(), outputs.end(), node) == 1;
    if (!options_.losses.empty() && once && graph_.users(node).empty()) {
      logits_[node] = fuses_with_activation(options_.losses[o], graph_.node(node).activation);
    }
  }
  if (!options_.backward) return;
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    const NodeSpec& node = graph_.node(i);
    bool wants = node.op == "input" && options_.input_gradients;
    for (const std::size_t v : find_layer(node.op)->variables(node)) {
      wants = wants || options_.sinks[v] != nullptr;
    }
    for (const std::size_t input : node.inputs) wants = wants || wants_[input];
    wants_[i] = wants;
  }
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    if (options_.output_gradients || !options_.losses[o].name.empty()) {
      active_[outputs[o]] = true;
      ++pending_[outputs[o]];
    }
  }
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    // Its own penalty, whatever lies above.
    if (graph_.node(i).op == "activity_regularization" && !options_.losses.empty()) {
      active_[i] = true;
    }
  }
  for (std::size_t i = graph_.size(); i-- > 0;) {
    for (const std::size_t user : graph_.users(i)) {
      if (!active_[user] || !wants_[user]) continue;
      active_[i] = true;
      ++pending_[i];
    }
    active_[i] = active_[i] && wants_[i];
  }
}

template <class T>
std::size_t Planner<T>::new_tensor(std::size_t rows_per_sample, std::size_t cols) {
  // Rows start at a vector's boundary. A distance that is a multiple of 1 KiB would let many rows
  // fall into the same cache sets, so such rows are spread by one more line.
  std::size_t ld = round_up(cols, kernels_.vector);
  if (ld > kernels_.vector) ld = round_up(cols, kernels_.panel);
  if (ld * sizeof(T) % 1024 == 0) ld += kAlignment / sizeof(T);
  TensorInfo info;
  info.rows = rows_per_sample;
  info.cols = cols;
  info.ld = ld;
  program_.tensors.push_back(info);
  lifetimes_.push_back({~std::size_t{0}, 0});
  return program_.tensors.size() - 1;
}

template <class T>
std::size_t Planner<T>::make_value(std::size_t node) {
  const SampleMatrix matrix = graph_.matrix(node);
  values_[node] = new_tensor(matrix.rows, matrix.cols);
  return values_[node];
}

template <class T>
std::size_t Planner<T>::new_input_view(std::size_t input, std::size_t rows_per_sample,
                                       std::size_t cols) {
  TensorInfo info;
  info.rows = rows_per_sample;
  info.cols = cols;
  info.ld = cols;
  info.input = static_cast<std::ptrdiff_t>(input);
  program_.tensors.push_back(info);
  lifetimes_.push_back({~std::size_t{0}, 0});
  return program_.tensors.size() - 1;
}

template <class T>
std::size_t Planner<T>::gradient(std::size_t node) {
  if (!has_gradient_[node]) {
    const TensorInfo& value = info(values_[node]);
    gradients_[node] = new_tensor(value.rows, value.cols);
    has_gradient_[node] = true;
  }
  return gradients_[node];
}

template <class T>
bool Planner<T>::start_sink(std::size_t variable) {
  if (sunk_.size() <= variable) sunk_.resize(variable + 1, false);
  const bool before = sunk_[variable];
  sunk_[variable] = true;
  return before;
}

template <class T>
Contribution<T> Planner<T>::contribute(std::size_t node, bool can_fuse) {
  Contribution<T> contribution;
  contribution.tensor = gradient(node);
  contribution.accumulate = started_[node];
  started_[node] = true;
  --pending_[node];
  const GradientEpilogue<T>& epilogue = epilogues_[node];
  if (can_fuse && pending_[node] == 0 && epilogue.activation.kernel != nullptr &&
      !epilogue.activation.kernel->row_wise) {
    contribution.epilogue = epilogue;
    fused_[node] = true;
  }
  return contribution;
}

template <class T>
std::size_t Planner<T>::new_accumulator(const AccumulatorInfo& info) {
  program_.accumulators.push_back(info);
  return program_.accumulators.size() - 1;
}

template <class T>
std::ptrdiff_t Planner<T>::new_partial(std::size_t elements) {
  program_.partials.push_back(elements);
  return static_cast<std::ptrdiff_t>(program_.partials.size()) - 1;
}

template <class T>
typename Planner<T>::Use& Planner<T>::use(const Resource& resource) {
  auto& uses = uses_[static_cast<int>(resource.kind)];
  if (uses.size() <= resource.index) uses.resize(resource.index + 1);
  return uses[resource.index];
}

template <class T>
std::size_t Planner<T>::emit(std::unique_ptr<Phase<T>> phase, const std::vector<Resource>& reads,
                             const std::vector<Resource>& writes, PhaseCost cost) {
  std::ptrdiff_t stage = fence_;
  for (const Resource& r : reads) stage = std::max(stage, use(r).write + 1);
  for (const Resource& r : writes) stage = std::max({stage, use(r).write + 1, use(r).read + 1});
  for (const Resource& r : reads) use(r).read = std::max(use(r).read, stage);
  for (const Resource& r : writes) use(r).write = std::max(use(r).write, stage);
  const auto at = static_cast<std::size_t>(stage);
  for (const auto* resources : {&reads, &writes}) {
    for (const Resource& r : *resources) {
      if (r.kind != Resource::Kind::kTensor) continue;
      auto& [first, last] = lifetimes_[r.index];
      first = std::min(first, at);
      last = std::max(last, at);
    }
  }
  if (program_.stages.size() <= at) program_.stages.resize(at + 1);
  StageCost& total = program_.stages[at].cost;
  total.flops_per_sample += phase->flops_per_sample();
  total.flops_per_step += phase->flops_per_step();
  for (const auto* resources : {&reads, &writes}) {
    for (const Resource& r : *resources) {
      if (r.kind != Resource::Kind::kTensor || info(r.index).input >= 0) continue;
      const TensorInfo& tensor = info(r.index);
      total.bytes_per_sample += static_cast<double>(tensor.rows * tensor.cols * sizeof(T));
    }
  }
  parts_.add(*phase, at, program_.stages[at].phases.size(), reads, writes);
  program_.stages[at].phases.push_back(std::move(phase));
  if (cost.work == nullptr) cost.work = work_;
  program_.stages[at].labels.push_back({layer_, cost});
  return at;
}

template <class T>
void Planner<T>::emit_instead(std::size_t stage, std::unique_ptr<Phase<T>> phase, PhaseCost cost) {
  parts_.refuse();  // it is for weights that threads had better not exchange
  program_.stages[stage].phases.push_back(std::move(phase));
  program_.stages[stage].labels.push_back({layer_, cost});
}

template <class T>
Program<T> Planner<T>::plan() {
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    layer_ = graph_.node(i).name;
    lowering<T>(*find_layer(graph_.node(i).op)).forward(*this, i);
  }
  work_ = "backward";
  for (const std::size_t output : graph_.outputs()) program_.outputs.push_back(values_[output]);
  program_.forward_stages = program_.stages.size();
  if (!options_.losses.empty()) emit_heads();
  if (options_.backward) {
    if (options_.output_gradients) {
      // The caller writes these between the two halves.
      fence_ = static_cast<std::ptrdiff_t>(program_.stages.size());
      for (const std::size_t output : graph_.outputs()) {
        const bool repeated = started_[output];
        if (!repeated) contribute(output, false);
        if (repeated) --pending_[output];
        program_.output_gradients.push_back(gradient(output));
      }
    }
    for (std::size_t i = graph_.size(); i-- > 0;) {
      layer_ = graph_.node(i).name;
      if (active_[i] && wants_[i]) lowering<T>(*find_layer(graph_.node(i).op)).backward(*this, i);
    }
    layer_.clear();
    for (std::size_t v = 0; v < options_.sinks.size(); ++v) {
      if (options_.sinks[v] == nullptr || start_sink(v)) continue;
      emit(make_zero_gradient_phase(*options_.sinks[v]), {}, {variable_resource(v)}, {"update"});
    }
    if (options_.input_gradients) {
      // Where no phase writes one, it keeps the zeros that the arena begins with: programs that go
      // backward share no memory between tensors.
      for (const std::size_t input : graph_.inputs()) {
        program_.input_gradients.push_back(gradient(input));
      }
    }
  }
  layer_.clear();
  if (options_.update != nullptr) emit_update();
  if (options_.constrain) emit_constraints();
  if (!options_.losses.empty()) emit_totals();
  if (options_.backward && !options_.output_gradients) {
    program_.parts = parts_.finish(program_, options_.variables);
  }
  share_slots();
  label_phases();
  return std::move(program_);
}

// Inference reuses the memory of values that nobody reads any more. Training keeps all: backward
// reads them, and padding columns must stay zero.
template <class T>
void Planner<T>::share_slots() {
  program_.slots.resize(program_.tensors.size(), 0);
  std::vector<std::size_t> free_at;  // by slot: first stage at which it may be taken
  std::vector<std::size_t> order;
  for (std::size_t t = 0; t < program_.tensors.size(); ++t) {
    if (program_.tensors[t].input < 0) order.push_back(t);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return lifetimes_[a].first < lifetimes_[b].first;
  });
  for (const std::size_t output : program_.outputs) lifetimes_[output].second = ~std::size_t{0} - 1;
  for (const std::size_t t : order) {
    const auto [first, last] = lifetimes_[t];
    std::size_t slot = free_at.size();
    if (!options_.backward) {
      for (std::size_t s = 0; s < free_at.size(); ++s) {
        if (free_at[s] <= first) {
          slot = s;
          break;
        }
      }
    }
    if (slot == free_at.size()) free_at.push_back(0);
    free_at[slot] = last + 1;
    program_.slots[t] = slot;
  }
  program_.slot_count = free_at.size();
}

template <class T>
void Planner<T>::emit_heads() {
  const auto& outputs = graph_.outputs();
  std::size_t metrics = 0;
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const std::size_t node = outputs[o];
    HeadPlan<T> head = plan_head(*this, o, metrics);
    metrics += head.metrics.size();
    const bool gradient_wanted = options_.backward && head.loss != nullptr && wants_[node];
    Contribution<T> contribution;
    std::vector<Resource> reads = {tensor_resource(values_[node])};
    std::vector<Resource> writes = {accumulator_resource(head.accumulator)};
    if (gradient_wanted) {
      contribution = contribute(node, true);
      writes.push_back(tensor_resource(contribution.tensor));
      if (contribution.epilogue.activation.kernel != nullptr) {
        reads.push_back(tensor_resource(contribution.epilogue.input));
      }
    }
    if (!head.empty()) {
      PhaseCost cost{"loss"};
      const double touched = gradient_wanted ? 3 : 2;  // output, target and gradient
      cost.bytes_per_sample = touched * sizeof(T) * static_cast<double>(head.rows * head.cols);
      layer_ = graph_.node(node).name;
      emit(make_head_phase<T>(head, gradient_wanted, contribution), reads, writes, cost);
      parts_.add_block(head.block);
    }
    heads_.push_back(std::move(head));
  }
}

template <class T>
void Planner<T>::emit_update() {
  std::vector<Resource> gradients;
  for (std::size_t v = 0; v < options_.sinks.size(); ++v) {
    if (options_.sinks[v] != nullptr) gradients.push_back(variable_resource(v));
  }
  for (auto& made : make_update_phases(*options_.update, options_.sums_known)) {
    emit(std::move(made.phase), {}, gradients, {made.work});
  }
}

template <class T>
void Planner<T>::emit_constraints() {
  for (const ConstraintSpec& constraint : graph_.constraints()) {
    const std::size_t v = constraint.variable;
    if (options_.sinks[v] == nullptr) continue;
    emit(make_constraint_phase(*options_.variables[v], constraint), {}, {variable_resource(v)},
         {"constraint"});
  }
}

// Last, since penalties are known only when every sink has taken its gradient.
template <class T>
void Planner<T>::emit_totals() {
  std::vector<Resource> reads;
  for (const HeadPlan<T>& head : heads_) {
    if (!head.empty()) reads.push_back(accumulator_resource(head.accumulator));
  }
  std::vector<const Sink<T>*> regularized;
  for (std::size_t v = 0; v < options_.sinks.size(); ++v) {
    if (!options_.backward || options_.sinks[v] == nullptr) continue;
    if (!options_.sinks[v]->regularized()) continue;
    regularized.push_back(options_.sinks[v]);
    reads.push_back(variable_resource(v));
  }
  for (const ActivityPenalty& penalty : penalties_) {
    reads.push_back(accumulator_resource(penalty.accumulator));
  }
  emit(make_totals_phase<T>(std::move(heads_), std::move(regularized), penalties_), reads,
       {totals_resource()}, {"totals"});
}

template <class T>
void Planner<T>::label_phases() {
  ProfileLabels& profile = program_.profile;
  profile.id = new_profile_id();
  profile.purpose = options_.output_gradients  ? "tape"
                    : options_.backward        ? "training"
                    : !options_.losses.empty() ? "evaluation"
                                               : "prediction";
  for (auto& stage : program_.stages) {
    for (auto& label : stage.labels) profile.phases.push_back(std::move(label));
    stage.labels = {};
  }
}

template <class T>
void apply_epilogue(const Step<T>& step, const GradientEpilogue<T>& epilogue, std::size_t gradient,
                    std::size_t row, std::size_t rows, std::size_t col, std::size_t cols) noexcept {
  const auto* kernel = epilogue.activation.kernel;
  if (kernel == nullptr) return;
  const std::size_t ldy = step.info(epilogue.output).ld, ldz = step.info(epilogue.input).ld;
  const std::size_t ldg = step.info(gradient).ld;
  const T* z = kernel->needs_input ? step.data(epilogue.input) + row * ldz + col : nullptr;
  const T* y = step.data(epilogue.output) + row * ldy + col;
  T* g = step.data(gradient) + row * ldg + col;
  kernel->backward(z, ldz, y, ldy, g, ldg, g, ldg, rows, cols, epilogue.activation.params);
}

template BoundActivation<float> bind_activation<float>(const ActivationSpec&);
template BoundActivation<double> bind_activation<double>(const ActivationSpec&);
template class Planner<float>;
template class Planner<double>;
template void apply_epilogue(const Step<float>&, const GradientEpilogue<float>&, std::size_t,
                             std::size_t, std::size_t, std::size_t, std::size_t) noexcept;
template void apply_epilogue(const Step<double>&, const GradientEpilogue<double>&, std::size_t,
                             std::size_t, std::size_t, std::size_t, std::size_t) noexcept;

}  // namespace pronghorn
