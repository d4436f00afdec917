// make_vector_tables: fits the tables of the vector unit and writes them as C++ and as SystemVerilog.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numbers>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/math/vector_tables.hpp"

namespace mixvec::inline golden {
namespace {

namespace po = boost::program_options;

using Real = long double;

constexpr std::uint32_t kOffsets = 1U << 16U;
constexpr std::uint32_t kSampleStep = 64;

/// One function of the tables.
struct Function {
  const char* name;
  std::uint32_t first;     ///< segment
  std::uint32_t segments;  ///< over [0, 1) of the argument
  Real (*value)(Real);     ///< of the argument in [0, 1)
  Real scale;              ///< value of one in units of c0
  Real lost;               ///< mean of the argument's bits below the offset, in offsets
  bool exact_start;        ///< the value at 0 is met exactly
  std::int64_t grain;      ///< coefficients are multiples of it: bits that would not help cost gates
};

const Function kFunctions[] = {
    {"exp2", kExp2Table, 32, [](Real x) { return std::exp2(x); }, 0x1p29L, 0.25L, true, 32},
    {"reciprocal", kReciprocalTable, 32, [](Real x) { return 1 / (1 + x); }, 0x1p29L, 0.375L, true, 32},
    {"rsqrt, even", kRsqrtEvenTable, 32, [](Real x) { return 1 / std::sqrt(1 + x); }, 0x1p29L, 0.375L, true, 32},
    {"rsqrt, odd", kRsqrtOddTable, 32, [](Real x) { return 1 / std::sqrt(2 + 2 * x); }, 0x1p29L, 0.375L, false, 32},
    {"GELU, erf", kGeluErfTable, 128, [](Real x) { return std::erfc(8 * x / std::numbers::sqrt2_v<Real>) / 2; },
     0x1p30L, 0, true, 1},
    {"GELU, tanh", kGeluTanhTable, 128,
     [](Real x) {
       const Real u = 8 * x;
       return 1 / (1 + std::exp(2 * std::sqrt(2 / std::numbers::pi_v<Real>) * (u + 0.044715L * u * u * u)));
     },
     0x1p30L, 0, true, 1},
};

/// Fits one segment of a function.
class SegmentFit {
 public:
  SegmentFit(const Function& function, std::uint32_t segment)
      : function_(function), segment_(segment), exact_(function.exact_start && segment == 0) {
    for (std::uint32_t o = 0; o < kOffsets; o += kSampleStep) offsets_.push_back(o);
    offsets_.push_back(kOffsets - 1);
    for (const std::uint32_t o : offsets_) wanted_.push_back(at((o + function.lost) / kOffsets));
  }

  /// The best integers near the quadratic through the Chebyshev nodes, by the worst error at the samples.
  TableSegment best() {
    const Real a = exact_ ? 0 : (2 - std::sqrt(3.0L)) / 4;
    const Real b = 0.5L;
    const Real c = (2 + std::sqrt(3.0L)) / 4;
    const Real slope_ab = (at(b) - at(a)) / (b - a);
    const Real slope_bc = (at(c) - at(b)) / (c - b);
    const Real curvature = (slope_bc - slope_ab) / (c - a);
    const Real slope = slope_ab - curvature * (a + b);
    const std::int64_t c1 = rounded(slope / 2);
    const std::int64_t c2 = rounded(curvature / 8);
    TableSegment best;
    worst_ = HUGE_VALL;
    for (std::int64_t i = -kReach; i <= kReach; ++i) {
      for (std::int64_t j = -kReach; j <= kReach; ++j) {
        consider(c1 + i * function_.grain, c2 + j * function_.grain, best);
      }
    }
    check(best);
    return best;
  }

  /// The worst error at the samples, in units of c0.
  [[nodiscard]] Real worst() const { return worst_; }

 private:
  static constexpr std::int64_t kReach = 4;  ///< how far from the rounded coefficients to look

  /// The function at t in [0, 1) of the segment, in units of c0.
  [[nodiscard]] Real at(Real t) const { return function_.value((segment_ + t) / function_.segments) * function_.scale; }

  [[nodiscard]] std::int64_t rounded(Real value) const {
    return std::llround(value / function_.grain) * function_.grain;
  }

  /// Takes these coefficients, with the c0 that centres the errors, if they are better than `best`.
  void consider(std::int64_t c1, std::int64_t c2, TableSegment& best) {
    TableSegment s{0, static_cast<std::int32_t>(c1), static_cast<std::int32_t>(c2)};
    Real low = HUGE_VALL;
    Real high = -HUGE_VALL;
    for (std::size_t i = 0; i < offsets_.size(); ++i) {
      const Real error = wanted_[i] - static_cast<std::int32_t>(interpolate(s, offsets_[i]));
      low = std::min(low, error);
      high = std::max(high, error);
    }
    const std::int64_t c0 = exact_ ? rounded(at(0)) : rounded((low + high) / 2);
    const Real error = std::max(std::abs(low - c0), std::abs(high - c0));
    if (c0 < 0 || error >= worst_) return;
    s.c0 = static_cast<std::uint32_t>(c0);
    if (!in_range(s)) return;
    best = s;
    worst_ = error;
  }

  /// Every value of the segment lies in 0…2^30 − 1: value and slope are monotonic enough to look at the samples.
  [[nodiscard]] bool in_range(const TableSegment& s) const {
    return std::all_of(offsets_.begin(), offsets_.end(),
                       [&](std::uint32_t o) { return interpolate(s, o) < 1U << 30U; });
  }

  void check(const TableSegment& s) const {
    const std::int64_t end = s.c1 + ((static_cast<std::int64_t>(s.c2) * (kOffsets - 1)) >> 14);
    const auto fits = [](std::int64_t value, int bits) {
      return value >= -(1LL << (bits - 1)) && value < 1LL << (bits - 1);
    };
    if (worst_ == HUGE_VALL || s.c0 >= 1U << 30U || !fits(s.c1, 25) || !fits(end, 25) || s.c2 < 0 || s.c2 >= 1 << 16) {
      fail_input("{}: segment {}: coefficients {}, {}, {} do not fit their widths", function_.name, segment_, s.c0,
                 s.c1, s.c2);
    }
  }

  const Function& function_;
  std::uint32_t segment_;
  bool exact_;
  std::vector<std::uint32_t> offsets_;
  std::vector<Real> wanted_;
  Real worst_ = HUGE_VALL;
};

/// `out`: folder of the source tree; `json_path`: file of the errors.
int make_vector_tables(const std::filesystem::path& out, const std::string& json_path) {
  const std::filesystem::path tables_file = out / "golden" / "math" / "vector_tables.cpp";
  const std::filesystem::path rom_file = out / "rtl_templates" / "mv_vector_rom.sv";
  check_outputs({{"out", tables_file, PathRole::kOutputFile},
                 {"out", rom_file, PathRole::kOutputFile},
                 {"json", json_path, PathRole::kOutputFile}});
  std::array<TableSegment, kTableSegments> segments{};
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Function& function : kFunctions) {
    Real worst = 0;
    for (std::uint32_t i = 0; i < function.segments; ++i) {
      SegmentFit fit(function, i);
      segments[function.first + i] = fit.best();
      worst = std::max(worst, fit.worst());
    }
    const auto error = static_cast<double>(std::log2(worst / function.scale));
    fmt::print("{:<12} {:>3} segments, worst error 2^{:.2f}\n", function.name, function.segments, error);
    rows.push_back({{"function", function.name}, {"segments", function.segments}, {"log2_worst_error", error}});
  }
  StagedFile tables(tables_file, vector_tables_source(segments));
  StagedFile rom(rom_file, vector_rom_source(segments));
  StagedFile json_file(json_path, json_text(rows));
  tables.commit();
  rom.commit();
  json_file.commit();
  fmt::print("wrote {}, {}\n", escape_controls(tables_file.string()), escape_controls(rom_file.string()));
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline golden

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "make_vector_tables", "Fits the tables of the vector unit and writes them as C++ and as SystemVerilog.",
      "  make_vector_tables --out .\n"
      "writes golden/math/vector_tables.cpp and rtl_templates/mv_vector_rom.sv below the folder.");
  std::string out;
  command.options().add_options()("out", po::value(&out)->required()->value_name("DIR"), "folder of the source tree");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    return mixvec::make_vector_tables(out, values["json"].as<std::string>());
  });
}
