// Builds until the compiler finds nothing more to refuse: what it refuses is taken out and tried no more.
#include "flows/mutation/cpp/cpp_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "flows/regress/run/job_loop.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kBuildTimeout = 7200;  // seconds
constexpr int kMostRounds = 30;

constexpr const char* kMutantNamespace = "mixvec_mutant";
const ChoiceWords kCppWords = {"mixvec_mutant::active(", "!mixvec_mutant::active(", ")", "{", " }"};

/// A place that a compiler names.
struct Location {
  std::string path;
  std::size_t line = 0;
  std::size_t column = 0;
};

/// "PATH:LINE:COLUMN: error: ..." or, if `errors` is false, any line that begins with a place.
std::vector<Location> locations(const std::string& log, bool errors) {
  static const std::regex kAny("^([^ :]+):([0-9]{1,7}):([0-9]{1,7}):");
  std::vector<Location> found;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() > 4000 || (errors && line.find("error:") == std::string::npos)) continue;
    std::smatch match;
    if (!std::regex_search(line, match, kAny)) continue;
    found.push_back({match[1], std::stoul(match[2]), std::stoul(match[3])});
  }
  return found;
}

/// The file of `texts` that a path ends with.
const std::pair<const std::string, MutatedText>* file_of(const std::string& path,
                                                         const std::map<std::string, MutatedText>& texts) {
  for (const auto& one : texts) {
    const std::string& name = one.first;
    if (path == name || (path.size() > name.size() && path.compare(path.size() - name.size(), name.size(), name) == 0 &&
                         path[path.size() - name.size() - 1] == '/')) {
      return &one;
    }
  }
  return nullptr;
}

/// First and last byte of a line, counted from 1.
std::pair<std::size_t, std::size_t> bytes_of_line(const std::string& text, std::size_t line) {
  std::size_t begin = 0;
  for (std::size_t i = 1; i < line; ++i) {
    const std::size_t next = text.find('\n', begin);
    if (next == std::string::npos) return {text.size(), text.size()};
    begin = next + 1;
  }
  return {begin, std::min(text.find('\n', begin), text.size())};
}

void blame(const Location& location, const MutatedText& text, std::set<int>& blamed) {
  const auto [begin, end] = bytes_of_line(text.text, location.line);
  const std::size_t at = begin + std::max<std::size_t>(location.column, 1) - 1;
  const ChoicePlace* innermost = nullptr;
  std::size_t least = 0;
  for (const ChoicePlace& place : text.places) {
    const bool own = at >= place.own_begin && at < place.own_end;
    if (!own && (at < place.begin || at >= place.end)) continue;
    const std::size_t length = own ? place.own_end - place.own_begin : place.end - place.begin;
    if (innermost == nullptr || length < least) {
      innermost = &place;
      least = length;
    }
  }
  if (innermost != nullptr) {
    blamed.insert(innermost->number);
    return;
  }
  for (const ChoicePlace& place : text.places) {
    if (place.begin < end && place.end > begin) blamed.insert(place.number);
  }
}

std::map<std::string, MutatedText> mutated(const CppTexts& texts, const std::vector<NumberedMutant>& mutants) {
  std::map<std::string, std::vector<NumberedMutant>> files;
  for (const NumberedMutant& one : mutants) files[one.mutant.file].push_back(one);
  std::map<std::string, MutatedText> all;
  for (const auto& [file, list] : files) all[file] = mutate_with_places(texts.at(file), list, kCppWords);
  return all;
}

/// Lines keep their numbers. In angle brackets, as what follows includes in quotes would take it for one of ours.
std::string with_header(const std::string& text) {
  return fmt::format("#include <{}>\n#line 1\n{}", kCppMutantHeader, text);
}

void copy_sources(const CppPlan& plan, const CppPlaces& places) {
  fs::create_directories(places.tree());
  for (const std::string& one : plan.copy) {
    if (!fs::exists(places.source / one)) fail_input("copy: found no {} in {}", quote(one), places.source.string());
    fs::create_directories((places.tree() / one).parent_path());
    fs::copy(places.source / one, places.tree() / one, fs::copy_options::recursive);
  }
  write_file(places.tree() / kCppMutantHeader, cpp_mutant_header());
}

class TreeBuilder {
 public:
  TreeBuilder(const CppTexts& texts, std::vector<NumberedMutant>& mutants, const CppPlaces& places,
              const MutationProgress& progress)
      : texts_(texts), mutants_(mutants), places_(places), progress_(progress), written_(mutated(texts, mutants)) {
    for (const auto& [file, text] : written_) write(file, text.text);
  }

  void build(const CppBuild& build, double fraction) {
    // What cmake and our makefiles ask for.
    std::string line = fmt::format("export JOBS={0} CMAKE_BUILD_PARALLEL_LEVEL={0}", places_.jobs);
    for (const auto& words : build.commands) line += " && " + filled_line(words, places_);
    for (int round = 0; round < kMostRounds; ++round) {
      progress_(fraction, fmt::format("building {}, {} do not compile", build.name, dropped_.size()));
      const fs::path log = places_.out / "logs" / fmt::format("build_{}_{}.log", build.name, round);
      bool good = false;
      run_jobs(1, 1,
               {.request =
                    [&](std::size_t) {
                      return ProcessRequest{line, places_.out, log, kBuildTimeout};
                    },
                .ended = [&](std::size_t, const ProcessEnd& end) { good = end.code == 0; },
                .progress = [](double, std::size_t) {}});
      if (good) return;
      const std::vector<int> blamed = blamed_mutants(read_file(log), written_);
      if (blamed.empty()) {
        throw FlowError(fmt::format("{} cannot be built with its mutants; the end of {}:\n{}", build.name, log.string(),
                                    end_of_log(log)));
      }
      drop(blamed);
    }
    throw FlowError(fmt::format("{} cannot be built: after {} rounds there are still mutants that do not compile",
                                build.name, kMostRounds));
  }

  std::vector<NumberedMutant> dropped() { return std::move(dropped_); }

 private:
  void write(const std::string& file, const std::string& text) const {
    write_file(places_.tree() / file, with_header(text));
  }

  void drop(const std::vector<int>& numbers) {
    std::set<std::string> files;
    std::erase_if(mutants_, [&](const NumberedMutant& one) {
      if (std::find(numbers.begin(), numbers.end(), one.number) == numbers.end()) return false;
      files.insert(one.mutant.file);
      dropped_.push_back(one);
      return true;
    });
    std::map<std::string, MutatedText> next = mutated(texts_, mutants_);
    for (const std::string& file : files) write(file, next.count(file) != 0 ? next[file].text : texts_.at(file));
    written_ = std::move(next);
  }

  const CppTexts& texts_;
  std::vector<NumberedMutant>& mutants_;
  const CppPlaces& places_;
  const MutationProgress& progress_;
  std::map<std::string, MutatedText> written_;
  std::vector<NumberedMutant> dropped_;
};

}  // namespace

CppTexts read_cpp_texts(const CppPlan& plan, const std::vector<std::string>& globs, const fs::path& source) {
  CppTexts texts;
  std::vector<std::string> names;
  for (const std::string& one : plan.copy) {
    if (!fs::is_directory(source / one)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(source / one)) {
      if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), source).generic_string());
    }
  }
  for (const std::string& glob : globs) {
    bool any = false;
    for (const std::string& name : names) {
      if (!matches_glob(glob, name)) continue;
      any = true;
      texts[name] = read_file(source / name);
    }
    if (!any) fail_input("files: found nothing that {} matches in what is copied of {}", quote(glob), source.string());
  }
  return texts;
}

std::vector<int> blamed_mutants(const std::string& log, const std::map<std::string, MutatedText>& texts) {
  std::set<int> blamed;
  // An error within a template of others is blamed on the line that asks for it.
  for (const bool errors : {true, false}) {
    for (const Location& location : locations(log, errors)) {
      if (const auto* file = file_of(location.path, texts)) blame(location, file->second, blamed);
    }
    if (!blamed.empty()) break;
  }
  return {blamed.begin(), blamed.end()};
}

std::vector<NumberedMutant> build_cpp_tree(const CppPlan& plan, const CppTexts& texts,
                                           std::vector<NumberedMutant>& mutants, const CppPlaces& places,
                                           const MutationProgress& progress) {
  copy_sources(plan, places);
  fs::create_directories(places.out / "logs");
  TreeBuilder builder(texts, mutants, places, progress);
  for (std::size_t i = 0; i < plan.builds.size(); ++i) {
    builder.build(plan.builds[i], static_cast<double>(i) / static_cast<double>(plan.builds.size()));
  }
  return builder.dropped();
}

std::string cpp_mutant_header() {
  return fmt::format(
      R"(// Which of the mutants in the sources is active: the number in {0}, 0 for none. With {1}, a file of a
// byte for each number, none is active, and the bytes of those that are reached become 1.
#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace {2} {{
inline unsigned char* map_reach() {{
  const char* const file = std::getenv("{1}");
  const int descriptor = file != nullptr ? ::open(file, O_RDWR | O_CLOEXEC) : -1;
  struct stat about = {{}};
  if (descriptor < 0 || ::fstat(descriptor, &about) != 0) return nullptr;
  void* const bytes =
      ::mmap(nullptr, static_cast<std::size_t>(about.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  return bytes == MAP_FAILED ? nullptr : static_cast<unsigned char*>(bytes);
}}
inline int read_number() {{
  const char* const text = std::getenv("{0}");
  return text != nullptr ? std::atoi(text) : 0;
}}
inline unsigned char* const reach = map_reach();
inline const int number = reach != nullptr ? -1 : read_number();
inline bool chosen(int one) {{
  if (number < 0) reach[one] = 1;
  return number == one;
}}
constexpr bool active(int one) {{
  if (__builtin_is_constant_evaluated()) return false;
  return chosen(one);
}}
}}  // namespace {2}
)",
      kMutantVariable, kReachVariable, kMutantNamespace);
}

}  // namespace mixvec::inline flows
