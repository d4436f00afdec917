// Calls Slurm's client programs, each under a time limit.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixvec::inline flows {

/// What a call has given.
struct SlurmAnswer {
  bool good = false;
  bool timed_out = false;
  std::string text;  ///< what it has printed, on both streams
  /// In one line, for a message.
  [[nodiscard]] std::string reason() const;
};

/// What the queue says of a task.
struct SlurmState {
  std::string state;   ///< "RUNNING"
  std::string reason;  ///< why it waits or has ended: "Resources"
  [[nodiscard]] bool is_over() const;
};

/// The tasks of a folder, by queue_key(). What has ended is listed, too, for some minutes.
using SlurmQueue = std::map<std::string, SlurmState>;

class SlurmClient {
 public:
  /// `log` takes what the programs print.
  explicit SlurmClient(std::filesystem::path log) : log_(std::move(log)) {}

  /// Throws InputError if a program is missing, or no cluster answers.
  void check() const;
  /// A line for a shell; one that takes longer is killed.
  [[nodiscard]] SlurmAnswer call(const std::string& command, double seconds) const;
  /// The tasks of this user whose job's name begins with `prefix`; nothing: Slurm does not answer.
  [[nodiscard]] std::optional<SlurmQueue> queue(const std::string& prefix) const;
  static std::string queue_key(const std::string& name, std::size_t index);
  /// How many tasks an array may have.
  [[nodiscard]] std::size_t most_tasks() const;
  /// The job's number that sbatch --parsable has printed; empty: none.
  static std::string job_number(const SlurmAnswer& answer);
  /// Is it worth to try again what was refused so?
  static bool may_pass(const SlurmAnswer& answer);

 private:
  std::filesystem::path log_;
};

}  // namespace mixvec::inline flows
