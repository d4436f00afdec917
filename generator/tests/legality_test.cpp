// Tests the rules of a configuration: the reason of each refusal, and that what is called legal then is.
#include "generator/legality.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "generator/tests/requested.hpp"
#include "golden/config/accel_fields.hpp"
#include "golden/tests/helpers.hpp"

namespace mixvec::inline generator {
namespace {

TEST(Legality, EachRuleGivesReasonAndNearest) {
  struct Case {
    int pe, lanes;
    const char* vec;
    const char* name;  // "" when pe, lanes or vec is at fault
    int value;
    const char* message;
  };
  for (const Case& c : {
           Case{0, 64, "mixed", "", 0, "--pe 0: below 1; nearest: --pe 1"},
           Case{5000, 64, "mixed", "", 0, "--pe 5000: above 4096; nearest: --pe 4096"},
           Case{64, 48, "mixed", "", 0, "--lanes 48: not a power of two; nearest: --lanes 64"},
           Case{64, 512, "mixed", "", 0, "--lanes 512: above 256; nearest: --lanes 256"},
           Case{64, 64, "diagonal", "", 0,
                "--vec diagonal: not mixed, row, column or a vector length; nearest: --vec mixed"},
           Case{64, 64, "12", "", 0, "--vec 12: not a power of two; nearest: --vec 16"},
           Case{64, 16, "32", "", 0,
                "--vec 32: above 16 (--lanes 16: a vector is no longer than a PE has lanes); nearest: --vec 16"},
           Case{64, 64, "mixed", "sets", 5, "--sets 5: does not divide --pe 64; nearest: --sets 4"},
           Case{64, 64, "mixed", "sets", 0, "--sets 0: below 1; nearest: --sets 1"},
           Case{256, 64, "mixed", "sets", 128,
                "--sets 128: above 64: every set needs an activation bank of its own in each cycle, and there are at "
                "most "
                "64 banks; nearest: --sets 64"},
           Case{67, 64, "mixed", "positions", 1,
                "--positions 1: leaves 67 sets, but there are at most 64 activation banks; nearest: --positions 67"},
           Case{64, 64, "mixed", "positions", 7, "--positions 7: does not divide --pe 64; nearest: --positions 8"},
           Case{64, 64, "mixed", "assoc", 0, "--assoc 0: below 1; nearest: --assoc 1"},
           Case{64, 64, "mixed", "assoc", 3, "--assoc 3: not a power of two; nearest: --assoc 4"},
           Case{64, 64, "mixed", "assoc", 32, "--assoc 32: above 16; nearest: --assoc 8"},
           Case{64, 64, "mixed", "assoc", 16,
                "--assoc 16: does not divide the 8 sets: clusters have as many sets each; nearest: --assoc 8"},
           Case{6, 64, "mixed", "assoc", 2,
                "--assoc 2: does not divide the 3 sets: clusters have as many sets each; nearest: --assoc 1"},
           Case{64, 64, "mixed", "drains", 16, "--drains 16: above 8; nearest: --drains 8"},
           Case{6, 64, "mixed", "drains", 2,
                "--drains 2: does not divide the 3 sets: result ports serve as many sets each; nearest: --drains 1"},
           Case{1, 64, "mixed", "assoc", 2,
                "--assoc 2: does not divide the 1 set: clusters have as many sets each; nearest: --assoc 1"},
           Case{64, 64, "mixed", "vector_lanes", 6, "--vector-lanes 6: not a power of two; nearest: --vector-lanes 8"},
           Case{64, 16, "mixed", "vector_lanes", 32,
                "--vector-lanes 32: above 16 (--lanes 16); nearest: --vector-lanes 16"},
           Case{
               64, 256, "mixed", "vector_lanes", 128,
               "--vector-lanes 128: above 32: the codes of all classes share a 64-bit word, and a chain has at most 64 "
               "outputs; nearest: --vector-lanes 32"},
           Case{64, 256, "mixed", "token_lanes", 4,
                "--token-lanes 4: below 8: the codes of all classes share a 64-bit word, and a chain has at most 64 "
                "outputs; nearest: --token-lanes 8"},
           Case{64, 64, "mixed", "full_rate", 16,
                "--full-rate 16: above 8 (vector lanes 8): longer vectors fill the lanes anyway; nearest: --full-rate "
                "8"},
           Case{64, 256, "mixed", "substeps", 8,
                "--substeps 8: above 4: substeps times vector lanes 16 is above the 64 outputs of a column chain; "
                "nearest: "
                "--substeps 4"},
           Case{64, 64, "mixed", "substeps", 3, "--substeps 3: not a power of two; nearest: --substeps 4"},
           Case{64, 64, "mixed", "groups", 32, "--groups 32: above 16; nearest: --groups 16"},
           Case{64, 64, "mixed", "banks", 4,
                "--banks 4: below 8: 8 sets read different banks in one cycle, and 4 groups need a bank each; nearest: "
                "--banks 8"},
           Case{64, 64, "mixed", "banks", 128, "--banks 128: above 64; nearest: --banks 64"},
           Case{64, 64, "mixed", "depth", 3070,
                "--depth 3070: not a multiple of the 8 vector lanes; nearest: --depth 3072"},
           Case{64, 64, "mixed", "depth", 65536,
                "--depth 65536: above 65528: positions have 16 bits; nearest: --depth 65528"},
           Case{64, 64, "mixed", "depth", 3, "--depth 3: below one activation row of 8 inputs; nearest: --depth 8"},
           Case{64, 64, "mixed", "port_bits", 64,
                "--port-bits 64: below 128: a beat holds the 8 weights of a step; nearest: --port-bits 128"},
           Case{64, 64, "mixed", "port_bits", 500, "--port-bits 500: not a power of two; nearest: --port-bits 512"},
           Case{64, 64, "mixed", "mul_stages", 4, "--mul-stages 4: above 3; nearest: --mul-stages 3"},
           Case{64, 64, "mixed", "add_stages", 1, "--add-stages 1: below 2; nearest: --add-stages 2"},
           Case{64, 64, "mixed", "kv_depth", 0, "--kv-depth 0: below 1; nearest: --kv-depth 1"},
           Case{64, 64, "mixed", "fifo_beats", 1, "--fifo-beats 1: below 2; nearest: --fifo-beats 2"},
           Case{64, 64, "mixed", "fifo_beats", 65, "--fifo-beats 65: above 64; nearest: --fifo-beats 64"},
       }) {
    SCOPED_TRACE(c.message);
    ConfigRequest request;
    request[&AccelConfig::pe] = c.pe;
    request[&AccelConfig::lanes] = c.lanes;
    request.vec = c.vec;
    if (*c.name != '\0') slot(request, c.name) = c.value;
    const Resolution resolution = resolve_config(request);
    ASSERT_EQ(resolution.violations.size(), 1U);
    EXPECT_EQ(resolution.violations.front().message(), c.message);
    // What is called the nearest legal configuration must be legal.
    const Resolution again = resolve_config(shortest_request(resolution.config));
    EXPECT_TRUE(again.violations.empty());
    EXPECT_EQ(again.config, resolution.config);
    EXPECT_NE(message_of([&] { make_config(request); }).find(c.message), std::string::npos);
  }
}

TEST(Legality, EveryClusterSizeThatDividesTheSets) {
  int legal = 0;
  for (const int sets : {1, 2, 3, 4, 6, 8, 12, 16, 64}) {
    for (int assoc = 1; assoc <= 64; ++assoc) {
      ConfigRequest request;
      request[&AccelConfig::pe] = sets;
      request[&AccelConfig::sets] = sets;
      request[&AccelConfig::assoc] = assoc;
      const Resolution resolution = resolve_config(request);
      const bool good = std::has_single_bit(static_cast<unsigned>(assoc)) && assoc <= 16 && sets % assoc == 0;
      EXPECT_EQ(resolution.violations.empty(), good) << sets << " sets, assoc " << assoc;
      if (!good) continue;
      EXPECT_EQ(resolution.config.assoc, assoc);
      ++legal;
    }
  }
  EXPECT_EQ(legal, 1 + 2 + 1 + 3 + 2 + 4 + 3 + 5 + 5);
}

TEST(Legality, TheNarrowestPortHoldsTheWeightsOfAStep) {
  int checked = 0;
  for (const auto& [vector_lanes, port_bits] :
       std::vector<std::pair<int, int>>{{1, 64}, {2, 64}, {4, 64}, {8, 128}, {16, 256}, {32, 512}}) {
    ConfigRequest request;
    request[&AccelConfig::vector_lanes] = vector_lanes;
    request[&AccelConfig::port_bits] = 1;
    EXPECT_EQ(resolve_config(request).config.port_bits, port_bits) << vector_lanes;
    request[&AccelConfig::port_bits] = port_bits;
    EXPECT_EQ(make_config(request).port_bits, port_bits) << vector_lanes;
    ++checked;
  }
  EXPECT_EQ(checked, 6);
}

TEST(Legality, ReportsAllRulesAtOnce) {
  ConfigRequest request;
  request[&AccelConfig::lanes] = 48;
  request.dtype = "int8";
  request[&AccelConfig::groups] = 3;
  const std::string error = message_of([&] { make_config(request); });
  EXPECT_NE(error.find("--lanes 48"), std::string::npos);
  EXPECT_NE(error.find("--dtype int8: the packed format stores binary16 weights"), std::string::npos);
  EXPECT_NE(error.find("--groups 3: not a power of two; nearest: --groups 4"), std::string::npos);
  EXPECT_NE(error.find("nearest legal configuration: --pe 64 --vec mixed"), std::string::npos);
}

TEST(Legality, ContradictingPairsAreRefused) {
  ConfigRequest request;
  request[&AccelConfig::sets] = 4;
  request.positions = 8;
  EXPECT_NE(message_of([&] { make_config(request); }).find("--positions 8: sets times positions is not --pe 64"),
            std::string::npos);
  request = {};
  request[&AccelConfig::vector_lanes] = 4;
  request.token_lanes = 8;
  EXPECT_NE(message_of([&] { make_config(request); }).find("nearest: --token-lanes 16"), std::string::npos);
}

TEST(Legality, EveryRequestResolvesToALegalConfiguration) {
  int checked = 0;
  for (int pe : {-1, 1, 2, 3, 60, 67, 4096, 9999}) {
    for (int lanes : {-4, 1, 2, 7, 64, 256, 300}) {
      for (const char* vec : {"mixed", "row", "4", "999", "-1", ""}) {
        for (int value : {-100, 0, 1, 3, 16, 63, 64, 1000, 2000000000}) {
          ConfigRequest request;
          request[&AccelConfig::pe] = pe;
          request[&AccelConfig::lanes] = lanes;
          request.vec = vec;
          for (const AccelField& field : accel_fields()) {
            if (field.member != &AccelConfig::pe && field.member != &AccelConfig::lanes) request[field.member] = value;
          }
          const AccelConfig config = resolve_config(request).config;
          const Resolution again = resolve_config(shortest_request(config));
          ASSERT_TRUE(again.violations.empty()) << again.violations.front().message();
          ASSERT_EQ(again.config, config);
          ASSERT_GE(config.port_bits, 16 * config.vector_lanes);
          ASSERT_EQ(config.sets % config.assoc, 0);
          ASSERT_GE(config.banks, config.sets);
          ASSERT_EQ(config.sets * config.positions(), config.pe);
          ASSERT_EQ(config.vector_lanes * config.token_lanes(), config.lanes);
          // Lengths apart: the packer has a rule of its own for columns of which no chain holds a whole strip.
          auto format = static_cast<const FormatConfig&>(config);
          format.min_length = 1;
          ASSERT_NO_THROW(check_format(format));
          ++checked;
        }
      }
    }
  }
  EXPECT_EQ(checked, 8 * 7 * 6 * 9);
}

}  // namespace
}  // namespace mixvec::inline generator
