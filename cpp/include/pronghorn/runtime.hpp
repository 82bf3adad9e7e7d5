// Process-wide settings and facts.
#pragma once

#include <cstdint>
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
void set_num_threads(int count);  // 0: the default
// A step below it runs serially, unless two threads have weights each of their own.
void set_parallel_threshold(double seconds);
// How threads share a training step: "phases" (each takes a part of every phase's work), "parts"
// (each takes a part of the batch), "replicas" (each of two a half of it, with weights of its own),
// where the network allows it, or "auto". For tests and measurements. Throws std::invalid_argument
// for another word.
void set_sharing(const std::string& how);
// While one exists, a fork in another thread waits, so that the child finds no lock held and no
// step half made. Calls that run beside other threads are made inside one; it does not nest.
class EngineCall {
 public:
  EngineCall() noexcept;
  ~EngineCall();
  EngineCall(const EngineCall&) = delete;
  EngineCall& operator=(const EngineCall&) = delete;
};

// Where the time goes, by phase, added up since the process began while a session was open.
// Sessions nest; without one nothing is timed.
struct ProfileLine {
  std::string purpose;  // "training", "evaluation", "prediction" or "tape"
  std::string layer;    // empty where there is none
  std::string work;
  std::uint64_t calls = 0;      // batches
  std::vector<double> seconds;  // of each thread of the process that was ever timed, in one order
  double flops = 0, bytes = 0;  // of matrix products; the least memory touched
};
void start_profiling() noexcept;
void stop_profiling() noexcept;
std::vector<ProfileLine> profile_lines();

// What `threads` threads can do at most, measured on registers alone and on arrays beyond the
// caches (STREAM triad): operations and bytes a second. Throw std::invalid_argument.
double peak_flops(bool double_precision, int threads);
double stream_bandwidth(int threads);

// "auto", "tiles" or "blas" for the products of engines and trainers made afterwards.
void set_gemm(const std::string& choice);

}  // namespace pronghorn
