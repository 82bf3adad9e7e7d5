// Tape: forward now, backward from given output gradients later.
#include <cstring>
#include <shared_mutex>

#include "base/team.hpp"
#include "model/engine_state.hpp"
#include "plan/panels.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {

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
  copy_out(state_->step(1), state_->tape->program.outputs[o], out);
}

template <class T>
std::unique_ptr<Gradients<T>> Tape<T>::backward(const std::vector<const T*>& output_gradients,
                                                const std::vector<T*>& input_gradients) {
  TapeProgram<T>& tape = *state_->tape;
  const Program<T>& program = tape.program;
  auto made = std::make_unique<typename Gradients<T>::State>(state_->engine, &tape);
  const std::shared_lock variables(state_->engine->state_->locks);
  const std::lock_guard lock(tape.mutex);
  const Step<T> step = state_->step(1);

  for (std::size_t v = 0; v < tape.sinks.size(); ++v) {
    if (tape.sinks[v] != nullptr) tape.sinks[v]->buffer = (*made->buffers)[v].data();
  }
  // An output that appears twice has one gradient: the sum.
  for (const auto* list : {&program.output_gradients, &program.input_gradients}) {
    for (const std::size_t tensor : *list) {
      std::memset(step.data(tensor), 0, step.rows(tensor) * step.info(tensor).ld * sizeof(T));
    }
  }
  for (std::size_t o = 0; o < output_gradients.size(); ++o) {
    if (output_gradients[o] == nullptr) continue;
    const std::size_t tensor = program.output_gradients[o];
    const TensorInfo& info = program.tensors[tensor];
    for (std::size_t r = 0; r < step.rows(tensor); ++r) {
      T* row = step.data(tensor) + r * info.ld;
      const T* given = output_gradients[o] + r * info.cols;
      for (std::size_t c = 0; c < info.cols; ++c) row[c] += given[c];
    }
  }
  state_->run(program.forward_stages, program.stages.size());
  for (std::size_t i = 0; i < input_gradients.size(); ++i) {
    if (input_gradients[i] != nullptr) {
      copy_out(step, program.input_gradients[i], input_gradients[i]);
    }
  }
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
