// The way into each instruction set's own code. Which of these namespaces are defined is the
// build's choice (PRONGHORN_HAS_<ISA>); dispatch.cpp alone calls them.
#pragma once

#include "kernels/table.hpp"

#define PRONGHORN_DECLARE_ISA(isa)              \
  namespace pronghorn::kernels::isa {           \
  const Table<float>& float_table() noexcept;   \
  const Table<double>& double_table() noexcept; \
  }

PRONGHORN_DECLARE_ISA(baseline)
PRONGHORN_DECLARE_ISA(neon)
PRONGHORN_DECLARE_ISA(avx2)
PRONGHORN_DECLARE_ISA(avx512)

#undef PRONGHORN_DECLARE_ISA
