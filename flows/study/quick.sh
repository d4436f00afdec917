#!/bin/sh
# The quick study into an empty folder; skipped where train_model was not built.
# usage: flows/study/quick.sh BIN OUT    BIN holds the programs. Exit 77: skipped.
set -eu
if ! test -x "$1/train_model"; then
  echo "skipped: $1/train_model was not built; it needs libtorch (make deps)"
  exit 77
fi
rm -rf "$2"
exec "$1/run_study" --quick --out "$2" --json "$2.json"
