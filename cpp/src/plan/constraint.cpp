#include "plan/constraint.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace pronghorn {
namespace {

template <class T>
class NonNegPhase final : public Phase<T> {
 public:
  explicit NonNegPhase(Variable<T>& variable) : variable_(variable) {}
  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return divide_up(variable_.layout().size(), kPiece);
  }
  double flops_per_step() const noexcept override {
    return static_cast<double>(variable_.layout().size());
  }
  void run(Step<T>&, std::size_t begin, std::size_t end, T*) const noexcept override {
    T* w = variable_.packed();
    const std::size_t last = std::min(end * kPiece, variable_.layout().size());
    for (std::size_t i = begin * kPiece; i < last; ++i) w[i] = w[i] < T{0} ? T{0} : w[i];
  }

 private:
  static constexpr std::size_t kPiece = 8192;
  Variable<T>& variable_;
};

// An element belongs to the vector number rows_[row] + cols_[col], since either index of the
// packed matrix stands for axes of its own. If rows do not matter, panels share no vector and are
// tasks of their own.
template <class T>
class NormConstraintPhase final : public Phase<T> {
 public:
  NormConstraintPhase(Variable<T>& variable, const ConstraintSpec& spec)
      : variable_(variable), spec_(spec) {
    const Shape& shape = variable.shape();
    const PanelLayout& layout = variable.layout();
    std::vector<bool> along(shape.size(), false);
    for (const std::ptrdiff_t axis : spec.axes) {
      const auto rank = static_cast<std::ptrdiff_t>(shape.size());
      const std::ptrdiff_t positive = axis < 0 ? axis + rank : axis;
      if (positive < 0 || positive >= rank) {
        throw std::invalid_argument("a constraint's axis " + std::to_string(axis) +
                                    " is none of a variable with " + std::to_string(rank) +
                                    " axes");
      }
      along[static_cast<std::size_t>(positive)] = true;
    }
    // Numbers of the vectors, the last axis fastest.
    std::vector<std::size_t> strides(shape.size(), 0);
    std::size_t count = 1;
    for (std::size_t a = shape.size(); a-- > 0;) {
      if (along[a]) continue;
      strides[a] = count;
      count *= shape[a];
    }
    std::size_t axis = 0, rows = 1;  // the axes before `axis` are the rows
    while (rows < layout.rows) rows *= shape[axis++];
    rows_ = numbers(shape, strides, 0, axis);
    cols_ = numbers(shape, strides, axis, shape.size());
    by_panel_ = std::all_of(rows_.begin(), rows_.end(), [](std::size_t n) { return n == 0; }) &&
                count == layout.cols;
    sums_.resize(count);
  }

  std::size_t tasks(const Step<T>& /*step*/) const noexcept override {
    return by_panel_ ? variable_.layout().count() : 1;
  }
  double flops_per_step() const noexcept override {
    return 4.0 * static_cast<double>(variable_.layout().size());
  }
  void run(Step<T>&, std::size_t begin, std::size_t end, T*) const noexcept override {
    const PanelLayout& layout = variable_.layout();
    const std::size_t first = by_panel_ ? begin : 0, last = by_panel_ ? end : layout.count();
    const std::size_t from = by_panel_ ? first * layout.panel : 0;
    const std::size_t to = by_panel_ ? std::min(last * layout.panel, layout.cols) : sums_.size();
    std::fill(sums_.begin() + static_cast<std::ptrdiff_t>(from),
              sums_.begin() + static_cast<std::ptrdiff_t>(to), 0.0);
    visit(first, last,
          [](T& w, double& sum) { sum += static_cast<double>(w) * static_cast<double>(w); });
    for (std::size_t v = from; v < to; ++v) {
      const double norm = std::sqrt(sums_[v]);
      const double inside = std::min(std::max(norm, spec_.least), spec_.most);
      sums_[v] = (spec_.rate * inside + (1 - spec_.rate) * norm) / (spec_.epsilon + norm);
    }
    visit(first, last, [](T& w, double& factor) { w *= static_cast<T>(factor); });
  }

 private:
  // For every place of axes [first, last), what they add to the number of a vector.
  static std::vector<std::size_t> numbers(const Shape& shape,
                                          const std::vector<std::size_t>& strides,
                                          std::size_t first, std::size_t last) {
    std::vector<std::size_t> made = {0};
    for (std::size_t a = first; a < last; ++a) {
      std::vector<std::size_t> next;
      for (const std::size_t number : made) {
        for (std::size_t i = 0; i < shape[a]; ++i) next.push_back(number + i * strides[a]);
      }
      made = std::move(next);
    }
    return made;
  }

  template <class Visit>
  void visit(std::size_t first_panel, std::size_t last_panel, Visit visit) const noexcept {
    const PanelLayout& layout = variable_.layout();
    for (std::size_t j = first_panel; j < last_panel; ++j) {
      const std::size_t* cols = cols_.data() + j * layout.panel;
      for (std::size_t row = 0; row < layout.rows; ++row) {
        T* w = variable_.packed() + layout.offset(j) + row * layout.width(j);
        for (std::size_t c = 0; c < layout.filled(j); ++c) visit(w[c], sums_[rows_[row] + cols[c]]);
      }
    }
  }

  Variable<T>& variable_;
  const ConstraintSpec spec_;
  std::vector<std::size_t> rows_, cols_;
  bool by_panel_ = false;
  // Of squares, then factors: scratch memory of the one program that the phase belongs to.
  mutable std::vector<double> sums_;
};

}  // namespace

template <class T>
std::unique_ptr<Phase<T>> make_constraint_phase(Variable<T>& variable, const ConstraintSpec& spec) {
  if (spec.name == "non_neg") return std::make_unique<NonNegPhase<T>>(variable);
  if (spec.name == "norm") return std::make_unique<NormConstraintPhase<T>>(variable, spec);
  throw std::invalid_argument("unknown constraint '" + spec.name + "'");
}

template std::unique_ptr<Phase<float>> make_constraint_phase(Variable<float>&,
                                                             const ConstraintSpec&);
template std::unique_ptr<Phase<double>> make_constraint_phase(Variable<double>&,
                                                              const ConstraintSpec&);

}  // namespace pronghorn
