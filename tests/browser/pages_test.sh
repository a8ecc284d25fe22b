#!/usr/bin/env bash
# Shows the pages of the samples to Chromium: pages_test.sh RENDER_PAGES DIRECTORY
# DIRECTORY is for what npm installs and for the screenshots.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
render=$(readlink -f "$1")
mkdir -p "$2"
directory=$(readlink -f "$2")
readonly here render directory

# shellcheck source=playwright.sh
source "$here/playwright.sh"

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
"$render" "$pages"
mkdir -p "$directory/screenshots"
CHROMIUM=$browser PLAYWRIGHT=$directory/node_modules/playwright-core node "$here/pages_test.mjs" "$pages" \
  "$directory/screenshots"
