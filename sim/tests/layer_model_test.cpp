// The cycle model of a layer's run: passes and matrices against what can be worked out by hand, and that all cycles are
// accounted for. That it is equal to the RTL shows tb_layer, in every run.
#include "sim/cycles/layer_model.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/layer/packed_layer.hpp"
#include "golden/layer/synthetic_network.hpp"
#include "sim/study/whole_layers.hpp"
#include "sim/tests/program_fixture.hpp"

namespace mixvec::inline sim {
namespace {

/// A small layer on an accelerator with one result port.
class LayerModelTest : public ::testing::Test {
 protected:
  LayerModelTest() {
    accel_.depth = 512;
    accel_.drains = 1;
    accel_.pe = 16;  // 16 tokens of a group
    accel_.settle();
    pruned_ = make_synthetic_network_layer({LayerFamily::kGpt2, 48, 3, 80, 0.5, {}, 7}, accel_);
    program_.format = static_cast<const FormatConfig&>(accel_);
    pack_layer(pruned_, program_);
  }

  /// Its plan_ is a new one.
  [[nodiscard]] LayerModel model(int vector_units) {
    accel_.vector_units = vector_units;
    plan_ = std::make_unique<LayerPlan>(std::vector<LayerSource>{layer_source(pruned_.layer, program_)}, accel_,
                                        SequenceRoom{64, 0});
    return LayerModel(*plan_);
  }

  /// Cycles of one vector instruction alone, on `groups` token groups.
  [[nodiscard]] std::uint64_t cycles_of(const VectorInstruction& instruction, std::uint32_t groups, int vector_units) {
    TileProgram program;
    program.array.resize(1);
    program.vector = {instruction, {}};
    program.high = groups * static_cast<std::uint32_t>(accel_.tokens_per_group());
    program.last_group = groups - 1;
    return model(vector_units).run(program).cycles;
  }

  AccelConfig accel_;
  PrunedLayer pruned_;
  Program program_;
  std::unique_ptr<LayerPlan> plan_;
};

// From run_i to the first beat 4 cycles; from the last one to run_done_o the way through the vector unit and 3 more.
constexpr std::uint64_t kAround = 4 + (13 + 2 * 2 + 4) + 3;

TEST_F(LayerModelTest, APassTakesACycleForEachBeatOfASlice) {
  VectorInstruction pass;
  pass.kind = VectorKind::kPass;
  pass.rows = 19;
  EXPECT_EQ(cycles_of(pass, 1, 1), 19 + kAround);
  EXPECT_EQ(cycles_of(pass, 3, 1), 3 * 19 + kAround);
  EXPECT_EQ(cycles_of(pass, 3, 2), 2 * 19 + kAround);
  EXPECT_EQ(cycles_of(pass, 3, 4), 19 + kAround);
  // Groups that are left out cost a cycle: rows are keys, 16 of a group, and meet the groups from their own on.
  pass.keys = pass.causal = true;
  EXPECT_EQ(cycles_of(pass, 2, 1), 2 * 19 + kAround);
}

TEST_F(LayerModelTest, ARootWaitsForEachGroup) {
  VectorInstruction root;
  root.kind = VectorKind::kRoot;
  EXPECT_EQ(cycles_of(root, 1, 1), 54 + kAround);
  EXPECT_EQ(cycles_of(root, 3, 1), 3 * 54 + 2 * 2 + kAround);
  EXPECT_EQ(cycles_of(root, 3, 4), 54 + kAround);
}

TEST_F(LayerModelTest, SlicesWriteSubBanksSideBySide) {
  VectorInstruction pass;
  pass.kind = VectorKind::kPass;
  pass.rows = static_cast<std::uint32_t>(accel_.vector_lanes);
  pass.to_attention = true;
  // Whole blocks: each slice is in another row of them.
  EXPECT_EQ(cycles_of(pass, 4, 4), pass.rows + kAround);
}

TEST_F(LayerModelTest, AMatrixTakesItsCyclesAndTheWayOfItsLastResult) {
  const LayerModel layer = model(1);
  TileProgram program = compile_layers(*plan_, {0, 0, 16});
  const LayerModelRun run = layer.run(program);
  for (std::size_t i = 0; i + 1 < program.array.size(); ++i) {
    if (program.array[i].kind != ArrayKind::kMatrix) continue;
    const ModelRun alone = layer.matrix(program.array[i].first_beat).run(16);
    EXPECT_EQ(run.array[i].end - run.array[i].begin, kMemoryLatency + alone.cycles + 21 + 2) << i;
  }
}

TEST_F(LayerModelTest, AllCyclesAreAccountedFor) {
  const LayerModel layer = model(2);
  const TileProgram program = compile_layers(*plan_, {0, 0, 50});
  for (const std::uint64_t seed : {0U, 1U, 2U}) {
    const LayerModelRun run = layer.run(program, Stalls::from_seed(seed));
    EXPECT_EQ(std::accumulate(run.use.begin(), run.use.end(), std::uint64_t{0}), run.cycles);
    EXPECT_GT(run.attention_issues, 0U);
    std::uint64_t before = 0;
    for (const InstructionSpan& span : run.vector) {
      EXPECT_GT(span.begin, before);
      EXPECT_GT(span.end, span.begin);
      before = span.end;
    }
    for (const InstructionSpan& span : run.array) EXPECT_GT(span.end, span.begin);
    EXPECT_EQ(layer.run(program, Stalls::from_seed(seed)).cycles, run.cycles);
  }
}

TEST_F(LayerModelTest, ZeroActivationsDropSteps) {
  const LayerModel layer = model(2);
  const TileProgram program = compile_layers(*plan_, {0, 0, 16});
  const std::vector<std::vector<std::uint8_t>> zeros(1, std::vector<std::uint8_t>(512));
  const LayerModelRun all = layer.run(program);
  const LayerModelRun some = layer.run(program, {}, zeros);
  EXPECT_EQ(all.skips, 0U);
  EXPECT_GT(some.skips, 0U);
  EXPECT_LT(some.matrix_issues, all.matrix_issues);
  EXPECT_LT(some.cycles, all.cycles);
}

TEST_F(LayerModelTest, ProgramsThatHangAreNoticed) {
  VectorInstruction pass;
  pass.kind = VectorKind::kPass;
  pass.rows = 1;
  pass.value = 1;  // no result ever lands
  EXPECT_THROW((void)cycles_of(pass, 1, 1), InputError);
}

TEST(WholeLayers, SetCyclesAddUp) {
  ConfigRequest request;
  request[&AccelConfig::pe] = 4;
  request[&AccelConfig::lanes] = 16;
  const AccelConfig accel = make_config(request);
  NetworkSpec spec = network_of(LayerFamily::kDecoder, 64, 2, accel);
  const std::vector<PrunedLayer> layers{make_synthetic_network_layer(spec, accel)};
  const WholeRun run = run_whole(accel, layers, {20, 2, 20, 0}, "generated decoder");
  EXPECT_EQ(run.memory.runs, 1U);
  EXPECT_EQ(run.decode.runs, 2U);
  const nlohmann::ordered_json json = whole_json(run);
  for (const char* phase : {"memory", "prefill", "decode"}) {
    std::uint64_t sum = 0;
    for (const auto& [name, cycles] : json[phase]["set_cycles"].items()) sum += cycles.get<std::uint64_t>();
    EXPECT_EQ(sum, json[phase]["cycles"].get<std::uint64_t>() * static_cast<std::uint64_t>(accel.sets)) << phase;
    EXPECT_GT(json[phase]["macs"].get<std::uint64_t>(), 0U) << phase;
  }
  EXPECT_NE(whole_table(run).find("decode: 2 runs"), std::string::npos);
  EXPECT_THROW(
      (void)run_whole(accel, {make_synthetic_network_layer(network_of(LayerFamily::kBert, 64, 2, accel), accel)},
                      {20, 2, 0, 0}, "generated bert"),
      InputError);
}

TEST_F(ProgramTest, SimAccelRunsWholeLayers) {
  const std::string command = "sim_accel --whole --hidden 64 --tokens 20";
  ASSERT_EQ(run(fmt::format("{} --layers 2 --decode 1 --json {}", command, at("two.json"))), 0) << log();
  EXPECT_NE(log().find("attention issue"), std::string::npos) << log();
  EXPECT_EQ(json("two.json")["decode"]["runs"], 1);
  ASSERT_EQ(run(fmt::format("{} --json {}", command, at("one.json"))), 0) << log();
  ASSERT_EQ(run(fmt::format("{} --stall-seed 3 --json {}", command, at("stalled.json"))), 0) << log();
  EXPECT_EQ(json("stalled.json")["macs"], json("one.json")["macs"]);
  EXPECT_NE(json("stalled.json")["cycles"], json("one.json")["cycles"]);  // its memory answers faster
  EXPECT_LT(json("one.json")["cycles"], json("two.json")["cycles"]);
  EXPECT_EQ(run("sim_accel --whole --sweep pe=16,32"), 2);
  EXPECT_EQ(run("sim_accel --whole --direction row"), 2);
  EXPECT_EQ(run("sim_accel --whole --family bert --hidden 64 --tokens 300"), 2);
  EXPECT_EQ(run("sim_accel --hidden 64 --heads 2"), 2);
  EXPECT_NE(log().find("--heads: found without --whole"), std::string::npos) << log();
}

TEST_F(ProgramTest, SimAccelSaysThatReluMakesItsCyclesAnUpperBound) {
  for (const char* family : {"gpt2", "bert", "encoder", "decoder"}) {
    const bool relu = std::string_view(family).ends_with("coder");
    ASSERT_EQ(run(fmt::format("sim_accel --whole --family {} --hidden 64 --tokens 8 --json {}", family, at("j"))), 0)
        << log();
    EXPECT_EQ(json("j")["upper_bound"], relu) << family;
    EXPECT_EQ(log().find("upper bound: ") != std::string::npos, relu) << log();
  }
}

TEST_F(ProgramTest, SimAccelRefusesWhatACheckpointDoesNotTake) {
  const std::string model = MIXVEC_SOURCE_DIR "/models/shakespeare-gpt2";
  const auto refused = [&](const std::string& options, const std::string& part) {
    EXPECT_EQ(run(fmt::format("sim_accel --model {} {}", model, options)), 2) << options;
    EXPECT_NE(log().find(part), std::string::npos) << options << log();
  };
  const std::string most = fmt::format("expected at most 256 (n_positions in {}/config.json)", model);
  refused("--whole --tokens 257", "--tokens: found 257 (those to decode included), " + most);
  refused("--whole --tokens 255 --decode 2", "--tokens: found 257 (those to decode included), " + most);
  refused("--whole --tokens 8 --layer 4", "--layer: found 4, expected 0 to 3");
  refused("--whole --tokens 8 --layer 3 --layers 2", "--layers: found 2, expected at most 1");
  EXPECT_EQ(run(fmt::format("sim_accel --model {} --whole --tokens 255 --decode 1", model)), 0) << log();
  refused("--whole --tokens 8 --seed 1", "--seed: found with --model and without --density");
  refused("--tokens 8 --seed 1", "--seed: found with --model and without --density");
  EXPECT_EQ(run(fmt::format("sim_accel --model {} --layer 0 --tokens 1 --density 0.5 --seed 2", model)), 0) << log();
  const std::vector<std::pair<std::string, std::string>> generated{
      {"hidden", "128"}, {"ratio", "0.8"}, {"lengths", "4"}, {"family", "gpt2"}, {"heads", "4"}, {"direction", "row"}};
  for (const auto& [name, value] : generated) {
    refused(fmt::format("--whole --tokens 8 --{} {}", name, value), fmt::format("--{}: found with --", name));
  }
}

TEST_F(ProgramTest, SimAccelRefusesTokensThatALayerThatIsNotCausalCannotTake) {
  const std::string command = "sim_accel --whole --family bert --hidden 64 ";
  EXPECT_EQ(run(command + "--tokens 4 --decode 2"), 2);
  EXPECT_NE(log().find("--decode: found 2, expected 0: layer.0 is not causal"), std::string::npos) << log();
  EXPECT_EQ(run(command + "--tokens 257"), 2);
  EXPECT_NE(log().find("--tokens: found 257, expected at most 256"), std::string::npos) << log();
}

TEST_F(ProgramTest, SimAccelNoticesBadOutputsBeforeTheWork) {
  // What is noticed only at the end does not name the option.
  const std::string command = "sim_accel --whole --hidden 64 --tokens 8 --json ";
  EXPECT_EQ(run(command + at("no/j")), 2);
  EXPECT_NE(log().find("--json " + at("no/j") + ": cannot write: folder"), std::string::npos) << log();
  EXPECT_EQ(run(command + at("")), 2);
  EXPECT_NE(log().find("--json " + at("") + ": found a folder"), std::string::npos) << log();
  EXPECT_EQ(run(command + "''"), 2);
  EXPECT_NE(log().find("--json: found an empty text"), std::string::npos) << log();
  for (const char* option : {"csv", "picture"}) {
    EXPECT_EQ(run(fmt::format("sim_accel --hidden 16 --tokens 4 --sweep pe=4,8 --{} {}", option, at(""))), 2);
    EXPECT_NE(log().find(fmt::format("--{} {}: found a folder", option, at(""))), std::string::npos) << log();
  }
}

}  // namespace
}  // namespace mixvec::inline sim
