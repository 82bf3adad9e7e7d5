#include "kernels/gemm_choice.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "kernels/dispatch.hpp"

namespace pronghorn::kernels {
namespace {

GemmChoice parse(const std::string& name) {
  if (name == "auto") return GemmChoice::kAuto;
  if (name == "tiles") return GemmChoice::kTiles;
  if (name == "blas") return GemmChoice::kBlas;
  throw std::invalid_argument("gemm must be 'auto', 'tiles' or 'blas', got '" + name + "'");
}

std::atomic<GemmChoice>& current() {
  static std::atomic<GemmChoice> choice{[] {
    const char* name = std::getenv("PRONGHORN_GEMM");
    return name == nullptr ? GemmChoice::kAuto : parse(name);
  }()};
  return choice;
}

// The tiles are tuned for these; on other sets BLAS, which brings kernels of its own for the
// machine, wins once a product is worth its packing.
bool tiles_are_tuned() {
  static const bool tuned = active_isa() != "baseline";
  return tuned;
}

// Multiply-adds from which a baseline product is faster in BLAS.
constexpr double kBlasFrom = 1e5;

}  // namespace

GemmChoice gemm_choice() { return current().load(std::memory_order_relaxed); }
void set_gemm_choice(const std::string& name) { current().store(parse(name)); }

bool may_prefer_blas(GemmChoice choice) {
  return choice == GemmChoice::kBlas || (choice == GemmChoice::kAuto && !tiles_are_tuned());
}

bool prefers_blas(GemmChoice choice, std::size_t rows, std::size_t depth,
                  std::size_t cols) noexcept {
  if (choice != GemmChoice::kAuto) return choice == GemmChoice::kBlas;
  return static_cast<double>(rows) * static_cast<double>(depth) * static_cast<double>(cols) >=
         kBlasFrom;
}

}  // namespace pronghorn::kernels
