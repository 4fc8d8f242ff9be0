//! Codes on their way: how often, to whom, in which words. The code is in the message alone, which waits sealed; its tag is
//! kept.

use std::time::Duration;

use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, StatusCode};
use postern_authn::audit::{Event, EventType};
use postern_authn::factor::{self, Channel, Enrolled, Kind};
use postern_authn::limit::{Charge, Limit};
use postern_authn::sign_in::Recovering;
use postern_authn::user::User;
use postern_codes::{Env, Secret, Timestamp};
use postern_store::deliveries::Message;
use postern_store::factor_codes::Bond;
use postern_store::sms_templates::SmsTemplate;
use postern_store::{Error, Tx};
use serde_json::Value;

use super::Doer;
use crate::api::ApiError;
use crate::console::words::{Text, say};
use crate::notices::mail::{Mail, reader};

/// How long a code counts that was sent by telephone, and by mail where nothing else is said.
pub const LIFE: Duration = Duration::from_mins(5);

/// How a code is to be sent.
#[derive(Debug, Clone, Default)]
pub struct Sending {
    /// A text of the organisation's; the default where there is none of this id.
    pub template: Option<String>,
    /// The languages of its reader, as `Accept-Language` has them.
    pub languages: String,
    /// For how long a code by mail counts.
    pub life: Option<Duration>,
}

impl Sending {
    /// In the languages of whoever sent this request.
    pub fn to_reader(headers: &HeaderMap) -> Self {
        let languages = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { languages: languages.to_owned(), ..Self::default() }
    }
}

/// By which way, and to what address or number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    channel: Channel,
    address: String,
}

impl Recipient {
    /// The address or number, an extension after a comma.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// Whom the codes of a factor reach; nobody, where none are sent.
pub fn recipient(kind: Kind, profile: &Value) -> Option<Recipient> {
    let channel = kind.factor().channel()?;
    let member = match channel {
        Channel::Call | Channel::Sms => "phoneNumber",
        Channel::Email => "email",
    };
    let mut address = profile[member].as_str()?.to_owned();
    if let (Channel::Call, Some(extension)) = (channel, profile["phoneExtension"].as_str()) {
        address = format!("{address},{extension}");
    }
    Some(Recipient { channel, address })
}

/// Counts a code before it is sent: per address or number, per person, and for the organisation's day.
///
/// # Errors
/// Of the database; in it 429, by the API's code for the way.
pub fn charge(
    tx: &mut Tx<'_>,
    (doer, user): (&Doer, &User),
    to: &Recipient,
    env: &Env,
) -> Result<Result<(), ApiError>, Error> {
    let number = to.address.split(',').next().unwrap_or_default();
    let own = limit(to.channel);
    let day = match to.channel {
        Channel::Call => Some(Limit::Calls),
        Channel::Email => None,
        Channel::Sms => Some(Limit::Messages),
    };
    // Of an address, and of what differs from it in case alone, the mailbox is one.
    let subject = number.to_lowercase();
    // Whoever may enrol chooses the number: one person does not use up the organisation's day.
    let all = [(own, subject.as_str()), (Limit::CodesOfPerson, user.id.as_str())];
    for (limit, subject) in all.into_iter().chain(day.map(|day| (day, "org"))) {
        let allowance = tx.allowance(limit)?;
        if let Charge::RetryAt(at) = tx.charge(limit, subject, allowance, env.now)? {
            let (kind, actor, client) = (EventType::RateLimitViolation, doer.actor.clone(), doer.client.clone());
            tx.record(&Event::failure(kind, actor, client, limit.name()), env)?;
            return Ok(Err(refused((limit, to.channel), at)));
        }
    }
    Ok(Ok(()))
}

/// What is sent by a way at most, to one address or number.
pub const fn limit(by: Channel) -> Limit {
    match by {
        Channel::Call => Limit::CallsOfNumber,
        Channel::Email => Limit::EmailsOfAddress,
        Channel::Sms => Limit::MessagesOfNumber,
    }
}

/// That so much was sent, by the API's code for the way.
pub fn refused((limit, by): (Limit, Channel), at: Timestamp) -> ApiError {
    let (code, summary) = words(limit, by);
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, code, summary).cause(summary).again_at(at)
}

const fn words(limit: Limit, by: Channel) -> (&'static str, &'static str) {
    match limit {
        Limit::CallsOfNumber => {
            ("E0000133", "A phone call was recently made. Please wait 30 seconds before trying again.")
        }
        Limit::EmailsOfAddress => {
            ("E0000118", "An email was recently sent. Please wait 5 seconds before trying again.")
        }
        Limit::MessagesOfNumber => {
            ("E0000109", "An SMS message was recently sent. Please wait 30 seconds before trying again.")
        }
        Limit::CodesOfPerson => match by {
            Channel::Call => ("E0000205", "You have reached the limit of call requests, please try again later."),
            Channel::Email => ("E0000047", "Too many codes were sent to this person in the last hour."),
            Channel::Sms => ("E0000204", "You have reached the limit of sms requests, please try again later."),
        },
        Limit::Calls => (
            "E0000147",
            "Your organization has reached the limit of call requests that can be sent within a 24 hour period.",
        ),
        _ => (
            "E0000146",
            "Your organization has reached the limit of sms requests that can be sent within a 24 hour period.",
        ),
    }
}

/// Makes a code, keeps its tag and queues the message that carries it. Codes of the same flow before it are void.
///
/// # Errors
/// Of the database.
pub fn send(
    tx: &mut Tx<'_>,
    doer: &Doer,
    (user, factor, bond): (&User, &Enrolled, &Bond),
    (to, sending): (&Recipient, &Sending),
    env: &Env,
) -> Result<(), Error> {
    let code = factor::new_code(env);
    let life = match to.channel {
        Channel::Email => sending.life.unwrap_or(LIFE),
        Channel::Call | Channel::Sms => LIFE,
    };
    let until = env.now.plus(life);
    tx.put_code((factor, bond), &code, Some(until), env.now)?;
    let org = tx.org_record()?.map(|org| org.name).unwrap_or_default();
    let (kind, message) = match to.channel {
        Channel::Call => (EventType::SendCall, spoken(tx, user, &code, org)?),
        Channel::Email => (EventType::SendEmail, mailed(&code, org, life).message(tx, user)?),
        Channel::Sms => (EventType::SendSms, typed(tx, user, (&code, org), sending)?),
    };
    tx.enqueue_by((to.channel, &to.address), &message, Some(until), env)?;
    tx.record(&doer.success(kind, user, factor), env)
}

/// Queues the code by which somebody comes back. What is kept of it is the caller's affair: it is bound to no factor.
///
/// # Errors
/// Of the database.
pub fn send_recovery(
    tx: &mut Tx<'_>,
    doer: &Doer,
    (user, factor): (&User, &Enrolled),
    (to, recovering): (&Recipient, Recovering),
    code: &Secret<String>,
    env: &Env,
) -> Result<(), Error> {
    let org = tx.org_record()?.map(|org| org.name).unwrap_or_default();
    let is_lock = recovering == Recovering::Unlock;
    let (kind, text) = match (to.channel, is_lock) {
        (Channel::Call, false) => (EventType::RecoveryCall, said(say("mail-reset-call"), code)),
        (Channel::Call, true) => (EventType::UnlockCall, said(say("mail-unlock-call"), code)),
        (Channel::Email | Channel::Sms, false) => (EventType::RecoverySms, written(say("mail-reset-sms"), code)),
        (Channel::Email | Channel::Sms, true) => (EventType::UnlockSms, written(say("mail-unlock-sms"), code)),
    };
    let text = in_their_words(tx, user, &text.with("org", org))?;
    let message = Message { subject: String::new(), text };
    tx.enqueue_by((to.channel, &to.address), &message, Some(env.now.plus(LIFE)), env)?;
    tx.record(&doer.success(kind, user, factor), env)
}

/// A text message: by the text of the organisation's that is asked for, in the translation that its reader prefers.
fn typed(
    tx: &mut Tx<'_>,
    user: &User,
    (code, org): (&Secret<String>, String),
    sending: &Sending,
) -> Result<Message, Error> {
    let found = match &sending.template {
        Some(id) => match id.parse() {
            Ok(id) => tx.sms_template(id)?,
            Err(_) => None,
        },
        None => tx.sms_templates()?.into_iter().next(),
    };
    let text = if let Some(template) = found {
        filled(&translated(&template, &sending.languages), code, &org)
    } else {
        in_their_words(tx, user, &written(say("mail-code-sms"), code).with("org", org))?
    };
    Ok(Message { subject: String::new(), text })
}

/// Words as this person reads or hears them.
fn in_their_words(tx: &mut Tx<'_>, user: &User, text: &Text) -> Result<String, Error> {
    let (organisation, _) = tx.setting()?;
    Ok(text.words(&reader(user, &organisation)))
}

/// The translation of a text that fits best what `Accept-Language` says (RFC 9110, section 12.5.4).
fn translated(template: &SmsTemplate, languages: &str) -> String {
    let mut wanted: Vec<(&str, u16)> = languages
        .split(',')
        .take(20)
        .map(|part| {
            let (tag, weight) = part.split_once(';').unwrap_or((part, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|text| text.parse::<f32>().ok()).unwrap_or(1.0);
            (tag.trim(), thousandths(weight))
        })
        .collect();
    wanted.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let translations = &template.text.translations;
    let fits = |own: &str, tag: &str| own.eq_ignore_ascii_case(tag);
    let of = |tag: &str| translations.iter().find(|(own, _)| fits(own, tag)).map(|(_, text)| text.clone());
    let found = wanted
        .iter()
        .filter(|(tag, weight)| !tag.is_empty() && *weight > 0)
        .find_map(|(tag, _)| of(tag).or_else(|| of(tag.split('-').next().unwrap_or_default())));
    found.unwrap_or_else(|| template.text.template.clone())
}

fn thousandths(weight: f32) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000 by the clamp")]
    let whole = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    whole
}

/// A text with its places filled, each once: what fills one place is not looked at for others.
pub fn filled(template: &str, code: &Secret<String>, org: &str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("${code}") {
            text.push_str(code.expose());
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${org.name}") {
            text.push_str(org);
            rest = after;
        } else {
            text.push_str("${");
            rest = &rest[2..];
        }
    }
    text.push_str(rest);
    text
}

fn mailed(code: &Secret<String>, org: String, life: Duration) -> Mail {
    let minutes = u32::try_from(life.as_secs().div_ceil(60)).unwrap_or(u32::MAX);
    let subject = say("mail-code-subject").with("org", org.clone());
    let text = say("mail-code").with("org", org).with("code", code.expose().clone()).with("minutes", minutes);
    Mail { subject, text }
}

/// What a voice says: each digit by itself, twice.
fn spoken(tx: &mut Tx<'_>, user: &User, code: &Secret<String>, org: String) -> Result<Message, Error> {
    let text = said(say("mail-code-call"), code).with("org", org);
    Ok(Message { subject: String::new(), text: in_their_words(tx, user, &text)? })
}

fn said(text: Text, code: &Secret<String>) -> Text {
    let digits: Vec<String> = code.expose().chars().map(String::from).collect();
    text.with("digits", digits.join(", "))
}

fn written(text: Text, code: &Secret<String>) -> Text {
    text.with("code", code.expose().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_codes::env::TestWorld;
    use postern_codes::{Id, Timestamp};
    use postern_store::sms_templates::SmsText;

    #[test]
    fn a_place_is_filled_once_and_what_fills_it_is_text() {
        let code = Secret::new("123456".to_owned());
        assert_eq!(filled("${code} at ${org.name}", &code, "Acme"), "123456 at Acme");
        assert_eq!(filled("${org.name} ${code} ${other} ${", &code, "${code}"), "${code} 123456 ${other} ${");
    }

    #[test]
    fn a_reader_gets_the_translation_that_they_prefer() {
        let now = Timestamp::from_unix_seconds(0);
        let translations =
            [("de", "German"), ("pt-BR", "Brazilian")].map(|(tag, text)| (tag.to_owned(), text.to_owned()));
        let text = SmsText { name: "x".into(), template: "Other".into(), translations: translations.into() };
        let template = SmsTemplate { id: Id::new(&TestWorld::new().env()), text, created_at: now, updated_at: now };
        for (languages, wanted) in [
            ("de", "German"),
            ("de-AT, en", "German"),
            ("en;q=0.8, pt-br;q=0.9", "Brazilian"),
            ("fr", "Other"),
            ("", "Other"),
            ("de;q=0", "Other"),
            ("fr, de;q=x", "German"),
        ] {
            assert_eq!(translated(&template, languages), wanted, "{languages}");
        }
    }
}
