//! What a policy sets and a rule answers, as fields of a form: each knows where its value stands in the document that the
//! API takes, so that a form says what a request says.

use postern_authn::policy::enroll::EnrollSettings;
use postern_authn::policy::password::PasswordSettings;
use postern_authn::policy::{Actions, PolicyType, Settings};
use serde_json::{Map, Value, json};

use crate::console::form::{Form, number};
use crate::console::part::{Field, Kind};
use crate::console::words::{Text, say, say_of};

/// A block of settings: the key of its heading, and what stands below.
pub type Block = (&'static str, &'static [Setting]);

/// How a setting is asked for.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// 1 for yes, 0 for no.
    Bit,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Whether an authenticator is enrolled; its names in the older form.
    Enrolment(&'static [&'static str]),
    /// Yes, where a list holds this word.
    Holds(&'static str),
    /// A number, both bounds included.
    Number(u32, u32),
    /// A number, or nothing.
    Optional(u32, u32),
    /// Yes or no.
    Switch,
}

/// One setting: its name in forms and catalogues, where it stands in the document, how it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    name: &'static str,
    at: &'static str,
    shape: Shape,
}

impl Setting {
    /// Its name in forms.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its name in catalogues: what is asked alike in several blocks has one.
    fn word(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

const fn setting(name: &'static str, at: &'static str, shape: Shape) -> Setting {
    Setting { name, at, shape }
}

const YES_NO: &[&str] = &["true", "false"];
const ENROLMENTS: &[&str] = &["NOT_ALLOWED", "OPTIONAL", "REQUIRED"];
const MOMENTS: &[&str] = &["CHALLENGE", "LOGIN", "NEVER", "NEVER_INCLUDING_RECOVERY"];
const ACCESS: Shape = Shape::Choice(&["ALLOW", "DENY"]);
const STATUS: Shape = Shape::Choice(&["ACTIVE", "INACTIVE"]);
/// The same of what is off where nothing is said.
const SWITCHED_ON: Shape = Shape::Choice(&["INACTIVE", "ACTIVE"]);
const MINUTES: u32 = 129_600;

const PASSWORD: &[Block] = &[
    (
        "complexity",
        &[
            setting("minLength", "/password/complexity/minLength", Shape::Number(8, 72)),
            setting("common", "/password/complexity/dictionary/common/exclude", Shape::Switch),
            setting("excludeUsername", "/password/complexity/excludeUsername", Shape::Switch),
            setting("firstName", "/password/complexity/excludeAttributes", Shape::Holds("firstName")),
            setting("lastName", "/password/complexity/excludeAttributes", Shape::Holds("lastName")),
            setting("minLowerCase", "/password/complexity/minLowerCase", Shape::Bit),
            setting("minUpperCase", "/password/complexity/minUpperCase", Shape::Bit),
            setting("minNumber", "/password/complexity/minNumber", Shape::Bit),
            setting("minSymbol", "/password/complexity/minSymbol", Shape::Bit),
            setting(
                "maxConsecutiveCharacters",
                "/password/complexity/maxConsecutiveCharacters",
                Shape::Optional(1, 72),
            ),
        ],
    ),
    (
        "age",
        &[
            setting("maxAgeDays", "/password/age/maxAgeDays", Shape::Number(0, 999)),
            setting("expireWarnDays", "/password/age/expireWarnDays", Shape::Number(0, 999)),
            setting("minAgeMinutes", "/password/age/minAgeMinutes", Shape::Number(0, 9_999)),
            setting("historyCount", "/password/age/historyCount", Shape::Number(0, 30)),
        ],
    ),
    (
        "lockout",
        &[
            setting("maxAttempts", "/password/lockout/maxAttempts", Shape::Number(0, 100)),
            setting("autoUnlockMinutes", "/password/lockout/autoUnlockMinutes", Shape::Number(0, MINUTES)),
            setting("showLockoutFailures", "/password/lockout/showLockoutFailures", Shape::Switch),
            setting("lockoutMail", "/password/lockout/userLockoutNotificationChannels", Shape::Holds("EMAIL")),
        ],
    ),
    (
        "recovery",
        &[
            setting("recoveryMail", "/recovery/factors/okta_email/status", STATUS),
            setting(
                "tokenLifetimeMinutes",
                "/recovery/factors/okta_email/properties/recoveryToken/tokenLifetimeMinutes",
                Shape::Number(1, MINUTES),
            ),
            setting("recoverySms", "/recovery/factors/okta_sms/status", SWITCHED_ON),
            setting("recoveryCall", "/recovery/factors/okta_call/status", SWITCHED_ON),
            setting("recoveryQuestion", "/recovery/factors/recovery_question/status", STATUS),
            setting(
                "answerLength",
                "/recovery/factors/recovery_question/properties/complexity/minLength",
                Shape::Number(1, 50),
            ),
        ],
    ),
];

const ENROLL: &[Block] = &[(
    "factors",
    &[
        setting("okta_password", "", Shape::Enrolment(&["okta_password"])),
        setting("google_otp", "", Shape::Enrolment(&["google_otp", "okta_otp"])),
        setting("webauthn", "", Shape::Enrolment(&["fido_webauthn"])),
    ],
)];

const SIGN_ON_ACTIONS: &[Block] = &[
    (
        "access",
        &[
            setting("access", "/signon/access", ACCESS),
            setting("requireFactor", "/signon/requireFactor", Shape::Switch),
            setting("factorPromptMode", "/signon/factorPromptMode", Shape::Choice(&["ALWAYS", "SESSION", "DEVICE"])),
            setting("factorLifetime", "/signon/factorLifetime", Shape::Optional(1, MINUTES)),
            setting("rememberDeviceByDefault", "/signon/rememberDeviceByDefault", Shape::Switch),
        ],
    ),
    (
        "session",
        &[
            setting("maxSessionIdleMinutes", "/signon/session/maxSessionIdleMinutes", Shape::Number(1, MINUTES)),
            setting(
                "maxSessionLifetimeMinutes",
                "/signon/session/maxSessionLifetimeMinutes",
                Shape::Number(0, MINUTES),
            ),
            setting("usePersistentCookie", "/signon/session/usePersistentCookie", Shape::Switch),
        ],
    ),
];

const PASSWORD_ACTIONS: &[Block] = &[(
    "self",
    &[
        setting("passwordChange", "/passwordChange/access", ACCESS),
        setting("selfServicePasswordReset", "/selfServicePasswordReset/access", ACCESS),
        setting("selfServiceUnlock", "/selfServiceUnlock/access", ACCESS),
    ],
)];

/// What an action in a recovery case needs: its block, and the fields of it, which have the same names in each.
macro_rules! needs {
    ($($action:literal: $($kind:literal)*;)*) => {
        &[
            (
                "cases",
                &[
                    setting("numberAgeingDays", "/recovery/numberAgeingDays", Shape::Number(1, 90)),
                    setting("afterReset", "/recovery/afterReset", Shape::Choice(&["TICKET", "PASSWORD_ONLY"])),
                    setting("enrolmentDeadlineHours", "/recovery/enrolmentDeadlineHours", Shape::Number(1, 168)),
                    setting("codesTo", "/recovery/codesTo", Shape::Choice(&["TICKET", "AGENT"])),
                ],
            ),
            $((
                $action,
                &[
                    setting(
                        concat!($action, ".evidence"),
                        concat!("/recovery/actions/", $action, "/evidence"),
                        Shape::Number(1, 3),
                    ),
                    setting(
                        concat!($action, ".approvals"),
                        concat!("/recovery/actions/", $action, "/approvals"),
                        Shape::Number(0, 3),
                    ),
                    setting(
                        concat!($action, ".waitMinutes"),
                        concat!("/recovery/actions/", $action, "/waitMinutes"),
                        Shape::Number(0, 10_080),
                    ),
                    $(setting(
                        concat!($action, ".", $kind),
                        concat!("/recovery/actions/", $action, "/from"),
                        Shape::Holds($kind),
                    ),)*
                ],
            ),)*
        ]
    };
    ($($action:literal)*) => {
        needs! { $($action: "OTHER_FACTOR" "FEDERATED" "IN_PERSON" "MANAGER" "VIDEO_CALL" "CALL_BACK" "TICKET";)* }
    };
}

const RECOVERY_ACTIONS: &[Block] =
    needs! { "RECOVERY_PIN" "RESET_FACTOR" "RESET_FACTORS" "GENERATE_CODES" "TEMPORARY_PASSWORD" };

const ENROLL_ACTIONS: &[Block] = &[("moment", &[setting("moment", "/enroll/self", Shape::Choice(MOMENTS))])];

/// What a policy of this type sets.
pub const fn of_policy(kind: PolicyType) -> &'static [Block] {
    match kind {
        PolicyType::MfaEnroll => ENROLL,
        PolicyType::OktaSignOn | PolicyType::Recovery => &[],
        PolicyType::Password => PASSWORD,
    }
}

/// What a rule of this type answers.
pub const fn of_rule(kind: PolicyType) -> &'static [Block] {
    match kind {
        PolicyType::MfaEnroll => ENROLL_ACTIONS,
        PolicyType::OktaSignOn => SIGN_ON_ACTIONS,
        PolicyType::Password => PASSWORD_ACTIONS,
        PolicyType::Recovery => RECOVERY_ACTIONS,
    }
}

/// What a new policy sets.
pub fn new_settings(kind: PolicyType) -> Value {
    match kind {
        PolicyType::MfaEnroll => json!(Settings::MfaEnroll(EnrollSettings::default())),
        PolicyType::OktaSignOn | PolicyType::Recovery => Value::Null,
        PolicyType::Password => json!(Settings::Password(PasswordSettings::default())),
    }
}

/// What a new rule answers.
pub fn new_actions(kind: PolicyType) -> Value {
    use postern_authn::policy::{enroll, password, recovery, sign_on};
    match kind {
        PolicyType::MfaEnroll => json!(Actions::MfaEnroll(enroll::EnrollActions::default())),
        PolicyType::OktaSignOn => {
            json!(Actions::OktaSignOn(sign_on::SignOnActions { signon: sign_on::SignOn::ours() }))
        }
        PolicyType::Password => json!(Actions::Password(password::PasswordActions::ours())),
        PolicyType::Recovery => json!(Actions::Recovery(recovery::RecoveryActions::default())),
    }
}

/// A block of fields with their heading.
pub struct Fields {
    /// Its heading.
    pub heading: Text,
    /// A sentence below it.
    pub about: Text,
    /// The fields.
    pub fields: Vec<Field>,
}

impl Fields {
    /// What the fields hold, as a reader would say it.
    pub fn facts(&self) -> Vec<(Text, Text)> {
        self.fields.iter().map(|field| (field.label.clone(), shown(field))).collect()
    }
}

fn shown(field: &Field) -> Text {
    if field.value.is_empty() { say("policies-no-limit") } else { field.in_words() }
}

/// The fields of these settings with what `value` says of each.
pub fn fields(blocks: &[Block], value: impl Fn(&Setting) -> String) -> Vec<Fields> {
    let field = |setting: &Setting| {
        let choice = |words: &[&str]| {
            Kind::Choice(words.iter().map(|word| ((*word).to_owned(), say_of("policies-choice", word))).collect())
        };
        let kind = match setting.shape {
            Shape::Bit | Shape::Holds(_) | Shape::Switch => choice(YES_NO),
            Shape::Choice(words) => choice(words),
            Shape::Enrolment(_) => choice(ENROLMENTS),
            Shape::Number(least, most) | Shape::Optional(least, most) => Kind::Number(least, most),
        };
        let field = Field::new(setting.name, say_of("policies-setting", setting.word()), kind)
            .hint(say_of("policies-hint", setting.word()))
            .holding(value(setting));
        if matches!(setting.shape, Shape::Optional(..)) { field.optional() } else { field }
    };
    let block = |(name, settings): &Block| Fields {
        heading: say_of("policies-block", name),
        about: say_of("policies-about", name),
        fields: settings.iter().map(field).collect(),
    };
    blocks.iter().map(block).collect()
}

/// What a document says of a setting, as its field holds it.
pub fn held(document: &Value, setting: &Setting) -> String {
    let value = document.pointer(setting.at).unwrap_or(&Value::Null);
    match setting.shape {
        Shape::Bit => (value.as_u64() == Some(1)).to_string(),
        Shape::Choice(words) => value.as_str().or_else(|| words.first().copied()).unwrap_or_default().to_owned(),
        Shape::Enrolment(older) => enrolment(document, setting.name, older).to_owned(),
        Shape::Holds(word) => value.as_array().is_some_and(|list| list.iter().any(|one| one == word)).to_string(),
        Shape::Number(..) | Shape::Optional(..) => value.as_u64().map_or_else(String::new, |number| number.to_string()),
        Shape::Switch => value.as_bool().unwrap_or_default().to_string(),
    }
}

/// Puts what was typed into a document; the names of the fields that cannot be so.
pub fn put(document: &mut Value, blocks: &[Block], form: &Form) -> Vec<(&'static str, Text)> {
    let mut wrong = Vec::new();
    for setting in blocks.iter().flat_map(|(_, settings)| *settings) {
        let typed = form.text(setting.name);
        match parsed(setting, typed) {
            Ok(value) => place(document, setting, value),
            Err(why) => wrong.push((setting.name, why)),
        }
    }
    wrong
}

fn parsed(setting: &Setting, typed: &str) -> Result<Value, Text> {
    let is_one_of = |words: &[&str]| words.contains(&typed).then(|| Value::from(typed));
    match setting.shape {
        Shape::Bit => typed.parse::<bool>().map(|yes| u32::from(yes).into()).map_err(|_| say("policies-choose")),
        Shape::Choice(words) => is_one_of(words).ok_or_else(|| say("policies-choose")),
        Shape::Enrolment(_) => is_one_of(ENROLMENTS).ok_or_else(|| say("policies-choose")),
        Shape::Holds(_) | Shape::Switch => typed.parse::<bool>().map(Value::from).map_err(|_| say("policies-choose")),
        Shape::Optional(..) if typed.is_empty() => Ok(Value::Null),
        Shape::Number(least, most) | Shape::Optional(least, most) => number(typed, &(least..=most)).map(Value::from),
    }
}

fn place(document: &mut Value, setting: &Setting, value: Value) {
    match setting.shape {
        // What is off where nothing is said need not be said.
        Shape::Choice(_) if value == "INACTIVE" && document.pointer(setting.at).is_none() => {}
        Shape::Enrolment(older) => place_enrolment(document, (setting.name, older), &value),
        Shape::Holds(word) => {
            let list = at(document, setting.at);
            let mut words: Vec<Value> = list.as_array().cloned().unwrap_or_default();
            words.retain(|one| one != word);
            if value == true {
                words.push(word.into());
            }
            *list = words.into();
        }
        Shape::Bit | Shape::Choice(_) | Shape::Number(..) | Shape::Optional(..) | Shape::Switch => {
            *at(document, setting.at) = value;
        }
    }
}

/// The place in a document, made where it is not there.
fn at<'d>(document: &'d mut Value, pointer: &str) -> &'d mut Value {
    pointer.split('/').skip(1).fold(document, |value, member| {
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        &mut value[member]
    })
}

fn enrolment<'d>(document: &'d Value, name: &str, older: &[&str]) -> &'d str {
    let newer = document["authenticators"].as_array().into_iter().flatten().filter(|one| one["key"] == name);
    let older = older.iter().map(|name| &document["factors"][*name]).filter(|one| one.is_object());
    let found: Vec<_> = newer.chain(older).filter_map(|one| one["enroll"]["self"].as_str()).collect();
    // Where the older form does not speak of passwords, people have one.
    if found.is_empty() && name == "okta_password" && document["factors"].is_object() {
        return "REQUIRED";
    }
    found.into_iter().max_by_key(|word| ENROLMENTS.iter().position(|own| own == word)).unwrap_or("NOT_ALLOWED")
}

/// In the form that the document has: only what the form asks for changes.
fn place_enrolment(document: &mut Value, (name, older): (&str, &[&str]), value: &Value) {
    let enrolled = json!({ "self": value });
    if let Some(factors) = document.get_mut("factors").and_then(Value::as_object_mut) {
        for name in older.iter().filter(|name| **name == older[0] || factors.contains_key(**name)).collect::<Vec<_>>() {
            factors.entry(*name).or_insert_with(|| json!({}))["enroll"] = enrolled.clone();
        }
        return;
    }
    let Some(list) = document.get_mut("authenticators").and_then(Value::as_array_mut) else {
        *document = json!({ "type": "AUTHENTICATORS", "authenticators": [{ "key": name, "enroll": enrolled }] });
        return;
    };
    match list.iter_mut().find(|one| one["key"] == name) {
        Some(one) => one["enroll"] = enrolled,
        None => list.push(json!({ "key": name, "enroll": enrolled })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(document: &Value, blocks: &[Block]) -> Form {
        let mut body = form_urlencoded::Serializer::new(String::new());
        for setting in blocks.iter().flat_map(|(_, settings)| *settings) {
            body.append_pair(setting.name, &held(document, setting));
        }
        Form::read(body.finish().as_bytes()).unwrap()
    }

    #[test]
    fn a_form_that_nobody_touched_says_what_the_document_said() {
        for kind in PolicyType::ALL {
            let (settings, actions) = (new_settings(*kind), new_actions(*kind));
            let mut after = settings.clone();
            assert!(put(&mut after, of_policy(*kind), &form(&settings, of_policy(*kind))).is_empty());
            assert_eq!(Settings::read(*kind, &after), Settings::read(*kind, &settings));
            let mut after = actions.clone();
            assert!(put(&mut after, of_rule(*kind), &form(&actions, of_rule(*kind))).is_empty());
            assert_eq!(Actions::read(*kind, &after), Actions::read(*kind, &actions));
        }
    }

    #[test]
    fn the_older_form_of_an_enrolment_policy_stays_one() {
        let document = json!({ "type": "FACTORS", "factors": { "okta_otp": { "enroll": { "self": "REQUIRED" } } } });
        let mut after = document.clone();
        assert!(put(&mut after, ENROLL, &form(&document, ENROLL)).is_empty());
        let settings = Settings::read(PolicyType::MfaEnroll, &after).unwrap();
        let before = Settings::read(PolicyType::MfaEnroll, &document).unwrap();
        let totp = postern_authn::factor::Kind::Totp;
        let of = |settings: &Settings| settings.enroll().map(|enroll| (enroll.of(totp), enroll.password()));
        assert_eq!(of(&settings), of(&before));
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let document = new_settings(PolicyType::Password);
        let body = "minLength=7&maxAgeDays=x&common=maybe";
        let wrong = put(&mut document.clone(), PASSWORD, &Form::read(body.as_bytes()).unwrap());
        let names: Vec<_> = wrong.iter().map(|(name, _)| *name).collect();
        assert!(["minLength", "maxAgeDays", "common"].iter().all(|name| names.contains(name)), "{names:?}");
    }

    #[test]
    fn every_action_of_a_case_that_gives_access_has_its_fields_and_every_type_of_evidence_is_one() {
        use postern_authn::recovery::action::Action;
        use postern_authn::recovery::evidence::Kind as Evidence;
        for action in Action::ALL.iter().filter(|action| action.gives_access()) {
            let (_, settings) = RECOVERY_ACTIONS.iter().find(|(name, _)| *name == action.as_str()).unwrap();
            for kind in Evidence::ALL {
                let name = format!("{action}.{kind}");
                assert!(settings.iter().any(|setting| setting.name == name), "{name}");
            }
        }
        let document = new_actions(PolicyType::Recovery);
        let ageing = RECOVERY_ACTIONS[0].1[0];
        assert_eq!(held(&document, &ageing), "7");
    }
}
