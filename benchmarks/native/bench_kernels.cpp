// Kernels of the active instruction set (PRONGHORN_ISA) on one core.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "kernels/blas.hpp"
#include "kernels/dispatch.hpp"
#include "roofline.hpp"
#include "workloads.hpp"

namespace {

using namespace pronghorn::benchmarks;
using pronghorn::kernels::table;
using pronghorn::kernels::Table;
namespace kernels = pronghorn::kernels;

struct Product {
  std::size_t batch, inputs, outputs;
};

// Columns of the result cut into panels, as the engine does it.
struct Panels {
  template <class T>
  Panels(const Table<T>& kernels, std::size_t cols)
      : vector(kernels.vector), panel(kernels.panel), cols(cols) {}
  std::size_t count() const { return (cols + panel - 1) / panel; }
  std::size_t vectors(std::size_t j) const { return cols - j * panel > vector ? 2 : 1; }
  std::size_t padded() const { return (count() - 1) * panel + vectors(count() - 1) * vector; }
  std::size_t vector, panel, cols;
};

template <class T>
std::vector<const T*> rows_of(const Array<T>& matrix, std::size_t rows, std::size_t ld) {
  std::vector<const T*> pointers(rows);
  for (std::size_t r = 0; r < rows; ++r) pointers[r] = matrix.data() + r * ld;
  return pointers;
}

// Operations on padding columns do not count as work.
double useful_flops(const Product& p) {
  return 2.0 * static_cast<double>(p.batch) * static_cast<double>(p.inputs) *
         static_cast<double>(p.outputs);
}

template <class T>
void forward(benchmark::State& state, Product p) {
  const Table<T>& kernels = table<T>();
  const Panels panels(kernels, p.outputs);
  const Array<T> x(p.batch * p.inputs), w(p.inputs * panels.padded()), bias(panels.padded());
  const Array<T> z(p.batch * panels.padded());
  const std::vector<const T*> rows = rows_of(x, p.batch, p.inputs);
  for (auto _ : state) {
    for (std::size_t j = 0; j < panels.count(); ++j) {
      kernels.products.rows(rows.data(), 0, p.batch, p.inputs,
                            w.data() + j * panels.panel * p.inputs,
                            panels.vectors(j) * panels.vector, bias.data() + j * panels.panel,
                            false, z.data() + j * panels.panel, panels.padded(), panels.vectors(j));
    }
    benchmark::ClobberMemory();
  }
  report_flops<T>(state, useful_flops(p));
}

template <class T>
void weight_gradient(benchmark::State& state, Product p) {
  const Table<T>& kernels = table<T>();
  const Panels panels(kernels, p.outputs);
  const Array<T> x(p.batch * p.inputs), dz(p.batch * panels.padded());
  const Array<T> dw(p.inputs * panels.padded());
  const std::vector<const T*> rows = rows_of(x, p.batch, p.inputs);
  // Columns of X whose batch stays in the second cache. Panels of a tall dZ are copied without
  // gaps, since rows a multiple of the page apart evict each other.
  constexpr std::size_t kBlock = 192;
  const bool copy = p.batch >= 128 && panels.count() > 1;
  const Array<T> packed(p.batch * panels.panel);
  for (auto _ : state) {
    for (std::size_t i = 0; i < p.inputs; i += kBlock) {
      const std::size_t count = std::min(kBlock, p.inputs - i);
      for (std::size_t j = 0; j < panels.count(); ++j) {
        const std::size_t width = panels.vectors(j) * panels.vector;
        const T* const panel = dz.data() + j * panels.panel;
        for (std::size_t r = 0; copy && r < p.batch; ++r) {
          std::copy_n(panel + r * panels.padded(), width, packed.data() + r * width);
        }
        kernels.products.columns(rows.data(), i, count, p.batch, copy ? packed.data() : panel,
                                 copy ? width : panels.padded(), false,
                                 dw.data() + j * panels.panel * p.inputs + i * width, width,
                                 panels.vectors(j));
      }
    }
    benchmark::ClobberMemory();
  }
  report_flops<T>(state, useful_flops(p));
}

template <class T>
void blas_forward(benchmark::State& state, Product p) {
  kernels::blas::initialize();
  const Array<T> x(p.batch * p.inputs), w(p.inputs * p.outputs), z(p.batch * p.outputs);
  for (auto _ : state) {
    kernels::blas::gemm(false, false, p.batch, p.outputs, p.inputs, x.data(), p.inputs, w.data(),
                        p.outputs, T(0), z.data(), p.outputs);
    benchmark::ClobberMemory();
  }
  report_flops<T>(state, useful_flops(p));
}

template <class T>
void blas_weight_gradient(benchmark::State& state, Product p) {
  kernels::blas::initialize();
  const Array<T> x(p.batch * p.inputs), dz(p.batch * p.outputs), dw(p.inputs * p.outputs);
  for (auto _ : state) {
    kernels::blas::gemm(true, false, p.inputs, p.outputs, p.batch, x.data(), p.inputs, dz.data(),
                        p.outputs, T(0), dw.data(), p.outputs);
    benchmark::ClobberMemory();
  }
  report_flops<T>(state, useful_flops(p));
}

template <class T>
void transpose(benchmark::State& state, std::size_t rows, std::size_t cols) {
  const Array<T> src(rows * cols), dst(rows * cols);
  for (auto _ : state) {
    table<T>().products.transpose(src.data(), cols, dst.data(), rows, rows, cols);
    benchmark::ClobberMemory();
  }
  report_bytes(state, 2.0 * sizeof(T) * static_cast<double>(rows * cols));
}

template <class T>
using Map = void (*)(const T*, T*, std::size_t) noexcept;

template <class T>
void vector_math(benchmark::State& state, Map<T> function) {
  constexpr std::size_t kCount = 4096;  // in the first cache
  const Array<T> x(kCount), y(kCount);
  for (std::size_t i = 0; i < kCount; ++i) x.data()[i] = std::max(x.data()[i], T(0)) + T(0.01);
  for (auto _ : state) {
    function(x.data(), y.data(), kCount);
    benchmark::ClobberMemory();
  }
  report_bytes(state, 2.0 * sizeof(T) * kCount);
}

template <class T>
void adam(benchmark::State& state, std::size_t count) {
  const Table<T>& kernels = table<T>();
  const kernels::Optimizer<T>* const optimizer = kernels::find_optimizer(kernels, "adam");
  kernels::OptimizerConfig config;
  const double hyper[] = {0.9, 0.999, 1e-7, 0};  // beta_1, beta_2, epsilon, amsgrad
  std::copy(std::begin(hyper), std::end(hyper), config.hyper);
  kernels::OptimizerScalars<T> scalars;
  double persistent = 1;
  optimizer->prepare(config, 1, &persistent, scalars);
  const Array<T> w(count), m(count), v(count), g(count);
  for (std::size_t i = 0; i < count; ++i) v.data()[i] = T(0.5);
  T* const slots[kernels::kMaxSlots] = {m.data(), v.data(), nullptr};
  for (auto _ : state) {
    optimizer->update(w.data(), slots, g.data(), count, scalars);
    benchmark::ClobberMemory();
  }
  report_bytes(state, 7.0 * sizeof(T) * static_cast<double>(count));  // w, m, v both ways, g in
}

void triad(benchmark::State& state) {
  double best = 0;
  for (auto _ : state) best = std::max(best, triad_bytes_per_second());
  state.counters["GB/s"] = best * 1e-9;
}

void peak(benchmark::State& state) {
  double best = 0;
  for (auto _ : state) best = std::max(best, peak_flops<float>());
  state.counters["GFLOP/s"] = best * 1e-9;
}

template <class T>
void register_all(const std::string& scalar) {
  for (const Workload& workload : workloads()) {
    for (std::size_t layer = 0; layer + 1 < workload.dims.size(); ++layer) {
      const Product p = {workload.batch, workload.dims[layer], workload.dims[layer + 1]};
      const std::string shape = "/" + scalar + "/" + workload.name + "/" + std::to_string(p.batch) +
                                "x" + std::to_string(p.inputs) + "x" + std::to_string(p.outputs);
      benchmark::RegisterBenchmark(("forward" + shape).c_str(), forward<T>, p);
      benchmark::RegisterBenchmark(("forward_blas" + shape).c_str(), blas_forward<T>, p);
      benchmark::RegisterBenchmark(("gradient" + shape).c_str(), weight_gradient<T>, p);
      benchmark::RegisterBenchmark(("gradient_blas" + shape).c_str(), blas_weight_gradient<T>, p);
    }
  }
  const auto& math = table<T>().math;
  const std::pair<const char*, Map<T>> functions[] = {
      {"exp", math.exp},   {"expm1", math.expm1},     {"log", math.log}, {"log1p", math.log1p},
      {"tanh", math.tanh}, {"sigmoid", math.sigmoid}, {"erf", math.erf}};
  for (const auto& [name, function] : functions) {
    benchmark::RegisterBenchmark(("math/" + scalar + "/" + name).c_str(), vector_math<T>, function);
  }
  for (const std::size_t count :
       {std::size_t{1} << 12, std::size_t{1} << 16, std::size_t{1} << 24}) {
    benchmark::RegisterBenchmark(("adam/" + scalar + "/" + std::to_string(count)).c_str(), adam<T>,
                                 count);
  }
  benchmark::RegisterBenchmark(("transpose/" + scalar + "/128x128").c_str(), transpose<T>, 128,
                               128);
  benchmark::RegisterBenchmark(("transpose/" + scalar + "/512x2048").c_str(), transpose<T>, 512,
                               2048);
}

[[maybe_unused]] const bool kRegistered = [] {
  benchmark::AddCustomContext("isa", kernels::active_isa());
  benchmark::AddCustomContext("blas", kernels::blas::name() + " " + kernels::blas::version());
  benchmark::RegisterBenchmark("peak/float", peak)->Iterations(20);
  benchmark::RegisterBenchmark("triad", triad)->Iterations(3);
  register_all<float>("float");
  register_all<double>("double");
  return true;
}();

}  // namespace
