// How many threads work is worth, from shapes alone: a timing would make runs differ in speed for
// no reason that a reader could find. Results do not depend on the choice.
#pragma once

#include <cstddef>
#include <vector>

#include "plan/program.hpp"

namespace pronghorn {

// For work of that many operations in parts that need nothing of each other.
template <class T>
int threads_apart(double flops) noexcept;

// How threads share a training step: parts of each phase, parts of the batch (plan/part_order.hpp),
// or halves of the batch with weights of their own.
enum class Sharing { kPhases, kParts, kReplicas };
template <class T>
Sharing best_sharing(const Program<T>& program, std::size_t samples, int threads) noexcept;

// For a step of `samples` that the threads share, one of `steps` in a row.
template <class T>
int threads_together(const Program<T>& program, std::size_t samples,
                     std::size_t steps = 1) noexcept;

// Which stages one of `threads` does alone, as a barrier costs more than the others would save.
// Empty: none.
template <class T>
std::vector<bool> stages_alone(const Program<T>& program, std::size_t samples, int threads);

}  // namespace pronghorn
