// Reads and writes the files that run_regress and its tasks under Slurm share.
#include "flows/regress/slurm/slurm_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <random>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

fs::path night_folder(const fs::path& out, std::int64_t night) { return out / "slurm" / fmt::format("{}", night); }

constexpr double kMostSeconds = 1e9;
constexpr std::size_t kMostAttempts = 1'000'000;

SlurmTask read_task(JsonFields& fields) {
  return {.command = fields.text("command"),
          .directory = fields.text("directory"),
          .log = fields.text("log"),
          .timeout = fields.number("timeout", 0, kMostSeconds),
          .from_copy = fields.flag("from_copy"),
          .attempt = fields.count("attempt", kMostAttempts)};
}

nlohmann::json task_json(const SlurmTask& task) {
  return {{"command", task.command}, {"directory", task.directory.string()}, {"log", task.log.string()},
          {"timeout", task.timeout}, {"from_copy", task.from_copy},          {"attempt", task.attempt}};
}

}  // namespace

SlurmFolder::SlurmFolder(const fs::path& out, std::int64_t night) : path_(night_folder(out, night)) {
  for (const char* name : {"batches", "claims", "results", "settled", "said"}) fs::create_directories(path_ / name);
  if (fs::exists(token_file())) return;
  std::random_device device;
  write_file(token_file(), fmt::format("{:08x}{:08x}\n", device(), device()));
}

SlurmFolder::SlurmFolder(const fs::path& batch_file) : path_(batch_file.parent_path().parent_path()) {}

bool SlurmFolder::is_used(const fs::path& out, std::int64_t night) {
  const fs::path folder = night_folder(out, night) / "batches";
  return fs::exists(folder) && !fs::is_empty(folder);
}

std::string SlurmFolder::token() const {
  std::string text = read_file(token_file());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string SlurmFolder::job_name(std::int64_t batch) const {
  return fmt::format("mixvec-{}-{}-{}", token(), path_.filename().string(), batch);
}

std::string SlurmFolder::task_name(std::int64_t batch, std::size_t index) { return fmt::format("{}.{}", batch, index); }

fs::path SlurmFolder::batch_file(std::int64_t number) const {
  return path_ / "batches" / fmt::format("{}.json", number);
}

std::vector<SlurmBatch> SlurmFolder::batches() const {
  std::vector<SlurmBatch> batches;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_ / "batches")) {
    const std::optional<std::int64_t> number = parse_number<std::int64_t>(entry.path().stem().string());
    if (number && entry.path().extension() == ".json") batches.push_back(batch(*number));
  }
  std::sort(batches.begin(), batches.end(),
            [](const SlurmBatch& a, const SlurmBatch& b) { return a.number < b.number; });
  return batches;
}

SlurmBatch SlurmFolder::batch(std::int64_t number) const {
  const fs::path file = batch_file(number);
  SlurmBatch batch;
  batch.number = number;
  const nlohmann::json json = read_json(file);
  JsonFields fields(json, file.string(), "");
  fields.each("tasks", [&](JsonFields& task) { batch.tasks.push_back(read_task(task)); });
  fs::path note = file;
  note.replace_extension(".job");
  if (fs::exists(note)) batch.job = read_file(note);
  note.replace_extension(".cancelled");
  batch.cancelled = fs::exists(note);
  return batch;
}

void SlurmFolder::write_batch(const SlurmBatch& batch) const {
  nlohmann::json tasks = nlohmann::json::array();
  for (const SlurmTask& task : batch.tasks) tasks.push_back(task_json(task));
  write_file(batch_file(batch.number), nlohmann::json{{"tasks", std::move(tasks)}}.dump());
}

void SlurmFolder::note_submitted(std::int64_t batch, const std::string& job) const {
  write_file(batch_file(batch).replace_extension(".job"), job);
}

void SlurmFolder::note_cancelled(std::int64_t batch) const {
  write_file(batch_file(batch).replace_extension(".cancelled"), "");
}

bool SlurmFolder::claim(const std::string& task, const std::string& who) const {
  const fs::path file = path_ / "claims" / task;
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0 && errno == EEXIST) return false;
  if (descriptor < 0) fail_input("{}: {}", file.string(), system_reason(errno));
  // For messages only: the file itself is the claim.
  [[maybe_unused]] const ssize_t written = ::write(descriptor, who.data(), who.size());
  ::close(descriptor);
  return true;
}

std::optional<std::string> SlurmFolder::claimed_by(const std::string& task) const {
  const fs::path file = path_ / "claims" / task;
  if (!fs::exists(file)) return std::nullopt;
  return read_file(file);
}

void SlurmFolder::write_result(const std::string& task, const SlurmResult& result) const {
  const nlohmann::json json = {{"code", result.end.code},           {"signal", result.end.signal},
                               {"timed_out", result.end.timed_out}, {"seconds", result.end.seconds},
                               {"started", result.end.started},     {"node", result.node}};
  write_file(path_ / "results" / task, json.dump() + "\n");
}

std::vector<std::string> SlurmFolder::new_results() const {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_ / "results")) {
    const std::string name = entry.path().filename().string();
    if (name.front() != '.') names.push_back(name);
  }
  return names;
}

std::optional<SlurmResult> SlurmFolder::result(const std::string& task) const {
  const fs::path file = path_ / "results" / task;
  if (!fs::exists(file)) return std::nullopt;
  try {
    const nlohmann::json json = read_json(file);
    JsonFields fields(json, file.string(), "");
    constexpr double kMostCode = 255;
    return SlurmResult{.end = {.code = static_cast<int>(fields.number("code", -1, kMostCode)),
                               .signal = static_cast<int>(fields.number("signal", 0, kMostCode)),
                               .timed_out = fields.flag("timed_out"),
                               .seconds = fields.number("seconds", 0, kMostSeconds),
                               .started = fields.number("started", 0, 1e12),
                               .lost = ""},
                       .node = fields.text("node")};
  } catch (const InputError&) {
    // A network file system may show the name before what it holds.
    return std::nullopt;
  }
}

void SlurmFolder::settle(const std::string& task) const {
  std::error_code ignored;  // it stays among the new ones, where nobody asks for it
  fs::rename(path_ / "results" / task, path_ / "settled" / task, ignored);
}

void SlurmFolder::unsettle(const std::string& task) const {
  std::error_code ignored;  // it was not settled
  fs::rename(path_ / "settled" / task, path_ / "results" / task, ignored);
}

fs::path SlurmFolder::said_file(std::int64_t batch) const { return path_ / "said" / fmt::format("{}.txt", batch); }

void SlurmFolder::refresh() const {
  // NFS keeps what a folder holds for up to a minute, but not of one that this machine has changed itself.
  for (const char* folder : {"results", "claims"}) {
    const fs::path file = path_ / folder / ".look";
    write_file(file, "");
    fs::remove(file);
  }
}

}  // namespace mixvec::inline flows
