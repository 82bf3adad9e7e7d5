// Chooses the table of kernels at run time: the best instruction set that this machine has, or the
// one that PRONGHORN_ISA names ("baseline", "avx2", "avx512", "neon").
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "kernels/table.hpp"

namespace pronghorn::kernels {

// Names compiled into this build, best last.
std::vector<std::string> compiled_isas();
// Names among them that this machine can run, best last.
std::vector<std::string> supported_isas();
// The one in use. Throws std::invalid_argument if PRONGHORN_ISA names an unknown or unsupported
// one.
std::string active_isa();

// Tables for `float` and `double`. Phases of a microsecond ask for them, so that once one is known
// it takes a load.
template <class T>
const Table<T>& choose_table();
template <class T>
inline std::atomic<const Table<T>*> chosen_table{nullptr};
template <class T>
inline const Table<T>& table() {
  const Table<T>* known = chosen_table<T>.load(std::memory_order_acquire);
  return known != nullptr ? *known : choose_table<T>();
}
// A given one, for tests and benchmarks; throws std::invalid_argument if it cannot run here.
template <class T>
const Table<T>& table(const std::string& isa);

template <class T>
const Activation<T>* find_activation(const Table<T>& table, const std::string& name) noexcept;
template <class T>
const Loss<T>* find_loss(const Table<T>& table, const std::string& name) noexcept;
template <class T>
const Optimizer<T>* find_optimizer(const Table<T>& table, const std::string& name) noexcept;

}  // namespace pronghorn::kernels
