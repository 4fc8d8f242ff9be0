//! A computer of another maker: its side of the device access API, written from the documents alone. It shares no code
//! with the server: keys, JWS, ECDH, HKDF, HMAC and the check digit are its own, so that the two sides check each other.

use aws_lc_rs::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey as PeerKey, agree_ephemeral};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

const BASE: &str = "/device-access/api/v1";
const DAMM: [&[u8; 10]; 10] = [
    b"0317598642",
    b"7092154863",
    b"4206871359",
    b"1750983426",
    b"6123045978",
    b"3674209581",
    b"5869720134",
    b"8945362017",
    b"9438617205",
    b"2581436790",
];

/// A computer that enrolled.
pub struct Computer {
    pub id: String,
    pub org: String,
    pub clock_ahead: i64,
    key: EcdsaKeyPair,
    thumbprint: Vec<u8>,
    service_keys: Value,
}

/// A recovery secret that it registered.
#[derive(Clone)]
pub struct Secret {
    pub eid: String,
    pub generation: u32,
    pub user: String,
    seed: Vec<u8>,
    context: Vec<u8>,
    transcript: Vec<u8>,
    chain: (u64, Vec<u8>),
}

pub fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    bytes
}

fn generator() -> aws_lc_rs::rand::SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "a computer of another maker has randomness of its own")]
    aws_lc_rs::rand::SystemRandom::new()
}

/// A key, and a request for its certificate that asks to be somebody else.
pub fn key_and_csr() -> (EcdsaKeyPair, String) {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let mut params = rcgen::CertificateParams::new(vec!["somebody.else.example".to_owned()]).expect("a name");
    params.distinguished_name.push(rcgen::DnType::CommonName, "somebody else");
    let csr = params.serialize_request(&pair).expect("a request");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pair.serialize_der()).expect("the same key");
    (key, b64(csr.der()))
}

/// What an enrolment sends.
pub fn enrolment(code: &str, csr: &str, serial: &str) -> Value {
    json!({
        "enrollmentCode": code,
        "csr": csr,
        "profile": {
            "displayName": "GRACE-LAPTOP", "platform": "LINUX", "serialNumber": serial, "manufacturer": "Lovelace",
            "model": "Notebook 7", "osVersion": "Debian 12", "secureHardwarePresent": false, "colour": "blue",
        },
    })
}

fn first_certificate(chain: &str) -> Vec<u8> {
    let body = chain.split("-----").nth(2).expect("PEM");
    let text: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

impl Computer {
    /// Enrols by a code.
    pub async fn enrol(app: &TestApp, code: &str, serial: &str) -> Self {
        let (key, csr) = key_and_csr();
        let answer = app.post(&format!("{BASE}/enroll"), "", &enrolment(code, &csr, serial)).await.expect(201).json();
        Self {
            id: answer["deviceId"].as_str().expect("an id").to_owned(),
            org: answer["orgId"].as_str().expect("an id").to_owned(),
            clock_ahead: 0,
            key,
            thumbprint: sha256(&first_certificate(answer["certificate"].as_str().expect("PEM"))),
            service_keys: answer["serviceKeys"].clone(),
        }
    }

    /// The claims of a proof for a request.
    pub fn claims(&self, app: &TestApp, method: &Method, path: &str, body: &[u8]) -> Value {
        let now = app.app.env().now.unix_seconds() + self.clock_ahead;
        json!({
            "aud": "http://localhost:8080", "iat": now, "exp": now + 60, "jti": b64(&random::<12>()),
            "htm": method.as_str(), "htu": format!("{BASE}{path}"), "bdy": b64(&sha256(body)),
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
        let signature = self.key.sign(&generator(), input.as_bytes()).expect("a signature");
        format!("{input}.{}", b64(signature.as_ref()))
    }

    /// A proof of these claims.
    pub fn proof(&self, claims: &Value) -> String {
        self.sign(&json!({ "typ": "drp+jws", "alg": "ES256", "x5t#S256": b64(&self.thumbprint) }), claims)
    }

    /// Sends a request with whatever proof, or none where it is empty.
    pub async fn send(app: &TestApp, method: Method, path: &str, proof: &str, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{BASE}{path}"));
        if !proof.is_empty() {
            request = request.header("device-proof", proof);
        }
        app.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// Sends these very bytes with a fresh proof.
    pub async fn post_bytes(&self, app: &TestApp, path: &str, body: Vec<u8>) -> Answer {
        let proof = self.proof(&self.claims(app, &Method::POST, path, &body));
        Self::send(app, Method::POST, path, &proof, body).await
    }

    /// Sends JSON with a fresh proof.
    pub async fn post(&self, app: &TestApp, path: &str, body: &Value) -> Answer {
        self.post_bytes(app, path, body.to_string().into_bytes()).await
    }

    /// Opens a signed answer to `body`: the type, the pinned key, and the bonds must be right.
    pub fn open(&self, jws: &str, typ: &str, body: &[u8]) -> Value {
        let parts: Vec<&str> = jws.split('.').collect();
        let part = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).expect("base64url");
        let header: Value = serde_json::from_slice(&part(0)).expect("JSON");
        assert_eq!(header["typ"], typ);
        let pinned = self.service_keys["keys"].as_array().expect("a set").iter().find(|jwk| {
            let members = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
            header["kid"] == b64(&sha256(members.as_bytes()))
        });
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(pinned.expect("a pinned key")));
        key.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &part(2)).expect("a right signature");
        let claims: Value = serde_json::from_slice(&part(1)).expect("JSON");
        assert_eq!((&claims["orgId"], &claims["deviceId"]), (&json!(self.org), &json!(self.id)));
        assert_eq!(claims["bdy"], b64(&sha256(body)));
        claims
    }

    /// Shows a code of the person's app; gives the signed verdict.
    pub async fn show_factor(&self, app: &TestApp, login: &str, code: &str) -> String {
        let nonce = b64(&random::<16>());
        let body = json!({ "login": login, "factor": "OV_TOTP", "passCode": code, "nonce": nonce }).to_string();
        let answer = self.post_bytes(app, "/factors/verify", body.clone().into_bytes()).await.expect(200).json();
        assert_eq!(answer["factorResult"], "SUCCESS");
        let verdict = answer["verdict"].as_str().expect("a verdict").to_owned();
        let claims = self.open(&verdict, "drp+factor", body.as_bytes());
        assert_eq!((&claims["granted"], &claims["nonce"]), (&json!(true), &json!(nonce)));
        verdict
    }

    /// Sends step 1 of a registration; gives the answer, the body and what completes it.
    pub async fn begin(&self, app: &TestApp, login: &str, further: Value) -> (Answer, Vec<u8>, EphemeralPrivateKey) {
        let ephemeral = EphemeralPrivateKey::generate(&ECDH_P256, &generator()).expect("a key");
        let public = ephemeral.compute_public_key().expect("its half");
        let (x, y) = (b64(&public.as_ref()[1..33]), b64(&public.as_ref()[33..]));
        let mut body = json!({
            "login": login, "osUid": 1000, "binding": "soft", "nonce": b64(&random::<16>()),
            "ephemeralKey": { "kty": "EC", "crv": "P-256", "x": x, "y": y },
        });
        let members = body.as_object_mut().expect("an object");
        members.extend(further.as_object().expect("an object").clone());
        let body = body.to_string().into_bytes();
        (self.post_bytes(app, "/recovery/begin", body.clone()).await, body, ephemeral)
    }

    /// The secret that an offer leads to.
    pub fn secret(&self, offer: &str, body: &[u8], ephemeral: EphemeralPrivateKey) -> Secret {
        let claims = self.open(offer, "drp+offer", body);
        let peer = PeerKey::new(&ECDH_P256, point(&claims["ephemeralKey"]));
        let shared = agree_ephemeral(ephemeral, peer, "no point", |x| Ok(x.to_vec())).expect("a shared point");
        let generation = u32::try_from(claims["generation"].as_u64().expect("a number")).expect("a small one");
        let user = claims["userId"].as_str().expect("an id").to_owned();
        let mut context = Vec::new();
        for id in [&self.org, &self.id, &user] {
            context.push(u8::try_from(id.len()).expect("short"));
            context.extend_from_slice(id.as_bytes());
        }
        context.extend_from_slice(&generation.to_be_bytes());
        let transcript = sha256(&[body, offer.as_bytes()].concat());
        let info = [b"DRP1.seed\0", context.as_slice()];
        let key = Salt::new(HKDF_SHA256, &transcript).extract(&shared);
        let mut seed = vec![0; 32];
        key.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(&mut seed)).expect("32 bytes");
        let eid = claims["eid"].as_str().expect("an id").to_owned();
        Secret { eid, generation, user, seed, context, transcript, chain: (0, vec![0; 32]) }
    }

    /// Registers a person from end to end.
    pub async fn register(&self, app: &TestApp, login: &str, further: Value) -> Secret {
        let (answer, body, ephemeral) = self.begin(app, login, further).await;
        let offer = answer.expect(200).json()["offer"].as_str().expect("an offer").to_owned();
        let secret = self.secret(&offer, &body, ephemeral);
        self.ack(app, &secret).await.expect(200);
        secret
    }

    /// Sends step 4 of a registration.
    pub async fn ack(&self, app: &TestApp, secret: &Secret) -> Answer {
        let body = secret.ack_body();
        let answer = self.post(app, "/recovery/ack", &body).await;
        if answer.status == 200 {
            let done = answer.json()["done"].as_str().expect("done").to_owned();
            let claims = self.open(&done, "drp+done", body.to_string().as_bytes());
            assert_eq!(claims["eid"], secret.eid);
        }
        answer
    }

    /// Asks the server about a typed PIN.
    pub async fn confirm(&self, app: &TestApp, secret: &Secret, typed: &str) -> Value {
        let body = secret.confirm_body(typed);
        self.confirm_body(app, body.to_string()).await
    }

    /// Asks the server with these very bytes.
    pub async fn confirm_body(&self, app: &TestApp, body: String) -> Value {
        let answer = self.post_bytes(app, "/recovery/confirm", body.clone().into_bytes()).await.expect(200).json();
        self.open(answer["verdict"].as_str().expect("a verdict"), "drp+verdict", body.as_bytes())
    }

    /// Checks in; gives the commands and the policy.
    pub async fn check_in(&self, app: &TestApp, secrets: &[&Secret], last_step: u64) -> (Vec<Value>, Value) {
        let enrolments: Vec<Value> = secrets
            .iter()
            .map(|secret| {
                json!({ "eid": secret.eid, "generation": secret.generation, "lastStep": last_step, "failures": 0, "locked": false })
            })
            .collect();
        let body = json!({
            "agentVersion": "9", "osVersion": "Debian 12.1", "bootId": "b", "wall": app.app.env().now.micros(),
            "nonce": b64(&random::<16>()), "enrolments": enrolments,
        });
        let text = body.to_string();
        let answer = self.post_bytes(app, "/check-in", text.clone().into_bytes()).await.expect(200).json();
        let beacon = self.open(answer["beacon"].as_str().expect("a beacon"), "drp+beacon", text.as_bytes());
        assert_eq!(beacon["nonce"], body["nonce"]);
        let policy = self.open(answer["policy"].as_str().expect("a policy"), "drp+policy", text.as_bytes());
        (beacon["commands"].as_array().expect("a list").clone(), policy)
    }

    /// Asks for the next certificate, with a new key.
    pub async fn renew(&self, app: &TestApp) -> Self {
        let (key, csr) = key_and_csr();
        let answer = self.post(app, "/renew", &json!({ "csr": csr })).await.expect(201).json();
        let thumbprint = sha256(&first_certificate(answer["certificate"].as_str().expect("PEM")));
        let Self { id, org, clock_ahead, service_keys, .. } = self;
        let (id, org, service_keys) = (id.clone(), org.clone(), service_keys.clone());
        Self { id, org, clock_ahead: *clock_ahead, key, thumbprint, service_keys }
    }
}

impl Secret {
    fn tag(&self, label: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut message = [label.as_bytes(), b"\0", &self.context].concat();
        message.extend(parts.concat());
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.seed), &message).as_ref().to_vec()
    }

    /// The PIN of a time step.
    pub fn time_pin(&self, step: u64) -> String {
        digits(&self.tag("DRP1.pin", &[&step.to_be_bytes()]))
    }

    /// The PIN that answers nine digits.
    pub fn challenge_pin(&self, challenge: &str) -> String {
        digits(&self.tag("DRP1.chl", &[&challenge.as_bytes()[..8]]))
    }

    fn ack_body(&self) -> Value {
        json!({ "eid": self.eid, "generation": self.generation, "mac": b64(&self.tag("DRP1.ack", &[&self.transcript])) })
    }

    /// What asks about a typed PIN.
    pub fn confirm_body(&self, typed: &str) -> Value {
        let nonce = random::<16>();
        let mac = self.tag("DRP1.cnf", &[&nonce, typed.as_bytes()]);
        json!({ "eid": self.eid, "generation": self.generation, "nonce": b64(&nonce), "mac": b64(&mac) })
    }

    /// What proves the present secret to a rotation with this nonce.
    pub fn previous(&self, nonce: &[u8; 16]) -> Value {
        let mac = b64(&self.tag("DRP1.rot", &[nonce]));
        json!({ "nonce": b64(nonce), "previous": { "eid": self.eid, "generation": self.generation, "mac": mac } })
    }

    /// The next entry of its chain of reports.
    pub fn report(&mut self, app: &TestApp, kind: &str, step: Option<u64>) -> Value {
        let mut entry = json!({
            "seq": self.chain.0 + 1, "prev": b64(&self.chain.1), "type": kind, "mode": "TIME", "bootId": "b",
            "wall": app.app.env().now.micros(), "boottime": 5, "counter": 1,
        });
        if let Some(step) = step {
            entry["step"] = step.into();
        }
        // serde_json sorts members, and none here needs an escape: this text is canonical.
        entry["mac"] = b64(&self.tag("DRP1.rpt", &[entry.to_string().as_bytes()])).into();
        self.chain = (self.chain.0 + 1, sha256(entry.to_string().as_bytes()));
        entry
    }

    /// What sends entries.
    pub fn reports(&self, entries: &[Value]) -> Value {
        json!({ "eid": self.eid, "generation": self.generation, "entries": entries })
    }
}

fn point(jwk: &Value) -> Vec<u8> {
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().expect("a text")).expect("base64url");
    [&[4][..], &coordinate("x"), &coordinate("y")].concat()
}

/// Eight digits of a tag and their check digit.
fn digits(tag: &[u8]) -> String {
    let head = u64::from_be_bytes(tag[..8].try_into().expect("8 bytes"));
    let eight = format!("{:08}", head % 100_000_000);
    format!("{eight}{}", char::from(check_digit(&eight)))
}

/// The check digit of Damm over digits.
pub fn check_digit(digits: &str) -> u8 {
    digits.bytes().fold(b'0', |row, digit| DAMM[usize::from(row - b'0')][usize::from(digit - b'0')])
}

/// A nonce of 16 bytes.
pub fn nonce() -> [u8; 16] {
    random()
}
