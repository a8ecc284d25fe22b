# For scripts of this folder, by `source`: finds Chromium and installs playwright-core into $directory, or ends the
# script with a line SKIPPED. Sets $browser.

# The one version that this was tried with.
readonly playwright=1.55.0

skip() {
  printf 'SKIPPED: the pages were shown to no browser: %s\n' "$*"
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

