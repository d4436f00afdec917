// What a night keeps on the disk about its jobs under Slurm: what was submitted, which of it has begun, how it ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flows/regress/run/launcher.hpp"

namespace mixvec::inline flows {

/// One job of a batch; an array task runs it.
struct SlurmTask {
  std::string command;
  std::filesystem::path directory;
  std::filesystem::path log;
  double timeout = 0;      ///< seconds
  bool from_copy = false;  ///< runs in a copy of its directory
  std::size_t attempt = 0;
};

/// Jobs that are submitted together, as an array.
struct SlurmBatch {
  std::int64_t number = 0;
  std::string job;         ///< Slurm's number of it; empty: sbatch has not given one
  bool cancelled = false;  ///< by this program
  std::vector<SlurmTask> tasks;
};

/// How a task ended, and where.
struct SlurmResult {
  ProcessEnd end;
  std::string node;
};

/// The folder DIR/slurm/NIGHT, in which run_regress and the tasks on the nodes meet. A batch is written before it is
/// submitted; a task begins by its claim, which is given once: so what was submitted twice, or is given up, runs once
/// or not at all. All files appear whole.
class SlurmFolder {
 public:
  /// Makes the folders that are not there.
  SlurmFolder(const std::filesystem::path& out, std::int64_t night);
  /// That of a batch's file: what a task calls.
  explicit SlurmFolder(const std::filesystem::path& batch_file);

  /// Has any job of the night been submitted?
  static bool is_used(const std::filesystem::path& out, std::int64_t night);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// A random word that tells this folder's jobs from all others in the queue, and the file that holds it.
  [[nodiscard]] std::string token() const;
  [[nodiscard]] std::filesystem::path token_file() const { return path_.parent_path() / "token"; }
  /// The name in Slurm's queue.
  [[nodiscard]] std::string job_name(std::int64_t batch) const;
  /// "BATCH.INDEX": under which claim and result of a task stand.
  static std::string task_name(std::int64_t batch, std::size_t index);

  [[nodiscard]] std::vector<SlurmBatch> batches() const;
  [[nodiscard]] SlurmBatch batch(std::int64_t number) const;
  [[nodiscard]] std::filesystem::path batch_file(std::int64_t number) const;
  void write_batch(const SlurmBatch& batch) const;
  void note_submitted(std::int64_t batch, const std::string& job) const;
  void note_cancelled(std::int64_t batch) const;

  /// Takes the claim; false: it was taken before. `who` is written into it.
  [[nodiscard]] bool claim(const std::string& task, const std::string& who) const;
  /// Who has it; nothing: nobody.
  [[nodiscard]] std::optional<std::string> claimed_by(const std::string& task) const;

  void write_result(const std::string& task, const SlurmResult& result) const;
  /// Names of tasks that have a result that is not settled.
  [[nodiscard]] std::vector<std::string> new_results() const;
  [[nodiscard]] std::optional<SlurmResult> result(const std::string& task) const;
  /// The result is in the database; it is not among the new ones any more.
  void settle(const std::string& task) const;
  /// Makes it new again, if it was settled.
  void unsettle(const std::string& task) const;

  /// What the tasks of a batch have said where they could not run their jobs.
  [[nodiscard]] std::filesystem::path said_file(std::int64_t batch) const;

  /// Lets a network file system look again for what others have written.
  void refresh() const;

 private:
  std::filesystem::path path_;
};

}  // namespace mixvec::inline flows
