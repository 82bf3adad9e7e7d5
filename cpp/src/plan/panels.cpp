#include "plan/panels.hpp"

#include <algorithm>
#include <cstring>

#include "base/memory.hpp"
#include "base/team.hpp"

namespace pronghorn {
namespace {

// Rows that are copied panel by panel: few enough that their pages stay in the first-level
// translation buffer, enough that a panel's part is worth a prefetch.
constexpr std::size_t kRows = 16;

// Calls copy(first_row, rows) for all rows.
template <class F>
void by_rows(const PanelLayout& layout, const F& copy) {
  constexpr double kSecondsPerElement = 1e-9;
  const std::size_t blocks = divide_up(layout.rows, kRows);
  const double seconds = static_cast<double>(layout.size()) * kSecondsPerElement;
  const int threads = seconds >= parallel_threshold() && blocks > 1 ? max_threads() : 1;
  if (threads == 1) {
    for (std::size_t b = 0; b < blocks; ++b) {
      copy(b * kRows, std::min(kRows, layout.rows - b * kRows));
    }
    return;
  }
  Team::run(threads, [&](int thread, int team, Barrier&) {
    const Share share = share_of(blocks, thread, team);
    for (std::size_t b = share.begin; b < share.end; ++b) {
      copy(b * kRows, std::min(kRows, layout.rows - b * kRows));
    }
  });
}

}  // namespace

template <class T>
void pack_run(const PanelLayout& layout, const T* row_major, std::size_t begin, std::size_t size,
              T* out) noexcept {
  const std::size_t end = begin + size;
  while (begin < end) {
    const std::size_t j =
        std::min(layout.rows == 0 ? 0 : begin / (layout.panel * layout.rows), layout.count() - 1);
    const std::size_t width = layout.width(j), filled = layout.filled(j);
    const std::size_t within = begin - layout.offset(j);
    const std::size_t row = within / width, column = within % width;
    const std::size_t count = std::min(width - column, end - begin);
    const std::size_t data = column < filled ? std::min(count, filled - column) : 0;
    std::memcpy(out, row_major + row * layout.cols + j * layout.panel + column, data * sizeof(T));
    std::memset(out + data, 0, (count - data) * sizeof(T));
    out += count;
    begin += count;
  }
}

template <class T>
void pack_together(const PanelLayout& layout, const T* row_major, T* packed) {
  by_rows(layout, [&](std::size_t first, std::size_t rows) {
    for (std::size_t j = 0; j < layout.count(); ++j) {
      const std::size_t width = layout.width(j), filled = layout.filled(j);
      T* out = packed + layout.offset(j) + first * width;
      const T* in = row_major + first * layout.cols + j * layout.panel;
      for (std::size_t i = 0; i < rows; ++i, out += width, in += layout.cols) {
        std::memcpy(out, in, filled * sizeof(T));
        std::memset(out + filled, 0, (width - filled) * sizeof(T));
      }
    }
  });
}

template <class T>
void unpack_together(const PanelLayout& layout, const T* packed, T* row_major) {
  by_rows(layout, [&](std::size_t first, std::size_t rows) {
    for (std::size_t j = 0; j < layout.count(); ++j) {
      const std::size_t width = layout.width(j), filled = layout.filled(j);
      const T* in = packed + layout.offset(j) + first * width;
      T* out = row_major + first * layout.cols + j * layout.panel;
      for (std::size_t i = 0; i < rows; ++i, in += width, out += layout.cols) {
        std::memcpy(out, in, filled * sizeof(T));
      }
    }
  });
}

#define PRONGHORN_INSTANTIATE(T)                                                               \
  template void pack_run(const PanelLayout&, const T*, std::size_t, std::size_t, T*) noexcept; \
  template void pack_together(const PanelLayout&, const T*, T*);                               \
  template void unpack_together(const PanelLayout&, const T*, T*);
PRONGHORN_INSTANTIATE(float)
PRONGHORN_INSTANTIATE(double)
#undef PRONGHORN_INSTANTIATE

}  // namespace pronghorn
