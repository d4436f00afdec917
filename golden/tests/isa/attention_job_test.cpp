// Jobs of attention: at the limits of their 16-bit fields they are taken, beyond them refused.
#include "golden/isa/attention_job.hpp"

#include <gtest/gtest.h>

#include "golden/tests/helpers.hpp"

namespace mixvec::inline golden {
namespace {

/// With one vector lane a strip is one key or one channel.
AccelConfig one_vector_lane() {
  AccelConfig accel;
  accel.pe = 1;
  accel.sets = 1;
  accel.lanes = 2;
  accel.vector_lanes = 1;
  accel.kv_depth = 65536;
  return accel;
}

TEST(AttentionJob, StripsAndTokenGroupsHaveSixteenBits) {
  const AccelConfig accel = one_vector_lane();
  ASSERT_EQ(accel.tokens_per_group(), 2);
  AttentionJob scores;
  scores.word_stride = 32768;
  scores.dims = 1;
  scores.keys = 65535;
  EXPECT_EQ(message_of([&] { validate(scores, accel); }), "");
  scores.keys = 65536;
  EXPECT_NE(message_of([&] { validate(scores, accel); }).find("65536 of keys, 0 token groups before it, expected at"),
            std::string::npos);

  AttentionJob outputs;
  outputs.outputs = true;
  outputs.word_stride = 1;
  outputs.dims = 65535;
  outputs.keys = 1;
  EXPECT_EQ(message_of([&] { validate(outputs, accel); }), "");
  outputs.dims = 65536;
  EXPECT_NE(message_of([&] { validate(outputs, accel); }).find("65536 strips of channels, 1 of keys"),
            std::string::npos);

  outputs.dims = 1;
  outputs.base_group = 65535;
  EXPECT_EQ(message_of([&] { validate(outputs, accel); }), "");
  outputs.base_group = 65536;
  EXPECT_NE(message_of([&] { validate(outputs, accel); }).find("65536 token groups before it"), std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline golden
