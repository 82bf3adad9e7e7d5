// The thread team: every member runs, the barrier orders phases, shares cover all tasks once.
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/team.hpp"

namespace pronghorn {
namespace {

TEST(Team, RunsEveryMemberOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    std::vector<std::atomic<int>> runs(static_cast<std::size_t>(threads));
    std::atomic<int> size{0};
    Team::run(threads, [&](int thread, int team, Barrier&) {
      runs[static_cast<std::size_t>(thread)].fetch_add(1);
      size.store(team);
    });
    ASSERT_LE(size.load(), threads);
    for (int t = 0; t < size.load(); ++t) EXPECT_EQ(runs[static_cast<std::size_t>(t)].load(), 1);
  }
}

// Each member adds to a plain cell in turn; without the barrier's ordering the sums would differ.
TEST(Barrier, OrdersPhases) {
  constexpr int kRounds = 2000;
  for (const int threads : {2, 3, 5}) {
    std::vector<int> cells(static_cast<std::size_t>(threads) * 16, 0);
    std::atomic<int> wrong{0};
    Team::run(threads, [&](int thread, int team, Barrier& barrier) {
      for (int round = 0; round < kRounds; ++round) {
        cells[static_cast<std::size_t>(thread) * 16] = round;
        barrier.wait();
        for (int t = 0; t < team; ++t) {
          if (cells[static_cast<std::size_t>(t) * 16] != round) wrong.fetch_add(1);
        }
        barrier.wait();
      }
    });
    EXPECT_EQ(wrong.load(), 0);
  }
}

TEST(Share, CoversEveryTaskOnce) {
  for (const std::size_t count : {0u, 1u, 2u, 7u, 64u}) {
    for (const int threads : {1, 2, 3, 8}) {
      std::size_t next = 0;
      for (int t = 0; t < threads; ++t) {
        const Share share = share_of(count, t, threads);
        EXPECT_EQ(share.begin, next);
        EXPECT_LE(share.end - share.begin, count / static_cast<std::size_t>(threads) + 1);
        next = share.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

TEST(Threads, RejectsNegativeCounts) {
  EXPECT_THROW(set_num_threads(-1), std::invalid_argument);
  set_num_threads(3);
  EXPECT_EQ(max_threads(), 3);
  set_num_threads(0);
  EXPECT_GE(max_threads(), 1);
}

}  // namespace
}  // namespace pronghorn
