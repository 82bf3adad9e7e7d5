#include "model/engine_state.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/cpu.hpp"
#include "kernels/dispatch.hpp"

namespace pronghorn {

template <class T>
VariableLocks<T>::VariableLocks(const VariableList<T>& variables) {
  for (const auto& variable : variables) mutexes_.push_back(&variable->mutex());
  std::sort(mutexes_.begin(), mutexes_.end(), std::less<>());
  mutexes_.erase(std::unique(mutexes_.begin(), mutexes_.end()), mutexes_.end());
}
template <class T>
void VariableLocks<T>::lock() const {
  for (auto* mutex : mutexes_) mutex->lock();
}
template <class T>
void VariableLocks<T>::unlock() const noexcept {
  for (auto* mutex : mutexes_) mutex->unlock();
}
template <class T>
void VariableLocks<T>::lock_shared() const {
  for (auto* mutex : mutexes_) mutex->lock_shared();
}
template <class T>
bool VariableLocks<T>::try_lock_shared() const {
  for (std::size_t i = 0; i < mutexes_.size(); ++i) {
    if (mutexes_[i]->try_lock_shared()) continue;
    while (i > 0) mutexes_[--i]->unlock_shared();
    return false;
  }
  return true;
}
template <class T>
void VariableLocks<T>::unlock_shared() const noexcept {
  for (auto* mutex : mutexes_) mutex->unlock_shared();
}

namespace {

std::size_t thread_number() noexcept {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1);
  return number;
}

}  // namespace

template <class T, class Item>
typename Pool<T, Item>::Place& Pool<T, Item>::own_place() noexcept {
  return places_[thread_number() % kPlaces];
}

template <class T, class Item>
std::unique_ptr<Item> Pool<T, Item>::take(std::size_t capacity, int threads) {
  const auto fits = [&](const Item& item) {
    return item.capacity() >= capacity && item.threads() >= threads;
  };
  std::unique_ptr<Item> last(own_place().last.exchange(nullptr));
  if (last != nullptr) {
    if (fits(*last)) return last;
    keep(std::move(last));
  }
  {
    const std::lock_guard lock(mutex_);
    for (auto& item : free_) {
      if (!fits(*item)) continue;
      auto taken = std::move(item);
      std::swap(item, free_.back());
      free_.pop_back();
      return taken;
    }
  }
  // Rather what another thread has given back than memory anew.
  for (Place& place : places_) {
    std::unique_ptr<Item> other(place.last.exchange(nullptr));
    if (other == nullptr) continue;
    if (fits(*other)) return other;
    keep(std::move(other));
  }
  return std::make_unique<Item>(program_, capacity, threads);
}

template <class T, class Item>
void Pool<T, Item>::give(std::unique_ptr<Item> item) {
  std::unique_ptr<Item> before(own_place().last.exchange(item.release()));
  if (before != nullptr) keep(std::move(before));
}

template <class T, class Item>
void Pool<T, Item>::keep(std::unique_ptr<Item> item) {
  const std::lock_guard lock(mutex_);
  if (free_.size() == kKept) free_.erase(free_.begin());
  free_.push_back(std::move(item));
}

namespace {

template <class T>
std::vector<Shape> shapes_of(const VariableList<T>& variables) {
  std::vector<Shape> shapes;
  for (const auto& variable : variables) shapes.push_back(variable->shape());
  return shapes;
}

template <class T>
std::vector<Variable<T>*> pointers_to(const VariableList<T>& variables) {
  std::vector<Variable<T>*> pointers;
  for (const auto& variable : variables) pointers.push_back(variable.get());
  return pointers;
}

template <class T>
Program<T> plan_inference(const Graph& graph, const std::vector<Variable<T>*>& variables) {
  PlanOptions<T> options;
  options.variables = variables;
  options.sinks.resize(variables.size(), nullptr);
  return Planner<T>(graph, options).plan();
}

}  // namespace

template <class T>
Engine<T>::State::State(GraphSpec spec, VariableList<T> list)
    : variables(std::move(list)),
      pointers(pointers_to(variables)),
      graph(std::move(spec), shapes_of(variables)),
      locks(variables),
      inference(plan_inference(graph, pointers)),
      inference_flops(inference.flops(1)),
      lanes(inference),
      regularizers(variables.size()) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const NodeSpec& node = graph.node(i);
    for (std::size_t w = 0; w < node.weights_l1.size(); ++w) {
      if (node.weights[w] < 0) continue;
      regularizers[static_cast<std::size_t>(node.weights[w])] = {node.weights_l1[w],
                                                                 node.weights_l2[w]};
    }
    if (node.op != "dense") continue;
    regularizers[node.kernel] = {node.kernel_l1, node.kernel_l2};
    if (node.bias >= 0) {
      regularizers[static_cast<std::size_t>(node.bias)] = {node.bias_l1, node.bias_l2};
    }
  }
}

template <class T>
double Engine<T>::State::penalty(bool frozen_only) const {
  double sum = 0;
  const auto& elementwise = kernels::table<T>().elementwise;
  for (std::size_t v = 0; v < pointers.size(); ++v) {
    const Regularizer& r = regularizers[v];
    if ((r.l1 == 0 && r.l2 == 0) || (frozen_only && graph.variable_trainable(v))) continue;
    const PanelLayout& layout = pointers[v]->layout();
    AlignedBuffer<T> ignored(kSinkRows * layout.panel);
    // In the same runs as the sinks, so that the sum has the same bits.
    for (std::size_t j = 0; j < layout.count(); ++j) {
      for (std::size_t row = 0; row < layout.rows; row += kSinkRows) {
        const std::size_t rows = std::min(kSinkRows, layout.rows - row), width = layout.width(j);
        sum += elementwise.regularize(pointers[v]->packed() + layout.offset(j) + row * width,
                                      ignored.data(), rows * width, r.l1, r.l2);
      }
    }
  }
  return sum;
}

template <class T>
TapeProgram<T>& Engine<T>::State::tape_program(bool training, bool input_gradients) const {
  const std::lock_guard lock(tape_mutex);
  auto& tape = tapes[training ? 1 : 0][input_gradients ? 1 : 0];
  if (tape != nullptr) return *tape;
  auto made = std::make_unique<TapeProgram<T>>();
  PlanOptions<T> options;
  options.training = training;
  options.backward = true;
  options.input_gradients = input_gradients;
  options.output_gradients = true;
  options.variables = pointers;
  for (std::size_t v = 0; v < pointers.size(); ++v) {
    made->sinks.push_back(nullptr);
    if (graph.variable_trainable(v)) {
      made->sinks[v] = std::make_unique<Sink<T>>();
      made->sinks[v]->variable = pointers[v];
    }
    options.sinks.push_back(made->sinks[v].get());
  }
  made->program = Planner<T>(graph, options).plan();
  made->lanes = std::make_unique<Pool<T, Lane<T>>>(made->program);
  tape = std::move(made);
  return *tape;
}

template <class T>
std::unique_ptr<GradientBuffers<T>> TapeProgram<T>::take_buffers() {
  {
    const std::lock_guard lock(free_mutex_);
    if (!free_.empty()) {
      auto taken = std::move(free_.back());
      free_.pop_back();
      return taken;
    }
  }
  auto made = std::make_unique<GradientBuffers<T>>();
  for (const auto& sink : sinks) {
    made->emplace_back(sink == nullptr ? 0 : sink->variable->layout().size());
  }
  return made;
}

template <class T>
void TapeProgram<T>::give_buffers(std::unique_ptr<GradientBuffers<T>> buffers) {
  const std::lock_guard lock(free_mutex_);
  if (free_.size() < kKept) free_.push_back(std::move(buffers));
}

template <class T>
void copy_out(const Step<T>& step, std::size_t tensor, T* out) noexcept {
  const std::size_t rows = step.rows(tensor), cols = step.info(tensor).cols;
  const T* const* pointers = step.row_pointers(tensor);
  for (std::size_t r = 0; r < rows; ++r) {
    std::memcpy(out + r * cols, pointers[r], cols * sizeof(T));
  }
}

template <class T>
InputTables<T>::InputTables(const Program<T>& program, std::size_t capacity) : capacity_(capacity) {
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const TensorInfo& info = program.tensors[t];
    if (info.input < 0) continue;
    views_.push_back({t, static_cast<std::size_t>(info.input), info.rows, info.cols});
    tables_.emplace_back(checked_multiply(capacity, info.rows));
  }
}

template <class T>
void InputTables<T>::set(const T* const* inputs, std::size_t at, std::size_t samples,
                         std::size_t first, const std::uint32_t* indices) noexcept {
  for (std::size_t v = 0; v < views_.size(); ++v) {
    const std::size_t rows = views_[v].rows, cols = views_[v].cols;
    const T* const data = inputs[views_[v].input];
    const T** table = tables_[v].data() + at * rows;
    if (rows == 1 && indices != nullptr) {
      for (std::size_t i = 0; i < samples; ++i) table[i] = data + indices[i] * cols;
      continue;
    }
    for (std::size_t i = 0; i < samples; ++i) {
      const T* row = data + (indices == nullptr ? first + i : indices[i]) * rows * cols;
      for (std::size_t r = 0; r < rows; ++r, row += cols) *table++ = row;
    }
  }
}

template <class T>
void InputTables<T>::bind(Workspace<T>& workspace) const noexcept {
  for (std::size_t v = 0; v < views_.size(); ++v) {
    workspace.bind_input(views_[v].tensor, tables_[v].data());
  }
}

template <class T>
void InputTables<T>::prefetch(std::size_t begin, std::size_t end) const noexcept {
  // The processor itself goes on where a long row continues.
  constexpr std::size_t kMostBytes = 4 * kAlignment;
  for (std::size_t v = 0; v < views_.size(); ++v) {
    const std::size_t bytes = std::min(kMostBytes, views_[v].cols * sizeof(T));
    for (std::size_t r = begin * views_[v].rows; r < end * views_[v].rows; ++r) {
      const auto* row = reinterpret_cast<const char*>(tables_[v][r]);
      for (std::size_t at = 0; at < bytes; at += kAlignment) pronghorn::prefetch(row + at);
      pronghorn::prefetch(row + bytes - 1);  // a row need not begin at a line's boundary
    }
  }
}

template <class T>
std::size_t InputTables<T>::bytes_per_sample() const noexcept {
  std::size_t elements = 0;
  for (const View& view : views_) elements += view.rows * view.cols;
  return elements * sizeof(T);
}

#define PRONGHORN_INSTANTIATE(T)    \
  template class VariableLocks<T>;  \
  template class Pool<T>;           \
  template class Pool<T, Lane<T>>;  \
  template struct TapeProgram<T>;   \
  template struct Engine<T>::State; \
  template class InputTables<T>;    \
  template void copy_out(const Step<T>&, std::size_t, T*) noexcept;
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
