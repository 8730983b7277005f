#!/usr/bin/env bash
# Prints the path of a denort 2.4.2 (Linux, x86-64): what `deno compile` 2.4.2 appends a program to. deno fetches it
# from its release site, which a build machine may not reach. The same bytes stand at the head of a program on npm
# that was compiled by that deno: its ELF image ends with the section table, and the program's payload follows.
# Both the package and what is cut from it are checked against the sums below.
#
#   DENORT_BIN=$(.ci/denort.sh) npx -y deno@2.4.2 task compile
set -euo pipefail

package=@vltpkg/cli-linux-x64@0.0.0-18
package_sha512=eQvsTLNKsoA/sH80Nn1iEKu+Lh24kmbB97dDjhn34py23Xc6+/uI48UNG2k/TQFIcVf7Sckwnrk80L00Hx1eXA==
denort_sha256=2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82
folder=${XDG_CACHE_HOME:-$HOME/.cache}/denort-2.4.2
denort=$folder/denort

die() { echo "denort.sh: $*" >&2; exit 1; }
holds() { [ -x "$1" ] && [ "$(sha256sum <"$1")" = "$denort_sha256  -" ]; }

if holds "$denort"; then
  echo "$denort"
  exit 0
fi

mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
tarball=$work/$(cd "$work" && npm pack --silent "$package" </dev/null | tail -n 1)
sum=$(openssl dgst -sha512 -binary "$tarball" | base64 -w0)
[ "$sum" = "$package_sha512" ] || die "$package has not the expected checksum"
tar -xzf "$tarball" -C "$work" package/vlt

# ELF64: e_shoff (8 bytes) at 40, e_shentsize and e_shnum (2 bytes each) at 58 and 60, all little endian.
program=$work/package/vlt
field() { od -An -t "u$2" -j "$1" -N "$2" "$program" | tr -d ' '; }
length=$(($(field 40 8) + $(field 58 2) * $(field 60 2)))
head -c "$length" "$program" >"$work/denort"
chmod 755 "$work/denort"
holds "$work/denort" || die "what was cut out of $package has not the expected checksum"
mv "$work/denort" "$denort"
echo "$denort"
