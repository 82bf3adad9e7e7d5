// Activations made of straight pieces. Where a derivative jumps, it is what JAX gives, on which the
// reference runs.
#pragma once

#include "kernels/body/activation_loops.hpp"
#include "kernels/body/registry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// y = z.
template <class T>
struct Linear {
  static constexpr const char* kName = "linear";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Linear(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return z; }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T>, Vec<T> dy) const { return dy; }
};
PRONGHORN_REGISTER(Linear)

// y = min(z, max_value) for z > threshold, negative_slope * (z - threshold) for z <= threshold;
// derivative 1, 0 above max_value, or negative_slope. Nair & Hinton, ICML 2010; the three
// parameters are Keras's. The derivative is read off y, which tells the pieces apart for
// negative_slope >= 0 and threshold >= 0; for others there is relu_from_input.
template <class T>
struct Relu {
  static constexpr const char* kName = "relu";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Relu(const ActivationParams& params)
      : slope(splat<T>(static_cast<T>(params.p0))),
        limit(splat<T>(static_cast<T>(params.p1))),
        threshold(splat<T>(static_cast<T>(params.p2))),
        sloped(slope != Vec<T>{}) {}
  // Zero, not 0 * x, for slope zero: x may be infinite.
  PRONGHORN_MEMBER Vec<T> below(Vec<T> x) const { return select<T>(sloped, slope * x, Vec<T>{}); }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return select<T>(z <= threshold, below(z - threshold), min<T>(limit, z));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    const Vec<T> above = select<T>(y < limit, dy, Vec<T>{});
    return select<T>(y > Vec<T>{}, above, below(dy));
  }
  Vec<T> slope, limit, threshold;
  IntVec<T> sloped;
};
PRONGHORN_REGISTER(Relu)

// `relu` with the derivative from z, for any parameters. A finite max_value also keeps the upper
// piece from below: y = min(max(z, 0), max_value), which matters for threshold < 0.
template <class T>
struct ReluFromInput : Relu<T> {
  static constexpr const char* kName = "relu_from_input";
  static constexpr bool kNeedsInput = true;
  explicit ReluFromInput(const ActivationParams& params)
      : Relu<T>(params),
        floor(splat<T>(params.p1 < __builtin_inf() ? T(0) : -VecTraits<T>::kInfinity)) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return select<T>(z <= this->threshold, this->below(z - this->threshold),
                     max<T>(floor, min<T>(this->limit, z)));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    const Vec<T> above = select<T>((z < this->limit) & (z > floor), dy, Vec<T>{});
    return select<T>(z > this->threshold, above, this->below(dy));
  }
  Vec<T> floor;
};
PRONGHORN_REGISTER(ReluFromInput)

// y = min(max(z, 0), 6). Krizhevsky 2010.
template <class T>
struct Relu6 {
  static constexpr const char* kName = "relu6";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Relu6(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return min<T>(splat<T>(6), max<T>(Vec<T>{}, z)); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    return select<T>((y > Vec<T>{}) & (y < splat<T>(6)), dy, Vec<T>{});
  }
};
PRONGHORN_REGISTER(Relu6)

// y = z for z >= 0, negative_slope * z below, negative_slope >= 0. Maas et al., ICML 2013. The sign
// bit of y tells the pieces apart, even for slope zero (z + 0 turns -0 into +0).
template <class T>
struct LeakyRelu {
  static constexpr const char* kName = "leaky_relu";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit LeakyRelu(const ActivationParams& params) : slope(splat<T>(static_cast<T>(params.p0))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return select<T>(z < Vec<T>{}, slope * z, z + T(0));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    const IntVec<T> negative = reinterpret_cast<IntVec<T>>(y) < IntVec<T>{};
    return select<T>(negative, slope * dy, dy);
  }
  Vec<T> slope;
};
PRONGHORN_REGISTER(LeakyRelu)

// y = min(max(z + 3, 0), 6) / 6.
template <class T>
struct HardSigmoid {
  static constexpr const char* kName = "hard_sigmoid";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit HardSigmoid(const ActivationParams&) {}
  static PRONGHORN_MEMBER Vec<T> at(Vec<T> z) {
    return min<T>(splat<T>(6), max<T>(Vec<T>{}, z + T(3))) / T(6);
  }
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return at(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    return select<T>((y > Vec<T>{}) & (y < splat<T>(1)), dy / T(6), Vec<T>{});
  }
};
PRONGHORN_REGISTER(HardSigmoid)

// y = z hard_sigmoid(z). Howard et al., arXiv:1905.02244.
template <class T>
struct HardSilu {
  static constexpr const char* kName = "hard_silu";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit HardSilu(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return z * HardSigmoid<T>::at(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    const Vec<T> gate = HardSigmoid<T>::at(z);
    const Vec<T> slope = select<T>(abs<T>(z) < splat<T>(3), z / T(6), Vec<T>{});
    return dy * (gate + slope);
  }
};
PRONGHORN_REGISTER(HardSilu)

// y = min(max(z, -1), 1); derivative 1 on [-1, 1].
template <class T>
struct HardTanh {
  static constexpr const char* kName = "hard_tanh";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit HardTanh(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return min<T>(splat<T>(1), max<T>(splat<T>(-1), z));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    return select<T>(abs<T>(z) <= splat<T>(1), dy, Vec<T>{});
  }
};
PRONGHORN_REGISTER(HardTanh)

// y = z - threshold sign(z) where |z| > threshold, else 0.
template <class T>
struct SoftShrink {
  static constexpr const char* kName = "soft_shrink";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit SoftShrink(const ActivationParams& params)
      : threshold(splat<T>(static_cast<T>(params.p0))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    const Vec<T> low = select<T>(z < -threshold, z + threshold, Vec<T>{});
    return select<T>(z > threshold, z - threshold, low);
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    return select<T>((z > threshold) | (z < -threshold), dy, Vec<T>{});
  }
  Vec<T> threshold;
};
PRONGHORN_REGISTER(SoftShrink)

// y = z where |z| > threshold, else 0.
template <class T>
struct HardShrink {
  static constexpr const char* kName = "hard_shrink";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit HardShrink(const ActivationParams& params)
      : threshold(splat<T>(static_cast<T>(params.p0))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return select<T>(abs<T>(z) > threshold, z, Vec<T>{});
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    return select<T>(abs<T>(z) > threshold, dy, Vec<T>{});
  }
  Vec<T> threshold;
};
PRONGHORN_REGISTER(HardShrink)

// y = z where z > threshold, else default_value (p0, p1).
template <class T>
struct Threshold {
  static constexpr const char* kName = "threshold";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit Threshold(const ActivationParams& params)
      : threshold(splat<T>(static_cast<T>(params.p0))),
        otherwise(splat<T>(static_cast<T>(params.p1))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return select<T>(z > threshold, z, otherwise); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    return select<T>(z > threshold, dy, Vec<T>{});
  }
  Vec<T> threshold, otherwise;
};
PRONGHORN_REGISTER(Threshold)

// y = min(max(z + 1, 0), 2) / 2.
template <class T>
struct SparseSigmoid {
  static constexpr const char* kName = "sparse_sigmoid";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit SparseSigmoid(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return T(0.5) * min<T>(splat<T>(2), max<T>(Vec<T>{}, z + T(1)));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    return select<T>(abs<T>(z) < splat<T>(1), T(0.5) * dy, Vec<T>{});
  }
};
PRONGHORN_REGISTER(SparseSigmoid)

// y = 0 for z <= -1, (z + 1)^2 / 4 between, z for z >= 1: the integral of sparse_sigmoid.
template <class T>
struct SparsePlus {
  static constexpr const char* kName = "sparse_plus";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit SparsePlus(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    const Vec<T> curve = T(0.25) * (z + T(1)) * (z + T(1));
    return select<T>(z <= splat<T>(-1), Vec<T>{}, select<T>(z >= splat<T>(1), z, curve));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    return dy * T(0.5) * min<T>(splat<T>(2), max<T>(Vec<T>{}, z + T(1)));
  }
};
PRONGHORN_REGISTER(SparsePlus)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
