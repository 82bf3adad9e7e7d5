// Losses and row metrics where plain formulas fail: extreme logits, certain probabilities, ties.
#include "kernel_cases.hpp"
#include "loss_references.hpp"

namespace pronghorn::tests {
namespace {

using kernels::Loss;
using kernels::LossArgs;
using kernels::Table;

template <class T>
struct Outcome {
  T value;
  std::vector<T> grad;
};

template <class T>
Outcome<T> run_row(const Table<T>& table, const char* name, std::vector<T> pred,
                   std::vector<T> target, std::int32_t label, LossParams params = {}) {
  const Loss<T>* loss = kernels::find_loss(table, name);
  Outcome<T> outcome = {0, std::vector<T>(pred.size())};
  const T scale = 1;
  LossArgs<T> args = {};
  args.pred = pred.data();
  args.target = target.empty() ? nullptr : target.data();
  args.labels = &label;
  args.ld_pred = args.ld_target = args.ld_grad = pred.size();
  args.rows = 1;
  args.cols = pred.size();
  args.params = params;
  args.row_value = &outcome.value;
  args.row_scale = &scale;
  args.grad = outcome.grad.data();
  loss->run(args);
  return outcome;
}

template <class T>
class LossEdgeTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(LossEdgeTest, Scalars);

TYPED_TEST(LossEdgeTest, ExtremeLogitsLoseNothing) {
  using T = TypeParam;
  for_each_isa<T>([&](const Table<T>& table) {
    const char* sparse = "sparse_categorical_crossentropy_logits";
    const char* dense = "categorical_crossentropy_logits";
    const long double tiny = std::exp(-50.0L);
    for (const bool by_label : {true, false}) {
      const auto sure = by_label ? run_row<T>(table, sparse, {0, -50, -50}, {}, 0)
                                 : run_row<T>(table, dense, {0, -50, -50}, {1, 0, 0}, 0);
      EXPECT_LE(ulp_error(sure.value, std::log1p(2 * tiny)), 4);
      EXPECT_LE(ulp_error(sure.grad[0], -2 * tiny / (1 + 2 * tiny)), 4);
      EXPECT_LE(ulp_error(sure.grad[1], tiny / (1 + 2 * tiny)), 4);
      const auto wrong = by_label ? run_row<T>(table, sparse, {-2000, 3000}, {}, 0)
                                  : run_row<T>(table, dense, {-2000, 3000}, {1, 0}, 0);
      EXPECT_EQ(wrong.value, T(5000));
      EXPECT_EQ(wrong.grad[0], T(-1));
      EXPECT_EQ(wrong.grad[1], T(1));
    }
    const char* binary = "binary_crossentropy_logits";
    const auto right = run_row<T>(table, binary, {50}, {1}, 0);
    EXPECT_LE(ulp_error(right.value, std::log1p(tiny)), 4);
    EXPECT_LE(ulp_error(right.grad[0], -tiny / (1 + tiny)), 4);
    const auto wrong = run_row<T>(table, binary, {-3000}, {1}, 0);
    EXPECT_EQ(wrong.value, T(3000));
    EXPECT_EQ(wrong.grad[0], T(-1));
    EXPECT_TRUE(std::isnan(
        run_row<T>(table, sparse, {0, std::numeric_limits<T>::quiet_NaN()}, {}, 0).value));
  });
}

TYPED_TEST(LossEdgeTest, ProbabilitiesAreCutAtEpsilonAndItsGradientIsZeroThere) {
  using T = TypeParam;
  for_each_isa<T>([&](const Table<T>& table) {
    const auto binary = run_row<T>(table, "binary_crossentropy", {0}, {1}, 0);
    EXPECT_NEAR(binary.value, 16.11809565095832, 1e-5);  // -log 1e-7
    EXPECT_EQ(binary.grad[0], T(0));
    const auto sparse = run_row<T>(table, "sparse_categorical_crossentropy", {0, 1}, {}, 0);
    EXPECT_NEAR(sparse.value, 16.11809565095832, 1e-5);
    EXPECT_EQ(sparse.grad[0], T(0));
    EXPECT_EQ(sparse.grad[1], T(0));
  });
}

TYPED_TEST(LossEdgeTest, TiesAndNaNRankAsInTheReferenceBackend) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for_each_isa<T>([&](const Table<T>& table) {
    const auto hit = [&](std::vector<T> pred, std::int32_t label) {
      return run_row<T>(table, "sparse_categorical_accuracy", pred, {}, label).value;
    };
    EXPECT_EQ(hit({1, 2, 2}, 1), T(1));
    EXPECT_EQ(hit({1, 2, 2}, 2), T(0));
    EXPECT_EQ(hit({1, nan, 3, nan}, 1), T(1));
    EXPECT_EQ(hit({nan, 2, 3}, 0), T(1));
    for (const std::size_t n : {20u, 100u, 101u}) {
      std::vector<T> many(n, T(-1));
      many[n - 1] = many[n - 3] = many[n / 2 + 1] = many[n / 2] = 5;
      EXPECT_EQ(hit(many, static_cast<std::int32_t>(n / 2)), T(1)) << n;
      EXPECT_EQ(hit(std::vector<T>(n, T(3)), 0), T(1)) << n;
      many[n - 2] = nan;
      EXPECT_EQ(hit(many, static_cast<std::int32_t>(n - 2)), T(1)) << n;
    }
    const auto within = [&](std::vector<T> pred, std::int32_t label, int k) {
      return run_row<T>(table, "sparse_top_k_categorical_accuracy", pred, {}, label, top(k)).value;
    };
    EXPECT_EQ(within({2, 2, 2, 1}, 2, 1), T(1));  // ties are within
    EXPECT_EQ(within({2, 2, 2, 1}, 3, 3), T(0));
    EXPECT_EQ(within({2, 2, 2, 1}, 3, 4), T(1));
    EXPECT_EQ(within({nan, 2, 1}, 0, 2), T(0));
    EXPECT_EQ(run_row<T>(table, "binary_accuracy", {T(0.5), T(0.75)}, {0, 1}, 0).value, T(1));
  });
}

// Rows of few classes go side by side through the lanes: any number of rows and classes, any
// distance between rows, ties, logits that are far apart, infinite or not numbers.
TYPED_TEST(LossEdgeTest, RowsOfFewClassesDoNotDisturbEachOther) {
  using T = TypeParam;
  constexpr std::size_t kMostRows = 70;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T most = std::numeric_limits<T>::max();
  const double eps = std::numeric_limits<T>::epsilon();
  for_each_isa<T>([&](const Table<T>& table) {
    const Loss<T>* loss = kernels::find_loss(table, "sparse_categorical_crossentropy_logits");
    std::mt19937_64 random(8);
    for (std::size_t rows = 1; rows <= kMostRows; rows = rows < 20 ? rows + 1 : rows + 7) {
      for (std::size_t cols = 1; cols <= 18; ++cols) {
        SCOPED_TRACE(testing::Message() << rows << "x" << cols);
        Guarded<T> pred(rows, cols, cols + random() % 3), grad(rows, cols, cols + random() % 3, 5),
            value(rows, 1, 1), scale(rows, 1, 1);
        pred.fill(random, -3, 3);
        scale.fill(random, 0.5, 2);
        std::vector<std::int32_t> labels(rows);
        for (std::size_t r = 0; r < rows; ++r) {
          labels[r] = static_cast<std::int32_t>((r + random() % 2) % cols);
          T& one = pred.at(r, random() % cols);
          const T odd[] = {pred.at(r, 0), T(90), T(-200), -inf, inf, nan, most, T(-0.0)};
          if (random() % 2 == 0) one = odd[random() % 8];
        }
        LossArgs<T> args = {};
        args.pred = pred.data();
        args.ld_pred = pred.ld();
        args.labels = labels.data();
        args.rows = rows;
        args.cols = cols;
        args.row_value = value.data();
        args.row_scale = scale.data();
        args.grad = grad.data();
        args.ld_grad = grad.ld();
        loss->run(args);
        EXPECT_TRUE(value.guards_intact() && grad.guards_intact());
        for (std::size_t r = 0; r < rows; ++r) {
          const auto label = static_cast<std::size_t>(labels[r]);
          long double peak = pred.at(r, 0), total = 0;
          bool finite = true;
          for (std::size_t c = 0; c < cols; ++c) {
            const T z = pred.at(r, c);
            finite = finite && !std::isnan(z) && z != inf;
            peak = std::max<long double>(peak, z);
          }
          if (!finite || peak == -inf) {
            EXPECT_FALSE(std::isfinite(value.at(r, 0))) << "row " << r;
            continue;
          }
          for (std::size_t c = 0; c < cols; ++c) total += std::exp(pred.at(r, c) - peak);
          const long double want = std::log(total) + (peak - pred.at(r, label));
          if (want > most) {
            EXPECT_EQ(value.at(r, 0), inf);
          } else {
            ASSERT_NEAR(value.at(r, 0), want, 16 * eps * (1 + want)) << "row " << r;
          }
          for (std::size_t c = 0; c < cols; ++c) {
            const long double p = std::exp(pred.at(r, c) - peak) / total;
            const auto slope = static_cast<double>((p - (c == label)) * scale.at(r, 0));
            ASSERT_NEAR(grad.at(r, c), slope, 16 * eps) << "row " << r << ", column " << c;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace pronghorn::tests
