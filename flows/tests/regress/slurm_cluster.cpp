// Starts and ends the daemons of a Slurm cluster of one node.
#include "flows/tests/regress/slurm_cluster.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

#include "flows/regress/plan/shell_output.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

/// One that is free now.
int free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port is free");
  }
  ::close(descriptor);
  return ::ntohs(address.sin_port);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void end(pid_t& process, int signal) {
  if (process == 0) return;
  ::kill(process, signal);
  for (int i = 0; i < 100 && ::waitpid(process, nullptr, WNOHANG) == 0; ++i) {
    if (i == 80) ::kill(process, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  process = 0;
}

/// Whether this machine, or the root that this process sees, has a file system of control groups.
bool has_cgroups() {
  std::error_code error;
  return fs::is_directory("/sys/fs/cgroup", error) && !fs::is_empty("/sys/fs/cgroup", error);
}

}  // namespace

std::string SlurmCluster::program(const std::string& name) {
  for (const char* folder : {"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"}) {
    if (fs::exists(fs::path(folder) / name)) return fs::path(folder) / name;
  }
  return "";
}

std::string SlurmCluster::missing() {
  std::set<std::string> packages;
  for (const auto& [name, package] : {std::pair{"munged", "munge"}, std::pair{"slurmctld", "slurmctld"},
                                      std::pair{"slurmd", "slurmd"}, std::pair{"sbatch", "slurm-client"}}) {
    if (program(name).empty()) packages.insert(package);
  }
  if (packages.empty()) return ::geteuid() == 0 ? "" : "slurmd starts jobs as root only";
  std::string names;
  for (const std::string& package : packages) names += " " + package;
  return "Slurm is not installed; the Debian packages are:" + names;
}

SlurmCluster::SlurmCluster(fs::path folder, fs::path hidden) : folder_(std::move(folder)), hidden_(std::move(hidden)) {
  // What daemons leave behind becomes a child of this process: so it can be found.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  fs::create_directories(folder_ / "state");
  fs::create_directories(folder_ / "spool");
  std::string key(1024, '\0');
  std::ifstream("/dev/urandom", std::ios::binary).read(key.data(), static_cast<std::streamsize>(key.size()));
  write_file(folder_ / "munge.key", key);
  fs::permissions(folder_ / "munge.key", fs::perms::owner_read | fs::perms::owner_write);
  const std::string socket = (folder_ / "munge.socket").string();
  const std::string host = first_line(shell_output("hostname -s").text);
  const passwd* const user = ::getpwuid(::geteuid());
  write_file(folder_ / "slurm.conf",
             fmt::format("ClusterName=test\nSlurmctldHost={0}(127.0.0.1)\nAuthType=auth/munge\nAuthInfo=socket={1}\n"
                         "CredType=cred/munge\nSlurmUser={2}\nSlurmdUser={2}\nSlurmctldPort={3}\nSlurmdPort={4}\n"
                         "StateSaveLocation={5}/state\nSlurmdSpoolDir={5}/spool\nSlurmctldPidFile={5}/ctld.pid\n"
                         "SlurmdPidFile={5}/slurmd.pid\nProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n"
                         "SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nSchedulerType=sched/backfill\n"
                         "SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0\n"
                         "MpiDefault=none\nReturnToService=2\nKillWait=2\nSlurmdTimeout=10\nMinJobAge=60\n"
                         "MaxArraySize=40\nSlurmdParameters=config_overrides\n"
                         "NodeName={0} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN\n"
                         "PartitionName=all Nodes={0} Default=YES MaxTime=INFINITE State=UP\n",
                         host, socket, user->pw_name, free_port(), free_port(), folder_.string()));
  if (!has_cgroups()) {
    // Nothing here needs them, but slurmd looks for their file system unless told which it has, or that it has none.
    const bool knows_none = first_line(shell_output(program("slurmd") + " -V").text) >= "slurm-wlm 23";
    write_file(folder_ / "cgroup.conf", fmt::format("CgroupPlugin={}\n", knows_none ? "disabled" : "cgroup/v1"));
  }
  ::setenv("SLURM_CONF", (folder_ / "slurm.conf").c_str(), 1);
  try {
    munge_ = start(
        "munged", {"--force", "--foreground", "--socket=" + socket, "--key-file=" + (folder_ / "munge.key").string(),
                   "--pid-file=" + (folder_ / "munge.pid").string(), "--seed-file=" + (folder_ / "munge.seed").string(),
                   "--log-file=" + (folder_ / "munge.log").string()});
    for (int i = 0; i < 100 && !fs::exists(socket); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    start_controller();
    start_node();
    wait_until_ready();
  } catch (...) {
    stop();
    throw;
  }
}

SlurmCluster::~SlurmCluster() { stop(); }

pid_t SlurmCluster::start(const std::string& name, std::vector<std::string> words, const fs::path& hidden) const {
  words.insert(words.begin(), program(name));
  const std::string log = (folder_ / (name + ".out")).string();
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process != 0) return process;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::setsid();
  if (!hidden.empty()) {
    if (::unshare(CLONE_NEWNS) != 0) ::_exit(127);
    // In a chroot / is no mount point; what is mounted there then stays in the namespace of who made the chroot.
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL) ::_exit(127);
    if (::mount("none", hidden.c_str(), "tmpfs", 0, nullptr) != 0) ::_exit(127);
  }
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

void SlurmCluster::start_controller() {
  controller_ = start("slurmctld", {"-D", "-f", (folder_ / "slurm.conf").string()});
}

void SlurmCluster::stop_controller() { end(controller_, SIGTERM); }

void SlurmCluster::start_node() {
  node_ = start("slurmd", {"-D", "-f", (folder_ / "slurm.conf").string(), "-b"}, hidden_);
}

void SlurmCluster::fail_node() {
  // Steps have left their daemon; they are children of this process now.
  std::vector<pid_t> lost = descendants_of({node_});
  for (const pid_t process : descendants_of({::getpid()})) {
    std::ifstream file(fmt::format("/proc/{}/comm", process));
    std::string name;
    if (!(file >> name) || name != "slurmstepd") continue;
    lost.push_back(process);
    for (const pid_t child : descendants_of({process})) lost.push_back(child);
  }
  for (const pid_t process : lost) ::kill(process, SIGKILL);
  end(node_, SIGKILL);
  // As the controller does for itself when the node has not answered for some time.
  const std::string node = "scontrol update nodename=" + first_line(shell_output("hostname -s").text);
  [[maybe_unused]] const std::string down = ask(node + " state=down reason=test");
  start_node();
  [[maybe_unused]] const std::string up = ask(node + " state=resume");
}

void SlurmCluster::wait_until_ready() {
  for (int i = 0; i < 150; ++i) {
    const std::string state = ask("sinfo --noheader --format=%t");
    if (state.starts_with("idle") || state.starts_with("mix") || state.starts_with("alloc")) {
      if (state.find('*') == std::string::npos) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  throw std::runtime_error("the cluster does not get ready\n" + logs());
}

std::string SlurmCluster::ask(const std::string& command) const {
  const ShellOutput output = shell_output("timeout 10 " + command + " 2> /dev/null");
  return output.good ? output.text : "";
}

std::vector<pid_t> SlurmCluster::descendants_of(std::vector<pid_t> open) {
  std::vector<pid_t> found;
  while (!open.empty()) {
    const pid_t process = open.back();
    open.pop_back();
    std::error_code gone;
    for (const fs::directory_entry& task : fs::directory_iterator(fmt::format("/proc/{}/task", process), gone)) {
      std::ifstream children(task.path() / "children");
      for (pid_t child = 0; children >> child;) {
        found.push_back(child);
        open.push_back(child);
      }
    }
  }
  return found;
}

std::string SlurmCluster::logs() const {
  std::string text;
  for (const char* name : {"munged", "slurmctld", "slurmd"}) {
    text += shell_output(fmt::format("tail -n 15 '{}/{}.out'", folder_.string(), name)).text;
  }
  return text;
}

std::size_t SlurmCluster::stop() {
  if (munge_ == 0) return 0;
  end(node_, SIGTERM);
  end(controller_, SIGTERM);
  end(munge_, SIGTERM);
  std::size_t left = 0;
  // Steps notice that their daemons are gone, and end; what they ran may not outlive them.
  for (int i = 0; i < 100; ++i) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
    const std::vector<pid_t> processes = descendants_of({::getpid()});
    if (i == 0) left = processes.size();
    if (processes.empty()) break;
    for (const pid_t process : processes) ::kill(process, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ::unsetenv("SLURM_CONF");
  return left;
}

}  // namespace mixvec::inline flows
