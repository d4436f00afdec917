// The sequencer (rtl_templates/mv_sequencer.sv) and what it drives.
#include "sim/cycles/layer_model.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "golden/base/error.hpp"
#include "sim/cycles/engine_run.hpp"

namespace mixvec::inline sim {
namespace {

// Nothing is issued, taken or ended for so long: far more than the longest wait of a program that goes on.
constexpr std::uint64_t kHangCycles = 1000000;

/// States of both programs, as mv_sequencer has them.
enum class State : std::uint8_t { kFetch, kWait, kBegin, kBusy };

/// One run.
class Run {
 public:
  Run(const LayerModel& model, const TileProgram& program, const Stalls& stalls, NonzeroMaps nonzero)
      : model_(model),
        program_(program),
        nonzero_(nonzero),
        memory_latency_(stalls.latency),
        accel_(model.plan().accel()),
        port_(stalls, accel_.sets, accel_.drains),
        slices_(accel_, program.first / static_cast<std::uint32_t>(accel_.tokens_per_group()), program.last_group),
        waiting_(static_cast<std::size_t>(accel_.drains)) {
    result_.array.resize(program.array.size() - 1);
    result_.vector.resize(program.vector.size() - 1);
  }

  LayerModelRun run() {
    std::uint64_t last_progress = 0;
    ++result_.use[static_cast<std::size_t>(LayerUse::kOther)];  // the cycle of run_i
    for (now_ = 1; array_runs_ || vector_runs_; ++now_) {
      port_.next_cycle();
      progress_ = false;
      account();
      cycle();
      if (progress_) last_progress = now_;
      if (now_ - last_progress > kHangCycles)
        fail_input("cycle model: the programs hang: array at {}, vector at {}", array_at_, vector_at_);
    }
    result_.cycles = now_;
    return result_;
  }

 private:
  [[nodiscard]] const ArrayInstruction& array() const { return program_.array[array_at_]; }
  [[nodiscard]] const VectorInstruction& vector() const { return program_.vector[vector_at_]; }

  void cycle();
  void account();
  /// Ports at which results wait, and what they are.
  std::uint64_t look_at_ports();
  void step_array(std::uint64_t taken);
  void step_vector();
  void start_matrix();
  [[nodiscard]] AttentionJob job() const;

  const LayerModel& model_;
  const TileProgram& program_;
  NonzeroMaps nonzero_;
  int memory_latency_;
  const AccelConfig& accel_;
  PortStalls port_;
  Slices slices_;
  std::vector<Slices::Waiting> waiting_;
  std::optional<EngineRun> engine_;  ///< a matrix is under way
  EngineClusters clusters_;          ///< its tasks, if some activations are zero
  std::size_t matrices_ = 0;         ///< started so far
  std::optional<AttentionEngine> attention_;
  std::vector<std::size_t> jobs_;  ///< instructions of the jobs of this sequence
  std::uint32_t key_bits_ = 0;     ///< of the SCORES under way
  std::uint64_t now_ = 0;
  bool progress_ = false;
  bool pass_begins_ = false;
  bool array_runs_ = true;
  bool vector_runs_ = true;
  State array_state_ = State::kFetch;
  State vector_state_ = State::kFetch;
  std::size_t array_at_ = 0;  ///< instruction in work
  std::size_t vector_at_ = 0;
  std::uint32_t passes_ = 0;  ///< instructions of the vector program that have ended
  LayerModelRun result_;
};

std::uint64_t Run::look_at_ports() {
  std::uint64_t ports = 0;
  if (engine_) {
    ports = engine_->waiting();
    for (std::uint64_t left = ports; left != 0; left &= left - 1) {
      const auto d = static_cast<std::size_t>(std::countr_zero(left));
      waiting_[d] = {engine_->group(d), BeatCounter::kMatrices};
    }
  } else if (attention_) {
    ports = attention_->waiting();
    for (std::uint64_t left = ports; left != 0; left &= left - 1) {
      const auto d = static_cast<std::size_t>(std::countr_zero(left));
      const AttentionEngine::Result& result = attention_->result(d);
      const bool second = (result.index >> key_bits_ & 1U) != 0;
      waiting_[d] = {result.group, (result.index & kOutputIndex) != 0 ? BeatCounter::kOutputs
                                   : second                           ? BeatCounter::kScores1
                                                                      : BeatCounter::kScores0};
    }
  }
  return ports;
}

void Run::cycle() {
  const std::uint64_t ports = look_at_ports();
  const std::uint64_t taken = slices_.take(ports, waiting_);
  if (taken != 0) progress_ = true;
  if (attention_) {
    for (std::uint64_t left = taken; left != 0; left &= left - 1) {
      const auto d = static_cast<std::size_t>(std::countr_zero(left));
      result_.array[jobs_[attention_->result(d).job]].end = now_ + 1;
    }
  }
  // The array program sees what has ended before this cycle.
  step_array(taken);
  if (vector_runs_) step_vector();
  slices_.end_cycle();
  if (pass_begins_) slices_.begin(vector());
  pass_begins_ = false;
}

void Run::start_matrix() {
  const EngineModel& matrix = model_.matrix(array().first_beat);
  const std::vector<std::uint8_t>* nonzero = matrices_ < nonzero_.size() ? &nonzero_[matrices_] : nullptr;
  ++matrices_;
  const bool some =
      nonzero != nullptr && std::find(nonzero->begin(), nonzero->end(), std::uint8_t{0}) != nonzero->end();
  if (some) clusters_ = matrix.decode(*nonzero);
  engine_.emplace(accel_, matrix.header(), some ? clusters_ : matrix.clusters(), static_cast<int>(program_.groups_log2),
                  memory_latency_);
}

AttentionJob Run::job() const {
  const ArrayInstruction& i = array();
  const auto lanes = static_cast<std::uint32_t>(accel_.vector_lanes);
  AttentionJob job;
  job.outputs = i.kind == ArrayKind::kOutputs;
  job.causal = i.causal;
  job.word = i.word;
  job.word_stride = i.word_stride;
  job.row = i.row;
  job.row_stride = i.row_stride;
  job.dims = (i.channel_strips - 1) * lanes + i.last_channels;
  job.keys = (i.key_strips - 1) * lanes + i.last_keys;  // groups hold whole strips
  job.index = i.index;
  job.last_group = program_.last_group;
  job.base_group = program_.first / static_cast<std::uint32_t>(accel_.tokens_per_group());
  job.turn = i.turn;
  return job;
}

void Run::step_array(std::uint64_t taken) {
  // What registers show in this cycle.
  const bool engine_done = !engine_ && (!attention_ || attention_->idle());
  const bool quiet = engine_done && slices_.results_idle();
  const bool attends = attention_.has_value();
  const ArrayKind kind = array().kind;
  const bool may = passes_ >= array().wait;
  const bool attention = kind == ArrayKind::kScores || kind == ArrayKind::kOutputs;
  const bool go = array_runs_ && array_state_ == State::kWait && attention && attends && may && attention_->job_ready();

  if (engine_ && !engine_->cycle(port_, taken)) {
    const ModelRun run = engine_->finish();
    result_.matrix_issues += run.issues;
    result_.skips += run.skips;
    result_.beats += run.beats;
    for (std::size_t u = 0; u < kCycleUses; ++u) result_.matrix_use[u] += run.use[u];
    engine_.reset();
  }
  if (attends) {
    const std::uint64_t issues = attention_->issues();
    if (go) {
      const AttentionJob next = job();
      attention_->cycle(&next, taken);
    } else {
      attention_->cycle(nullptr, taken);
    }
    result_.attention_issues += attention_->issues() - issues;
  }

  if (!array_runs_) return;
  switch (array_state_) {
    case State::kFetch:
      array_state_ = State::kWait;
      break;
    case State::kWait:
      if (attention) {
        if (!attends) {
          attention_.emplace(accel_);
          jobs_.clear();
        }
        if (go) {
          if (kind == ArrayKind::kScores) key_bits_ = array().key_bits;
          jobs_.push_back(array_at_);
          result_.array[array_at_].begin = now_;
          ++array_at_;
          array_state_ = State::kFetch;
          progress_ = true;
        }
      } else if (quiet) {
        attention_.reset();
        if (kind == ArrayKind::kEnd) {
          array_runs_ = false;
        } else if (may && !attends) {
          array_state_ = State::kBegin;
        }
      }
      break;
    case State::kBegin:
      result_.array[array_at_].begin = now_;
      start_matrix();
      array_state_ = State::kBusy;
      progress_ = true;
      break;
    case State::kBusy:
      if (quiet) {
        result_.array[array_at_].end = now_ + 1;
        ++array_at_;
        array_state_ = State::kFetch;
        progress_ = true;
      }
      break;
  }
}

void Run::step_vector() {
  switch (vector_state_) {
    case State::kFetch:
      vector_state_ = State::kWait;
      break;
    case State::kWait:
      if (vector().kind == VectorKind::kEnd) {
        vector_runs_ = false;
      } else if (slices_.landed(vector().counter) >= vector().value) {
        vector_state_ = State::kBegin;
      }
      break;
    case State::kBegin:
      result_.vector[vector_at_].begin = now_;
      pass_begins_ = true;
      vector_state_ = State::kBusy;
      break;
    case State::kBusy:
      if (slices_.pass_done()) {
        result_.vector[vector_at_].end = now_ + 1;
        ++passes_;
        ++vector_at_;
        vector_state_ = State::kFetch;
        progress_ = true;
      }
      break;
  }
}

void Run::account() {
  LayerUse use = LayerUse::kOther;
  if (array_state_ == State::kBusy) {
    use = LayerUse::kMatrix;
  } else if (attention_ && !attention_->idle()) {
    use = LayerUse::kAttention;
  } else if (vector_runs_ && vector().kind != VectorKind::kEnd) {
    const VectorInstruction& i = vector();
    const bool pass = i.kind == VectorKind::kPass;
    if (i.kind == VectorKind::kRoot || (pass && i.operation == PassOperation::kNorm)) {
      use = LayerUse::kNorm;
    } else if (!pass || i.operation != PassOperation::kCopy) {
      use = LayerUse::kSoftmax;
    } else {
      use = LayerUse::kCopy;
    }
  }
  ++result_.use[static_cast<std::size_t>(use)];
}

}  // namespace

const char* name_of(LayerUse use) {
  constexpr const char* kNames[kLayerUses] = {"matrix", "attention", "norm", "softmax", "copy", "other"};
  return kNames[static_cast<std::size_t>(use)];
}

LayerModelRun& LayerModelRun::operator+=(const LayerModelRun& other) {
  cycles += other.cycles;
  matrix_issues += other.matrix_issues;
  attention_issues += other.attention_issues;
  skips += other.skips;
  beats += other.beats;
  for (std::size_t u = 0; u < kLayerUses; ++u) use[u] += other.use[u];
  for (std::size_t u = 0; u < kCycleUses; ++u) matrix_use[u] += other.matrix_use[u];
  return *this;
}

LayerModel::LayerModel(const LayerPlan& plan) : plan_(plan) {
  for (std::size_t l = 0; l < plan.layers().size(); ++l) {
    for (const auto& [which, packed] : plan.layers()[l].matrices) {
      matrices_.try_emplace(plan.matrix(l, which).first_beat, *packed, plan.accel());
    }
  }
}

const EngineModel& LayerModel::matrix(std::uint32_t first_beat) const {
  const auto found = matrices_.find(first_beat);
  if (found == matrices_.end()) fail_input("cycle model: MATRIX: found no image at beat {}", first_beat);
  return found->second;
}

LayerModelRun LayerModel::run(const TileProgram& program, const Stalls& stalls, NonzeroMaps nonzero) const {
  return Run(*this, program, stalls, nonzero).run();
}

}  // namespace mixvec::inline sim
