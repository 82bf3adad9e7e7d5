// Activations made of exponentials and their kin. `s` is the logistic function throughout.
#pragma once

#include "kernels/body/activation_loops.hpp"
#include "kernels/body/math.hpp"
#include "kernels/body/registry.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// y = s(z) = 1/(1 + e^-z); y' = y (1 - y).
template <class T>
struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Sigmoid(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return sigmoid<T>(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const { return dy * (y * (T(1) - y)); }
};
PRONGHORN_REGISTER(Sigmoid)

// y = log s(z) = -softplus(-z); y' = s(-z) = 1 - e^y.
template <class T>
struct LogSigmoid {
  static constexpr const char* kName = "log_sigmoid";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit LogSigmoid(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return -softplus<T>(-z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const { return -dy * expm1<T>(y); }
};
PRONGHORN_REGISTER(LogSigmoid)

// y = tanh z; y' = (1 - y)(1 + y).
template <class T>
struct Tanh {
  static constexpr const char* kName = "tanh";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Tanh(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return tanh<T>(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    return dy * ((T(1) - y) * (T(1) + y));
  }
};
PRONGHORN_REGISTER(Tanh)

// y = z - tanh z; y' = tanh^2 z.
template <class T>
struct TanhShrink {
  static constexpr const char* kName = "tanh_shrink";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit TanhShrink(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return z - tanh<T>(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    const Vec<T> t = tanh<T>(z);
    return dy * (t * t);
  }
};
PRONGHORN_REGISTER(TanhShrink)

// y = e^z; y' = y.
template <class T>
struct Exponential {
  static constexpr const char* kName = "exponential";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Exponential(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return exp<T>(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const { return dy * y; }
};
PRONGHORN_REGISTER(Exponential)

// y = log(1 + e^z); y' = s(z) = 1 - e^-y. Glorot et al., AISTATS 2011.
template <class T>
struct Softplus {
  static constexpr const char* kName = "softplus";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Softplus(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return softplus<T>(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const { return -dy * expm1<T>(-y); }
};
PRONGHORN_REGISTER(Softplus)

// y = z/(1 + |z|); y' = 1/(1 + |z|)^2 = (1 - |y|)^2.
template <class T>
struct Softsign {
  static constexpr const char* kName = "softsign";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Softsign(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return z / (T(1) + abs<T>(z)); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    const Vec<T> rest = T(1) - abs<T>(y);
    return dy * (rest * rest);
  }
};
PRONGHORN_REGISTER(Softsign)

// y = (z + sqrt(z^2 + b))/2, b = p0; y' = (1 + z/sqrt(z^2 + b))/2. Barron, arXiv:2112.11687.
template <class T>
struct Squareplus {
  static constexpr const char* kName = "squareplus";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit Squareplus(const ActivationParams& params) : b(splat<T>(static_cast<T>(params.p0))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return T(0.5) * (z + sqrt<T>(z * z + b)); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    return dy * (T(0.5) + T(0.5) * z / sqrt<T>(z * z + b));
  }
  Vec<T> b;
};
PRONGHORN_REGISTER(Squareplus)

// y = z for z > 0, alpha (e^z - 1) below, alpha = p0 > 0; y' = 1 or y + alpha.
// Clevert et al., arXiv:1511.07289, eq. 15.
template <class T>
struct Elu {
  static constexpr const char* kName = "elu";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Elu(const ActivationParams& params) : alpha(splat<T>(static_cast<T>(params.p0))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return select<T>(z > Vec<T>{}, z, alpha * expm1<T>(z));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    return select<T>(y > Vec<T>{}, dy, dy * (y + alpha));
  }
  Vec<T> alpha;
};
PRONGHORN_REGISTER(Elu)

// y = scale * elu(z, alpha) with the fixed point's constants; y' = scale or y + scale * alpha.
// Klambauer et al., arXiv:1706.02515, eq. 2 and 14.
template <class T>
struct Selu {
  static constexpr const char* kName = "selu";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  static constexpr T kAlpha = T(1.6732632423543772848170429916717);
  static constexpr T kScale = T(1.0507009873554804934193349852946);
  explicit Selu(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return kScale * select<T>(z > Vec<T>{}, z, kAlpha * expm1<T>(z));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    return dy * select<T>(y > Vec<T>{}, splat<T>(kScale), y + kScale * kAlpha);
  }
};
PRONGHORN_REGISTER(Selu)

// y = max(z, 0) + alpha (e^(min(z, 0)/alpha) - 1), alpha = p0 > 0; y' = 1 or y/alpha + 1.
// Barron, arXiv:1704.07483, eq. 2.
template <class T>
struct Celu {
  static constexpr const char* kName = "celu";
  static constexpr bool kNeedsInput = false;
  static constexpr bool kRowWise = false;
  explicit Celu(const ActivationParams& params) : alpha(splat<T>(static_cast<T>(params.p0))) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return select<T>(z > Vec<T>{}, z, alpha * expm1<T>(z / alpha));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> y, Vec<T> dy) const {
    return select<T>(y > Vec<T>{}, dy, dy * (y / alpha + T(1)));
  }
  Vec<T> alpha;
};
PRONGHORN_REGISTER(Celu)

// y = z s(z); y' = s(z) (1 + z (1 - s(z))). Elfwing et al., arXiv:1702.03118, eq. 4.
template <class T>
struct Silu {
  static constexpr const char* kName = "silu";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit Silu(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return z * sigmoid<T>(z); }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    const Vec<T> s = sigmoid<T>(z);
    return dy * (s * (T(1) + z * (T(1) - s)));
  }
};
PRONGHORN_REGISTER(Silu)

// y = z tanh(softplus(z)). With n = e^z, w = n (n + 2) and q = 1/(w + 2), tanh(softplus(z)) = w q
// and y' = w q + 4 z n (n + 1) q^2. Misra, arXiv:1908.08681.
template <class T>
struct Mish {
  static constexpr const char* kName = "mish";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  // tanh(softplus(z)) is 1 from here up, and n^4 does not overflow.
  static constexpr T kSaturation = sizeof(T) == 4 ? T(20) : T(40);
  explicit Mish(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    const Vec<T> n = exp<T>(min<T>(splat<T>(kSaturation), z));
    const Vec<T> w = n * (n + T(2));
    return z * (w / (w + T(2)));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    z = min<T>(splat<T>(kSaturation), z);
    const Vec<T> n = exp<T>(z);
    const Vec<T> w = n * (n + T(2));
    const Vec<T> q = T(1) / (w + T(2));
    return dy * (w * q + T(4) * z * n * ((n + T(1)) * q) * q);
  }
};
PRONGHORN_REGISTER(Mish)

// y = z F(z), y' = F(z) + z f(z) with the normal distribution's integral F and density f.
// Hendrycks & Gimpel, arXiv:1606.08415.
template <class T>
struct Gelu {
  static constexpr const char* kName = "gelu";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  explicit Gelu(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const { return z * normal_distribution<T>(z).integral; }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    const Normal<T> normal = normal_distribution<T>(z);
    return dy * (normal.integral + z * normal.density);
  }
};
PRONGHORN_REGISTER(Gelu)

// y = z/2 (1 + tanh u), u = sqrt(2/pi) (z + 0.044715 z^3), computed as z s(2u), which loses nothing
// for large negative z; y' = s + 2 z s (1 - s) u'. Same source, section 2.
template <class T>
struct GeluTanh {
  static constexpr const char* kName = "gelu_tanh";
  static constexpr bool kNeedsInput = true;
  static constexpr bool kRowWise = false;
  static constexpr T kTwice = T(1.59576912160573071176);  // 2 sqrt(2/pi)
  static constexpr T kCubic = T(0.044715);
  static constexpr T kBound = sizeof(T) == 4 ? T(30) : T(100);  // s(2u) is 0 or 1 beyond
  explicit GeluTanh(const ActivationParams&) {}
  PRONGHORN_MEMBER Vec<T> value(Vec<T> z) const {
    return z * sigmoid<T>(kTwice * (z + kCubic * z * z * z));
  }
  PRONGHORN_MEMBER Vec<T> gradient(Vec<T> z, Vec<T> dy) const {
    const Vec<T> a = max<T>(splat<T>(-kBound), min<T>(splat<T>(kBound), z));
    const Vec<T> s = sigmoid<T>(kTwice * (a + kCubic * a * a * a));
    const Vec<T> slope = kTwice * (T(1) + T(3) * kCubic * a * a);
    return dy * (s + a * (s * (T(1) - s)) * slope);
  }
};
PRONGHORN_REGISTER(GeluTanh)

}  // namespace pronghorn::kernels::PRONGHORN_ISA
