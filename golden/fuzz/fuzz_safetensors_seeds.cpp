// Writes the seed corpus of fuzz_safetensors: small valid files that use every dtype and feature of the format.
#include <boost/program_options.hpp>
#include <filesystem>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"

int main(int argc, char** argv) {
  mixvec::CommandLine command("fuzz_safetensors_seeds", "Writes the seed corpus of fuzz_safetensors.",
                              "  fuzz_safetensors_seeds --out corpus");
  std::string out;
  command.options().add_options()("out", boost::program_options::value(&out)->required()->value_name("DIR"),
                                  "folder for the seeds");
  return command.run(argc, argv, [&](const boost::program_options::variables_map&) {
    const std::filesystem::path folder(out);
    std::filesystem::create_directories(folder);
    mixvec::SafetensorsWriter everything;
    everything.set_metadata("format", "pt");
    for (int d = 0; d <= static_cast<int>(mixvec::kLastDtype); ++d) {
      const auto dtype = static_cast<mixvec::Dtype>(d);
      mixvec::SafetensorsWriter one;
      const std::vector<std::byte> bytes(mixvec::bits_of(dtype), std::byte{1});
      one.add("a", dtype, {8}, bytes);
      one.write(folder / fmt::format("{}.safetensors", mixvec::name_of(dtype)));
      everything.add(fmt::format("t.{}", mixvec::name_of(dtype)), dtype, {1, 8}, bytes);
    }
    everything.add("empty", {0, 3}, std::vector<float>{});
    everything.add("scalar", {}, std::vector<float>{1.0F});
    everything.write(folder / "everything.safetensors");
    mixvec::SafetensorsWriter().write(folder / "nothing.safetensors");
    return static_cast<int>(mixvec::kExitGood);
  });
}
