#include "pronghorn/runtime.hpp"

#include <map>
#include <stdexcept>

#include "base/fork.hpp"
#include "base/team.hpp"
#include "kernels/blas.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/gemm_choice.hpp"

namespace pronghorn {

Info info() {
  Info info;
  info.version = PRONGHORN_VERSION;
#if defined(__clang__)
  info.compiler = "clang " __clang_version__;
#elif defined(__GNUC__)
  info.compiler = "gcc " __VERSION__;
#endif
  info.isa = kernels::active_isa();
  info.isas = kernels::compiled_isas();
  info.supported_isas = kernels::supported_isas();
  info.blas = kernels::blas::name();
  info.blas_version = kernels::blas::version();
  return info;
}

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  const auto& table = kernels::table<float>();
  for (std::size_t i = 0; i < table.activation_count; ++i) {
    names.emplace_back(table.activations[i].name);
  }
  return names;
}

std::vector<LossInfo> loss_infos() {
  std::vector<LossInfo> infos;
  const auto& table = kernels::table<float>();
  for (std::size_t i = 0; i < table.loss_count; ++i) {
    infos.push_back({table.losses[i].name, table.losses[i].sparse, table.losses[i].differentiable});
  }
  return infos;
}

std::vector<OptimizerInfo> optimizer_infos() {
  std::vector<OptimizerInfo> infos;
  const auto& table = kernels::table<float>();
  for (std::size_t i = 0; i < table.optimizer_count; ++i) {
    const auto& optimizer = table.optimizers[i];
    infos.push_back({optimizer.name, {}});
    for (int h = 0; h < kernels::kMaxScalars && optimizer.hyper_names[h] != nullptr; ++h) {
      infos.back().hyper.emplace_back(optimizer.hyper_names[h]);
    }
  }
  return infos;
}

template <class T>
void vector_math(const std::string& name, const T* x, T* y, std::size_t n, const std::string& isa) {
  const auto& math = (isa.empty() ? kernels::table<T>() : kernels::table<T>(isa)).math;
  const std::map<std::string, void (*)(const T*, T*, std::size_t) noexcept> functions = {
      {"exp", math.exp},   {"expm1", math.expm1},     {"log", math.log}, {"log1p", math.log1p},
      {"tanh", math.tanh}, {"sigmoid", math.sigmoid}, {"erf", math.erf}};
  const auto found = functions.find(name);
  if (found == functions.end()) throw std::invalid_argument("unknown function '" + name + "'");
  found->second(x, y, n);
}

void set_gemm(const std::string& choice) { kernels::set_gemm_choice(choice); }

EngineCall::EngineCall() noexcept { enter_engine(); }
EngineCall::~EngineCall() { leave_engine(); }

int num_threads() noexcept { return max_threads(); }

template void vector_math(const std::string&, const float*, float*, std::size_t,
                          const std::string&);
template void vector_math(const std::string&, const double*, double*, std::size_t,
                          const std::string&);

}  // namespace pronghorn
