#!/bin/bash
# The demo: takes the shipped model and what is left of it after pruning, measures what that gains and what it costs,
# generates the accelerator, and runs every matrix and whole layers on its RTL. Builds what it needs; first the answer of the cycle model, then that of the RTL.
#
#   flows/demo.sh [--quick] [BUILD]   BUILD: the build folder (default: build); results in BUILD/demo
#   --quick                           16 PEs x 16 lanes and one layer: results in BUILD/quickstart
#   TOKENS                            tokens per matrix and layer (256, quick: 64)
#   STALL_SEEDS                       further runs of the matrices with random stalls (0, quick: 1)
#   LAYERS                            whole layers that run (1)
#   BERT                              a folder with BERT-tiny, to run it as well (default: ../shared/data/bert_tiny_sst2)
#   JOBS                              how many compilers run at once (default: all processors)
set -eu
cd "$(dirname "$0")/.."
quick=
[ "${1:-}" = --quick ] && { quick=yes; shift; }
build=${1:-build}
bin=$build/bin
jobs=${JOBS:-$(nproc)}
if [ -n "$quick" ]; then
  demo=$build/quickstart size="--pe 16 --lanes 16" name=accel_pe16_lanes16_mixed
  tokens=${TOKENS:-64} windows=16 layer="--layer 0" stall_seeds=${STALL_SEEDS:-1}
else
  demo=$build/demo size="--pe 64" name=accel_pe64_mixed
  tokens=${TOKENS:-256} windows=64 layer= stall_seeds=${STALL_SEEDS:-0}
fi
accel=$demo/$name
layers=${LAYERS:-1}
text=models/shakespeare.txt
mkdir -p "$demo"
# What an earlier run said of the RTL is not what this one says.
rm -rf "$demo/reports"

say() { printf '\n== %s\n' "$1"; }
# Runs a program whose report is a file; what it prints is kept beside it, and shown if it fails.
quietly() {
  local log=$1
  shift
  "$@" > "$log" || { local code=$?; cat "$log"; echo "failed: $*"; exit $code; }
}

programs="gen_accel prune_model pack_model sim_accel eval_model demo_table"
say "1. Build the programs"
# shellcheck disable=SC2086  # words without blanks
JOBS=$jobs flows/build.sh "$build" $programs

say "2. Generate the accelerator: gen_accel $size --vec mixed"
# shellcheck disable=SC2086
quietly "$demo/gen_accel.log" "$bin/gen_accel" $size --vec mixed --out "$accel"
echo "wrote $accel"

table=()
# measure NAME DENSE PRUNED LAYERS: packs a pruned model, and asks the cycle model. Its report is there.
measure() {
  local model=$2 pruned=$3 reports=$demo/reports/$1
  quietly "$reports/pack.log" "$bin/pack_model" --model "$pruned" --accel "$accel" $layer --out "$demo/$1.mvp"
  echo "wrote $demo/$1.mvp"
  quietly "$reports/dense.log" "$bin/sim_accel" --arch dense --model "$model" --accel "$accel" $layer \
    --tokens "$tokens" --json "$reports/dense.json"
  quietly "$reports/pruned.log" "$bin/sim_accel" --model "$pruned" --accel "$accel" $layer \
    --tokens "$tokens" --json "$reports/pruned.json"
  quietly "$reports/dense_whole.log" "$bin/sim_accel" --whole --model "$model" --layers "$4" --accel "$accel" \
    --tokens "$tokens" --json "$reports/dense_whole.json"
  quietly "$reports/pruned_whole.log" "$bin/sim_accel" --whole --model "$pruned" --layers "$4" --accel "$accel" \
    --tokens "$tokens" --json "$reports/pruned_whole.json"
  table+=(--name "$1" --reports "$reports")
}

# trained NAME DENSE PRUNED LAYERS: a model that train_model has pruned.
trained() {
  say "3. $3: $1, 80 % pruned by train_model --prune mixed --ratio 0.8"
  mkdir -p "$demo/reports/$1"
  cp "$3/train_report.json" "$demo/reports/$1/prune.json"
  measure "$@"
}

# prune NAME DENSE LAYERS: prunes a model.
prune() {
  say "3. Prune 80 % of $1: prune_model --pattern mixed --ratio 0.8"
  mkdir -p "$demo/reports/$1"
  quietly "$demo/reports/$1/prune.log" "$bin/prune_model" --model "$2" --pattern mixed --ratio 0.8 --out "$demo/$1" \
    --json "$demo/reports/$1/prune.json"
  echo "wrote $demo/$1 (with pictures of the masks)"
  measure "$1" "$2" "$demo/$1" "$3"
}

# perplexity NAME DENSE PRUNED: of a model of characters, before and after.
perplexity() {
  local reports=$demo/reports/$1
  say "4. Perplexity of $1 before and after, in the accelerator's arithmetic: eval_model"
  quietly "$reports/dense_text.log" "$bin/eval_model" --model "$2" --text $text --limit $windows --threads "$jobs" \
    --json "$reports/dense_text.json"
  quietly "$reports/pruned_text.log" "$bin/eval_model" --model "$3" --text $text --limit $windows --threads "$jobs" \
    --json "$reports/pruned_text.json"
}

# simulate NAME PRUNED LAYERS: every matrix, and whole layers, on the RTL.
simulate() {
  local reports=$demo/reports/$1
  say "6. Run $1 on the RTL and compare every value with golden: tb_layer"
  quietly "$reports/matrices.log" "$accel/tb_layer" --program "$demo/$1.mvp" --model "$2" --tokens "$tokens" \
    --stall-seeds "$stall_seeds" --json "$reports/matrices.json"
  quietly "$reports/layers.log" "$accel/tb_layer" --part layer --model "$2" --layers "$3" --tokens "$tokens" \
    --json "$reports/layers.json"
}

dense=models/shakespeare-gpt2 pruned=models/shakespeare-gpt2-mixed80
trained shakespeare-gpt2 $dense $pruned $layers
perplexity shakespeare-gpt2 $dense $pruned
bert=
if [ -z "$quick" ]; then
  bert=${BERT:-../shared/data/bert_tiny_sst2}
  # It is no part of the project: made from https://github.com/narger-ef/FHE-BERT-Tiny
  if [ -f "$bert/model.safetensors" ]; then prune bert-tiny "$bert" $((layers < 2 ? layers : 2)); else bert=; fi
fi
say "First answer, of the cycle model; the RTL follows"
"$bin/demo_table" "${table[@]}"

say "5. Build the simulator of the RTL: make verilate"
# The libraries are built of the same sources as those in the accelerator's folder. Its runs take less than what more effort
# to compile the model would.
lib=$(realpath --relative-to="$accel" "$build")
started=$SECONDS
verilate() {
  make --no-print-directory -C "$accel" verilate JOBS="$jobs" programs=tb_layer QUICK=1 \
    LIBRARIES="$lib/sim/libmixvec_sim.a $lib/generator/libmixvec_generator.a $lib/golden/libmixvec_golden.a"
}
# Its steps are for a terminal.
if [ -t 1 ]; then verilate; else verilate > "$demo/verilate.log" 2>&1 || { tail -n 40 "$demo/verilate.log"; exit 1; }; fi
echo "built $accel/tb_layer in $((SECONDS - started)) s"

simulate shakespeare-gpt2 $pruned $layers
[ -z "$bert" ] || simulate bert-tiny "$demo/bert-tiny" $((layers < 2 ? layers : 2))
code=0
"$bin/demo_table" "${table[@]}" --json "$demo/demo.json" || code=$?
echo
echo "wrote $demo/reports, $accel"
echo "took $SECONDS s"
exit $code
