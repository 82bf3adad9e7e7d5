// Matrices between guard zones, and the error that a sum of products may have.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace pronghorn::tests::products {

// A matrix between two guard zones, its padding filled with the guard's value as well, so that a
// write outside the extents shows.
template <class T>
class Guarded {
 public:
  Guarded(std::size_t rows, std::size_t cols, std::size_t ld, std::size_t offset = 0)
      : rows_(rows),
        cols_(cols),
        ld_(ld),
        offset_(kGuard + offset),
        data_(2 * kGuard + offset + rows * ld, T(kMark)) {}

  T* data() { return data_.data() + offset_; }
  const T* data() const { return data_.data() + offset_; }
  std::size_t ld() const { return ld_; }
  T& at(std::size_t r, std::size_t c) { return data()[r * ld_ + c]; }
  const T& at(std::size_t r, std::size_t c) const { return data()[r * ld_ + c]; }

  void randomize(std::mt19937& engine) {
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < cols_; ++c) at(r, c) = static_cast<T>(uniform(engine));
    }
  }

  std::vector<const T*> row_pointers() const {
    std::vector<const T*> rows;
    for (std::size_t r = 0; r < rows_; ++r) rows.push_back(data() + r * ld_);
    return rows;
  }

  bool guards_intact() const {
    for (std::size_t i = 0; i < data_.size(); ++i) {
      const std::size_t inside = i - offset_;
      const bool element = i >= offset_ && inside < rows_ * ld_ && inside % ld_ < cols_;
      if (!element && data_[i] != T(kMark)) return false;
    }
    return true;
  }

  bool same_bits(const Guarded& other) const {
    for (std::size_t r = 0; r < rows_; ++r) {
      if (std::memcmp(&at(r, 0), &other.at(r, 0), cols_ * sizeof(T)) != 0) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kGuard = 64;
  static constexpr double kMark = 12345;
  std::size_t rows_, cols_, ld_, offset_;
  std::vector<T> data_;
};

// Bound of a chain of n multiply-adds, each rounded at most twice: 2 n u sum |a||b|, u = eps/2.
template <class T>
long double bound(std::size_t n, long double sum_of_magnitudes) {
  return static_cast<long double>(n + 1) * std::numeric_limits<T>::epsilon() *
         (sum_of_magnitudes + 1);
}

// What a product begins with.
enum class From { kZero, kBias, kC };

}  // namespace pronghorn::tests::products
