// The results as tables.
#include <fmt/format.h>

#include <algorithm>

#include "flows/study/results.hpp"

namespace mixvec::inline flows {
namespace {

/// "7.512 ± 0.021"
std::string with_spread(const Spread& spread, int digits) {
  const std::string mean = fmt::format("{:.{}f}", spread.mean, digits);
  return spread.deviation ? fmt::format("{} ± {:.{}f}", mean, *spread.deviation, digits) : mean;
}

/// "+3.2 %"
std::string beside(double value, const std::optional<double>& other) {
  return other ? fmt::format("{:+.1f} %", (value / *other - 1) * 100) : "–";
}

std::string ratio_of(const StudyFile& study, const StudyMean& mean) {
  return study.methods[mean.method].is_dense() ? "–" : fmt::format("{:g}", mean.ratio);
}

std::string table_of(const StudyFile& study, const StudyResults& results, std::size_t model) {
  std::string table =
      "| method | δ | seeds | perplexity | min … max | against dense | against dense, trained on | kept | mean ℓ | "
      "bytes | "
      "cycles | mm² · 1000 cycles |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const StudyMean& mean : results.means) {
    if (mean.model != model) continue;
    const double perplexity = mean.perplexity.mean;
    table += fmt::format("| {} | {} | {} | {} | {:.3f} … {:.3f} | {} | {} | {:.4f} | {} | {:.0f} | {:.0f} | {} |\n",
                         name_of_row(study, mean.method, mean.accelerator), ratio_of(study, mean), mean.seeds,
                         with_spread(mean.perplexity, 3), mean.perplexity.least, mean.perplexity.most,
                         beside(perplexity, results.dense(study, model, false)),
                         beside(perplexity, results.dense(study, model, true)), mean.kept.mean,
                         mean.mean_length ? with_spread(*mean.mean_length, 2) : "–", mean.bytes.mean, mean.cycles.mean,
                         mean.area_cycles ? fmt::format("{:.1f}", mean.area_cycles->mean / 1000) : "–");
  }
  return table;
}

std::string published_table(const StudyFile& study) {
  std::string table = "| method | δ | BERT F1 | GPT-2 perplexity |\n|---|---|---|---|\n";
  for (const PublishedRow& row : study.published) {
    table += fmt::format("| {} | {:g} | {:.2f} | {:.1f} |\n", row.method, row.ratio, row.f1, row.perplexity);
  }
  return table;
}

const char* said_of(CheckResult result) {
  constexpr const char* kWords[] = {"holds", "**fails**", "open"};
  return kWords[static_cast<std::size_t>(result)];
}

}  // namespace

std::string results_page(const StudyFile& study, const StudyResults& results) {
  std::string page = fmt::format(
      "# Results of the study, plan {}\n\nWritten by `run_study`. Perplexity is that of the last tenth of the text; ± "
      "is "
      "the standard deviation over seeds. Bytes and cycles are those of all pruned matrices for {} tokens, the area is "
      "that of the array of multipliers before layout.\n",
      study.plan.name, study.tokens);
  for (const std::size_t model : study.plan.models) {
    page += fmt::format("\n## {}\n\n{}", study.models[model].name, table_of(study, results, model));
  }
  for (const StudyPicture& picture : results_pictures(study, results)) {
    page += fmt::format("\n![{0}]({0})\n", picture.file);
  }
  if (!results.checks.empty()) page += "\n## Checks\n\n";
  for (const CheckedLine& line : results.checks) page += fmt::format("- {}: {}\n", said_of(line.result), line.text);
  if (!results.missing.empty()) page += "\n## Not there yet\n\n";
  for (const std::string& name : results.missing) page += fmt::format("- {}\n", name);
  if (!study.published.empty()) {
    page += "\n## The paper's figures\n\nGPT-2 small on WikiText-2, BERT on SQuAD v1.1.\n\n" + published_table(study);
  }
  return page;
}

std::string results_table(const StudyFile& study, const StudyResults& results) {
  std::string table = fmt::format("{:<20} {:<26} {:>5} {:>16} {:>7} {:>9} {:>8}\n", "model", "method", "ratio",
                                  "perplexity", "length", "bytes", "cycles");
  for (const StudyMean& mean : results.means) {
    table += fmt::format(
        "{:<20.20} {:<26.26} {:>5} {:>16} {:>7} {:>9.0f} {:>8.0f}\n", study.models[mean.model].name,
        name_of_row(study, mean.method, mean.accelerator),
        study.methods[mean.method].is_dense() ? "-" : fmt::format("{:g}", mean.ratio), with_spread(mean.perplexity, 3),
        mean.mean_length ? fmt::format("{:.2f}", mean.mean_length->mean) : "-", mean.bytes.mean, mean.cycles.mean);
  }
  return table;
}

}  // namespace mixvec::inline flows
