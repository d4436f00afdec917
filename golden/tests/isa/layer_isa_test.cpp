// Instructions: every field survives its words at its limits, and what does not fit is refused by name.
#include "golden/isa/layer_isa.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/isa/isa_package.hpp"
#include "golden/tests/helpers.hpp"

namespace mixvec::inline golden {
namespace {

/// Every field at its largest value, or at a random one.
ArrayInstruction filled_array(ArrayKind kind, Random* random) {
  const auto value = [&](std::uint32_t most) { return random == nullptr ? most : random->below(most) + 1; };
  ArrayInstruction i;
  i.kind = kind;
  i.wait = value(65535);
  i.row = value(65535);
  if (kind == ArrayKind::kMatrix) {
    i.first_beat = value(0xFFFFFFFFU);
    i.key_word = value(65535);
    i.value_word = value(65535);
    i.kv_stride = value(65535);
    i.vector_row = value(65535);
    i.table_entry = value(65535);
    i.result_row = value(65535);
    i.kv_from = value(65535);
    i.key_channels = value(65535);
    i.operation = static_cast<ResultOperation>(value(4));
    i.sums = value(2) == 2 || random == nullptr;
    i.to_vector = value(2) == 2 || random == nullptr;
    i.to_activation = value(2) == 2 || random == nullptr;
    return i;
  }
  i.causal = value(2) == 2 || random == nullptr;
  for (auto* field : {&i.word, &i.word_stride, &i.row_stride, &i.key_strips, &i.channel_strips, &i.index, &i.turn}) {
    *field = value(65535);
  }
  i.last_keys = value(255);
  i.last_channels = value(255);
  if (kind == ArrayKind::kScores) {
    i.vector_row = value(65535);
    i.key_bits = value(31);
    i.valid_keys = value(65535);
  } else {
    i.table_entry = value(65535);
    i.result_row = value(65535);
  }
  return i;
}

VectorInstruction filled_vector(VectorKind kind, bool keys, Random* random) {
  const auto value = [&](std::uint32_t most) { return random == nullptr ? most : random->below(most) + 1; };
  VectorInstruction i;
  i.kind = kind;
  i.counter = static_cast<BeatCounter>(value(3));
  i.value = value((1U << 30U) - 1U);
  i.buffer = true;
  if (kind == VectorKind::kReciprocal) return i;
  if (kind == VectorKind::kPass) {
    i.operation = static_cast<PassOperation>(4 + value(3));
    for (bool* field : {&i.sums, &i.to_vector, &i.to_table, &i.to_attention, &i.causal, &i.zero}) {
      *field = random == nullptr || random->below(2) == 1;
    }
    i.keys = keys;
    for (auto* field : {&i.rows, &i.read_row, &i.write_row, &i.table_entry, &i.norm_entry, &i.row, &i.row_stride}) {
      *field = value(65535);
    }
  }
  i.count = value(65535);
  if (!i.keys) {
    i.epsilon_high = value(8191);
    i.epsilon_low = random == nullptr ? ~std::uint64_t{0} : random->next();
  }
  return i;
}

TEST(LayerIsa, FieldsSurviveTheirWords) {
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    Random* values = round == 0 ? nullptr : &random;
    for (const ArrayKind kind : {ArrayKind::kMatrix, ArrayKind::kScores, ArrayKind::kOutputs}) {
      const ArrayInstruction i = filled_array(kind, values);
      EXPECT_EQ(decode_array(encode(i)), i) << describe(i);
      EXPECT_EQ(describe(decode_array(encode(i))), describe(i));
    }
    for (const VectorKind kind : {VectorKind::kPass, VectorKind::kReciprocal, VectorKind::kRoot}) {
      for (const bool keys : {false, true}) {
        const VectorInstruction i = filled_vector(kind, keys, values);
        EXPECT_EQ(decode_vector(encode(i)), i) << describe(i);
      }
    }
  }
  EXPECT_EQ(encode(ArrayInstruction{}), InstructionWords{});
  EXPECT_EQ(encode(VectorInstruction{}), InstructionWords{});
  EXPECT_EQ(decode_array({}), ArrayInstruction{});
  EXPECT_EQ(decode_vector({}), VectorInstruction{});
}

TEST(LayerIsa, FieldsStandWhereTheContractSays) {
  ArrayInstruction scores = filled_array(ArrayKind::kScores, nullptr);
  scores.wait = 0x1234;
  scores.last_keys = 5;
  scores.turn = 3;
  scores.key_bits = 9;
  const InstructionWords words = encode(scores);
  EXPECT_EQ(words[0], 0x12340012U);
  EXPECT_EQ(words[4], 0xFF05FFFFU);
  EXPECT_EQ(words[5], 0x0003FFFFU);
  EXPECT_EQ(words[6], 9U);
  VectorInstruction root;
  root.kind = VectorKind::kRoot;
  root.counter = BeatCounter::kOutputs;
  root.value = 5;
  root.count = 768;
  root.epsilon_low = 0x0123456789ABCDEFU;
  root.epsilon_high = 0x1ABC;
  EXPECT_EQ(encode(root),
            (InstructionWords{3, 0xC0000005U, 0, 0, 0, (0x1ABCU << 19U) | 768U, 0x89ABCDEFU, 0x01234567U}));
}

TEST(LayerIsa, WhatDoesNotFitIsRefused) {
  ArrayInstruction matrix;
  matrix.kind = ArrayKind::kMatrix;
  matrix.result_row = 65536;
  EXPECT_EQ(message_of([&] { encode(matrix); }), "MATRIX: result_row: found 65536, expected at most 65535");
  ArrayInstruction outputs;
  outputs.kind = ArrayKind::kOutputs;
  outputs.last_keys = 256;
  EXPECT_EQ(message_of([&] { encode(outputs); }), "OUTPUTS: last_keys: found 256, expected at most 255");
  VectorInstruction pass;
  pass.kind = VectorKind::kPass;
  pass.value = 1U << 30U;
  EXPECT_EQ(message_of([&] { encode(pass); }), "PASS: value: found 1073741824, expected at most 1073741823");
  pass.value = 0;
  pass.epsilon_high = 8192;
  EXPECT_EQ(message_of([&] { encode(pass); }), "PASS: epsilon_high: found 8192, expected at most 8191");

  EXPECT_EQ(message_of([] { decode_array({4}); }), "instruction of the array program: kind: found 4, expected 0…3");
  EXPECT_EQ(message_of([] { decode_array({1, 0, 0, 0, 0, 0, 0, 5}); }), "MATRIX: operation: found 5, expected 0…4");
  EXPECT_EQ(message_of([] { decode_vector({0x31}); }), "PASS: operation: found 3, expected 0 or 5…7");
  EXPECT_NE(message_of([] { decode_vector({2, 0, 1}); }).find("belong to no field"), std::string::npos);
}

TEST(LayerIsa, DescriptionsAreReadable) {
  VectorInstruction pass;
  pass.kind = VectorKind::kPass;
  pass.operation = PassOperation::kExp;
  pass.counter = BeatCounter::kScores1;
  pass.value = 12;
  pass.rows = 7;
  pass.keys = true;
  EXPECT_EQ(describe(pass), "PASS counter=scores1 value=12 operation=exp keys rows=7");
}

TEST(IsaPackage, HoldsTheFieldsOfTheTable) {
  const std::string file = MIXVEC_SOURCE_DIR "/rtl_templates/mv_isa_pkg.sv";
  const std::string printed = MIXVEC_BINARY_DIR "/../mv_isa_pkg.sv";
  if (read_file(file) == isa_package_source()) return;
  write_file(printed, isa_package_source());
  FAIL() << "to bring the file up to date: cp " << printed << " " << file;
}

TEST(IsaPackage, NamesEachFieldOnceForAllItsKinds) {
  const std::vector<PackageField> fields = isa_package_fields();
  const auto count = [&](const std::string& name) {
    return std::count_if(fields.begin(), fields.end(), [&](const PackageField& f) { return f.name == name; });
  };
  for (const char* name : {"ArrayKindAt", "ArrayWaitAt", "MatrixKvFromAt", "AttendWordAt", "ScoresKeyBitsAt",
                           "OutputsTableEntryAt", "VectorKindAt", "VectorEpsilonLowAt", "HeaderHashAt", "RunEntryAt"}) {
    EXPECT_EQ(count(name), 1) << name;
  }
  for (const char* name : {"MatrixWaitAt", "ScoresWordAt", "MatrixWordAt"}) EXPECT_EQ(count(name), 0) << name;
  const std::string text = isa_package_source();
  EXPECT_NE(text.find("    MatrixKvFromAt = 208,         // 16\n"), std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline golden
