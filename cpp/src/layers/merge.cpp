// Element-wise merges of two inputs of one shape.
//   multiply  Y = A B        dA = dY B           dB = dY A
//   subtract  Y = A - B      dA = dY             dB = -dY
//   maximum   Y = max(A, B)  dA = dY where A > B, dB = dY where B > A, half to each where equal
//   minimum   likewise with the order reversed
#include <stdexcept>

#include "layers/layer.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

// Each kind: the value, and the gradient of input `which` given both.
struct MultiplyRows {
  template <class T>
  static void value(const T* a, const T* b, T* y, std::size_t n) noexcept {
    kernels::table<T>().columns.multiply(a, b, y, n);
  }
  template <class T>
  static void gradient(int which, const T* dy, const T* a, const T* b, T* dx,
                       std::size_t n) noexcept {
    kernels::table<T>().columns.multiply(dy, which == 0 ? b : a, dx, n);
  }
};

struct SubtractRows {
  template <class T>
  static void value(const T* a, const T* b, T* y, std::size_t n) noexcept {
    kernels::table<T>().columns.subtract(a, b, y, n);
  }
  template <class T>
  static void gradient(int which, const T* dy, const T*, const T*, T* dx, std::size_t n) noexcept {
    std::copy_n(dy, n, dx);
    if (which == 1) kernels::table<T>().elementwise.scale(dx, n, T{-1});
  }
};

struct MaximumRows {
  template <class T>
  static void value(const T* a, const T* b, T* y, std::size_t n) noexcept {
    kernels::table<T>().columns.maximum(a, b, y, n);
  }
  template <class T>
  static void gradient(int which, const T* dy, const T* a, const T* b, T* dx,
                       std::size_t n) noexcept {
    kernels::table<T>().columns.winner(dy, which == 0 ? a : b, which == 0 ? b : a, dx, n);
  }
};

struct MinimumRows {
  template <class T>
  static void value(const T* a, const T* b, T* y, std::size_t n) noexcept {
    kernels::table<T>().columns.minimum(a, b, y, n);
  }
  template <class T>
  static void gradient(int which, const T* dy, const T* a, const T* b, T* dx,
                       std::size_t n) noexcept {
    kernels::table<T>().columns.winner(dy, which == 0 ? b : a, which == 0 ? a : b, dx, n);
  }
};

template <class Rows>
struct Merge {
  static constexpr std::size_t kMinInputs = 2, kMaxInputs = 2;

  static Shape infer(const NodeSpec& /*node*/, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& /*variables*/) {
    if (inputs[0] != inputs[1]) {
      throw std::invalid_argument("inputs must have one shape, got " + to_string(inputs[0]) +
                                  " and " + to_string(inputs[1]));
    }
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return no_variables(node); }

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const auto& inputs = planner.graph().node(i).inputs;
    const std::size_t a = planner.value(inputs[0]), b = planner.value(inputs[1]);
    const std::size_t y = planner.make_value(i);
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows) {
      for (std::size_t r = row; r < row + rows; ++r) {
        Rows::value(step.row_pointers(a)[r], step.row_pointers(b)[r],
                    step.data(y) + r * step.info(y).ld, step.info(y).cols);
      }
    };
    planner.emit(rowwise(planner, y, 2, body), {tensor_resource(a), tensor_resource(b)},
                 {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const auto& inputs = planner.graph().node(i).inputs;
    const std::size_t a = planner.value(inputs[0]), b = planner.value(inputs[1]);
    const std::size_t dy = planner.gradient(i), cols = planner.info(dy).cols;
    for (int which = 0; which < 2; ++which) {
      const std::size_t input = inputs[static_cast<std::size_t>(which)];
      if (!planner.wants_gradient(input)) continue;
      const auto to = planner.contribute(input, true);
      const std::size_t dx = to.tensor;
      auto body = [=](Step<T>& step, std::size_t row, std::size_t rows, T* scratch) {
        for (std::size_t r = row; r < row + rows; ++r) {
          T* out = step.data(dx) + r * step.info(dx).ld;
          T* made = to.accumulate ? scratch : out;
          Rows::gradient(which, step.data(dy) + r * step.info(dy).ld, step.row_pointers(a)[r],
                         step.row_pointers(b)[r], made, cols);
          if (to.accumulate) kernels::table<T>().elementwise.add(out, made, out, cols);
        }
        apply_epilogue(step, to.epilogue, dx, row, rows, 0, cols);
      };
      auto setup = [](Step<T>&, T*) {};
      planner.emit(rowwise_prepared(planner, dy, 3, cols, setup, body),
                   {tensor_resource(a), tensor_resource(b), tensor_resource(dy)},
                   {tensor_resource(dx)});
    }
  }
};

PRONGHORN_REGISTER_LAYER(multiply, Merge<MultiplyRows>);
PRONGHORN_REGISTER_LAYER(subtract, Merge<SubtractRows>);
PRONGHORN_REGISTER_LAYER(maximum, Merge<MaximumRows>);
PRONGHORN_REGISTER_LAYER(minimum, Merge<MinimumRows>);

}  // namespace
}  // namespace pronghorn
