// Products of each instruction set and scalar type against sums in long double, within guard zones,
// and their promise that cutting the work differently leaves every bit alone.
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
using kernels::Table;
using products::bound;
using products::From;
using products::Guarded;

template <class T>
void check_rows(const Table<T>& kernels, std::size_t rows, std::size_t depth, std::size_t vectors,
                std::size_t k0, From from, std::size_t offset) {
  SCOPED_TRACE(testing::Message() << kernels.isa << " rows=" << rows << " depth=" << depth
                                  << " vectors=" << vectors << " k0=" << k0
                                  << " from=" << static_cast<int>(from));
  std::mt19937 engine(static_cast<unsigned>(rows * 131 + depth));
  const std::size_t width = vectors * kernels.vector;
  Guarded<T> a(rows, k0 + depth, k0 + depth + 3, offset);
  Guarded<T> b(depth, width, width + kernels.vector, offset);
  Guarded<T> bias(1, width, width, offset);
  Guarded<T> c(rows, width, width + 5, offset);
  a.randomize(engine);
  b.randomize(engine);
  bias.randomize(engine);
  c.randomize(engine);
  const Guarded<T> before = c;
  kernels.products.rows(a.row_pointers().data(), k0, rows, depth, b.data(), b.ld(),
                        from == From::kBias ? bias.data() : nullptr, from == From::kC, c.data(),
                        c.ld(), vectors);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < width; ++j) {
      long double sum = 0;
      if (from == From::kBias) sum = bias.at(0, j);
      if (from == From::kC) sum = before.at(r, j);
      long double magnitude = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        const long double term = static_cast<long double>(a.at(r, k0 + k)) * b.at(k, j);
        sum += term;
        magnitude += std::fabs(term);
      }
      ASSERT_NEAR(c.at(r, j), sum, bound<T>(depth, magnitude)) << "r=" << r << " j=" << j;
    }
  }
  EXPECT_TRUE(c.guards_intact());
}

template <class T>
void check_columns(const Table<T>& kernels, std::size_t count, std::size_t depth,
                   std::size_t vectors, std::size_t i0, bool accumulate, std::size_t offset) {
  SCOPED_TRACE(testing::Message() << kernels.isa << " count=" << count << " depth=" << depth
                                  << " vectors=" << vectors << " i0=" << i0
                                  << " accumulate=" << accumulate);
  std::mt19937 engine(static_cast<unsigned>(count * 131 + depth));
  const std::size_t width = vectors * kernels.vector;
  // No padding in A: reading past count would leave the buffer's last row (seen by sanitizers).
  std::vector<std::vector<T>> a(depth, std::vector<T>(i0 + count));
  std::vector<const T*> a_rows;
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (std::vector<T>& row : a) {
    for (T& value : row) value = static_cast<T>(uniform(engine));
    a_rows.push_back(row.data());
  }
  Guarded<T> b(depth, width, width + kernels.vector, offset);
  Guarded<T> c(count, width, width, offset);
  b.randomize(engine);
  c.randomize(engine);
  const Guarded<T> before = c;
  kernels.products.columns(a_rows.data(), i0, count, depth, b.data(), b.ld(), accumulate, c.data(),
                           c.ld(), vectors);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      long double sum = accumulate ? static_cast<long double>(before.at(i, j)) : 0;
      long double magnitude = 0;
      for (std::size_t r = 0; r < depth; ++r) {
        const long double term = static_cast<long double>(a[r][i0 + i]) * b.at(r, j);
        sum += term;
        magnitude += std::fabs(term);
      }
      ASSERT_NEAR(c.at(i, j), sum, bound<T>(depth, magnitude)) << "i=" << i << " j=" << j;
    }
  }
  EXPECT_TRUE(c.guards_intact());
}

template <class T>
class ProductsTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ProductsTest, Scalars);

TYPED_TEST(ProductsTest, RowsMatchLongDouble) {
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<TypeParam>(isa);
    for (const std::size_t vectors : {1, 2}) {
      for (std::size_t rows = 0; rows <= 27; ++rows) {
        for (const From from : {From::kZero, From::kBias, From::kC}) {
          check_rows(kernels, rows, 13, vectors, 0, from, 0);
        }
      }
      for (const std::size_t depth : {0, 1, 2, 3, 8, 64, 129, 300}) {
        check_rows(kernels, 11, depth, vectors, 5, From::kBias, 1);
        check_rows(kernels, 7, depth, vectors, 0, From::kC, 3);
      }
    }
  }
}

TYPED_TEST(ProductsTest, ColumnsMatchLongDouble) {
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<TypeParam>(isa);
    for (const std::size_t vectors : {1, 2}) {
      for (std::size_t count = 0; count <= 27; ++count) {
        check_columns(kernels, count, 13, vectors, 0, false, 0);
        check_columns(kernels, count, 9, vectors, 7, true, 1);
      }
      // On both sides of the depths at which A is copied aside, with and without a tail.
      for (const std::size_t depth : {0, 1, 64, 65, 128, 129, 256, 257, 400}) {
        for (const std::size_t count : {1, 23, 24, 47, 48, 49, 101}) {
          check_columns(kernels, count, depth, vectors, 3, depth % 2 == 0, 2);
        }
      }
    }
  }
}

// The terms arrive as they are written: bias first, then k = 0, 1, ... Values are chosen so that
// any other order rounds differently.
TYPED_TEST(ProductsTest, SumsInOrderOfK) {
  using T = TypeParam;
  const T big = T(2) / std::numeric_limits<T>::epsilon();  // big + 1 == big
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    const std::size_t width = 2 * kernels.vector;
    const std::vector<T> a_row = {1, 1, 1};
    const T* const a_rows[] = {a_row.data()};
    std::vector<T> b(3 * width), bias(width, T(1)), c(width);
    for (std::size_t j = 0; j < width; ++j) {
      b[j] = big;               // bias + big = big: the bias is lost
      b[width + j] = -big;      // 0
      b[2 * width + j] = T(3);  // 3
    }
    kernels.products.rows(a_rows, 0, 1, 3, b.data(), width, bias.data(), false, c.data(), width, 2);
    for (const T value : c) EXPECT_EQ(value, T(3)) << isa;
  }
}

// One chain of fused multiply-adds where the instruction set has them, separate roundings
// elsewhere.
TYPED_TEST(ProductsTest, RoundsOnceOrTwiceAsTheInstructionSetDoes) {
  using T = TypeParam;
  const T tiny = std::numeric_limits<T>::epsilon();
  // (1 + e)(1 - e) - 1 = -e^2 if fused, 0 if the product is rounded to 1 first.
  const std::vector<T> a_row = {1 + tiny};
  const T* const a_rows[] = {a_row.data()};
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    const T expected = isa == "baseline" ? T(0) : -tiny * tiny;
    for (const std::size_t vectors : {1, 2}) {
      const std::size_t width = vectors * kernels.vector;
      const std::vector<T> b(width, 1 - tiny), bias(width, T(-1));
      std::vector<T> c(width, T(-1));
      kernels.products.rows(a_rows, 0, 1, 1, b.data(), width, bias.data(), false, c.data(), width,
                            vectors);
      for (const T value : c) EXPECT_EQ(value, expected) << isa << " rows";
      std::fill(c.begin(), c.end(), T(-1));
      kernels.products.columns(a_rows, 0, 1, 1, b.data(), width, true, c.data(), width, vectors);
      for (const T value : c) EXPECT_EQ(value, expected) << isa << " columns";
    }
  }
}

TYPED_TEST(ProductsTest, RowsKeepTheirBitsUnderAnyCut) {
  using T = TypeParam;
  constexpr std::size_t kRows = 53, kDepth = 137;
  std::mt19937 engine(7);
  for (const std::string& isa : supported_isas()) {
    SCOPED_TRACE(isa);
    const auto& kernels = table<T>(isa);
    const std::size_t width = 2 * kernels.vector;
    Guarded<T> a(kRows, kDepth, kDepth), b(kDepth, width, width), bias(1, width, width);
    Guarded<T> whole(kRows, width, width);
    a.randomize(engine);
    b.randomize(engine);
    bias.randomize(engine);
    const std::vector<const T*> a_rows = a.row_pointers();
    kernels.products.rows(a_rows.data(), 0, kRows, kDepth, b.data(), b.ld(), bias.data(), false,
                          whole.data(), whole.ld(), 2);
    for (int trial = 0; trial < 50; ++trial) {
      Guarded<T> cut(kRows, width, width);
      for (std::size_t k = 0; k < kDepth;) {
        const std::size_t depth = std::min<std::size_t>(kDepth - k, 1 + engine() % 60);
        for (std::size_t r = 0; r < kRows;) {
          const std::size_t rows = std::min<std::size_t>(kRows - r, 1 + engine() % 29);
          const std::size_t vectors = 1 + engine() % 2;
          for (std::size_t v = 0; v < 2; v += vectors) {
            const std::size_t j = v * kernels.vector;
            kernels.products.rows(a_rows.data() + r, k, rows, depth, b.data() + k * b.ld() + j,
                                  b.ld(), bias.data() + j, k > 0, &cut.at(r, j), cut.ld(), vectors);
          }
          r += rows;
        }
        k += depth;
      }
      ASSERT_TRUE(cut.same_bits(whole));
    }
  }
}

TYPED_TEST(ProductsTest, ColumnsKeepTheirBitsUnderAnyCut) {
  using T = TypeParam;
  constexpr std::size_t kCount = 113, kDepth = 300;
  std::mt19937 engine(8);
  for (const std::string& isa : supported_isas()) {
    SCOPED_TRACE(isa);
    const auto& kernels = table<T>(isa);
    const std::size_t width = 2 * kernels.vector;
    Guarded<T> a(kDepth, kCount, kCount), b(kDepth, width, width), whole(kCount, width, width);
    a.randomize(engine);
    b.randomize(engine);
    const std::vector<const T*> a_rows = a.row_pointers();
    kernels.products.columns(a_rows.data(), 0, kCount, kDepth, b.data(), b.ld(), false,
                             whole.data(), whole.ld(), 2);
    for (int trial = 0; trial < 50; ++trial) {
      Guarded<T> cut(kCount, width, width);
      for (std::size_t r = 0; r < kDepth;) {
        const std::size_t depth = std::min<std::size_t>(kDepth - r, 1 + engine() % 290);
        for (std::size_t i = 0; i < kCount;) {
          const std::size_t count = std::min<std::size_t>(kCount - i, 1 + engine() % 100);
          const std::size_t vectors = 1 + engine() % 2;
          for (std::size_t v = 0; v < 2; v += vectors) {
            const std::size_t j = v * kernels.vector;
            kernels.products.columns(a_rows.data() + r, i, count, depth, b.data() + r * b.ld() + j,
                                     b.ld(), r > 0, &cut.at(i, j), cut.ld(), vectors);
          }
          i += count;
        }
        r += depth;
      }
      ASSERT_TRUE(cut.same_bits(whole));
    }
  }
}

TYPED_TEST(ProductsTest, NanAndInfinityPropagate) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const T infinity = std::numeric_limits<T>::infinity();
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    const std::size_t width = kernels.vector;
    const std::vector<T> first = {0, nan}, second = {infinity, 1};
    const T* const a_rows[] = {first.data(), second.data()};
    const std::vector<T> b(2 * width, T(1));
    std::vector<T> c(2 * width);
    kernels.products.rows(a_rows, 0, 2, 2, b.data(), width, nullptr, false, c.data(), width, 1);
    for (std::size_t j = 0; j < width; ++j) {
      EXPECT_TRUE(std::isnan(c[j])) << isa;
      EXPECT_EQ(c[width + j], infinity) << isa;
    }
  }
}

}  // namespace
}  // namespace pronghorn::tests
