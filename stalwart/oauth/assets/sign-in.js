// The sign-in pages work without this. It adds passkeys, and keeps a form from being sent twice.
"use strict";

const form = document.querySelector("form");
const passkey = document.getElementById("use-passkey");
const problem = document.getElementById("problem");
const PATIENCE = 8000; // a redirect to a program leaves this page as it is

let sent = false;
let waiting = null; // while the browser asks for a passkey; a password ends that

function setBusy(on, ...buttons) {
  for (const button of buttons) {
    if (on) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

function setSent(on) {
  sent = on;
  setBusy(on, ...form.querySelectorAll("button"));
  if (on) setTimeout(setSent, PATIENCE, false);
}

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// WebAuthn 3, 5.1.10 and 5.1.8, for browsers that do not do it themselves yet.
function readOptions(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) {
    return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  }
  const allowed = (options.allowCredentials || []).map((one) => ({ ...one, id: bytes(one.id) }));
  return { ...options, challenge: bytes(options.challenge), allowCredentials: allowed };
}

function written(credential) {
  if (credential.toJSON) return credential.toJSON();
  const said = credential.response;
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      authenticatorData: text(said.authenticatorData),
      clientDataJSON: text(said.clientDataJSON),
      signature: text(said.signature),
      userHandle: said.userHandle ? text(said.userHandle) : null,
    },
  };
}

async function offered(signal) {
  const answer = await fetch("/api/auth", {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ type: "passkeyOptions" }),
    signal,
  });
  if (!answer.ok) throw new Error(answer.status === 429 ? "later" : "failed");
  return answer.json();
}

function sentence(error) {
  if (error.name === "NotAllowedError") return passkey.dataset.none;
  return error.message === "later" ? passkey.dataset.later : passkey.dataset.failed;
}

async function askForPasskey(signal) {
  const { ticket, options } = await offered(signal);
  const credential = await navigator.credentials.get({ publicKey: readOptions(options), signal });
  if (sent) return;
  form.elements.assertion.value = JSON.stringify({ ticket, response: written(credential) });
  setSent(true);
  form.submit();
}

async function usePasskey() {
  if (sent || waiting) return;
  const label = passkey.textContent;
  waiting = new AbortController();
  setBusy(true, passkey);
  problem.textContent = "";
  passkey.textContent = passkey.dataset.runs;
  try {
    await askForPasskey(waiting.signal);
  } catch (error) {
    if (!sent) {
      problem.textContent = sentence(error);
      setBusy(false, passkey);
      passkey.focus();
    }
  }
  waiting = null;
  passkey.textContent = label;
}

form.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  else setSent(true);
  if (waiting) waiting.abort();
});
// Somebody who comes back by the back button finds the page as it was when he left it.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (form.elements.assertion) form.elements.assertion.value = "";
  setSent(false);
});

if (passkey && window.PublicKeyCredential) {
  passkey.addEventListener("click", usePasskey);
  passkey.hidden = false;
}
