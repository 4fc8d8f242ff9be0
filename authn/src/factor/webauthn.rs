//! Passkeys and security keys (W3C Web Authentication, level 3): a device signs what it was asked, for one site alone.
//! The counter is the signature counter, where the device keeps one.
//!
//! What is asked is a [`Ceremony`]. Whoever asks keeps it on the server, bound to person, flow and purpose, and takes it
//! away once, before anything is judged: that, and not the counter, is what makes an answer count only once. The bytes
//! are taken apart by `webauthn-rs-core`.
//!
//! Of a device's maker is known what its attestation proves, where the organisation wants one: that it chains up to a
//! root certificate which the organisation trusts.

#[cfg(any(test, feature = "suite"))]
pub mod soft;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use postern_codes::{Env, Secret, Timestamp, b64, mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::{Host, Url};
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationCaList, AttestationConveyancePreference, AuthenticationState, Credential, PublicKeyCredential,
    RegisterPublicKeyCredential, RegistrationState, UserVerificationPolicy,
};

use super::{
    Activated, Activation, Answer, Category, Consume, Draft, Enrolled, Factor, Held, Kind, NewFactor, NotEnrollable,
    Proved, Provider, Status, Traits, Verdict, Wanted,
};
use crate::user::User;

/// How long what was asked can be answered.
pub const PATIENCE: Duration = Duration::from_mins(5);
/// The longest answer that is looked at, in bytes: several times what any device sends.
const LONGEST: usize = 16 * 1024;
/// The provider that the API names.
const PROVIDER: &str = "FIDO";
/// What a passkey is called that nobody named.
const NAME: &str = "Passkey";

/// Passkeys and security keys.
#[derive(Debug, Clone, Copy)]
pub struct Passkey;

/// For whom a device signs: one page address of ours, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingParty {
    origin: Url,
    id: String,
    name: String,
}

/// What an organisation wants of the devices that people enrol and use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Demands {
    /// What must be known of a device's maker.
    pub attestation: Attestation,
    /// The root certificates of makers that are trusted, as PEM.
    pub attestation_roots: Vec<String>,
    /// Whether a device makes sure of its owner.
    pub user_verification: Verification,
}

/// What must be known of a device's maker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Attestation {
    /// Nothing.
    #[default]
    None,
    /// That one of the trusted roots vouches for it.
    Trusted,
}

/// Whether a device makes sure of its owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verification {
    /// Where it can.
    #[default]
    Preferred,
    /// Always.
    Required,
}

impl Verification {
    const fn policy(self) -> UserVerificationPolicy {
        match self {
            Self::Preferred => UserVerificationPolicy::Preferred,
            Self::Required => UserVerificationPolicy::Required,
        }
    }
}

impl Demands {
    /// Most root certificates that are kept.
    pub const MOST_ROOTS: usize = 50;

    /// What is wrong with them: each cause names its member.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.attestation_roots.len() > Self::MOST_ROOTS {
            faults.push(format!("attestationRoots: may have {} certificates", Self::MOST_ROOTS));
        } else if self.roots().is_none() {
            faults.push("attestationRoots: each must be one certificate as PEM".to_owned());
        }
        if self.attestation == Attestation::Trusted && self.attestation_roots.is_empty() {
            faults.push("attestationRoots: TRUSTED needs at least one root certificate".to_owned());
        }
        faults
    }

    fn roots(&self) -> Option<AttestationCaList> {
        let mut all = AttestationCaList::default();
        for pem in &self.attestation_roots {
            all.union(&AttestationCaList::try_from(pem.as_bytes()).ok()?);
        }
        Some(all)
    }

    /// The roots that an attestation must chain up to; none, where nothing must be known.
    fn trusted(&self) -> Option<AttestationCaList> {
        // Roots that cannot be read any more are no roots: an empty list lets no device in.
        (self.attestation == Attestation::Trusted).then(|| self.roots().unwrap_or_default())
    }
}

/// What a device was asked: kept on the server, bound to person and purpose, and taken away by the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ceremony {
    party: RelyingParty,
    asked: Asked,
    expires_at: Timestamp,
    #[serde(default)]
    demands: Demands,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Asked {
    /// To make a credential.
    Enrolment(Box<RegistrationState>),
    /// To sign; `is_open` where nobody said yet who they are.
    Proof { state: Box<AuthenticationState>, is_open: bool },
}

/// What a device answered, and what it was asked.
pub struct Assertion {
    /// What it was asked.
    pub ceremony: Ceremony,
    /// What the page's script sent, as JSON.
    pub response: Secret<String>,
}

/// What people call one of their passkeys: 1 to 60 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

/// The text names no passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 60 characters on one line")]
pub struct BadPasskeyName;

/// Why a device was not enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[must_use]
pub enum NotEnrolled {
    /// What it was asked is over.
    #[error("this took longer than 5 minutes: start again")]
    Expired,
    /// The answer cannot be read.
    #[error("the browser's answer cannot be read")]
    Malformed,
    /// It is for another site, was asked something else, or is wrong.
    #[error("the device's answer does not fit what it was asked here")]
    Refused,
    /// The device did not make sure of its owner, which is demanded.
    #[error("the device must make sure that it is you, by a PIN, a finger or a face")]
    Unverified,
}

/// What the sealed secret of such a factor holds. The public key is no secret, but sealed it cannot be exchanged either.
#[derive(Serialize, Deserialize)]
struct Kept {
    party: String,
    owner: String,
    credential: Credential,
}

impl RelyingParty {
    /// The page address `origin` of an organisation, where devices can sign for it: it has a host name, not a number.
    pub fn at(origin: &str, name: &str) -> Option<Self> {
        let origin = Url::parse(origin).ok()?;
        let Some(Host::Domain(id)) = origin.host() else { return None };
        Some(Self { id: id.to_owned(), name: name.to_owned(), origin })
    }

    /// Its id, to which credentials are bound.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn webauthn(&self) -> WebauthnCore {
        let origins = vec![self.origin.clone()];
        WebauthnCore::new_unsafe_experts_only(&self.name, &self.id, origins, PATIENCE, Some(false), Some(false))
    }
}

/// What a device is to be asked so that `user` gets another passkey: the options for the page's script.
///
/// # Errors
/// Of a name that no device takes.
pub fn ask_to_enrol(
    user: &User,
    own: &[Enrolled],
    (party, demands): (RelyingParty, &Demands),
    now: Timestamp,
) -> Result<(Value, Ceremony), WebauthnError> {
    let webauthn = party.webauthn();
    let attestation = match demands.attestation {
        Attestation::None => AttestationConveyancePreference::None,
        Attestation::Trusted => AttestationConveyancePreference::Direct,
    };
    let builder = webauthn
        .new_challenge_register_builder(user.id.as_str().as_bytes(), user.login.as_str(), &user.name())?
        .require_resident_key(true)
        .attestation(attestation)
        .user_verification_policy(demands.user_verification.policy());
    let (options, state) = webauthn.generate_challenge_register(builder)?;
    let mut options = serde_json::to_value(options).map_err(WebauthnError::ParseJSONFailure)?;
    options["publicKey"]["excludeCredentials"] = descriptors(own, &party);
    let asked = Asked::Enrolment(Box::new(state));
    Ok((options, Ceremony { party, asked, expires_at: now.plus(PATIENCE), demands: demands.clone() }))
}

/// The passkey that a device made, under the name its owner gives it.
///
/// # Errors
/// [`NotEnrolled`].
pub fn enrol(user: &User, name: &PasskeyName, assertion: &Assertion, now: Timestamp) -> Result<NewFactor, NotEnrolled> {
    let (profile, secret, counter) = made(user, name.as_str(), assertion, now)?;
    let (kind, status) = (Kind::WebAuthn, Status::Active);
    Ok(NewFactor { user: user.id, kind, provider: PROVIDER, status, profile, secret, counter })
}

fn made(
    user: &User,
    name: &str,
    assertion: &Assertion,
    now: Timestamp,
) -> Result<(Value, Secret<Vec<u8>>, u64), NotEnrolled> {
    let Assertion { ceremony, response } = assertion;
    if now >= ceremony.expires_at {
        return Err(NotEnrolled::Expired);
    }
    let Asked::Enrolment(state) = &ceremony.asked else { return Err(NotEnrolled::Refused) };
    let response = registration(response).ok_or(NotEnrolled::Malformed)?;
    let transports = serde_json::to_value(&response.response.transports).unwrap_or_default();
    let roots = ceremony.demands.trusted();
    let made = ceremony.party.webauthn().register_credential(&response, state, roots.as_ref());
    let credential = made.map_err(|error| match error {
        WebauthnError::UserNotVerified => NotEnrolled::Unverified,
        _ => NotEnrolled::Refused,
    })?;
    let profile = json!({
        "credentialId": b64::encode(credential.cred_id.as_ref()),
        "authenticatorName": name,
        "rpId": ceremony.party.id,
        "transports": transports,
        "backupEligible": credential.backup_eligible,
        "backedUp": credential.backup_state,
    });
    let counter = u64::from(credential.counter);
    let kept = Kept { party: ceremony.party.id.clone(), owner: user.id.to_string(), credential };
    let secret = serde_json::to_vec(&kept).map(Secret::new).map_err(|_| NotEnrolled::Malformed)?;
    Ok((profile, secret, counter))
}

/// What a device is to be asked so that it signs. Of somebody known, any of their passkeys will do, which makes sure of its
/// owner where that is demanded; of nobody yet, one that knows its owner and makes sure of them. The options of the latter are the same for everybody.
///
/// # Errors
/// None that is known.
pub fn ask_to_prove(
    known: Option<&[Enrolled]>,
    (party, demands): (RelyingParty, &Demands),
    now: Timestamp,
) -> Result<(Value, Ceremony), WebauthnError> {
    let webauthn = party.webauthn();
    let policy = match known {
        Some(_) => demands.user_verification.policy(),
        None => UserVerificationPolicy::Required,
    };
    let builder = webauthn.new_challenge_authenticate_builder(Vec::new(), Some(policy))?;
    let (options, state) = webauthn.generate_challenge_authenticate(builder)?;
    let mut options = serde_json::to_value(options).map_err(WebauthnError::ParseJSONFailure)?;
    options["publicKey"]["allowCredentials"] = descriptors(known.unwrap_or_default(), &party);
    let asked = Asked::Proof { state: Box::new(state), is_open: known.is_none() };
    Ok((options, Ceremony { party, asked, expires_at: now.plus(PATIENCE), demands: Demands::default() }))
}

/// What names the credential that answers: the [`Factor::handle`] of its factor.
pub fn answering(assertion: &Assertion) -> Option<[u8; 32]> {
    let response: PublicKeyCredential = read(&assertion.response)?;
    Some(mac::sha256(&[response.get_credential_id()]))
}

/// What its owner calls a passkey.
pub fn name(profile: &Value) -> &str {
    profile["authenticatorName"].as_str().unwrap_or_default()
}

impl Factor for Passkey {
    fn name(&self) -> &'static str {
        "webauthn"
    }

    fn label(&self) -> &'static str {
        "passkey"
    }

    fn id_prefix(&self) -> &'static str {
        "fwf"
    }

    fn providers(&self) -> &'static [Provider] {
        &const { [Provider::new(PROVIDER, "fido_webauthn")] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("webauthn", "security_key")
    }

    fn may_be_several(&self) -> bool {
        true
    }

    fn begin(&self, wanted: &Wanted<'_>, env: &Env) -> Result<Draft, NotEnrollable> {
        let nowhere = || NotEnrollable::Member("origin", "passkeys do not work at this address".to_owned());
        let (party, demands) = wanted.site.ok_or_else(nowhere)?;
        let asked =
            ask_to_enrol(wanted.owner, wanted.held, (party.clone(), demands), env.now).map_err(|_| nowhere())?;
        let activation = Some(Activation::Device(Box::new(asked)));
        // Nothing is known of the device before it answers.
        Ok(Draft {
            profile: json!({ "rpId": party.id }),
            secret: Secret::new(Vec::new()),
            is_hashed: false,
            activation,
        })
    }

    fn activate(&self, _: &Held<'_>, answer: &Answer, owner: &User, now: Timestamp) -> Result<Activated, Verdict> {
        let Answer::Assertion(assertion) = answer else { return Err(Verdict::NotMine) };
        match made(owner, NAME, assertion, now) {
            Ok((profile, secret, counter)) => {
                let consumes = if counter > 0 { Consume::Counter(counter) } else { Consume::Nothing };
                Ok(Activated { consumes, profile: Some(profile), secret: Some(secret) })
            }
            Err(NotEnrolled::Expired) => Err(Verdict::Stale),
            Err(NotEnrolled::Malformed) => Err(Verdict::NotMine),
            Err(NotEnrolled::Refused) => Err(Verdict::Refused),
            Err(NotEnrolled::Unverified) => Err(Verdict::Unverified),
        }
    }

    fn shown(&self, profile: &Value) -> Value {
        match (&profile["credentialId"], &profile["authenticatorName"]) {
            (Value::Null, _) => json!({}),
            (id, name) => json!({ "credentialId": id, "authenticatorName": name }),
        }
    }

    fn traits(&self) -> Traits {
        Traits {
            category: Category::Possession,
            is_phishing_resistant: true,
            is_device_bound: true,
            works_offline: false,
            verifies_user: true,
        }
    }

    /// A credential that may be backed up leaves its device.
    fn traits_of(&self, profile: &Value) -> Traits {
        Traits { is_device_bound: profile["backupEligible"] == false, ..self.traits() }
    }

    fn handle(&self, profile: &Value) -> Option<[u8; 32]> {
        let id = b64::decode(profile["credentialId"].as_str()?)?;
        Some(mac::sha256(&[&id]))
    }

    /// Without attestation nobody knows whether the key is in hardware.
    fn amr(&self) -> &'static str {
        "swk"
    }

    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict {
        let Answer::Assertion(assertion) = answer else { return Verdict::NotMine };
        let Some(response) = signed(&assertion.response, held.profile) else { return Verdict::NotMine };
        let Ok(kept) = serde_json::from_slice::<Kept>(held.secret.expose()) else { return Verdict::NotMine };
        let Ceremony { party, asked, expires_at, .. } = &assertion.ceremony;
        if response.get_credential_id() != kept.credential.cred_id.as_ref() as &[u8] || kept.party != party.id {
            return Verdict::NotMine;
        }
        let Asked::Proof { state, is_open } = asked else { return Verdict::Refused };
        // Section 7.2, step 6: whom the device says it belongs to is its owner; it must say so where nobody else did.
        let is_owner = response.get_user_unique_id().map_or(!is_open, |owner| owner == kept.owner.as_bytes());
        if now >= *expires_at || !is_owner {
            return Verdict::Refused;
        }
        let Ok(count) = u32::try_from(held.counter) else { return Verdict::Refused };
        let credential = Credential { counter: count, ..kept.credential };
        match party.webauthn().authenticate_single_credential(&response, state, &credential) {
            // Section 6.1.1: a device that counts, counts upwards.
            Ok(result) if result.counter() <= count && (count > 0 || result.counter() > 0) => Verdict::Cloned,
            Ok(result) => Verdict::Accepted(Proved {
                consumes: match result.counter() {
                    0 => Consume::Nothing,
                    count => Consume::Counter(u64::from(count)),
                },
                traits: Traits { verifies_user: result.user_verified(), ..self.traits_of(held.profile) },
                profile: backed_up(held.profile, result.backup_state()),
            }),
            Err(WebauthnError::CredentialPossibleCompromise) => Verdict::Cloned,
            Err(_) => Verdict::Refused,
        }
    }
}

/// The profile after the device said whether its credential is backed up; nothing where it says so already.
fn backed_up(profile: &Value, is_backed_up: bool) -> Option<Value> {
    let mut profile = profile.clone();
    let said = profile.as_object_mut()?.insert("backedUp".into(), is_backed_up.into());
    (said != Some(Value::Bool(is_backed_up))).then_some(profile)
}

/// The passkeys among these factors that are for this site, as the script hands them to the browser.
fn descriptors(factors: &[Enrolled], party: &RelyingParty) -> Value {
    let fitting = factors.iter().filter(|factor| factor.kind == Kind::WebAuthn && factor.profile["rpId"] == party.id);
    let descriptor = |factor: &Enrolled| {
        let profile = &factor.profile;
        json!({ "type": "public-key", "id": profile["credentialId"], "transports": profile["transports"] })
    };
    fitting.map(descriptor).collect()
}

/// An enrolment's answer: as a page's script sends it, or in the API's members.
fn registration(response: &Secret<String>) -> Option<RegisterPublicKeyCredential> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Parts {
        attestation: String,
        client_data: String,
    }
    let Some(parts) = read::<Parts>(response) else { return read(response) };
    // The credential's id is in the attestation; the one beside it is not looked at.
    let whole = json!({
        "id": "", "rawId": "", "type": "public-key", "extensions": {},
        "response": { "attestationObject": plain(&parts.attestation)?, "clientDataJSON": plain(&parts.client_data)? },
    });
    serde_json::from_value(whole).ok()
}

/// A proof's answer, likewise. The API's members name no credential: it is that of the factor which is asked.
fn signed(response: &Secret<String>, profile: &Value) -> Option<PublicKeyCredential> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Parts {
        authenticator_data: String,
        client_data: String,
        #[serde(rename = "signatureData")]
        signature: String,
    }
    let Some(parts) = read::<Parts>(response) else { return read(response) };
    let id = profile["credentialId"].as_str()?;
    let whole = json!({
        "id": id, "rawId": id, "type": "public-key", "extensions": {},
        "response": {
            "authenticatorData": plain(&parts.authenticator_data)?,
            "clientDataJSON": plain(&parts.client_data)?,
            "signature": plain(&parts.signature)?,
        },
    });
    serde_json::from_value(whole).ok()
}

/// Bytes in the one form that is read further on.
fn plain(text: &str) -> Option<String> {
    b64::decode_any(text).map(|bytes| b64::encode(&bytes))
}

fn read<T: for<'de> Deserialize<'de>>(response: &Secret<String>) -> Option<T> {
    let text = response.expose();
    (text.len() <= LONGEST).then(|| serde_json::from_str(text).ok())?
}

impl PasskeyName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PasskeyName {
    type Err = BadPasskeyName;

    fn from_str(text: &str) -> Result<Self, BadPasskeyName> {
        let text = text.trim();
        let fits = (1..=60).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(BadPasskeyName)
    }
}

impl fmt::Display for PasskeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(any(test, feature = "suite"))]
pub(super) mod specimen {
    //! A security key as the conformance suite drives it. It counts by the second, so that a later answer counts more.

    use std::collections::BTreeMap;
    use std::time::Duration;

    use postern_codes::{Env, Id, Secret, Timestamp};

    use super::soft::Authenticator;
    use super::{Assertion, Demands, PATIENCE, RelyingParty, ask_to_enrol, ask_to_prove, enrol};
    use crate::factor::suite::Specimen;
    use crate::factor::{Answer, Kind};
    use crate::user::{Profile, Status, User};

    const ORIGIN: &str = "https://postern.example";

    /// A security key.
    #[derive(Debug)]
    pub struct SecurityKey;

    fn party() -> RelyingParty {
        RelyingParty::at(ORIGIN, "Acme").expect("a host name")
    }

    fn assertion(secret: &Secret<Vec<u8>>, now: Timestamp, wrong: bool) -> Answer {
        let (options, ceremony) = ask_to_prove(Some(&[]), (party(), &Demands::default()), now).expect("options");
        let mut authenticator = Authenticator::of_secret(secret, ORIGIN);
        authenticator.counter = u32::try_from(now.unix_seconds()).expect("a time of these decades");
        authenticator.is_forger = wrong;
        let response = Secret::new(authenticator.prove(&options));
        Answer::Assertion(Box::new(Assertion { ceremony, response }))
    }

    impl Specimen for SecurityKey {
        fn kind(&self) -> Kind {
            Kind::WebAuthn
        }

        fn secret(&self, seed: u8) -> Secret<Vec<u8>> {
            let env = Env::of(&(postern_codes::env::TestWorld::new() as std::sync::Arc<_>));
            let profile = Profile {
                first_name: "Ada".into(),
                last_name: "Example".into(),
                email: "ada@acme.example".into(),
                further: BTreeMap::new(),
            };
            let login = "ada@acme.example".parse().expect("a login");
            let user = User::new(Id::new(&env), login, profile, Status::Active, env.now);
            let (options, ceremony) =
                ask_to_enrol(&user, &[], (party(), &Demands::default()), env.now).expect("options");
            let response = Secret::new(Authenticator::new(seed, ORIGIN).enrol(&options));
            let name = "Key".parse().expect("a name");
            enrol(&user, &name, &Assertion { ceremony, response }, env.now).expect("it enrols").secret.clone()
        }

        fn right(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            assertion(secret, now, false)
        }

        fn wrong(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            assertion(secret, now, true)
        }

        fn malformed(&self) -> Answer {
            let now = Timestamp::from_unix_seconds(0);
            let (_, ceremony) = ask_to_prove(None, (party(), &Demands::default()), now).expect("options");
            Answer::Assertion(Box::new(Assertion { ceremony, response: Secret::new("{\"id\":".into()) }))
        }

        fn life(&self) -> Option<Duration> {
            Some(PATIENCE)
        }

        fn skew(&self) -> Option<Duration> {
            None
        }
    }
}
