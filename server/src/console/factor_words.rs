//! What factors are called, and what is said of one that was refused: on every page, in every mail.

use postern_authn::factor::{Enrolled, Kind, webauthn};

use super::people;
use super::words::{Text, say, say_of};
use crate::api::{ApiError, demands};

/// What its owner knows a factor as.
pub fn named(factor: &Enrolled) -> Text {
    if factor.kind == Kind::WebAuthn {
        return say("factors-passkey").with("name", webauthn::name(&factor.profile).to_owned());
    }
    people::factor(factor.kind)
}

/// What it is, in a few words.
pub fn about(factor: &Enrolled) -> Text {
    let bound = if factor.traits().is_device_bound { "-bound" } else { "" };
    say_of("factors-about", &format!("{}{bound}", factor.kind.as_str()))
}

/// Which of its kind it is: the address, number or question.
pub fn detail(factor: &Enrolled) -> Option<String> {
    let profile = factor.kind.factor().shown(&factor.profile);
    let member = |name: &str| profile.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    ["phoneNumber", "email", "questionText"].into_iter().find_map(member)
}

/// What was refused, and what to do, in the reader's words.
///
/// # Errors
/// The refusal itself, where no words on the page mend it: something must be proved first, or there is no such thing.
pub fn refusal(refused: &ApiError) -> Result<Text, ApiError> {
    let is_to_mend = refused.status.is_client_error() && refused.status.as_u16() != 404;
    if !is_to_mend || refused.code == demands::STEP_UP {
        return Err(refused.clone());
    }
    let said = refused.causes.first().unwrap_or(&refused.summary);
    let said = people::capital(said.split_once(": ").map_or(said.as_str(), |(_, cause)| cause));
    let why = say_of("factors-refused", member(refused).unwrap_or(refused.code)).or(said);
    Ok(match refused.retry_at {
        Some(at) => Text::sentences([why, say("factors-wait").with("until", at)]),
        None => why,
    })
}

/// The member of the request that was refused.
pub fn member(refused: &ApiError) -> Option<&str> {
    match refused.code {
        "E0000098" => Some("phoneNumber"),
        "E0000121" => Some("phoneExtension"),
        "E0000001" => refused.summary.strip_prefix("Api validation failed: "),
        _ => None,
    }
}
