// What a pruned model takes over from its source's folder besides weights, and what it must not.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace mixvec::inline golden {

/// Something of the source's folder that the pruned model does not take over.
struct LeftOut {
  std::string path;  ///< from the source's folder
  std::string why;   ///< "weights of the unpruned model", "a pipe", …
};

/// Files to copy and what stays behind.
struct CarriedFiles {
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> files;  ///< from, to: below source and target
  std::vector<LeftOut> left_out;
  bool source_readme = false;  ///< one of the files becomes README.source.md
};

/// Looks through a checkpoint's folder and its subfolders. Not taken over: weights in any format and training state
/// (the pruned model's own are written anew; a module's folder of sentence-transformers, "2_Dense", keeps its own),
/// earlier results of prune_model, `.git` and caches, links to nothing or to folders, and what is no regular file. The
/// source's README becomes README.source.md: what it measured, the pruned model has not. `pruned`: the source is a
/// pruned model, whose README.md, prune_report.json and pictures are replaced. `target` may lie inside of `source`.
/// Throws InputError for a folder that cannot be read.
CarriedFiles find_carried_files(const std::filesystem::path& source, bool pruned, const std::filesystem::path& target);

/// Copies the files; rights are kept, but the copies can be written. Throws InputError with the reason.
void carry(const CarriedFiles& carried, const std::filesystem::path& source, const std::filesystem::path& target);

}  // namespace mixvec::inline golden
