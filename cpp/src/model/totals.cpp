// Sums of batches: the losses with their penalties, and the metrics.
#include <cmath>

#include "model/head.hpp"

namespace pronghorn {
namespace {

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
      loss /= loss_divisor(step, head);
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

}  // namespace

template <class T>
std::unique_ptr<Phase<T>> make_totals_phase(std::vector<HeadPlan<T>> heads,
                                            std::vector<const Sink<T>*> regularized,
                                            std::vector<ActivityPenalty> penalties) {
  return std::make_unique<TotalsPhase<T>>(std::move(heads), std::move(regularized),
                                          std::move(penalties));
}

#define PRONGHORN_INSTANTIATE(T)                        \
  template std::unique_ptr<Phase<T>> make_totals_phase( \
      std::vector<HeadPlan<T>>, std::vector<const Sink<T>*>, std::vector<ActivityPenalty>);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
