// What softmax, log_softmax and the crossentropies share: exponentials of a row below its maximum.
#pragma once

#include "kernels/body/map.hpp"
#include "kernels/body/math.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

template <class T>
PRONGHORN_INLINE T log_scalar(T x) {
  return log<T>(splat<T>(x))[0];
}

template <class T>
PRONGHORN_INLINE T log1p_scalar(T x) {
  return log1p<T>(splat<T>(x))[0];
}

// sum_j e^(z_j - shift) = 1 + excess with shift = max z. The one of the maximum itself is kept
// apart, so that the logarithm keeps the relative precision of a tiny excess.
template <class T>
struct SoftmaxRow {
  T shift;
  T excess;
  T total() const { return excess + T(1); }
  T log_total() const { return log1p_scalar<T>(excess); }
};

// Writes e^(z_j - shift) to e unless that is null; e may be z itself.
template <class T>
PRONGHORN_INLINE SoftmaxRow<T> softmax_row(const T* z, T* e, std::size_t n) {
  const T shift = row_max(z, n);
  Vec<T> peaks = {};
  const T below = sum_of<T>(n, [&](std::size_t i, std::size_t count) {
    const Vec<T> v = load_up_to(z + i, count);
    const Vec<T> value = exp<T>(v - shift);
    if (e != nullptr) store_up_to<T>(e + i, value, count);
    IntVec<T> peak = v == splat<T>(shift);
    if (count < kLanes<T>) peak &= first_lanes<T>(count);
    peaks += select<T>(peak, splat<T>(1), Vec<T>{});
    return select<T>(peak, Vec<T>{}, value);
  });
  return {shift, below + (sum_lanes<T>(peaks) - T(1))};
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
