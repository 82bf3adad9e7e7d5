// The optimizer applied to gradients in buffers: what the fused sinks cannot do because it needs
// whole gradients first, for clipping by norm or for an optimizer that looks at whole parameters.
#pragma once

#include <memory>
#include <vector>

#include "plan/program.hpp"
#include "plan/sink.hpp"

namespace pronghorn {

template <class T>
struct UpdateVariable {
  std::size_t index = 0;  // among the engine's
  Variable<T>* variable = nullptr;
  T* gradient = nullptr;
  // What stands for `gradient` in a step from given gradients; neither is written to.
  const T* rows = nullptr;    // row-major
  const T* packed = nullptr;  // in the variable's layout
  T* slots[kernels::kMaxSlots] = {};
  T* average = nullptr;      // as in Sink
  T* accumulator = nullptr;  // as in Sink
  bool apart = false;        // the optimizer's main rule leaves it alone
  bool active = true;        // false: no gradient was given, leave it alone
  bool decays = true;        // whether weight decay applies
};

// Shared by the phases below; lives as long as they do.
template <class T>
struct BufferedUpdate {
  const kernels::Optimizer<T>* optimizer = nullptr;
  std::vector<UpdateVariable<T>> variables;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;  // 0: off

  // Work in the runs of elements that sinks take, which no thread count changes.
  struct Piece {
    std::size_t variable, begin, size;
  };
  std::vector<Piece> pieces;
  std::vector<double> sums;  // of squares, one a piece

  void cut();
  double* sums_of(std::size_t variable) noexcept;  // those of its pieces
  bool clips_norm() const noexcept { return clipnorm > 0 || global_clipnorm > 0; }
  // The gradient of a piece, in `scratch` of `largest()` elements where it was given by rows: that
  // of this step, and the one to update with, which may be a mean over several steps.
  const T* given(const Piece& piece, T* scratch) const noexcept;
  const T* gradient(const Piece& piece, T* scratch) const noexcept;
  std::size_t largest() const noexcept;
  // What a variable's gradient is multiplied by; from the sums.
  double factor(std::size_t variable) const noexcept;
};

// In the order in which they must run, each after the one before it is done. `sums_known`: sinks
// have filled in the sums.
template <class T>
struct UpdatePhase {
  const char* work;  // for profiles
  std::unique_ptr<Phase<T>> phase;
};
template <class T>
std::vector<UpdatePhase<T>> make_update_phases(BufferedUpdate<T>& update, bool sums_known);

// The update by an optimizer that takes parameters as a whole.
template <class T>
std::unique_ptr<Phase<T>> make_whole_update_phase(BufferedUpdate<T>& update);

// For a variable that no loss depends on: its gradient is zero, but regularisers and weight decay
// still act.
template <class T>
std::unique_ptr<Phase<T>> make_zero_gradient_phase(Sink<T>& sink);

}  // namespace pronghorn
