// What holds for the whole organisation.

import assert from "node:assert/strict";

export const settings = {
  "recovery PINs are switched off and on": async ({ okta }) => {
    for (const desktopMFARecoveryPinEnabled of [false, true]) {
      const setting = { desktopMFARecoveryPinEnabled };
      await okta.deviceAccessApi.replaceDesktopMFARecoveryPinOrgSetting({ desktopMFARecoveryPinOrgSetting: setting });
      assert.deepEqual({ ...await okta.deviceAccessApi.getDesktopMFARecoveryPinOrgSetting() }, setting);
    }
  },
  "number matching is switched on and off": async ({ okta }) => {
    for (const desktopMFAEnforceNumberMatchingChallengeEnabled of [true, false]) {
      const setting = { desktopMFAEnforceNumberMatchingChallengeEnabled };
      await okta.deviceAccessApi.replaceDesktopMFAEnforceNumberMatchingChallengeOrgSetting({ desktopMFAEnforceNumberMatchingChallengeOrgSetting: setting });
      assert.deepEqual({ ...await okta.deviceAccessApi.getDesktopMFAEnforceNumberMatchingChallengeOrgSetting() }, setting);
    }
  },
  "how rate limits are told and kept is read and set": async ({ okta }) => {
    const api = okta.rateLimitSettingsApi;
    await api.replaceRateLimitSettingsAdminNotifications({ RateLimitAdminNotifications: { notificationsEnabled: true } });
    assert.equal((await api.getRateLimitSettingsAdminNotifications()).notificationsEnabled, true);
    await api.replaceRateLimitSettingsWarningThreshold({ rateLimitWarningThreshold: { warningThreshold: 70 } });
    assert.equal((await api.getRateLimitSettingsWarningThreshold()).warningThreshold, 70);
    const { defaultMode } = await api.getRateLimitSettingsPerClient();
    await api.replaceRateLimitSettingsPerClient({ perClientRateLimitSettings: { defaultMode } });
  },
  "a token has a share of the limits": async ({ okta }) => {
    const api = okta.principalRateLimitApi;
    const [{ id: apiToken }] = await (await okta.apiTokenApi.listApiTokens()).next().then(({ value }) => [value]);
    const entity = { principalId: apiToken, principalType: "SSWS_TOKEN", defaultPercentage: 60, defaultConcurrencyPercentage: 70 };
    const { id: principalRateLimitId } = await api.createPrincipalRateLimitEntity({ entity });
    const changed = await api.replacePrincipalRateLimitEntity({ principalRateLimitId, entity: { ...entity, defaultPercentage: 80 } });
    assert.equal(changed.defaultPercentage, 80);
    assert.equal((await api.getPrincipalRateLimitEntity({ principalRateLimitId })).principalId, apiToken);
    await (await api.listPrincipalRateLimitEntities({ filter: 'principalType eq "SSWS_TOKEN"' })).each(() => {});
  },
  "protection against attacks is read and set": async ({ okta }) => {
    const api = okta.attackProtectionApi;
    await api.replaceUserLockoutSettings({ lockoutSettings: { preventBruteForceLockoutFromUnknownDevices: true } });
    const lockout = await api.getUserLockoutSettings();
    assert.equal(lockout.preventBruteForceLockoutFromUnknownDevices, true);
  },
  "whether a password comes second is read and set": async ({ okta }) => {
    const api = okta.attackProtectionApi;
    await api.replaceAuthenticatorSettings({ authenticatorSettings: { verifyKnowledgeSecondWhen2faRequired: true } });
    const authenticator = await api.getAuthenticatorSettings();
    assert.equal(authenticator.verifyKnowledgeSecondWhen2faRequired, true);
  },
};
