// Where requests come from: network zones and trusted origins.

import assert from "node:assert/strict";
import { all, refusal } from "./client.mjs";

export const network = {
  "a zone of addresses is made, changed, switched off and gone": async ({ okta }) => {
    const zone = { type: "IP", name: "The quay", usage: "POLICY", gateways: [{ type: "CIDR", value: "192.0.2.0/24" }], proxies: [{ type: "RANGE", value: "198.51.100.4-198.51.100.9" }] };
    const made = await okta.networkZoneApi.createNetworkZone({ zone });
    const zoneId = made.id;
    assert.deepEqual([made.status, made.system, made.gateways[0].value], ["ACTIVE", false, "192.0.2.0/24"]);
    const changed = await okta.networkZoneApi.replaceNetworkZone({ zoneId, zone: { ...zone, name: "The whole quay", proxies: null } });
    assert.equal(changed.name, "The whole quay");
    await okta.networkZoneApi.deactivateNetworkZone({ zoneId });
    assert.equal((await okta.networkZoneApi.getNetworkZone({ zoneId })).status, "INACTIVE");
    await okta.networkZoneApi.activateNetworkZone({ zoneId });
    assert.ok((await all(okta.networkZoneApi.listNetworkZones({ limit: 1 }))).some((one) => one.id === zoneId));
    await okta.networkZoneApi.deactivateNetworkZone({ zoneId });
    await okta.networkZoneApi.deleteNetworkZone({ zoneId });
    assert.equal((await refusal(okta.networkZoneApi.getNetworkZone({ zoneId }))).errorCode, "E0000007");
  },
  "an address that is none is named": async ({ okta }) => {
    const zone = { type: "IP", name: "Nowhere", gateways: [{ type: "CIDR", value: "192.0.2.0/99" }] };
    const wrong = await refusal(okta.networkZoneApi.createNetworkZone({ zone }));
    assert.deepEqual([wrong.status, wrong.errorCode], [400, "E0000001"]);
    assert.match(JSON.stringify(wrong.errorCauses), /192\.0\.2\.0\/99/);
  },
  "a trusted origin is made, changed, switched off and gone": async ({ okta }) => {
    const trustedOrigin = { name: "The app", origin: "https://app.harbour.example", scopes: [{ type: "CORS" }] };
    const { id: trustedOriginId } = await okta.trustedOriginApi.createTrustedOrigin({ trustedOrigin });
    const changed = await okta.trustedOriginApi.replaceTrustedOrigin({ trustedOriginId, trustedOrigin: { ...trustedOrigin, name: "The only app" } });
    assert.equal(changed.name, "The only app");
    await okta.trustedOriginApi.deactivateTrustedOrigin({ trustedOriginId });
    await okta.trustedOriginApi.activateTrustedOrigin({ trustedOriginId });
    assert.equal((await okta.trustedOriginApi.getTrustedOrigin({ trustedOriginId })).status, "ACTIVE");
    assert.ok((await all(okta.trustedOriginApi.listTrustedOrigins())).some((one) => one.id === trustedOriginId));
    await okta.trustedOriginApi.deactivateTrustedOrigin({ trustedOriginId });
    await okta.trustedOriginApi.deleteTrustedOrigin({ trustedOriginId });
    assert.equal((await refusal(okta.trustedOriginApi.getTrustedOrigin({ trustedOriginId }))).errorCode, "E0000007");
  },
};
