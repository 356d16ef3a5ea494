#!/usr/bin/env bash
# prepare.sh LIST... - installs the Debian packages of the lists that are missing.
#
# dpkg is asked first: nothing missing, no apt and no network. As root apt is run
# as it is, otherwise through sudo; where neither works, the line to type is
# printed and the exit status is 1. Never asks, never reads standard input.
set -u
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

if ! command -v dpkg-query >/dev/null; then
    echo "prepare: this is not Debian; CMake will say which library is missing." >&2
    exit 0
fi

missing() { # LIST...  the names that dpkg does not call installed, one a line
    local name
    sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$@" | while read -r name; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            printf '%s\n' "$name"
    done
}

for list in "$@"; do
    if [ ! -r "$list" ]; then
        echo "prepare: no package list $list" >&2
        exit 1
    fi
done

mapfile -t names < <(missing "$@")
[ ${#names[@]} -gt 0 ] || exit 0

by_hand() { # WHY
    echo "Packages are missing, and $1. Type, as root:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends ${names[*]}" >&2
    exit 1
}

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || by_hand "this account cannot install them"
    # With nobody to type a password sudo must fail, not wait.
    if [ -t 2 ]; then
        as_root=(sudo)
    else
        as_root=(sudo -n)
    fi
    "${as_root[@]}" true </dev/null || by_hand "sudo refused"
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
fi

echo "Installing: ${names[*]}" >&2
log=$(mktemp "${TMPDIR:-/tmp}/entrenous-apt.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT
if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" apt-get install -y --no-install-recommends "${names[@]}"; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    by_hand "apt-get could not install them"
fi

mapfile -t names < <(missing "$@")
[ ${#names[@]} -eq 0 ] || by_hand "apt-get left them out"
