// A sign-in that is about to end: the page says so in time, and one press puts the end off. What was typed stays.
const { sessionLeft, sessionWarn, session } = document.body.dataset;
const main = document.getElementById("main-content");
let banner = null;
let token = "";

function show(words, button) {
  banner ||= main.insertBefore(document.createElement("div"), main.firstChild);
  banner.className = "govuk-notification-banner";
  banner.setAttribute("role", "alert");
  banner.setAttribute("aria-labelledby", "session-title");
  banner.innerHTML =
    '<div class="govuk-notification-banner__header"><h2 class="govuk-notification-banner__title" id="session-title">Your sign-in</h2></div>' +
    '<div class="govuk-notification-banner__content"><p class="govuk-notification-banner__heading"></p></div>';
  banner.querySelector("p").textContent = words;
  if (!button) return;
  const press = document.createElement("button");
  press.type = "button";
  press.className = "govuk-button govuk-!-margin-bottom-0";
  press.textContent = button;
  press.addEventListener("click", async () => {
    if (!token) await ask("GET");
    ask("POST");
  });
  banner.querySelector(".govuk-notification-banner__content").append(press);
}

async function ask(method) {
  let told;
  try {
    const answer = await fetch(session, {
      method,
      headers: { Accept: "application/json", ...(method === "POST" && { "X-CSRFToken": token }) },
      credentials: "same-origin",
    });
    told = await answer.json();
    token = told.token || token;
  } catch {
    setTimeout(() => ask("GET"), 15000);
    return;
  }
  look(told.seconds, told.extendable);
}

function minutes(seconds) {
  const whole = Math.max(1, Math.round(seconds / 60));
  return `${whole} minute${whole === 1 ? "" : "s"}`;
}

function look(seconds, extendable) {
  const warn = Number(sessionWarn);
  if (seconds <= 0) {
    show("You have been signed out. What you typed is still here: press its button, sign in again, and go on.");
  } else if (seconds > warn) {
    banner?.remove();
    banner = null;
    setTimeout(() => ask("GET"), (seconds - warn) * 1000 + 500);
  } else {
    const end = `You will be signed out in ${minutes(seconds)}. What you typed is kept.`;
    if (!banner) show(extendable ? end : `${end} Save now, then sign in again.`, extendable && "Stay signed in");
    setTimeout(() => ask("GET"), Math.min(seconds, 30) * 1000 + 500);
  }
}

if (sessionLeft) look(Number(sessionLeft), true);
