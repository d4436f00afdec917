// Any eight words are an instruction of the array or of the vector program that encodes to the same words, or an
// InputError.
#include <cstring>

#include "flows/fuzz/models/model_targets.hpp"
#include "golden/isa/layer_isa.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// The first byte of an input says of which program; zeros follow what is missing.
void fuzz_instructions(std::string_view bytes) {
  InstructionWords words{};
  if (bytes.size() > 1) std::memcpy(words.data(), bytes.data() + 1, std::min(sizeof(words), bytes.size() - 1));
  const bool array = !bytes.empty() && bytes[0] % 2 == 0;
  const auto again = [&](const auto& instruction) {
    require(must("what was decoded is refused", [&] { return encode(instruction); }) == words,
            "other words when encoded again: " + describe(instruction));
  };
  if (array) {
    again(decode_array(words));
  } else {
    again(decode_vector(words));
  }
}

std::vector<std::string> instructions_seeds() {
  std::vector<std::string> all;
  const auto add = [&](char program, const InstructionWords& words) {
    all.emplace_back(1, program);
    all.back().append(reinterpret_cast<const char*>(words.data()), sizeof(words));
  };
  for (const ArrayKind kind : {ArrayKind::kEnd, ArrayKind::kMatrix, ArrayKind::kScores, ArrayKind::kOutputs}) {
    ArrayInstruction instruction;
    instruction.kind = kind;
    add(0, encode(instruction));
  }
  for (const VectorKind kind : {VectorKind::kEnd, VectorKind::kPass, VectorKind::kReciprocal, VectorKind::kRoot}) {
    VectorInstruction instruction;
    instruction.kind = kind;
    add(1, encode(instruction));
    instruction.keys = kind == VectorKind::kPass;
    add(1, encode(instruction));
  }
  return all;
}

}  // namespace

Target instructions_target() {
  return {
      .name = "instructions", .read = fuzz_instructions, .seeds = instructions_seeds, .words = {}, .most_bytes = 33};
}

}  // namespace mixvec::inline flows::fuzz
