#!/bin/bash
# Checks that an illegal parameter of a module stops Verilator, Icarus and Yosys with the reason in their output, and a
# legal one does not. Verilator reads an elaboration-time $fatal, which is no module item for Icarus 11; the others meet an
# instance of a module that does not exist and whose name is the reason, which Verilator refuses in branches not taken.
#
#   verif/check_parameters.sh WORK_FOLDER      exit code 0 good, 1 a check failed, 2 bad usage
set -u
[ $# -eq 1 ] || { sed -n '6s/^#   /usage: /p' "$0" >&2; exit 2; }
work=$1
mkdir -p "$work"
cd "$(dirname "$(realpath "$0")")/../rtl_templates" || exit 2
work=$(realpath "$OLDPWD/$work" 2> /dev/null || realpath "$work")
checked=0 failed=0
sources=$(ls ./*_pkg.sv 2> /dev/null; ls ./*.sv | grep -v _pkg)  # packages first

# run TOOL MODULE NAME=VALUE...: elaborates the module.
# shellcheck disable=SC2046,SC2086  # words without blanks
run() {
  local tool=$1 module=$2 set
  shift 2
  case $tool in
    verilator) verilator --lint-only -I. --top-module "$module" "${@/#/-G}" $(ls ./*_pkg.sv 2> /dev/null) "$module.sv" ;;
    icarus) iverilog -g2012 -t null -s "$module" "${@/#/-P$module.}" -o /dev/null $sources ;;
    yosys)
      set=
      for parameter in "$@"; do set+=" -set ${parameter%=*} ${parameter#*=}"; done
      yosys -q -p "read_verilog -sv $(echo $sources); ${set:+chparam $set $module;} hierarchy -check -top $module" ;;
  esac > "$work/log" 2>&1
}

# check MODULE "LEGAL..." REASON "ILLEGAL...": parameters as NAME=VALUE; those of LEGAL hold for both.
check() {
  local tool
  for tool in verilator icarus yosys; do
    checked=$((checked + 1))
    # shellcheck disable=SC2086
    if ! run $tool "$1" $2; then
      cat "$work/log"
      echo "FAIL: $tool refuses $1 with $2"
      failed=$((failed + 1))
    elif run $tool "$1" $2 $4; then
      echo "FAIL: $tool takes $1 with $4"
      failed=$((failed + 1))
    elif ! tr A-Z a-z < "$work/log" | tr -cs 'a-z0-9\n' _ | grep -q "$1_$3"; then
      cat "$work/log"
      echo "FAIL: $tool does not say $1: $3"
      failed=$((failed + 1))
    fi
  done
}

engine="Sets=2 Positions=1 Lv=2 Lt=2 FullRate=1 Groups=2 Banks=4 Depth=64 Drains=1 KvDepth=64"
check mv_pe "" lv_fullrate Slots=0
check mv_pe "" mulstages MulStages=4
check mv_engine "$engine" banks_must Banks=3
check mv_engine "$engine" depth_must Depth=63
check mv_engine "$engine" portbits_must PortBits=32
check mv_engine "$engine" assoc_must Assoc=3
check mv_engine "$engine" drains_must Drains=3
check mv_vector_lane "" addstages_must AddStages=7
check mv_fp16_mul "" stages_must Stages=4
check mv_vector_unit "" lanes_groups TagW=0
check mv_fp32_add "" cuts_must Cuts=5
check mv_product "" stages_must Stages=4
check mv_slice "" units_must Units=3

# None was forgotten.
checks=$(grep -c "u_illegal ();" ./*.sv | awk -F: '{sum += $2} END {print sum}')
[ "$checks" -eq $((checked / 3)) ] || { echo "FAIL: $checks checks in the RTL, $((checked / 3)) tried"; failed=1; }
echo "parameters: $checked illegal ones tried, $failed wrong"
[ "$failed" -eq 0 ]
