// Passkeys: asks the browser for one, puts its answer into the form, and sends it. Without script there is the code.
const unread = "Your browser did not use a passkey. Try again, or use another way.";
const numberAddress = "A passkey needs an address with a name. On your own machine, open Front Door as localhost.";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function optionsToCreate(told) {
  return {
    ...told,
    challenge: toBytes(told.challenge),
    user: { ...told.user, id: toBytes(told.user.id) },
    excludeCredentials: (told.excludeCredentials ?? []).map((each) => ({ ...each, id: toBytes(each.id) })),
    authenticatorSelection: {
      ...told.authenticatorSelection,
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
  };
}

function optionsToGet(told) {
  return {
    ...told,
    challenge: toBytes(told.challenge),
    allowCredentials: (told.allowCredentials ?? []).map((each) => ({ ...each, id: toBytes(each.id) })),
  };
}

function written(credential) {
  const { response } = credential;
  const told = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    told.attestationObject = toText(response.attestationObject);
    told.transports = response.getTransports?.() ?? [];
  } else {
    told.authenticatorData = toText(response.authenticatorData);
    told.signature = toText(response.signature);
    told.userHandle = response.userHandle ? toText(response.userHandle) : null;
  }
  return JSON.stringify({
    type: credential.type,
    id: credential.id,
    rawId: toText(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: told,
  });
}

async function options(form) {
  const here = document.getElementById("passkey-options");
  if (here) return JSON.parse(here.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(unread);
  return answer.json();
}

async function ask(form) {
  const told = await options(form);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: optionsToCreate(told.creation_options.publicKey) })
    : navigator.credentials.get({ publicKey: optionsToGet(told.request_options.publicKey) });
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const error = form.querySelector("[data-passkey-error]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      error.hidden = true;
      try {
        form.elements.credential.value = written(await ask(form));
        form.submit();
      } catch (failure) {
        error.textContent = failure.name === "SecurityError" ? numberAddress : unread;
        error.hidden = false;
      }
    });
  }
}
