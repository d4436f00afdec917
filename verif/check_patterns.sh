#!/bin/sh
# Prunes a model in every pattern by every importance, and runs a layer of each on a small accelerator, bit for bit.
#
#   verif/check_patterns.sh FOLDER     BIN: the programs (default build/bin), JOBS: compilers at once (1)
# A line for each pattern; exit code 0 good, 1 a check failed, 2 bad usage.
set -eu
[ $# -eq 1 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
bin=$(realpath "${BIN:-build/bin}")
models=$(realpath "$(dirname "$0")/../models")
mkdir -p "$1"
cd "$1"
"$bin/gen_accel" --pe 4 --lanes 16 --vec mixed --depth 1024 --out accel > gen_accel.log || { cat gen_accel.log; exit 1; }
make --no-print-directory -C accel verilate JOBS="${JOBS:-1}" > verilate.log 2>&1 || { tail -n 40 verilate.log; exit 1; }
head -c 40000 "$models/shakespeare.txt" > text.txt

run() { "$@" > log 2>&1 || { cat log; echo "FAIL: $*"; exit 1; }; }
checked=0
for pattern in unstructured 'vector --vec 4' 'vector --vec 16' mixed 2:4 64:2:8 vector-wise,kept=4 block block,filled=yes head channel; do
  compared=0
  for importance in magnitude wanda obs sparsegpt taylor head; do
    [ "$importance" != head ] || [ "$pattern" = head ] || continue
    set -- --calibrate text.txt --samples 6 --window 16 --recover obs
    [ "$importance" != magnitude ] || set --
    case "$importance $pattern" in "obs unstructured" | "obs vector --vec"* | "obs mixed") set -- "$@" --rounds 2 ;; esac
    # The pattern's own options are words of their own.
    run "$bin/prune_model" --model "$models/shakespeare-gpt2" --accel accel --pattern $pattern --importance $importance "$@" \
      --tokens 8 --no-pictures --out pruned
    run "$bin/pack_model" --model pruned --accel accel --layer 2 --out layer.mvp
    run accel/tb_layer --program layer.mvp --model pruned --layer 2 --tokens 3 --json result.json
    compared=$((compared + $(sed -n 's/.*"outputs_checked": \([0-9]*\).*/\1/p' result.json)))
    checked=$((checked + 1))
  done
  [ "$compared" -gt 0 ] || { echo "FAIL: $pattern: found nothing compared"; exit 1; }
  echo "$pattern: $compared values compared, none differs"
done
# What an image holds, without the checkpoint.
run accel/tb_layer --program layer.mvp --tokens 3
[ "$checked" -eq 56 ] || { echo "FAIL: found $checked models, expected 56"; exit 1; }
echo "passed: $checked models"
