// Phases that reduce a batch over its rows. The batch is cut into blocks of fixed size, each block
// leaves its sums in an accumulator, and one task combines them in their order: the result does not
// depend on threads.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "plan/planner.hpp"

namespace pronghorn {

// Accumulators that hold one run of numbers for the whole batch.
constexpr std::size_t kWholeBatch = std::size_t{1} << 40;

// Samples in a block: few enough rows that sums in the scalar type stay exact to rounding.
inline std::size_t block_samples(std::size_t rows_per_sample) noexcept {
  constexpr std::size_t kRows = 64;
  return std::max<std::size_t>(1, kRows / rows_per_sample);
}

// `Body` is called as body(step, first_sample, samples, sums, scratch) for each block, after
// setup(step, scratch) once in each thread.
template <class T, class Setup, class Body>
class BlockPhase final : public Phase<T> {
 public:
  BlockPhase(std::size_t accumulator, AccumulatorInfo info, std::size_t scratch, double flops,
             Setup setup, Body body)
      : accumulator_(accumulator),
        info_(info),
        scratch_(scratch),
        flops_(flops),
        setup_(std::move(setup)),
        body_(std::move(body)) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    return divide_up(step.samples, info_.block_samples);
  }
  std::size_t scratch(std::size_t /*samples*/) const override { return scratch_; }
  double flops_per_sample() const noexcept override { return flops_; }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    setup_(step, scratch);
    const RowBlocks blocks{step.samples, info_.block_samples};
    double* sums = step.workspace->accumulator(accumulator_);
    for (std::size_t b = begin; b < end; ++b) {
      body_(step, blocks.begin(b), blocks.size(b), sums + b * info_.width, scratch);
    }
  }

 private:
  const std::size_t accumulator_;
  const AccumulatorInfo info_;
  const std::size_t scratch_;
  const double flops_;
  const Setup setup_;
  const Body body_;
};

template <class T, class Setup, class Body>
std::unique_ptr<Phase<T>> by_blocks(std::size_t accumulator, AccumulatorInfo info,
                                    std::size_t scratch, double flops, Setup setup, Body body) {
  return std::make_unique<BlockPhase<T, Setup, Body>>(accumulator, info, scratch, flops,
                                                      std::move(setup), std::move(body));
}

// One task: body(step, scratch).
template <class T, class Body>
class SinglePhase final : public Phase<T> {
 public:
  SinglePhase(std::size_t scratch, Body body) : scratch_(scratch), body_(std::move(body)) {}
  std::size_t tasks(const Step<T>& /*step*/) const noexcept override { return 1; }
  std::size_t scratch(std::size_t /*samples*/) const override { return scratch_; }
  void run(Step<T>& step, std::size_t, std::size_t, T* scratch) const noexcept override {
    body_(step, scratch);
  }

 private:
  const std::size_t scratch_;
  const Body body_;
};

template <class T, class Body>
std::unique_ptr<Phase<T>> single(std::size_t scratch, Body body) {
  return std::make_unique<SinglePhase<T, Body>>(scratch, std::move(body));
}

// The sum of the blocks' runs of numbers, left in the first of them.
inline double* combine_blocks(double* sums, std::size_t blocks, std::size_t width) noexcept {
  for (std::size_t b = 1; b < blocks; ++b) {
    for (std::size_t i = 0; i < width; ++i) sums[i] += sums[b * width + i];
  }
  return sums;
}

}  // namespace pronghorn
