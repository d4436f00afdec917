#!/bin/sh
# Installs the Debian packages of cmake/packages.txt that are missing, and says beforehand what that costs.
#
# usage: dependencies.sh needed    what must be there; the optional ones go along if something has to be installed
#        dependencies.sh checks    those of .ci/run, too
#        dependencies.sh all       everything, libtorch-dev for the trainer too
# Exit 0: all needed packages are there. Exit 2: one is missing and cannot be installed; the message names the command.
set -eu
cd "$(dirname "$0")/.."
list=${MIXVEC_PACKAGES:-cmake/packages.txt}
mkdir -p build
log=build/apt.log

case "${1:-}" in
  needed) more=optional ;;
  checks) more="optional checks" ;;
  all) more="optional checks trainer" ;;
  *) echo "usage: $0 needed|checks|all" >&2 ; exit 2 ;;
esac

# Lines "package purpose" of these kinds.
entries() { awk -v kinds=" $1 " 'index(kinds, " " $1 " ") { $1 = "" ; print substr($0, 2) }' "$list"; }

if ! command -v dpkg-query > /dev/null; then
  echo "note: not a Debian system; needed are:" $(entries needed | cut -d' ' -f1) >&2
  touch build/.packages
  exit 0
fi

is_installed() { test "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed; }

# Of entries on standard input those whose package is not installed, with its name on this release.
missing() {
  clang=
  while read -r package purpose; do
    case "$package" in
      *CLANG*)
        test -n "$clang" || clang=$(apt-cache depends clang 2> /dev/null | sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p')
        test -n "$clang" || continue # unknown until the package lists are there
        package=$(echo "$package" | sed "s/CLANG/$clang/")
        ;;
    esac
    is_installed "$package" || echo "$package $purpose"
  done
}
names() { echo "$1" | cut -d' ' -f1 | xargs; }
table() { echo "$1" | while read -r package purpose; do printf '  %-32s %s\n' "$package" "$purpose"; done; }

absent=$(entries needed | missing)
if [ "$1" = needed ] && [ -z "$absent" ]; then
  touch build/.packages
  exit 0
fi
absent_more=$(entries "$more" | missing)
if [ -z "$absent$absent_more" ]; then
  touch build/.packages
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
  as_root="sudo"
else
  {
    echo "Debian packages are missing, and installing them takes root or password-free sudo."
    if [ -n "$absent" ]; then echo "needed:" ; table "$absent" ; fi
    if [ -n "$absent_more" ]; then echo "optional:" ; table "$absent_more" ; fi
    echo "run once, with the optional ones:"
    echo "  sudo apt-get update && sudo apt-get install --no-install-recommends $(names "$absent
$absent_more")"
    test -z "$absent" || test -z "$absent_more" || echo "or without them:
  sudo apt-get update && sudo apt-get install --no-install-recommends $(names "$absent")"
  } >&2
  test -z "$absent" || exit 2
  touch build/.packages
  exit 0
fi

apt() { $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get --no-install-recommends "$@"; }
fail() {
  tail -n 20 "$log" >&2
  echo "packages could not be installed ($1); log: $log" >&2
  test -z "$absent" || exit 2
  echo "note: only optional ones are missing: $(names "$absent_more"); what needs them is left out" >&2
  touch build/.packages
  exit 0
}

# Package lists may be there already: update only where one of the packages is unknown.
# shellcheck disable=SC2046
if ! apt install --simulate $(names "$absent
$absent_more") > "$log" 2>&1; then
  echo "reading the lists of packages (apt-get update) ..."
  apt update -q > "$log" 2>&1 || fail "apt-get update"
fi
# A package that this release lacks costs only itself.
absent_more=$(entries "$more" | missing)
wanted=$(names "$absent")
for package in $(names "$absent_more"); do
  if apt install --simulate "$package" > "$log" 2>&1; then
    wanted="$wanted $package"
  else
    echo "note: $package is not in this release; what needs it is left out"
  fi
done
test -n "$wanted" || { touch build/.packages ; exit 0 ; }

echo "installing: $(echo "$wanted" | xargs)"
# shellcheck disable=SC2086
apt install --assume-no $wanted < /dev/null > "$log" 2>&1 || true
sed -n 's/^Need to get \(.*\) of archives\.$/download: \1/p ; s/^After this operation, \(.*\) of additional disk space.*/on disk: \1/p' "$log"
total=$(sed -n 's/.* \([0-9]*\) newly installed.*/\1/p' "$log")
echo "this takes 1 to 5 minutes, depending on the network"

# Every package is fetched, unpacked and set up: three lines of apt's. One line here for each tenth of them.
rm -f build/.apt_status
# shellcheck disable=SC2086
{ apt install -q -y $wanted 2>&1 || echo failed > build/.apt_status; } | tee "$log" | awk -v total="$((3 * ${total:-1}))" '
  /^Get:/ || /^Unpacking / || /^Setting up / {
    share = int(10 * ++count / total)
    if (share > shown) { shown = share ; printf "  %3d %%  %s\n", 10 * share, substr($0, 1, 80) ; fflush() }
  }'
test ! -e build/.apt_status || { rm -f build/.apt_status ; fail "apt-get install" ; }
touch build/.packages
