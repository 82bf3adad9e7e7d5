// What makes table entries of the definitions in activations*.
//
// An element-wise activation is a class template
//   kName        Keras's name
//   kNeedsInput  whether `gradient` is given z; otherwise it is given y
//   kRowWise     false
//   Definition(const ActivationParams&)
//   Vec<T> value(Vec<T> z) const                     y = act(z)
//   Vec<T> gradient(Vec<T> z_or_y, Vec<T> dy) const  dz = dy * act'(z)
// and a row-wise one (kRowWise = true) has instead
//   void value(const T* z, T* y, std::size_t cols) const
//   void gradient(const T* z, const T* y, const T* dy, T* dz, std::size_t cols) const
#pragma once

#include "kernels/body/map.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

template <class T, template <class> class Definition>
void activation_forward(const T* z, std::size_t ldz, T* y, std::size_t ldy, std::size_t rows,
                        std::size_t cols, const ActivationParams& params) noexcept {
  const Definition<T> activation(params);
  if constexpr (Definition<T>::kRowWise) {
    for (std::size_t r = 0; r < rows; ++r) activation.value(z + r * ldz, y + r * ldy, cols);
  } else {
    if (ldz == cols && ldy == cols) {
      cols *= rows;
      rows = 1;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      map(z + r * ldz, y + r * ldy, cols, [&](Vec<T> v) { return activation.value(v); });
    }
  }
}

template <class T, template <class> class Definition>
void activation_backward(const T* z, std::size_t ldz, const T* y, std::size_t ldy, const T* dy,
                         std::size_t lddy, T* dz, std::size_t lddz, std::size_t rows,
                         std::size_t cols, const ActivationParams& params) noexcept {
  const Definition<T> activation(params);
  if constexpr (Definition<T>::kRowWise) {
    for (std::size_t r = 0; r < rows; ++r) {
      const T* input = Definition<T>::kNeedsInput ? z + r * ldz : nullptr;
      activation.gradient(input, y + r * ldy, dy + r * lddy, dz + r * lddz, cols);
    }
  } else {
    const T* source = Definition<T>::kNeedsInput ? z : y;
    const std::size_t ld = Definition<T>::kNeedsInput ? ldz : ldy;
    if (ld == cols && lddy == cols && lddz == cols) {
      cols *= rows;
      rows = 1;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      map(source + r * ld, dy + r * lddy, dz + r * lddz, cols,
          [&](Vec<T> s, Vec<T> d) { return activation.gradient(s, d); });
    }
  }
}

template <class T, template <class> class Definition>
constexpr Activation<T> activation_entry() {
  return {Definition<T>::kName, Definition<T>::kNeedsInput, Definition<T>::kRowWise,
          activation_forward<T, Definition>, activation_backward<T, Definition>};
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
