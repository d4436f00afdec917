// Readers with one fault each, of the kinds that fuzz.sh must find: the list of fuzz_broken, the self-test.
#include <atomic>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "flows/fuzz/target.hpp"
#include "golden/base/error.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

std::atomic<std::size_t> kept = 0;  ///< so that no compiler leaves a loop or a read out

/// All of them read "MV", a letter and a number: behind it something is wrong.
std::size_t number_in(std::string_view bytes, std::string_view mark) {
  if (!bytes.starts_with(mark)) fail_input("input: found another mark, expected {}", mark);
  return bytes.size() > mark.size() ? static_cast<unsigned char>(bytes[mark.size()]) : 0;
}

void read_beyond(std::string_view bytes) {
  const std::size_t at = number_in(bytes, "MVO");
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  const volatile char* const place = copy.get();  // or the compiler reads the bytes themselves
  kept = static_cast<unsigned char>(place[at]);   // beyond the end from the file's size on
}

void overflow(std::string_view bytes) {
  const int value = static_cast<int>(number_in(bytes, "MVI")) << 23U;
  kept = static_cast<std::size_t>(value + value);  // of an int, from 128 on
}

void loop(std::string_view bytes) {
  const std::size_t step = number_in(bytes, "MVL");
  volatile std::size_t at = 0;       // or the compiler leaves the loop out
  while (at < 1000) at = at + step;  // for ever with 0
}

void eat(std::string_view bytes) {
  const std::size_t count = number_in(bytes, "MVM");
  const std::string all(count << 24U, 'x');  // up to 4 GB
  kept = all.size();
}

void throw_other(std::string_view bytes) {
  if (number_in(bytes, "MVT") > 200) throw std::out_of_range("vector::at");
}

void forget(std::string_view bytes) {
  const std::size_t value = number_in(bytes, "MVF");
  require((value & 0x7FU) == value, "another number when read again");
}

std::vector<std::string> good() { return {"MV"}; }

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> all = {
      {"beyond", read_beyond, good, {"MVO"}, 64}, {"eat", eat, good, {"MVM"}, 64},
      {"forget", forget, good, {"MVF"}, 64},      {"loop", loop, good, {"MVL"}, 64},
      {"overflow", overflow, good, {"MVI"}, 64},  {"throw", throw_other, good, {"MVT"}, 64}};
  return all;
}

}  // namespace mixvec::inline flows::fuzz
