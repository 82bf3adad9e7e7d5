// BLAS, called single-threaded on tiles from inside the engine's own team.
#pragma once

#include <cstddef>
#include <string>

namespace pronghorn::kernels::blas {

// C (m, n) = beta*C + op(A) op(B), row-major; op is transposition where the flag is set.
void gemm(bool trans_a, bool trans_b, std::size_t m, std::size_t n, std::size_t k, const float* a,
          std::size_t lda, const float* b, std::size_t ldb, float beta, float* c,
          std::size_t ldc) noexcept;
void gemm(bool trans_a, bool trans_b, std::size_t m, std::size_t n, std::size_t k, const double* a,
          std::size_t lda, const double* b, std::size_t ldb, double beta, double* c,
          std::size_t ldc) noexcept;

// Makes the library single-threaded where it has such a switch; called once when the engine starts.
void initialize() noexcept;
std::string name();     // "OpenBLAS", "BLIS", ...
std::string version();  // as the library tells it, or ""

}  // namespace pronghorn::kernels::blas
