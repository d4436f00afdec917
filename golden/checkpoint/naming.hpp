// What the tensors of each family of checkpoints are called, and which family a file's tensors belong to.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline golden {

/// kBert is RoBERTa's, too, but for the prefix.
enum class Naming : std::uint8_t { kGpt2, kBert, kDistilBert };

/// Names relative to the file's prefix ("transformer.", "bert.", …) and, inside a layer, to the layer's ("h.3.").
/// Matrices and norms stand without their ".weight" and ".bias".
struct NamingTable {
  std::string_view layers;                  ///< what stands before a layer's number: "h."
  std::vector<std::string_view> attention;  ///< W_MA: one matrix, or query, key and value
  std::string_view projection;              ///< W_MP
  std::string_view first;                   ///< W_F1
  std::string_view second;                  ///< W_F2
  std::string_view norm_attention;
  std::string_view norm_output;
  std::string_view final_norm;          ///< empty: none
  std::string_view words;               ///< word embedding, whole name
  std::string_view positions;           ///< position embedding, whole name
  std::vector<std::string_view> heads;  ///< output matrix, whole names, relative to the prefix or outside of it
  std::string_view usual_prefix;        ///< for messages

  /// "h.3."
  [[nodiscard]] std::string layer(std::size_t number) const;
  /// The tensor by which a family is known: the first attention matrix of layer 0.
  [[nodiscard]] std::string anchor() const;
};

const NamingTable& naming_table(Naming naming);

/// What stands before `name` in those tensor names that end with it: "", "transformer.", "_orig_mod.transformer.", …
std::vector<std::string> prefixes_of(std::string_view name, std::span<const std::string> tensors);

/// The families whose layer 0 is among the tensors.
std::vector<Naming> namings_of(std::span<const std::string> tensors);

}  // namespace mixvec::inline golden
