// Runs the points of a sweep in parallel, with few matrices in memory at a time.
#include <condition_variable>
#include <memory>
#include <mutex>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/cli/cli.hpp"
#include "sim/schedule/scheduler.hpp"
#include "sim/study/sweep.hpp"

namespace mixvec::inline sim {
namespace {

/// Weights in memory at the same time, unless a single matrix has more: at three bytes each, about 3 GB.
constexpr std::size_t kMostElements = 1'000'000'000;

/// A matrix that several points run.
struct Shared {
  std::size_t index = 0;
  FormatConfig format;  ///< of one of the points; the others get the same matrix for theirs
  std::vector<std::size_t> points;
  std::once_flag made;
  std::shared_ptr<const PrunedMatrix> matrix;
  std::size_t left = 0;  ///< points that have not packed it
  bool admitted = false;
};

class SweepRun {
 public:
  SweepRun(std::vector<SweepPoint>& points, const MatrixSource& source, std::size_t tokens,
           std::span<const Activations> activations, std::uint64_t stall_seed)
      : points_(points),
        source_(source),
        tokens_(tokens),
        activations_(activations),
        stall_seed_(stall_seed),
        failed_(points.size(), kNone) {
    for (std::size_t p = 0; p < points_.size(); ++p) {
      if (!points_[p].skipped.empty()) continue;
      points_[p].matrices.resize(source_.size());
      try {
        source_.check(*points_[p].accel);
      } catch (const InputError& error) {
        fail(p, 0, error.what());
      }
    }
    for (std::size_t i = 0; i < source_.size(); ++i) share(i);
  }

  void run() {
    parallel_for(jobs_.size(), 0, [this](std::size_t i) { work(jobs_[i]); });
    for (std::size_t p = 0; p < points_.size(); ++p) {
      if (!points_[p].skipped.empty()) points_[p].matrices.clear();
    }
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Job {
    Shared* shared;
    std::size_t point;
  };

  /// The jobs of matrix `i`, those on the same matrix one after the other.
  void share(std::size_t i) {
    std::vector<std::pair<std::string, Shared*>> keys;
    for (std::size_t p = 0; p < points_.size(); ++p) {
      if (!points_[p].skipped.empty()) continue;
      const FormatConfig format = *points_[p].accel;
      const std::string key = source_.key(format);
      auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.first == key; });
      if (found == keys.end()) {
        shared_.push_back(std::make_unique<Shared>());
        shared_.back()->index = i;
        shared_.back()->format = format;
        found = keys.insert(keys.end(), {key, shared_.back().get()});
      }
      found->second->points.push_back(p);
      ++found->second->left;
    }
    for (const auto& [key, shared] : keys) {
      for (const std::size_t p : shared->points) jobs_.push_back({shared, p});
    }
  }

  void work(const Job& job) {
    {
      std::unique_lock lock(mutex_);
      // Room comes: who has done a job of a matrix in memory takes its next one, which need not wait.
      const std::size_t elements = source_.elements(job.shared->index);
      room_.wait(lock,
                 [&] { return job.shared->admitted || in_memory_ == 0 || in_memory_ + elements <= kMostElements; });
      if (!job.shared->admitted) in_memory_ += elements;
      job.shared->admitted = true;
      progress_.update(static_cast<double>(done_) / static_cast<double>(jobs_.size()), points_[job.point].label());
    }
    try {
      simulate(job);
    } catch (const InputError& error) {
      fail(job.point, job.shared->index, error.what());
    }
    const std::lock_guard lock(mutex_);
    ++done_;
  }

  void simulate(const Job& job) {
    SweepPoint& point = points_[job.point];
    const FormatConfig format = *point.accel;
    MatrixResult& result = point.matrices[job.shared->index];
    PackedMatrix packed;
    {
      const Release release{*this, *job.shared};
      {
        const std::lock_guard lock(mutex_);
        if (failed_[job.point] < job.shared->index) return;
      }
      std::call_once(job.shared->made, [&] {
        job.shared->matrix = std::make_shared<const PrunedMatrix>(source_.make(job.shared->index, job.shared->format));
      });
      const PrunedMatrix& matrix = *job.shared->matrix;
      packed = pack(matrix, make_schedule(matrix, format), format);
      result = {matrix.name, matrix.out, matrix.in, matrix.pattern.direction, describe_lengths(matrix.pattern), {}};
    }
    const MachineModel model(packed, *point.accel);
    for (const Activations& activations : activations_) {
      result.runs.push_back(model.run(tokens_, activations, stall_seed_));
    }
  }

  /// Lets a matrix go when its last point has packed it.
  struct Release {
    SweepRun& run;
    Shared& shared;
    ~Release() {
      const std::lock_guard lock(run.mutex_);
      if (--shared.left != 0) return;
      shared.matrix.reset();
      run.in_memory_ -= run.source_.elements(shared.index);
      run.room_.notify_all();
    }
  };

  /// Of several matrices that a point cannot hold the first one counts, whichever is met first.
  void fail(std::size_t point, std::size_t matrix, const char* reason) {
    const std::lock_guard lock(mutex_);
    if (failed_[point] <= matrix) return;
    failed_[point] = matrix;
    points_[point].skipped = reason;
  }

  std::vector<SweepPoint>& points_;
  const MatrixSource& source_;
  std::size_t tokens_;
  std::span<const Activations> activations_;
  std::uint64_t stall_seed_;
  std::vector<std::size_t> failed_;  ///< by point: the matrix
  std::vector<std::unique_ptr<Shared>> shared_;
  std::vector<Job> jobs_;
  Progress progress_{"sim_accel"};
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t done_ = 0;
  std::size_t in_memory_ = 0;
};

}  // namespace

void run_points(std::vector<SweepPoint>& points, const MatrixSource& source, std::size_t tokens,
                std::span<const Activations> activations, std::uint64_t stall_seed) {
  SweepRun(points, source, tokens, activations, stall_seed).run();
}

}  // namespace mixvec::inline sim
