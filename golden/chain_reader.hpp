// Reads an image in the order the hardware decodes it: the image header, the streams of the sets, and a stream's items.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden/packed_image.hpp"

namespace mixvec {

/// What an image's header says.
struct ImageHeader {
  Direction direction = Direction::kColumn;
  int index_bits = 16;  ///< of an output index
  std::vector<ImageEntry> entries;
  std::vector<std::uint32_t> set_beats;
  std::size_t header_beats = 0;
};

/// Reads and checks the header. Throws InputError for a damaged header, another configuration's hash (both are
/// printed), and a size that does not follow from the header.
ImageHeader read_image_header(std::span<const std::uint8_t> image, const FormatConfig& format);

/// The halfwords of each set, in the order the set receives them. `header` must be the image's own.
std::vector<std::vector<std::uint16_t>> split_sets(std::span<const std::uint8_t> image, const ImageHeader& header,
                                                   const FormatConfig& format);

/// What the hardware does next. An item is decoded in one cycle; the others mark what follows from them.
enum class ItemKind : std::uint8_t {
  kChain,       ///< item: a chain's header
  kOutput,      ///< item: an output record
  kCode,        ///< item: a code (a position, or the sentinel of its class)
  kUnit,        ///< one sub-step of the unit of the last code; sub-step 0 shares the cycle of the code
  kRoundEnd,    ///< all open classes have given a code: their units form a step
  kSectionEnd,  ///< all classes have met their sentinel
  kChainEnd,    ///< the chain's outputs are complete
  kStreamEnd,   ///< item: the header that ends the stream
};

/// One event of a stream. Only the fields named with the kind are meaningful.
struct StreamItem {
  ItemKind kind = ItemKind::kStreamEnd;

  std::uint32_t outputs = 1;  ///< kChain and all that follows in the chain: c (1 for row)
  int entry = 0;              ///< kChain of a column; kCode, kUnit, kRoundEnd, kSectionEnd: the entry (section) in work

  std::uint32_t output = 0;  ///< kOutput
  Half bias;                 ///< kOutput

  int unit_class = 0;          ///< kCode, kUnit: j
  std::uint32_t position = 0;  ///< kCode, kUnit: class position v (the sentinel N at a section's end)
  bool sentinel = false;       ///< kCode: ends the class's list; no unit follows

  int substep = 0;                         ///< kUnit: m
  int substeps = 1;                        ///< kCode without sentinel, kUnit: sub-steps of the unit
  std::uint32_t row = 0;                   ///< kUnit: activation row
  int sub_bank = 0;                        ///< kUnit of a column: where in the row its input stands
  int first_lane = 0;                      ///< kUnit: lanes first_lane … first_lane + weights.size() - 1 are used
  int valid_lanes = 0;                     ///< kUnit: of these, lanes that are not masked by count (column: all)
  std::span<const std::uint16_t> weights;  ///< kUnit: binary16 weights of the lanes; points into the stream

  std::uint32_t units = 0;  ///< kRoundEnd: units of the round; 0 = no step
};

/// Bits and halfwords of one set's stream, and what they mean.
class ChainReader {
 public:
  /// `header`, `stream` and `format` must outlive the reader; `label` is named in errors.
  ChainReader(const ImageHeader& header, std::span<const std::uint16_t> stream, const FormatConfig& format,
              std::string label);

  /// The next event; false after kStreamEnd was delivered. Throws InputError on a damaged stream: truncation, a bad
  /// code, a position beyond its sentinel, a strip longer than its entry, masked lanes or a rest of the stream that are
  /// not zero.
  bool next(StreamItem& item);

  /// Halfwords fetched from the stream so far, by the bit buffer and by weights.
  [[nodiscard]] std::size_t halfwords_used() const { return used_; }

 private:
  enum class State : std::uint8_t { kHeader, kOutputs, kCodes, kUnits, kRoundEnd, kSectionEnd, kChainEnd, kDone };

  void refill();
  std::uint32_t take(int bits);
  void check_rest() const;
  void begin_section(int entry);
  void read_chain(StreamItem& item);
  void read_output(StreamItem& item);
  void read_code(StreamItem& item);
  void read_unit(StreamItem& item);
  void advance_class();
  [[noreturn]] void fail(const char* what) const;

  const ImageHeader& header_;
  std::span<const std::uint16_t> stream_;
  const FormatConfig& format_;
  std::string label_;

  std::size_t used_ = 0;
  std::uint64_t buffer_ = 0;
  int held_ = 0;

  State state_ = State::kHeader;
  bool row_;
  std::vector<UnitGeometry> geometry_;  ///< by entry
  int entry_ = 0;
  std::uint32_t outputs_ = 1;        ///< c of the chain
  std::uint32_t outputs_left_ = 0;   ///< output records to come
  std::vector<std::uint32_t> next_;  ///< by class: previous position + 1
  std::vector<std::uint8_t> open_;   ///< by class: sentinel not met
  int open_classes_ = 0;
  int class_ = 0;
  std::uint32_t round_units_ = 0;
  std::uint32_t position_ = 0;
  int substep_ = 0;
  int substeps_ = 1;
};

}  // namespace mixvec
