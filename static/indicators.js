// Search among the indicators, and the level so far, as boxes are ticked. Without script both are buttons that save.
const box = document.querySelector("[data-indicator-search]");
const input = document.getElementById("indicator-search");
const count = document.querySelector("[data-indicator-count]");
const level = document.querySelector("[data-level]");
const form = box?.closest("form");
const domains = [...document.querySelectorAll(".door-indicators details")];
const opened = new Map(domains.map((domain) => [domain, domain.open]));

function words(item) {
  const part = item.closest("[data-indicator-part]")?.querySelector("h2")?.textContent ?? "";
  const domain = item.closest("details").querySelector("summary").textContent;
  return `${item.querySelector("label").textContent} ${part} ${domain}`.toLowerCase();
}

function show() {
  const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const domain of domains) {
    let inDomain = 0;
    for (const item of domain.querySelectorAll(".govuk-checkboxes__item")) {
      const fits = wanted.every((word) => words(item).includes(word));
      item.hidden = !fits;
      inDomain += fits ? 1 : 0;
    }
    for (const part of domain.querySelectorAll("fieldset, [data-indicator-part]")) {
      part.hidden = !part.querySelector(".govuk-checkboxes__item:not([hidden])");
    }
    domain.hidden = wanted.length > 0 && inDomain === 0;
    domain.open = wanted.length > 0 ? inDomain > 0 : opened.get(domain) || !!domain.querySelector(":checked");
    found += inDomain;
  }
  count.textContent = wanted.length ? `${found} ${found === 1 ? "indicator fits" : "indicators fit"}` : "";
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
