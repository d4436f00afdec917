// Plans of small shell commands, and run_regress on them.
#include "flows/tests/regress/fixture.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <random>
#include <set>
#include <thread>

#include "flows/regress/run/store.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"

namespace mixvec::inline flows {

nlohmann::json small_plan() {
  return nlohmann::json::parse(R"json({
    "kinds": {
      "plain": {},
      "built": {
        "configurations": "plan",
        "prepare_folder": "{out}/builds/built", "prepare": [["sh", "-c", "echo prepared"]],
        "folder": "{out}/builds/built/{configuration}",
        "build": [["sh", "-c", "echo ERROR: no such thing; test {configuration} != broken"],
                  ["sh", "-c", "echo built > {folder}/product"]],
        "build_seconds": 0.1,
        "waves": {"folder": "{out}/builds/waves/{configuration}",
                  "build": [["sh", "-c", "echo waves > {folder}/product"]],
                  "options": ["--trace", "{waves}"], "except": ["self_*"]}
      }
    },
    "tests": [
      {"name": "good", "kind": "plain", "command": ["true"], "timeout": 30},
      {"name": "seeded", "kind": "built", "timeout": 30, "command": ["sh", "-c",
        "cat product; test $# -lt 2 || echo wave > \"$2\"; case {seed} in *[0-4]) exit 0;; esac; echo \"mismatch at TOP.a.b[{seed}].c: 0x{seed}, expected /tmp/x/{seed}\"; exit 1",
        "run"]},
      {"name": "patterned", "kind": "built", "timeout": 30, "command": ["echo", "{pattern}", "{seed}", "{cases}"]},
      {"name": "hang", "kind": "plain", "timeout": 0.5, "command": ["sh", "-c", "echo waiting; sleep 77 & sleep 77"]},
      {"name": "crash", "kind": "plain", "timeout": 30, "command": ["sh", "-c", "kill -SEGV $$"]},
      {"name": "flaky", "kind": "plain", "timeout": 30, "command": ["sh", "-c",
        "mkdir {out}/was_here 2> /dev/null && exit 1; rmdir {out}/was_here"]},
      {"name": "self_test", "kind": "built", "timeout": 30, "command": ["true"]}
    ],
    "configurations": [{"name": "one", "tags": ["few"]}, {"name": "two"}, {"name": "broken"}],
    "patterns": [{"name": "plain"}, {"name": "turned", "options": ["--turn", "1 2"], "configurations": ["t*"]}],
    "points": [{"name": "everything", "stage": "V1", "checks": "that <all> is well",
                "tests": ["good", "seeded", "patterned", "hang", "crash", "flaky", "self_test"]}],
    "lists": {
      "all": {"runs": [{"tests": ["good", "hang", "crash", "patterned"]}, {"tests": ["seeded"], "seeds": 30}]},
      "fine": {"runs": [{"tests": ["good"]},
                        {"tests": ["patterned"], "configurations": ["tag:few"], "seeds": 5, "cases": 9}]},
      "self": {"runs": [{"tests": ["self_test"]}]},
      "flaky": {"runs": [{"tests": ["flaky"]}]}
    }
  })json");
}

nlohmann::json longer_plan() {
  nlohmann::json plan = small_plan();
  for (nlohmann::json& test : plan["tests"]) {
    if (test["name"] == "seeded") test["command"][2] = "sleep 0.1; " + test["command"][2].get<std::string>();
  }
  plan["lists"]["all"]["runs"][1]["seeds"] = 60;
  return plan;
}

nlohmann::json covered_plan(const std::string& file, int code) {
  nlohmann::json plan = small_plan();
  const nlohmann::json place = "{out}/coverage.json";
  plan["tests"].push_back(
      {{"name", "measured"},
       {"kind", "plain"},
       {"timeout", 30},
       {"command",
        {"sh", "-c", fmt::format("test -z \"$1\" || echo \"$1\" > {{out}}/coverage.json; exit {}", code), "sh", file}},
       {"coverage",
        {{{"name", "lines <b>"}, {"file", place}, {"points", "lines"}, {"reached", "reached"}, {"parts", "folders"}},
         {{"name", "bins"}, {"file", place}, {"points", "bins"}, {"reached", "hit"}}}}});
  plan["points"][0]["tests"].push_back("measured");
  plan["lists"]["covered"]["runs"].push_back({{"tests", {"measured"}}});
  plan["lists"]["all"]["runs"].push_back({{"tests", {"measured"}}});
  return plan;
}

void RunRegress::SetUp() { write_plan(small_plan()); }

void RunRegress::write_plan(const nlohmann::json& plan) { write_file(folder_.path / "plan.json", plan.dump()); }

int RunRegress::run(const std::string& options) {
  const std::string log = (folder_.path / "log").string();
  const int code = exit_code_of(fmt::format("'{}' --plan '{}' --out '{}' {} > '{}' 2>&1", MIXVEC_RUN_REGRESS,
                                            (folder_.path / "plan.json").string(), out().string(), options, log));
  output_ = read_file(log);
  return code;
}

nlohmann::json RunRegress::results() const { return read_json(out() / "results.json"); }

std::map<std::string, std::string> RunRegress::outcomes() const {
  Store store(out() / "results.db");
  std::map<std::string, std::string> found;
  for (const JobResult& result : store.results(store.last_night()->number)) {
    EXPECT_TRUE(found.emplace(result.job, std::string(name_of(result.outcome)) + ": " + result.signature).second)
        << result.job << " has two results";
  }
  return found;
}

bool RunRegress::run_and_kill(const std::string& options, std::chrono::milliseconds time,
                              const std::function<bool()>& is_ready, int signal) {
  const pid_t process = ::fork();
  if (process == 0) {
    const std::string plan = (folder_.path / "plan.json").string();
    const std::string command = fmt::format("exec '{}' --plan '{}' --out '{}' {} > '{}' 2>&1", MIXVEC_RUN_REGRESS, plan,
                                            out().string(), options, (folder_.path / "killed.log").string());
    ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  // What it asks git and the tools at its start takes most of a short run.
  for (int i = 0; is_ready && i < 400 && !is_ready(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::this_thread::sleep_for(time);
  ::kill(process, signal);
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFSIGNALED(status);
}

bool RunRegress::has_night() const {
  if (!std::filesystem::exists(out() / "results.db")) return false;
  Store store(out() / "results.db");
  return store.last_night().has_value();
}

void RunRegress::kill_ten_times(const std::string& options, std::chrono::milliseconds most) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  std::size_t kills = 0;
  std::size_t before = 0;
  std::set<std::size_t> progress;
  const auto all_options = [&] { return options + (has_night() ? " --resume" : " --seed 11"); };
  for (int i = 0; i < 10; ++i) {
    // At any moment: some before the night has begun anew, most while its jobs run.
    const std::function<bool()> is_ready = [this] { return has_night(); };
    const std::chrono::milliseconds time(static_cast<std::int64_t>(random()) % most.count());
    kills += run_and_kill(all_options(), time, i % 3 == 0 ? nullptr : is_ready) ? 1 : 0;
    const std::size_t now = has_night() ? outcomes().size() : 0;
    EXPECT_GE(now, before) << "a result was lost";
    before = now;
    progress.insert(now);
  }
  EXPECT_GE(kills, 5U) << "it had ended before it was killed";
  EXPECT_GE(progress.size(), 2U) << "no kill found a job under way";
  ASSERT_EQ(run(all_options()), 1) << output_;
}

}  // namespace mixvec::inline flows
