#!/bin/bash
# Builds targets of the build folder. On a terminal: how many steps are done and about how long the rest takes, in one line
# that moves; in a pipe or a file: one line at the start and one at the end. Warnings and errors are shown as they come.
#
#   flows/build.sh BUILD [TARGET...]     without a target: everything
#   JOBS                                 how many compilers run at once (default: all processors)
set -uo pipefail
build=${1:?usage: flows/build.sh BUILD [TARGET...]}
shift
command=(cmake --build "$build" -j "${JOBS:-$(nproc)}")
[ $# -gt 0 ] && command+=(--target "$@")
started=$SECONDS
terminal=
[ -t 2 ] && terminal=yes

# Reads what ninja says: [done/all] step.
show() {
  local line done all left
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]]; then
      done=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]}
      if [ -n "$terminal" ]; then
        # The first steps say little about the rest.
        left=
        [ "$done" -ge 5 ] && left=", about $(((SECONDS - started) * (all - done) / done)) s left"
        printf '\r\033[K[%d/%d%s] %.60s' "$done" "$all" "$left" "${BASH_REMATCH[3]}" >&2
      fi
    elif [[ $line != "ninja: no work to do." ]]; then
      [ -n "$terminal" ] && printf '\r\033[K' >&2
      printf '%s\n' "$line"
    fi
  done
  [ -n "$terminal" ] && printf '\r\033[K' >&2
  return 0
}

printf 'build: %s\n' "${*:-everything}"
"${command[@]}" 2>&1 | show || exit 1
printf 'build: done in %d s, programs in %s/bin\n' $((SECONDS - started)) "$build"
