// Okta's library for sign-in pages through the Authentication API, unmodified: a step a method, each found by its link.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, describe, test } from "node:test";
import { stage } from "../stage.mjs";
import { device } from "./sdk/device.mjs";

const { OktaAuth } = createRequire(import.meta.url)("@okta/okta-auth-js");
const PASSWORD = "Four plain small w0rds";
const ANOTHER = "Quite an0ther long one";
const databases = ["sqlite", ...process.env.POSTERN_TEST_POSTGRES ? ["postgres"] : []];

for (const database of databases) {
  const place = await stage("clients", database);
  describe(`Okta's library for sign-in pages on ${database}`, () => {
    after(() => place.end());
    const headers = { authorization: `SSWS ${place.token}`, "content-type": "application/json" };
    const auth = new OktaAuth({ issuer: `${place.url}/oauth2/default`, clientId: "x", redirectUri: `${place.url}/cb` });

    async function call(method, path, body) {
      const answer = await fetch(`${place.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
      assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
      return answer.status === 204 ? null : answer.json();
    }
    /** Somebody new with a password, of an organisation that allows every factor. */
    async function somebody(name) {
      for (const factor of ["okta_sms", "okta_call", "okta_email", "okta_question"]) {
        await call("POST", `/api/v1/org/factors/${factor}/lifecycle/activate`);
      }
      const username = `${name}@harbour.example`;
      const profile = { firstName: name, lastName: "Example", email: username, login: username };
      const { id } = await call("POST", "/api/v1/users?activate=true", { profile, credentials: { password: { value: PASSWORD } } });
      return { id, username };
    }
    const enter = ({ username }, password = PASSWORD) => auth.signInWithCredentials({ username, password });
    /** Somebody new with an app. */
    async function withApp(name) {
      const person = await somebody(name);
      let step = await enter(person);
      assert.equal(step.status, "MFA_ENROLL");
      step = await step.factors.find(({ factorType, provider }) => factorType === "token:software:totp" && provider === "GOOGLE").enroll();
      const { sharedSecret } = step.factor.activation;
      step = await step.activate({ passCode: await place.code(sharedSecret) });
      assert.equal(step.status, "SUCCESS");
      return { ...person, sharedSecret };
    }
    async function sent() {
      const codes = (await place.messages()).flatMap((text) => text.replaceAll(", ", "").match(/(?<![\d+])\d{6}(?!\d)/g)?.at(-1) ?? []);
      assert.equal(codes.length, 1);
      return codes[0];
    }
    const run = (sentence, journey) => test(sentence, { timeout: 60_000 }, journey);

    run("an app is enrolled, and its code opens a session", async () => {
      const person = await withApp("app");
      const wrong = await enter(person, "not the one").catch((error) => error);
      assert.deepEqual([wrong.name, wrong.errorCode, wrong.xhr.status], ["AuthApiError", "E0000004", 401]);
      let step = await enter(person);
      assert.equal(step.status, "MFA_REQUIRED");
      const refused = await step.factors[0].verify({ passCode: "000000" }).catch((error) => error);
      assert.equal(refused.errorCode, "E0000068");
      step = await step.factors[0].verify({ passCode: await place.code(person.sharedSecret), rememberDevice: true });
      assert.equal(step.status, "SUCCESS");
      const session = await call("POST", "/api/v1/sessions", { sessionToken: step.sessionToken });
      assert.equal(session.userId, person.id);
    });
    run("a code by text message is sent, sent anew, stepped back from and given up", async () => {
      const person = await somebody("sms");
      const profile = { phoneNumber: "+1-555-415-1337" };
      await call("POST", `/api/v1/users/${person.id}/factors?activate=true`, { factorType: "sms", provider: "OKTA", profile });
      await place.messages();
      let step = await enter(person);
      assert.equal(step.factors[0].profile.phoneNumber, "+1 XXX-XXX-1337");
      step = await step.factors[0].verify();
      assert.equal(step.status, "MFA_CHALLENGE");
      await sent();
      step = await step.prev();
      assert.equal(step.status, "MFA_REQUIRED");
      await place.wait(30);
      step = await step.factors[0].verify();
      await place.wait(30);
      await sent();
      step = await step.resend("sms");
      const again = await auth.tx.resume({ stateToken: step.data.stateToken });
      assert.equal(again.status, "MFA_CHALLENGE");
      step = await again.verify({ passCode: await sent() });
      assert.equal(step.status, "SUCCESS");
      step = await (await enter(person)).cancel();
      assert.equal(step.status, undefined);
    });
    run("a security key is enrolled and proves", async () => {
      const person = await somebody("key");
      let step = await enter(person);
      step = await step.factors.find(({ factorType }) => factorType === "webauthn").enroll();
      const key = device(place.url);
      step = await step.activate(key.enrol(step.factor.activation));
      assert.equal(step.status, "SUCCESS");
      step = await (await enter(person)).factors[0].verify();
      step = await step.verify(key.prove(step.factor.challenge));
      assert.equal(step.status, "SUCCESS");
    });
    run("an expired password is changed", async () => {
      const person = await withApp("expired");
      await call("POST", `/api/v1/users/${person.id}/lifecycle/expire_password`);
      let step = await enter(person);
      step = await step.factors[0].verify({ passCode: await place.code(person.sharedSecret) });
      assert.equal(step.status, "PASSWORD_EXPIRED");
      step = await step.changePassword({ oldPassword: PASSWORD, newPassword: ANOTHER });
      assert.equal(step.status, "SUCCESS");
    });
    run("a lost password is replaced by the link in a mail", async () => {
      const person = await withApp("lost");
      await place.messages();
      let step = await auth.forgotPassword({ username: person.username, factorType: "EMAIL" });
      assert.deepEqual([step.status, step.data.factorResult], ["RECOVERY_CHALLENGE", "WAITING"]);
      const nobody = await auth.forgotPassword({ username: "nobody@harbour.example", factorType: "EMAIL" });
      const said = ({ data: { headers, ...body } }) => body;
      assert.deepEqual(said(nobody), said(step));
      const [, recoveryToken] = (await place.messages()).join("\n").replaceAll("=\r\n", "").match(/\/reset\/([\w-]+)/);
      step = await auth.verifyRecoveryToken({ recoveryToken });
      assert.equal(step.status, "PASSWORD_RESET");
      const weak = await step.resetPassword({ newPassword: "short" }).catch((error) => error);
      assert.equal(weak.errorCode, "E0000080");
      step = await step.resetPassword({ newPassword: ANOTHER });
      assert.equal(step.status, "MFA_REQUIRED");
      step = await step.factors[0].verify({ passCode: await place.code(person.sharedSecret) });
      assert.equal(step.status, "SUCCESS");
      const used = await auth.verifyRecoveryToken({ recoveryToken }).catch((error) => error);
      assert.equal(used.errorCode, "E0000105");
    });
    run("a lost password is replaced by a code, and a lock is ended by a link", async () => {
      const person = await withApp("back");
      const settings = { recovery: { factors: { okta_sms: { status: "ACTIVE" } } } };
      const conditions = { people: { users: { include: [person.id] } } };
      const policy = await call("POST", "/api/v1/policies", { type: "PASSWORD", name: "Back", priority: 1, settings, conditions });
      const actions = { selfServicePasswordReset: { access: "ALLOW" }, selfServiceUnlock: { access: "ALLOW" } };
      await call("POST", `/api/v1/policies/${policy.id}/rules`, { name: "Back", actions });
      const profile = { phoneNumber: "+1-555-415-1338" };
      await call("POST", `/api/v1/users/${person.id}/factors?activate=true`, { factorType: "sms", provider: "OKTA", profile });
      await place.messages();
      let step = await auth.forgotPassword({ username: person.username, factorType: "SMS" });
      assert.deepEqual([step.status, step.recoveryType], ["RECOVERY_CHALLENGE", "PASSWORD"]);
      await sent();
      await place.wait(30);
      step = await step.resend("sms");
      step = await step.verify({ passCode: await sent() });
      assert.equal(step.status, "PASSWORD_RESET");
      step = await step.resetPassword({ newPassword: ANOTHER });
      assert.deepEqual([step.status, step.factors.map(({ factorType }) => factorType)], ["MFA_REQUIRED", ["token:software:totp"]]);
      step = await step.factors[0].verify({ passCode: await place.code(person.sharedSecret) });
      assert.equal(step.status, "SUCCESS");
      for (let number = 0; number < 10; number += 1) await enter(person, "not the one").catch((error) => error);
      await place.messages();
      step = await auth.unlockAccount({ username: person.username, factorType: "EMAIL" });
      assert.deepEqual([step.status, step.recoveryType], ["RECOVERY_CHALLENGE", "UNLOCK"]);
      const [, recoveryToken] = (await place.messages()).join("\n").replaceAll("=\r\n", "").match(/\/unlock\/([\w-]+)/);
      step = await auth.verifyRecoveryToken({ recoveryToken });
      assert.deepEqual([step.status, step.recoveryType, step.sessionToken], ["SUCCESS", "UNLOCK", undefined]);
      assert.equal((await enter(person, ANOTHER)).status, "MFA_REQUIRED");
    });
  });
}
