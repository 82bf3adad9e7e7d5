// Every loss and row metric of the table against its definition in long double, and gradients
// against finite differences of that definition.
#include <functional>
#include <map>

#include "kernel_cases.hpp"

namespace pronghorn::tests {
namespace {

using kernels::Loss;
using kernels::LossArgs;
using kernels::LossParams;
using kernels::Table;
using Real = long double;
using Row = std::vector<Real>;

constexpr Real kEpsilon = 1e-7L;

enum class Kind { kNumbers, kPositive, kProbabilities, kDistribution, kBinary };

struct Reference {
  Kind predictions;
  Kind targets;
  LossParams params;
  std::function<Real(const Row& pred, const Row& target)> value;  // sparse: target is one-hot
};

Real cut(Real v, Real low, Real high) { return std::min(std::max(v, low), high); }
Real softplus(Real z) { return std::max(z, Real(0)) + std::log1p(std::exp(-std::fabs(z))); }

std::function<Real(const Row&, const Row&)> mean_of(std::function<Real(Real, Real)> f) {
  return [f](const Row& p, const Row& t) {
    Real sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) sum += f(p[i], t[i]);
    return sum / static_cast<Real>(p.size());
  };
}

Real sum_of(const Row& row) {
  Real sum = 0;
  for (const Real v : row) sum += v;
  return sum;
}

std::function<Real(const Row&, const Row&)> crossentropy(Real smoothing) {
  return [smoothing](const Row& p, const Row& t) {
    const Real total = sum_of(p);
    Real loss = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const Real target = t[i] * (1 - smoothing) + smoothing / static_cast<Real>(p.size());
      loss -= target * std::log(cut(p[i] / total, kEpsilon, 1 - kEpsilon));
    }
    return loss;
  };
}

std::function<Real(const Row&, const Row&)> crossentropy_logits(Real smoothing) {
  return [smoothing](const Row& z, const Row& t) {
    Real sum = 0;
    for (const Real v : z) sum += std::exp(v);
    Real loss = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      const Real target = t[i] * (1 - smoothing) + smoothing / static_cast<Real>(z.size());
      loss += target * (std::log(sum) - z[i]);
    }
    return loss;
  };
}

std::size_t first_largest(const Row& row) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] > row[best]) best = i;
  }
  return best;
}

Real within_top(const Row& p, const Row& t, int k) {
  int above = 0;
  for (const Real v : p) above += v > p[first_largest(t)] ? 1 : 0;
  return above < k;
}

LossParams smoothing(double value) {
  LossParams params;
  params.label_smoothing = value;
  return params;
}

LossParams top(int k) {
  LossParams params;
  params.k = k;
  return params;
}

LossParams delta(double value) {
  LossParams params;
  params.delta = value;
  return params;
}

LossParams focal(double alpha, double gamma, double smooth, bool balanced = false) {
  LossParams params = smoothing(smooth);
  params.alpha = alpha;
  params.gamma = gamma;
  params.balanced = balanced;
  return params;
}

Row softmax(const Row& z) {
  Row p(z.size());
  Real sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) sum += p[i] = std::exp(z[i]);
  for (Real& v : p) v /= sum;
  return p;
}

// Of probabilities p (a sum of 1 is not needed) with smoothed targets t.
std::function<Real(const Row&, const Row&)> categorical_focal(const LossParams& params,
                                                              bool logits) {
  return [params, logits](const Row& given, const Row& t) {
    const Row p = logits ? softmax(given) : given;
    const Real total = sum_of(p), s = params.label_smoothing;
    Real loss = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const Real target = t[i] * (1 - s) + s / static_cast<Real>(p.size());
      const Real q = cut(p[i] / total, kEpsilon, 1 - kEpsilon);
      loss -= params.alpha * target * std::pow(1 - q, params.gamma) * std::log(q);
    }
    return loss;
  };
}

std::function<Real(const Row&, const Row&)> binary_focal(const LossParams& params, bool logits) {
  return mean_of([params, logits](Real given, Real target) {
    const Real p = logits ? 1 / (1 + std::exp(-given)) : given, s = params.label_smoothing;
    const Real t = target * (1 - s) + s / 2, q = cut(p, kEpsilon, 1 - kEpsilon);
    const Real weight = params.balanced ? t * params.alpha + (1 - t) * (1 - params.alpha) : 1;
    const Real hit = t * p + (1 - t) * (1 - p);
    return -weight * std::pow(1 - hit, params.gamma) *
           (t * std::log(q) + (1 - t) * std::log(1 - q));
  });
}

Real tversky(const Row& p, const Row& t, Real alpha, Real beta) {
  Real hit = 0, missed = 0, wrong = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    hit += p[i] * t[i];
    missed += t[i] * (1 - p[i]);
    wrong += p[i] * (1 - t[i]);
  }
  return 1 - hit / (hit + alpha * missed + beta * wrong + kEpsilon);
}

Real dice(const Row& p, const Row& t) {
  Real hit = 0;
  for (std::size_t i = 0; i < p.size(); ++i) hit += p[i] * t[i];
  return 1 - 2 * hit / (sum_of(p) + sum_of(t) + kEpsilon);
}

Real cosine(const Row& p, const Row& t) {
  Real product = 0, of_p = 0, of_t = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    product += p[i] * t[i];
    of_p += p[i] * p[i];
    of_t += t[i] * t[i];
  }
  return product / std::sqrt(of_p * of_t);
}

LossParams tversky_params() {
  LossParams params;
  params.alpha = 0.3;
  params.beta = 0.9;
  return params;
}

std::multimap<std::string, Reference> references() {
  using K = Kind;
  const auto sign = [](Real t) -> Real { return t == 0 ? -1 : t; };
  const auto hit = [](const Row& p, const Row& t) -> Real {
    return first_largest(p) == first_largest(t);
  };
  const auto bce = [](Real s) {
    return mean_of([s](Real p, Real t) {
      const Real q = cut(p, kEpsilon, 1 - kEpsilon), y = t * (1 - s) + s / 2;
      return -(y * std::log(q) + (1 - y) * std::log(1 - q));
    });
  };
  const auto bce_logits = [](Real s) {
    return mean_of([s](Real z, Real t) {
      const Real y = t * (1 - s) + s / 2;
      return y * softplus(-z) + (1 - y) * softplus(z);
    });
  };
  const auto huber = [](Real d) {
    return mean_of([d](Real p, Real t) {
      const Real e = std::fabs(p - t);
      return e <= d ? e * e / 2 : d * e - d * d / 2;
    });
  };
  return {
      {"mean_squared_error",
       {K::kNumbers, K::kNumbers, {}, mean_of([](Real p, Real t) { return (p - t) * (p - t); })}},
      {"mean_absolute_error",
       {K::kNumbers, K::kNumbers, {}, mean_of([](Real p, Real t) { return std::fabs(p - t); })}},
      {"mean_absolute_percentage_error",
       {K::kNumbers, K::kPositive, {}, mean_of([](Real p, Real t) {
          return 100 * std::fabs(t - p) / std::max(std::fabs(t), kEpsilon);
        })}},
      {"mean_squared_logarithmic_error",
       {K::kNumbers, K::kPositive, {}, mean_of([](Real p, Real t) {
          const Real d = std::log(1 + std::max(p, kEpsilon)) - std::log(1 + std::max(t, kEpsilon));
          return d * d;
        })}},
      {"huber", {K::kNumbers, K::kNumbers, delta(1), huber(1)}},
      {"huber", {K::kNumbers, K::kNumbers, delta(0.5), huber(0.5L)}},
      {"log_cosh", {K::kNumbers, K::kNumbers, {}, mean_of([](Real p, Real t) {
                      return std::log(std::cosh(p - t));
                    })}},
      {"poisson", {K::kPositive, K::kPositive, {}, mean_of([](Real p, Real t) {
                     return p - t * std::log(p + kEpsilon);
                   })}},
      {"kl_divergence",
       {K::kDistribution,
        K::kDistribution,
        {},
        [](const Row& p, const Row& t) {
          Real sum = 0;
          for (std::size_t i = 0; i < p.size(); ++i) {
            const Real a = cut(t[i], kEpsilon, 1), b = cut(p[i], kEpsilon, 1);
            sum += a * std::log(a / b);
          }
          return sum;
        }}},
      {"binary_crossentropy", {K::kProbabilities, K::kBinary, {}, bce(0)}},
      {"binary_crossentropy", {K::kProbabilities, K::kBinary, smoothing(0.2), bce(0.2L)}},
      {"binary_crossentropy_logits", {K::kNumbers, K::kBinary, {}, bce_logits(0)}},
      {"binary_crossentropy_logits",
       {K::kNumbers, K::kProbabilities, smoothing(0.2), bce_logits(0.2L)}},
      {"categorical_crossentropy", {K::kPositive, K::kDistribution, {}, crossentropy(0)}},
      {"categorical_crossentropy",
       {K::kDistribution, K::kDistribution, smoothing(0.1), crossentropy(0.1L)}},
      {"categorical_crossentropy_logits",
       {K::kNumbers, K::kDistribution, {}, crossentropy_logits(0)}},
      {"categorical_crossentropy_logits",
       {K::kNumbers, K::kDistribution, smoothing(0.1), crossentropy_logits(0.1L)}},
      {"sparse_categorical_crossentropy", {K::kPositive, K::kBinary, {}, crossentropy(0)}},
      {"sparse_categorical_crossentropy_logits",
       {K::kNumbers, K::kBinary, {}, crossentropy_logits(0)}},
      {"binary_focal_crossentropy",
       {K::kProbabilities, K::kBinary, focal(0.4, 2, 0, true),
        binary_focal(focal(0.4, 2, 0, true), false)}},
      {"binary_focal_crossentropy",
       {K::kProbabilities, K::kProbabilities, focal(0.25, 0, 0.1),
        binary_focal(focal(0.25, 0, 0.1), false)}},
      {"binary_focal_crossentropy_logits",
       {K::kNumbers, K::kBinary, focal(0.4, 1.5, 0.2, true),
        binary_focal(focal(0.4, 1.5, 0.2, true), true)}},
      {"categorical_focal_crossentropy",
       {K::kPositive, K::kDistribution, focal(0.25, 2, 0),
        categorical_focal(focal(0.25, 2, 0), false)}},
      {"categorical_focal_crossentropy",
       {K::kPositive, K::kDistribution, focal(0.6, 0, 0.1),
        categorical_focal(focal(0.6, 0, 0.1), false)}},
      {"categorical_focal_crossentropy_logits",
       {K::kNumbers, K::kDistribution, focal(0.6, 1.5, 0.1),
        categorical_focal(focal(0.6, 1.5, 0.1), true)}},
      {"categorical_generalized_cross_entropy",
       {K::kProbabilities,
        K::kBinary,
        {},
        [](const Row& p, const Row& t) {
          Real at_label = 0;
          for (std::size_t i = 0; i < p.size(); ++i) at_label += p[i] * t[i];
          return (1 - std::sqrt(at_label)) * 2;
        }}},
      {"hinge", {K::kNumbers, K::kBinary, {}, mean_of([sign](Real p, Real t) {
                   return std::max(1 - sign(t) * p, Real(0));
                 })}},
      {"squared_hinge", {K::kNumbers, K::kBinary, {}, mean_of([sign](Real p, Real t) {
                           const Real gap = std::max(1 - sign(t) * p, Real(0));
                           return gap * gap;
                         })}},
      {"categorical_hinge",
       {K::kNumbers,
        K::kDistribution,
        {},
        [](const Row& p, const Row& t) {
          Real hit = 0, other = -std::numeric_limits<Real>::infinity();
          for (std::size_t i = 0; i < p.size(); ++i) {
            hit += t[i] * p[i];
            other = std::max(other, (1 - t[i]) * p[i]);
          }
          return std::max(other - hit + 1, Real(0));
        }}},
      {"cosine_similarity",
       {K::kNumbers, K::kNumbers, {}, [](const Row& p, const Row& t) { return -cosine(p, t); }}},
      {"dice_by_row", {K::kProbabilities, K::kDistribution, {}, dice}},
      {"tversky_by_row",
       {K::kProbabilities, K::kDistribution, tversky_params(),
        [](const Row& p, const Row& t) { return tversky(p, t, 0.3L, 0.9L); }}},
      {"sparse_categorical_accuracy", {K::kNumbers, K::kBinary, {}, hit}},
      {"categorical_accuracy", {K::kNumbers, K::kDistribution, {}, hit}},
      {"sparse_top_k_categorical_accuracy",
       {K::kNumbers, K::kBinary, top(3),
        [](const Row& p, const Row& t) { return within_top(p, t, 3); }}},
      {"top_k_categorical_accuracy",
       {K::kNumbers, K::kDistribution, top(2),
        [](const Row& p, const Row& t) { return within_top(p, t, 2); }}},
      {"binary_accuracy", {K::kProbabilities, K::kBinary, {}, mean_of([](Real p, Real t) -> Real {
                             return (p > 0.5L ? 1 : 0) == t;
                           })}},
      {"accuracy",
       {K::kBinary, K::kBinary, {}, mean_of([](Real p, Real t) -> Real { return p == t; })}},
  };
}

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

TYPED_TEST(LossTest, ExtremeLogitsLoseNothing) {
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

TYPED_TEST(LossTest, ProbabilitiesAreCutAtEpsilonAndItsGradientIsZeroThere) {
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

TYPED_TEST(LossTest, TiesAndNaNRankAsInTheReferenceBackend) {
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
