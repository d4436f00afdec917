// What a comparison tells: a table for people, JSON for programs, a page and a picture.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pruning/compare/comparison.hpp"

namespace mixvec::inline pruning {

/// Settings, one entry for each row, and what was left out.
nlohmann::ordered_json comparison_json(const Comparison& comparison, const Arguments& arguments);

/// The rows as text, by ratio or limit; the best of each has a star. Then what was left out, with the reasons.
std::string comparison_table(const Comparison& comparison, const Arguments& arguments);

/// The same as a page in Markdown, with the picture.
std::string comparison_page(const Comparison& comparison, const Arguments& arguments, bool picture);

/// Quality against packed bytes, and against cycles × area, as an SVG with two panels.
std::string comparison_svg(const Comparison& comparison, const Arguments& arguments);

/// By what the rows are compared, as far as it was measured.
struct Yardstick {
  const char* name;   ///< of the JSON's field
  const char* title;  ///< for people
  bool less_is_better;
};
Yardstick yardstick(const Comparison& comparison);
double measured(const Comparison& comparison, const ComparedRow& row);

/// What differs between rows: "mixed", "unstructured, F=1"; with importance and recovery where there are several.
std::string setting_of(const Comparison& comparison, const SettingNames& names);

/// The folder that the model is in.
std::string name_of_model(const Arguments& arguments);

}  // namespace mixvec::inline pruning
