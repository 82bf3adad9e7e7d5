// Tape: forward now, backward from given output gradients later.
#include <cstring>
#include <shared_mutex>

#include "base/team.hpp"
#include "model/engine_state.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {

template <class T>
struct Tape<T>::State {
  std::shared_ptr<const Engine<T>> engine;
  TapeProgram<T>* tape;
  std::size_t samples;
  std::uint64_t number;
  std::unique_ptr<Workspace<T>> workspace;
  InputTables<T> tables;

  Step<T> step(int threads) const {
    Step<T> step;
    step.program = &tape->program;
    step.workspace = workspace.get();
    step.samples = samples;
    step.threads = threads;
    step.number = number;
    return step;
  }

  void run(std::size_t first, std::size_t last) {
    Team::run(workspace->threads(), [&](int thread, int team, Barrier& barrier) {
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
                                            bool training, std::uint64_t step) const {
  TapeProgram<T>& tape = state_->tape_program(training);
  auto made = std::make_unique<typename Tape<T>::State>();
  made->engine = this->shared_from_this();
  made->tape = &tape;
  made->samples = samples;
  made->number = step;
  made->workspace = std::make_unique<Workspace<T>>(tape.program, samples,
                                                   threads_together(tape.program, samples));
  made->tables = InputTables<T>(tape.program, samples);
  for (std::size_t i = 0; i < samples; ++i) made->tables.set(inputs.data(), i, i);
  made->tables.bind(*made->workspace);
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
void Tape<T>::backward(const std::vector<const T*>& output_gradients,
                       const std::vector<T*>& variable_gradients,
                       const std::vector<T*>& input_gradients) {
  TapeProgram<T>& tape = *state_->tape;
  const Program<T>& program = tape.program;
  const auto& engine = *state_->engine;
  const std::shared_lock variables(engine.state_->locks);
  const std::lock_guard lock(tape.mutex);
  const Step<T> step = state_->step(1);

  // An output that appears twice has one gradient: the sum.
  for (const std::size_t tensor : program.output_gradients) {
    std::memset(step.data(tensor), 0, step.rows(tensor) * step.info(tensor).ld * sizeof(T));
  }
  for (const std::size_t tensor : program.input_gradients) {
    std::memset(step.data(tensor), 0, step.rows(tensor) * step.info(tensor).ld * sizeof(T));
  }
  for (auto& buffer : tape.buffers) {
    std::memset(static_cast<void*>(buffer.data()), 0, buffer.size() * sizeof(T));
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
  for (std::size_t v = 0; v < variable_gradients.size(); ++v) {
    if (variable_gradients[v] == nullptr) continue;
    unpack(engine.state_->pointers[v]->layout(), tape.buffers[v].data(), variable_gradients[v]);
  }
  for (std::size_t i = 0; i < input_gradients.size(); ++i) {
    if (input_gradients[i] != nullptr) {
      copy_out(step, program.input_gradients[i], input_gradients[i]);
    }
  }
}

template class Tape<float>;
template class Tape<double>;
template std::unique_ptr<Tape<float>> Engine<float>::forward(std::vector<const float*>, std::size_t,
                                                             bool, std::uint64_t) const;
template std::unique_ptr<Tape<double>> Engine<double>::forward(std::vector<const double*>,
                                                               std::size_t, bool,
                                                               std::uint64_t) const;

}  // namespace pronghorn
