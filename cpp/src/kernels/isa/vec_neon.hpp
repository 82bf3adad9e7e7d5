// NEON (64-bit Arm) shell of body/vec.hpp, which states what each function does. Loops over lanes
// become single instructions here, so no intrinsics are needed.
#pragma once

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr bool kFused = true;

template <class T>
PRONGHORN_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  return generic::fma<T>(a, b, c);
}

template <class T>
PRONGHORN_INLINE Vec<T> sqrt(Vec<T> v) {
  return generic::sqrt<T>(v);
}

template <class T>
PRONGHORN_INLINE Vec<T> divide_by_root(Vec<T> a, Vec<T> v, T epsilon) {
  return a / (sqrt<T>(v) + epsilon);
}

template <class T>
PRONGHORN_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {
  return generic::min<T>(a, b);
}

template <class T>
PRONGHORN_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {
  return generic::max<T>(a, b);
}

template <class T>
PRONGHORN_INLINE Vec<T> scale_exponent(Vec<T> v, Vec<T> k) {
  return generic::scale_exponent<T>(v, k);
}

template <class T>
PRONGHORN_INLINE Vec<T> load_first(const T* p, std::size_t n) {
  return generic::load_first<T>(p, n);
}

template <class T, class V>
PRONGHORN_INLINE void store_first(T* p, V v, std::size_t n) {
  generic::store_first<T>(p, v, n);
}

PRONGHORN_INLINE UintVec<double> multiply_wide(UintVec<double> a, UintVec<double> b) {
  return generic::multiply_wide(a, b);
}

template <class T, int Count>
PRONGHORN_INLINE Vec<T> repeat(const T* p) {
  return generic::repeat<T, Count>(p);
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
