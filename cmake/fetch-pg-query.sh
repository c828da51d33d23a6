#!/bin/sh
# Unpacks Debian's libpg-query-dev 18 into a folder, for a machine whose own release has an older one.
#
#   fetch-pg-query.sh FOLDER       leaves FOLDER/usr/include, FOLDER/usr/lib, FOLDER/version
#
# The package comes from the mirror that the machine's own sources name, in a newer suite, and its signature is checked
# with the key that they name. apt works in a configuration of its own: the system's sources, lists and packages stay as
# they are, nothing is installed, and no privilege is needed. A folder that is already filled is left alone, so that
# later builds need no network.
set -eu

package=libpg-query-dev
target=${1:?usage: fetch-pg-query.sh FOLDER}

if [ -e "$target/version" ]; then exit 0; fi

fail() {
  echo "pglint needs libpg_query 18.1 or a later 18. $1" >&2
  exit 1
}

by_hand="Install $package 18 from a newer release, or unpack it with dpkg -x and pass its folder as -DPgQuery_ROOT=FOLDER."

for tool in apt-get apt-cache apt-config dpkg flock; do
  command -v $tool >/dev/null || fail "There is no $tool here to download it with. $by_hand"
done

mkdir -p "$(dirname "$target")"
target=$(cd "$(dirname "$target")" && pwd)/$(basename "$target")

# Several builds may be configured at once; the first one downloads.
exec 9>"$target.lock"
flock 9
if [ -e "$target/version" ]; then exit 0; fi

work=$target.download
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/etc/apt.conf.d" "$work/etc/preferences.d" "$work/etc/sources.list.d" "$work/state/lists/partial" \
  "$work/cache/archives/partial"
: >"$work/state/status"

# The Debian archives that this machine already trusts, one a line: "OPTIONS|URI", from both formats of apt's sources.
# An entry counts when it serves the component main of a suite that only Debian has; whether it really is Debian is
# asked again of its signed Release file.
list_archives() {
  sources=$(apt-config shell file Dir::Etc::sourcelist/f folder Dir::Etc::sourceparts/d)
  # Sets $file and $folder.
  eval "$sources"
  # shellcheck disable=SC2154
  for list in "$file" "$folder"/*.list; do
    if [ ! -r "$list" ]; then continue; fi
    awk -v suites="$suites" '
      BEGIN { n = split(suites, names, " "); for (i = 1; i <= n; i++) known[names[i]] = 1 }
      { sub(/#.*/, "") }
      $1 == "deb" {
        line = $0; options = ""
        sub(/^[ \t]*deb[ \t]+/, "", line)
        if (line ~ /^\[/) {
          options = line; sub(/^\[[ \t]*/, "", options); sub(/[ \t]*\].*/, "", options)
          sub(/^[^\]]*\][ \t]*/, "", line)
        }
        n = split(line, word, /[ \t]+/); main = 0
        for (i = 3; i <= n; i++) if (word[i] == "main") main = 1
        m = split(options, option, /[ \t]+/); signed = ""
        for (i = 1; i <= m; i++) if (tolower(option[i]) ~ /^signed-by=/) { signed = option[i]; sub(/^[^=]*=/, "", signed) }
        gsub(/,/, " ", signed)
        if (main && word[2] in known) print signed "|" word[1]
      }' "$list"
  done
  for list in "$folder"/*.sources; do
    if [ ! -r "$list" ]; then continue; fi
    awk -v suites="$suites" '
      function finish(   i, j, n, m, word, uri, main, suite) {
        n = split(value["components"], word, /[ \t\n]+/); main = 0
        for (i = 1; i <= n; i++) if (word[i] == "main") main = 1
        n = split(value["suites"], word, /[ \t\n]+/); suite = 0
        for (i = 1; i <= n; i++) if (word[i] in known) suite = 1
        if (main && suite && value["types"] ~ /(^|[ \t\n])deb([ \t\n]|$)/ && value["enabled"] !~ /^(no|false|0|off)$/) {
          m = split(value["uris"], uri, /[ \t\n]+/)
          key = value["signed-by"]
          gsub(/\n/, "\001", key)
          for (j = 1; j <= m; j++) if (uri[j] != "") print key "|" uri[j]
        }
        split("", value); field = ""
      }
      BEGIN { n = split(suites, names, " "); for (i = 1; i <= n; i++) known[names[i]] = 1 }
      /^#/ { next }
      /^[ \t]*$/ { finish(); next }
      /^[ \t]/ { value[field] = value[field] "\n" $0; next }
      {
        field = tolower($0); sub(/[ \t]*:.*/, "", field)
        text = $0; sub(/^[^:]*:[ \t]*/, "", text); sub(/[ \t]*$/, "", text)
        value[field] = field == "enabled" ? tolower(text) : text
      }
      END { finish() }' "$list"
  done
}

releases="bookworm trixie forky duke"
suites="$releases stable testing unstable sid"
codename=
if [ -r /etc/os-release ]; then
  # shellcheck disable=SC1091
  codename=$(. /etc/os-release && if [ "${ID-}" = debian ]; then echo "${VERSION_CODENAME-}"; fi)
fi
next=$(echo "$releases" | awk -v here="$codename" '{ for (i = 1; i < NF; i++) if ($i == here) print $(i + 1) }')
wanted="${codename:+$codename-backports }${next:+$next }testing unstable"

archives=$(list_archives | awk '!seen[$0]++')
if [ -z "$archives" ]; then
  fail "The sources of this machine's apt name no Debian archive to download it from. $by_hand"
fi

# How the machine reaches its mirror (proxies, certificates, …) is copied; hooks, index targets and leave to do without
# signatures are not.
{
  apt-config dump Acquire | grep -v -e '^Acquire::IndexTargets' -e '^Acquire::Allow' || true
  cat <<CONFIG
Dir::Etc "$work/etc";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "$work/etc/apt.conf.d";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/etc/sources.list.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$work/etc/preferences.d";
$(apt-config shell trusted Dir::Etc::trusted/f parts Dir::Etc::trustedparts/d netrc Dir::Etc::netrc/f \
    netrcparts Dir::Etc::netrcparts/d | sed -n "s/^\([a-z]*\)='\(.*\)'$/\1 \2/p" |
    sed -e 's/^parts /trustedparts /' -e 's/^\([a-z]*\) \(.*\)$/Dir::Etc::\1 "\2";/')
Dir::State "$work/state";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
APT::Architecture "$(dpkg --print-architecture)";
APT::Architectures "$(dpkg --print-architecture)";
APT::Get::List-Cleanup "false";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
CONFIG
} >"$work/apt.conf"
export APT_CONFIG="$work/apt.conf"

# The best version that the archive has in a suite, or nothing.
version_in() {
  suite=$1 uri=$2 signed=$3
  {
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$suite"
    if [ -n "$signed" ]; then printf 'Signed-By: %s\n' "$signed" | tr '\001' '\n'; fi
  } >"$work/etc/sources.list.d/debian.sources"
  rm -rf "$work/state/lists"
  mkdir -p "$work/state/lists/partial"
  if ! LC_ALL=C apt-get update -q -o APT::Update::Error-Mode=any >"$work/log" 2>&1; then
    cat "$work/log" >>"$work/failures"
    return 0
  fi
  # shellcheck disable=SC2016
  if ! apt-get indextargets --format '$(ORIGIN)' | grep -qx Debian; then return 0; fi
  apt-cache show $package 2>/dev/null | sed -n 's/^Version: //p' | while read -r version; do
    if dpkg --compare-versions "$version" ge 18.1 && dpkg --compare-versions "$version" lt 19~; then
      echo "$version"
      break
    fi
  done
}

: >"$work/failures"
found=
while IFS='|' read -r signed uri; do
  for suite in $wanted; do
    version=$(version_in "$suite" "$uri" "$signed")
    if [ -z "$version" ]; then continue; fi
    echo "Downloading $package $version from Debian $suite"
    (cd "$work" && apt-get download -q "$package=$version" >"$work/log" 2>&1) || {
      cat "$work/log" >&2
      fail "Downloading it failed. Try again, or: $by_hand"
    }
    found=$version
    break 2
  done
done <<ARCHIVES
$archives
ARCHIVES

if [ -z "$found" ]; then
  grep '^[EW]:' "$work/failures" | sort -u >&2 || true
  fail "No Debian suite within reach ($wanted) has it. $by_hand"
fi

dpkg -x "$work/$package"_*.deb "$work/tree"
echo "$found" >"$work/tree/version"
rm -rf "$target"
mv "$work/tree" "$target"
