#include "pronghorn/product.hpp"

#include <algorithm>

#include "base/memory.hpp"
#include "base/team.hpp"
#include "kernels/blas.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {
namespace {

// Blocks of the longer side of the result: BLAS packs the other matrix for each of them, which for
// 128 rows costs as much as multiplying by 64 columns and is lost beside 256. Their number is even,
// so that two threads have the same to do, and a function of the shape alone.
constexpr std::size_t kMostBlocks = 16, kExtent = 256, kLeastExtent = 64;

std::size_t extent_of_blocks(std::size_t side) {
  std::size_t blocks = 2;
  while (blocks < kMostBlocks && side > blocks * kExtent) blocks *= 2;
  return std::max(kLeastExtent, round_up(divide_up(side, blocks), std::size_t{16}));
}

}  // namespace

template <class T>
void multiply(const MatrixView<T>& a, const MatrixView<T>& b, T* out) {
  const std::size_t m = a.rows, n = b.cols, k = a.cols;
  if (m == 0 || n == 0) return;
  [[maybe_unused]] static const bool initialized = (kernels::blas::initialize(), true);
  const std::size_t lda = a.transposed ? m : k, ldb = b.transposed ? k : n;
  const bool by_columns = n >= m;
  const std::size_t side = by_columns ? n : m, extent = extent_of_blocks(side);
  const std::size_t blocks = divide_up(side, extent);
  const auto block = [&](std::size_t i) {
    const std::size_t first = i * extent, size = std::min(extent, side - first);
    const std::size_t rows = by_columns ? m : size, cols = by_columns ? size : n;
    const std::size_t row = by_columns ? 0 : first, col = by_columns ? first : 0;
    kernels::blas::gemm(
        a.transposed, b.transposed, rows, cols, k, a.data + (a.transposed ? row : row * lda), lda,
        b.data + (b.transposed ? col * ldb : col), ldb, T{0}, out + row * n + col, n);
  };
  const double flops =
      2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const int threads = blocks == 1 ? 1 : threads_apart<T>(flops);
  if (threads == 1) {
    for (std::size_t i = 0; i < blocks; ++i) block(i);
    return;
  }
  Team::run(threads, [&](int thread, int team, Barrier&) {
    const Share share = share_of(blocks, thread, team);
    for (std::size_t i = share.begin; i < share.end; ++i) block(i);
  });
}

template void multiply(const MatrixView<float>&, const MatrixView<float>&, float*);
template void multiply(const MatrixView<double>&, const MatrixView<double>&, double*);

}  // namespace pronghorn
