// Draws windows and masks.
#include "pruning/train/tasks/masked_language_task.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::uint64_t kMaskStream = 0x6D61736B00;  // tells draws of masks from those of windows
constexpr std::uint64_t kValidationSeed = 1;
constexpr std::array<std::string_view, 5> kNoText{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

// How many of a window's tokens are asked for: 15 %, rounded, at least one.
std::size_t asked_of(std::size_t length) { return std::max<std::size_t>(1, (length * 15 + 50) / 100); }

}  // namespace

MaskedLanguageTask::MaskedLanguageTask(const TokenIds& ids, const Vocabulary& vocabulary,
                                       const LanguageWindows& windows, const std::string& where)
    : ids_(ids), windows_(windows), frame_(vocabulary), mask_(vocabulary.at("[MASK]")) {
  vocabulary.for_each([&](const std::string& token, std::size_t id) {
    if (std::find(kNoText.begin(), kNoText.end(), token) == kNoText.end()) words_.push_back(id);
  });
  const std::size_t frame = frame_.size(false);
  if (windows_.length <= frame) {
    fail_input("--block: found {}, expected at least {}: [CLS], [SEP] and a token", windows_.length, frame + 1);
  }
  windows_.length -= frame;
  windows_.positions -= frame;
  const std::size_t size = ids_.size() * 9 / 10;
  training_ = std::span(ids_).first(size);
  validation_ = std::span(ids_).subspan(size);
  if (training_.size() <= windows_.length || validation_.empty()) {
    fail_input("{}: found {} tokens, expected more than {} for windows of {} in 90 % of them", where, ids_.size(),
               (windows_.length + 1) * 10 / 9 + 1, windows_.length);
  }
}

Batch MaskedLanguageTask::batch_of(std::span<const std::size_t> split, const std::vector<std::size_t>& starts,
                                   std::size_t length, StepDraws draws) const {
  const std::size_t tokens = length + frame_.size(false);
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> asked;
  std::vector<std::int64_t> targets;
  std::vector<std::size_t> places(length);
  for (std::size_t s = 0; s < starts.size(); ++s) {
    const TokenIds framed = frame_.around(split.subspan(starts[s], length)).ids;
    ids.insert(ids.end(), framed.begin(), framed.end());
    // The first of a shuffle; [CLS] stands before the window.
    std::iota(places.begin(), places.end(), s * tokens + 1);
    for (std::size_t i = 0; i < asked_of(length); ++i) {
      std::swap(places[i], places[i + draws.below(length - i)]);
      const std::size_t place = places[i];
      asked.push_back(static_cast<std::int64_t>(place));
      targets.push_back(ids[place]);
      const std::size_t fate = draws.below(10);
      if (fate < 8) {
        ids[place] = static_cast<std::int64_t>(mask_);
      } else if (fate == 8) {
        ids[place] = static_cast<std::int64_t>(words_[draws.below(words_.size())]);
      }
    }
  }
  Batch batch;
  batch.inputs.ids =
      torch::tensor(ids).view({static_cast<std::int64_t>(starts.size()), static_cast<std::int64_t>(tokens)});
  batch.inputs.asked = torch::tensor(asked);
  batch.targets = torch::tensor(targets);
  return batch;
}

Batch MaskedLanguageTask::batch(std::size_t step) const {
  return batch_of(training_, starts_of(windows_.seed, step, windows_.batch, windows_.length, training_.size()),
                  windows_.length, StepDraws(windows_.seed ^ kMaskStream, step));
}

Validation MaskedLanguageTask::validate(const Forward& forward, bool whole) const {
  return validate_windows(
      validation_.size(), whole ? windows_.positions : windows_.length,
      whole ? std::numeric_limits<std::size_t>::max() : kPartWindows,
      [&](std::size_t start, std::size_t length, std::size_t window) {
        const Batch batch = batch_of(validation_, {start}, length, StepDraws(kValidationSeed ^ kMaskStream, window));
        return Validation{
            loss(forward(batch), batch).item<double>(), static_cast<std::size_t>(batch.targets.numel()), {}};
      });
}

std::uint64_t MaskedLanguageTask::hash() const {
  return fnv1a({reinterpret_cast<const char*>(ids_.data()), ids_.size() * sizeof(ids_[0])}, fnv1a("masked"));
}

}  // namespace mixvec::inline pruning
