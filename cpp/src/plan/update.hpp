// The optimizer applied to gradients in buffers, with clipping: what the fused sinks cannot do
// because it needs every gradient first.
#pragma once

#include <memory>
#include <vector>

#include "plan/program.hpp"
#include "plan/sink.hpp"

namespace pronghorn {

template <class T>
struct UpdateVariable {
  Variable<T>* variable = nullptr;
  T* gradient = nullptr;
  // What stands for `gradient` in a step from given gradients; neither is written to.
  const T* rows = nullptr;    // row-major
  const T* packed = nullptr;  // in the variable's layout
  T* slots[kernels::kMaxSlots] = {};
  bool active = true;  // false: no gradient was given, leave it alone
  bool decays = true;  // whether weight decay applies
};

// Shared by the two phases below; lives as long as they do.
template <class T>
struct BufferedUpdate {
  const kernels::Optimizer<T>* optimizer = nullptr;
  std::vector<UpdateVariable<T>> variables;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;  // 0: off

  // Work in runs of elements that no thread count changes.
  struct Piece {
    std::size_t variable, begin, size;
  };
  std::vector<Piece> pieces;
  std::vector<double> sums;  // of squares, one a piece

  void cut();
  bool clips_norm() const noexcept { return clipnorm > 0 || global_clipnorm > 0; }
  // The gradient of a piece, in `scratch` of `largest()` elements where it was given by rows.
  const T* gradient(const Piece& piece, T* scratch) const noexcept;
  std::size_t largest() const noexcept;
};

// Sums of squares by piece; does nothing unless clips_norm().
template <class T>
std::unique_ptr<Phase<T>> make_norm_phase(BufferedUpdate<T>& update);
template <class T>
std::unique_ptr<Phase<T>> make_update_phase(BufferedUpdate<T>& update);

// For a variable that no loss depends on: its gradient is zero, but regularisers and weight decay
// still act.
template <class T>
std::unique_ptr<Phase<T>> make_zero_gradient_phase(Sink<T>& sink);

}  // namespace pronghorn
