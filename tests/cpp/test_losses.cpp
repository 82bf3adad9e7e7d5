// Every loss and row metric of the table against its definition in long double, and gradients
// against finite differences of that definition.
#include "kernel_cases.hpp"
#include "loss_references.hpp"

namespace pronghorn::tests {
namespace {

using kernels::Loss;
using kernels::LossArgs;
using kernels::Table;

template <class T>
void fill(Guarded<T>& matrix, std::size_t rows, std::size_t cols, Kind kind,
          std::mt19937_64& random) {
  switch (kind) {
    case Kind::kNumbers:
      matrix.fill(random, -3, 3);
      break;
    case Kind::kPositive:
      matrix.fill(random, 0.1, 3);
      break;
    case Kind::kProbabilities:
      matrix.fill(random, 0.02, 0.98);
      break;
    case Kind::kDistribution:
      matrix.fill(random, 0.1, 1);
      for (std::size_t r = 0; r < rows; ++r) {
        T sum = 0;
        for (std::size_t c = 0; c < cols; ++c) sum += matrix.at(r, c);
        for (std::size_t c = 0; c < cols; ++c) matrix.at(r, c) /= sum;
      }
      break;
    case Kind::kBinary:
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < cols; ++c) matrix.at(r, c) = static_cast<T>(random() % 2);
      }
      break;
  }
}

template <class T>
class LossTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(LossTest, Scalars);

TYPED_TEST(LossTest, ValuesAndGradientsMatchTheDefinition) {
  using T = TypeParam;
  const auto known = references();
  const double eps = std::numeric_limits<T>::epsilon();
  for_each_isa<T>([&](const Table<T>& table) {
    for (std::size_t l = 0; l < table.loss_count; ++l) {
      const Loss<T>& loss = table.losses[l];
      SCOPED_TRACE(loss.name);
      if (loss.whole_batch) continue;  // below
      const auto range = known.equal_range(loss.name);
      ASSERT_NE(range.first, range.second) << "no reference for this loss";
      for (auto entry = range.first; entry != range.second; ++entry) {
        const Reference& reference = entry->second;
        std::mt19937_64 random(5);
        std::size_t compared = 0, offered = 0;
        for (std::size_t cols = 1; cols <= 40; ++cols) {
          const std::size_t rows = 1 + cols % 4 + (cols == 1 ? 20 : 0);
          Guarded<T> pred(rows, cols, cols + cols % 3), target(rows, cols, cols + cols % 2),
              grad(rows, cols, cols + 1), value(rows, 1, 1), scale(rows, 1, 1);
          fill(pred, rows, cols, reference.predictions, random);
          fill(target, rows, cols, reference.targets, random);
          scale.fill(random, 0.5, 2);
          std::vector<std::int32_t> labels(rows);
          for (std::int32_t& label : labels) label = static_cast<std::int32_t>(random() % cols);
          LossArgs<T> args = {};
          args.pred = pred.data();
          args.ld_pred = pred.ld();
          args.target = loss.sparse ? nullptr : target.data();
          args.ld_target = target.ld();
          args.labels = loss.sparse ? labels.data() : nullptr;
          args.rows = rows;
          args.cols = cols;
          args.params = reference.params;
          args.row_value = value.data();
          args.row_scale = scale.data();
          args.grad = grad.data();
          args.ld_grad = grad.ld();
          loss.run(args);
          for (std::size_t r = 0; r < rows; ++r) {
            Row p(cols), t(cols);
            for (std::size_t c = 0; c < cols; ++c) {
              p[c] = pred.at(r, c);
              t[c] = loss.sparse ? Real(static_cast<std::size_t>(labels[r]) == c)
                                 : Real(target.at(r, c));
            }
            const double want = static_cast<double>(reference.value(p, t));
            ASSERT_NEAR(value.at(r, 0), want, 32 * eps * (1 + std::fabs(want)))
                << cols << " columns, row " << r;
            if (!loss.differentiable) continue;
            for (std::size_t c = 0; c < cols; ++c) {
              ++offered;
              // Five-point differences, where no kink lies between the points.
              constexpr Real kStep = 1e-5L;
              const auto moved_by = [&](Real distance) {
                Row moved = p;
                moved[c] += distance;
                return reference.value(moved, t);
              };
              const Real far = moved_by(2 * kStep) - moved_by(-2 * kStep);
              const Real near = moved_by(kStep) - moved_by(-kStep);
              if (std::fabs(far - 2 * near) > 1e-5L * kStep) continue;
              const double slope =
                  static_cast<double>((8 * near - far) / (12 * kStep) * Real(scale.at(r, 0)));
              ++compared;
              ASSERT_NEAR(grad.at(r, c), slope, (64 * eps + 1e-10) * (1 + std::fabs(slope)))
                  << cols << " columns, at " << pred.at(r, c);
            }
          }
          ASSERT_TRUE(value.guards_intact() && grad.guards_intact()) << cols << " columns";
          // Without a gradient the values are the same.
          Guarded<T> alone(rows, 1, 1);
          args.row_scale = nullptr;
          args.grad = nullptr;
          args.row_value = alone.data();
          loss.run(args);
          for (std::size_t r = 0; r < rows; ++r) ASSERT_EQ(alone.at(r, 0), value.at(r, 0));
          // A row's value depends on its numbers alone, not on where it lies or who its neighbours
          // are.
          Guarded<T> moved(1, cols, cols, 1), moved_target(1, cols, cols, 2);
          for (std::size_t c = 0; c < cols; ++c) {
            moved.at(0, c) = pred.at(rows - 1, c);
            moved_target.at(0, c) = target.at(rows - 1, c);
          }
          args.pred = moved.data();
          args.target = loss.sparse ? nullptr : moved_target.data();
          args.labels = loss.sparse ? labels.data() + rows - 1 : nullptr;
          args.rows = 1;
          loss.run(args);
          ASSERT_EQ(alone.at(0, 0), value.at(rows - 1, 0)) << cols << " columns";
        }
        if (loss.differentiable) {
          EXPECT_GT(compared, offered * 9 / 10) << "few gradients were compared";
        }
      }
    }
  });
}

// As one row of all numbers, whatever the rows.
TYPED_TEST(LossTest, LossesOfAWholeBatchAreThoseOfOneLongRow) {
  using T = TypeParam;
  std::size_t found = 0;
  for_each_isa<T>([&](const Table<T>& table) {
    for (std::size_t l = 0; l < table.loss_count; ++l) {
      const Loss<T>& loss = table.losses[l];
      if (!loss.whole_batch) continue;
      ++found;
      SCOPED_TRACE(loss.name);
      const Loss<T>* by_row = kernels::find_loss(table, std::string(loss.name) + "_by_row");
      ASSERT_NE(by_row, nullptr);
      constexpr std::size_t kRows = 7, kCols = 11;
      std::mt19937_64 random(3);
      Guarded<T> pred(kRows, kCols, kCols), target(kRows, kCols, kCols), grad(kRows, kCols, kCols),
          long_grad(1, kRows * kCols, kRows * kCols), value(kRows, 1, 1), scale(kRows, 1, 1);
      fill(pred, kRows, kCols, Kind::kProbabilities, random);
      fill(target, kRows, kCols, Kind::kBinary, random);
      scale.fill(random, 0.5, 2);
      LossArgs<T> args = {};
      args.pred = pred.data();
      args.target = target.data();
      args.ld_pred = args.ld_target = args.ld_grad = args.cols = kCols;
      args.rows = kRows;
      args.params = tversky_params();
      args.row_value = value.data();
      args.row_scale = scale.data();
      args.grad = grad.data();
      loss.run(args);
      T total_scale = 0, long_value = 0;
      for (std::size_t r = 0; r < kRows; ++r) total_scale += scale.at(r, 0);
      args.rows = 1;
      args.cols = kRows * kCols;
      args.row_value = &long_value;
      args.row_scale = &total_scale;
      args.grad = long_grad.data();
      by_row->run(args);
      const double tolerance = 64 * std::numeric_limits<T>::epsilon();
      for (std::size_t r = 0; r < kRows; ++r) {
        EXPECT_NEAR(value.at(r, 0), long_value, tolerance);
        for (std::size_t c = 0; c < kCols; ++c) {
          EXPECT_NEAR(grad.at(r, c), long_grad.at(0, r * kCols + c), tolerance);
        }
      }
      EXPECT_TRUE(value.guards_intact() && grad.guards_intact());
    }
  });
  EXPECT_GT(found, 0u);
}

}  // namespace
}  // namespace pronghorn::tests
