// Engine, tape and trainer against a naive network written out in double.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/team.hpp"
#include "pronghorn/engine.hpp"
#include "pronghorn/runtime.hpp"

namespace pronghorn {
namespace {

// input -> dense tanh -> (+ dense of it, added) -> dense softmax
template <class T>
struct Network {
  std::size_t features = 7, hidden = 37, classes = 5;
  VariableList<T> variables;
  std::shared_ptr<Engine<T>> engine;

  explicit Network(double l2 = 0) {
    std::mt19937 random(11);
    std::normal_distribution<double> normal(0, 0.3);
    for (const Shape& shape : {Shape{features, hidden}, Shape{hidden}, Shape{hidden, hidden},
                               Shape{hidden}, Shape{hidden, classes}, Shape{classes}}) {
      variables.push_back(std::make_shared<Variable<T>>(shape));
      std::vector<T> values(variables.back()->element_count());
      for (T& value : values) value = static_cast<T>(normal(random));
      variables.back()->set(values.data());
    }
    GraphSpec graph;
    NodeSpec input;
    input.op = "input";
    input.shape = {features};
    graph.nodes = {input, dense(0, 0, hidden, "tanh", l2), dense(1, 2, hidden, "tanh", l2)};
    NodeSpec add;
    add.op = "add";
    add.inputs = {1, 2};
    graph.nodes.push_back(add);
    graph.nodes.push_back(dense(3, 4, classes, "softmax", l2));
    graph.outputs = {4};
    engine = Engine<T>::make(graph, variables);
  }

  static NodeSpec dense(std::size_t input, std::size_t kernel, std::size_t units,
                        const char* activation, double l2) {
    NodeSpec node;
    node.op = "dense";
    node.name = "dense_" + std::to_string(kernel);
    node.inputs = {input};
    node.units = units;
    node.kernel = kernel;
    node.bias = static_cast<std::ptrdiff_t>(kernel) + 1;
    node.activation.name = activation;
    node.kernel_l2 = l2;
    return node;
  }

  std::vector<T> get(std::size_t v) const {
    std::vector<T> values(variables[v]->element_count());
    variables[v]->get(values.data());
    return values;
  }

  std::vector<double> layer(const std::vector<double>& x, std::size_t v) const {
    const auto w = get(v), b = get(v + 1);
    std::vector<double> z(b.begin(), b.end());
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t j = 0; j < z.size(); ++j) {
        z[j] += x[i] * static_cast<double>(w[i * z.size() + j]);
      }
    }
    return z;
  }

  std::vector<double> probabilities(const T* row) const {
    auto h = layer(std::vector<double>(row, row + features), 0);
    for (double& value : h) value = std::tanh(value);
    const auto z = layer(h, 2);
    for (std::size_t j = 0; j < h.size(); ++j) h[j] += std::tanh(z[j]);
    auto p = layer(h, 4);
    double sum = 0;
    for (double& value : p) sum += value = std::exp(value);
    for (double& value : p) value /= sum;
    return p;
  }
};

template <class T>
struct Data {
  std::size_t n;
  std::vector<T> x;
  std::vector<std::int32_t> y;
  Data(std::size_t samples, std::size_t features, std::size_t classes) : n(samples) {
    std::mt19937 random(5);
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < n * features; ++i) x.push_back(static_cast<T>(normal(random)));
    for (std::size_t i = 0; i < n; ++i) y.push_back(static_cast<std::int32_t>(random() % classes));
  }
};

OptimizerSpec sgd() {
  OptimizerSpec spec;
  spec.name = "sgd";
  for (const OptimizerInfo& info : optimizer_infos()) {
    if (info.name != "sgd") continue;
    for (const std::string& name : info.hyper) spec.hyper[name] = 0;
  }
  return spec;
}

LossSpec cross_entropy() {
  LossSpec loss;
  loss.name = "sparse_categorical_crossentropy";
  return loss;
}

template <class T>
class EngineTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(EngineTest, Scalars);

TYPED_TEST(EngineTest, PredictsLikeTheNaiveNetwork) {
  using T = TypeParam;
  const Network<T> net;
  for (const std::size_t n : {1u, 5u, 128u, 129u, 700u}) {
    const Data<T> data(n, net.features, net.classes);
    std::vector<T> out(n * net.classes);
    net.engine->predict({data.x.data()}, n, {out.data()});
    for (std::size_t i = 0; i < n; ++i) {
      const auto p = net.probabilities(&data.x[i * net.features]);
      for (std::size_t c = 0; c < net.classes; ++c) {
        EXPECT_NEAR(static_cast<double>(out[i * net.classes + c]), p[c],
                    sizeof(T) == 4 ? 1e-5 : 1e-13);
      }
    }
  }
}

TYPED_TEST(EngineTest, LossIsTheMeanCrossEntropyPlusPenalties) {
  using T = TypeParam;
  const double l2 = 0.01;
  const Network<T> net(l2);
  const Data<T> data(23, net.features, net.classes);
  double expected = 0;
  for (std::size_t i = 0; i < data.n; ++i) {
    const auto p = net.probabilities(&data.x[i * net.features]);
    expected -= std::log(p[static_cast<std::size_t>(data.y[i])]) / static_cast<double>(data.n);
  }
  for (const std::size_t v : {0u, 2u, 4u}) {
    for (const T w : net.get(v)) expected += l2 * static_cast<double>(w) * static_cast<double>(w);
  }
  const auto trainer = Trainer<T>::make(net.engine, {cross_entropy()}, {{}}, nullptr);
  Targets<T> targets;
  targets.labels = data.y.data();
  const auto run = trainer->run({data.x.data()}, {targets}, data.n, data.n, false, nullptr);
  const double rate = 0;
  run->advance(1, -1, &rate, 1);
  const RunResults results = run->results();
  EXPECT_NEAR(results.loss_sum / results.samples, expected, sizeof(T) == 4 ? 1e-5 : 1e-12);
}

// Central differences of the loss in double.
TEST(Gradient, MatchesFiniteDifferences) {
  const Network<double> net(0.003);
  const Data<double> data(11, net.features, net.classes);
  const auto trainer = Trainer<double>::make(net.engine, {cross_entropy()}, {{}}, nullptr);
  Targets<double> targets;
  targets.labels = data.y.data();
  const auto loss = [&](const std::vector<double*>& out) {
    return trainer->gradients({data.x.data()}, {targets}, data.n, out);
  };
  std::vector<std::vector<double>> gradients;
  std::vector<double*> out;
  for (const auto& variable : net.variables) {
    gradients.emplace_back(variable->element_count());
  }
  for (auto& gradient : gradients) out.push_back(gradient.data());
  loss(out);
  for (std::size_t v = 0; v < net.variables.size(); ++v) {
    auto values = net.get(v);
    for (std::size_t i = 0; i < values.size(); i += 5) {
      const double h = 1e-5, saved = values[i];
      values[i] = saved + h;
      net.variables[v]->set(values.data());
      const double above = loss({});
      values[i] = saved - h;
      net.variables[v]->set(values.data());
      const double below = loss({});
      values[i] = saved;
      net.variables[v]->set(values.data());
      EXPECT_NEAR((above - below) / (2 * h), gradients[v][i], 1e-8) << "variable " << v;
    }
  }
}

// Fused training steps are w - rate * gradient.
TEST(Training, FusedStepIsGradientDescent) {
  const Network<double> net, reference;
  const Data<double> data(32, net.features, net.classes);
  const OptimizerSpec spec = sgd();
  const auto trainer = Trainer<double>::make(net.engine, {cross_entropy()}, {{}}, &spec);
  const auto other = Trainer<double>::make(reference.engine, {cross_entropy()}, {{}}, nullptr);
  Targets<double> targets;
  targets.labels = data.y.data();
  const double rate = 0.1;
  const auto run = trainer->run({data.x.data()}, {targets}, data.n, 8, true, nullptr);
  EXPECT_EQ(run->advance(4, -1, &rate, 1), 4u);
  EXPECT_EQ(trainer->iterations(), 4);
  for (std::size_t step = 0; step < 4; ++step) {
    std::vector<std::vector<double>> gradients;
    std::vector<double*> out;
    for (const auto& variable : reference.variables) {
      gradients.emplace_back(variable->element_count());
    }
    for (auto& gradient : gradients) out.push_back(gradient.data());
    Targets<double> part;
    part.labels = data.y.data() + step * 8;
    other->gradients({data.x.data() + step * 8 * net.features}, {part}, 8, out);
    for (std::size_t v = 0; v < gradients.size(); ++v) {
      auto values = reference.get(v);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] -= rate * gradients[v][i];
      reference.variables[v]->set(values.data());
    }
  }
  for (std::size_t v = 0; v < net.variables.size(); ++v) {
    const auto got = net.get(v), expected = reference.get(v);
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-13);
  }
}

TYPED_TEST(EngineTest, ThreadCountsAndSlicesChangeNothing) {
  using T = TypeParam;
  const double threshold = parallel_threshold();
  set_parallel_threshold(0);
  std::vector<std::vector<T>> first;
  for (const int threads : {1, 2, 3, 8}) {
    set_num_threads(threads);
    const Network<T> net(0.01);
    const Data<T> data(203, net.features, net.classes);
    const OptimizerSpec spec = sgd();
    const auto trainer = Trainer<T>::make(net.engine, {cross_entropy()}, {{}}, &spec);
    Targets<T> targets;
    targets.labels = data.y.data();
    const std::uint64_t seed = 9;
    const auto run = trainer->run({data.x.data()}, {targets}, data.n, 16, true, &seed);
    const double rate = 0.1;
    while (run->done() < run->steps()) {
      run->advance(threads == 2 ? 3 : run->steps(), -1, &rate, 1);
    }
    std::vector<std::vector<T>> weights;
    for (std::size_t v = 0; v < net.variables.size(); ++v) weights.push_back(net.get(v));
    const RunResults results = run->results();
    weights.push_back({static_cast<T>(results.loss_sum)});
    if (first.empty()) first = weights;
    EXPECT_EQ(weights, first) << threads << " threads";
  }
  set_num_threads(0);
  set_parallel_threshold(threshold);
}

TEST(Tape, GivesInputGradients) {
  const Network<double> net;
  const Data<double> data(3, net.features, net.classes);
  const auto tape = net.engine->forward({data.x.data()}, data.n, false, 0);
  std::vector<double> dy(data.n * net.classes), dx(data.n * net.features);
  for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = std::sin(static_cast<double>(i));
  tape->backward({dy.data()}, {dx.data()});
  const auto objective = [&](std::vector<double> x) {
    double sum = 0;
    for (std::size_t i = 0; i < data.n; ++i) {
      const auto p = net.probabilities(&x[i * net.features]);
      for (std::size_t c = 0; c < net.classes; ++c) sum += p[c] * dy[i * net.classes + c];
    }
    return sum;
  };
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    auto above = data.x, below = data.x;
    above[i] += 1e-5;
    below[i] -= 1e-5;
    EXPECT_NEAR((objective(above) - objective(below)) / 2e-5, dx[i], 1e-8);
  }
}

TEST(Errors, NameTheLayer) {
  const Network<float> net;
  GraphSpec graph;
  NodeSpec input;
  input.op = "input";
  input.shape = {8};
  graph.nodes = {input, Network<float>::dense(0, 0, 37, "tanh", 0)};
  graph.outputs = {1};
  try {
    Engine<float>::make(graph, net.variables);
    FAIL() << "a kernel of the wrong shape was taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("dense_0"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("(8, 37)"), std::string::npos) << error.what();
  }
  graph.nodes[1].activation.name = "tan";
  EXPECT_THROW(Engine<float>::make(graph, net.variables), std::invalid_argument);
  graph.nodes[1].op = "dens";
  EXPECT_THROW(Engine<float>::make(graph, net.variables), std::invalid_argument);
}

}  // namespace
}  // namespace pronghorn
