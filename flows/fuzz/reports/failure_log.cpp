// Any bytes are a job's log, of which a signature, the last lines and a line that reproduces it are made; nothing is
// refused.
#include <algorithm>

#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/regress/run/signature.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\n';
  });
}

void fuzz_failure_log(std::string_view bytes) {
  must("a log is refused", [&] {
    const std::string signature = signature_of(bytes);
    constexpr int kLines = 3;
    require(std::count(signature.begin(), signature.end(), '\n') < kLines, "a signature of more lines");
    require(is_visible(signature), "control characters in a signature");
    const std::filesystem::path file = put("log.txt", bytes);
    require(is_visible(last_lines(file, 20)), "control characters in the last lines");
    constexpr std::size_t kEnd = 300;
    require(end_of_file(file, kEnd).size() <= kEnd, "an end that is longer");
    require(reproduction_in(bytes).find('\n') == std::string::npos, "a reproduction of more lines");
  });
}

std::vector<std::string> failure_log_seeds() {
  return {
      "tb_engine: seed 7\nmismatch at TOP.mv_accel.sets[3].ctrl: found 0x1f, expected 0x20 in /tmp/a/b.json\n"
      "reproduce: ./tb_engine --seed 7 --case 12\nmake: *** [Makefile:12: run] Error 1\n",
      "10 %\r20 %\r100 %\n\x1b[31mfatal:\x1b[0m 1.5e-3 deadbeef12 failed\n", "all 3 tests passed\n"};
}

}  // namespace

Target failure_log_target() {
  return {.name = "failure_log",
          .read = fuzz_failure_log,
          .seeds = failure_log_seeds,
          .words = {"error", "mismatch", "expected", "passed", "reproduce: ./", "make: ", "\x1b[31m", "0x", "/a/b/c",
                    "../", "a.b.c[1].d", "1e+5", "deadbeef1", "\xE2\x80\xAE", "\r"},
          .most_bytes = 2048};
}

}  // namespace mixvec::inline flows::fuzz
