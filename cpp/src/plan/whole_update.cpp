// Updates by optimizers that need norms, sums or products of a whole parameter: a task is one
// variable, copied to row-major scratch memory and back.
#include <algorithm>

#include "kernels/dispatch.hpp"
#include "plan/update.hpp"

namespace pronghorn {
namespace {

template <class T>
class WholeUpdatePhase final : public Phase<T> {
 public:
  explicit WholeUpdatePhase(BufferedUpdate<T>& update) : update_(update) {}
  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return update_.variables.size();
  }
  std::size_t scratch(std::size_t /*samples*/) const override {
    std::size_t most = 0;
    for (const auto& entry : update_.variables) {
      const Shape& shape = entry.variable->shape();
      most = std::max(most, 2 * room(*entry.variable) +
                                update_.optimizer->whole_scratch(shape.data(), shape.size()));
    }
    return most;
  }
  double flops_per_step() const noexcept override {
    double elements = 0;
    for (const auto& entry : update_.variables) {
      elements += static_cast<double>(entry.variable->element_count());
    }
    return 60 * elements;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& elementwise = kernels::table<T>().elementwise;
    for (std::size_t v = begin; v < end; ++v) {
      const UpdateVariable<T>& entry = update_.variables[v];
      if (entry.active && step.scalars->updates) update(v, *step.scalars, scratch);
      if (entry.average != nullptr) {
        elementwise.average(entry.average, entry.variable->packed(),
                            entry.variable->layout().size(), step.scalars->average_momentum,
                            step.scalars->overwrites);
      }
    }
  }

 private:
  // Elements of a copy, such that the next one is aligned too.
  static std::size_t room(const Variable<T>& variable) noexcept {
    return round_up(variable.element_count(), kAlignment / sizeof(T));
  }

  void update(std::size_t v, const kernels::OptimizerScalars<T>& scalars,
              T* scratch) const noexcept {
    const auto& elementwise = kernels::table<T>().elementwise;
    const UpdateVariable<T>& entry = update_.variables[v];
    Variable<T>& variable = *entry.variable;
    const PanelLayout& layout = variable.layout();
    kernels::WholeParameter<T> whole;
    whole.axes = variable.shape().data();
    whole.rank = variable.shape().size();
    whole.apart = entry.apart;
    whole.decays = entry.decays;
    whole.w = scratch;
    whole.g = scratch + room(variable);
    whole.slots = entry.slots;
    whole.scratch = scratch + 2 * room(variable);
    whole.products = &kernels::table<T>().products;
    unpack(layout, variable.packed(), whole.w);
    const std::size_t n = variable.element_count();
    if (entry.accumulator != nullptr) {
      unpack(layout, entry.accumulator, whole.g);
      std::fill_n(entry.accumulator, layout.size(), T{0});
    } else if (entry.rows != nullptr) {
      std::copy_n(entry.rows, n, whole.g);
    } else {
      unpack(layout, entry.packed != nullptr ? entry.packed : entry.gradient, whole.g);
    }
    const double factor = update_.factor(v);
    if (factor != 1) elementwise.scale(whole.g, n, static_cast<T>(factor));
    if (update_.clipvalue > 0) elementwise.clip(whole.g, n, static_cast<T>(update_.clipvalue));
    update_.optimizer->update_whole(whole, scalars);
    pack(layout, whole.w, variable.packed());
  }

  BufferedUpdate<T>& update_;
};

}  // namespace

template <class T>
std::unique_ptr<Phase<T>> make_whole_update_phase(BufferedUpdate<T>& update) {
  return std::make_unique<WholeUpdatePhase<T>>(update);
}

template std::unique_ptr<Phase<float>> make_whole_update_phase(BufferedUpdate<float>&);
template std::unique_ptr<Phase<double>> make_whole_update_phase(BufferedUpdate<double>&);

}  // namespace pronghorn
