#!/bin/bash
# Which lines, branches, cover statements and toggles of the RTL the benches reach, and which bins of verif/bins.json (functional
# coverage): simulates a few configurations of the accelerator and of the unit benches, adds up what each covered, and prints a
# table by module, one by group of bins, and every line, branch, cover statement and bin that nothing reached.
#
#   verif/coverage.sh OUT [SEEDS]      SEEDS of each bench and configuration (default: 1); BIN is the folder of gen_accel and
#                                      check_bins (default build/bin), JOBS compilers at once (1)
#
# OUT/coverage.dat holds the sum (for verilator_coverage), OUT/coverage.info the same for lcov's genhtml, OUT/coverage.json the
# table, OUT/points.tsv all points, OUT/missed.txt those not reached, OUT/missed_toggles.txt the bits by signal,
# OUT/bins.json the bins. Exit 0: the benches passed, and reached all lines, branches and cover statements, all bins, and
# TOGGLES % of the toggles at least (below). Exit 1: not. Exit 2: wrongly called.
set -u
refuse() { echo "coverage.sh: $*" >&2; exit 2; }
[ $# -ge 1 ] && [ $# -le 2 ] || refuse "found $# arguments, expected OUT [SEEDS]"
seeds=${2:-1}
[[ $seeds =~ ^[1-9][0-9]{0,3}$ ]] || refuse "SEEDS: found $seeds, expected a whole number from 1 to 9999"
here=$(dirname "$(realpath "$0")")
bin=$(realpath "${BIN:-build/bin}")
for program in gen_accel check_bins; do
  test -x "$bin/$program" || refuse "$bin/$program: found no such program; make build builds it"
done
mkdir -p "$1" || exit 2
out=$(realpath "$1")
rm -rf "$out"/*.dat "$out/coverage.json" "$out/bins.json" "$out/bins"
mkdir -p "$out/bins"
toggles_at_least=98

# First for toggles, as their models are large: a machine as small as what it is made of allows. Then for lines: directions, sizes,
# one bank, token groups and sub-steps, clusters, ports, vector units.
configurations=(
  "toggle --pe 2 --lanes 8 --vec mixed --depth 256 --kv-depth 65536 --vector-rows 65536 --program-depth 64 --table-depth 65536
    --port-bits 64 --vector-units 2 --fifo-beats 2"
  "--pe 4 --lanes 16 --vec mixed --depth 256"
  "--pe 4 --lanes 8 --vec row --depth 256 --vector-units 1"
  "--pe 6 --lanes 4 --vec column --depth 256"
  "--pe 4 --lanes 16 --vec mixed --depth 256 --groups 8 --vector-units 8"
  "--pe 4 --lanes 16 --vec mixed --depth 256 --sets 4 --assoc 2 --drains 1 --port-bits 64"
)
# run NAME FOLDER COMMAND...: a bench, which writes what it covered to OUT/NAME.dat; its log is shown if it fails.
run() {
  local name=$1 folder=$2
  shift 2
  (cd "$folder" && "$@" --coverage "$out/$name.dat") > "$out/$name.log" 2>&1 ||
    { tail -n 20 "$out/$name.log"; echo "FAIL: in $folder: $*"; exit 1; }
}

# Unit benches, where values are drawn that an accelerator rarely meets: operands of all kinds, numbers of 32 bits.
units=(
  "tb_fp 1-0 --pairs 200000" "tb_fp 3-4 --pairs 200000" "tb_fp32_mul 1" "tb_pe 2-2-1-1-1-3-6-8" "tb_zero_skip 64-4-2-2"
  "tb_weights 64-4" "tb_matching 4-2-2-8" "tb_merge 4-3-1-3" "tb_scheduler 6-3-128-3" "tb_decompressor 64-4-2-2"
  "tb_vector_unit 3-2-3-6" "tb_gelu 1-1-1-2" "tb_softmax 3-2-3-6" "tb_layernorm 3-2-3-6"
)
echo "unit benches: ${#units[@]}"
for unit in "${units[@]}"; do
  read -r bench configuration more <<< "$unit"
  make --no-print-directory -C "$here/.." -f verif/units/Makefile OUT="$out/units" COVERAGE=1 \
    "build_${bench}_$configuration" > "$out/build_$bench.log" 2>&1 || { tail -n 20 "$out/build_$bench.log"; exit 1; }
  for seed in $(seq 1 "$seeds"); do
    # shellcheck disable=SC2086
    run "${bench}_$configuration.$seed" "$out/units/${bench}_$configuration" "./$bench" --seed "$seed" $more
  done
done

number=0
for configuration in "${configurations[@]}"; do
  number=$((number + 1))
  options=${configuration#toggle}
  count=COVERAGE=1
  [ "$options" = "$configuration" ] || count=TOGGLE=1
  folder=$out/accel_$number
  # shellcheck disable=SC2086  # words without blanks
  "$bin/gen_accel" $options --out "$folder" > "$out/gen_$number.log" || { cat "$out/gen_$number.log"; exit 1; }
  echo "[$number/${#configurations[@]}] gen_accel" $options
  make --no-print-directory -C "$folder" verilate $count QUICK=1 JOBS="${JOBS:-1}" > "$out/build_$number.log" 2>&1 ||
    { tail -n 20 "$out/build_$number.log"; exit 1; }
  for seed in $(seq 1 "$seeds"); do
    for command in "tb_engine --cases 200" "tb_attention --cases 80" "tb_layer --part cases --cases 60" \
      "tb_layer --part matrices --hidden 32 --tokens 10 --stall-seeds 1" "tb_layer --part layer --family bert --hidden 16 --tokens 8" \
      "tb_layer --part layer --family decoder --hidden 16 --tokens 6 --decode 2"; do
      name=${command// /_}_$number.$seed
      # Each configuration draws cases of its own.
      # shellcheck disable=SC2086
      run "$name" "$folder" ./$command --seed $((seed * 100 + number)) --bins "$out/bins/$name.json"
    done
  done
done
# What the benches must notice or refuse.
for bench in tb_engine tb_attention; do
  run "${bench}_self_test" "$out/accel_1" "./$bench" --self-test --bins "$out/bins/${bench}_self_test.json"
done

# What stands inside of `ifdef VERILATOR: assertions, whose conditions are violated one by one in tb_contracts.
cd "$out" || exit 1
awk '/^`ifdef VERILATOR/ { checks = 1 } checks { file = FILENAME; sub(/.*\//, "", file); print file "\t" FNR } /^`(else|endif)/ { checks = 0 }' \
  accel_1/rtl/*.sv > assertions.tsv
awk -f "$here/coverage/points.awk" assertions.tsv ./*.dat | sort -t "$(printf '\t')" -k2,2 -k3,3n -k4,4n > points.tsv
verilator_coverage --write coverage.sum ./*.dat > merge.log 2>&1 && verilator_coverage --write-info coverage.info coverage.sum >> merge.log 2>&1 ||
  { tail -n 5 merge.log; exit 1; }
rm -f ./*.dat && mv coverage.sum coverage.dat
good=1
awk -v rtl=accel_1/rtl -f "$here/coverage/exclude.awk" "$here/coverage/excluded.txt" points.tsv > missed.txt || good=0
awk -f "$here/coverage/listed.awk" "$here/../docs/verification.md" points.tsv || good=0
awk -F'\t' '$1 == "user" && $6 == 0 { printf "%s:%d:%d: cover %s\n", $2, $3, $4, $5 }' points.tsv >> missed.txt
awk -F'\t' '$1 == "toggle" { bit = name = $5; sub(/(\[[0-9]+\])?$/, "", name); bit = substr(bit, length(name) + 1)
    signal = $2 ":" $3 ": " name; all[signal]++; if ($6 == 0) { missed[signal]++; bits[signal] = bits[signal] bit } }
  END { for (signal in missed) print missed[signal] "/" all[signal], signal, bits[signal] }' points.tsv | sort -nr > missed_toggles.txt
awk -F'\t' -v excluded="$(cat excluded.count)" -v toggles_at_least=$toggles_at_least '
  function share(reached, all) { return all > 0 ? sprintf("%.1f", 100 * reached / all) : "" }
  function row(name, module) {
    printf "%-22s %7d %8d %6s %7d %8d %8d %8d %6s\n", name, all[module, "line"], hit[module, "line"],
      share(hit[module, "line"], all[module, "line"]), all[module, "user"], hit[module, "user"], all[module, "toggle"],
      hit[module, "toggle"], share(hit[module, "toggle"], all[module, "toggle"])
  }
  function figures(module, first, between) {
    return sprintf("%s\"points\": %d%s\"reached\": %d%s\"covers\": %d%s\"covers_reached\": %d%s\"toggle_points\": %d%s\"toggles_reached\": %d",
      first, all[module, "line"], between, hit[module, "line"], between, all[module, "user"], between, hit[module, "user"],
      between, all[module, "toggle"], between, hit[module, "toggle"])
  }
  function add(module, kind) { all[module, kind]++; if ($6 > 0) hit[module, kind]++ }
  { kind = $1 == "branch" ? "line" : $1; sub(/\.sv$/, "", $2); modules[$2] = 1; add($2, kind); add("", kind) }
  END {
    printf "%-22s %7s %8s %6s %7s %8s %8s %8s %6s\n", "module", "points", "reached", "%", "covers", "reached", "toggles", "reached", "%"
    count = 0
    for (module in modules) names[++count] = module
    for (i = 2; i <= count; i++) for (k = i; k > 1 && names[k] < names[k-1]; k--) { swap = names[k]; names[k] = names[k-1]; names[k-1] = swap }
    for (i = 1; i <= count; i++) row(names[i], names[i])
    row("all", "")
    printf "{\n  \"excluded\": %d,\n%s,\n  \"modules\": {", excluded, figures("", "  ", ",\n  ") > "coverage.json"
    for (i = 1; i <= count; i++) {
      printf "%s\n    \"%s\": {%s}", (i > 1 ? "," : ""), names[i], figures(names[i], "", ", ") > "coverage.json"
    }
    print "\n  }\n}" > "coverage.json"
    # Fewer than the RTL has would mean that they were not read.
    if (all["", "line"] < 1000) { print "FAIL: found " all["", "line"] + 0 " lines and branches, expected 1000 at least"; bad = 1 }
    if (all["", "user"] < 100) { print "FAIL: found " all["", "user"] + 0 " cover statements, expected 100 at least"; bad = 1 }
    if (all["", "toggle"] < 20000) { print "FAIL: found " all["", "toggle"] + 0 " toggles, expected 20000 at least"; bad = 1 }
    if (100 * hit["", "toggle"] < toggles_at_least * all["", "toggle"]) {
      printf "FAIL: %.2f %% of the toggles were reached, expected %s at least: missed_toggles.txt\n", 100 * hit["", "toggle"] / all["", "toggle"], toggles_at_least
      bad = 1
    }
    exit bad
  }' points.tsv || good=0
if test -s missed.txt; then echo; echo "not reached:"; cat missed.txt; good=0; fi
echo
"$bin/check_bins" --files "$out"/bins/*.json --json "$out/bins.json" || { echo "FAIL: not all bins of verif/bins.json were reached"; good=0; }
test $good -eq 1
