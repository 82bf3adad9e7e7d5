// Engine: construction and what it can tell; prediction.cpp predicts.
#include "pronghorn/engine.hpp"

#include <shared_mutex>

#include "kernels/dispatch.hpp"
#include "model/engine_state.hpp"

namespace pronghorn {

template <class T>
Engine<T>::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
template <class T>
Engine<T>::~Engine() = default;

template <class T>
std::shared_ptr<Engine<T>> Engine<T>::make(GraphSpec graph, VariableList<T> variables) {
  return std::shared_ptr<Engine>(
      new Engine(std::make_unique<State>(std::move(graph), std::move(variables))));
}

template <class T>
const VariableList<T>& Engine<T>::variables() const noexcept {
  return state_->variables;
}

template <class T>
std::vector<Shape> Engine<T>::input_shapes() const {
  std::vector<Shape> shapes;
  for (const std::size_t i : state_->graph.inputs()) shapes.push_back(state_->graph.shape(i));
  return shapes;
}

template <class T>
std::vector<Shape> Engine<T>::output_shapes() const {
  std::vector<Shape> shapes;
  for (const std::size_t i : state_->graph.outputs()) shapes.push_back(state_->graph.shape(i));
  return shapes;
}

template <class T>
bool Engine<T>::trainable(std::size_t variable) const noexcept {
  return state_->graph.variable_trainable(variable);
}

template <class T>
std::string Engine<T>::isa() const {
  return kernels::table<T>().isa;
}

template <class T>
double Engine<T>::regularization() const {
  const std::shared_lock lock(state_->locks);
  return state_->penalty(false);
}

template class Engine<float>;
template class Engine<double>;

}  // namespace pronghorn
