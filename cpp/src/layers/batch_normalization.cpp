// BatchNormalization over the last axis: Y = gamma (X - m) / sqrt(v + epsilon) + beta.
// Ioffe & Szegedy, arXiv:1502.03167, algorithms 1 and 2.
//
// In training m and v are the mean and the (biased) variance of each column over the batch, and the
// moving statistics follow them: moving = momentum moving + (1 - momentum) batch. In inference, or
// if the layer is frozen, m and v are the moving statistics themselves.
//   dbeta = sum dY, dgamma = sum dY (X - m) / sigma, sigma = sqrt(v + epsilon)
//   dX = gamma / sigma (dY - mean dY - (X - m) mean(dY (X - m)) / sigma^2), the means being zero
//   where m and v do not depend on X
#include <cmath>

#include "layers/block_phase.hpp"
#include "layers/layer.hpp"
#include "layers/parameter.hpp"
#include "layers/rowwise_phase.hpp"
#include "plan/planner.hpp"

namespace pronghorn {
namespace {

struct BatchNormalization {
  static constexpr std::size_t kMinInputs = 1, kMaxInputs = 1;
  enum { kGamma, kBeta, kMovingMean, kMovingVariance, kWeights };

  static Shape infer(const NodeSpec& node, const std::vector<Shape>& inputs,
                     const std::vector<Shape>& variables) {
    require_weights(node, kWeights, variables);
    number(node, "epsilon");
    number(node, "momentum");
    if (inputs[0].empty()) throw std::invalid_argument("the input needs at least one axis");
    if (node.weights[kMovingMean] < 0 || node.weights[kMovingVariance] < 0) {
      throw std::invalid_argument("needs moving statistics");
    }
    for (const std::size_t v : given_weights(node)) {
      if (variables[v] != Shape{inputs[0].back()}) {
        throw std::invalid_argument("a weight has shape " + to_string(variables[v]) +
                                    ", expected " + to_string({inputs[0].back()}));
      }
    }
    return inputs[0];
  }
  static std::vector<std::size_t> variables(const NodeSpec& node) { return given_weights(node); }

  // What the phases of one node share. Vectors of `n` columns are contiguous in their variables.
  template <class T>
  struct Parts {
    Parts(Planner<T>& planner, std::size_t i)
        : node(planner.graph().node(i)),
          n(planner.graph().matrix(i).cols),
          rows_per_sample(planner.graph().matrix(i).rows),
          epsilon(number(node, "epsilon")),
          momentum(number(node, "momentum")),
          of_batch(planner.options().training && node.trainable) {
      for (std::size_t w = 0; w < kWeights; ++w) {
        const std::ptrdiff_t v = node.weights[w];
        weights[w] = v < 0 ? nullptr : planner.options().variables[static_cast<std::size_t>(v)];
      }
    }
    const NodeSpec node;
    std::size_t n, rows_per_sample;
    double epsilon, momentum;
    bool of_batch;  // statistics of the batch; else the moving ones
    Variable<T>* weights[kWeights];

    double at(std::size_t which, std::size_t c, double otherwise) const noexcept {
      return weights[which] == nullptr ? otherwise
                                       : static_cast<double>(weights[which]->packed()[c]);
    }
    std::size_t index(std::size_t which) const {
      return static_cast<std::size_t>(node.weights[which]);
    }
    void reads(std::size_t which, std::vector<Resource>& list) const {
      if (weights[which] != nullptr) list.push_back(variable_resource(index(which)));
    }
  };

  template <class T>
  static void forward(Planner<T>& planner, std::size_t i) {
    const Parts<T> parts(planner, i);
    const std::size_t x = planner.value(parts.node.inputs[0]);
    const std::size_t y = planner.make_value(i), n = parts.n;
    std::vector<Resource> reads = {tensor_resource(x)};
    parts.reads(kBeta, reads);
    const bool kept = parts.of_batch || planner.options().backward;
    std::size_t statistics = 0;
    if (kept) {
      statistics = emit_statistics(planner, i, parts, x);
      reads.push_back(accumulator_resource(statistics));
    } else {
      for (const auto which : {kGamma, kMovingMean, kMovingVariance}) parts.reads(which, reads);
    }
    // shift, scale, offset
    auto setup = [=](Step<T>& step, T* scratch) {
      if (kept) {
        const double* from = step.workspace->accumulator(statistics);
        std::copy_n(from, 2 * n, scratch);
      } else {
        for (std::size_t c = 0; c < n; ++c) {
          scratch[c] = static_cast<T>(parts.at(kMovingMean, c, 0));
          scratch[n + c] = static_cast<T>(
              parts.at(kGamma, c, 1) / std::sqrt(parts.at(kMovingVariance, c, 1) + parts.epsilon));
        }
      }
      for (std::size_t c = 0; c < n; ++c)
        scratch[2 * n + c] = static_cast<T>(parts.at(kBeta, c, 0));
    };
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows, const T* scratch) {
      const auto& columns = kernels::table<T>().columns;
      for (std::size_t r = row; r < row + rows; ++r) {
        columns.transform(step.row_pointers(x)[r], scratch, scratch + n, scratch + 2 * n,
                          step.data(y) + r * step.info(y).ld, n);
      }
    };
    planner.emit(rowwise_prepared(planner, y, 4, 3 * n, setup, body), reads, {tensor_resource(y)});
  }

  template <class T>
  static void backward(Planner<T>& planner, std::size_t i) {
    const Parts<T> parts(planner, i);
    const bool data = planner.wants_gradient(parts.node.inputs[0]);
    Sink<T>* sinks[2] = {};
    bool accumulate[2] = {};
    std::vector<Resource> writes;
    for (const std::size_t which : {kGamma, kBeta}) {
      if (!parts.node.trainable || parts.weights[which] == nullptr) continue;
      sinks[which] = planner.sink(parts.index(which));
      if (sinks[which] == nullptr) continue;
      accumulate[which] = planner.start_sink(parts.index(which));
      writes.push_back(variable_resource(parts.index(which)));
    }
    const std::size_t n = parts.n, statistics = planner.layer_state(i);
    const std::size_t dy = planner.gradient(i);
    std::size_t means = 0;  // accumulator of mean dY and of the slope of X - m
    if (!writes.empty() || (data && parts.of_batch)) {
      const AccumulatorInfo info{block_samples(parts.rows_per_sample), 2 * n};
      const std::size_t sums = emit_sums(planner, i, parts, info);
      means = planner.new_accumulator({kWholeBatch, 2 * n});
      auto finish = [=](Step<T>& step, T* scratch) {
        const double* sigma = step.workspace->accumulator(statistics) + 2 * n;
        const double* total =
            combine_blocks(step.workspace->accumulator(sums),
                           divide_up(step.samples, info.block_samples), info.width);
        double* mean = step.workspace->accumulator(means);
        const auto rows = static_cast<double>(step.rows(dy));
        for (std::size_t c = 0; c < n; ++c) {
          mean[c] = total[c] / rows;
          mean[n + c] = total[n + c] / (rows * sigma[c] * sigma[c]);
        }
        for (const std::size_t which : {kGamma, kBeta}) {
          if (sinks[which] == nullptr) continue;
          std::fill_n(scratch, parts.weights[which]->layout().size(), T{0});
          for (std::size_t c = 0; c < n; ++c) {
            scratch[c] = static_cast<T>(which == kBeta ? total[c] : total[n + c] / sigma[c]);
          }
          consume_packed(*sinks[which], scratch, accumulate[which], step.scalars);
        }
      };
      writes.push_back(accumulator_resource(means));
      const std::size_t padded = n + kernels::table<T>().panel;
      planner.emit(single<T>(padded, finish),
                   {accumulator_resource(sums), accumulator_resource(statistics)}, writes);
    }
    if (data) emit_data(planner, i, parts, means);
  }

 private:
  // Accumulator of the mean, gamma / sigma and sigma of each column: of the batch, with an update
  // of the moving statistics, or from these.
  template <class T>
  static std::size_t emit_statistics(Planner<T>& planner, std::size_t i, const Parts<T>& parts,
                                     std::size_t x) {
    const std::size_t n = parts.n;
    const std::size_t statistics = planner.new_accumulator({kWholeBatch, 3 * n});
    planner.set_layer_state(i, statistics);
    std::vector<Resource> reads, writes = {accumulator_resource(statistics)};
    parts.reads(kGamma, reads);
    if (!parts.of_batch) {
      parts.reads(kMovingMean, reads);
      parts.reads(kMovingVariance, reads);
      auto from_moving = [=](Step<T>& step, T*) {
        double* out = step.workspace->accumulator(statistics);
        for (std::size_t c = 0; c < n; ++c) {
          write(parts, c, parts.at(kMovingMean, c, 0), parts.at(kMovingVariance, c, 1), out);
        }
      };
      planner.emit(single<T>(0, from_moving), reads, writes);
      return statistics;
    }
    const AccumulatorInfo info{block_samples(parts.rows_per_sample), 2 * n};
    const std::size_t moments = emit_moments(planner, parts, x, info);
    reads.push_back(accumulator_resource(moments));
    parts.reads(kMovingMean, writes);
    parts.reads(kMovingVariance, writes);
    planner.updates_state();
    auto finish = [=](Step<T>& step, T*) {
      const double* block = step.workspace->accumulator(moments);
      double* out = step.workspace->accumulator(statistics);
      const std::size_t blocks = divide_up(step.samples, info.block_samples);
      T* moving_mean = parts.weights[kMovingMean]->packed();
      T* moving_variance = parts.weights[kMovingVariance]->packed();
      const T keep = static_cast<T>(parts.momentum), take = static_cast<T>(1 - parts.momentum);
      for (std::size_t c = 0; c < n; ++c) {
        // Chan, Golub & LeVeque, The American Statistician 37 (1983) 242, equation 2.1.
        double count = 0, mean = 0, squares = 0;
        for (std::size_t b = 0; b < blocks; ++b) {
          const std::size_t samples =
              std::min(info.block_samples, step.samples - b * info.block_samples);
          const auto more = static_cast<double>(samples * parts.rows_per_sample);
          const double delta = block[b * 2 * n + c] - mean, total = count + more;
          mean += delta * (more / total);
          squares += block[b * 2 * n + n + c] + delta * delta * (count * more / total);
          count = total;
        }
        const double variance = squares / count;
        write(parts, c, mean, variance, out);
        moving_mean[c] = moving_mean[c] * keep + static_cast<T>(mean) * take;
        moving_variance[c] = moving_variance[c] * keep + static_cast<T>(variance) * take;
      }
    };
    planner.emit(single<T>(0, finish), reads, writes);
    return statistics;
  }

  template <class T>
  static void write(const Parts<T>& parts, std::size_t c, double mean, double variance,
                    double* statistics) noexcept {
    const double sigma = std::sqrt(variance + parts.epsilon);
    statistics[c] = mean;
    statistics[parts.n + c] = parts.at(kGamma, c, 1) / sigma;
    statistics[2 * parts.n + c] = sigma;
  }

  // By block: each column's mean and sum of squares about it.
  template <class T>
  static std::size_t emit_moments(Planner<T>& planner, const Parts<T>& parts, std::size_t x,
                                  const AccumulatorInfo& info) {
    const std::size_t n = parts.n, rows_per_sample = parts.rows_per_sample;
    const std::size_t moments = planner.new_accumulator(info);
    auto body = [=](Step<T>& step, std::size_t first, std::size_t samples, double* out, T* mean) {
      const auto& table = kernels::table<T>();
      const T* const* rows = step.row_pointers(x) + first * rows_per_sample;
      const std::size_t count = samples * rows_per_sample;
      T* squares = mean + n;
      std::fill_n(mean, 2 * n, T{0});
      for (std::size_t r = 0; r < count; ++r) table.elementwise.add(mean, rows[r], mean, n);
      table.elementwise.scale(mean, n, T{1} / static_cast<T>(count));
      for (std::size_t r = 0; r < count; ++r) table.columns.add_squares(rows[r], mean, squares, n);
      std::copy_n(mean, 2 * n, out);
    };
    const double flops = 4.0 * static_cast<double>(n * rows_per_sample);
    planner.emit(by_blocks<T>(
                     moments, info, 2 * n, flops, [](Step<T>&, T*) {}, body),
                 {tensor_resource(x)}, {accumulator_resource(moments)});
    return moments;
  }

  // By block: each column's sums of dY and of dY (X - m).
  template <class T>
  static std::size_t emit_sums(Planner<T>& planner, std::size_t i, const Parts<T>& parts,
                               const AccumulatorInfo& info) {
    const std::size_t n = parts.n, rows_per_sample = parts.rows_per_sample;
    const std::size_t x = planner.value(parts.node.inputs[0]), dy = planner.gradient(i);
    const std::size_t sums = planner.new_accumulator(info), statistics = planner.layer_state(i);
    auto setup = [=](Step<T>& step, T* scratch) {
      std::copy_n(step.workspace->accumulator(statistics), n, scratch);
    };
    auto body = [=](Step<T>& step, std::size_t first, std::size_t samples, double* out,
                    T* scratch) {
      const auto& columns = kernels::table<T>().columns;
      T* made = scratch + n;
      std::fill_n(made, 2 * n, T{0});
      for (std::size_t r = first * rows_per_sample; r < (first + samples) * rows_per_sample; ++r) {
        columns.add_products(step.data(dy) + r * step.info(dy).ld, step.row_pointers(x)[r], scratch,
                             made, made + n, n);
      }
      std::copy_n(made, 2 * n, out);
    };
    const double flops = 4.0 * static_cast<double>(n * rows_per_sample);
    planner.emit(by_blocks<T>(sums, info, 3 * n, flops, setup, body),
                 {tensor_resource(x), tensor_resource(dy), accumulator_resource(statistics)},
                 {accumulator_resource(sums)});
    return sums;
  }

  template <class T>
  static void emit_data(Planner<T>& planner, std::size_t i, const Parts<T>& parts,
                        std::size_t means) {
    const std::size_t n = parts.n, statistics = planner.layer_state(i);
    const std::size_t x = planner.value(parts.node.inputs[0]), dy = planner.gradient(i);
    const auto to = planner.contribute(parts.node.inputs[0], true);
    const std::size_t dx = to.tensor;
    const bool of_batch = parts.of_batch;
    std::vector<Resource> reads = {tensor_resource(x), tensor_resource(dy),
                                   accumulator_resource(statistics)};
    if (of_batch) reads.push_back(accumulator_resource(means));
    // shift, scale, level, slope, and a row
    auto setup = [=](Step<T>& step, T* scratch) {
      std::copy_n(step.workspace->accumulator(statistics), 2 * n, scratch);
      if (of_batch) {
        std::copy_n(step.workspace->accumulator(means), 2 * n, scratch + 2 * n);
      } else {
        std::fill_n(scratch + 2 * n, 2 * n, T{0});
      }
    };
    auto body = [=](Step<T>& step, std::size_t row, std::size_t rows, T* scratch) {
      const auto& table = kernels::table<T>();
      for (std::size_t r = row; r < row + rows; ++r) {
        T* out = step.data(dx) + r * step.info(dx).ld;
        T* made = to.accumulate ? scratch + 4 * n : out;
        table.columns.standardize_backward(step.data(dy) + r * step.info(dy).ld,
                                           step.row_pointers(x)[r], scratch, scratch + n,
                                           scratch + 2 * n, scratch + 3 * n, made, n);
        if (to.accumulate) table.elementwise.add(out, made, out, n);
      }
      apply_epilogue(step, to.epilogue, dx, row, rows, 0, n);
    };
    planner.emit(rowwise_prepared(planner, dy, 6, 5 * n, setup, body), reads,
                 {tensor_resource(dx)});
  }
};

PRONGHORN_REGISTER_LAYER(batch_normalization, BatchNormalization);

}  // namespace
}  // namespace pronghorn
