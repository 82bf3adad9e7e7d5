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

}  // namespace
}  // namespace pronghorn::tests
