// Optimizers that need norms, sums or products of a whole parameter: Lamb, Adafactor, Muon.
#pragma once

#include "kernels/body/math.hpp"
#include "kernels/body/optimizer_entry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// Sum over i < n of f(i, count), whose value is a vector; in double beyond runs of kRun elements.
template <class T, class F>
PRONGHORN_INLINE double long_sum(std::size_t n, F f) {
  constexpr std::size_t kRun = 1024;
  double sum = 0;
  for (std::size_t begin = 0; begin < n; begin += kRun) {
    const std::size_t count = n - begin < kRun ? n - begin : kRun;
    sum += static_cast<double>(
        sum_of<T>(count, [&](std::size_t i, std::size_t part) { return f(begin + i, part); }));
  }
  return sum;
}

template <class T>
PRONGHORN_INLINE double squares_of(const T* x, std::size_t n) {
  return long_sum<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> v = load_up_to(x + i, count);
    return v * v;
  });
}

PRONGHORN_INLINE std::size_t product_of(const std::size_t* axes, std::size_t count) {
  std::size_t size = 1;
  for (std::size_t a = 0; a < count; ++a) size *= axes[a];
  return size;
}

// m, v as in Adam; u = (m / (1 - beta_1^t)) / (sqrt(v / (1 - beta_2^t)) + epsilon);
// w <- w - eta |w| / |u| u, with 1 in place of the ratio where either norm is zero.
// You et al., arXiv:1904.00962, algorithm 2, with weight decay before the update in place of
// theirs.
template <class T>
struct Lamb {
  static constexpr const char* kName = "lamb";
  static constexpr const char* kHyper[kMaxScalars] = {"beta_1", "beta_2", "epsilon"};

  static int slots(const double*, const ParameterTraits&, SlotSpec made[kMaxSlots]) noexcept {
    return SlotList(made).add("momentum").add("velocity").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t step, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    set_scalars(scalars, config, config.learning_rate, 1 - hyper[0], 1 - hyper[1],
                1 / (1 - power(hyper[0], step)), 1 / (1 - power(hyper[1], step)), hyper[2]);
  }

  static std::size_t whole_scratch(const std::size_t*, std::size_t) noexcept { return 0; }

  static void update_whole(const WholeParameter<T>& parameter,
                           const OptimizerScalars<T>& scalars) noexcept {
    const T* value = scalars.value;
    const T rest_1 = value[1], rest_2 = value[2], whole_m = value[3], whole_v = value[4],
            epsilon = value[5];
    const T decay = parameter.decays ? scalars.decay_factor : T(1);
    const std::size_t n = product_of(parameter.axes, parameter.rank);
    const Run<T> weights{parameter.w};
    const Run<T> change{parameter.g};
    const Run<T> first{parameter.slots[0]};
    const Run<T> second{parameter.slots[1]};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = change.get(i, count);
      Vec<T> m = first.get(i, count);
      Vec<T> v = second.get(i, count);
      m += (gradient - m) * rest_1;
      v += (gradient * gradient - v) * rest_2;
      first.put(i, m, count);
      second.put(i, v, count);
      change.put(i, divide_by_root<T>(m * whole_m, v * whole_v, epsilon), count);
      weights.put(i, weights.get(i, count) * decay, count);
    });
    const double size = __builtin_sqrt(squares_of(parameter.w, n));
    const double length = __builtin_sqrt(squares_of(parameter.g, n));
    const double ratio = size > 0 && length > 0 ? size / length : 1;
    const T rate = static_cast<T>(static_cast<double>(value[0]) * ratio);
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      weights.put(i, weights.get(i, count) - rate * change.get(i, count), count);
    });
  }
};
PRONGHORN_REGISTER(Lamb)

// With q = g^2 + epsilon_1 and b = 1 - t^beta_2_decay: r <- b r + (1 - b) mean of q's rows,
// c <- b c + (1 - b) mean of q's columns, v = (r / mean of r) c^T over the last two axes; a vector
// has v <- b v + (1 - b) q. u = g / sqrt(v); u <- u / max(1, rms(u) / clip_threshold);
// w <- w - max(epsilon_2, rms(w)) min(eta, 1 / sqrt(t)) u.
// Shazeer & Stern, arXiv:1804.04235, algorithms 4 and 5. `relative_step` has no effect, as in
// Keras.
template <class T>
struct Adafactor {
  static constexpr const char* kName = "adafactor";
  static constexpr const char* kHyper[kMaxScalars] = {"beta_2_decay", "epsilon_1", "epsilon_2",
                                                      "clip_threshold", "relative_step"};

  static int slots(const double*, const ParameterTraits& parameter,
                   SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    if (parameter.rank >= 2) {
      list.add("row", 0, SlotKind::kRows).add("column", 0, SlotKind::kColumns);
    }
    return list.add("velocity").count();
  }

  static void prepare(const OptimizerConfig& config, std::int64_t step, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    const double number = static_cast<double>(step);
    const double most = 1 / __builtin_sqrt(number);
    const double rest = __builtin_pow(number, hyper[0]);
    set_scalars(scalars, config, config.learning_rate < most ? config.learning_rate : most,
                1 - rest, rest, hyper[1], hyper[2], hyper[3]);
  }

  // Sums of columns.
  static std::size_t whole_scratch(const std::size_t* axes, std::size_t rank) noexcept {
    return rank < 2 ? 0 : axes[rank - 1];
  }

  // v of one matrix of the last two axes.
  static PRONGHORN_MEMBER void factor(const T* g, T* r, T* c, T* v, std::size_t rows,
                                      std::size_t cols, T* sums, const T* value) {
    const T kept = value[1], rest = value[2], epsilon = value[3];
    for (std::size_t j = 0; j < cols; ++j) sums[j] = T(0);
    double total = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      const T* row = g + i * cols;
      const double sum = long_sum<T>(cols, [&](std::size_t j, std::size_t count) {
        const Vec<T> x = load_up_to(row + j, count);
        const Vec<T> square = x * x + epsilon;
        store_up_to<T>(sums + j, load_up_to(sums + j, count) + square, count);
        return square;
      });
      r[i] = kept * r[i] + rest * static_cast<T>(sum / static_cast<double>(cols));
      total += static_cast<double>(r[i]);
    }
    const T mean = static_cast<T>(total / static_cast<double>(rows));
    const T share = rest / static_cast<T>(rows);
    for_vectors<T>(cols, [&](std::size_t j, std::size_t count) {
      const Vec<T> new_share = share * load_up_to(sums + j, count);
      store_up_to<T>(c + j, kept * load_up_to(c + j, count) + new_share, count);
    });
    for (std::size_t i = 0; i < rows; ++i) {
      const T ratio = r[i] / mean;
      for_vectors<T>(cols, [&](std::size_t j, std::size_t count) {
        store_up_to<T>(v + i * cols + j, ratio * load_up_to(c + j, count), count);
      });
    }
  }

  static void update_whole(const WholeParameter<T>& parameter,
                           const OptimizerScalars<T>& scalars) noexcept {
    const T* value = scalars.value;
    const T decay = parameter.decays ? scalars.decay_factor : T(1);
    const std::size_t n = product_of(parameter.axes, parameter.rank);
    const bool factored = parameter.rank >= 2;
    T* const v = parameter.slots[factored ? 2 : 0];
    if (factored) {
      const std::size_t rows = parameter.axes[parameter.rank - 2];
      const std::size_t cols = parameter.axes[parameter.rank - 1];
      const std::size_t matrices = product_of(parameter.axes, parameter.rank - 2);
      for (std::size_t b = 0; b < matrices; ++b) {
        factor(parameter.g + b * rows * cols, parameter.slots[0] + b * rows,
               parameter.slots[1] + b * cols, v + b * rows * cols, rows, cols, parameter.scratch,
               value);
      }
    } else {
      const T kept = value[1], rest = value[2], epsilon = value[3];
      for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
        const Vec<T> x = load_up_to(parameter.g + i, count);
        const Vec<T> square = x * x + epsilon;
        store_up_to<T>(v + i, kept * load_up_to(v + i, count) + rest * square, count);
      });
    }
    const Run<T> weights{parameter.w};
    const Run<T> change{parameter.g};
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> u = divide_by_root<T>(change.get(i, count), load_up_to<T>(v + i, count), T(0));
      change.put(i, u, count);
      weights.put(i, weights.get(i, count) * decay, count);
    });
    const double size = static_cast<double>(n);
    const double weight_rms = __builtin_sqrt(squares_of(parameter.w, n) / size);
    const double change_rms = __builtin_sqrt(squares_of(parameter.g, n) / size);
    const double least = static_cast<double>(value[4]);
    const double excess = change_rms / static_cast<double>(value[5]);
    const double scale = weight_rms > least ? weight_rms : least;
    const T rate =
        static_cast<T>(static_cast<double>(value[0]) * scale / (excess > 1 ? excess : 1));
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      weights.put(i, weights.get(i, count) - rate * change.get(i, count), count);
    });
  }
};
PRONGHORN_REGISTER(Adafactor)

// A matrix: m <- mu m + g; x = g + mu m (Nesterov) or m; u = x made nearly orthogonal;
// w <- w - eta rms_rate sqrt(max(rows, columns)) u. Orthogonal by Newton-Schulz iterations: the
// side with fewer rows up, x <- x / (|x| + 1e-7), then A = x x^T, x <- a x + (b A + c A^2) x,
// ns_steps times. Jordan et al., "Muon" (2024); Liu et al., arXiv:2502.16982, section 2.2, for the
// scale. Parameters apart, and those that are no matrix, follow Adam with a decay of their own.
template <class T>
struct Muon {
  static constexpr const char* kName = "muon";
  static constexpr const char* kHyper[kMaxScalars] = {
      "adam_beta_1", "adam_beta_2", "epsilon",           "muon_a",
      "muon_b",      "muon_c",      "adam_lr_ratio",     "momentum",
      "ns_steps",    "nesterov",    "adam_weight_decay", "rms_rate"};
  enum Value {
    kRate,
    kAdamDecay,
    kAdamRate,
    kRest1,
    kRest2,
    kEpsilon,
    kA,
    kB,
    kC,
    kMomentum,
    kSteps,
    kNesterov,
    kScale
  };

  static int slots(const double*, const ParameterTraits& parameter,
                   SlotSpec made[kMaxSlots]) noexcept {
    SlotList list(made);
    list.add("momentum");
    if (parameter.apart || parameter.rank != 2) list.add("velocity");
    return list.count();
  }

  // `rms_rate` below zero: no scale.
  static void prepare(const OptimizerConfig& config, std::int64_t step, double*,
                      OptimizerScalars<T>& scalars) noexcept {
    const double* hyper = config.hyper;
    const double correction =
        __builtin_sqrt(1 - power(hyper[1], step)) / (1 - power(hyper[0], step));
    set_scalars(scalars, config, config.learning_rate, 1 - hyper[10] * config.learning_rate,
                config.learning_rate * hyper[6] * correction, 1 - hyper[0], 1 - hyper[1], hyper[2],
                hyper[3], hyper[4], hyper[5], hyper[7], hyper[8], hyper[9], hyper[11]);
  }

  struct Sizes {
    std::size_t rows, cols, row_ld, col_ld;  // rows <= cols
  };
  static Sizes sizes(const std::size_t* axes) noexcept {
    Sizes s;
    s.rows = axes[0] < axes[1] ? axes[0] : axes[1];
    s.cols = axes[0] < axes[1] ? axes[1] : axes[0];
    s.row_ld = (s.rows + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
    s.col_ld = (s.cols + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
    return s;
  }

  // x and its successor (rows, cols); the transpose of x (cols, rows); A and b A + c A^2.
  static std::size_t whole_scratch(const std::size_t* axes, std::size_t rank) noexcept {
    if (rank != 2) return 0;
    const Sizes s = sizes(axes);
    return 2 * s.rows * s.col_ld + s.cols * s.row_ld + 2 * s.rows * s.row_ld;
  }

  // C (rows, cols) = A (rows, depth) B (depth, cols).
  static void multiply(const Products<T>& products, const T* a, std::size_t lda, const T* b,
                       std::size_t ldb, T* c, std::size_t ldc, std::size_t rows, std::size_t depth,
                       std::size_t cols) noexcept {
    constexpr std::size_t kBlock = 96;
    const T* pointers[kBlock];
    for (std::size_t i = 0; i < rows; i += kBlock) {
      const std::size_t count = rows - i < kBlock ? rows - i : kBlock;
      for (std::size_t r = 0; r < count; ++r) pointers[r] = a + (i + r) * lda;
      for (std::size_t j = 0; j < cols; j += 2 * kLanes<T>) {
        products.rows(pointers, 0, count, depth, b + j, ldb, nullptr, false, c + i * ldc + j, ldc,
                      cols - j > kLanes<T> ? 2 : 1);
      }
    }
  }

  // x (rows, cols) in scratch memory becomes nearly orthogonal; the place where it is in the end.
  static T* orthogonalize(const WholeParameter<T>& parameter, const Sizes& s,
                          const T* value) noexcept {
    T* x = parameter.scratch;
    T* next = x + s.rows * s.col_ld;
    T* const transposed = next + s.rows * s.col_ld;
    T* const square = transposed + s.cols * s.row_ld;
    T* const inner = square + s.rows * s.row_ld;
    for (std::size_t i = 0; i < s.cols * s.row_ld; ++i) transposed[i] = T(0);
    const T a = value[kA], b = value[kB], c = value[kC];
    const T factor = static_cast<T>(1 / (__builtin_sqrt(squares_of(x, s.rows * s.col_ld)) + 1e-7));
    for (std::size_t i = 0; i < s.rows * s.col_ld; ++i) x[i] *= factor;
    for (int step = 0; step < static_cast<int>(value[kSteps]); ++step) {
      const Products<T>& products = *parameter.products;
      products.transpose(x, s.col_ld, transposed, s.row_ld, s.rows, s.cols);
      multiply(products, x, s.col_ld, transposed, s.row_ld, square, s.row_ld, s.rows, s.cols,
               s.rows);
      multiply(products, square, s.row_ld, square, s.row_ld, inner, s.row_ld, s.rows, s.rows,
               s.rows);
      for (std::size_t i = 0; i < s.rows * s.row_ld; ++i) inner[i] = b * square[i] + c * inner[i];
      multiply(products, inner, s.row_ld, x, s.col_ld, next, s.col_ld, s.rows, s.rows, s.cols);
      for (std::size_t i = 0; i < s.rows * s.col_ld; ++i) next[i] += a * x[i];
      T* const before = x;
      x = next;
      next = before;
    }
    return x;
  }

  static void adam(const WholeParameter<T>& parameter, const T* value) noexcept {
    const T decay = parameter.decays ? value[kAdamDecay] : T(1);
    const Run<T> weights{parameter.w};
    const Run<T> first{parameter.slots[0]};
    const Run<T> second{parameter.slots[1]};
    const std::size_t n = product_of(parameter.axes, parameter.rank);
    for_vectors<T>(n, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = load_up_to(parameter.g + i, count);
      Vec<T> m = first.get(i, count);
      Vec<T> v = second.get(i, count);
      m += (gradient - m) * value[kRest1];
      v += (gradient * gradient - v) * value[kRest2];
      first.put(i, m, count);
      second.put(i, v, count);
      const Vec<T> change = divide_by_root<T>(value[kAdamRate] * m, v, value[kEpsilon]);
      weights.put(i, weights.get(i, count) * decay - change, count);
    });
  }

  static void update_whole(const WholeParameter<T>& parameter,
                           const OptimizerScalars<T>& scalars) noexcept {
    const T* value = scalars.value;
    if (parameter.apart || parameter.rank != 2) {
      adam(parameter, value);
      return;
    }
    const std::size_t rows = parameter.axes[0], cols = parameter.axes[1];
    const Run<T> velocity{parameter.slots[0]};
    const Run<T> change{parameter.g};
    const T mu = value[kMomentum];
    for_vectors<T>(rows * cols, [&](std::size_t i, std::size_t count) {
      const Vec<T> gradient = change.get(i, count);
      const Vec<T> m = mu * velocity.get(i, count) + gradient;
      velocity.put(i, m, count);
      change.put(i, value[kNesterov] != T(0) ? mu * m + gradient : m, count);
    });
    const Sizes s = sizes(parameter.axes);
    const bool turned = rows > cols;
    T* const x = parameter.scratch;
    for (std::size_t i = 0; i < s.rows * s.col_ld; ++i) x[i] = T(0);
    if (turned) {
      parameter.products->transpose(parameter.g, cols, x, s.col_ld, rows, cols);
    } else {
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < cols; ++j) x[r * s.col_ld + j] = parameter.g[r * cols + j];
      }
    }
    const T* const made = orthogonalize(parameter, s, value);
    const T decay = parameter.decays ? scalars.decay_factor : T(1);
    const double scale = value[kScale] < T(0) ? 1
                                              : static_cast<double>(value[kScale]) *
                                                    __builtin_sqrt(static_cast<double>(s.cols));
    const T rate = static_cast<T>(static_cast<double>(value[kRate]) * scale);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < cols; ++j) {
        T& w = parameter.w[r * cols + j];
        w = w * decay - rate * (turned ? made[j * s.col_ld + r] : made[r * s.col_ld + j]);
      }
    }
  }
};
PRONGHORN_REGISTER(Muon)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
