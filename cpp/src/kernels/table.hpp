// The table of kernels: everything numeric that the engine calls, as plain function pointers.
//
// One table exists for each instruction set and scalar type. The sources in body/ are compiled once
// for each instruction set (see kernels/CMakeLists.txt) and fill one table each; `dispatch.hpp`
// chooses among them at run time. Kernels are noexcept, allocate nothing, and never read or write
// beyond the extents they are given. Matrices are row-major; `ld` is the distance between rows in
// elements. Buffers handed over by the plan are 64-byte aligned with `ld` a multiple of `vector`,
// but rows of user data may have any alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pronghorn::kernels {

// ---------------------------------------------------------------------------------------------
// Products. Parameters W (n_in, n_out) are stored in panels: panel j holds columns
// [j*panel, j*panel + width) of all rows, row-major with ld = width, where width = panel for all
// panels but the last, whose width is one vector if at most one vector of columns is left, and a
// quarter or half of one, where the instruction set has narrow panels, if they hold what is left.
// Columns beyond n_out are zero and stay zero.
template <class T>
struct Products {
  // C[r, :] = (accumulate ? C[r, :] : bias or 0) + sum_k A[r][k0 + k] * B[k, :]
  // for r < rows, k < depth, over `vectors` (1 or 2) vectors of columns.
  // A is given by row pointers; B has row stride ldb; bias may be null.
  // Every element is one chain of fused (where the ISA has it) multiply-adds in order of k, so the
  // value does not depend on how rows, columns or depth are cut into calls.
  void (*rows)(const T* const* a_rows, std::size_t k0, std::size_t rows, std::size_t depth,
               const T* b, std::size_t ldb, const T* bias, bool accumulate, T* c, std::size_t ldc,
               std::size_t vectors) noexcept;

  // `rows` for one row of A, the whole depth and `panels` full panels of W, the first at b and the
  // next ones `stride` elements on; C's columns follow each other. The same chains as there.
  void (*one_row)(const T* a, std::size_t depth, const T* b, std::size_t stride, const T* bias,
                  T* c, std::size_t panels) noexcept;

  // C[i, :] = (accumulate ? C[i, :] : 0) + sum_r A[r][i0 + i] * B[r, :]
  // for i < count, r < depth: the weight gradient X^T dZ with X by row pointers.
  void (*columns)(const T* const* a_rows, std::size_t i0, std::size_t count, std::size_t depth,
                  const T* b, std::size_t ldb, bool accumulate, T* c, std::size_t ldc,
                  std::size_t vectors) noexcept;

  // A packed for products that pass over it many times: rows in tiles, and within a tile all rows'
  // values of one k side by side. `out` holds rows x depth elements.
  // pack_rows takes A[r][k0 + k]; pack_columns takes its transpose, A[k][i0 + r].
  void (*pack_rows)(const T* const* a_rows, std::size_t k0, std::size_t rows, std::size_t depth,
                    T* out) noexcept;
  void (*pack_columns)(const T* const* a_rows, std::size_t i0, std::size_t count, std::size_t depth,
                       T* out) noexcept;

  // C[r, :] = (accumulate ? C[r, :] : bias or 0) + sum_k A(r, k) * B[k, :], A as packed above: the
  // same chains as `rows` and `columns`. On its way it has `ahead_bytes` from `ahead` on brought
  // into the second cache (any address: nothing is read).
  void (*packed)(const T* a, std::size_t rows, std::size_t depth, const T* b, std::size_t ldb,
                 const T* bias, bool accumulate, T* c, std::size_t ldc, std::size_t vectors,
                 const void* ahead, std::size_t ahead_bytes) noexcept;

  // What `rows` and `columns` do, for `width` columns, which the layout of W allows to be
  // Table::narrow or twice that. B of narrow_rows and C of narrow_columns have rows without gaps.
  // Where narrow_rows is to give the same value however rows are cut, depth must be cut alike.
  void (*narrow_rows)(const T* const* a_rows, std::size_t k0, std::size_t rows, std::size_t depth,
                      const T* b, std::size_t width, const T* bias, bool accumulate, T* c,
                      std::size_t ldc) noexcept;
  void (*narrow_columns)(const T* const* a_rows, std::size_t i0, std::size_t count,
                         std::size_t depth, const T* b, std::size_t ldb, T* c,
                         std::size_t width) noexcept;

  // dst[j*ldd + i] = src[i*lds + j] for i < rows, j < cols.
  void (*transpose)(const T* src, std::size_t lds, T* dst, std::size_t ldd, std::size_t rows,
                    std::size_t cols) noexcept;

  // sums[j] = sum_r B[r*ldb + j] for j < cols: four chains in order of r, one for each r mod 4,
  // which are added in pairs.
  void (*column_sums)(const T* b, std::size_t ldb, std::size_t rows, std::size_t cols,
                      T* sums) noexcept;

  // sum_i x[i]^2 and dot products in double, fixed order independent of alignment.
  double (*sum_squares)(const T* x, std::size_t n) noexcept;
};

// ---------------------------------------------------------------------------------------------
// Activations. `id` values are registered beside each definition in body/activations.cpp.
struct ActivationParams {
  // relu: negative_slope, max_value (infinity: none), threshold; leaky_relu: negative_slope in p0;
  // elu: alpha in p0; others unused. celu etc. may use p0 later.
  double p0 = 0, p1 = 0, p2 = 0;
};

template <class T>
struct Activation {
  const char* name;  // Keras's name; gelu comes as "gelu" and "gelu_tanh"
  bool needs_input;  // backward reads Z (otherwise Y alone suffices and z is null)
  bool row_wise;     // softmax, log_softmax: a row is one unit; otherwise element-wise
  // y = act(z); y may be z itself.
  void (*forward)(const T* z, std::size_t ldz, T* y, std::size_t ldy, std::size_t rows,
                  std::size_t cols, const ActivationParams& params) noexcept;
  // dz = dy * act'(z) (for row-wise ones the full Jacobian product); dz may be dy itself.
  void (*backward)(const T* z, std::size_t ldz, const T* y, std::size_t ldy, const T* dy,
                   std::size_t lddy, T* dz, std::size_t lddz, std::size_t rows, std::size_t cols,
                   const ActivationParams& params) noexcept;
};

// ---------------------------------------------------------------------------------------------
// Losses and metrics on rows. A row is one sample; the value is the mean over its columns where
// Keras takes the mean over the last axis. Targets come as dense rows or as int32 labels.
struct LossParams {
  double label_smoothing = 0;
  double delta = 1;        // huber
  double threshold = 0.5;  // binary_accuracy
  int k = 5;               // top-k
  double alpha = 0.25;     // focal losses, tversky
  double beta = 0.5;       // tversky
  double gamma = 2;        // focal losses
  double q = 0.5;          // categorical_generalized_cross_entropy
  bool balanced = false;   // binary_focal_crossentropy
};

template <class T>
struct LossArgs {
  const T* pred;  // outputs, or logits for the *_logits kernels
  std::size_t ld_pred;
  const T* target;  // dense targets (rows, cols) or null
  std::size_t ld_target;
  const std::int32_t* labels;  // class indices (rows) or null
  std::size_t rows, cols;
  LossParams params;
  T* row_value;        // (rows): value of each sample, never null
  const T* row_scale;  // (rows): dJ/d(row value); null: no gradient wanted
  T* grad;             // (rows, cols) dJ/dpred, or null
  std::size_t ld_grad;
};

template <class T>
struct Loss {
  const char* name;  // Keras's name, with suffix "_logits" for the fused forms:
                     // sparse_categorical_crossentropy_logits (softmax fused),
                     // categorical_crossentropy_logits, binary_crossentropy_logits (sigmoid fused)
  bool sparse;       // reads labels instead of target
  bool differentiable;  // false: a metric only; grad is ignored
  bool whole_batch;  // one value for all rows, which must come in one call: every row_value is it
  void (*run)(const LossArgs<T>& args) noexcept;
};

// ---------------------------------------------------------------------------------------------
// Optimizers: most are element-wise on flat runs of a parameter, its slots and its gradient; some
// need a parameter as a whole.
constexpr int kMaxSlots = 3;
constexpr int kMaxScalars = 16;

// What changes from step to step or is set by the user; filled by `prepare` once a step.
struct OptimizerConfig {
  double learning_rate = 0.001;  // of this step
  double weight_decay = 0;  // decoupled, as Keras: w -= w * weight_decay * learning_rate, first
  double hyper[kMaxScalars] = {};  // by position, in the order of Optimizer::hyper_names
};

template <class T>
struct OptimizerScalars {
  T decay_factor;        // 1 - weight_decay*learning_rate, applied to w before the update
  T value[kMaxScalars];  // what the kernel needs, in its own order
  // Not the kernels' business. A gradient is only added up, unless `updates`, when the sum is
  // divided by `accumulated` gradients; then the moving average of the weights is taken with
  // `average_momentum`, and replaces them if `overwrites`.
  bool updates, overwrites;
  T accumulated, average_momentum;
};

// How a slot is shaped beside its parameter.
enum class SlotKind {
  kLike,     // as the parameter
  kCopy,     // likewise, and starts as the parameter's value
  kRows,     // without the last axis
  kColumns,  // without the last axis but one
};

struct SlotSpec {
  const char* name;
  double initial;
  SlotKind kind;
};

// What an optimizer may know of a parameter when it says which slots it has.
struct ParameterTraits {
  std::size_t rank = 0;
  bool apart = false;  // the user keeps it out of the optimizer's main rule (Muon)
};

// A parameter as a whole; every array is row-major.
template <class T>
struct WholeParameter {
  const std::size_t* axes;
  std::size_t rank;
  bool apart, decays;  // `decays`: weight decay applies
  T* w;
  T* g;  // may be overwritten
  T* const* slots;
  T* scratch;
  const Products<T>* products;
};

template <class T>
struct Optimizer {
  const char* name;                      // Keras's class name in lower case: "sgd", "adamw", ...
  const char* hyper_names[kMaxScalars];  // e.g. {"beta_1","beta_2","epsilon","amsgrad",nullptr}
  // Slots in use for this configuration, in Keras's order, with their initial value.
  int (*slots)(const double* hyper, const ParameterTraits& parameter,
               SlotSpec made[kMaxSlots]) noexcept;
  // state: persistent scalars of the optimizer (Nadam's product of u_t), zero-initialised to 1.
  void (*prepare)(const OptimizerConfig& config, std::int64_t step /* from 1 */, double* state,
                  OptimizerScalars<T>& scalars) noexcept;
  // w and slots in place; g is the gradient with regularisers already in it. Null: see below.
  void (*update)(T* w, T* const* slots, const T* g, std::size_t n,
                 const OptimizerScalars<T>& scalars) noexcept;
  // In place of `update` where norms, sums or products of a whole parameter are needed, and how
  // many elements of scratch memory it takes.
  void (*update_whole)(const WholeParameter<T>& parameter,
                       const OptimizerScalars<T>& scalars) noexcept;
  std::size_t (*whole_scratch)(const std::size_t* axes, std::size_t rank) noexcept;
};

// ---------------------------------------------------------------------------------------------
// Plain element-wise help. n elements, no alignment needed, in-place allowed.
template <class T>
struct Elementwise {
  void (*add)(const T* a, const T* b, T* out, std::size_t n) noexcept;
  void (*copy_rows)(const T* const* rows, std::size_t count, std::size_t cols, T* out,
                    std::size_t ld) noexcept;
  // g += 2*l2*w + l1*sign(w); returns sum of l1*|w| + l2*w^2 in double (fixed order)
  double (*regularize)(const T* w, T* g, std::size_t n, double l1, double l2) noexcept;
  void (*scale)(T* x, std::size_t n, T factor) noexcept;
  void (*clip)(T* x, std::size_t n, T limit) noexcept;  // to [-limit, limit]
  // g = (g + sum) / count, sum = 0
  void (*merge)(T* g, T* sum, std::size_t n, T count) noexcept;
  // average = momentum * average + (1 - momentum) * w; then w = average, if `overwrite`
  void (*average)(T* average, T* w, std::size_t n, T momentum, bool overwrite) noexcept;
  // Inverted dropout: out = keep ? x/(1-rate) : 0 with keep = Philox4x32-10 word of element
  // (first + i) under (seed, stream, step) at or above rate*2^32. mask[i] = keep (may be null).
  void (*dropout)(const T* x, T* out, std::uint8_t* mask, std::size_t n, double rate,
                  std::uint64_t seed, std::uint32_t stream, std::uint64_t step,
                  std::uint64_t first) noexcept;
  void (*dropout_backward)(const T* dy, const std::uint8_t* mask, T* dx, std::size_t n,
                           double rate) noexcept;
};

// ---------------------------------------------------------------------------------------------
// One row of n elements against vectors over the columns. In-place allowed, no alignment needed.
template <class T>
struct Columns {
  // y = (x - shift) * scale + offset
  void (*transform)(const T* x, const T* shift, const T* scale, const T* offset, T* y,
                    std::size_t n) noexcept;
  void (*multiply)(const T* a, const T* b, T* y, std::size_t n) noexcept;
  void (*subtract)(const T* a, const T* b, T* y, std::size_t n) noexcept;
  void (*maximum)(const T* a, const T* b, T* y, std::size_t n) noexcept;
  void (*minimum)(const T* a, const T* b, T* y, std::size_t n) noexcept;
  // dx = dy where a > b, dy / 2 where they are equal, 0 elsewhere: half a maximum's gradient
  void (*winner)(const T* dy, const T* a, const T* b, T* dx, std::size_t n) noexcept;
  // y += factor * x
  void (*add_scaled)(T factor, const T* x, T* y, std::size_t n) noexcept;
  T (*dot)(const T* a, const T* b, std::size_t n) noexcept;
  // y = x where x > 0, else alpha * x; dx = dy * y'; sums += dy * min(x, 0)
  void (*leaky)(const T* x, const T* alpha, T* y, std::size_t n) noexcept;
  void (*leaky_backward)(const T* dy, const T* x, const T* alpha, T* dx, std::size_t n) noexcept;
  void (*add_negative_products)(const T* dy, const T* x, T* sums, std::size_t n) noexcept;
  // sums += (x - shift)^2
  void (*add_squares)(const T* x, const T* shift, T* sums, std::size_t n) noexcept;
  // sums += dy; products += dy * (x - shift)
  void (*add_products)(const T* dy, const T* x, const T* shift, T* sums, T* products,
                       std::size_t n) noexcept;
  // dx = (dy - level - (x - shift) * slope) * scale
  void (*standardize_backward)(const T* dy, const T* x, const T* shift, const T* scale,
                               const T* level, const T* slope, T* dx, std::size_t n) noexcept;
};

// Random rows of n elements; element i has the Philox word of (first + i) under (seed, stream,
// step).
template <class T>
struct Noise {
  // Independent standard normals.
  void (*normals)(T* out, std::size_t n, std::uint64_t seed, std::uint32_t stream,
                  std::uint64_t step, std::uint64_t first) noexcept;
  // out = x * scale + offset where the word is at or above rate * 2^32, else `dropped`
  void (*alpha_dropout)(const T* x, T* out, std::size_t n, double rate, T scale, T offset,
                        T dropped, std::uint64_t seed, std::uint32_t stream, std::uint64_t step,
                        std::uint64_t first) noexcept;
  // The n words from the first one of `block` on.
  void (*words)(std::uint32_t* out, std::size_t n, std::uint64_t seed, std::uint32_t stream,
                std::uint64_t step, std::uint64_t block) noexcept;
};

// Vector mathematics on arrays, exposed for tests and benchmarks. <= 4 ULP (body/math.hpp).
template <class T>
struct VectorMath {
  void (*exp)(const T*, T*, std::size_t) noexcept;
  void (*expm1)(const T*, T*, std::size_t) noexcept;
  void (*log)(const T*, T*, std::size_t) noexcept;
  void (*log1p)(const T*, T*, std::size_t) noexcept;
  void (*tanh)(const T*, T*, std::size_t) noexcept;
  void (*sigmoid)(const T*, T*, std::size_t) noexcept;
  void (*erf)(const T*, T*, std::size_t) noexcept;
};

template <class T>
struct Table {
  const char* isa;             // written by the code itself from the compiler's feature macros
  std::size_t vector;          // elements in a vector
  std::size_t narrow;          // columns of the narrowest panel: vector / 4, or vector
  std::size_t panel;           // columns in a full panel: 2 * vector
  std::size_t tile_rows;       // rows of C that `Products::rows` keeps in registers
  std::size_t tall_tile_rows;  // likewise `Products::packed`
  Products<T> products;
  Elementwise<T> elementwise;
  Columns<T> columns;
  Noise<T> noise;
  VectorMath<T> math;
  const Activation<T>* activations;
  std::size_t activation_count;
  const Loss<T>* losses;  // losses and row metrics
  std::size_t loss_count;
  const Optimizer<T>* optimizers;
  std::size_t optimizer_count;
};

}  // namespace pronghorn::kernels
