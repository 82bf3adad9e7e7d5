// What this machine can do at most on one core, measured in the process that measures the kernels.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace pronghorn::benchmarks {

// Multiply-adds of the active instruction set on registers, in operations a second.
template <class T>
double peak_flops();

// a = b + s*c on arrays beyond the last cache (McCalpin's STREAM triad), in bytes a second, three
// transfers an element.
double triad_bytes_per_second();

// Sets the counters GFLOP/s and % of peak of a finished benchmark, `flops` being those of one
// iteration. The peak is taken right after it, at the clock that the machine then has.
template <class T>
void report_flops(benchmark::State& state, double flops);
void report_bytes(benchmark::State& state, double bytes);

// 64-byte aligned array filled with small numbers of both signs.
template <class T>
class Array {
 public:
  explicit Array(std::size_t size) : data_(allocate(size)) {
    for (std::size_t i = 0; i < size; ++i) {
      data_[i] = static_cast<T>(static_cast<double>(i * 7919 % 2003) / 1001.5 - 1);
    }
  }
  T* data() const noexcept { return data_.get(); }

 private:
  struct Free {
    void operator()(T* p) const noexcept { std::free(p); }
  };
  static T* allocate(std::size_t size) {
    void* const memory = std::aligned_alloc(64, (size * sizeof(T) + 64) / 64 * 64);
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  std::unique_ptr<T[], Free> data_;
};

}  // namespace pronghorn::benchmarks
