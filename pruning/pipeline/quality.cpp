// Windows of a text through a model.
#include "pruning/pipeline/quality.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/eval/language_model.hpp"

namespace mixvec::inline pruning {

double perplexity(const Network& network, std::span<const std::size_t> ids, int threads,
                  const std::function<void(double)>& progress) {
  if (ids.size() < 2) fail_input("found a text of {} tokens, expected at least 2: one predicts the other", ids.size());
  const std::size_t context = network.config.positions;
  const std::size_t windows = (ids.size() - 1 + context - 1) / context;
  std::vector<double> nats(windows);
  std::atomic<std::size_t> done{0};
  parallel_for(windows, threads, [&](std::size_t w) {
    const std::size_t first = w * context;
    const std::size_t tokens = std::min(context, ids.size() - 1 - first);
    const std::span<const std::size_t> window = ids.subspan(first, tokens);
    DenseRows x = network.embed(std::span(&window, 1));
    for (const NetworkLayer& layer : network.layers) x = layer.run(x, {tokens});
    for (const Prediction& p : predict_rows(network, x, ids.subspan(first + 1, tokens))) nats[w] += p.nats;
    if (progress) progress(static_cast<double>(++done) / static_cast<double>(windows));
  });
  double sum = 0;
  for (const double n : nats) sum += n;
  return std::exp(sum / static_cast<double>(ids.size() - 1));
}

}  // namespace mixvec::inline pruning
