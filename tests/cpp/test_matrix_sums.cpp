// Transposes, sums of columns and sums of squares.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/dispatch.hpp"
#include "product_cases.hpp"

namespace pronghorn::tests {
namespace {

using kernels::supported_isas;
using kernels::table;
using products::Guarded;

template <class T>
class MatrixSumsTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixSumsTest, Scalars);

TYPED_TEST(MatrixSumsTest, TransposeMovesEveryElement) {
  using T = TypeParam;
  std::mt19937 engine(9);
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    for (const std::size_t rows : {0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 50}) {
      for (const std::size_t cols : {0, 1, 2, 5, 8, 9, 16, 31, 32, 40}) {
        SCOPED_TRACE(testing::Message() << isa << " " << rows << "x" << cols);
        Guarded<T> src(rows, cols, cols + 3, 1), dst(cols, rows, rows + 2, 3);
        src.randomize(engine);
        kernels.products.transpose(src.data(), src.ld(), dst.data(), dst.ld(), rows, cols);
        for (std::size_t i = 0; i < rows; ++i) {
          for (std::size_t j = 0; j < cols; ++j) ASSERT_EQ(dst.at(j, i), src.at(i, j));
        }
        EXPECT_TRUE(dst.guards_intact());
      }
    }
  }
}

TYPED_TEST(MatrixSumsTest, ColumnSumsAddInFourChains) {
  using T = TypeParam;
  std::mt19937 engine(10);
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    for (const std::size_t rows : {0, 1, 2, 3, 4, 37}) {
      for (const std::size_t cols : {1, 3, 16, 33, 64, 77, 150}) {
        SCOPED_TRACE(testing::Message() << isa << " " << rows << "x" << cols);
        Guarded<T> b(rows, cols, cols + 1, 1), sums(1, cols, cols, 1);
        b.randomize(engine);
        kernels.products.column_sums(b.data(), b.ld(), rows, cols, sums.data());
        for (std::size_t j = 0; j < cols; ++j) {
          T chain[4] = {};  // additions alone: the order fixes the value to the bit
          for (std::size_t r = 0; r < rows; ++r) chain[r % 4] += b.at(r, j);
          ASSERT_EQ(sums.at(0, j), (chain[0] + chain[1]) + (chain[2] + chain[3])) << "j=" << j;
        }
        EXPECT_TRUE(sums.guards_intact());
      }
    }
  }
}

TYPED_TEST(MatrixSumsTest, SumSquaresMatchesLongDouble) {
  using T = TypeParam;
  std::mt19937 engine(11);
  for (const std::size_t n : {0, 1, 15, 16, 17, 100, 4099}) {
    Guarded<T> x(1, n, n, 1);
    x.randomize(engine);
    long double expected = 0;
    for (std::size_t i = 0; i < n; ++i) {
      expected += static_cast<long double>(x.data()[i]) * x.data()[i];
    }
    double first = 0;
    for (const std::string& isa : supported_isas()) {
      const double sum = table<T>(isa).products.sum_squares(x.data(), n);
      EXPECT_NEAR(sum, expected, 1e-15L * (n / 8 + 8) * expected) << isa << " n=" << n;
      if (isa == supported_isas().front()) first = sum;
      if (sizeof(T) == 4) {
        EXPECT_EQ(sum, first) << isa << " n=" << n;
      }
    }
  }
}

}  // namespace
}  // namespace pronghorn::tests
