// Draws windows, copies their tokens, and predicts what follows each.
#include "pruning/train/tasks/language_task.hpp"

#include <cstring>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"

namespace mixvec::inline pruning {

namespace {

// The windows of `length` tokens that begin at `starts`; behind each stands one token more.
Batch batch_of(std::span<const std::int64_t> split, const std::vector<std::size_t>& starts, std::size_t length) {
  const auto count = static_cast<std::int64_t>(starts.size());
  Batch batch;
  batch.inputs.ids = torch::empty({count, static_cast<std::int64_t>(length)}, torch::kInt64);
  batch.targets = torch::empty_like(batch.inputs.ids);
  const std::size_t bytes = length * sizeof(std::int64_t);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    std::memcpy(batch.inputs.ids.data_ptr<std::int64_t>() + i * length, &split[starts[i]], bytes);
    std::memcpy(batch.targets.data_ptr<std::int64_t>() + i * length, &split[starts[i] + 1], bytes);
  }
  return batch;
}

}  // namespace

LanguageTask::LanguageTask(std::vector<std::int64_t> ids, const LanguageWindows& windows, const std::string& where)
    : ids_(std::move(ids)), windows_(windows) {
  const std::size_t size = ids_.size() * 9 / 10;
  training_ = std::span(ids_).first(size);
  validation_ = std::span(ids_).subspan(size);
  if (training_.size() <= windows_.length || validation_.size() < 2) {
    fail_input("{}: found {} tokens, expected more than {} for windows of {} in 90 % of them", where, ids_.size(),
               (windows_.length + 1) * 10 / 9 + 1, windows_.length);
  }
}

Batch LanguageTask::batch(std::size_t step) const {
  return batch_of(training_, starts_of(windows_.seed, step, windows_.batch, windows_.length, training_.size()),
                  windows_.length);
}

Validation LanguageTask::validate(const Forward& forward, bool whole) const {
  // Behind the last token nothing is to be predicted.
  return validate_windows(validation_.size() - 1, whole ? windows_.positions : windows_.length,
                          whole ? std::numeric_limits<std::size_t>::max() : kPartWindows,
                          [&](std::size_t start, std::size_t length, std::size_t) {
                            const Batch batch = batch_of(validation_, {start}, length);
                            return Validation{cross_entropy(forward(batch), batch.targets).item<double>(), length, {}};
                          });
}

std::uint64_t LanguageTask::hash() const {
  // A changed text would silently shift every window.
  return fnv1a({reinterpret_cast<const char*>(ids_.data()), ids_.size() * sizeof(std::int64_t)});
}

std::vector<std::size_t> starts_of(std::uint64_t seed, std::size_t step, std::size_t count, std::size_t length,
                                   std::size_t size) {
  StepDraws draws(seed, step);
  std::vector<std::size_t> starts(count);
  for (std::size_t& start : starts) start = draws.below(size - length);
  return starts;
}

}  // namespace mixvec::inline pruning
