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

// A browser may bring a page back as it was, after its sign-in has ended or somebody else has signed in: it stays hidden
// until the portal says that the same sign-in goes on. Else the address is asked for anew.
async function sameSignIn() {
  const { session, sessionHandle } = document.body.dataset;
  if (!session) return false;
  try {
    const answer = await fetch(session, { headers: { Accept: "application/json" }, cache: "no-store" });
    const { seconds, handle } = await answer.json();
    return seconds > 0 && handle === sessionHandle;
  } catch {
    return false;
  }
}

addEventListener("pagehide", (event) => {
  document.documentElement.hidden = event.persisted;
});
addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  if (await sameSignIn()) document.documentElement.hidden = false;
  else location.replace(location.href.split("#")[0]);
});

document.body.classList.add("js-enabled", "govuk-frontend-supported");

createAll(Button, { preventDoubleClick: true });
for (const component of [
  CharacterCount,
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
