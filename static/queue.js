// Live counts on a queue that stays open. Numbers change in their places; the list stays as it is until asked for anew.
const place = document.querySelector("[data-queue]");
const news = document.querySelector("[data-news]");
const EVERY = 20000;

function here() {
  return place.querySelector(`[data-count="${place.dataset.queue}:${place.dataset.show}"]`);
}

const shown = place ? Number(here()?.textContent ?? 0) : 0;

async function look() {
  if (document.hidden) return;
  const answer = await fetch(place.dataset.counts, { headers: { "X-Background": "1" }, redirect: "error" });
  if (!answer.ok) return;
  for (const [slug, counts] of Object.entries(await answer.json())) {
    for (const [show, count] of Object.entries(counts)) {
      for (const each of place.querySelectorAll(`[data-count="${slug}:${show}"]`)) each.textContent = count;
    }
  }
  tell(Number(here()?.textContent ?? 0) - shown);
}

function tell(more) {
  if (more === 0) {
    news.textContent = "\u00a0";
    return;
  }
  const link = document.createElement("a");
  link.className = "govuk-link";
  link.href = window.location.href;
  link.textContent = "Show the list as it is now";
  const words = more > 0 ? `${more} more since you opened this list. ` : "This list is shorter than when you opened it. ";
  news.replaceChildren(words, link);
}

if (place && news) setInterval(() => look().catch(() => {}), EVERY);
