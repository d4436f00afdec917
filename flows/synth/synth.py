"""Runs Yosys and OpenSTA for run_synth and prints the table; see run_synth --help."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBERTY = ROOT.parent / "shared" / "data" / "liberty"
ASAP7 = ["SIMPLE_RVT_SS_nldm_211120", "INVBUF_RVT_SS_nldm_220122", "AO_RVT_SS_nldm_211120",
         "OA_RVT_SS_nldm_211120", "SEQ_RVT_SS_nldm_220123"]
# The module whose area is reported apart.
FILE_MODULE = "mv_acc_file"
# Modules that stay modules, so that each is synthesized once and not once per instance.
KEPT = ["mv_pe", "mv_pe_lane", FILE_MODULE]


def fail(message, code=2):
    print(f"run_synth: {message}", file=sys.stderr)
    sys.exit(code)


class Library:
    """A cell library: Liberty files for OpenSTA, one for Yosys, and what ABC must know of drive and load."""

    def __init__(self, name, work):
        self.clock_gate = None
        # Nanoseconds of a register's delay and setup.
        self.overhead = 0.0
        if name == "asap7":
            self.sta = [self._unzip(LIBERTY / f"asap7sc7p5t_{part}.lib.gz", work) for part in ASAP7]
            self.yosys = self._join(self.sta, work / "asap7.lib")
            self.time_unit_ns = 1e-3
            self.driver, self.load = "BUFx4_ASAP7_75t_R", 2.0
            self.buffer = ("BUFx8_ASAP7_75t_R", "A", "Y")
            self.tie = ("TIEHIx1_ASAP7_75t_R H", "TIELOx1_ASAP7_75t_R L")
            self.clock_gate = ("ICGx1_ASAP7_75t_R", "GCLK", "ENA", "CLK", "SE")
            self.period, self.overhead = 2.0, 0.18
            self.area_unit, self.title = "um2", "ASAP7 RVT, SS 0.63 V 100 C"
        elif name == "osu018":
            path = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
            if not path.exists():
                fail(f"--lib osu018: {path} is missing; install qflow-tech-osu018")
            self.sta, self.yosys = [path], path
            self.time_unit_ns = 1.0
            self.driver, self.load = "BUFX4", 0.02
            self.buffer = ("BUFX4", "A", "Y")
            self.tie = None
            self.period, self.overhead = 8.0, 0.6
            self.area_unit, self.title = "um2", "OSU 0.18 um, typical 1.8 V 25 C"
        elif name == "sg13g2":
            path = LIBERTY / "sg13g2_stdcell_typ_1p20V_25C.lib"
            if not path.exists():
                fail(f"--lib sg13g2: {path} is missing")
            self.sta, self.yosys = [path], path
            self.time_unit_ns = 1.0
            self.driver, self.load = "sg13g2_buf_4", 0.01
            self.buffer = ("sg13g2_buf_4", "A", "X")
            self.tie = ("sg13g2_tiehi L_HI", "sg13g2_tielo L_LO")
            self.period, self.overhead = 5.0, 0.4
            self.area_unit, self.title = "um2", "IHP sg13g2, typical 1.2 V 25 C"
        else:
            path = Path(name)
            if not path.exists():
                fail(f"--lib: found '{name}', expected osu018, asap7, sg13g2 or a Liberty file")
            text = path.read_text(errors="replace")
            unit = re.search(r'time_unit\s*:\s*"1(ps|ns)"', text)
            if not unit:
                fail(f"--lib {name}: field time_unit is not 1ps or 1ns")
            self.time_unit_ns = 1e-3 if unit.group(1) == "ps" else 1.0
            self.sta, self.yosys = [path], path
            self.driver, self.load, self.tie, self.buffer = None, None, None, None
            self.period = 20.0
            self.area_unit, self.title = "units", path.name

    @staticmethod
    def _unzip(path, work):
        if not path.exists():
            fail(f"--lib asap7: {path} is missing")
        target = work / path.name[:-3]
        if not target.exists():
            target.write_bytes(gzip.decompress(path.read_bytes()))
        return target

    @staticmethod
    def _join(paths, target):
        """ABC reads one Liberty file: the cells of all under the header of the first."""
        if not target.exists():
            cells = []
            for path in paths:
                text = path.read_text()
                start = text.index("\n  cell (")
                cells.append((text[:start], text[start:text.rindex("}")]))
            # Lookup-table templates differ between the parts: each header's templates are kept.
            header = cells[0][0]
            known = set(re.findall(r"lu_table_template \((\S+)\)", header))
            for other, _ in cells[1:]:
                for match in re.finditer(r"\n  lu_table_template \((\S+)\) \{.*?\n  \}", other, re.S):
                    if match.group(1) not in known:
                        known.add(match.group(1))
                        header += match.group(0)
            target.write_text(header + "".join(body for _, body in cells) + "\n}\n")
        return target


def run(command, log, cwd):
    with open(log, "w") as stream:
        code = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, cwd=cwd).returncode
    if code != 0:
        print(Path(log).read_text()[-2000:], file=sys.stderr)
        fail(f"{command[0]} failed, see {log}", 1)


def gate_map(cell):
    """Techmap: a word register with enable becomes a clock gate and a register without."""
    name, gated, enable, clock, scan = cell
    return f"""(* techmap_celltype = "$dffe" *)
module mixvec_gate (CLK, EN, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  parameter EN_POLARITY = 1;
  input CLK, EN;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  // A gate for less than four bits costs more than it saves.
  wire _TECHMAP_FAIL_ = WIDTH < 4 || !CLK_POLARITY;
  wire gated;
  {name} gate (.{gated}(gated), .{enable}(EN_POLARITY ? EN : ~EN), .{clock}(CLK), .{scan}(1'b0));
  \\$dff #(.WIDTH(WIDTH), .CLK_POLARITY(1)) register (.CLK(gated), .D(D), .Q(Q));
endmodule
"""


def wrapper(top, rtl, params, work):
    """A top without parameters around the module (Yosys 0.23 crashes on chparam of parameters derived from others)."""
    if not params:
        return top
    text = (rtl / f"{top}.sv").read_text()
    known = re.findall(r"parameter int (\w+)", text)
    for name, _ in params:
        if name not in known:
            fail(f"--param: {top} has no parameter '{name}' (it has {', '.join(known)})")
    # Fix the parameters in the source itself: a wrapper would need the widths of the ports.
    for name, value in params:
        text = re.sub(rf"(parameter int {name}\s*=)[^,\n)]*", rf"\g<1> {value}", text)
    (work / f"{top}.sv").write_text(text)
    return top


def synthesize(top, library, period, out, rtl, flatten, gating, params):
    wrapper(top, rtl, params, out)
    sources = [out / f"{top}.sv" if params else rtl / f"{top}.sv"]
    # Only what the module needs.
    seen, queue = {top}, [sources[0]]
    while queue:
        for name in re.findall(r"^\s*(mv_\w+)\s+(?:#\(|u_)", queue.pop().read_text(), re.M):
            if name not in seen:
                seen.add(name)
                path = rtl / f"{name}.sv"
                if not path.exists():
                    fail(f"no source {path}")
                sources.append(path)
                queue.append(path)
    script = [f"read_verilog -sv {' '.join(str(s) for s in sources)}", f"hierarchy -check -top {top}"]
    kept = [] if flatten else [m for m in KEPT if m in seen]
    for module in kept:
        script.append(f"setattr -mod -set keep_hierarchy 1 {module} $paramod*\\{module} $paramod*\\{module}\\*")
    script += ["proc", "flatten", "opt", "wreduce", "peepopt", "opt_clean", "alumacc", "share", "opt",
               "memory -nomap", "memory_map", "opt -full"]
    if gating and library.clock_gate:
        (out / "gate.v").write_text(gate_map(library.clock_gate))
        script += ["opt_dff", f"techmap -map {out / 'gate.v'}", "opt_merge", "opt_clean"]
    script += ["techmap", "opt -fast", "opt_merge", "opt_clean", f"dfflibmap -liberty {library.yosys}",
               "opt_clean"]
    abc = f"abc -liberty {library.yosys}"
    # ABC sees logic only: take off the registers' delay and setup.
    delay = int((period - library.overhead) * 1000)
    if library.driver:
        constraint = out / "abc.constr"
        constraint.write_text(f"set_driving_cell {library.driver}\nset_load {library.load} [all_outputs]\n")
        recipe = out / "abc.script"
        # Delay first: area recovery before mapping (dc2, &nf) turns prefix adders into ripple carries.
        recipe.write_text(f"strash\nifraig\nscorr\nif -g -K 6\nstrash\ndch -f\nmap -B 0.9 -D {delay}\ntopo\nbuffer -c -N 12\ntopo\n"
                          f"upsize -D {delay}\ndnsize -D {delay}\nstime -p\n")
        abc += f" -D {delay} -constr {constraint} -script {recipe}"
    script += [abc]
    if library.tie:
        script.append(f"hilomap -hicell {library.tie[0]} -locell {library.tie[1]}")
    script += ["setundef -zero", "opt_clean -purge", "splitnets", "opt_clean -purge", f"write_json {out / 'mapped.json'}"]
    (out / "synth.ys").write_text("\n".join(script) + "\n")
    run(["yosys", "-s", str(out / "synth.ys")], out / "yosys.log", out)
    write_netlist(library, out)


def write_netlist(library, out):
    """Buffers the mapped design and writes netlist.v."""
    design = json.loads((out / "mapped.json").read_text())
    if library.buffer:
        for module in design["modules"].values():
            buffer_submodules(module, design["modules"], library.buffer)
    (out / "buffered.json").write_text(json.dumps(design))
    (out / "write.ys").write_text(f"read_json {out / 'buffered.json'}\n"
                                  f"write_verilog -noattr -noexpr {out / 'netlist.v'}\n")
    run(["yosys", "-s", str(out / "write.ys")], out / "write.log", out)


def buffer_submodules(module, modules, buffer, limit=8):
    """ABC sees one load where a net enters a submodule, and no net that only passes registers: buffer both here.

    A net to several submodules, or to one that spreads it widely, gets a tree of buffers.
    """
    sinks, weight = {}, {}
    spread = {}

    def inner(kind):
        """Loads of each net inside a submodule."""
        if kind not in spread:
            loads = spread[kind] = {}
            for cell in modules[kind]["cells"].values():
                for bits in cell["connections"].values():
                    for bit in bits:
                        loads[bit] = loads.get(bit, 0) + 1
        return spread[kind]

    for cell in module["cells"].values():
        child = modules.get(cell["type"])
        if child is None:
            continue
        for port, bits in cell["connections"].items():
            # Clocks and resets are ideal before layout.
            if port in ("clk_i", "rst_ni") or child["ports"][port]["direction"] != "input":
                continue
            for index, bit in enumerate(bits):
                if isinstance(bit, int):
                    sinks.setdefault(bit, []).append((bits, index))
                    inside = modules[cell["type"]]["ports"][port]["bits"][index]
                    weight[bit] = weight.get(bit, 0) + inner(cell["type"]).get(inside, 0)
    name, data, out_pin = buffer
    highest = max((b for n in module["netnames"].values() for b in n["bits"] if isinstance(b, int)), default=1)

    def insert(source):
        nonlocal highest
        highest += 1
        label = f"fanout_{highest}"
        module["cells"][label] = {
            "hide_name": 0, "type": name, "parameters": {}, "attributes": {},
            "port_directions": {data: "input", out_pin: "output"},
            "connections": {data: [source], out_pin: [highest]}}
        module["netnames"][label + "_net"] = {"hide_name": 0, "bits": [highest], "attributes": {}}
        return module["cells"][label]["connections"], highest

    for bit, places in sinks.items():
        if len(places) < 2 and weight[bit] <= limit:
            continue
        # From the leaves up, until one buffer is left for the driver.
        while True:
            above = []
            for start in range(0, len(places), limit):
                connections, net = insert(bit)
                for bits, index in places[start:start + limit]:
                    bits[index] = net
                above.append((connections[data], 0))
            places = above
            if len(places) == 1:
                break


def cell_areas(paths):
    """Area of each cell of some Liberty files."""
    found = {}
    for path in paths:
        name = None
        for line in path.read_text(errors="replace").splitlines():
            match = re.match(r'\s*(cell|area)\s*[(:]\s*"?([^")\s;]+)', line)
            if match and match.group(1) == "cell":
                name = match.group(2)
            elif match and name and name not in found:
                found[name] = float(match.group(2))
    return found


def areas(out, top, library):
    """(cells, area, area of accumulator files), counted over the hierarchy."""
    sizes = cell_areas(library.sta)
    modules, current = {}, None
    for line in (out / "netlist.v").read_text().splitlines():
        match = re.match(r"module (\S+?)\s*\(", line)
        if match:
            current = modules.setdefault(match.group(1).lstrip("\\"), {})
            continue
        match = re.match(r"  (\S+) +(?:\\\S+ |\w+) *\($", line)
        if match and current is not None:
            kind = match.group(1).lstrip("\\")
            current[kind] = current.get(kind, 0) + 1

    def total(name):
        cells, area, files = 0, 0.0, 0.0
        for kind, count in modules[name].items():
            if kind in modules:
                c, a, f = total(kind)
                cells, area, files = cells + c * count, area + a * count, files + f * count
            else:
                if kind not in sizes:
                    fail(f"cell {kind} in {name} is not in the library: it was not mapped", 1)
                cells, area = cells + count, area + sizes[kind] * count
        if FILE_MODULE in name:
            files = area
        return cells, area, files

    return total(top)


def timing(top, library, period, out):
    unit = library.time_unit_ns
    script = [f"read_liberty {path}" for path in library.sta]
    script += [f"read_verilog {out / 'netlist.v'}", f"link_design {top}",
               "set clock_port [get_ports -quiet clk_i]",
               f"create_clock -name clk -period {period / unit:g} $clock_port",
               "set inputs [list]",
               "foreach p [all_inputs] { if {[get_name $p] != \"clk_i\"} { lappend inputs $p } }",
               "set_input_delay 0 -clock clk $inputs", "set_output_delay 0 -clock clk [all_outputs]",
               "set_false_path -from [get_ports -quiet rst_ni]", "puts \"SLACK [worst_slack -max]\"", "report_checks -path_delay max -format full_clock -digits 4",
               "report_checks -path_delay max -fields {slew cap} -digits 3 -group_count 5", "exit"]
    (out / "sta.tcl").write_text("\n".join(script) + "\n")
    run(["sta", "-no_splash", "-exit", str(out / "sta.tcl")], out / "sta.log", out)
    log = (out / "sta.log").read_text()
    slack = re.search(r"SLACK (-?[\d.eE+-]+)", log)
    start = re.search(r"Startpoint: (\S+)", log)
    end = re.search(r"Endpoint: (\S+)", log)
    if not slack or not start:
        fail(f"OpenSTA found no path, see {out / 'sta.log'}", 1)
    # worst_slack is in seconds or in the library's unit, depending on the version.
    value = float(slack.group(1))
    value = value * 1e9 if abs(value) < 1e-5 else value * unit
    return value, start.group(1), end.group(1)


def main():
    top, lib, period, out, rtl, flatten, gating = sys.argv[1:8]
    params = [tuple(p.split("=")) for p in sys.argv[8:]]
    out, rtl = Path(out), Path(rtl).resolve()
    library = Library(lib, out)
    period = float(period) if period else library.period
    synthesize(top, library, period, out, rtl, flatten == "1", gating == "1", params)
    cells, area, files = areas(out, top, library)
    slack, start, end = timing(top, library, period, out)
    fmax = 1000.0 / (period - slack)
    result = {"top": top, "library": library.title, "parameters": dict(params), "cells": cells, "area": area,
              "area_files": files, "area_rest": area - files, "period_ns": period, "slack_ns": slack,
              "fmax_mhz": fmax, "path_start": start, "path_end": end}
    (out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    name = top + (" (" + ", ".join("=".join(p) for p in params) + ")" if params else "")
    print(f"{name} in {library.title}, before layout")
    for label, value in [("cells", f"{cells}"), ("area, total", f"{area:.0f} {library.area_unit}"),
                         ("  accumulator files", f"{files:.0f} {library.area_unit}"),
                         ("  rest", f"{area - files:.0f} {library.area_unit}"),
                         ("worst slack", f"{slack:.3f} ns at {period:g} ns"), ("fmax", f"{fmax:.0f} MHz"),
                         ("path from", start), ("path to", end)]:
        print(f"  {label:<20} {value}")


if __name__ == "__main__":
    main()
