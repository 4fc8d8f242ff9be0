#!/usr/bin/env python3
"""A computer of another maker: it enrols, links a person, and computes recovery PINs, as the documents of the
device access API and of the PIN say it, and shares no line with the product. Needs Python 3.9 and the package
`cryptography`. It keeps its keys in a plain file: it is a proof, not an agent to use.

    agent.py STATE enrol SERVER CODE SERIAL
    agent.py STATE register LOGIN APP_CODE
    agent.py STATE check-in
    agent.py STATE pin UNIX_SECONDS | --challenge NINE_DIGITS
    agent.py STATE confirm PIN
    agent.py STATE report UNIX_SECONDS

Every command prints one JSON object. A refusal of the server is printed as it came, and ends with status 1.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BASE = "/device-access/api/v1"
STEP = 30
DAMM = ("0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
        "3674209581", "5869720134", "8945362017", "9438617205", "2581436790")


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64u(data) != text:
        raise ValueError("not the one form of these bytes")
    return data


def sha256(data):
    return hashlib.sha256(data).digest()


def damm(digits):
    row = 0
    for digit in digits:
        row = int(DAMM[row][int(digit)])
    return str(row)


def jwk(public):
    point = public.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64u(point.x.to_bytes(32, "big")), "y": b64u(point.y.to_bytes(32, "big"))}


def from_jwk(key):
    x, y = (int.from_bytes(unb64u(key[name]), "big") for name in "xy")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def thumbprint(key):
    """RFC 7638."""
    members = {name: key[name] for name in ("crv", "kty", "x", "y")}
    return b64u(sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()))


class Refused(Exception):
    """What the server answered in place of what was asked."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Computer:
    """What the computer keeps, and its calls."""

    def __init__(self, file):
        self.file = file
        self.state = {}
        if os.path.exists(file):
            with open(file, encoding="utf-8") as stream:
                self.state = json.load(stream)

    def save(self):
        with open(self.file, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
            json.dump(self.state, stream)

    # Calls.

    def key(self):
        return serialization.load_pem_private_key(self.state["key"].encode(), None)

    def sign(self, header, claims):
        text = ".".join(b64u(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self.key().sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return text + "." + b64u(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def proof(self, method, path, body):
        certificate = x509.load_pem_x509_certificate(self.state["certificate"].encode())
        der = certificate.public_bytes(serialization.Encoding.DER)
        now = int(time.time())
        header = {"typ": "drp+jws", "alg": "ES256", "x5t#S256": b64u(sha256(der))}
        claims = {"aud": self.state["server"], "iat": now, "exp": now + 60, "jti": b64u(secrets.token_bytes(16)),
                  "htm": method, "htu": path, "bdy": b64u(sha256(body))}
        return self.sign(header, claims)

    def post(self, path, content, proved=True):
        """Sends JSON; gives the answer and the body bytes as they were sent."""
        body = json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        if proved:
            headers["Device-Proof"] = self.proof("POST", BASE + path, body)
        request = urllib.request.Request(self.state["server"] + BASE + path, body, headers)
        try:
            with urllib.request.build_opener(NoRedirect).open(request, timeout=40) as answer:
                return json.load(answer), body
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from None

    def believe(self, jws, typ, body):
        """The claims of a signed answer: by a pinned key, of this type, to this computer, to this very request."""
        head, middle, tail = jws.split(".")
        header = json.loads(unb64u(head))
        pinned = {thumbprint(key): key for key in self.state["serviceKeys"]["keys"]}
        if header["typ"] != typ or header["alg"] != "ES256" or "crit" in header or header["kid"] not in pinned:
            raise ValueError("not an answer of ours: " + repr(header))
        signature = unb64u(tail)
        if len(signature) != 64:
            raise ValueError("a signature of another length")
        der = encode_dss_signature(*(int.from_bytes(half, "big") for half in (signature[:32], signature[32:])))
        from_jwk(pinned[header["kid"]]).verify(der, f"{head}.{middle}".encode(), ec.ECDSA(hashes.SHA256()))
        claims = json.loads(unb64u(middle))
        ours = {"orgId": self.state["orgId"], "deviceId": self.state["deviceId"], "bdy": b64u(sha256(body))}
        if any(claims[name] != value for name, value in ours.items()):
            raise ValueError("an answer to somebody else")
        return claims

    # Commands.

    def enrol(self, server, code, serial):
        url = urllib.parse.urlsplit(server)
        self.state["server"] = f"{url.scheme}://{url.netloc}"
        key = ec.generate_private_key(ec.SECP256R1())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.state["key"] = key.private_bytes(*form).decode()
        csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        profile = {"displayName": "THIRD-PARTY-1", "platform": "LINUX", "serialNumber": serial, "manufacturer": "Other",
                   "model": "Maker", "osVersion": "1", "secureHardwarePresent": False}
        content = {"enrollmentCode": code, "csr": b64u(csr.public_bytes(serialization.Encoding.DER)), "profile": profile}
        answer, _ = self.post("/enroll", content, proved=False)
        for name in ("deviceId", "orgId", "certificate", "serviceKeys"):
            self.state[name] = answer[name]
        return {"deviceId": answer["deviceId"]}

    def register(self, login, code):
        nonce = b64u(secrets.token_bytes(16))
        asked = {"login": login, "factor": "OV_TOTP", "passCode": code, "nonce": nonce}
        answer, body = self.post("/factors/verify", asked)
        if "verdict" not in answer:
            raise Refused(json.dumps(answer))
        verdict = self.believe(answer["verdict"], "drp+factor", body)
        if verdict["nonce"] != nonce or verdict["login"] != login or verdict["granted"] is not True:
            raise Refused(json.dumps(verdict))

        ephemeral = ec.generate_private_key(ec.SECP256R1())
        begin = {"login": login, "osUid": 1000, "binding": "soft", "nonce": b64u(secrets.token_bytes(16)),
                 "ephemeralKey": jwk(ephemeral.public_key()), "factorVerdict": answer["verdict"]}
        answer, body = self.post("/recovery/begin", begin)
        offer = self.believe(answer["offer"], "drp+offer", body)
        shared = ephemeral.exchange(ec.ECDH(), from_jwk(offer["ephemeralKey"]))
        transcript = sha256(body + answer["offer"].encode())
        ids = [self.state["orgId"], self.state["deviceId"], offer["userId"]]
        ctx = b"".join(bytes([len(one)]) + one.encode() for one in ids) + offer["generation"].to_bytes(4, "big")
        seed = HKDF(hashes.SHA256(), 32, transcript, b"DRP1.seed\0" + ctx).derive(shared)
        link = {"eid": offer["eid"], "generation": offer["generation"]}
        self.state.update(link, seed=b64u(seed), ctx=b64u(ctx), seq=0, prev=b64u(bytes(32)))
        answer, body = self.post("/recovery/ack", {**link, "mac": self.mac("DRP1.ack", transcript)})
        done = self.believe(answer["done"], "drp+done", body)
        if (done["eid"], done["generation"]) != (link["eid"], link["generation"]):
            raise ValueError("another generation is done")
        return {"userId": offer["userId"], **link}

    def check_in(self):
        nonce = b64u(secrets.token_bytes(16))
        mine = [{"eid": self.state["eid"], "generation": self.state["generation"], "lastStep": 0, "failures": 0,
                 "locked": False}] if "eid" in self.state else []
        content = {"agentVersion": "third party 1", "osVersion": "1", "bootId": "b", "wall": time.time_ns() // 1000,
                   "nonce": nonce, "enrolments": mine}
        answer, body = self.post("/check-in", content)
        beacon = self.believe(answer["beacon"], "drp+beacon", body)
        policy = self.believe(answer["policy"], "drp+policy", body)
        if beacon["nonce"] != nonce:
            raise ValueError("an old beacon")
        self.state["serviceKeys"] = policy["serviceKeys"]
        return {"commands": beacon["commands"], "minutes": policy["DeviceRecoveryPINDuration"]}

    def confirm(self, pin):
        nonce = secrets.token_bytes(16)
        link = {"eid": self.state["eid"], "generation": self.state["generation"], "nonce": b64u(nonce)}
        answer, body = self.post("/recovery/confirm", {**link, "mac": self.mac("DRP1.cnf", nonce, pin.encode())})
        verdict = self.believe(answer["verdict"], "drp+verdict", body)
        if any(verdict[name] != link[name] for name in link):
            raise ValueError("a verdict on something else")
        return verdict

    def report(self, seconds):
        entry = {"seq": self.state["seq"] + 1, "prev": self.state["prev"], "type": "activated", "mode": "TIME",
                 "step": int(seconds) // STEP, "wall": int(seconds) * 1_000_000, "boottime": 1, "bootId": "b", "counter": 1}
        entry["mac"] = self.mac("DRP1.rpt", canonical(entry))
        link = {"eid": self.state["eid"], "generation": self.state["generation"]}
        answer, _ = self.post("/recovery/reports", {**link, "entries": [entry]})
        self.state.update(seq=entry["seq"], prev=b64u(sha256(canonical(entry))))
        return answer

    # The secret.

    def tag(self, label, *parts):
        message = label.encode() + b"\0" + unb64u(self.state["ctx"]) + b"".join(parts)
        return hmac.new(unb64u(self.state["seed"]), message, hashlib.sha256).digest()

    def mac(self, label, *parts):
        return b64u(self.tag(label, *parts))

    def pin(self, *what):
        if what[0] == "--challenge":
            tag = self.tag("DRP1.chl", what[1][:8].encode())
        else:
            tag = self.tag("DRP1.pin", (int(what[0]) // STEP).to_bytes(8, "big"))
        digits = f"{int.from_bytes(tag[:8], 'big') % 10**8:08}"
        return {"pin": digits + damm(digits)}


def canonical(entry):
    """RFC 8785, for whole numbers and plain ASCII texts."""
    return json.dumps(entry, separators=(",", ":"), sort_keys=True).encode()


def main(file, command, *arguments):
    computer = Computer(file)
    commands = {"enrol": computer.enrol, "register": computer.register, "check-in": computer.check_in,
                "pin": computer.pin, "confirm": computer.confirm, "report": computer.report}
    try:
        print(json.dumps(commands[command](*arguments)))
    except Refused as refusal:
        print(refusal)
        return 1
    computer.save()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
