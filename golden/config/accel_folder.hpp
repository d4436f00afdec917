// Whether a bench is still the one of the folder in which it stands.
#pragma once

#include <cstdint>
#include <filesystem>

namespace mixvec::inline golden {

/// Throws InputError if gen_accel has written `folder` for another configuration than `config_hash`, or with other RTL
/// than `rtl_checksum` (rtl_checksum() of generator/emit.hpp). Does nothing if gen_accel has not written the folder.
void check_bench_folder(const std::filesystem::path& folder, std::uint64_t config_hash, std::uint64_t rtl_checksum);

/// The folder that holds the running program; empty if the system does not say.
std::filesystem::path program_folder();

}  // namespace mixvec::inline golden
