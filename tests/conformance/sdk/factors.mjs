// Factors of every type: enrolled, activated, verified, listed, removed. What is sent is read where it arrives.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";
import { device } from "./device.mjs";

const PASSWORD = "Four plain small w0rds";

/** Somebody new, of an organisation that allows every factor. */
async function somebody({ okta, place }, login) {
  const headers = { authorization: `SSWS ${place.token}` };
  for (const name of ["okta_sms", "okta_call", "okta_email", "okta_question"]) {
    await fetch(`${place.url}/api/v1/org/factors/${name}/lifecycle/activate`, { method: "POST", headers });
  }
  const address = `${login}@harbour.example`;
  const profile = { firstName: login, lastName: "Example", email: address, login: address };
  const { id } = await okta.userApi.createUser({ body: { profile, credentials: { password: { value: PASSWORD } } } });
  return id;
}

/** The code that was sent since the last time; notices have none. */
async function sent(place) {
  const codes = (await place.messages()).flatMap((text) => text.replaceAll(", ", "").match(/(?<![\d+])\d{6}(?!\d)/g)?.at(-1) ?? []);
  assert.equal(codes.length, 1);
  return codes[0];
}

/** Enrols, activates, verifies and removes what is sent. */
async function byCode(stage, login, body) {
  const { okta, place } = stage;
  const userId = await somebody(stage, login);
  await place.messages();
  const begun = await okta.userFactorApi.enrollFactor({ userId, body });
  assert.equal(begun.status, "PENDING_ACTIVATION");
  const factorId = begun.id;
  await sent(place);
  await place.wait(30);
  await okta.userFactorApi.resendEnrollFactor({ userId, factorId, resendUserFactor: body });
  const activated = await okta.userFactorApi.activateFactor({ userId, factorId, body: { passCode: await sent(place) } });
  assert.equal(activated.status, "ACTIVE");
  await place.wait(30);
  assert.equal((await okta.userFactorApi.verifyFactor({ userId, factorId, body: {} })).factorResult, "CHALLENGE");
  const passCode = await sent(place);
  assert.equal((await okta.userFactorApi.verifyFactor({ userId, factorId, body: { passCode } })).factorResult, "SUCCESS");
  assert.equal((await refusal(okta.userFactorApi.verifyFactor({ userId, factorId, body: { passCode } }))).errorCode, "E0000082");
  await removed(stage, userId, factorId);
  return begun;
}

async function removed({ okta }, userId, factorId) {
  assert.deepEqual((await all(okta.userFactorApi.listFactors({ userId }))).map(({ id }) => id), [factorId]);
  assert.equal((await okta.userFactorApi.getFactor({ userId, factorId })).id, factorId);
  await okta.userFactorApi.unenrollFactor({ userId, factorId });
  assert.equal((await refusal(okta.userFactorApi.getFactor({ userId, factorId }))).errorCode, "E0000007");
}

export const factors = {
  "an app of either provider": async (stage) => {
    const { okta, place } = stage;
    for (const provider of ["GOOGLE", "OKTA"]) {
      const userId = await somebody(stage, `factor-${provider.toLowerCase()}`);
      const catalogue = await all(okta.userFactorApi.listSupportedFactors({ userId }));
      assert.ok(catalogue.some((entry) => entry.factorType === "token:software:totp" && entry.provider === provider));
      const begun = await okta.userFactorApi.enrollFactor({ userId, body: { factorType: "token:software:totp", provider } });
      const { sharedSecret, _links: { qrcode } } = begun._embedded.activation;
      const picture = await fetch(qrcode.href);
      assert.deepEqual([picture.status, picture.headers.get("content-type")], [200, "image/png"]);
      const factorId = begun.id;
      await okta.userFactorApi.activateFactor({ userId, factorId, body: { passCode: await place.code(sharedSecret) } });
      const passCode = await place.code(sharedSecret);
      assert.equal((await okta.userFactorApi.verifyFactor({ userId, factorId, body: { passCode } })).factorResult, "SUCCESS");
      assert.equal((await refusal(okta.userFactorApi.verifyFactor({ userId, factorId, body: { passCode } }))).errorCode, "E0000082");
      await removed(stage, userId, factorId);
    }
  },
  "a text message, a call and a mail": async (stage) => {
    const phoneNumber = "+1-555-415-1337";
    const sms = await byCode(stage, "factor-sms", { factorType: "sms", provider: "OKTA", profile: { phoneNumber } });
    assert.equal(sms.profile.phoneNumber, "+15554151337");
    await byCode(stage, "factor-call", { factorType: "call", provider: "OKTA", profile: { phoneNumber, phoneExtension: "12" } });
    const email = "factor-mail@harbour.example";
    await byCode(stage, "factor-mail", { factorType: "email", provider: "OKTA", profile: { email } });
  },
  "a question": async (stage) => {
    const { okta } = stage;
    const userId = await somebody(stage, "factor-question");
    const questions = await all(okta.userFactorApi.listSupportedSecurityQuestions({ userId }));
    assert.equal(questions.length, 20);
    const profile = { question: questions[0].question, answer: "mustard soup" };
    const made = await okta.userFactorApi.enrollFactor({ userId, body: { factorType: "question", provider: "OKTA", profile } });
    assert.deepEqual([made.status, made.profile.questionText], ["ACTIVE", questions[0].questionText]);
    const verify = (answer) => okta.userFactorApi.verifyFactor({ userId, factorId: made.id, body: { answer } });
    assert.equal((await verify("Mustard Soup")).factorResult, "SUCCESS");
    assert.equal((await refusal(verify("ketchup"))).errorCode, "E0000068");
    await removed(stage, userId, made.id);
  },
  "a token by its make": async (stage) => {
    const { okta, place } = stage;
    const userId = await somebody(stage, "factor-token");
    const settings = { hmacAlgorithm: "HMacSHA1", passCodeLength: 6, timeStep: 30, sharedSecretEncoding: "base32" };
    const answer = await fetch(`${place.url}/api/v1/org/factors/hotp/profiles`, {
      method: "POST", headers: { authorization: `SSWS ${place.token}` }, body: JSON.stringify({ name: `Tokens ${userId}`, settings }),
    });
    const { id: factorProfileId } = await answer.json();
    const sharedSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const body = { factorType: "token:hotp", provider: "CUSTOM", factorProfileId, profile: { sharedSecret } };
    const made = await okta.userFactorApi.enrollFactor({ userId, body, activate: true });
    assert.equal(made.status, "ACTIVE");
    const passCode = await place.code(sharedSecret);
    assert.equal((await okta.userFactorApi.verifyFactor({ userId, factorId: made.id, body: { passCode } })).factorResult, "SUCCESS");
    await removed(stage, userId, made.id);
  },
  "a passkey": async (stage) => {
    const { okta, place } = stage;
    const userId = await somebody(stage, "factor-passkey");
    const begun = await okta.userFactorApi.enrollFactor({ userId, body: { factorType: "webauthn", provider: "FIDO" } });
    const { activation } = begun._embedded;
    const key = device(place.url);
    const active = await okta.userFactorApi.activateFactor({ userId, factorId: begun.id, body: key.enrol(activation) });
    assert.equal(active.status, "ACTIVE");
    const asked = await okta.userFactorApi.verifyFactor({ userId, factorId: begun.id, body: {} });
    const proof = key.prove(asked._embedded.challenge);
    const verify = () => okta.userFactorApi.verifyFactor({ userId, factorId: begun.id, body: proof });
    assert.equal((await verify()).factorResult, "SUCCESS");
    assert.equal((await refusal(verify())).errorCode, "E0000068");
    await removed(stage, userId, begun.id);
  },
  "texts of messages": async ({ okta }) => {
    const smsTemplate = { name: "Short", type: "SMS_VERIFY_CODE", template: "${org.name}: ${code}", translations: { de: "Code: ${code}" } };
    const { id: templateId } = await okta.templateApi.createSmsTemplate({ smsTemplate });
    assert.equal((await okta.templateApi.getSmsTemplate({ templateId })).template, smsTemplate.template);
    assert.equal((await all(okta.templateApi.listSmsTemplates({ templateType: "SMS_VERIFY_CODE" }))).length, 1);
    await okta.templateApi.updateSmsTemplate({ templateId, smsTemplate: { template: "New: ${code}" } });
    await okta.templateApi.replaceSmsTemplate({ templateId, smsTemplate: { ...smsTemplate, name: "Whole" } });
    await okta.templateApi.deleteSmsTemplate({ templateId });
    assert.equal((await refusal(okta.templateApi.getSmsTemplate({ templateId }))).errorCode, "E0000007");
  },
};
