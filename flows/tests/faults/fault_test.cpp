// Kills each program, or lets its calls fail, at every call that changes the file system: the old result or the new one
// is there, never half of one, and errors and signals leave nothing behind.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "flows/tests/faults/program_runner.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/tests/temporary_folder.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define MIXVEC_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MIXVEC_SANITIZED 1
#endif
#endif

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

/// All files below a folder with their contents, folders with a "/".
using Tree = std::map<std::string, std::string>;

Tree read_tree(const fs::path& folder) {
  Tree tree;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_directory()) {
      tree[name + "/"];
    } else {
      tree[name] = read_file(entry.path());
    }
  }
  return tree;
}

/// The part of a tree that belongs to one output: the file itself, or the folder and all that is in it.
Tree part_of(const Tree& tree, const std::string& output) {
  Tree part;
  for (const auto& [name, text] : tree) {
    if (name == output || name.starts_with(output + "/")) part[name] = text;
  }
  return part;
}

bool is_json(const std::string& text) { return text.ends_with("}\n") && nlohmann::json::accept(text); }

/// Equal, where a report that may hold times need only be whole.
bool same(const Tree& found, const Tree& expected) {
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(), [](const auto& a, const auto& b) {
    return a.first == b.first &&
           (a.second == b.second || (a.first.ends_with(".json") && is_json(a.second) && is_json(b.second)));
  });
}

struct Program {
  std::string name;
  std::vector<std::string> old_arguments;
  std::vector<std::string> new_arguments;
  std::vector<std::string> outputs;
};

class Faults : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryTestFolder>();
    fs::create_directories(folder_->path / "in" / "model");
    write_model(folder_->path / "in" / "model");
    const fs::path in = folder_->path / "in";
    const auto make = [&](const std::string& program, const std::vector<std::string>& arguments) {
      const Ended ended = run_program(in, program, arguments);
      ASSERT_EQ(ended.code, 0) << program << ": " << ended.err;
    };
    make("gen_accel", {"--pe", "4", "--lanes", "4", "--out", "accel"});
    make("prune_model", {"--model", "model", "--accel", "accel", "--vec", "4", "--out", "pruned", "--tokens", "4"});
    make("pack_model", {"--model", "pruned", "--accel", "accel", "--out", "one.mvp"});
  }

  static void TearDownTestSuite() { folder_.reset(); }

  static void write_model(const fs::path& folder) {
    constexpr std::size_t kHidden = 16;
    SafetensorsWriter writer;
    const auto add = [&](const std::string& name, const std::vector<std::size_t>& shape) {
      std::size_t size = 1;
      for (const std::size_t extent : shape) size *= extent;
      std::vector<float> values(size);
      for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>((i * 7919 + size) % 201) / 100.0F - 1.0F;
      writer.add(name, shape, values);
    };
    add("wte.weight", {8, kHidden});
    add("wpe.weight", {8, kHidden});
    for (const char* norm : {"h.0.ln_1", "h.0.ln_2", "ln_f"}) {
      add(fmt::format("{}.weight", norm), {kHidden});
      add(fmt::format("{}.bias", norm), {kHidden});
    }
    const auto matrix = [&](const std::string& name, std::size_t in, std::size_t out) {
      add(name + ".weight", {in, out});
      add(name + ".bias", {out});
    };
    matrix("h.0.attn.c_attn", kHidden, 3 * kHidden);
    matrix("h.0.attn.c_proj", kHidden, kHidden);
    matrix("h.0.mlp.c_fc", kHidden, 4 * kHidden);
    matrix("h.0.mlp.c_proj", 4 * kHidden, kHidden);
    writer.write(folder / "model.safetensors");
    write_json(folder / "config.json", {{"model_type", "gpt2"},
                                        {"n_embd", kHidden},
                                        {"n_layer", 1},
                                        {"n_head", 2},
                                        {"n_inner", nullptr},
                                        {"n_positions", 8},
                                        {"vocab_size", 8},
                                        {"layer_norm_epsilon", 1e-5},
                                        {"activation_function", "gelu_new"}});
  }

  static std::vector<Program> programs() {
    const auto with = [](std::vector<std::string> words, const std::vector<std::string>& more) {
      words.insert(words.end(), more.begin(), more.end());
      return words;
    };
    const std::vector<std::string> json{"--json", "r.json"};
    const auto make = [&](const char* name, const std::vector<std::string>& words, const std::vector<std::string>& one,
                          const std::vector<std::string>& two, std::vector<std::string> outputs) {
      outputs.emplace_back("r.json");
      return Program{name, with(with(words, one), json), with(with(words, two), json), std::move(outputs)};
    };
    return {
        make("gen_accel", {"--pe", "4", "--lanes", "4", "--out", "out"}, {}, {"--groups", "2"}, {"out"}),
        make("make_checkpoint", {"--size", "tiny", "--out", "out"}, {}, {}, {"out"}),
        make("prune_model",
             {"--model", "../in/model", "--accel", "../in/accel", "--vec", "4", "--tokens", "4", "--out", "out"},
             {"--ratio", "0.5"}, {"--ratio", "0.75"}, {"out"}),
        make("pack_model", {"--accel", "../in/accel", "--out", "out.mvp"}, {"--model", "../in/model"},
             {"--model", "../in/pruned"}, {"out.mvp"}),
        make("gen_vectors", {"--program", "../in/one.mvp", "--tokens", "2", "--out", "out"}, {"--seed", "1"},
             {"--seed", "2"}, {"out"}),
        make("sim_accel",
             {"--accel", "../in/accel", "--hidden", "16", "--sweep", "groups=1,2", "--csv", "out.csv", "--picture",
              "out.svg", "--lengths", "4"},
             {"--tokens", "4"}, {"--tokens", "8"}, {"out.csv", "out.svg"}),
    };
  }

  /// A folder with the results of an earlier run, fresh for each run.
  fs::path fresh(const Tree& tree) const {
    fs::path work = folder_->path / "work";
    fs::remove_all(work);
    fs::create_directories(work);
    for (const auto& [name, text] : tree) {
      fs::create_directories((work / name).parent_path());
      if (!name.ends_with("/")) write_plainly(work / name, text);
    }
    return work;
  }

  static void write_plainly(const fs::path& path, const std::string& text) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }

  /// What the program makes of `before`; the number of its calls.
  Tree result(const Tree& before, const Program& program, const std::vector<std::string>& arguments,
              long& calls) const {
    const fs::path work = fresh(before);
    const fs::path count = folder_->path / "count";
    const Ended ended =
        run_program(work, program.name, arguments,
                    {{{"LD_PRELOAD", MIXVEC_FAULT_LIBRARY}, {"MIXVEC_FAULT_COUNT", count.string()}}, {}, {}});
    EXPECT_EQ(ended.code, 0) << program.name << ": " << ended.err;
    calls = fs::exists(count) ? std::stol(read_file(count)) : 0;
    return read_tree(work);
  }

  static inline std::unique_ptr<TemporaryTestFolder> folder_;
};

/// At most `most` of 1…`last`, the last ones all: there the results get their names.
std::vector<long> points(long last, long most) {
  std::vector<long> chosen;
  const long all = std::min(last, most / 2);
  const long step = std::max(1L, (last - all) / std::max(1L, most - all) + 1);
  for (long at = 1; at <= last - all; at += step) chosen.push_back(at);
  for (long at = last - all + 1; at <= last; ++at) chosen.push_back(at);
  return chosen;
}

TEST_F(Faults, TheOldResultOrTheNewIsThere) {
#ifdef MIXVEC_SANITIZED
  GTEST_SKIP() << "the sanitizer's own wrappers of these calls come before those of the test";
#endif
  std::size_t runs = 0;
  for (const Program& program : programs()) {
    const bool replaces = program.name != "make_checkpoint";  // which never replaces anything
    long calls = 0;
    const Tree before = replaces ? result({}, program, program.old_arguments, calls) : Tree{};
    const Tree after = result(before, program, program.new_arguments, calls);
    ASSERT_GT(calls, 10) << program.name;
    ASSERT_FALSE(same(before, after)) << program.name;
    const std::vector<std::string> faults{"kill", "term", std::to_string(ENOSPC), std::to_string(EIO)};
    for (const std::string& fault : faults) {
      for (const bool flat : {false, true}) {
        // Where names cannot be exchanged a kill between two renames leaves the earlier folder beside its place.
        if (flat && fault == "kill") continue;
        for (const long at : points(calls, flat ? 6 : 24)) {
          const std::string where = fmt::format("{}: {} at call {} of {}{}", program.name, fault, at, calls,
                                                flat ? ", without exchange of names" : "");
          const fs::path work = fresh(before);
          Conditions conditions{
              {{"LD_PRELOAD", MIXVEC_FAULT_LIBRARY}, {"MIXVEC_FAULT", fault}, {"MIXVEC_FAULT_AT", std::to_string(at)}},
              {},
              {}};
          if (flat) conditions.environment.emplace_back("MIXVEC_FAULT_FLAT", "1");
          const Ended ended = run_program(work, program.name, program.new_arguments, conditions);
          ++runs;
          const Tree found = read_tree(work);
          std::size_t accounted = 0;
          for (const std::string& output : program.outputs) {
            const Tree part = part_of(found, output);
            accounted += part.size();
            EXPECT_TRUE(same(part, part_of(before, output)) || same(part, part_of(after, output)))
                << where << ": " << output << " is neither the old nor the new; " << ended.err;
          }
          if (fault == "kill") {
            EXPECT_EQ(ended.signal, SIGKILL) << where;
            // What is left over must not disturb the next run.
            if (at % 4 == 0) {
              const bool there = !replaces && fs::exists(work / "out");
              const Ended next = run_program(work, program.name, program.new_arguments);
              EXPECT_EQ(next.code, there ? 2 : 0) << where << ": " << next.err;
            }
            continue;
          }
          EXPECT_EQ(accounted, found.size()) << where << ": something was left behind";
          if (fault == "term") {
            EXPECT_EQ(ended.signal, SIGTERM) << where << ": " << ended.err;
          } else if (ended.code != 0) {
            EXPECT_EQ(ended.code, 2) << where << ": " << ended.err;
            EXPECT_NE(ended.err.find(program.name + ": "), std::string::npos) << where << ": " << ended.err;
          }
        }
      }
    }
  }
  EXPECT_GT(runs, 400U);
}

/// Each program under one condition on its results: nothing old is touched, nothing is left, the message is sane.
TEST_F(Faults, LimitsAndLostStandardOutputLeaveTheOldResult) {
  struct Hard {
    const char* name;
    Conditions conditions;
    const char* message;
  };
  const Hard hard[] = {
      {"full standard output", {{}, {}, {{1, "/dev/full"}}}, "cannot write to standard output: No space left"},
      {"closed standard output", {{}, {}, {{1, ""}}}, "cannot write to standard output"},
      {"standard output that nobody reads", {{}, {}, {{1, "|"}}}, "closed by its reader"},
      {"file size limit", {{}, {{RLIMIT_FSIZE, 300}}, {}}, "File too large"},
  };
  for (const Program& program : programs()) {
    long calls = 0;
    const bool replaces = program.name != "make_checkpoint";
    const Tree before = replaces ? result({}, program, program.old_arguments, calls) : Tree{};
    for (const Hard& h : hard) {
      const fs::path work = fresh(before);
      const Ended ended = run_program(work, program.name, program.new_arguments, h.conditions);
      EXPECT_EQ(ended.code, 2) << program.name << ", " << h.name << ": signal " << ended.signal << ", " << ended.err;
      EXPECT_NE(ended.err.find(h.message), std::string::npos) << program.name << ", " << h.name << ": " << ended.err;
      EXPECT_TRUE(read_tree(work) == before) << program.name << ", " << h.name;
    }
  }
}

TEST_F(Faults, ClosedDescriptorsAndLittleMemoryDoNoHarm) {
  for (const Program& program : programs()) {
    for (const std::vector<std::pair<int, std::string>>& into :
         {std::vector<std::pair<int, std::string>>{{0, ""}}, {{2, ""}}, {{0, ""}, {2, ""}}, {{2, "/dev/full"}}}) {
      const fs::path work = fresh({});
      const Ended ended = run_program(work, program.name, program.new_arguments, {{}, {}, into});
      EXPECT_EQ(ended.code, 0) << program.name << ": " << ended.err;
      const Ended bad = run_program(work, program.name, {"--nonsense"}, {{}, {}, into});
      EXPECT_EQ(bad.code, 2) << program.name;
    }
#ifndef MIXVEC_SANITIZED  // whose shadow memory is larger
    for (const rlim_t megabytes : {2000, 60}) {
      const fs::path work = fresh({});
      const Ended ended =
          run_program(work, program.name, program.new_arguments, {{}, {{RLIMIT_AS, megabytes << 20U}}, {}});
      // Where even its libraries do not fit the loader refuses the program, with a code of its own.
      const bool loaded =
          ended.code != 127 || ended.err.find("error while loading shared libraries") == std::string::npos;
      EXPECT_TRUE(ended.code == 0 || ((ended.code == 2 || !loaded) && read_tree(work).empty()))
          << program.name << " with " << megabytes << " MB: " << ended.code << ", " << ended.signal << ", "
          << ended.err;
    }
#endif
  }
}

TEST_F(Faults, AFullDiskLeavesTheOldResult) {
  const fs::path disk = folder_->path / "disk";
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "only root may mount a small disk";
  write_plainly(disk / "filler", std::string(60'000, 'x'));
  for (const Program& program : programs()) {
    const Ended ended = run_program(disk, program.name, [&] {
      std::vector<std::string> words = program.new_arguments;
      for (std::string& word : words) {
        if (word.starts_with("../in")) word = (folder_->path / word.substr(3)).string();
      }
      return words;
    }());
    // A small output fits; a larger one is refused and leaves nothing.
    EXPECT_TRUE(ended.code == 0 || ended.code == 2) << program.name << ": " << ended.signal << ", " << ended.err;
    if (ended.code == 2) {
      EXPECT_NE(ended.err.find("No space left on device (free some space"), std::string::npos) << ended.err;
      EXPECT_EQ(std::distance(fs::directory_iterator(disk), {}), 1) << program.name;
    }
    for (const std::string& output : program.outputs) fs::remove_all(disk / output);
  }
  ::umount(disk.c_str());
}

}  // namespace
}  // namespace mixvec::inline flows
