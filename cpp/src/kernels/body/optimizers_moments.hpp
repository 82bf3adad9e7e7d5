// Optimizers with estimates of the gradient's first and second moments: Adam and its variants.
#pragma once

#include "kernels/body/optimizer_entry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// m <- m + (1 - beta_1)(g - m); v <- v + (1 - beta_2)(g^2 - v);
// w <- w - alpha m / (sqrt(v) + epsilon), alpha = eta sqrt(1 - beta_2^t) / (1 - beta_1^t).
// AMSGrad: the running maximum of v in its place. Kingma & Ba, arXiv:1412.6980, section 2, with
// their "epsilon hat"; Reddi et al., ICLR 2018, algorithm 2.
template <class T>
struct Adam {
  static constexpr const char* kName = "adam";
  static constexpr const char* kHyper[kMaxScalars] = {"beta_1", "beta_2", "epsilon", "amsgrad"};

  static int slots(const double* hyper, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    list.add("momentum").add("velocity");
    if (hyper[3] != 0) list.add("velocity_hat");
    return list.count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t step, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    const double alpha = config.learning_rate * __builtin_sqrt(1 - power(hyper[1], step)) /
                         (1 - power(hyper[0], step));
    set_scalars(scalars, config, alpha, 1 - hyper[0], 1 - hyper[1], hyper[2], hyper[3]);
  }

  template <bool kAmsgrad>
  static PRONGHORN_MEMBER void run(T* w, T* const* slots, const T* g, std::size_t n,
                                   const OptimizerScalars<T>& scalars) {
    const T decay = scalars.decay_factor;
    const T alpha = scalars.value[0];
    const T rest_1 = scalars.value[1];
    const T rest_2 = scalars.value[2];
    const T epsilon = scalars.value[3];
    const Run<T> weights{w};
    const Run<T> first{slots[0]};
    const Run<T> second{slots[1]};
    const Run<T> largest{kAmsgrad ? slots[2] : nullptr};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      Vec<T> m = first.get(i, count);
      Vec<T> v = second.get(i, count);
      m += (gradient - m) * rest_1;
      v += (gradient * gradient - v) * rest_2;
      first.put(i, m, count);
      second.put(i, v, count);
      if constexpr (kAmsgrad) {
        v = max<T>(largest.get(i, count), v);
        largest.put(i, v, count);
      }
      const Vec<T> change = divide_by_root<T>(m * alpha, v, epsilon);
      weights.put(i, weights.get(i, count) * decay - change, count);
    });
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    if (scalars.value[4] != T(0)) {
      run<true>(w, slots, g, n, scalars);
    } else {
      run<false>(w, slots, g, n, scalars);
    }
  }
};
PRONGHORN_REGISTER(Adam)

// Adam with decoupled weight decay, which every optimizer here has: only the default differs.
// Loshchilov & Hutter, arXiv:1711.05101, algorithm 2.
template <class T>
struct AdamW : Adam<T> {
  static constexpr const char* kName = "adamw";
};
PRONGHORN_REGISTER(AdamW)

// m as in Adam; u <- max(beta_2 u, |g|); w <- w - eta m / ((1 - beta_1^t)(u + epsilon)).
// Kingma & Ba, algorithm 2.
template <class T>
struct Adamax {
  static constexpr const char* kName = "adamax";
  static constexpr const char* kHyper[kMaxScalars] = {"beta_1", "beta_2", "epsilon"};

  static int slots(const double*, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    return list.add("momentum").add("norm").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t step, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    set_scalars(scalars, config, config.learning_rate / (1 - power(hyper[0], step)), 1 - hyper[0],
                hyper[1], hyper[2]);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T rate = scalars.value[0];
    const T rest_1 = scalars.value[1];
    const T beta_2 = scalars.value[2];
    const T epsilon = scalars.value[3];
    const Run<T> weights{w};
    const Run<T> first{slots[0]};
    const Run<T> norm{slots[1]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      Vec<T> m = first.get(i, count);
      m += (gradient - m) * rest_1;
      const Vec<T> u = max<T>(beta_2 * norm.get(i, count), abs<T>(gradient));
      first.put(i, m, count);
      norm.put(i, u, count);
      const Vec<T> change = rate * m / (u + epsilon);
      weights.put(i, weights.get(i, count) * decay - change, count);
    });
  }
};
PRONGHORN_REGISTER(Adamax)

// m and v as in Adam; u_t = beta_1 (1 - 0.96^t / 2), U_t = u_1 ... u_t (in `state`);
// w <- w - eta (u_{t+1} m / (1 - U_{t+1}) + (1 - u_t) g / (1 - U_t)) / (sqrt(v / (1 - beta_2^t))
// + epsilon). Dozat, ICLR workshop 2016, algorithm 8.
template <class T>
struct Nadam {
  static constexpr const char* kName = "nadam";
  static constexpr const char* kHyper[kMaxScalars] = {"beta_1", "beta_2", "epsilon"};

  static int slots(const double*, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    return list.add("momentum").add("velocity").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t step, double* state,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    const double u = hyper[0] * (1 - 0.5 * power(0.96, step));
    const double u_next = hyper[0] * (1 - 0.5 * power(0.96, step + 1));
    state[0] *= u;
    const double product_next = state[0] * u_next;
    set_scalars(scalars, config, config.learning_rate * u_next / (1 - product_next),
                config.learning_rate * (1 - u) / (1 - state[0]), 1 / (1 - power(hyper[1], step)),
                1 - hyper[0], 1 - hyper[1], hyper[2]);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T* value = scalars.value;
    const T of_moment = value[0], of_gradient = value[1], correction = value[2], rest_1 = value[3],
            rest_2 = value[4], epsilon = value[5];
    const Run<T> weights{w};
    const Run<T> first{slots[0]};
    const Run<T> second{slots[1]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      Vec<T> m = first.get(i, count);
      Vec<T> v = second.get(i, count);
      m += (gradient - m) * rest_1;
      v += (gradient * gradient - v) * rest_2;
      first.put(i, m, count);
      second.put(i, v, count);
      const Vec<T> direction = of_moment * m + of_gradient * gradient;
      const Vec<T> change = divide_by_root<T>(direction, v * correction, epsilon);
      weights.put(i, weights.get(i, count) * decay - change, count);
    });
  }
};
PRONGHORN_REGISTER(Nadam)

// Weights are y, a mean of z, which steps, and x, the average of z so far:
// v as in Adam; z' = z - alpha g / (sqrt(v / (1 - beta_2^t)) + epsilon); x' = (1 - 1/t) x + z' / t;
// y' = (1 - beta_1) z' + beta_1 x'. With beta_1 x = y - (1 - beta_1) z, x needs no slot. alpha is
// eta, from zero over the first warmup_steps. Defazio et al., arXiv:2405.15682, algorithm 1, with
// weight decay before the update and, as in Keras, 1/t for every eta.
template <class T>
struct ScheduleFreeAdamW {
  static constexpr const char* kName = "schedulefreeadamw";
  static constexpr const char* kHyper[kMaxScalars] = {"beta_1", "beta_2", "epsilon",
                                                      "warmup_steps"};

  static int slots(const double*, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    return SlotList(made).add("momentum", 0, SlotKind::kCopy).add("velocity").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t step, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    const double number = static_cast<double>(step);
    const double warm = number < hyper[3] ? number / hyper[3] : 1;
    set_scalars(scalars, config, config.learning_rate * warm, hyper[0], 1 - hyper[0], 1 - hyper[1],
                1 / (1 - power(hyper[1], step)), hyper[2], 1 / number);
  }

  static void update(T* w, T* const* slots, const T* g, std::size_t n,
                     const OptimizerScalars<T>& scalars) noexcept {
    const T decay = scalars.decay_factor;
    const T* value = scalars.value;
    const T rate = value[0], beta_1 = value[1], rest_1 = value[2], rest_2 = value[3],
            correction = value[4], epsilon = value[5], share = value[6];
    const T kept = T(1) - share, of_new = rest_1 + beta_1 * share;
    const Run<T> weights{w};
    const Run<T> leading{slots[0]};
    const Run<T> second{slots[1]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(g + i, count);
      const Vec<T> z = leading.get(i, count);
      Vec<T> v = second.get(i, count);
      v += (gradient * gradient - v) * rest_2;
      second.put(i, v, count);
      // Multiply-adds are spelled out, so that whole vectors and the last part round alike.
      const Vec<T> average = fma<T>(splat<T>(-rest_1), z, weights.get(i, count) * decay);
      const Vec<T> stepped = z - divide_by_root<T>(rate * gradient, v * correction, epsilon);
      leading.put(i, stepped, count);
      weights.put(i, fma<T>(splat<T>(of_new), stepped, kept * average), count);
    });
  }
};
PRONGHORN_REGISTER(ScheduleFreeAdamW)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
