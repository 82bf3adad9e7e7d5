// Products of narrow panels, of one row over several panels, and of packed matrices: sums of
// products, with the bits that the plain ones have.
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
class PanelProductsTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(PanelProductsTest, Scalars);

// Widths of narrow panels; none where vectors are short.
template <class T>
std::vector<std::size_t> narrow_widths(const Table<T>& kernels) {
  if (kernels.narrow == kernels.vector) return {};
  return {kernels.narrow, 2 * kernels.narrow};
}

TYPED_TEST(PanelProductsTest, NarrowRowsAreSumsOfProducts) {
  using T = TypeParam;
  std::mt19937 engine(11);
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    for (const std::size_t width : narrow_widths(kernels)) {
      for (const std::size_t rows : {1, 2, 7, 8, 9, 16, 21}) {
        for (const std::size_t depth : {1, 2, 3, 4, 5, 8, 33, 64, 131}) {
          SCOPED_TRACE(testing::Message() << isa << " " << rows << "x" << depth << "x" << width);
          constexpr std::size_t kSkip = 3;
          Guarded<T> a(rows, kSkip + depth, kSkip + depth), b(depth, width, width);
          Guarded<T> bias(1, width, width), c(rows, width, width + 3), cut(rows, width, width);
          a.randomize(engine);
          b.randomize(engine);
          bias.randomize(engine);
          c.randomize(engine);
          const std::vector<const T*> a_rows = a.row_pointers();
          for (const From from : {From::kZero, From::kBias, From::kC}) {
            const Guarded<T> before = c;
            const T* const start = from == From::kBias ? bias.data() : nullptr;
            const bool accumulate = from == From::kC;
            kernels.products.narrow_rows(a_rows.data(), kSkip, rows, depth, b.data(), width, start,
                                         accumulate, c.data(), c.ld());
            for (std::size_t r = 0; r < rows; ++r) {
              if (accumulate) std::memcpy(&cut.at(r, 0), &before.at(r, 0), width * sizeof(T));
              kernels.products.narrow_rows(a_rows.data() + r, kSkip, 1, depth, b.data(), width,
                                           start, accumulate, &cut.at(r, 0), cut.ld());
              for (std::size_t j = 0; j < width; ++j) {
                long double sum = accumulate ? before.at(r, j) : start ? bias.at(0, j) : T{0};
                long double magnitude = 0;
                for (std::size_t k = 0; k < depth; ++k) {
                  const long double term =
                      static_cast<long double>(a.at(r, kSkip + k)) * b.at(k, j);
                  sum += term;
                  magnitude += std::fabs(term);
                }
                ASSERT_NEAR(c.at(r, j), sum, bound<T>(depth, magnitude)) << r << " " << j;
                ASSERT_EQ(c.at(r, j), cut.at(r, j)) << "rows cut otherwise: " << r << " " << j;
              }
            }
            ASSERT_TRUE(c.guards_intact() && cut.guards_intact());
          }
        }
      }
    }
  }
}

TYPED_TEST(PanelProductsTest, NarrowColumnsAreSumsOfProducts) {
  using T = TypeParam;
  std::mt19937 engine(12);
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    for (const std::size_t width : narrow_widths(kernels)) {
      for (const std::size_t count : {1, 2, 3, 4, 7, 24, 25, 47, 48, 192}) {
        for (const std::size_t depth : {1, 2, 9, 32, 130}) {
          SCOPED_TRACE(testing::Message() << isa << " " << count << "x" << depth << "x" << width);
          constexpr std::size_t kSkip = 5;
          Guarded<T> a(depth, kSkip + count, kSkip + count), b(depth, width, width + 2);
          Guarded<T> c(count, width, width);
          a.randomize(engine);
          b.randomize(engine);
          kernels.products.narrow_columns(a.row_pointers().data(), kSkip, count, depth, b.data(),
                                          b.ld(), c.data(), width);
          for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t j = 0; j < width; ++j) {
              long double sum = 0, magnitude = 0;
              for (std::size_t r = 0; r < depth; ++r) {
                const long double term = static_cast<long double>(a.at(r, kSkip + i)) * b.at(r, j);
                sum += term;
                magnitude += std::fabs(term);
              }
              ASSERT_NEAR(c.at(i, j), sum, bound<T>(depth, magnitude)) << i << " " << j;
            }
          }
          ASSERT_TRUE(c.guards_intact());
        }
      }
    }
  }
}

TYPED_TEST(PanelProductsTest, OneRowHasTheBitsOfAPanelAtATime) {
  using T = TypeParam;
  std::mt19937 engine(13);
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    const std::size_t panel = kernels.panel;
    for (const std::size_t panels : {1, 2, 3, 4, 5, 9}) {
      for (const std::size_t depth : {1, 2, 17, 100}) {
        SCOPED_TRACE(testing::Message() << isa << " " << panels << " panels, depth " << depth);
        Guarded<T> a(1, depth, depth), b(panels * depth, panel, panel);
        Guarded<T> bias(1, panels * panel, panels * panel), c(1, panels * panel, panels * panel);
        Guarded<T> expected(1, panels * panel, panels * panel);
        a.randomize(engine);
        b.randomize(engine);
        bias.randomize(engine);
        const std::vector<const T*> a_rows = a.row_pointers();
        for (const bool biased : {false, true}) {
          kernels.products.one_row(a.data(), depth, b.data(), panel * depth,
                                   biased ? bias.data() : nullptr, c.data(), panels);
          for (std::size_t j = 0; j < panels; ++j) {
            kernels.products.rows(a_rows.data(), 0, 1, depth, &b.at(j * depth, 0), panel,
                                  biased ? bias.data() + j * panel : nullptr, false,
                                  expected.data() + j * panel, panels * panel, 2);
          }
          ASSERT_TRUE(c.same_bits(expected));
          ASSERT_TRUE(c.guards_intact());
        }
      }
    }
  }
}

// A product over a packed block is the same chain as the direct one, whichever matrix was packed,
// and packing writes its block and nothing else.
TYPED_TEST(PanelProductsTest, PackedProductsHaveTheBitsOfDirectOnes) {
  using T = TypeParam;
  std::mt19937 engine(10);
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<T>(isa);
    const std::size_t width = 2 * kernels.vector;
    for (const std::size_t rows : {1, 5, 11, 12, 13, 24, 25, 48, 61}) {
      for (const std::size_t depth : {1, 2, 7, 12, 13, 16, 40, 130}) {
        for (const std::size_t vectors : {1, 2}) {
          SCOPED_TRACE(testing::Message() << isa << " " << rows << "x" << depth << "x" << vectors);
          constexpr std::size_t kSkip = 3;
          Guarded<T> a(rows, kSkip + depth, kSkip + depth + 1), b(depth, width, width);
          Guarded<T> transposed(depth, kSkip + rows, kSkip + rows + 2), bias(1, width, width);
          Guarded<T> direct(rows, width, width + 1), packed(rows, width, width + 1);
          a.randomize(engine);
          b.randomize(engine);
          bias.randomize(engine);
          for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t k = 0; k < depth; ++k) {
              transposed.at(k, kSkip + r) = a.at(r, kSkip + k);
            }
          }
          Guarded<T> by_rows(1, rows * depth, rows * depth);
          Guarded<T> by_columns(1, rows * depth, rows * depth);
          kernels.products.pack_rows(a.row_pointers().data(), kSkip, rows, depth, by_rows.data());
          kernels.products.pack_columns(transposed.row_pointers().data(), kSkip, rows, depth,
                                        by_columns.data());
          ASSERT_TRUE(by_rows.guards_intact());
          ASSERT_TRUE(by_columns.same_bits(by_rows));
          for (const bool accumulate : {false, true}) {
            const std::vector<const T*> a_rows = a.row_pointers();
            kernels.products.rows(a_rows.data(), kSkip, rows, depth, b.data(), b.ld(), bias.data(),
                                  accumulate, direct.data(), direct.ld(), vectors);
            kernels.products.packed(by_rows.data(), rows, depth, b.data(), b.ld(), bias.data(),
                                    accumulate, packed.data(), packed.ld(), vectors, nullptr, 4096);
            ASSERT_TRUE(packed.same_bits(direct));
            ASSERT_TRUE(packed.guards_intact());
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace pronghorn::tests
