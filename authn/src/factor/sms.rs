//! Codes by text message. Whoever can have a number moved to another card reads them.

use postern_codes::{Env, Timestamp};
use serde_json::{Value, json};

use super::{
    Answer, Channel, Draft, Factor, Held, Kind, NotEnrollable, Provider, Traits, Verdict, Wanted, code, phone,
};

/// Why new organisations do without telephones.
pub(super) const RESTRICTED: &str =
    "numbers can be taken over, and codes passed on by false pages (NIST SP 800-63B, 3.2.9)";

/// Codes by text message.
#[derive(Debug, Clone, Copy)]
pub struct TextMessage;

impl Factor for TextMessage {
    fn name(&self) -> &'static str {
        "sms"
    }

    fn label(&self) -> &'static str {
        "text message"
    }

    fn id_prefix(&self) -> &'static str {
        "sms"
    }

    fn providers(&self) -> &'static [Provider] {
        &const { [Provider::off("OKTA", "okta_sms", RESTRICTED)] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("phone_number", "phone")
    }

    fn traits(&self) -> Traits {
        code::SENT
    }

    fn amr(&self) -> &'static str {
        "sms"
    }

    fn channel(&self) -> Option<Channel> {
        Some(Channel::Sms)
    }

    fn may_be_vouched_for(&self) -> bool {
        true
    }

    fn begin(&self, wanted: &Wanted<'_>, env: &Env) -> Result<Draft, NotEnrollable> {
        phone::begin(Kind::Sms, wanted, json!({}), env)
    }

    fn masked(&self, profile: &Value) -> Value {
        phone::masked(profile)
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
        suite::conforms(&code::specimen::Sent(Kind::Sms));
    }
}
