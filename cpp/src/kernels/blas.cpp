#include "kernels/blas.hpp"

#include <climits>

#ifndef PRONGHORN_BLAS_PREFIX
#error "PRONGHORN_BLAS_PREFIX must be defined (empty for unprefixed names)"
#endif

#define PRONGHORN_CONCAT_(a, b) a##b
#define PRONGHORN_CONCAT(a, b) PRONGHORN_CONCAT_(a, b)
#define PRONGHORN_BLAS_NAME(name) PRONGHORN_CONCAT(PRONGHORN_BLAS_PREFIX, name)

// Declared here because headers of CBLAS differ from library to library while this ABI (LP64) does
// not. The switches and names that only some libraries have are weak: null where they are missing.
extern "C" {
void PRONGHORN_BLAS_NAME(cblas_sgemm)(int order, int trans_a, int trans_b, int m, int n, int k,
                                      float alpha, const float* a, int lda, const float* b, int ldb,
                                      float beta, float* c, int ldc);
void PRONGHORN_BLAS_NAME(cblas_dgemm)(int order, int trans_a, int trans_b, int m, int n, int k,
                                      double alpha, const double* a, int lda, const double* b,
                                      int ldb, double beta, double* c, int ldc);
[[gnu::weak]] void PRONGHORN_BLAS_NAME(openblas_set_num_threads)(int threads);
[[gnu::weak]] char* PRONGHORN_BLAS_NAME(openblas_get_config)(void);
[[gnu::weak]] char* PRONGHORN_BLAS_NAME(openblas_get_corename)(void);
[[gnu::weak]] void bli_thread_set_num_threads(std::ptrdiff_t threads);
[[gnu::weak]] const char* bli_info_get_version_str(void);
[[gnu::weak]] void MKL_Set_Num_Threads(int threads);
[[gnu::weak]] void MKL_Get_Version_String(char* buffer, int size);
}

namespace pronghorn::kernels::blas {
namespace {

constexpr int kRowMajor = 101;
constexpr int kNoTrans = 111;
constexpr int kTrans = 112;

inline void call(int ta, int tb, int m, int n, int k, const float* a, int lda, const float* b,
                 int ldb, float beta, float* c, int ldc) noexcept {
  PRONGHORN_BLAS_NAME(cblas_sgemm)
  (kRowMajor, ta, tb, m, n, k, 1.0F, a, lda, b, ldb, beta, c, ldc);
}
inline void call(int ta, int tb, int m, int n, int k, const double* a, int lda, const double* b,
                 int ldb, double beta, double* c, int ldc) noexcept {
  PRONGHORN_BLAS_NAME(cblas_dgemm)
  (kRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, ldc);
}

bool fits(std::size_t extent) noexcept { return extent <= static_cast<std::size_t>(INT_MAX); }

// For extents that BLAS's 32-bit integers cannot express, and for k = 0, whose leading dimensions
// some libraries refuse.
template <class T>
void plain_gemm(bool trans_a, bool trans_b, std::size_t m, std::size_t n, std::size_t k, const T* a,
                std::size_t lda, const T* b, std::size_t ldb, T beta, T* c,
                std::size_t ldc) noexcept {
  for (std::size_t i = 0; i < m; ++i) {
    T* row = c + i * ldc;
    for (std::size_t j = 0; j < n; ++j) row[j] = beta == T(0) ? T(0) : beta * row[j];
    for (std::size_t p = 0; p < k; ++p) {
      const T left = trans_a ? a[p * lda + i] : a[i * lda + p];
      for (std::size_t j = 0; j < n; ++j)
        row[j] += left * (trans_b ? b[j * ldb + p] : b[p * ldb + j]);
    }
  }
}

template <class T>
void any_gemm(bool trans_a, bool trans_b, std::size_t m, std::size_t n, std::size_t k, const T* a,
              std::size_t lda, const T* b, std::size_t ldb, T beta, T* c,
              std::size_t ldc) noexcept {
  if (m == 0 || n == 0) return;
  if (k == 0 || !(fits(m) && fits(n) && fits(k) && fits(lda) && fits(ldb) && fits(ldc))) {
    plain_gemm(trans_a, trans_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
    return;
  }
  call(trans_a ? kTrans : kNoTrans, trans_b ? kTrans : kNoTrans, static_cast<int>(m),
       static_cast<int>(n), static_cast<int>(k), a, static_cast<int>(lda), b, static_cast<int>(ldb),
       beta, c, static_cast<int>(ldc));
}

}  // namespace

void gemm(bool trans_a, bool trans_b, std::size_t m, std::size_t n, std::size_t k, const float* a,
          std::size_t lda, const float* b, std::size_t ldb, float beta, float* c,
          std::size_t ldc) noexcept {
  any_gemm(trans_a, trans_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
}
void gemm(bool trans_a, bool trans_b, std::size_t m, std::size_t n, std::size_t k, const double* a,
          std::size_t lda, const double* b, std::size_t ldb, double beta, double* c,
          std::size_t ldc) noexcept {
  any_gemm(trans_a, trans_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
}

void initialize() noexcept {
  if (PRONGHORN_BLAS_NAME(openblas_set_num_threads) != nullptr) {
    PRONGHORN_BLAS_NAME(openblas_set_num_threads)(1);
  }
  if (bli_thread_set_num_threads != nullptr) bli_thread_set_num_threads(1);
  if (MKL_Set_Num_Threads != nullptr) MKL_Set_Num_Threads(1);
}

std::string name() {
  if (PRONGHORN_BLAS_NAME(openblas_get_config) != nullptr) return "OpenBLAS";
  if (bli_info_get_version_str != nullptr) return "BLIS";
  if (MKL_Get_Version_String != nullptr) return "MKL";
  return "CBLAS";
}

std::string version() {
  if (PRONGHORN_BLAS_NAME(openblas_get_config) != nullptr) {
    // "OpenBLAS 0.3.29 DYNAMIC_ARCH ..."
    const std::string config = PRONGHORN_BLAS_NAME(openblas_get_config)();
    const std::size_t begin = config.find_first_of("0123456789");
    std::string text;
    if (begin != std::string::npos) text = config.substr(begin, config.find(' ', begin) - begin);
    if (PRONGHORN_BLAS_NAME(openblas_get_corename) != nullptr) {
      text += std::string(text.empty() ? "" : " ") + PRONGHORN_BLAS_NAME(openblas_get_corename)();
    }
    return text;
  }
  if (bli_info_get_version_str != nullptr) return bli_info_get_version_str();
  if (MKL_Get_Version_String != nullptr) {
    char buffer[200] = {};
    MKL_Get_Version_String(buffer, static_cast<int>(sizeof buffer) - 1);
    return buffer;
  }
  return "";
}

}  // namespace pronghorn::kernels::blas
