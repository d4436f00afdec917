#!/bin/sh
# A small accelerator with waves compiled in: each bench must pass with --trace, and leave a file that holds them.
#
#   verif/check_trace.sh FOLDER     GEN_ACCEL names the generator (default build/bin/gen_accel), JOBS compilers at once (1)
# Exit code 0 good, 1 a check failed, 2 bad usage.
set -eu
[ $# -eq 1 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
gen_accel=$(realpath "${GEN_ACCEL:-build/bin/gen_accel}")
mkdir -p "$1"
cd "$1"
"$gen_accel" --pe 1 --lanes 4 --vec mixed --depth 256 --out accel > gen_accel.log || { cat gen_accel.log; exit 1; }
cd accel
make --no-print-directory verilate TRACE=1 JOBS="${JOBS:-1}" > ../verilate.log 2>&1 || { tail -n 40 ../verilate.log; exit 1; }
for bench in tb_engine tb_attention tb_layer; do
  rm -f $bench.fst
  options="--cases 2"
  [ $bench != tb_layer ] || options="--hidden 16 --tokens 3"
  # shellcheck disable=SC2086  # words without blanks
  ./$bench $options --trace $bench.fst > ../$bench.log 2>&1 || { cat ../$bench.log; echo "FAIL: ./$bench $options --trace $bench.fst"; exit 1; }
  # A file without values has a few hundred bytes.
  size=$(stat -c %s $bench.fst 2> /dev/null || echo 0)
  [ "$size" -gt 10000 ] || { echo "FAIL: $bench.fst: found $size bytes, expected waves"; exit 1; }
done
echo "passed: waves of tb_engine, tb_attention, tb_layer"
