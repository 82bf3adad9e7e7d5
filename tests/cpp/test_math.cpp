// The elementary functions against wider arithmetic: double for float, long double for double.
#include <cstdint>
#include <cstring>
#include <functional>

#include "kernel_cases.hpp"

namespace pronghorn::tests {
namespace {

using kernels::Table;
using kernels::VectorMath;

template <class T>
struct Case {
  const char* name;
  void (*VectorMath<T>::*function)(const T*, T*, std::size_t) noexcept;
  long double (*reference)(T);
  double bound;  // ULP
  bool flushes;  // denormal results may be zero
};

// Wide<float> = double: 29 bits to spare, and fast enough for millions of points.
template <class T>
struct Wider {
  using Type = long double;
};
template <>
struct Wider<float> {
  using Type = double;
};
template <class T>
using Wide = typename Wider<T>::Type;

template <class T>
std::vector<Case<T>> cases() {
  using V = VectorMath<T>;
  return {
      {"exp", &V::exp, [](T x) -> long double { return std::exp(Wide<T>(x)); }, 2, false},
      {"expm1", &V::expm1, [](T x) -> long double { return std::expm1(Wide<T>(x)); }, 2, false},
      {"log", &V::log, [](T x) -> long double { return std::log(Wide<T>(x)); }, 2, false},
      {"log1p", &V::log1p, [](T x) -> long double { return std::log1p(Wide<T>(x)); }, 2, false},
      {"tanh", &V::tanh, [](T x) -> long double { return std::tanh(Wide<T>(x)); }, 3, false},
      {"sigmoid", &V::sigmoid, [](T x) -> long double { return 1 / (1 + std::exp(-Wide<T>(x))); },
       3, true},
      {"erf", &V::erf, [](T x) -> long double { return std::erf(Wide<T>(x)); }, 3, false},
  };
}

// Every 1021st bit pattern of float: all exponents, both signs, infinities' and NaNs' as well.
std::vector<float> points(float) {
  std::vector<float> x;
  for (std::uint64_t pattern = 0; pattern < (std::uint64_t{1} << 32); pattern += 1021) {
    const auto bits = static_cast<std::uint32_t>(pattern);
    float value;
    std::memcpy(&value, &bits, sizeof value);
    x.push_back(value);
  }
  return x;
}

std::vector<double> points(double) {
  std::vector<double> x;
  std::mt19937_64 random(1);
  for (int i = 0; i < 400000; ++i) {
    const std::uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    x.push_back(value);
  }
  for (const double range : {1e-3, 1.0, 3.0, 40.0, 750.0}) {
    std::uniform_real_distribution<double> uniform(-range, range);
    for (int i = 0; i < 100000; ++i) x.push_back(uniform(random));
  }
  std::uniform_real_distribution<double> near_one(0.9, 1.1);
  for (int i = 0; i < 100000; ++i) x.push_back(near_one(random));
  return x;
}

template <class T>
class MathTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(MathTest, Scalars);

TYPED_TEST(MathTest, ErrorsStayWithinTheirBoundsOverTheWholeRange) {
  using T = TypeParam;
  const std::vector<T> x = points(T{});
  std::vector<T> y(x.size());
  for (const Case<T>& c : cases<T>()) {
    std::vector<long double> want(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) want[i] = c.reference(x[i]);
    for_each_isa<T>([&](const Table<T>& table) {
      (table.math.*c.function)(x.data(), y.data(), x.size());
      double worst = 0;
      T where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool denormal = std::fabs(want[i]) < std::numeric_limits<T>::min();
        if (c.flushes && denormal && y[i] == T(0)) continue;
        const double error = ulp_error(y[i], want[i]);
        if (error > worst) {
          worst = error;
          where = x[i];
        }
        if (want[i] == 0) {
          ASSERT_EQ(std::signbit(y[i]), std::signbit(want[i])) << c.name << " at " << x[i];
        }
      }
      this->RecordProperty(std::string(c.name) + "_" + table.isa, std::to_string(worst));
      EXPECT_LE(worst, c.bound) << c.name << " at " << where;
    });
  }
}

TYPED_TEST(MathTest, SpecialArgumentsGiveWhatTheStandardLibraryGives) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  const std::vector<T> x = {T(0),
                            T(-0.0),
                            T(1),
                            T(-1),
                            T(-2),
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            Limits::max(),
                            Limits::lowest(),
                            Limits::min(),
                            -Limits::min(),
                            Limits::denorm_min(),
                            Limits::epsilon(),
                            -Limits::epsilon()};
  std::vector<T> y(x.size());
  for (const Case<T>& c : cases<T>()) {
    for_each_isa<T>([&](const Table<T>& table) {
      (table.math.*c.function)(x.data(), y.data(), x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const long double want = c.reference(x[i]);
        EXPECT_LE(ulp_error(y[i], want), c.bound) << c.name << "(" << x[i] << ") = " << y[i];
        if (want == 0) {
          EXPECT_EQ(std::signbit(y[i]), std::signbit(want)) << c.name << x[i];
        }
      }
    });
  }
}

TYPED_TEST(MathTest, TailsEqualFullVectorsAndNothingBeyondIsTouched) {
  using T = TypeParam;
  std::mt19937_64 random(2);
  for (const Case<T>& c : cases<T>()) {
    for_each_isa<T>([&](const Table<T>& table) {
      Guarded<T> all(1, 64, 64);
      all.fill(random, 0.1, 3);
      std::vector<T> want(64);
      (table.math.*c.function)(all.data(), want.data(), 64);
      for (std::size_t n = 1; n <= 40; ++n) {
        Guarded<T> out(1, n, n);
        (table.math.*c.function)(all.data(), out.data(), n);
        for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out.at(0, i), want[i]) << c.name;
        ASSERT_TRUE(out.guards_intact()) << c.name << " with n = " << n;
      }
    });
  }
}

}  // namespace
}  // namespace pronghorn::tests
