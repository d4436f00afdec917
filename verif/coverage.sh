#!/bin/bash
# Which lines and branches of the RTL the benches of the accelerator reach, and which bins of verif/bins.json (functional
# coverage): simulates a few configurations, adds up what each covered, and prints a table by module, one by group of bins,
# and every point and bin that nothing reached.
#
#   verif/coverage.sh OUT [SEEDS]      SEEDS of each bench and configuration (default: 1); BIN is the folder of gen_accel and
#                                      check_bins (default build/bin), JOBS compilers at once (1)
#
# OUT/coverage.dat holds the sum (for verilator_coverage), OUT/coverage.info the same for lcov's genhtml, OUT/coverage.json the
# table, OUT/missed.txt the points, OUT/bins.json the bins. Exit 0: the benches passed, and reached 97 % of the points at least
# and all bins. Exit 1: not. Exit 2: wrongly called.
set -u
refuse() { echo "coverage.sh: $*" >&2; exit 2; }
[ $# -ge 1 ] && [ $# -le 2 ] || refuse "found $# arguments, expected OUT [SEEDS]"
seeds=${2:-1}
[[ $seeds =~ ^[1-9][0-9]{0,3}$ ]] || refuse "SEEDS: found $seeds, expected a whole number from 1 to 9999"
bin=$(realpath "${BIN:-build/bin}")
for program in gen_accel check_bins; do
  test -x "$bin/$program" || refuse "$bin/$program: found no such program; make build builds it"
done
mkdir -p "$1" || exit 2
out=$(realpath "$1")
rm -rf "$out"/*.dat "$out/bins"
mkdir -p "$out/bins"

# Directions, sizes, one bank, token groups and sub-steps, clusters, ports, vector units.
configurations=(
  "--pe 4 --lanes 16 --vec mixed --depth 256"
  "--pe 4 --lanes 8 --vec row --depth 256 --vector-units 1"
  "--pe 6 --lanes 4 --vec column --depth 256"
  "--pe 4 --lanes 16 --vec mixed --depth 256 --groups 8 --vector-units 8"
  "--pe 4 --lanes 16 --vec mixed --depth 256 --sets 4 --assoc 2 --drains 1 --port-bits 64"
)
number=0
for options in "${configurations[@]}"; do
  number=$((number + 1))
  folder=$out/accel_$number
  # shellcheck disable=SC2086  # words without blanks
  "$bin/gen_accel" $options --out "$folder" > "$out/gen_$number.log" || { cat "$out/gen_$number.log"; exit 1; }
  echo "[$number/${#configurations[@]}] gen_accel $options"
  make --no-print-directory -C "$folder" verilate COVERAGE=1 QUICK=1 JOBS="${JOBS:-1}" > "$out/build_$number.log" 2>&1 ||
    { tail -n 20 "$out/build_$number.log"; exit 1; }
  for seed in $(seq 1 "$seeds"); do
    for run in "tb_engine --cases 200" "tb_attention --cases 80" "tb_layer --part cases --cases 60" \
      "tb_layer --part matrices --hidden 32 --tokens 10 --stall-seeds 1" "tb_layer --part layer --family bert --hidden 16 --tokens 8" \
      "tb_layer --part layer --family decoder --hidden 16 --tokens 6 --decode 2"; do
      name=${run// /_}_$number.$seed
      # Each configuration draws cases of its own.
      drawn=$((seed * 100 + number))
      # shellcheck disable=SC2086
      (cd "$folder" && ./$run --seed "$drawn" --coverage "$out/$name.dat" --bins "$out/bins/$name.json") > "$out/$name.log" 2>&1 ||
        { tail -n 20 "$out/$name.log"; echo "FAIL: in $folder: ./$run --seed $drawn"; exit 1; }
    done
  done
done
# What the benches must notice or refuse.
for bench in tb_engine tb_attention; do
  (cd "$out/accel_1" && ./$bench --self-test --bins "$out/bins/${bench}_self_test.json") > "$out/self_test.log" 2>&1 ||
    { tail -n 20 "$out/self_test.log"; exit 1; }
done
# Modules have another name for each set of parameters and another path for each instance: points are the same if they are at
# the same place of the same file. Assertions are left out: their conditions are violated one by one in tb_contracts. So are
# the wrappers that Verilator writes around blocks it compiles apart.
cd "$out" || exit 1
awk '/^`ifdef VERILATOR/ { checks = 1 } checks { file = FILENAME; sub(/.*\//, "", file); print file "\t" FNR } /^`(else|endif)/ { checks = 0 }' \
  accel_1/rtl/*.sv > assertions.tsv
awk -F"'" -v OFS='\t' 'FNR == NR { split($0, at, "\t"); check[at[1] OFS at[2]] = 1; next } /^C / {
  n = split($2, part, "\001"); file = line = column = what = page = ""
  for (i = 1; i <= n; i++) {
    split(part[i], field, "\002")
    if (field[1] == "f") file = field[2]; if (field[1] == "l") line = field[2]; if (field[1] == "n") column = field[2]
    if (field[1] == "o") what = field[2]; if (field[1] == "page") page = field[2]
  }
  sub(/.*\//, "", file); sub(/\/.*/, "", page); sub(/^v_/, "", page)
  if (file !~ /_[0-9a-f]\.sv$/ && !((file OFS line) in check)) count[file OFS line OFS column OFS page OFS what] += $3
} END { for (point in count) print point, count[point] }' assertions.tsv ./*.dat | sort -k1,1 -k2,2n -k3,3n > points.tsv
verilator_coverage --write coverage.sum ./*.dat > merge.log 2>&1 && verilator_coverage --write-info coverage.info coverage.sum >> merge.log 2>&1 ||
  { tail -n 5 merge.log; exit 1; }
rm -f ./*.dat && mv coverage.sum coverage.dat
awk -F'\t' '$6 == 0 { printf "%s:%d:%d: %s %s\n", $1, $2, $3, $4, $5 }' points.tsv > missed.txt
awk -F'\t' '{ sub(/\.sv$/, "", $1); all[$1]++; total++; if ($6 > 0) { hit[$1]++; reached++ } }
  END {
    printf "%-24s %7s %8s %7s\n", "module", "points", "reached", "%"
    for (module in all) printf "%-24s %7d %8d %7.1f\n", module, all[module], hit[module], 100 * hit[module] / all[module] | "sort"
    close("sort")
    printf "%-24s %7d %8d %7.1f\n", "all", total, reached, 100 * reached / total
    print "{\n  \"points\": " total ",\n  \"reached\": " reached "\n}" > "coverage.json"
  }' points.tsv
if test -s missed.txt; then echo; echo "not reached:"; cat missed.txt; fi
echo
bins=0
"$bin/check_bins" --files "$out"/bins/*.json --json "$out/bins.json" || bins=1
# Fewer points than the RTL has would mean that they were not read.
awk -F'\t' '{ total++; reached += $6 > 0 } END {
  if (total < 1000) { print "FAIL: found " total + 0 " points, expected 1000 at least"; exit 1 }
  if (reached < 0.97 * total) { printf "FAIL: %.1f %% of the points were reached, expected 97 at least\n", 100 * reached / total; exit 1 }
}' points.tsv || exit 1
test $bins -eq 0 || { echo "FAIL: not all bins of verif/bins.json were reached"; exit 1; }
