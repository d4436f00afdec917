// Any bytes are what Slurm's programs print, and what a night has written about its batches and results, or an
// InputError.
#include <algorithm>
#include <cmath>

#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/regress/slurm/slurm_client.hpp"
#include "flows/regress/slurm/slurm_folder.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

void read_answer(std::string_view bytes) {
  must("an answer is refused", [&] {
    const SlurmAnswer answer{.good = true, .timed_out = false, .text = std::string(bytes)};
    require(!answer.reason().empty() && answer.reason().find('\n') == std::string::npos, "a reason of more lines");
    const std::string number = SlurmClient::job_number(answer);
    require(std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }), "no number");
    static_cast<void>(SlurmClient::may_pass(answer));
  });
}

std::filesystem::path night() {
  static const std::filesystem::path made = fresh_folder("night");
  return made;
}

void read_record(std::string_view bytes) {
  static const SlurmFolder folder(night(), 1);
  const std::string task = SlurmFolder::task_name(1, 0);
  put(folder.path() / "results" / task, bytes);
  if (const auto result = must("a result is refused", [&] { return folder.result(task); })) {
    folder.write_result(task, *result);
    const auto again = folder.result(task);
    require(again && again->end.code == result->end.code && again->node == result->node,
            "another result when read again");
  }
  put(folder.batch_file(1), bytes);
  const SlurmBatch batch = folder.batch(1);
  must("what was read cannot be written and read", [&] {
    folder.write_batch(batch);
    const SlurmBatch again = folder.batch(1);
    require(again.tasks.size() == batch.tasks.size(), "other tasks when read again");
    for (std::size_t i = 0; i < batch.tasks.size(); ++i) {
      require(again.tasks[i].command == batch.tasks[i].command && again.tasks[i].log == batch.tasks[i].log &&
                  again.tasks[i].attempt == batch.tasks[i].attempt,
              "another task when read again");
    }
  });
}

std::vector<std::string> record_seeds() {
  const SlurmFolder folder(fresh_folder("seeds"), 1);
  folder.write_batch({.number = 1,
                      .job = "",
                      .cancelled = false,
                      .tasks = {{"echo a", "/tmp", "/tmp/log", 5.5, false, 0}, {"b", "/", "c", 1, true, 2}}});
  const std::string task = SlurmFolder::task_name(1, 0);
  folder.write_result(task, {.end = {}, .node = "n1"});
  // The second is a result and no batch.
  return {read_file(folder.batch_file(1))};
}

}  // namespace

Target slurm_answer_target() {
  return {.name = "slurm_answer",
          .read = read_answer,
          .seeds =
              [] {
                return std::vector<std::string>{"123;cluster\n", "sbatch: error: Unable to contact slurm controller\n",
                                                "warning\n4711\n"};
              },
          .words = {"timed out", "Invalid", "limit", "time limit is invalid", "Zero Bytes", ";", "123"},
          .most_bytes = 2048};
}

Target slurm_record_target() {
  return {.name = "slurm_record",
          .read = read_record,
          .seeds = record_seeds,
          .words = {"tasks", "command", "directory", "log", "timeout", "from_copy", "attempt", "code", "signal",
                    "timed_out", "seconds", "started", "node", "{\"tasks\":[]}"},
          .most_bytes = 1024};
}

}  // namespace mixvec::inline flows::fuzz
