//! What requests say of people: profiles, and credentials in each of their forms.

use axum::http::StatusCode;
use postern_codes::Secret;
use postern_codes::id::Group;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ChangedPassword, NewPerson, NewQuestion, NewSecret};
use crate::api::error::ApiError;
use crate::api::profile;
use crate::passwords::{HashBody, ImportedHash};

/// Most groups that a person can be put into when they are made.
const MOST_GROUPS: usize = 20;

/// A person to be made.
#[derive(Deserialize)]
pub(super) struct PersonBody {
    profile: Map<String, Value>,
    #[serde(default)]
    credentials: Option<Credentials>,
    #[serde(default, rename = "groupIds")]
    group_ids: Vec<String>,
}

/// A change of a person: each part is optional.
#[derive(Deserialize)]
pub(super) struct ChangeBody {
    #[serde(default)]
    pub(super) profile: Option<Map<String, Value>>,
    #[serde(default)]
    pub(super) credentials: Option<Credentials>,
}

/// The `credentials` of a person.
#[derive(Default, Deserialize)]
pub(super) struct Credentials {
    #[serde(default)]
    password: Option<PasswordBody>,
    #[serde(default)]
    recovery_question: Option<QuestionBody>,
    #[serde(default)]
    provider: Option<ProviderBody>,
}

#[derive(Deserialize)]
struct PasswordBody {
    #[serde(default)]
    value: Option<Secret<String>>,
    #[serde(default)]
    hash: Option<HashBody>,
    #[serde(default)]
    hook: Option<Value>,
}

#[derive(Deserialize)]
struct QuestionBody {
    #[serde(default)]
    question: Option<String>,
    #[serde(default)]
    answer: Option<Secret<String>>,
}

#[derive(Deserialize)]
struct ProviderBody {
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// How a person is to be made, by the query.
pub(super) struct Making {
    pub(super) activate: bool,
    pub(super) must_change: bool,
}

impl PersonBody {
    pub(super) fn parse(self, making: &Making) -> Result<NewPerson, ApiError> {
        let (login, profile) = profile::read(&self.profile)?;
        let credentials = self.credentials.unwrap_or_default();
        let (secret, question) = credentials.parse()?;
        if self.group_ids.len() > MOST_GROUPS {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "E0000093", "Target count limit exceeded"));
        }
        let group = |id: &String| id.parse().map_err(|_| ApiError::not_found::<Group>(id));
        let groups: Result<Vec<_>, _> = self.group_ids.iter().map(group).collect();
        let Making { activate, must_change } = *making;
        Ok(NewPerson { login, profile, secret, question, activate, must_change, groups: groups? })
    }
}

impl Credentials {
    /// The password and the question, each where it is given.
    ///
    /// # Errors
    /// E0000001 with what is wrong.
    pub(super) fn parse(self) -> Result<(Option<NewSecret>, Option<NewQuestion>), ApiError> {
        self.check_provider()?;
        let secret = self.password.map(PasswordBody::parse).transpose()?.flatten();
        let question = self.recovery_question.map(QuestionBody::parse).transpose()?.flatten();
        Ok((secret, question))
    }

    /// Whether there is a password or a question to be set.
    pub(super) fn are_given(&self) -> bool {
        self.password.is_some() || self.recovery_question.as_ref().is_some_and(|question| question.answer.is_some())
    }

    /// The typed password and the typed answer, for an act that takes nothing else.
    ///
    /// # Errors
    /// E0000001 with what is missing.
    pub(super) fn password_and_answer(self) -> Result<(Secret<String>, Secret<String>), ApiError> {
        let password = self.password.and_then(|password| password.value);
        let answer = self.recovery_question.and_then(|question| question.answer);
        Ok((required("password.value", password)?, required("recovery_question.answer", answer)?))
    }

    /// The typed password and a new question with its answer.
    ///
    /// # Errors
    /// E0000001 with what is missing or wrong.
    pub(super) fn password_and_question(self) -> Result<(Secret<String>, NewQuestion), ApiError> {
        let password = required("password.value", self.password.and_then(|password| password.value))?;
        let question = self.recovery_question.map(QuestionBody::parse).transpose()?.flatten();
        Ok((password, question.ok_or_else(|| missing("recovery_question"))?))
    }

    /// People sign in here: an account whose password somebody else checks cannot be made.
    fn check_provider(&self) -> Result<(), ApiError> {
        let kind = self.provider.as_ref().and_then(|provider| provider.kind.as_deref());
        match kind {
            None | Some("OKTA" | "IMPORT") => Ok(()),
            Some(other) => {
                let other: String = other.chars().take(64).collect();
                let why = format!("provider: {other} is not offered; passwords are checked here, by OKTA");
                Err(ApiError::validation("credentials", [why]))
            }
        }
    }
}

impl PasswordBody {
    fn parse(self) -> Result<Option<NewSecret>, ApiError> {
        let wrong = |why: String| ApiError::validation("password", [why]);
        if self.hook.is_some() {
            let why = "password.hook: hooks that import a password are not offered; give its hash or its value";
            return Err(wrong(why.to_owned()));
        }
        match (self.value, self.hash) {
            (Some(_), Some(_)) => Err(wrong("password: give a value or a hash, not both".to_owned())),
            (None, None) => Ok(None),
            (None, Some(hash)) => {
                let hash = ImportedHash::parse(hash).map_err(|why| wrong(format!("password.hash: {why}")))?;
                Ok(Some(NewSecret::Imported(hash)))
            }
            (Some(value), None) => Ok(Some(NewSecret::Typed(value))),
        }
    }
}

impl QuestionBody {
    fn parse(self) -> Result<Option<NewQuestion>, ApiError> {
        match (self.question, self.answer) {
            // As answers show it: the question that there is.
            (_, None) => Ok(None),
            (None, Some(_)) => Err(missing("recovery_question.question")),
            (Some(question), Some(answer)) => {
                let question = NewQuestion::new(&question, &answer);
                question.map(Some).map_err(|why| ApiError::validation("recovery_question", [why]))
            }
        }
    }
}

/// A password that its owner changes.
#[derive(Deserialize)]
pub(super) struct ChangePasswordBody {
    #[serde(rename = "oldPassword", default)]
    old: Option<PasswordBody>,
    #[serde(rename = "newPassword", default)]
    new: Option<PasswordBody>,
    #[serde(rename = "revokeSessions", default)]
    revoke_sessions: bool,
}

impl ChangePasswordBody {
    pub(super) fn parse(self) -> Result<ChangedPassword, ApiError> {
        let typed = |body: Option<PasswordBody>| body.and_then(|password| password.value);
        Ok(ChangedPassword {
            old: required("oldPassword", typed(self.old))?,
            new: required("newPassword", typed(self.new))?,
            revoke_sessions: self.revoke_sessions,
        })
    }
}

/// Which sessions a person ends of their own.
#[derive(Deserialize)]
pub(super) struct KeepBody {
    #[serde(rename = "keepCurrent", default = "keep")]
    pub(super) keep_current: bool,
}

const fn keep() -> bool {
    true
}

fn required(name: &str, secret: Option<Secret<String>>) -> Result<Secret<String>, ApiError> {
    secret.filter(|secret| !secret.expose().is_empty()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ApiError {
    ApiError::validation(name, [format!("{name}: The field cannot be left blank")])
}
