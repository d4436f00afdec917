#!/bin/sh
# Runs a long step with its output in a log, of which the end is shown if the step fails.
# On a terminal a line says how long it has been running, and how many files it has compiled.
#
#   sh run_step.sh LABEL LOG COMMAND...
set -u
label=$1
log=$2
shift 2
if [ -t 1 ]; then
  (
    start=$(date +%s)
    while sleep 1; do
      files=$(grep -c -e ' -c ' "$log")
      printf '\r\033[K  %s: %d s%s ' "$label" $(($(date +%s) - start)) "$([ "$files" = 0 ] || echo ", $files files compiled")"
    done
  ) 2> /dev/null &
  watcher=$!
  trap 'kill $watcher 2> /dev/null; printf "\r\033[K"' EXIT
  trap 'exit 130' INT TERM HUP
fi
"$@" > "$log" 2>&1
code=$?
if [ $code -ne 0 ]; then
  tail -n 40 "$log" >&2
  echo "$label failed, see $log" >&2
fi
exit $code
