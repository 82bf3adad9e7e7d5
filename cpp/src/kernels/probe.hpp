// What one core can do at most, measured here and now.
#pragma once

#include <cstddef>

namespace pronghorn::kernels {

// Multiply-adds of the active instruction set on registers alone, in operations a second; about
// 10 ms.
template <class T>
double peak_flops();

// a = b + s*c on `count` elements (McCalpin's STREAM triad), in bytes a second, three transfers an
// element; the best of `repeats`.
double triad_bytes_per_second(double* a, const double* b, const double* c, std::size_t count,
                              int repeats);

}  // namespace pronghorn::kernels
