#include "plan/part_order.hpp"

#include <algorithm>
#include <set>

#include "plan/planner.hpp"

namespace pronghorn {
namespace {

// Rows of a part come in multiples of this, lest tiles and blocks of loss be cut short.
constexpr std::size_t kUnitSamples = 16;

}  // namespace

template <class T>
typename PartOrderBuilder<T>::Use& PartOrderBuilder<T>::use(const Resource& resource) {
  auto& uses = uses_[static_cast<int>(resource.kind)];
  if (uses.size() <= resource.index) uses.resize(resource.index + 1);
  return uses[resource.index];
}

template <class T>
void PartOrderBuilder<T>::add(const Phase<T>& phase, std::size_t stage, std::size_t index,
                              const std::vector<Resource>& reads,
                              const std::vector<Resource>& writes) {
  const bool by_samples =
      phase.by_samples() && std::all_of(writes.begin(), writes.end(), [](const Resource& r) {
        return r.kind == Resource::Kind::kTensor || r.kind == Resource::Kind::kAccumulator;
      });
  std::ptrdiff_t at = -1;
  if (by_samples) {
    // It runs before all that are not; they must not have come between it and what it touches.
    for (const Resource& r : reads) refused_ = refused_ || use(r).write >= 0;
    for (const Resource& r : writes) {
      refused_ = refused_ || use(r).write >= 0 || use(r).read >= 0;
    }
  } else {
    at = 0;
    for (const Resource& r : reads) at = std::max(at, use(r).write + 1);
    for (const Resource& r : writes) at = std::max({at, use(r).write + 1, use(r).read + 1});
    for (const Resource& r : reads) use(r).read = std::max(use(r).read, at);
    for (const Resource& r : writes) use(r).write = std::max(use(r).write, at);
  }
  emissions_.push_back({&phase, stage, index, reads, writes, at, nullptr, nullptr, {}});
}

template <class T>
bool PartOrderBuilder<T>::known_in_parts(const std::vector<Resource>& resources) {
  return std::all_of(resources.begin(), resources.end(),
                     [this](const Resource& r) { return use(r).write < 0; });
}

template <class T>
void PartOrderBuilder<T>::add_halves(std::unique_ptr<Phase<T>> half, std::unique_ptr<Phase<T>> sum,
                                     const HalvedSum& what) {
  Emission& emission = emissions_.back();
  emission.half = std::move(half);
  emission.sum = std::move(sum);
  emission.what = what;
}

template <class T>
void PartOrderBuilder<T>::add_block(std::size_t samples) {
  if (block_ != 0 && block_ != samples) refused_ = true;
  block_ = samples;
}

template <class T>
PartOrder<T> PartOrderBuilder<T>::finish(const Program<T>& program,
                                         const std::vector<Variable<T>*>& variables) {
  PartOrder<T> order;
  if (refused_ || block_ == 0 || block_ > kUnitSamples) return order;
  std::vector<std::size_t> numbers;  // of the stages' first phases
  std::size_t count = 0;
  for (const auto& stage : program.stages) {
    numbers.push_back(count);
    count += stage.phases.size();
  }
  std::set<std::size_t> weights;
  order.only_halved = true;
  for (Emission& emission : emissions_) {
    double bytes = 0;
    for (const Resource& r : emission.reads) {
      if (r.kind != Resource::Kind::kTensor || program.tensors[r.index].input >= 0) continue;
      const TensorInfo& tensor = program.tensors[r.index];
      bytes += static_cast<double>(tensor.rows * tensor.cols * sizeof(T));
    }
    const bool totals =
        std::any_of(emission.writes.begin(), emission.writes.end(),
                    [](const Resource& r) { return r.kind == Resource::Kind::kTotals; });
    const typename PartOrder<T>::Entry entry{emission.phase,
                                             numbers[emission.stage] + emission.index, totals};
    StageCost& cost = emission.at < 0 ? order.together_cost : order.after_cost;
    cost.flops_per_sample += emission.phase->flops_per_sample();
    cost.flops_per_step += emission.phase->flops_per_step();
    if (emission.at < 0) {
      order.together.push_back(entry);
      for (const Resource& r : emission.reads) {
        if (r.kind == Resource::Kind::kVariable) weights.insert(r.index);
      }
      continue;
    }
    const auto at = static_cast<std::size_t>(emission.at);
    if (order.after.size() <= at) order.after.resize(at + 1);
    order.after[at].push_back(entry);
    if (emission.half != nullptr) {
      order.together.push_back({emission.half.get(), entry.number, false});
      order.after[at].push_back({emission.sum.get(), entry.number, false});
      order.halved.push_back(emission.what);
      order.halved.back().bytes_per_sample = bytes;
      order.own.push_back(std::move(emission.half));
      order.own.push_back(std::move(emission.sum));
    } else if (!totals) {
      order.only_halved = false;
    }
    cost.bytes_per_sample += bytes;
  }
  if (order.after.empty()) return {};
  for (const std::size_t v : weights) {
    order.exchanged_bytes += static_cast<double>(variables[v]->layout().size() * sizeof(T));
  }
  order.unit = kUnitSamples / block_ * block_;
  return order;
}

template class PartOrderBuilder<float>;
template class PartOrderBuilder<double>;

}  // namespace pronghorn
