//! A transaction as programs read it: one place for every state, with links to what can be done next and to nothing else.

use axum::http::StatusCode;
use postern_authn::factor::{Channel, Enrolled, Kind};
use postern_authn::policy::password::PasswordSettings;
use postern_authn::sign_in::{PATIENCE, Place, Recovering, Wishes};
use postern_authn::user::User;
use postern_codes::{Secret, Timestamp};
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::error::ApiError;
use crate::api::factors;
use crate::api::hal;
use crate::factors::{Begun, Pairing};
use crate::sign_in::check::Checked;
use crate::sign_in::view::{Choice, Known, View};
use crate::sign_in::{Granted, Recovered};

/// What is shown once, right after the step that made it.
#[derive(Default)]
pub struct Extra {
    asked: Option<Value>,
    begun: Option<Begun>,
}

impl Extra {
    /// What a device is asked.
    pub fn asked(asked: Option<Value>) -> Self {
        Self { asked, begun: None }
    }

    /// What pairs a factor.
    pub fn begun(begun: Option<Begun>) -> Self {
        Self { asked: None, begun }
    }
}

/// A transaction under way.
pub fn transaction(app: &App, token: &Secret<String>, view: &View, extra: &Extra) -> Value {
    let mut shown = Shown::new(app);
    match (view.asking.place(), &view.known) {
        (Place::Code(recovering, code), None) => shown.code(recovering, code.by),
        (Place::Proof(_), None) => shown.first(view),
        (Place::Unnamed, None) => {
            shown.status("UNAUTHENTICATED");
            shown.named("next", "authenticate", "");
        }
        (place, Some(known)) => shown.place(place, view, (known, extra)),
        // Nothing else is asked of somebody who has proved nothing.
        (_, None) => {}
    }
    if let Some(known) = &view.known {
        let mut user = user(&known.user);
        if let (Place::Question(_), Some(question)) = (view.asking.place(), &known.user.recovery_question) {
            user["recovery_question"] = json!({ "question": question });
        }
        shown.embed("user", user);
    }
    shown.link("cancel", "/cancel");
    let mut transaction = shown.into_value();
    transaction["stateToken"] = token.expose().as_str().into();
    transaction["expiresAt"] = hal::time(view.until).into();
    wished(transaction, view.asking.wishes())
}

/// A transaction that is done.
pub fn success(granted: &Granted) -> Value {
    let transaction = json!({
        "status": "SUCCESS",
        "sessionToken": granted.right.expose(),
        "expiresAt": hal::time(granted.until),
        "_embedded": { "user": user(&granted.user) },
    });
    wished(transaction, &granted.wishes)
}

/// A transaction in which a factor was proved to a program, and that opens no session.
pub fn checked(checked: &Checked) -> Value {
    wished(json!({ "status": "SUCCESS", "_embedded": { "user": user(&checked.user) } }), &checked.wishes)
}

/// A transaction that ends with what somebody without a password came for, and opens no session.
pub fn recovered(recovered: &Recovered) -> Value {
    let transaction = json!({
        "status": "SUCCESS",
        "recoveryType": recovery_type(recovered.recovering),
        "_embedded": { "user": user(&recovered.user) },
    });
    relay(transaction, recovered.relay_state.as_deref())
}

/// Somebody whose policy says openly that they are locked out.
pub fn locked_out(app: &App, may_unlock: bool, relay_state: Option<&str>) -> Value {
    let mut shown = Shown::new(app);
    shown.status("LOCKED_OUT");
    if may_unlock {
        shown.named("next", "unlock", "/recovery/unlock");
    }
    relay(shown.into_value(), relay_state)
}

/// A link is on its way, if anybody has that name.
pub fn link_sent(recovering: Recovering, relay_state: Option<&str>) -> Value {
    let sent = json!({
        "status": "RECOVERY_CHALLENGE",
        "factorResult": "WAITING",
        "factorType": "EMAIL",
        "recoveryType": recovery_type(recovering),
    });
    relay(sent, relay_state)
}

/// The right to come for this, for a program that hands it on.
pub fn recovery_token(
    app: &App,
    (recovering, token): (Recovering, &Secret<String>),
    relay_state: Option<&str>,
) -> Value {
    let mut shown = Shown::new(app);
    shown.status("RECOVERY");
    shown.member("recoveryType", recovery_type(recovering));
    shown.member("recoveryToken", token.expose());
    shown.named("next", "recovery", "/recovery/token");
    relay(shown.into_value(), relay_state)
}

/// A code that is wrong, whatever it is a code of.
pub fn wrong_code() -> ApiError {
    let cause = "Your passcode doesn't match our records. Please try again.";
    ApiError::new(StatusCode::FORBIDDEN, "E0000068", "Invalid Passcode/Answer").cause(cause)
}

/// A question that may be chosen.
pub fn question((key, text): &(&str, &str)) -> Value {
    json!({ "question": key, "questionText": text })
}

/// With what the program wants back, and what it has somebody step up for.
fn wished(mut transaction: Value, wishes: &Wishes) -> Value {
    if let Some(audience) = &wishes.audience {
        transaction["type"] = "SESSION_STEP_UP".into();
        transaction["_embedded"]["target"] = json!({ "type": "APP", "name": audience, "label": audience });
    }
    relay(transaction, wishes.relay_state.as_deref())
}

fn relay(mut transaction: Value, relay_state: Option<&str>) -> Value {
    if let Some(relay_state) = relay_state {
        transaction["relayState"] = relay_state.into();
    }
    transaction
}

/// Somebody who signs in.
pub fn user(user: &User) -> Value {
    let further = |member: &str, otherwise: &str| {
        user.profile.further.get(member).and_then(Value::as_str).unwrap_or(otherwise).to_owned()
    };
    let mut shown = json!({
        "id": user.id,
        "profile": {
            "login": user.login.as_str(),
            "firstName": user.profile.first_name,
            "lastName": user.profile.last_name,
            "locale": further("locale", "en_US"),
            "timeZone": further("timezone", "America/Los_Angeles"),
        },
    });
    if let Some(at) = user.password_changed_at {
        shown["passwordChanged"] = hal::time(at).into();
    }
    shown
}

/// What a password must be like, and when it ends.
pub fn password_policy(policy: &PasswordSettings, user: &User, now: Timestamp) -> Value {
    let rules = &policy.password;
    let ends = user.password_changed_at.and_then(|at| rules.age.expires_at(at));
    let days = ends.filter(|at| now < *at).map_or(0, |at| at.since(now).as_secs() / 86_400);
    let mut complexity = serde_json::to_value(&rules.complexity).unwrap_or_default();
    if let Some(members) = complexity.as_object_mut() {
        members.remove("dictionary");
    }
    json!({
        "expiration": { "passwordExpireDays": days },
        "complexity": complexity,
        "age": { "minAgeMinutes": rules.age.min_age_minutes, "historyCount": rules.age.history_count },
    })
}

/// A transaction that is being put together.
struct Shown<'a> {
    app: &'a App,
    members: Map<String, Value>,
    embedded: Map<String, Value>,
    links: Map<String, Value>,
}

impl<'a> Shown<'a> {
    fn new(app: &'a App) -> Self {
        Self { app, members: Map::new(), embedded: Map::new(), links: Map::new() }
    }

    fn into_value(self) -> Value {
        let mut shown = Value::Object(self.members);
        shown["_embedded"] = Value::Object(self.embedded);
        shown["_links"] = Value::Object(self.links);
        shown
    }

    /// Before anybody has proved anything: the same for every name, by types and not by factors.
    fn first(&mut self, view: &View) {
        self.status("MFA_REQUIRED");
        let is_password = view.asking.takes(&postern_authn::factor::PASSWORD);
        let kind = if is_password { "password" } else { Kind::Totp.as_str() };
        let verify = self.href("POST", &format!("/factors/{kind}/verify"));
        let factor = json!({
            "id": kind, "factorType": kind, "provider": "OKTA", "vendorName": "OKTA", "profile": {},
            "_links": { "verify": verify },
        });
        self.embed("factors", json!([factor]));
    }

    /// While a code is awaited: the same for every name.
    fn code(&mut self, recovering: Recovering, by: Channel) {
        let name = by.as_str().to_lowercase();
        self.status("RECOVERY_CHALLENGE");
        self.member("factorType", by.as_str());
        self.member("recoveryType", recovery_type(recovering));
        self.named("next", "verify", &format!("/recovery/factors/{name}/verify"));
        let mut link = self.href("POST", &format!("/recovery/factors/{name}/resend"));
        link["name"] = name.into();
        self.links.insert("resend".to_owned(), json!([link]));
    }

    fn place(&mut self, place: Place, view: &View, (known, extra): (&Known, &Extra)) {
        match place {
            Place::Proof(wanted) if wanted.is_met_by(&postern_authn::factor::PASSWORD) => self.first(view),
            Place::Proof(_) => {
                self.status("MFA_REQUIRED");
                let factors = self.verifiable(view, known);
                self.embed("factors", factors);
                self.embed("policy", mfa_policy(view, known));
            }
            Place::Code(recovering, code) => self.code(recovering, code.by),
            // Nobody is known at it.
            Place::Unnamed => {}
            Place::Challenged(_, id) => {
                self.status("MFA_CHALLENGE");
                self.member("challengeType", "FACTOR");
                let found = known.usable.iter().find(|factor| factor.id == id);
                if let Some(factor) = found {
                    self.challenged(factor, extra);
                }
                self.embed("policy", mfa_policy(view, known));
            }
            Place::ChallengedKind(_, kind) => {
                self.status("MFA_CHALLENGE");
                self.member("challengeType", "FACTOR_TYPE");
                self.member("factorType", kind.as_str());
                let keys = known.usable.iter().filter(|factor| factor.kind == kind);
                self.embed("factors", keys.map(brief).collect());
                if let Some(asked) = &extra.asked {
                    self.embed("challenge", challenge(asked));
                }
                self.named("next", "verify", &format!("/factors/{}/verify", kind.as_str()));
                self.link("prev", "/previous");
                self.embed("policy", mfa_policy(view, known));
            }
            Place::Enrol => {
                self.status("MFA_ENROLL");
                let choices = known.choices.iter().map(|choice| self.choice(choice, known)).collect();
                self.embed("factors", choices);
                self.embed("policy", mfa_policy(view, known));
                if known.may_skip {
                    self.named("skip", "skip", "/skip");
                }
            }
            Place::Enrolling(id) => {
                self.status("MFA_ENROLL_ACTIVATE");
                if let Some(factor) = known.begun.iter().find(|factor| factor.id == id) {
                    self.enrolling(factor, (known, extra));
                }
            }
            Place::Question(recovering) => {
                self.status("RECOVERY");
                self.member("recoveryType", recovery_type(recovering));
                self.named("next", "answer", "/recovery/answer");
            }
            Place::PasswordReset(recovering) => {
                self.status("PASSWORD_RESET");
                self.member("recoveryType", recovery_type(recovering));
                let now = view.until.minus(PATIENCE);
                self.embed("policy", password_policy(&known.password, &known.user, now));
                self.named("next", "resetPassword", "/credentials/reset_password");
            }
            Place::PasswordExpired | Place::PasswordWarn => {
                let is_over = place == Place::PasswordExpired;
                self.status(if is_over { "PASSWORD_EXPIRED" } else { "PASSWORD_WARN" });
                let now = view.until.minus(PATIENCE);
                self.embed("policy", password_policy(&known.password, &known.user, now));
                self.named("next", "changePassword", "/credentials/change_password");
                if !is_over {
                    self.named("skip", "skip", "/skip");
                }
            }
        }
    }

    /// The factors that could prove what is wanted. Codes on paper and tickets are no factors of the API: where there is
    /// no app beside them, they are typed where its code would be.
    fn verifiable(&self, view: &View, known: &Known) -> Value {
        let fits = |factor: &&Enrolled| view.asking.takes(&factor.traits());
        let is_listed = |factor: &&Enrolled| factor.kind.factor().is_listed();
        let with_link = |factor: &Enrolled| {
            let mut shown = brief(factor);
            shown["_links"] = json!({ "verify": self.href("POST", &format!("/factors/{}/verify", factor.id)) });
            shown
        };
        let mut factors: Vec<Value> = known.usable.iter().filter(fits).filter(is_listed).map(with_link).collect();
        let has = |kind| known.usable.iter().any(|factor| factor.kind == kind);
        if (has(Kind::BackupCodes) || has(Kind::EnrolmentTicket)) && !has(Kind::Totp) && !has(Kind::Hotp) {
            let kind = Kind::Totp.as_str();
            factors.push(json!({
                "id": kind, "factorType": kind, "provider": "OKTA", "vendorName": "OKTA", "profile": {},
                "_links": { "verify": self.href("POST", &format!("/factors/{kind}/verify")) },
            }));
        }
        factors.into()
    }

    fn challenged(&mut self, factor: &Enrolled, extra: &Extra) {
        let path = format!("/factors/{}/verify", factor.id);
        let mut shown = brief(factor);
        if let Some(asked) = &extra.asked {
            shown["_embedded"] = json!({ "challenge": challenge(asked) });
        }
        self.member("factorResult", "CHALLENGE");
        self.member("factorType", factor.kind.as_str());
        self.embed("factor", shown);
        self.named("next", "verify", &path);
        self.link("prev", "/previous");
        self.resend(factor, &format!("{path}/resend"));
    }

    fn choice(&self, choice: &Choice, known: &Known) -> Value {
        let is_own = |factor: &&Enrolled| factor.kind == choice.kind && factor.provider == choice.provider.name;
        let held = known.usable.iter().find(is_own);
        let mut shown = json!({
            "factorType": choice.kind.as_str(),
            "provider": choice.provider.name,
            "vendorName": choice.provider.name,
            "status": if choice.is_held { "ACTIVE" } else { "NOT_SETUP" },
            "enrollment": if choice.is_required { "REQUIRED" } else { "OPTIONAL" },
            "_links": {},
        });
        if let Some(held) = held {
            shown["id"] = held.id.as_str().into();
            shown["profile"] = choice.kind.factor().masked(&held.profile);
        }
        if held.is_none() || choice.kind.factor().may_be_several() {
            shown["_links"]["enroll"] = self.href("POST", "/factors");
        }
        if choice.kind == Kind::Question {
            shown["_links"]["questions"] = self.href("GET", "/factors/questions");
        }
        let phones = known.usable.iter().chain(&known.begun).filter(is_own);
        let phones: Vec<Value> = phones
            .filter(|factor| factor.profile.get("phoneNumber").is_some())
            .map(|factor| {
                let profile = factor.kind.factor().masked(&factor.profile);
                json!({ "id": factor.id, "profile": profile, "status": factor.status.as_str() })
            })
            .collect();
        if !phones.is_empty() {
            shown["_embedded"] = json!({ "phones": phones });
        }
        shown
    }

    fn enrolling(&mut self, factor: &Enrolled, (known, extra): (&Known, &Extra)) {
        let path = format!("/factors/{}/lifecycle", factor.id);
        let mut shown = brief(factor);
        shown["status"] = factor.status.as_str().into();
        // What an app takes is shown again to whoever resumes; a device is asked anew.
        let again = || {
            let is_app = factor.kind == Kind::Totp;
            is_app.then(|| self.app.store.keyring().open(&factor.secret).ok()).flatten().map(Pairing::App)
        };
        let begun = extra.begun.as_ref().and_then(|begun| begun.pairing.as_ref());
        let again = if begun.is_none() { again() } else { None };
        if let Some(pairing) = begun.or(again.as_ref()) {
            let activation = factors::activation(self.app, &known.user, factor, pairing);
            shown["_embedded"] = json!({ "activation": activation });
        }
        self.member("factorResult", "WAITING");
        self.member("factorType", factor.kind.as_str());
        self.embed("factor", shown);
        self.named("next", "activate", &format!("{path}/activate"));
        self.link("prev", "/previous");
        self.resend(factor, &format!("{path}/resend"));
    }

    fn resend(&mut self, factor: &Enrolled, path: &str) {
        let name = match factor.kind.factor().channel() {
            Some(Channel::Call) => "call",
            Some(Channel::Email) => "email",
            Some(Channel::Sms) => "sms",
            None => return,
        };
        let mut link = self.href("POST", path);
        link["name"] = name.into();
        self.links.insert("resend".to_owned(), json!([link]));
    }

    fn status(&mut self, status: &str) {
        self.member("status", status);
    }

    fn member(&mut self, name: &str, value: &str) {
        self.members.insert(name.to_owned(), value.into());
    }

    fn embed(&mut self, name: &str, value: Value) {
        self.embedded.insert(name.to_owned(), value);
    }

    fn link(&mut self, name: &str, path: &str) {
        let link = self.href("POST", path);
        self.links.insert(name.to_owned(), link);
    }

    /// A link that says what it leads to, which clients call by that.
    fn named(&mut self, relation: &str, name: &str, path: &str) {
        let mut link = self.href("POST", path);
        link["name"] = name.into();
        self.links.insert(relation.to_owned(), link);
    }

    fn href(&self, method: &str, path: &str) -> Value {
        let href = format!("{}/api/v1/authn{path}", self.app.config.public_url.first());
        json!({ "href": href, "hints": { "allow": [method] } })
    }
}

fn brief(factor: &Enrolled) -> Value {
    json!({
        "id": factor.id,
        "factorType": factor.kind.as_str(),
        "provider": factor.provider,
        "vendorName": factor.provider,
        "profile": factor.kind.factor().masked(&factor.profile),
    })
}

/// Whether the device may be remembered; by a program of the organisation's own alone.
fn mfa_policy(view: &View, known: &Known) -> Value {
    let lasts = known.ruling.remembered_for().filter(|_| view.asking.wishes().is_trusted);
    json!({
        "allowRememberDevice": lasts.is_some(),
        "rememberDeviceByDefault": lasts.is_some() && known.ruling.remembers_by_default(),
        "rememberDeviceLifetimeInMinutes": lasts.map_or(0, |lasts| lasts.as_secs() / 60),
        "factorsPolicyInfo": {},
    })
}

const fn recovery_type(recovering: Recovering) -> &'static str {
    match recovering {
        Recovering::Activation => "ACCOUNT_ACTIVATION",
        Recovering::Password => "PASSWORD",
        Recovering::Unlock => "UNLOCK",
    }
}

/// What a security key is asked, in the API's members.
fn challenge(asked: &Value) -> Value {
    let asked = &asked["publicKey"];
    let extensions = asked.get("extensions").cloned().unwrap_or_else(|| json!({}));
    json!({
        "challenge": asked["challenge"],
        "userVerification": asked["userVerification"],
        "rpId": asked["rpId"],
        "extensions": extensions,
    })
}
