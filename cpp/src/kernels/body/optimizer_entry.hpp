// What makes a table entry of the definitions in optimizers_*. A definition is a class template
// with
//   kName        Keras's class name in lower case
//   kHyper       names of the hyperparameters, fewer than kMaxScalars
//   slots, prepare, update   as in kernels::Optimizer, or update_whole and whole_scratch
// g is the gradient, w the parameter, eta the learning rate, t the step from 1. The update rules
// are Keras 3's: epsilon stands where Keras has it, which is not always where the source has it.
#pragma once

#include <type_traits>

#include "kernels/body/map.hpp"
#include "kernels/body/registry.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// The slots of an optimizer, gathered one by one.
class SlotList {
 public:
  explicit SlotList(SlotSpec made[kMaxSlots]) noexcept : made_(made) {}
  SlotList& add(const char* name, double initial = 0, SlotKind kind = SlotKind::kLike) noexcept {
    made_[count_++] = {name, initial, kind};
    return *this;
  }
  int count() const noexcept { return count_; }

 private:
  SlotSpec* made_;
  int count_ = 0;
};

// 1 - weight decay * eta, by which w is multiplied before every update.
PRONGHORN_INLINE double decay_factor(const OptimizerConfig& config) {
  return 1 - config.weight_decay * config.learning_rate;
}

PRONGHORN_INLINE double power(double base, std::int64_t exponent) {
  return __builtin_pow(base, static_cast<double>(exponent));
}

template <class T, class... Values>
PRONGHORN_INLINE void set_scalars(OptimizerScalars<T>& scalars, const OptimizerConfig& config,
                                  Values... values) {
  static_assert(sizeof...(values) <= kMaxScalars, "an optimizer has at most kMaxScalars scalars");
  scalars.decay_factor = static_cast<T>(decay_factor(config));
  int i = 0;
  ((scalars.value[i++] = static_cast<T>(values)), ...);
}

// A run of one array as vectors.
template <class T>
struct Run {
  T* data;
  PRONGHORN_MEMBER Vec<T> get(std::size_t i, std::size_t count) const {
    return load_up_to<T>(data + i, count);
  }
  PRONGHORN_MEMBER void put(std::size_t i, Vec<T> v, std::size_t count) const {
    store_up_to<T>(data + i, v, count);
  }
};

template <class T, template <class> class Definition, class = void>
struct UpdatesWhole : std::false_type {};
template <class T, template <class> class Definition>
struct UpdatesWhole<T, Definition, std::void_t<decltype(&Definition<T>::update_whole)>>
    : std::true_type {};

template <class T, template <class> class Definition>
constexpr Optimizer<T> optimizer_entry() {
  Optimizer<T> entry = {};
  entry.name = Definition<T>::kName;
  for (int i = 0; i < kMaxScalars && Definition<T>::kHyper[i] != nullptr; ++i) {
    entry.hyper_names[i] = Definition<T>::kHyper[i];
  }
  entry.slots = Definition<T>::slots;
  entry.prepare = Definition<T>::prepare;
  if constexpr (UpdatesWhole<T, Definition>::value) {
    entry.update_whole = Definition<T>::update_whole;
    entry.whole_scratch = Definition<T>::whole_scratch;
  } else {
    entry.update = Definition<T>::update;
  }
  return entry;
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
