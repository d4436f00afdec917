// A play of random words, for tests of training: every speech is a name and two lines.
#pragma once

#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

namespace mixvec::inline pruning {

inline std::string small_play(std::size_t speeches) {
  const std::vector<std::string> names{"ANNA", "BRUNO", "Old Carl", "DORA", "EMIL"};
  const std::vector<std::string> words{"stone", "river", "cloud", "été", "moon", "sing"};
  std::mt19937 generator(7);
  const auto line = [&] {
    std::string text = words[generator() % words.size()];
    for (int w = 0; w < 3; ++w) text += " " + words[generator() % words.size()];
    return text;
  };
  std::string text;
  for (std::size_t s = 0; s < speeches; ++s) {
    text += fmt::format("{}:\n{},\n{}.\n\n", names[(s + generator() % 2) % names.size()], line(), line());
  }
  return text;
}

}  // namespace mixvec::inline pruning
