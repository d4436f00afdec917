// The encoder: a pruned matrix and a schedule become the beats that the accelerator reads.
#include "golden/format/packed_image.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <set>

#include "golden/base/error.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/task_encoder.hpp"

namespace mixvec::inline golden {
namespace {

class Packer {
 public:
  Packer(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
         const std::vector<std::int32_t>& in_order)
      : matrix_(matrix), schedule_(schedule), format_(format), plan_{matrix, format, {}, {}, {}, {}} {
    check_format(format_);
    validate(matrix_);
    check_matrix();
    lay_out(in_order);
    check_entries();
    check_schedule();
  }

  PackedMatrix run() {
    PackedMatrix packed;
    packed.name = matrix_.name;
    packed.out = matrix_.out;
    packed.in = matrix_.in;
    packed.direction = matrix_.pattern.direction;
    packed.kept = matrix_.kept();
    const std::vector<EncodedTask> tasks = encode(packed.code_bits);
    packed.tasks = tasks.size();
    packed.image = assemble(tasks, packed.code_bits);
    for (const EncodedTask& task : tasks) {
      packed.bits.codes += task.codes * static_cast<std::uint64_t>(packed.code_bits);
      packed.bits.outputs += (task.runs + 1) * kRunHeaderBits;
    }
    packed.bits.weights = packed.kept * 16;
    packed.bits.outputs += matrix_.out * static_cast<std::uint64_t>(index_bits(matrix_.out));
    packed.bits.bias = matrix_.out * std::uint64_t{kBiasBits};
    packed.bits.header = 32 * (kHeaderWords + schedule_.clusters.size()) + 64 * tasks.size();
    packed.bits.padding = packed.image.size() * 8 - packed.bits.total();
    packed.in_order = std::move(plan_.in_order);
    packed.entries = std::move(plan_.entries);
    return packed;
  }

 private:
  [[nodiscard]] bool is_row() const { return plan_.is_row(); }

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
    const Direction direction = matrix_.pattern.direction;
    if (is_row()) {
      if (!in_order.empty()) {
        fail_input("{}: an input order was given, but the strips of row vectors fix it", matrix_.name);
      }
      RowLayout layout = lay_out_rows(matrix_, format_);
      plan_.in_order = std::move(layout.in_order);
      for (auto& section : layout.sections) {
        plan_.entries.push_back(section.entry);
        plan_.geometry.push_back(unit_geometry(direction, section.entry.length, layout.classes, format_));
        plan_.section_strips.push_back(std::move(section.strips));
      }
      return;
    }
    plan_.in_order = in_order.empty() ? identity_order(matrix_.in, format_) : in_order;
    check_column_order();
    std::set<int, std::greater<>> lengths;
    for (const Strip& strip : matrix_.pattern.strips) {
      lengths.insert(std::min(strip.length, max_column_strip(format_)));
    }
    for (const int length : lengths) {
      const int classes = classes_of(length, format_);
      const std::size_t sentinel = plan_.in_order.size() / static_cast<std::size_t>(classes);
      plan_.entries.push_back({length, 0, static_cast<std::uint32_t>(sentinel)});
      plan_.geometry.push_back(unit_geometry(direction, length, classes, format_));
    }
  }

  void check_column_order() const {
    const std::vector<std::int32_t>& order = plan_.in_order;
    if (order.size() % static_cast<std::size_t>(format_.vector_lanes) != 0) {
      fail_input("{}: the input order has {} positions, expected a multiple of {}", matrix_.name, order.size(),
                 format_.vector_lanes);
    }
    std::vector<bool> seen(matrix_.in, false);
    std::size_t count = 0;
    for (const std::int32_t i : order) {
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
    if (plan_.entries.size() > kMaxEntries) {
      fail_input("{}: {} different vector lengths, expected at most {}", matrix_.name, plan_.entries.size(),
                 kMaxEntries);
    }
    if (plan_.in_order.size() > static_cast<std::size_t>(format_.depth)) {
      fail_input("{}: {} activation positions, but this accelerator holds {} (depth)", matrix_.name,
                 plan_.in_order.size(), format_.depth);
    }
    for (const ImageEntry& entry : plan_.entries) {
      const std::uint32_t most = std::max(entry.sentinel, entry.base);
      if (most > 65535) {
        fail_input("{}: vectors of length {} need {} positions, expected at most 65535", matrix_.name, entry.length,
                   most);
      }
    }
  }

  void check_schedule() const {
    const auto clusters = static_cast<std::size_t>(format_.sets / format_.assoc);
    if (schedule_.clusters.size() != clusters) {
      fail_input("{}: the schedule has {} clusters, expected {}", matrix_.name, schedule_.clusters.size(), clusters);
    }
    std::vector<bool> seen(matrix_.out, false);
    std::size_t covered = 0;
    for (const auto& tasks : schedule_.clusters) {
      for (const Task& task : tasks) {
        if (task.chains.empty()) fail_input("{}: the schedule has a task without chains", matrix_.name);
        for (const Chain& chain : task.chains) {
          check_chain(chain);
          for (std::uint32_t o = 0; o < chain.count; ++o) {
            const std::uint32_t output = plan_.output(chain, o);
            if (seen[output]) fail_input("{}: the schedule names output {} twice", matrix_.name, output);
            seen[output] = true;
            ++covered;
          }
        }
      }
    }
    if (covered != matrix_.out) {
      fail_input("{}: the schedule covers {} outputs, expected {}", matrix_.name, covered, matrix_.out);
    }
  }

  void check_chain(const Chain& chain) const {
    const auto& strips = matrix_.pattern.strips;
    const std::size_t outputs = is_row()                      ? matrix_.out
                                : chain.strip < strips.size() ? strips[chain.strip].index.size()
                                                              : 0;
    const auto most = is_row() ? 1U : static_cast<std::uint32_t>(max_column_strip(format_));
    const std::size_t first = is_row() ? chain.strip : chain.first;
    if ((is_row() && chain.first != 0) || chain.count < 1 || chain.count > most || first + chain.count > outputs) {
      fail_input("{}: the schedule has a chain of {} outputs from {} in strip {}, which does not exist or is too long",
                 matrix_.name, chain.count, chain.first, chain.strip);
    }
  }

  /// Bits of all codes, by the bits of a code: they depend on the gaps only.
  [[nodiscard]] std::array<std::uint64_t, kMostCodeBits + 1> bits_of_codes() const {
    std::uint32_t longest = 0;
    for (const ImageEntry& entry : plan_.entries) longest = std::max(longest, entry.sentinel);
    std::vector<std::uint64_t> gaps(longest + 1U, 0);
    ChainPlan units;
    for (const auto& tasks : schedule_.clusters) {
      for (const Task& task : tasks) {
        for (const Chain& chain : task.chains) {
          plan_chain(plan_, chain, units);
          const std::size_t first = plan_.entry_of(chain);
          const std::size_t last = is_row() ? plan_.entries.size() - 1 : first;
          for (const auto& list : units) {
            auto unit = list.begin();
            for (std::size_t e = first; e <= last; ++e) {
              std::uint32_t next = 0;
              for (; unit != list.end() && unit->entry == static_cast<int>(e); ++unit) {
                ++gaps[unit->position - next];
                next = unit->position + 1;
              }
              ++gaps[plan_.entries[e].sentinel - next];
            }
          }
        }
      }
    }
    std::array<std::uint64_t, kMostCodeBits + 1> bits{};
    for (std::size_t b = 1; b <= kMostCodeBits; ++b) {
      for (std::size_t gap = 0; gap < gaps.size(); ++gap) bits[b] += gaps[gap] * b * (gap / ((1U << b) - 1U) + 1);
    }
    return bits;
  }

  [[nodiscard]] std::vector<EncodedTask> encode_all(int code_bits) const {
    std::vector<EncodedTask> encoded;
    for (const auto& tasks : schedule_.clusters) {
      for (const Task& task : tasks) encoded.push_back(encode_task(plan_, task, code_bits));
    }
    return encoded;
  }

  /// All tasks with the shortest codes that hold up the steps by no more than a quarter; where there are none, with the
  /// codes that are read fastest.
  std::vector<EncodedTask> encode(int& code_bits) const {
    int classes = 1;
    for (const UnitGeometry& g : plan_.geometry) classes = std::max(classes, g.classes);
    const auto bits = bits_of_codes();
    std::vector<int> candidates(static_cast<std::size_t>(std::min(kMostCodeBits, 64 / classes)));
    std::iota(candidates.begin(), candidates.end(), 1);
    std::stable_sort(candidates.begin(), candidates.end(), [&](int a, int b) {
      return bits[static_cast<std::size_t>(a)] < bits[static_cast<std::size_t>(b)];
    });
    std::vector<EncodedTask> fastest;
    std::uint64_t fewest_cycles = ~std::uint64_t{0};
    for (const int b : candidates) {
      std::vector<EncodedTask> encoded = encode_all(b);
      std::uint64_t cycles = 0;
      std::uint64_t steps = 0;
      for (const EncodedTask& task : encoded) {
        cycles += task.code_cycles;
        steps += task.steps;
      }
      const bool keeps_up = 4 * cycles <= 5 * steps;
      if (keeps_up || cycles < fewest_cycles) {
        fewest_cycles = cycles;
        fastest = std::move(encoded);
        code_bits = b;
      }
      if (keeps_up) break;
    }
    return fastest;
  }

  [[nodiscard]] std::vector<std::uint8_t> assemble(const std::vector<EncodedTask>& tasks, int code_bits) const {
    const auto beat_bytes = static_cast<std::size_t>(format_.port_bits) / 8;
    std::vector<std::uint8_t> image;
    const auto append = [&](std::uint64_t value, int bytes) {
      for (int byte = 0; byte < bytes; ++byte) image.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
    };
    const auto beats = [&](std::size_t bytes) { return (bytes + beat_bytes - 1) / beat_bytes; };
    const auto end_beat = [&] { image.resize(beats(image.size()) * beat_bytes, 0); };
    const auto log2 = [](int value) {
      return static_cast<std::uint32_t>(std::countr_zero(static_cast<unsigned>(value)));
    };

    append(kImageMagic, 4);
    append(format_.hash, 8);
    append(kColumnField.place(static_cast<std::uint32_t>(matrix_.pattern.direction)) |
               kEntriesField.place(static_cast<std::uint32_t>(plan_.entries.size())) |
               kIndexBitsField.place(static_cast<std::uint32_t>(index_bits(matrix_.out))) |
               kCodeBitsField.place(static_cast<std::uint32_t>(code_bits)) |
               kRowClassesField.place(is_row() ? log2(plan_.geometry.front().classes) : 0U),
           4);
    for (std::size_t e = 0; e < kMaxEntries; ++e) {
      const bool used = e < plan_.entries.size();
      append(used ? kLengthField.place(log2(plan_.entries[e].length)) | kBaseField.place(plan_.entries[e].base) : 0U,
             4);
      append(used ? kSentinelField.place(plan_.entries[e].sentinel) : 0U, 4);
    }
    // The engine asks for a task's first weight beat before it knows whether there are weights.
    const auto weight_beats = [&](const EncodedTask& task) {
      return std::max<std::size_t>(1, beats(2 * task.weights.size()));
    };
    std::size_t first_task = 0;
    for (const auto& cluster : schedule_.clusters) {
      append(first_task, 4);
      first_task += cluster.size();
    }
    append(first_task, 4);
    end_beat();

    std::size_t beat = image.size() / beat_bytes + beats(8 * tasks.size());
    for (const EncodedTask& task : tasks) {
      const std::size_t code_beats = beats((task.code.size() + 7) / 8);
      append(beat, 4);
      append(code_beats, 4);
      beat += code_beats + weight_beats(task);
    }
    end_beat();

    for (const EncodedTask& task : tasks) {
      const std::size_t code_end = image.size() + beats((task.code.size() + 7) / 8) * beat_bytes;
      for (const std::uint64_t word : task.code.words()) append(word, 8);
      image.resize(code_end, 0);
      for (const std::uint16_t weight : task.weights) append(weight, 2);
      image.resize(code_end + weight_beats(task) * beat_bytes, 0);
    }
    return image;
  }

  const PrunedMatrix& matrix_;
  const Schedule& schedule_;
  const FormatConfig& format_;
  MatrixPlan plan_;
};

}  // namespace

PackedMatrix pack(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                  const std::vector<std::int32_t>& in_order) {
  return Packer(matrix, schedule, format, in_order).run();
}

}  // namespace mixvec::inline golden
