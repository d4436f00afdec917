// The command line of tb_layer: its options, which of them have an effect together, and the command that repeats a run.
#pragma once

#include <boost/program_options.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mixvec::inline golden {
class CommandLine;
}

namespace mixvec::inline verif {

void add_layer_options(CommandLine& command);

/// Throws InputError for a value out of range, and for an option that would have no effect beside the others.
void check_layer_options(const boost::program_options::variables_map& options);

/// Which parts the options ask for. A packed model's matrices run alone; a checkpoint's come with its whole layers.
bool runs_matrices(const boost::program_options::variables_map& options);
bool runs_layer(const boost::program_options::variables_map& options);
bool runs_cases(const boost::program_options::variables_map& options);

/// Whether the matrices are a packed model's, and whether the whole layers are a checkpoint's; generated otherwise.
bool from_program(const boost::program_options::variables_map& options);
bool from_checkpoint(const boost::program_options::variables_map& options);

/// Whether the user asked for a certain whole layer: then it must run.
bool asked_for_layer(const boost::program_options::variables_map& options);

std::uint64_t seed_of(const boost::program_options::variables_map& options);

/// A count among the options, `low` to 2^20.
std::size_t count_in(const boost::program_options::variables_map& options, const char* name, std::int64_t low = 0);

/// No stalls first (those cycles are reported), then each further seed; or the only one asked for.
std::vector<std::uint64_t> stall_seeds_of(const boost::program_options::variables_map& options);

/// The command that repeats one run: `part` is matrices or layer.
std::string reproduce(const boost::program_options::variables_map& options, const char* part, std::uint64_t stall_seed);

}  // namespace mixvec::inline verif
