#include "plan/update.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/dispatch.hpp"
#include "plan/panels.hpp"

namespace pronghorn {
template <class T>
void BufferedUpdate<T>::cut() {
  pieces.clear();
  for (std::size_t v = 0; v < variables.size(); ++v) {
    const PanelLayout& layout = variables[v].variable->layout();
    for (std::size_t j = 0; j < layout.count(); ++j) {
      const std::size_t width = layout.width(j);
      for (std::size_t row = 0; row < layout.rows; row += kSinkRows) {
        pieces.push_back(
            {v, layout.offset(j) + row * width, std::min(kSinkRows, layout.rows - row) * width});
      }
    }
  }
  sums.assign(pieces.size(), 0.0);
}

template <class T>
std::size_t BufferedUpdate<T>::largest() const noexcept {
  std::size_t size = 0;
  for (const Piece& piece : pieces) size = std::max(size, piece.size);
  return size;
}

template <class T>
const T* BufferedUpdate<T>::given(const Piece& piece, T* scratch) const noexcept {
  const UpdateVariable<T>& from = variables[piece.variable];
  if (from.rows != nullptr) {
    pack_run(from.variable->layout(), from.rows, piece.begin, piece.size, scratch);
    return scratch;
  }
  return (from.packed != nullptr ? from.packed : from.gradient) + piece.begin;
}

template <class T>
const T* BufferedUpdate<T>::gradient(const Piece& piece, T* scratch) const noexcept {
  const UpdateVariable<T>& from = variables[piece.variable];
  return from.accumulator != nullptr ? from.accumulator + piece.begin : given(piece, scratch);
}

template <class T>
double BufferedUpdate<T>::factor(std::size_t variable) const noexcept {
  if (!clips_norm()) return 1;
  double sum = 0;
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    if (global_clipnorm > 0 || pieces[p].variable == variable) sum += sums[p];
  }
  const double norm = std::sqrt(sum), most = global_clipnorm > 0 ? global_clipnorm : clipnorm;
  return norm > most ? most / norm : 1;
}

// Phases whose tasks are the pieces.
template <class T>
class PiecePhase : public Phase<T> {
 public:
  explicit PiecePhase(BufferedUpdate<T>& update) : update_(update) {}
  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return update_.pieces.size();
  }
  std::size_t scratch(std::size_t /*samples*/) const override { return update_.largest(); }

 protected:
  BufferedUpdate<T>& update_;
};

// Adds the gradient to the accumulator, which in a step that updates becomes the mean.
template <class T>
class AccumulatePhase final : public PiecePhase<T> {
 public:
  using PiecePhase<T>::PiecePhase;
  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& elementwise = kernels::table<T>().elementwise;
    for (std::size_t p = begin; p < end; ++p) {
      const auto& piece = this->update_.pieces[p];
      const auto& variable = this->update_.variables[piece.variable];
      if (!variable.active) continue;
      const T* g = this->update_.given(piece, scratch);
      T* sum = variable.accumulator + piece.begin;
      if (!step.scalars->updates) {
        elementwise.add(sum, g, sum, piece.size);
        continue;
      }
      if (g != scratch) std::memcpy(scratch, g, piece.size * sizeof(T));
      elementwise.merge(sum, scratch, piece.size, step.scalars->accumulated);
    }
  }
};

// Sums of squares by piece.
template <class T>
class NormPhase final : public PiecePhase<T> {
 public:
  using PiecePhase<T>::PiecePhase;
  void run(Step<T>&, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& products = kernels::table<T>().products;
    for (std::size_t p = begin; p < end; ++p) {
      const auto& piece = this->update_.pieces[p];
      const bool active = this->update_.variables[piece.variable].active;
      this->update_.sums[p] =
          active ? products.sum_squares(this->update_.gradient(piece, scratch), piece.size) : 0;
    }
  }
};

template <class T>
class ElementwisePhase final : public PiecePhase<T> {
 public:
  using PiecePhase<T>::PiecePhase;
  double flops_per_step() const noexcept override {
    double elements = 0;
    for (const auto& piece : this->update_.pieces) elements += static_cast<double>(piece.size);
    return 30 * elements;
  }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& elementwise = kernels::table<T>().elementwise;
    const auto& update = this->update_;
    std::size_t factor_of = update.variables.size();
    double factor = 1;
    for (std::size_t p = begin; p < end; ++p) {
      const auto& piece = update.pieces[p];
      const auto& variable = update.variables[piece.variable];
      T* w = variable.variable->packed() + piece.begin;
      if (variable.active && step.scalars->updates) {
        const T* g = update.gradient(piece, scratch);
        if (factor_of != piece.variable) {
          factor = update.factor(piece.variable);
          factor_of = piece.variable;
        }
        if (g != scratch && (factor != 1 || update.clipvalue > 0)) {
          std::memcpy(scratch, g, piece.size * sizeof(T));
          g = scratch;
        }
        if (factor != 1) elementwise.scale(scratch, piece.size, static_cast<T>(factor));
        if (update.clipvalue > 0) {
          elementwise.clip(scratch, piece.size, static_cast<T>(update.clipvalue));
        }
        T* slots[kernels::kMaxSlots];
        for (int s = 0; s < kernels::kMaxSlots; ++s) {
          slots[s] = variable.slots[s] == nullptr ? nullptr : variable.slots[s] + piece.begin;
        }
        update_run(*update.optimizer, variable.decays, w, slots, g, piece.size, *step.scalars);
        if (variable.accumulator != nullptr) {
          std::fill_n(variable.accumulator + piece.begin, piece.size, T{0});
        }
      }
      if (variable.average != nullptr) {
        elementwise.average(variable.average + piece.begin, w, piece.size,
                            step.scalars->average_momentum, step.scalars->overwrites);
      }
    }
  }
};

template <class T>
double* BufferedUpdate<T>::sums_of(std::size_t variable) noexcept {
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    if (pieces[p].variable == variable) return &sums[p];
  }
  return nullptr;
}

template <class T>
std::vector<UpdatePhase<T>> make_update_phases(BufferedUpdate<T>& update, bool sums_known) {
  std::vector<UpdatePhase<T>> made;
  const auto& variables = update.variables;
  if (!variables.empty() && variables.front().accumulator != nullptr) {
    made.push_back({"accumulation", std::make_unique<AccumulatePhase<T>>(update)});
  }
  if (update.clips_norm() && !sums_known)
    made.push_back({"norm", std::make_unique<NormPhase<T>>(update)});
  if (update.optimizer->update_whole != nullptr) {
    made.push_back({"update", make_whole_update_phase(update)});
  } else {
    made.push_back({"update", std::make_unique<ElementwisePhase<T>>(update)});
  }
  return made;
}

template <class T>
class ZeroGradientPhase final : public Phase<T> {
 public:
  explicit ZeroGradientPhase(Sink<T>& sink) : sink_(sink) {}
  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return sink_.variable->layout().count();
  }
  std::size_t scratch(std::size_t /*samples*/) const override {
    return kSinkRows * sink_.variable->layout().panel;
  }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const PanelLayout& layout = sink_.variable->layout();
    for (std::size_t j = begin; j < end; ++j) {
      for (std::size_t row = 0; row < layout.rows; row += kSinkRows) {
        const std::size_t rows = std::min(kSinkRows, layout.rows - row);
        std::fill_n(scratch, rows * layout.width(j), T{0});
        sink_.consume(j, row, rows, scratch, false, step.scalars);
      }
    }
  }

 private:
  Sink<T>& sink_;
};

template <class T>
std::unique_ptr<Phase<T>> make_zero_gradient_phase(Sink<T>& sink) {
  return std::make_unique<ZeroGradientPhase<T>>(sink);
}

template struct BufferedUpdate<float>;
template struct BufferedUpdate<double>;
template std::vector<UpdatePhase<float>> make_update_phases(BufferedUpdate<float>&, bool);
template std::vector<UpdatePhase<double>> make_update_phases(BufferedUpdate<double>&, bool);
template std::unique_ptr<Phase<float>> make_zero_gradient_phase(Sink<float>&);
template std::unique_ptr<Phase<double>> make_zero_gradient_phase(Sink<double>&);

}  // namespace pronghorn
