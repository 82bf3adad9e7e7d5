// The random numbers, dropout and the other element-wise kernels.
#include <cstdint>

#include "base/philox.hpp"
#include "kernel_cases.hpp"

namespace pronghorn::tests {
namespace {

using kernels::Table;

// The known answers published with Random123 (kat_vectors, philox4x32 10 rounds).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, 0, 0),
            (PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffff, 0xffffffff),
            (PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, SequencesFollowTheirWordsAndBoundedNumbersAreUniform) {
  PhiloxSequence sequence(0x0123456789abcdefu, 7, std::uint64_t{5} << 33);
  for (std::uint64_t i = 0; i < 21; ++i) {
    EXPECT_EQ(sequence.next(), philox_word(0x0123456789abcdefu, 7, std::uint64_t{5} << 33, i));
  }
  int counts[6] = {};
  for (int i = 0; i < 60000; ++i) ++counts[sequence.below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);  // 5.5 standard deviations
}

template <class T>
class ElementwiseTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ElementwiseTest, Scalars);

TYPED_TEST(ElementwiseTest, DropoutFollowsTheWordOfEachElement) {
  using T = TypeParam;
  const std::uint64_t seed = 0xfedcba9876543210u, step = (std::uint64_t{3} << 40) + 11;
  const std::uint32_t stream = 42;
  for_each_isa<T>([&](const Table<T>& table) {
    std::mt19937_64 random(8);
    for (const double rate : {0.1, 0.5, 0.875}) {
      for (const std::size_t n : {1u, 3u, 5u, 16u, 40u, 257u, 1000u}) {
        for (const std::uint64_t first :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{6}, (std::uint64_t{1} << 34) - 5}) {
          Guarded<T> x(1, n, n), out(1, n, n), dx(1, n, n);
          x.fill(random, 1, 2);
          std::vector<std::uint8_t> mask(n + 2, 77);
          table.elementwise.dropout(x.data(), out.data(), mask.data() + 1, n, rate, seed, stream,
                                    step, first);
          const T factor = static_cast<T>(1 / (1 - rate));
          for (std::size_t i = 0; i < n; ++i) {
            const double word = philox_word(seed, stream, step, first + i);
            const bool keep = word >= rate * 4294967296.0;
            ASSERT_EQ(mask[1 + i], keep ? 1 : 0) << i << " of " << n << " from " << first;
            ASSERT_EQ(out.at(0, i), keep ? x.at(0, i) * factor : T(0));
          }
          table.elementwise.dropout_backward(x.data(), mask.data() + 1, dx.data(), n, rate);
          for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(dx.at(0, i), out.at(0, i));
          ASSERT_TRUE(out.guards_intact() && dx.guards_intact());
          ASSERT_TRUE(mask[0] == 77 && mask[n + 1] == 77);
          // Without a mask, in place.
          table.elementwise.dropout(x.data(), x.data(), nullptr, n, rate, seed, stream, step,
                                    first);
          for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(x.at(0, i), out.at(0, i));
        }
      }
    }
  });
}

TYPED_TEST(ElementwiseTest, DropoutKeepsTheMeanAndDiffersByStepStreamAndSeed) {
  using T = TypeParam;
  constexpr std::size_t n = 100000;
  for_each_isa<T>([&](const Table<T>& table) {
    const std::vector<T> x(n, T(1));
    std::vector<T> out(n);
    std::vector<std::uint8_t> base(n), other(n);
    const auto differing = [&](std::uint64_t seed, std::uint32_t stream, std::uint64_t step) {
      table.elementwise.dropout(x.data(), out.data(), other.data(), n, 0.3, seed, stream, step, 0);
      std::size_t count = 0;
      for (std::size_t i = 0; i < n; ++i) count += base[i] != other[i];
      return static_cast<double>(count) / n;
    };
    table.elementwise.dropout(x.data(), out.data(), base.data(), n, 0.3, 1, 2, 3, 0);
    double sum = 0;
    for (const T v : out) sum += static_cast<double>(v);
    EXPECT_NEAR(sum / n, 1, 0.011);  // 5 standard deviations of sqrt(0.3/0.7/n)
    EXPECT_EQ(differing(1, 2, 3), 0);
    EXPECT_NEAR(differing(9, 2, 3), 2 * 0.3 * 0.7, 0.01);
    EXPECT_NEAR(differing(1, 9, 3), 2 * 0.3 * 0.7, 0.01);
    EXPECT_NEAR(differing(1, 2, 9), 2 * 0.3 * 0.7, 0.01);
    table.elementwise.dropout(x.data(), out.data(), other.data(), n, 0, 1, 2, 3, 0);
    EXPECT_EQ(out, x);
    EXPECT_EQ(other, std::vector<std::uint8_t>(n, 1));
  });
}

TYPED_TEST(ElementwiseTest, SumsCopiesScalingAndClippingStayWithinTheirExtents) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for_each_isa<T>([&](const Table<T>& table) {
    std::mt19937_64 random(9);
    for (std::size_t n = 1; n <= 40; ++n) {
      Guarded<T> a(1, n, n), b(1, n, n), out(1, n, n), rows(2, n, n + 3);
      a.fill(random, -2, 2);
      b.fill(random, -2, 2);
      table.elementwise.add(a.data(), b.data(), out.data(), n);
      const T* pointers[] = {b.data(), a.data()};
      table.elementwise.copy_rows(pointers, 2, n, rows.data(), n + 3);
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(out.at(0, i), a.at(0, i) + b.at(0, i));
        ASSERT_EQ(rows.at(0, i), b.at(0, i));
        ASSERT_EQ(rows.at(1, i), a.at(0, i));
      }
      table.elementwise.scale(out.data(), n, T(0.5));
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(out.at(0, i), T(0.5) * (a.at(0, i) + b.at(0, i)));
      }
      out.at(0, n / 2) = nan;
      table.elementwise.clip(out.data(), n, T(0.75));
      for (std::size_t i = 0; i < n; ++i) {
        const T value = T(0.5) * (a.at(0, i) + b.at(0, i));
        if (i == n / 2) {
          ASSERT_TRUE(std::isnan(out.at(0, i)));
        } else {
          ASSERT_EQ(out.at(0, i), std::min(std::max(value, T(-0.75)), T(0.75)));
        }
      }
      ASSERT_TRUE(out.guards_intact() && rows.guards_intact());
    }
  });
}

TYPED_TEST(ElementwiseTest, RegularizersAddTheirDerivativeAndReturnTheirPenalty) {
  using T = TypeParam;
  const double eps = std::numeric_limits<T>::epsilon();
  for (const std::size_t n : {1u, 15u, 16u, 40u, 1001u}) {
    double first_penalty = -1;
    for_each_isa<T>([&](const Table<T>& table) {
      std::mt19937_64 random(10);
      Guarded<T> w(1, n, n), g(1, n, n), before(1, n, n);
      w.fill(random, -1, 1);
      w.at(0, n / 2) = 0;
      before.fill(random, -1, 1);
      for (std::size_t i = 0; i < n; ++i) g.at(0, i) = before.at(0, i);
      const double penalty = table.elementwise.regularize(w.data(), g.data(), n, 0.3, 0.2);
      long double want = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const long double v = w.at(0, i);
        want += 0.3L * std::fabs(v) + 0.2L * v * v;
        const double slope = 0.4 * static_cast<double>(v) + 0.3 * ((v > 0) - (v < 0));
        ASSERT_NEAR(g.at(0, i), static_cast<double>(before.at(0, i)) + slope, 4 * eps);
      }
      // Chains of sixteen terms in T, the rest in double.
      const double bound = std::max(1e-13, 16 * eps);
      EXPECT_NEAR(penalty, static_cast<double>(want), bound * static_cast<double>(want));
      // Products may be fused on one instruction set and not on another; the order is the same.
      if (first_penalty < 0) first_penalty = penalty;
      EXPECT_NEAR(penalty, first_penalty, bound * first_penalty);
      ASSERT_TRUE(g.guards_intact());
    });
  }
}

}  // namespace
}  // namespace pronghorn::tests
