// How jobs are handed to Slurm, and whether a node can run them.
#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "flows/regress/slurm/slurm_launcher.hpp"
#include "flows/regress/slurm/slurm_time.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr int kUnseen = 41;  ///< exit codes of the job that tries a node
constexpr int kUnusable = 42;
constexpr double kSilentSeconds = 30;  ///< until a user is told what is waited for

}  // namespace

std::string SlurmLauncher::sbatch(const std::string& name, std::size_t tasks, double seconds, const fs::path& said,
                                  const std::string& command) const {
  std::string output = said.string();
  for (std::size_t at = 0; (at = output.find('%', at)) != std::string::npos; at += 2) output.insert(at, 1, '%');
  // Slurm itself starts nothing again: only here it is known that a folder must be made anew before. Its user's options
  // come last: they win.
  return fmt::format(
      "exec sbatch --parsable --job-name={} --array=0-{} --ntasks=1 --cpus-per-task={} --time={} --no-requeue "
      "--chdir=/ --open-mode=append --output={} {} --wrap={}",
      name, tasks - 1, settings_.cores, limit_minutes(seconds), shell_quote(output), settings_.options,
      shell_quote(command));
}

void SlurmLauncher::check_node() {
  const fs::path seen = folder_.path() / "seen";
  if (fs::exists(seen)) return;
  const std::string token = folder_.token();
  const fs::path part = folder_.path() / "seen.part";
  const std::string command = fmt::format(
      "test \"$(cat {} 2> /dev/null)\" = {} || exit {}\n{} --version > /dev/null 2>&1 || exit {}\n"
      "hostname > {} && mv {} {}",
      shell_quote(folder_.token_file().string()), token, kUnseen, shell_quote(settings_.program.string()), kUnusable,
      shell_quote(part.string()), shell_quote(part.string()), shell_quote(seen.string()));
  const std::string name = prefix_ + "node";
  const SlurmAnswer answer = client_.call(sbatch(name, 1, 0, "/dev/null", command), kCallSeconds);
  const std::string job = SlurmClient::job_number(answer);
  if (job.empty()) fail_input("--slurm: found that sbatch refuses a job, expected it to take one: {}", answer.reason());
  bool told = false;
  bool was_gone = false;
  const Clock::time_point begun = Clock::now();
  for (Clock::time_point ask = time_in(1);;) {
    if (StopSignals::came() != 0) {
      [[maybe_unused]] const SlurmAnswer gone = client_.call("exec scancel " + job, kCallSeconds);
      signals_.obey();
    }
    if (fs::exists(seen)) return;
    if (seconds_until(ask) <= 0) {
      folder_.refresh();
      const std::optional<SlurmQueue> queue = client_.queue(prefix_);
      const auto found = queue ? queue->find(SlurmClient::queue_key(name, 0)) : SlurmQueue::const_iterator{};
      const bool is_gone = queue && (found == queue->end() || found->second.is_over());
      if (is_gone && was_gone && !fs::exists(seen)) fail_check(job, name);
      was_gone = is_gone;
      if (!told && seconds_until(begun) < -kSilentSeconds) {
        note(fmt::format("waiting for a node that tries whether it sees {} (Slurm's job {})", settings_.out.string(),
                         job));
        told = true;
      }
      ask = time_in(std::max(1.0, settings_.ask_seconds / 2));
    }
    sleep_until_signal(kPollSeconds);
  }
}

void SlurmLauncher::fail_check(const std::string& job, const std::string& name) const {
  const SlurmAnswer answer = client_.call("exec scontrol --oneliner show job " + job, kCallSeconds);
  static const std::regex code_of("\\bExitCode=([0-9]+):");
  static const std::regex node_of("\\bBatchHost=(\\S+)");
  static const std::regex state_of("\\bJobState=(\\S+)");
  std::smatch found;
  const auto read = [&](const std::regex& field) {
    return std::regex_search(answer.text, found, field) ? found[1].str() : std::string("unknown");
  };
  const std::string node = read(node_of);
  const std::string code = read(code_of);
  if (code == fmt::format("{}", kUnseen)) {
    fail_input("--out {}: found a folder that node {} does not see, expected one on a file system that all nodes share",
               settings_.out.string(), node);
  }
  if (code == fmt::format("{}", kUnusable)) {
    fail_input(
        "--slurm: found that {} does not run on node {}, expected the build folder on a file system that all "
        "nodes share, and on them the libraries of this machine",
        settings_.program.string(), node);
  }
  fail_input(
      "--slurm: found that the job {} ({}), which tries a node, has ended on node {} with state {}, exit code {}, "
      "and without its file, expected {}",
      job, name, node, read(state_of), code, (folder_.path() / "seen").string());
}

}  // namespace mixvec::inline flows
