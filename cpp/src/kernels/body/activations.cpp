// The table of activations: whatever the included files register. To add one, write its struct in
// the file where it belongs, with PRONGHORN_REGISTER below it.
#include "kernels/body/registry.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
PRONGHORN_BEGIN_REGISTRY
}

#include "kernels/body/activations_piecewise.hpp"
#include "kernels/body/activations_smooth.hpp"
#include "kernels/body/normalizations.hpp"
#include "kernels/body/rowwise.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
PRONGHORN_END_REGISTRY

namespace {

template <class T>
struct ActivationList {
  Activation<T> entries[kRegisteredCount];
};

template <class T, std::size_t... I>
constexpr ActivationList<T> list_activations(IndexList<I...>) {
  return {{activation_entry<T, Registered<I>::template Type>()...}};
}

}  // namespace

template <class T>
const Activation<T>* activation_table(std::size_t& count) noexcept {
  static constexpr ActivationList<T> kList = list_activations<T>(RegisteredIndices{});
  count = kRegisteredCount;
  return kList.entries;
}

template const Activation<float>* activation_table<float>(std::size_t& count) noexcept;
template const Activation<double>* activation_table<double>(std::size_t& count) noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
