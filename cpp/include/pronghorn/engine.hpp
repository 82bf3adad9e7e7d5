// The public C++ interface: compile a graph, predict, differentiate, train.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pronghorn/spec.hpp"
#include "pronghorn/variable.hpp"

namespace pronghorn {

template <class T>
using VariableList = std::vector<std::shared_ptr<Variable<T>>>;

template <class T>
class Gradients;
template <class T>
class Tape;
template <class T>
class Trainer;

// Rows that go through a network at a time. Predictions cut into whole chunks agree to the last bit
// with the uncut one even where BLAS computes them, whose edges may round differently.
constexpr std::size_t kPredictRows = 128;

// A graph with its parameters. Prediction is safe from several threads at once, also while another
// thread trains: each call sees the parameters between two runs of steps.
template <class T>
class Engine : public std::enable_shared_from_this<Engine<T>> {
 public:
  // Throws std::invalid_argument with the layer's name for a graph that does not fit together.
  static std::shared_ptr<Engine> make(GraphSpec graph, VariableList<T> variables);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const VariableList<T>& variables() const noexcept;
  std::vector<Shape> input_shapes() const;
  std::vector<Shape> output_shapes() const;
  bool trainable(std::size_t variable) const noexcept;
  std::string isa() const;

  // inputs[i]: (samples, elements of input i) row-major; outputs[o] likewise, written whole.
  void predict(const T* const* inputs, std::size_t samples, T* const* outputs) const;
  void predict(const std::vector<const T*>& inputs, std::size_t samples,
               const std::vector<T*>& outputs) const {
    predict(inputs.data(), samples, outputs.data());
  }
  // The same if it takes a few microseconds and need not wait for training; otherwise false, and
  // nothing has happened. Allocates nothing once it has run.
  bool predict_at_once(const T* const* inputs, std::size_t samples, T* const* outputs) const;
  // Rows that are estimated to take that many seconds on one core: whole chunks, at least one.
  std::size_t predict_rows(double seconds) const noexcept;
  // Forward that keeps what backward needs, that of the inputs' gradients only where these are
  // wanted. The input arrays must outlive the tape.
  std::unique_ptr<Tape<T>> forward(std::vector<const T*> inputs, std::size_t samples, bool training,
                                   std::uint64_t step, bool input_gradients = true) const;
  // Sum of the regularisers' penalties now.
  double regularization() const;

 private:
  friend class Gradients<T>;
  friend class Tape<T>;
  friend class Trainer<T>;
  template <class>
  friend class Run;
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Gradients of an engine's variables, kept in panels as the variables are.
template <class T>
class Gradients {
 public:
  ~Gradients();
  Gradients(const Gradients&) = delete;
  Gradients& operator=(const Gradients&) = delete;

  const VariableList<T>& variables() const noexcept;
  bool has(std::size_t variable) const noexcept;  // false: it is not trainable
  void get(std::size_t variable, T* out) const;   // row-major, of the variable's shape
  const T* packed(std::size_t variable) const noexcept;

 private:
  friend class Tape<T>;
  struct State;
  explicit Gradients(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One forward pass, ready to be differentiated.
template <class T>
class Tape {
 public:
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  std::size_t samples() const noexcept;
  void output(std::size_t o, T* out) const;
  // output_gradients[o]: dJ/dY like the output, or null for zero. input_gradients[i] are written
  // where not null. Regularisers are left out.
  std::unique_ptr<Gradients<T>> backward(const std::vector<const T*>& output_gradients,
                                         const std::vector<T*>& input_gradients);

 private:
  friend class Engine<T>;
  struct State;
  explicit Tape(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The gradient of one variable for an update: row-major, or one that a tape gave, or none.
template <class T>
struct GivenGradient {
  const T* rows = nullptr;
  const Gradients<T>* packed = nullptr;
  std::size_t variable = 0;  // of `packed`
};

// Arrays of a data set. Index by graph output.
template <class T>
struct Targets {
  const T* dense = nullptr;              // (n, elements of the output)
  const std::int32_t* labels = nullptr;  // (n, rows of the output a sample): class indices
  const T* weights = nullptr;            // (n): sample weights
  bool weighs_rows = false;              // weights: (n, rows of the output a sample)
};

struct RunResults {
  double loss_sum = 0, samples = 0;  // of batch loss * batch samples, regularisers included
  std::vector<double> output_loss_sums;
  std::vector<std::vector<std::pair<double, double>>> metrics;  // (weighted sum, sum of weights)
  bool finite = true;
};

template <class T>
class Run;

// What compiling adds to an engine: losses, metrics, an optimizer and its state.
template <class T>
class Trainer : public std::enable_shared_from_this<Trainer<T>> {
 public:
  // losses and metrics: one entry an output; tapped: outputs that runs can copy out. Throws
  // std::invalid_argument.
  static std::shared_ptr<Trainer> make(std::shared_ptr<Engine<T>> engine,
                                       std::vector<LossSpec> losses,
                                       std::vector<std::vector<MetricSpec>> metrics,
                                       const OptimizerSpec* optimizer,
                                       std::vector<std::size_t> tapped = {});
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  const std::shared_ptr<Engine<T>>& engine() const noexcept;
  const std::vector<std::size_t>& tapped() const noexcept;
  std::int64_t iterations() const noexcept;
  void set_iterations(std::int64_t iterations);
  void set_optimizer(const OptimizerSpec& spec);  // new numbers for the same optimizer and slots

  struct Slot {
    std::string name;
    std::size_t variable;
    Shape shape;
  };
  std::vector<Slot> slots() const;
  void get_slot(std::size_t slot, T* out) const;
  void set_slot(std::size_t slot, const T* values);
  std::vector<double> state() const;  // persistent scalars of the optimizer
  void set_state(const std::vector<double>& state);

  // Whether output o's loss or metrics read labels, or dense targets.
  bool needs_labels(std::size_t output) const;
  bool needs_dense(std::size_t output) const;
  // The label that every loss and metric of output o that indexes by labels leaves out, if any.
  std::optional<int> ignored_label(std::size_t output) const;

  // One pass over the data, in order unless shuffled. Arrays must outlive the run.
  std::unique_ptr<Run<T>> run(std::vector<const T*> inputs, std::vector<Targets<T>> targets,
                              std::size_t samples, std::size_t batch_size, bool training,
                              const std::uint64_t* shuffle_seed);
  // Loss of one batch and its gradient by variable (null: not wanted), regularisers included.
  double gradients(std::vector<const T*> inputs, std::vector<Targets<T>> targets,
                   std::size_t samples, const std::vector<T*>& out);
  // One optimizer step from a gradient for each variable. Throws std::invalid_argument if a packed
  // one is of another variable.
  void apply_gradients(const std::vector<GivenGradient<T>>& gradients, double learning_rate);
  bool trainable(std::size_t variable) const noexcept;

 private:
  friend class Run<T>;
  struct State;
  explicit Trainer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

template <class T>
class Run {
 public:
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  std::size_t steps() const noexcept;
  std::size_t done() const noexcept;
  // Runs up to max_steps batches, returning after the first that ends beyond max_seconds (negative:
  // no limit), and gives their number. rates: one learning rate for all, or one for each of the
  // coming `max_steps`; unused when evaluating.
  std::size_t advance(std::size_t max_steps, double max_seconds, const double* rates,
                      std::size_t rate_count);
  void reset_results();
  RunResults results() const;
  // Begins another pass over the same data, with results anew; in order unless shuffled.
  void restart(const std::uint64_t* shuffle_seed);

  // Has the outputs of the coming `batches` copied out, as the model gives them for a batch before
  // its update: outputs[o] has room for output o of all their samples, or is null. Only tapped
  // outputs are written. Advancing beyond them throws std::invalid_argument.
  void tap(std::vector<T*> outputs, std::size_t batches);
  // Batches to copy out at a time: so many that what the caller does for each time costs little,
  // so few that they stay in the caches. Depends on shapes alone.
  std::size_t tap_steps() const noexcept;
  // The sample of the data at each position of the run; empty if they come in order.
  const std::vector<std::uint32_t>& order() const noexcept;
  std::size_t batch_size() const noexcept;
  std::size_t samples() const noexcept;

 private:
  friend class Trainer<T>;
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pronghorn
