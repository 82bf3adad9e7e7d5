#include "model/head.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "kernels/dispatch.hpp"

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

// Weight of sample i of a batch for one output.
template <class T>
double weight_of(const Step<T>& step, std::size_t output, std::size_t i) noexcept {
  const T* weights = step.source->targets[output].weights;
  return weights == nullptr ? 1.0 : static_cast<double>(weights[step.sample(i)]);
}

// How many rows of sample i of a batch have a loss.
template <class T>
double counted_rows(const Step<T>& step, const HeadPlan<T>& head, std::size_t i) noexcept {
  if (!head.ignored) return static_cast<double>(head.rows);
  const std::int32_t* labels =
      step.source->targets[head.output].labels + step.sample(i) * head.rows;
  return static_cast<double>(head.rows) -
         static_cast<double>(std::count(labels, labels + head.rows, *head.ignored));
}

// What the weighted sum of a batch's losses is divided by.
template <class T>
double divisor(const Step<T>& step, const HeadPlan<T>& head) noexcept {
  const auto all = static_cast<double>(step.samples * head.rows);
  const bool weighted = step.source->targets[head.output].weights != nullptr;
  if (head.reduction == Reduction::kSum) {
    // A loss of a whole batch is one number unless weights make it one a sample.
    return head.loss->whole_batch && !weighted ? all : 1;
  }
  const bool by_weight = head.reduction == Reduction::kMeanWithSampleWeight;
  if (!by_weight && !head.ignored) return all;
  double sum = 0;
  for (std::size_t i = 0; i < step.samples; ++i) {
    sum += counted_rows(step, head, i) * (by_weight ? weight_of(step, head.output, i) : 1.0);
  }
  // Weights that sum to nothing make the mean zero, as in Keras: whatever is divided by infinity.
  return sum == 0 ? std::numeric_limits<double>::infinity() : sum;
}

}  // namespace

template <class T>
bool HeadPlan<T>::needs_predictions() const noexcept {
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
  if (!head.empty()) {
    head.accumulator = planner.new_accumulator({head.block, 1 + 2 * head.metrics.size()});
  }
  return head;
}

template <class T>
class HeadPhase final : public Phase<T> {
 public:
  HeadPhase(HeadPlan<T> head, bool gradient_wanted, const Contribution<T>& contribution)
      : head_(std::move(head)), gradient_wanted_(gradient_wanted), contribution_(contribution) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    return divide_up(step.samples, head_.block);
  }

  std::size_t scratch(std::size_t samples) const override {
    return block_rows(samples) * (4 * padded_cols() + 4);
  }

  double flops_per_sample() const noexcept override {
    return 40.0 * static_cast<double>(head_.rows * head_.cols);
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const double scale = head_.loss == nullptr ? 0 : head_.weight / divisor(step, head_);
    for (std::size_t task = begin; task < end; ++task) run_block(step, task, scale, scratch);
  }

 private:
  std::size_t block_rows(std::size_t samples) const noexcept {
    return std::min(head_.block, samples) * head_.rows;
  }
  std::size_t padded_cols() const noexcept {
    return round_up(head_.cols, kernels::table<T>().vector);
  }

  void run_block(Step<T>& step, std::size_t task, double scale, T* scratch) const noexcept {
    const std::size_t first = task * head_.block;
    const std::size_t samples = std::min(head_.block, step.samples - first);
    const std::size_t rows = samples * head_.rows, first_row = first * head_.rows;
    const std::size_t cols = head_.cols, ld = padded_cols();
    const std::size_t column = block_rows(step.samples), matrix = column * ld;
    T* targets = scratch;
    T* predictions = targets + matrix;
    T* copied = predictions + matrix;
    T* gradient_block = copied + matrix;
    T* row_value = gradient_block + matrix;
    T* row_scale = row_value + column;
    auto* labels = reinterpret_cast<std::int32_t*>(row_scale + column);
    auto* safe_labels = reinterpret_cast<std::int32_t*>(row_scale + 2 * column);

    gather_targets(step, first, samples, targets, labels);
    if (head_.ignores_labels()) {
      for (std::size_t r = 0; r < rows; ++r) {
        const bool known = labels[r] >= 0 && static_cast<std::size_t>(labels[r]) < cols;
        safe_labels[r] = known ? labels[r] : 0;
      }
    } else {
      safe_labels = labels;
    }
    // Weight of row r of the block; a loss never depends on the rows that it ignores.
    const auto weight_of_row = [&](std::size_t r, bool weighted,
                                   const std::optional<int>& without) {
      if (without && labels[r] == *without) return 0.0;
      return weighted ? weight_of(step, head_.output, first + r / head_.rows) : 1.0;
    };
    const T* value = step.data(head_.value);
    std::size_t ld_value = step.info(head_.value).ld;
    if (value == nullptr) {  // the output is an input of the graph
      const T* const* pointers = step.row_pointers(head_.value) + first_row;
      for (std::size_t r = 0; r < rows; ++r) {
        std::memcpy(copied + r * ld, pointers[r], cols * sizeof(T));
      }
      value = copied;
      ld_value = ld;
    } else {
      value += first_row * ld_value;
    }

    double* sums =
        step.workspace->accumulator(head_.accumulator) + task * (1 + 2 * head_.metrics.size());
    kernels::LossArgs<T> args{};
    args.target = targets;
    args.ld_target = ld;
    args.rows = rows;
    args.cols = cols;
    args.row_value = row_value;

    const T* probabilities = value;
    std::size_t ld_probabilities = ld_value;
    if (head_.takes_logits && head_.needs_predictions()) {
      head_.activation.kernel->forward(value, ld_value, predictions, ld, rows, cols,
                                       head_.activation.params);
      probabilities = predictions;
      ld_probabilities = ld;
    }
    for (std::size_t m = 0; m < head_.metrics.size(); ++m) {
      const HeadMetric<T>& metric = head_.metrics[m];
      args.pred = metric.on_logits ? value : probabilities;
      args.ld_pred = metric.on_logits ? ld_value : ld_probabilities;
      args.params = metric.params;
      // Only what counts hits may see labels that are no class.
      args.labels = metric.kernel->differentiable ? safe_labels : labels;
      metric.kernel->run(args);
      const bool weighted =
          metric.weighted && step.source->targets[head_.output].weights != nullptr;
      double sum = 0, weight_sum = 0;
      // As in Keras, a loss of a whole batch counts once, and rows that are ignored count, with the
      // value 0, unless there are weights.
      for (std::size_t r = 0; r < (metric.kernel->whole_batch && !weighted ? 1 : rows); ++r) {
        const double w = weight_of_row(r, weighted, metric.ignored);
        sum += w * static_cast<double>(row_value[r]);
        weight_sum += weighted ? w : 1;
      }
      sums[1 + 2 * m] = sum;
      sums[2 + 2 * m] = weight_sum;
    }

    sums[0] = 0;
    if (head_.loss == nullptr) return;
    args.pred = value;
    args.ld_pred = ld_value;
    args.params = head_.params;
    args.labels = safe_labels;
    if (gradient_wanted_) {
      for (std::size_t r = 0; r < rows; ++r) {
        row_scale[r] = static_cast<T>(scale * weight_of_row(r, true, head_.ignored));
      }
      args.row_scale = row_scale;
      args.ld_grad = contribution_.accumulate ? ld : step.info(contribution_.tensor).ld;
      args.grad = contribution_.accumulate
                      ? gradient_block
                      : step.data(contribution_.tensor) + first_row * args.ld_grad;
    }
    head_.loss->run(args);
    for (std::size_t r = 0; r < rows; ++r) {
      sums[0] += weight_of_row(r, true, head_.ignored) * static_cast<double>(row_value[r]);
    }
    if (!gradient_wanted_) return;
    if (contribution_.accumulate) {
      const std::size_t ldg = step.info(contribution_.tensor).ld;
      T* gradient = step.data(contribution_.tensor) + first_row * ldg;
      const auto& elementwise = kernels::table<T>().elementwise;
      for (std::size_t r = 0; r < rows; ++r) {
        elementwise.add(gradient + r * ldg, gradient_block + r * ld, gradient + r * ldg, cols);
      }
    }
    apply_epilogue(step, contribution_.epilogue, contribution_.tensor, first_row, rows, 0, cols);
  }

  void gather_targets(const Step<T>& step, std::size_t first, std::size_t samples, T* targets,
                      std::int32_t* labels) const noexcept {
    const auto& source = step.source->targets[head_.output];
    const std::size_t ld = padded_cols();
    for (std::size_t i = 0; i < samples; ++i) {
      const std::size_t sample = step.sample(first + i);
      for (std::size_t r = 0; r < head_.rows; ++r) {
        if (source.dense != nullptr) {
          std::memcpy(targets + (i * head_.rows + r) * ld,
                      source.dense + (sample * head_.rows + r) * head_.cols,
                      head_.cols * sizeof(T));
        }
        if (source.labels != nullptr) {
          labels[i * head_.rows + r] = source.labels[sample * head_.rows + r];
        }
      }
    }
  }

  const HeadPlan<T> head_;
  const bool gradient_wanted_;
  const Contribution<T> contribution_;
};

template <class T>
class TotalsPhase final : public Phase<T> {
 public:
  TotalsPhase(std::vector<HeadPlan<T>> heads, std::vector<const Sink<T>*> regularized,
              std::vector<ActivityPenalty> penalties)
      : heads_(std::move(heads)),
        regularized_(std::move(regularized)),
        penalties_(std::move(penalties)) {}

  std::size_t tasks(const Step<T>& /*step*/) const noexcept override { return 1; }

  void run(Step<T>& step, std::size_t, std::size_t, T*) const noexcept override {
    Totals& totals = *step.totals;
    const auto samples = static_cast<double>(step.samples);
    double batch_loss = step.penalty;
    for (const Sink<T>* sink : regularized_) batch_loss += sink->penalty();
    for (const ActivityPenalty& penalty : penalties_) {
      const double* sums = step.workspace->accumulator(penalty.accumulator);
      double sum = 0;
      for (std::size_t b = 0; b < divide_up(step.samples, penalty.block_samples); ++b) {
        sum += sums[b];
      }
      batch_loss += sum / samples;
    }
    for (const HeadPlan<T>& head : heads_) {
      if (head.empty()) continue;
      const std::size_t width = 1 + 2 * head.metrics.size();
      const double* sums = step.workspace->accumulator(head.accumulator);
      double loss = 0;
      for (std::size_t b = 0; b < divide_up(step.samples, head.block); ++b, sums += width) {
        loss += sums[0];
        for (std::size_t m = 0; m < head.metrics.size(); ++m) {
          totals.metric_sums[head.first_metric + m] += sums[1 + 2 * m];
          totals.metric_weights[head.first_metric + m] += sums[2 + 2 * m];
        }
      }
      if (head.loss == nullptr) continue;
      loss /= divisor(step, head);
      batch_loss += head.weight * loss;
      totals.output_losses[head.output] += loss * samples;
    }
    totals.loss += batch_loss * samples;
    totals.samples += samples;
    totals.finite = totals.finite && std::isfinite(batch_loss);
  }

 private:
  const std::vector<HeadPlan<T>> heads_;
  const std::vector<const Sink<T>*> regularized_;
  const std::vector<ActivityPenalty> penalties_;
};

template <class T>
std::unique_ptr<Phase<T>> make_head_phase(const HeadPlan<T>& head, bool gradient_wanted,
                                          const Contribution<T>& contribution) {
  return std::make_unique<HeadPhase<T>>(head, gradient_wanted, contribution);
}

template <class T>
std::unique_ptr<Phase<T>> make_totals_phase(std::vector<HeadPlan<T>> heads,
                                            std::vector<const Sink<T>*> regularized,
                                            std::vector<ActivityPenalty> penalties) {
  return std::make_unique<TotalsPhase<T>>(std::move(heads), std::move(regularized),
                                          std::move(penalties));
}

#define PRONGHORN_INSTANTIATE(T)                                               \
  template struct HeadPlan<T>;                                                 \
  template HeadPlan<T> plan_head(Planner<T>&, std::size_t, std::size_t);       \
  template std::unique_ptr<Phase<T>> make_head_phase(const HeadPlan<T>&, bool, \
                                                     const Contribution<T>&);  \
  template std::unique_ptr<Phase<T>> make_totals_phase(                        \
      std::vector<HeadPlan<T>>, std::vector<const Sink<T>*>, std::vector<ActivityPenalty>);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
