// Polynomials and reduction constants of body/math.hpp.
//
// Polynomials without another source are our own minimax fits (Remez exchange in 60-digit
// arithmetic, relative error of the function they serve), lowest power first:
//   kExp   (e^r - 1 - r) / r^2 on |r| <= 0.36, weight |r|: 2^-25.8 and 2^-61
//   kLog   float: (log(1+f) - f + f^2/2) / f^3 on sqrt(1/2)-1 <= f <= sqrt(2)-1: 2^-27.3
//          double: coefficients of fdlibm's e_log.c (Sun Microsystems, 1993), error < 2^-58
//   kErf   erf(x)/x in x^2 for |x| <= kErfSmall: 2^-31.7 and 2^-62.7
//   kErfc  e^(x^2) erfc(x) (x + c) in t = (x - c)/(x + c) for 0 <= x <= 11 and 28, c = kErfcCentre:
//          2^-28.3 and 2^-58 (the map of Shepherd & Laframboise, Math. Comp. 36 (1981) 249)
#pragma once

namespace pronghorn::kernels::PRONGHORN_ISA {

template <class T>
struct MathConstants;

template <>
struct MathConstants<float> {
  // ln 2 = high + low; high has 9 bits, so k * high is exact (Cody & Waite; split as in Cephes).
  static constexpr float kLn2High = 0.693359375f;
  static constexpr float kLn2Low = -2.12194440e-4f;
  // Beyond these exp is infinite or rounds to zero.
  static constexpr float kExpMax = 89.0f;
  static constexpr float kExpMin = -105.0f;
  static constexpr float kExpm1Min = -18.0f;  // expm1 is -1 from here down
  static constexpr float kTanhMax = 9.5f;     // tanh is 1 from here up
  static constexpr float kErfSmall = 0.9f;
  static constexpr float kErfMax = 11.0f;  // erfc is zero from here up
  static constexpr float kErfcCentre = 3.0f;
  static constexpr float kExp[] = {0x1p-1f, 0x1.555494p-3f, 0x1.555462p-5f, 0x1.123df4p-7f,
                                   0x1.6dba54p-10f};
  static constexpr float kLog[] = {0x1.55554ap-2f,  -0x1.000222p-2f, 0x1.99a5a2p-3f,
                                   -0x1.54783ap-3f, 0x1.226cfep-3f,  -0x1.0ce27ap-3f,
                                   0x1.07db04p-3f,  -0x1.41fbd8p-4f};
  static constexpr float kErf[] = {0x1.20dd76p+0f,  -0x1.812744p-2f, 0x1.ce2e54p-4f,
                                   -0x1.b81524p-6f, 0x1.550a4ap-8f,  -0x1.aca3a4p-11f,
                                   0x1.6510b6p-14f};
  static constexpr float kErfc[] = {
      0x1.12f21ep+0f,  -0x1.c44c48p-1f,  0x1.2e3266p-1f, -0x1.3deabap-2f,  0x1.e99844p-4f,
      -0x1.b7c5d4p-6f, -0x1.42d29ep-10f, 0x1.93f53cp-9f, -0x1.f10e0cp-12f, -0x1.50155ep-12f};
};

template <>
struct MathConstants<double> {
  // High has 33 bits (fdlibm's split).
  static constexpr double kLn2High = 6.93147180369123816490e-01;
  static constexpr double kLn2Low = 1.90821492927058770002e-10;
  static constexpr double kExpMax = 710.0;
  static constexpr double kExpMin = -746.0;
  static constexpr double kExpm1Min = -40.0;
  static constexpr double kTanhMax = 20.0;
  static constexpr double kErfSmall = 1.0;
  static constexpr double kErfMax = 28.0;
  static constexpr double kErfcCentre = 4.0;
  static constexpr double kExp[] = {0x1p-1,
                                    0x1.555555555555bp-3,
                                    0x1.555555555555dp-5,
                                    0x1.111111110ed54p-7,
                                    0x1.6c16c16c135f4p-10,
                                    0x1.a01a01b3ee702p-13,
                                    0x1.a01a01b504ab2p-16,
                                    0x1.71dded826affep-19,
                                    0x1.27e4bcb5d730dp-22,
                                    0x1.af727ea5a284ep-26,
                                    0x1.1fa2be8ac2fb2p-29};
  // log(1+f) = f - f^2/2 + s (f^2/2 + z * polynomial(z)), s = f/(2+f), z = s^2.
  static constexpr double kLog[] = {6.666666666666735130e-01, 3.999999999940941908e-01,
                                    2.857142874366239149e-01, 2.222219843214978396e-01,
                                    1.818357216161805012e-01, 1.531383769920937332e-01,
                                    1.479819860511658591e-01};
  static constexpr double kErf[] = {
      0x1.20dd750429b6dp+0,  -0x1.812746b0379e6p-2,  0x1.ce2f21a042b21p-4,  -0x1.b82ce312849afp-6,
      0x1.565bcd0db0530p-8,  -0x1.c02db3d8f264ep-11, 0x1.f9a321a195b9dp-14, -0x1.f4d1df40274b3p-17,
      0x1.b9def1de3f8ebp-20, -0x1.5f1d38354a7c9p-23, 0x1.f7a41b6768ef8p-27, -0x1.386acc14bb471p-30,
      0x1.0579a08899394p-34};
  static constexpr double kErfc[] = {
      0x1.18932bf08e154p+0,   -0x1.f3fe31ecb49c0p-1,  0x1.8be202d26c702p-1,   -0x1.14eacb1ad02e0p-1,
      0x1.52cac237102f5p-2,   -0x1.645fd8a4bf3e6p-3,  0x1.38dbd2c8d9c3fp-4,   -0x1.b00c052a9b14ep-6,
      0x1.908f4729e6723p-8,   -0x1.269b55af11a3fp-12, -0x1.dd2847599e3acp-12, 0x1.72cdcd25dd72ap-13,
      -0x1.e7e56d8c770d3p-19, -0x1.3c72a4ea91cfbp-16, 0x1.3b065b828c017p-18,  0x1.7eca8b6937465p-20,
      -0x1.c6206c6f6e0d5p-21, -0x1.4e3ac2db6ce1ap-24, 0x1.09fac266b799dp-23,  0x1.5139cd67cded3p-29,
      -0x1.087e5d594779dp-26, -0x1.5fba1c5202b0dp-32, 0x1.1da9c8e03f56fp-30};
};

}  // namespace pronghorn::kernels::PRONGHORN_ISA
