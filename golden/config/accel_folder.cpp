// Reads config.json and the manifest of the folder.
#include "golden/config/accel_folder.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

/// Of the manifest's lines ("checksum  path") that name RTL.
std::uint64_t manifest_checksum(const fs::path& manifest) {
  std::uint64_t value = fnv1a("");
  std::istringstream lines(read_file(manifest));
  for (std::string line; std::getline(lines, line);) {
    if (line.find("  rtl/") == 16) value = fnv1a(line + "\n", value);
  }
  return value;
}

}  // namespace

void check_bench_folder(const fs::path& folder, std::uint64_t config_hash, std::uint64_t rtl_checksum) {
  const fs::path manifest = folder / ".gen_accel";
  if (!fs::exists(manifest)) return;
  const fs::path config = folder / "config.json";
  const nlohmann::json json = read_json(config);
  const auto hash = json.is_object() ? json.find("hash") : json.end();
  if (!json.is_object() || hash == json.end() || !hash->is_string()) {
    fail_input("{}: found no \"hash\", expected what gen_accel wrote; write the folder anew", config.string());
  }
  const std::string built = fmt::format("{:#018x}", config_hash);
  if (const auto found = hash->get<std::string>(); found != built) {
    fail_input("{}: found configuration {}, expected {}, for which this bench was built; build it anew: make verilate",
               config.string(), found, built);
  }
  if (const std::uint64_t found = manifest_checksum(manifest); found != rtl_checksum) {
    fail_input(
        "{}: found RTL with checksum {:#018x}, expected {:#018x}, from which this bench was built; build it anew: "
        "make verilate",
        manifest.string(), found, rtl_checksum);
  }
}

fs::path program_folder() {
  std::error_code unknown;
  return fs::read_symlink("/proc/self/exe", unknown).parent_path();
}

}  // namespace mixvec::inline golden
