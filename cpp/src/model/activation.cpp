#include "pronghorn/activation.hpp"

#include <algorithm>
#include <cstring>

#include "base/cpu.hpp"
#include "base/team.hpp"
#include "plan/planner.hpp"
#include "plan/thread_choice.hpp"

namespace pronghorn {
namespace {

// Operations that an element takes, about.
constexpr double kOperations = 10;

// Calls body(first_row, rows) for runs of rows that the members of a team share out.
template <class T, class Body>
void over_rows(std::size_t rows, std::size_t cols, const Body& body) {
  constexpr std::size_t kElements = 4096;
  const RowBlocks blocks{rows, std::max<std::size_t>(1, kElements / cols)};
  const int threads =
      blocks.count() < 2 ? 1 : threads_apart<T>(kOperations * static_cast<double>(rows * cols));
  if (threads == 1) {
    const FlushDenormals flush;
    body(0, rows);
    return;
  }
  Team::run(threads, [&](int thread, int team, Barrier&) {
    const Share share = share_of(blocks.count(), thread, team);
    if (share.begin == share.end) return;
    const std::size_t first = blocks.begin(share.begin);
    body(first, blocks.begin(share.end - 1) + blocks.size(share.end - 1) - first);
  });
}

}  // namespace

template <class T>
void activate(const ActivationSpec& spec, const T* x, std::size_t rows, std::size_t cols, T* y) {
  const auto act = bind_activation<T>(spec);
  if (rows == 0 || cols == 0) return;
  over_rows<T>(rows, cols, [&](std::size_t row, std::size_t count) {
    const std::size_t at = row * cols;
    if (act.kernel == nullptr) {
      std::memcpy(y + at, x + at, count * cols * sizeof(T));
    } else {
      act.kernel->forward(x + at, cols, y + at, cols, count, cols, act.params);
    }
  });
}

template <class T>
void activation_gradient(const ActivationSpec& spec, const T* x, const T* y, const T* dy,
                         std::size_t rows, std::size_t cols, T* dx) {
  const auto act = bind_activation<T>(spec);
  if (rows == 0 || cols == 0) return;
  over_rows<T>(rows, cols, [&](std::size_t row, std::size_t count) {
    const std::size_t at = row * cols;
    if (act.kernel == nullptr) {
      std::memcpy(dx + at, dy + at, count * cols * sizeof(T));
    } else {
      act.kernel->backward(x + at, cols, y + at, cols, dy + at, cols, dx + at, cols, count, cols,
                           act.params);
    }
  });
}

#define PRONGHORN_INSTANTIATE(T)                                                         \
  template void activate(const ActivationSpec&, const T*, std::size_t, std::size_t, T*); \
  template void activation_gradient(const ActivationSpec&, const T*, const T*, const T*, \
                                    std::size_t, std::size_t, T*);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
