//! A server in the test's own process that speaks the device access API, with one person and one app code.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use postern_codes::agree::EphemeralKey;
use postern_codes::drp1::{Challenge, Context, Generation, derive_seed, step, transcript_hash};
use postern_codes::env::{System, World};
use postern_codes::jws::{self, Header, PublicKey, SigningKey};
use postern_codes::mac::{Keyring, MacKey, sha256};
use postern_codes::report::Chain;
use postern_codes::{Env, Id, Place, Sealed, Secret};
use postern_wire::check_in::{BeaconClaims, CheckInAnswer, CheckInRequest, Command, PolicyClaims};
use postern_wire::enroll::{EnrollAnswer, EnrollRequest};
use postern_wire::factors::{FactorClaims, VerifyAnswer, VerifyRequest};
use postern_wire::proof::{Claims, Jwk, Jwks, ProofClaims, Signed};
use postern_wire::recovery::{
    AckAnswer, AckRequest, BeginAnswer, BeginRequest, ConfirmAnswer, ConfirmRequest, DoneClaims, OfferClaims,
    VerdictClaims,
};
use postern_wire::report::{ReportsAnswer, ReportsRequest};
use postern_wire::settings::DeviceSettings;
use postern_wire::{Bytes, Text};
use rcgen::{CertificateParams, CertificateSigningRequestParams, Issuer, KeyPair};
use serde::Serialize;
use serde_json::{Value, json};

/// The app code that is right.
pub const APP_CODE: &str = "123456";
/// The enrolment code that is right.
pub const ENROLLMENT_CODE: &str = "7Q4H-XM2P-9KDR-WB3T";

/// How the server behaves.
#[derive(Default)]
pub struct Mood {
    /// It hangs up on everybody, as an unplugged cable does.
    pub unplugged: bool,
    /// Its answer to the next proved call, in place of the right one.
    pub next: Option<(u16, Value)>,
    /// It signs with a key that nobody pinned.
    pub impostor: bool,
    /// The org switched recovery PINs off.
    pub switched_off: bool,
    /// What the next beacon commands.
    pub commands: Vec<Command>,
}

/// A generation as the server knows it.
struct Link {
    seed: Sealed<MacKey>,
    context: Context,
    transcript: [u8; 32],
    acknowledged: bool,
    chain: Chain,
}

struct Inner {
    keyring: Keyring,
    service: SigningKey,
    device: Option<(Id<postern_codes::id::Device>, PublicKey)>,
    links: BTreeMap<u32, (Id<postern_codes::id::RecoveryEnrolment>, Link)>,
    mood: Mood,
    reports: Vec<Value>,
    issued: Option<Secret<String>>,
}

/// The server.
pub struct Server {
    address: String,
    world: Arc<dyn World>,
    inner: Mutex<Inner>,
}

impl Server {
    /// Starts one on a free port.
    pub fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let world: Arc<dyn World> = Arc::new(System);
        let server = Arc::new(Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            inner: Mutex::new(Inner {
                keyring: Keyring::new(&Secret::new([7; 32])),
                service: SigningKey::generate(),
                device: None,
                links: BTreeMap::new(),
                mood: Mood::default(),
                reports: Vec::new(),
                issued: None,
            }),
            world,
        });
        let shared = Arc::clone(&server);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let server = Arc::clone(&shared);
                thread::spawn(move || server.serve(&stream.unwrap()));
            }
        });
        server
    }

    /// Its base URL.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Changes how it behaves.
    pub fn mood(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.inner.lock().unwrap().mood);
    }

    /// The reports that it accepted.
    pub fn reports(&self) -> Vec<Value> {
        self.inner.lock().unwrap().reports.clone()
    }

    /// The newest acknowledged generation, if any.
    pub fn generation(&self) -> Option<u32> {
        self.inner
            .lock()
            .unwrap()
            .links
            .iter()
            .rev()
            .find(|(_, (_, link))| link.acknowledged)
            .map(|(number, _)| *number)
    }

    /// The eid of a generation.
    pub fn eid(&self, generation: u32) -> String {
        self.inner.lock().unwrap().links[&generation].0.to_string()
    }

    /// A time PIN of the newest acknowledged generation, for the present.
    pub fn issue(&self) -> String {
        self.issued(|key, now| key.time_pin(step(now)).unwrap())
    }

    /// The answer to a challenge.
    pub fn answer(&self, digits: &str) -> String {
        self.issued(|key, _| key.challenge_pin(&Challenge::parse(digits).unwrap()).unwrap())
    }

    fn issued(
        &self,
        compute: impl FnOnce(&Generation<'_>, postern_codes::Timestamp) -> postern_codes::drp1::Pin,
    ) -> String {
        let number = self.generation().expect("nobody is registered");
        let mut inner = self.inner.lock().unwrap();
        let (_, link) = &inner.links[&number];
        let key = Generation { mac: &inner.keyring, seed: &link.seed, context: &link.context };
        let pin = compute(&key, self.world.now()).digits().to_owned();
        inner.issued = Some(Secret::new(pin.clone()));
        pin
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read_request(&mut reader) {
            if self.inner.lock().unwrap().mood.unplugged {
                return;
            }
            let (status, body) = self.route(&request);
            let body = serde_json::to_vec(&body).unwrap();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let mut writer = stream;
            if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(&body)).is_err() {
                return;
            }
        }
    }

    fn route(&self, request: &HttpRequest) -> (u16, Value) {
        let path = request.path.strip_prefix("/device-access/api/v1").unwrap_or_default();
        let mut inner = self.inner.lock().unwrap();
        if path == "/enroll" {
            return inner.enroll(&Env::of(&self.world), &request.body);
        }
        if let Some(answer) = inner.mood.next.take() {
            return answer;
        }
        if !inner.is_proved(&self.address, request) {
            return refusal(401, "proof_invalid");
        }
        if inner.mood.switched_off && path.starts_with("/recovery/") && path != "/recovery/reports" {
            return refusal(403, "feature_disabled");
        }
        let env = Env::of(&self.world);
        match path {
            "/check-in" => inner.check_in(&env, &request.body),
            "/factors/verify" => inner.verify(&env, &request.body),
            "/recovery/begin" => inner.begin(&env, &request.body),
            "/recovery/ack" => inner.ack(&request.body),
            "/recovery/confirm" => inner.confirm(&env, &request.body),
            "/recovery/reports" => inner.take_reports(&request.body),
            _ => refusal(404, "E0000007"),
        }
    }
}

impl Inner {
    fn enroll(&mut self, env: &Env, body: &[u8]) -> (u16, Value) {
        let request: EnrollRequest = serde_json::from_slice(body).unwrap();
        if request.enrollment_code.as_str() != ENROLLMENT_CODE || request.profile.serial_number.as_str() != "PF-2K4" {
            return refusal(403, "enrollment_code_invalid");
        }
        let ca = KeyPair::generate().unwrap();
        let issuer = Issuer::new(CertificateParams::default(), ca);
        let csr = CertificateSigningRequestParams::from_der(&request.csr.as_bytes().into()).unwrap();
        let certificate = csr.signed_by(&issuer).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate.der()).unwrap();
        let key = PublicKey::from_sec1(&parsed.public_key().subject_public_key.data).unwrap();
        let id = Id::new(env);
        self.device = Some((id, key));
        let answer = EnrollAnswer {
            device_id: Text::new(id.as_str()).unwrap(),
            org_id: Text::new(ORG).unwrap(),
            certificate: certificate.pem(),
            service_keys: self.service_keys(),
        };
        (201, serde_json::to_value(answer).unwrap())
    }

    fn is_proved(&self, address: &str, request: &HttpRequest) -> bool {
        let Some((_, key)) = &self.device else { return false };
        let Some(Ok(proof)) = request.proof.as_deref().map(jws::parse) else { return false };
        let right_type = proof.header.typ == "drp+jws";
        let Ok(claims) = proof.verify::<ProofClaims>(key) else { return false };
        right_type
            && claims.aud == address
            && claims.htm.as_str() == "POST"
            && claims.htu == request.path
            && claims.bdy.0 == sha256(&[&request.body])
            && claims.exp > claims.iat
    }

    fn check_in(&mut self, env: &Env, body: &[u8]) -> (u16, Value) {
        let request: CheckInRequest = serde_json::from_slice(body).unwrap();
        let settings: DeviceSettings =
            serde_json::from_value(json!({"RecoveryMode": "TIME", "AdminPhone": "+44 20 7946 0000"})).unwrap();
        let time = postern_wire::Whole::clamped(env.now.micros());
        let commands = std::mem::take(&mut self.mood.commands);
        let policy = PolicyClaims {
            settings,
            version: 1_u32.into(),
            not_after: postern_wire::Whole::clamped(env.now.micros() + 86_400_000_000),
            service_keys: self.service_keys(),
        };
        let answer = CheckInAnswer {
            beacon: self.sign(body, BeaconClaims { nonce: request.nonce, time, commands }),
            policy: self.sign(body, policy),
        };
        (200, serde_json::to_value(answer).unwrap())
    }

    fn verify(&self, env: &Env, body: &[u8]) -> (u16, Value) {
        let request: VerifyRequest = serde_json::from_slice(body).unwrap();
        if request.pass_code.is_none_or(|code| code.as_str() != APP_CODE) {
            return refusal(403, "E0000068");
        }
        let user_id = Text::new(Id::<postern_codes::id::User>::new(env).as_str()).unwrap();
        let claims = FactorClaims { login: request.login, user_id, nonce: request.nonce, granted: true };
        let answer = VerifyAnswer { factor_result: Some("SUCCESS".into()), verdict: Some(self.sign(body, claims)) };
        (200, serde_json::to_value(answer).unwrap())
    }

    fn begin(&mut self, env: &Env, body: &[u8]) -> (u16, Value) {
        let request: BeginRequest = serde_json::from_slice(body).unwrap();
        let proved = match &request.previous {
            Some(previous) => self.links.iter().any(|(number, (eid, link))| {
                let key = Generation { mac: &self.keyring, seed: &link.seed, context: &link.context };
                u64::from(*number) == previous.generation.get()
                    && eid.as_str() == previous.eid.as_str()
                    && key.rotation_mac(&request.nonce.0).unwrap() == previous.mac.0
            }),
            None => request.factor_verdict.is_some(),
        };
        if !proved {
            return refusal(403, "factor_required");
        }
        let ours = EphemeralKey::generate();
        let number = self.links.keys().last().map_or(1, |last| last + 1);
        let eid = Id::<postern_codes::id::RecoveryEnrolment>::new(env);
        let claims = OfferClaims {
            eid: Text::new(eid.as_str()).unwrap(),
            user_id: Text::new(USER).unwrap(),
            generation: number.into(),
            ephemeral_key: jwk(ours.public()),
            nonce: Bytes(env.bytes()),
            time: postern_wire::Whole::clamped(env.now.micros()),
        };
        let offer = self.sign(body, claims);
        let theirs = [&[4][..], &request.ephemeral_key.x.0, &request.ephemeral_key.y.0].concat();
        let shared = ours.agree(&PublicKey::from_sec1(&theirs).unwrap()).unwrap();
        let transcript = transcript_hash(body, &offer);
        let device = self.device.as_ref().unwrap().0;
        let context = Context::new(ORG, device.as_str(), USER, number).unwrap();
        let seed = derive_seed(&shared, &transcript, &context);
        let seed = self.keyring.seal(Place::new("enrolment", eid, "seed"), seed.expose(), env);
        let link = Link { seed, context, transcript, acknowledged: false, chain: Chain::default() };
        self.links.insert(number, (eid, link));
        (200, serde_json::to_value(BeginAnswer { offer }).unwrap())
    }

    fn ack(&mut self, body: &[u8]) -> (u16, Value) {
        let request: AckRequest = serde_json::from_slice(body).unwrap();
        let number = u32::try_from(request.generation.get()).unwrap();
        let Some((_, link)) = self.links.get_mut(&number) else { return refusal(404, "enrolment_unknown") };
        let key = Generation { mac: &self.keyring, seed: &link.seed, context: &link.context };
        if key.ack_mac(&link.transcript).unwrap() != request.mac.0 {
            return refusal(409, "ack_mismatch");
        }
        link.acknowledged = true;
        let done = self.sign(body, DoneClaims { eid: request.eid, generation: request.generation });
        (200, serde_json::to_value(AckAnswer { done }).unwrap())
    }

    fn confirm(&mut self, env: &Env, body: &[u8]) -> (u16, Value) {
        let request: ConfirmRequest = serde_json::from_slice(body).unwrap();
        let number = u32::try_from(request.generation.get()).unwrap();
        let (_, link) = &self.links[&number];
        let key = Generation { mac: &self.keyring, seed: &link.seed, context: &link.context };
        let pin = self.issued.take().map(|pin| postern_codes::drp1::Pin::parse(pin.expose()).unwrap());
        let granted = pin.is_some_and(|pin| key.confirm_mac(&request.nonce.0, &pin).unwrap() == request.mac.0);
        let claims = VerdictClaims {
            eid: request.eid,
            generation: request.generation,
            nonce: request.nonce,
            granted,
            step: granted.then(|| postern_wire::Whole::new(step(env.now)).unwrap()),
            deadline: granted.then(|| postern_wire::Whole::clamped(env.now.micros() + 3_600_000_000)),
            reason: (!granted).then_some(postern_wire::recovery::DenyReason::NoMatch),
        };
        (200, serde_json::to_value(ConfirmAnswer { verdict: self.sign(body, claims) }).unwrap())
    }

    fn take_reports(&mut self, body: &[u8]) -> (u16, Value) {
        let request: ReportsRequest = serde_json::from_slice(body).unwrap();
        let number = u32::try_from(request.generation.get()).unwrap();
        let (_, link) = self.links.get_mut(&number).unwrap();
        for entry in request.entries {
            let key = Generation { mac: &self.keyring, seed: &link.seed, context: &link.context };
            match key.read_report(entry.clone(), &link.chain).unwrap() {
                Ok(report) => link.chain = report.chain,
                Err(_) => return refusal(409, "report_chain_broken"),
            }
            self.reports.push(entry);
        }
        let accepted_through = postern_wire::Whole::new(link.chain.seq).unwrap();
        (200, serde_json::to_value(ReportsAnswer { accepted_through }).unwrap())
    }

    fn sign<C: Claims + Serialize>(&self, body: &[u8], claims: C) -> String {
        let stranger = SigningKey::generate();
        let key = if self.mood.impostor { &stranger } else { &self.service };
        let device = self.device.as_ref().unwrap().0;
        let signed = Signed {
            org_id: Text::new(ORG).unwrap(),
            device_id: Text::new(device.as_str()).unwrap(),
            bdy: Bytes(sha256(&[body])),
            claims,
        };
        key.sign(&Header::of_key(C::TYPE.typ(), key.public()), &signed)
    }

    fn service_keys(&self) -> Jwks {
        Jwks { keys: vec![jwk(self.service.public())] }
    }
}

const ORG: &str = "org00000000000000001";
const USER: &str = "00u00000000000000001";

fn refusal(status: u16, code: &str) -> (u16, Value) {
    (status, json!({"errorCode": code, "errorSummary": "no", "errorCauses": []}))
}

fn jwk(key: &PublicKey) -> Jwk {
    Jwk::new(key.sec1()[1..33].try_into().unwrap(), key.sec1()[33..].try_into().unwrap())
}

struct HttpRequest {
    path: String,
    proof: Option<String>,
    body: Vec<u8>,
}

fn read_request(reader: &mut impl BufRead) -> Option<HttpRequest> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut proof, mut length) = (None, 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "device-proof" => proof = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(HttpRequest { path, proof, body })
}
