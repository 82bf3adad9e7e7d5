// The dense networks that the library is measured on; benchmarks/peers has the same.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pronghorn::benchmarks {

struct Workload {
  std::string name;
  std::vector<std::size_t> dims;  // inputs, hidden layers, outputs
  std::string activation;         // of the hidden layers
  std::size_t batch;
  bool classes;  // softmax and cross-entropy of labels; otherwise linear and mean squared error
};

inline const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all = {
      {"tiny", {4, 16, 3}, "tanh", 32, true},
      {"rl", {8, 64, 64, 4}, "tanh", 64, false},
      {"mnist128", {784, 128, 10}, "relu", 32, true},
      {"tabular", {100, 256, 128, 64, 1}, "relu", 256, false},
      {"mnist512", {784, 512, 512, 10}, "relu", 128, true},
      {"large", {784, 2048, 2048, 10}, "relu", 512, true},
  };
  return all;
}

}  // namespace pronghorn::benchmarks
