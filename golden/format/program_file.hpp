// The program file: packed matrices with the configuration and the network they belong to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "golden/config/format_config.hpp"
#include "golden/format/packed_image.hpp"

namespace mixvec::inline golden {

/// The network that the matrices come from. Nothing of where its checkpoint lay: a program is the same wherever it was
/// packed.
struct ProgramModel {
  std::string architecture;  ///< "gpt2" or "bert"
  std::size_t hidden = 0;
  std::size_t layers = 0;
  std::size_t heads = 0;
  std::size_t intermediate = 0;

  bool operator==(const ProgramModel&) const = default;
};

/// A program: matrices in order of execution, all for one configuration.
struct Program {
  FormatConfig format;
  ProgramModel model;
  std::vector<PackedMatrix> matrices;

  /// The matrix of that name. Throws InputError naming those that are there.
  [[nodiscard]] const PackedMatrix& at(std::string_view name) const;
};

/// Writes a program (docs/packed_format.md), whole or not at all; identical programs give identical bytes. Throws
/// InputError for a program that read_program() would refuse.
void write_program(const std::filesystem::path& path, const Program& program);

/// Reads a program. Throws InputError naming the file and the field for anything that is not as write_program() makes
/// it: truncation, damage (a checksum covers the whole file), another format, names that are no plain words, shapes
/// that are not the network's, and anything said about a matrix that its image does not hold.
Program read_program(const std::filesystem::path& path);

}  // namespace mixvec::inline golden
