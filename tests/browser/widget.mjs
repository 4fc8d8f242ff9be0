// Okta's sign-in widget, unmodified, in a real browser: its page lies at the server's own address, its files are served
// from its package, everything else it asks the server.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { browser, picture, stage } from "./stage/index.mjs";

const PASSWORD = "Four plain small w0rds";
const ANOTHER = "Quite an0ther long one";
const dist = fileURLToPath(new URL("node_modules/@okta/okta-signin-widget/dist/", import.meta.url));
const PAGE = `<!doctype html><meta charset="utf-8"><title>waiting</title>
<link rel="stylesheet" href="/w/css/okta-sign-in.min.css"><script src="/w/js/okta-sign-in.classic.min.js"></script><div id="w"></div>
<script>
const widget = new OktaSignIn({ baseUrl: location.origin, useClassicEngine: true, language: "en", assets: { baseUrl: location.origin + "/w" },
  features: { webauthn: true, multiOptionalFactorEnroll: true, rememberMe: true } });
widget.renderEl({ el: "#w" }, (done) => { window.done = done; document.title = done.status; if (new URLSearchParams(location.search).has("go")) done.session.setCookieAndRedirect(location.origin + "/"); },
  (error) => { document.title = error.message; });
</script>`;

const place = await stage("clients");
after(() => place.end());
const headers = { authorization: `SSWS ${place.token}`, "content-type": "application/json" };

async function call(method, path, body) {
  const answer = await fetch(`${place.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

/** Somebody new with a password. */
async function somebody(name) {
  const login = `${name}@harbour.example`;
  const profile = { firstName: name, lastName: "Example", email: login, login };
  const { id } = await call("POST", "/api/v1/users?activate=true", { profile, credentials: { password: { value: PASSWORD } } });
  return { id, login };
}

async function withApp(name) {
  const person = await somebody(name);
  const path = `/api/v1/users/${person.id}/factors`;
  const begun = await call("POST", path, { factorType: "token:software:totp", provider: "GOOGLE" });
  const { sharedSecret } = begun._embedded.activation;
  await call("POST", `${path}/${begun.id}/lifecycle/activate`, { passCode: await place.code(sharedSecret) });
  return { ...person, sharedSecret };
}

/** The widget's page in a browser of its own. */
async function opened(t, query = "") {
  const all = await browser();
  t.after(all.end);
  await all.context.route(`${place.url}/w/**`, (route) => {
    route.fulfill({ path: dist + new URL(route.request().url()).pathname.slice("/w/".length) });
  });
  await all.context.route(`${place.url}/page*`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
  await all.page.goto(`${place.url}/page${query}`);
  return all;
}

async function enter(page, login, password = PASSWORD) {
  await submit(page, { username: login, password }, page.locator("#okta-signin-submit"));
}

const succeeds = (page) => page.waitForFunction(() => document.title === "SUCCESS");
const setUp = (page, name) => page.locator(".enroll-factor-row", { hasText: name }).locator(".button").click();
/** While one form makes place for the next, both are there: the last one is meant. */
const primary = (page) => page.locator(".button-primary:visible").last();
const press = (page) => submit(page, {}, primary(page));
async function verify(page, code) {
  await submit(page, { answer: code }, page.locator("input[type=submit][value=Verify]"));
}

/**
 * The widget drops what is typed before its form listens, and what is submitted within a moment of the last time.
 * Nobody is that quick, and whoever is types and presses again.
 */
async function submit(page, fields, button) {
  let asked = false;
  const hear = (request) => { asked ||= request.url().includes("/api/v1/authn"); };
  page.on("request", hear);
  for (let tries = 5; tries > 0 && !asked; tries -= 1) {
    for (const [name, text] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(text);
    await button.click();
    for (let waits = 20; waits > 0 && !asked; waits -= 1) await page.waitForTimeout(50);
  }
  page.off("request", hear);
  assert.ok(asked, "nothing was asked of the server");
}

async function sent() {
  const codes = (await place.messages()).flatMap((text) => text.match(/(?<![\d+])\d{6}(?!\d)/g)?.at(-1) ?? []);
  assert.equal(codes.length, 1);
  return codes[0];
}

test("a password and an app's code sign in, and lead to a page of ours", { timeout: 60_000 }, async (t) => {
  const person = await withApp("widget-app");
  const { page } = await opened(t, "?go");
  await enter(page, person.login, "not the one");
  await page.locator(".o-form-error-container .infobox-error").waitFor();
  await enter(page, person.login);
  await verify(page, "000000");
  await page.getByText("Your passcode doesn't match our records. Please try again.").first().waitFor();
  await picture(page, "widget-code");
  await verify(page, await place.code(person.sharedSecret));
  await page.waitForURL((url) => url.pathname !== "/page");
  const cookies = await page.context().cookies(`${place.url}/api/v1/sessions/me`);
  assert.deepEqual(cookies.map(({ name }) => name).filter((name) => ["sid", "__Host-postern"].includes(name)).sort(), ["__Host-postern", "sid"]);
});

test("a code by text message signs in", { timeout: 60_000 }, async (t) => {
  await call("POST", "/api/v1/org/factors/okta_sms/lifecycle/activate");
  const person = await somebody("widget-sms");
  const profile = { phoneNumber: "+1-555-415-1337" };
  await call("POST", `/api/v1/users/${person.id}/factors?activate=true`, { factorType: "sms", provider: "OKTA", profile });
  await place.messages();
  const { page } = await opened(t);
  await enter(page, person.login);
  const asked = page.waitForResponse((answer) => answer.url().includes("/verify"));
  await page.locator(".sms-request-button").click();
  await (await asked).finished();
  await verify(page, await sent());
  await succeeds(page);
});

test("an app is enrolled by its picture", { timeout: 60_000 }, async (t) => {
  const person = await somebody("widget-enrol");
  const { page } = await opened(t);
  const begun = page.waitForResponse((answer) => answer.url().endsWith("/api/v1/authn/factors"));
  await enter(page, person.login);
  await page.locator(".enroll-factor-row").first().waitFor();
  await picture(page, "widget-choices");
  await setUp(page, "Google Authenticator");
  await page.getByText("Android", { exact: true }).click();
  await press(page);
  const activation = (await (await begun).json())._embedded.factor._embedded.activation;
  await page.locator("img.qrcode-image").waitFor();
  assert.ok(await page.locator("img.qrcode-image").evaluate((image) => image.decode().then(() => image.naturalWidth > 100)));
  await picture(page, "widget-picture");
  await primary(page).click();
  await submit(page, { passCode: await place.code(activation.sharedSecret) }, primary(page));
  await page.locator(".enroll-choices").first().waitFor();
  await press(page);
  await succeeds(page);
});

test("a security key is enrolled and signs in by itself", { timeout: 60_000 }, async (t) => {
  const person = await somebody("widget-key");
  const { page, context } = await opened(t);
  const devices = await context.newCDPSession(page);
  await devices.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", transport: "usb", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  await devices.send("WebAuthn.addVirtualAuthenticator", { options });
  await enter(page, person.login);
  await setUp(page, "Security Key or Biometric");
  await press(page);
  await page.locator(".enroll-choices").first().waitFor();
  await press(page);
  await succeeds(page);
  await page.goto(`${place.url}/page`);
  await enter(page, person.login);
  await succeeds(page);
});

test("an expired password is changed", { timeout: 60_000 }, async (t) => {
  const person = await withApp("widget-expired");
  await call("POST", `/api/v1/users/${person.id}/lifecycle/expire_password`);
  const { page } = await opened(t);
  await enter(page, person.login);
  await verify(page, await place.code(person.sharedSecret));
  await page.locator("input[name=oldPassword]").waitFor();
  await picture(page, "widget-expired");
  const passwords = { oldPassword: PASSWORD, newPassword: ANOTHER, confirmPassword: ANOTHER };
  await submit(page, passwords, page.locator("input[type=submit][value='Change Password']"));
  await succeeds(page);
});

test("a forgotten password begins a recovery by mail", { timeout: 60_000 }, async (t) => {
  const person = await withApp("widget-forgot");
  await place.messages();
  const { page } = await opened(t);
  await page.locator("[data-se=needhelp]").click();
  await page.locator("[data-se=forgot-password]").click();
  await page.locator(".forgot-password input[name=username]").fill(person.login);
  await page.locator("[data-se=email-button]").click();
  await page.getByRole("heading", { name: "Email sent!" }).waitFor();
  assert.match((await place.messages()).join("\n"), /\/reset\//);
});
