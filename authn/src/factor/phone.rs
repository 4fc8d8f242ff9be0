//! Telephone numbers, as both ways to a telephone read them.

use postern_codes::{Env, Secret};
use serde_json::{Value, json};

use super::{Draft, Enrolled, Kind, NotEnrollable, Status, Wanted, has_active};

/// A number of E.164: a plus, a country, at most fifteen digits. Blanks, dashes, dots and brackets do not count.
pub(super) fn number(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|character| !" -.()/\u{a0}".contains(*character)).collect();
    let digits = plain.strip_prefix('+')?;
    let fits = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (fits && !digits.starts_with('0')).then_some(plain)
}

/// Judges a telephone that somebody wants to enrol; `further` goes into the profile beside the number.
pub(super) fn begin(kind: Kind, wanted: &Wanted<'_>, further: Value, _: &Env) -> Result<Draft, NotEnrollable> {
    if has_active(wanted.held, kind, wanted.provider.name) {
        return Err(NotEnrollable::AlreadySetUp);
    }
    let number = wanted.text("phoneNumber").and_then(number).ok_or(NotEnrollable::Phone)?;
    let begun = |factor: &&Enrolled| factor.kind == kind && factor.status == Status::PendingActivation;
    let other = wanted.held.iter().find(begun).is_some_and(|factor| factor.profile["phoneNumber"] != number.as_str());
    if other && !wanted.updates_phone {
        return Err(NotEnrollable::ExistingPhone);
    }
    let mut profile = json!({ "phoneNumber": number });
    if let (Some(profile), Value::Object(further)) = (profile.as_object_mut(), further) {
        profile.extend(further);
    }
    Ok(Draft { profile, secret: Secret::new(Vec::new()), is_hashed: false, activation: None })
}

/// The number as somebody sees it who has not proved who they are: `+1 XXX-XXX-1337`.
pub(super) fn masked(profile: &Value) -> Value {
    let mut masked = profile.clone();
    if let Some(number) = masked.get("phoneNumber").and_then(Value::as_str) {
        let (country, end) =
            (number.get(..2).unwrap_or("+"), number.get(number.len().saturating_sub(4)..).unwrap_or(""));
        masked["phoneNumber"] = format!("{country} XXX-XXX-{end}").into();
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for text in ["+1-555-415-1337", "+1 (555) 415.1337", "+15554151337"] {
            assert_eq!(number(text).as_deref(), Some("+15554151337"), "{text}");
        }
        for wrong in
            ["", "+", "5554151337", "+0123456789", "+1234567890123456", "+1555CALLME", "+1234", "++15554151337"]
        {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_masked_number_shows_its_end_alone() {
        assert_eq!(masked(&json!({ "phoneNumber": "+15554151337" }))["phoneNumber"], "+1 XXX-XXX-1337");
        assert_eq!(masked(&json!({})), json!({}));
    }
}
