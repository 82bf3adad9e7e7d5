// Process-wide settings and facts.
#pragma once

#include <string>
#include <vector>

namespace pronghorn {

struct Info {
  std::string version, compiler, isa, blas, blas_version;
  std::vector<std::string> isas, supported_isas;
};
Info info();

struct LossInfo {
  std::string name;
  bool sparse, differentiable;
};
struct OptimizerInfo {
  std::string name;
  std::vector<std::string> hyper;
};
std::vector<std::string> activation_names();
std::vector<LossInfo> loss_infos();
std::vector<OptimizerInfo> optimizer_infos();

// y = f(x) by the kernels of `isa` ("": the active one); for tests. Throws std::invalid_argument.
template <class T>
void vector_math(const std::string& name, const T* x, T* y, std::size_t n, const std::string& isa);

int num_threads() noexcept;
void set_num_threads(int count);              // 0: the default
void set_parallel_threshold(double seconds);  // a step below it runs serially
// While one exists, a fork in another thread waits, so that the child finds no lock held and no
// step half made. Calls that run beside other threads are made inside one; it does not nest.
class EngineCall {
 public:
  EngineCall() noexcept;
  ~EngineCall();
  EngineCall(const EngineCall&) = delete;
  EngineCall& operator=(const EngineCall&) = delete;
};

// "auto", "tiles" or "blas" for the products of engines and trainers made afterwards.
void set_gemm(const std::string& choice);

}  // namespace pronghorn
