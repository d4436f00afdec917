// Writes the README of a pruned model.
#include "golden/checkpoint/model_card.hpp"

#include <fmt/format.h>

#include <map>

#include "golden/base/text.hpp"

namespace mixvec::inline golden {

namespace {

std::string lengths_of(const PrunedMatrix& matrix) {
  std::map<int, std::size_t> strips;
  for (const Strip& strip : matrix.pattern.strips) ++strips[strip.length];
  std::string text;
  for (const auto& [length, count] : strips) text += fmt::format("{}{} × {}", text.empty() ? "" : ", ", count, length);
  return text;
}

}  // namespace

std::string model_card(const std::filesystem::path& source, const std::vector<PrunedMatrix>& matrices,
                       const CarriedFiles& carried, const CardNotes& notes) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::weakly_canonical(source, error);
  const std::string name = quote(notes.source.empty() ? (error ? source : place).filename().string() : notes.source);
  std::size_t weights = 0;
  std::size_t kept = 0;
  for (const PrunedMatrix& matrix : matrices) {
    weights += matrix.weight.size();
    kept += matrix.kept();
  }
  const auto percent = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  std::string text = fmt::format(
      "# A pruned model\n\n"
      "This is the checkpoint {} after pruning with Mixvec: {} of the {} weights in {} matrices are kept ({:.2f} %), "
      "the "
      "others are zero.\n"
      "The pruned matrices and their biases are stored in binary16. All other tensors {}.\n",
      name, kept, weights, matrices.size(), percent(kept, weights),
      notes.trained ? "were trained, too" : "are those of the source");
  if (!notes.how.empty()) text += "\n" + notes.how + "\n";
  text +=
      fmt::format("\n{} {}\n",
                  notes.trained ? "Its loss stands in `train_report.json` (`val_loss`, nats per token)."
                                : "Its quality has not been measured here.",
                  carried.source_readme
                      ? "What README.source says of losses and scores was measured on the source, not on this model."
                      : "What is known of the source's losses and scores does not hold for this model.");
  text +=
      "\n| file | content |\n|---|---|\n"
      "| `model.safetensors` | all tensors, under the source's names |\n"
      "| `pruning.safetensors` | masks, directions, lengths and strips of the pruned matrices |\n";
  if (carried.source_readme) text += "| `README.source` | the source's own description |\n";
  text += "| the rest | the source's, unchanged |\n";
  if (!carried.left_out.empty()) {
    text += "\nNot taken over from the source:\n\n";
    for (const LeftOut& left : carried.left_out) text += fmt::format("- {}: {}\n", quote(left.path), left.why);
  }
  text += "\n| matrix | out × in | direction | strips × length | kept |\n|---|---|---|---|---|\n";
  for (const PrunedMatrix& matrix : matrices) {
    text += fmt::format("| `{}` | {} × {} | {} | {} | {:.2f} % |\n", matrix.name, matrix.out, matrix.in,
                        name_of(matrix.pattern.direction), lengths_of(matrix),
                        percent(matrix.kept(), matrix.weight.size()));
  }
  return text;
}

}  // namespace mixvec::inline golden
