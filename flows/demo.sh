#!/bin/sh
# Prunes the shipped model (and BERT-tiny, where the reference data is), generates the accelerator, packs, verilates and runs
# every layer on the RTL; leaves everything in BUILD/demo and prints one table.
#
#   flows/demo.sh [BUILD]        BUILD: the build folder (default: build)
#   TOKENS, STALL_SEEDS          tokens per matrix (default 256), further runs with random stalls (default 1)
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
bin=$build/bin
demo=$build/demo
accel=$demo/accel_pe64_mixed
tokens=${TOKENS:-256}
stall_seeds=${STALL_SEEDS:-1}
mkdir -p "$demo"

say() { printf '\n== %s\n' "$1"; }

say "accelerator: gen_accel --pe 64 --vec mixed"
"$bin/gen_accel" --pe 64 --vec mixed --out "$accel"
say "simulator: make verilate"
make --no-print-directory -C "$accel" verilate > "$demo/verilate.log" 2>&1 || { tail -n 40 "$demo/verilate.log"; exit 1; }

run_model() {
  name=$1
  folder=$2
  tokens_here=$3
  shift 3
  say "$name: prune_model --pattern mixed --ratio 0.8"
  "$bin/prune_model" --model "$folder" --pattern mixed --ratio 0.8 --out "$demo/$name"
  say "$name: pack_model"
  "$bin/pack_model" --model "$demo/$name" --accel "$accel" --out "$demo/$name.mvp"
  say "$name: tb_layer, every layer on the RTL"
  "$accel/tb_layer" --program "$demo/$name.mvp" --tokens "$tokens_here" --stall-seeds "$stall_seeds" \
    --json "$demo/$name.json"
}

run_model shakespeare-gpt2 models/shakespeare-gpt2 "$tokens"
table="--name shakespeare-gpt2 --prune $demo/shakespeare-gpt2/prune_report.json --bench $demo/shakespeare-gpt2.json"
bert=../shared/data/bert_tiny_sst2
if [ -f "$bert/model.safetensors" ]; then
  run_model bert-tiny "$bert" "$tokens"
  table="$table --name bert-tiny --prune $demo/bert-tiny/prune_report.json --bench $demo/bert-tiny.json"
else
  say "BERT-tiny skipped: $bert is not there"
fi

say "result ($demo/demo.json)"
# shellcheck disable=SC2086  # the table's options are words without blanks
"$bin/demo_table" $table --json "$demo/demo.json"
