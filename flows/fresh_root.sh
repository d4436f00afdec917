#!/bin/bash
# Tries what the README promises where a new user would: makes an empty root of a Debian release, copies a clone of this
# checkout into it, runs the README's two commands inside and prints how each ended and what it cost.
set -euo pipefail

usage() {
  cat << 'END'
usage: flows/fresh_root.sh [options] SUITE

  SUITE            bookworm (Debian 12), trixie (Debian 13) or another suite that the mirror has

  --run COMMAND    run this in the clone instead of `make demo` and `make test`; may be given several times
  --dir DIR        keep the root in DIR, and use the one that is there; default: a temporary folder, removed at the end
  --ccache DIR     share a compiler cache among roots; default: none, as on a new machine
  --packages LIST  further Debian packages, with commas between them
  --mirror URL     of the Debian archive, or a line as in sources.list; default: the one that this machine uses
  --logs DIR       where the commands' outputs go; default: build/fresh_root
  --help

The clone holds what is committed: changes in the working tree are not tried. apt's proxies and the like are those of this
machine (apt-config dump Acquire). The root's mounts are private to the processes inside, so they end with them however
those end. Roots take 2 to 5 GB below TMPDIR. Needs root, mmdebstrap or debootstrap, and util-linux's unshare.

examples:
  flows/fresh_root.sh trixie
  flows/fresh_root.sh --mirror 'deb [trusted=yes] http://archive.ubuntu.com/ubuntu noble main universe' noble
  flows/fresh_root.sh --dir /var/tmp/trixie --ccache /var/tmp/ccache --run 'make build' --run 'build/bin/test_golden' trixie

Exit 0: all commands passed. Exit 1: one failed; its last lines are printed. Exit 2: nothing could be tried.
END
}

refuse() { echo "fresh_root: $1" >&2 ; exit 2 ; }
suite="" root="" cache="" packages="" mirror="" logs=""
commands=()
source=$(cd "$(dirname "$0")/.." && pwd)
while [ $# -gt 0 ]; do
  case "$1" in
    --run | --dir | --ccache | --packages | --mirror | --logs) test $# -ge 2 || refuse "$1: expected a value; see --help" ;;
  esac
  case "$1" in
    --help | -h) usage ; exit 0 ;;
    --run) commands+=("$2") ; shift ;;
    --dir) root=$2 ; shift ;;
    --ccache) cache=$2 ; shift ;;
    --packages) packages=$2 ; shift ;;
    --mirror) mirror=$2 ; shift ;;
    --logs) logs=$2 ; shift ;;
    -*) refuse "found option $1; see --help" ;;
    *) test -z "$suite" || refuse "found two suites, $suite and $1" ; suite=$1 ;;
  esac
  shift
done
test -n "$suite" || refuse "no suite given; try bookworm or trixie, or --help"
test "$(id -u)" = 0 || refuse "has to run as root: it makes a root file system and changes into it"
command -v unshare > /dev/null || refuse "unshare is missing; install util-linux"
command -v mmdebstrap > /dev/null || command -v debootstrap > /dev/null ||
  refuse "neither mmdebstrap nor debootstrap is there; install mmdebstrap"
test ${#commands[@]} -gt 0 || commands=("make demo" "make test")
logs=${logs:-$source/build/fresh_root}
mkdir -p "$logs"
logs=$(cd "$logs" && pwd)
if [ -z "$mirror" ]; then
  # shellcheck disable=SC2016  # apt fills these in
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2> /dev/null |
    sed -n 's/ Debian Debian$//p' | head -n 1)
  mirror=${mirror:-http://deb.debian.org/debian}
fi

child=""
temporary=""
clean() {
  if [ -n "$child" ]; then kill -KILL "$child" 2> /dev/null || true ; wait "$child" 2> /dev/null || true ; fi
  test -z "$temporary" || rm -rf --one-file-system "$temporary"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -n "$root" ]; then
  mkdir -p "$root"
  root=$(cd "$root" && pwd)
  test "$root" != / || refuse "--dir: found /, expected a folder for the root"
else
  temporary=$(mktemp -d "${TMPDIR:-/var/tmp}/mixvec-$suite-XXXXXX")
  root=$temporary/root
  mkdir "$root"
fi

# Runs a command as a child that a signal to this script ends, too.
follow() {
  "$@" &
  child=$!
  local status=0
  wait "$child" || status=$?
  child=""
  return $status
}

# To be followed, which gives it a process of its own: runs a shell command in the clone inside the root. Its mounts and processes are in namespaces of their own.
inside() {
  # shellcheck disable=SC2016  # for the inner shell
  exec unshare --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --make-rslave "$1/dev" || exit 2
    if [ -n "$2" ]; then mount --bind "$2" "$1/var/cache/ccache" || exit 2 ; set -- "$@" CCACHE_DIR=/var/cache/ccache ; fi
    root=$1 command=$3
    shift 3
    exec chroot "$root" /usr/bin/env -i HOME=/root USER=root LANG=C.UTF-8 TERM=dumb \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" \
      bash -c "cd /root/mixvec && TIMEFORMAT=\"%R s, processor %U + %S s\" && { time bash -c \"\$0\" ; } 2>&1" "$command"
  ' sh "$root" "$cache" "$1"
}

say() { printf '%s\n' "$*" ; }

settings=$logs/apt.conf
apt-config dump Acquire 2> /dev/null | grep -i 'Proxy\|Check-\|Retries\|ForceIPv\|Verify\|CaInfo\|Timeout' > "$settings" || true

# 1. The root, unless it is there. What the README asks for: git and make.
include=apt,git,make,ca-certificates${packages:+,$packages}
if [ ! -e "$root/etc/debian_version" ]; then
  test -z "$(ls -A "$root")" || refuse "--dir: $root is neither empty nor a root of Debian"
  say "root of $suite from $mirror in $root"
  begin=$SECONDS
  if command -v mmdebstrap > /dev/null; then
    make_root=(mmdebstrap --variant=minbase --aptopt="$settings" --include="$include" "$suite" "$root" "$mirror")
  else
    make_root=(debootstrap --variant=minbase --include="$include" "$suite" "$root" "$mirror")
  fi
  follow "${make_root[@]}" > "$logs/$suite-root.log" 2>&1 ||
    { tail -n 15 "$logs/$suite-root.log" >&2 ; refuse "$suite: no root; log: $logs/$suite-root.log" ; }
  say "root made in $((SECONDS - begin)) s"
fi
cp "$settings" "$root/etc/apt/apt.conf.d/90host"
test ! -e /etc/resolv.conf || cp -L /etc/resolv.conf "$root/etc/resolv.conf"
if [ -n "$cache" ]; then
  mkdir -p "$cache" "$root/var/cache/ccache"
  cache=$(cd "$cache" && pwd)
fi

# A root that is thrown away needs no syncing, which takes most of an install's time on a busy disk.
echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/unsafe-io"

# 2. The clone.
rm -rf --one-file-system "$root/root/mixvec"
git clone --quiet --no-hardlinks "$source" "$root/root/mixvec"
say "clone of $(git -C "$root/root/mixvec" log -1 --format='%h %s')"

# 3. The commands.
failed=0
number=0
for command in "${commands[@]}"; do
  number=$((number + 1))
  log=$logs/$suite-$number.log
  printf '\n== %s: %s   (log: %s)\n' "$suite" "$command" "$log"
  status=0
  follow inside "$command" > "$log" 2>&1 || status=$?
  tail -n 15 "$log" | head -n -1
  say "$suite: $command: exit $status, $(tail -n 1 "$log")"
  test $status = 0 || failed=1
done
exit $failed
