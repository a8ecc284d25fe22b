// The pages of a running daemon in Chromium: from the overview on, every link of its own is followed. No page may
// make the browser complain under its content policy, every link leads somewhere, nothing overflows a phone, and
// what EXPECTED.json names is shown. PLAYWRIGHT and CHROMIUM name what to use:
//
//     node live_test.mjs ORIGIN EXPECTED.json DIRECTORY_FOR_SCREENSHOTS
//
// EXPECTED.json: [{"path": "/domains/example.com", "words": ["differs"]}]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { complaints, hangsMilliseconds, structure } from "./page_checks.mjs";

const { chromium } = createRequire(import.meta.url)(process.env.PLAYWRIGHT);
const [origin, expectedFile, screenshots] = process.argv.slice(2);
const expected = new Map(JSON.parse(readFileSync(expectedFile, "utf8")).map((each) => [each.path, each]));
const mostPages = 300;

let passed = 0;
const failures = [];
const check = (good, words) => (good ? passed++ : failures.push(words));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, timeout: hangsMilliseconds });
const wide = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const phone = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, colorScheme: "dark" });
for (const context of [wide, phone]) context.setDefaultTimeout(hangsMilliseconds);
const waiting = ["/", ...expected.keys()];
const known = new Set(waiting);

async function show(context, path, name) {
  const page = await context.newPage();
  complaints(page, (words) => failures.push(`${name} ${path}: ${words}`));
  const response = await page.goto(origin + path, { waitUntil: "load" });
  return { page, response };
}

async function look(path) {
  const { page, response } = await show(wide, path, "wide");
  check(response.status() === 200, `${path}: status ${response.status()}`);
  const headers = response.headers();
  check(headers["x-content-type-options"] === "nosniff", `${path}: no X-Content-Type-Options`);
  if (!headers["content-type"]?.startsWith("text/html")) {
    if (path.startsWith("/api/")) check(JSON.parse(await response.text()) !== null, `${path}: no JSON`);
    return page.close();
  }
  check(headers["content-security-policy"]?.includes("default-src 'none'"), `${path}: no content policy`);
  const faults = await page.evaluate(structure);
  check(faults.length === 0, `${path}: ${faults.join("; ")}`);
  const shown = await page.evaluate(() => document.body.innerText);
  for (const word of expected.get(path)?.words ?? []) check(shown.includes(word), `${path}: ${word} is not shown`);
  for (const link of await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((a) => a.href))) {
    const url = new URL(link);
    if (url.origin !== origin || known.has(url.pathname + url.search)) continue;
    known.add(url.pathname + url.search);
    waiting.push(url.pathname + url.search);
  }
  const name = path === "/" ? "overview" : path.slice(1).replaceAll(/[^a-z0-9.]+/gi, "-");
  await page.screenshot({ path: join(screenshots, `live-${name}.png`), fullPage: true });
  // The picture of the README: what is seen first.
  if (path === "/") await page.screenshot({ path: join(screenshots, "status-page.png") });
  await page.close();

  const small = await show(phone, path, "phone");
  const [width, room] = await small.page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  check(width <= room, `${path}: ${width} wide on a phone of ${room}`);
  await small.page.close();
}

let pages = 0;
for (; waiting.length > 0 && pages < mostPages; ++pages) {
  const path = waiting.shift();
  // The metrics page is not part of the status page.
  if (path !== "/metrics") await look(path);
}
check(waiting.length === 0, `more than ${mostPages} pages`);
check(pages > expected.size + 1, "no link was followed");

await browser.close();
for (const failure of failures) console.log(`FAILED  ${failure}`);
console.log(`${pages} pages of ${origin}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && passed > 0 ? 0 : 1);
