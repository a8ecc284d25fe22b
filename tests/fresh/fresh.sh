#!/usr/bin/env bash
# A newcomer's first minutes: a fresh Debian of that release in a chroot, a clean checkout of HEAD, `./run --version`,
# the same once more, and then COMMAND. It prints how long each took. Wants root and debootstrap.
#
#     tests/fresh/fresh.sh trixie|bookworm [COMMAND...]        for example: fresh.sh trixie ./run units
#
# What it downloads is kept in build/fresh/. The mirror is the one that apt on this machine has.
set -euo pipefail

root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..
root=$(readlink -f "$root")
readonly root kept=$root/build/fresh

die() {
  printf 'fresh: %s\n' "$*" >&2
  exit 1
}

# timed COMMAND...: runs it in the checkout within the chroot
timed() {
  local TIMEFORMAT='fresh: took %0R s, %0U s of processor time' code=0
  printf 'fresh: %s\n' "$*"
  time chroot "$fresh" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 NO_COLOR=1 \
    /bin/sh -c 'cd /dkimprobe && exec "$@"' sh "$@" </dev/null || code=$?
  return "$code"
}

# Runs in a mount namespace of its own, which takes its mounts with it when it ends, however it ends.
inside() {
  mount -t proc proc "$fresh/proc"
  mount -t tmpfs tmpfs "$fresh/dev/shm"
  mkdir -p "$fresh/dev/pts"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$fresh/dev/pts"
  ln -sf pts/ptmx "$fresh/dev/ptmx"
  mount --bind "$kept/packages-$suite" "$fresh/var/cache/apt/archives"
  timed ./run --version
  timed ./run --version
  (($# == 0)) || timed "$@"
}

if [[ ${1-} == --inside ]]; then
  readonly suite=$2 fresh=$3
  shift 3
  inside "$@"
  exit
fi

suite=${1-}
[[ $suite == trixie || $suite == bookworm ]] || die "usage: fresh.sh trixie|bookworm [COMMAND...]"
readonly suite
shift
((EUID == 0)) || die "wants root"
command -v debootstrap >/dev/null || die "wants debootstrap"

# shellcheck disable=SC2016 # apt expands this
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed 1q)
[[ -n $mirror ]] || die "apt knows no mirror of Debian; perhaps \`apt-get update\` is due"

mkdir -p "$kept/packages-$suite/partial"
fresh=$(mktemp -d "${TMPDIR:-/tmp}/dkimprobe-fresh.XXXXXX")
readonly fresh
trap 'rm -rf --one-file-system "$fresh"' EXIT
if [[ ! -e $kept/$suite.tar ]]; then
  debootstrap --variant=minbase "$suite" "$fresh" "$mirror" >"$kept/$suite.log" 2>&1 ||
    die "debootstrap failed: $kept/$suite.log"
  tar -C "$fresh" --one-file-system -cf "$kept/$suite.tar.partial" .
  mv "$kept/$suite.tar.partial" "$kept/$suite.tar"
else
  tar -C "$fresh" -xpf "$kept/$suite.tar"
fi
chmod 755 "$fresh" # for packages whose programs run as their own user
# The proxies of this machine, if any.
{ apt-config dump | grep -E '^Acquire::https?::'; } >"$fresh/etc/apt/apt.conf.d/99machine" || true
cp /etc/hosts /etc/resolv.conf "$fresh/etc/"
mkdir "$fresh/dkimprobe"
git -C "$root" archive HEAD | tar -C "$fresh/dkimprobe" -x
unshare --mount --propagation private "$0" --inside "$suite" "$fresh" "$@"
