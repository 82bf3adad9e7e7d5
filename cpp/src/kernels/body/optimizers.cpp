// The table of optimizers: whatever the included files register. To add one, write its struct in
// the file where it belongs, with PRONGHORN_REGISTER below it.
#include "kernels/body/registry.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
PRONGHORN_BEGIN_REGISTRY
}

#include "kernels/body/optimizers_gradient.hpp"
#include "kernels/body/optimizers_moments.hpp"
#include "kernels/body/optimizers_whole.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
PRONGHORN_END_REGISTRY

namespace {

template <class T>
struct OptimizerList {
  Optimizer<T> entries[kRegisteredCount];
};

template <class T, std::size_t... I>
constexpr OptimizerList<T> list_optimizers(IndexList<I...>) {
  return {{optimizer_entry<T, Registered<I>::template Type>()...}};
}

}  // namespace

template <class T>
const Optimizer<T>* optimizer_table(std::size_t& count) noexcept {
  static constexpr OptimizerList<T> kList = list_optimizers<T>(RegisteredIndices{});
  count = kRegisteredCount;
  return kList.entries;
}

template const Optimizer<float>* optimizer_table<float>(std::size_t& count) noexcept;
template const Optimizer<double>* optimizer_table<double>(std::size_t& count) noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
