// Search among the indicators. Without it every indicator is there, under its domain.
const box = document.querySelector("[data-indicator-search]");
const input = document.getElementById("indicator-search");
const count = document.querySelector("[data-indicator-count]");
const domains = [...document.querySelectorAll(".door-indicators details")];
const opened = new Map(domains.map((domain) => [domain, domain.open]));

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const domain of domains) {
    let inDomain = 0;
    for (const item of domain.querySelectorAll(".govuk-checkboxes__item")) {
      const text = item.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word));
      item.hidden = !fits;
      inDomain += fits ? 1 : 0;
    }
    for (const part of domain.querySelectorAll("fieldset, [data-indicator-part]")) {
      part.hidden = !part.querySelector(".govuk-checkboxes__item:not([hidden])");
    }
    domain.hidden = words.length > 0 && inDomain === 0;
    domain.open = words.length > 0 ? inDomain > 0 : opened.get(domain) || !!domain.querySelector(":checked");
    found += inDomain;
  }
  count.textContent = words.length ? `${found} ${found === 1 ? "indicator fits" : "indicators fit"}` : "";
}

if (box && input) {
  box.hidden = false;
  let wait;
  input.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(show, 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
