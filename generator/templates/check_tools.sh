#!/bin/sh
# Says in one message what is missing for a goal of this folder's Makefile.
#
#   sh check_tools.sh verilate|lint|icarus    exit code 0: nothing is missing; 2: the message says what, and which packages have it
#   sh check_tools.sh path             whether the path can be built in alone
#
# VERILATOR, CXX and IVERILOG name the tools.
set -u
goal=$1
missing=
packages=

lacks() {
  missing="$missing${missing:+; }$1"
  packages="$packages $2"
}

# at_least FOUND WANTED: versions, compared by the numbers between the dots.
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

check_verilator() {
  found=$($VERILATOR --version 2> /dev/null | awk '{print $2; exit}')
  if [ -z "$found" ]; then
    lacks "Verilator 5.006 or later (found no $VERILATOR)" verilator
  elif ! at_least "$found" 5.006; then
    lacks "Verilator 5.006 or later (found $found)" verilator
  fi
}

# Each line that the preprocessor lets pass names a package, or the compiler's version.
probe() {
  printf '#if defined __clang__ && __clang_major__ < 14\nold __clang_major__\n#endif\n'
  printf '#if !defined __clang__ && __GNUC__ < 12\nold __GNUC__\n#endif\n'
  for header in fmt/format.h:libfmt-dev nlohmann/json.hpp:nlohmann-json3-dev \
    boost/program_options.hpp:libboost-program-options-dev zlib.h:zlib1g-dev; do
    printf '#if !__has_include(<%s>)\n%s\n#endif\n' "${header%:*}" "${header#*:}"
  done
}

check_compiler() {
  found=$(probe | $CXX -E -P -x c++ - 2> /dev/null) || {
    lacks "g++ 12 or clang++ 14 or later (found no $CXX)" g++
    return
  }
  case $found in
    *old*) lacks "g++ 12 or clang++ 14 or later (found $($CXX -dumpversion))" g++ ;;
  esac
  for package in $(echo "$found" | grep '^lib\|^zlib\|^nlohmann' | tr -d ' '); do
    lacks "the headers of $package" "$package"
  done
}

check_icarus() { command -v "$IVERILOG" > /dev/null || lacks "Icarus 11 or later (found no $IVERILOG)" iverilog; }

# Verilator writes the folder's path into makefiles and shell commands, unquoted.
check_path() {
  if [ "$(pwd | LC_ALL=C tr -d 'A-Za-z0-9/._+,@=\n\200-\377-' | wc -c)" -ne 0 ]; then
    printf '%s: the path of this folder may hold letters, digits and / . _ + - , @ = only, as %s; move the folder\n' \
      "$(pwd)" "Verilator quotes no others" >&2
    exit 2
  fi
}

case $goal in
  verilate) check_path; check_verilator; check_compiler ;;
  lint | icarus) check_path; check_verilator; check_icarus ;;
  path) check_path ;;
esac
if [ -n "$missing" ]; then
  echo "make $goal needs $missing; Debian and Ubuntu: apt-get install$packages" >&2
  exit 2
fi
