// What an engine holds, shared by prediction, tapes and training.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "plan/graph.hpp"
#include "plan/planner.hpp"
#include "plan/program.hpp"
#include "pronghorn/engine.hpp"

namespace pronghorn {

// Locks on a set of variables, taken in the order of their addresses so that two engines that share
// some cannot wait for each other.
template <class T>
class VariableLocks {
 public:
  explicit VariableLocks(const VariableList<T>& variables);

  // BasicLockable for writing; lock_shared and unlock_shared for reading.
  void lock() const;
  void unlock() const noexcept;
  void lock_shared() const;
  bool try_lock_shared() const;  // false at once where a writer is inside or waits
  void unlock_shared() const noexcept;

 private:
  std::vector<SharedMutex*> mutexes_;
};

// Copies the values of tensor t of a batch to a row-major array.
template <class T>
void copy_out(const Step<T>& step, std::size_t tensor, T* out) noexcept;

// Tensors of a program that are views of the graph's inputs, with a table of row pointers each.
template <class T>
class InputTables {
 public:
  InputTables() = default;
  InputTables(const Program<T>& program, std::size_t capacity);

  // Points positions from `at` on of every table at `samples` samples of the data: those of
  // `indices` or, where that is null, those from `first` on.
  void set(const T* const* inputs, std::size_t at, std::size_t samples, std::size_t first,
           const std::uint32_t* indices) noexcept;
  void bind(Workspace<T>& workspace) const noexcept;
  // Begins to load the samples at positions [begin, end).
  void prefetch(std::size_t begin, std::size_t end) const noexcept;
  std::size_t bytes_per_sample() const noexcept;
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct View {
    std::size_t tensor, input, rows, cols;
  };
  std::size_t capacity_ = 0;
  std::vector<View> views_;
  std::vector<AlignedBuffer<const T*>> tables_;
};

// What predicts: a workspace whose inputs are bound to tables of its own.
template <class T>
struct Lane {
  Lane(const Program<T>& program, std::size_t rows, int threads)
      : workspace(program, rows, threads), tables(program, rows) {
    tables.bind(workspace);
  }
  std::size_t capacity() const noexcept { return workspace.capacity(); }
  int threads() const noexcept { return workspace.threads(); }

  Workspace<T> workspace;
  InputTables<T> tables;
};

// Workspaces (or what contains one) of one program, lent to one user at a time. The one that a
// thread has given back waits for it apart: taking it costs one atomic exchange, and what it holds
// is in the caches of that thread's core. Threads whose numbers agree modulo kPlaces share a place.
template <class T, class Item = Workspace<T>>
class Pool {
 public:
  explicit Pool(const Program<T>& program) : program_(program) {}
  ~Pool() {
    for (Place& place : places_) delete place.last.load();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::unique_ptr<Item> take(std::size_t capacity, int threads);
  void give(std::unique_ptr<Item> item);

 private:
  static constexpr std::size_t kKept = 8, kPlaces = 4;
  struct alignas(kAlignment) Place {
    std::atomic<Item*> last{nullptr};
  };
  Place& own_place() noexcept;
  void keep(std::unique_ptr<Item> item);

  const Program<T>& program_;
  Place places_[kPlaces];
  std::mutex mutex_;
  std::vector<std::unique_ptr<Item>> free_;
};

// Memory for a gradient of each variable, in the variable's layout; empty where it has no sink.
template <class T>
using GradientBuffers = std::vector<AlignedBuffer<T>>;

// A program for forward and backward with gradients in buffers; one backward pass at a time.
template <class T>
struct TapeProgram {
  std::vector<std::unique_ptr<Sink<T>>> sinks;
  Program<T> program;
  std::unique_ptr<Pool<T, Lane<T>>> lanes;
  std::mutex mutex;  // of the sinks

  // Buffers are lent as workspaces are: made anew where none has come back.
  std::unique_ptr<GradientBuffers<T>> take_buffers();
  void give_buffers(std::unique_ptr<GradientBuffers<T>> buffers);

 private:
  static constexpr std::size_t kKept = 4;
  std::mutex free_mutex_;
  std::vector<std::unique_ptr<GradientBuffers<T>>> free_;
};

template <class T>
struct Engine<T>::State {
  State(GraphSpec spec, VariableList<T> list);

  VariableList<T> variables;
  std::vector<Variable<T>*> pointers;
  Graph graph;
  VariableLocks<T> locks;
  Program<T> inference;
  double inference_flops;  // for one sample
  mutable Pool<T, Lane<T>> lanes;
  mutable std::mutex tape_mutex;
  // By `training` and by whether the inputs' gradients are wanted.
  mutable std::unique_ptr<TapeProgram<T>> tapes[2][2];

  TapeProgram<T>& tape_program(bool training, bool input_gradients) const;
  // l1, l2 of each variable.
  struct Regularizer {
    double l1 = 0, l2 = 0;
  };
  std::vector<Regularizer> regularizers;
  // The penalty of variables whose gradient no sink takes (all, or the frozen ones).
  double penalty(bool frozen_only) const;

  // The three ways of Engine::predict; the caller holds the locks for reading.
  void predict_alone(const T* const* inputs, std::size_t samples, T* const* outputs) const;
  void predict_apart(const T* const* inputs, std::size_t samples, T* const* outputs,
                     int threads) const;
  void predict_together(const T* const* inputs, std::size_t samples, T* const* outputs,
                        int threads) const;
};

}  // namespace pronghorn
