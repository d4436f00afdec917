// Derives hostile contents from good ones: of any file, of JSON, of safetensors, of programs, of lists of numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline flows::hostile {

/// A content that was derived from a good one.
struct Mutation {
  std::string kind;
  std::string name;
  std::string content;
  bool refused = false;  ///< no reader may take it
};

/// Of any file: nothing, cut off, bits flipped, blocks swapped, doubled, overwritten, random bytes. `whole` says that
/// the format notices every cut.
std::vector<Mutation> mutate_bytes(std::string_view good, bool whole);

/// Of a JSON document: every field missing, twice, and of other types and sizes; nesting; odd characters; no JSON at
/// all. `most_fields` bounds the fields that are taken, evenly spread.
std::vector<Mutation> mutate_json(std::string_view good, std::size_t most_fields);

/// Of a safetensors file: its header as JSON, with the right length before it, and its length itself.
std::vector<Mutation> mutate_safetensors(std::string_view good, std::size_t most_fields);

/// Of a program file: its document as JSON, with the right length and checksum before it, and the preamble itself.
std::vector<Mutation> mutate_program(std::string_view good, std::size_t most_fields);

/// Of a text of numbers: each number missing, twice, negative, huge, no number. `most_numbers` bounds those taken.
std::vector<Mutation> mutate_numbers(std::string_view good, std::size_t most_numbers);

}  // namespace mixvec::inline flows::hostile
