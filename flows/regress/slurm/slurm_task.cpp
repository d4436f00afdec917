// Runs one task of an array on the node where Slurm has put it.
#include "flows/regress/slurm/slurm_task.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "flows/regress/run/local_workers.hpp"
#include "flows/regress/slurm/slurm_folder.hpp"
#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"
#include "golden/files/temporaries.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

std::string node_name() {
  std::array<char, 256> name{};
  if (const char* given = std::getenv("SLURMD_NODENAME"); given != nullptr && *given != 0) return given;
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::size_t index_of_task(std::size_t count) {
  const char* const text = std::getenv("SLURM_ARRAY_TASK_ID");
  const std::optional<std::size_t> index = parse_number<std::size_t>(text == nullptr ? "" : text);
  if (!index || *index >= count) {
    fail_input("SLURM_ARRAY_TASK_ID: found {}, expected a number below {}: Slurm runs this, not a user",
               quote(text == nullptr ? "" : text), count);
  }
  return *index;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

/// Lets the job run in a copy of its directory on a disk of the node.
void move_to_copy(ProcessRequest& request, Temporary& copy) {
  const char* const place = std::getenv("TMPDIR");
  const fs::path folder = place == nullptr || *place == '\0' ? "/tmp" : place;
  // The command names its directory within quotes or without: a place that needs some stays unused.
  if (shell_quote(folder.string()) != folder.string()) {
    fail_input("TMPDIR: found {}, expected a path without special characters", quote(folder.string()));
  }
  if (const int error = copy.create(folder, Temporary::Kind::kFolder); error != 0) {
    fail_input("TMPDIR {}: {}", folder.string(), system_reason(error));
  }
  std::error_code error;
  fs::copy(request.directory, copy.path(), fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) fail_input("{}: cannot be copied to {}: {}", request.directory.string(), folder.string(), error.message());
  replace_all(request.command, request.directory.string(), copy.path().string());
  request.directory = copy.path();
}

}  // namespace

void run_slurm_task(const fs::path& batch_file) {
  const SlurmFolder folder(batch_file);
  const std::optional<std::int64_t> number = parse_number<std::int64_t>(batch_file.stem().string());
  if (!number) fail_input("{}: found a file of another name, expected a batch", batch_file.string());
  const SlurmBatch batch = folder.batch(*number);
  const std::size_t index = index_of_task(batch.tasks.size());
  const SlurmTask& task = batch.tasks[index];
  const std::string name = SlurmFolder::task_name(*number, index);
  const std::string node = node_name();
  if (!folder.claim(name, node)) return;

  ProcessRequest request{
      .command = task.command, .directory = task.directory, .log = task.log, .timeout = task.timeout};
  Temporary copy;
  if (task.from_copy) move_to_copy(request, copy);
  // An attempt on a node that was given up may still write into the file that stood here.
  fs::remove(request.log);
  LocalWorkers worker(1);
  worker.start(0, request);
  std::vector<Finished> finished;
  while (finished.empty()) finished = worker.wait(task.timeout);
  // Who cancels a task ends all its processes, one after the other: what looks like a failure of the job may be the
  // first of it. Then this program does not live to write the result.
  if (finished.front().end.code != 0) std::this_thread::sleep_for(std::chrono::seconds(1));
  folder.write_result(name, {.end = finished.front().end, .node = node});
}

}  // namespace mixvec::inline flows
