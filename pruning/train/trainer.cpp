// The training loop: what a step learns from, its schedule and checkpoints, and the finished model.
#include "pruning/train/trainer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/checkpoint/stored_values.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/train/batches.hpp"
#include "pruning/train/gradual_masks.hpp"
#include "pruning/train/model_files.hpp"
#include "pruning/train/train_state.hpp"

namespace mixvec::inline pruning {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCheckpointName = "checkpoint";  // folder in the model's, while it is trained

void check_options(const TrainOptions& o) {
  const auto positive = [](const char* name, std::size_t value) {
    if (value == 0) fail_input("--{}: found 0, expected at least 1", name);
  };
  positive("layers", o.layers);
  positive("heads", o.heads);
  positive("embd", o.embd);
  positive("positions", o.positions);
  positive("steps", o.recipe.steps);
  positive("batch", o.recipe.batch);
  positive("block", o.block.value_or(1));
  positive("eval-every", o.evaluate_every);
  positive("checkpoint-every", o.checkpoint_every);
  if (o.embd % o.heads != 0) fail_input("--heads: found {}, expected a divisor of --embd {}", o.heads, o.embd);
  if (!(o.recipe.learning_rate > 0)) fail_input("--lr: found {}, expected a positive number", o.recipe.learning_rate);
  if (!(o.recipe.final_rate >= 0)) fail_input("--min-lr: found {}, expected 0 or more", o.recipe.final_rate);
  if (!(o.recipe.clip > 0)) fail_input("--clip: found {}, expected a positive number", o.recipe.clip);
  if (o.threads < 1) fail_input("--threads: found {}, expected at least 1", o.threads);
  if (o.dtype != Dtype::kF16 && o.dtype != Dtype::kF32) {
    fail_input("--dtype: found {}, expected F16 or F32", name_of(o.dtype));
  }
  if (o.init.empty() && (o.prune || o.recipe.distillation.any())) {
    fail_input("--init: found nothing, expected a dense model to {}", o.prune ? "prune" : "learn from");
  }
}

// A folder that this program has not begun may hold what nobody wants to find a model among.
void check_earlier(const fs::path& out) {
  if (fs::exists(out / kCheckpointName) || fs::exists(out / "config.json")) return;
  fail_input("--out {}: found a folder with other things in it, expected none, an empty one or an earlier model",
             out.string());
}

// What is trained: the text as tokens, and the model at the beginning.
struct Beginning {
  ModelConfig config;
  std::optional<Model> source;
  std::vector<std::string> vocabulary;  // of characters, without a source
  std::vector<std::int64_t> ids;
  Gpt2Parameters parameters;
};

Beginning from_scratch(const TrainOptions& o) {
  CharacterText text = read_character_text(o.text);
  Beginning begin;
  begin.config.hidden = o.embd;
  begin.config.layers = o.layers;
  begin.config.heads = o.heads;
  begin.config.intermediate = 4 * o.embd;
  begin.config.positions = o.positions;
  begin.config.vocabulary = text.vocabulary.size();
  begin.config.activation = "gelu_new";
  begin.vocabulary = std::move(text.vocabulary);
  begin.ids = std::move(text.ids);
  begin.parameters = initialise_gpt2(begin.config, o.seed);
  return begin;
}

Beginning from_checkpoint(const TrainOptions& o) {
  Beginning begin;
  begin.source = Model::open(o.init);
  begin.config = begin.source->config();
  if (begin.config.architecture != Architecture::kGpt2) {
    fail_input("--init {}: found a BERT checkpoint, expected GPT-2", o.init.string());
  }
  if (begin.source->is_pruned()) {
    fail_input("--init {}: found a pruned model, expected a dense one: its masks would not be kept", o.init.string());
  }
  const TokenIds ids = open_tokenizer(*begin.source)->encode(read_text(o.text), o.text.string());
  begin.ids.assign(ids.begin(), ids.end());
  begin.parameters = parameters_of(load_network(*begin.source));
  return begin;
}

nlohmann::json identity_of(const Recipe& pattern) {
  const PruneOptions& o = pattern.options;
  return {pattern.pattern, name_of(o.pattern), o.ratio,  o.length,     o.direction ? name_of(*o.direction) : "auto",
          o.per_matrix,    o.grouping,         o.tokens, o.accel.hash, o.favour.bytes,
          o.favour.cycles};
}

std::string hash_of(const Gpt2Parameters& parameters) {
  std::uint64_t hash = fnv1a("");
  for (const auto& [name, tensor] : parameters) {
    const std::span<const float> values = values_of(tensor);
    hash = fnv1a({reinterpret_cast<const char*>(values.data()), values.size_bytes()}, fnv1a(name, hash));
  }
  return fmt::format("{:016x}", hash);
}

// Everything that the bits of the result depend on; a checkpoint is resumed only under the same.
nlohmann::json identity_of(const TrainOptions& o, const Beginning& begin, std::size_t block) {
  const TrainingRecipe& r = o.recipe;
  // A changed text would silently shift every window.
  const std::string_view ids(reinterpret_cast<const char*>(begin.ids.data()), begin.ids.size() * sizeof(std::int64_t));
  nlohmann::json identity = {{"text_hash", fmt::format("{:016x}", fnv1a(ids))},
                             {"layers", begin.config.layers},
                             {"heads", begin.config.heads},
                             {"embd", begin.config.hidden},
                             {"positions", begin.config.positions},
                             {"steps", r.steps},
                             {"batch", r.batch},
                             {"block", block},
                             {"lr", r.learning_rate},
                             {"min_lr", r.final_rate},
                             {"warmup", r.warmup},
                             {"weight_decay", r.weight_decay},
                             {"clip", r.clip},
                             {"seed", o.seed},
                             {"threads", o.threads}};
  if (begin.source) identity["initial_weights"] = hash_of(begin.parameters);
  const Distillation& d = r.distillation;
  identity["distillation"] = {d.logits, d.temperature, d.hidden};
  if (o.prune) {
    const PruningPlan& p = r.pruning;
    identity["prune"] = identity_of(*o.prune);
    identity["pruning"] = {name_of(p.score), name_of(p.updates), p.begin,         p.end,   p.freeze,
                           p.every,          p.regroup,          p.freeze_groups, p.search};
  }
  return identity;
}

// Mean loss over the split in windows of `length` that do not overlap; `limit` windows at most. Every token but the
// first is predicted once; the last window may be shorter.
double validate_model(const ModelConfig& config, const Gpt2Parameters& parameters, std::span<const std::int64_t> split,
                      std::size_t length, std::size_t limit) {
  const torch::NoGradGuard no_grad;
  double sum = 0;
  std::size_t predicted = 0;
  std::size_t done = 0;
  for (std::size_t start = 0; start + 1 < split.size() && done < limit; start += length, ++done) {
    const std::size_t size = std::min(length, split.size() - 1 - start);
    const Batch batch = batch_of(split, {start}, size);
    const Gpt2Output output = gpt2_forward(config, parameters, batch.inputs);
    sum += cross_entropy(output, batch.targets).item<double>() * static_cast<double>(size);
    predicted += size;
  }
  return sum / static_cast<double>(predicted);
}

// What a step is judged by: the text, and the dense model where it teaches.
torch::Tensor loss_of(const Gpt2Output& output, const torch::Tensor& targets, const Distillation& distillation,
                      const std::function<Gpt2Output()>& teacher) {
  torch::Tensor loss = cross_entropy(output, targets);
  if (!distillation.any()) return loss;
  const Gpt2Output taught = teacher();
  if (distillation.logits > 0) {
    const double t = distillation.temperature;
    const torch::Tensor divergence = torch::kl_div(torch::log_softmax(output.logits / t, -1),
                                                   torch::log_softmax(taught.logits / t, -1), at::Reduction::Sum, true);
    loss = loss * (1 - distillation.logits) +
           divergence * (distillation.logits * t * t / static_cast<double>(output.logits.size(0)));
  }
  if (distillation.hidden > 0) {
    for (std::size_t l = 0; l < output.hidden.size(); ++l) {
      const torch::Tensor difference = (output.hidden[l] - taught.hidden[l]).square().mean();
      const double scale = distillation.hidden / static_cast<double>(output.hidden.size());
      loss = loss + difference / taught.hidden[l].square().mean() * scale;
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
      : o_(options), report_(report), begin_(o_.init.empty() ? from_scratch(o_) : from_checkpoint(o_)) {
    block_ = o_.block.value_or(begin_.config.positions);
    if (block_ > begin_.config.positions) {
      fail_input("--block: found {}, expected at most --positions {}", block_, begin_.config.positions);
    }
    const std::size_t size = begin_.ids.size() * 9 / 10;
    training_ = std::span(begin_.ids).first(size);
    validation_ = std::span(begin_.ids).subspan(size);
    if (training_.size() <= block_ || validation_.size() < 2) {
      fail_input("{}: found {} tokens, expected more than {} for windows of {} in 90 % of them", o_.text.string(),
                 begin_.ids.size(), (block_ + 1) * 10 / 9 + 1, block_);
    }
    std::error_code error;
    if (fs::is_directory(o_.out, error) && !fs::is_empty(o_.out)) check_earlier(o_.out);
    identity_ = identity_of(o_, begin_, block_);
    if (o_.recipe.distillation.any()) {
      for (const auto& [name, tensor] : begin_.parameters) teacher_[name] = tensor.clone();
    }
    state_ = TrainState(begin_.parameters);
    if (o_.prune) masks_.emplace(o_.recipe, *o_.prune, begin_.config);
    if (!o_.resume) return;
    load_state(checkpoint(), state_, identity_, [&](const SafetensorsFile& file) {
      if (masks_) masks_->load(file);
      load_history(file);
    });
  }

  TrainResult run(const std::function<void(const TrainResult&)>& before_commit) {
    const Stopwatch whole;
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
      if (state_.step % o_.evaluate_every == 0 || state_.step == o_.recipe.steps) {
        const auto reported = static_cast<double>(count);
        const double ms = since_report.seconds() * 1e3 / reported;
        TrainProgress line{state_.step, rate, sum / reported, 0, ms, masks_ ? masks_->ratio() : 0};
        line.validation_loss = validate_model(begin_.config, current(), validation_, block_, 16);
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
      result_.history.push_back(
          {static_cast<std::size_t>(lines[i]), lines[i + 1], lines[i + 2], lines[i + 3], lines[i + 4], lines[i + 5]});
    }
  }

  [[nodiscard]] Gpt2Parameters current() const {
    return masks_ ? masks_->masked(state_.parameters) : state_.parameters;
  }

  // One step; returns its loss.
  double step(double rate) {
    if (masks_) masks_->update(state_.step, state_.parameters);
    Gpt2Parameters leaves;
    for (const auto& [name, tensor] : current()) leaves[name] = tensor.detach().set_requires_grad(true);
    const std::vector<std::size_t> starts = starts_of(o_.seed, state_.step, o_.recipe.batch, block_, training_.size());
    const Batch batch = batch_of(training_, starts, block_);
    const torch::Tensor loss =
        loss_of(gpt2_forward(begin_.config, leaves, batch.inputs), batch.targets, o_.recipe.distillation, [&] {
          const torch::NoGradGuard no_grad;
          return gpt2_forward(begin_.config, teacher_, batch.inputs);
        });
    loss.backward();
    result_.train_loss = loss.item<double>();
    if (!std::isfinite(result_.train_loss)) {
      fail_input("step {}: the loss became {}; use a lower --lr than {}", state_.step, result_.train_loss,
                 o_.recipe.learning_rate);
    }
    Gpt2Parameters gradients;
    for (const auto& [name, leaf] : leaves) gradients[name] = leaf.grad();
    if (masks_) masks_->take(state_.parameters, gradients);
    adam_w_step(state_, gradients, {o_.recipe.weight_decay, o_.recipe.clip}, rate);
    return result_.train_loss;
  }

  // Writes the model into a folder that replaces --out when it is committed: what else that holds comes along, but for
  // the checkpoint, which is done with.
  void write(AtomicFolder& folder) {
    if (masks_) {
      result_.pruned = masks_->finish(state_.parameters);
    }
    if (masks_) {
      // A dense checkpoint first: what is pruned is then written as prune_model writes it.
      const AtomicFolder dense(checkpoint() / "dense", [](const fs::path&) {});
      write_trained(dense.path(), *begin_.source, current(), o_.dtype);
      const Model trained = Model::open(dense.path());
      for (std::size_t m = 0; m < result_.pruned.matrices.size(); ++m) {
        fit_to_stored(trained, m / kMatrixKinds.size(), kMatrixKinds[m % kMatrixKinds.size()],
                      result_.pruned.matrices[m]);
      }
      trained.write_pruned_files(
          folder.path(), result_.pruned.matrices,
          {.how = how(), .source = begin_.source->directory().filename().string(), .trained = true});
    } else if (begin_.source) {
      write_trained(folder.path(), *begin_.source, current(), o_.dtype);
    } else {
      write_weights(folder.path(), state_.parameters, o_.dtype);
      write_character_model_files(folder.path(), begin_.config, o_.dtype, begin_.vocabulary);
    }
    folder.keep(
        [](const std::string& path) { return !path.starts_with(kCheckpointName) && path != "pruning.safetensors"; });
    // What counts is the model that others will read, so the final loss is that of the file.
    const Gpt2Parameters written = parameters_of(load_network(Model::open(folder.path())));
    for (const auto& [name, tensor] : written) result_.parameters += static_cast<std::size_t>(tensor.numel());
    result_.validation_loss = validate_model(begin_.config, written, validation_, begin_.config.positions,
                                             std::numeric_limits<std::size_t>::max());
    result_.validation_tokens = validation_.size() - 1;
    result_.vocabulary = begin_.config.vocabulary;
    result_.steps = state_.step;
    result_.finished = true;
    result_.folder = folder.path();
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
  std::size_t block_ = 0;
  std::span<const std::int64_t> training_;
  std::span<const std::int64_t> validation_;
  nlohmann::json identity_;
  Gpt2Parameters teacher_;
  TrainState state_;
  std::optional<GradualMasks> masks_;
  TrainResult result_;
};

}  // namespace

TrainResult train(const TrainOptions& options, const std::function<void(const TrainProgress&)>& report,
                  const std::function<void(const TrainResult&)>& before_commit) {
  check_options(options);
  at::set_num_threads(options.threads);
  return Training(options, report).run(before_commit);
}

}  // namespace mixvec::inline pruning
