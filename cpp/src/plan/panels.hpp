// Row-major matrices to panels and back: parts of them, and large ones by a team.
#pragma once

#include <cstddef>

#include "pronghorn/variable.hpp"

namespace pronghorn {

// Elements [begin, begin + size) of the packed form of a row-major matrix.
template <class T>
void pack_run(const PanelLayout& layout, const T* row_major, std::size_t begin, std::size_t size,
              T* out) noexcept;

// As pack and unpack, on several threads where there is much to copy.
template <class T>
void pack_together(const PanelLayout& layout, const T* row_major, T* packed);
template <class T>
void unpack_together(const PanelLayout& layout, const T* packed, T* row_major);

}  // namespace pronghorn
