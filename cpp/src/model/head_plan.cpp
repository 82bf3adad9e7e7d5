#include <algorithm>
#include <stdexcept>

#include "kernels/dispatch.hpp"
#include "model/head.hpp"

namespace pronghorn {
namespace {

// Rows of a few columns in a task: enough to amortise the call, few enough to share a small batch.
constexpr std::size_t kBlockRows = 16;

// Samples of a block that no batch exceeds.
constexpr std::size_t kWholeBatch = std::size_t{1} << 40;

bool is_categorical(const std::string& name) {
  return name == "categorical_crossentropy" || name == "sparse_categorical_crossentropy";
}

// The order of the logits is that of their softmax, so these need no probabilities.
bool is_ranking(const std::string& name) {
  return name == "categorical_accuracy" || name == "sparse_categorical_accuracy" ||
         name == "top_k_categorical_accuracy" || name == "sparse_top_k_categorical_accuracy";
}

template <class T>
const kernels::Loss<T>* require_loss(const std::string& name) {
  const auto* loss = kernels::find_loss(kernels::table<T>(), name);
  if (loss == nullptr) throw std::invalid_argument("unknown loss or metric '" + name + "'");
  return loss;
}

kernels::LossParams loss_params(const ObjectiveSpec& spec) {
  kernels::LossParams params;
  params.label_smoothing = spec.label_smoothing;
  params.delta = spec.delta;
  params.threshold = spec.threshold;
  params.k = spec.k;
  params.alpha = spec.alpha;
  params.beta = spec.beta;
  params.gamma = spec.gamma;
  params.q = spec.q;
  params.balanced = spec.apply_class_balancing;
  return params;
}
}  // namespace

template <class T>
bool HeadPlan<T>::needs_predictions() const noexcept {
  if (tapped) return true;
  for (const auto& metric : metrics) {
    if (!metric.on_logits) return true;
  }
  return false;
}
template <class T>
bool HeadPlan<T>::needs_labels() const noexcept {
  if (loss != nullptr && loss->sparse) return true;
  for (const auto& metric : metrics) {
    if (metric.kernel->sparse) return true;
  }
  return false;
}
template <class T>
bool HeadPlan<T>::ignores_labels() const noexcept {
  bool some = ignored.has_value();
  for (const auto& metric : metrics) some = some || metric.ignored.has_value();
  return some;
}
template <class T>
bool HeadPlan<T>::needs_dense() const noexcept {
  if (loss != nullptr && !loss->sparse) return true;
  for (const auto& metric : metrics) {
    if (!metric.kernel->sparse) return true;
  }
  return false;
}

bool fuses_with_activation(const LossSpec& loss, const ActivationSpec& activation) {
  if (loss.from_logits) return false;
  if (is_categorical(loss.name)) return activation.name == "softmax";
  return loss.name == "binary_crossentropy" && activation.name == "sigmoid";
}

template <class T>
HeadPlan<T> plan_head(Planner<T>& planner, std::size_t output, std::size_t first_metric) {
  const std::size_t node = planner.graph().outputs()[output];
  const SampleMatrix matrix = planner.graph().matrix(node);
  HeadPlan<T> head;
  head.output = output;
  head.value = planner.value(node);
  head.rows = matrix.rows;
  head.cols = matrix.cols;
  head.first_metric = first_metric;
  const std::size_t columns = matrix.rows * matrix.cols;
  head.block = columns >= 4096 ? 1 : std::min(kBlockRows, 4096 / columns);
  head.takes_logits = planner.head_takes_logits(node);
  const ActivationSpec& activation = planner.graph().node(node).activation;
  if (head.takes_logits) head.activation = bind_activation<T>(activation);

  const LossSpec& spec = planner.options().losses[output];
  if (!spec.name.empty()) {
    const bool logits = spec.from_logits || head.takes_logits;
    head.loss = require_loss<T>(logits ? spec.name + "_logits" : spec.name);
    if (!head.loss->differentiable) {
      throw std::invalid_argument("'" + spec.name + "' is a metric, not a loss");
    }
    head.params = loss_params(spec);
    head.ignored = spec.ignore_class;
    head.reduction = spec.reduction;
    head.weight = spec.weight;
    if (head.loss->whole_batch) head.block = kWholeBatch;
  }
  if (!planner.options().metrics.empty()) {
    for (const MetricSpec& metric_spec : planner.options().metrics[output]) {
      HeadMetric<T> metric;
      std::string name = metric_spec.name;
      const bool same_family =
          head.takes_logits &&
          (activation.name == "softmax" ? is_categorical(name) : name == "binary_crossentropy");
      if (metric_spec.from_logits) {
        name += "_logits";
      } else if (same_family) {
        name += "_logits";
        metric.on_logits = true;
      } else if (head.takes_logits && activation.name == "softmax" && is_ranking(name)) {
        metric.on_logits = true;
      }
      if (!head.takes_logits) metric.on_logits = false;
      metric.kernel = require_loss<T>(name);
      metric.params = loss_params(metric_spec);
      metric.ignored = metric_spec.ignore_class;
      metric.weighted = metric_spec.weighted;
      if (metric.kernel->whole_batch) head.block = kWholeBatch;
      head.metrics.push_back(metric);
    }
  }
  const auto& tapped = planner.options().tapped;
  head.tapped = std::find(tapped.begin(), tapped.end(), output) != tapped.end();
  if (!head.empty()) {
    head.accumulator = planner.new_accumulator({head.block, 1 + 2 * head.metrics.size()});
  }
  return head;
}

#define PRONGHORN_INSTANTIATE(T) \
  template struct HeadPlan<T>;   \
  template HeadPlan<T> plan_head(Planner<T>&, std::size_t, std::size_t);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
