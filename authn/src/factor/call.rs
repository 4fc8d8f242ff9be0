//! Codes that a call says.

use postern_codes::{Env, Timestamp};
use serde_json::{Value, json};

use super::sms::RESTRICTED;
use super::{
    Answer, Channel, Draft, Factor, Held, Kind, NotEnrollable, Provider, Traits, Verdict, Wanted, code, phone,
};

/// Most characters of an extension.
const LONGEST_EXTENSION: usize = 15;

/// Codes that a call says.
#[derive(Debug, Clone, Copy)]
pub struct Call;

impl Factor for Call {
    fn name(&self) -> &'static str {
        "call"
    }

    fn label(&self) -> &'static str {
        "phone call"
    }

    fn id_prefix(&self) -> &'static str {
        "clf"
    }

    fn providers(&self) -> &'static [Provider] {
        &const { [Provider::off("OKTA", "okta_call", RESTRICTED)] }
    }

    fn authenticator(&self) -> (&'static str, &'static str) {
        ("phone_number", "phone")
    }

    fn traits(&self) -> Traits {
        code::SENT
    }

    fn amr(&self) -> &'static str {
        "tel"
    }

    fn channel(&self) -> Option<Channel> {
        Some(Channel::Call)
    }

    fn may_be_vouched_for(&self) -> bool {
        true
    }

    fn begin(&self, wanted: &Wanted<'_>, env: &Env) -> Result<Draft, NotEnrollable> {
        let further = match wanted.profile.get("phoneExtension") {
            None | Some(Value::Null) => json!({}),
            Some(Value::String(extension)) if extension.trim().is_empty() => json!({}),
            Some(Value::String(extension)) if is_extension(extension.trim()) => {
                json!({ "phoneExtension": extension.trim() })
            }
            Some(_) => return Err(NotEnrollable::Extension),
        };
        phone::begin(Kind::Call, wanted, further, env)
    }

    fn masked(&self, profile: &Value) -> Value {
        phone::masked(profile)
    }

    fn verify(&self, held: &Held<'_>, answer: &Answer, now: Timestamp) -> Verdict {
        code::verify_sent(self, held, answer, now)
    }
}

/// Digits, and what a telephone takes for a pause.
fn is_extension(text: &str) -> bool {
    text.len() <= LONGEST_EXTENSION && text.bytes().all(|byte| byte.is_ascii_digit() || b",*#".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::suite;

    #[test]
    fn it_passes_the_suite() {
        suite::conforms(&code::specimen::Sent(Kind::Call));
    }

    #[test]
    fn an_extension_has_digits_and_pauses() {
        assert!(is_extension("1234") && is_extension("1,,2#"));
        assert!(!is_extension("x12") && !is_extension("1234567890123456"));
    }
}
