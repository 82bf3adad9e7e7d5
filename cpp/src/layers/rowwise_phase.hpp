// A phase that does the same thing to every row: its tasks are blocks of rows.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "plan/planner.hpp"

namespace pronghorn {

// Rows of that many columns that make a task.
inline std::size_t rows_in_block(std::size_t cols) noexcept {
  constexpr std::size_t kElements = 1024;
  return std::max<std::size_t>(1, kElements / std::max<std::size_t>(cols, 1));
}

// `Body` is called as body(step, first_row, row_count) and must be noexcept in effect.
template <class T, class Body>
class RowwisePhase final : public Phase<T> {
 public:
  RowwisePhase(std::size_t tensor, std::size_t rows_per_sample, std::size_t cols, double operations,
               bool by_samples, Body body)
      : tensor_(tensor),
        by_samples_(by_samples),
        block_(rows_in_block(cols)),
        flops_(static_cast<double>(rows_per_sample * cols) * operations),
        body_(std::move(body)) {}

  bool by_samples() const noexcept override { return by_samples_; }
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
  const std::size_t tensor_;
  const bool by_samples_;
  const std::size_t block_;
  const double flops_;
  const Body body_;
};

// `tensor` gives the number of rows; `operations` is the work for each of its elements.
template <class T, class Body>
std::unique_ptr<Phase<T>> rowwise(const Planner<T>& planner, std::size_t tensor, double operations,
                                  Body body) {
  const TensorInfo& info = planner.info(tensor);
  return std::make_unique<RowwisePhase<T, Body>>(tensor, info.rows, info.cols, operations, false,
                                                 std::move(body));
}

// The same where a sample's rows need nothing of other samples (Phase::by_samples).
template <class T, class Body>
std::unique_ptr<Phase<T>> samplewise(const Planner<T>& planner, std::size_t tensor,
                                     double operations, Body body) {
  const TensorInfo& info = planner.info(tensor);
  return std::make_unique<RowwisePhase<T, Body>>(tensor, info.rows, info.cols, operations, true,
                                                 std::move(body));
}

// The same with memory of its own: setup(step, scratch) once in each thread, then
// body(step, first_row, row_count, scratch).
template <class T, class Setup, class Body>
class PreparedRowwisePhase final : public Phase<T> {
 public:
  PreparedRowwisePhase(std::size_t tensor, const TensorInfo& info, double operations,
                       std::size_t scratch, Setup setup, Body body)
      : tensor_(tensor),
        block_(rows_in_block(info.cols)),
        scratch_(scratch),
        flops_(static_cast<double>(info.rows * info.cols) * operations),
        setup_(std::move(setup)),
        body_(std::move(body)) {}

  std::size_t tasks(const Step<T>& step) const noexcept override {
    return RowBlocks{step.rows(tensor_), block_}.count();
  }
  std::size_t scratch(std::size_t /*samples*/) const override { return scratch_; }
  double flops_per_sample() const noexcept override { return flops_; }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    setup_(step, scratch);
    const RowBlocks blocks{step.rows(tensor_), block_};
    const std::size_t first = blocks.begin(begin);
    body_(step, first, blocks.begin(end - 1) + blocks.size(end - 1) - first, scratch);
  }

 private:
  const std::size_t tensor_, block_, scratch_;
  const double flops_;
  const Setup setup_;
  const Body body_;
};

template <class T, class Setup, class Body>
std::unique_ptr<Phase<T>> rowwise_prepared(const Planner<T>& planner, std::size_t tensor,
                                           double operations, std::size_t scratch, Setup setup,
                                           Body body) {
  return std::make_unique<PreparedRowwisePhase<T, Setup, Body>>(
      tensor, planner.info(tensor), operations, scratch, std::move(setup), std::move(body));
}

}  // namespace pronghorn
