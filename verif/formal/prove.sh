#!/bin/bash
# Proves what one of the files beside this one says of a module, for all inputs and any number of cycles, shows that its
# covers are reached, and that the same fails on each bug that the file plants.
#
#   verif/formal/prove.sh NAME [OUT]    NAME: of a file here, without .sv; OUT: a folder for logs (default: build/formal)
#   verif/formal/prove.sh --bugs [OUT]  what the proofs in OUT have found: OUT/bugs.tsv, and a sum by kind
#
# NAME.sv has the comment, which may go on in more lines that begin so:
#   // proof: rtl FILE...; depth N; HOW     RTL of the module, or stubs/FILE of this folder; cycles of covers and bugs; HOW:
#     induction K    k-induction (z3), step of K cycles
#     reachability   property directed reachability (yosys-abc): an invariant, which is checked
#     bounded        no more than N cycles from reset on are looked at
# NAME.bugs a line for each bug, which must be found within N cycles:
#   KIND | FILE | FOUND | PUT               text of the RTL, \n for a new line, and what a bug makes of it
# OUT/NAME/bugs.tsv says of each bug its kind, the property that notices it, and in which cycle; OUT/NAME/bug_N/trace.aiw is
# its trace, an AIGER witness whose bits prove.aim names.
# Exit 0: proved, all covers reached, all bugs found. Exit 1: not. Exit 2: wrongly called. Exit 77: a program is missing.
set -u
refuse() { echo "prove.sh: $*" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
rtl=$(cd "$here/../../rtl_templates" && pwd)
if [ $# -lt 1 ] || [ $# -gt 2 ]; then refuse "found $# arguments, expected NAME [OUT] or --bugs [OUT]"; fi
name=$1
root=${2:-$here/../../build/formal}
kinds=("off by one" "stale value" "dropped stall" "not cleared" "wrong bank or wrap" "lost credit" "lost" "doubled"
  "wrong owner" "wrong order" "too early" "never ends" "wrong guard")
columns='proof\tbug\tkind\tproperty\tcycle\tfile\tfound\tput'

for program in yosys yosys-smtbmc yosys-abc z3 perl; do
  command -v $program > /dev/null || { echo "prove.sh: $program not found: Debian packages yosys, z3 and perl" >&2; exit 77; }
done

if [ "$name" = --bugs ]; then
  test -d "$root" || refuse "found no folder $root, expected one that proofs have written into"
  sums=()
  for file in "$root"/*/bugs.tsv; do if [ -f "$file" ]; then sums+=("$file"); fi; done
  test ${#sums[@]} -gt 0 || refuse "$root: found no */bugs.tsv, expected one of each proof that has run"
  { echo -e "$columns"; for file in "${sums[@]}"; do tail -n +2 "$file"; done; } > "$root/bugs.tsv.part"
  mv "$root/bugs.tsv.part" "$root/bugs.tsv"
  tail -n +2 "$root/bugs.tsv" | awk -F'\t' '
    { all++; n[$3]++; p[$1 "." $4] = 1; if ($4 != "-") found++; if (!(($3, $1) in seen)) { seen[$3, $1] = 1; by[$3] = by[$3] " " $1 } }
    END { for (k in n) printf "%4d  %-20s%s\n", n[k], k, by[k]; for (q in p) if (q !~ /-$/) properties++
          printf "%4d  found by %d properties, of %d bugs\n", found, properties, all; exit(found != all) }' | sort -k1,1nr
  exit "${PIPESTATUS[1]}"
fi

out=$root/$name
proof=$here/$name.sv planted=$here/$name.bugs
test -f "$proof" || refuse "$name: found no $proof, expected one of: $(cd "$here" && ls -- *.sv | sed 's/\.sv$//' | tr '\n' ' ')"
header=$(sed -n 's|^// proof: ||p' "$proof" | paste -sd' ')
[[ $header =~ ^rtl\ ([^\;]*)\;\ depth\ ([0-9]+)\;\ (induction\ ([0-9]+)|reachability|bounded)$ ]] ||
  refuse "$proof: found \"// proof: $header\", expected \"// proof: rtl FILE...; depth N; induction K|reachability|bounded\""
files=${BASH_REMATCH[1]} depth=${BASH_REMATCH[2]} how=${BASH_REMATCH[3]} induction=${BASH_REMATCH[4]}
rm -rf "$out"
mkdir -p "$out"

# copy_rtl FOLDER: what the proof reads, flat.
copy_rtl() {
  local file
  mkdir -p "$1"
  cp "$rtl/mv_isa_pkg.sv" "$rtl/mv_pkg.sv" "$1"
  for file in $files; do
    if [ "${file#stubs/}" != "$file" ]; then cp "$here/$file" "$1"; else cp "$rtl/$file" "$1"; fi
  done
}
# read_design FOLDER [FILE]: its rtl/ and the proof as prove.aig; what each output of that says, in outputs.txt; for induction
# prove.smt2. Names of the module's registers stay, for the proof to speak of.
read_design() {
  local file sources='rtl/mv_isa_pkg.sv rtl/mv_pkg.sv' bits words=''
  if [ -n "$induction" ]; then words='write_smt2 -wires prove.smt2;'; fi
  for file in $files; do sources+=" rtl/${file#stubs/}"; done
  bits='setundef -undriven -anyseq; opt -fast; techmap; opt -fast; dffunmap; simplemap; opt_clean; abc -g AND -fast; opt_clean'
  (cd "$1" && yosys -q -p "read_verilog -sv -formal $sources \"${2:-$proof}\"; hierarchy -top prove; proc; memory_collect; \
    memory_map; flatten; async2sync; opt -full -fine; dffunmap; opt_clean; check -assert; $words \
    chformal -cover -remove; $bits; tee -o outputs.txt select -list t:\$assert; \
    write_aiger -L -zinit -no-startoffset -map prove.aim prove.aig" > yosys.log 2>&1) || { tail -n 5 "$1/yosys.log"; return 1; }
}
# outputs FOLDER: those that bmc3 found asserted, by their labels.
outputs() {
  local number
  sed -n 's/.*Output *\([0-9]*\) .*was asserted in frame.*/\1/p' "$1/bmc.log" | sort -un |
    while read -r number; do sed -n "$((number + 1))s|prove/||p" "$1/outputs.txt"; done
}
# Without increments z3 sees a problem of bits at once and is a hundred times faster.
solve() {
  local folder=$1 log=$2
  shift 2
  (cd "$folder" && timeout 900 yosys-smtbmc -s z3 --unroll --noincr --presat --dump-vcd "$log.vcd" "$@" prove.smt2 > "$log.log" 2>&1)
}
# check FOLDER LOG COMMANDS: yosys-abc on prove.aig.
check() {
  (cd "$1" && timeout 1800 yosys-abc -c "read_aiger prove.aig; fold; strash; $3" > "$2.log" 2>&1)
}

code=0
failed() {
  echo "$name: $1 failed: $(grep -aE 'Assert failed|Unreached|Error|ERROR|PREUNSAT|asserted' "$out/$1.log" | sed 's/^## *[0-9:]* *//' | head -n 3)"
  code=1
}
copy_rtl "$out/rtl"
read_design "$out" || exit 1
case $how in
  induction*)
    # Induction asks for as many cycles of z3 as its step has; the other solver looks further.
    solve "$out" base -t "$((induction + 1))" || failed base
    check "$out" bmc "bmc3 -F $depth"
    grep -aq "^No output asserted in $depth frames" "$out/bmc.log" || failed bmc
    solve "$out" induction -i -t "$induction" || failed induction
    proved="by $induction-induction, base of $depth cycles" ;;
  reachability)
    check "$out" pdr "pdr"
    { grep -aq 'Verification of invariant .* was successful' "$out/pdr.log" && grep -aq '^Property proved' "$out/pdr.log"; } || failed pdr
    proved="for any number of cycles by an invariant of $(sed -n 's/.*invariant with \([0-9]*\) clauses.*/\1/p' "$out/pdr.log") clauses" ;;
  bounded)
    check "$out" bmc "bmc3 -F $depth"
    grep -aq "^No output asserted in $depth frames" "$out/bmc.log" || failed bmc
    proved="for $depth cycles" ;;
esac
properties=$(grep -cE '^ *[A-Z][A-Za-z]*: *assert' "$proof") covers=$(grep -cE '^ *[A-Z][A-Za-z]*: *cover' "$proof")
# Covers in the place of properties: each says that it is never reached, and must be found wrong.
mkdir -p "$out/covers"
copy_rtl "$out/covers/rtl"
perl -0pe 's/: *assert \(/: cover_later (/g; s/: *cover \((.*?)\);/: assert (!($1));/gs; s/: cover_later \(/: cover (/g' "$proof" > "$out/covers/covers.sv"
read_design "$out/covers" "$out/covers/covers.sv" || exit 1
check "$out/covers" bmc "bmc3 -a -F $depth"
reached=$(outputs "$out/covers" | wc -l)
if [ "$reached" != "$covers" ] || [ "$covers" = 0 ]; then
  echo "$name: $reached of $covers covers reached in $depth cycles: $(outputs "$out/covers" | tr '\n' ' ')"
  code=1
fi

twins=$(sort "$planted" | uniq -d | head -n 1)
test -z "$twins" || { echo "$planted: found twice: $twins"; code=1; }
echo -e "$columns" > "$out/bugs.tsv"
bugs=0
while IFS= read -r line; do
  bugs=$((bugs + 1))
  kind=${line%% | *} rest=${line#* | }
  file=${rest%% | *} rest=${rest#* | }
  found=${rest%% | *} put=${rest#* | }
  folder=$out/bug_$bugs
  property=- cycle=-
  copy_rtl "$folder/rtl"
  printf '%s\n' "${kinds[@]}" | grep -qx "$kind" || { echo "$planted: bug $bugs: found the kind \"$kind\", expected one of prove.sh's"; code=1; }
  FOUND=$found PUT=$put perl -0pi -e 'BEGIN { ($f, $p) = @ENV{"FOUND", "PUT"}; s/\\n/\n/g for $f, $p; }
    $n = s/\Q$f\E/$p/; END { exit($n ? 0 : 1) }' "$folder/rtl/$file" ||
    { echo "$planted: bug $bugs: $file has no \"$found\""; code=1; continue; }
  read_design "$folder" || { code=1; continue; }
  check "$folder" bmc "bmc3 -F $depth; write_cex -a trace.aiw"
  cycle=$(sed -n 's/.*was asserted in frame *\([0-9]*\).*/\1/p' "$folder/bmc.log" | head -n 1)
  property=$(outputs "$folder" | head -n 1)
  if [ -z "$cycle" ] || [ -z "$property" ]; then
    echo "$name: bug $bugs was not found: $found -> $put"
    code=1 cycle=- property=-
  fi
  echo -e "$name\t$bugs\t$kind\t$property\t$cycle\t$file\t${found//\\/\\\\}\t${put//\\/\\\\}" >> "$out/bugs.tsv"
done < "$planted"
test $bugs -gt 0 || { echo "$planted: found no bug, expected one at least"; code=1; }

violated=$(tail -n +2 "$out/bugs.tsv" | cut -f4 | sort -u | grep -vc '^-$')
times > "$out/times"   # of this shell, of its children: user, system
seconds=$(awk 'NR == 2 { split($1, own, "[ms]"); split($2, kernel, "[ms]")
  printf "%.0f", 60 * (own[1] + kernel[1]) + own[2] + kernel[2] }' "$out/times")
test $code != 0 || echo "$name: $properties properties proved $proved; $covers covers" \
  "reached; $bugs of $bugs bugs found, which violate $violated of the properties; $seconds s of processor time"
exit $code
