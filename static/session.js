// A sign-in that is about to end: the page says so in time, and one press puts the end off. What was typed stays.
// Where nothing was typed, the page goes with the sign-in: a child's record stays on no screen that nobody attends.
const { sessionLeft, sessionWarn, session } = document.body.dataset;
const main = document.getElementById("main-content");
let banner = null;
let token = "";
let timer = 0;

function later(seconds) {
  clearTimeout(timer);
  timer = setTimeout(() => ask("GET"), seconds * 1000 + 500);
}

function asItCame(field) {
  if (field.type === "radio" || field.type === "checkbox") return field.checked === field.defaultChecked;
  if (field.type === "file") return field.files.length === 0;
  if (field.options) {
    const chosen = [...field.options];
    if (!chosen.some((each) => each.defaultSelected)) return field.selectedIndex <= 0;
    return chosen.every((each) => each.selected === each.defaultSelected);
  }
  return field.value === field.defaultValue || !("defaultValue" in field);
}

// A page that answers what was sent (an error, a preview) holds words that stand nowhere else.
function isTyped() {
  if (!("askedFor" in document.body.dataset)) return true;
  return [...document.querySelectorAll("main input, main select, main textarea")].some((field) => !asItCame(field));
}

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
    later(15);
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
  if (seconds <= 0 && !isTyped()) {
    location.replace(location.href.split("#")[0]);
  } else if (seconds <= 0) {
    show("You have been signed out. What you typed is still here: press its button, sign in again, and go on.");
  } else if (seconds > warn) {
    banner?.remove();
    banner = null;
    later(seconds - warn);
  } else {
    const end = `You will be signed out in ${minutes(seconds)}. What you typed is kept.`;
    if (!banner) show(extendable ? end : `${end} Save now, then sign in again.`, extendable && "Stay signed in");
    later(Math.min(seconds, 30));
  }
}

if (sessionLeft) look(Number(sessionLeft), true);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) ask("GET"); // signed out meanwhile, in another window
});
