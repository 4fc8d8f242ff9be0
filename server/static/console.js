// What the pages can do beyond links and forms. Every page works without this file; it only saves steps:
// dialogs in place, countdowns, live states, copying, keys, and times in the reader's own zone.
"use strict";

const all = (selector, root = document) => root.querySelectorAll(selector);

/* ---------- times: relative for the person, exact on hover, in the viewer's zone ---------- */

// The script's own words, in the language of the page.
const said = document.body.dataset;
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
// The server draws times in the zone of this cookie: the browser's, unless the person chose another.
const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const chosen = /(?:^|; )postern-zone=([\w/+-]+)/.exec(document.cookie)?.[1];
if (own && !chosen) document.cookie = `postern-zone=${own}; Path=/; Max-Age=31536000; Secure; SameSite=Lax`;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const exact = dates(chosen ?? own) ?? dates(own);
function dates(timeZone) {
  try {
    return new Intl.DateTimeFormat(language, {
      day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short", timeZone,
    });
  } catch {
    return null; // a zone that this browser does not know
  }
}
// Each unit from where on, and its size: days count up to 90, since "41 days" tells more than "1 month".
const units = [["year", 31536000, 31536000], ["month", 7776000, 2592000], ["day", 86400, 86400], ["hour", 3600, 3600], ["minute", 60, 60]];

// The server's clock rules: its time at rendering is on <body data-now>, so a wrong desk clock does not mislead.
let skew = 0;
function setClock(page) {
  if (page.body.dataset.now) skew = Date.parse(page.body.dataset.now) - Date.now();
}
setClock(document);
const now = () => Date.now() + skew;

function sayTimes(root = document) {
  for (const time of all("time[data-relative]", root)) {
    const at = Date.parse(time.dateTime);
    const seconds = Math.round((at - now()) / 1000);
    const [unit, , size] = units.find(([, from]) => Math.abs(seconds) >= from) ?? ["second"];
    time.textContent = unit === "second" ? (seconds <= 0 ? said.justNow : said.inAMoment) : relative.format(Math.trunc(seconds / size), unit);
    time.title = exact.format(at);
  }
  for (const time of all("time[data-exact]", root)) time.textContent = exact.format(Date.parse(time.dateTime));
}

/* ---------- countdowns ---------- */

function tick() {
  for (const countdown of all("[data-until]")) {
    const left = Math.max(0, Math.ceil((Date.parse(countdown.dataset.until) - now()) / 1000));
    countdown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}

/* ---------- live states: asked for every two seconds until they are over ---------- */

async function refresh(live) {
  const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok || !live.isConnected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-state]");
  const shown = live.querySelector("[data-state]");
  // Untouched when nothing changed, so that a screen reader is not told the same twice and focus stays put.
  if (fresh && shown?.dataset.state !== fresh.dataset.state) {
    live.replaceChildren(document.adoptNode(fresh));
    wake(live);
  }
}

setInterval(() => {
  if (document.hidden) return;
  for (const live of all("[data-live]")) {
    if (!live.querySelector("[data-final]")) refresh(live).catch(() => {});
  }
}, 2000);

/* ---------- dialogs: a link marked data-dialog opens its page's sheet in place ---------- */

let opener = null;

function dialog() {
  const present = document.getElementById("dialog");
  if (present) return present;
  const made = document.createElement("dialog");
  made.id = "dialog";
  made.setAttribute("aria-labelledby", "dialog-title");
  made.addEventListener("close", () => {
    made.replaceChildren();
    if (made.dataset.changed) location.reload();
    else opener?.focus();
  });
  document.body.append(made);
  return made;
}

function show(page, box) {
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const sheet = fresh.querySelector("[data-sheet]");
  if (!sheet) return false;
  setClock(fresh);
  const close = document.createElement("button");
  close.className = "plain close";
  close.type = "button";
  close.textContent = said.close;
  close.addEventListener("click", () => box.close());
  box.replaceChildren(close, document.adoptNode(sheet));
  const title = box.querySelector("h1, h2");
  if (title) {
    title.id = "dialog-title";
    title.tabIndex = -1;
  }
  wake(box);
  if (!box.open) box.showModal();
  (box.querySelector("[autofocus], [aria-invalid=true]") ?? title)?.focus();
  return true;
}

async function openInPlace(link) {
  opener = link;
  const answer = await fetch(link.href, { credentials: "same-origin" });
  // A page without a sheet (signed out, say) is shown as what it is.
  if (!show(await answer.text(), dialog())) location.assign(link.href);
}

async function sendInPlace(form, button) {
  const box = form.closest("dialog");
  const buttons = all("button", form);
  for (const each of buttons) each.disabled = true;
  try {
    const body = new URLSearchParams(new FormData(form));
    if (button?.name) body.append(button.name, button.value);
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    if (answer.ok) box.dataset.changed = "yes";
    if (!show(await answer.text(), box)) location.assign(answer.url);
  } catch {
    for (const each of buttons) each.disabled = false;
    say(form, said.noAnswer);
  }
}

function say(form, text) {
  const line = form.querySelector("[data-said]") ?? form.appendChild(document.createElement("p"));
  line.dataset.said = "";
  line.setAttribute("role", "alert");
  line.textContent = text;
}

/* ---------- digits: spaces are welcome, a slip is told from a wrong code before it is sent ---------- */

const quasigroup = [
  "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
  "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
];
const checks = (digits) => [...digits].reduce((interim, digit) => quasigroup[interim][digit], 0) == 0;

function group(input) {
  const digits = input.value.replace(/\D/g, "");
  const whole = digits.length === 9;
  input.setCustomValidity(
    whole && !checks(digits) ? said.misheard : "",
  );
  // Regrouped only while typing at the end, so that a correction in the middle keeps its place.
  if (input.selectionStart === input.value.length) input.value = digits.slice(0, 9).replace(/(\d{3})(?=\d)/g, "$1 ");
}

/* ---------- choosing: suggestions of the server below a text field, by mouse or keyboard ---------- */

const pause = (task, wait) => {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => task(...given).catch(() => {}), wait);
  };
};

/** Makes a combobox (WAI-ARIA APG) of an input and a list; `find` gives the options, `take` is told which was chosen. */
function combobox(input, list, find, take, say) {
  const options = () => [...all("[role=option]", list)];
  let active = -1;
  const shut = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (to) => {
    const found = options();
    active = found.length ? (to + found.length) % found.length : -1;
    found.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    if (active < 0) return;
    input.setAttribute("aria-activedescendant", found[active].id);
    found[active].scrollIntoView({ block: "nearest" });
  };
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) {
    input.setAttribute(name, value);
  }
  const ask = pause(async () => {
    const typed = input.value.trim();
    if (!typed) return shut();
    const found = await find(typed);
    if (input.value.trim() !== typed || document.activeElement !== input) return;
    list.replaceChildren(...found);
    found.forEach((option, at) => { option.id = `${list.id}-${at}`; });
    list.hidden = !found.length;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-expanded", String(!list.hidden));
    say?.(found.length);
  }, 150);
  input.addEventListener("input", ask);
  input.addEventListener("blur", () => setTimeout(shut, 120));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      return shut();
    }
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(event.key === "ArrowDown" ? active + 1 : (active < 0 ? 0 : active) - 1);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      take(options()[active]);
      shut();
    }
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault();
    take(option);
    shut();
  });
}

const fetched = async (address) => {
  const answer = await fetch(address, { credentials: "same-origin" });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
};
const asked = (address, words) => fetched(`${address}?q=${encodeURIComponent(words)}`);

function choosers(root) {
  for (const chooser of all("[data-choose]", root)) {
    const [input, list] = [chooser.querySelector("input"), chooser.querySelector("ul")];
    const status = chooser.querySelector("[data-found]");
    combobox(
      input, list,
      async (typed) => [...all("[role=option]", (await asked(chooser.dataset.choose, typed)) ?? chooser.cloneNode())].map((option) => document.adoptNode(option)),
      (option) => { input.value = option.dataset.value; },
      (count) => { status.textContent = count ? status.dataset.found.replace("#", count) : status.dataset.none; },
    );
  }
}

// The search of the frame offers what its page would show; Enter alone opens that page.
function searchAhead() {
  const input = document.querySelector("[data-suggest]");
  if (!input) return;
  const list = document.createElement("ul");
  list.id = "found";
  list.className = "options";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0].textContent);
  input.after(list);
  combobox(input, list, async (typed) => {
    const page = await asked(input.dataset.suggest, typed);
    return [...all("[data-results] .hits a", page ?? list)].map((link) => {
      const option = document.createElement("li");
      option.setAttribute("role", "option");
      option.dataset.href = link.getAttribute("href");
      const kind = document.createElement("small");
      kind.textContent = `${link.closest("section").querySelector("h2").textContent} ${link.closest("tr").cells[1].textContent}`;
      option.append(link.textContent, kind);
      return option;
    });
  }, (option) => location.assign(option.dataset.href));
}

/* ---------- ticked rows ---------- */

function countPicks() {
  const picks = [...all("[data-pick]")];
  const count = picks.filter((pick) => pick.checked).length;
  for (const bar of all("[data-picked]")) {
    bar.textContent = count ? bar.dataset.some.replace("#", count) : bar.dataset.none;
    for (const button of all("button", bar.form ?? bar.parentElement)) button.disabled = !count;
  }
  for (const whole of all("[data-pick-all]")) {
    whole.checked = count > 0 && count === picks.length;
    whole.indeterminate = count > 0 && count < picks.length;
  }
}

/* ---------- many at once: a few a request, with numbers, a way to stop, and a line for each ---------- */

async function sendInChunks(form) {
  const fields = [...new FormData(form)];
  const ids = fields.filter(([name]) => name === "id");
  const others = fields.filter(([name]) => name !== "id");
  const box = form.parentElement.querySelector("[data-progress-box]");
  const [bar, words] = [box.querySelector("progress"), box.querySelector("[data-progress-words]")];
  const size = Number(form.dataset.chunks);
  let stopped = false;
  box.querySelector("[data-stop]").addEventListener("click", () => { stopped = true; });
  form.hidden = true;
  box.hidden = false;
  bar.max = ids.length;
  let whole = null;
  const tell = (done) => {
    bar.value = done;
    words.textContent = form.dataset.progress.replace("#", done).replace("#", ids.length);
  };
  let at = 0;
  for (tell(0); at < ids.length && !stopped; tell(at)) {
    const body = new URLSearchParams([...others, ...ids.slice(at, at + size)]);
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const results = page.querySelector("[data-results]");
    if (!results) throw new Error("no results");
    if (whole) {
      whole.querySelector(".effects").append(...all("[data-result]", results));
      const [undo, more] = [whole.querySelector("[data-undo]"), results.querySelector("[data-undo]")];
      if (undo && more) undo.append(...all("input[name=id]", more));
      else if (more) whole.querySelector(".actions").append(more);
    } else whole = document.adoptNode(results);
    at += size;
  }
  if (!whole) return location.reload();
  const lines = [...all("[data-result]", whole)];
  const good = lines.filter((line) => line.dataset.tone === "good").length;
  const title = whole.querySelector("h1");
  title.textContent = (stopped ? form.dataset.stopped : form.dataset.progress).replace("#", good).replace("#", ids.length);
  title.tabIndex = -1;
  box.parentElement.replaceWith(whole);
  title.focus();
}

/* ---------- what happens when ---------- */

function wake(root) {
  sayTimes(root);
  tick();
  for (const form of all("form[data-ask]", root)) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  choosers(root);
  root.querySelector("[data-summary]")?.focus();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openInPlace(link).catch(() => location.assign(link.href));
    return;
  }
  if (event.target.closest("[data-print]")) window.print();
  const copy = event.target.closest("[data-copy], [data-copy-line]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copyLine ?? copy.dataset.copy.replace(/\s/g, ""));
    const words = copy.querySelector("[data-words]") ?? copy;
    words.textContent = said.copied;
  }
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-chunks]")) {
    event.preventDefault();
    const box = event.target.parentElement.querySelector("[data-progress-box]");
    sendInChunks(event.target).catch(() => {
      event.target.hidden = false;
      box.hidden = true;
      say(event.target, said.noAnswer);
    });
    return;
  }
  if (!event.target.closest("dialog") || event.target.method !== "post") return;
  event.preventDefault();
  sendInPlace(event.target, event.submitter);
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-nine]")) group(event.target);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) for (const pick of all("[data-pick]")) pick.checked = event.target.checked;
  if (event.target.matches("[data-pick], [data-pick-all]")) countPicks();
});

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "?") document.getElementById("keys")?.showModal();
  if (event.key === "!") document.querySelector("[data-key='!']")?.click();
});

wake(document);
countPicks();
searchAhead();
setInterval(tick, 250);
setInterval(() => sayTimes(), 30000);
