// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// What several modules share: the widths of an attention job and of a step, output records, and the
// operations of the vector unit.

package mv_pkg;
  // Bits of an attention job (job_t of mv_sequencer and mv_attend), by the widths of a word of the
  // key/value memory, an activation row, a number of lanes, a token group and a set.
  function automatic int job_width(input int word_w, input int row_w, input int count_w,
                                   input int group_w, input int set_w);
    job_width = 2 + word_w * 2 + row_w * 2 + 16 * 3 + count_w * 2 + group_w + 16 + set_w;
  endfunction

  // Bits of a step (step_t of mv_stream, mv_attend and mv_set_ctrl).
  function automatic int step_width(input int lv, input int full_rate, input int sub_steps,
                                    input int row_w, input int group_w);
    int segments, class_w, out_w, thread_w, id_w, lane_w;
    segments   = lv / full_rate;
    class_w    = (segments > 1) ? $clog2($clog2(segments) + 1) : 1;
    out_w      = (sub_steps * lv > 1) ? $clog2(sub_steps * lv) : 1;
    thread_w   = (sub_steps > 1) ? $clog2(sub_steps) : 1;
    id_w       = $clog2(4 * sub_steps);
    lane_w     = (lv > 1) ? $clog2(lv) : 1;
    step_width = 3 + class_w + out_w + 1 + thread_w + 1 + id_w + sub_steps * segments +
                 3 * segments + lv + lv * lane_w + segments * row_w + 2 * group_w + row_w + 1;
  endfunction

  // Where an output record holds its two numbers of 16 bits.
  typedef enum int {
    RecordIndexAt = 0,
    RecordBiasAt  = 16
  } record_field_e;

  // Operations of the vector unit, which says what each computes. They are members of an enum:
  // of each parameter that a module does not use, Verilator warns.
  typedef enum logic [3:0] {
    OpCopy       = 4'd0,
    OpRelu       = 4'd1,
    OpGeluErf    = 4'd2,
    OpGeluTanh   = 4'd3,
    OpResidual   = 4'd4,
    OpExp        = 4'd5,
    OpScale      = 4'd6,
    OpNorm       = 4'd7,
    OpReciprocal = 4'd8,
    OpVariance   = 4'd9,
    OpRoot       = 4'd10
  } vector_op_e;

  // Cycles that the vector unit asks for, whatever its pipelines: from an OpVariance to its OpRoot,
  // and from there to the next OpVariance.
  typedef enum int {
    VarianceToRoot = 53,
    RootToVariance = 3
  } vector_distance_e;
endpackage
