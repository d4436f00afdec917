// One job for each pair of mutant and bench; the originals are read first.
#include "flows/mutation/equivalence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "flows/mutation/job_loop.hpp"
#include "flows/mutation/source/mutated_text.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kReadTimeout = 600;   // seconds
constexpr double kProofTimeout = 200;  // of a mutant in one bench

std::string file_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

/// Reads the bench's design with `folder`'s version of its modules.
std::string read_script(const TrialBench& bench, const fs::path& clean, const fs::path& changed,
                        const std::string& file, const std::string& out) {
  std::string sources;
  for (const std::string& one : bench.proof_files) {
    const fs::path name = fs::path(one).filename();
    const fs::path path = fs::path(one).is_absolute() ? fs::path(one) : (name == file ? changed : clean) / one;
    sources += fmt::format(" {}", path.string());
  }
  // Not by hierarchy's own -chparam, which ends Yosys 0.23 in an assertion.
  std::string parameters;
  for (const auto& [name, value] : bench.parameters) parameters += fmt::format(" -set {} {}", name, value);
  if (!parameters.empty()) parameters = fmt::format("chparam{} {}\n", parameters, bench.top);
  return fmt::format("read_verilog -sv{}\n{}hierarchy -top {}\nproc\nopt_clean\nwrite_rtlil {}\n", sources, parameters,
                     bench.top, out);
}

/// Compares one module of two designs; what is instantiated in it is taken as given.
std::string compare_script(const std::string& module, const fs::path& gold, const std::string& number) {
  return fmt::format(
      "read_rtlil {0}\nrename {1} gold\nblackbox * gold %d\nwrite_rtlil gold_{2}.il\ndesign -reset\n"
      "read_rtlil gate.il\nrename {1} gate\nblackbox * gate %d\nwrite_rtlil gate_{2}.il\ndesign -reset\n"
      "read_rtlil gold_{2}.il\nread_rtlil -nooverwrite gate_{2}.il\nmemory_map gold gate\nasync2sync gold gate\n"
      "opt_clean gold gate\nequiv_make gold gate equiv\ndelete gold gate\nhierarchy -top equiv\nopt_clean equiv\n"
      "opt_merge equiv\nopt_clean equiv\nequiv_simple equiv\nequiv_induct equiv\nequiv_status -assert equiv\n",
      gold.string(), module, number);
}

struct Proof {
  std::size_t result = 0;  ///< index
  fs::path folder;
  bool failed = false;
};

class Prover {
 public:
  Prover(const std::vector<TrialBench>& benches, const RtlTexts& rtl, const MutationPlaces& places, int jobs)
      : benches_(benches), rtl_(rtl), folder_(places.out / "proofs"), jobs_(jobs) {
    fs::create_directories(folder_ / "clean");
    for (const auto& [file, text] : rtl) write_file(folder_ / "clean" / file, text);
  }

  /// Of the benches that simulate one of these files.
  void read_originals(const std::vector<MutantResult>& results, const MutationProgress& progress) {
    std::vector<std::size_t> needed;
    for (std::size_t b = 0; b < benches_.size(); ++b) {
      const bool wanted = std::any_of(results.begin(), results.end(), [&](const MutantResult& one) {
        return one.verdict == Verdict::kSurvived && benches_[b].files.count(one.mutant.mutant.file) != 0;
      });
      if (!wanted) continue;
      needed.push_back(b);
      const fs::path folder = gold(b).parent_path();
      fs::create_directories(folder);
      write_file(folder / "gold.ys", read_script(benches_[b], folder_ / "clean", folder_ / "clean", "", "gold.il"));
    }
    const auto folder_of = [&](std::size_t i) { return gold(needed[i]).parent_path(); };
    run_jobs(needed.size(), jobs_,
             {.request =
                  [&](std::size_t i) {
                    return ProcessRequest{"yosys -q gold.ys", folder_of(i), log(folder_of(i)), kReadTimeout};
                  },
              .ended =
                  [&](std::size_t i, const ProcessEnd& end) {
                    if (end.code == 0) return;
                    throw FlowError(fmt::format("yosys cannot read {}, see {}", benches_[needed[i]].name,
                                                log(folder_of(i)).string()));
                  },
              .progress = [&](double part, std::size_t) { progress(part, "reading the originals"); }});
    for (const std::size_t b : needed) designs_[b] = read_file(gold(b));
  }

  void prove(std::vector<MutantResult>& results, const MutationProgress& progress) {
    std::vector<Proof> proofs;
    std::map<std::size_t, std::set<std::string>> configurations;  // of a result: sets of parameters
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].verdict != Verdict::kSurvived) continue;
      // An element that does not exist is x, which the proof would take for 0.
      if (results[i].mutant.mutant.kind == "index") continue;
      for (const std::size_t b : smallest_first()) {
        if (benches_[b].files.count(results[i].mutant.mutant.file) == 0) continue;
        if (write_proof(results[i].mutant, b, configurations[i])) {
          proofs.push_back({i, proof_folder(results[i].mutant, b), false});
        }
      }
    }
    const auto has_failed = [&](std::size_t result) {
      return std::any_of(proofs.begin(), proofs.end(),
                         [result](const Proof& one) { return one.result == result && one.failed; });
    };
    run_jobs(proofs.size(), jobs_,
             {.request =
                  [&](std::size_t i) {
                    return ProcessRequest{"sh prove.sh", proofs[i].folder, log(proofs[i].folder), kProofTimeout};
                  },
              .ended = [&](std::size_t i, const ProcessEnd& end) { proofs[i].failed = end.code != 0; },
              .wanted = [&](std::size_t i) { return !has_failed(proofs[i].result); },
              .progress = [&](double part, std::size_t) { progress(part, "proving that nothing changes"); }});
    for (const auto& [i, modules] : configurations) {
      if (modules.empty() || has_failed(i)) continue;
      results[i].verdict = Verdict::kEquivalent;
      results[i].by = fmt::format("yosys, in {} configurations of the module", modules.size());
    }
  }

 private:
  [[nodiscard]] fs::path gold(std::size_t bench) const { return folder_ / file_name(benches_[bench].name) / "gold.il"; }
  [[nodiscard]] fs::path proof_folder(const NumberedMutant& mutant, std::size_t bench) const {
    return gold(bench).parent_path() / fmt::format("mutant_{}", mutant.number);
  }
  static fs::path log(const fs::path& folder) { return folder / "yosys.log"; }

  /// Benches whose design was read.
  [[nodiscard]] std::vector<std::size_t> smallest_first() const {
    std::vector<std::size_t> order;
    for (const auto& [b, design] : designs_) order.push_back(b);
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return designs_.at(a).size() < designs_.at(b).size(); });
    return order;
  }

  /// For the modules that are not `known` yet, which it adds to them. Returns false if there are none: their names say
  /// with which parameters they are.
  bool write_proof(const NumberedMutant& mutant, std::size_t bench, std::set<std::string>& known) const {
    const std::string& file = mutant.mutant.file;
    std::vector<std::string> modules = variants_of(designs_.at(bench), file.substr(0, file.rfind('.')));
    std::erase_if(modules, [&](const std::string& name) { return !known.insert(name).second; });
    if (modules.empty()) return false;
    const fs::path folder = proof_folder(mutant, bench);
    fs::create_directories(folder);
    write_file(folder / file, mutate(rtl_.at(file), mutant.mutant));
    write_file(folder / "gate.ys", read_script(benches_[bench], folder_ / "clean", folder, file, "gate.il"));
    std::string script = "yosys -q gate.ys || exit 1\n";
    for (std::size_t i = 0; i < modules.size(); ++i) {
      const std::string number = std::to_string(i);
      write_file(folder / ("compare_" + number + ".ys"), compare_script(modules[i], gold(bench), number));
      script += fmt::format("yosys -q compare_{}.ys || exit 1\n", number);
    }
    write_file(folder / "prove.sh", script);
    return true;
  }

  const std::vector<TrialBench>& benches_;
  const RtlTexts& rtl_;
  fs::path folder_;
  int jobs_;
  std::map<std::size_t, std::string> designs_;  ///< RTLIL of the originals, by bench
};

}  // namespace

std::vector<std::string> variants_of(const std::string& rtlil, const std::string& module) {
  std::vector<std::string> found;
  std::size_t at = 0;
  while (at < rtlil.size()) {
    const std::size_t end = std::min(rtlil.find('\n', at), rtlil.size());
    const std::string line = rtlil.substr(at, end - at);
    at = end + 1;
    if (line.rfind("module ", 0) != 0) continue;
    const std::string name = line.substr(7);
    const std::string suffix = "\\" + module;
    const bool plain = name == suffix;
    const bool hashed = name.rfind("$paramod$", 0) == 0 && name.size() > suffix.size() &&
                        name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
    const bool spelt = name.rfind("$paramod" + suffix + "\\", 0) == 0;
    if (plain || hashed || spelt) found.push_back(name);
  }
  return found;
}

void prove_equivalent(std::vector<MutantResult>& results, const std::vector<TrialBench>& benches, const RtlTexts& rtl,
                      const MutationPlaces& places, int jobs, const MutationProgress& progress) {
  Prover prover(benches, rtl, places, jobs);
  prover.read_originals(results, progress);
  prover.prove(results, progress);
}

}  // namespace mixvec::inline flows
