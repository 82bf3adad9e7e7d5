// One pass over a data set, batch by batch, in slices that a caller asks for.
#pragma once

#include <memory>
#include <vector>

#include "model/trainer_state.hpp"

namespace pronghorn {

template <class T>
DataView<T> data_view(const std::vector<const T*>& inputs, const std::vector<Targets<T>>& targets,
                      std::size_t samples);

template <class T>
struct Run<T>::State {
  State(std::shared_ptr<Trainer<T>> trainer, std::vector<const T*> inputs,
        std::vector<Targets<T>> targets, std::size_t samples, std::size_t batch_size, bool training,
        const std::uint64_t* shuffle_seed);
  ~State();
  void begin(const std::uint64_t* shuffle_seed);

  std::shared_ptr<Trainer<T>> trainer;
  DataView<T> data;
  std::size_t batch_size;
  bool training;
  std::vector<std::uint32_t> order;  // empty: in order
  std::size_t done = 0;              // batches
  Totals totals;
  double penalty = 0;  // of what no sink sees
  Tap<T> tap;

  std::size_t steps() const noexcept { return divide_up(data.samples, batch_size); }
  std::size_t batch_samples(std::size_t step) const noexcept {
    return std::min(batch_size, data.samples - step * batch_size);
  }

  std::size_t train(std::size_t max_steps, double max_seconds, const double* rates,
                    std::size_t rate_count);
  std::size_t evaluate(std::size_t max_steps, double max_seconds);
  std::size_t tap_steps() const noexcept;

 private:
  // Makes row pointers and optimizer scalars for `count` steps from `done`; on one thread.
  void prepare(std::size_t count, const double* rates, std::size_t rate_count,
               std::size_t rate_offset);
  // Begins to load what a later step of the chunk will read; for data that are visited in no order
  // and do not stay in the caches.
  class StepAhead;
  Step<T> step_at(const Program<T>& program, Workspace<T>& workspace, std::size_t at,
                  std::size_t first_step, int threads) const;
  void evaluate_apart(const Program<T>& program, std::size_t count, int threads);
  void evaluate_together(const Program<T>& program, std::size_t count, int threads);

  InputTables<T> tables_;
  bool scattered_ = false;
  std::size_t half_ = 0;  // samples of a batch's first half (Program::half)
  std::vector<kernels::OptimizerScalars<T>> scalars_;
  std::unique_ptr<Workspace<T>> workspace_;
  std::vector<std::unique_ptr<Workspace<T>>> evaluation_workspaces_;
};

}  // namespace pronghorn
