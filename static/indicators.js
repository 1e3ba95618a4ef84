// Search among the indicators, and the level so far, as boxes are ticked. Without script both are buttons that save.
const box = document.querySelector("[data-indicator-search]");
const input = document.getElementById("indicator-search");
const count = document.querySelector("[data-indicator-count]");
const level = document.querySelector("[data-level]");
const form = box?.closest("form");
const domains = [...document.querySelectorAll(".door-indicators details")];
const opened = new Map(domains.map((domain) => [domain, domain.open]));

const all = document.querySelector("[data-indicator-all]");
const by = JSON.parse(document.getElementById("search-by")?.textContent ?? "{}");

// As thresholds/domain/everyday.py, by the same endings and the same everyday words.
function stem(word) {
  const ending = by.endings.find((each) => word.endsWith(each) && word.length - each.length >= by.least);
  let left = ending ? word.slice(0, -ending.length) : word;
  if (left.length > by.least && left.at(-1) === left.at(-2) && !"lsz".includes(left.at(-1))) left = left.slice(0, -1);
  return left;
}

function split(text) {
  return text.toLowerCase().replace(/['’]/g, "").match(/[\p{L}\p{N}]+/gu) ?? [];
}

function spoken(item) {
  const part = item.closest("[data-indicator-part]")?.querySelector("h2")?.textContent ?? "";
  const domain = item.closest("details").querySelector("[data-domain]").textContent;
  const words = split(`${item.querySelector("label").textContent} ${part} ${domain}`);
  return { item, words, stems: new Set(words.map(stem)) };
}

const items = domains.map((domain) => [...domain.querySelectorAll(".govuk-checkboxes__item")].map(spoken));

function fits({ words, stems }, wanted) {
  return wanted.every(([typed, fit]) => fit.some((each) => stems.has(each)) || words.some((word) => word.startsWith(typed)));
}

function show() {
  const typed = input.value.trim();
  const wanted = split(typed).map((word) => [word, [stem(word), ...(by.everyday[stem(word)] ?? [])]]);
  const found = new Set();
  const fitting = new Set();
  for (const { item, ...rest } of items.flat()) {
    if (!fits(rest, wanted)) continue;
    fitting.add(item);
    found.add(`${item.closest("fieldset").querySelector("legend").textContent}: ${item.querySelector("label").textContent}`);
  }
  const searching = wanted.length > 0 && found.size > 0;
  domains.forEach((domain, at) => {
    let inDomain = 0;
    for (const { item } of items[at]) {
      item.hidden = searching && !fitting.has(item);
      inDomain += fitting.has(item) ? 1 : 0;
    }
    for (const part of domain.querySelectorAll("fieldset, [data-indicator-part]")) {
      part.hidden = !part.querySelector(".govuk-checkboxes__item:not([hidden])");
    }
    domain.hidden = searching && inDomain === 0;
    domain.open = searching ? inDomain > 0 : opened.get(domain) || !!domain.querySelector(":checked");
  });
  all.hidden = wanted.length === 0;
  count.textContent = said(typed, wanted.length > 0, found.size);
}

function said(typed, searching, number) {
  if (!searching) return "";
  if (!number) return `Nothing fits “${typed}”. Try another word, or open the headings below: all are there.`;
  return `${number} ${number === 1 ? "indicator fits" : "indicators fit"} “${typed}”`;
}

function countChosen() {
  for (const domain of domains) {
    const chosen = domain.querySelectorAll(":checked").length;
    domain.querySelector("[data-chosen-count]").textContent = chosen ? ` (${chosen} chosen)` : "";
  }
}

let asked = 0;
async function askLevel() {
  const mine = ++asked;
  const ticked = new FormData(form);
  if (!ticked.has("chosen")) {
    level.replaceChildren();
    return;
  }
  try {
    const answer = await fetch(level.dataset.level, { method: "POST", body: ticked, redirect: "error" });
    if (!answer.ok || mine !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    level.replaceChildren(...page.body.childNodes);
  } catch {
    // Not reached: the button that updates the level is there.
  }
}

if (box && input && form) {
  let wait;
  box.querySelector("[data-indicator-find]").hidden = true;
  input.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(show, 150);
  });
  all.addEventListener("click", (event) => {
    event.preventDefault();
    input.value = "";
    show();
    input.focus();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  let soon;
  form.addEventListener("change", (event) => {
    if (event.target.name !== "chosen") return;
    countChosen();
    clearTimeout(soon);
    soon = setTimeout(askLevel, 250);
  });
}
