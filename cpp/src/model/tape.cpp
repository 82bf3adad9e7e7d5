// Tape: forward now, backward from given output gradients later.
#include <algorithm>
#include <cstring>
#include <shared_mutex>

#include "base/team.hpp"
#include "model/engine_state.hpp"
#include "plan/panels.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {

namespace {

// This thread's share of the rows of output o's gradient from the user's array. An output that
// appears twice has one gradient, the sum; one without any has zeros.
template <class T>
void take_in(const Step<T>& step, const std::vector<const T*>& given, std::size_t o,
             int thread) noexcept {
  const auto& tensors = step.program->output_gradients;
  const std::size_t tensor = tensors[o];
  const bool first = std::find(tensors.begin(), tensors.end(), tensor) - tensors.begin() ==
                     static_cast<std::ptrdiff_t>(o);
  const std::size_t cols = step.info(tensor).cols, ld = step.info(tensor).ld;
  const Share share = share_of(step.rows(tensor), thread, step.threads);
  for (std::size_t r = share.begin; r < share.end; ++r) {
    T* row = step.data(tensor) + r * ld;
    if (given[o] == nullptr) {
      if (first) std::fill_n(row, cols, T{0});
    } else if (first) {
      std::memcpy(row, given[o] + r * cols, cols * sizeof(T));
    } else {
      for (std::size_t c = 0; c < cols; ++c) row[c] += given[o][r * cols + c];
    }
  }
}

// This thread's share of the rows of a tensor to a row-major array.
template <class T>
void copy_share_out(const Step<T>& step, std::size_t tensor, T* out, int thread) noexcept {
  const std::size_t cols = step.info(tensor).cols;
  const T* const* rows = step.row_pointers(tensor);
  const Share share = share_of(step.rows(tensor), thread, step.threads);
  for (std::size_t r = share.begin; r < share.end; ++r) {
    std::memcpy(out + r * cols, rows[r], cols * sizeof(T));
  }
}

}  // namespace

template <class T>
struct Gradients<T>::State {
  std::shared_ptr<const Engine<T>> engine;
  TapeProgram<T>* tape;
  std::unique_ptr<GradientBuffers<T>> buffers;

  State(std::shared_ptr<const Engine<T>> engine_, TapeProgram<T>* tape_)
      : engine(std::move(engine_)), tape(tape_), buffers(tape->take_buffers()) {}
  ~State() { tape->give_buffers(std::move(buffers)); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

template <class T>
Gradients<T>::Gradients(std::unique_ptr<State> state) : state_(std::move(state)) {}
template <class T>
Gradients<T>::~Gradients() = default;

template <class T>
const VariableList<T>& Gradients<T>::variables() const noexcept {
  return state_->engine->variables();
}
template <class T>
bool Gradients<T>::has(std::size_t variable) const noexcept {
  return state_->tape->sinks[variable] != nullptr;
}
template <class T>
const T* Gradients<T>::packed(std::size_t variable) const noexcept {
  return (*state_->buffers)[variable].data();
}
template <class T>
void Gradients<T>::get(std::size_t variable, T* out) const {
  unpack_together(variables()[variable]->layout(), packed(variable), out);
}

template <class T>
struct Tape<T>::State {
  std::shared_ptr<const Engine<T>> engine;
  TapeProgram<T>* tape;
  std::size_t samples;
  std::uint64_t number;
  int threads;
  std::unique_ptr<Lane<T>> lane;

  State() = default;
  ~State() {
    if (lane != nullptr) tape->lanes->give(std::move(lane));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Step<T> step(int team) const {
    Step<T> step;
    step.program = &tape->program;
    step.workspace = &lane->workspace;
    step.samples = samples;
    step.threads = team;
    step.number = number;
    return step;
  }

  void run(std::size_t first, std::size_t last) {
    Team::run(threads, [&](int thread, int team, Barrier& barrier) {
      Step<T> mine = step(team);
      run_stages(tape->program, first, last, mine, thread, barrier);
    });
  }
};

template <class T>
Tape<T>::Tape(std::unique_ptr<State> state) : state_(std::move(state)) {}
template <class T>
Tape<T>::~Tape() = default;

template <class T>
std::size_t Tape<T>::samples() const noexcept {
  return state_->samples;
}

template <class T>
std::unique_ptr<Tape<T>> Engine<T>::forward(std::vector<const T*> inputs, std::size_t samples,
                                            bool training, std::uint64_t step,
                                            bool input_gradients) const {
  TapeProgram<T>& tape = state_->tape_program(training, input_gradients);
  auto made = std::make_unique<typename Tape<T>::State>();
  made->engine = this->shared_from_this();
  made->tape = &tape;
  made->samples = samples;
  made->number = step;
  made->threads = threads_together(tape.program, samples);
  made->lane = tape.lanes->take(samples, made->threads);
  made->lane->tables.set(inputs.data(), 0, samples, 0, nullptr);
  if (tape.program.updates_state) {
    const std::unique_lock lock(state_->locks);
    made->run(0, tape.program.forward_stages);
  } else {
    const std::shared_lock lock(state_->locks);
    made->run(0, tape.program.forward_stages);
  }
  return std::unique_ptr<Tape<T>>(new Tape<T>(std::move(made)));
}

template <class T>
void Tape<T>::output(std::size_t o, T* out) const {
  const std::size_t tensor = state_->tape->program.outputs[o];
  Team::run(state_->threads, [&](int thread, int team, Barrier&) {
    copy_share_out(state_->step(team), tensor, out, thread);
  });
}

template <class T>
std::unique_ptr<Gradients<T>> Tape<T>::backward(const std::vector<const T*>& output_gradients,
                                                const std::vector<T*>& input_gradients) {
  TapeProgram<T>& tape = *state_->tape;
  const Program<T>& program = tape.program;
  auto made = std::make_unique<typename Gradients<T>::State>(state_->engine, &tape);
  const std::shared_lock variables(state_->engine->state_->locks);
  const std::lock_guard lock(tape.mutex);

  for (std::size_t v = 0; v < tape.sinks.size(); ++v) {
    if (tape.sinks[v] != nullptr) tape.sinks[v]->buffer = (*made->buffers)[v].data();
  }
  Team::run(state_->threads, [&](int thread, int team, Barrier& barrier) {
    Step<T> mine = state_->step(team);
    for (std::size_t o = 0; o < output_gradients.size(); ++o) {
      take_in(mine, output_gradients, o, thread);
    }
    barrier.wait();
    run_stages(program, program.forward_stages, program.stages.size(), mine, thread, barrier);
    for (std::size_t i = 0; i < input_gradients.size(); ++i) {
      if (input_gradients[i] == nullptr) continue;
      copy_share_out(mine, program.input_gradients[i], input_gradients[i], thread);
    }
  });
  return std::unique_ptr<Gradients<T>>(new Gradients<T>(std::move(made)));
}

template class Gradients<float>;
template class Gradients<double>;
template class Tape<float>;
template class Tape<double>;
template std::unique_ptr<Tape<float>> Engine<float>::forward(std::vector<const float*>, std::size_t,
                                                             bool, std::uint64_t, bool) const;
template std::unique_ptr<Tape<double>> Engine<double>::forward(std::vector<const double*>,
                                                               std::size_t, bool, std::uint64_t,
                                                               bool) const;

}  // namespace pronghorn
