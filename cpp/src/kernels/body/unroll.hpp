// Loops over registers, unrolled before the compiler decides what lives in registers: plain loops
// over an array of accumulators are unrolled too late for that and leave the array on the stack.
#pragma once

#include <utility>

#include "kernels/body/vec.hpp"

// Stands after the parameters of a lambda.
#define PRONGHORN_UNROLLED __attribute__((always_inline))

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace {

template <int I>
struct Constant {
  PRONGHORN_UNROLLED constexpr operator int() const noexcept { return I; }
};

template <class Body, int... I>
PRONGHORN_INLINE void unroll(std::integer_sequence<int, I...>, Body body) noexcept {
  (body(Constant<I>{}), ...);
}

// Calls body(0), ..., body(Count - 1) with constants.
template <int Count, class Body>
PRONGHORN_INLINE void unroll(Body body) noexcept {
  unroll(std::make_integer_sequence<int, Count>{}, body);
}

}  // namespace
}  // namespace pronghorn::kernels::PRONGHORN_ISA
