// Goes through the benches in rounds, the smallest designs first; a mutant that differs in one is not tried in the
// next.
#include "flows/mutation/proof/equivalence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "flows/mutation/proof/contract_text.hpp"
#include "flows/mutation/proof/miter.hpp"
#include "flows/mutation/source/mutated_text.hpp"
#include "flows/regress/run/job_loop.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kReadTimeout = 600;    // seconds
constexpr double kDecideTimeout = 120;  // of a mutant in one set of parameters

std::string file_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

/// Reads the bench's design, its modules from `folder`, but `file` from `changed`.
std::string read_script(const TrialBench& bench, std::string_view options, const fs::path& folder,
                        const fs::path& changed, const std::string& file, const std::string& out) {
  std::string sources;
  for (const std::string& one : bench.proof_files) {
    const fs::path name = fs::path(one).filename();
    const fs::path path = fs::path(one).is_absolute() ? fs::path(one) : (name == file ? changed : folder) / one;
    sources += fmt::format(" {}", path.string());
  }
  // Not by hierarchy's own -chparam, which ends Yosys 0.23 in an assertion.
  std::string parameters;
  for (const auto& [name, value] : bench.parameters) parameters += fmt::format(" -set {} {}", name, value);
  if (!parameters.empty()) parameters = fmt::format("chparam{} {}\n", parameters, bench.top);
  return fmt::format("read_verilog -sv {}{}\n{}hierarchy -top {}\nproc\nopt_clean\nwrite_rtlil {}\n", options, sources,
                     parameters, bench.top, out);
}

/// Puts a module of the original and of the mutant into one, miter_N.il.
std::string miter_script(const std::string& module, const fs::path& gold, std::size_t number) {
  const auto flat = [&](const std::string& design, std::string_view name) {
    return fmt::format(
        "read_rtlil {0}\nhierarchy -top {1}\nrename -top {2}\nflatten\nmemory_collect\nmemory_map\nasync2sync\n"
        "opt_clean\nhierarchy -top {2}\n",
        design, module, name);
  };
  return flat("gate.il", "gate") + fmt::format("write_rtlil gate_{}.il\ndesign -reset\n", number) +
         flat(gold.string(), "gold") +
         fmt::format(
             "read_rtlil gate_{0}.il\nmiter -equiv -flatten gold gate miter\nhierarchy -top miter\nopt_clean\n"
             "write_rtlil miter_{0}.il\n",
             number);
}

/// As a circuit of AND gates for abc. What is undefined is 0 in both.
std::string circuit_script(std::size_t number) {
  return fmt::format(
      "read_rtlil start_{0}.il\nhierarchy -top miter\nopt_clean\nsetundef -undriven -zero\ntechmap\nopt -fast\n"
      "dffunmap\nopt_clean\nsetundef -undriven -zero\naigmap\nwrite_aiger -zinit circuit_{0}.aig\n",
      number);
}

std::string decide_script(std::size_t number) {
  return fmt::format(
      "yosys -q circuit_{0}.ys || exit 1\n"
      "exec yosys-abc -c 'read_aiger circuit_{0}.aig; fold; scorr; pdr -T {1}'\n",
      number, static_cast<int>(kDecideTimeout));
}

/// For a message.
std::string last_line(const fs::path& log) {
  std::string text = end_of_log(log);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

enum class Outcome : std::uint8_t { kSame, kDiffers, kOpen };

/// What abc has written; `cycles` until a difference.
Outcome outcome_of(const fs::path& log, int& cycles) {
  const std::string text = read_file(log);
  constexpr std::string_view kFound = "was asserted in frame ";
  if (text.find("Property proved") != std::string::npos) return Outcome::kSame;
  const std::size_t at = text.find(kFound);
  if (at == std::string::npos) return Outcome::kOpen;
  cycles = std::atoi(text.c_str() + at + kFound.size());
  return Outcome::kDiffers;
}

/// A mutant in one bench, with the modules that no bench before had.
struct Comparison {
  std::size_t result = 0;  ///< index
  std::size_t bench = 0;
  std::vector<std::string> modules;
};

/// One of its modules.
struct Decision {
  const Comparison* comparison = nullptr;
  std::size_t number = 0;
};

class Prover {
 public:
  Prover(std::vector<MutantResult>& results, const std::vector<TrialBench>& benches, const RtlTexts& rtl,
         const MutationPlaces& places, int jobs)
      : results_(results), benches_(benches), rtl_(rtl), folder_(places.out / "proofs"), jobs_(jobs) {
    fs::create_directories(folder_ / "clean");
    fs::create_directories(folder_ / "contracts");
    for (const auto& [file, text] : rtl) {
      write_file(folder_ / "clean" / file, text);
      write_file(folder_ / "contracts" / file, with_contracts(text));
    }
  }

  void prove(const MutationProgress& progress) {
    read_originals(progress);
    for (std::size_t round = 0; round < order_.size(); ++round) {
      const auto show = [&](double part, std::string_view what) {
        progress((static_cast<double>(round) + part) / static_cast<double>(order_.size()),
                 fmt::format("{} ({} of {})", what, round + 1, order_.size()));
      };
      std::vector<Comparison> comparisons = comparisons_in(order_[round]);
      compare(comparisons, show);
      decide(comparisons, show);
    }
    for (const auto& [i, modules] : known_) {
      if (open_.count(i) != 0) continue;
      results_[i].verdict = Verdict::kEquivalent;
      results_[i].by = fmt::format("yosys and abc, {} configurations of the module", modules.size());
    }
  }

 private:
  [[nodiscard]] bool is_candidate(std::size_t i) const {
    // An element that does not exist is x, which the proof takes for 0.
    return results_[i].verdict == Verdict::kOpen && results_[i].mutant.mutant.kind != "index" && open_.count(i) == 0;
  }
  [[nodiscard]] bool simulates(std::size_t bench, std::size_t result) const {
    return benches_[bench].files.count(results_[result].mutant.mutant.file) != 0;
  }

  /// Of the benches that simulate one of these files; order_ has the smallest first.
  void read_originals(const MutationProgress& progress) {
    for (std::size_t b = 0; b < benches_.size(); ++b) {
      bool needed = false;
      for (std::size_t i = 0; i < results_.size(); ++i) needed = needed || (is_candidate(i) && simulates(b, i));
      if (!needed) continue;
      order_.push_back(b);
      const fs::path folder = gold(b).parent_path();
      fs::create_directories(folder);
      write_file(folder / "gold.ys",
                 read_script(benches_[b], "-formal -assume-asserts", folder_ / "contracts", "", "", "gold.il"));
    }
    const auto folder_of = [&](std::size_t i) { return gold(order_[i]).parent_path(); };
    run_jobs(order_.size(), jobs_,
             {.request =
                  [&](std::size_t i) {
                    return ProcessRequest{"yosys -q gold.ys", folder_of(i), folder_of(i) / "yosys.log", kReadTimeout};
                  },
              .ended =
                  [&](std::size_t i, const ProcessEnd& end) {
                    if (end.code == 0) return;
                    throw FlowError(fmt::format("yosys cannot read {}, see {}", benches_[order_[i]].name,
                                                (folder_of(i) / "yosys.log").string()));
                  },
              .progress = [&](double part, std::size_t) { progress(part, "reading the originals"); }});
    for (const std::size_t b : order_) designs_[b] = read_file(gold(b));
    std::sort(order_.begin(), order_.end(),
              [&](std::size_t a, std::size_t b) { return designs_.at(a).size() < designs_.at(b).size(); });
  }

  std::vector<Comparison> comparisons_in(std::size_t bench) {
    std::vector<Comparison> found;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (!is_candidate(i) || !simulates(bench, i)) continue;
      const std::string& file = results_[i].mutant.mutant.file;
      std::vector<std::string> modules = variants_of(designs_.at(bench), file.substr(0, file.rfind('.')));
      // Their names say with which parameters they are.
      std::erase_if(modules, [&](const std::string& name) { return !known_[i].insert(name).second; });
      if (!modules.empty()) found.push_back({i, bench, std::move(modules)});
    }
    return found;
  }

  void compare(const std::vector<Comparison>& comparisons, const MutationProgress& progress) {
    run_jobs(comparisons.size(), jobs_,
             {.request =
                  [&](std::size_t i) {
                    write_comparison(comparisons[i]);
                    const fs::path folder = folder_of(comparisons[i]);
                    return ProcessRequest{"sh compare.sh", folder, folder / "yosys.log", kReadTimeout};
                  },
              .ended =
                  [&](std::size_t i, const ProcessEnd& end) {
                    if (end.code != 0) leave_open(comparisons[i].result, "yosys did not compare it");
                  },
              .progress = [&](double part, std::size_t) { progress(part / 2, "comparing modules"); }});
  }

  void decide(const std::vector<Comparison>& comparisons, const MutationProgress& progress) {
    std::vector<Decision> decisions;
    for (const Comparison& one : comparisons) {
      for (std::size_t number = 0; number < one.modules.size(); ++number) decisions.push_back({&one, number});
    }
    const auto log_of = [&](const Decision& one) {
      return folder_of(*one.comparison) / fmt::format("abc_{}.log", one.number);
    };
    run_jobs(decisions.size(), jobs_,
             {.request =
                  [&](std::size_t i) {
                    write_decision(decisions[i]);
                    return ProcessRequest{fmt::format("sh decide_{}.sh", decisions[i].number),
                                          folder_of(*decisions[i].comparison), log_of(decisions[i]),
                                          2 * kDecideTimeout};
                  },
              .ended =
                  [&](std::size_t i, const ProcessEnd&) {
                    const std::size_t result = decisions[i].comparison->result;
                    int cycles = 0;
                    const Outcome outcome = outcome_of(log_of(decisions[i]), cycles);
                    if (outcome == Outcome::kDiffers) {
                      leave_open(result, fmt::format("differs after {} cycles in {}", cycles,
                                                     benches_[decisions[i].comparison->bench].name));
                    } else if (outcome == Outcome::kOpen) {
                      leave_open(result, "undecided: " + last_line(log_of(decisions[i])));
                    }
                  },
              .wanted = [&](std::size_t i) { return open_.count(decisions[i].comparison->result) == 0; },
              .progress = [&](double part, std::size_t) { progress((1 + part) / 2, "proving that nothing changes"); }});
  }

  void leave_open(std::size_t result, const std::string& why) {
    if (open_.insert(result).second) results_[result].how = why;
  }

  [[nodiscard]] fs::path gold(std::size_t bench) const { return folder_ / file_name(benches_[bench].name) / "gold.il"; }
  [[nodiscard]] fs::path folder_of(const Comparison& one) const {
    return gold(one.bench).parent_path() / fmt::format("mutant_{}", results_[one.result].mutant.number);
  }

  void write_comparison(const Comparison& one) const {
    const Mutant& mutant = results_[one.result].mutant.mutant;
    const fs::path folder = folder_of(one);
    fs::create_directories(folder);
    write_file(folder / mutant.file, mutate(rtl_.at(mutant.file), mutant));
    write_file(folder / "gate.ys",
               read_script(benches_[one.bench], "", folder_ / "clean", folder, mutant.file, "gate.il"));
    std::string script = "yosys -q gate.ys || exit 1\n";
    for (std::size_t i = 0; i < one.modules.size(); ++i) {
      write_file(folder / fmt::format("miter_{}.ys", i), miter_script(one.modules[i], gold(one.bench), i));
      script += fmt::format("yosys -q miter_{}.ys || exit 1\n", i);
    }
    write_file(folder / "compare.sh", script);
  }

  void write_decision(const Decision& one) const {
    const fs::path folder = folder_of(*one.comparison);
    write_file(folder / fmt::format("start_{}.il", one.number),
               with_shared_start(read_file(folder / fmt::format("miter_{}.il", one.number))));
    write_file(folder / fmt::format("circuit_{}.ys", one.number), circuit_script(one.number));
    write_file(folder / fmt::format("decide_{}.sh", one.number), decide_script(one.number));
  }

  std::vector<MutantResult>& results_;
  const std::vector<TrialBench>& benches_;
  const RtlTexts& rtl_;
  fs::path folder_;
  int jobs_;
  std::vector<std::size_t> order_;                      ///< benches
  std::map<std::size_t, std::string> designs_;          ///< RTLIL of the originals, by bench
  std::map<std::size_t, std::set<std::string>> known_;  ///< modules that a result was compared in
  std::set<std::size_t> open_;                          ///< results that are not proved
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
  Prover(results, benches, rtl, places, jobs).prove(progress);
}

}  // namespace mixvec::inline flows
