// What each source in body/ contributes to the table of one instruction set. body/table.cpp puts
// the parts together. PRONGHORN_ISA is the bare name of the instruction set, given by the build.
#pragma once

#include <cstddef>

#include "kernels/table.hpp"

#ifndef PRONGHORN_ISA
#error "PRONGHORN_ISA must name the instruction set that this source is compiled for"
#endif

namespace pronghorn::kernels::PRONGHORN_ISA {

// Defined for float and double.
template <class T>
Elementwise<T> elementwise_table() noexcept;  // elementwise.cpp
template <class T>
Columns<T> columns_table() noexcept;  // columns.cpp
template <class T>
Noise<T> noise_table() noexcept;  // noise.cpp
template <class T>
VectorMath<T> math_table() noexcept;  // math.cpp
template <class T>
const Activation<T>* activation_table(std::size_t& count) noexcept;  // activations.cpp
template <class T>
const Loss<T>* loss_table(std::size_t& count) noexcept;  // losses.cpp
template <class T>
const Optimizer<T>* optimizer_table(std::size_t& count) noexcept;  // optimizers.cpp
template <class T>
Products<T> products_table() noexcept;  // products.cpp

const char* isa_name() noexcept;  // table.cpp

}  // namespace pronghorn::kernels::PRONGHORN_ISA
