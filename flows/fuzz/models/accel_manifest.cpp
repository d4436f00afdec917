// Any bytes are the manifest of a generated folder, before gen_accel writes it again and a bench asks for its RTL, or
// an InputError.
#include "flows/fuzz/models/model_targets.hpp"
#include "generator/folder.hpp"
#include "golden/config/accel_folder.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

const std::vector<EmittedFile>& files() {
  static const std::vector<EmittedFile> all = {{"Makefile", "all:\n"}, {"rtl/mv_a.sv", "module mv_a;\nendmodule\n"}};
  return all;
}

void fuzz_accel_manifest(std::string_view bytes) {
  const std::filesystem::path folder = fresh_folder("accel");
  std::filesystem::create_directories(folder / "rtl");
  for (const EmittedFile& file : files()) put(folder / file.path, file.text);
  put(folder / "config.json", R"({"hash":"0x0000000000000001"})");
  put(folder / kFolderManifest, bytes);
  const GeneratedFolder generated(folder, files(), false);
  require(generated.result() != FolderResult::kWritten, "the manifest is not seen");
  check_bench_folder(folder, 1, rtl_checksum(files()));
}

std::vector<std::string> accel_manifest_seeds() {
  const std::string manifest = manifest_of(files());
  return {manifest, manifest + "0123456789abcdef  build/not_there\n"};
}

}  // namespace

Target accel_manifest_target() {
  return {
      .name = "accel_manifest",
      .read = fuzz_accel_manifest,
      .seeds = accel_manifest_seeds,
      .words = {"  rtl/", "  rtl/mv_a.sv\n", "  Makefile\n", "  ../", "  /etc/passwd\n", "  .\n", "0000000000000000  "},
      .most_bytes = 1024};
}

}  // namespace mixvec::inline flows::fuzz
