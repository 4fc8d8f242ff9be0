// A security key in software: one credential, "none" attestation, ES256.

import { createHash, generateKeyPairSync, sign } from "node:crypto";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** A device for pages of `origin`. */
export function device(origin) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const id = Buffer.alloc(32, 9);
  const client = (type, challenge) => Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const data = (party, flags, further = []) => Buffer.concat([sha256(party), Buffer.from([flags, 0, 0, 0, 0]), ...further]);
  return {
    /** Answers what is asked of it at an enrolment, in the members of the API. */
    enrol({ challenge, rp }) {
      const key = Buffer.concat([
        Buffer.from("a5010203262001215820", "hex"), Buffer.from(x, "base64url"), Buffer.from("225820", "hex"), Buffer.from(y, "base64url"),
      ]);
      const all = data(rp.id, 0x45, [Buffer.alloc(16), Buffer.from([0, id.length]), id, key]);
      const head = Buffer.concat([Buffer.from("a363666d74646e6f6e656761747453746d74a0686175746844617461", "hex"), Buffer.from([0x58, all.length])]);
      return {
        attestation: Buffer.concat([head, all]).toString("base64"),
        clientData: client("webauthn.create", challenge).toString("base64"),
      };
    },
    /** Answers a challenge. */
    prove({ challenge, rpId }) {
      const [all, said] = [data(rpId, 0x05), client("webauthn.get", challenge)];
      return {
        authenticatorData: all.toString("base64"),
        clientData: said.toString("base64"),
        signatureData: sign("sha256", Buffer.concat([all, sha256(said)]), privateKey).toString("base64"),
      };
    },
  };
}
