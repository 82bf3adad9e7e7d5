#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/dispatch.hpp"

namespace {

using pronghorn::kernels::active_isa;
using pronghorn::kernels::compiled_isas;
using pronghorn::kernels::find_activation;
using pronghorn::kernels::find_loss;
using pronghorn::kernels::find_optimizer;
using pronghorn::kernels::supported_isas;
using pronghorn::kernels::table;

// Asks in a process of its own, because a choice is made once in each.
int active_under(const char* forced, const char* expected) {
  if (forced == nullptr) {
    unsetenv("PRONGHORN_ISA");
  } else {
    setenv("PRONGHORN_ISA", forced, 1);
  }
  const bool same = active_isa() == expected && table<float>().isa == std::string(expected) &&
                    table<double>().isa == std::string(expected);
  return same ? 0 : 1;
}

class DispatchTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(DispatchTest, EverySupportedIsaIsCompiled) {
  const std::vector<std::string> compiled = compiled_isas();
  const std::vector<std::string> supported = supported_isas();
  ASSERT_FALSE(supported.empty());
  auto place = compiled.begin();
  for (const std::string& isa : supported) {  // in the same order
    place = std::find(place, compiled.end(), isa);
    ASSERT_NE(place, compiled.end()) << isa;
  }
}

#if defined(__x86_64__)
TEST_F(DispatchTest, OneSourceMakesThreeIsasOnX86) {
  EXPECT_EQ(compiled_isas(), (std::vector<std::string>{"baseline", "avx2", "avx512"}));
}
#elif defined(__aarch64__)
TEST_F(DispatchTest, OneIsaOnAarch64) {
  EXPECT_EQ(compiled_isas(), std::vector<std::string>{"neon"});
}
#endif

// The name comes from the compiler's own feature macros inside the code, not from the table's key.
TEST_F(DispatchTest, TheCodeItselfTellsWhatItWasCompiledFor) {
  for (const std::string& isa : supported_isas()) {
    EXPECT_EQ(table<float>(isa).isa, isa);
    EXPECT_EQ(table<double>(isa).isa, isa);
  }
}

TEST_F(DispatchTest, VectorsAreAsWideAsTheIsa) {
  for (const std::string& isa : supported_isas()) {
    const std::size_t bytes = isa == "avx512" ? 64 : isa == "avx2" ? 32 : 16;
    EXPECT_EQ(table<float>(isa).vector, bytes / sizeof(float)) << isa;
    EXPECT_EQ(table<double>(isa).vector, bytes / sizeof(double)) << isa;
    EXPECT_EQ(table<float>(isa).panel, 2 * table<float>(isa).vector) << isa;
    EXPECT_GT(table<float>(isa).tile_rows, 0U) << isa;
  }
}

TEST_F(DispatchTest, TakesTheBestByDefault) {
  const std::string best = supported_isas().back();
  EXPECT_EXIT(std::exit(active_under(nullptr, best.c_str())), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::exit(active_under("", best.c_str())), testing::ExitedWithCode(0), "");
}

TEST_F(DispatchTest, TheVariableForcesEachIsa) {
  for (const std::string& isa : supported_isas()) {
    EXPECT_EXIT(std::exit(active_under(isa.c_str(), isa.c_str())), testing::ExitedWithCode(0), "")
        << isa;
  }
}

TEST_F(DispatchTest, AWrongVariableIsNamedWithTheChoices) {
  const auto message_and_exit = [] {
    setenv("PRONGHORN_ISA", "avx521", 1);
    try {
      active_isa();
    } catch (const std::invalid_argument& error) {
      std::fputs(error.what(), stderr);
      std::exit(3);
    }
    std::exit(0);
  };
  EXPECT_EXIT(message_and_exit(), testing::ExitedWithCode(3),
              "PRONGHORN_ISA='avx521'.*expected one of");
#if defined(__x86_64__)
  EXPECT_EXIT(message_and_exit(), testing::ExitedWithCode(3),
              "'baseline', 'avx2', 'avx512'.*Did you mean 'avx512'");
#endif
}

TEST_F(DispatchTest, AWrongVariableMayBeMended) {
  const auto mended = [] {
    setenv("PRONGHORN_ISA", "sse", 1);
    try {
      active_isa();
      std::exit(1);
    } catch (const std::invalid_argument&) {
    }
    const std::string first = supported_isas().front();
    std::exit(active_under(first.c_str(), first.c_str()));
  };
  EXPECT_EXIT(mended(), testing::ExitedWithCode(0), "");
}

TEST_F(DispatchTest, AnUnknownTableThrows) {
  EXPECT_THROW(table<float>("mmx"), std::invalid_argument);
  EXPECT_THROW(table<double>(""), std::invalid_argument);
}

TEST_F(DispatchTest, FindsEntriesByName) {
  for (const std::string& isa : supported_isas()) {
    const auto& kernels = table<float>(isa);
    for (std::size_t i = 0; i < kernels.activation_count; ++i) {
      EXPECT_EQ(find_activation(kernels, kernels.activations[i].name), &kernels.activations[i]);
    }
    for (std::size_t i = 0; i < kernels.loss_count; ++i) {
      EXPECT_EQ(find_loss(kernels, kernels.losses[i].name), &kernels.losses[i]);
    }
    for (std::size_t i = 0; i < kernels.optimizer_count; ++i) {
      EXPECT_EQ(find_optimizer(kernels, kernels.optimizers[i].name), &kernels.optimizers[i]);
    }
    EXPECT_EQ(find_activation(kernels, "no such activation"), nullptr);
    EXPECT_EQ(find_loss(kernels, ""), nullptr);
    EXPECT_EQ(find_optimizer(kernels, "adamm"), nullptr);
  }
}

}  // namespace
