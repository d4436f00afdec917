// Declares the options, runs the comparison, writes its files.
#include "pruning/compare/compare.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/atomic_folder.hpp"
#include "pruning/compare/comparison_report.hpp"

namespace mixvec::inline pruning {

namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* kRecordName = "compare.json";

void check_ratios(const std::string& text) { (void)read_ratios(text); }

}  // namespace

void add_compare_options(CommandLine& command, Arguments& arguments) {
  po::typed_value<std::string>* const ratio =
      checked_text(check_ratios)->default_value(fmt::format("{}", arguments.ratios[0]))->value_name("X");
  ratio->notifier([&arguments](const std::string& text) {
    arguments.ratios = read_ratios(text);
    arguments.prune.ratio = arguments.ratios[0];
  });
  command.options().add_options()("ratio", ratio, "share of the prunable weights to prune, 0 to 1");
  command.options().add_options()(
      "compare", po::bool_switch(&arguments.compare),
      "compare settings, no checkpoint is written: --pattern, --importance, --recover and --ratio are lists "
      "(\"mixed vector:4,direction=row 2:4\"), each is run with each")(
      "at", po::value(&arguments.at)->default_value("", "")->value_name("LIST"),
      "compare at equal cost instead of --ratio: bytes=LIST and/or cycles=LIST, numbers or percents of the dense "
      "model's");
}

void refuse_lists(const Arguments& arguments) {
  if (arguments.ratios.size() > 1) {
    fail_input("--ratio: found {} numbers, expected one (or --compare beside it)", arguments.ratios.size());
  }
  if (!arguments.at.empty()) fail_input("--at: found without --compare, expected it beside it");
}

int compare(const Arguments& arguments) {
  const Model model = Model::open(arguments.model);
  AtomicFolder out(arguments.out, [](const fs::path& earlier) { require_own(earlier, kRecordName, "prune_model"); });
  Progress progress("comparing");
  progress.update(0, "reading");
  const Comparison comparison =
      ComparisonRun(arguments, model).run([&](double share, std::string_view what) { progress.update(share, what); });
  nlohmann::ordered_json json = comparison_json(comparison, arguments);
  if (!arguments.no_pictures) write_file(out.path() / "compare.svg", comparison_svg(comparison, arguments));
  write_file(out.path() / "README.md", comparison_page(comparison, arguments, !arguments.no_pictures));
  // So that the next run knows what it may replace.
  json["files"] = files_below(out.path());
  json["files"].push_back(kRecordName);
  write_json(out.path() / kRecordName, json);
  StagedFile json_file(arguments.json, json_text(json));
  progress.update(1, "done");
  fmt::print("{}", comparison_table(comparison, arguments));
  out.commit();
  json_file.commit();
  return kExitGood;
}

}  // namespace mixvec::inline pruning
