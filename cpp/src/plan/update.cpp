#include "plan/update.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/dispatch.hpp"
#include "plan/panels.hpp"

namespace pronghorn {
namespace {

constexpr std::size_t kPieceElements = 8192;

}  // namespace

template <class T>
void BufferedUpdate<T>::cut() {
  pieces.clear();
  for (std::size_t v = 0; v < variables.size(); ++v) {
    const std::size_t n = variables[v].variable->layout().size();
    for (std::size_t begin = 0; begin < n; begin += kPieceElements) {
      pieces.push_back({v, begin, std::min(kPieceElements, n - begin)});
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
const T* BufferedUpdate<T>::gradient(const Piece& piece, T* scratch) const noexcept {
  const UpdateVariable<T>& from = variables[piece.variable];
  if (from.rows != nullptr) {
    pack_run(from.variable->layout(), from.rows, piece.begin, piece.size, scratch);
    return scratch;
  }
  return (from.packed != nullptr ? from.packed : from.gradient) + piece.begin;
}

template <class T>
class NormPhase final : public Phase<T> {
 public:
  explicit NormPhase(BufferedUpdate<T>& update) : update_(update) {}
  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return update_.clips_norm() ? update_.pieces.size() : 0;
  }
  std::size_t scratch(std::size_t /*samples*/) const override { return update_.largest(); }
  void run(Step<T>&, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& products = kernels::table<T>().products;
    for (std::size_t p = begin; p < end; ++p) {
      const auto& piece = update_.pieces[p];
      const bool active = update_.variables[piece.variable].active;
      update_.sums[p] =
          active ? products.sum_squares(update_.gradient(piece, scratch), piece.size) : 0;
    }
  }

 private:
  BufferedUpdate<T>& update_;
};

template <class T>
class UpdatePhase final : public Phase<T> {
 public:
  explicit UpdatePhase(BufferedUpdate<T>& update) : update_(update) {}
  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return update_.pieces.size();
  }
  double flops_per_step() const noexcept override {
    double elements = 0;
    for (const auto& piece : update_.pieces) elements += static_cast<double>(piece.size);
    return 30 * elements;
  }
  std::size_t scratch(std::size_t /*samples*/) const override { return update_.largest(); }

  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    const auto& elementwise = kernels::table<T>().elementwise;
    std::size_t factor_of = update_.variables.size();
    double factor = update_.global_clipnorm > 0 ? global_factor() : 1;
    for (std::size_t p = begin; p < end; ++p) {
      const auto& piece = update_.pieces[p];
      const auto& variable = update_.variables[piece.variable];
      if (!variable.active) continue;
      const T* g = update_.gradient(piece, scratch);
      if (update_.clipnorm > 0 && factor_of != piece.variable) {
        factor = own_factor(piece.variable);
        factor_of = piece.variable;
      }
      if (g != scratch && (factor != 1 || update_.clipvalue > 0)) {
        std::memcpy(scratch, g, piece.size * sizeof(T));
        g = scratch;
      }
      if (factor != 1) elementwise.scale(scratch, piece.size, static_cast<T>(factor));
      if (update_.clipvalue > 0) {
        elementwise.clip(scratch, piece.size, static_cast<T>(update_.clipvalue));
      }
      T* slots[kernels::kMaxSlots];
      for (int s = 0; s < kernels::kMaxSlots; ++s) {
        slots[s] = variable.slots[s] == nullptr ? nullptr : variable.slots[s] + piece.begin;
      }
      update_run(*update_.optimizer, variable.decays, variable.variable->packed() + piece.begin,
                 slots, g, piece.size, *step.scalars);
    }
  }

 private:
  static double limit(double sum_of_squares, double clip) noexcept {
    const double norm = std::sqrt(sum_of_squares);
    return norm > clip ? clip / norm : 1;
  }
  double own_factor(std::size_t variable) const noexcept {
    double sum = 0;
    for (std::size_t p = 0; p < update_.pieces.size(); ++p) {
      if (update_.pieces[p].variable == variable) sum += update_.sums[p];
    }
    return limit(sum, update_.clipnorm);
  }
  double global_factor() const noexcept {
    double sum = 0;
    for (const double s : update_.sums) sum += s;
    return limit(sum, update_.global_clipnorm);
  }

  BufferedUpdate<T>& update_;
};

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

template <class T>
std::unique_ptr<Phase<T>> make_norm_phase(BufferedUpdate<T>& update) {
  return std::make_unique<NormPhase<T>>(update);
}
template <class T>
std::unique_ptr<Phase<T>> make_update_phase(BufferedUpdate<T>& update) {
  return std::make_unique<UpdatePhase<T>>(update);
}

template struct BufferedUpdate<float>;
template struct BufferedUpdate<double>;
template std::unique_ptr<Phase<float>> make_norm_phase(BufferedUpdate<float>&);
template std::unique_ptr<Phase<double>> make_norm_phase(BufferedUpdate<double>&);
template std::unique_ptr<Phase<float>> make_update_phase(BufferedUpdate<float>&);
template std::unique_ptr<Phase<double>> make_update_phase(BufferedUpdate<double>&);
template std::unique_ptr<Phase<float>> make_zero_gradient_phase(Sink<float>&);
template std::unique_ptr<Phase<double>> make_zero_gradient_phase(Sink<double>&);

}  // namespace pronghorn
