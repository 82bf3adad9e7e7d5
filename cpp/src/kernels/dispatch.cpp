#include "kernels/dispatch.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "kernels/isa/isas.hpp"

namespace pronghorn::kernels {
namespace {

struct Isa {
  const char* name;
  bool (*supported)() noexcept;
  const Table<float>& (*float_table)() noexcept;
  const Table<double>& (*double_table)() noexcept;
};

bool always() noexcept { return true; }

// __builtin_cpu_supports reports these only if the operating system also saves the wide registers
// (it reads XCR0), so a kernel that masks AVX-512 state is seen.
#if defined(PRONGHORN_HAS_AVX2)
bool has_avx2() noexcept { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif
#if defined(PRONGHORN_HAS_AVX512)
bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("fma");
}
#endif

// Best last.
constexpr Isa kIsas[] = {
#if defined(PRONGHORN_HAS_BASELINE)
    {"baseline", always, baseline::float_table, baseline::double_table},
#endif
#if defined(PRONGHORN_HAS_NEON)
    {"neon", always, neon::float_table, neon::double_table},
#endif
#if defined(PRONGHORN_HAS_AVX2)
    {"avx2", has_avx2, avx2::float_table, avx2::double_table},
#endif
#if defined(PRONGHORN_HAS_AVX512)
    {"avx512", has_avx512, avx512::float_table, avx512::double_table},
#endif
};

// Edits that lead from a to b, an exchange of neighbours being one (optimal string alignment).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      edits[i][j] = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1,
                              edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

// `source` says where the name came from, for the message.
const Isa& find_isa(const std::string& name, const std::string& source) {
  const Isa* nearest = &kIsas[0];
  for (const Isa& isa : kIsas) {
    if (name == isa.name) {
      if (isa.supported()) return isa;
      throw std::invalid_argument(source + "='" + name +
                                  "': this machine cannot run that instruction set; it can run " +
                                  joined(supported_isas()) + ".");
    }
    if (edit_distance(name, isa.name) < edit_distance(name, nearest->name)) nearest = &isa;
  }
  throw std::invalid_argument(source + "='" + name +
                              "' is not an instruction set of this build: expected one of " +
                              joined(compiled_isas()) + ". Did you mean '" + nearest->name + "'?");
}

const Isa& choose_isa() {
  const char* forced = std::getenv("PRONGHORN_ISA");
  if (forced != nullptr && *forced != '\0') return find_isa(forced, "PRONGHORN_ISA");
  const Isa* best = &kIsas[0];
  for (const Isa& isa : kIsas) {
    if (isa.supported()) best = &isa;
  }
  return *best;
}

// Chosen once; a throw leaves the choice open, so that the next call looks again.
const Isa& current_isa() {
  static const Isa& isa = choose_isa();
  return isa;
}

template <class Entry>
const Entry* find_by_name(const Entry* entries, std::size_t count,
                          const std::string& name) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (name == entries[i].name) return &entries[i];
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> compiled_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : kIsas) names.emplace_back(isa.name);
  return names;
}

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : kIsas) {
    if (isa.supported()) names.emplace_back(isa.name);
  }
  return names;
}

std::string active_isa() { return current_isa().name; }

template <>
const Table<float>& choose_table<float>() {
  const Table<float>& table = current_isa().float_table();
  chosen_table<float>.store(&table, std::memory_order_release);
  return table;
}
template <>
const Table<double>& choose_table<double>() {
  const Table<double>& table = current_isa().double_table();
  chosen_table<double>.store(&table, std::memory_order_release);
  return table;
}
template <>
const Table<float>& table<float>(const std::string& isa) {
  return find_isa(isa, "isa").float_table();
}
template <>
const Table<double>& table<double>(const std::string& isa) {
  return find_isa(isa, "isa").double_table();
}

template <class T>
const Activation<T>* find_activation(const Table<T>& table, const std::string& name) noexcept {
  return find_by_name(table.activations, table.activation_count, name);
}
template <class T>
const Loss<T>* find_loss(const Table<T>& table, const std::string& name) noexcept {
  return find_by_name(table.losses, table.loss_count, name);
}
template <class T>
const Optimizer<T>* find_optimizer(const Table<T>& table, const std::string& name) noexcept {
  return find_by_name(table.optimizers, table.optimizer_count, name);
}

template const Activation<float>* find_activation(const Table<float>&, const std::string&) noexcept;
template const Activation<double>* find_activation(const Table<double>&,
                                                   const std::string&) noexcept;
template const Loss<float>* find_loss(const Table<float>&, const std::string&) noexcept;
template const Loss<double>* find_loss(const Table<double>&, const std::string&) noexcept;
template const Optimizer<float>* find_optimizer(const Table<float>&, const std::string&) noexcept;
template const Optimizer<double>* find_optimizer(const Table<double>&, const std::string&) noexcept;

}  // namespace pronghorn::kernels
