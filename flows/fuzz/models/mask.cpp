// Any bytes are a .smtx mask that, written again, is the same mask, or an InputError.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "flows/fuzz/models/model_targets.hpp"
#include "pruning/study/mask_file.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// In the plainest form.
std::string text_of(const MaskFile& mask) {
  std::vector<std::size_t> offsets = {0};
  std::vector<std::size_t> columns;
  for (std::size_t o = 0; o < mask.out; ++o) {
    for (std::size_t i = 0; i < mask.in; ++i) {
      if (mask.mask[o * mask.in + i] != 0) columns.push_back(i);
    }
    offsets.push_back(columns.size());
  }
  return fmt::format("{}, {}, {}\n{}\n{}\n", mask.out, mask.in, mask.kept, fmt::join(offsets, " "),
                     fmt::join(columns, " "));
}

void fuzz_mask(std::string_view bytes) {
  const MaskFile mask = parse_mask(bytes, "input");
  require(mask.mask.size() == mask.out * mask.in, "a mask of another shape");
  require(mask.sparsity() >= 0 && mask.sparsity() <= 1, "a sparsity that is no share");
  const MaskFile again = must("what was written is refused", [&] { return parse_mask(text_of(mask), "again"); });
  require(again.mask == mask.mask && again.kept == mask.kept, "another mask when read again");
}

std::vector<std::string> mask_seeds() {
  return {"4, 16, 12\n0 3 6 9 12\n0 5 9 1 6 10 2 7 11 3 8 15\n", "1, 1, 0\n0 0\n\n", "2,3,6\r\n0\t3 6\r\n2 1 0 0 1 2"};
}

}  // namespace

Target mask_target() {
  return {.name = "mask",
          .read = fuzz_mask,
          .seeds = mask_seeds,
          .words = {"1, 1048576, 0\n0 0\n", "256, 256, ", "18446744073709551616", ", ", "\n0 "},
          .most_bytes = 1024};
}

}  // namespace mixvec::inline flows::fuzz
