// Tile kernels or BLAS for a product.
#pragma once

#include <cstddef>
#include <string>

namespace pronghorn::kernels {

enum class GemmChoice { kAuto, kTiles, kBlas };

// What PRONGHORN_GEMM ("auto", "tiles", "blas") or set_gemm_choice last said; plans made later
// follow it. Throws std::invalid_argument for another word.
GemmChoice gemm_choice();
void set_gemm_choice(const std::string& name);

// Whether BLAS can be preferred at all under a choice.
bool may_prefer_blas(GemmChoice choice);
// Whether a product of (rows, depth) by (depth, cols) goes to BLAS. A function of the shape, the
// instruction set and the choice alone, so that results do not change from run to run.
bool prefers_blas(GemmChoice choice, std::size_t rows, std::size_t depth,
                  std::size_t cols) noexcept;

}  // namespace pronghorn::kernels
