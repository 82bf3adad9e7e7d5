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

// For a step of `samples`, whose stages the threads share.
template <class T>
int threads_together(const Program<T>& program, std::size_t samples) noexcept;

// Which stages one of `threads` does alone, as a barrier costs more than the others would save.
// Empty: none.
template <class T>
std::vector<bool> stages_alone(const Program<T>& program, std::size_t samples, int threads);

// Whether so many threads had better take parts of the batch than parts of each phase.
template <class T>
bool better_in_parts(const Program<T>& program, std::size_t samples, int threads) noexcept;

}  // namespace pronghorn
