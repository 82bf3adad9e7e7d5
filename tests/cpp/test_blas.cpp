#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/blas.hpp"

namespace {

namespace blas = pronghorn::kernels::blas;

template <class T>
class BlasTest : public testing::Test {
 protected:
  void SetUp() override { blas::initialize(); }
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(BlasTest, Scalars);

template <class T>
std::vector<T> random_values(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(uniform(engine));
  return values;
}

template <class T>
void check(bool trans_a, bool trans_b, std::size_t m, std::size_t n, std::size_t k, T beta) {
  SCOPED_TRACE(testing::Message() << "trans_a=" << trans_a << " trans_b=" << trans_b << " m=" << m
                                  << " n=" << n << " k=" << k << " beta=" << beta);
  const std::size_t lda = (trans_a ? m : k) + 3;
  const std::size_t ldb = (trans_b ? k : n) + 1;
  const std::size_t ldc = n + 2;
  const std::vector<T> a = random_values<T>((trans_a ? k : m) * lda, 1);
  const std::vector<T> b = random_values<T>((trans_b ? n : k) * ldb, 2);
  const std::vector<T> before = random_values<T>(m * ldc, 3);
  std::vector<T> c = before;
  blas::gemm(trans_a, trans_b, m, n, k, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      long double sum = beta == T(0) ? 0 : static_cast<long double>(beta) * before[i * ldc + j];
      for (std::size_t p = 0; p < k; ++p) {
        sum += static_cast<long double>(trans_a ? a[p * lda + i] : a[i * lda + p]) *
               (trans_b ? b[j * ldb + p] : b[p * ldb + j]);
      }
      ASSERT_NEAR(c[i * ldc + j], sum, (k + 2) * std::numeric_limits<T>::epsilon())
          << "i=" << i << " j=" << j;
    }
    for (std::size_t j = n; j < ldc; ++j) ASSERT_EQ(c[i * ldc + j], before[i * ldc + j]);
  }
}

TYPED_TEST(BlasTest, MatchesLongDouble) {
  for (const bool trans_a : {false, true}) {
    for (const bool trans_b : {false, true}) {
      for (const TypeParam beta : {TypeParam(0), TypeParam(1), TypeParam(-0.5)}) {
        check<TypeParam>(trans_a, trans_b, 1, 1, 1, beta);
        check<TypeParam>(trans_a, trans_b, 17, 31, 5, beta);
        check<TypeParam>(trans_a, trans_b, 64, 3, 129, beta);
        check<TypeParam>(trans_a, trans_b, 2, 70, 33, beta);
      }
    }
  }
}

TYPED_TEST(BlasTest, EmptyProductsScaleOrLeaveC) {
  check<TypeParam>(false, false, 4, 5, 0, TypeParam(0));
  check<TypeParam>(false, true, 4, 5, 0, TypeParam(2));
  check<TypeParam>(false, false, 0, 5, 3, TypeParam(0));
  check<TypeParam>(true, false, 4, 0, 3, TypeParam(1));
}

TYPED_TEST(BlasTest, BetaZeroIgnoresWhatCHeld) {
  std::vector<TypeParam> c(4, std::numeric_limits<TypeParam>::quiet_NaN());
  const std::vector<TypeParam> a = {1, 2}, b = {3, 4};
  blas::gemm(false, false, 2, 2, 1, a.data(), 1, b.data(), 2, TypeParam(0), c.data(), 2);
  EXPECT_EQ(c, (std::vector<TypeParam>{3, 4, 6, 8}));
  std::fill(c.begin(), c.end(), std::numeric_limits<TypeParam>::quiet_NaN());
  blas::gemm(false, false, 2, 2, 0, a.data(), 1, b.data(), 2, TypeParam(0), c.data(), 2);
  EXPECT_EQ(c, std::vector<TypeParam>(4, TypeParam(0)));
}

// A row distance beyond 32 bits, which BLAS cannot express, for a matrix of one row.
TYPED_TEST(BlasTest, ExtentsBeyond32BitsAreComputedAllTheSame) {
  constexpr std::size_t kFar = std::size_t{1} << 33;
  const std::vector<TypeParam> a = {1, 2, 3}, b = {4, 5, 6};
  std::vector<TypeParam> c = {10};
  blas::gemm(false, true, 1, 1, 3, a.data(), kFar, b.data(), kFar, TypeParam(1), c.data(), kFar);
  EXPECT_EQ(c[0], TypeParam(10 + 4 + 10 + 18));
}

TEST(BlasName, IsKnown) {
  EXPECT_FALSE(blas::name().empty());
  if (blas::name() == "OpenBLAS") {
    // "0.3.30 SkylakeX"
    EXPECT_TRUE(blas::version().size() > 2 && std::isdigit(blas::version()[0])) << blas::version();
  }
}

}  // namespace
