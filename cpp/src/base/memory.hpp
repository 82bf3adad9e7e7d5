// Aligned storage and checked sizes.
#pragma once

#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

namespace pronghorn {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

inline std::size_t checked_multiply(std::size_t a, std::size_t b) {
  if (b != 0 && a > std::numeric_limits<std::size_t>::max() / 2 / b) {
    throw std::invalid_argument("size overflow: " + std::to_string(a) + " x " + std::to_string(b));
  }
  return a * b;
}

inline std::size_t checked_add(std::size_t a, std::size_t b) {
  if (a > std::numeric_limits<std::size_t>::max() / 2 - b) {
    throw std::invalid_argument("size overflow: " + std::to_string(a) + " + " + std::to_string(b));
  }
  return a + b;
}

constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

constexpr std::size_t divide_up(std::size_t value, std::size_t by) { return (value + by - 1) / by; }

// Suggests pages of 2 MiB for what is at least as large: a product walks down matrices a row at a
// time, and each row of a wide one lies in another page of 4 KiB.
void ask_for_huge_pages(void* data, std::size_t bytes) noexcept;

// A zero-filled array of trivially copyable elements at a cache line's boundary.
template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_(size) {
    if (size == 0) return;
    const std::size_t bytes = round_up(checked_multiply(size, sizeof(T)), kAlignment);
    const std::size_t alignment = bytes < kHugePage ? kAlignment : kHugePage;
    data_ = {static_cast<T*>(::operator new(bytes, std::align_val_t{alignment})), Free{alignment}};
    ask_for_huge_pages(data_.get(), bytes);
    std::memset(static_cast<void*>(data_.get()), 0, bytes);
  }

  T* data() noexcept { return data_.get(); }
  const T* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_.get()[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }

 private:
  struct Free {
    std::size_t alignment = kAlignment;
    void operator()(T* p) const noexcept { ::operator delete(p, std::align_val_t{alignment}); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace pronghorn
