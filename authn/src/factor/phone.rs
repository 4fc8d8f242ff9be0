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
    if let Some(digits) = masked.get("phoneNumber").and_then(Value::as_str).and_then(|number| number.strip_prefix('+'))
    {
        let (country, own) = digits.split_at_checked(country_digits(digits)).unwrap_or((digits, ""));
        // Of a short number four digits were all of it.
        let shown = (own.len() / 2).min(4);
        let end = own.get(own.len() - shown..).unwrap_or("");
        masked["phoneNumber"] = format!("+{country} XXX-XXX-{end}").into();
    }
    masked
}

/// How many digits the country code has that a number of E.164 begins with (ITU-T, list of assigned country codes): one in
/// two zones, two where the code is in this list, three everywhere else.
fn country_digits(digits: &str) -> usize {
    const OF_TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
        "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    match digits.get(..2) {
        Some(two) if two.starts_with(['1', '7']) => 1,
        Some(two) if OF_TWO.contains(&two) => 2,
        _ => 3,
    }
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
        for (number, shown) in [
            ("+15554151337", "+1 XXX-XXX-1337"),
            ("+79161234567", "+7 XXX-XXX-4567"),
            ("+4915112345678", "+49 XXX-XXX-5678"),
            ("+442071838750", "+44 XXX-XXX-8750"),
            ("+989121234567", "+98 XXX-XXX-4567"),
            ("+351211234567", "+351 XXX-XXX-4567"),
            ("+96512345678", "+965 XXX-XXX-5678"),
            ("+12345", "+1 XXX-XXX-45"),
            ("+35112", "+351 XXX-XXX-2"),
        ] {
            assert_eq!(masked(&json!({ "phoneNumber": number }))["phoneNumber"], shown);
        }
        assert_eq!(masked(&json!({})), json!({}));
    }
}
