//! What a policy of type `MFA_ENROLL` sets: which factors may and must be enrolled. It has two forms, an older one by
//! factors and a newer one by authenticators; a policy has one of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::BadDocument;
use crate::factor::Kind;

/// The names of the older form.
pub const FACTORS: &[&str] = &[
    "custom_hotp",
    "custom_otp",
    "duo",
    "fido_u2f",
    "fido_webauthn",
    "google_otp",
    "hotp",
    "okta_call",
    "okta_email",
    "okta_otp",
    "okta_password",
    "okta_push",
    "okta_question",
    "okta_sms",
    "rsa_token",
    "symantec_vip",
    "yubikey_token",
];

/// The names of the newer form.
pub const AUTHENTICATORS: &[&str] = &[
    "custom_app",
    "custom_otp",
    "duo",
    "external_idp",
    "google_otp",
    "okta_email",
    "okta_password",
    "okta_verify",
    "onprem_mfa",
    "phone_number",
    "rsa_token",
    "security_question",
    "symantec_vip",
    "webauthn",
    "yubikey_token",
];

/// Which factors may and must be enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrollSettings {
    /// Which form it has.
    #[serde(rename = "type", default)]
    pub form: Form,
    /// The older form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factors: Option<BTreeMap<String, FactorEnrolment>>,
    /// The newer form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticators: Option<Vec<AuthenticatorEnrolment>>,
}

/// A form of the settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Form {
    /// The newer.
    Authenticators,
    /// The older.
    #[default]
    Factors,
}

/// A factor, in the older form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FactorEnrolment {
    /// Whether people enrol it themselves.
    pub enroll: ByOneself,
    /// What they agree to first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
}

/// Whether people enrol a factor themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByOneself {
    /// Whether.
    #[serde(rename = "self")]
    pub by_oneself: Enrolment,
}

/// Whether a factor is enrolled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Enrolment {
    /// It may not be.
    #[default]
    NotAllowed,
    /// It may be.
    Optional,
    /// It must be.
    Required,
}

/// What people agree to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Nothing.
    #[serde(rename = "type")]
    pub kind: ConsentType,
}

/// A kind of consent. There is no other here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConsentType {
    /// None.
    None,
}

/// An authenticator, in the newer form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticatorEnrolment {
    /// Its name.
    pub key: String,
    /// Whether people enrol it themselves.
    #[serde(default)]
    pub enroll: ByOneself,
    /// Which models: none can be told apart here, so only an absent one is taken.
    #[serde(default, skip_serializing)]
    pub constraints: Option<Value>,
}

/// When people are asked to enrol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnrollActions {
    /// When.
    pub enroll: When,
}

/// When people are asked to enrol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// When.
    #[serde(rename = "self")]
    pub by_oneself: Moment,
}

/// A moment to enrol at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Moment {
    /// When a factor is asked for.
    #[default]
    Challenge,
    /// At the next sign-in.
    Login,
    /// Not while signing in.
    Never,
    /// Not while signing in or recovering.
    NeverIncludingRecovery,
}

impl Moment {
    /// Whether anything is enrolled while signing in.
    pub const fn is_at_sign_in(self) -> bool {
        match self {
            Self::Challenge | Self::Login => true,
            Self::Never | Self::NeverIncludingRecovery => false,
        }
    }
}

impl Default for EnrollSettings {
    /// What holds where nothing else was set: a password, and whatever factors the organisation allows at all.
    fn default() -> Self {
        let one = |key: &str, by_oneself| AuthenticatorEnrolment {
            key: key.to_owned(),
            enroll: ByOneself { by_oneself },
            constraints: None,
        };
        Self {
            form: Form::Authenticators,
            factors: None,
            authenticators: Some(vec![
                one("custom_otp", Enrolment::Optional),
                one("google_otp", Enrolment::Optional),
                one("okta_email", Enrolment::Optional),
                one("okta_password", Enrolment::Required),
                one("phone_number", Enrolment::Optional),
                one("security_question", Enrolment::Optional),
                one("webauthn", Enrolment::Optional),
            ]),
        }
    }
}

impl EnrollSettings {
    /// Whether it has one form, and only names that there are.
    ///
    /// # Errors
    /// [`BadDocument`], the first that is wrong.
    pub fn check(&self) -> Result<(), BadDocument> {
        let wrong = |what: String| Err(BadDocument(format!("settings.{what}")));
        let (is_older, is_newer) = (self.factors.is_some(), self.authenticators.is_some());
        if is_older && is_newer {
            return wrong("factors: cannot stand beside authenticators".to_owned());
        }
        if is_newer != (self.form == Form::Authenticators) {
            return wrong("type: is AUTHENTICATORS with `authenticators`, FACTORS with `factors`".to_owned());
        }
        let shown = |name: &String| name.chars().take(40).collect::<String>();
        if let Some(name) = self.factors.iter().flatten().map(|(name, _)| name).find(|name| !is_in(FACTORS, name)) {
            return wrong(format!("factors: `{}` is no factor", shown(name)));
        }
        let mut seen: Vec<&str> = Vec::new();
        for one in self.authenticators.iter().flatten() {
            if !is_in(AUTHENTICATORS, &one.key) {
                return wrong(format!("authenticators: `{}` is no authenticator", shown(&one.key)));
            }
            if seen.contains(&one.key.as_str()) {
                return wrong(format!("authenticators: `{}` is there twice", one.key));
            }
            let is_empty = |value: &Value| value.as_object().is_some_and(|members| members.values().all(is_empty_list));
            if one.constraints.as_ref().is_some_and(|constraints| !is_empty(constraints)) {
                return wrong("authenticators.constraints: models cannot be told apart here".to_owned());
            }
            seen.push(&one.key);
        }
        Ok(())
    }

    /// Whether a factor of this type is enrolled. What is not named is not allowed; codes on paper belong to whoever has
    /// any other factor.
    pub fn of(&self, kind: Kind) -> Enrolment {
        let factor = kind.factor();
        if !factor.is_listed() {
            return Enrolment::Optional;
        }
        let older: Vec<&str> = factor.providers().iter().map(|provider| provider.org_factor).collect();
        self.named(&older, factor.authenticator().0)
    }

    /// Whether people have a password. Where the older form does not speak of it, they do.
    pub fn password(&self) -> Enrolment {
        match self.form {
            Form::Authenticators => self.named(&[], "okta_password"),
            Form::Factors if self.factors.as_ref().is_some_and(|factors| factors.contains_key("okta_password")) => {
                self.named(&["okta_password"], "")
            }
            Form::Factors => Enrolment::Required,
        }
    }

    fn named(&self, older: &[&str], newer: &str) -> Enrolment {
        let factors = self.factors.iter().flatten().filter(|(name, _)| older.contains(&name.as_str()));
        let authenticators = self.authenticators.iter().flatten().filter(|one| !newer.is_empty() && one.key == newer);
        let found = factors.map(|(_, factor)| factor.enroll).chain(authenticators.map(|one| one.enroll));
        found.map(|enroll| enroll.by_oneself).max().unwrap_or_default()
    }
}

fn is_in(names: &[&str], name: &str) -> bool {
    names.contains(&name)
}

fn is_empty_list(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
