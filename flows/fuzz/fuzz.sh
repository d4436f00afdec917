#!/bin/sh
# Fuzzes the readers of files with libFuzzer, each for some seconds, and lets their corpora grow from run to run.
#
# usage: flows/fuzz/fuzz.sh [--seed N] [--jobs N] [--program FILE] OUT SECONDS [TARGET...]
#   OUT/TARGET/corpus       inputs that reach something new, kept from run to run and made as few as possible after each
#   OUT/TARGET/failures     inputs that fail, made as short as a minute allows; the next run tries them first
#   OUT/TARGET/log          what libFuzzer has printed
#   --seed N                of libFuzzer, the same for all targets; without it a new one, which is printed
#   --jobs N                targets at a time (default: as many as processors)
#   --program FILE          another fuzz_readers than that of build-asan, which is built first
# Exit 0: nothing found; 1: a reader failed, and a line for each says how to repeat it; 2: bad usage; 77: no clang++.
# shellcheck disable=SC2086
set -eu
script=$(cd "$(dirname "$0")" && pwd)/fuzz.sh
here=$PWD
cd "$(dirname "$0")/../.."
say() { echo "fuzz: $*"; }
refuse() { echo "fuzz: $*" >&2; exit 2; }

seed='' jobs=$(nproc) program='' one='' failed=''
while test $# -gt 0; do
  case "$1" in
    --seed) seed=${2:?} ; shift 2 ;;
    --jobs) jobs=${2:?} ; shift 2 ;;
    --program) program=$(cd "$here" && realpath "${2:?}") ; shift 2 ;;
    --one) one=yes ; shift ;;
    --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$script" ; exit 0 ;;
    -*) refuse "found option $1, expected --seed, --jobs or --program" ;;
    *) break ;;
  esac
done
test $# -ge 2 || refuse "found $# arguments, expected OUT SECONDS [TARGET...]"
case "$1" in /*) out=$1 ;; *) out=$here/$1 ;; esac
seconds=$2
shift 2
for number in "$seconds" "$jobs" "${seed:-1}"; do
  case "$number" in '' | *[!0-9]* | 0) refuse "found $number, expected a whole number from 1 on" ;; esac
done

# What libFuzzer's last line says behind a word.
figure() { sed -n "s/^#[0-9]*[[:space:]]*[A-Za-z]*.* $1: \([0-9]*\).*/\1/p" "$folder/log" | tail -n 1; }

# The most time and memory that an input takes; a reader's notes are not printed.
limits="-timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -close_fd_mask=3"

# Shortens an input that fails, and prints the line that repeats it.
report_failure() {
  found=$1
  timeout 90 "$program" --target="$target" -minimize_crash=1 -max_total_time=60 $limits \
    -exact_artifact_path="$found.short" "$found" > "$folder/minimize.log" 2>&1 || true
  if test -s "$found.short"; then mv "$found.short" "$found"; else rm -f "$found.short"; fi
  say "$target: FAILED: $(grep -a -m 1 -e '^fuzz_readers: ' -e '==ERROR' -e 'runtime error' -e 'ERROR: libFuzzer' "$folder/log")"
  say "reproduce: $program --target=$target -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 $found"
}

# The failures of earlier runs, then new inputs.
fuzz_one() {
  target=$1 most=$2
  folder=$out/$target
  mkdir -p "$folder"
  # Of a run that was ended between two names.
  if test -d "$folder/earlier" && ! test -d "$folder/corpus"; then mv "$folder/earlier" "$folder/corpus"; fi
  rm -rf "$folder/earlier"
  mkdir -p "$folder/corpus" "$folder/failures"
  "$program" --target="$target" --seeds="$folder" > /dev/null
  checked=flows/fuzz/corpus/$target
  test -d "$checked" || checked=''
  words=''
  if test -s "$folder/dictionary"; then words=$folder/dictionary; fi
  for earlier in "$folder"/failures/*; do
    test -f "$earlier" || continue
    if "$program" --target="$target" $limits "$earlier" > "$folder/log" 2>&1; then
      mv "$earlier" "$folder/corpus/"
    else
      report_failure "$earlier"
      return 1
    fi
  done
  code=0
  "$program" --target="$target" ${words:+"-dict=$words"} -max_len="$most" -max_total_time="$seconds" -seed="$seed" \
    $limits -print_final_stats=1 -artifact_prefix="$folder/failures/" "$folder/corpus" "$folder/seeds" $checked \
    > "$folder/log" 2>&1 || code=$?
  if test "$code" -ne 0; then
    # The one that ended the run; what was slow only is no failure.
    rm -f "$folder"/failures/slow-unit-*
    any=''
    for found in "$folder"/failures/*; do
      test -f "$found" || continue
      any=yes
      report_failure "$found"
    done
    test -n "$any" || { say "$target: FAILED with code $code and no input:" ; tail -n 20 "$folder/log" ; }
    return 1
  fi
  rm -f "$folder"/failures/slow-unit-*
  before=$(find "$folder/corpus" -type f | wc -l)
  rm -rf "$folder/merged"
  mkdir "$folder/merged"
  "$program" --target="$target" -merge=1 $limits "$folder/merged" "$folder/seeds" $checked "$folder/corpus" \
    > "$folder/merge.log" 2>&1 || { say "$target: FAILED while its corpus was merged:" ; tail -n 20 "$folder/merge.log" ; return 1 ; }
  mv "$folder/corpus" "$folder/earlier"
  mv "$folder/merged" "$folder/corpus"
  rm -rf "$folder/earlier"
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log")
  printf '%-18s %10s %8s %8s %6s %8s %6s\n' "$target" "$runs" "$(figure cov)" "$(figure ft)" "$(find "$folder/corpus" -type f | wc -l)" \
    "$(find "$folder/corpus" -type f -exec cat {} + | wc -c)" "$before"
}

if test -n "$one"; then
  fuzz_one "$1" "$2"
  exit
fi

if test -z "$program"; then
  command -v clang++ > /dev/null || { say "skipped, clang++ is not installed" ; exit 77 ; }
  cmake --preset asan-ubsan > /dev/null
  mkdir -p "$out"
  cmake --build build-asan -j "$jobs" --target fuzz_readers > "$out/build.log" 2>&1 || { tail -n 40 "$out/build.log" ; exit 1 ; }
  program=build-asan/bin/fuzz_readers
fi
mkdir -p "$out"
test -n "$seed" || seed=$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')
test "$seed" -gt 0 || seed=1
# Files of readers, in memory where the system has such a place.
memory=/dev/shm
test -w "$memory" || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/mixvec_fuzz_run_XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 1' INT TERM
export TMPDIR ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:quarantine_size_mb=64 UBSAN_OPTIONS=print_stacktrace=1

list=$("$program" --list 2> /dev/null)
for wanted in "$@"; do
  echo "$list" | grep -q "^$wanted " || refuse "found target $wanted, expected one of $(echo "$list" | cut -d ' ' -f 1 | tr '\n' ' ')"
done
say "$seconds s each, seed $seed, $jobs at a time"
printf '%-18s %10s %8s %8s %6s %8s %6s\n' target executions edges features corpus bytes before
echo "$list" | while read -r target most; do
  case " $* " in *" $target "* | "  ") echo "$target $most" ;; esac
done | xargs -P "$jobs" -L 1 "$script" --one --seed "$seed" --program "$program" "$out" "$seconds" || failed=yes
if test -n "$failed"; then
  say "a reader has failed; its input stands in $out, mend it and put the input into flows/fuzz/corpus"
  exit 1
fi
say "nothing found"
