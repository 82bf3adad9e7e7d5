// A lowered network: tensors in an arena and stages of phases over them. Immutable once planned and
// shared by threads; what changes while it runs lives in Workspace and Step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory.hpp"
#include "base/team.hpp"
#include "kernels/table.hpp"
#include "plan/graph.hpp"
#include "plan/profile.hpp"

namespace pronghorn {

// A batch of sample matrices: (samples * rows, cols) with `ld` elements between rows.
struct TensorInfo {
  std::size_t rows = 1;  // per sample
  std::size_t cols = 0;
  std::size_t ld = 0;
  std::ptrdiff_t input = -1;  // index of the graph input whose memory it is; -1: in the arena
};

template <class T>
struct Step;

// One operation on a whole batch, cut into tasks that may run in any order and at once. Results
// must not depend on how tasks are shared out.
template <class T>
class Phase {
 public:
  Phase() = default;
  virtual ~Phase() = default;
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

  // Whether what it writes for a sample depends on that sample alone, so that it may be given a
  // part of a batch (Step::part).
  virtual bool by_samples() const noexcept { return false; }
  virtual std::size_t tasks(const Step<T>& step) const noexcept = 0;
  virtual void run(Step<T>& step, std::size_t begin, std::size_t end,
                   T* scratch) const noexcept = 0;
  // Elements of scratch memory a thread needs, for batches of `samples`.
  virtual std::size_t scratch(std::size_t /*samples*/) const { return 0; }
  // Floating-point operations for one sample and for the step, to decide on threads.
  virtual double flops_per_sample() const noexcept { return 0; }
  virtual double flops_per_step() const noexcept { return 0; }
};

// What a stage does, by which threads are chosen: arithmetic, and the tensors' bytes that it reads
// or writes, part of which the stage before left in another core's cache.
struct StageCost {
  double flops_per_sample = 0, flops_per_step = 0, bytes_per_sample = 0;
};

template <class T>
struct Stage {
  std::vector<std::unique_ptr<Phase<T>>> phases;
  StageCost cost;
  std::vector<ProfileLabels::Label> labels;  // one a phase
};

// Doubles that phases leave for a later phase to sum in order: `width` for each block of
// `block_samples` samples.
struct AccumulatorInfo {
  std::size_t block_samples = 1;
  std::size_t width = 1;
};

// A weight gradient, a sum over the batch, that may be made in two halves.
struct HalvedSum {
  std::size_t inputs, outputs, rows_per_sample;
  double bytes_per_sample;  // of activations and gradients that are read for it

  // Whether it ever is.
  bool possible() const noexcept { return inputs * outputs <= std::size_t{1} << 16; }
  // Whether it is, where the batch's first half has that many samples: the thread that adds the
  // halves reads less of the other's cache than it would have to of activations and gradients, and
  // to add them costs one thread little beside the sums.
  bool pays(std::size_t half) const noexcept {
    const std::size_t rows = half * rows_per_sample;
    return rows >= 32 && inputs * outputs <= rows * (2 * inputs + outputs);
  }
};

// Phases in an order in which each thread takes a part of the batch (plan/part_order.hpp).
template <class T>
struct PartOrder {
  struct Entry {
    const Phase<T>* phase;
    std::size_t number;  // among the program's phases
    bool totals;         // adds to the run's totals, which one thread does
  };
  std::vector<Entry> together;            // of each part, without barriers
  std::vector<std::vector<Entry>> after;  // stages on the whole batch
  std::size_t unit = 0;                   // samples of which a part has a multiple; 0: no order
  StageCost together_cost, after_cost;
  double exchanged_bytes = 0;  // of weights that one thread has updated and all read
  std::vector<HalvedSum> halved;
  bool only_halved = false;                    // what follows is their updates and totals
  std::vector<std::unique_ptr<Phase<T>>> own;  // phases of this order alone
};

template <class T>
struct Program {
  std::vector<TensorInfo> tensors;
  std::vector<std::size_t> slots;  // arena slot of each arena tensor (tensors in one slot share it)
  std::size_t slot_count = 0;
  std::vector<Stage<T>> stages;
  PartOrder<T> parts;
  std::size_t forward_stages = 0;  // backward begins at this stage
  bool updates_state = false;      // forward changes variables (moving statistics)
  std::vector<AccumulatorInfo> accumulators;
  std::vector<std::size_t> partials;          // elements of sums over half a batch
  std::vector<std::size_t> outputs;           // tensor of each graph output
  std::vector<std::size_t> output_gradients;  // tape: where dJ/dY goes in; else empty
  std::vector<std::size_t> input_gradients;   // tensor of each graph input's gradient; else empty
  ProfileLabels profile;

  double flops(std::size_t samples) const noexcept;
  // Samples of the first half of such a batch, in which some sums are made; 0: none are.
  std::size_t half(std::size_t batch) const noexcept;
  // Whether two threads can take halves of such a batch and exchange nothing but sums, each with
  // weights and optimizer state of its own (plan/part_order.hpp, run_replica).
  bool replicable(std::size_t batch) const noexcept;
};

// Memory of one running program for batches of up to `capacity` samples.
template <class T>
class Workspace {
 public:
  Workspace(const Program<T>& program, std::size_t capacity, int threads);

  // Cuts batches of so many samples among the threads, which it does for `capacity` at first.
  void arrange(const Program<T>& program, std::size_t samples);
  std::size_t capacity() const noexcept { return capacity_; }
  T* data(std::size_t tensor) const noexcept { return bases_[tensor]; }
  const T* const* rows(std::size_t tensor) const noexcept { return rows_[tensor]; }
  double* accumulator(std::size_t a) noexcept { return sums_[a]; }
  // A sum over one half of the batch; where two threads take parts of it only.
  T* partial(std::ptrdiff_t p, bool second) noexcept {
    return partials_[2 * static_cast<std::size_t>(p) + (second ? 1 : 0)];
  }
  T* scratch(int thread) noexcept {
    return scratch_.data() + static_cast<std::size_t>(thread) * scratch_stride_;
  }
  int threads() const noexcept { return threads_; }
  // Whether one thread does stage s by itself; never where there is only one.
  bool alone(std::size_t s) const noexcept { return !alone_.empty() && alone_[s]; }
  // Points an input's tensor at rows of user data, one pointer a row.
  void bind_input(std::size_t tensor, const T* const* rows) noexcept {
    rows_[tensor] = rows;
    for (Part& part : parts_) part.memory->rows_[tensor] = rows;
    if (other_turn_ != nullptr) other_turn_->bind_input(tensor, rows);
  }

  // Samples [begin, end) of a batch, with tensors and sums from there on.
  struct Part {
    std::size_t begin, end;
    std::unique_ptr<Workspace> memory;
  };
  // Whether that many threads take parts of the batch rather than parts of each phase.
  bool has_parts(int threads) const noexcept { return static_cast<int>(parts_.size()) == threads; }
  Part& part(int thread) noexcept { return parts_[static_cast<std::size_t>(thread)]; }
  // Whether two threads may have weights of their own.
  bool has_replicas(int threads) const noexcept { return threads == 2 && other_turn_ != nullptr; }
  // This, or the same tensors with sums of their own: such threads take turns with the two, as one
  // may begin a step while the other still reads the sums of the last.
  Workspace& turn(bool other) noexcept { return other ? *other_turn_ : *this; }

 private:
  Workspace(const Workspace& whole, const Program<T>& program, std::size_t begin);
  void make_sums(const Program<T>& program);
  void make_parts(const Program<T>& program, std::size_t samples);

  std::size_t capacity_, arranged_ = 0;
  int threads_;
  std::vector<bool> alone_;  // empty: no stage
  AlignedBuffer<T> arena_;
  AlignedBuffer<T> scratch_;
  std::size_t scratch_stride_ = 0;
  std::vector<T*> bases_;
  std::vector<const T* const*> rows_;
  std::vector<AlignedBuffer<const T*>> tables_;
  std::vector<AlignedBuffer<double>> accumulators_;
  std::vector<double*> sums_;
  AlignedBuffer<T> partial_arena_;
  std::vector<T*> partials_;
  std::vector<Part> parts_;  // one a thread, or none
  std::unique_ptr<Workspace> other_turn_;
};

// Arrays of a run, alive while it lasts. Index 0.. by graph input or output.
template <class T>
struct DataView {
  struct Target {
    const T* dense = nullptr;              // (n, row) or null
    const std::int32_t* labels = nullptr;  // (n, rows per sample) or null
    const T* weights = nullptr;            // (n) or null
    bool weighs_rows = false;              // weights: (n, rows per sample)
  };
  std::size_t samples = 0;
  std::vector<const T*> inputs;
  std::vector<Target> targets;
};

// Sums over batches, in their order.
struct Totals {
  double loss = 0;  // sum of batch loss * batch samples, regularisers included
  double samples = 0;
  std::vector<double> output_losses;                // likewise, one an output
  std::vector<double> metric_sums, metric_weights;  // all outputs' metrics, one after another
  bool finite = true;

  void add(const Totals& other);
  void reset();
};

// Where the outputs of a run's coming batches are copied to, batch after batch.
template <class T>
struct Tap {
  std::vector<T*> outputs;  // by output; null: not wanted
  std::size_t first = 0;    // position in the run of the sample that comes first
  std::size_t last = 0;     // and behind the last that there is room for
};

// Begins to load what a later step will read, in parts that come between the phases of this one.
class Ahead {
 public:
  virtual void load(std::size_t part, std::size_t parts) const noexcept = 0;

 protected:
  ~Ahead() = default;
};

// What a phase sees of the batch that it runs on.
template <class T>
struct Step {
  const Program<T>* program;
  Workspace<T>* workspace;
  std::size_t samples = 0;
  std::size_t begin = 0;  // where it is a part of a batch: its first sample,
  std::size_t batch = 0;  // and the samples of the batch
  std::size_t half = 0;   // samples of the batch's first half, by which some sums are made; 0: none
  bool halves = false;    // two threads take these halves
  std::size_t first = 0;  // first sample among the input rows that are bound
  int threads = 1;
  std::uint64_t number = 0;  // selects random streams
  // Training and evaluation only.
  const DataView<T>* source = nullptr;
  const std::uint32_t* indices = nullptr;  // which samples of the data make this batch, or null:
  std::size_t origin = 0;                  // those from here on
  const kernels::OptimizerScalars<T>* scalars = nullptr;
  Totals* totals = nullptr;
  const Tap<T>* tap = nullptr;
  double penalty = 0;  // of the regularisers, where no sink computes it
  const Ahead* ahead = nullptr;

  // The sample of the data at position i of the batch.
  std::size_t sample(std::size_t i) const noexcept {
    return indices == nullptr ? origin + i : indices[i];
  }
  std::size_t rows(std::size_t tensor) const noexcept {
    return samples * program->tensors[tensor].rows;
  }
  std::size_t batch_samples() const noexcept { return batch == 0 ? samples : batch; }
  std::size_t batch_rows(std::size_t tensor) const noexcept {
    return batch_samples() * program->tensors[tensor].rows;
  }
  // The number in the batch of this step's first row.
  std::size_t first_row(std::size_t tensor) const noexcept {
    return begin * program->tensors[tensor].rows;
  }
  // The batch of which this is a part, for looking at its samples.
  Step whole() const noexcept {
    Step made = *this;
    made.samples = batch_samples();
    made.origin -= begin;
    if (indices != nullptr) made.indices -= begin;
    return made;
  }
  // One thread's part of this batch.
  Step part(const typename Workspace<T>::Part& of) const noexcept {
    Step made = *this;
    made.workspace = of.memory.get();
    made.begin = std::min(of.begin, samples);
    made.samples = std::min(of.end, samples) - made.begin;
    made.batch = samples;
    made.first += made.begin;
    made.origin += made.begin;
    if (indices != nullptr) made.indices += made.begin;
    made.threads = 1;
    return made;
  }
  const TensorInfo& info(std::size_t tensor) const noexcept { return program->tensors[tensor]; }
  T* data(std::size_t tensor) const noexcept { return workspace->data(tensor); }
  const T* const* row_pointers(std::size_t tensor) const noexcept {
    const TensorInfo& t = info(tensor);
    return workspace->rows(tensor) + (t.input < 0 ? 0 : first * t.rows);
  }
};

// Runs stages [first, last) on this thread of a team; ends with all of them done on every thread.
template <class T>
void run_stages(const Program<T>& program, std::size_t first, std::size_t last, Step<T>& step,
                int thread, Barrier& barrier) noexcept;

// A whole step of a workspace with replicas on one of two threads: `own` is the same program over
// this thread's weights. Ends with this thread's work done.
template <class T>
void run_replica(const Program<T>& program, const Program<T>& own, Step<T>& step, int thread,
                 Barrier& barrier) noexcept;

// Cuts `rows` into blocks of about `block` rows for phases that split by rows.
struct RowBlocks {
  std::size_t rows, block;
  std::size_t count() const noexcept { return rows == 0 ? 0 : divide_up(rows, block); }
  std::size_t begin(std::size_t i) const noexcept { return i * block; }
  std::size_t size(std::size_t i) const noexcept {
    const std::size_t left = rows - i * block;
    return left < block ? left : block;
  }
};

}  // namespace pronghorn
