// The product of two matrices in ordinary arrays, for what users compute themselves.
#pragma once

#include <cstddef>

namespace pronghorn {

// A matrix in row-major memory; `transposed`: the transpose of the (cols, rows) that lie there.
template <class T>
struct MatrixView {
  const T* data;
  std::size_t rows, cols;
  bool transposed;
};

// out (a.rows, b.cols) = A B. Cut into blocks by its shape alone, which a team computes, so that
// the result does not depend on the number of threads. a.cols must equal b.rows.
template <class T>
void multiply(const MatrixView<T>& a, const MatrixView<T>& b, T* out);

}  // namespace pronghorn
