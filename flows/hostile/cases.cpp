// Turns subjects into cases.
#include "flows/hostile/cases.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "flows/hostile/mutations.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::hostile {

namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

constexpr const char* kPrecious = "precious.txt";  // stands in every folder and must stay
constexpr const char* kOutputs[] = {"json", "out", "csv", "picture"};
constexpr const char* kInputs[] = {"model", "accel", "text", "program", "masks",
                                   "prune", "bench", "lib",  "rtl",     "liberty"};

template <typename List>
bool is_one_of(const std::string& name, const List& list) {
  return std::any_of(std::begin(list), std::end(list), [&](const char* other) { return name == other; });
}

void write_plainly(const fs::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
}

/// Makes something that is no regular file, or none that anybody should read.
struct Special {
  const char* name;
  std::function<void(const fs::path&)> make;
};

void make_socket(const fs::path& path) {
  // The name of a socket has to be short: bind it where we are.
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string place =
      fmt::format("/tmp/mixvec_hostile_{}_{}", ::getpid(), std::hash<std::string>()(path.string()));
  std::strncpy(address.sun_path, place.c_str(), sizeof(address.sun_path) - 1);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    std::error_code ignored;
    fs::rename(place, path, ignored);
    if (ignored) {
      fs::remove(place, ignored);
      fs::create_symlink("/dev/zero", path);
    }
  }
  ::close(socket);
}

const std::vector<Special>& specials() {
  const auto link = [](const char* target) {
    return [target](const fs::path& path) { fs::create_symlink(target, path); };
  };
  static const std::vector<Special> all = {
      {"gone", [](const fs::path&) {}},
      {"link to nothing", link("nothing")},
      {"link to nothing with control characters", link("no\x1b[31m\nthing")},
      {"folder", [](const fs::path& path) { fs::create_directory(path); }},
      {"pipe", [](const fs::path& path) { ::mkfifo(path.c_str(), 0600); }},
      {"socket", make_socket},
      {"/dev/zero", link("/dev/zero")},
      {"/dev/urandom", link("/dev/urandom")},
      {"/dev/null", link("/dev/null")},
      {"/dev/full", link("/dev/full")},
      {"link to itself", [](const fs::path& path) { fs::create_symlink(path.filename(), path); }},
      {"hole of a terabyte",
       [](const fs::path& path) {
         write_plainly(path, "{");
         fs::resize_file(path, std::uintmax_t{1} << 40U);
       }},
  };
  return all;
}

/// Values that stand in for any option's.
struct Value {
  const char* name;
  std::string text;
  bool refused = false;  ///< by every option
};

const std::vector<Value>& values() {
  static const std::vector<Value> all = {
      {"empty", "", true},
      {"nan", "nan"},
      {"inf", "inf"},
      {"-inf", "-inf"},
      {"-1", "-1"},
      {"-0", "-0"},
      {"fraction", "0.5"},
      {"beyond binary64", "1e999"},
      {"above 64 bits", "99999999999999999999"},
      {"below 64 bits", "-99999999999999999999"},
      {"hexadecimal", "0x10"},
      {"number and more", "4x"},
      {"blank", " "},
      {"comma", "4,,4"},
      {"control characters", "a\x1b[31m\a\nb"},
      {"no UTF-8", "\xFF\xFE"},
      {"long", std::string(5000, 'x')},
      {"many digits", std::string(5000, '9')},
      {"pattern", "%s%n{}{0}"},
  };
  return all;
}

class Maker {
 public:
  Maker(const Subject& subject, const std::vector<Option>& options, const fs::path& good)
      : subject_(subject), options_(options), good_(good) {}

  std::vector<Case> make() {
    add("good", "as it is", subject_.arguments, !subject_.complete).accepted = subject_.complete;
    for (const InputFile& input : subject_.inputs) {
      add_contents(input);
      add_specials(input);
    }
    add_words();
    for (const Option& option : options_) add_option(option);
    add_output_pairs();
    add_streams();
    add_limits();
    return std::move(cases_);
  }

 private:
  Case& add(const std::string& kind, const std::string& name, Words arguments, bool refused = false) {
    Case& item = cases_.emplace_back();
    item.program = subject_.program;
    item.kind = kind;
    item.name = name;
    item.arguments = std::move(arguments);
    item.refused = refused;
    item.outputs = subject_.outputs;
    item.prepare = [this_copied = subject_.copied, good = good_](const fs::path& folder) {
      for (const std::string& path : this_copied) {
        fs::copy(good / path, folder / path, fs::copy_options::recursive);
      }
      write_plainly(folder / kPrecious, "do not touch");
    };
    return item;
  }

  /// Adds to what the case may write.
  static void permit(Case& item, const Words& more) {
    item.outputs.insert(item.outputs.end(), more.begin(), more.end());
  }

  /// Adds to what prepares the case.
  static void then(Case& item, std::function<void(const fs::path&)> more) {
    item.prepare = [first = std::move(item.prepare), second = std::move(more)](const fs::path& folder) {
      first(folder);
      second(folder);
    };
  }

  void add_contents(const InputFile& input) {
    const std::string good = read_file(good_ / input.path);
    // The end of a text is anywhere, and so is that of a list of numbers.
    const bool whole = input.format == Format::kProgram || input.format == Format::kSafetensors;
    std::vector<Mutation> mutations = mutate_bytes(good, whole);
    const auto append = [&](std::vector<Mutation> more) {
      std::move(more.begin(), more.end(), std::back_inserter(mutations));
    };
    if (input.format == Format::kJson) append(mutate_json(good, input.most_fields));
    if (input.format == Format::kSafetensors) append(mutate_safetensors(good, input.most_fields));
    if (input.format == Format::kProgram) append(mutate_program(good, input.most_fields));
    if (input.format == Format::kNumbers) append(mutate_numbers(good, input.most_fields));
    for (Mutation& mutation : mutations) {
      Case& item =
          add(mutation.kind, fmt::format("{}: {}", input.path, mutation.name), subject_.arguments, mutation.refused);
      then(item, [path = input.path, content = std::move(mutation.content)](const fs::path& folder) {
        write_plainly(folder / path, content);
      });
    }
  }

  void add_specials(const InputFile& input) {
    for (const Special& special : specials()) {
      // Without its masks a checkpoint is a dense one.
      const bool refused = !(input.path.ends_with("pruning.safetensors") && std::string_view(special.name) == "gone");
      Case& item = add("special file", fmt::format("{}: {}", input.path, special.name), subject_.arguments, refused);
      then(item, [path = input.path, make = special.make](const fs::path& folder) {
        fs::remove(folder / path);
        make(folder / path);
      });
    }
  }

  /// The good arguments with one option set to a value.
  [[nodiscard]] Words with(const std::string& name, const std::string& value) const {
    Words words = subject_.arguments;
    const auto found = std::find(words.begin(), words.end(), "--" + name);
    if (found == words.end()) {
      words.push_back("--" + name);
      words.push_back(value);
    } else {
      *(found + 1) = value;
    }
    return words;
  }

  void add_words() {
    const auto more = [&](const Words& words) {
      Words all = subject_.arguments;
      all.insert(all.end(), words.begin(), words.end());
      return all;
    };
    permit(add("words", "none", {}), subject_.defaults);
    add("words", "stray", more({"stray"}), true);
    add("words", "unknown option", more({"--nonsense"}), true);
    add("words", "unknown option of control characters", more({"--non\x1b[31m\nsense"}), true);
    add("words", "unknown option that is no UTF-8", more({"--\xFF\xFE"}), true);
    add("words", "unknown option of invisible characters", more({"--\xE2\x80\xAEnon\xEF\xBB\xBFsense"}), true);
    add("words", "long unknown option", more({"--" + std::string(20'000, 'x')}), true);
    add("words", "empty", more({""}), true);
    add("words", "hyphen", more({"-"}), true);
    add("words", "two hyphens and a word", more({"--", "stray"}), true);
    add("words", "abbreviation", more({"--jso", "x.json"}), true);
    add("words", "many", more(Words(5000, "stray")), true);
  }

  void add_option(const Option& option) {
    // What is read by the code that all programs share is tried in full on those that start at once.
    if (subject_.slow && tried_++ % 4 != 0 && !is_one_of(option.name, kOutputs) && !is_one_of(option.name, kInputs))
      return;
    if (option.name == "help" || option.name == "version") {
      if (subject_.program == "gen_accel") add("option", option.name, {"--" + option.name});
      return;
    }
    if (!option.value) {
      Words words = subject_.arguments;
      words.push_back(fmt::format("--{}=x", option.name));
      add("option", option.name + ": a value that it does not take", words, true);
      return;
    }
    // The good arguments without it, and then with it in odd ways.
    Words without = subject_.arguments;
    const auto found = std::find(without.begin(), without.end(), "--" + option.name);
    if (found != without.end()) {
      without.erase(found, found + 2);
      permit(add("option", option.name + ": missing", without), subject_.defaults);
    }
    Words last = without;
    last.push_back("--" + option.name);
    add("option", option.name + ": last, without a value", last, true);
    Words before = without;
    before.insert(before.begin(), "--" + option.name);
    add("option", option.name + ": an option as its value", before, true);
    Words equals = without;
    equals.push_back(fmt::format("--{}=", option.name));
    add("option", option.name + ": = and nothing", equals, true);

    const bool output = is_one_of(option.name, kOutputs);
    const bool input = is_one_of(option.name, kInputs);
    for (const Value& value : values()) {
      if (subject_.slow && values_++ % 24 != 0) continue;
      Case& item = add("option value", fmt::format("{}: {}", option.name, value.name), with(option.name, value.text),
                       value.refused || (input && value.text != " "));
      // Any other text is a good name of a file.
      if (output) item.outputs.push_back(value.text);
    }
    if (output) add_output(option.name);
    if (input) add_input(option.name);
  }

  void add_output(const std::string& name) {
    const auto add_path = [&](const std::string& what, const std::string& path, bool refused = true) -> Case& {
      return add("output", fmt::format("{}: {}", name, what), with(name, path), refused);
    };
    // Folders are made with the folders above them; a file needs its folder. Nothing is written before that is known.
    const bool is_folder = name == "out" && subject_.program != "pack_model";
    const bool made = is_folder && subject_.complete;
    permit(add_path("in no folder", "no/such/place", !made), {"no"});
    Case& astray = add_path("a link into no folder", "link", !made);
    permit(astray, {"no"});
    then(astray, [](const fs::path& place) { fs::create_symlink("no/such/place", place / "link"); });
    add_path("below a file", std::string(kPrecious) + "/x");
    add_path("name too long", std::string(300, 'x'));
    add_path("/dev/full", "/dev/full");
    add_path("/proc", "/proc/x");
    add_path("where we are", ".");
    add_path("root", "/");
    for (const std::string& path : subject_.copied) add_path("an input: " + path, path);
    for (const InputFile& input : subject_.inputs) add_path("an input file: " + input.path, input.path);
    if (is_folder) {
      add_path("a file", kPrecious);
    } else {
      then(add_path("a folder", "folder"), [](const fs::path& folder) { fs::create_directory(folder / "folder"); });
    }
    Case& link = add_path("a link to nothing", "link", false);
    permit(link, {"made", "link"});
    then(link, [](const fs::path& folder) { fs::create_symlink("made", folder / "link"); });
  }

  void add_input(const std::string& name) {
    const auto add_path = [&](const std::string& what, const std::string& path) -> Case& {
      return add("input", fmt::format("{}: {}", name, what), with(name, path), true);
    };
    add_path("nothing", "no/such/place");
    add_path("below a file", std::string(kPrecious) + "/x");
    add_path("name too long", std::string(300, 'x'));
    add_path("path too long", std::string(5000, '/') + "x");
    add_path("a text", kPrecious).refused = !(subject_.any_text && name == "text");
    for (const char* device : {"/dev/zero", "/dev/urandom", "/dev/null", "/proc/self/mem", "/dev/stdin"}) {
      add_path(device, device);
    }
    then(add_path("an empty folder", "empty"), [](const fs::path& folder) { fs::create_directory(folder / "empty"); });
    then(add_path("a pipe", "pipe"), [](const fs::path& folder) { ::mkfifo((folder / "pipe").c_str(), 0600); });
  }

  void add_output_pairs() {
    Words outputs;
    for (const Option& option : options_) {
      if (is_one_of(option.name, kOutputs)) outputs.push_back(option.name);
    }
    for (std::size_t a = 0; a < outputs.size(); ++a) {
      for (std::size_t b = a + 1; b < outputs.size(); ++b) {
        for (const char* path : {"same", "./same", "folder/../same"}) {
          Words words = with(outputs[a], "same");
          const auto found = std::find(words.begin(), words.end(), "--" + outputs[b]);
          if (found != words.end()) {
            *(found + 1) = path;
          } else {
            words.push_back("--" + outputs[b]);
            words.emplace_back(path);
          }
          then(add("two outputs", fmt::format("{} and {}: {}", outputs[a], outputs[b], path), words, true),
               [](const fs::path& folder) { fs::create_directory(folder / "folder"); });
        }
      }
    }
  }

  void add_streams() {
    for (const char* where : {"closed", "/dev/full"}) {
      Case& out = add("streams", fmt::format("output {}", where), subject_.arguments);
      out.streams.out = where;
      out.outputs_at_refusal = true;  // the results are written before the last line is
      add("streams", fmt::format("errors {}", where), subject_.arguments).streams.error = where;
      Case& refusal = add("streams", fmt::format("refusal, errors {}", where), {"--nonsense"}, true);
      refusal.streams.error = where;
    }
    add("streams", "input closed", subject_.arguments).streams.input_closed = true;
    Case& all = add("streams", "all closed", subject_.arguments);
    all.streams = {"closed", "closed", true};
    all.outputs_at_refusal = true;
  }

  void add_limits() {
    for (const rlim_t megabytes : {16, 32, 64, 100, 200}) {
      add("limits", fmt::format("{} MB of address space", megabytes), subject_.arguments).limits.address_space =
          megabytes << 20U;
    }
    for (const rlim_t bytes : {1, 64, 1000, 4000}) {
      Case& item = add("limits", fmt::format("files of {} bytes", bytes), subject_.arguments);
      item.limits.file_size = bytes;
      item.streams.out = "/dev/null";
      item.streams.error = "/dev/null";
    }
    // The loader of shared libraries needs one beside the standard streams.
    for (const rlim_t descriptors : {4, 5, 6}) {
      add("limits", fmt::format("{} descriptors", descriptors), subject_.arguments).limits.descriptors = descriptors;
    }
  }

  const Subject& subject_;
  const std::vector<Option>& options_;
  const fs::path& good_;
  std::size_t values_ = 0;  ///< of options, also those passed over
  std::size_t tried_ = 0;   ///< the same of options
  std::vector<Case> cases_;
};

}  // namespace

std::vector<Option> parse_help(const std::string& text) {
  std::vector<Option> options;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Examples:")) break;
    const std::size_t first = line.find("--");
    if (first > 8) continue;  // no option, or the name of one in a description
    const std::size_t end = std::min(line.find_first_of(" ]", first), line.size());
    const bool value = end + 1 < line.size() && line[end] == ' ' && line[end + 1] != ' ' && line[end + 1] != ']';
    options.push_back({line.substr(first + 2, end - first - 2), value});
  }
  return options;
}

std::vector<Case> cases_of(const Subject& subject, const std::vector<Option>& options, const fs::path& good) {
  return Maker(subject, options, good).make();
}

}  // namespace mixvec::inline flows::hostile
