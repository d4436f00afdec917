#!/bin/bash
# What `make icarus` must refuse: damaged records, benches older than their sources, tools that fail, runs that record nothing.
#
#   verif/check_icarus.sh FOLDER WORK_FOLDER    an accelerator's folder in which `make icarus` has passed; a copy is broken
#
# Exit code 0: each was refused with its reason; 1: the first that was not is shown; 2: bad usage.
set -u
[ $# -eq 2 ] || { sed -n '4s/^#   /usage: /p' "$0" >&2; exit 2; }
folder=$(realpath "$1")
record=$folder/build/icarus/record.txt
[ -s "$record" ] || { echo "$record: found no record, expected that of make icarus" >&2; exit 2; }
rm -rf "$2"
mkdir -p "$2/rest" && cd "$2" || exit 2
(cd "$folder" && tar c --exclude ./build .) | tar x || exit 2
rest=$PWD/rest
cp "$folder/build/icarus/replay.vvp" "$rest"
count=0

show() {
  echo "$1, exit code $code:"
  cat "$rest/log"
  exit 1
}

# refused REASON COMMAND...: fails, and says the reason (a basic regular expression).
refused() {
  local reason=$1
  shift
  "$@" > "$rest/log" 2>&1
  code=$?
  count=$((count + 1))
  [ $code -ne 0 ] || show "NOT refused ($reason): $*"
  grep -q -e "$reason" "$rest/log" || show "refused, but not for \"$reason\": $*"
}

icarus() { make --no-print-directory icarus "$@"; }

# A bench that records what its last line gives it.
pretend() {
  printf '#!/bin/sh\nwhile [ "$1" != --record ]; do shift; done\n%s\n' "$1" > tb_layer
  chmod +x tb_layer
}

# damaged REASON SED_SCRIPT: the record, changed so, is refused.
damaged() {
  sed -e "$2" "$record" > "$rest/damaged.txt"
  ! cmp -s "$record" "$rest/damaged.txt" || { echo "the script changes nothing: $2"; exit 1; }
  pretend "cp '$rest/damaged.txt' \"\$2\""
  refused "$1" icarus
}

# start_i's place among the values of the first cycle, which holds all ports in the order in which the replay reads them.
start=$(sed -n 's/.*check_field("\([a-z_]*\)".*/\1/p' "$folder/icarus/replay.sv" | grep -vx mask | grep -nx start_i | cut -d : -f 1)
[ -n "$start" ] || { echo "$folder/icarus/replay.sv: found no start_i among the ports that it reads" >&2; exit 2; }
cycles=$(head -n 1 "$record")
middle=$((cycles / 2))
pretend "cp '$record' \"\$2\""
icarus > "$rest/log" 2>&1
code=$?
[ $code -eq 0 ] || show "refused, but nothing is wrong"

damaged "record.txt:2: cycle 0: .*_o: found .*z, expected .* below" '2s/.$/z/'
damaged "record.txt:2: cycle 0: start_i: found x, expected .* below 2^1," "2s/ [^ ]*/ x/$start"
damaged "record.txt:2: cycle 0: start_i: found 2, expected .* below 2^1," "2s/ [^ ]*/ 2/$start"
damaged "record.txt:2: cycle 0: start_i: found 10000000000000000, expected .* below 2^1," "2s/ [^ ]*/ 10000000000000000/$start"
damaged "record.txt:2: cycle 0: .*_o: found 1.*, expected .* below" '2s/ \([^ ]*\)$/ 1000000000000000000000000000000000\1/'
damaged "record.txt:2: cycle 0: mask: found x.*, expected" '2s/^3/x/'
damaged "record.txt:2: cycle 0: mask: found 10000000000000000, expected .* below 2^64," '2s/^[^ ]*/10000000000000000/'
damaged "record.txt:5: cycle 3: found more or fewer values" '5s/$/ 0/'
damaged "record.txt:5: cycle 3: .*: found .*g, expected" '5s/$/g/'
damaged "record.txt:2: cycle 0: found more or fewer values" '2s/$/ /'
damaged "record.txt:2: cycle 0: found more or fewer values" '2s/ [^ ]*$//'
damaged "record.txt:$((cycles + 1)): cycle $((cycles - 1)): found its end" '$d'
damaged "record.txt:$((cycles + 2)): cycle $cycles: found a further line" '$s/$/\n0/'
damaged "record.txt:$((cycles + 1)): cycle $((cycles - 1)): found a further line" "1s/.*/$((cycles - 1))/"
damaged "number of cycles" '1s/^/x/'
damaged "number of cycles" '1s/.*/0/'
damaged "number of cycles" '1s/$/ 5/'
damaged "cycle $((middle - 2)): found rst_ni low again" "${middle}s/.*/1 0/"
damaged "recorded nothing" '1,$d'
damaged "record.txt:3: cycle 1: found values of further ports" '3s/.*/800000000000000 0/'

for fault in 0 3 -1 12 abc "" 1x; do
  refused "expected +fault=1 or +fault=2" vvp -n "$rest/replay.vvp" "+record=$record" "+fault=$fault"
done
refused "expected +record=FILE" vvp -n "$rest/replay.vvp"

# Tools that do not what they should.
pretend "cp '$record' \"\$2\""
refused "make icarus needs .*no-such-tool" icarus VVP=no-such-tool
refused "VVP replay" icarus VVP=true
refused "VVP replay" icarus VVP=false
for code_of in 0 3; do
  printf '#!/bin/sh\nvvp "$@"\ncode=$?\ncase $* in *+fault=*) exit %s ;; esac\nexit $code\n' $code_of > "$rest/vvp"
  chmod +x "$rest/vvp"
  refused "exit code $code_of, expected 1" icarus "VVP=$rest/vvp"
done
pretend 'exit 0'
refused "recorded nothing" icarus

# A bench that is not that of the sources.
pretend "cp '$record' \"\$2\""
touch -d '1 hour ago' tb_layer
refused "older than .*: run make verilate" icarus
pretend "cp '$record' \"\$2\""
sleep 0.01
touch rtl/mv_pe.sv
refused "older than rtl/mv_pe.sv: run make verilate" icarus
rm tb_layer
mkdir tb_layer
refused "tb_layer: found a folder" icarus
rmdir tb_layer
: > tb_layer
refused "tb_layer: found a file that cannot be run" icarus

# Odd values of ICARUS_RUN.
rm tb_layer
cp "$folder/tb_layer" .
for run in "--part all '" "; true" '--tokens `id`' "--hidden 2 | cat" '--json "a b"'; do
  refused "ICARUS_RUN: found .*expected" icarus "ICARUS_RUN=$run"
done
for run in --help -h --version --self-test "--record x" --record=x "--part all --self-test" two --part; do
  refused "ICARUS_RUN.*expected" icarus "ICARUS_RUN=$run"
done
refused "ICARUS_RUN: found nothing, expected" icarus ICARUS_RUN=
refused "ICARUS_RUN.*expected" icarus "ICARUS_RUN=--hidden 2 --cases x"
refused "record: found a run of more than 100000 cycles" icarus "ICARUS_RUN=--part matrices --hidden 64"
refused "never compared where it counts: record a run of matrices and a layer" icarus "ICARUS_RUN=--part cases --cases 1"
echo "icarus: $count damaged records, runs and tools refused"
