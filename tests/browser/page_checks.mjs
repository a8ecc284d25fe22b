// Checks of the browser tests inside a page: functions that run in the page, and texts that must not appear.

/** Only what hangs takes so long. */
export const hangsMilliseconds = 300_000;

/** Faults of structure, as sentences. */
export function structure() {
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
    if (Number.isNaN(Date.parse(time.dateTime)) || !time.dateTime.endsWith("Z")) faults.push("a time without its timestamp");
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
export function contrasts() {
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
    if (!walker.currentNode.data.trim() || element.tagName === "title" || element.closest(".visually-hidden")) continue;
    const style = getComputedStyle(element);
    const ink = parse(element.tagName === "text" ? style.fill : style.color).rgb;
    const [low, high] = [luminance(ink), luminance(ground(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    seen++;
    if (ratio < 4.5) bad.add(`${ratio.toFixed(2)} at <${element.tagName} class="${element.className.baseVal ?? element.className}">`);
  }
  return { seen, bad: [...bad] };
}

/** Marks what the keyboard must reach, and returns their number. */
export function markFocusable() {
  const elements = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary, [tabindex='0']")];
  elements.forEach((element, index) => (element.dataset.reach = index));
  return elements.length;
}

export function focused() {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return { reach: element.dataset.reach, visible, box: element.getBoundingClientRect().width > 0 };
}

/** Whatever the browser complains of while it shows the page; `expected` are texts that it may say. */
export function complaints(page, tell, expected = []) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !expected.some((text) => message.text().includes(text)))
      tell(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => tell(`${error}`));
  page.on("requestfailed", (request) => tell(`not loaded: ${request.url()}`));
  page.on("dialog", (dialog) => {
    tell(`a dialog shows ${dialog.message()}`);
    dialog.dismiss();
  });
}
