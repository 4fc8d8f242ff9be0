// People: every state of an account and every way from one to another.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";
import { guess } from "./sign_in.mjs";

const PASSWORD = "Four plain small w0rds";
const profile = (name) => ({ firstName: name, lastName: "Example", email: `${name}@harbour.example`, login: `${name}@harbour.example` });
const make = (okta, name, rest = {}, options = {}) =>
  okta.userApi.createUser({ body: { profile: profile(name), ...rest }, ...options });
const withPassword = { credentials: { password: { value: PASSWORD } } };

export const people = {
  "somebody with a password is active, is changed in part and in full, and is found by login": async ({ okta }) => {
    const made = await make(okta, "alba", withPassword);
    assert.equal(made.status, "ACTIVE");
    assert.equal(made.profile.firstName, "alba");
    const part = await okta.userApi.updateUser({ userId: made.id, user: { profile: { mobilePhone: "+4712345678" } } });
    assert.deepEqual([part.profile.firstName, part.profile.mobilePhone], ["alba", "+4712345678"]);
    const full = await okta.userApi.replaceUser({ userId: made.id, user: { profile: { ...profile("alba"), lastName: "Whole" } } });
    assert.deepEqual([full.profile.lastName, full.profile.mobilePhone ?? null], ["Whole", null]);
    assert.equal((await okta.userApi.getUser({ userId: "alba@harbour.example" })).id, made.id);
    assert.equal((await okta.userApi.getUser({ userId: "me" })).id, (await okta.userApi.getUser({ userId: "ada@harbour.example" })).id);
  },
  "without a password somebody is provisioned, and staged where they are not to be activated": async ({ okta }) => {
    assert.equal((await make(okta, "brun")).status, "PROVISIONED");
    const staged = await make(okta, "cora", {}, { activate: false });
    assert.equal(staged.status, "STAGED");
    await okta.userApi.activateUser({ userId: staged.id, sendEmail: false });
    assert.equal((await okta.userApi.getUser({ userId: staged.id })).status, "PROVISIONED");
    const again = await okta.userApi.reactivateUser({ userId: staged.id, sendEmail: false });
    assert.match(again.activationUrl, /^http/);
  },
  "suspended, let in again, ended, and begun anew": async ({ okta }) => {
    const { id: userId } = await make(okta, "dora", withPassword);
    const status = async () => (await okta.userApi.getUser({ userId })).status;
    await okta.userApi.suspendUser({ userId });
    assert.equal(await status(), "SUSPENDED");
    await okta.userApi.unsuspendUser({ userId });
    assert.equal(await status(), "ACTIVE");
    await okta.userApi.revokeUserSessions({ userId });
    await okta.userApi.endUserSessions({ keepCurrent: { keepCurrent: true } });
    await okta.userApi.deactivateUser({ userId });
    assert.equal(await status(), "DEPROVISIONED");
    await okta.userApi.activateUser({ userId, sendEmail: false });
    assert.notEqual(await status(), "DEPROVISIONED");
  },
  "deleted first ends, then is gone": async ({ okta }) => {
    const { id: userId } = await make(okta, "dina", withPassword);
    await okta.userApi.deleteUser({ userId });
    assert.equal((await okta.userApi.getUser({ userId })).status, "DEPROVISIONED");
    await okta.userApi.deleteUser({ userId });
    assert.equal((await refusal(okta.userApi.getUser({ userId }))).errorCode, "E0000007");
  },
  "a password is expired, reset, changed and forgotten": async ({ okta }) => {
    const { id: userId } = await make(okta, "edda", { credentials: {
      password: { value: PASSWORD }, recovery_question: { question: "Where did the boat lie?", answer: "in the old harbour" },
    } });
    assert.equal((await okta.userApi.expirePassword({ userId })).status, "PASSWORD_EXPIRED");
    // The SDK has no member for the temporary password that the description has.
    await okta.userApi.expirePasswordAndGetTemporaryPassword({ userId });
    const given = "A given plain small w0rd";
    await okta.userApi.updateUser({ userId, user: { credentials: { password: { value: given } } } });
    const change = (from, to) => okta.userApi.changePassword({ userId, changePasswordRequest: { oldPassword: { value: from }, newPassword: { value: to } } });
    assert.equal((await refusal(change("not the one at all", PASSWORD))).errorCode, "E0000014");
    await change(given, "Another small w0rd of plain");
    const question = { question: "Which boat?", answer: "the small grey one" };
    const asked = await okta.userApi.changeRecoveryQuestion({ userId, userCredentials: {
      password: { value: "Another small w0rd of plain" }, recovery_question: question } });
    assert.equal(asked.recovery_question.question, "Which boat?");
    await okta.userApi.forgotPasswordSetNewPassword({ userId, sendEmail: false, userCredentials: {
      password: { value: "A third plain small w0rd" }, recovery_question: { answer: question.answer } } });
    assert.match((await okta.userApi.forgotPassword({ userId, sendEmail: false })).resetPasswordUrl, /^http/);
    assert.match((await okta.userApi.generateResetPasswordToken({ userId, sendEmail: false })).resetPasswordUrl, /^http/);
    assert.equal((await okta.userApi.getUser({ userId })).status, "RECOVERY");
  },
  "factors are reset, locks are ended, and blocks are listed": async ({ okta }) => {
    const { id: userId } = await make(okta, "finn", withPassword);
    await okta.userApi.resetFactors({ userId });
    assert.deepEqual(await all(okta.userApi.listUserBlocks({ userId })), []);
    assert.equal((await refusal(okta.userApi.unlockUser({ userId }))).errorCode, "E0000032");
  },
  "a lock that a stranger's guesses caused is ended": async ({ okta, place }) => {
    const { id: userId } = await make(okta, "lukas", withPassword);
    await guess(place, "lukas@harbour.example");
    await okta.userApi.unlockUser({ userId });
    assert.equal((await okta.userApi.getUser({ userId })).status, "ACTIVE");
  },
  "an imported password hash is taken": async ({ okta }) => {
    const hash = { algorithm: "BCRYPT", workFactor: 10, salt: "rwh3vH166HCH/NT9XV5FYu", value: "qaMqvAPULkbiQzkTCWo5XDcvzpk8Tna" };
    assert.equal((await make(okta, "gerd", { credentials: { password: { hash } } })).status, "ACTIVE");
  },
  "people are found by search, filter and words, page by page": async ({ okta }) => {
    for (const name of ["hild", "hilda", "hildur"]) await make(okta, name);
    const logins = (found) => found.map((user) => user.profile.login);
    assert.equal(logins(await all(okta.userApi.listUsers({ search: 'profile.login sw "hild"', limit: 2 }))).length, 3);
    assert.deepEqual(logins(await all(okta.userApi.listUsers({ filter: 'profile.login eq "hilda@harbour.example"' }))), ["hilda@harbour.example"]);
    assert.deepEqual(logins(await all(okta.userApi.listUsers({ q: "hildu" }))), ["hildur@harbour.example"]);
    assert.ok((await all(okta.userApi.listUsers({ limit: 2 }))).length >= 5);
    assert.equal((await refusal(all(okta.userApi.listUsers({ search: "profile.login sw" })))).errorCode, "E0000031");
  },
  "people are sorted": async ({ okta }) => {
    const logins = (found) => found.map((user) => user.profile.login);
    const three = ["hild@harbour.example", "hilda@harbour.example", "hildur@harbour.example"];
    const search = 'profile.login sw "hild"';
    assert.deepEqual(logins(await all(okta.userApi.listUsers({ search, limit: 1, sortBy: "profile.login" }))), three);
    assert.deepEqual(logins(await all(okta.userApi.listUsers({ search, limit: 2, sortBy: "profile.login", sortOrder: "desc" }))), three.toReversed());
  },
  "groups and computers of a person": async ({ okta, place }) => {
    assert.deepEqual((await all(okta.userApi.listUserGroups({ userId: place.grace }))).map((group) => group.type).filter((type) => type !== "OKTA_GROUP"), ["BUILT_IN"]);
    assert.deepEqual(await all(okta.userApi.listUserDevices({ userId: place.grace })), [], "a Linux computer is left out");
  },
  "a person that somebody else changed meanwhile is not overwritten": async ({ okta }) => {
    const { id: userId } = await make(okta, "ivar");
    const stale = okta.userApi.updateUser({ userId, user: { profile: { nickName: "I" } }, ifMatch: '"0000"' });
    assert.deepEqual(await refusal(stale).then(({ status, errorCode }) => [status, errorCode]), [412, "E0000231"]);
  },
  "what is wrong is told with its code": async ({ okta }) => {
    const taken = await refusal(make(okta, "alba"));
    assert.deepEqual([taken.status, taken.errorCode, taken.errorCauses.length], [400, "E0000001", 1]);
    assert.equal((await refusal(okta.userApi.getUser({ userId: "nobody@harbour.example" }))).errorCode, "E0000007");
  },
};
