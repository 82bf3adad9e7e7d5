// Output heads: loss, its gradient and the metrics of one output, in one pass over the rows.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "kernels/table.hpp"
#include "plan/planner.hpp"
#include "plan/program.hpp"
#include "pronghorn/spec.hpp"

namespace pronghorn {

template <class T>
struct HeadMetric {
  const kernels::Loss<T>* kernel = nullptr;
  kernels::LossParams params;
  bool on_logits = false;  // reads the logits although the head has an activation
  bool weighted = false;
  std::optional<int> ignored;  // label whose rows do not count
};

template <class T>
struct HeadPlan {
  std::size_t output = 0;          // index among the graph's outputs
  std::size_t value = 0;           // tensor of the predictions, or of the logits if takes_logits
  std::size_t rows = 1, cols = 1;  // per sample
  std::size_t block = 1;           // samples a task; more than any batch if they must stay together
  bool takes_logits = false;
  BoundActivation<T> activation;  // from logits to predictions, if takes_logits
  const kernels::Loss<T>* loss = nullptr;
  kernels::LossParams params;
  Reduction reduction = Reduction::kSumOverBatchSize;
  double weight = 1;           // loss_weights entry
  std::optional<int> ignored;  // label whose rows have no loss
  std::vector<HeadMetric<T>> metrics;
  std::size_t first_metric = 0;  // among all outputs' metrics
  bool tapped = false;           // predictions are copied where a step's tap says
  // Doubles a block leaves: loss sum, then a (sum, weight) pair a metric.
  std::size_t accumulator = 0;

  bool empty() const noexcept { return loss == nullptr && metrics.empty() && !tapped; }
  bool needs_predictions() const noexcept;
  bool needs_labels() const noexcept;
  bool ignores_labels() const noexcept;
  bool needs_dense() const noexcept;
};

// Whether the loss of an output takes that output layer's logits instead of its probabilities.
bool fuses_with_activation(const LossSpec& loss, const ActivationSpec& activation);

// Throws std::invalid_argument for unknown names and shapes that do not fit.
template <class T>
HeadPlan<T> plan_head(Planner<T>& planner, std::size_t output, std::size_t first_metric);

// What the weighted sum of a batch's losses of an output is divided by.
template <class T>
double loss_divisor(const Step<T>& step, const HeadPlan<T>& head) noexcept;

template <class T>
std::unique_ptr<Phase<T>> make_head_phase(const HeadPlan<T>& head, bool gradient_wanted,
                                          const Contribution<T>& contribution);

// Adds one batch to step.totals.
template <class T>
std::unique_ptr<Phase<T>> make_totals_phase(std::vector<HeadPlan<T>> heads,
                                            std::vector<const Sink<T>*> regularized,
                                            std::vector<ActivityPenalty> penalties);

}  // namespace pronghorn
