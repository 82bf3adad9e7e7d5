#include "model/head.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/dispatch.hpp"

namespace pronghorn {
namespace {

// Weight of row r of sample i of a batch for one output.
template <class T>
double weight_of(const Step<T>& step, const HeadPlan<T>& head, std::size_t i,
                 std::size_t r) noexcept {
  const auto& target = step.source->targets[head.output];
  if (target.weights == nullptr) return 1.0;
  const std::size_t sample = step.sample(i);
  return static_cast<double>(target.weights[target.weighs_rows ? sample * head.rows + r : sample]);
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

// What sample i of a batch adds to the sum of weights: as in Keras its weight counts once, unless
// rows have weights of their own or are left out.
template <class T>
double counted_weight(const Step<T>& step, const HeadPlan<T>& head, std::size_t i) noexcept {
  const auto& target = step.source->targets[head.output];
  if (!target.weighs_rows) {
    const bool once = target.weights != nullptr && !head.ignored;
    return weight_of(step, head, i, 0) * (once ? 1.0 : counted_rows(step, head, i));
  }
  double sum = 0;
  for (std::size_t r = 0; r < head.rows; ++r) {
    const bool left_out =
        head.ignored && target.labels[step.sample(i) * head.rows + r] == *head.ignored;
    if (!left_out) sum += weight_of(step, head, i, r);
  }
  return sum;
}

}  // namespace

// What the weighted sum of a whole batch's losses is divided by.
template <class T>
double loss_divisor(const Step<T>& step, const HeadPlan<T>& head) noexcept {
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
    sum += by_weight ? counted_weight(step, head, i) : counted_rows(step, head, i);
  }
  // Weights that sum to nothing make the mean zero, as in Keras: whatever is divided by infinity.
  return sum == 0 ? std::numeric_limits<double>::infinity() : sum;
}

template <class T>
class HeadPhase final : public Phase<T> {
 public:
  HeadPhase(HeadPlan<T> head, bool gradient_wanted, const Contribution<T>& contribution)
      : head_(std::move(head)), gradient_wanted_(gradient_wanted), contribution_(contribution) {}

  bool by_samples() const noexcept override { return true; }
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
    const double scale =
        head_.loss == nullptr ? 0 : head_.weight / loss_divisor(step.whole(), head_);
    for (std::size_t task = begin; task < end; ++task) run_block(step, task, scale, scratch);
  }

 private:
  std::size_t block_rows(std::size_t samples) const noexcept {
    return std::min(head_.block, samples) * head_.rows;
  }
  std::size_t padded_cols() const noexcept {
    return round_up(head_.cols, kernels::table<T>().vector);
  }

  bool is_class(std::int32_t label) const noexcept {
    return static_cast<std::uint32_t>(label) < head_.cols;
  }
  bool all_classes(const std::int32_t* labels, std::size_t rows) const noexcept {
    std::uint32_t largest = 0;  // a negative number is a large one
    for (std::size_t r = 0; r < rows; ++r) {
      largest = std::max(largest, static_cast<std::uint32_t>(labels[r]));
    }
    return largest < head_.cols;
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
    // Callers check labels before; but they are another's memory, which may change meanwhile, and
    // from here on they index.
    const bool foreign = head_.needs_labels() && !all_classes(labels, rows);
    if (foreign) {
      for (std::size_t r = 0; r < rows; ++r) {
        safe_labels[r] = is_class(labels[r]) ? labels[r] : 0;
      }
    } else {
      safe_labels = labels;
    }
    // Weight of row r of the block; a loss never depends on the rows that it ignores.
    const bool has_weights = step.source->targets[head_.output].weights != nullptr;
    const auto weight_of_row = [&](std::size_t r, bool weighted,
                                   const std::optional<int>& without) {
      if (without && labels[r] == *without) return 0.0;
      if (foreign && !is_class(labels[r]) && !head_.ignores_labels()) {
        return std::numeric_limits<double>::quiet_NaN();
      }
      if (!weighted || !has_weights) return 1.0;
      return weight_of(step, head_, first + r / head_.rows, r % head_.rows);
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
    if (head_.tapped && step.tap != nullptr) {
      copy_to_tap(step, first, rows, probabilities, ld_probabilities);
    }
    for (std::size_t m = 0; m < head_.metrics.size(); ++m) {
      const HeadMetric<T>& metric = head_.metrics[m];
      args.pred = metric.on_logits ? value : probabilities;
      args.ld_pred = metric.on_logits ? ld_value : ld_probabilities;
      args.params = metric.params;
      // Only what counts hits may see labels that are no class.
      args.labels = metric.kernel->differentiable ? safe_labels : labels;
      metric.kernel->run(args);
      const bool weighted = metric.weighted && has_weights;
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
    const bool equal_rows = !has_weights && !head_.ignored && !foreign;
    if (gradient_wanted_) {
      if (equal_rows) {
        std::fill_n(row_scale, rows, static_cast<T>(scale));
      } else {
        for (std::size_t r = 0; r < rows; ++r) {
          row_scale[r] = static_cast<T>(scale * weight_of_row(r, true, head_.ignored));
        }
      }
      args.row_scale = row_scale;
      args.ld_grad = contribution_.accumulate ? ld : step.info(contribution_.tensor).ld;
      args.grad = contribution_.accumulate
                      ? gradient_block
                      : step.data(contribution_.tensor) + first_row * args.ld_grad;
    }
    head_.loss->run(args);
    double loss = 0;
    if (equal_rows) {
      for (std::size_t r = 0; r < rows; ++r) loss += static_cast<double>(row_value[r]);
    } else {
      for (std::size_t r = 0; r < rows; ++r) {
        loss += weight_of_row(r, true, head_.ignored) * static_cast<double>(row_value[r]);
      }
    }
    sums[0] = loss;
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

  void copy_to_tap(const Step<T>& step, std::size_t first, std::size_t rows, const T* from,
                   std::size_t ld) const noexcept {
    T* out = step.tap->outputs[head_.output];
    if (out == nullptr) return;
    out += (step.origin + first - step.tap->first) * head_.rows * head_.cols;
    for (std::size_t r = 0; r < rows; ++r) {
      std::memcpy(out + r * head_.cols, from + r * ld, head_.cols * sizeof(T));
    }
  }

  // So few that to call a function for a row takes longer than to copy it.
  static constexpr std::size_t kFewColumns = 8;

  void gather_targets(const Step<T>& step, std::size_t first, std::size_t samples, T* targets,
                      std::int32_t* labels) const noexcept {
    const auto& source = step.source->targets[head_.output];
    const std::size_t ld = padded_cols();
    if (source.dense == nullptr && head_.rows == 1) {  // what small networks mostly have
      if (source.labels == nullptr) return;
      for (std::size_t i = 0; i < samples; ++i) labels[i] = source.labels[step.sample(first + i)];
      return;
    }
    if (source.labels == nullptr && head_.rows == 1 && head_.cols <= kFewColumns) {
      for (std::size_t i = 0; i < samples; ++i) {
        const T* const from = source.dense + step.sample(first + i) * head_.cols;
        for (std::size_t c = 0; c < head_.cols; ++c) targets[i * ld + c] = from[c];
      }
      return;
    }
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
std::unique_ptr<Phase<T>> make_head_phase(const HeadPlan<T>& head, bool gradient_wanted,
                                          const Contribution<T>& contribution) {
  return std::make_unique<HeadPhase<T>>(head, gradient_wanted, contribution);
}

#define PRONGHORN_INSTANTIATE(T)                                               \
  template double loss_divisor(const Step<T>&, const HeadPlan<T>&) noexcept;   \
  template std::unique_ptr<Phase<T>> make_head_phase(const HeadPlan<T>&, bool, \
                                                     const Contribution<T>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
