#!/bin/bash
# Proves what one of the files beside this one says of a module, for all inputs and any number of cycles (k-induction), shows
# that its covers are reached, and that the same fails on each bug that the file plants.
#
#   verif/formal/prove.sh NAME [OUT]    NAME: of a file here, without .sv; OUT: a folder for logs (default: build/formal)
#
# NAME.sv has the comment
#   // proof: rtl FILE...; depth N; induction K     RTL of the module; cycles of base case and covers; cycles of the step
# NAME.bugs a line for each bug, which the base case must find:
#   FILE | FOUND | PUT                              text of the RTL, \n for a new line, and what a bug makes of it
# Exit 0: proved, all covers reached, all bugs found. Exit 1: not. Exit 2: wrongly called. Exit 77: a program is missing.
set -u
refuse() { echo "prove.sh: $*" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
rtl=$(cd "$here/../../rtl_templates" && pwd)
if [ $# -lt 1 ] || [ $# -gt 2 ]; then refuse "found $# arguments, expected NAME [OUT]"; fi
name=$1
out=${2:-$here/../../build/formal}/$name
proof=$here/$name.sv planted=$here/$name.bugs
test -f "$proof" || refuse "$name: found no $proof, expected one of: $(cd "$here" && ls -- *.sv | sed 's/\.sv$//' | tr '\n' ' ')"
for program in yosys yosys-smtbmc z3 perl; do
  command -v $program > /dev/null || { echo "prove.sh: $program not found: Debian packages yosys, z3 and perl" >&2; exit 77; }
done
header=$(sed -n 's|^// proof: ||p' "$proof")
[[ $header =~ ^rtl\ ([^\;]*)\;\ depth\ ([0-9]+)\;\ induction\ ([0-9]+)$ ]] ||
  refuse "$proof: found \"// proof: $header\", expected \"// proof: rtl FILE...; depth N; induction K\""
files=${BASH_REMATCH[1]} depth=${BASH_REMATCH[2]} induction=${BASH_REMATCH[3]}
rm -rf "$out"
mkdir -p "$out"

# read_design FOLDER RTL: FOLDER/prove.smt2. Names of the module's registers stay, for the proof to speak of.
read_design() {
  local sources=()
  for file in mv_isa_pkg.sv mv_pkg.sv $files; do sources+=("\"$2/$file\""); done
  (cd "$1" && yosys -q -p "read_verilog -sv -formal ${sources[*]} \"$proof\"; hierarchy -top prove; proc; memory_collect; \
    memory_map; flatten; async2sync; opt -full -fine; dffunmap; opt_clean; check -assert; write_smt2 -wires prove.smt2" \
    > yosys.log 2>&1) || { tail -n 5 "$1/yosys.log"; return 1; }
}
# Without increments z3 sees a problem of bits at once and is a hundred times faster.
solve() {
  local folder=$1 log=$2
  shift 2
  (cd "$folder" && timeout 900 yosys-smtbmc -s z3 --unroll --noincr --presat --dump-vcd "$log.vcd" "$@" prove.smt2 > "$log.log" 2>&1)
}

started=$SECONDS
code=0
read_design "$out" "$rtl" || exit 1
for step in "base -t $depth" "induction -i -t $induction" "cover -c -t $depth"; do
  # shellcheck disable=SC2086  # words without blanks
  if ! solve "$out" ${step}; then
    echo "$name: ${step%% *} failed: $(grep -E 'Assert failed|Unreached|Error|ERROR|PREUNSAT' "$out/${step%% *}.log" | sed 's/^## *[0-9:]* *//' | head -n 3)"
    code=1
  fi
done
properties=$(grep -cE '^ *[A-Z][A-Za-z]*: *assert' "$proof") covers=$(grep -cE '^ *[A-Z][A-Za-z]*: *cover' "$proof")

bugs=0
while IFS= read -r line; do
  bugs=$((bugs + 1))
  file=${line%% | *} change=${line#* | }
  found=${change%% | *} put=${change#* | }
  mkdir -p "$out/bug_$bugs/rtl"
  # shellcheck disable=SC2086
  (cd "$rtl" && cp mv_isa_pkg.sv mv_pkg.sv $files "$out/bug_$bugs/rtl")
  FOUND=$found PUT=$put perl -0pi -e 'BEGIN { ($f, $p) = @ENV{"FOUND", "PUT"}; s/\\n/\n/g for $f, $p; }
    $n = s/\Q$f\E/$p/; END { exit($n ? 0 : 1) }' "$out/bug_$bugs/rtl/$file" ||
    { echo "$planted: bug $bugs: $file has no \"$found\""; code=1; continue; }
  read_design "$out/bug_$bugs" "$out/bug_$bugs/rtl" || { code=1; continue; }
  if solve "$out/bug_$bugs" base -t "$depth"; then
    echo "$name: bug $bugs was not found: $found -> $put"
    code=1
  elif ! grep -q 'Assert failed' "$out/bug_$bugs/base.log"; then
    echo "$name: bug $bugs: the base case ended without an answer: $(tail -n 1 "$out/bug_$bugs/base.log")"
    code=1
  fi
done < "$planted"
test $bugs -gt 0 || { echo "$planted: found no bug, expected one at least"; code=1; }

violated=$(cat "$out"/bug_*/base.log | sed -n 's/.*Assert failed in prove: \([A-Za-z]*\).*/\1/p' | sort -u | wc -l)
test $code != 0 || echo "$name: $properties properties proved by $induction-induction, base of $depth cycles; $covers covers" \
  "reached; $bugs of $bugs bugs found, which violate $violated of the properties; $((SECONDS - started)) s"
exit $code
