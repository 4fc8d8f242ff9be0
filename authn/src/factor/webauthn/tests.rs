use std::collections::BTreeMap;
use std::sync::Arc;

use postern_codes::env::TestWorld;
use postern_codes::{Env, Id, Secret};

use super::soft::Authenticator;
use super::*;
use crate::factor::suite;
use crate::user::{Profile, Status as AccountStatus};

const ORIGIN: &str = "https://postern.example";

fn env() -> Env {
    Env::of(&(TestWorld::new() as Arc<_>))
}

fn party() -> RelyingParty {
    RelyingParty::at(ORIGIN, "Acme").unwrap()
}

fn ada(env: &Env) -> User {
    let profile = Profile {
        first_name: "Ada".into(),
        last_name: "Example".into(),
        email: "ada@acme.example".into(),
        further: BTreeMap::new(),
    };
    User::new(Id::new(env), "ada@acme.example".parse().unwrap(), profile, AccountStatus::Active, env.now)
}

fn assertion(ceremony: Ceremony, response: String) -> Assertion {
    Assertion { ceremony, response: Secret::new(response) }
}

/// A device whose owner was enrolled, and the factor.
struct Bench {
    env: Env,
    device: Authenticator,
    factor: NewFactor,
    counter: u64,
}

impl Bench {
    fn new() -> Self {
        Self::of(Authenticator::new(1, ORIGIN))
    }

    fn of(mut device: Authenticator) -> Self {
        let env = env();
        let user = ada(&env);
        let (options, ceremony) = ask_to_enrol(&user, &[], (party(), &Demands::default()), env.now).unwrap();
        let answer = assertion(ceremony, device.enrol(&options));
        let factor = enrol(&user, &"Blue key".parse().unwrap(), &answer, env.now).unwrap();
        Self { env, device, factor, counter: 0 }
    }

    fn judge(&self, assertion: Assertion) -> Verdict {
        let held = Held {
            secret: &self.factor.secret,
            counter: self.counter,
            profile: &self.factor.profile,
            codes: &[],
            index: &|_| [0; 32],
        };
        Passkey.verify(&held, &Answer::Assertion(Box::new(assertion)), self.env.now)
    }

    /// What becomes of the answer of a device that behaves like this, to a question for somebody known or unknown.
    fn proved(&self, is_known: bool, behave: impl FnOnce(&mut Authenticator)) -> Verdict {
        let known: Option<&[Enrolled]> = is_known.then_some(&[]);
        let (options, ceremony) = ask_to_prove(known, (party(), &Demands::default()), self.env.now).unwrap();
        let mut device = self.device.clone();
        behave(&mut device);
        self.judge(assertion(ceremony, device.prove(&options)))
    }
}

#[track_caller]
fn accepted(verdict: Verdict) -> Proved {
    match verdict {
        Verdict::Accepted(proved) => proved,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_passes_the_suite() {
    suite::conforms(&specimen::SecurityKey);
}

#[test]
fn what_is_enrolled_is_shown_without_its_key() {
    let bench = Bench::new();
    let profile = &bench.factor.profile;
    assert_eq!((name(profile), &profile["rpId"]), ("Blue key", &json!("postern.example")));
    assert_eq!((&profile["backupEligible"], &profile["backedUp"]), (&json!(false), &json!(false)));
    assert_eq!(profile["transports"], json!(["usb"]));
    assert_eq!(Passkey.handle(profile), Some(mac::sha256(&[&[1; 32]])));
    assert_eq!(Passkey.handle(&json!({})), None);
}

#[test]
fn a_device_that_made_sure_of_its_owner_proves_more() {
    let bench = Bench::new();
    for is_known in [true, false] {
        let proved = accepted(bench.proved(is_known, |_| ()));
        assert_eq!((proved.consumes, proved.profile), (Consume::Nothing, None));
        assert!(proved.traits.verifies_user && proved.traits.is_phishing_resistant && proved.traits.is_device_bound);
    }
    let touched =
        accepted(Bench::of(Authenticator { verifies: false, ..Authenticator::new(1, ORIGIN) }).proved(true, |_| ()));
    assert!(!touched.traits.verifies_user && touched.traits.is_phishing_resistant);
}

#[test]
fn of_nobody_known_the_owner_is_made_sure_of_and_named() {
    let bench = Bench::new();
    assert_eq!(bench.proved(false, |device| device.verifies = false), Verdict::Refused);
    assert_eq!(bench.proved(false, |device| device.owner = None), Verdict::Refused);
    let other = Id::<postern_codes::id::User>::new(&bench.env).to_string();
    for is_known in [true, false] {
        let verdict = bench.proved(is_known, |device| device.owner = Some(other.clone()));
        assert_eq!(verdict, Verdict::Refused, "another person's device");
    }
    accepted(bench.proved(true, |device| device.owner = None));
}

/// What a device does wrong, and how.
type Wrong = (&'static str, fn(&mut Authenticator));

#[test]
fn every_wrong_answer_is_refused() {
    let bench = Bench::new();
    let wrong: &[Wrong] = &[
        ("a page of another host", |device| device.origin = "https://evil.example".into()),
        ("a page of a host below ours", |device| device.origin = "https://sub.postern.example".into()),
        ("a page at another port", |device| device.origin = "https://postern.example:8443".into()),
        ("a page without TLS", |device| device.origin = "http://postern.example".into()),
        ("signed for another site", |device| device.party = Some("evil.example".into())),
        ("asked something else", |device| device.challenge = Some(b64::encode(&[7; 32]))),
        ("asked nothing", |device| device.challenge = Some(String::new())),
        ("nobody touched it", |device| device.is_touched = false),
        ("signed with another key", |device| device.is_forger = true),
        ("backed up though it cannot be", |device| device.is_backed_up = true),
    ];
    for (what, behave) in wrong {
        for is_known in [true, false] {
            assert_eq!(bench.proved(is_known, behave), Verdict::Refused, "{what}");
        }
    }
}

#[test]
fn a_counter_that_does_not_rise_tells_of_a_copy() {
    let mut bench = Bench::new();
    bench.counter = 7;
    assert_eq!(accepted(bench.proved(true, |device| device.counter = 8)).consumes, Consume::Counter(8));
    for back in [7, 6, 0] {
        assert_eq!(bench.proved(true, |device| device.counter = back), Verdict::Cloned, "{back}");
    }
    // A copy is told of only by whoever has the key.
    let forged = bench.proved(true, |device| (device.counter, device.is_forger) = (6, true));
    assert_eq!(forged, Verdict::Refused);
}

#[test]
fn a_backup_is_noted_when_it_happens() {
    let synced = Authenticator { is_backup_eligible: true, ..Authenticator::new(1, ORIGIN) };
    let bench = Bench::of(synced);
    let proved = accepted(bench.proved(true, |device| device.is_backed_up = true));
    assert!(!proved.traits.is_device_bound);
    assert_eq!(proved.profile.unwrap()["backedUp"], true);
    assert_eq!(accepted(bench.proved(true, |_| ())).profile, None);
}

#[test]
fn what_was_asked_for_one_thing_answers_no_other() {
    let bench = Bench::new();
    let (user, now) = (ada(&bench.env), bench.env.now);
    let (options, _) = ask_to_prove(Some(&[]), (party(), &Demands::default()), now).unwrap();
    let (_, other) = ask_to_prove(Some(&[]), (party(), &Demands::default()), now).unwrap();
    assert_eq!(bench.judge(assertion(other, bench.device.prove(&options))), Verdict::Refused, "another question");
    let (_, enrolment) = ask_to_enrol(&user, &[], (party(), &Demands::default()), now).unwrap();
    assert_eq!(bench.judge(assertion(enrolment, bench.device.prove(&options))), Verdict::Refused, "an enrolment");

    let (options, _) = ask_to_enrol(&user, &[], (party(), &Demands::default()), now).unwrap();
    let (_, proof) = ask_to_prove(Some(&[]), (party(), &Demands::default()), now).unwrap();
    let made = bench.device.clone().enrol(&options);
    let name = "Key".parse().unwrap();
    assert_eq!(enrol(&user, &name, &assertion(proof, made), now).err(), Some(NotEnrolled::Refused));
}

#[test]
fn a_device_enrolled_at_one_site_is_not_asked_at_another() {
    let bench = Bench::new();
    let elsewhere = RelyingParty::at("https://other.example", "Acme").unwrap();
    let (options, ceremony) = ask_to_prove(Some(&[]), (elsewhere, &Demands::default()), bench.env.now).unwrap();
    let device = Authenticator { origin: "https://other.example".into(), ..bench.device.clone() };
    assert_eq!(bench.judge(assertion(ceremony, device.prove(&options))), Verdict::NotMine);
}

#[test]
fn an_enrolment_is_refused_like_any_answer() {
    let env = env();
    let user = ada(&env);
    let name: PasskeyName = "Key".parse().unwrap();
    let wrong: &[fn(&mut Authenticator)] = &[
        |device| device.origin = "https://evil.example".into(),
        |device| device.party = Some("evil.example".into()),
        |device| device.challenge = Some(b64::encode(&[7; 32])),
        |device| device.is_touched = false,
    ];
    for behave in wrong {
        let (options, ceremony) = ask_to_enrol(&user, &[], (party(), &Demands::default()), env.now).unwrap();
        let mut device = Authenticator::new(1, ORIGIN);
        behave(&mut device);
        let answer = assertion(ceremony, device.enrol(&options));
        assert_eq!(enrol(&user, &name, &answer, env.now).err(), Some(NotEnrolled::Refused), "{device:?}");
    }
    let (options, ceremony) = ask_to_enrol(&user, &[], (party(), &Demands::default()), env.now).unwrap();
    let answer = assertion(ceremony, Authenticator::new(1, ORIGIN).enrol(&options));
    assert_eq!(enrol(&user, &name, &answer, env.now.plus(PATIENCE)).err(), Some(NotEnrolled::Expired));
}

#[test]
fn broken_answers_are_read_as_nothing() {
    let bench = Bench::new();
    let (options, ceremony) = ask_to_prove(Some(&[]), (party(), &Demands::default()), bench.env.now).unwrap();
    let right = bench.device.prove(&options);
    let id = b64::encode(&[1; 32]);
    let long = format!("{right}{}", " ".repeat(LONGEST));
    for slip in ["", "null", "{}", "[]", "{\"id\":", &right.replace(&id, "***"), &right.replace("rawId", "x"), &long] {
        assert_eq!(bench.judge(assertion(ceremony.clone(), slip.to_owned())), Verdict::NotMine, "{slip:.80}");
    }
    // Of the right form outside and broken inside: CBOR, client data and signature.
    let with = |member: &str, value: &str| {
        let mut broken: Value = serde_json::from_str(&right).unwrap();
        broken["response"][member] = value.into();
        bench.judge(assertion(ceremony.clone(), broken.to_string()))
    };
    for member in ["authenticatorData", "clientDataJSON", "signature"] {
        for value in ["", "AA", &b64::encode(&[0xff; 64])] {
            assert_eq!(with(member, value), Verdict::Refused, "{member} {value}");
        }
    }
}

#[test]
fn every_cut_and_every_flip_of_an_enrolment_is_refused() {
    let env = env();
    let user = ada(&env);
    let name: PasskeyName = "Key".parse().unwrap();
    let (options, ceremony) = ask_to_enrol(&user, &[], (party(), &Demands::default()), env.now).unwrap();
    let whole: Value = serde_json::from_str(&Authenticator::new(1, ORIGIN).enrol(&options)).unwrap();
    let attestation = b64::decode(whole["response"]["attestationObject"].as_str().unwrap()).unwrap();
    let enrolled = |bytes: &[u8]| {
        let mut broken = whole.clone();
        broken["response"]["attestationObject"] = b64::encode(bytes).into();
        enrol(&user, &name, &assertion(ceremony.clone(), broken.to_string()), env.now).is_ok()
    };
    assert!(enrolled(&attestation));
    for length in 0..attestation.len() {
        assert!(!enrolled(&attestation[..length]), "cut at {length}");
    }
    // The key's algorithm and curve are at the end: whatever they become, it is not taken for another key.
    let from = attestation.len() - 77;
    for at in from..from + 10 {
        let mut broken = attestation.clone();
        broken[at] ^= 0x20;
        assert!(!enrolled(&broken), "flipped at {at}");
    }
}

#[test]
fn addresses_without_a_host_name_have_no_passkeys() {
    for origin in ["http://127.0.0.1:8080", "https://[::1]", "nonsense", ""] {
        assert_eq!(RelyingParty::at(origin, "Acme"), None, "{origin}");
    }
    assert_eq!(RelyingParty::at("http://localhost:8080", "Acme").unwrap().id(), "localhost");
}

#[test]
fn the_options_name_the_persons_own_devices_or_nobodys() {
    let bench = Bench::new();
    let sealed = postern_codes::Sealed::from_storage(postern_codes::Place::new("factors", 1, "secret"), Vec::new());
    let enrolled = Enrolled {
        id: Id::with_prefix("fwf", &bench.env),
        user: bench.factor.user,
        kind: Kind::WebAuthn,
        provider: PROVIDER.into(),
        status: Status::Active,
        profile: bench.factor.profile.clone(),
        secret: sealed,
        counter: 0,
        created_at: bench.env.now,
        updated_at: bench.env.now,
        last_used_at: None,
        version: 1,
    };
    let own = [enrolled];
    let (known, _) = ask_to_prove(Some(&own), (party(), &Demands::default()), bench.env.now).unwrap();
    assert_eq!(known["publicKey"]["allowCredentials"][0]["id"], bench.factor.profile["credentialId"]);
    assert_eq!(known["publicKey"]["userVerification"], "preferred");
    let elsewhere = RelyingParty::at("https://other.example", "Acme").unwrap();
    let (elsewhere, _) = ask_to_prove(Some(&own), (elsewhere, &Demands::default()), bench.env.now).unwrap();
    assert_eq!(elsewhere["publicKey"]["allowCredentials"], json!([]));
    let (nobody, _) = ask_to_prove(None, (party(), &Demands::default()), bench.env.now).unwrap();
    assert_eq!(nobody["publicKey"]["allowCredentials"], json!([]));
    assert_eq!(nobody["publicKey"]["userVerification"], "required");
    let (more, _) = ask_to_enrol(&ada(&bench.env), &own, (party(), &Demands::default()), bench.env.now).unwrap();
    assert_eq!(more["publicKey"]["excludeCredentials"][0]["id"], bench.factor.profile["credentialId"]);
    assert_eq!(more["publicKey"]["authenticatorSelection"]["residentKey"], "required");
}

/// The members that the API has, in the padded alphabet of its clients.
fn parts(response: &str, names: &[(&str, &str)]) -> String {
    let whole: Value = serde_json::from_str(response).unwrap();
    let member = |(own, theirs): &(&str, &str)| {
        let text = whole["response"][*own].as_str().unwrap().replace('-', "+").replace('_', "/");
        ((*theirs).to_owned(), Value::from(format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))))
    };
    Value::Object(names.iter().map(member).collect()).to_string()
}

#[test]
fn the_members_of_the_api_are_read_like_those_of_a_page() {
    let env = env();
    let user = ada(&env);
    let (options, ceremony) = ask_to_enrol(&user, &[], (party(), &Demands::default()), env.now).unwrap();
    let mut device = Authenticator::new(1, ORIGIN);
    let made =
        parts(&device.enrol(&options), &[("attestationObject", "attestation"), ("clientDataJSON", "clientData")]);
    let nothing = Secret::new(Vec::new());
    let pending = Held { secret: &nothing, counter: 0, profile: &json!({}), codes: &[], index: &|_| [0; 32] };
    let activate = |ceremony: &Ceremony, made: &str, now| {
        let answer = Answer::Assertion(Box::new(assertion(ceremony.clone(), made.to_owned())));
        Passkey.activate(&pending, &answer, &user, now)
    };
    let active = activate(&ceremony, &made, env.now).unwrap();
    let (profile, secret) = (active.profile.unwrap(), active.secret.unwrap());
    assert_eq!(
        Passkey.shown(&profile),
        json!({ "credentialId": b64::encode(&[1; 32]), "authenticatorName": "Passkey" })
    );

    for (broken, verdict) in
        [("{}".to_owned(), Verdict::NotMine), (made.replace("attestation", "attest"), Verdict::NotMine)]
    {
        assert_eq!(activate(&ceremony, &broken, env.now).err(), Some(verdict), "{broken:.60}");
    }
    let flipped = json!({ "attestation": "AAAA", "clientData": "AAAA" }).to_string();
    assert_eq!(activate(&ceremony, &flipped, env.now).err(), Some(Verdict::Refused));
    assert_eq!(activate(&ceremony, &made, env.now.plus(PATIENCE)).err(), Some(Verdict::Stale));

    let (options, ceremony) = ask_to_prove(Some(&[]), (party(), &Demands::default()), env.now).unwrap();
    let names =
        [("authenticatorData", "authenticatorData"), ("clientDataJSON", "clientData"), ("signature", "signatureData")];
    let held = Held { secret: &secret, counter: 0, profile: &profile, codes: &[], index: &|_| [0; 32] };
    let prove = |device: &Authenticator| {
        let answer = assertion(ceremony.clone(), parts(&device.prove(&options), &names));
        Passkey.verify(&held, &Answer::Assertion(Box::new(answer)), env.now)
    };
    accepted(prove(&device));
    assert_eq!(prove(&Authenticator { is_forger: true, ..device.clone() }), Verdict::Refused);
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Puts what a published vector was asked in the place of what was asked here.
fn asked(ceremony: &Ceremony, member: &str, client_data: &[u8]) -> Ceremony {
    let client: Value = serde_json::from_slice(client_data).unwrap();
    let mut document = serde_json::to_value(ceremony).unwrap();
    let state = match member {
        "Enrolment" => &mut document["asked"]["Enrolment"],
        _ => &mut document["asked"]["Proof"]["state"],
    };
    state["challenge"] = client["challenge"].clone();
    serde_json::from_value(document).unwrap()
}

#[test]
fn the_published_vectors_are_taken_and_are_not_attested() {
    let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/webauthn.json")).unwrap();
    let env = env();
    let user = ada(&env);
    let site = RelyingParty::at("https://example.org", "Example").unwrap();
    let strict = Demands { attestation: Attestation::Trusted, ..Demands::default() };
    for case in vectors["cases"].as_array().unwrap() {
        let of = |name: &str| hex(case[name].as_str().unwrap());
        let made = json!({
            "attestation": b64::encode(&of("attestation")), "clientData": b64::encode(&of("clientData")),
        });
        let enrolled = |demands: &Demands| {
            let (_, ceremony) = ask_to_enrol(&user, &[], (site.clone(), demands), env.now).unwrap();
            let ceremony = asked(&ceremony, "Enrolment", &of("clientData"));
            enrol(&user, &"Key".parse().unwrap(), &assertion(ceremony, made.to_string()), env.now)
        };
        let factor = enrolled(&Demands::default()).ok().unwrap();
        assert_eq!(factor.profile["credentialId"], b64::encode(&of("credentialId")), "{}", case["name"]);
        assert_eq!(enrolled(&strict).err(), Some(NotEnrolled::Refused), "no root vouches for {}", case["name"]);

        let Some(proof) = case.get("proof") else { continue };
        let of = |name: &str| hex(proof[name].as_str().unwrap());
        let (_, ceremony) = ask_to_prove(Some(&[]), (site.clone(), &Demands::default()), env.now).unwrap();
        let ceremony = asked(&ceremony, "Proof", &of("clientData"));
        let held =
            Held { secret: &factor.secret, counter: 0, profile: &factor.profile, codes: &[], index: &|_| [0; 32] };
        let judged = |signature: &[u8]| {
            let answer = json!({
                "authenticatorData": b64::encode(&of("authenticatorData")), "clientData": b64::encode(&of("clientData")),
                "signatureData": b64::encode(signature),
            });
            let answer = assertion(ceremony.clone(), answer.to_string());
            Passkey.verify(&held, &Answer::Assertion(Box::new(answer)), env.now)
        };
        accepted(judged(&of("signature")));
        let mut other = of("signature");
        other[20] ^= 1;
        assert_eq!(judged(&other), Verdict::Refused);
    }
}

#[test]
fn demands_that_nobody_could_meet_are_named() {
    assert!(Demands::default().faults().is_empty());
    let broken =
        Demands { attestation: Attestation::Trusted, attestation_roots: vec!["no PEM".into()], ..Demands::default() };
    assert_eq!(broken.faults(), ["attestationRoots: each must be one certificate as PEM"]);
    let empty = Demands { attestation: Attestation::Trusted, ..Demands::default() };
    assert_eq!(empty.faults(), ["attestationRoots: TRUSTED needs at least one root certificate"]);
}
