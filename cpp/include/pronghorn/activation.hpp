// Activations of ordinary arrays and their derivatives, for what users compute themselves.
#pragma once

#include <cstddef>

#include "pronghorn/spec.hpp"

namespace pronghorn {

// y (rows, cols) = act(x); a row is what row-wise activations such as softmax normalise.
// Throws std::invalid_argument for an unknown activation.
template <class T>
void activate(const ActivationSpec& spec, const T* x, std::size_t rows, std::size_t cols, T* y);

// dx = dy * act'(x), for row-wise ones dy times the Jacobian; y = act(x) as computed before.
template <class T>
void activation_gradient(const ActivationSpec& spec, const T* x, const T* y, const T* dy,
                         std::size_t rows, std::size_t cols, T* dx);

}  // namespace pronghorn
