// Reference data that is not part of the project: where tests look for it, and where everybody can get it.
#pragma once

#include <filesystem>
#include <string>

namespace mixvec::inline golden {

/// Folder `name` of the reference data, which stands beside the project: ../shared/data/NAME.
inline std::filesystem::path reference_data(const std::string& name) {
  return std::filesystem::path(MIXVEC_SOURCE_DIR) / "../shared/data" / name;
}

/// Why a test that needs reference data is skipped, with its public origin; empty where the data is there.
inline std::string absent_reference(const std::string& name, const std::string& file = {}) {
  if (std::filesystem::exists(reference_data(name) / file)) return {};
  std::string origin = "BUG: no origin is known";
  if (name == "bert_tiny_sst2") origin = "made from https://github.com/narger-ef/FHE-BERT-Tiny";
  if (name == "dlmc") origin = "https://storage.googleapis.com/sgk-sc2020/dlmc.tar.gz";
  if (name == "testfloat") {
    origin = "made by testfloat_gen of http://www.jhauser.us/arithmetic/TestFloat.html, level 1, round to nearest even";
  }
  return "not there: ../shared/data/" + name + " beside the project; origin: " + origin;
}

}  // namespace mixvec::inline golden
