// Passkeys: what the browser's own dialog needs. A form marked data-passkey is shown where the browser has passkeys; its
// button asks the server what to sign, asks the device, and sends the answer as the form's fields. Without this file every
// page still takes a password and a code.
"use strict";

{
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // The browser waits for one device at a time.
  let waiting = null;
  const signal = () => {
    waiting?.abort();
    waiting = new AbortController();
    return waiting.signal;
  };

  const listed = (credentials) => (credentials ?? []).map((each) => ({
    type: each.type, id: bytes(each.id), ...(each.transports ? { transports: each.transports } : {}),
  }));

  async function create({ publicKey }) {
    const made = await navigator.credentials.create({
      signal: signal(),
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...publicKey.user, id: bytes(publicKey.user.id) },
        excludeCredentials: listed(publicKey.excludeCredentials),
      },
    });
    const { response } = made;
    return answer(made, {
      attestationObject: text(response.attestationObject),
      clientDataJSON: text(response.clientDataJSON),
      transports: response.getTransports?.() ?? [],
    });
  }

  async function prove({ publicKey }, mediation) {
    const shown = await navigator.credentials.get({
      signal: signal(),
      ...(mediation ? { mediation } : {}),
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        allowCredentials: listed(publicKey.allowCredentials),
      },
    });
    const { response } = shown;
    return answer(shown, {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: response.userHandle?.byteLength ? text(response.userHandle) : null,
    });
  }

  const answer = (credential, response) =>
    JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, extensions: {}, response });

  async function asked(form) {
    const fields = new URLSearchParams({ stateToken: form.elements.stateToken?.value ?? "" });
    const said = await fetch(form.dataset.passkey, { method: "POST", body: fields, credentials: "same-origin" });
    if (!said.ok) throw new Error("not asked");
    return said.json();
  }

  // The form is sent as if its button had been pressed again: dialogs send it in place, pages go on.
  async function use(form, mediation) {
    const { token, options } = form.dataset.options
      ? { token: form.elements.passkeyToken.value, options: JSON.parse(form.dataset.options) }
      : await asked(form);
    form.elements.passkey.value = form.dataset.options ? await create(options) : await prove(options, mediation);
    form.elements.passkeyToken.value = token;
    form.requestSubmit();
  }

  function say(form, words) {
    const line = form.querySelector("[data-said]") ?? form.appendChild(document.createElement("p"));
    line.dataset.said = "";
    line.setAttribute("role", "alert");
    line.textContent = words ?? "";
  }

  if (window.PublicKeyCredential) {
    document.documentElement.classList.add("has-passkeys");

    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.dataset.passkey === undefined || form.elements.passkey.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say(form, "");
      use(form).catch(() => say(form, form.dataset.failed));
    }, true);

    // Where the browser offers passkeys among the names it knows, it waits for one to be chosen there.
    const quiet = document.querySelector("form[data-quiet]");
    if (quiet) {
      PublicKeyCredential.isConditionalMediationAvailable?.()
        .then((can) => can && use(quiet, "conditional"))
        .catch(() => {});
    }
  }
}
