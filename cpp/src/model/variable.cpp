#include "pronghorn/variable.hpp"

#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

#include "base/memory.hpp"
#include "kernels/dispatch.hpp"
#include "plan/panels.hpp"

namespace pronghorn {

template <class T>
struct Variable<T>::Storage {
  AlignedBuffer<T> values;
};

template <class T>
Variable<T>::Variable(Shape shape) : Variable(shape, shape.empty() ? 0 : shape.size() - 1) {}

template <class T>
Variable<T>::Variable(Shape shape, std::size_t row_axes)
    : shape_(std::move(shape)), row_axes_(row_axes), storage_(new Storage) {
  if (row_axes > shape_.size()) {
    throw std::invalid_argument("a variable with " + std::to_string(shape_.size()) +
                                " axes cannot have " + std::to_string(row_axes) + " of rows");
  }
  const auto& table = kernels::table<T>();
  layout_.rows = layout_.cols = 1;
  for (std::size_t a = 0; a < shape_.size(); ++a) {
    std::size_t& size = a < row_axes ? layout_.rows : layout_.cols;
    size = checked_multiply(size, shape_[a]);
  }
  layout_.narrow = table.narrow;
  layout_.vector = table.vector;
  layout_.panel = table.panel;
  checked_multiply(checked_multiply(layout_.rows, checked_add(layout_.cols, table.panel)),
                   sizeof(T));
  storage_->values = AlignedBuffer<T>(layout_.size());
}

template <class T>
Variable<T>::~Variable() = default;

template <class T>
std::unique_ptr<Variable<T>> Variable<T>::like(const Variable& other) {
  return std::make_unique<Variable>(other.shape_, other.row_axes_);
}

template <class T>
T* Variable<T>::packed() noexcept {
  return storage_->values.data();
}
template <class T>
const T* Variable<T>::packed() const noexcept {
  return storage_->values.data();
}

template <class T>
void Variable<T>::get(T* out) const {
  const std::shared_lock lock(mutex_);
  unpack_together(layout_, packed(), out);
}

template <class T>
void Variable<T>::set(const T* values) {
  const std::unique_lock lock(mutex_);
  pack_together(layout_, values, packed());
}

template <class T>
void pack(const PanelLayout& layout, const T* row_major, T* packed) noexcept {
  for (std::size_t j = 0; j < layout.count(); ++j) {
    const std::size_t width = layout.width(j), filled = layout.filled(j);
    T* out = packed + layout.offset(j);
    const T* in = row_major + j * layout.panel;
    for (std::size_t i = 0; i < layout.rows; ++i, out += width, in += layout.cols) {
      std::memcpy(out, in, filled * sizeof(T));
      std::memset(out + filled, 0, (width - filled) * sizeof(T));
    }
  }
}

template <class T>
void unpack(const PanelLayout& layout, const T* packed, T* row_major) noexcept {
  for (std::size_t j = 0; j < layout.count(); ++j) {
    const std::size_t width = layout.width(j), filled = layout.filled(j);
    const T* in = packed + layout.offset(j);
    T* out = row_major + j * layout.panel;
    for (std::size_t i = 0; i < layout.rows; ++i, in += width, out += layout.cols) {
      std::memcpy(out, in, filled * sizeof(T));
    }
  }
}

template class Variable<float>;
template class Variable<double>;
template void pack(const PanelLayout&, const float*, float*) noexcept;
template void pack(const PanelLayout&, const double*, double*) noexcept;
template void unpack(const PanelLayout&, const float*, float*) noexcept;
template void unpack(const PanelLayout&, const double*, double*) noexcept;

}  // namespace pronghorn
