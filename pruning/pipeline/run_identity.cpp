// Gathers and hashes.
#include "pruning/pipeline/run_identity.hpp"

#include <fmt/format.h>

#include <set>

#include "golden/base/version.hpp"

extern "C" const char* openblas_get_corename();

namespace mixvec::inline pruning {

namespace {

// Hashes values one after the other.
class Hash {
 public:
  template <typename Values>
  Hash& add(const Values& values) {
    value_ = fnv1a({reinterpret_cast<const char*>(values.data()),
                    static_cast<std::size_t>(values.size()) * sizeof(*values.data())},
                   value_);
    return *this;
  }
  [[nodiscard]] std::string text() const { return fmt::format("{:016x}", value_); }

 private:
  std::uint64_t value_ = fnv1a("");
};

std::string hash_of(const Network& network, const std::vector<DenseMatrix>& matrices) {
  Hash hash;
  const ModelConfig& c = network.config;
  hash.add(fmt::format("{} {} {}", c.heads, c.activation, c.layer_norm_epsilon));
  for (const DenseMatrix& dense : matrices) hash.add(dense.weight).add(dense.bias);
  for (const NetworkLayer& layer : network.layers) {
    for (const NetworkNorm& norm : {layer.norm_attention, layer.norm_output}) hash.add(norm.gamma).add(norm.beta);
  }
  hash.add(network.final_norm.gamma).add(network.final_norm.beta);
  return hash.add(network.words).add(network.positions).add(network.head).text();
}

}  // namespace

RunIdentity identity_of(const Arguments& arguments, const AccelConfig& accel, Subject& subject,
                        const CalibrationData& data) {
  static const std::set<std::string> kNoMatter{"model",    "out",       "json", "state", "threads", "no-pictures",
                                               "pictures", "calibrate", "text", "last",  "accel"};
  RunIdentity identity;
  for (const auto& [name, value] : arguments.given) {
    if (!kNoMatter.contains(name)) identity.emplace("--" + name, value);
  }
  identity.emplace("model", hash_of(subject.network(), subject.matrices()));
  identity.emplace("calibration data", Hash().add(data.x).add(data.ends).add(data.targets).text());
  identity.emplace("accelerator", fmt::format("{:016x}", accel.hash));
  identity.emplace("version", std::string(version()));
  identity.emplace("processor", openblas_get_corename());
  return identity;
}

}  // namespace mixvec::inline pruning
