// Which configurations are legal: defaults, rules with their reasons, and the legal configuration nearest to a request.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline generator {

/// What a user asks for: what is not set follows from the rest.
class ConfigRequest {
 public:
  std::string vec = "mixed";
  std::string dtype = "fp16";
  std::optional<int> positions;    ///< Pt, instead of the sets
  std::optional<int> token_lanes;  ///< Lt, instead of the vector lanes

  /// The value asked for of a parameter: request[&AccelConfig::sets] = 4.
  std::optional<int>& operator[](int AccelConfig::*member);
  std::optional<int> operator[](int AccelConfig::*member) const;

 private:
  std::vector<std::pair<int AccelConfig::*, std::optional<int>>> asked_;
};

/// One broken rule: "--lanes 48: not a power of two; nearest: --lanes 64".
struct Violation {
  std::string option;   ///< "--lanes"
  std::string found;    ///< "48"
  std::string reason;   ///< "not a power of two"
  std::string nearest;  ///< "64"

  std::string message() const;
};

/// The configuration nearest to a request, and the rules that the request breaks (none: the request is legal).
struct Resolution {
  AccelConfig config;
  std::vector<Violation> violations;
};

/// Fills in defaults and repairs what is illegal, one parameter after the other. The result is always legal.
Resolution resolve_config(const ConfigRequest& request);

/// Like resolve_config(), but throws InputError with one line per broken rule and the nearest legal command.
AccelConfig make_config(const ConfigRequest& request);

/// The request that gives exactly this configuration, with everything that is a default left out.
ConfigRequest shortest_request(const AccelConfig& config);

/// The options that make this configuration: "--pe 16 --vec row --lanes 16". Options at their default are left out,
/// but --pe and --vec never are.
std::string config_options(const AccelConfig& config);

/// The folder gen_accel writes by default: accel_pe<P>[_lanes<L>]_<vec>[_<parameter><value>…], where lanes and further
/// parameters appear if they differ from their default, and a single length is written vec<N>. A name beyond 100
/// characters ends in the configuration's hash instead of the parameters that do not fit. Two configurations never
/// share a name.
std::string config_name(const AccelConfig& config);

}  // namespace mixvec::inline generator
