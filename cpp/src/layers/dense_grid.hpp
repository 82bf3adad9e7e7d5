// How the tile phases of a dense layer are cut into tasks.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/memory.hpp"

namespace pronghorn {

// Tasks of a phase: panels of columns, each cut into `cuts` runs of rows when there are too few
// panels to share evenly. How it is cut changes no result.
struct DenseGrid {
  std::size_t panels, cuts, rows, unit;  // cuts are multiples of `unit` rows

  DenseGrid(std::size_t panels_, std::size_t rows_, std::size_t unit_, int threads)
      : panels(panels_), cuts(1), rows(rows_), unit(unit_) {
    if (threads == 1) return;
    const auto n = static_cast<std::size_t>(threads);
    const std::size_t units = divide_up(rows, unit);
    if (panels % n != 0 && panels < 8 * n) cuts = std::max<std::size_t>(1, std::min(units, n));
  }
  std::size_t tasks() const noexcept { return rows == 0 ? 0 : panels * cuts; }
  // Divisions are what small products would mostly do.
  std::size_t panel(std::size_t task) const noexcept { return cuts == 1 ? task : task / cuts; }
  std::size_t begin(std::size_t task) const noexcept {
    if (cuts == 1) return 0;
    return std::min(rows, divide_up(rows, unit) * (task % cuts) / cuts * unit);
  }
  std::size_t end(std::size_t task) const noexcept {
    if (cuts == 1) return rows;
    return std::min(rows, divide_up(rows, unit) * (task % cuts + 1) / cuts * unit);
  }
};

}  // namespace pronghorn
