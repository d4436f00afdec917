// The tables of tensor names.
#include "golden/checkpoint/naming.hpp"

#include <fmt/format.h>

#include "golden/math/layer_norm.hpp"

namespace mixvec::inline golden {

std::string NamingTable::layer(std::size_t number) const { return fmt::format("{}{}.", layers, number); }

std::string NamingTable::anchor() const { return fmt::format("{}{}.weight", layer(0), attention[0]); }

const NamingTable& naming_table(Naming naming) {
  static const NamingTable kGpt2{.layers = "h.",
                                 .attention = {"attn.c_attn"},
                                 .projection = "attn.c_proj",
                                 .first = "mlp.c_fc",
                                 .second = "mlp.c_proj",
                                 .norm_attention = "ln_1",
                                 .norm_output = "ln_2",
                                 .final_norm = "ln_f",
                                 .words = "wte.weight",
                                 .positions = "wpe.weight",
                                 .heads = {"lm_head.weight"},
                                 .usual_prefix = "transformer."};
  static const NamingTable kBert{.layers = "encoder.layer.",
                                 .attention = {"attention.self.query", "attention.self.key", "attention.self.value"},
                                 .projection = "attention.output.dense",
                                 .first = "intermediate.dense",
                                 .second = "output.dense",
                                 .norm_attention = "attention.output.LayerNorm",
                                 .norm_output = "output.LayerNorm",
                                 .final_norm = "",
                                 .words = "embeddings.word_embeddings.weight",
                                 .positions = "embeddings.position_embeddings.weight",
                                 .heads = {"cls.predictions.decoder.weight", "lm_head.decoder.weight"},
                                 .usual_prefix = "bert."};
  static const NamingTable kDistilBert{.layers = "transformer.layer.",
                                       .attention = {"attention.q_lin", "attention.k_lin", "attention.v_lin"},
                                       .projection = "attention.out_lin",
                                       .first = "ffn.lin1",
                                       .second = "ffn.lin2",
                                       .norm_attention = "sa_layer_norm",
                                       .norm_output = "output_layer_norm",
                                       .final_norm = "",
                                       .words = "embeddings.word_embeddings.weight",
                                       .positions = "embeddings.position_embeddings.weight",
                                       .heads = {"vocab_projector.weight"},
                                       .usual_prefix = "distilbert."};
  switch (naming) {
    case Naming::kGpt2:
      return kGpt2;
    case Naming::kBert:
      return kBert;
    default:
      return kDistilBert;
  }
}

std::vector<std::string> prefixes_of(std::string_view name, std::span<const std::string> tensors) {
  std::vector<std::string> prefixes;
  for (const std::string& tensor : tensors) {
    if (!tensor.ends_with(name)) continue;
    const std::string prefix = tensor.substr(0, tensor.size() - name.size());
    if (prefix.empty() || prefix.ends_with('.')) prefixes.push_back(prefix);
  }
  return prefixes;
}

std::vector<Naming> namings_of(std::span<const std::string> tensors) {
  std::vector<Naming> found;
  for (const Naming naming : {Naming::kGpt2, Naming::kBert, Naming::kDistilBert}) {
    if (!prefixes_of(naming_table(naming).anchor(), tensors).empty()) found.push_back(naming);
  }
  return found;
}

}  // namespace mixvec::inline golden
