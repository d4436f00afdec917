#!/bin/bash
# Checks that an illegal parameter of a module stops Verilator, Icarus and Yosys with the reason in their output, and a
# legal one does not. Verilator reads an elaboration-time $fatal, which is no module item for Icarus 11; the others meet an
# instance of a module that does not exist and whose name is the reason, which Verilator refuses in branches not taken.
# A reason with !TOOL behind it: that tool stops as well, but at a width or a division by the parameter further down, which
# it meets before the condition. Verilator does so where mv_engine gets a number that its submodules cannot have any width of.
#
#   verif/check_parameters.sh WORK_FOLDER      exit code 0 good, 1 a check failed, 2 bad usage
set -u
[ $# -eq 1 ] || { sed -n 's/^#   verif/usage: verif/p' "$0" >&2; exit 2; }
work=$1
mkdir -p "$work"
cd "$(dirname "$(realpath "$0")")/../rtl_templates" || exit 2
work=$(realpath "$OLDPWD/$work" 2> /dev/null || realpath "$work")
checked=0 failed=0

# sources MODULE...: the files of the packages, then of the modules and what they instantiate.
sources() {
  local found=" $* " grown= module
  while [ "$found" != "$grown" ]; do
    grown=$found
    # shellcheck disable=SC2086
    for module in $(sed -n 's/^ *\(mv_[a-z0-9_]*\) *\(#(\|u_\).*/\1/p' $(printf './%s.sv ' $grown)); do
      [ ! -f "$module.sv" ] || [[ "$found" == *" $module "* ]] || found+="$module "
    done
  done
  # shellcheck disable=SC2086
  echo ./*_pkg.sv $(printf './%s.sv ' $found)
}

# run TOOL MODULE NAME=VALUE...: elaborates the module, whose sources are in $files.
# shellcheck disable=SC2046,SC2086  # words without blanks
run() {
  local tool=$1 module=$2 set
  shift 2
  case $tool in
    verilator) verilator --lint-only -I. --top-module "$module" "${@/#/-G}" $(ls ./*_pkg.sv 2> /dev/null) "$module.sv" ;;
    icarus) iverilog -g2012 -t null -s "$module" "${@/#/-P$module.}" -o /dev/null $files ;;
    yosys)
      set=
      for parameter in "$@"; do set+=" -set ${parameter%=*} ${parameter#*=}"; done
      yosys -q -p "read_verilog -sv $files; ${set:+chparam $set $module;} hierarchy -check -top $module" ;;
  esac > "$work/log" 2>&1
}

# stops MODULE REASON[!TOOL] "PARAMETER...": whether each tool refuses the module, giving the reason (but for TOOL).
stops() {
  local tool reason=${2%!*}
  for tool in verilator icarus yosys; do
    # shellcheck disable=SC2086
    if run $tool "$1" $3; then
      echo "FAIL: $tool takes $1 with $3"
      failed=$((failed + 1))
    elif [ "$2" != "$reason!$tool" ] && ! tr A-Z a-z < "$work/log" | tr -cs 'a-z0-9\n' _ | grep -q "$1_$reason"; then
      cat "$work/log"
      echo "FAIL: $tool does not say $1: $reason with $3"
      failed=$((failed + 1))
    fi
  done
  checked=$((checked + 1))
}

# check MODULE "LEGAL..." REASON "ILLEGAL..." ...: parameters as NAME=VALUE; those of LEGAL, with which all tools must
# take the module, hold beside each ILLEGAL.
check() {
  local module=$1 legal=$2 tool files
  shift 2
  files=$(sources "$module")
  for tool in verilator icarus yosys; do
    # shellcheck disable=SC2086
    if ! run $tool "$module" $legal; then
      cat "$work/log"
      echo "FAIL: $tool refuses $module with $legal"
      failed=$((failed + 1))
    fi
  done
  while [ $# -gt 0 ]; do
    stops "$module" "$1" "$legal $2"
    shift 2
  done
}

# In the order of the conditions in the sources, one line for each.
check mv_pe "" \
  lv_fullrate "Lv=6 FullRate=2" \
  lv_fullrate FullRate=0 \
  lv_fullrate "Lv=8 FullRate=3" \
  lv_fullrate "Lv=2 FullRate=4" \
  lv_fullrate Lt=0 \
  lv_fullrate Slots=0 \
  mulstages MulStages=0 \
  mulstages MulStages=4 \
  mulstages AddStages=1 \
  mulstages AddStages=7
check mv_engine "Sets=2 Positions=1 Lv=2 Lt=2 FullRate=1 Groups=2 Banks=4 Depth=64 Drains=1 KvDepth=64" \
  lv_and_fullrate!verilator Lv=0 \
  lv_and_fullrate Lv=3 \
  lv_and_fullrate!verilator FullRate=0 \
  lv_and_fullrate "Lv=8 FullRate=3" \
  lv_and_fullrate!verilator FullRate=4 \
  positions_and!verilator Positions=0 \
  positions_and!verilator Lt=0 \
  groups_must!verilator Groups=0 \
  groups_must Groups=3 \
  groups_must "Groups=32 Banks=32" \
  substeps_must!verilator SubSteps=0 \
  substeps_must SubSteps=3 \
  sets_must Sets=0 \
  banks_must "Sets=6" \
  banks_must "Groups=8" \
  banks_must Banks=3 \
  depth_must Depth=0 \
  depth_must Depth=63 \
  depth_must Depth=65538 \
  kvdepth_must KvDepth=0 \
  kvdepth_must KvDepth=65537 \
  portbits_must PortBits=96 \
  portbits_must "PortBits=64 Lv=8" \
  portbits_must PortBits=32 \
  fifobeats_must FifoBeats=1 \
  assoc_must!verilator Assoc=0 \
  assoc_must Assoc=3 \
  drains_must Drains=0 \
  drains_must Drains=3 \
  writers_must Writers=0
check mv_decompressor "" \
  lv_and_fullrate Lv=0 \
  lv_and_fullrate "Lv=6 FullRate=2" \
  lv_and_fullrate FullRate=0 \
  lv_and_fullrate FullRate=3 \
  lv_and_fullrate FullRate=16 \
  lv_fullrate_must "Lv=64 FullRate=1" \
  portbits_must PortBits=0 \
  portbits_must PortBits=96 \
  substeps_must!verilator SubSteps=0 \
  substeps_must SubSteps=3
check mv_vector_lane "" \
  addstages_must AddStages=1 \
  addstages_must AddStages=7
check mv_fp16_mul "" \
  stages_must Stages=0 \
  stages_must Stages=4
check mv_vector_unit "Lanes=2" \
  lanes_groups Lanes=0 \
  lanes_groups Groups=0 \
  lanes_groups TagW=0 \
  lanes_groups PosW=0
check mv_fp32_add "" \
  cuts_must!yosys Cuts=-1 \
  cuts_must Cuts=5
check mv_product "" \
  stages_must Stages=0 \
  stages_must Stages=4 \
  stages_must "LeftW=10 RightW=10" \
  stages_must "LeftW=30 RightW=1"
check mv_fifo "" \
  depth_must Depth=0
check mv_place "" \
  places_must "Places=0 Wide=1" \
  places_must Wide=0 \
  places_must Wide=3
check mv_merge "" \
  h_must H=0 \
  h_must H=3
check mv_sequencer "" \
  depth_must Depth=0 \
  depth_must Depth=65537
check mv_slice "Tokens=8" \
  units_must Units=0 \
  units_must "Units=3 Groups=3" \
  units_must Units=8 \
  rows_must Rows=0 \
  rows_must Rows=65537 \
  rows_must Tables=1 \
  rows_must Tables=65537

# No parameter makes the widths of an attention job or of a step differ: one of the two is changed in a copy.
check mv_attend ""
check mv_set_ctrl "RowW=9"
cp ./*.sv "$work"
cd "$work" || exit 2
sed -i -e 's/job_width = 2 +/job_width = 3 +/' -e 's/step_width = 3 +/step_width = 4 +/' mv_pkg.sv
files=$(sources mv_attend)
stops mv_attend job_width ""
files=$(sources mv_set_ctrl)
stops mv_set_ctrl step_width ""
cd - > /dev/null || exit 2

# None was forgotten: the conditions of a module that stops are one, and one for each || between them.
conditions=$(awk '/^  if \(/ {text = ""} {text = text $0} /begin : g_(bad_[a-z_]*|illegal)$/ {sum += gsub(/\|\|/, "", text) + 1; text = ""}
  END {print sum}' ./*.sv)
[ "$conditions" -eq "$checked" ] || { echo "FAIL: $conditions conditions in the RTL, $checked tried"; failed=1; }
echo "parameters: $checked illegal ones tried in three tools, $failed wrong"
[ "$failed" -eq 0 ]
