#!/usr/bin/env bash
# The TypeScript compiler checks the rendered dashboards against Grafana's own types: dashboards_test.sh DIRECTORY
# npm installs into DIRECTORY.
set -euo pipefail

# The versions with which this was tested.
readonly packages=(@grafana/schema@11.6.0 typescript@5.8.3)

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
mkdir -p "$1"
directory=$(readlink -f "$1")
readonly here directory

skip() {
  printf 'SKIPPED: the dashboards were held against no types: %s\n' "$*"
  exit 0
}

for program in node npm; do
  command -v "$program" >/dev/null || skip "$program is missing"
done
if [[ $(cat "$directory/installed" 2>/dev/null) != "${packages[*]}" ]]; then
  (cd "$directory" && npm install --prefix "$directory" --no-save --no-package-lock --ignore-scripts --no-audit \
    --no-fund "${packages[@]}") || skip "npm could not install ${packages[*]}"
  printf '%s\n' "${packages[*]}" >"$directory/installed"
fi

compile() {
  "$directory/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --target es2022 --module nodenext \
    --moduleResolution nodenext "$1"
}

node "$here/grafana_types.mjs" "$here/../../exporters/mixin/dashboards" "$directory/dashboards.ts"
compile "$directory/dashboards.ts"

# The compiler must refuse a wrong dashboard.
sed 's/"colorMode": "value"/"colorMode": "valu"/' "$directory/dashboards.ts" >"$directory/wrong.ts"
if compile "$directory/wrong.ts" >"$directory/wrong.log"; then
  printf 'an unknown word was taken\n'
  exit 1
fi
grep -q "'\"valu\"' is not assignable" "$directory/wrong.log"
printf 'the types of Grafana take them, and refuse a wrong word\n'
