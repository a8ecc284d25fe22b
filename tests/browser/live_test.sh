#!/usr/bin/env bash
# Shows the pages of a running daemon to Chromium: live_test.sh DIRECTORY ORIGIN EXPECTED.json
# DIRECTORY is for what npm installs and for the screenshots.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
mkdir -p "$1"
directory=$(readlink -f "$1")
readonly here directory

# shellcheck source=playwright.sh
source "$here/playwright.sh"

mkdir -p "$directory/screenshots"
CHROMIUM=$browser PLAYWRIGHT=$directory/node_modules/playwright-core node "$here/live_test.mjs" "$2" "$3" \
  "$directory/screenshots"
