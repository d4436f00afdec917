// One rule for each valid bit of docs/isa.md.
#include "verif/ports/port_noise.hpp"

#include <verilated.h>

#include "Vmv_accel.h"
#include "verif/bench.hpp"
#include "verif/ports/accel_sizes.hpp"

namespace mixvec::inline verif {
namespace {

template <typename Port>
void draw(Port& port, int width, Random& random) {
  for (int b = 0; b < width; b += 32) {
    put_bits(port, b, width - b < 32 ? width - b : 32, static_cast<std::uint32_t>(random.next() >> 32U));
  }
}

}  // namespace

void drive_noise(Vmv_accel& top, Random& random) {
  constexpr int kTileBits = kTileLanes * 16;
  if (top.m_rsp_valid_i == 0) draw(top.m_rsp_data_i, static_cast<int>(kBeatBytes) * 8, random);
  // Keys and values come on the port of activations.
  if (top.kv_valid_i == 0) draw(top.kv_mask_i, kTileLanes, random);
  if (top.kv_valid_i == 0 && top.a_valid_i == 0) draw(top.a_data_i, kTileBits, random);
  if (top.a_valid_i == 0) {
    draw(top.a_all_i, 1, random);
    draw(top.a_pos_i, 16, random);
  }
  if (top.prog_valid_i == 0) {
    draw(top.prog_vector_i, 1, random);
    draw(top.prog_address_i, 16, random);
    draw(top.prog_data_i, 256, random);
  }
  if (top.table_valid_i == 0) {
    draw(top.table_norm_i, 1, random);
    draw(top.table_address_i, 16, random);
    draw(top.table_data_i, 32, random);
  }
  if (top.v_valid_i == 0) {
    draw(top.v_write_i, 1, random);
    draw(top.v_row_i, 16, random);
    draw(top.v_data_i, kTileBits, random);
  }
}

}  // namespace mixvec::inline verif
