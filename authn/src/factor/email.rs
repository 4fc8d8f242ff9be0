//! Codes by e-mail, to an address that the person has here.

use postern_codes::{Env, Secret, Timestamp};
use serde_json::{Value, json};

use super::{
    Answer, Channel, Draft, Factor, Held, Kind, NotEnrollable, Provider, Traits, Verdict, Wanted, code, has_active,
};
use crate::user::{ContactKind, User};

/// Codes by e-mail.
#[derive(Debug, Clone, Copy)]
pub struct Mail;

/// Whether an address is the first or second mail address of a person.
pub fn is_theirs(owner: &User, address: &str) -> bool {
    let of = |kind: ContactKind| kind.of(&owner.profile).is_some_and(|own| own.eq_ignore_ascii_case(address));
    of(ContactKind::Email) || of(ContactKind::SecondEmail)
}

impl Factor for Mail {
    fn name(&self) -> &'static str {
        "email"
    }

    fn label(&self) -> &'static str {
        "e-mail code"
    }

    fn id_prefix(&self) -> &'static str {
        "emf"
    }

    fn providers(&self) -> &'static [Provider] {
        const WHY: &str = "a mailbox is no second thing that somebody has, and false pages pass its codes on";
        &const { [Provider::off("OKTA", "okta_email", WHY)] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("okta_email", "email")
    }

    fn traits(&self) -> Traits {
        code::SENT
    }

    fn amr(&self) -> &'static str {
        "otp"
    }

    fn channel(&self) -> Option<Channel> {
        Some(Channel::Email)
    }

    fn may_be_vouched_for(&self) -> bool {
        true
    }

    fn begin(&self, wanted: &Wanted<'_>, _: &Env) -> Result<Draft, NotEnrollable> {
        if has_active(wanted.held, Kind::Email, wanted.provider.name) {
            return Err(NotEnrollable::AlreadySetUp);
        }
        let address = match wanted.profile.get("email") {
            None | Some(Value::Null) => wanted.owner.profile.email.as_str(),
            Some(_) => wanted.text("email").unwrap_or_default(),
        };
        if address.is_empty() || !is_theirs(wanted.owner, address) {
            return Err(NotEnrollable::Email);
        }
        let profile = json!({ "email": address });
        Ok(Draft { profile, secret: Secret::new(Vec::new()), is_hashed: false, activation: None })
    }

    fn masked(&self, profile: &Value) -> Value {
        let address = profile["email"].as_str().unwrap_or_default();
        let (name, host) = address.split_once('@').unwrap_or((address, ""));
        let first: String = name.chars().take(1).collect();
        json!({ "email": format!("{first}...@{host}") })
    }

    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict {
        code::verify_sent(self, held, answer, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::suite;

    #[test]
    fn it_passes_the_suite() {
        suite::conforms(&code::specimen::Sent(Kind::Email));
    }
}
