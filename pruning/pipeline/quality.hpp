// How well a model in memory predicts a text.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "golden/network/network.hpp"

namespace mixvec::inline pruning {

/// e to the mean of −ln p over the text's tokens but the first, in windows that predict the model's positions each and
/// share none, as eval_model --arithmetic binary32 does. GPT-2 only. Throws InputError for fewer than two tokens.
double perplexity(const Network& network, std::span<const std::size_t> ids, int threads,
                  const std::function<void(double)>& progress = {});

}  // namespace mixvec::inline pruning
