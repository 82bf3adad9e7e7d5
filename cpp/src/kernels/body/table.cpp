// Puts together the table of this instruction set.
#include "kernels/body/narrow_products.hpp"
#include "kernels/body/products.hpp"
#include "kernels/body/tables.hpp"
#include "kernels/isa/isas.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

const char* isa_name() noexcept {
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
  return "avx512";
#elif defined(__AVX2__) && defined(__FMA__)
  return "avx2";
#elif defined(__ARM_NEON)
  return "neon";
#else
  return "baseline";
#endif
}

template <class T>
static Table<T> make_table() noexcept {
  Table<T> table{};
  table.isa = isa_name();
  table.vector = PRONGHORN_ISA_BYTES / sizeof(T);
  table.narrow = kHasNarrowPanels<T> ? table.vector / 4 : table.vector;
  table.panel = 2 * table.vector;
  table.tile_rows = kTileRows;
  table.tall_tile_rows = kTallTileRows;
  table.products = products_table<T>();
  table.elementwise = elementwise_table<T>();
  table.columns = columns_table<T>();
  table.noise = noise_table<T>();
  table.math = math_table<T>();
  table.activations = activation_table<T>(table.activation_count);
  table.losses = loss_table<T>(table.loss_count);
  table.optimizers = optimizer_table<T>(table.optimizer_count);
  return table;
}

const Table<float>& float_table() noexcept {
  static const Table<float> table = make_table<float>();
  return table;
}

const Table<double>& double_table() noexcept {
  static const Table<double> table = make_table<double>();
  return table;
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
