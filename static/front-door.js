// What script adds to a page that works without it: counts, conditional questions, the menu on a small screen.
import {
  Button,
  CharacterCount,
  Checkboxes,
  ErrorSummary,
  ExitThisPage,
  NotificationBanner,
  PasswordInput,
  Radios,
  ServiceNavigation,
  SkipLink,
  createAll,
} from "./build/govuk-frontend.min.js";

// A radio may not say that it is expanded; what it reveals stands right after it and is read next.
class RevealingRadios extends Radios {
  syncConditionalRevealWithInputState(input) {
    super.syncConditionalRevealWithInputState(input);
    input.removeAttribute("aria-expanded");
  }
}

// Counts a text as it will be kept (`clean_text` in partnerships/typed.py), so that what may be typed here is taken there:
// line ends as one sign each, emoji as the portal counts them, nothing for the spaces around it or for broken signs.
class KeptCount extends CharacterCount {
  updateCount() {
    super.updateCount();
    if (this.config.countType === "length") {
      const kept = this.$textarea.value
        .replace(/\r\n?|[\u2028\u2029\v\f\u0085]/g, "\n")
        .replace(/(?![\n\t])\p{Cc}|\p{Cs}/gu, "")
        .replace(/^[^\S\ufeff]+|[^\S\ufeff]+$/gu, "");
      this.count = [...kept].length;
    }
  }
}

// A browser may bring a page back as it was, after its sign-in has ended or somebody else has signed in: it stays hidden
// until the portal says that the same sign-in goes on. Else the address is asked for anew. Where no answer comes, asking
// for the address would throw away what was typed: the page stays as it is behind a notice, and it is asked again.
const AGAIN = 5000;
const PATIENCE = 8000;
const away = document.createElement("div");
away.className = "govuk-width-container govuk-main-wrapper";
away.setAttribute("role", "alert");
away.innerHTML =
  '<h1 class="govuk-heading-l">Front Door can’t be reached</h1>' +
  '<p class="govuk-body">This page, and what you typed on it, is still here. It is shown again as soon as Front Door answers. We try every few seconds. Don’t close this window.</p>' +
  '<p class="govuk-body">If a child is in danger now, call <a class="govuk-link" href="tel:999">999</a>.</p>';
let retry = 0;

async function sameSignIn() {
  const { session, sessionHandle } = document.body.dataset;
  if (!session) return false;
  const answer = await fetch(session, {
    headers: { Accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const { seconds, handle } = await answer.json();
  return seconds > 0 && handle === sessionHandle;
}

function showPage(isShown) {
  document.body.hidden = !isShown;
  if (isShown) away.remove();
  else if (!away.isConnected) document.documentElement.append(away);
  document.documentElement.hidden = false;
}

async function comeBack() {
  clearTimeout(retry);
  try {
    if (await sameSignIn()) showPage(true);
    else location.replace(location.href.split("#")[0]);
  } catch {
    showPage(false);
    retry = setTimeout(comeBack, AGAIN);
  }
}

addEventListener("pagehide", (event) => {
  clearTimeout(retry);
  document.documentElement.hidden = event.persisted;
});
addEventListener("pageshow", (event) => {
  if (event.persisted) comeBack();
});

document.body.classList.add("js-enabled", "govuk-frontend-supported");

createAll(Button, { preventDoubleClick: true });
for (const component of [
  KeptCount,
  Checkboxes,
  ErrorSummary,
  ExitThisPage,
  NotificationBanner,
  PasswordInput,
  RevealingRadios,
  ServiceNavigation,
  SkipLink,
]) {
  createAll(component);
}
