// Which way a dense layer's product goes: direct tiles, tiles over a packed block, or BLAS.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/blas.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/gemm_choice.hpp"
#include "layers/dense_products.hpp"

namespace pronghorn {
namespace {

// When a packed block of the left matrix pays, as measured (docs/performance.md): in the forward
// product once enough panels pass over it; in the others once W and its slots, which they read or
// update, fall out of the second cache. `panels` are the result's.
constexpr std::size_t kPanelsEach = 8;         // for each thread
constexpr std::size_t kManyWeights = 1 << 18;  // elements
constexpr std::size_t kManyTransposed = 1 << 19;

template <class T>
bool packing_pays(const DenseForwardArgs<T>&, std::size_t rows, std::size_t panels,
                  int threads) noexcept {
  return rows >= 64 && panels >= kPanelsEach * static_cast<std::size_t>(threads);
}
template <class T>
bool packing_pays(const DenseDataArgs<T>& args, std::size_t rows, std::size_t panels,
                  int threads) noexcept {
  return rows >= 256 && panels >= kPanelsEach * static_cast<std::size_t>(threads) &&
         args.kernel->element_count() >= kManyTransposed;
}
// Beyond the last batch size a packed run of columns of X would outgrow the caches.
template <class T>
bool packing_pays(const DenseWeightsArgs<T>& args, std::size_t rows, std::size_t /*panels*/,
                  int /*threads*/) noexcept {
  return rows >= 32 && rows <= 4096 && args.kernel->element_count() >= kManyWeights;
}
template <class T>
std::size_t result_columns(const DenseForwardArgs<T>& args) noexcept {
  return args.kernel->layout().cols;
}
template <class T>
std::size_t result_columns(const DenseDataArgs<T>& args) noexcept {
  return args.kernel->layout().rows;
}
template <class T>
std::size_t result_columns(const DenseWeightsArgs<T>& args) noexcept {
  return args.kernel->layout().cols;
}

// All ways, and the choice by the batch at hand.
template <class T, template <class> class Args>
class ChosenProduct final : public Phase<T> {
 public:
  explicit ChosenProduct(const Args<T>& args)
      : args_(args),
        choice_(kernels::gemm_choice()),
        panels_(divide_up(result_columns(args), args.kernel->layout().panel)),
        tiles_(dense_tiles(args)),
        packed_(dense_packed(args)) {
    if (!kernels::may_prefer_blas(choice_)) return;
    static const bool initialized = (kernels::blas::initialize(), true);
    static_cast<void>(initialized);
    blas_ = dense_blas(args);
  }

  bool by_samples() const noexcept override {
    // BLAS rounds the edges of its blocks in ways of its own.
    return !std::is_same_v<Args<T>, DenseWeightsArgs<T>> && blas_ == nullptr;
  }
  std::size_t tasks(const Step<T>& step) const noexcept override {
    if constexpr (!std::is_same_v<Args<T>, DenseForwardArgs<T>>) {
      if (args_.one_pass && one_pass_pays(*args_.kernel, step.rows(args_.dz))) return 0;
    }
    return chosen(step).tasks(step);
  }
  void run(Step<T>& step, std::size_t begin, std::size_t end, T* scratch) const noexcept override {
    chosen(step).run(step, begin, end, scratch);
  }
  std::size_t scratch(std::size_t samples) const override {
    return std::max({tiles_->scratch(samples), packed_->scratch(samples),
                     blas_ == nullptr ? 0 : blas_->scratch(samples)});
  }
  double flops_per_sample() const noexcept override { return tiles_->flops_per_sample(); }
  double flops_per_step() const noexcept override { return tiles_->flops_per_step(); }

 private:
  const Phase<T>& chosen(const Step<T>& step) const noexcept {
    const PanelLayout& layout = args_.kernel->layout();
    const std::size_t rows = step.samples * args_.rows_per_sample;
    if (blas_ != nullptr && kernels::prefers_blas(choice_, rows, layout.rows, layout.cols)) {
      return *blas_;
    }
    return packing_pays(args_, rows, panels_, step.threads) ? *packed_ : *tiles_;
  }

  const Args<T> args_;
  const kernels::GemmChoice choice_;
  const std::size_t panels_;  // of the result
  std::unique_ptr<Phase<T>> tiles_, packed_, blas_;
};

}  // namespace

template <class T>
void transposed_block(const Variable<T>& kernel, std::size_t row, std::size_t rows, std::size_t k,
                      std::size_t length, std::size_t width, T* out) noexcept {
  const auto& table = kernels::table<T>();
  const PanelLayout& layout = kernel.layout();
  if (rows < width) std::memset(out, 0, length * width * sizeof(T));
  for (std::size_t done = 0; done < length;) {
    const std::size_t j = (k + done) / layout.panel;
    const std::size_t count = std::min(layout.filled(j), length - done);
    const std::size_t ld = layout.width(j);
    table.products.transpose(kernel.packed() + layout.offset(j) + row * ld, ld, out + done * width,
                             width, rows, count);
    done += count;
  }
}

template <class T, template <class> class Args>
std::unique_ptr<Phase<T>> dense_product(const Args<T>& args) {
  return std::make_unique<ChosenProduct<T, Args>>(args);
}

#define PRONGHORN_INSTANTIATE(T)                                                            \
  template void transposed_block(const Variable<T>&, std::size_t, std::size_t, std::size_t, \
                                 std::size_t, std::size_t, T*) noexcept;                    \
  template std::unique_ptr<Phase<T>> dense_product(const DenseForwardArgs<T>&);             \
  template std::unique_ptr<Phase<T>> dense_product(const DenseDataArgs<T>&);                \
  template std::unique_ptr<Phase<T>> dense_product(const DenseWeightsArgs<T>&);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
