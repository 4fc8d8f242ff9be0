//! Codes of an authenticator app (RFC 6238): six digits, a new one every 30 seconds. The counter is the time step.

use postern_codes::otp::{self, AUTHENTICATOR_APP, Found};
use postern_codes::{Env, Secret, Timestamp};

use super::{
    Activation, Answer, Category, Consume, Draft, Factor, Held, Kind, NewFactor, NotEnrollable, Proved, Provider,
    Status, Traits, Verdict, Wanted, has_active,
};
use crate::user::User;

/// The provider that the API names for an app of any maker.
const PROVIDER: &str = "GOOGLE";

/// Codes of an authenticator app.
#[derive(Debug, Clone, Copy)]
pub struct AuthenticatorApp;

impl Factor for AuthenticatorApp {
    fn name(&self) -> &'static str {
        "token:software:totp"
    }

    fn label(&self) -> &'static str {
        "authenticator app"
    }

    fn id_prefix(&self) -> &'static str {
        "ost"
    }

    fn providers(&self) -> &'static [Provider] {
        &const { [Provider::new(PROVIDER, "google_otp"), Provider::new("OKTA", "okta_otp")] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("google_otp", "app")
    }

    /// Not device-bound: most apps copy their secrets to a cloud.
    fn traits(&self) -> Traits {
        Traits {
            category: Category::Possession,
            is_phishing_resistant: false,
            is_device_bound: false,
            works_offline: true,
            verifies_user: false,
        }
    }

    fn amr(&self) -> &'static str {
        "otp"
    }

    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict {
        let Answer::Code(typed) = answer else { return Verdict::NotMine };
        if !is_code(typed.expose()) {
            return Verdict::NotMine;
        }
        // A counter of 0 was never used: the first step of 1970 is nobody's.
        let last = (held.counter > 0).then_some(held.counter);
        match AUTHENTICATOR_APP.find(typed.expose(), held.secret, now, last) {
            Found::Fresh(step) => {
                let consumes = Consume::Counter(step);
                Verdict::Accepted(Proved { consumes, traits: self.traits(), profile: None })
            }
            Found::Nowhere => Verdict::Refused,
            Found::Replayed => Verdict::Replayed,
            Found::Stale => Verdict::Stale,
        }
    }

    fn begin(&self, wanted: &Wanted<'_>, env: &Env) -> Result<Draft, NotEnrollable> {
        if has_active(wanted.held, Kind::Totp, wanted.provider.name) {
            return Err(NotEnrollable::AlreadySetUp);
        }
        let profile = serde_json::json!({ "credentialId": wanted.owner.login.as_str() });
        let activation = Some(Activation::App);
        Ok(Draft { profile, secret: new_secret(env), is_hashed: false, activation })
    }
}

/// A factor for `user`, proved by the code that its app shows; nothing where the code is wrong.
pub fn enrol(user: &User, secret: &Secret<Vec<u8>>, first: &Secret<String>, now: Timestamp) -> Option<NewFactor> {
    let counter = AUTHENTICATOR_APP.verify(first.expose(), secret, now, None)?;
    Some(NewFactor {
        user: user.id,
        kind: Kind::Totp,
        provider: PROVIDER,
        status: Status::Active,
        profile: serde_json::json!({ "credentialId": user.login.as_str() }),
        secret: secret.clone(),
        counter,
    })
}

/// A new secret for an app.
pub fn new_secret(env: &postern_codes::Env) -> Secret<Vec<u8>> {
    otp::new_secret(env)
}

/// Six digits, with blanks where the reader liked them.
fn is_code(typed: &str) -> bool {
    let digits = typed.bytes().filter(|byte| *byte != b' ');
    typed.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit())
        && digits.count() == usize::from(AUTHENTICATOR_APP.digits)
}

#[cfg(any(test, feature = "suite"))]
pub(super) mod specimen {
    //! An authenticator app as the conformance suite drives it.

    use std::time::Duration;

    use postern_codes::otp::AUTHENTICATOR_APP;
    use postern_codes::{Secret, Timestamp};

    use crate::factor::suite::{self, Specimen};
    use crate::factor::{Answer, Kind};

    /// An app.
    #[derive(Debug)]
    pub struct App;

    impl Specimen for App {
        fn kind(&self) -> Kind {
            Kind::Totp
        }

        fn secret(&self, seed: u8) -> Secret<Vec<u8>> {
            Secret::new(vec![seed; 20])
        }

        fn right(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            Answer::Code(AUTHENTICATOR_APP.code(secret, now))
        }

        fn wrong(&self, secret: &Secret<Vec<u8>>, now: Timestamp) -> Answer {
            suite::wrong_code(&AUTHENTICATOR_APP, secret, now)
        }

        fn malformed(&self) -> Answer {
            Answer::Code(Secret::new("12345".into()))
        }

        fn life(&self) -> Option<Duration> {
            Some(Duration::from_mins(1))
        }

        fn skew(&self) -> Option<Duration> {
            Some(Duration::from_secs(30))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::suite;

    #[test]
    fn it_passes_the_suite() {
        suite::conforms(&specimen::App);
    }

    #[test]
    fn blanks_do_not_count_and_slips_are_no_guesses() {
        assert!(is_code("123 456"));
        for slip in ["", "12345", "1234567", "12345a", "\u{661}23456"] {
            assert!(!is_code(slip), "{slip}");
        }
    }
}
