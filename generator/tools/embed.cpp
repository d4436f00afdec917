// Build tool: turns text files, and C++ programs with all they include, into one file that defines mixvec::resources().
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

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

  /// Adds a C++ file and the headers that it includes.
  void add_source(const std::string& path, bool program = false) {
    const auto [place, fresh] = files_.try_emplace(path);
    place->second.program |= program;
    if (!fresh) return;
    place->second.text = read(path);
    for (const std::string& included : includes(files_[path].text)) {
      // Headers that only exist in the accelerator folder (Verilator's, mixvec_config.hpp) are not below the root.
      if (fs::exists(fs::path(root_) / included)) add_source(included);
    }
  }

  /// Adds the sources that implement the headers: those beside a header whose first quoted include is that header.
  void add_implementations() {
    for (bool grown = true; grown;) {
      grown = false;
      std::set<fs::path> folders;
      for (const auto& [path, file] : files_) {
        if (path.ends_with(".hpp")) folders.insert(fs::path(path).parent_path());
      }
      for (const fs::path& folder : folders) {
        read_.insert(folder.string());
        for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(root_) / folder)) {
          const std::string path = (folder / entry.path().filename()).string();
          if (!path.ends_with(".cpp") || files_.count(path) != 0) continue;
          const std::string text = read(path);
          const std::vector<std::string> included = includes(text);
          if (included.empty() || files_.count(included.front()) == 0) continue;
          if (fs::path(included.front()).parent_path() != folder || text.find("\nint main(") != std::string::npos)
            continue;
          add_source(path);
          grown = true;
        }
      }
    }
  }

  const std::map<std::string, File>& files() const { return files_; }
  const std::string& root() const { return root_; }

  /// Files and folders that the collection depends on, also those that are not part of it.
  const std::set<std::string>& read_paths() const { return read_; }

 private:
  /// The paths of #include "…", in order.
  static std::vector<std::string> includes(const std::string& text) {
    constexpr std::string_view start = "#include \"";
    std::vector<std::string> paths;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(start)) continue;
      paths.push_back(line.substr(start.size(), line.find('"', start.size()) - start.size()));
    }
    return paths;
  }

  std::string read(const std::string& path) {
    read_.insert(path);
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
  std::set<std::string> read_;
};

/// With its length (sv): the compiler would count a megabyte of characters one at a time.
std::string literal(const std::string& text) {
  return std::string("R\"") + kDelimiter + "(" + text + ")" + kDelimiter + "\"sv";
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

std::string cpp_text(const Collection& collection) {
  std::string text =
      "// Written by embed; do not edit.\n#include \"generator/resources.hpp\"\n\nnamespace mixvec::inline generator "
      "{\n\n"
      "const std::vector<Resource>& resources() {\n  using namespace std::string_view_literals;\n  static const "
      "std::vector<Resource> all = {\n";
  for (const auto& [path, file] : collection.files()) {
    text += "      {\"" + path + "\",\n       " + literal(file.text) + ",\n       " +
            (file.program ? "true" : "false") + "},\n";
  }
  return text + "  };\n  return all;\n}\n\n}  // namespace mixvec::inline generator\n";
}

std::string depfile_text(const std::string& target, const Collection& collection) {
  std::string text = target + ":";
  for (const std::string& path : collection.read_paths()) text += " \\\n  " + collection.root() + "/" + path;
  return text + "\n";
}

}  // namespace

/// embed OUT DEPFILE ROOT --text PATH… --program PATH… --source PATH…, each path below ROOT. Exit 0, or 1 with the
/// reason.
int main(int argc, char** argv) try {
  if (argc < 5) throw std::runtime_error("usage: embed OUT DEPFILE ROOT [--text|--program PATH...]...");
  Collection collection(argv[3]);
  std::string kind;
  for (int i = 4; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--")) {
      kind = word;
    } else if (kind == "--text") {
      collection.add_text(word);
    } else if (kind == "--program") {
      collection.add_source(word, true);
    } else {
      throw std::runtime_error("unknown kind " + kind);
    }
  }
  collection.add_implementations();
  write(argv[1], cpp_text(collection));
  write(argv[2], depfile_text(argv[1], collection));
  return 0;
} catch (const std::exception& error) {
  std::cerr << "embed: " << error.what() << '\n';
  return 1;
}
