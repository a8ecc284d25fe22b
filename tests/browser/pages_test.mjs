// The pages of the status page in Chromium, served with their content policy: no error in the console, nothing
// foreign becomes markup, nothing overflows a phone, contrasts of WCAG 2.1 level AA in light and dark, and the
// keyboard reaches everything. PLAYWRIGHT and CHROMIUM name what to use:
//
//     node pages_test.mjs DIRECTORY_OF_PAGES DIRECTORY_FOR_SCREENSHOTS
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

import { complaints, contrasts, focused, hangsMilliseconds, markFocusable, structure } from "./page_checks.mjs";

const { chromium } = createRequire(import.meta.url)(process.env.PLAYWRIGHT);
const [pages, screenshots] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(pages, "manifest.json"), "utf8"));

const windows = [
  { name: "wide-light", width: 1280, height: 900, colorScheme: "light" },
  { name: "wide-dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "phone-light", width: 360, height: 740, colorScheme: "light" },
  { name: "phone-dark", width: 360, height: 740, colorScheme: "dark" },
];

let passed = 0;
const failures = [];
const check = (good, words) => (good ? passed++ : failures.push(words));

function serve() {
  const answers = new Map(manifest.answers.map((answer) => [answer.target, answer]));
  const server = createServer((request, response) => {
    const answer = answers.get(request.url);
    response.writeHead(answer ? answer.code : 404, {
      "Content-Type": answer ? answer.type : "text/plain",
      "Content-Security-Policy": manifest.policy,
    });
    response.end(answer ? readFileSync(join(pages, answer.file)) : "not rendered");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

// ---- The keyboard ----

async function keyboard(page, target) {
  const wanted = await page.evaluate(markFocusable);
  const reached = new Set();
  for (let i = 0; i < wanted + 2; ++i) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(focused);
    if (now.reach === undefined) continue;
    reached.add(now.reach);
    if (!now.visible || !now.box) failures.push(`${target}: the focus cannot be seen at ${now.reach}`);
  }
  check(reached.size === wanted, `${target}: the keyboard reaches ${reached.size} of ${wanted}`);
}

// ---- The run ----

const server = await serve();
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, timeout: hangsMilliseconds });
const documents = manifest.answers.filter((answer) => answer.type.startsWith("text/html"));
check(documents.length > 10, "there are hardly any pages");
check(manifest.answers.filter((answer) => answer.code !== 200).length === 1, "a link leads nowhere");
let texts = 0;

for (const window of windows) {
  const context = await browser.newContext({
    viewport: { width: window.width, height: window.height },
    colorScheme: window.colorScheme,
    isMobile: window.width < 500,
  });
  context.setDefaultTimeout(hangsMilliseconds);
  for (const { target, code } of documents) {
    const page = await context.newPage();
    const where = `${window.name} ${target}`;
    complaints(page, (words) => failures.push(`${where}: ${words}`), code === 404 ? ["404"] : []);
    const response = await page.goto(origin + target, { waitUntil: "load" });
    check(response.status() === code, `${where}: status ${response.status()}`);

    const faults = await page.evaluate(structure);
    check(faults.length === 0, `${where}: ${faults.join("; ")}`);
    check((await page.title()).endsWith("- dkimprobe"), `${where}: its title is ${await page.title()}`);
    const { seen, bad } = await page.evaluate(contrasts);
    texts += seen;
    check(seen > 5 && bad.length === 0, `${where}: contrast ${bad.join(", ")}`);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    check(wide <= room, `${where}: ${wide} wide in a window of ${room}`);
    if (target.includes("%5C027") || target === "/probes") {
      const shown = await page.evaluate(() => document.body.innerText);
      check(shown.includes(manifest.hostile), `${where}: the hostile text is not shown as text`);
    }
    const name = target === "/" ? "overview" : target.slice(1).replaceAll(/[^a-z0-9.]+/gi, "-");
    if (!target.includes("customer"))
      await page.screenshot({ path: join(screenshots, `${name}.${window.name}.png`), fullPage: true });
    if (window.name === "wide-light") await keyboard(page, target);
    await page.close();
  }
  await context.close();
}

// The page works without styles: its text distinguishes the servers.
{
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  page.setDefaultTimeout(hangsMilliseconds);
  await page.route("**/status.css", (route) => route.abort());
  await page.goto(`${origin}/domains/example.com`);
  const words = await page.locator("main").innerText();
  for (const word of ["differs", "critical", "ns3.example.com", "not probed yet"])
    check(words.includes(word), `without styles, ${word} is not shown`);
}

await browser.close();
server.close();
for (const failure of failures) console.log(`FAILED  ${failure}`);
console.log(`${documents.length} pages, ${windows.length} windows, ${texts} texts measured`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && passed > 0 ? 0 : 1);
