// Transposition of 16 x 16 floats with AVX-512: quarters of four rows are put together on the way
// from memory, for which the port that shuffles is not needed, and 4 x 4 blocks are then transposed
// within quarters, half as many shuffles as the rounds of body/transpose.hpp.
#pragma once

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace detail {

// p[0 .. 4), and those of the rows at 4, 8 and 12 times lds.
PRONGHORN_INLINE Vec<float> four_quarters(const float* p, std::size_t lds) {
  Vec<float> all = _mm512_castps128_ps512(_mm_loadu_ps(p));
  all = _mm512_maskz_insertf32x4(kAll16, all, _mm_loadu_ps(p + 4 * lds), 1);
  all = _mm512_maskz_insertf32x4(kAll16, all, _mm_loadu_ps(p + 8 * lds), 2);
  return _mm512_maskz_insertf32x4(kAll16, all, _mm_loadu_ps(p + 12 * lds), 3);
}

template <bool High>
PRONGHORN_INLINE Vec<float> zip_singles(Vec<float> a, Vec<float> b) {
  if constexpr (High) return _mm512_maskz_unpackhi_ps(kAll16, a, b);
  return _mm512_maskz_unpacklo_ps(kAll16, a, b);
}
template <bool High>
PRONGHORN_INLINE Vec<float> zip_pairs(Vec<float> a, Vec<float> b) {
  const __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
  if constexpr (High) return _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(kAll8, x, y));
  return _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(kAll8, x, y));
}

PRONGHORN_INLINE void transpose_16(const float* src, std::size_t lds, float* dst,
                                   std::size_t ldd) noexcept {
  for (int column = 0; column < 16; column += 4, src += 4) {
    asm("" : "+r"(src), "+r"(dst));  // else each row keeps a register or a place on the stack
    const Vec<float> a = four_quarters(src, lds), b = four_quarters(src + lds, lds);
    const Vec<float> c = four_quarters(src + 2 * lds, lds), d = four_quarters(src + 3 * lds, lds);
    const Vec<float> ab = zip_singles<false>(a, b), cd = zip_singles<false>(c, d);
    const Vec<float> ab_high = zip_singles<true>(a, b), cd_high = zip_singles<true>(c, d);
    store<float>(dst, zip_pairs<false>(ab, cd));
    store<float>(dst + ldd, zip_pairs<true>(ab, cd));
    store<float>(dst + 2 * ldd, zip_pairs<false>(ab_high, cd_high));
    store<float>(dst + 3 * ldd, zip_pairs<true>(ab_high, cd_high));
    dst += 4 * ldd;
  }
}

}  // namespace detail
}  // namespace pronghorn::kernels::PRONGHORN_ISA
