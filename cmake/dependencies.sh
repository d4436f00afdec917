#!/bin/sh
# Installs the Debian packages of cmake/packages.txt that are missing.
#
# usage: dependencies.sh needed    what must be there; the optional ones go along if something has to be installed
#        dependencies.sh all       everything, libtorch-dev for the trainer too
# Exit 0: all needed packages are there. Exit 2: one is missing and cannot be installed; the message names the command.
set -eu
cd "$(dirname "$0")/.."
list=cmake/packages.txt
mkdir -p build

packages() { awk -v kinds="$1" 'index(" " kinds " ", " " $1 " ") { print $2 }' "$list"; }

# Prints those of its arguments that are not installed.
missing() {
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    test "$status" = installed || printf '%s ' "$package"
  done
}

case "${1:-}" in
  needed) want=$(packages "needed") ; extra=$(packages "optional") ;;
  all) want=$(packages "needed") ; extra=$(packages "optional trainer") ;;
  *) echo "usage: $0 needed|all" >&2 ; exit 2 ;;
esac

if ! command -v dpkg-query > /dev/null; then
  echo "note: not a Debian system; needed are:" $want >&2
  touch build/.packages
  exit 0
fi

absent=$(missing $want)
if [ "$1" = needed ] && [ -z "$absent" ]; then
  touch build/.packages
  exit 0
fi
absent_extra=$(missing $extra)
if [ -z "$absent$absent_extra" ]; then
  touch build/.packages
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  as_root="env DEBIAN_FRONTEND=noninteractive"
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
  as_root="sudo env DEBIAN_FRONTEND=noninteractive"
else
  echo "missing packages: $absent$absent_extra" >&2
  echo "run once: sudo apt-get update && sudo apt-get install --no-install-recommends $absent$absent_extra" >&2
  test -z "$absent" || exit 2
  touch build/.packages
  exit 0
fi

# Package lists may be there already: update only if the install does not work without.
install() {
  test $# -gt 0 || return 0
  echo "installing: $*"
  $as_root apt-get install -qq -y --no-install-recommends "$@" > build/apt.log 2>&1
}
if ! install $absent; then
  $as_root apt-get update -qq > build/apt.log 2>&1 || { tail -n 5 build/apt.log >&2 ; exit 2 ; }
  install $absent || { tail -n 20 build/apt.log >&2 ; exit 2 ; }
fi
# One by one, so that a package which this release lacks costs only itself.
for package in $absent_extra; do
  install "$package" || echo "note: $package could not be installed; what needs it is left out" >&2
done
touch build/.packages
