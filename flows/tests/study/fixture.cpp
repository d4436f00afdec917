// The stand-ins, and how run_study is run on them.
#include "flows/tests/study/fixture.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

// A step hashes what the steps before it have come to.
constexpr const char* kTrainModel = R"SH(#!/bin/sh
set -eu
here=$(dirname "$0")
prune=dense ratio=0 resume=no
while [ $# -gt 0 ]; do
  case $1 in
    --resume) resume=yes; shift ;;
    --*) eval "$(echo "$1" | tr -d -)=\$2"; shift 2 ;;
  esac
done
if [ -e "$here/fail_$prune" ]; then echo "train_model: no luck today" >&2; exit 3; fi
step=0 chain=0
state=$out/checkpoint/state.safetensors
if [ $resume = yes ]; then
  read -r step chain < "$state"
  case $step in ''|*[!0-9]*) echo "train_model: damaged checkpoint" >&2; exit 2 ;; esac
fi
while [ "$step" -lt "$steps" ]; do
  step=$((step + 1))
  chain=$(echo "$chain $step $prune $ratio $seed $(cat "$recipe")" | cksum | cut -d ' ' -f 1)
  echo "$prune $ratio $seed $step" >> "$here/ledger"
  sleep 0.003
  if [ $((step % checkpointevery)) = 0 ]; then
    mkdir -p "$out/checkpoint"
    echo "$step $chain" > "$state.new"
    mv "$state.new" "$state"
  fi
done
mkdir -p "$out"
echo "$chain" > "$out/model"
rm -rf "$out/checkpoint"
loss=2.$((chain % 9000 + 1000))
echo "{\"val_loss\": $loss, \"train_loss\": 1.5, \"kept\": 0.25, \"mean_length\": 4.5}" > "$json.new"
mv "$json.new" "$json"
)SH";

constexpr const char* kEvalModel = R"SH(#!/bin/sh
set -eu
while [ $# -gt 0 ]; do eval "$(echo "$1" | tr -d -)=\$2"; shift 2; done
loss=1.9
if [ -e "$model/model" ]; then loss=2.$(($(cat "$model/model") % 9000 + 1000)); fi
if [ -e "$(dirname "$0")/other_loss" ]; then loss=3; fi
echo "{\"loss\": $loss, \"perplexity\": 7${loss#?}}" > "$json"
)SH";

constexpr const char* kSimAccel = R"SH(#!/bin/sh
set -eu
while [ $# -gt 0 ]; do eval "$(echo "$1" | tr -d -)=\$2"; shift 2; done
cycles=1000
if grep -q '"full_rate": 1,' "$accel"; then cycles=400; fi
echo "{\"cycles\": $cycles, \"bytes_moved\": 5000}" > "$json"
)SH";

constexpr const char* kSmallStudy = R"({
  "tokens": 16,
  "models": [{"name": "small", "checkpoint": "@/checkpoint", "measure": "perplexity", "step_seconds": 0.02}],
  "accelerators": [{"name": "F = 4", "full_rate": 4}, {"name": "F = 1", "full_rate": 1}],
  "methods": [
    {"name": "dense", "accelerators": ["F = 4"]},
    {"name": "dense, trained on", "recipe": "@/recipe.json", "accelerators": ["F = 4"]},
    {"name": "fine-grained", "pattern": "unstructured", "recipe": "@/other.json", "accelerators": ["F = 4", "F = 1"]},
    {
      "name": "mixed vectors", "pattern": "mixed", "reach": 0.8, "recipe": "@/recipe.json", "accelerators": ["F = 4"]
    }
  ],
  "plans": {
    "quick": {
      "text": "@/text.txt", "models": ["small"], "seeds": [3, 5], "steps": 12, "checkpoint_every": 4,
      "methods": [
        {"method": "dense"}, {"method": "dense, trained on"},
        {"method": "fine-grained", "ratios": [0.5, 0.75]}, {"method": "mixed vectors", "ratios": [0.5, 0.75]}
      ],
      "checks": [{"method": "mixed vectors", "against": "fine-grained", "ratios": [0.5, 0.75], "at_most": 2}]
    },
    "full": {"models": ["small"], "seeds": [1], "checkpoint_every": 4, "methods": [{"method": "dense"}]}
  }
})";

void write_program(const fs::path& path, const char* text) {
  write_file(path, text);
  fs::permissions(path, fs::perms::owner_all);
}

}  // namespace

RunStudy::RunStudy() {
  const fs::path& folder = folder_.path;
  fs::create_directories(folder / "bin");
  fs::create_directories(folder / "checkpoint");
  write_program(folder / "bin/train_model", kTrainModel);
  write_program(folder / "bin/eval_model", kEvalModel);
  write_program(folder / "bin/sim_accel", kSimAccel);
  write_file(folder / "checkpoint/weights", "1 2 3");
  write_file(folder / "text.txt", "to be or not to be");
  write_file(recipe(), "{\"training\": {\"steps\": 12}}\n");
  write_file(folder / "other.json", "{}\n");
  std::string text = kSmallStudy;
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@')) {
    text.replace(at, 1, folder.string());
  }
  write_file(study(), text);
}

std::string RunStudy::command(const std::string& options, const std::string& out) const {
  return fmt::format(
      "exec '{0}' --quick --study '{1}/study.json' --bin '{1}/bin' --out '{1}/{3}' {2} > '{1}/said' 2>&1",
      MIXVEC_RUN_STUDY, folder_.path.string(), options, out);
}

int RunStudy::run(const std::string& options, const std::string& out) { return exit_code_of(command(options, out)); }

std::string RunStudy::said() const { return read_file(folder_.path / "said"); }

bool RunStudy::run_and_kill(std::size_t least, std::chrono::milliseconds time) {
  const std::string line = command("--jobs 2", "out");
  const pid_t process = ::fork();
  if (process == 0) {
    ::execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  for (int i = 0; i < 3000 && steps() < least; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(time);
  ::kill(process, SIGKILL);
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFSIGNALED(status);
}

nlohmann::json RunStudy::results(const std::string& out) const {
  return read_json(folder_.path / out / "results.json");
}

nlohmann::json RunStudy::results_without_times(const std::string& out) const {
  nlohmann::json json = results(out);
  for (nlohmann::json& row : json["rows"]) row.erase("seconds");
  return json;
}

std::string RunStudy::ledger() const {
  const fs::path file = folder_.path / "bin/ledger";
  return fs::exists(file) ? read_file(file) : "";
}

std::size_t RunStudy::steps() const {
  const std::string text = ledger();
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void RunStudy::clear_ledger() const { fs::remove(folder_.path / "bin/ledger"); }

void RunStudy::let_fail(const std::string& pattern, bool fail) const {
  const fs::path mark = folder_.path / "bin" / ("fail_" + pattern);
  if (fail) {
    write_file(mark, "");
  } else {
    fs::remove(mark);
  }
}

void RunStudy::change(const std::string& place, const nlohmann::json& value) {
  nlohmann::json json = read_json(study());
  json[nlohmann::json::json_pointer(place)] = value;
  write_json(study(), json);
}

}  // namespace mixvec::inline flows
