// Computers. One runs Linux, which the description has no word for: a client that is strict about it must never see it.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";

export const devices = {
  "a Linux computer is left out unless it is asked for": async ({ okta, place }) => {
    const ids = async () => (await all(okta.deviceApi.listDevices({ limit: 1, expand: "user" }))).map((device) => device.id);
    assert.deepEqual(await ids(), [place.mac]);
    const asked = await fetch(`${place.url}/api/v1/devices`, { headers: { authorization: `SSWS ${place.token}`, "x-postern-platforms": "all" } });
    assert.deepEqual((await asked.json()).map((device) => device.id).sort(), [place.linux, place.mac].sort());
  },
  "a computer is found, its people are listed, and it goes through its whole life": async ({ okta, place }) => {
    const deviceId = place.mac;
    assert.deepEqual((await all(okta.deviceApi.listDevices({ search: 'profile.serialNumber eq "C02-0042"' }))).map((device) => device.id), [deviceId]);
    assert.deepEqual((await all(okta.deviceApi.listDeviceUsers({ deviceId: place.linux }))).map(({ user }) => user.id), [place.grace]);
    const status = async () => (await okta.deviceApi.getDevice({ deviceId })).status;
    assert.equal(await status(), "ACTIVE");
    await okta.deviceApi.suspendDevice({ deviceId });
    assert.equal(await status(), "SUSPENDED");
    await okta.deviceApi.unsuspendDevice({ deviceId });
    await okta.deviceApi.deactivateDevice({ deviceId });
    assert.equal(await status(), "DEACTIVATED");
    await okta.deviceApi.activateDevice({ deviceId });
    await okta.deviceApi.deactivateDevice({ deviceId });
    await okta.deviceApi.deleteDevice({ deviceId });
    assert.equal((await refusal(okta.deviceApi.getDevice({ deviceId }))).errorCode, "E0000007");
  },
};
