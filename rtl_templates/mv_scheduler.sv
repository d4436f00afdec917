// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Online scheduler: gives the tasks of each cluster, in their order, to the sets of the cluster
// that are free. What a task computes does not depend on the set that takes it. The directory's
// first beat comes unasked, before the header is valid.

module mv_scheduler #(
  parameter int Sets        = 8,
  parameter int Assoc       = 1,   // sets of a cluster
  parameter int PortBits    = 512,
  parameter int HeaderBeats = 2,   // beats before the task directory
  // derived
  localparam int Clusters = Sets / Assoc
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       start_i,
  // header: first task of each cluster, then the number of tasks
  input  logic                       header_valid_i,
  input  logic [(Clusters+1)*32-1:0] first_task_i,
  // beats of the task directory
  output logic [Clusters-1:0]        dir_valid_o,
  input  logic [Clusters-1:0]        dir_ready_i,
  output logic [Clusters*32-1:0]     dir_beat_o,
  input  logic [Clusters-1:0]        dir_beat_valid_i,
  input  logic [PortBits-1:0]        dir_data_i,
  // sets that are not to take a task now
  input  logic [Sets-1:0]            hold_i,
  // tasks: first beat, number of code beats
  output logic [Sets-1:0]            task_valid_o,
  input  logic [Sets-1:0]            task_ready_i,
  output logic [Clusters*mv_isa_pkg::TaskW-1:0] task_o,
  output logic                       done_o   // all tasks have been given out
);
  localparam int TasksPerBeat     = PortBits / mv_isa_pkg::TaskW;
  localparam int TasksPerBeatLog2 = $clog2(TasksPerBeat);

  logic [Clusters-1:0] empty;
  assign done_o = header_valid_i && (&empty);

  for (genvar cluster = 0; cluster < Clusters; cluster++) begin : g_cluster
    logic [31:0]         next_q;        // task to be given out next
    logic [31:0]         task_beat;     // of its place in the directory
    logic [31:0]         held_beat_q;   // which beat of the directory is held
    logic                begun_q, held_q, asked_q, beat_there, task_taken;
    logic [PortBits-1:0] held_data_q;
    logic [Assoc-1:0]    wants;
    logic [Assoc-1:0]    given;

    assign empty[cluster]               = begun_q && (next_q == first_task_i[(cluster+1)*32 +: 32]);
    assign task_beat                    = next_q >> TasksPerBeatLog2;
    assign beat_there                   = begun_q && !empty[cluster] && held_q &&
                                          (held_beat_q == task_beat);
    assign dir_valid_o[cluster]         = begun_q && !empty[cluster] && !beat_there && !asked_q;
    assign dir_beat_o[cluster*32 +: 32] = 32'(HeaderBeats) + task_beat;
    assign task_o[cluster*mv_isa_pkg::TaskW +: mv_isa_pkg::TaskW] =
        held_data_q[(next_q % TasksPerBeat) * mv_isa_pkg::TaskW +: mv_isa_pkg::TaskW];

    // The lowest set that asks.
    assign wants = task_ready_i[cluster*Assoc +: Assoc] & ~hold_i[cluster*Assoc +: Assoc];
    assign given = beat_there ? (wants & (~wants + Assoc'(1))) : '0;
    assign task_valid_o[cluster*Assoc +: Assoc] = given;
    assign task_taken = given != '0;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        begun_q <= 1'b0;
        held_q  <= 1'b0;
        asked_q <= 1'b0;
        next_q  <= '0;
      end else if (start_i) begin
        begun_q <= 1'b0;
        held_q  <= 1'b0;
        asked_q <= 1'b0;
      end else begin
        if (header_valid_i && !begun_q) begin
          begun_q <= 1'b1;
          next_q  <= first_task_i[cluster*32 +: 32];
        end
        if (task_taken) next_q <= next_q + 32'd1;
        if (dir_valid_o[cluster] && dir_ready_i[cluster]) begin
          asked_q <= 1'b1;
          held_q  <= 1'b0;
        end
        if (dir_beat_valid_i[cluster]) begin
          asked_q <= 1'b0;
          held_q  <= 1'b1;
        end
      end
    end
    always_ff @(posedge clk_i) begin
      if (start_i) held_beat_q <= '0;
      else if (dir_valid_o[cluster] && dir_ready_i[cluster]) held_beat_q <= task_beat;
      if (dir_beat_valid_i[cluster]) held_data_q <= dir_data_i;
    end
`ifdef VERILATOR
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (rst_ni) begin
        TaskWaits: cover (beat_there && task_ready_i[cluster*Assoc +: Assoc] == '0);
        SetIsHeld: cover (beat_there && task_ready_i[cluster*Assoc +: Assoc] != '0 && wants == '0);
        SetsContend: cover (beat_there && $countones(wants) > 1);
        NextBeatAsked: cover (dir_valid_o[cluster] && dir_ready_i[cluster] && held_q);
        DirectoryStalls: cover (dir_valid_o[cluster] && !dir_ready_i[cluster]);
        BeatsAwaited: assert (!dir_beat_valid_i[cluster] || asked_q ||
                              (!begun_q && !held_q))
          else $error("mv_scheduler.BeatsAwaited: a beat of the directory that was not asked for");
        StartsDone: assert (!start_i || !header_valid_i || !begun_q || empty[cluster])
          else $error("mv_scheduler.StartsDone: an image begins before all tasks are given out");
      end
    end
`endif
  end
endmodule
