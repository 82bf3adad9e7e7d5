// The table of losses and row metrics: whatever the included files register. To add one, write its
// struct in the file where it belongs, with PRONGHORN_REGISTER below it.
#include "kernels/body/registry.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
PRONGHORN_BEGIN_REGISTRY
}

#include "kernels/body/losses_classes.hpp"
#include "kernels/body/losses_columns.hpp"
#include "kernels/body/losses_focal.hpp"
#include "kernels/body/losses_margin.hpp"
#include "kernels/body/losses_overlap.hpp"
#include "kernels/body/row_metrics.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
PRONGHORN_END_REGISTRY

namespace {

template <class T>
struct LossList {
  Loss<T> entries[kRegisteredCount];
};

template <class T, std::size_t... I>
constexpr LossList<T> list_losses(IndexList<I...>) {
  return {{loss_entry<T, Registered<I>::template Type>()...}};
}

}  // namespace

template <class T>
const Loss<T>* loss_table(std::size_t& count) noexcept {
  static constexpr LossList<T> kList = list_losses<T>(RegisteredIndices{});
  count = kRegisteredCount;
  return kList.entries;
}

template const Loss<float>* loss_table<float>(std::size_t& count) noexcept;
template const Loss<double>* loss_table<double>(std::size_t& count) noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
