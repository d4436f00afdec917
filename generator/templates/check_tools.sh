#!/bin/sh
# Says in one message what is missing for a goal of this folder's Makefile.
#
#   sh check_tools.sh verilate|lint|icarus    exit code 0: nothing is missing; 2: the message says what, and which packages have it
#   sh check_tools.sh path             whether the path can be built in alone
#   sh check_tools.sh bench            whether ./tb_layer is that of the sources
#
# VERILATOR, CXX, IVERILOG and VVP name the tools, ICARUS_RUN is what tb_layer is to record.
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

check_vvp() { command -v "${VVP:-vvp}" > /dev/null || lacks "Icarus's vvp (found no ${VVP:-vvp})" iverilog; }

refuse() {
  printf '%s\n' "$1" >&2
  exit 2
}

# It becomes words of a shell command.
check_run() {
  [ -n "$ICARUS_RUN" ] || refuse "ICARUS_RUN: found nothing, expected options of ./tb_layer for a run of up to 100000 cycles"
  [ "$(printf %s "$ICARUS_RUN" | LC_ALL=C tr -d 'A-Za-z0-9 /._+,@=\200-\377-' | wc -c)" -eq 0 ] ||
    refuse "ICARUS_RUN: found \"$ICARUS_RUN\", expected words of letters, digits and / . _ + - , @ = only"
  for word in $ICARUS_RUN; do
    case $word in
      --record | --record=* | --self-test | --help | -h | --version)
        refuse "ICARUS_RUN: found $word, expected options of a run that is recorded; make icarus adds --record" ;;
    esac
  done
}

check_bench() {
  [ ! -d tb_layer ] || refuse "tb_layer: found a folder, expected the bench; remove it and run make verilate"
  [ -x tb_layer ] || refuse "tb_layer: found a file that cannot be run, expected the bench: run make verilate"
  # shellcheck disable=SC2046  # words without blanks
  newer=$(find Makefile filelist.f rtl/mixvec.vlt $(cat filelist.f) bench include -type f -newer tb_layer | head -n 1)
  [ -z "$newer" ] || refuse "tb_layer: found a bench that is older than $newer: run make verilate"
}

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
  lint) check_path; check_verilator; check_icarus ;;
  icarus) check_run; check_path; check_verilator; check_icarus; check_vvp ;;
  path) check_path ;;
  bench) check_bench ;;
esac
if [ -n "$missing" ]; then
  echo "make $goal needs $missing; Debian and Ubuntu: apt-get install$packages" >&2
  exit 2
fi
