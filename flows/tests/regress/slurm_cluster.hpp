// A Slurm cluster of one node, with a controller and an authentication of its own, that lives as long as a test.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace mixvec::inline flows {

class SlurmCluster {
 public:
  /// What is missing for a cluster on this machine, with the packages that hold it; empty: nothing.
  static std::string missing();

  /// Where a program of Slurm's is; empty: nowhere.
  static std::string program(const std::string& name);

  /// Starts munged, slurmctld and slurmd with all their files below `folder`, on free ports, and lets SLURM_CONF name
  /// the cluster. Throws std::runtime_error with their logs if no node gets ready.
  /// The node sees nothing in `hidden`, if that is given.
  explicit SlurmCluster(std::filesystem::path folder, std::filesystem::path hidden = {});
  /// Ends them and all that they have started.
  ~SlurmCluster();
  SlurmCluster(const SlurmCluster&) = delete;
  SlurmCluster& operator=(const SlurmCluster&) = delete;

  /// The node loses its power, with all that runs on it, and comes back.
  void fail_node();
  /// The controller answers no more; jobs go on.
  void stop_controller();
  void start_controller();
  void wait_until_ready();

  /// What a client program prints; empty if it has failed.
  [[nodiscard]] std::string ask(const std::string& command) const;

  /// Ends all daemons; then nothing that they have started may be there. Returns how many processes were.
  std::size_t stop();

 private:
  [[nodiscard]] pid_t start(const std::string& name, std::vector<std::string> words,
                            const std::filesystem::path& hidden = {}) const;
  void start_node();
  static std::vector<pid_t> descendants_of(std::vector<pid_t> open);
  [[nodiscard]] std::string logs() const;

  std::filesystem::path folder_;
  std::filesystem::path hidden_;
  pid_t munge_ = 0;
  pid_t controller_ = 0;
  pid_t node_ = 0;
};

}  // namespace mixvec::inline flows
