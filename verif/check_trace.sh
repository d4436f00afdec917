#!/bin/sh
# Benches with waves compiled in, of a small accelerator and of units: each must pass with --trace, and leave a file that holds
# them.
#
#   verif/check_trace.sh FOLDER     GEN_ACCEL names the generator (default build/bin/gen_accel), JOBS compilers at once (1)
# Exit code 0 good, 1 a check failed, 2 bad usage.
set -eu
[ $# -eq 1 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
units=$(realpath "$(dirname "$0")/units/Makefile")
gen_accel=$(realpath "${GEN_ACCEL:-build/bin/gen_accel}")
mkdir -p "$1"
cd "$1"
"$gen_accel" --pe 1 --lanes 4 --vec mixed --depth 256 --out accel > gen_accel.log || { cat gen_accel.log; exit 1; }
cd accel
make --no-print-directory verilate TRACE=1 JOBS="${JOBS:-1}" > ../verilate.log 2>&1 || { tail -n 40 ../verilate.log; exit 1; }
# holds_waves COMMAND...: passes, and its last word is a file of waves. One without values has a few hundred bytes.
holds_waves() {
  log=$1
  shift
  for file in "$@"; do :; done
  rm -f "$file"
  "$@" > "$log" 2>&1 || { cat "$log"; echo "FAIL: $*"; exit 1; }
  size=$(stat -c %s "$file" 2> /dev/null || echo 0)
  [ "$size" -gt 10000 ] || { echo "FAIL: $file: found $size bytes, expected waves"; exit 1; }
}

for bench in tb_engine tb_attention; do holds_waves ../$bench.log ./$bench --cases 2 --trace $bench.fst; done
holds_waves ../tb_layer.log ./tb_layer --hidden 16 --tokens 3 --trace tb_layer.fst
cd ..
# One that draws cases, and one that tries everything.
make --no-print-directory -f "$units" TRACE=1 OUT=units build_tb_weights_64-4 build_tb_fp_1-0 > units.log 2>&1 || { tail -n 40 units.log; exit 1; }
holds_waves tb_weights.log units/tb_weights_64-4/tb_weights --cases 20 --trace tb_weights.fst
holds_waves tb_fp.log units/tb_fp_1-0/tb_fp --pairs 1000 --testfloat none --trace tb_fp.fst
echo "passed: waves of tb_engine, tb_attention, tb_layer, tb_weights, tb_fp"
