// The training loop: what a step learns from, its schedule and checkpoints, and the finished model.
#include "pruning/train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "golden/base/error.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/checkpoint/stored_values.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "pruning/train/beginning.hpp"
#include "pruning/train/masks/adapters.hpp"
#include "pruning/train/masks/calibrator.hpp"
#include "pruning/train/masks/gradual_masks.hpp"
#include "pruning/train/model_files.hpp"
#include "pruning/train/state/train_state.hpp"
#include "pruning/train/vocabulary/vocabulary_files.hpp"

namespace mixvec::inline pruning {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCheckpointName = "checkpoint";  // folder in the model's, while it is trained

// A folder that this program has not begun may hold what nobody wants to find a model among.
void check_earlier(const fs::path& out) {
  if (fs::exists(out / kCheckpointName) || fs::exists(out / "config.json")) return;
  fail_input("--out {}: found a folder with other things in it, expected none, an empty one or an earlier model",
             out.string());
}

// Of an earlier model, what this one may be without: with its tokenizer or its masks it would be another model.
bool is_of_a_model(const std::string& path) {
  return path == "pruning.safetensors" || path.starts_with("pictures/layer.") ||
         std::find(std::begin(kTokenizerFiles), std::end(kTokenizerFiles), path) != std::end(kTokenizerFiles);
}

// What a step is judged by: the text, and the dense model where it teaches.
torch::Tensor loss_of(const Task& task, const TorchOutput& output, const Batch& batch, const Distillation& distillation,
                      const std::function<TorchOutput()>& teacher) {
  torch::Tensor loss = task.loss(output, batch);
  if (!distillation.any()) return loss;
  const TorchOutput taught = teacher();
  if (distillation.logits > 0) {
    const double t = distillation.temperature;
    const torch::Tensor found = task.logits(output, batch);
    const torch::Tensor expected = task.logits(taught, batch);
    const torch::Tensor divergence = torch::kl_div(torch::log_softmax(found / t, -1),
                                                   torch::log_softmax(expected / t, -1), at::Reduction::Sum, true);
    loss = loss * (1 - distillation.logits) +
           divergence * (distillation.logits * t * t / static_cast<double>(found.size(0)));
  }
  if (distillation.hidden > 0) {
    // Nobody looks at padding.
    torch::Tensor rows;
    if (batch.inputs.present.defined()) rows = batch.inputs.present.view({-1}).nonzero().view({-1});
    const auto looked_at = [&](const torch::Tensor& hidden) {
      return rows.defined() ? hidden.index_select(0, rows) : hidden;
    };
    for (std::size_t l = 0; l < output.hidden.size(); ++l) {
      const torch::Tensor expected = looked_at(taught.hidden[l]);
      const torch::Tensor difference = (looked_at(output.hidden[l]) - expected).square().mean();
      const double scale = distillation.hidden / static_cast<double>(output.hidden.size());
      loss = loss + difference / expected.square().mean() * scale;
    }
  }
  return loss;
}

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class Training {
 public:
  Training(const TrainOptions& options, const std::function<void(const TrainProgress&)>& report)
      : o_(options), report_(report), begin_(begin_training(o_)) {
    std::error_code error;
    if (fs::is_directory(o_.out, error) && !fs::is_empty(o_.out)) check_earlier(o_.out);
    identity_ = identity_of(o_, begin_);
    if (o_.recipe.distillation.any()) {
      for (const auto& [name, tensor] : begin_.parameters) teacher_[name] = tensor.clone();
    }
    if (o_.recipe.adapters.rank > 0) {
      adapters_.emplace(o_.recipe.adapters, begin_.config, o_.seed, begin_.parameters);
    }
    state_ = TrainState(begin_.parameters);
    if (o_.prune) masks_.emplace(o_.recipe, *o_.prune, begin_.config, calibrator());
    if (!o_.resume) return;
    load_state(checkpoint(), state_, identity_, [&](const SafetensorsFile& file) {
      if (masks_) masks_->load(file);
      load_history(file);
    });
  }

  TrainResult run(const std::function<void(const TrainResult&)>& before_commit,
                  const std::function<void(std::size_t, double)>& on_step) {
    const Stopwatch whole;
    const std::size_t begun = state_.step;
    Stopwatch since_report;
    double sum = 0;
    std::size_t count = 0;
    while (state_.step < o_.recipe.steps) {
      if (o_.stop_at != 0 && state_.step >= o_.stop_at) {
        save();
        result_.steps = state_.step;
        return result_;
      }
      const double rate = rate_at(o_.recipe, state_.step);
      sum += step(rate);
      ++count;
      const double left = whole.seconds() / static_cast<double>(state_.step - begun) *
                          static_cast<double>(o_.recipe.steps - state_.step);
      if (on_step) on_step(state_.step, left);
      if (state_.step % o_.evaluate_every == 0 || state_.step == o_.recipe.steps) {
        const auto reported = static_cast<double>(count);
        const double ms = since_report.seconds() * 1e3 / reported;
        TrainProgress line{state_.step, rate, sum / reported, 0, ms, masks_ ? masks_->ratio() : 0, left};
        const TorchParameters now = current();
        line.validation_loss = begin_.task->validate(network(now), false).loss;
        result_.history.push_back(line);
        report_(line);
        sum = 0;
        count = 0;
        since_report = Stopwatch();
      }
      if (state_.step % o_.checkpoint_every == 0) save();
    }
    AtomicFolder folder(o_.out, check_earlier);
    write(folder);
    result_.seconds = whole.seconds();
    if (before_commit) before_commit(result_);
    folder.commit();
    return result_;
  }

 private:
  [[nodiscard]] fs::path checkpoint() const { return o_.out / kCheckpointName; }

  void save() const {
    save_state(checkpoint(), state_, identity_, [&](SafetensorsWriter& writer) {
      if (masks_) masks_->save(writer);
      std::vector<double> lines;
      for (const TrainProgress& p : result_.history) {
        lines.insert(lines.end(),
                     {static_cast<double>(p.step), p.rate, p.train_loss, p.validation_loss, p.ms_per_step, p.ratio});
      }
      writer.add("history", {result_.history.size(), kLine}, std::span<const double>(lines));
    });
  }

  void load_history(const SafetensorsFile& file) {
    const std::vector<double> lines = file.at("history").as_double();
    for (std::size_t i = 0; i + kLine <= lines.size(); i += kLine) {
      result_.history.push_back({static_cast<std::size_t>(lines[i]), lines[i + 1], lines[i + 2], lines[i + 3],
                                 lines[i + 4], lines[i + 5], 0});
    }
  }

  // Of a score that is measured on the model of the moment.
  [[nodiscard]] Calibrator calibrator() const {
    const PruningPlan& plan = o_.recipe.pruning;
    if (plan.importance == nullptr) return {};
    if (begin_.config.architecture != Architecture::kGpt2) {
      fail_input("--recipe: found score {} for a BERT, expected one that is not measured", score_name(plan));
    }
    return calibrator_of(*plan.importance, plan.samples, load_network(*begin_.source), *begin_.task, o_.seed,
                         o_.threads);
  }

  // Whole matrices, not yet pruned.
  [[nodiscard]] TorchParameters whole() const {
    return adapters_ ? adapters_->merged(state_.parameters) : state_.parameters;
  }

  // The model as it is at present.
  [[nodiscard]] TorchParameters current() { return masks_ ? masks_->masked(whole()) : whole(); }

  // What runs a batch; it must not outlive the parameters.
  [[nodiscard]] Forward network(const TorchParameters& parameters, const TorchArithmetic& arithmetic = {}) const {
    return [this, &parameters, arithmetic](const Batch& batch) {
      return begin_.net->forward(begin_.config, parameters, batch.inputs, arithmetic);
    };
  }

  // One step; returns its loss.
  double step(double rate) {
    const TorchParameters all = whole();
    if (masks_) masks_->update(state_.step, all);
    TorchParameters leaves;
    for (const auto& [name, tensor] : masks_ ? masks_->masked(all, state_.step) : all)
      leaves[name] = tensor.detach().set_requires_grad(true);
    const Batch batch = begin_.task->batch(state_.step);
    // What is dropped depends on seed and step alone, too.
    torch::manual_seed(o_.seed ^ (static_cast<std::uint64_t>(state_.step) << 32U));
    const torch::Tensor loss = loss_of(*begin_.task, network(leaves, {o_.recipe.dropout, o_.bfloat16})(batch), batch,
                                       o_.recipe.distillation, [&] {
                                         const torch::NoGradGuard no_grad;
                                         return network(teacher_, {0, o_.bfloat16})(batch);
                                       });
    loss.backward();
    result_.train_loss = loss.item<double>();
    if (!std::isfinite(result_.train_loss)) {
      fail_input("step {}: the loss became {}; use a lower --lr than {}", state_.step, result_.train_loss,
                 o_.recipe.learning_rate);
    }
    TorchParameters gradients;
    for (const auto& [name, leaf] : leaves) gradients[name] = leaf.grad();
    if (masks_) masks_->take(state_.step, all, gradients);
    if (adapters_) adapters_->take(state_.parameters, gradients);
    adam_w_step(state_, gradients, {o_.recipe.weight_decay, o_.recipe.clip}, rate);
    return result_.train_loss;
  }

  // Writes the model into a folder that replaces --out when it is committed: what else that holds comes along, but for
  // the checkpoint, which is done with.
  void write(AtomicFolder& folder) {
    if (masks_) {
      result_.pruned = masks_->finish(whole());
      // A dense checkpoint first: what is pruned is then written as prune_model writes it.
      const AtomicFolder dense(checkpoint() / "dense", [](const fs::path&) {});
      write_trained(dense.path(), *begin_.source, begin_.net->model_class(), begin_.net->stored(current()), o_.dtype);
      const Model trained = Model::open(dense.path());
      for (std::size_t m = 0; m < result_.pruned.matrices.size(); ++m) {
        fit_to_stored(trained, m / kMatrixKinds.size(), kMatrixKinds[m % kMatrixKinds.size()],
                      result_.pruned.matrices[m]);
      }
      trained.write_pruned_files(
          folder.path(), result_.pruned.matrices,
          {.how = how(), .source = begin_.source->directory().filename().string(), .trained = true});
    } else if (begin_.source) {
      write_trained(folder.path(), *begin_.source, begin_.net->model_class(), begin_.net->stored(current()), o_.dtype);
    } else {
      write_weights(folder.path(), begin_.net->stored(current()), o_.dtype);
      write_new_model_files(folder.path());
    }
    if (begin_.questions) {
      const std::string title = fmt::format("Who speaks in {}", o_.text.filename().string());
      write_squad(folder.path() / "squad_train.json", begin_.questions->training, title);
      write_squad(folder.path() / "squad_held_out.json", begin_.questions->held_out, title);
    }
    folder.keep([](const std::string& path) { return !path.starts_with(kCheckpointName) && !is_of_a_model(path); });
    // What counts is the model that others will read, so the final loss is that of the file.
    const TorchParameters written = begin_.net->read(Model::open(folder.path()));
    for (const auto& [name, tensor] : written) result_.parameters += static_cast<std::size_t>(tensor.numel());
    const Validation validation = begin_.task->validate(network(written), true);
    result_.validation_loss = validation.loss;
    result_.validation_tokens = validation.count;
    result_.answers = validation.answers;
    result_.vocabulary = begin_.config.vocabulary;
    result_.steps = state_.step;
    result_.finished = true;
    result_.folder = folder.path();
  }

  // What a model that began with random weights has beside them.
  void write_new_model_files(const fs::path& folder) const {
    if (begin_.byte_pairs) {
      write_byte_pairs(folder, *begin_.byte_pairs, begin_.config.positions);
      write_config(folder, begin_.config, o_.dtype, o_.recipe.dropout, begin_.byte_pairs->end_of_text());
    } else if (begin_.config.architecture == Architecture::kGpt2) {
      write_characters(folder, begin_.vocabulary);
      write_config(folder, begin_.config, o_.dtype, o_.recipe.dropout, {});
    } else {
      write_word_pieces(folder, begin_.vocabulary, begin_.config.positions);
      write_bert_config(folder, begin_.config, begin_.net->model_class(), o_.dtype, o_.recipe.dropout);
    }
  }

  [[nodiscard]] std::string how() const {
    std::string how = fmt::format("It was trained by `train_model` for {} steps from a checkpoint", o_.recipe.steps);
    if (!o_.prune) return how + ".";
    return how + fmt::format(", and pruned on the way: pattern {}, ratio {}, seed {}.", o_.prune->pattern,
                             o_.prune->options.ratio, o_.seed);
  }

  static constexpr std::size_t kLine = 6;  // figures of a line of progress

  const TrainOptions& o_;
  const std::function<void(const TrainProgress&)>& report_;
  Beginning begin_;
  nlohmann::json identity_;
  TorchParameters teacher_;
  TrainState state_;
  std::optional<Adapters> adapters_;
  std::optional<GradualMasks> masks_;
  TrainResult result_;
};

}  // namespace

TrainResult train(const TrainOptions& options, const std::function<void(const TrainProgress&)>& report,
                  const std::function<void(const TrainResult&)>& before_commit,
                  const std::function<void(std::size_t, double)>& on_step) {
  check_options(options);
  at::set_num_threads(options.threads);
  // libtorch opens /dev/urandom for its first generator: before files take the last descriptors.
  torch::manual_seed(options.seed);
  return Training(options, report).run(before_commit, on_step);
}

}  // namespace mixvec::inline pruning
