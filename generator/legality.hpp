// Which configurations are legal: defaults, rules with their reasons, and the legal configuration nearest to a request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "generator/config.hpp"

namespace mixvec::inline generator {

/// What a user asks for: what is not set follows from the rest.
struct ConfigRequest {
  int pe = 64;
  int lanes = 64;
  std::string vec = "mixed";
  std::string dtype = "fp16";
  std::optional<int> sets;
  std::optional<int> assoc;
  std::optional<int> drains;
  std::optional<int> positions;
  std::optional<int> vector_lanes;
  std::optional<int> token_lanes;
  std::optional<int> full_rate;
  std::optional<int> substeps;
  std::optional<int> groups;
  std::optional<int> banks;
  std::optional<int> depth;
  std::optional<int> kv_depth;
  std::optional<int> vector_units;
  std::optional<int> vector_rows;
  std::optional<int> program_depth;
  std::optional<int> table_depth;
  std::optional<int> port_bits;
  std::optional<int> mul_stages;
  std::optional<int> add_stages;
  std::optional<int> fifo_beats;
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

/// A parameter that may be given or may follow from the others; in an order in which each depends on earlier ones only.
struct Parameter {
  const char* name;    ///< as in config.json: "vector_lanes"
  const char* option;  ///< "--vector-lanes"
  const char* help;
  std::optional<int> ConfigRequest::*request;
  int AccelConfig::*field;
};

/// All parameters but pe, lanes, vec and dtype.
const std::vector<Parameter>& parameters();

/// The request that gives exactly this configuration, with everything that is a default left out.
ConfigRequest shortest_request(const AccelConfig& config);

}  // namespace mixvec::inline generator
