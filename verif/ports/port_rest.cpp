// One line for each port of docs/isa.md that begins something.
#include "verif/ports/port_rest.hpp"

#include <fmt/format.h>

#include "Vmv_accel.h"

namespace mixvec::inline verif {

void rest_inputs(Vmv_accel& top) {
  top.start_i = 0;
  top.a_valid_i = 0;
  top.m_req_ready_i = 0;
  top.m_rsp_valid_i = 0;
  top.hold_i = 0;
  top.attend_i = 0;
  top.job_valid_i = 0;
  top.kv_valid_i = 0;
  top.a_all_i = 0;
  top.run_i = 0;
  top.prog_valid_i = 0;
  top.table_valid_i = 0;
  top.v_valid_i = 0;
  top.y_ready_i = 0;
}

std::string resting_outputs(const Vmv_accel& top) {
  return fmt::format("done_o {}, run_done_o {}, job_ready_o {}, a_ready_o {}", static_cast<unsigned>(top.done_o),
                     static_cast<unsigned>(top.run_done_o), static_cast<unsigned>(top.job_ready_o),
                     static_cast<unsigned>(top.a_ready_o));
}

const char* begun_output(const Vmv_accel& top) {
  if (top.m_req_valid_o != 0) return "m_req_valid_o";
  if (top.y_valid_o != 0) return "y_valid_o";
  if (top.error_o != 0) return "error_o";
  if (top.issue_o != 0) return "issue_o";
  if (top.skip_o != 0) return "skip_o";
  return nullptr;
}

}  // namespace mixvec::inline verif
