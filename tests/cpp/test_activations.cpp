// Every activation of the table against its definition in long double, and its backward pass
// against finite differences of that definition.
#include <functional>
#include <map>
#include <numeric>

#include "kernel_cases.hpp"

namespace pronghorn::tests {
namespace {

using kernels::Activation;
using kernels::ActivationParams;
using kernels::Table;
using Real = long double;
using Row = std::vector<Real>;

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Reference {
  ActivationParams params;
  std::function<Row(const Row&)> value;
};

std::function<Row(const Row&)> by_element(std::function<Real(Real)> f) {
  return [f](const Row& z) {
    Row y(z.size());
    for (std::size_t i = 0; i < z.size(); ++i) y[i] = f(z[i]);
    return y;
  };
}

Real logistic(Real z) { return 1 / (1 + std::exp(-z)); }
Real softplus(Real z) { return std::max(z, Real(0)) + std::log1p(std::exp(-std::fabs(z))); }
Real elu(Real z, Real alpha) { return z > 0 ? z : alpha * std::expm1(z); }
Real clamp(Real z, Real low, Real high) { return std::min(std::max(z, low), high); }
Real hard_sigmoid(Real z) { return clamp(z + 3, 0, 6) / 6; }

Real log_sum_exp(const Row& z) {
  Real sum = 0;
  for (const Real v : z) sum += std::exp(v);
  return std::log(sum);
}

// One or more parameter sets for each activation.
std::multimap<std::string, Reference> references() {
  const Real pi = std::acos(Real(-1));
  const auto leaky = [](Real slope) {
    return by_element([slope](Real z) { return z > 0 ? z : slope * z; });
  };
  return {
      {"linear", {{}, by_element([](Real z) { return z; })}},
      {"relu", {{0, kInf, 0}, by_element([](Real z) { return std::max(z, Real(0)); })}},
      {"relu", {{0.25, 2, 1}, by_element([](Real z) {
                  return z > 1 ? std::min(z, Real(2)) : Real(0.25) * (z - 1);
                })}},
      {"relu_from_input",
       {{0.25, kInf, -1}, by_element([](Real z) { return z > -1 ? z : Real(0.25) * (z + 1); })}},
      {"relu_from_input", {{0, 3, 0}, by_element([](Real z) { return clamp(z, 0, 3); })}},
      {"relu6", {{}, by_element([](Real z) { return clamp(z, 0, 6); })}},
      {"leaky_relu", {{0.25}, leaky(0.25L)}},
      {"leaky_relu", {{0}, leaky(0)}},
      {"elu", {{1.5}, by_element([](Real z) { return elu(z, 1.5L); })}},
      {"celu", {{1.5}, by_element([](Real z) {
                  return std::max(z, Real(0)) + 1.5L * std::expm1(std::min(z, Real(0)) / 1.5L);
                })}},
      {"selu", {{}, by_element([](Real z) {
                  return 1.0507009873554804934193349852946L *
                         elu(z, 1.6732632423543772848170429916717L);
                })}},
      {"gelu", {{}, by_element([](Real z) { return z / 2 * std::erfc(-z / std::sqrt(2.0L)); })}},
      {"gelu_tanh", {{}, by_element([pi](Real z) {
                       const Real u = std::sqrt(2 / pi) * (z + 0.044715L * z * z * z);
                       return z / 2 * (1 + std::tanh(u));
                     })}},
      {"sigmoid", {{}, by_element(logistic)}},
      {"log_sigmoid", {{}, by_element([](Real z) { return -softplus(-z); })}},
      {"hard_sigmoid", {{}, by_element(hard_sigmoid)}},
      {"hard_silu", {{}, by_element([](Real z) { return z * hard_sigmoid(z); })}},
      {"hard_tanh", {{}, by_element([](Real z) { return clamp(z, -1, 1); })}},
      {"hard_shrink",
       {{0.5}, by_element([](Real z) { return std::fabs(z) > 0.5L ? z : Real(0); })}},
      {"soft_shrink", {{0.5}, by_element([](Real z) {
                         return z > 0.5L ? z - 0.5L : (z < -0.5L ? z + 0.5L : Real(0));
                       })}},
      {"tanh_shrink", {{}, by_element([](Real z) { return z - std::tanh(z); })}},
      {"threshold", {{0.5, -2}, by_element([](Real z) { return z > 0.5L ? z : Real(-2); })}},
      {"sparse_plus", {{}, by_element([](Real z) {
                         return z <= -1 ? Real(0) : (z >= 1 ? z : (z + 1) * (z + 1) / 4);
                       })}},
      {"sparse_sigmoid", {{}, by_element([](Real z) { return clamp(z + 1, 0, 2) / 2; })}},
      {"squareplus", {{4}, by_element([](Real z) { return (z + std::sqrt(z * z + 4)) / 2; })}},
      {"tanh", {{}, by_element([](Real z) { return std::tanh(z); })}},
      {"softplus", {{}, by_element(softplus)}},
      {"softsign", {{}, by_element([](Real z) { return z / (1 + std::fabs(z)); })}},
      {"silu", {{}, by_element([](Real z) { return z * logistic(z); })}},
      {"mish", {{}, by_element([](Real z) { return z * std::tanh(softplus(z)); })}},
      {"exponential", {{}, by_element([](Real z) { return std::exp(z); })}},
      {"softmax",
       {{},
        [](const Row& z) {
          Row y(z);
          for (Real& v : y) v = std::exp(v - log_sum_exp(z));
          return y;
        }}},
      {"standardize",
       {{0.25},
        [](const Row& z) {
          const Real count = static_cast<Real>(z.size());
          const Real mean = std::accumulate(z.begin(), z.end(), Real(0)) / count;
          Real variance = 0;
          for (const Real v : z) variance += (v - mean) * (v - mean) / count;
          Row y(z);
          for (Real& v : y) v = (v - mean) / std::sqrt(variance + 0.25L);
          return y;
        }}},
      {"root_mean_square",
       {{0.25},
        [](const Row& z) {
          const Real squares = std::inner_product(z.begin(), z.end(), z.begin(), Real(0));
          Row y(z);
          for (Real& v : y) v /= std::sqrt(squares / static_cast<Real>(z.size()) + 0.25L);
          return y;
        }}},
      {"unit_length",
       {{0.25},
        [](const Row& z) {
          const Real squares = std::inner_product(z.begin(), z.end(), z.begin(), Real(0));
          Row y(z);
          for (Real& v : y) v /= std::max(std::sqrt(squares), 0.25L);
          return y;
        }}},
      {"rescale", {{1.5, -0.25}, by_element([](Real z) { return 1.5L * z - 0.25L; })}},
      {"mask_rows",
       {{0.5},
        [](const Row& z) {
          const bool masked = std::all_of(z.begin(), z.end(), [](Real v) { return v == 0.5L; });
          return masked ? Row(z.size(), 0) : z;
        }}},
      {"log_softmax",
       {{},
        [](const Row& z) {
          Row y(z);
          for (Real& v : y) v -= log_sum_exp(z);
          return y;
        }}},
  };
}

// sum_j dy_j dy_j/dz_k by central differences, or NaN where left and right differ (a kink).
Row reference_gradient(const Reference& reference, Row z, const Row& dy) {
  constexpr Real kStep = 1e-6L;
  Row result(z.size());
  const Row middle = reference.value(z);
  for (std::size_t k = 0; k < z.size(); ++k) {
    const Real at = z[k];
    z[k] = at + kStep;
    const Row right = reference.value(z);
    z[k] = at - kStep;
    const Row left = reference.value(z);
    z[k] = at;
    Real from_right = 0, from_left = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      from_right += dy[j] * (right[j] - middle[j]) / kStep;
      from_left += dy[j] * (middle[j] - left[j]) / kStep;
    }
    const bool kink = std::fabs(from_right - from_left) > 1e-3L;
    result[k] = kink ? std::numeric_limits<Real>::quiet_NaN() : (from_right + from_left) / 2;
  }
  return result;
}

template <class T>
class ActivationTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ActivationTest, Scalars);

TYPED_TEST(ActivationTest, ForwardAndBackwardMatchTheDefinition) {
  using T = TypeParam;
  const auto known = references();
  const double eps = std::numeric_limits<T>::epsilon();
  for_each_isa<T>([&](const Table<T>& table) {
    for (std::size_t a = 0; a < table.activation_count; ++a) {
      const Activation<T>& activation = table.activations[a];
      SCOPED_TRACE(activation.name);
      const auto range = known.equal_range(activation.name);
      ASSERT_NE(range.first, range.second) << "no reference for this activation";
      for (auto entry = range.first; entry != range.second; ++entry) {
        const Reference& reference = entry->second;
        std::mt19937_64 random(3);
        for (std::size_t cols = 1; cols <= 40; ++cols) {
          const std::size_t rows = 1 + cols % 3;
          const std::size_t ld = cols + cols % 5;
          Guarded<T> z(rows, cols, ld), y(rows, cols, ld + 1), dy(rows, cols, ld + 2),
              dz(rows, cols, ld);
          z.fill(random, -8, 8);
          dy.fill(random, -2, 2);
          activation.forward(z.data(), z.ld(), y.data(), y.ld(), rows, cols, reference.params);
          activation.backward(activation.needs_input ? z.data() : nullptr, z.ld(), y.data(), y.ld(),
                              dy.data(), dy.ld(), dz.data(), dz.ld(), rows, cols, reference.params);
          for (std::size_t r = 0; r < rows; ++r) {
            Row zs(cols), dys(cols);
            Real largest = 1;
            for (std::size_t c = 0; c < cols; ++c) {
              zs[c] = z.at(r, c);
              dys[c] = dy.at(r, c);
            }
            const Row want = reference.value(zs);
            const Row slope = reference_gradient(reference, zs, dys);
            for (const Real v : want) largest = std::max(largest, std::fabs(v));
            for (std::size_t c = 0; c < cols; ++c) {
              ASSERT_NEAR(y.at(r, c), static_cast<double>(want[c]),
                          8 * eps * static_cast<double>(largest))
                  << "forward at " << z.at(r, c);
              if (std::isnan(slope[c])) continue;
              ASSERT_NEAR(dz.at(r, c), static_cast<double>(slope[c]),
                          32 * eps * (2 + std::fabs(static_cast<double>(slope[c]))) + 1e-9)
                  << "backward at " << z.at(r, c);
            }
          }
          ASSERT_TRUE(y.guards_intact() && dz.guards_intact()) << cols << " columns";
          // In place.
          activation.forward(z.data(), z.ld(), z.data(), z.ld(), rows, cols, reference.params);
          for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < cols; ++c) ASSERT_EQ(z.at(r, c), y.at(r, c));
          }
          if (activation.needs_input) continue;
          activation.backward(nullptr, 0, y.data(), y.ld(), dy.data(), dy.ld(), dy.data(), dy.ld(),
                              rows, cols, reference.params);
          for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < cols; ++c) ASSERT_EQ(dy.at(r, c), dz.at(r, c));
          }
        }
      }
    }
  });
}

template <class T>
T forward_one(const Table<T>& table, const char* name, T z, ActivationParams params = {}) {
  const Activation<T>* activation = kernels::find_activation(table, name);
  T y = 0;
  activation->forward(&z, 1, &y, 1, 1, 1, params);
  return y;
}

TYPED_TEST(ActivationTest, ExtremeInputsGiveTheirLimits) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity();
  for_each_isa<T>([&](const Table<T>& table) {
    const auto at = [&](const char* name, T z, ActivationParams params = {}) {
      return forward_one(table, name, z, params);
    };
    const ActivationParams plain = {0, kInf, 0};
    EXPECT_EQ(at("relu", -inf, plain), T(0));
    EXPECT_EQ(at("relu", inf, plain), inf);
    EXPECT_EQ(at("sigmoid", -inf), T(0));
    EXPECT_EQ(at("sigmoid", inf), T(1));
    EXPECT_EQ(at("tanh", -inf), T(-1));
    EXPECT_EQ(at("softplus", inf), inf);
    EXPECT_EQ(at("softplus", -inf), T(0));
    EXPECT_EQ(at("softplus", T(1000)), T(1000));
    EXPECT_EQ(at("elu", -inf, {1.5}), T(-1.5));
    EXPECT_EQ(at("mish", T(1000)), T(1000));
    EXPECT_EQ(at("gelu", T(1000)), T(1000));
    EXPECT_EQ(at("gelu_tanh", T(1000)), T(1000));
    EXPECT_EQ(at("silu", T(-1000)), T(0));
    // The lower tail keeps its relative precision: z F(z) far below where 1 + erf(z) is zero.
    const long double tail = -9 * std::erfc(9 / std::sqrt(2.0L)) / 2;
    EXPECT_LE(ulp_error(at("gelu", T(-9)), tail), 8);
    for (std::size_t a = 0; a < table.activation_count; ++a) {
      const std::string name = table.activations[a].name;
      // These select by comparison, as the reference implementation does.
      if (name == "hard_shrink" || name == "soft_shrink" || name == "threshold") continue;
      const T y = at(name.c_str(), std::numeric_limits<T>::quiet_NaN(), {0.5, kInf, 0});
      EXPECT_TRUE(std::isnan(y)) << name << "(NaN) = " << y;
    }
  });
}

TYPED_TEST(ActivationTest, SoftmaxIsShiftInvariantAndIndependentOfAlignment) {
  using T = TypeParam;
  for_each_isa<T>([&](const Table<T>& table) {
    const Activation<T>& softmax = *kernels::find_activation(table, "softmax");
    std::mt19937_64 random(4);
    for (const std::size_t cols : {1, 3, 10, 17, 100}) {
      Guarded<T> z(1, cols, cols, 0), moved(1, cols, cols, 1), y(1, cols, cols), out(1, cols, cols);
      std::uniform_int_distribution<int> integers(-20, 20);
      for (std::size_t c = 0; c < cols; ++c) {
        z.at(0, c) = static_cast<T>(integers(random));
        moved.at(0, c) = z.at(0, c) + T(4096);  // exact
      }
      softmax.forward(z.data(), cols, y.data(), cols, 1, cols, {});
      softmax.forward(moved.data(), cols, out.data(), cols, 1, cols, {});
      double sum = 0;
      for (std::size_t c = 0; c < cols; ++c) {
        EXPECT_EQ(y.at(0, c), out.at(0, c));
        sum += static_cast<double>(y.at(0, c));
      }
      EXPECT_NEAR(sum, 1, 1e-6);
    }
  });
}

TYPED_TEST(ActivationTest, DerivativesAtKinksAreThoseOfTheReferenceBackend) {
  using T = TypeParam;
  for_each_isa<T>([&](const Table<T>& table) {
    const auto slope = [&](const char* name, T z, ActivationParams params) {
      const Activation<T>* activation = kernels::find_activation(table, name);
      T y = 0, dz = 0;
      const T dy = 1;
      activation->forward(&z, 1, &y, 1, 1, 1, params);
      activation->backward(&z, 1, &y, 1, &dy, 1, &dz, 1, 1, 1, params);
      return dz;
    };
    EXPECT_EQ(slope("relu", 0, {0, kInf, 0}), T(0));
    EXPECT_EQ(slope("relu6", 0, {}), T(0));
    EXPECT_EQ(slope("relu6", 6, {}), T(0));
    EXPECT_EQ(slope("leaky_relu", 0, {0.25}), T(1));
    EXPECT_EQ(slope("leaky_relu", T(-0.0), {0.25}), T(1));
    EXPECT_EQ(slope("leaky_relu", -3, {0}), T(0));
    EXPECT_EQ(slope("hard_tanh", 1, {}), T(1));
    EXPECT_EQ(slope("elu", 0, {1}), T(1));
  });
}

}  // namespace
}  // namespace pronghorn::tests
