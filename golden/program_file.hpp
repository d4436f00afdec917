// The program file: packed matrices with the configuration and the model they belong to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "golden/format_config.hpp"
#include "golden/packed_image.hpp"

namespace mixvec {

/// Where the matrices came from, so that a bench finds the checkpoint and a program knows the shape of the network.
struct ProgramModel {
  std::string path;          ///< folder of the checkpoint, absolute
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

/// Writes a program (docs/packed_format.md), whole or not at all; identical programs give identical bytes. The blob
/// offsets in its JSON document count from the first 64-byte boundary behind that document.
void write_program(const std::filesystem::path& path, const Program& program);

/// Reads a program. Throws InputError naming the file and the field for anything that is not as write_program() makes
/// it: truncation, a wrong checksum, a matrix whose image has another configuration's hash.
Program read_program(const std::filesystem::path& path);

}  // namespace mixvec
