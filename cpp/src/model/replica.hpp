// What training changes, a second time: weights and optimizer state of a thread that updates its
// own rather than read what another core has updated.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/memory.hpp"
#include "plan/program.hpp"
#include "plan/sink.hpp"
#include "pronghorn/variable.hpp"

namespace pronghorn {

template <class T>
struct Replica {
  struct Copy {
    const T* from;
    T* to;
    std::size_t elements;
  };
  std::vector<std::unique_ptr<Variable<T>>> variables;  // null: not trained, shared
  std::vector<AlignedBuffer<T>> slots;
  std::vector<std::unique_ptr<Sink<T>>> sinks;
  std::vector<Copy> copies;
  Program<T> program;  // the trainer's, over these

  // Makes it equal to the original, whose sinks these are; the caller holds the variables' locks.
  void refresh(const std::vector<std::unique_ptr<Sink<T>>>& originals) noexcept {
    for (const Copy& copy : copies) std::copy_n(copy.from, copy.elements, copy.to);
    for (std::size_t v = 0; v < sinks.size(); ++v) {
      if (sinks[v] == nullptr) continue;
      sinks[v]->clipvalue = originals[v]->clipvalue;  // set_optimizer may have changed these
      sinks[v]->decays = originals[v]->decays;
    }
  }
};

}  // namespace pronghorn
