// Knows the libraries by name, and reads the little of Liberty that the flow needs.
#include "flows/synth/library.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <set>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {

namespace fs = std::filesystem;

namespace {

constexpr const char* kAsap7Parts[] = {"SIMPLE_RVT_SS_nldm_211120", "INVBUF_RVT_SS_nldm_220122",
                                       "AO_RVT_SS_nldm_211120", "OA_RVT_SS_nldm_211120", "SEQ_RVT_SS_nldm_220123"};
constexpr const char* kOsu018 = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib";

void need(const fs::path& path, const char* library, const char* fix) {
  if (!fs::exists(path)) fail_input("--lib {}: {} is missing; {}", library, path.string(), fix);
}

std::string unzip(const fs::path& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), ::gzclose);
  if (!file) fail_input("{}: cannot read", path.string());
  std::string text;
  std::vector<char> buffer(1 << 18);
  int count = 0;
  while ((count = ::gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  int status = Z_OK;
  const char* message = ::gzerror(file.get(), &status);
  // A file that ends early gives no negative count, only this status.
  if (count < 0 || (status != Z_OK && status != Z_STREAM_END)) {
    fail_input("{}: not a whole gzip file: {}", path.string(), message);
  }
  return text;
}

/// Position of the first character at or behind `at` that is no white space.
std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

/// Time unit of a Liberty text in nanoseconds.
double time_unit(std::string_view text, const std::string& name) {
  const std::string_view field = "time_unit";
  for (std::size_t at = text.find(field); at != std::string_view::npos; at = text.find(field, at + 1)) {
    std::size_t next = skip_space(text, at + field.size());
    if (next >= text.size() || text[next] != ':') continue;
    next = skip_space(text, next + 1);
    if (text.substr(next, 5) == "\"1ps\"") return 1e-3;
    if (text.substr(next, 5) == "\"1ns\"") return 1.0;
  }
  fail_input("--lib {}: no field time_unit of \"1ps\" or \"1ns\"", name);
}

CellLibrary asap7(const fs::path& work, const fs::path& liberty) {
  CellLibrary library;
  std::vector<std::string> texts;
  for (const char* part : kAsap7Parts) {
    const std::string name = std::string("asap7sc7p5t_") + part + ".lib";
    // Where they come from, some are packed and some are not.
    const fs::path plain = liberty / name;
    const fs::path packed = fs::exists(plain) ? plain : fs::path(plain) += ".gz";
    need(packed, "asap7",
         "expected there the five RVT SS files of flow/platforms/asap7/lib/NLDM from "
         "https://github.com/The-OpenROAD-Project/OpenROAD-flow-scripts (or --liberty DIR)");
    texts.push_back(unzip(packed));
    library.timing_files.push_back(work / name);
  }
  const std::string joined = join_liberty(texts);
  fs::create_directories(work);
  for (std::size_t part = 0; part < texts.size(); ++part) write_file(library.timing_files[part], texts[part]);
  library.mapping_file = work / "asap7.lib";
  write_file(library.mapping_file, joined);
  library.title = "ASAP7 RVT, SS 0.63 V 100 C";
  library.area_unit = "um2";
  library.time_unit_ns = 1e-3;
  library.period_ns = 2.0;
  library.overhead_ns = 0.18;
  library.driver = "BUFx4_ASAP7_75t_R";
  library.load = 2.0;
  library.buffer = BufferCell{"BUFx8_ASAP7_75t_R", "A", "Y"};
  library.tie_high = "TIEHIx1_ASAP7_75t_R H";
  library.tie_low = "TIELOx1_ASAP7_75t_R L";
  library.clock_gate = ClockGateCell{"ICGx1_ASAP7_75t_R", "GCLK", "ENA", "CLK", "SE"};
  return library;
}

CellLibrary osu018() {
  need(kOsu018, "osu018", "install qflow-tech-osu018");
  CellLibrary library;
  library.timing_files = {kOsu018};
  library.mapping_file = kOsu018;
  library.title = "OSU 0.18 um, typical 1.8 V 25 C";
  library.area_unit = "um2";
  library.period_ns = 8.0;
  library.overhead_ns = 0.6;
  library.driver = "BUFX4";
  library.load = 0.02;
  library.buffer = BufferCell{"BUFX4", "A", "Y"};
  return library;
}

CellLibrary sg13g2(const fs::path& liberty) {
  const fs::path path = liberty / "sg13g2_stdcell_typ_1p20V_25C.lib";
  need(path, "sg13g2",
       "expected there the file of this name of ihp-sg13g2/libs.ref/sg13g2_stdcell/lib from "
       "https://github.com/IHP-GmbH/IHP-Open-PDK (or --liberty DIR)");
  CellLibrary library;
  library.timing_files = {path};
  library.mapping_file = path;
  library.title = "IHP sg13g2, typical 1.2 V 25 C";
  library.area_unit = "um2";
  library.period_ns = 5.0;
  library.overhead_ns = 0.4;
  library.driver = "sg13g2_buf_4";
  library.load = 0.01;
  library.buffer = BufferCell{"sg13g2_buf_4", "A", "X"};
  library.tie_high = "sg13g2_tiehi L_HI";
  library.tie_low = "sg13g2_tielo L_LO";
  return library;
}

}  // namespace

CellLibrary load_library(const std::string& name, const fs::path& work, const fs::path& liberty) {
  if (name == "asap7") return asap7(work, liberty);
  if (name == "osu018") return osu018();
  if (name == "sg13g2") return sg13g2(liberty);
  if (!fs::exists(name)) fail_input("--lib: found '{}', expected osu018, asap7, sg13g2 or a Liberty file", name);
  CellLibrary library;
  library.time_unit_ns = time_unit(read_file(name), name);
  library.timing_files = {fs::absolute(name)};
  library.mapping_file = fs::absolute(name);
  library.title = fs::path(name).filename().string();
  library.area_unit = "units";
  return library;
}

std::string join_liberty(const std::vector<std::string>& texts) {
  constexpr std::string_view kCell = "\n  cell (";
  constexpr std::string_view kTemplate = "\n  lu_table_template (";
  constexpr std::string_view kTemplateEnd = "\n  }";
  std::string header;
  std::string cells;
  std::set<std::string, std::less<>> known;
  for (const std::string& text : texts) {
    const std::size_t start = text.find(kCell);
    const std::size_t end = text.rfind('}');
    if (start == std::string::npos || end == std::string::npos || end < start) {
      fail_input("a Liberty file to be joined has no line '  cell (', expected at least one cell");
    }
    const std::string_view head = std::string_view(text).substr(0, start);
    const bool first = header.empty();
    // Templates differ between the parts.
    for (std::size_t at = head.find(kTemplate); at != std::string_view::npos; at = head.find(kTemplate, at + 1)) {
      const std::size_t name = at + kTemplate.size();
      const std::size_t close = head.find(')', name);
      const std::size_t stop = head.find(kTemplateEnd, name);
      if (close == std::string_view::npos || stop == std::string_view::npos) break;
      const bool added = known.emplace(head.substr(name, close - name)).second;
      if (added && !first) header += head.substr(at, stop + kTemplateEnd.size() - at);
    }
    if (first) header.insert(0, head);
    cells.append(text, start, end - start);
  }
  return header + cells + "\n}\n";
}

void add_cell_areas(std::string_view text, std::unordered_map<std::string, double>& areas) {
  std::string cell;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::size_t at = skip_space(line, 0);
    const bool is_cell = line.substr(at, 4) == "cell";
    if (!is_cell && line.substr(at, 4) != "area") continue;
    at = skip_space(line, at + 4);
    // Longer words such as cell_leakage_power are other fields.
    if (at >= line.size() || (line[at] != '(' && line[at] != ':')) continue;
    at = skip_space(line, at + 1);
    if (at < line.size() && line[at] == '"') ++at;
    const std::size_t stop = std::min(line.find_first_of("\") \t\r;", at), line.size());
    const std::string value(line.substr(std::min(at, line.size()), stop - std::min(at, line.size())));
    if (is_cell) {
      cell = value;
    } else if (!cell.empty()) {
      char* rest = nullptr;
      const double area = std::strtod(value.c_str(), &rest);
      if (value.empty() || *rest != '\0' || !std::isfinite(area) || area < 0) {
        fail_input("Liberty: cell {}: area: found {}, expected a number from 0 on", quote(cell), quote(value));
      }
      areas.emplace(cell, area);
    }
  }
}

std::unordered_map<std::string, double> cell_areas(const std::vector<fs::path>& files) {
  std::unordered_map<std::string, double> areas;
  for (const fs::path& file : files) add_cell_areas(read_file(file), areas);
  return areas;
}

}  // namespace mixvec::inline flows
