// Whole training epochs and single-row predictions through the public C++ interface, float32, Adam.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pronghorn/engine.hpp"
#include "pronghorn/runtime.hpp"
#include "roofline.hpp"
#include "workloads.hpp"

namespace {

using namespace pronghorn;
using benchmarks::Array;
using benchmarks::Workload;

std::shared_ptr<Engine<float>> make_engine(const Workload& workload) {
  GraphSpec graph;
  VariableList<float> variables;
  NodeSpec input;
  input.op = "input";
  input.name = "input";
  input.shape = {workload.dims[0]};
  graph.nodes.push_back(input);
  for (std::size_t layer = 1; layer < workload.dims.size(); ++layer) {
    const std::size_t inputs = workload.dims[layer - 1];
    const std::size_t units = workload.dims[layer];
    const bool last = layer + 1 == workload.dims.size();
    NodeSpec dense;
    dense.op = "dense";
    dense.name = "dense_" + std::to_string(layer);
    dense.inputs = {layer - 1};
    dense.units = units;
    dense.kernel = variables.size();
    dense.bias = static_cast<std::ptrdiff_t>(variables.size() + 1);
    dense.activation.name = !last ? workload.activation : workload.classes ? "softmax" : "linear";
    graph.nodes.push_back(dense);
    // Small weights of both signs, so that no activation saturates.
    const Array<float> values(inputs * units);
    const float scale = 1 / std::sqrt(static_cast<float>(inputs));
    for (std::size_t i = 0; i < inputs * units; ++i) values.data()[i] *= scale;
    auto kernel = std::make_shared<Variable<float>>(Shape{inputs, units});
    kernel->set(values.data());
    variables.push_back(kernel);
    variables.push_back(std::make_shared<Variable<float>>(Shape{units}));
  }
  graph.outputs = {workload.dims.size() - 1};
  return Engine<float>::make(graph, variables);
}

// Forward, dW and dX of each layer but the first, which has no dX.
double step_flops(const Workload& workload) {
  double flops = 0;
  for (std::size_t layer = 1; layer < workload.dims.size(); ++layer) {
    const double product =
        2.0 * static_cast<double>(workload.batch * workload.dims[layer - 1] * workload.dims[layer]);
    flops += product * (layer == 1 ? 2 : 3);
  }
  return flops;
}

void epoch(benchmark::State& state, const Workload& workload, int threads) {
  set_num_threads(threads);
  const std::size_t outputs = workload.dims.back();
  const std::size_t steps = workload.name == "large" ? 8 : 64;
  const std::size_t samples = workload.batch * steps;
  LossSpec loss;
  loss.name = workload.classes ? "sparse_categorical_crossentropy" : "mean_squared_error";
  OptimizerSpec adam;
  adam.name = "adam";
  adam.hyper = {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", 0}};
  const auto trainer = Trainer<float>::make(make_engine(workload), {loss}, {{}}, &adam);
  const Array<float> x(samples * workload.dims[0]), y(samples * outputs);
  std::vector<std::int32_t> labels(samples);
  for (std::size_t i = 0; i < samples; ++i) labels[i] = static_cast<std::int32_t>(i % outputs);
  Targets<float> targets;
  if (workload.classes) {
    targets.labels = labels.data();
  } else {
    targets.dense = y.data();
  }
  std::uint64_t seed = 0;
  const double rate = 1e-4;
  for (auto _ : state) {
    ++seed;
    const auto run = trainer->run({x.data()}, {targets}, samples, workload.batch, true, &seed);
    run->advance(steps, -1, &rate, 1);
  }
  state.counters["samples/s"] = benchmark::Counter(static_cast<double>(samples),
                                                   benchmark::Counter::kIsIterationInvariantRate);
  benchmarks::report_flops<float>(state, step_flops(workload) * static_cast<double>(steps));
  set_num_threads(0);
}

void predict_row(benchmark::State& state) {
  const Workload workload = {"row", {40, 100, 100, 10}, "relu", 1, true};
  const auto engine = make_engine(workload);
  const Array<float> x(40), y(10);
  for (auto _ : state) {
    engine->predict({x.data()}, 1, {y.data()});
    benchmark::ClobberMemory();
  }
}

[[maybe_unused]] const bool kRegistered = [] {
  benchmark::AddCustomContext("isa", info().isa);
  for (const Workload& workload : benchmarks::workloads()) {
    for (int threads = 1; threads <= num_threads(); threads *= 2) {
      const std::string name = "epoch/" + workload.name + "/threads:" + std::to_string(threads);
      benchmark::RegisterBenchmark(name.c_str(), epoch, workload, threads)
          ->UseRealTime()
          ->MinWarmUpTime(0.1);
    }
  }
  benchmark::RegisterBenchmark("predict/one_row_40-100-100-10", predict_row);
  return true;
}();

}  // namespace
