#!/bin/bash
# Which lines of our C++ the tests reach: builds the preset coverage, runs the tests that compute, read files and run the
# programs, and prints a table by folder, one by file, and what nothing reached.
#
#   flows/coverage.sh OUT      JOBS compilers at once (default: all processors)
#
# OUT/coverage.json holds the tables, OUT/coverage.info the lines for lcov's genhtml, OUT/html its pages where it is
# installed, OUT/missed.txt what was not reached. Tests, fuzz targets, benchmarks, libraries and generated sources do not
# count; nor do the lines of flows/coverage/excluded.txt, each with its reason.
# Exit 0: the tests passed, and reached 90 % of the lines of each folder. Exit 1: not. Exit 2: wrongly called.
set -u -o pipefail
refuse() { echo "coverage.sh: $*" >&2; exit 2; }
fail() { echo "FAIL: $*"; exit 1; }
[ $# -eq 1 ] || refuse "found $# arguments, expected OUT"
for tool in gcov jq; do
  command -v $tool > /dev/null || refuse "found no $tool, expected it in PATH; cmake/dependencies.sh checks installs it"
done
mkdir -p "$1" || exit 2
out=$(realpath "$1")
cd "$(dirname "$0")/.." || exit 2
source=$PWD
build=$source/build-coverage
folders="golden generator pruning sim flows"
counted='^(golden|generator|pruning|sim|flows)/'
not_counted='/(tests|fuzz|benchmarks)/'
rm -rf "$out"/*.info "$out"/*.json "$out"/*.txt "$out/html" "$out/log"
mkdir -p "$out/log"

cmake --preset coverage > "$out/log/configure" || fail "cmake --preset coverage; $out/log/configure"
cmake --build "$build" -j "${JOBS:-$(nproc)}" > "$out/log/build" 2>&1 || { tail -n 40 "$out/log/build"; fail "the build"; }
# What earlier runs counted, and what is left of sources that are gone.
find "$build" -name '*.gcda' -delete
for notes in $(find "$build" -name '*.gcno'); do
  test -e "${notes%.gcno}.o" || rm "$notes"
done

# Not those that kill the programs, which write no counts then (test_faults), or build all a second time (test_documents),
# nor what only starts tools (*Lint*).
for test in test_golden test_generator test_sim test_pruning test_pruning_train test_flows test_regress test_mutation test_study \
  check_testplan hostile_self_test hostile_inputs; do
  program=$build/bin/$test
  test -x "$program" || { echo "$test: left out, it is not built"; continue; }
  started=$SECONDS
  options=(--gtest_brief=1 "--gtest_filter=-*Lint*")
  # One program shows what the test itself reaches; the nightly runs it on all of them in the release, where that is faster.
  test $test != hostile_inputs || options=(--bin "$build/bin" --program gen_vectors --at-least 500)
  (cd "$build" && "$program" "${options[@]}") > "$out/log/$test" 2>&1 || { tail -n 40 "$out/log/$test"; fail "$program ${options[*]}"; }
  echo "$test: passed in $((SECONDS - started)) s"
done

# FILE LINE COUNT of each line that has code, added up over all places that it was compiled into; gcov takes what never ran
# for never reached. Sources are named from the project's folder.
echo "reading what was counted"
cd "$build" || exit 2
find . -name '*.gcno' -print0 | xargs -0 gcov --json-format --stdout --relative-only --source-prefix "$source" 2> "$out/log/gcov" |
  jq -r --arg source "$source/" --arg counted "$counted" --arg not "$not_counted" '.files[] |
    (.file | ltrimstr($source) | sub("^(\\.\\./)+"; "")) as $file |
    select(($file | test($counted)) and ($file | test($not) | not)) | .lines[] | "\($file)\t\(.line_number)\t\(.count)"' > "$out/counts" ||
  { tail -n 5 "$out/log/gcov"; fail "gcov and jq"; }
cd "$source" || exit 2
awk -F'\t' -v OFS='\t' '{ sum[$1 OFS $2] += $3 } END { for (line in sum) print line, sum[line] }' "$out/counts" |
  sort -k1,1 -k2,2n > "$out/all"
# Without the lines that cannot be reached; with their text, by which they are known there.
awk -F'\t' -v OFS='\t' -v list=flows/coverage/excluded.txt '
  BEGIN {
    while ((getline entry < list) > 0) {
      if (entry ~ /^#/ || entry == "") continue
      n = split(entry, part, " [|] ")
      if (n < 3) { print "FAIL: " list ": found " entry ", expected FILE | LINE | REASON" > "/dev/stderr"; wrong = 1; continue }
      text = entry; sub(/^[^|]* [|] /, "", text); text = substr(text, 1, length(text) - length(part[n]) - 3)
      excluded[part[1] OFS text] = entry
    }
  }
  $1 != file { file = $1; for (at in source) delete source[at]; n = 0; while ((getline text < file) > 0) source[++n] = text; close(file) }
  n == 0 { next }  # written by the build
  {
    text = source[$2]; gsub(/^[ \t]+|[ \t]+$/, "", text)
    if ($3 == 0 && (file OFS text) in excluded) { used[file OFS text] = 1; next }
    print $0, text
  }
  END {
    for (key in excluded) if (!(key in used)) { print "FAIL: " list ": found " excluded[key] ", but no such line that is not reached" > "/dev/stderr"; wrong = 1 }
    exit wrong
  }' "$out/all" > "$out/lines" || exit 1
rm "$out/counts" "$out/all"
awk -F'\t' '$3 == 0 { print $1 ":" $2 ": " $4 }' "$out/lines" > "$out/missed.txt"
awk -F'\t' -v source="$source" '
  function close_file() { if (file != "") printf "LF:%d\nLH:%d\nend_of_record\n", all, hit }
  $1 != file { close_file(); file = $1; all = hit = 0; print "SF:" source "/" file }
  { all++; hit += $3 > 0; printf "DA:%d,%d\n", $2, $3 }
  END { close_file() }' "$out/lines" > "$out/coverage.info"
# KIND NAME LINES REACHED: of all, of each folder, of each file.
awk -F'\t' -v OFS='\t' '{
    folder = $1; sub(/\/.*/, "", folder)
    all++; in_folder[folder]++; in_file[$1]++
    if ($3 > 0) { reached++; hit_folder[folder]++; hit_file[$1]++ }
  }
  END {
    print "all", "all", all + 0, reached + 0
    for (folder in in_folder) print "folder", folder, in_folder[folder], hit_folder[folder] + 0
    for (file in in_file) print "file", file, in_file[file], hit_file[file] + 0
  }' "$out/lines" | sort > "$out/table"
rm "$out/lines"
jq -R -n '[inputs | split("\t") | {kind: .[0], name: .[1], lines: (.[2] | tonumber), reached: (.[3] | tonumber)}] as $rows |
  def by($kind): [$rows[] | select(.kind == $kind) | {(.name): {lines, reached}}] | add;
  ($rows[] | select(.kind == "all") | {lines, reached}) + {folders: by("folder"), files: by("file")}' "$out/table" > "$out/coverage.json"
show() { awk -F'\t' -v kind="$1" '$1 == kind { printf "%-48s %7d %8d %7.1f\n", $2, $3, $4, 100 * $4 / $3 }' "$out/table"; }
printf '%-48s %7s %8s %7s\n' "" lines reached %
show file | sort -k4,4n -k1,1
echo
show folder
show all
command -v genhtml > /dev/null && genhtml --quiet --prefix "$source" --output-directory "$out/html" "$out/coverage.info" > "$out/log/genhtml" 2>&1 &&
  echo "pages: $out/html/index.html"
echo "not reached: $out/missed.txt"
bad=0
for folder in $folders; do
  awk -F'\t' -v folder="$folder" '$1 == "folder" && $2 == folder { all = $3; hit = $4 } END {
    if (all == 0) { print "FAIL: found no line of " folder ", expected its sources"; exit 1 }
    if (hit < 0.9 * all) { printf "FAIL: %s: %.1f %% of the lines were reached, expected 90 at least\n", folder, 100 * hit / all; exit 1 }
  }' "$out/table" || bad=1
done
rm "$out/table"
exit $bad
