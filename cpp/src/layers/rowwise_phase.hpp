// A phase that does the same thing to every row: its tasks are blocks of rows.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "plan/planner.hpp"

namespace pronghorn {

// `Body` is called as body(step, first_row, row_count) and must be noexcept in effect.
template <class T, class Body>
class RowwisePhase final : public Phase<T> {
 public:
  RowwisePhase(std::size_t tensor, std::size_t rows_per_sample, std::size_t cols, double operations,
               Body body)
      : tensor_(tensor),
        block_(std::max<std::size_t>(1, kBlockElements / std::max<std::size_t>(cols, 1))),
        flops_(static_cast<double>(rows_per_sample * cols) * operations),
        body_(std::move(body)) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    return RowBlocks{step.rows(tensor_), block_}.count();
  }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T*) const noexcept override {
    const RowBlocks blocks{step.rows(tensor_), block_};
    const std::size_t first = blocks.begin(begin);
    body_(step, first, blocks.begin(end - 1) + blocks.size(end - 1) - first);
  }
  double flops_per_sample() const noexcept override { return flops_; }

 private:
  static constexpr std::size_t kBlockElements = 1024;
  const std::size_t tensor_, block_;
  const double flops_;
  const Body body_;
};

// `tensor` gives the number of rows; `operations` is the work for each of its elements.
template <class T, class Body>
std::unique_ptr<Phase<T>> rowwise(const Planner<T>& planner, std::size_t tensor, double operations,
                                  Body body) {
  const TensorInfo& info = planner.info(tensor);
  return std::make_unique<RowwisePhase<T, Body>>(tensor, info.rows, info.cols, operations,
                                                 std::move(body));
}

}  // namespace pronghorn
