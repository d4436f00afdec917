// Bench of the contracts between modules: breaks each on purpose and expects its assertion to say so, and compares the
// assertions of the RTL with those broken here and with the table in docs/verification.md.
//
// Inputs, and state where no input can break a contract, are set by name: `make -f verif/units/Makefile tb_contracts`.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "Vtb_contracts_top.h"
#include "Vtb_contracts_top___024root.h"
#include "verif/bench.hpp"

/// A signal of an instance of the top.
#define AT(name) d.root().tb_contracts_top__DOT__##name

namespace {

using mixvec::put_bits;

/// The instances, out of reset, with all inputs 0.
class Device {
 public:
  Device() : top_(std::make_unique<Vtb_contracts_top>(&context_)) {
    for (int i = 0; i < 3; ++i) clock();
    top_->rst_ni = 1;
    clock();
  }
  Vtb_contracts_top___024root& root() { return *top_->rootp; }
  void clock(int cycles = 1) {
    for (int i = 0; i < cycles; ++i) {
      top_->clk_i = 1;
      top_->eval();
      top_->clk_i = 0;
      top_->eval();
    }
  }

 private:
  VerilatedContext context_;
  std::unique_ptr<Vtb_contracts_top> top_;
};

/// An attention job for mv_attend of four strips each way, by golden's job_fields for this instance.
void offer_job(Device& d, std::uint32_t last_keys, std::uint32_t last_channels, std::uint32_t turn) {
  auto& job = AT(u_attend__DOT__job_i);
  put_bits(job, 0, 2, turn);
  put_bits(job, 19, 2, last_channels);
  put_bits(job, 21, 2, last_keys);
  put_bits(job, 39, 16, 4);
  put_bits(job, 55, 16, 4);
  AT(u_attend__DOT__job_valid_i) = 1;
  d.clock();
  AT(u_attend__DOT__job_valid_i) = 0;
}

/// A pass of mv_slice over four rows, with these bits of word 0 and this one field.
void begin_pass(Device& d, std::uint32_t bits, int lsb, std::uint32_t value) {
  put_bits(AT(u_slice__DOT__pass_i), 0, 32, 4U << 16U | bits | 1U);
  put_bits(AT(u_slice__DOT__pass_i), lsb, 16, value);
  AT(u_slice__DOT__pass_valid_i) = 1;
  d.clock();
  AT(u_slice__DOT__pass_valid_i) = 0;
}
constexpr std::uint32_t kZero = 1U << 15U;

/// A beat of mv_vector_unit for group 0; n and epsilon are 1.
void beat(Device& d, int op, bool max = false, bool sum = false, std::uint32_t n = 1, std::uint32_t epsilon = 1) {
  AT(u_vector_unit__DOT__valid_i) = 1;
  AT(u_vector_unit__DOT__op_i) = static_cast<CData>(op);
  AT(u_vector_unit__DOT__max_i) = max;
  AT(u_vector_unit__DOT__sum_i) = sum;
  AT(u_vector_unit__DOT__n_i) = static_cast<SData>(n);
  put_bits(AT(u_vector_unit__DOT__epsilon_i), 0, 32, epsilon);
  d.clock();
  AT(u_vector_unit__DOT__valid_i) = 0;
}

void run_program(Device& d, bool vector, std::uint32_t word) {
  AT(u_sequencer__DOT__prog_valid_i) = 1;
  AT(u_sequencer__DOT__prog_vector_i) = vector;
  put_bits(AT(u_sequencer__DOT__prog_data_i), 0, 32, word);
  d.clock();
  AT(u_sequencer__DOT__prog_valid_i) = 0;
  AT(u_sequencer__DOT__run_i) = 1;
  d.clock();
  AT(u_sequencer__DOT__run_i) = 0;
  d.clock(4);
}

/// Offers mv_decompressor a task of an image whose header says this.
std::function<void(Device&)> header(int entries, int index_bits, int code_bits) {
  return [=](Device& d) {
    AT(u_decompressor__DOT__entries_i) = static_cast<CData>(entries);
    AT(u_decompressor__DOT__index_bits_i) = static_cast<CData>(index_bits);
    AT(u_decompressor__DOT__code_bits_i) = static_cast<CData>(code_bits);
    AT(u_decompressor__DOT__task_valid_i) = 1;
    AT(u_decompressor__DOT__op_ready_i) = 1;
    d.clock();
  };
}

/// Writes an entry of mv_slice's tables during a run.
void write_late(Device& d, bool norm) {
  AT(u_slice__DOT__start_i) = 1;
  d.clock();
  AT(u_slice__DOT__start_i) = 0;
  AT(u_slice__DOT__table_valid_i) = 1;
  AT(u_slice__DOT__table_norm_i) = norm;
  d.clock();
  AT(u_slice__DOT__table_valid_i) = 0;
}

/// Instruction 1 is written while instruction 0 runs, which then ends.
void change_program(Device& d, bool vector) {
  run_program(d, vector, 1);
  AT(u_sequencer__DOT__prog_valid_i) = 1;
  AT(u_sequencer__DOT__prog_vector_i) = vector;
  AT(u_sequencer__DOT__prog_address_i) = 1;
  d.clock();
  AT(u_sequencer__DOT__prog_valid_i) = 0;
  AT(u_sequencer__DOT__array_done_i) = 1;
  AT(u_sequencer__DOT__results_idle_i) = 1;
  AT(u_sequencer__DOT__pass_done_i) = 1;
  d.clock(6);
}

/// An image begins in mv_engine.
void begin_image(Device& d) {
  AT(u_engine__DOT__start_i) = 1;
  d.clock();
  AT(u_engine__DOT__start_i) = 0;
  d.clock();
}

struct Contract {
  std::string name;  ///< module and assertion
  std::function<void(Device&)> violate;
};

const std::vector<Contract> kContracts = {
    {"mv_stream.CodesHaveRoom",
     [](Device& d) {
       AT(u_stream__DOT__code_beat_valid_i) = 1;
       d.clock(10);
     }},
    {"mv_stream.WeightsHaveRoom",
     [](Device& d) {
       AT(u_stream__DOT__weight_beat_valid_i) = 1;
       d.clock(10);
     }},
    {"mv_stream.InputsStay",
     [](Device& d) {
       AT(u_stream__DOT__start_i) = 1;
       d.clock();
       AT(u_stream__DOT__start_i) = 0;
       AT(u_stream__DOT__map_write_i) = 1;
       d.clock();
       AT(u_stream__DOT__map_write_i) = 0;
       // A step in the queue, of which lane 0 uses row 0: its mask stands above what the weights need (7 bits) and
       // shrinks, stride, last, group, address, sel (11 bits).
       AT(u_stream__DOT__u_steps__DOT__cnt_q) = 1;
       put_bits(AT(u_stream__DOT__u_steps__DOT__mem_q)[0], 18, 1, 1);
       AT(u_stream__DOT__step_ready_i) = 1;
       d.clock();
     }},
    {"mv_attend.TilesHaveBuffers",
     [](Device& d) {  // no input can: the queue of buffers on their way is made full
       AT(u_attend__DOT__active_q) = 1;
       AT(u_attend__DOT__ask_q)[0] = 1;
       AT(u_attend__DOT__u_due__DOT__count_q) = 4;
       AT(u_attend__DOT__tile_ready_i) = 1;
       d.clock();
     }},
    {"mv_attend.TilesAwaited",
     [](Device& d) {
       AT(u_attend__DOT__tile_valid_i) = 1;
       d.clock();
     }},
    {"mv_attend.StartsIdle",
     [](Device& d) {
       offer_job(d, 1, 1, 0);
       AT(u_attend__DOT__start_i) = 1;
       d.clock();
     }},
    {"mv_attend.StripsHold",
     [](Device& d) {
       offer_job(d, 3, 1, 0);
       d.clock(2);
     }},
    {"mv_attend.TurnIsASet",
     [](Device& d) {
       offer_job(d, 1, 1, 3);
       d.clock(2);
     }},
    {"mv_drain.CreditsSuffice",
     [](Device& d) {  // no input can: credits are forgotten
       AT(u_drain__DOT__req_valid_i) = 1;
       for (int i = 0; i < 40; ++i) {
         AT(u_drain__DOT__used_q) = 0;
         d.clock();
       }
     }},
    {"mv_kv.WritersApart",
     [](Device& d) {
       AT(u_kv__DOT__write_i) = 3;
       AT(u_kv__DOT__write_mask_i) = 5;
       d.clock();
     }},
    {"mv_kv.ReadsApart",
     [](Device& d) {
       AT(u_kv__DOT__req_valid_i) = 1;
       d.clock();
       AT(u_kv__DOT__write_i) = 1;
       AT(u_kv__DOT__write_mask_i) = 1;
       d.clock();
     }},
    {"mv_fetch.BeatsAwaited",
     [](Device& d) {
       AT(u_fetch__DOT__m_rsp_valid_i) = 1;
       d.clock();
     }},
    {"mv_fetch.StartsIdle",
     [](Device& d) {
       AT(u_fetch__DOT__m_req_ready_i) = 1;
       AT(u_fetch__DOT__start_i) = 1;
       d.clock();
       AT(u_fetch__DOT__start_i) = 0;
       d.clock(3);
       AT(u_fetch__DOT__start_i) = 1;
       d.clock();
     }},
    {"mv_scheduler.BeatsAwaited",
     [](Device& d) {
       AT(u_scheduler__DOT__header_valid_i) = 1;
       d.clock();
       AT(u_scheduler__DOT__dir_beat_valid_i) = 1;
       d.clock();
     }},
    {"mv_scheduler.StartsDone",
     [](Device& d) {
       AT(u_scheduler__DOT__header_valid_i) = 1;
       put_bits(AT(u_scheduler__DOT__first_task_i), 32, 32, 2);
       d.clock();
       AT(u_scheduler__DOT__start_i) = 1;
       d.clock();
     }},
    {"mv_weights.LoadsReady",
     [](Device& d) {
       AT(u_weights__DOT__step_valid_i) = 1;
       AT(u_weights__DOT__load_i) = 1;
       d.clock();
     }},
    {"mv_decompressor.HeaderLegal", header(0, 1, 1)},
    {"mv_decompressor.HeaderLegal", header(9, 1, 1)},
    {"mv_decompressor.HeaderLegal", header(1, 0, 1)},
    {"mv_decompressor.HeaderLegal", header(1, 17, 1)},
    {"mv_decompressor.HeaderLegal", header(1, 1, 0)},
    {"mv_decompressor.HeaderLegal", header(1, 1, 9)},
    {"mv_decompressor.CodesFit",
     [](Device& d) {  // in the middle of a turn: all classes have begun, and each reads a code
       AT(u_decompressor__DOT__code_bits_i) = 15;
       AT(u_decompressor__DOT__classes_q) = 3;
       AT(u_decompressor__DOT__active_q) = 0xFF;
       AT(u_decompressor__DOT__state_q) = 2;
       d.clock();
     }},
    {"mv_matching.OneOperation",
     [](Device& d) {
       AT(u_matching__DOT__op_begin_i) = 1;
       AT(u_matching__DOT__op_record_i) = 1;
       d.clock();
       AT(u_matching__DOT__op_valid_i) = 1;
       d.clock();
     }},
    {"mv_zero_skip.OneKind",
     [](Device& d) {
       AT(u_zero_skip__DOT__in_open_i) = 1;
       AT(u_zero_skip__DOT__in_close_i) = 1;
       d.clock();
       AT(u_zero_skip__DOT__in_valid_i) = 1;
       d.clock();
     }},
    {"mv_pe.AdditionsApart",
     [](Device& d) {  // a cycle too close
       for (const bool valid : {true, false, false, true}) {
         AT(u_pe__DOT__acc_valid_i) = valid;
         AT(u_pe__DOT__acc_seg_i) = 1;
         d.clock();
       }
     }},
    {"mv_pe.ReductionLegal",
     [](Device& d) {
       AT(u_pe__DOT__red_i) = 1;
       d.clock();
       AT(u_pe__DOT__op_valid_i) = 1;
       d.clock();
     }},
    {"mv_pe.ReductionStays",
     [](Device& d) {
       AT(u_pe__DOT__op_valid_i) = 1;
       d.clock();
       AT(u_pe__DOT__op_valid_i) = 0;
       AT(u_pe__DOT__red_i) = 2;
       d.clock();
     }},
    {"mv_set_ctrl.AdditionsApart",
     [](Device& d) {  // no input can: its registers say that it adds twice
       for (int i = 0; i < 2; ++i) {
         AT(u_set_ctrl__DOT__acc_valid_q) = 1;
         AT(u_set_ctrl__DOT__acc_seg_q) = 1;
         d.clock();
       }
     }},
    {"mv_set_ctrl.EndsHaveRoom",
     [](Device& d) {
       AT(u_set_ctrl__DOT__step_i) = std::uint64_t{1} << (AT(u_set_ctrl__DOT__StepW) - 2);  // close
       AT(u_set_ctrl__DOT__step_valid_i) = 1;
       d.clock(20);
     }},
    {"mv_engine.StartsIdle",
     [](Device& d) {
       AT(u_engine__DOT__start_i) = 1;
       d.clock(2);
     }},
    {"mv_engine.GroupsStay",
     [](Device& d) {
       AT(u_engine__DOT__start_i) = 1;
       d.clock();
       AT(u_engine__DOT__start_i) = 0;
       d.clock();
       AT(u_engine__DOT__groups_log2_i) = 1;
       d.clock();
     }},
    {"mv_engine.RowStays",
     [](Device& d) {
       begin_image(d);
       AT(u_engine__DOT__row_base_i) = 1;
       d.clock();
     }},
    {"mv_engine.AttendStays",
     [](Device& d) {
       begin_image(d);
       AT(u_engine__DOT__attend_i) = 1;
       d.clock();
     }},
    {"mv_engine.ReadsApart",
     [](Device& d) {  // the set's controller says that it reads row 0, for lane 0
       AT(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__busy_q) = 1;
       AT(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__mask_q) = 1;
       AT(u_engine__DOT__a_valid_i) = 1;
       AT(u_engine__DOT__a_all_i) = 1;
       d.clock();
       AT(u_engine__DOT__a_valid_i) = 0;
       d.clock();
     }},
    {"mv_engine.WritersApart",
     [](Device& d) {
       AT(u_engine__DOT__a_all_i) = 3;
       AT(u_engine__DOT__a_valid_i) = 3;
       d.clock();
     }},
    {"mv_sequencer.RunsIdle",
     [](Device& d) {
       AT(u_sequencer__DOT__run_i) = 1;
       d.clock(2);
     }},
    {"mv_sequencer.ArrayKindKnown", [](Device& d) { run_program(d, false, 5); }},
    {"mv_sequencer.VectorKindKnown", [](Device& d) { run_program(d, true, 5); }},
    {"mv_sequencer.ProgramsFit",
     [](Device& d) {
       AT(u_sequencer__DOT__prog_valid_i) = 1;
       AT(u_sequencer__DOT__prog_address_i) = 2;
       d.clock();
     }},
    {"mv_sequencer.ArrayStays", [](Device& d) { change_program(d, false); }},
    {"mv_sequencer.ArrayStays",
     [](Device& d) {  // in the cycle in which it is read
       AT(u_sequencer__DOT__run_i) = 1;
       d.clock();
       AT(u_sequencer__DOT__run_i) = 0;
       AT(u_sequencer__DOT__prog_valid_i) = 1;
       d.clock();
     }},
    {"mv_sequencer.VectorStays", [](Device& d) { change_program(d, true); }},
    {"mv_layer.RunsIdle",
     [](Device& d) {
       AT(u_layer__DOT__start_i) = 1;
       d.clock();
       AT(u_layer__DOT__start_i) = 0;
       AT(u_layer__DOT__run_i) = 1;
       d.clock();
     }},
    {"mv_layer.PortsRest",
     [](Device& d) {
       AT(u_layer__DOT__run_i) = 1;
       d.clock();
       AT(u_layer__DOT__run_i) = 0;
       AT(u_layer__DOT__kv_valid_i) = 1;
       d.clock();
     }},
    {"mv_layer.TileStays",
     [](Device& d) {
       AT(u_layer__DOT__run_i) = 1;
       d.clock();
       AT(u_layer__DOT__run_i) = 0;
       AT(u_layer__DOT__run_base_i) = 1;
       d.clock();
     }},
    {"mv_slice.PassesFollow",
     [](Device& d) {
       begin_pass(d, 0, 64, 0);
       AT(u_slice__DOT__pass_valid_i) = 1;
       d.clock();
     }},
    {"mv_slice.AccessIdle",
     [](Device& d) {
       begin_pass(d, 0, 64, 0);
       AT(u_slice__DOT__v_valid_i) = 1;
       d.clock();
     }},
    {"mv_slice.WaysCount",
     [](Device& d) {  // no input can: the unit's latency is shorter
       begin_pass(d, 0, 64, 0);
       AT(u_slice__DOT__passes_q) = 63;
       d.clock();
     }},
    {"mv_slice.SourceInRange",
     [](Device& d) {
       begin_pass(d, 0, 64, 4);
       d.clock();
     }},
    {"mv_slice.TargetInRange",
     [](Device& d) {
       begin_pass(d, kZero | 1U << 9U, 80, 4);
       d.clock();
     }},
    {"mv_slice.EntryInRange",
     [](Device& d) {
       begin_pass(d, kZero | 1U << 10U, 96, 4);
       d.clock();
     }},
    {"mv_slice.EntryInRange",
     [](Device& d) {  // entry 65535 and index 1: the sum is beyond 16 bits
       put_bits(AT(u_slice__DOT__matrix_i), 5 * 32 + 16, 16, 0xFFFF);
       put_bits(AT(u_slice__DOT__matrix_i), 6 * 32 + 16, 16, 0xFFFF);
       put_bits(AT(u_slice__DOT__matrix_i), 7 * 32 + 6, 1, 1);
       AT(u_slice__DOT__y_index_i) = 1;
       AT(u_slice__DOT__y_valid_i) = 1;
       d.clock();
     }},
    {"mv_slice.TablesFit",
     [](Device& d) {
       AT(u_slice__DOT__table_address_i) = 2;
       AT(u_slice__DOT__table_norm_i) = 1;
       AT(u_slice__DOT__table_valid_i) = 1;
       d.clock();
     }},
    {"mv_slice.EntriesStay",
     [](Device& d) {
       write_late(d, false);
       begin_pass(d, kZero | 1U << 10U, 96, 0);
       d.clock();
     }},
    {"mv_slice.NormsStay",
     [](Device& d) {
       write_late(d, true);
       begin_pass(d, kZero | 7U << 4U, 112, 0);
       d.clock();
     }},
    {"mv_slice.NormInRange",
     [](Device& d) {
       begin_pass(d, kZero | 7U << 4U, 112, 2);
       d.clock();
     }},
    // The distances, each a cycle too short.
    {"mv_vector_unit.MaximumSettled",
     [](Device& d) {
       beat(d, 0, true);
       d.clock(20);
       beat(d, 5);
     }},
    {"mv_vector_unit.SumsSettled",
     [](Device& d) {
       beat(d, 0, false, true);
       d.clock(20);
       beat(d, 8);
     }},
    {"mv_vector_unit.FactorSettled",
     [](Device& d) {
       beat(d, 8);
       d.clock(6);
       beat(d, 6);
     }},
    {"mv_vector_unit.RootSettled",
     [](Device& d) {
       beat(d, 9);
       d.clock(51);
       beat(d, 10);
     }},
    {"mv_vector_unit.VariancesApart",
     [](Device& d) {
       beat(d, 9);
       d.clock(52);
       beat(d, 10);
       d.clock(1);
       beat(d, 9);
     }},
    {"mv_vector_unit.SquaresStill",
     [](Device& d) {
       beat(d, 9);
       d.clock(51);
       beat(d, 0, false, true);
     }},
    {"mv_vector_unit.ChannelsLegal", [](Device& d) { beat(d, 9, false, false, 0); }},
    {"mv_vector_unit.EpsilonLegal", [](Device& d) { beat(d, 9, false, false, 1, 0); }},
    {"mv_vector_unit.NormFinite",
     [](Device& d) {
       AT(u_vector_unit__DOT__gamma_i) = 0x7C00;
       beat(d, 7);
     }},
};

/// As the contracts of mv_vector_unit above, each distance just long enough.
void keep_distances(Device& d) {
  beat(d, 0, true, true);
  d.clock(21);
  beat(d, 5);
  beat(d, 8);
  d.clock(7);
  beat(d, 6);
  beat(d, 9);
  d.clock(52);
  beat(d, 10);
  d.clock(2);
  beat(d, 9);
}

/// What a device prints, in a process of its own, as a failed assertion ends it.
std::string output_of(const std::function<void(Device&)>& stimulus) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    {
      Device device;
      stimulus(device);
    }
    std::fflush(stdout);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

using Names = std::set<std::string>;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// "module.Label" of every assertion in the folder; one whose message does not begin with that name stands as it is.
Names asserted_in(const std::filesystem::path& folder) {
  const std::regex assertion(R"((\w+): assert )");
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator it(text.begin(), text.end(), assertion), end; it != end; ++it) {
      const std::string name = entry.path().stem().string() + "." + (*it)[1].str();
      names.insert(name);
      if (text.find("$error(\"" + name + ": ") == std::string::npos) names.insert(name + " without its message");
    }
  }
  return names;
}

/// Those in the table's rows "| `module` | contract | `Label` |".
Names listed_in(const std::filesystem::path& document) {
  const std::regex row(R"(\| `(mv_\w+)` \|[^\n]*\| `(\w+)` \|)");
  const std::string text = text_of(document);
  Names names;
  for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it)
    names.insert((*it)[1].str() + "." + (*it)[2].str());
  return names;
}

bool same(const Names& found, const Names& expected, const std::string& what) {
  bool good = true;
  for (const std::string& name : expected) {
    if (found.count(name) == 0) fmt::print("{} is missing in {}\n", name, what), good = false;
  }
  for (const std::string& name : found) {
    if (expected.count(name) == 0) fmt::print("{} is only in {}\n", name, what), good = false;
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const bool self_test = argc == 3 && std::string(argv[2]) == "--self-test";
  if (argc != 2 && !self_test) {
    fmt::print(stderr, "usage: tb_contracts ROOT [--self-test]    ROOT holds rtl_templates/ and docs/\n");
    return 2;
  }
  const std::filesystem::path root = argv[1];
  Names broken;
  std::size_t noticed = 0;
  for (const Contract& contract : kContracts) {
    broken.insert(contract.name);
    // The self-test leaves out what breaks the contract: nothing may be noticed then.
    const std::string text = self_test ? output_of([](Device& d) { d.clock(60); }) : output_of(contract.violate);
    const std::size_t first = text.find("Assertion failed");
    const std::size_t line = first == std::string::npos ? first : text.find(": " + contract.name + ":", first);
    const bool right = line != std::string::npos && line < text.find('\n', first);
    noticed += right ? 1 : 0;
    if (!right && !self_test) fmt::print("NOT noticed: {}; printed: {}\n", contract.name, text);
  }
  const Names asserted = asserted_in(root / "rtl_templates");
  if (self_test) {
    Names fewer = asserted;
    fewer.erase(fewer.begin());
    const bool good = noticed == 0 && !same(fewer, asserted, "the list of the self-test") &&
                      !same(asserted, fewer, "the RTL, as it should be");
    fmt::print("tb_contracts self-test: {}\n", good ? "PASS" : "FAIL");
    return good ? 0 : 1;
  }
  const std::string quiet = output_of(keep_distances);
  if (!quiet.empty()) fmt::print("kept distances are refused: {}\n", quiet);
  const bool lists = same(broken, asserted, "tb_contracts") &&
                     same(listed_in(root / "docs/verification.md"), asserted, "docs/verification.md");
  const bool good = noticed == kContracts.size() && lists && quiet.empty();
  fmt::print("tb_contracts: {} of {} violations noticed: {}\n", noticed, kContracts.size(), good ? "PASS" : "FAIL");
  return good ? 0 : 1;
}
