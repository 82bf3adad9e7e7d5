// Noise that acts in training only; z is a standard normal of the element.
//   gaussian_noise    Y = X + s z
//   gaussian_dropout  Y = X (1 + s z), s = sqrt(rate / (1 - rate)): Srivastava et al., JMLR 15
//                     (2014) 1929, section 10
//   alpha_dropout     Y = a X + b, or a alpha' + b with probability rate: Klambauer et al.,
//                     arXiv:1706.02515, section "New Dropout Technique"
// Backward makes the same numbers again rather than store them.
#include <cmath>
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/parameter.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

// Selects the words of one row of one layer in one step.
struct Draw {
  std::uint64_t seed;
  std::uint32_t stream;
  std::uint64_t step, first;
};

struct GaussianNoise {
  static double checked(const NodeSpec& node) {
    const double deviation = number(node, "stddev");
    if (!(deviation >= 0)) throw std::invalid_argument("stddev must not be negative");
    return deviation;
  }
  template <class T>
  static void value(double deviation, const T* x, T* y, std::size_t n, const Draw& d) noexcept {
    const auto& table = kernels::table<T>();
    table.noise.normals(y, n, d.seed, d.stream, d.step, d.first);
    table.elementwise.scale(y, n, static_cast<T>(deviation));
    table.elementwise.add(x, y, y, n);
  }
  template <class T>
  static void gradient(double, const T* dy, T* dx, std::size_t n, const Draw&) noexcept {
    std::copy_n(dy, n, dx);
  }
};

struct GaussianDropout {
  static double checked(const NodeSpec& node) {
    const double rate = number(node, "rate");
    if (!(rate >= 0 && rate < 1)) throw std::invalid_argument("rate must be in [0, 1)");
    return std::sqrt(rate / (1 - rate));
  }
  template <class T>
  static void value(double deviation, const T* x, T* y, std::size_t n, const Draw& d) noexcept {
    const auto& table = kernels::table<T>();
    table.noise.normals(y, n, d.seed, d.stream, d.step, d.first);
    table.columns.multiply(x, y, y, n);
    table.elementwise.scale(y, n, static_cast<T>(deviation));
    table.elementwise.add(x, y, y, n);
  }
  template <class T>
  static void gradient(double deviation, const T* dy, T* dx, std::size_t n,
                       const Draw& d) noexcept {
    value(deviation, dy, dx, n, d);
  }
};

struct AlphaDropout {
  // The value that an element takes when dropped: the limit of selu at minus infinity.
  static constexpr double kDropped = -1.6732632423543772848 * 1.0507009873554804934;

  static double checked(const NodeSpec& node) {
    const double rate = number(node, "rate");
    if (!(rate >= 0 && rate < 1)) throw std::invalid_argument("rate must be in [0, 1)");
    return rate;
  }
  static double scale(double rate) noexcept {
    return 1 / std::sqrt((1 - rate) * (1 + rate * kDropped * kDropped));
  }
  template <class T>
  static void value(double rate, const T* x, T* y, std::size_t n, const Draw& d) noexcept {
    const double a = scale(rate), b = -a * kDropped * rate;
    kernels::table<T>().noise.alpha_dropout(x, y, n, rate, static_cast<T>(a), static_cast<T>(b),
                                            static_cast<T>(a * kDropped + b), d.seed, d.stream,
                                            d.step, d.first);
  }
  template <class T>
  static void gradient(double rate, const T* dy, T* dx, std::size_t n, const Draw& d) noexcept {
    kernels::table<T>().noise.alpha_dropout(dy, dx, n, rate, static_cast<T>(scale(rate)), T{0},
                                            T{0}, d.seed, d.stream, d.step, d.first);
  }
};

template <class Kind>
struct Noise {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    Kind::checked(node);
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static bool acts(const Planner<T>& planner, std::size_t i) {
    return planner.options().training && Kind::checked(planner.graph().node(i)) > 0;
  }
  template <class T>
  static Draw draw(const Planner<T>& planner, std::size_t i) {
    return {planner.graph().node(i).seed, static_cast<std::uint32_t>(i), 0, 0};
  }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    const std::size_t x = planner.value(node.inputs[0]);
    if (!acts(planner, i)) {
      planner.set_value(i, x);
      return;
    }
    const std::size_t y = planner.make_value(i);
    const double strength = Kind::checked(node);
    auto body = [=, from = draw(planner, i)](Step<T>& step, std::size_t row, std::size_t rows) {
      const std::size_t cols = step.info(y).cols;
      Draw d = from;
      d.step = step.number;
      for (std::size_t r = row; r < row + rows; ++r) {
        d.first = r * cols;
        Kind::value(strength, step.row_pointers(x)[r], step.data(y) + r * step.info(y).ld, cols, d);
      }
    };
    planner.emit(rowwise(planner, y, 20, body), {tensor_resource(x)}, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const NodeSpec& node = planner.graph().node(i);
    if (!planner.wants_gradient(node.inputs[0])) return;
    const std::size_t dy = planner.gradient(i), cols = planner.info(dy).cols;
    const bool active = acts(planner, i);
    const double strength = Kind::checked(node);
    const auto to = planner.contribute(node.inputs[0], true);
    const std::size_t dx = to.tensor;
    auto body = [=, from = draw(planner, i)](Step<T>& step, std::size_t row, std::size_t rows,
                                             T* scratch) {
      Draw d = from;
      d.step = step.number;
      for (std::size_t r = row; r < row + rows; ++r) {
        const T* given = step.data(dy) + r * step.info(dy).ld;
        T* out = step.data(dx) + r * step.info(dx).ld;
        T* made = to.accumulate ? scratch : out;
        d.first = r * cols;
        if (active) {
          Kind::gradient(strength, given, made, cols, d);
        } else {
          std::copy_n(given, cols, made);
        }
        if (to.accumulate) kernels::table<T>().elementwise.add(out, made, out, cols);
      }
      apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
    };
    auto setup = [](Step<T>&, T*) {};
    planner.emit(rowwise_prepared(planner, dy, 20, cols, setup, body), {tensor_resource(dy)},
                 {tensor_resource(dx)});
  }
};

PRONGHORN_REGISTER_LAYER(gaussian_noise, Noise<GaussianNoise>);
PRONGHORN_REGISTER_LAYER(gaussian_dropout, Noise<GaussianDropout>);
PRONGHORN_REGISTER_LAYER(alpha_dropout, Noise<AlphaDropout>);

}  // namespace
}  // namespace pronghorn
