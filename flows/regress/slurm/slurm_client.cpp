// Runs sbatch, squeue, scancel and scontrol, and reads what they print.
#include "flows/regress/slurm/slurm_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>

#include "flows/regress/run/local_workers.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

constexpr double kAskSeconds = 30;

}  // namespace

std::string SlurmAnswer::reason() const {
  if (timed_out) return "no answer in time";
  std::string line;
  std::istringstream lines(text);
  for (std::string next; std::getline(lines, next);) {
    if (!next.empty()) line += (line.empty() ? "" : "; ") + next;
  }
  return line.empty() ? "it has failed without a word" : escape_controls(clip(line, 400));
}

SlurmAnswer SlurmClient::call(const std::string& command, double seconds) const {
  // As jobs run on this machine: a group of its own that no Ctrl-C reaches, and that its time or our end ends.
  LocalWorkers worker(1);
  worker.start(0, {.command = command, .directory = "/", .log = log_, .timeout = seconds});
  std::vector<Finished> finished;
  while (finished.empty()) finished = worker.wait(seconds);
  const ProcessEnd& end = finished.front().end;
  return {.good = end.code == 0, .timed_out = end.timed_out, .text = read_file(log_)};
}

void SlurmClient::check() const {
  for (const char* program : {"sbatch", "squeue", "scancel", "scontrol"}) {
    if (call(fmt::format("command -v {}", program), kAskSeconds).good) continue;
    fail_input("--slurm: found no {}, expected Slurm's client programs; install slurm-client (its name in Debian)",
               program);
  }
  const SlurmAnswer answer = call("exec squeue --me --noheader", kAskSeconds);
  if (!answer.good) {
    fail_input("--slurm: found no cluster that answers (squeue: {}), expected one; is SLURM_CONF right, is it up?",
               answer.reason());
  }
}

std::string SlurmClient::queue_key(const std::string& name, std::size_t index) {
  return fmt::format("{} {}", name, index);
}

std::optional<SlurmQueue> SlurmClient::queue(const std::string& prefix) const {
  const SlurmAnswer answer =
      call("exec squeue --me --noheader --array --states=all --format='%j %K %T %r'", kAskSeconds);
  if (!answer.good) return std::nullopt;
  SlurmQueue queue;
  std::istringstream lines(answer.text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string index;
    SlurmState state;
    if (!(words >> name >> index >> state.state >> state.reason) || !name.starts_with(prefix)) continue;
    queue[fmt::format("{} {}", name, index)] = state;
  }
  return queue;
}

bool SlurmState::is_over() const {
  static constexpr std::array kOver = {"BOOT_FAIL", "CANCELLED", "COMPLETED",     "DEADLINE", "FAILED",
                                       "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "TIMEOUT",  "REVOKED"};
  return std::find(kOver.begin(), kOver.end(), state) != kOver.end();
}

std::size_t SlurmClient::most_tasks() const {
  static const std::regex line("MaxArraySize\\s*=\\s*([0-9]{1,9})");
  constexpr std::size_t kDefault = 1001;
  const SlurmAnswer answer = call("exec scontrol show config", kAskSeconds);
  std::smatch found;
  const std::size_t size = answer.good && std::regex_search(answer.text, found, line) ? std::stoul(found[1]) : kDefault;
  return std::max<std::size_t>(size, 2) - 1;
}

std::string SlurmClient::job_number(const SlurmAnswer& answer) {
  static const std::regex number("([0-9]+)(;.*)?");
  std::istringstream lines(answer.text);
  std::smatch found;
  for (std::string line; answer.good && std::getline(lines, line);) {
    if (std::regex_match(line, found, number)) return found[1];
  }
  return "";
}

bool SlurmClient::may_pass(const SlurmAnswer& answer) {
  static const std::regex passing(
      "Unable to contact|timed out|Connection refused|temporarily|[Ll]imit|Communication connection|Unexpected message|"
      "Zero Bytes|not responding|backup controller");
  static const std::regex lasting("time limit is invalid|[Tt]ime ?limit|Invalid");
  if (answer.timed_out) return true;
  return std::regex_search(answer.text, passing) && !std::regex_search(answer.text, lasting);
}

}  // namespace mixvec::inline flows
