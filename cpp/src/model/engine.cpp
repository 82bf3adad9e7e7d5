// Engine: construction and prediction.
#include "pronghorn/engine.hpp"

#include <algorithm>
#include <shared_mutex>

#include "base/team.hpp"
#include "kernels/dispatch.hpp"
#include "model/engine_state.hpp"

namespace pronghorn {
namespace {

// Rows that go through the whole net at a time: W is read once for all of them, and their
// activations stay in the second-level cache.
constexpr std::size_t kPredictRows = 128;

}  // namespace

template <class T>
Engine<T>::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
template <class T>
Engine<T>::~Engine() = default;

template <class T>
std::shared_ptr<Engine<T>> Engine<T>::make(GraphSpec graph, VariableList<T> variables) {
  return std::shared_ptr<Engine>(
      new Engine(std::make_unique<State>(std::move(graph), std::move(variables))));
}

template <class T>
const VariableList<T>& Engine<T>::variables() const noexcept {
  return state_->variables;
}

template <class T>
std::vector<Shape> Engine<T>::input_shapes() const {
  std::vector<Shape> shapes;
  for (const std::size_t i : state_->graph.inputs()) shapes.push_back(state_->graph.shape(i));
  return shapes;
}

template <class T>
std::vector<Shape> Engine<T>::output_shapes() const {
  std::vector<Shape> shapes;
  for (const std::size_t i : state_->graph.outputs()) shapes.push_back(state_->graph.shape(i));
  return shapes;
}

template <class T>
bool Engine<T>::trainable(std::size_t variable) const noexcept {
  return state_->graph.variable_trainable(variable);
}

template <class T>
std::string Engine<T>::isa() const {
  return kernels::table<T>().isa;
}

template <class T>
void Engine<T>::predict(const std::vector<const T*>& inputs, std::size_t samples,
                        const std::vector<T*>& outputs) const {
  const State& state = *state_;
  const Program<T>& program = state.inference;
  const std::shared_lock lock(state.locks);
  const std::size_t rows = std::min(samples, kPredictRows);
  const std::size_t chunks = divide_up(samples, kPredictRows);
  const int threads = worthwhile_threads(program, samples);

  const auto run_chunk = [&](Workspace<T>& workspace, InputTables<T>& tables, std::size_t chunk,
                             int thread, int team, Barrier& barrier) {
    const std::size_t first = chunk * kPredictRows;
    Step<T> step;
    step.program = &program;
    step.workspace = &workspace;
    step.samples = std::min(kPredictRows, samples - first);
    step.threads = team;
    if (thread == 0) {
      for (std::size_t i = 0; i < step.samples; ++i) tables.set(inputs, i, first + i);
      tables.bind(workspace);
    }
    barrier.wait();
    run_stages(program, 0, program.stages.size(), step, thread, barrier);
    if (thread == 0) {
      for (std::size_t o = 0; o < outputs.size(); ++o) {
        const std::size_t tensor = program.outputs[o];
        const TensorInfo& info = program.tensors[tensor];
        copy_out(step, tensor, outputs[o] + first * info.rows * info.cols);
      }
    }
    barrier.wait();
  };

  // Many rows: each thread takes whole chunks. Few: the team shares the work within a chunk.
  const bool by_chunk = threads > 1 && chunks >= 2 * static_cast<std::size_t>(threads);
  std::vector<std::unique_ptr<Workspace<T>>> workspaces;
  std::vector<InputTables<T>> tables;
  for (int t = 0; t < (by_chunk ? threads : 1); ++t) {
    workspaces.push_back(state.pool.take(rows, by_chunk ? 1 : threads));
    tables.emplace_back(program, rows);
  }
  Team::run(threads, [&](int thread, int team, Barrier& barrier) {
    if (by_chunk) {
      Barrier alone(1);
      const Share share = share_of(chunks, thread, team);
      const auto t = static_cast<std::size_t>(thread);
      for (std::size_t c = share.begin; c < share.end; ++c) {
        run_chunk(*workspaces[t], tables[t], c, 0, 1, alone);
      }
    } else {
      for (std::size_t c = 0; c < chunks; ++c) {
        run_chunk(*workspaces[0], tables[0], c, thread, team, barrier);
      }
    }
  });
  for (auto& workspace : workspaces) state.pool.give(std::move(workspace));
}

template <class T>
std::size_t Engine<T>::predict_rows(double seconds) const noexcept {
  constexpr double kFlopsPerSecond = 20e9, kMostRows = 1e9;
  const double flops = state_->inference_flops * (sizeof(T) / 4.0) + 1;
  const auto rows =
      static_cast<std::size_t>(std::min(kMostRows, seconds * kFlopsPerSecond / flops));
  return std::max(kPredictRows, rows / kPredictRows * kPredictRows);
}

template <class T>
double Engine<T>::regularization() const {
  const std::shared_lock lock(state_->locks);
  return state_->penalty(false);
}

template class Engine<float>;
template class Engine<double>;

}  // namespace pronghorn
