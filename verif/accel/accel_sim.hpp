// The Verilated accelerator behind a small interface: clock, reset, trace, activation load, and running an image under
// random stalls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/isa/attention_job.hpp"
#include "golden/math/half.hpp"
#include "sim/cycles/port_stalls.hpp"
#include "verif/record/port_recorder.hpp"

class Vmv_accel;
class VerilatedContext;
class VerilatedFstC;

namespace mixvec::inline verif {

/// A fault that the bench injects into the image in memory, to prove that it would be noticed. `fault_beat` says which
/// beat; for kFlipHeader, which byte of the image.
enum class Fault : std::uint8_t { kNone, kFlipBit, kDropBeat, kSwapBeats, kFlipHeader };

/// What a run on one tile of tokens took. Cycles count from the first image beat accepted to the last result accepted.
struct TileRun {
  std::uint64_t cycles = 0;
  std::uint64_t issues = 0;   ///< sets × cycles in which a step was issued
  std::uint64_t skips = 0;    ///< steps dropped because their activations were zero
  std::uint64_t beats = 0;    ///< image beats fetched
  std::uint64_t results = 0;  ///< result beats accepted
  std::string failure;        ///< empty, or what went wrong: a hang, a result twice, an unknown output
};

/// What a sequence of attention jobs took. Cycles count from the first job accepted to the last result accepted.
struct AttentionRun {
  std::uint64_t cycles = 0;
  std::uint64_t issues = 0;   ///< sets × cycles in which a step was issued
  std::uint64_t results = 0;  ///< result beats accepted
  std::string failure;        ///< empty, or what went wrong
};

/// Takes a result beat: its index, its token group and the values of its lanes; false if it may not come.
using ResultTaker = std::function<bool(std::uint32_t index, std::uint32_t group, std::span<const Half> values)>;

/// How an accelerator is simulated.
struct SimOptions {
  std::string trace = {};  ///< an FST file, whose path is printed, or empty (a bench built without tracing refuses one)
  /// A file of coverage counters, as Verilator writes it, written at the end, or empty.
  std::string coverage = {};
  bool record = false;     ///< whether record_text() will have one
  std::uint64_t seed = 1;  ///< of what registers and memories hold before the reset
  bool contracts = true;   ///< whether the RTL's assertions are checked: not where a fault will break them
};

/// One accelerator under simulation. Registers and memories begin at random values.
class AccelSim {
 public:
  /// Resets the accelerator. Throws InputError if RTL and bench disagree on the configuration hash, both printed, or if
  /// the bench's folder was written anew since it was built.
  explicit AccelSim(const SimOptions& options = {});
  ~AccelSim();
  AccelSim(const AccelSim&) = delete;
  AccelSim& operator=(const AccelSim&) = delete;

  /// Tokens that one tile can hold.
  static std::size_t tile_tokens();
  /// log2 of the token groups that `tokens` (1…tile_tokens()) need.
  static int groups_log2(std::size_t tokens);

  /// Loads tokens [first, first + count) of x (in × tokens, row-major) in the order of positions. Returns the cycles.
  std::uint64_t load(std::span<const std::int32_t> in_order, std::span<const Half> x, std::size_t tokens,
                     std::size_t first, std::size_t count, const Stalls& stalls);

  /// Runs an image on the tile loaded; writes y (out × tokens, row-major), columns [first, first + count).
  TileRun run(std::span<const std::uint8_t> image, std::size_t out, std::span<Half> y, std::size_t tokens,
              std::size_t first, std::size_t count, const Stalls& stalls, Fault fault = Fault::kNone,
              std::size_t fault_beat = 0);

  /// Writes one channel of a group of tokens, those in `lanes` (a value per lane), to the key/value memory.
  void write_kv(std::uint32_t word, std::uint32_t row, std::span<const Half> values, const std::vector<bool>& lanes);
  /// Writes an activation position of one token group to all banks, as attention reads them.
  void load_all_banks(std::uint32_t position, std::span<const Half> values);
  /// Runs jobs one behind the other, each offered as soon as the one before it was taken.
  AttentionRun attend(std::span<const AttentionJob> jobs, const Stalls& stalls, const ResultTaker& take);

  /// Whether a record was asked for.
  [[nodiscard]] bool records() const { return recorder_.on(); }
  /// What the ports were in all cycles so far, if a record was asked for (PortRecorder::text).
  [[nodiscard]] std::string record_text() const { return recorder_.text(); }
  /// Whether the RTL's assertions are checked, where the options let them: not while stimulus breaks contracts on
  /// purpose.
  void check_contracts(bool on);

  /// The next run of an image, of jobs or of programs ends after so many cycles, as failed: reset() must follow.
  void abandon_after(std::uint64_t cycles) { abandon_in_ = cycles; }
  /// Resets, whatever is under way, and looks at the ports for a while. Empty, or how they differ from those after the
  /// first reset, or what they must not do before anything begins.
  std::string reset();

  /// Cycles since the first reset.
  [[nodiscard]] std::uint64_t time() const { return cycle_; }
  /// Resets behind the first one.
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 protected:
  /// Takes the result beat that is offered; false if it may not be (the failure says why).
  bool take_result(TileRun& result, int drain, std::size_t out, std::span<Half> y, std::size_t tokens,
                   std::size_t first, std::size_t count, std::vector<std::uint8_t>& seen);
  void settle();
  void clock_edge();
  void record();
  /// To be called where a run begins and in each of its cycles: whether it is to be abandoned in this one.
  void begin_run();
  [[nodiscard]] bool abandons() const { return cycle_ == abandon_at_; }

  /// Called before each rising edge, when all signals have settled.
  std::function<void()> before_edge_;
  bool contracts_;
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vmv_accel> top_;
  std::unique_ptr<VerilatedFstC> trace_;
  std::string coverage_;
  PortRecorder recorder_;
  bool noisy_;  ///< whether inputs that no valid bit covers are drawn in each cycle
  Random noise_;
  std::uint64_t cycle_ = 0;

 private:
  void hold_reset();

  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  std::uint64_t resets_ = 0;
  std::uint64_t abandon_in_ = kNever;  ///< of the next run
  std::uint64_t abandon_at_ = kNever;  ///< of this one
  std::string at_rest_;                ///< ports after the first reset
};

/// What the failure of a run says that was abandoned.
inline constexpr const char* kAbandoned = "abandoned";

}  // namespace mixvec::inline verif
