// Policies of the three types: their own life, their rules, and the default that always exists.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";

const everyone = async (okta) => (await all(okta.groupApi.listGroups({ filter: 'type eq "BUILT_IN"' })))[0].id;
const KINDS = {
  OKTA_SIGN_ON: {
    settings: undefined,
    rule: { type: "SIGN_ON", actions: { signon: { access: "ALLOW", requireFactor: true, factorPromptMode: "ALWAYS", factorLifetime: 15, rememberDeviceByDefault: false,
      session: { usePersistentCookie: false, maxSessionIdleMinutes: 60, maxSessionLifetimeMinutes: 480 } } },
    conditions: { network: { connection: "ANYWHERE" }, authContext: { authType: "ANY" } } },
  },
  PASSWORD: {
    settings: { password: { complexity: { minLength: 12, minLowerCase: 0, minUpperCase: 0, minNumber: 0, minSymbol: 0, excludeUsername: true, excludeAttributes: ["firstName"], dictionary: { common: { exclude: true } } },
      age: { maxAgeDays: 0, expireWarnDays: 0, minAgeMinutes: 0, historyCount: 4 }, lockout: { maxAttempts: 10, autoUnlockMinutes: 15, showLockoutFailures: false } } },
    rule: { type: "PASSWORD", actions: { passwordChange: { access: "ALLOW" }, selfServicePasswordReset: { access: "ALLOW" }, selfServiceUnlock: { access: "DENY" } },
      conditions: { network: { connection: "ANYWHERE" } } },
  },
  MFA_ENROLL: {
    settings: { factors: { okta_otp: { enroll: { self: "OPTIONAL" } } } },
    rule: { type: "MFA_ENROLL", actions: { enroll: { self: "LOGIN" } }, conditions: { network: { connection: "ANYWHERE" } } },
  },
};

const journey = (type) => async ({ okta }) => {
  const { settings, rule } = KINDS[type];
  const conditions = { people: { groups: { include: [await everyone(okta)] } } };
  const written = { type, name: `${type} of the quay`, description: "For the quay", conditions, ...settings && { settings } };
  const made = await okta.policyApi.createPolicy({ policy: written, activate: false });
  const policyId = made.id;
  assert.deepEqual([made.type, made.status, made.system], [type, "INACTIVE", false]);
  await okta.policyApi.activatePolicy({ policyId });
  await okta.policyApi.deactivatePolicy({ policyId });
  await okta.policyApi.activatePolicy({ policyId });
  const renamed = await okta.policyApi.replacePolicy({ policyId, policy: { ...written, name: `${type} of the whole quay` } });
  assert.equal(renamed.name, `${type} of the whole quay`);
  const added = await okta.policyApi.createPolicyRule({ policyId, policyRule: { name: "At night", ...rule } });
  const ruleId = added.id;
  assert.equal(added.type, rule.type);
  await okta.policyApi.replacePolicyRule({ policyId, ruleId, policyRule: { name: "By night", ...rule } });
  await okta.policyApi.deactivatePolicyRule({ policyId, ruleId });
  await okta.policyApi.activatePolicyRule({ policyId, ruleId });
  assert.equal((await okta.policyApi.getPolicyRule({ policyId, ruleId })).name, "By night");
  assert.deepEqual((await all(okta.policyApi.listPolicyRules({ policyId }))).map((one) => one.id), [ruleId]);
  const listed = await all(okta.policyApi.listPolicies({ type }));
  assert.ok(listed.some((policy) => policy.id === policyId) && listed.at(-1).system, "ours, and the default last");
  assert.equal((await okta.policyApi.getPolicy({ policyId, expand: "rules" })).status, "ACTIVE");
  assert.equal((await refusal(okta.policyApi.deletePolicy({ policyId: listed.at(-1).id }))).status, 403);
  const copy = await okta.policyApi.clonePolicy({ policyId });
  assert.equal(copy.type, type);
  await okta.policyApi.deletePolicy({ policyId: copy.id });
  assert.deepEqual(await all(okta.policyApi.listPolicyMappings({ policyId })), []);
  assert.deepEqual(await all(okta.policyApi.listPolicyApps({ policyId })), []);
  await okta.policyApi.deletePolicyRule({ policyId, ruleId });
  await okta.policyApi.deletePolicy({ policyId });
  assert.equal((await refusal(okta.policyApi.getPolicy({ policyId }))).errorCode, "E0000007");
};

export const policies = {
  ...Object.fromEntries(Object.keys(KINDS).map((type) => [`a policy ${type} and a rule of it`, journey(type)])),
  "what the policies would decide is asked": async ({ okta, place }) => {
    const simulatePolicy = [{ appInstance: "console", policyTypes: ["OKTA_SIGN_ON"], policyContext: { user: { id: place.grace } } }];
    const answer = await okta.policyApi.createPolicySimulation({ simulatePolicy });
    assert.ok(JSON.stringify(answer).includes("OKTA_SIGN_ON"));
  },
};
