//! How a factor reads: the API's object, its links by what is possible now, and what is shown once.

use postern_authn::factor::{Channel, Enrolled, Kind, Provider, Status};
use postern_authn::policy::enroll::Enrolment;
use postern_authn::user::User;
use postern_codes::otp;
use serde_json::{Value, json};

use super::qr;
use crate::App;
use crate::api::hal;
use crate::factors::{Begun, Pairing};

/// A factor, with its links.
pub fn factor(app: &App, user: &User, factor: &Enrolled) -> Value {
    json!({
        "id": factor.id,
        "factorType": factor.kind.as_str(),
        "provider": factor.provider,
        "vendorName": factor.provider,
        "status": factor.status.as_str(),
        "created": hal::time(factor.created_at),
        "lastUpdated": hal::time(factor.updated_at),
        "profile": factor.kind.factor().shown(&factor.profile),
        "_links": links(app, user, factor),
    })
}

/// What can be done with a factor now.
pub fn links(app: &App, user: &User, factor: &Enrolled) -> Value {
    let base = app.config.public_url.first();
    let own = format!("{base}/api/v1/users/{}", user.id);
    let path = format!("{own}/factors/{}", factor.id);
    let link = |href: &str, allow: &[&str]| json!({ "href": href, "hints": { "allow": allow } });
    let mut links = json!({ "self": link(&path, &["GET", "DELETE"]), "user": link(&own, &["GET"]) });
    match factor.status {
        Status::Active => links["verify"] = link(&format!("{path}/verify"), &["POST"]),
        Status::PendingActivation => {
            links["activate"] = link(&format!("{path}/lifecycle/activate"), &["POST"]);
            if let Some(channel) = factor.kind.factor().channel() {
                let mut resend = link(&format!("{path}/resend"), &["POST"]);
                resend["name"] = channel_name(channel).into();
                links["resend"] = resend;
            }
        }
    }
    if factor.kind == Kind::Question {
        links["questions"] = link(&format!("{own}/factors/questions"), &["GET"]);
    }
    links
}

const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Call => "call",
        Channel::Email => "email",
        Channel::Sms => "sms",
    }
}

/// A factor that begins: with what its owner needs for the first answer.
pub fn begun(app: &App, user: &User, begun: &Begun) -> Value {
    let mut shown = factor(app, user, &begun.factor);
    if let Some(pairing) = &begun.pairing {
        shown["_embedded"] = json!({ "activation": activation(app, user, &begun.factor, pairing) });
    }
    shown
}

/// What is shown once.
pub fn activation(app: &App, user: &User, factor: &Enrolled, pairing: &Pairing) -> Value {
    match pairing {
        Pairing::App(secret) => json!({
            "timeStep": 30,
            "sharedSecret": otp::base32(secret).expose(),
            "encoding": "base32",
            "keyLength": 6,
            "factorResult": "WAITING",
            "_links": { "qrcode": { "href": qr::address(app, user, factor), "type": "image/png" } },
        }),
        Pairing::Device(options) => options["publicKey"].clone(),
    }
}

/// A factor that may be enrolled, or is.
pub fn entry(
    app: &App,
    user: &User,
    (kind, provider, enrolment): (Kind, &Provider, Enrolment),
    held: &[Enrolled],
) -> Value {
    let own = |factor: &&Enrolled| factor.kind == kind && factor.provider == provider.name;
    let status = held.iter().filter(own).map(|factor| factor.status).min_by_key(|status| *status != Status::Active);
    let base = format!("{}/api/v1/users/{}/factors", app.config.public_url.first(), user.id);
    let link = |href: String, allow: &str| json!({ "href": href, "hints": { "allow": [allow] } });
    let mut shown = json!({
        "factorType": kind.as_str(),
        "provider": provider.name,
        "vendorName": provider.name,
        "status": status.map_or("NOT_SETUP", Status::as_str),
        "enrollment": if enrolment == Enrolment::Required { "REQUIRED" } else { "OPTIONAL" },
        "_links": { "enroll": link(base.clone(), "POST") },
    });
    if kind == Kind::Question {
        shown["_links"]["questions"] = link(format!("{base}/questions"), "GET");
    }
    let phones: Vec<Value> = held
        .iter()
        .filter(own)
        .filter(|factor| factor.profile.get("phoneNumber").is_some())
        .map(|factor| json!({ "id": factor.id, "profile": factor.profile, "status": factor.status.as_str() }))
        .collect();
    if !phones.is_empty() {
        shown["_embedded"] = json!({ "phones": phones });
    }
    shown
}
