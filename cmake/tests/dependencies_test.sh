#!/bin/sh
# Tries cmake/dependencies.sh on pretended machines: what is asked of apt, what is said, and how it ends.
#
# usage: dependencies_test.sh SOURCE_DIR    Exit 0: as expected.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/cmake" "$work/bin"
cp "$source/cmake/dependencies.sh" "$source/cmake/packages.txt" "$work/tree/cmake"

# The machine: $work/installed lists its packages, $work/unknown those that the release lacks; apt-get notes its calls.
tool() { cat > "$work/bin/$1" ; chmod +x "$work/bin/$1" ; }
tool dpkg-query << END
#!/bin/sh
for name; do :; done
grep -qx "\$name" "$work/installed" && echo installed
END
tool apt-cache << END
#!/bin/sh
printf 'clang\n  Depends: clang-19\n'
END
tool id << END
#!/bin/sh
cat "$work/uid"
END
tool sudo << END
#!/bin/sh
exit 1
END
tool apt-get << END
#!/bin/sh
echo "\$*" >> "$work/calls"
for name; do
  if grep -qx -e "\$name" "$work/unknown"; then echo "E: Unable to locate package \$name" ; exit 100 ; fi
done
case "\$*" in
  *--assume-no*)
    echo "0 upgraded, 4 newly installed, 0 to remove and 0 not upgraded."
    echo "Need to get 300 MB of archives."
    echo "After this operation, 1234 MB of additional disk space will be used."
    exit 1 ;;
  *-y*)
    test ! -e "$work/broken" || { echo "E: Failed to fetch" ; exit 100 ; }
    for i in 1 2 3 4; do echo "Get:\$i p\$i" ; done
    for i in 1 2 3 4; do echo "Unpacking p\$i" ; echo "Setting up p\$i" ; done ;;
esac
END

# run MODE: leaves the exit code in $status, all output in $work/out and apt's calls in $work/calls.
run() {
  : > "$work/calls"
  status=0
  PATH=$work/bin:$PATH "$work/tree/cmake/dependencies.sh" "$1" > "$work/out" 2>&1 || status=$?
}
failures=0
expect() {
  if [ "$2" != "$3" ]; then echo "$1: found '$2', expected '$3'" ; cat "$work/out" ; failures=$((failures + 1)) ; fi
}
says() { if grep -q -e "$2" "$work/out"; then :; else expect "$1" "" "$2" ; fi; }
all_but() { awk '/^[a-z]/ { print $2 }' "$source/cmake/packages.txt" | sed 's/CLANG/19/' | grep -vx "$1" > "$work/installed" ; }
: > "$work/unknown"

# Without root: one message, with what each package is for, and exit 2.
echo 1000 > "$work/uid"
all_but 'verilator\|opensta'
run needed
expect "no root" "$status" 2
says "no root" "^needed:$"
says "no root" "^  verilator  *simulates the RTL$"
says "no root" "^optional:$"
says "no root" "^  opensta  *timing"
says "no root" "apt-get install --no-install-recommends verilator opensta$"
says "no root" "apt-get install --no-install-recommends verilator$"
# A missing one that is only optional stops nobody.
all_but opensta
run needed
expect "optional" "$status" 0
run all
expect "optional, asked for" "$status" 0
says "optional, asked for" "opensta"
# All there: silence.
all_but none
run all
expect "all there" "$status" 0
expect "all there" "$(cat "$work/out" "$work/calls")" ""

# As root: the costs, the progress, and the names of this release.
echo 0 > "$work/uid"
: > "$work/installed"
run checks
expect "root" "$status" 0
says "root" "^download: 300 MB$"
says "root" "^on disk: 1234 MB$"
says "root" "^  100 %  Setting up p4$"
expect "root" "$(grep -c -e '-y .*verilator.*libclang-rt-19-dev' "$work/calls")" 1
expect "root" "$(grep -c -e '-y .*libtorch-dev' "$work/calls")" 0
# A package that the release lacks costs only itself.
echo opensta > "$work/unknown"
run needed
expect "unknown" "$status" 0
says "unknown" "^note: opensta is not in this release"
expect "unknown" "$(grep -c -e '-y .*opensta' "$work/calls")" 0
expect "unknown" "$(grep -c -e '-y .*verilator' "$work/calls")" 1
# A failed download is an error only for what is needed.
: > "$work/broken"
run needed
expect "broken" "$status" 2
says "broken" "Failed to fetch"
all_but opensta
: > "$work/unknown"
run all
expect "broken, optional" "$status" 0
says "broken, optional" "only optional ones are missing: opensta"

test $failures = 0 || { echo "$failures failures" ; exit 1 ; }
