#!/bin/bash
# Options that the benches must refuse: with exit code 2, a message that says what was expected, and before anything runs.
#
#   verif/check_options.sh FOLDER    an accelerator's folder with its benches built
#
# Exit code 0: each was refused; 1: the first that was not is shown.
set -u
cd "$1" || exit 2
count=0

refused() {
  local output
  output=$("$@" 2>&1 > /dev/null)
  local code=$?
  count=$((count + 1))
  if [ $code -ne 2 ] || [[ $output != *expected* && $output != *"see --help"* ]] || [ -n "$("$@" 2> /dev/null)" ]; then
    echo "NOT refused (exit code $code): $*"
    echo "$output"
    exit 1
  fi
}

for bench in ./tb_engine ./tb_attention; do
  refused $bench --cases 0
  refused $bench --cases -1
  refused $bench --seed -1
  refused $bench --case 1 --cases 2
  refused $bench --self-test --cases 2
done
refused ./tb_layer --part matrix
refused ./tb_layer --part cases --cases 0
refused ./tb_layer --part cases --hidden 64
refused ./tb_layer --part cases --stall-seed 1
refused ./tb_layer --part cases --model .
refused ./tb_layer --part cases --case 1 --cases 2
refused ./tb_layer --part matrices --model .
refused ./tb_layer --part matrices --decode 3
refused ./tb_layer --part matrices --family bert
refused ./tb_layer --part layer --direction row
refused ./tb_layer --part layer --cases 3
refused ./tb_layer --part layer --layer 0
refused ./tb_layer --part layer --program model.mvp
refused ./tb_layer --program model.mvp --hidden 64
refused ./tb_layer --program model.mvp --decode 1
refused ./tb_layer --model . --hidden 64
refused ./tb_layer --model . --family gpt2
refused ./tb_layer --model . --ratio 0.5
refused ./tb_layer --family gpt2 --memory 5
refused ./tb_layer --stall-seed 1 --stall-seeds 2
refused ./tb_layer --tokens 8 --valid 9
refused ./tb_layer --tokens 0
refused ./tb_layer --length 0
refused ./tb_layer --length 3
refused ./tb_layer --ratio nan
refused ./tb_layer --direction up
refused ./tb_layer --family gpt3
refused ./tb_layer --family bert --decode 1
refused ./tb_layer --hidden 65 --heads 64
refused ./tb_layer --layers 0
refused ./tb_layer --seed -1
refused ./tb_layer --self-test --stall-seeds 2
refused ./tb_layer --self-test --model .
refused ./tb_layer --program ""
refused ./tb_layer --trace ""
# A bench without tracing and without coverage.
for bench in ./tb_engine ./tb_attention ./tb_layer; do
  refused $bench --trace run.fst
  refused $bench --coverage run.dat
done
# Outputs appear together or not at all, and none is the bench.
small="--part matrices --hidden 1 --tokens 1 --stall-seeds 0"
rm -f refused.txt
before=$(cksum < tb_layer)
for outputs in "--record refused.txt --json /dev/full" "--record refused.txt --json tb_layer" \
  "--record tb_layer --json refused.txt"; do
  # shellcheck disable=SC2086  # words without blanks
  if ./tb_layer $small $outputs > /dev/null 2>&1; then echo "NOT refused: ./tb_layer $small $outputs"; exit 1; fi
  if [ -e refused.txt ]; then echo "refused, but refused.txt was written: ./tb_layer $small $outputs"; exit 1; fi
  if [ "$before" != "$(cksum < tb_layer)" ]; then echo "tb_layer overwrote itself: $outputs"; exit 1; fi
  count=$((count + 1))
done
echo "$count command lines refused"
