// Lowers a graph to a program: gives every value and gradient a tensor, lets each layer emit its
// phases, and puts the phases into the earliest stages that their data allow.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/table.hpp"
#include "plan/graph.hpp"
#include "plan/part_order.hpp"
#include "plan/program.hpp"
#include "plan/sink.hpp"
#include "plan/update.hpp"
#include "pronghorn/variable.hpp"

namespace pronghorn {

template <class T>
struct PlanOptions {
  bool training = false;                         // dropout acts
  bool backward = false;                         // gradients are wanted
  bool input_gradients = false;                  // of the graph's inputs as well
  bool output_gradients = false;                 // given from outside (tape) instead of by losses
  std::vector<LossSpec> losses;                  // one an output; empty: none
  std::vector<std::vector<MetricSpec>> metrics;  // likewise
  std::vector<std::size_t> tapped;               // outputs that a Step's tap may ask for
  std::vector<Variable<T>*> variables;
  std::vector<Sink<T>*> sinks;          // where each variable's gradient goes; null: not wanted
  BufferedUpdate<T>* update = nullptr;  // to run once all gradients are in their buffers
  bool sums_known = false;              // sinks fill in its sums
  bool constrain = false;               // weights are updated: apply their constraints
};

// An activation's kernel with its numbers; kernel == nullptr: linear.
template <class T>
struct BoundActivation {
  const kernels::Activation<T>* kernel = nullptr;
  kernels::ActivationParams params;
};

// Throws std::invalid_argument for an unknown name.
template <class T>
BoundActivation<T> bind_activation(const ActivationSpec& spec);

// Multiplication by an activation's derivative that the last contributor to a gradient applies to
// what it has just written, instead of a phase of its own.
template <class T>
struct GradientEpilogue {
  BoundActivation<T> activation;
  std::size_t input = 0;   // tensor of Z (used if activation.kernel->needs_input)
  std::size_t output = 0;  // tensor of Y
};

template <class T>
struct Contribution {
  std::size_t tensor = 0;        // the gradient to write or add to
  bool accumulate = false;       // add: an earlier contributor has written
  GradientEpilogue<T> epilogue;  // apply afterwards; its activation.kernel is null if there is none
};

// What one phase touches, for the order of phases.
struct Resource {
  enum class Kind { kTensor, kVariable, kAccumulator, kTotals } kind;
  std::size_t index;
};

template <class T>
struct HeadPlan;

// Sums by blocks of samples whose total, divided by the samples, belongs to the loss.
struct ActivityPenalty {
  std::size_t accumulator = 0, block_samples = 1;
};

template <class T>
class Planner {
 public:
  Planner(const Graph& graph, const PlanOptions<T>& options);
  ~Planner();

  // Lowers everything; call once.
  Program<T> plan();

  const Graph& graph() const noexcept { return graph_; }
  const PlanOptions<T>& options() const noexcept { return options_; }
  const kernels::Table<T>& kernels() const noexcept { return kernels_; }
  const TensorInfo& info(std::size_t tensor) const noexcept { return program_.tensors[tensor]; }

  // For layers, forward.
  std::size_t new_tensor(std::size_t rows_per_sample, std::size_t cols);
  std::size_t value(std::size_t node) const noexcept { return values_[node]; }
  void set_value(std::size_t node, std::size_t tensor) { values_[node] = tensor; }
  std::size_t make_value(std::size_t node);  // a fresh tensor of the node's shape
  // Input nodes and their reshapes read user memory: a tensor over graph input `input`.
  std::size_t new_input_view(std::size_t input, std::size_t rows_per_sample, std::size_t cols);
  // The output head takes this node's logits: leave out its activation.
  bool head_takes_logits(std::size_t node) const noexcept { return logits_[node]; }
  // The node's activation and where its Z and Y are, for an epilogue by the contributors to its
  // gradient. Set by layers that would otherwise start backward with the activation's derivative.
  void set_epilogue(std::size_t node, const GradientEpilogue<T>& epilogue) {
    epilogues_[node] = epilogue;
  }
  const GradientEpilogue<T>& epilogue(std::size_t node) const noexcept { return epilogues_[node]; }

  // A number that a layer's forward leaves for its backward, such as an accumulator's.
  void set_layer_state(std::size_t node, std::size_t state) { layer_states_[node] = state; }
  std::size_t layer_state(std::size_t node) const noexcept { return layer_states_[node]; }
  // The forward phases change variables (moving statistics).
  void updates_state() { program_.updates_state = true; }

  void add_penalty(const ActivityPenalty& penalty) { penalties_.push_back(penalty); }

  // For layers, backward.
  bool wants_gradient(std::size_t node) const noexcept { return wants_[node]; }
  std::size_t gradient(std::size_t node);  // the tensor of dJ/d(value)
  // The next contribution to a node's gradient. `can_fuse`: the caller can apply an epilogue.
  Contribution<T> contribute(std::size_t node, bool can_fuse);
  // Whether anything above the node has written its gradient.
  bool has_contribution(std::size_t node) const noexcept { return started_[node]; }
  // Whether contributors have applied the node's epilogue already.
  bool epilogue_done(std::size_t node) const noexcept { return fused_[node]; }
  Sink<T>* sink(std::size_t variable) const noexcept { return options_.sinks[variable]; }
  // Marks a variable's gradient as begun; true if another use of it was before.
  bool start_sink(std::size_t variable);

  std::size_t new_accumulator(const AccumulatorInfo& info);
  // Returns the phase's stage. `cost` is for profiles; without one the phase has the layer's name
  // and the direction.
  std::size_t emit(std::unique_ptr<Phase<T>> phase, const std::vector<Resource>& reads,
                   const std::vector<Resource>& writes, PhaseCost cost = {});
  // Whether a sum over the batch of these may be made in halves (PartOrderBuilder).
  bool known_in_parts(const std::vector<Resource>& resources) {
    return parts_.known_in_parts(resources);
  }
  // For the sum over the batch that was emitted last (PartOrderBuilder::add_halves).
  void emit_halves(std::unique_ptr<Phase<T>> half, std::unique_ptr<Phase<T>> sum,
                   const HalvedSum& what) {
    parts_.add_halves(std::move(half), std::move(sum), what);
  }
  // Memory for a sum over each half of a batch.
  std::ptrdiff_t new_partial(std::size_t elements);
  // A phase that does the work of others, which have no tasks where it has some. It comes at
  // `stage`, that of the first of them.
  void emit_instead(std::size_t stage, std::unique_ptr<Phase<T>> phase, PhaseCost cost);

 private:
  struct Use {
    std::ptrdiff_t read = -1, write = -1;  // last stages
  };

  void analyse();
  void emit_heads();
  void emit_update();
  void emit_constraints();
  void emit_totals();
  void share_slots();
  void label_phases();
  Use& use(const Resource& resource);

  const Graph& graph_;
  const PlanOptions<T>& options_;
  const kernels::Table<T>& kernels_;
  Program<T> program_;
  std::vector<HeadPlan<T>> heads_;
  std::vector<ActivityPenalty> penalties_;
  std::vector<std::size_t> values_, gradients_, layer_states_;
  std::vector<GradientEpilogue<T>> epilogues_;
  std::vector<bool> logits_, wants_, active_, fused_, has_gradient_, started_, sunk_;
  std::vector<std::size_t> pending_;  // contributions still to come
  std::ptrdiff_t fence_ = 0;
  std::string layer_;             // whose phases are being emitted
  const char* work_ = "forward";  // and in which direction
  std::vector<Use> uses_[4];
  PartOrderBuilder<T> parts_;
  std::vector<std::pair<std::size_t, std::size_t>> lifetimes_;  // of tensors, in stages
};

inline Resource tensor_resource(std::size_t t) { return {Resource::Kind::kTensor, t}; }
inline Resource variable_resource(std::size_t v) { return {Resource::Kind::kVariable, v}; }
inline Resource accumulator_resource(std::size_t a) { return {Resource::Kind::kAccumulator, a}; }
inline Resource totals_resource() { return {Resource::Kind::kTotals, 0}; }

// dst[r] = (or +=) act'(.) of the epilogue on a block of a gradient; helper of phases.
template <class T>
void apply_epilogue(const Step<T>& step, const GradientEpilogue<T>& epilogue, std::size_t gradient,
                    std::size_t row, std::size_t rows, std::size_t col, std::size_t cols) noexcept;

}  // namespace pronghorn
