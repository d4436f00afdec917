#!/bin/sh
# Shows that fuzz.sh finds what it is for: each reader of flows/tests/fuzz/broken_readers.cpp has a fault, and within
# a minute each must be found, shortened and reported with a line that repeats it.
#
# usage: flows/fuzz/self_test.sh OUT    Exit 0: all were found; 1: one was not; 77: no clang++.
set -eu
here=$PWD
test $# -eq 1 || { echo "self_test: found $# arguments, expected OUT" >&2; exit 2; }
case "$1" in /*) out=$1 ;; *) out=$here/$1 ;; esac
cd "$(dirname "$0")/../.."
command -v clang++ > /dev/null || { echo "self_test: skipped, clang++ is not installed" ; exit 77 ; }
rm -rf "$out"
mkdir -p "$out"
cmake --preset asan-ubsan > /dev/null
cmake --build build-asan --target fuzz_broken > "$out/build.log" 2>&1 || { tail -n 40 "$out/build.log" ; exit 1 ; }
program=build-asan/bin/fuzz_broken
code=0
flows/fuzz/fuzz.sh --program "$program" "$out" 60 > "$out/said" 2>&1 || code=$?
cat "$out/said"
fail() { echo "self_test: $*" ; exit 1 ; }
test "$code" -eq 1 || fail "fuzz.sh ended with $code, expected 1"
for target in $("$program" --list 2> /dev/null | cut -d ' ' -f 1); do
  grep -q "^fuzz: $target: FAILED: ..*" "$out/said" || fail "$target: its fault was not found"
  # The line repeats it.
  line=$(sed -n "s/^fuzz: reproduce: \(.*--target=$target .*\)/\1/p" "$out/said" | head -n 1)
  test -n "$line" || fail "$target: no line repeats it"
  if sh -c "ASAN_OPTIONS=allocator_may_return_null=1 $line" > "$out/repeated" 2>&1; then fail "$target: it was not repeated by: $line" ; fi
  input=${line##* }
  test "$(wc -c < "$input")" -le 8 || fail "$target: its input was not shortened: $(wc -c < "$input") bytes"
done
echo "self_test: all faults were found"
