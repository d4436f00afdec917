  // When each output of mv_pe must be known: two cycles after a drain, of accumulators that have begun
  // at a bias. A step's sum can be drained AddStages cycles after its accumulation came.
  localparam int H     = (FullRate > 0 && FullRate < Lv) ? Lv / FullRate : 1;
  localparam int SlotW = (Slots > 1) ? $clog2(Slots) : 1;
  // Bit slot * Lv + lane; [n]: n cycles ago and before.
  logic [Slots*Lv-1:0] begun_q [0:AddStages];
  logic [H-1:0] read_q, there_q;   // lanes of a drain that have begun, one cycle and two cycles later
  initial begin
    for (int n = 0; n <= AddStages; n++) begun_q[n] = '0;
    read_q  = '0;
    there_q = '0;
  end
  always @(posedge clk_i) begin
    there_q <= read_q;
    read_q  <= '0;
    for (int j = 0; j < H; j++) begin
      if (rd_valid_i && rd_lane_i + j < Lv) begin
        read_q[j] <= begun_q[AddStages-1][rd_slot_i*Lv + rd_lane_i + j];
      end
    end
    for (int n = 1; n <= AddStages; n++) begun_q[n] <= begun_q[n-1];
    for (int i = 0; i < (Lv >> red_i); i++) begin
      if (acc_valid_i && acc_seg_i[i % H] && acc_first_i[i % H]) begin
        begun_q[0][acc_slot_i[(i % H)*SlotW +: SlotW]*Lv + i] <= 1'b1;
      end
    end
  end
  for (genvar j = 0; j < H; j++) begin : g_lane
    assign res_o_sure[j*Lt*32 +: Lt*32] = {Lt * 32{there_q[j]}};
  end
