// Registration beside the definition: PRONGHORN_REGISTER(Definition) after a class template adds it
// to the table that the end of the same source builds with `count_registered` and `Registered`.
//
//   PRONGHORN_BEGIN_REGISTRY
//   template <class T> struct Relu { ... };
//   PRONGHORN_REGISTER(Relu)
//   ...
//   PRONGHORN_END_REGISTRY
//   template <class T> constexpr auto kTable = make_array<T, Entry>(Indices{});
#pragma once

#include "kernels/body/vec.hpp"

// The compiler's counter numbers the definitions in the order in which they stand.
#define PRONGHORN_BEGIN_REGISTRY                        \
  namespace {                                           \
  constexpr std::size_t kFirstNumber = __COUNTER__ + 1; \
  template <std::size_t Number>                         \
  struct Registered;                                    \
  }

#define PRONGHORN_REGISTER(Definition)            \
  namespace {                                     \
  template <>                                     \
  struct Registered<__COUNTER__ - kFirstNumber> { \
    template <class T>                            \
    using Type = Definition<T>;                   \
  };                                              \
  }

#define PRONGHORN_END_REGISTRY                                         \
  namespace {                                                          \
  constexpr std::size_t kRegisteredCount = __COUNTER__ - kFirstNumber; \
  using RegisteredIndices = MakeIndexList<kRegisteredCount>::Type;     \
  }
