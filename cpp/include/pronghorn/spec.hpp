// What a network is, as plain data. Python hands these over; the engine checks and compiles them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pronghorn {

using Shape = std::vector<std::size_t>;  // per sample, without the batch axis

struct ActivationSpec {
  std::string name = "linear";
  double p0 = 0, p1 = 0, p2 = 0;  // meaning by name: see kernels/table.hpp
};

// What a variable must be like after each update: see plan/constraint.hpp.
struct ConstraintSpec {
  std::size_t variable = 0;
  std::string name;
  std::vector<std::ptrdiff_t> axes;
  double least = 0, most = 0, rate = 1, epsilon = 0;
};

struct NodeSpec {
  std::string op;    // as registered by a file of layers/: "input", "dense", "add", ...
  std::string name;  // of the layer, for messages
  std::vector<std::size_t> inputs;
  Shape shape;                // input, reshape
  std::size_t units = 0;      // dense
  std::size_t kernel = 0;     // dense: index among the engine's variables
  std::ptrdiff_t bias = -1;   // dense: likewise, or -1
  ActivationSpec activation;  // dense, activation
  bool trainable = true;
  std::vector<std::size_t> frozen;  // variables that do not learn even so
  double kernel_l1 = 0, kernel_l2 = 0, bias_l1 = 0, bias_l2 = 0;
  double rate = 0;         // dropout
  std::uint64_t seed = 0;  // dropout
  // What further layers need, each by its own file's meaning.
  std::vector<std::ptrdiff_t> weights;         // variables, or -1 where one is left out
  std::vector<double> weights_l1, weights_l2;  // regularisers of `weights`; empty: none
  std::vector<std::ptrdiff_t> strides;         // strided
  std::vector<ConstraintSpec> constraints;
  std::map<std::string, double> numbers;  // by name: "epsilon", "momentum", ...
};

struct GraphSpec {
  std::vector<NodeSpec> nodes;  // inputs before users
  std::vector<std::size_t> outputs;
};

enum class Reduction { kSumOverBatchSize, kSum, kMeanWithSampleWeight };

// Which loss or row metric, and its numbers: Keras's arguments of the same names.
struct ObjectiveSpec {
  std::string name;  // empty, for a loss: this output has none
  bool from_logits = false;
  double label_smoothing = 0;
  double delta = 1;
  double threshold = 0.5;
  double alpha = 0.25, beta = 0.5, gamma = 2, q = 0.5;
  bool apply_class_balancing = false;
  int k = 5;
  std::optional<int> ignore_class;  // labels whose rows do not count
};

struct LossSpec : ObjectiveSpec {
  Reduction reduction = Reduction::kSumOverBatchSize;
  double weight = 1;
};

struct MetricSpec : ObjectiveSpec {
  bool weighted = false;
};

struct OptimizerSpec {
  std::string name;
  std::map<std::string, double> hyper;
  double weight_decay = 0;
  std::vector<std::size_t> undecayed;  // variables that weight decay leaves alone
  std::vector<std::size_t> apart;      // variables that the optimizer's main rule leaves alone
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;  // 0: off
  bool use_ema = false;                                     // keep moving averages of the weights
  double ema_momentum = 0.99;
  std::size_t ema_overwrite_frequency = 0;      // updates between takings of the averages; 0: none
  std::size_t gradient_accumulation_steps = 1;  // gradients an update
};

}  // namespace pronghorn
