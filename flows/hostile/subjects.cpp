// Makes small good inputs and names what reads them.
#include "flows/hostile/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "flows/hostile/sandbox.hpp"
#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/cli/cli.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"

namespace mixvec::inline flows::hostile {

namespace fs = std::filesystem;

namespace {

/// A file of tensors with small Gaussian values.
class RandomTensors {
 public:
  explicit RandomTensors(std::uint64_t seed) : random_(seed) {}

  void add(const std::string& name, std::vector<std::size_t> shape) {
    std::size_t size = 1;
    for (const std::size_t n : shape) size *= n;
    std::vector<float> values(size);
    for (float& value : values) value = static_cast<float>(random_.gaussian() * 0.1);
    writer_.add(name, std::move(shape), std::span<const float>(values));
  }

  void write(const fs::path& path) const { writer_.write(path); }

 private:
  SafetensorsWriter writer_;
  Random random_;
};

/// A GPT-2 of characters with one layer of 16 channels.
void write_checkpoint(const fs::path& folder) {
  fs::create_directories(folder);
  constexpr std::size_t kHidden = 16;
  constexpr std::size_t kVocabulary = 5;
  constexpr std::size_t kPositions = 8;
  write_file(folder / "config.json",
             R"({"model_type":"gpt2","n_embd":16,"n_layer":1,"n_head":2,"n_positions":8,"vocab_size":5,)"
             R"("n_inner":32,"layer_norm_epsilon":1e-5,"activation_function":"gelu_new","tie_word_embeddings":true,)"
             R"("scale_attn_weights":true,"architectures":["GPT2LMHeadModel"]})");
  write_file(folder / "vocab.json", R"({"a":0,"b":1,"c":2," ":3,"\n":4})");
  RandomTensors tensors(42);
  const auto add = [&](const std::string& name, std::vector<std::size_t> shape) {
    tensors.add(name, std::move(shape));
  };
  add("wte.weight", {kVocabulary, kHidden});
  add("wpe.weight", {kPositions, kHidden});
  for (const char* norm : {"ln_f.", "h.0.ln_1.", "h.0.ln_2."}) {
    add(norm + std::string("weight"), {kHidden});
    add(norm + std::string("bias"), {kHidden});
  }
  const std::tuple<const char*, std::size_t, std::size_t> matrices[] = {{"attn.c_attn.", kHidden, 3 * kHidden},
                                                                        {"attn.c_proj.", kHidden, kHidden},
                                                                        {"mlp.c_fc.", kHidden, 2 * kHidden},
                                                                        {"mlp.c_proj.", 2 * kHidden, kHidden}};
  for (const auto& [name, in, out] : matrices) {
    add(fmt::format("h.0.{}weight", name), {in, out});
    add(fmt::format("h.0.{}bias", name), {out});
  }
  tensors.write(folder / "model.safetensors");
}

/// A BERT of one layer of 8 channels with word pieces, a head of two classes and one of spans.
void write_encoder(const fs::path& folder) {
  fs::create_directories(folder);
  write_file(folder / "config.json",
             R"({"model_type":"bert","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":7,)"
             R"("intermediate_size":16,"max_position_embeddings":12,"id2label":{"0":"no","1":"yes"}})");
  write_file(folder / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\nb\n##b\n.\n");
  RandomTensors tensors(43);
  const auto add = [&](const std::string& name, std::vector<std::size_t> shape) {
    tensors.add(name, std::move(shape));
  };
  add("embeddings.word_embeddings.weight", {7, 8});
  add("embeddings.position_embeddings.weight", {12, 8});
  add("embeddings.token_type_embeddings.weight", {2, 8});
  const std::string layer = "encoder.layer.0.";
  for (const std::string& norm :
       {std::string("embeddings.LayerNorm"), layer + "attention.output.LayerNorm", layer + "output.LayerNorm"}) {
    add(norm + ".weight", {8});
    add(norm + ".bias", {8});
  }
  const std::tuple<std::string, std::size_t, std::size_t> matrices[] = {{layer + "attention.self.query", 8, 8},
                                                                        {layer + "attention.self.key", 8, 8},
                                                                        {layer + "attention.self.value", 8, 8},
                                                                        {layer + "attention.output.dense", 8, 8},
                                                                        {layer + "intermediate.dense", 16, 8},
                                                                        {layer + "output.dense", 8, 16},
                                                                        {"pooler.dense", 8, 8},
                                                                        {"classifier", 2, 8},
                                                                        {"qa_outputs", 2, 8}};
  for (const auto& [name, out, in] : matrices) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  }
  tensors.write(folder / "model.safetensors");
  SafetensorsWriter stored;
  const std::vector<float> values(24, 0.5F);
  stored.add("hidden_states.0", {3, 8}, std::span<const float>(values));
  stored.add("logits", {2}, std::span<const float>(values).first(2));
  stored.write(folder / "stored.safetensors");
}

constexpr const char* kQuestions = R"({"data":[{"paragraphs":[{"context":"a b. ab","qas":[)"
                                   R"({"id":"q","question":"a","answers":[{"text":"b","answer_start":2}]}]}]}]})";

constexpr const char* kBenchReport = R"({"passed":true,"tokens":2,"port_bits":64,"matrices":{"bytes_moved":100,)"
                                     R"("preloaded_bytes":10,"rows":[{"matrix":"layer.0.W_MA","direction":"row",)"
                                     R"("lengths":"4","kept":0.2,"cycles":100,"utilization":0.5,"bound":50.0,)"
                                     R"("bound_by":"port","compared":96,"mismatches":0}]}})";

constexpr const char* kTestPlan =
    R"({"kinds":{"k":{"configurations":"plan","folder":"{out}/{configuration}","build":[["true"]]}},)"
    R"("tests":[{"name":"t","kind":"k","command":["echo","{seed}","{pattern}"],"timeout":9}],)"
    R"("configurations":[{"name":"c","options":["x"],"tags":["y"]}],"patterns":[{"name":"p","options":["z"]}],)"
    R"("points":[{"name":"q","stage":"V1","checks":"all","tests":["t"]}],)"
    R"("lists":{"few":{"runs":[{"tests":["t"],"seeds":3,"cases":2}]}}})";

constexpr const char* kBins =
    R"({"about":"x","kinds":{"run":{"groups":{"way":["row","column"],"stall":["none","port"]},)"
    R"("crosses":[{"of":["way","stall"],"never":[["column","port"],["column","none"]],"because":"x"}]}}})";
constexpr const char* kSamples =
    R"({"configuration":"c","samples":[{"of":"run","in":{"way":["row"],"stall":["none","port"]}},)"
    R"({"of":"run","in":{"way":["column"]}}]})";

constexpr const char* kRtl =
    "module m (\n  input logic clk_i\n);\n  assign a = b[i] && (c ? 2'd1 : {2{d}}) < 4'(e);\n"
    "  always_ff @(posedge clk_i) begin\n    case (s)\n      2'd0: q <= f;\n      default: if (!g) q <= '0;\n"
    "    endcase\n  end\nendmodule\n";

constexpr const char* kCpp =
    "#include <map>\nnamespace n {\ntemplate <int N>\nbool f(int a, const std::map<int, int>& b) {\n"
    "  for (const auto& [c, d] : b) {\n    if (c < a + 0x1fU && !d) return g(\"x\", [&] { a = c ? 1 : N; });\n  }\n"
    "  switch (a) {\n    case 3:\n      break;\n  }\n  return a == 2;\n}\n}  // namespace n\n";
constexpr const char* kCppPlan =
    R"({"source": "project", "copy": ["code"], "mutate": [{"files": ["code/*.cpp"], "checks": "a"}], "longest": 5,)"
    R"( "builds": [{"name": "b", "commands": [["g++", "{source}/code/m.cpp"]]}],)"
    R"( "trials": [{"name": "t", "gtest": "{bin}/t"}, {"name": "r", "run": ["{out}/r"]}]})";

// Paths in it begin at the sources, which it only reads.
constexpr const char* kStudy =
    R"({"tokens":16,"models":[{"name":"m","checkpoint":"models/shakespeare-gpt2","measure":"perplexity",)"
    R"("step_seconds":0.1}],"accelerators":[{"name":"a","full_rate":4}],"methods":[{"name":"dense","accelerators":["a"]},)"
    R"({"name":"mixed","pattern":"mixed","recipe":"pruning/train/recipes/study.json","accelerators":["a"]}],)"
    R"("plans":{"quick":{"models":["m"],"seeds":[1,2],"checkpoint_every":9,"methods":[{"method":"dense"},)"
    R"({"method":"mixed","ratios":[0.5,0.8]}],"checks":[{"method":"mixed","against":"mixed","ratios":[0.5],"at_most":1,)"
    R"("against_ratio":0.8}]}},"published":[{"method":"mixed","ratio":0.8,"f1":80,"perplexity":30}]})";

void run_or_fail(const fs::path& binaries, const fs::path& folder, Case item) {
  const std::vector<std::string> wrong = [&] {
    item.limits = {};
    item.outputs = {"accel", "pruned", "p.mvp", "prune.json"};
    return check_case(item, binaries / item.program, folder);
  }();
  if (!wrong.empty()) fail_input("good inputs: {}: {}", item.program, wrong.front());
}

}  // namespace

void make_good_inputs(const fs::path& folder, const fs::path& binaries) {
  write_checkpoint(folder / "model");
  write_checkpoint(folder / "pairs");
  write_file(folder / "pairs/vocab.json", R"({"a":0,"b":1,"ab":2,"\u0120":3,"c":4})");
  write_file(folder / "pairs/merges.txt", "#version: 0.2\na b\n");
  write_file(folder / "pairs/passages.txt", "ab a b\nc abc\n");
  write_encoder(folder / "encoder");
  write_file(folder / "encoder/labels.tsv", "yes\ta b\n0\tab.\n");
  write_file(folder / "encoder/squad.json", kQuestions);
  write_file(folder / "mask.smtx", "4, 16, 12\n0 3 6 9 12\n0 5 9 1 6 10 2 7 11 3 8 15\n");
  write_file(folder / "text.txt", "abc cab\nabba cab abc\n");
  write_file(folder / "bench.json", kBenchReport);
  write_file(folder / "plan.json", kTestPlan);
  write_file(folder / "study.json", kStudy);
  write_file(folder / "bins.json", kBins);
  write_file(folder / "samples.json", kSamples);
  fs::create_directories(folder / "rtl");
  write_file(folder / "rtl" / "m.sv", kRtl);
  fs::create_directories(folder / "project/code");
  write_file(folder / "project/code/m.cpp", kCpp);
  write_file(folder / "cpp_plan.json", kCppPlan);
  const auto run = [&](const char* program, std::vector<std::string> arguments) {
    Case item;
    item.program = program;
    item.arguments = std::move(arguments);
    run_or_fail(binaries, folder, item);
  };
  run("gen_accel", {"--pe", "4", "--lanes", "16", "--depth", "256", "--out", "accel"});
  run("prune_model",
      {"--model", "model", "--accel", "accel", "--no-pictures", "--out", "pruned", "--json", "prune.json"});
  run("pack_model", {"--model", "pruned", "--accel", "accel", "--out", "p.mvp"});
  // Of the accelerator's folder the programs read this file only.
  for (const auto& entry : fs::directory_iterator(folder / "accel")) {
    if (entry.path().filename() != "config.json") fs::remove_all(entry.path());
  }
}

std::vector<Subject> list_subjects(const fs::path& binaries) {
  const InputFile model_config{"model/config.json", Format::kJson, 16};
  const InputFile model_tensors{"model/model.safetensors", Format::kSafetensors, 9};
  const InputFile pruned_tensors{"pruned/pruning.safetensors", Format::kSafetensors, 9};
  const InputFile accel{"accel/config.json", Format::kJson, 12};
  std::vector<Subject> subjects = {
      {"eval_model",
       {"--model", "model", "--text", "text.txt", "--context", "8", "--limit", "1", "--json", "r.json"},
       {"model", "text.txt"},
       {model_config, model_tensors, {"model/vocab.json", Format::kJson, 5}, {"text.txt", Format::kText}},
       {"r.json"}},
      // Its options are tried above.
      {.program = "eval_model",
       .arguments = {"--model", "pairs", "--task", "lambada", "--text", "pairs/passages.txt", "--arithmetic",
                     "binary32", "--json", "r.json"},
       .copied = {"pairs"},
       .inputs = {{"pairs/vocab.json", Format::kJson, 5},
                  {"pairs/merges.txt", Format::kText},
                  {"pairs/passages.txt", Format::kText}},
       .outputs = {"r.json"},
       .slow = true},
      {.program = "eval_model",
       .arguments = {"--model", "encoder", "--task", "classify", "--text", "encoder/labels.tsv", "--json", "r.json"},
       .copied = {"encoder"},
       .inputs = {{"encoder/config.json", Format::kJson, 8},
                  {"encoder/model.safetensors", Format::kSafetensors, 20},
                  {"encoder/vocab.txt", Format::kText},
                  {"encoder/labels.tsv", Format::kText}},
       .outputs = {"r.json"},
       .slow = true},
      {.program = "eval_model",
       .arguments = {"--model", "encoder", "--task", "classify", "--text", "encoder/stored.safetensors", "--json",
                     "r.json"},
       .copied = {"encoder"},
       .inputs = {{"encoder/stored.safetensors", Format::kSafetensors, 2}},
       .outputs = {"r.json"},
       .slow = true},
      {.program = "eval_model",
       .arguments = {"--model", "encoder", "--task", "spans", "--text", "encoder/squad.json", "--json", "r.json"},
       .copied = {"encoder"},
       .inputs = {{"encoder/squad.json", Format::kJson, 8}},
       .outputs = {"r.json"},
       .slow = true},
      {"gen_vectors",
       {"--program", "p.mvp", "--model", "pruned", "--tokens", "2", "--out", "v", "--json", "r.json"},
       {"p.mvp", "pruned"},
       {{"p.mvp", Format::kProgram, 24}, pruned_tensors},
       {"v", "r.json"}},
      {"prune_model",
       {"--model", "model", "--accel", "accel", "--no-pictures", "--out", "o", "--json", "r.json"},
       {"model", "accel"},
       {model_config, model_tensors, accel},
       {"o", "r.json"}},
      {.program = "prune_model",
       .arguments = {"--compare", "--model", "model", "--accel", "accel", "--pattern", "mixed unstructured 2:4",
                     "--text", "text.txt", "--last", "90", "--at", "bytes=60%", "--no-pictures", "--out", "o", "--json",
                     "r.json"},
       .copied = {"model", "accel", "text.txt"},
       .inputs = {{"model/vocab.json", Format::kJson, 5}, {"text.txt", Format::kText}},
       .outputs = {"o", "r.json"},
       .slow = true},
      {"pack_model",
       {"--model", "pruned", "--accel", "accel", "--out", "o.mvp", "--json", "r.json"},
       {"pruned", "accel"},
       {pruned_tensors, {"pruned/config.json", Format::kJson, 6}, accel},
       {"o.mvp", "r.json"}},
      {"sim_accel",
       {"--model", "pruned", "--accel", "accel", "--tokens", "4", "--csv", "r.csv", "--json", "r.json"},
       {"pruned", "accel"},
       {accel, pruned_tensors},
       {"r.csv", "r.json"}},
      {"mask_study",
       {"--masks", "mask.smtx", "--accel", "accel", "--lengths", "4", "--tokens", "2", "--csv", "r.csv", "--json",
        "r.json"},
       {"mask.smtx", "accel"},
       {{"mask.smtx", Format::kNumbers, 20}},
       {"r.csv", "r.json"}},
      {"gen_accel",
       {"--pe", "4", "--lanes", "16", "--out", "o", "--json", "r.json"},
       {},
       {},
       {"o", "r.json"},
       {"accel_pe4_lanes16_mixed", "accel_pe64_mixed"}},
      {"make_checkpoint", {"--size", "tiny", "--out", "o", "--json", "r.json"}, {}, {}, {"o", "r.json"}},
      // Each run would take seconds in programs that need not be installed: it is stopped by a library that is missing,
      // after all other checks, and may write nothing. Without --lib it takes one that may be there.
      {.program = "run_synth",
       .arguments = {"--top", "mv_fifo", "--lib", "nowhere.lib", "--out", "o", "--json", "r.json"},
       .defaults = {"o", "r.json"},
       .complete = false},
      // It runs what a plan says: only the reading is tried.
      {"run_regress",
       {"--plan", "plan.json", "--list", "few", "--out", "o", "--seed", "1", "--dry-run", "--json", "r.json"},
       {"plan.json"},
       {{"plan.json", Format::kJson, 40}},
       {"r.json"}},
      // It runs for minutes: only the reading is tried.
      {.program = "run_study",
       .arguments = {"--quick", "--study", "study.json", "--text", "text.txt", "--out", "o", "--dry-run", "--json",
                     "r.json"},
       .copied = {"study.json", "text.txt"},
       .inputs = {{"study.json", Format::kJson, 20}},
       .outputs = {"r.json"},
       .any_text = true},
      // It builds and runs what its sources say: only the reading is tried.
      {"run_mutation",
       {"--list", "--count", "0", "--rtl", "rtl", "--json", "r.json"},
       {"rtl"},
       {{"rtl/m.sv", Format::kText}},
       {"r.json"}},
      {"run_mutation",
       {"--list", "--cpp", "--count", "0", "--plan", "cpp_plan.json", "--json", "r.json"},
       {"project", "cpp_plan.json"},
       {{"project/code/m.cpp", Format::kText}, {"cpp_plan.json", Format::kJson, 10}},
       {"r.json"}},
      {"check_bins",
       {"--plan", "bins.json", "--files", "samples.json", "--json", "r.json"},
       {"bins.json", "samples.json"},
       {{"bins.json", Format::kJson, 20}, {"samples.json", Format::kJson, 12}},
       {"r.json"}},
      {.program = "train_model",
       .arguments = {"--text",  "text.txt", "--layers", "1", "--heads",   "1", "--embd", "8", "--positions", "4",
                     "--steps", "1",        "--batch",  "1", "--threads", "1", "--out",  "o", "--json",      "r.json"},
       .copied = {"text.txt"},
       .outputs = {"o", "r.json"},
       .any_text = true,
       .slow = true},
      {.program = "train_model",
       .arguments = {"--task", "span", "--init", "encoder", "--squad", "encoder/squad.json", "--squad-held-out",
                     "encoder/squad.json", "--steps", "1", "--batch", "1", "--threads", "1", "--out", "o", "--json",
                     "r.json"},
       .copied = {"encoder"},
       .inputs = {{"encoder/config.json", Format::kJson, 8},
                  {"encoder/model.safetensors", Format::kSafetensors, 20},
                  {"encoder/vocab.txt", Format::kText},
                  {"encoder/squad.json", Format::kJson, 8}},
       .outputs = {"o", "r.json"},
       .slow = true},
  };
  std::erase_if(subjects, [&](const Subject& subject) { return !fs::exists(binaries / subject.program); });
  return subjects;
}

}  // namespace mixvec::inline flows::hostile
