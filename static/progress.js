// How far something in the background is: the bar moves by itself, and the page is loaded anew when it is over.
const place = document.querySelector("[data-progress]");
const bar = place?.querySelector("progress");
const words = place?.querySelector("[data-progress-words]");
const number = new Intl.NumberFormat("en-GB");

async function look() {
  try {
    const answer = await fetch(place.dataset.progress, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const told = await answer.json();
      if (!told.open) {
        window.location.reload();
        return;
      }
      bar.max = told.total || 1;
      bar.value = told.done;
      words.textContent = `${number.format(told.done)} of ${number.format(told.total)} referrals`;
    }
  } catch {
    // No answer just now: the next look may have one.
  }
  window.setTimeout(look, 1500);
}

if (place) window.setTimeout(look, 700);
