#!/bin/bash
# Generates one accelerator, lints it, builds its benches and runs them with their self-tests.
#
#   verif/run_config.sh [--cases N] [--seed N] [--stall-seeds N] [--hidden N] [--tokens N] FOLDER [gen_accel options]
#   verif/run_config.sh --date YYYYMMDD FOLDER      a small configuration, programs and stalls drawn from the date
#
# GEN_ACCEL names the generator (default build/bin/gen_accel), JOBS how many compilers run at once (default 1).
# The accelerator goes to FOLDER/accel, logs and results beside it. Quiet where all is well, but for a line per bench;
# exit code 0 good, 1 a check failed, 2 bad usage.
set -u

usage() { sed -n '4,5s/^#   /usage: /p' "$0" >&2; exit 2; }

here=$(dirname "$(realpath "$0")")
gen_accel=$(realpath "${GEN_ACCEL:-build/bin/gen_accel}")
jobs=${JOBS:-1}
cases=100 seed=1 stall_seeds=2 hidden=32 tokens=13 date=
while [ $# -gt 0 ]; do
  case $1 in
    --cases) cases=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --stall-seeds) stall_seeds=$2; shift 2 ;;
    --hidden) hidden=$2; shift 2 ;;
    --tokens) tokens=$2; shift 2 ;;
    --date) date=$2; shift 2 ;;
    -*) usage ;;
    *) break ;;
  esac
done
[ $# -ge 1 ] || usage
folder=$1
shift
options=("$@")

# Numbers from the date: the same day draws the same ones everywhere.
draw() {
  state=$(((state * 6364136223846793005 + 1442695040888963407) & 0x7FFFFFFFFFFFFFFF))
  local index=$(((state >> 33) % $# + 1))
  drawn=${!index}
}

if [ -n "$date" ]; then
  [[ $date =~ ^[0-9]{8}$ ]] || { echo "--date $date: expected YYYYMMDD" >&2; exit 2; }
  state=$date
  seed=$date
  # A drawn combination may be illegal (say, a full-rate length beyond the lanes): draw the next one then.
  for attempt in {1..50}; do
    options=(--depth 512)
    for choice in "--pe 1 2 3 4 5 6 8 12" "--lanes 1 2 4 8 16 32 64" "--vec mixed mixed row column 1 2 4 8" \
      "--substeps 1 2 4" "--groups 1 2 4 8 16" "--port-bits 64 128 256 512" "--mul-stages 1 2 3" \
      "--add-stages 2 3 4 5 6" "--fifo-beats 2 3 4 7" "--assoc 1 2 4" "--drains 1 2 4" "--full-rate 1 2 4 8" \
      "--vector-units 1 2 4 8" "--kv-depth 96 200 777" "--vector-rows 500 700 3072"; do
      set -- $choice
      name=$1
      shift
      draw "$@"
      options+=("$name" "$drawn")
    done
    "$gen_accel" "${options[@]}" --out "$folder/accel" > /dev/null 2>&1 && break
    [ "$attempt" -lt 50 ] || { echo "date $date: no legal configuration in 50 draws" >&2; exit 1; }
  done
  echo "date $date draws: ${options[*]}"
fi

reproduce() {
  echo "reproduce: GEN_ACCEL=$gen_accel $here/run_config.sh --cases $cases --seed $seed --stall-seeds $stall_seeds" \
    "--hidden $hidden --tokens $tokens $folder ${options[*]}"
}

# step LABEL COMMAND...: shows the output only if the command fails.
step() {
  local label=$1 start=$SECONDS
  shift
  if ! "$@" > "$folder/$label.log" 2>&1; then
    cat "$folder/$label.log"
    echo "FAIL: $label of ${options[*]}"
    reproduce
    exit 1
  fi
  times+=" $label $((SECONDS - start)) s"
}

# figures FILE: whether the top level of tb_layer's JSON holds all that scripts read, as numbers where it is one.
figures() {
  local name
  for name in mismatches outputs_checked tokens cycles macs utilization bound bytes_moved port_bits seed; do
    grep -q "^  \"$name\": [0-9]" "$1" || { echo "$1: expected a number \"$name\" at the top level"; return 1; }
  done
  grep -q "^  \"passed\": true" "$1" && grep -q "^  \"config_hash\": \"0x" "$1" && grep -q "^  \"figures_of\": \"$2\"" "$1" ||
    { echo "$1: expected passed, config_hash and figures_of $2 at the top level"; return 1; }
}

times=
mkdir -p "$folder"
folder=$(realpath "$folder")
step gen_accel "$gen_accel" "${options[@]}" --out "$folder/accel"
cd "$folder/accel" || exit 2
step lint make lint
step verilate make verilate JOBS="$jobs"
step options "$here/check_options.sh" .
step tb_engine ./tb_engine --cases "$cases" --seed "$seed" --json "$folder/tb_engine.json"
step tb_engine_self_test ./tb_engine --self-test
step tb_attention ./tb_attention --cases "$cases" --seed "$seed" --json "$folder/tb_attention.json"
step tb_attention_self_test ./tb_attention --self-test
# Random layers take longer than random matrices.
step tb_layer ./tb_layer --hidden "$hidden" --tokens "$tokens" --seed "$seed" --stall-seeds "$stall_seeds" \
  --cases $((cases / 10)) \
  --json "$folder/tb_layer.json"
step tb_layer_figures figures "$folder/tb_layer.json" matrices
if ! grep -q left_out "$folder/tb_layer.json"; then
  step tb_layer_alone ./tb_layer --part layer --hidden "$hidden" --tokens 1 --json "$folder/tb_layer_alone.json"
  step tb_layer_alone_figures figures "$folder/tb_layer_alone.json" layer
fi
step tb_layer_self_test ./tb_layer --hidden "$hidden" --self-test
tail -q -n 1 "$folder/tb_engine.log" "$folder/tb_attention.log" "$folder/tb_layer.log"
echo "passed:$times"
