// A second decoder of tasks: the words of docs/packed_format.md one by one, slowly, to hold the state machine to them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "golden/format/image_header.hpp"
#include "golden/format/task_reader.hpp"

namespace mixvec::inline golden {

/// What a cycle did, as text, so that two decoders can be compared and a difference can be read.
inline std::string describe_piece(int j, int buffer, int piece, int entry, std::uint32_t v, std::uint32_t row,
                                  int offset, int count) {
  return fmt::format(" [{} b{} e{} v{}.{} row {}+{} x{}]", j, buffer, entry, v, piece, row, offset, count);
}

inline std::string describe(const DecodeCycle& c) {
  const auto pieces = [](const std::vector<UnitPiece>& list, bool weights) {
    std::string text;
    for (const UnitPiece& p : list) {
      text += describe_piece(p.unit_class, p.buffer, p.piece, p.entry, p.position, p.row, p.offset, p.count);
      if (!weights) continue;
      for (const std::uint16_t w : p.weights) text += fmt::format(" {:x}", w);
    }
    return text;
  };
  std::string text;
  switch (c.kind) {
    case CycleKind::kRun:
      return fmt::format("run e{} c{} chains {} bits {}", c.entry, c.outputs, c.chains, c.bits);
    case CycleKind::kRecord:
      return fmt::format("t{} b{} record {} output {} bias {:x} bits {}", c.thread, c.buffer, c.record, c.output,
                         c.bias.bits, c.bits);
    case CycleKind::kTaskEnd:
      return fmt::format("end bits {}", c.bits);
    case CycleKind::kRead:
      text = fmt::format("t{} read {} codes {} bits", c.thread, c.codes, c.bits) + pieces(c.read, false);
      if (c.closed >= 0) text += fmt::format(" closed b{}", c.closed);
      break;
    case CycleKind::kTurnEnd:
      text = fmt::format("t{} nothing {} bits", c.thread, c.bits);
      break;
  }
  if (c.turn_ends) text += fmt::format(" step of {}:", c.weights) + pieces(c.step, true);
  return text;
}

/// Decodes one good task.
class LiteralDecoder {
 public:
  LiteralDecoder(const ImageHeader& header, std::span<const std::uint8_t> image, const TaskPlace& place,
                 const FormatConfig& format)
      : header_(header), format_(format), row_(header.direction == Direction::kRow) {
    const std::size_t beat = static_cast<std::size_t>(format.port_bits) / 8;
    for (std::size_t i = 0; i < place.code_beats * beat; ++i) {
      for (int bit = 0; bit < 8; ++bit) bits_.push_back(image[place.first_beat * beat + i] >> bit & 1);
    }
    const std::size_t weights = (place.first_beat + place.code_beats) * beat;
    for (std::size_t i = weights; i < weights + place.weight_beats * beat; i += 2) {
      weights_.push_back(static_cast<std::uint16_t>(image[i] + 256 * image[i + 1]));
    }
  }

  /// The cycles as describe() puts them.
  std::vector<std::string> cycles() {
    while (number(1) == 1) {
      entry_ = number(3);
      outputs_ = number(6) + 1;
      left_ = number(16) + 1;
      cycles_.push_back(fmt::format("run e{} c{} chains {} bits 26", entry_, outputs_, left_));
      run();
    }
    number(25);
    cycles_.push_back("end bits 26");
    return cycles_;
  }

 private:
  struct Class {
    int buffer = 1;
    bool resting = true;
    bool has_unit = false;  // in this turn
    int section = 0;
    int v = 0;
    int piece = 0;
    int pieces_left = 0;
    std::string unit;
    int unit_weights = 0;
  };
  struct Thread {
    int newest = 1;
    bool open[2] = {false, false};
    std::vector<bool> finished[2];  // by class
    std::vector<Class> classes;

    [[nodiscard]] bool done(int left) const { return left == 0 && !open[0] && !open[1]; }
  };

  int number(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) value |= bits_.at(at_++) << i;
    return value;
  }

  void run() {
    h_ = row_ ? header_.row_classes : classes_of(header_.entries[static_cast<std::size_t>(entry_)].length, format_);
    // A strip of more than Lv has one thread.
    const int count = outputs_ > format_.vector_lanes ? 1 : format_.substeps;
    std::vector<Thread> threads(static_cast<std::size_t>(count));
    for (Thread& thread : threads) thread.classes.resize(static_cast<std::size_t>(h_));
    bool all_finished = false;
    while (!all_finished) {
      all_finished = true;
      for (std::size_t t = 0; t < threads.size(); ++t) {
        if (threads[t].done(left_)) continue;
        turn(threads[t], static_cast<int>(t));
        all_finished = false;
      }
    }
  }

  void turn(Thread& thread, int t) {
    for (Class& c : thread.classes) c.has_unit = false;
    for (;;) {
      if (can_take(thread)) {
        take(thread, t);
      } else if (any_at_work(thread)) {
        std::string text;
        const bool ends = read(thread, t, text);
        if (ends) text += step(thread);
        cycles_.push_back(text);
        if (ends) return;
      } else {
        cycles_.push_back(fmt::format("t{} nothing 0 bits", t) + step(thread));
        return;
      }
    }
  }

  [[nodiscard]] bool can_take(const Thread& thread) const {
    for (const Class& c : thread.classes) {
      if (!c.has_unit && c.resting && c.buffer == thread.newest && !thread.open[1 - thread.newest] && left_ > 0) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] static bool any_at_work(const Thread& thread) {
    for (const Class& c : thread.classes) {
      if (!c.has_unit && !c.resting) return true;
    }
    return false;
  }

  void take(Thread& thread, int t) {
    const int before = thread.newest;
    thread.newest = 1 - before;
    thread.open[thread.newest] = true;
    thread.finished[thread.newest].assign(static_cast<std::size_t>(h_), false);
    --left_;
    for (int record = 0; record < outputs_; ++record) {
      const int output = number(header_.index_bits);
      const int bias = number(16);
      cycles_.push_back(fmt::format("t{} b{} record {} output {} bias {:x} bits {}", t, thread.newest, record, output,
                                    bias, header_.index_bits + 16));
    }
    for (Class& c : thread.classes) {
      if (c.resting && c.buffer == before) begin(c, thread.newest);
    }
  }

  void begin(Class& c, int buffer) const {
    c.resting = false;
    c.buffer = buffer;
    c.v = 0;
    c.section = row_ ? 0 : entry_;
  }

  /// Rule 2; tells whether the turn ends.
  bool read(Thread& thread, int t, std::string& text) {
    int codes = 0;
    int closed = -1;
    bool ends = true;
    std::string units;
    const int ones = (1 << header_.code_bits) - 1;
    std::vector<bool> finished(static_cast<std::size_t>(h_), false);
    for (int j = 0; j < h_; ++j) {
      Class& c = thread.classes[static_cast<std::size_t>(j)];
      if (c.has_unit || c.resting) continue;
      const ImageEntry& entry = header_.entries[static_cast<std::size_t>(c.section)];
      if (c.pieces_left > 0) {
        --c.pieces_left;
        ++c.piece;
      } else {
        const int code = number(header_.code_bits);
        ++codes;
        c.v += code;
        if (code == ones) {
          ends = false;
          continue;
        }
        if (c.v == static_cast<int>(entry.sentinel)) {
          ends = false;
          if (row_ && c.section + 1 < static_cast<int>(header_.entries.size())) {
            ++c.section;
            c.v = 0;
          } else {
            finished[static_cast<std::size_t>(j)] = true;
          }
          continue;
        }
        ++c.v;
        c.piece = 0;
        c.pieces_left = pieces_of(entry.length) - 1;
      }
      c.has_unit = true;
      place(j, c, entry);
      units += c.unit;
    }
    for (int j = 0; j < h_; ++j) {
      if (!finished[static_cast<std::size_t>(j)]) continue;
      Class& c = thread.classes[static_cast<std::size_t>(j)];
      c.resting = true;
      auto& list = thread.finished[c.buffer];
      list[static_cast<std::size_t>(j)] = true;
      if (std::find(list.begin(), list.end(), false) == list.end()) {
        closed = c.buffer;
        thread.open[closed] = false;
      }
      if (c.buffer != thread.newest) begin(c, thread.newest);
    }
    text = fmt::format("t{} read {} codes {} bits", t, codes, codes * header_.code_bits) + units;
    if (closed >= 0) text += fmt::format(" closed b{}", closed);
    return ends;
  }

  [[nodiscard]] int pieces_of(int length) const {
    if (row_) return std::max(1, lambda(length) / (format_.vector_lanes / h_));
    return (outputs_ + format_.vector_lanes - 1) / format_.vector_lanes;
  }

  [[nodiscard]] int lambda(int length) const {
    const int w = format_.vector_lanes / h_;
    if (length <= w) return length;
    return length < format_.vector_lanes ? w : length / h_;
  }

  void place(int j, Class& c, const ImageEntry& entry) const {
    const int w = format_.vector_lanes / h_;
    const int v = c.v - 1;
    int q = v;
    c.unit_weights = std::min(outputs_ - c.piece * format_.vector_lanes, format_.vector_lanes);
    if (row_) {
      q = static_cast<int>(entry.base) * w + v * lambda(entry.length) + c.piece * w;
      c.unit_weights = std::min(lambda(entry.length), w);
    }
    c.unit = describe_piece(j, c.buffer, c.piece, c.section, static_cast<std::uint32_t>(v),
                            static_cast<std::uint32_t>(q / w), q % w, c.unit_weights);
  }

  std::string step(const Thread& thread) {
    std::string units;
    int count = 0;
    for (const Class& c : thread.classes) {
      if (!c.has_unit) continue;
      units += c.unit;
      for (int i = 0; i < c.unit_weights; ++i, ++count) units += fmt::format(" {:x}", weights_.at(weights_at_++));
    }
    return fmt::format(" step of {}:", count) + units;
  }

  const ImageHeader& header_;
  const FormatConfig& format_;
  bool row_;
  std::vector<int> bits_;
  std::size_t at_ = 0;
  std::vector<std::uint16_t> weights_;
  std::size_t weights_at_ = 0;
  std::vector<std::string> cycles_;
  int entry_ = 0;
  int outputs_ = 1;
  int left_ = 0;
  int h_ = 1;
};

}  // namespace mixvec::inline golden
