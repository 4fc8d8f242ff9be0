// The guide page of the demo: it shows what the demo's own process knows, and passes on what the visitor does.
//
// What it asks that process for (all JSON; a failure answers {error} with a sentence for the visitor):
//
//   GET  /state               {steps: {wake|sign-in|find|pin|in|offline: "done"|"now"|"later"},
//                              codes: {helpDesk: {code: "123456", secondsLeft}},
//                              links: {console, device}, cable: {pulled},
//                              device: {name, make, model, serialNumber}, person: {name, login, password},
//                              helpDesk: {name, login}, duration: "1 hour"}
//   POST /cable               {pulled} -> {pulled}
//   POST /screen/start        {} -> as GET /screen, a new conversation
//   POST /screen/answer       {text} -> as GET /screen
//   GET  /screen              {lines: [{kind: "prompt"|"info"|"error"|"typed", text}],
//                              prompt: null | {text, hidden}, openedUntil: null | "15:04"}
//                              what was typed at a hidden prompt never comes back: its line says "(hidden)"
//   GET  /record?after=CURSOR {events: [{at: RFC 3339, outcome: "SUCCESS"|"FAILURE", what, about, eventType}], next: CURSOR}
//                              oldest first; without `after` from the beginning of the demo
//   POST /impostor            {} -> {scenes: [{title, attempts: [sentence], stoppedAt, because, held: true}]}; three of them
//   POST /help-desk/sign-in   {} -> {href}: a one-time link that opens the console signed in
"use strict";

const one = (selector) => document.querySelector(selector);
const all = (selector) => document.querySelectorAll(selector);

let known = null; // the latest /state
let cursor = ""; // where the record goes on
let shown = ""; // the latest /screen, as text, so that an unchanged screen is left alone

/* ---------- asking ---------- */

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  const value = await answer.json().catch(() => ({ error: "The demo gave an answer that makes no sense." }));
  if (!answer.ok || value.error) throw new Error(value.error ?? `The demo answered ${answer.status}.`);
  return value;
}

function trouble(error) {
  const line = one("[data-trouble]");
  line.hidden = !error;
  if (!error) return;
  line.textContent = error instanceof TypeError ? "The demo does not answer. Is it still running in its terminal?" : error.message;
}

/* ---------- the desk ---------- */

function make(name, text, kind) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function showState(state) {
  known = state;
  for (const step of all("[data-step]")) step.dataset.state = state.steps[step.dataset.step] ?? "later";
  for (const [who, { code, secondsLeft }] of Object.entries(state.codes)) {
    for (const place of all(`[data-code=${who}]`)) place.textContent = code.replace(/(\d{3})(?=\d)/g, "$1 ");
    for (const place of all(`[data-left=${who}]`)) place.textContent = `for ${secondsLeft} s`;
  }
  const facts = { computer: state.device.name, helpDesk: `${state.helpDesk.name}, help desk`, duration: state.duration };
  for (const place of all("[data-fact]")) place.textContent = facts[place.dataset.fact];
  for (const link of all("[data-link]")) link.href = state.links[link.dataset.link];
  const { pulled } = state.cable;
  const cable = one("[data-do=cable]");
  cable.setAttribute("aria-checked", String(pulled));
  one("[data-cable-words]").textContent = pulled ? "Put the cable back in" : "Pull the network cable";
  one("[data-network]").textContent = pulled ? "Network: none (cable pulled)" : "Network: connected";
  one("[data-monitor]").classList.toggle("is-cut", pulled);
}

/* ---------- the screen ---------- */

function showScreen(screen) {
  const text = JSON.stringify(screen);
  if (text === shown) return;
  shown = text;
  const lines = one("[data-lines]");
  lines.replaceChildren(...screen.lines.map(({ kind, text }) => make("p", text, kind)));
  lines.scrollTop = lines.scrollHeight;
  const entry = one("[data-entry]");
  entry.hidden = !screen.prompt;
  if (screen.prompt) {
    one("[data-prompt]").textContent = screen.prompt.text;
    one("#entry").type = screen.prompt.hidden ? "password" : "text";
  }
  const open = Boolean(screen.openedUntil);
  one("[data-monitor]").classList.toggle("is-open", open);
  one("[data-lock]").textContent = open ? "open" : "locked";
  one("[data-opened]").hidden = !open;
  one("[data-opened-until]").textContent = open ? `Grace is in until ${screen.openedUntil}.` : "";
}

async function answer(text) {
  const input = one("#entry");
  input.disabled = true;
  try {
    showScreen(await ask("/screen/answer", { text }));
    input.value = "";
  } finally {
    input.disabled = false;
    input.focus({ preventScroll: true });
  }
}

/* ---------- the record ---------- */

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

function line({ at, outcome, what, about, eventType }) {
  const row = make("li", "", "fresh");
  const time = make("time", clock.format(Date.parse(at)), "quiet");
  time.dateTime = at;
  const good = outcome === "SUCCESS";
  const state = make("span", good ? "\u2713 Success" : "\u2715 Refused", `state ${good ? "good" : "danger"}`);
  const words = make("span", what);
  if (about) words.append(" ", make("span", about, "about"));
  row.append(time, state, words, make("code", eventType));
  return row;
}

async function growRecord() {
  const { events, next } = await ask(`/record?after=${encodeURIComponent(cursor)}`);
  cursor = next;
  if (!events.length) return;
  const record = one("[data-record]");
  record.querySelector(".none")?.remove();
  record.prepend(...events.map(line).reverse());
}

/* ---------- the frauds ---------- */

function scene({ title, attempts, stoppedAt, because, held }) {
  const card = make("article", "", "scene");
  const tries = make("ol");
  tries.append(...attempts.map((attempt) => make("li", attempt)));
  const stopped = make("p", "", held ? "stopped" : "stopped is-open");
  stopped.append(make("b", held ? `\u2713 Stopped: ${stoppedAt}` : `\u2715 Not stopped: ${stoppedAt}`), because);
  card.append(make("h3", title), tries, stopped);
  return card;
}

/* ---------- what the visitor does ---------- */

const acts = {
  async wake() {
    showScreen(await ask("/screen/start", {}));
    one("#entry").focus({ preventScroll: true });
  },
  async "sign-in"() {
    const { href } = await ask("/help-desk/sign-in", {});
    if (!open(href, "postern-console")) location.assign(href);
  },
  async cable() {
    await ask("/cable", { pulled: !known.cable.pulled });
    showState(await ask("/state"));
  },
  async impostor() {
    const { scenes } = await ask("/impostor", {});
    one("[data-scenes]").replaceChildren(...scenes.map(scene));
  },
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-do], [data-say]");
  if (!button) return;
  button.disabled = true;
  try {
    trouble(null);
    if (button.dataset.do) await acts[button.dataset.do]();
    else await answer({ help: "help", login: known.person.login, password: known.person.password }[button.dataset.say]);
  } catch (error) {
    trouble(error);
  } finally {
    button.disabled = false;
  }
});

one("[data-entry]").addEventListener("submit", (event) => {
  event.preventDefault();
  answer(one("#entry").value).catch(trouble);
});

/* ---------- staying up to date: one round after the other, so that a slow answer is not asked for twice ---------- */

async function round() {
  try {
    if (!document.hidden) {
      showState(await ask("/state"));
      showScreen(await ask("/screen"));
      await growRecord();
      trouble(null);
    }
  } catch (error) {
    trouble(error);
  }
  setTimeout(round, 1000);
}

round();
