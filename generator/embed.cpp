// Build tool: turns text files, and C++ programs with all they include, into one file that defines mixvec::resources().
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// No source may contain this; embed refuses one that does.
constexpr const char* kDelimiter = "mixvec_text";

/// The files that are embedded, by their path from the root, and what each of them is.
class Collection {
 public:
  explicit Collection(std::string root) : root_(std::move(root)) {}

  struct File {
    std::string text;
    bool program = false;
  };

  void add_text(const std::string& path) { files_[path].text = read(path); }

  /// Adds a C++ file, what it includes, and the sources that belong to the headers.
  void add_source(const std::string& path, bool program = false) {
    const auto [place, fresh] = files_.try_emplace(path);
    place->second.program |= program;
    if (!fresh) return;
    place->second.text = read(path);
    std::istringstream lines(files_[path].text);
    for (std::string line; std::getline(lines, line);) {
      constexpr std::string_view start = "#include \"";
      if (line.compare(0, start.size(), start) != 0) continue;
      const std::string included = line.substr(start.size(), line.find('"', start.size()) - start.size());
      // Headers that only exist in the accelerator folder (Verilator's, mixvec_config.hpp) are not below the root.
      if (exists(included)) add_source(included);
    }
    if (path.ends_with(".hpp")) {
      const std::string stem = path.substr(0, path.size() - 4);
      for (const char* end : {".cpp", "_avx2.cpp"}) {
        if (exists(stem + end)) add_source(stem + end);
      }
    }
  }

  const std::map<std::string, File>& files() const { return files_; }
  const std::string& root() const { return root_; }

 private:
  bool exists(const std::string& path) const { return std::ifstream(root_ + "/" + path).good(); }

  std::string read(const std::string& path) const {
    std::ifstream file(root_ + "/" + path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) throw std::runtime_error("cannot read " + root_ + "/" + path);
    if (text.str().find(std::string(")") + kDelimiter + "\"") != std::string::npos) {
      throw std::runtime_error(path + " contains the delimiter of the literals");
    }
    return text.str();
  }

  std::string root_;
  std::map<std::string, File> files_;
};

std::string literal(const std::string& text) {
  return std::string("R\"") + kDelimiter + "(" + text + ")" + kDelimiter + "\"";
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

std::string cpp_text(const Collection& collection) {
  std::string text =
      "// Written by embed; do not edit.\n#include \"generator/resources.hpp\"\n\nnamespace mixvec {\n\n"
      "const std::vector<Resource>& resources() {\n  static const std::vector<Resource> all = {\n";
  for (const auto& [path, file] : collection.files()) {
    text += "      {\"" + path + "\",\n       " + literal(file.text) + ",\n       " +
            (file.program ? "true" : "false") + "},\n";
  }
  return text + "  };\n  return all;\n}\n\n}  // namespace mixvec\n";
}

std::string depfile_text(const std::string& target, const Collection& collection) {
  std::string text = target + ":";
  for (const auto& [path, file] : collection.files()) text += " \\\n  " + collection.root() + "/" + path;
  return text + "\n";
}

}  // namespace

/// embed OUT DEPFILE ROOT --text PATH… --program PATH… --source PATH…, each path below ROOT. Exit 0, or 1 with the
/// reason.
int main(int argc, char** argv) try {
  if (argc < 5) throw std::runtime_error("usage: embed OUT DEPFILE ROOT [--text|--program|--source PATH...]...");
  Collection collection(argv[3]);
  std::string kind;
  for (int i = 4; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--")) {
      kind = word;
    } else if (kind == "--text") {
      collection.add_text(word);
    } else if (kind == "--program" || kind == "--source") {
      collection.add_source(word, kind == "--program");
    } else {
      throw std::runtime_error("unknown kind " + kind);
    }
  }
  write(argv[1], cpp_text(collection));
  write(argv[2], depfile_text(argv[1], collection));
  return 0;
} catch (const std::exception& error) {
  std::cerr << "embed: " << error.what() << '\n';
  return 1;
}
