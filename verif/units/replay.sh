#!/bin/sh
# Replays in Icarus, with four states, what a unit bench has recorded with Verilator's two, then two faults in each output
# that must be found: a bit that differs, and an X.
#
#   verif/units/replay.sh FOLDER     FOLDER holds record.txt, replay.sv and sources.txt, the modules; replay.log comes there
# IVERILOG and VVP name the tools. Exit code 0: equal, all faults found; 1: a check failed, or a tool; 2: bad usage.
set -eu
[ $# -eq 1 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
known=$(cd "$(dirname "$0")/known" && pwd)
cd "$1"
iverilog=${IVERILOG:-iverilog}
vvp=${VVP:-vvp}
for file in record.txt replay.sv sources.txt; do
  [ -s "$file" ] || { echo "$1/$file: found no such file or nothing in it, expected what the makefile writes" >&2; exit 2; }
done

fail() {
  tail -n 40 "$1" >&2
  echo "FAIL: $2" >&2
  exit 1
}

# Icarus 11 runs all always_comb blocks again whatever changes (steveicarus/iverilog#508), 100 times as slowly and for ever
# where one pulses: it reads them as always @*.
while read -r source; do sed 's/always_comb/always @*/' "$source"; done < sources.txt > four_state.sv
"$iverilog" -g2012 -s replay -I "$known" -o replay.vvp replay.sv four_state.sv > build.log 2>&1 || fail build.log "$iverilog"
"$vvp" -n replay.vvp +record=record.txt > replay.log 2>&1 || fail replay.log "$vvp, see $PWD/replay.log"
result=$(grep '^[1-9][0-9]* cycles, [1-9][0-9]* outputs compared, 0 mismatches, ' replay.log) ||
  fail replay.log "$vvp ended before it had compared all, see $PWD/replay.log"
outputs=$(grep -c '_faulty;' replay.sv)
for fault in 1 2; do
  code=0
  "$vvp" -n replay.vvp +record=record.txt +fault=$fault > fault$fault.log 2>&1 || code=$?
  { [ $code -eq 1 ] && grep -q " outputs compared, $outputs mismatches" fault$fault.log; } ||
    fail fault$fault.log "a fault in each output ($fault) was not found (exit code $code of $vvp, expected 1)"
done
echo "$result; a fault in each of $outputs outputs was found, a bit and an X"
