// Documents: dropped or chosen, each goes at once, with how far it is. Without script the button sends them.
const form = document.querySelector("form[data-upload]");
const state = document.querySelector("[data-upload-state]");
const button = document.querySelector("[data-upload-button]");

function say(text) {
  state.textContent = text;
}

// Say that one may drop here, to whoever can: it is an addition, never the only way.
function invite(where) {
  for (const place of where.querySelectorAll("[data-drop]")) {
    const words = document.createElement("p");
    words.className = "govuk-hint govuk-!-margin-bottom-0";
    words.textContent = "Or drop files here";
    place.append(words);
    place.classList.add("door-drop--ready");
  }
}

function waiting() {
  return [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length > 0);
}

// One request for everything chosen; the answer is the page's own list.
function send() {
  const chosen = waiting();
  if (!chosen.length) return;
  const body = new FormData();
  body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
  const names = [];
  for (const input of chosen) {
    for (const file of input.files) {
      body.append(input.name, file, file.name || "file without a name");
      names.push(file.name);
    }
  }
  const what = names.length === 1 ? names[0] : `${names.length} documents`;
  const request = new XMLHttpRequest();
  request.open("POST", form.dataset.upload);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) say(`Adding ${what}: ${Math.round((100 * event.loaded) / event.total)}%`);
  });
  request.addEventListener("load", () => {
    if (request.status !== 200 && request.status !== 422) {
      say(`Not added: ${what}. It is still chosen here: press “Add these documents” to try again.`);
      return;
    }
    const held = document.createElement("template");
    held.innerHTML = request.responseText;
    const list = held.content.querySelector("[data-files]");
    const focused = document.activeElement?.closest("[data-files]") ? chosen[0].id : "";
    document.querySelector("[data-files]").replaceWith(list);
    invite(list);
    const wrong = list.querySelectorAll(".govuk-error-message").length;
    say(wrong ? `${wrong} of ${names.length} could not be added. The reasons stand above.` : `Added: ${what}.`);
    if (focused) document.getElementById(focused)?.focus();
  });
  request.addEventListener("error", () => {
    say(`Not added: ${what}. The connection was lost. It is still chosen here: press “Add these documents” to try again.`);
  });
  say(`Adding ${what}`);
  request.send(body);
}

if (form && state) {
  invite(document);
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => {
      const place = event.target.closest("[data-drop]");
      if (!place) return;
      event.preventDefault();
      place.classList.toggle("door-drop--over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop" && event.dataTransfer?.files.length) {
        place.querySelector("input").files = event.dataTransfer.files;
        send();
      }
    });
  }
  form.addEventListener("change", (event) => {
    if (event.target.type === "file") send();
  });
  button.addEventListener("click", (event) => {
    if (waiting().length) {
      event.preventDefault();
      send();
    }
  });
}
