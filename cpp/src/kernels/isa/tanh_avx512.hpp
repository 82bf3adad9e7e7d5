// tanh of floats by a table: AVX-512 looks 32 entries up in one instruction, where the quotient
// that other instruction sets compute (body/math.hpp) waits for the divider.
//
// |x| below 10 lies in one of 30 intervals, [0, 1/16) and quarters of octaves, which the exponent
// and the first two bits of the mantissa tell apart: modulo 32 they are the place in the table.
// There stand the interval's centre c and a polynomial in |x| - c, lowest power first, which
// interpolates tanh at the Chebyshev nodes of the interval (tanh x / x in x^2 for the first),
// computed with 40 digits; the last constant is rounded up, so that tanh reaches 1. With the
// coefficients' rounding, 2 ULP.
#pragma once

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace detail {

constexpr int kTanhPowers = 6;
struct TanhTable {
  alignas(64) float centre[32];
  alignas(64) float power[kTanhPowers][32];
};
constexpr TanhTable kTanhTable = {
    {0x1.2p+1f, 0x1.6p+1f, 0x1.ap+1f, 0x1.ep+1f, 0x1.2p+2f, 0x1.6p+2f, 0x1.ap+2f, 0x1.ep+2f,
     0x1.2p+3f, 0,         0,         0,         0x1.2p-4f, 0x1.6p-4f, 0x1.ap-4f, 0x1.ep-4f,
     0x1.2p-3f, 0x1.6p-3f, 0x1.ap-3f, 0x1.ep-3f, 0x1.2p-2f, 0x1.6p-2f, 0x1.ap-2f, 0x1.ep-2f,
     0x1.2p-1f, 0x1.6p-1f, 0x1.ap-1f, 0x1.ep-1f, 0x1.2p+0f, 0x1.6p+0f, 0x1.ap+0f, 0x1.ep+0f},
    {{0x1.f4bfd6p-1f,
      0x1.fbd50ap-1f,
      0x1.fe767ap-1f,
      0x1.ff6f18p-1f,
      0x1.ffdfa6p-1f,
      0x1.fffbap-1f,
      0x1.ffff68p-1f,
      0x1.ffffecp-1f,
      0x1p+0f,
      0,
      0,
      0,
      0x1.1f86bep-4f,
      0x1.5f22d2p-4f,
      0x1.9e9356p-4f,
      0x1.ddd092p-4f,
      0x1.1e1ddp-3f,
      0x1.5c9308p-3f,
      0x1.9a5f1cp-3f,
      0x1.d7665cp-3f,
      0x1.18a39ap-2f,
      0x1.52c2c6p-2f,
      0x1.8a87e2p-2f,
      0x1.bfae6ap-2f,
      0x1.05087p-1f,
      0x1.3157ep-1f,
      0x1.5789p-1f,
      0x1.77d838p-1f,
      0x1.9e5cb6p-1f,
      0x1.c278a6p-1f,
      0x1.d9c6fcp-1f,
      0x1.e8789ep-1f},
     {0x1.64108ap-5f, 0x1.09a7a6p-6f,  0x1.88ef6ap-8f,  0x1.21a7bp-9f,   0x1.02bf32p-11f,
      0x1.18335p-14f, 0x1.2f6078p-17f, 0x1.487646p-20f, 0x1.05c30cp-24f, 0x1p+0f,
      0x1p+0f,        0x1p+0f,         0x1.fd7a22p-1f,  0x1.fc3cbep-1f,  0x1.fac13ep-1f,
      0x1.f9085ap-1f, 0x1.f601cap-1f,  0x1.f12bp-1f,    0x1.eb715ap-1f,  0x1.e4dfb2p-1f,
      0x1.d98b36p-1f, 0x1.c7f724p-1f,  0x1.b3ff2ep-1f,  0x1.9e23aep-1f,  0x1.7aeae6p-1f,
      0x1.49e6cp-1f,  0x1.197fcep-1f,  0x1.d834d2p-2f,  0x1.615002p-2f,  0x1.cea744p-3f,
      0x1.265e34p-3f, 0x1.6fcfa6p-4f},
     {-0x1.5c3a3cp-5f,
      -0x1.077906p-6f,
      -0x1.87b86ep-8f,
      -0x1.214eaap-9f,
      -0x1.02451ep-11f,
      -0x1.17bd96p-14f,
      -0x1.2ee32p-17f,
      -0x1.47eeep-20f,
      -0x1.fccc12p-25f,
      0,
      0,
      0,
      -0x1.1e1c0ap-4f,
      -0x1.5c8e36p-4f,
      -0x1.9a5416p-4f,
      -0x1.d75004p-4f,
      -0x1.18883cp-3f,
      -0x1.5279fep-3f,
      -0x1.89e50ep-3f,
      -0x1.be6cb8p-3f,
      -0x1.038f7p-2f,
      -0x1.2daf98p-2f,
      -0x1.4ff712p-2f,
      -0x1.6a1d38p-2f,
      -0x1.825de4p-2f,
      -0x1.897d22p-2f,
      -0x1.79c0e6p-2f,
      -0x1.5aa224p-2f,
      -0x1.1df056p-2f,
      -0x1.970ed2p-3f,
      -0x1.1064bap-3f,
      -0x1.5ee8aap-4f},
     {0x1.bbcddp-6f,   0x1.599588p-7f,  0x1.039786p-8f,  0x1.80e94ep-10f, 0x1.5881a8p-12f,
      0x1.754e5ep-15f, 0x1.9437d6p-18f, 0x1.b5a584p-21f, 0x1.58d0aep-25f, -0x1.555536p-2f,
      -0x1.555536p-2f, -0x1.555536p-2f, -0x1.4ea16p-2f,  -0x1.4b5adp-2f,  -0x1.477428p-2f,
      -0x1.42f17cp-2f, -0x1.3b134ep-2f, -0x1.2ea3fcp-2f, -0x1.202a34p-2f, -0x1.0fdf04p-2f,
      -0x1.e91ee6p-3f, -0x1.98587ep-3f, -0x1.4271f4p-3f, -0x1.d71f68p-4f, -0x1.bd0b34p-5f,
      0x1.d76bb6p-7f,  0x1.072cdep-4f,  0x1.8434a4p-4f,  0x1.c68d5p-4f,   0x1.97d7acp-4f,
      0x1.33dee6p-4f,  0x1.a85beap-5f},
     {-0x1.960204p-7f,
      -0x1.51959cp-8f,
      -0x1.0374e4p-9f,
      -0x1.83e7ecp-11f,
      -0x1.69dadap-13f,
      -0x1.888ca2p-16f,
      -0x1.a91eb4p-19f,
      -0x1.cc4956p-22f,
      -0x1.a881acp-26f,
      0,
      0,
      0,
      0x1.7aa3e6p-5f,
      0x1.cb9816p-5f,
      0x1.0d55c6p-4f,
      0x1.33c776p-4f,
      0x1.6b051ap-4f,
      0x1.af9b74p-4f,
      0x1.ed77f8p-4f,
      0x1.11e9fp-3f,
      0x1.32dfc6p-3f,
      0x1.4fff78p-3f,
      0x1.5c02d4p-3f,
      0x1.5839ap-3f,
      0x1.39dad4p-3f,
      0x1.e93af8p-4f,
      0x1.47435ep-4f,
      0x1.633ac2p-5f,
      0x1.e50c1cp-9f,
      -0x1.599f88p-6f,
      -0x1.9b961ep-6f,
      -0x1.5596bp-6f},
     {0x1.04bcap-8f,   0x1.f586fap-10f, 0x1.93732ep-11f, 0x1.326e7ep-12f, 0x1.1cd2c4p-14f,
      0x1.358c28p-17f, 0x1.4f5058p-20f, 0x1.6b1048p-23f, 0x1.418c88p-27f, 0x1.106b92p-3f,
      0x1.106b92p-3f,  0x1.106b92p-3f,  0x1.05b81cp-3f,  0x1.00386cp-3f,  0x1.f36a56p-4f,
      0x1.e473eap-4f,  0x1.ca8fa4p-4f,  0x1.a261b2p-4f,  0x1.74a65ep-4f,  0x1.428bfap-4f,
      0x1.e3cc8ep-5f,  0x1.05c1eep-5f,  0x1.8439f6p-8f,  -0x1.193bb2p-6f, -0x1.6469cep-5f,
      -0x1.f8946ap-5f, -0x1.00c184p-4f, -0x1.b2b782p-5f, -0x1.0660b2p-5f, -0x1.37255ep-7f,
      0x1.70aabap-10f, 0x1.2dd5ecp-8f}}};

// The entry i mod 32 of each lane.
PRONGHORN_INLINE Vec<float> look_up(const float* table, IntVec<float> i) {
  return _mm512_maskz_permutex2var_ps(kAll16, load(table), reinterpret_cast<__m512i>(i),
                                      load(table + 16));
}

PRONGHORN_INLINE Vec<float> tanh_of_magnitude(Vec<float> a) {
  constexpr float kFirst = 0x1.cp-5f;  // the interval before 1/16 has the place of [0, 1/16)
  constexpr int kMantissaLeft = 21;
  const IntVec<float> place =
      reinterpret_cast<IntVec<float>>(max<float>(a, splat(kFirst))) >> kMantissaLeft;
  const Vec<float> t = a - look_up(kTanhTable.centre, place);
  Vec<float> sum = look_up(kTanhTable.power[kTanhPowers - 1], place);
  for (int p = kTanhPowers - 2; p >= 0; --p) {
    sum = fma<float>(sum, t, look_up(kTanhTable.power[p], place));
  }
  return sum;
}

}  // namespace detail
}  // namespace pronghorn::kernels::PRONGHORN_ISA
