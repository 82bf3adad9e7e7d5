// Definitions of every loss and row metric in long double.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernels/table.hpp"

namespace pronghorn::tests {

using kernels::LossParams;
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

inline Real cut(Real v, Real low, Real high) { return std::min(std::max(v, low), high); }
inline Real softplus(Real z) { return std::max(z, Real(0)) + std::log1p(std::exp(-std::fabs(z))); }

inline std::function<Real(const Row&, const Row&)> mean_of(std::function<Real(Real, Real)> f) {
  return [f](const Row& p, const Row& t) {
    Real sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) sum += f(p[i], t[i]);
    return sum / static_cast<Real>(p.size());
  };
}

inline Real sum_of(const Row& row) {
  Real sum = 0;
  for (const Real v : row) sum += v;
  return sum;
}

inline std::function<Real(const Row&, const Row&)> crossentropy(Real smoothing) {
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

inline std::function<Real(const Row&, const Row&)> crossentropy_logits(Real smoothing) {
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

inline std::size_t first_largest(const Row& row) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] > row[best]) best = i;
  }
  return best;
}

inline Real within_top(const Row& p, const Row& t, int k) {
  int above = 0;
  for (const Real v : p) above += v > p[first_largest(t)] ? 1 : 0;
  return above < k;
}

inline LossParams smoothing(double value) {
  LossParams params;
  params.label_smoothing = value;
  return params;
}

inline LossParams top(int k) {
  LossParams params;
  params.k = k;
  return params;
}

inline LossParams delta(double value) {
  LossParams params;
  params.delta = value;
  return params;
}

inline LossParams focal(double alpha, double gamma, double smooth, bool balanced = false) {
  LossParams params = smoothing(smooth);
  params.alpha = alpha;
  params.gamma = gamma;
  params.balanced = balanced;
  return params;
}

inline Row softmax(const Row& z) {
  Row p(z.size());
  Real sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) sum += p[i] = std::exp(z[i]);
  for (Real& v : p) v /= sum;
  return p;
}

// Of probabilities p (a sum of 1 is not needed) with smoothed targets t.
inline std::function<Real(const Row&, const Row&)> categorical_focal(const LossParams& params,
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

inline std::function<Real(const Row&, const Row&)> binary_focal(const LossParams& params,
                                                                bool logits) {
  return mean_of([params, logits](Real given, Real target) {
    const Real p = logits ? 1 / (1 + std::exp(-given)) : given, s = params.label_smoothing;
    const Real t = target * (1 - s) + s / 2, q = cut(p, kEpsilon, 1 - kEpsilon);
    const Real weight = params.balanced ? t * params.alpha + (1 - t) * (1 - params.alpha) : 1;
    const Real hit = t * p + (1 - t) * (1 - p);
    return -weight * std::pow(1 - hit, params.gamma) *
           (t * std::log(q) + (1 - t) * std::log(1 - q));
  });
}

inline Real tversky(const Row& p, const Row& t, Real alpha, Real beta) {
  Real hit = 0, missed = 0, wrong = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    hit += p[i] * t[i];
    missed += t[i] * (1 - p[i]);
    wrong += p[i] * (1 - t[i]);
  }
  return 1 - hit / (hit + alpha * missed + beta * wrong + kEpsilon);
}

inline Real dice(const Row& p, const Row& t) {
  Real hit = 0;
  for (std::size_t i = 0; i < p.size(); ++i) hit += p[i] * t[i];
  return 1 - 2 * hit / (sum_of(p) + sum_of(t) + kEpsilon);
}

inline Real cosine(const Row& p, const Row& t) {
  Real product = 0, of_p = 0, of_t = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    product += p[i] * t[i];
    of_p += p[i] * p[i];
    of_t += t[i] * t[i];
  }
  return product / std::sqrt(of_p * of_t);
}

inline LossParams tversky_params() {
  LossParams params;
  params.alpha = 0.3;
  params.beta = 0.9;
  return params;
}

inline std::multimap<std::string, Reference> references() {
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

}  // namespace pronghorn::tests
