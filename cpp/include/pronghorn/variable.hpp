// A parameter, kept in the layout that the kernels want and shared between the engines that use it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "pronghorn/shared_mutex.hpp"
#include "pronghorn/spec.hpp"

namespace pronghorn {

// How a matrix (rows, cols) is cut into panels of columns (see kernels/table.hpp, Products).
// A vector is a matrix of one row.
struct PanelLayout {
  std::size_t rows = 0, cols = 0;
  std::size_t narrow = 1;  // columns of the narrowest panel
  std::size_t vector = 1;  // columns of the next but one; `narrow` itself if there is none between
  std::size_t panel = 1;   // columns of a full panel

  std::size_t count() const noexcept { return cols == 0 ? 0 : (cols + panel - 1) / panel; }
  // Columns of storage that panel j has, and those of them that hold data.
  std::size_t width(std::size_t j) const noexcept { return width_for(cols - j * panel); }
  std::size_t width_for(std::size_t left) const noexcept {
    for (std::size_t width = narrow; width < panel; width *= 2) {
      if (left <= width) return width;
    }
    return panel;
  }
  std::size_t filled(std::size_t j) const noexcept {
    const std::size_t left = cols - j * panel;
    return left < panel ? left : panel;
  }
  std::size_t offset(std::size_t j) const noexcept { return j * panel * rows; }
  std::size_t padded_cols() const noexcept {
    return count() == 0 ? 0 : (count() - 1) * panel + width(count() - 1);
  }
  std::size_t size() const noexcept { return padded_cols() * rows; }
};

template <class T>
class Variable {
 public:
  // Zeros. The first `row_axes` axes are the rows of the matrix that the layout cuts into panels,
  // the others its columns; all but the last are rows if it is left out.
  explicit Variable(Shape shape);
  Variable(Shape shape, std::size_t row_axes);
  ~Variable();
  // Zeros in the shape and layout of another.
  static std::unique_ptr<Variable> like(const Variable& other);
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  const Shape& shape() const noexcept { return shape_; }
  const PanelLayout& layout() const noexcept { return layout_; }
  std::size_t element_count() const noexcept { return layout_.rows * layout_.cols; }

  // Row-major copies out and in, under the lock.
  void get(T* out) const;
  void set(const T* values);

  // The packed values; the caller holds the lock.
  T* packed() noexcept;
  const T* packed() const noexcept;
  SharedMutex& mutex() const noexcept { return mutex_; }

 private:
  Shape shape_;
  std::size_t row_axes_;
  PanelLayout layout_;
  struct Storage;
  std::unique_ptr<Storage> storage_;
  // On a cache line of its own: readers on several threads write to it, and all read the others.
  alignas(64) mutable SharedMutex mutex_;
};

// Row-major (rows, cols) to panels and back; padding columns become zero.
template <class T>
void pack(const PanelLayout& layout, const T* row_major, T* packed) noexcept;
template <class T>
void unpack(const PanelLayout& layout, const T* packed, T* row_major) noexcept;

}  // namespace pronghorn
