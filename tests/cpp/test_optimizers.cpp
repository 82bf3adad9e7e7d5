// Every optimizer of the table against its update rule written out in double, over fifty steps.
#include <array>
#include <functional>
#include <map>

#include "kernel_cases.hpp"

namespace pronghorn::tests {
namespace {

using kernels::kMaxSlots;
using kernels::Optimizer;
using kernels::OptimizerConfig;
using kernels::OptimizerScalars;
using kernels::SlotSpec;
using kernels::Table;

constexpr double kRate = 0.05;
constexpr int kSteps = 50;

// One parameter with its slots; t counts from 1.
struct Parameter {
  double w = 0;
  std::array<double, kMaxSlots> s = {};
};
using Rule = std::function<void(Parameter&, double g, int t)>;

struct Reference {
  std::vector<double> hyper;
  std::vector<std::string> slots;
  Rule update;
};

double nadam_u(double beta_1, int t) { return beta_1 * (1 - 0.5 * std::pow(0.96, t)); }

Rule adam(bool amsgrad) {
  return [amsgrad](Parameter& p, double g, int t) {
    const double b1 = 0.9, b2 = 0.99, eps = 1e-3;
    p.s[0] = b1 * p.s[0] + (1 - b1) * g;
    p.s[1] = b2 * p.s[1] + (1 - b2) * g * g;
    p.s[2] = std::max(p.s[2], p.s[1]);
    const double alpha = kRate * std::sqrt(1 - std::pow(b2, t)) / (1 - std::pow(b1, t));
    p.w -= alpha * p.s[0] / (std::sqrt(amsgrad ? p.s[2] : p.s[1]) + eps);
  };
}

Rule rmsprop(double momentum, bool centered) {
  return [=](Parameter& p, double g, int) {
    const double rho = 0.9, eps = 1e-3;
    double& velocity = p.s[1];
    double& average = p.s[momentum > 0 ? 2 : 1];
    p.s[0] = rho * p.s[0] + (1 - rho) * g * g;
    double spread = p.s[0] + eps;
    if (centered) {
      average = rho * average + (1 - rho) * g;
      spread -= average * average;
    }
    const double change = kRate * g / std::sqrt(spread);
    if (momentum > 0) {
      velocity = momentum * velocity + change;
      p.w -= velocity;
    } else {
      p.w -= change;
    }
  };
}

std::multimap<std::string, Reference> references() {
  const std::vector<std::string> moments = {"momentum", "velocity"};
  const std::vector<std::string> with_maximum = {"momentum", "velocity", "velocity_hat"};
  return {
      {"sgd", {{0, 0}, {}, [](Parameter& p, double g, int) { p.w -= kRate * g; }}},
      {"sgd",
       {{0.9, 0},
        {"momentum"},
        [](Parameter& p, double g, int) {
          p.s[0] = 0.9 * p.s[0] - kRate * g;
          p.w += p.s[0];
        }}},
      {"sgd",
       {{0.9, 1},
        {"momentum"},
        [](Parameter& p, double g, int) {
          p.s[0] = 0.9 * p.s[0] - kRate * g;
          p.w += 0.9 * p.s[0] - kRate * g;
        }}},
      {"rmsprop", {{0.9, 0, 1e-3, 0}, {"velocity"}, rmsprop(0, false)}},
      {"rmsprop", {{0.9, 0, 1e-3, 1}, {"velocity", "average_gradient"}, rmsprop(0, true)}},
      {"rmsprop", {{0.9, 0.5, 1e-3, 0}, {"velocity", "momentum"}, rmsprop(0.5, false)}},
      {"rmsprop",
       {{0.9, 0.5, 1e-3, 1}, {"velocity", "momentum", "average_gradient"}, rmsprop(0.5, true)}},
      {"adagrad",
       {{0.1, 1e-3},
        {"accumulator"},
        [](Parameter& p, double g, int t) {
          p.s[0] = (t == 1 ? 0.1 : p.s[0]) + g * g;
          p.w -= kRate * g / std::sqrt(p.s[0] + 1e-3);
        }}},
      {"adadelta",
       {{0.95, 1e-3},
        {"accumulated_grad", "accumulated_delta_var"},
        [](Parameter& p, double g, int) {
          p.s[0] = 0.95 * p.s[0] + 0.05 * g * g;
          const double d = -std::sqrt(p.s[1] + 1e-3) / std::sqrt(p.s[0] + 1e-3) * g;
          p.s[1] = 0.95 * p.s[1] + 0.05 * d * d;
          p.w += kRate * d;
        }}},
      {"adam", {{0.9, 0.99, 1e-3, 0}, moments, adam(false)}},
      {"adam", {{0.9, 0.99, 1e-3, 1}, with_maximum, adam(true)}},
      {"adamw", {{0.9, 0.99, 1e-3, 0}, moments, adam(false)}},
      {"adamw", {{0.9, 0.99, 1e-3, 1}, with_maximum, adam(true)}},
      {"adamax",
       {{0.9, 0.99, 1e-3},
        {"momentum", "norm"},
        [](Parameter& p, double g, int t) {
          p.s[0] = 0.9 * p.s[0] + 0.1 * g;
          p.s[1] = std::max(0.99 * p.s[1], std::fabs(g));
          p.w -= kRate / (1 - std::pow(0.9, t)) * p.s[0] / (p.s[1] + 1e-3);
        }}},
      {"nadam",
       {{0.9, 0.99, 1e-3},
        moments,
        [](Parameter& p, double g, int t) {
          double product = 1;
          for (int i = 1; i <= t; ++i) product *= nadam_u(0.9, i);
          p.s[0] = 0.9 * p.s[0] + 0.1 * g;
          p.s[1] = 0.99 * p.s[1] + 0.01 * g * g;
          const double u = nadam_u(0.9, t), next = nadam_u(0.9, t + 1);
          const double m = next * p.s[0] / (1 - product * next) + (1 - u) * g / (1 - product);
          const double v = p.s[1] / (1 - std::pow(0.99, t));
          p.w -= kRate * m / (std::sqrt(v) + 1e-3);
        }}},
      {"schedulefreeadamw",
       {{0.9, 0.99, 1e-3, 10},
        moments,
        [](Parameter& p, double g, int t) {
          const double share = p.w - 0.1 * p.s[0];  // 0.9 times the average so far
          p.s[1] = 0.99 * p.s[1] + 0.01 * g * g;
          const double v = p.s[1] / (1 - std::pow(0.99, t));
          p.s[0] -= kRate * std::min(1.0, t / 10.0) * g / (std::sqrt(v) + 1e-3);
          p.w = 0.1 * p.s[0] + (1 - 1.0 / t) * share + 0.9 * p.s[0] / t;
        }}},
      {"ftrl",
       {{-0.7, 0.2, 0.05, 0.1, 0.03, 0.4},
        {"accumulator", "linear"},
        [](Parameter& p, double g, int) {
          const double n = p.s[0] + g * g;
          const double rise = (std::pow(n, 0.7) - std::pow(p.s[0], 0.7)) / kRate;
          p.s[1] += g + 2 * 0.03 * p.w - rise * p.w;
          p.s[0] = n;
          const double quadratic = std::pow(n, 0.7) / kRate + 2 * (0.1 + 0.4 / (2 * kRate));
          p.w = (std::min(std::max(p.s[1], -0.05), 0.05) - p.s[1]) / quadratic;
        }}},
      {"lion",
       {{0.9, 0.99},
        {"momentum"},
        [](Parameter& p, double g, int) {
          const double c = 0.9 * p.s[0] + 0.1 * g;
          p.w -= kRate * (c > 0 ? 1 : (c < 0 ? -1 : 0));
          p.s[0] = 0.99 * p.s[0] + 0.01 * g;
        }}},
  };
}

template <class T>
class OptimizerTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(OptimizerTest, Scalars);

TYPED_TEST(OptimizerTest, FiftyStepsFollowTheRule) {
  using T = TypeParam;
  const auto known = references();
  const double eps = std::numeric_limits<T>::epsilon();
  for_each_isa<T>([&](const Table<T>& table) {
    for (std::size_t o = 0; o < table.optimizer_count; ++o) {
      const Optimizer<T>& optimizer = table.optimizers[o];
      SCOPED_TRACE(optimizer.name);
      if (optimizer.update_whole != nullptr) continue;
      const auto range = known.equal_range(optimizer.name);
      ASSERT_NE(range.first, range.second) << "no reference for this optimizer";
      for (auto entry = range.first; entry != range.second; ++entry) {
        const Reference& reference = entry->second;
        for (const double weight_decay : {0.0, 0.04}) {
          OptimizerConfig config;
          config.learning_rate = kRate;
          config.weight_decay = weight_decay;
          std::copy(reference.hyper.begin(), reference.hyper.end(), config.hyper);
          SlotSpec made[kMaxSlots] = {};
          const int count = optimizer.slots(config.hyper, {2, false}, made);
          std::vector<std::string> names;
          for (int s = 0; s < count; ++s) names.push_back(made[s].name);
          ASSERT_EQ(names, reference.slots);
          std::size_t hyper_count = 0;
          while (optimizer.hyper_names[hyper_count] != nullptr) ++hyper_count;
          ASSERT_EQ(hyper_count, reference.hyper.size());

          constexpr std::size_t n = 37;
          std::mt19937_64 random(6);
          std::normal_distribution<double> normal;
          Guarded<T> w(1, n, n), g(1, n, n), a(1, n, n), b(1, n, n), c(1, n, n);
          Guarded<T>* slots[kMaxSlots] = {&a, &b, &c};
          T* slot_data[kMaxSlots] = {a.data(), b.data(), c.data()};
          w.fill(random, -1, 1);
          std::vector<Parameter> want(n);
          for (std::size_t i = 0; i < n; ++i) {
            want[i].w = static_cast<double>(w.at(0, i));
            for (int s = 0; s < count; ++s) {
              slots[s]->at(0, i) = static_cast<T>(made[s].initial);
              want[i].s[static_cast<std::size_t>(s)] = made[s].initial;
            }
          }
          double state[4] = {1, 1, 1, 1};
          for (int t = 1; t <= kSteps; ++t) {
            OptimizerScalars<T> scalars = {};
            optimizer.prepare(config, t, state, scalars);
            for (std::size_t i = 0; i < n; ++i) {
              g.at(0, i) = static_cast<T>(0.5 * normal(random) + (i == 0 ? 0 : 0.3));
              want[i].w -= want[i].w * weight_decay * kRate;
              reference.update(want[i], static_cast<double>(g.at(0, i)), t);
            }
            optimizer.update(w.data(), slot_data, g.data(), n, scalars);
          }
          for (std::size_t i = 0; i < n; ++i) {
            ASSERT_NEAR(w.at(0, i), want[i].w, 100 * eps) << "element " << i;
            for (int s = 0; s < count; ++s) {
              ASSERT_NEAR(slots[s]->at(0, i), want[i].s[static_cast<std::size_t>(s)],
                          100 * eps * (1 + std::fabs(want[i].s[static_cast<std::size_t>(s)])))
                  << "slot " << s << ", element " << i;
            }
          }
          ASSERT_TRUE(w.guards_intact() && a.guards_intact() && b.guards_intact() &&
                      c.guards_intact());
        }
      }
    }
  });
}

TYPED_TEST(OptimizerTest, CuttingTheRunDoesNotChangeTheResult) {
  using T = TypeParam;
  for_each_isa<T>([&](const Table<T>& table) {
    for (std::size_t o = 0; o < table.optimizer_count; ++o) {
      const Optimizer<T>& optimizer = table.optimizers[o];
      if (optimizer.update_whole != nullptr) continue;
      OptimizerConfig config;
      config.learning_rate = 0.1;
      std::fill(config.hyper, config.hyper + kernels::kMaxScalars, 0.5);
      OptimizerScalars<T> scalars = {};
      double state[4] = {1, 1, 1, 1};
      optimizer.prepare(config, 3, state, scalars);
      constexpr std::size_t n = 45;
      std::mt19937_64 random(7);
      Guarded<T> g(1, n, n), whole(4, n, n), parts(4, n, n);
      g.fill(random, -1, 1);
      whole.fill(random, 0.5, 1);
      for (std::size_t r = 0; r < 4; ++r) {
        for (std::size_t i = 0; i < n; ++i) parts.at(r, i) = whole.at(r, i);
      }
      const auto update = [&](Guarded<T>& at, std::size_t first, std::size_t count) {
        T* slots[kMaxSlots] = {&at.at(1, first), &at.at(2, first), &at.at(3, first)};
        optimizer.update(&at.at(0, first), slots, g.data() + first, count, scalars);
      };
      update(whole, 0, n);
      update(parts, 0, 7);
      update(parts, 7, 33);
      update(parts, 40, 5);
      for (std::size_t r = 0; r < 4; ++r) {
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_EQ(whole.at(r, i), parts.at(r, i)) << optimizer.name << " row " << r;
        }
      }
    }
  });
}

// Five steps of an optimizer that takes parameters as a whole; its rule is tested from Python.
template <class T>
std::vector<double> whole_steps(const Table<T>& table, const std::string& name,
                                const std::vector<std::size_t>& axes, bool apart) {
  const Optimizer<T>& optimizer = *kernels::find_optimizer(table, name);
  OptimizerConfig config;
  config.learning_rate = kRate;
  config.weight_decay = 0.1;
  for (int h = 0; h < kernels::kMaxScalars && optimizer.hyper_names[h] != nullptr; ++h) {
    const std::string hyper = optimizer.hyper_names[h];
    config.hyper[h] = hyper == "ns_steps"       ? 4
                      : hyper == "beta_2_decay" ? -0.8
                      : hyper == "muon_a"       ? 1.5
                      : hyper == "muon_b"       ? -0.6
                      : hyper == "muon_c"       ? 0.1
                                                : 0.5;
  }
  std::size_t size = 1;
  for (const std::size_t axis : axes) size *= axis;
  std::mt19937_64 random(8);
  Guarded<T> w(1, size, size), g(1, size, size), a(1, size, size), b(1, size, size),
      c(1, size, size);
  w.fill(random, -1, 1);
  const std::size_t room = optimizer.whole_scratch(axes.data(), axes.size());
  Guarded<T> scratch(1, room + 1, room + 1);
  T* slots[kMaxSlots] = {a.data(), b.data(), c.data()};
  double state[4] = {1, 1, 1, 1};
  for (int t = 1; t <= 5; ++t) {
    g.fill(random, -1, 1);
    OptimizerScalars<T> scalars = {};
    optimizer.prepare(config, t, state, scalars);
    kernels::WholeParameter<T> parameter = {};
    parameter.axes = axes.data();
    parameter.rank = axes.size();
    parameter.apart = apart;
    parameter.decays = true;
    parameter.w = w.data();
    parameter.g = g.data();
    parameter.slots = slots;
    parameter.scratch = scratch.data();
    parameter.products = &table.products;
    optimizer.update_whole(parameter, scalars);
  }
  EXPECT_TRUE(w.guards_intact() && g.guards_intact() && a.guards_intact() && b.guards_intact() &&
              c.guards_intact() && scratch.guards_intact());
  std::vector<double> found;
  for (std::size_t i = 0; i < size; ++i) found.push_back(static_cast<double>(w.at(0, i)));
  return found;
}

TYPED_TEST(OptimizerTest, WholeParametersAgreeAmongInstructionSets) {
  using T = TypeParam;
  for_each_isa<T>([&](const Table<T>& table) {
    for (std::size_t o = 0; o < table.optimizer_count; ++o) {
      const Optimizer<T>& optimizer = table.optimizers[o];
      if (optimizer.update_whole == nullptr) continue;
      for (const bool apart : {false, true}) {
        for (const std::vector<std::size_t>& axes : std::vector<std::vector<std::size_t>>{
                 {1}, {19}, {1, 1}, {5, 23}, {23, 5}, {130, 7}, {2, 3, 5}}) {
          const auto want = whole_steps(kernels::table<double>(), optimizer.name, axes, apart);
          const auto have = whole_steps(table, optimizer.name, axes, apart);
          for (std::size_t i = 0; i < want.size(); ++i) {
            ASSERT_NEAR(have[i], want[i], 2e3 * std::numeric_limits<T>::epsilon())
                << optimizer.name << " of rank " << axes.size() << ", element " << i;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace pronghorn::tests
