// The pages of the status page in Chromium, served with their content policy: no error in the console, nothing
// foreign becomes markup, nothing overflows a phone, contrasts of WCAG 2.1 level AA in light and dark, and the
// keyboard reaches everything. PLAYWRIGHT and CHROMIUM name what to use:
//
//     node pages_test.mjs DIRECTORY_OF_PAGES DIRECTORY_FOR_SCREENSHOTS
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

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

// ---- What is looked at inside a page ----

/** Faults of structure, as sentences. */
function structure() {
  const faults = [];
  const all = (query) => [...document.querySelectorAll(query)];
  if (all("script, img, iframe, object, embed, [style], [onerror], [onclick]").length > 0)
    faults.push("there is markup that no page has");
  if (document.documentElement.lang !== "en") faults.push("no language");
  for (const one of ["h1", "main", "header", "footer", "head > title", "header nav"])
    if (all(one).length !== 1) faults.push(`${all(one).length} of ${one}`);
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) faults.push(`h${own} after h${level}`);
    level = own;
  }
  for (const cell of all("th")) if (!cell.hasAttribute("scope")) faults.push("a th without scope");
  for (const table of all("table")) if (!table.caption) faults.push("a table without caption");
  for (const drawing of all("svg")) {
    const label = drawing.getAttribute("aria-labelledby");
    const named = drawing.querySelector("title") && label && document.getElementById(label)?.textContent;
    if (!named && drawing.getAttribute("aria-hidden") !== "true") faults.push("a drawing without a name");
  }
  for (const time of all("time"))
    if (Number.isNaN(Date.parse(time.dateTime)) || !time.dateTime.endsWith("Z")) faults.push("a time without its moment");
  const ids = all("[id]").map((element) => element.id);
  if (new Set(ids).size !== ids.length) faults.push("an id is there twice");
  for (const region of all("[aria-labelledby]"))
    if (!document.getElementById(region.getAttribute("aria-labelledby"))) faults.push("a label that is not there");
  // Control characters, invisible ones, and marks of direction.
  if (/[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/.test(document.documentElement.textContent))
    faults.push("a character that harms came through");
  return faults;
}

/** Texts whose contrast with what is behind them is too low. */
function contrasts() {
  const parse = (color) => {
    const parts = color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const rect = element.tagName === "text" && element.parentElement.querySelector(":scope > rect");
    if (rect) {
      const fill = parse(getComputedStyle(rect).fill);
      if (fill.alpha === 1) return fill.rgb;
    }
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.alpha === 1) return color.rgb;
      if (color.alpha !== 0) throw new Error("half a background");
    }
    return [255, 255, 255];
  };
  const bad = new Set();
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.tagName === "title" || element.closest(".unseen")) continue;
    const style = getComputedStyle(element);
    const ink = parse(element.tagName === "text" ? style.fill : style.color).rgb;
    const [low, high] = [luminance(ink), luminance(ground(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    seen++;
    if (ratio < 4.5) bad.add(`${ratio.toFixed(2)} at <${element.tagName} class="${element.className.baseVal ?? element.className}">`);
  }
  return { seen, bad: [...bad] };
}

/** Marks what the keyboard must reach, and says how many there are. */
function markFocusable() {
  const elements = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary, [tabindex='0']")];
  elements.forEach((element, index) => (element.dataset.reach = index));
  return elements.length;
}

function focused() {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return { reach: element.dataset.reach, visible, box: element.getBoundingClientRect().width > 0 };
}

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
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM });
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
  for (const { target, code } of documents) {
    const page = await context.newPage();
    const where = `${window.name} ${target}`;
    page.on("console", (message) => {
      const expected = code === 404 && message.text().includes("404");
      if (["error", "warning"].includes(message.type()) && !expected) failures.push(`${where}: console: ${message.text()}`);
    });
    page.on("pageerror", (error) => failures.push(`${where}: ${error}`));
    page.on("requestfailed", (request) => failures.push(`${where}: not loaded: ${request.url()}`));
    page.on("dialog", (dialog) => failures.push(`${where}: a dialog says ${dialog.message()}`) && dialog.dismiss());
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

// Without styles there is still a page: what tells servers apart is in its words.
{
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.route("**/status.css", (route) => route.abort());
  await page.goto(`${origin}/domains/example.com`);
  const words = await page.locator("main").innerText();
  for (const word of ["differs", "critical", "ns3.example.com", "not looked at yet"])
    check(words.includes(word), `without styles nothing says ${word}`);
}

await browser.close();
server.close();
for (const failure of failures) console.log(`FAILED  ${failure}`);
console.log(`${documents.length} pages, ${windows.length} windows, ${texts} texts measured`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && passed > 0 ? 0 : 1);
