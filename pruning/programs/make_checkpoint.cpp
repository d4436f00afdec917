// make_checkpoint: writes a GPT-2 checkpoint of random weights with the structure of trained ones, for benchmarks.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

struct Size {
  const char* name;
  std::size_t hidden;
  std::size_t layers;
  std::size_t heads;
  std::size_t positions;
  std::size_t vocabulary;
};

constexpr std::array<Size, 3> kSizes{Size{"tiny", 128, 2, 4, 128, 256}, Size{"gpt2-small", 768, 12, 12, 1024, 50257},
                                     Size{"gpt2-medium", 1024, 24, 16, 1024, 50257}};

// The sum of four 16-bit uniforms (nearly normal, tails cut at 3.5 deviations) is all that a benchmark needs.
float normal(Random& random) {
  const std::uint64_t bits = random.next();
  const auto sum =
      static_cast<std::int64_t>((bits & 0xFFFFU) + (bits >> 16U & 0xFFFFU) + (bits >> 32U & 0xFFFFU) + (bits >> 48U)) -
      2 * 65535;
  return static_cast<float>(sum) * (1.7320508F / 65536);
}

std::vector<float> spread_scales(Random& random, std::size_t n, float sigma) {
  std::vector<float> scales(n);
  for (float& s : scales) s = std::exp(sigma * normal(random));
  return scales;
}

// [in][out] weights as GPT-2 stores them. What pruning meets in trained models: inputs and outputs of different
// strength, whole heads that differ in strength and in the inputs that they look at, and families of outputs that share
// their strong inputs although they do not stand side by side.
struct Structure {
  std::size_t in = 0;
  std::size_t out = 0;
  std::size_t head_outputs = 0;  ///< outputs of a head, 0: none
  std::size_t head_inputs = 0;   ///< inputs of a head, 0: none
  float sigma = 0.02F;
};

std::vector<float> make_weights(const Structure& s, std::uint64_t seed) {
  Random random(seed);
  constexpr float kLineSpread = 0.2F;   // of single rows and columns
  constexpr float kHeadSpread = 0.3F;   // strips of a head differ by 30 % in density
  constexpr float kShareSpread = 0.4F;  // of the inputs within a head or a family
  constexpr std::size_t kFamilies = 12;
  std::vector<float> input_scale = spread_scales(random, s.in, kLineSpread);
  std::vector<float> output_scale = spread_scales(random, s.out, kLineSpread);
  const std::size_t heads = s.head_outputs > 0 ? s.out / s.head_outputs : 1;
  const std::vector<float> head_scale = spread_scales(random, heads, kHeadSpread);
  if (s.head_outputs > 0) {
    for (std::size_t o = 0; o < s.out; ++o) output_scale[o] *= head_scale[o / s.head_outputs];
  }
  if (s.head_inputs > 0) {
    const std::vector<float> scale = spread_scales(random, s.in / s.head_inputs, kHeadSpread);
    for (std::size_t i = 0; i < s.in; ++i) input_scale[i] *= scale[i / s.head_inputs];
  }
  // Every family of outputs has its own profile over the inputs; heads are families of neighbours.
  const std::size_t families = s.head_outputs > 0 ? heads : kFamilies;
  std::vector<std::vector<float>> profile(families);
  for (auto& p : profile) {
    p = spread_scales(random, s.in, kShareSpread);
    for (std::size_t i = 0; i < s.in; ++i) p[i] *= input_scale[i] * s.sigma;
  }
  std::vector<std::size_t> family(s.out);
  for (std::size_t o = 0; o < s.out; ++o) {
    family[o] = s.head_outputs > 0 ? o / s.head_outputs : random.next() % families;
  }
  std::vector<float> weights(s.in * s.out);
  for (std::size_t i = 0; i < s.in; ++i) {
    for (std::size_t o = 0; o < s.out; ++o) {
      weights[i * s.out + o] = normal(random) * output_scale[o] * profile[family[o]][i];
    }
  }
  return weights;
}

std::vector<float> make_plain(std::size_t n, float mean, float sigma, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(n);
  for (float& v : values) v = mean + sigma * normal(random);
  return values;
}

std::vector<std::byte> to_bytes(const std::vector<float>& values, Dtype dtype) {
  std::vector<std::byte> bytes(values.size() * bits_of(dtype) / 8);
  if (dtype == Dtype::kF32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Half h = to_half(values[i]);
      std::memcpy(&bytes[2 * i], &h, sizeof h);
    }
  }
  return bytes;
}

/// The command line.
struct CheckpointOptions {
  std::string size;
  std::string dtype;
  std::uint64_t seed = 1;
  std::string out;
  std::string json;
};

int run(const CheckpointOptions& options) {
  if (options.out.empty()) fail_input("--out: found nothing, expected a folder to write to");
  const fs::path out = options.out;
  const std::string& name = options.size;
  const Size* size = nullptr;
  std::string known;
  for (const Size& s : kSizes) {
    if (name == s.name) size = &s;
    known += (known.empty() ? "" : ", ") + std::string(s.name);
  }
  if (size == nullptr) fail_input("--size: found {}, expected one of: {}", quote(name), known);
  const std::string& dtype_name = options.dtype;
  if (dtype_name != "fp32" && dtype_name != "fp16") {
    fail_input("--dtype: found {}, expected fp32 or fp16", quote(dtype_name));
  }
  const Dtype dtype = dtype_name == "fp32" ? Dtype::kF32 : Dtype::kF16;
  AtomicFolder folder(out);

  std::uint64_t seed = options.seed * 1000003U;
  std::size_t parameters = 0;
  std::size_t done = 0;
  Progress progress("writing");
  std::size_t tensors = 0;
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  const auto add = [&](const std::string& tensor, const std::vector<std::size_t>& shape, auto make) {
    std::size_t elements = 1;
    for (const std::size_t e : shape) elements *= e;
    parameters += elements;
    ++tensors;
    writer.add_lazy(tensor, dtype, shape, [&, make, dtype, s = ++seed] {
      progress.update(static_cast<double>(++done) / static_cast<double>(tensors));
      return to_bytes(make(s), dtype);
    });
  };
  const auto plain = [&](const std::string& tensor, const std::vector<std::size_t>& shape, float mean, float sigma) {
    std::size_t elements = 1;
    for (const std::size_t e : shape) elements *= e;
    add(tensor, shape, [=](std::uint64_t s) { return make_plain(elements, mean, sigma, s); });
  };
  const auto matrix = [&](const std::string& tensor, const Structure& structure) {
    add(tensor + ".weight", {structure.in, structure.out}, [=](std::uint64_t s) { return make_weights(structure, s); });
    plain(tensor + ".bias", {structure.out}, 0, 0.02F);
  };
  constexpr float kSigma = 0.13F;  // trained GPT-2 matrices lie between 0.1 and 0.2
  const std::size_t d = size->hidden;
  const std::size_t head = d / size->heads;
  plain("wte.weight", {size->vocabulary, d}, 0, 0.02F);
  plain("wpe.weight", {size->positions, d}, 0, 0.01F);
  for (std::size_t l = 0; l < size->layers; ++l) {
    const std::string at = fmt::format("h.{}.", l);
    for (const char* norm : {"ln_1", "ln_2"}) {
      plain(at + norm + ".weight", {d}, 1, 0.1F);
      plain(at + norm + ".bias", {d}, 0, 0.02F);
    }
    matrix(at + "attn.c_attn", {d, 3 * d, head, 0, kSigma});
    matrix(at + "attn.c_proj", {d, d, 0, head, kSigma});
    matrix(at + "mlp.c_fc", {d, 4 * d, 0, 0, kSigma});
    matrix(at + "mlp.c_proj", {4 * d, d, 0, 0, kSigma});
  }
  plain("ln_f.weight", {d}, 1, 0.1F);
  plain("ln_f.bias", {d}, 0, 0.02F);

  writer.write(folder.path() / "model.safetensors");
  const nlohmann::ordered_json config{{"model_type", "gpt2"},
                                      {"n_embd", d},
                                      {"n_layer", size->layers},
                                      {"n_head", size->heads},
                                      {"n_inner", nullptr},
                                      {"n_positions", size->positions},
                                      {"vocab_size", size->vocabulary},
                                      {"layer_norm_epsilon", 1e-5},
                                      {"activation_function", "gelu_new"}};
  write_json(folder.path() / "config.json", config);
  StagedFile json_file(options.json, json_text({{"parameters", parameters}, {"dtype", dtype_name}}));
  fmt::print("{}: {} parameters, {}\n", out.string(), parameters, dtype_name);
  folder.commit();
  json_file.commit();
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline pruning

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "make_checkpoint",
      "Writes a GPT-2 checkpoint of random weights with the structure of trained ones, for benchmarks.",
      "  make_checkpoint --size gpt2-small --seed 1 --out gpt2_random\n"
      "  make_checkpoint --size tiny --dtype fp16 --out tiny_random");
  using namespace mixvec;
  CheckpointOptions o;
  command.options().add_options()("size", po::value(&o.size)->default_value("gpt2-small")->value_name("NAME"),
                                  "tiny, gpt2-small (124 M parameters) or gpt2-medium (355 M)")(
      "dtype", po::value(&o.dtype)->default_value("fp32")->value_name("NAME"), "fp32 or fp16");
  add_seed(command, o.seed, "seed of all weights");
  command.options().add_options()("out", po::value(&o.out)->value_name("DIR"),
                                  "folder to write; must not exist or be empty");
  command.output_folder("out");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return run(o);
  });
}
