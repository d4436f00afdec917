// The encoder: a pruned matrix and a schedule become the beats that the accelerator reads.
#include "golden/packed_image.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <set>

#include "golden/bit_stream.hpp"
#include "golden/error.hpp"

namespace mixvec {
namespace {

/// A unit before it is written: its class position and where its weights come from.
struct PlannedUnit {
  std::uint32_t position = 0;  ///< v
  std::uint32_t source = 0;    ///< column: the input; row: the strip
};

/// Kept vectors of one chain in one section, by class, ascending.
using PlannedSection = std::vector<std::vector<PlannedUnit>>;

class Packer {
 public:
  Packer(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
         const std::vector<std::int32_t>& in_order)
      : matrix_(matrix), schedule_(schedule), format_(format) {
    check_format(format_);
    validate(matrix_);
    check_matrix();
    lay_out(in_order);
    check_entries();
    check_schedule();
  }

  PackedMatrix run() {
    choose_rice_parameters();
    PackedMatrix packed;
    packed.name = matrix_.name;
    packed.out = matrix_.out;
    packed.in = matrix_.in;
    packed.direction = matrix_.pattern.direction;
    packed.kept = matrix_.kept();
    packed.in_order = in_order_;
    packed.entries = entries_;

    const auto beat_halfwords = static_cast<std::size_t>(format_.port_bits) / 16;
    std::vector<std::vector<std::uint16_t>> streams;
    for (const auto& chains : schedule_.sets) {
      StreamWriter writer;
      for (const Chain& chain : chains) write_chain(writer, chain);
      writer.item(0, is_row() ? 1 : kChainHeaderBits);
      bits_.outputs += is_row() ? 1U : kChainHeaderBits;
      streams.push_back(writer.finish(beat_halfwords));
      packed.set_beats.push_back(static_cast<std::uint32_t>(streams.back().size() / beat_halfwords));
    }
    packed.image = assemble(packed.set_beats, streams);
    packed.bits = bits_;
    packed.bits.padding = packed.image.size() * 8 - packed.bits.total();
    return packed;
  }

 private:
  [[nodiscard]] bool is_row() const { return matrix_.pattern.direction == Direction::kRow; }

  void check_matrix() const {
    const Pattern& pattern = matrix_.pattern;
    if (is_row() ? !format_.rows_allowed : !format_.columns_allowed) {
      fail_input("{}: {} vectors, but this accelerator is generated for {} vectors only", matrix_.name,
                 name_of(pattern.direction), is_row() ? "column" : "row");
    }
    for (std::size_t s = 0; s < pattern.strips.size(); ++s) {
      const int length = pattern.strips[s].length;
      if (length < format_.min_length || length > format_.max_length) {
        fail_input("{}: strip {} has vectors of length {}, but this accelerator takes {} to {}", matrix_.name, s,
                   length, format_.min_length, format_.max_length);
      }
    }
    if (matrix_.out > 65536) {
      fail_input("{}: {} outputs, expected at most 65536 (an output index has 16 bits)", matrix_.name, matrix_.out);
    }
    for (std::size_t i = 0; i < matrix_.weight.size(); ++i) {
      if (!is_finite(matrix_.weight[i])) {
        fail_input("{}: weight [{}][{}] is not finite; zero skipping needs finite weights", matrix_.name,
                   i / matrix_.in, i % matrix_.in);
      }
    }
    for (std::size_t o = 0; o < matrix_.bias.size(); ++o) {
      if (!is_finite(matrix_.bias[o])) fail_input("{}: bias [{}] is not finite", matrix_.name, o);
    }
  }

  void lay_out(const std::vector<std::int32_t>& in_order) {
    if (is_row()) {
      if (!in_order.empty()) {
        fail_input("{}: an input order was given, but the strips of row vectors fix it", matrix_.name);
      }
      RowLayout layout = lay_out_rows(matrix_, format_);
      in_order_ = std::move(layout.in_order);
      for (auto& section : layout.sections) {
        entries_.push_back(section.entry);
        section_strips_.push_back(std::move(section.strips));
      }
    } else {
      in_order_ = in_order.empty() ? identity_order(matrix_.in, format_) : in_order;
      check_column_order();
      std::set<int, std::greater<>> lengths;
      for (const Strip& strip : matrix_.pattern.strips) lengths.insert(entry_length(strip));
      for (const int length : lengths) {
        const UnitGeometry g = unit_geometry(Direction::kColumn, length, format_);
        ImageEntry entry;
        entry.length = length;
        entry.sentinel = static_cast<std::uint32_t>(in_order_.size() / static_cast<std::size_t>(g.classes));
        entries_.push_back(entry);
      }
    }
  }

  void check_column_order() const {
    if (in_order_.size() % static_cast<std::size_t>(format_.vector_lanes) != 0) {
      fail_input("{}: the input order has {} positions, expected a multiple of {}", matrix_.name, in_order_.size(),
                 format_.vector_lanes);
    }
    std::vector<bool> seen(matrix_.in, false);
    std::size_t count = 0;
    for (const std::int32_t i : in_order_) {
      if (i == kNoInput) continue;
      if (i < 0 || static_cast<std::size_t>(i) >= matrix_.in || seen[static_cast<std::size_t>(i)]) {
        fail_input("{}: the input order names input {} twice or outside 0…{}", matrix_.name, i, matrix_.in - 1);
      }
      seen[static_cast<std::size_t>(i)] = true;
      ++count;
    }
    if (count != matrix_.in) {
      fail_input("{}: the input order names {} inputs, expected {}", matrix_.name, count, matrix_.in);
    }
  }

  void check_entries() const {
    if (entries_.size() > kMaxEntries) {
      fail_input("{}: {} different vector lengths, expected at most {}", matrix_.name, entries_.size(), kMaxEntries);
    }
    if (in_order_.size() > static_cast<std::size_t>(format_.depth)) {
      fail_input("{}: {} activation positions, but this accelerator holds {} (depth)", matrix_.name, in_order_.size(),
                 format_.depth);
    }
    for (const ImageEntry& entry : entries_) {
      const std::uint32_t most = std::max({entry.sentinel, entry.valid, entry.base});
      if (most > 65535) {
        fail_input("{}: vectors of length {} need {} positions, expected at most 65535", matrix_.name, entry.length,
                   most);
      }
    }
  }

  void check_schedule() const {
    if (schedule_.sets.size() != static_cast<std::size_t>(format_.sets)) {
      fail_input("{}: the schedule has {} sets, expected {}", matrix_.name, schedule_.sets.size(), format_.sets);
    }
    std::vector<bool> seen(matrix_.out, false);
    std::size_t covered = 0;
    const auto cover = [&](std::uint32_t output) {
      if (output >= matrix_.out || seen[output]) {
        fail_input("{}: the schedule names output {} twice or outside 0…{}", matrix_.name, output, matrix_.out - 1);
      }
      seen[output] = true;
      ++covered;
    };
    for (const auto& chains : schedule_.sets) {
      for (const Chain& chain : chains) {
        if (is_row()) {
          cover(chain.strip);
          continue;
        }
        const auto& strips = matrix_.pattern.strips;
        if (chain.strip >= strips.size() || chain.count < 1 ||
            chain.count > static_cast<std::uint32_t>(max_column_strip(format_)) ||
            std::size_t{chain.first} + chain.count > strips[chain.strip].index.size()) {
          fail_input("{}: the schedule has a chain of outputs {}…{} in strip {}, which does not exist or is too long",
                     matrix_.name, chain.first, std::uint64_t{chain.first} + chain.count, chain.strip);
        }
        for (std::uint32_t o = 0; o < chain.count; ++o) cover(strips[chain.strip].index[chain.first + o]);
      }
    }
    if (covered != matrix_.out) {
      fail_input("{}: the schedule covers {} outputs, expected {}", matrix_.name, covered, matrix_.out);
    }
  }

  [[nodiscard]] int entry_length(const Strip& strip) const { return std::min(strip.length, max_column_strip(format_)); }

  [[nodiscard]] std::size_t column_entry(const Chain& chain) const {
    const int length = entry_length(matrix_.pattern.strips[chain.strip]);
    std::size_t e = 0;
    while (entries_[e].length != length) ++e;
    return e;
  }

  /// The kept vectors of a chain in the section (or vector length) of entry e, into `planned` (resized to the classes).
  void plan(const Chain& chain, std::size_t e, PlannedSection& planned) const {
    const UnitGeometry g = unit_geometry(matrix_.pattern.direction, entries_[e].length, format_);
    planned.resize(static_cast<std::size_t>(g.classes));
    for (auto& list : planned) list.clear();
    const auto lanes = static_cast<std::size_t>(format_.vector_lanes);
    const auto w = static_cast<std::size_t>(g.lanes);
    if (!is_row()) {
      const std::size_t output = matrix_.pattern.strips[chain.strip].index[chain.first];
      const std::uint8_t* mask = matrix_.mask.data() + output * matrix_.in;
      for (std::size_t p = 0; p < in_order_.size(); ++p) {
        const std::int32_t input = in_order_[p];
        if (input == kNoInput || mask[input] == 0) continue;
        const std::size_t bank = p % lanes;
        planned[bank / w].push_back(
            {static_cast<std::uint32_t>(p / lanes * w + bank % w), static_cast<std::uint32_t>(input)});
      }
      return;
    }
    const std::uint8_t* mask = matrix_.mask.data() + std::size_t{chain.strip} * matrix_.in;
    const auto length = static_cast<std::size_t>(g.length);
    const auto per_row = static_cast<std::size_t>(g.positions_per_row);
    const auto& strips = section_strips_[e];
    for (std::size_t n = 0; n < strips.size(); ++n) {
      if (mask[matrix_.pattern.strips[strips[n]].index.front()] == 0) continue;
      if (length >= lanes) {
        planned[0].push_back({static_cast<std::uint32_t>(n), strips[n]});
      } else {
        const std::size_t lane = n * length % lanes;
        const std::size_t position = n * length / lanes * per_row + lane % w / length;
        planned[lane / w].push_back({static_cast<std::uint32_t>(position), strips[n]});
      }
    }
  }

  void choose_rice_parameters() {
    std::vector<std::vector<std::uint64_t>> histogram;
    for (const ImageEntry& entry : entries_) histogram.emplace_back(entry.sentinel + 1U, 0);
    PlannedSection planned;
    const auto count = [&](const Chain& chain, std::size_t e) {
      plan(chain, e, planned);
      for (const auto& list : planned) {
        std::uint32_t next = 0;
        for (const PlannedUnit& unit : list) {
          ++histogram[e][unit.position - next];
          next = unit.position + 1;
        }
        ++histogram[e][entries_[e].sentinel - next];
      }
    };
    for (const auto& chains : schedule_.sets) {
      for (const Chain& chain : chains) for_each_section(chain, count);
    }
    for (std::size_t e = 0; e < entries_.size(); ++e) {
      std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
      for (int k = 0; k <= 15; ++k) {
        std::uint64_t cost = 0;
        for (std::size_t gap = 0; gap < histogram[e].size(); ++gap) {
          cost += histogram[e][gap] * static_cast<std::uint64_t>(code_bits(static_cast<std::uint32_t>(gap), k));
        }
        if (cost < best) {
          best = cost;
          entries_[e].rice_k = k;
        }
      }
    }
  }

  template <typename Body>
  void for_each_section(const Chain& chain, const Body& body) const {
    if (!is_row()) {
      body(chain, column_entry(chain));
    } else {
      for (std::size_t e = 0; e < entries_.size(); ++e) body(chain, e);
    }
  }

  void write_output(StreamWriter& writer, std::uint32_t output) {
    Half bias = matrix_.bias.empty() ? Half{} : matrix_.bias[output];
    // An accumulator that starts at -0 would make a skipped +0 product visible.
    if (bias.bits == 0x8000U) bias = Half{};
    const int bits = index_bits(matrix_.out);
    writer.item(output | static_cast<std::uint32_t>(bias.bits) << static_cast<unsigned>(bits), bits + kBiasBits);
    bits_.outputs += static_cast<unsigned>(bits);
    bits_.bias += kBiasBits;
  }

  void write_chain(StreamWriter& writer, const Chain& chain) {
    if (is_row()) {
      writer.item(1, 1);
      bits_.outputs += 1;
      write_output(writer, chain.strip);
    } else {
      const auto e = static_cast<std::uint32_t>(column_entry(chain));
      writer.item(1U | e << 1U | (chain.count - 1U) << 4U, kChainHeaderBits);
      bits_.outputs += kChainHeaderBits;
      for (std::uint32_t o = 0; o < chain.count; ++o) {
        write_output(writer, matrix_.pattern.strips[chain.strip].index[chain.first + o]);
      }
    }
    for_each_section(chain, [&](const Chain& c, std::size_t e) { write_section(writer, c, e); });
  }

  void write_section(StreamWriter& writer, const Chain& chain, std::size_t e) {
    plan(chain, e, planned_);
    const ImageEntry& entry = entries_[e];
    std::vector<std::size_t> done(planned_.size(), 0);
    std::vector<std::uint32_t> next(planned_.size(), 0);
    for (std::size_t open = planned_.size(); open > 0;) {
      for (std::size_t j = 0; j < planned_.size(); ++j) {
        if (done[j] > planned_[j].size()) continue;
        const bool sentinel = done[j] == planned_[j].size();
        const std::uint32_t position = sentinel ? entry.sentinel : planned_[j][done[j]].position;
        writer.code(position - next[j], entry.rice_k);
        bits_.codes += static_cast<std::uint64_t>(code_bits(position - next[j], entry.rice_k));
        if (sentinel) {
          --open;
        } else {
          write_unit(writer, chain, entry, planned_[j][done[j]]);
        }
        next[j] = position + 1;
        ++done[j];
      }
    }
  }

  void write_unit(StreamWriter& writer, const Chain& chain, const ImageEntry& entry, const PlannedUnit& unit) {
    if (!is_row()) {
      const auto& index = matrix_.pattern.strips[chain.strip].index;
      for (std::uint32_t o = 0; o < chain.count; ++o) {
        writer.weight(matrix_.weight[std::size_t{index[chain.first + o]} * matrix_.in + unit.source]);
      }
      bits_.weights += std::uint64_t{16} * chain.count;
      return;
    }
    const auto& index = matrix_.pattern.strips[unit.source].index;
    for (std::size_t i = 0; i < static_cast<std::size_t>(entry.length); ++i) {
      writer.weight(i < index.size() ? matrix_.weight[std::size_t{chain.strip} * matrix_.in + index[i]] : Half{});
    }
    bits_.weights += std::uint64_t{16} * index.size();
  }

  std::vector<std::uint8_t> assemble(const std::vector<std::uint32_t>& beats,
                                     const std::vector<std::vector<std::uint16_t>>& streams) {
    const auto beat_bytes = static_cast<std::size_t>(format_.port_bits) / 8;
    std::vector<std::uint8_t> image;
    const auto word = [&](std::uint32_t value) {
      for (int byte = 0; byte < 4; ++byte) image.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
    };
    word(kImageMagic);
    word(static_cast<std::uint32_t>(format_.hash));
    word(static_cast<std::uint32_t>(format_.hash >> 32U));
    word(static_cast<std::uint32_t>(is_row() ? 0 : 1) | static_cast<std::uint32_t>(entries_.size()) << 4U |
         static_cast<std::uint32_t>(index_bits(matrix_.out)) << 8U);
    for (std::size_t e = 0; e < kMaxEntries; ++e) {
      if (e >= entries_.size()) {
        word(0);
        word(0);
        continue;
      }
      const ImageEntry& entry = entries_[e];
      const auto log2_length = static_cast<std::uint32_t>(std::countr_zero(static_cast<unsigned>(entry.length)));
      word(log2_length | static_cast<std::uint32_t>(entry.rice_k) << 4U | entry.base << 16U);
      word(entry.sentinel | entry.valid << 16U);
    }
    for (const std::uint32_t n : beats) word(n);
    bits_.header = image.size() * 8;
    image.resize((image.size() + beat_bytes - 1) / beat_bytes * beat_bytes, 0);

    const std::uint64_t rounds = *std::max_element(beats.begin(), beats.end());
    std::vector<std::size_t> taken(streams.size(), 0);
    for (std::uint64_t r = 0; r < rounds; ++r) {
      for (std::size_t s = 0; s < streams.size(); ++s) {
        if (r * beats[s] % rounds >= beats[s]) continue;
        for (std::size_t i = 0; i < beat_bytes / 2; ++i) {
          const std::uint16_t halfword = streams[s][taken[s]++];
          image.push_back(static_cast<std::uint8_t>(halfword));
          image.push_back(static_cast<std::uint8_t>(halfword >> 8U));
        }
      }
    }
    return image;
  }

  const PrunedMatrix& matrix_;
  const Schedule& schedule_;
  const FormatConfig& format_;
  std::vector<std::int32_t> in_order_;
  std::vector<ImageEntry> entries_;
  std::vector<std::vector<std::uint32_t>> section_strips_;
  PlannedSection planned_;
  ImageBits bits_;
};

}  // namespace

PackedMatrix pack(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                  const std::vector<std::int32_t>& in_order) {
  return Packer(matrix, schedule, format, in_order).run();
}

}  // namespace mixvec
