// Every page that the server has, as everybody may meet it: without a fault that axe-core finds, in each language, light
// and dark, wide and narrow, full and empty; reached and left by the keyboard; light to load; and from this server alone.
//
// The pages are the server's own table of routes, so that a new page is looked at without a line here: it fails until
// `places` knows what the members of its path may be.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { browser, picture, stage, violations } from "./stage/index.mjs";

const MOST_BYTES = 100_000;
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

/** What the members of paths may be, on a stage. */
const places = {
  action: () => "RESET_FACTORS",
  assignment: (place) => place.assignment,
  case: (place) => place.case,
  device: (place) => place.linux,
  factor: (place) => place.factor,
  group: (place) => place.group,
  group_rule: (place) => place.groupRule,
  import: (place) => place.file,
  kind: () => "okta_otp",
  message: (place) => place.message,
  person: (place) => place.grace,
  pin: (place) => place.pin,
  origin: (place) => place.origin,
  policy: (place) => place.policy,
  profile: (place) => place.profile,
  role: (place) => place.role,
  rule: (place) => place.rule,
  set: (place) => place.set,
  token: (place) => place.apiToken,
  user: (place) => place.grace,
  zone: (place) => place.zone,
};
/** Pages that cannot be looked at by address, and where they are looked at instead. */
const ELSEWHERE = {
  "/": "leads to /admin",
  "/account/factors/{factor}/remove": "the journey of one's own account",
  "/expired/{token}": "its token comes by a sign-in: the journeys of account links",
  "/login/sessionCookieRedirect": "its token comes by a sign-in: the journeys of the Authentication API",
  "/not-me/{token}": "its token comes by mail: the journeys of notices",
  "/not-me/case/{token}": "the same",
  "/reset/{token}": "its token comes by mail: the journeys of account links",
  "/unlock/{token}": "its token comes by mail: the journeys of the way back",
  "/setup/{link}": "the journey of the set-up link",
  "/setup/{link}/app": "the same",
  "/welcome/{token}": "its token comes by mail: the journeys of account links",
};

/** The addresses of every page of a stage; those whose members it does not have are left out. */
function pages(place) {
  const isPage = (path) => !/^\/(api|device-access|recovery|static)\//.test(path) && !/\.(csv|jsonl)$/.test(path);
  const paths = place.routes.filter(({ method, path }) => method === "GET" && isPage(path));
  return paths.map(({ path }) => path).filter((path) => !(path in ELSEWHERE)).flatMap((path) => {
    const members = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const name of members) assert.ok(name in places, `what may {${name}} of ${path} be? Say it in tests/browser/pages.mjs`);
    if (members.some((name) => !places[name](place))) return [];
    return [path.replaceAll(/\{(\w+)\}/g, (_, name) => places[name](place))];
  });
}

/** A browser with Ada's session, which notes what each page loads and from where. */
async function visitor(place, locale) {
  const { page, context, faults, end } = await browser({ locale });
  const cookie = { name: "__Host-postern", value: place.session, url: "https://localhost/", secure: true, httpOnly: true, sameSite: "Lax" };
  const visit = { page, faults, end, bytes: 0, foreign: [], status: 0, isPage: false };
  page.on("request", (request) => {
    if (!request.url().startsWith(place.url) && !request.url().startsWith("data:")) visit.foreign.push(request.url());
  });
  let loading = [];
  page.on("response", (response) => loading.push(response.body().then((body) => body.length, () => 0)));
  visit.go = async (path) => {
    loading = [];
    await context.clearCookies();
    if (path !== "/signin") await context.addCookies([cookie]);
    const response = await page.goto(`${place.url}${path}`, { waitUntil: "load" });
    visit.bytes = (await Promise.all(loading)).reduce((sum, bytes) => sum + bytes, 0);
    visit.status = response?.status();
    visit.isPage = (response?.headers()["content-type"] ?? "").startsWith("text/html") && await page.evaluate(() => document.title !== "");
  };
  return visit;
}

/** Presses Tab from the top to the end; what can be used and was not reached, or was out of its order. */
async function unreached(page, where) {
  const names = await page.evaluate(() => {
    // From the top, also where a field has the focus at once.
    const top = document.createElement("span");
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove();
    const usable = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter((element) =>
      element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.type !== "hidden" && !element.closest("[inert]"));
    // Of a group of radio buttons one is a stop of Tab; the arrows go on from there.
    const groups = new Set();
    const stops = usable.filter((element) => {
      if (element.type !== "radio") return true;
      const group = `${element.form?.action} ${element.name}`;
      const chosen = [...document.querySelectorAll(`input[type=radio][name="${CSS.escape(element.name)}"]:checked`)].some((one) => one.form === element.form);
      if (chosen ? !element.checked : groups.has(group)) return false;
      groups.add(group);
      return true;
    });
    stops.forEach((element, at) => { element.dataset.stop = at; });
    return stops.map((element) => `${element.tagName.toLowerCase()} "${(element.innerText || element.ariaLabel || element.name || element.id).trim().slice(0, 40)}"`);
  });
  const visited = [];
  for (let press = 0; press < names.length * 2 + 5; press += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const { activeElement: element } = document;
      if (!element || element === document.body) return "top";
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const isSeen = (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
      return { at: element.dataset.stop, isSeen };
    });
    if (stop === "top") break;
    if (stop.at === undefined) continue;
    if (visited.some(({ at }) => at === stop.at) && visited[0].at === stop.at) break;
    visited.push(stop);
  }
  const order = [...new Set(visited.map(({ at }) => Number(at)))];
  return [
    ...names.filter((_, at) => !order.includes(at)).map((name) => `${where}: Tab does not reach ${name}`),
    ...order.filter((at, step) => step && at < order[step - 1]).map((at) => `${where}: ${names[at]} comes too late`),
    ...visited.filter(({ isSeen }) => !isSeen).map(({ at }) => `${where}: focus is not seen on ${names[at]}`),
  ];
}

const scenes = { full: "clients", empty: "fresh" };
for (const [name, scene] of Object.entries(scenes)) {
  const place = await stage(scene);
  if (name === "full") await fill(place);
  describe(`every page, ${name}`, () => {
    after(() => place.end());
    // Each language meets each width and each scheme, in half as many looks as there are combinations.
    const looks = { "en-GB": [[WIDE, "light"], [NARROW, "dark"]], "de-DE": [[WIDE, "dark"], [NARROW, "light"]] };
    for (const [locale, combinations] of Object.entries(looks)) {
      test(`has nothing that axe-core finds, loads little and only from here: ${locale}`, async (t) => {
        const visit = await visitor(place, locale);
        t.after(visit.end);
        const wrong = [];
        let looked = 0;
        for (const path of pages(place)) {
          await visit.go(path);
          if (!visit.isPage) continue;
          looked += 1;
          if (visit.status >= 400) wrong.push(`${path}: ${visit.status}`);
          if (visit.bytes >= MOST_BYTES) wrong.push(`${path}: ${visit.bytes} bytes`);
          for (const [viewport, colorScheme] of combinations) {
            await visit.page.setViewportSize(viewport);
            await visit.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            const where = `${path} ${viewport.width} ${colorScheme}`;
            wrong.push(...await violations(visit.page, where));
            const over = await visit.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            if (over > 0) wrong.push(`${where}: ${over} pixels wider than its window`);
            await picture(visit.page, `page-${name}-${locale.slice(0, 2)}${path.replaceAll(/[/?=]/g, "-")}-${viewport.width}-${colorScheme}`);
          }
          await visit.page.setViewportSize(WIDE);
        }
        t.diagnostic(`${looked} pages`);
        assert.ok(looked >= 12, `only ${looked} pages`);
        assert.deepEqual([...wrong, ...visit.foreign, ...visit.faults], []);
      });
    }
    test("is used by the keyboard alone", async (t) => {
      const visit = await visitor(place, "en-GB");
      t.after(visit.end);
      const wrong = [];
      for (const path of pages(place)) {
        for (const viewport of [WIDE, NARROW]) {
          await visit.page.setViewportSize(viewport);
          await visit.go(path);
          if (visit.isPage) wrong.push(...await unreached(visit.page, `${path} ${viewport.width}`));
        }
      }
      assert.deepEqual(wrong, []);
    });
    test("keeps focus in its dialogs and gives it back", async (t) => {
      const visit = await visitor(place, "en-GB");
      t.after(visit.end);
      const wrong = [];
      let opened = 0;
      for (const path of pages(place)) {
        await visit.go(path);
        if (!visit.isPage) continue;
        const links = await visit.page.locator("a[data-dialog]:visible").count();
        for (let at = 0; at < links; at += 1) {
          const link = visit.page.locator("a[data-dialog]:visible").nth(at);
          await link.focus();
          await visit.page.keyboard.press("Enter");
          const dialog = visit.page.locator("dialog[open]");
          await dialog.waitFor();
          opened += 1;
          const where = `${path}, dialog ${at + 1}`;
          wrong.push(...await violations(visit.page, where));
          const isInside = () => visit.page.evaluate(() => {
            const { activeElement } = document;
            return activeElement === document.body || Boolean(activeElement.closest("dialog[open]"));
          });
          for (let press = 0; press < 25; press += 1) {
            if (!await isInside()) { wrong.push(`${where}: Tab leads out`); break; }
            await visit.page.keyboard.press("Tab");
          }
          await visit.page.keyboard.press("Escape");
          await dialog.waitFor({ state: "hidden" });
          if (!await link.evaluate((element) => element === document.activeElement)) wrong.push(`${where}: focus does not come back`);
        }
      }
      t.diagnostic(`${opened} dialogs`);
      if (name === "full") assert.ok(opened > 0);
      assert.deepEqual(wrong, []);
    });
  });
}

/** Something on every list. */
async function fill(place) {
  const call = async (path, body, token = place.token) => (await fetch(`${place.url}${path}`, {
    method: "POST", body: JSON.stringify(body), headers: { authorization: `SSWS ${token}`, "content-type": "application/json" },
  })).json();
  for (let number = 0; number < 30; number += 1) {
    const login = `person${number}@harbour.example`;
    await call("/api/v1/users", { profile: { firstName: "Person", lastName: `Number ${number}`, email: login, login } });
    await call("/api/v1/groups", { profile: { name: `Group ${number}`, description: "A group with a long description, as they come" } });
  }
  const pilots = await call("/api/v1/groups", { profile: { name: "Pilots", description: "First to get what is new" } });
  place.group = pilots.id;
  const rule = await call("/api/v1/groups/rules", {
    type: "group_rule", name: "Everybody in Sales", conditions: { expression: { value: 'user.department == "Sales"' } },
    actions: { assignUserToGroups: { groupIds: [pilots.id] } },
  });
  place.groupRule = rule.id;
  await fetch(`${place.url}/api/v1/groups/${pilots.id}/users/${place.grace}`, { method: "PUT", headers: { authorization: `SSWS ${place.token}` } });
  const file = await fetch(`${place.url}/api/v1/users/imports?name=people.csv`, {
    method: "POST", headers: { authorization: `SSWS ${place.token}`, "content-type": "text/csv" },
    body: "login,email,firstName,lastName\nnew@harbour.example,new@harbour.example,New,One\nbad,no address,Bad,One\n",
  });
  place.file = (await file.json()).id;
  await place.work();
  const pin = await call(`/device-access/api/v1/devices/${place.linux}/users/${place.grace}/recovery-pins`, { mode: "TIME", reason: "Phone lost" }, place.deskToken);
  assert.ok(pin.id, JSON.stringify(pin));
  place.pin = pin.id;
  const factors = await (await fetch(`${place.url}/api/v1/users/${place.grace}/factors`, { headers: { authorization: `SSWS ${place.token}` } })).json();
  place.factor = factors[0].id;
  place.message = (await call("/api/v1/templates/sms", { type: "SMS_VERIFY_CODE", name: "Short", template: "${code} is your code", translations: { de: "Ihr Code ist ${code}" } })).id;
  place.profile = (await call("/api/v1/org/factors/hotp/profiles", { name: "Blue tokens", settings: { hmacAlgorithm: "HMacSHA1", passCodeLength: 6, timeStep: 30 } })).id;
  const tokens = await (await fetch(`${place.url}/api/v1/api-tokens`, { headers: { authorization: `SSWS ${place.token}` } })).json();
  place.apiToken = tokens[0].id;
  const photo = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await call(`/recovery/api/v1/users/${place.grace}/references`, { text: "Badge photo", photo });
  const opened = await call("/recovery/api/v1/cases", { userId: place.grace });
  place.case = opened.id;
  const finding = { document: "passport", place: "front desk" };
  await call(`/recovery/api/v1/cases/${place.case}/evidence`, { kind: "IN_PERSON", finding });
  const group = await call("/api/v1/groups", { profile: { name: "Desk", description: "" } });
  place.assignment = (await call(`/api/v1/groups/${group.id}/roles`, { type: "HELP_DESK_ADMIN" })).id;
  const role = await call("/api/v1/iam/roles", { label: "Front desk", description: "Calls", permissions: ["okta.users.read", "okta.groups.read"] });
  const set = await call("/api/v1/iam/resource-sets", { label: "Everybody", description: "All people", resources: ["/api/v1/users"] });
  await call(`/api/v1/groups/${group.id}/roles`, { type: "CUSTOM", role: role.id, "resource-set": set.id });
  [place.role, place.set] = [role.id, set.id];
}
