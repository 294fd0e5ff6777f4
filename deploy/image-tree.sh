#!/usr/bin/env bash
# Builds the file tree of the container image, from a binary that is already built:
#
#   deploy/image-tree.sh BINARY FOLDER
#
# deploy/Dockerfile copies this tree into an empty image. Without Docker it shows the same thing: in a chroot, as a user
# without rights, the gateway finds just what it will find in the container.
#
#   deploy/image-tree.sh target/debug/aegis "$tree"
#   cp config/quickstart.yaml "$tree"/etc/aegis/ && cp -r config/policies "$tree"/etc/aegis/
#   sudo chroot --userspec=65532:65532 "$tree" /aegis check /etc/aegis/quickstart.yaml
#
# The tree: /aegis, users and groups, how names are looked up, certificate authorities, /etc/aegis for the mounted configuration and /var/lib/aegis
# for the mounted volume, which belongs to the user (where this runs as root; elsewhere to whoever runs it). A binary that
# is not linked statically gets the libraries that ldd finds, so that a debug build can be tried too.
set -euo pipefail

readonly user=65532

if [[ $# -ne 2 ]]; then
    echo "usage: ${BASH_SOURCE[0]} BINARY FOLDER" >&2
    exit 2
fi
binary="$1"
tree="$2"

if [[ ! -f "$binary" || ! -x "$binary" ]]; then
    echo "$binary: no such program; build it first" >&2
    exit 1
fi
# A tree that holds the leftovers of another build is not the image.
if [[ -e "$tree" && -n "$(ls -A "$tree")" ]]; then
    echo "$tree: is not an empty folder" >&2
    exit 1
fi

# The kernel names the loader of a program it runs; a static program has none, and ldd says so by failing.
libraries() {
    local listed
    if ! listed="$(LC_ALL=C ldd "$binary" 2>&1)"; then
        case "$listed" in
            *"not a dynamic executable"*) return ;;
        esac
        echo "$listed" >&2
        return 1
    fi
    if [[ "$listed" == *"not found"* ]]; then
        echo "$listed" >&2
        return 1
    fi
    # "name => /path (address)" and "/path of the loader (address)"; the kernel's own has no path.
    awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' <<<"$listed"
}

found="$(libraries)"

umask 022
mkdir -p "$tree"/etc/aegis "$tree"/var/lib/aegis
install -m 0755 "$binary" "$tree/aegis"
while read -r library; do
    [[ -n "$library" ]] || continue
    install -D -m 0755 "$library" "$tree$library"
done <<<"$found"

# Who is believed where `upstream.tls` names nobody: what this machine's package ca-certificates has.
if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then
    install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"
fi

# Names for the numbers, for whoever lists files. Nothing reads them at run time.
cat >"$tree/etc/passwd" <<END
root:x:0:0:root:/:/sbin/nologin
aegis:x:$user:$user:aegis:/:/sbin/nologin
END
cat >"$tree/etc/group" <<END
root:x:0:
aegis:x:$user:
END
# /etc/hosts first, then the servers of /etc/resolv.conf. Both come from whoever runs the container.
echo 'hosts: files dns' >"$tree/etc/nsswitch.conf"

if [[ $EUID -eq 0 ]]; then
    chown "$user:$user" "$tree/var/lib/aegis"
fi
chmod 0750 "$tree/var/lib/aegis"
