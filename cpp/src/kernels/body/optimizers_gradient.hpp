// Optimizers that scale the gradient by its own history: SGD, RMSprop, Adagrad, Adadelta, Lion.
#pragma once

#include "kernels/body/math.hpp"
#include "kernels/body/optimizer_entry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// w <- w - eta g; with momentum mu: v <- mu v - eta g, w <- w + v, or with Nesterov's
// w <- w + mu v - eta g. Sutskever et al., ICML 2013, eq. 1-4.
template <class T>
struct Sgd {
  static constexpr const char* kName = "sgd";
  static constexpr const char* kHyper[kMaxScalars] = {"momentum", "nesterov"};

  static int slots(const double* hyper, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    if (hyper[0] != 0) list.add("momentum");
    return list.count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    set_scalars(scalars, config, config.learning_rate, config.hyper[0], config.hyper[1]);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T rate = scalars.value[0];
    const T momentum = scalars.value[1];
    const bool nesterov = scalars.value[2] != T(0);
    const Run<T> weights{w};
    if (momentum == T(0)) {
      for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
        weights.put(i, weights.get(i, count) * decay - load_up_to(g + i, count) * rate, count);
      });
      return;
    }
    const Run<T> velocity{slots[0]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> step = load_up_to(g + i, count) * rate;
      const Vec<T> v = velocity.get(i, count) * momentum - step;
      velocity.put(i, v, count);
      const Vec<T> change = nesterov ? v * momentum - step : v;
      weights.put(i, weights.get(i, count) * decay + change, count);
    });
  }
};
PRONGHORN_REGISTER(Sgd)

// r <- rho r + (1 - rho) g^2; d = eta g / sqrt(r + epsilon); w <- w - d, or with momentum
// v <- mu v + d, w <- w - v. Centered: a <- rho a + (1 - rho) g and r - a^2 in place of r under the
// root. Tieleman & Hinton, Coursera lecture 6.5 (2012); Graves, arXiv:1308.0850, eq. 38-45.
template <class T>
struct Rmsprop {
  static constexpr const char* kName = "rmsprop";
  static constexpr const char* kHyper[kMaxScalars] = {"rho", "momentum", "epsilon", "centered"};

  static int slots(const double* hyper, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    list.add("velocity");
    if (hyper[1] > 0) list.add("momentum");
    if (hyper[3] != 0) list.add("average_gradient");
    return list.count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    set_scalars(scalars, config, config.learning_rate, hyper[0], 1 - hyper[0], hyper[1], hyper[2],
                hyper[3]);
  }

  template <bool kMomentum, bool kCentered>
  static PRONGHORN_MEMBER void run(T* w, T* const* slots, const T* g, std::size_t n,
                                   const OptimizerScalars<T>& scalars) {
    const T decay = scalars.decay_factor;
    const T rate = scalars.value[0];
    const T rho = scalars.value[1];
    const T rest = scalars.value[2];
    const T mu = scalars.value[3];
    const T epsilon = scalars.value[4];
    const Run<T> weights{w};
    const Run<T> squares{slots[0]};
    const Run<T> velocity{kMomentum ? slots[1] : nullptr};
    const Run<T> average{kCentered ? slots[kMomentum ? 2 : 1] : nullptr};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      const Vec<T> r = rho * squares.get(i, count) + rest * (gradient * gradient);
      squares.put(i, r, count);
      Vec<T> spread = r + epsilon;
      if constexpr (kCentered) {
        const Vec<T> a = rho * average.get(i, count) + rest * gradient;
        average.put(i, a, count);
        spread = (r - a * a) + epsilon;
      }
      Vec<T> change = divide_by_root<T>(rate * gradient, spread, T(0));
      if constexpr (kMomentum) {
        change = mu * velocity.get(i, count) + change;
        velocity.put(i, change, count);
      }
      weights.put(i, weights.get(i, count) * decay - change, count);
    });
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const bool momentum = scalars.value[3] > T(0);
    const bool centered = scalars.value[5] != T(0);
    if (momentum && centered) {
      run<true, true>(w, slots, g, n, scalars);
    } else if (momentum) {
      run<true, false>(w, slots, g, n, scalars);
    } else if (centered) {
      run<false, true>(w, slots, g, n, scalars);
    } else {
      run<false, false>(w, slots, g, n, scalars);
    }
  }
};
PRONGHORN_REGISTER(Rmsprop)

// r <- r + g^2; w <- w - eta g / sqrt(r + epsilon). Duchi et al., JMLR 12 (2011) 2121.
template <class T>
struct Adagrad {
  static constexpr const char* kName = "adagrad";
  static constexpr const char* kHyper[kMaxScalars] = {"initial_accumulator_value", "epsilon"};

  static int slots(const double* hyper, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    return SlotList(made).add("accumulator", hyper[0]).count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    set_scalars(scalars, config, config.learning_rate, config.hyper[1]);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T rate = scalars.value[0];
    const T epsilon = scalars.value[1];
    const Run<T> weights{w};
    const Run<T> squares{slots[0]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      const Vec<T> r = squares.get(i, count) + gradient * gradient;
      squares.put(i, r, count);
      const Vec<T> change = divide_by_root<T>(rate * gradient, r + epsilon, T(0));
      weights.put(i, weights.get(i, count) * decay - change, count);
    });
  }
};
PRONGHORN_REGISTER(Adagrad)

// r <- rho r + (1 - rho) g^2; d = -sqrt(s + epsilon)/sqrt(r + epsilon) g;
// s <- rho s + (1 - rho) d^2; w <- w + eta d. Zeiler, arXiv:1212.5701, algorithm 1.
template <class T>
struct Adadelta {
  static constexpr const char* kName = "adadelta";
  static constexpr const char* kHyper[kMaxScalars] = {"rho", "epsilon"};

  static int slots(const double*, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    return list.add("accumulated_grad").add("accumulated_delta_var").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    set_scalars(scalars, config, config.learning_rate, config.hyper[0], 1 - config.hyper[0],
                config.hyper[1]);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T rate = scalars.value[0];
    const T rho = scalars.value[1];
    const T rest = scalars.value[2];
    const T epsilon = scalars.value[3];
    const Run<T> weights{w};
    const Run<T> squares{slots[0]};
    const Run<T> changes{slots[1]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      const Vec<T> r = rho * squares.get(i, count) + rest * (gradient * gradient);
      squares.put(i, r, count);
      const Vec<T> s = changes.get(i, count);
      const Vec<T> d = divide_by_root<T>(sqrt<T>(s + epsilon) * gradient, r + epsilon, T(0));
      changes.put(i, rho * s + rest * (d * d), count);
      weights.put(i, weights.get(i, count) * decay - rate * d, count);
    });
  }
};
PRONGHORN_REGISTER(Adadelta)

// w <- w - eta sign(beta_1 m + (1 - beta_1) g); m <- beta_2 m + (1 - beta_2) g.
// Chen et al., arXiv:2302.06675, algorithm 2.
template <class T>
struct Lion {
  static constexpr const char* kName = "lion";
  static constexpr const char* kHyper[kMaxScalars] = {"beta_1", "beta_2"};

  static int slots(const double*, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    return SlotList(made).add("momentum").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    set_scalars(scalars, config, config.learning_rate, config.hyper[0], 1 - config.hyper[0],
                config.hyper[1], 1 - config.hyper[1]);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T* value = scalars.value;
    const T rate = value[0], beta_1 = value[1], rest_1 = value[2], beta_2 = value[3],
            rest_2 = value[4];
    const Run<T> weights{w};
    const Run<T> momentum{slots[0]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      const Vec<T> m = momentum.get(i, count);
      const Vec<T> direction = sign<T>(beta_1 * m + rest_1 * gradient);
      momentum.put(i, beta_2 * m + rest_2 * gradient, count);
      weights.put(i, weights.get(i, count) * decay - rate * direction, count);
    });
  }
};
PRONGHORN_REGISTER(Lion)

// With w the decayed parameter, p = -learning_rate_power and h = l2 + beta / (2 eta):
// n' <- n + g^2; z <- z + g + 2 shrinkage w - (n'^p - n^p) w / eta; n <- n';
// w <- (min(max(z, -l1), l1) - z) / (n^p / eta + 2 h). McMahan et al., KDD 2013, algorithm 1. Where
// the divisor is zero, which takes n = 0, w is 0 (Keras divides by zero there).
template <class T>
struct Ftrl {
  static constexpr const char* kName = "ftrl";
  static constexpr const char* kHyper[kMaxScalars] = {"learning_rate_power",
                                                      "initial_accumulator_value",
                                                      "l1_regularization_strength",
                                                      "l2_regularization_strength",
                                                      "l2_shrinkage_regularization_strength",
                                                      "beta"};

  static int slots(const double* hyper, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    return SlotList(made).add("accumulator", hyper[1]).add("linear").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    const double ridge = 2 * hyper[3] + hyper[5] / config.learning_rate;
    set_scalars(scalars, config, -hyper[0], 1 / config.learning_rate, hyper[2], ridge,
                2 * hyper[4]);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T* value = scalars.value;
    const T exponent = value[0], inverse_rate = value[1], lasso = value[2], ridge = value[3],
            shrinkage = value[4];
    const Run<T> weights{w};
    const Run<T> squares{slots[0]};
    const Run<T> linear{slots[1]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      const Vec<T> present = weights.get(i, count) * decay;
      const Vec<T> before = squares.get(i, count);
      // Multiply-adds are spelled out, so that whole vectors and the last part round alike.
      const Vec<T> after = fma<T>(gradient, gradient, before);
      const Vec<T> grown = power<T>(after, exponent);
      const Vec<T> rise = (grown - power<T>(before, exponent)) * inverse_rate;
      const Vec<T> z = fma<T>(splat<T>(shrinkage) - rise, present, linear.get(i, count) + gradient);
      squares.put(i, after, count);
      linear.put(i, z, count);
      const Vec<T> divisor = fma<T>(grown, splat<T>(inverse_rate), splat<T>(ridge));
      const Vec<T> kept = min<T>(max<T>(z, splat<T>(-lasso)), splat<T>(lasso));
      weights.put(i, select<T>(divisor == Vec<T>{}, Vec<T>{}, (kept - z) / divisor), count);
    });
  }
};
PRONGHORN_REGISTER(Ftrl)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
