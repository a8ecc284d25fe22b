#!/usr/bin/env bash
# Shows the pages of the samples to Chromium: pages_test.sh RENDER_PAGES DIRECTORY
# DIRECTORY is for what npm installs and for the screenshots.
set -euo pipefail

# The one version that this was tried with.
readonly playwright=1.55.0

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
render=$(readlink -f "$1")
mkdir -p "$2"
directory=$(readlink -f "$2")
readonly here render directory

skip() {
  printf 'SKIPPED: the status page was shown to no browser: %s\n' "$*"
  exit 0
}

for program in node npm; do
  command -v "$program" >/dev/null || skip "$program is missing"
done
browser=$(command -v chromium) || skip "chromium is missing"

installed=$directory/node_modules/playwright-core/package.json
if ! grep -qs "\"version\": \"$playwright\"" "$installed"; then
  (cd "$directory" && npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
    "playwright-core@$playwright") || skip "npm could not install playwright-core"
fi

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
"$render" "$pages"
mkdir -p "$directory/screenshots"
CHROMIUM=$browser PLAYWRIGHT=$directory/node_modules/playwright-core node "$here/pages_test.mjs" "$pages" \
  "$directory/screenshots"
