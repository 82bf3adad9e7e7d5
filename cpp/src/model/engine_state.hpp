// What an engine holds, shared by prediction, tapes and training.
#pragma once

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
  void unlock_shared() const noexcept;

 private:
  std::vector<SharedMutex*> mutexes_;
};

// Workspaces of one program, lent to one run at a time.
template <class T>
class WorkspacePool {
 public:
  explicit WorkspacePool(const Program<T>& program) : program_(program) {}

  std::unique_ptr<Workspace<T>> take(std::size_t capacity, int threads);
  void give(std::unique_ptr<Workspace<T>> workspace);

 private:
  static constexpr std::size_t kKept = 8;
  const Program<T>& program_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace<T>>> free_;
};

// A program for forward and backward with gradients in buffers, used one at a time.
template <class T>
struct TapeProgram {
  std::vector<std::unique_ptr<Sink<T>>> sinks;
  std::vector<AlignedBuffer<T>> buffers;  // by variable
  Program<T> program;
  std::mutex mutex;  // of sinks and buffers
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
  mutable WorkspacePool<T> pool;
  mutable std::mutex tape_mutex;
  mutable std::unique_ptr<TapeProgram<T>> tapes[2];  // by `training`

  TapeProgram<T>& tape_program(bool training) const;
  // l1, l2 of each variable.
  struct Regularizer {
    double l1 = 0, l2 = 0;
  };
  std::vector<Regularizer> regularizers;
  // The penalty of variables whose gradient no sink takes (all, or the frozen ones).
  double penalty(bool frozen_only) const;
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

  // Points position `at` of every table at sample `sample` of the data.
  void set(const std::vector<const T*>& inputs, std::size_t at, std::size_t sample) noexcept;
  void bind(Workspace<T>& workspace) const noexcept;
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct View {
    std::size_t tensor, input, rows, cols;
  };
  std::size_t capacity_ = 0;
  std::vector<View> views_;
  std::vector<AlignedBuffer<const T*>> tables_;
};

}  // namespace pronghorn
