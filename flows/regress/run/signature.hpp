// What a failure says of itself, without what differs from run to run: failures that say the same go into one bucket.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace mixvec::inline flows {

/// The last lines of the log that speak of an error (where none does, its last lines), with numbers, addresses, paths
/// and hierarchical names replaced. Empty only for an empty log.
std::string signature_of(std::string_view log);

/// The last `lines` lines of a file, without control characters. Empty if it cannot be read.
std::string last_lines(const std::filesystem::path& file, std::size_t lines);

/// The last line that a bench offers to reproduce its failure: "./tb_engine --seed 7 --case 12". Empty if there is
/// none.
std::string reproduction_in(std::string_view log);

/// The end of a file, at most `bytes` of it, from the beginning of a line. Empty if it cannot be read.
std::string end_of_file(const std::filesystem::path& file, std::size_t bytes);

}  // namespace mixvec::inline flows
