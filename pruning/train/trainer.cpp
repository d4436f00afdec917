// The training loop: AdamW, schedule, checkpoints, and the files of the finished model.
#include "pruning/train/trainer.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numbers>
#include <random>
#include <span>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/input_file.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/text/character_text.hpp"
#include "pruning/train/gpt2_torch.hpp"

namespace mixvec::inline pruning {

namespace fs = std::filesystem;

namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.99;
constexpr double kAdamEpsilon = 1e-8;

constexpr const char* kCheckpointName = "checkpoint";  // folder in the model's, while it is trained
constexpr const char* kStateName = "state.safetensors";
constexpr const char* kWeightsName = "model.safetensors";

void check_options(const TrainOptions& o) {
  const auto positive = [](const char* name, std::size_t value) {
    if (value == 0) fail_input("--{}: found 0, expected at least 1", name);
  };
  positive("layers", o.layers);
  positive("heads", o.heads);
  positive("embd", o.embd);
  positive("positions", o.positions);
  positive("steps", o.steps);
  positive("batch", o.batch);
  positive("block", o.block);
  positive("eval-every", o.evaluate_every);
  positive("checkpoint-every", o.checkpoint_every);
  if (o.embd % o.heads != 0) fail_input("--heads: found {}, expected a divisor of --embd {}", o.heads, o.embd);
  if (o.block > o.positions) fail_input("--block: found {}, expected at most --positions {}", o.block, o.positions);
  if (!(o.learning_rate > 0)) fail_input("--lr: found {}, expected a positive number", o.learning_rate);
  if (!(o.final_rate >= 0)) fail_input("--min-lr: found {}, expected 0 or more", o.final_rate);
  if (!(o.clip > 0)) fail_input("--clip: found {}, expected a positive number", o.clip);
  if (o.threads < 1) fail_input("--threads: found {}, expected at least 1", o.threads);
  if (o.dtype != Dtype::kF16 && o.dtype != Dtype::kF32) {
    fail_input("--dtype: found {}, expected F16 or F32", name_of(o.dtype));
  }
}

// A folder that this program has not begun may hold what nobody wants to find a model among.
void check_earlier(const fs::path& out) {
  if (fs::exists(out / kCheckpointName) || fs::exists(out / "config.json")) return;
  fail_input("--out {}: found a folder with other things in it, expected none, an empty one or an earlier model",
             out.string());
}

ModelConfig config_of(const TrainOptions& o, std::size_t vocabulary) {
  ModelConfig config;
  config.hidden = o.embd;
  config.layers = o.layers;
  config.heads = o.heads;
  config.intermediate = 4 * o.embd;
  config.positions = o.positions;
  config.vocabulary = vocabulary;
  config.activation = "gelu_new";
  return config;
}

// Everything that the bits of the result depend on; a checkpoint is resumed only under the same.
nlohmann::json identity_of(const TrainOptions& o, const CharacterText& text) {
  // FNV-1a over the ids: a changed text would silently shift every window.
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const std::int64_t id : text.ids) hash = (hash ^ static_cast<std::uint64_t>(id)) * 0x100000001B3U;
  return {{"text_hash", fmt::format("{:016x}", hash)},
          {"layers", o.layers},
          {"heads", o.heads},
          {"embd", o.embd},
          {"positions", o.positions},
          {"steps", o.steps},
          {"batch", o.batch},
          {"block", o.block},
          {"lr", o.learning_rate},
          {"min_lr", o.final_rate},
          {"warmup", o.warmup},
          {"weight_decay", o.weight_decay},
          {"clip", o.clip},
          {"seed", o.seed},
          {"threads", o.threads}};
}

// Parameters with AdamW's two moments, and the steps done.
struct State {
  Gpt2Parameters parameters;
  Gpt2Parameters mean;
  Gpt2Parameters square;
  std::size_t step = 0;
};

std::span<const float> values_of(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

std::vector<std::size_t> shape_of(const torch::Tensor& tensor) {
  return {tensor.sizes().begin(), tensor.sizes().end()};
}

// Writes `folder`/state.safetensors, whole or not at all, the folders above it with it.
void save_state(const fs::path& folder, const State& state, const nlohmann::json& identity) {
  AtomicFolder checkpoint(folder, [](const fs::path&) {});
  SafetensorsWriter writer;
  writer.set_metadata("step", std::to_string(state.step));
  writer.set_metadata("identity", identity.dump());
  for (const auto& [group, tensors] : {std::pair{"parameter", &state.parameters}, std::pair{"mean", &state.mean},
                                       std::pair{"square", &state.square}}) {
    for (const auto& [name, tensor] : *tensors) {
      writer.add(fmt::format("{}/{}", group, name), shape_of(tensor), values_of(tensor));
    }
  }
  writer.write(checkpoint.path() / kStateName);
  checkpoint.commit();
}

void fill(torch::Tensor& target, const SafetensorsFile& file, const std::string& name) {
  const TensorView& view = file.at(name);
  if (view.shape != shape_of(target))
    fail_input("{}: tensor {}: found another shape than the model's", file.label(), name);
  const std::vector<float> values = view.as_float();
  std::memcpy(target.data_ptr<float>(), values.data(), values.size() * sizeof(float));
}

void load_state(const fs::path& path, State& state, const nlohmann::json& identity) {
  if (!fs::exists(path)) {
    fail_input("--resume: found no {}, expected the checkpoint of an interrupted run; drop --resume to start one",
               path.string());
  }
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto field = [&](const char* key) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) fail_input("{}: metadata: found no {}, expected one", path.string(), key);
    return found->second;
  };
  const nlohmann::json stored = parse_json(field("identity"), path.string() + ": metadata: identity");
  for (const auto& [key, value] : identity.items()) {
    const nlohmann::json found = stored.is_object() ? stored.value(key, nlohmann::json()) : nlohmann::json();
    if (found != value) {
      fail_input("{}: {}: found {}, expected {} as asked for now; resume with the options of the first run",
                 path.string(), key, show_json(found), show_json(value));
    }
  }
  const std::string step = field("step");
  if (step.empty() || step.size() > 9 || step.find_first_not_of("0123456789") != std::string::npos) {
    fail_input("{}: metadata: step: found \"{}\", expected a number", path.string(), step);
  }
  state.step = std::stoul(step);
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state.parameters) fill(tensor, file, "parameter/" + name);
  for (auto& [name, tensor] : state.mean) fill(tensor, file, "mean/" + name);
  for (auto& [name, tensor] : state.square) fill(tensor, file, "square/" + name);
}

double rate_at(const TrainOptions& o, std::size_t step) {
  if (step < o.warmup) return o.learning_rate * static_cast<double>(step + 1) / static_cast<double>(o.warmup);
  const double span = static_cast<double>(o.steps > o.warmup ? o.steps - o.warmup : 1);
  const double along = static_cast<double>(step - o.warmup) / span;
  return o.final_rate + (o.learning_rate - o.final_rate) * 0.5 * (1.0 + std::cos(std::numbers::pi * along));
}

// Inputs and targets [count][length]: windows of the split that begin at `starts`.
std::pair<torch::Tensor, torch::Tensor> windows(std::span<const std::int64_t> split,
                                                const std::vector<std::size_t>& starts, std::size_t length) {
  const auto count = static_cast<std::int64_t>(starts.size());
  torch::Tensor inputs = torch::empty({count, static_cast<std::int64_t>(length)}, torch::kInt64);
  torch::Tensor targets = torch::empty_like(inputs);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    std::memcpy(inputs.data_ptr<std::int64_t>() + i * length, &split[starts[i]], length * sizeof(std::int64_t));
    std::memcpy(targets.data_ptr<std::int64_t>() + i * length, &split[starts[i] + 1], length * sizeof(std::int64_t));
  }
  return {inputs, targets};
}

// The windows of a step depend on seed and step alone, so a resumed run needs no generator state.
std::vector<std::size_t> starts_of(const TrainOptions& o, std::size_t step, std::size_t split_size) {
  std::seed_seq sequence{static_cast<std::uint32_t>(o.seed), static_cast<std::uint32_t>(o.seed >> 32U),
                         static_cast<std::uint32_t>(step)};
  std::mt19937 generator(sequence);
  std::vector<std::size_t> starts(o.batch);
  // Multiply-and-shift instead of a library distribution, whose results differ between standard libraries.
  for (std::size_t& start : starts) {
    start = static_cast<std::size_t>((static_cast<std::uint64_t>(generator()) * (split_size - o.block)) >> 32U);
  }
  return starts;
}

// Mean loss over the split in windows of `length` that do not overlap; `limit` windows at most. Every character but the
// first is predicted once; the last window may be shorter.
double validate_model(const ModelConfig& config, const Gpt2Parameters& parameters, std::span<const std::int64_t> split,
                      std::size_t length, std::size_t limit) {
  const torch::NoGradGuard no_grad;
  double sum = 0;
  std::size_t predicted = 0;
  std::size_t done = 0;
  for (std::size_t start = 0; start + 1 < split.size() && done < limit; start += length, ++done) {
    const std::size_t size = std::min(length, split.size() - 1 - start);
    const auto [inputs, targets] = windows(split, {start}, size);
    sum += gpt2_loss(config, parameters, inputs, targets).item<double>() * static_cast<double>(size);
    predicted += size;
  }
  return sum / static_cast<double>(predicted);
}

// One step of AdamW on the gradients that are there; returns nothing, changes `state`.
void update(State& state, const TrainOptions& o, double rate) {
  const torch::NoGradGuard no_grad;
  double squares = 0;
  for (const auto& [name, tensor] : state.parameters) squares += tensor.grad().square().sum().item<double>();
  const double factor = std::min(1.0, o.clip / (std::sqrt(squares) + 1e-6));
  const auto count = static_cast<double>(state.step + 1);
  const double mean_scale = 1.0 / (1.0 - std::pow(kBeta1, count));
  const double square_scale = 1.0 / (1.0 - std::pow(kBeta2, count));
  for (auto& [name, tensor] : state.parameters) {
    const torch::Tensor gradient = tensor.grad() * factor;
    torch::Tensor& mean = state.mean.at(name);
    torch::Tensor& square = state.square.at(name);
    mean.mul_(kBeta1).add_(gradient, 1.0 - kBeta1);
    square.mul_(kBeta2).addcmul_(gradient, gradient, 1.0 - kBeta2);
    if (tensor.dim() > 1) tensor.mul_(1.0 - rate * o.weight_decay);
    tensor.addcdiv_(mean * mean_scale, (square * square_scale).sqrt_().add_(kAdamEpsilon), -rate);
    tensor.mutable_grad().reset();
  }
}

// Writes the model into a folder that replaces --out when it is committed: what else that holds comes along, but for
// the checkpoint, which is done with.
void write_model(AtomicFolder& folder, const TrainOptions& o, const CharacterText& text,
                 const Gpt2Parameters& parameters) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (const auto& [name, tensor] : parameters) {
    const std::span<const float> values = values_of(tensor);
    if (o.dtype == Dtype::kF32) {
      writer.add(name, shape_of(tensor), values);
      continue;
    }
    std::vector<Half> halves;
    halves.reserve(values.size());
    for (const float value : values) halves.push_back(to_half(value));
    writer.add(name, shape_of(tensor), halves);
  }
  writer.write(folder.path() / kWeightsName);

  nlohmann::ordered_json vocabulary = nlohmann::ordered_json::object();
  for (std::size_t id = 0; id < text.vocabulary.size(); ++id) vocabulary[text.vocabulary[id]] = id;
  write_file(folder.path() / "vocab.json", vocabulary.dump(2) + "\n");

  const nlohmann::json config = {{"activation_function", "gelu_new"},
                                 {"architectures", {"GPT2LMHeadModel"}},
                                 {"attn_pdrop", 0.0},
                                 {"bos_token_id", nullptr},
                                 {"embd_pdrop", 0.0},
                                 {"eos_token_id", nullptr},
                                 {"initializer_range", 0.02},
                                 {"layer_norm_epsilon", 1e-05},
                                 {"model_type", "gpt2"},
                                 {"n_ctx", o.positions},
                                 {"n_embd", o.embd},
                                 {"n_head", o.heads},
                                 {"n_inner", nullptr},
                                 {"n_layer", o.layers},
                                 {"n_positions", o.positions},
                                 {"resid_pdrop", 0.0},
                                 {"scale_attn_weights", true},
                                 {"tie_word_embeddings", true},
                                 {"torch_dtype", o.dtype == Dtype::kF16 ? "float16" : "float32"},
                                 {"use_cache", true},
                                 {"vocab_size", text.vocabulary.size()}};
  write_file(folder.path() / "config.json", config.dump(2) + "\n");
  folder.keep([](const std::string& path) { return !path.starts_with(kCheckpointName); });
}

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TrainResult train(const TrainOptions& options, const std::function<void(const TrainProgress&)>& report,
                  const std::function<void(const TrainResult&)>& before_commit) {
  check_options(options);
  at::set_num_threads(options.threads);
  const CharacterText text = read_character_text(options.text);
  const std::size_t train_size = text.ids.size() * 9 / 10;
  const std::span<const std::int64_t> training = std::span(text.ids).first(train_size);
  const std::span<const std::int64_t> validation = std::span(text.ids).subspan(train_size);
  if (training.size() <= options.block || validation.size() < 2) {
    fail_input("{}: found {} characters, expected more than {} for windows of {} in 90 % of them",
               options.text.string(), text.ids.size(), (options.block + 1) * 10 / 9 + 1, options.block);
  }
  const ModelConfig config = config_of(options, text.vocabulary.size());
  const nlohmann::json identity = identity_of(options, text);
  std::error_code error;
  if (fs::is_directory(options.out, error) && !fs::is_empty(options.out)) check_earlier(options.out);
  const fs::path checkpoint = options.out / kCheckpointName;

  State state;
  state.parameters = initialise_gpt2(config, options.seed);
  for (const auto& [name, tensor] : state.parameters) {
    state.mean[name] = torch::zeros_like(tensor, torch::requires_grad(false));
    state.square[name] = torch::zeros_like(tensor, torch::requires_grad(false));
  }
  if (options.resume) load_state(checkpoint / kStateName, state, identity);

  const Stopwatch whole;
  Stopwatch since_report;
  TrainResult result;
  double loss_sum = 0;
  std::size_t loss_count = 0;
  while (state.step < options.steps) {
    if (options.stop_at != 0 && state.step >= options.stop_at) {
      save_state(checkpoint, state, identity);
      result.steps = state.step;
      return result;
    }
    const double rate = rate_at(options, state.step);
    const auto [inputs, targets] = windows(training, starts_of(options, state.step, training.size()), options.block);
    const torch::Tensor loss = gpt2_loss(config, state.parameters, inputs, targets);
    loss.backward();
    result.train_loss = loss.item<double>();
    if (!std::isfinite(result.train_loss)) {
      fail_input("step {}: the loss became {}; use a lower --lr than {}", state.step, result.train_loss,
                 options.learning_rate);
    }
    update(state, options, rate);
    ++state.step;
    loss_sum += result.train_loss;
    ++loss_count;
    if (state.step % options.evaluate_every == 0 || state.step == options.steps) {
      const double ms = since_report.seconds() * 1e3 / static_cast<double>(loss_count);
      const double estimate = validate_model(config, state.parameters, validation, options.block, 16);
      report({state.step, rate, loss_sum / static_cast<double>(loss_count), estimate, ms});
      loss_sum = 0;
      loss_count = 0;
      since_report = Stopwatch();
    }
    if (state.step % options.checkpoint_every == 0) save_state(checkpoint, state, identity);
  }

  AtomicFolder folder(options.out, check_earlier);
  write_model(folder, options, text, state.parameters);
  // What counts is the model that others will read, so the final loss is that of the file.
  const SafetensorsFile written = SafetensorsFile::open(folder.path() / kWeightsName);
  {
    const torch::NoGradGuard no_grad;
    for (auto& [name, tensor] : state.parameters) {
      fill(tensor, written, name);
      result.parameters += static_cast<std::size_t>(tensor.numel());
    }
  }
  result.validation_loss =
      validate_model(config, state.parameters, validation, options.positions, std::numeric_limits<std::size_t>::max());
  result.validation_tokens = validation.size() - 1;
  result.vocabulary = text.vocabulary.size();
  result.steps = state.step;
  result.seconds = whole.seconds();
  result.finished = true;
  if (before_commit) before_commit(result);
  folder.commit();
  return result;
}

}  // namespace mixvec::inline pruning
