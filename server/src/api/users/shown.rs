//! A person as answers have them, with the links that their state allows.

use postern_authn::user::{Block, Lifecycle, Readiness, Status, User};
use postern_codes::Timestamp;
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::hal::{self, Links};
use crate::api::profile;

/// A person.
pub fn shown(app: &App, person: &User, now: Timestamp) -> Value {
    json!({
        "id": person.id,
        "status": person.shown_status(now),
        "created": hal::time(person.created_at),
        "activated": person.activated_at.map(hal::time),
        "statusChanged": person.status_changed_at.map(hal::time),
        "lastLogin": person.last_login_at.map(hal::time),
        "lastUpdated": hal::time(person.updated_at),
        "passwordChanged": person.password_changed_at.map(hal::time),
        "profile": profile::shown(&person.login, &person.profile),
        "credentials": credentials(person),
        "_links": links(app, person, now),
    })
}

/// What a person signs in with, as far as anybody may know.
pub fn credentials(person: &User) -> Value {
    let mut credentials = Map::new();
    if person.has_password() {
        credentials.insert("password".to_owned(), json!({}));
    }
    if let Some(question) = &person.recovery_question {
        credentials.insert("recovery_question".to_owned(), json!({ "question": question }));
    }
    credentials.insert("provider".to_owned(), json!({ "type": "OKTA", "name": "OKTA" }));
    credentials.into()
}

/// How an account is closed to its owner.
pub fn blocks(blocks: &[Block]) -> Vec<Value> {
    blocks.iter().map(|block| json!({ "type": "DEVICE_BASED", "appliesTo": block.as_str() })).collect()
}

fn links(app: &App, person: &User, now: Timestamp) -> Value {
    let path = format!("/api/v1/users/{}", person.id);
    let step = |step: &str| format!("{path}/lifecycle/{step}");
    let credential = |act: &str| format!("{path}/credentials/{act}");
    let open = |step: Lifecycle| step.is_open_to(person.status);
    let has_password = person.has_password();
    let is_changeable = has_password && (person.status.is_in_force() || person.status == Status::Staged);
    let ready = Readiness::Ready;
    Links::new(app)
        .to("self", "GET", &path)
        .to_if(open(Lifecycle::Activate(ready)), "activate", "POST", step("activate"))
        .to_if(is_changeable, "changePassword", "POST", credential("change_password"))
        .to_if(is_changeable, "changeRecoveryQuestion", "POST", credential("change_recovery_question"))
        .to_if(open(Lifecycle::Deactivate), "deactivate", "POST", step("deactivate"))
        .to_if(person.status == Status::Deprovisioned, "delete", "DELETE", &path)
        .to_if(has_password && open(Lifecycle::ExpirePassword), "expirePassword", "POST", step("expire_password"))
        .to_if(has_password && person.status == Status::Active, "forgotPassword", "POST", credential("forgot_password"))
        .to_if(open(Lifecycle::Reactivate(ready)), "reactivate", "POST", step("reactivate"))
        .to_if(person.status.is_in_force(), "resetFactors", "POST", step("reset_factors"))
        .to_if(open(Lifecycle::ResetPassword), "resetPassword", "POST", step("reset_password"))
        .to_if(open(Lifecycle::Suspend), "suspend", "POST", step("suspend"))
        .to_if(person.is_locked_out(now), "unlock", "POST", step("unlock"))
        .to_if(open(Lifecycle::Unsuspend), "unsuspend", "POST", step("unsuspend"))
        .into()
}
