// What is typed is saved every few seconds, and the page says so. Without script it is saved on every button.
const form = document.querySelector("form[data-autosave]");
const state = document.querySelector("[data-save-state]");
const PAUSE = 2000; // after the last key
const LONGEST = 5000; // of typing on and on
const RETRY = 10000; // the first time; then twice as long each time
const LONGEST_RETRY = 120000;
const WAITS = 4000; // the button, for a save that is on its way; one that comes after the button’s words is refused as older
const LEAVES = 20000; // a page that is still here so long after its button was pressed goes nowhere
const OUTLIVES = 60000; // bytes that a browser lets a request carry on with once its page has gone

// Names this window and counts what it sends: what it stored itself, without hearing so, was not changed elsewhere.
const mine = crypto.getRandomValues(new Uint32Array(2)).join("");
let sent = 0;
let saved = "";
let timer = 0;
let since = 0;
let running = null;
let stopped = false; // saved elsewhere, or gone: only the button, which shows what is typed, goes on from here
let leaving = false; // the button was pressed
let failed = 0;
let lastSaved = "";

function body() {
  const told = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") told.append(name, value);
  }
  return new URLSearchParams(told);
}

function mark() {
  sent += 1;
  form.querySelector("[name=window]").value = `${mine}.${sent}`;
}

// What somebody typed: the form's own marks change by themselves.
function typed() {
  const told = body();
  for (const name of ["csrfmiddlewaretoken", "seen", "out", "window", "doubts", "from"]) told.delete(name);
  return told.toString();
}

function say(text, wrong) {
  if (state.textContent === text) return;
  state.textContent = text;
  state.classList.toggle("govuk-error-message", Boolean(wrong));
  state.classList.toggle("govuk-hint", !wrong);
}

function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(save, wait);
}

// What is said while it can't be saved stays the same from try to try, so that it is read out once.
function notSaved(why) {
  const before = lastSaved ? ` Saved last at ${lastSaved}.` : "";
  say(`Not saved: ${why}. Your text is kept here, and we try again.${before}`, true);
  later(Math.min(LONGEST_RETRY, RETRY * 2 ** failed));
  failed += 1;
}

// The button was pressed, and the page is still here, or here again: it was not left, and what it holds may be unsaved.
function stays() {
  if (!leaving) return;
  leaving = false;
  form.ariaBusy = null;
  if (typed() === saved) return;
  notSaved("the page you asked for did not come");
  later(0);
}

// Signed in again in another window: this page's own mark is an old one, and the new one stands in the page.
async function markAnew() {
  const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const mark = page.querySelector("form[data-autosave] [name=csrfmiddlewaretoken]");
  if (!mark) return false;
  form.querySelector("[name=csrfmiddlewaretoken]").value = mark.value;
  return true;
}

async function save() {
  if (stopped || leaving || running) return running;
  const now = typed();
  if (now === saved) return null;
  running = send(now);
  await running;
  running = null;
  return null;
}

async function send(now) {
  since = 0;
  mark();
  const words = body();
  try {
    const answer = await fetch(form.action || location.href, {
      method: "POST",
      body: words,
      keepalive: document.hidden && words.toString().length < OUTLIVES, // typed last, as somebody leaves
      headers: { "X-Autosave": "1", Accept: "application/json" },
      credentials: "same-origin",
      redirect: "error",
    });
    if (answer.ok) {
      const told = await answer.json();
      form.querySelector("[name=seen]").value = told.seen;
      saved = now;
      failed = 0;
      lastSaved = told.saved;
      const but = told.unread.length ? `. Kept as typed, since it can’t be read yet: ${told.unread.join("; ")}` : "";
      say(`Saved at ${told.saved}${but}`);
      if (typed() !== saved) later(PAUSE);
    } else if (answer.status === 409) {
      const told = await answer.json();
      stopped = told.stops; // else it is tried again once something else is typed
      say(`Not saved. ${told.why} Your text is kept here.`, true);
    } else if (answer.status === 403) {
      const again = await markAnew();
      say("Not saved: you are signed out. Your text is kept here. Press “Save and continue”, and sign in again.", true);
      later(again && failed === 0 ? 0 : Math.min(LONGEST_RETRY, RETRY * 2 ** failed));
      failed += 1;
    } else if (answer.status === 404) {
      stopped = true;
      say("Not saved: this is not here any more. It was discarded, or is somebody else’s now. Your text is kept here: copy it, or press “Save and continue” to have it given back.", true);
    } else {
      notSaved("something went wrong");
    }
  } catch {
    if (leaving) return; // broken off by the page that comes; where none does, `stays` says so
    // A page that leads elsewhere is one that wants signing in first; no answer at all is no connection.
    notSaved("there is no connection, or you are signed out");
  }
}

function changed() {
  stays(); // nobody types on a page that was left
  if (stopped || typed() === saved) return;
  since ||= Date.now();
  later(Math.min(PAUSE, Math.max(0, since + LONGEST - Date.now())));
}

if (form && state) {
  saved = typed();
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) save();
    else if (failed) later(0);
  });
  globalThis.addEventListener("online", () => later(0));
  globalThis.addEventListener("pageshow", (event) => event.persisted && stays());
  // A save that is on its way would make the page look changed elsewhere: wait for it a while, then send, once.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!running) {
      mark();
      leaving = true;
      setTimeout(stays, LEAVES);
      return;
    }
    event.preventDefault();
    if (form.ariaBusy) return; // pressed before
    form.ariaBusy = "true"; // until the next page is here
    say("Saving what you typed, then going on.");
    const button = event.submitter;
    Promise.race([running, new Promise((done) => setTimeout(done, WAITS))]).finally(() => {
      running = null;
      form.requestSubmit(button);
    });
  });
}
