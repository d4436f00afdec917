// Reads the mask of a pruned matrix from a .smtx file, the form of the Deep Learning Matrix Collection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline pruning {

/// Which weights of a matrix W[out][in] somebody else's pruning kept.
struct MaskFile {
  std::size_t out = 0;
  std::size_t in = 0;
  std::size_t kept = 0;
  std::vector<std::uint8_t> mask;  ///< out × in, 1 = kept

  /// Share that is pruned.
  [[nodiscard]] double sparsity() const;
};

/// A file of three lines: "rows, cols, nnz"; rows + 1 offsets into the third line; nnz column indices. Throws
/// InputError naming `file`, the field, what was found and what was expected for anything else: numbers that are
/// missing, too many or too large, offsets that do not rise from 0 to nnz, columns outside the matrix or given twice in
/// a row.
MaskFile parse_mask(std::string_view text, const std::string& file);

/// Reads and parses a file.
MaskFile read_mask(const std::filesystem::path& path);

}  // namespace mixvec::inline pruning
