// What a trainer holds: optimizer state, sinks, and the programs that train and evaluate.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/engine_state.hpp"
#include "model/replica.hpp"
#include "plan/update.hpp"

namespace pronghorn {

// Losses and metrics of all outputs, as results are told.
template <class T>
struct TrainerSpec {
  std::vector<LossSpec> losses;
  std::vector<std::vector<MetricSpec>> metrics;
  std::vector<std::size_t> tapped;  // outputs that runs can copy out
};

template <class T>
struct Trainer<T>::State {
  State(std::shared_ptr<Engine<T>> engine, TrainerSpec<T> spec, const OptimizerSpec* optimizer);

  std::shared_ptr<Engine<T>> engine;
  TrainerSpec<T> spec;

  const kernels::Optimizer<T>* optimizer = nullptr;
  kernels::OptimizerConfig config;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::size_t> undecayed, apart;
  bool averages = false;  // keeps moving averages of the weights
  double average_momentum = 0;
  std::int64_t overwrite_frequency = 0;  // 0: never
  std::int64_t accumulation_steps = 1;
  // Persistent scalars (Nadam's product) and the number of steps taken.
  std::vector<double> persistent;
  std::atomic<std::int64_t> iterations{0};
  struct SlotMemory {
    std::string name;
    std::size_t variable;
    int index;  // among the optimizer's slots, or one of those below
    Shape shape;
    bool packed;  // like the variable; else row-major
    AlignedBuffer<T> values;
  };
  static constexpr int kAverage = -1, kAccumulator = -2;
  std::vector<SlotMemory> slots;

  bool fused = false;                                  // the optimizer acts in the gradient's tile
  std::vector<std::unique_ptr<Sink<T>>> sinks;         // of training
  std::vector<std::unique_ptr<Sink<T>>> buffer_sinks;  // of `gradients`; training too unless fused
  std::vector<AlignedBuffer<T>> buffers;               // gradients by variable, made when needed
  BufferedUpdate<T> update;

  std::unique_ptr<Program<T>> training, evaluation, gradient, apply;
  std::unique_ptr<Pool<T>> training_pool, evaluation_pool, gradient_pool, apply_pool;
  std::unique_ptr<Replica<T>> twin;
  std::mutex plan_mutex;  // of the lazily made programs

  // Throws std::invalid_argument for numbers that the optimizer does not have.
  kernels::OptimizerConfig checked_config(const OptimizerSpec& spec) const;
  void configure(const OptimizerSpec& spec);
  std::vector<std::string> slot_names(const kernels::OptimizerConfig& of) const;
  bool accumulates() const noexcept { return accumulation_steps > 1; }
  void make_slots();
  void require_optimizer() const;
  std::size_t graph_variables() const;
  bool decays(std::size_t variable) const noexcept;
  bool reads(std::size_t output, bool sparse) const;
  Program<T>& training_program();
  // For a second thread; where gradients go straight into the optimizer.
  Replica<T>& replica();
  Program<T>& evaluation_program();
  Program<T>& gradient_program();
  Program<T>& apply_program();
  Totals make_totals() const;
  // The optimizer's numbers for step `step` (from 1), of which with accumulation only some update;
  // advances the persistent scalars.
  kernels::OptimizerScalars<T> scalars(double learning_rate, std::int64_t step);

 private:
  void make_slot(const kernels::SlotSpec& slot, std::size_t variable, int index, bool packed);
  // The pointer of a Sink or an UpdateVariable to such a slot; and sets all those of a variable.
  template <class Holder>
  static T*& slot_pointer(int index, Holder& holder) noexcept;
  template <class Holder>
  void point_at_slots(std::size_t variable, Holder& holder);
  void make_buffers();
  void fill_update();
  std::vector<std::unique_ptr<Sink<T>>> make_sinks(bool fused_sinks);
  PlanOptions<T> plan_options(bool backward,
                              const std::vector<std::unique_ptr<Sink<T>>>* sinks) const;
};

}  // namespace pronghorn
