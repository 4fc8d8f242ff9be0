//! Another password, for whoever knows the present one.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;

use super::done;
use super::owner::{FormPage, Owner};
use crate::api::routes::{Access, Routes};
use crate::api::users::{self, ChangedPassword};
use crate::api::{ApiError, Caller};
use crate::app::to_the_end;
use crate::console::factor_words::refusal;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind, Notice, Tone};
use crate::console::people::capital;
use crate::console::words::{Text, say};
use crate::{App, account};

/// Where it is changed.
pub const ADDRESS: &str = "/account/password";

/// `/account/password`.
pub(super) fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::SignedIn, ask).post(ADDRESS, Access::SignedIn, change)
}

async fn form(app: &App, owner: &Owner) -> Result<FormPage, ApiError> {
    let fewest = account::fewest(app, &owner.user).await?;
    let (title, verb) = (say("account-password"), say("password-set"));
    let lead = vec![say("account-password-about")];
    Ok(FormPage {
        fields: vec![
            Field::new("oldPassword", say("account-password-old"), Kind::Password).first(),
            Field::new("newPassword", say("password-new"), Kind::PasswordNew).hint(say("password-new-hint")),
        ],
        rules: vec![
            say("password-rule-length").with("count", fewest),
            say("password-rule-different"),
            say("password-rule-names"),
        ],
        ..FormPage::new(owner.frame(), title, lead, ADDRESS.to_owned(), verb)
    })
}

async fn ask(Shared(app): Shared<Arc<App>>, owner: Owner) -> Result<Response, ApiError> {
    Ok(page(form(&app, &owner).await?))
}

async fn change(Shared(app): Shared<Arc<App>>, owner: Owner, fields: Form) -> Result<Response, ApiError> {
    let wanted =
        ChangedPassword { old: fields.secret("oldPassword"), new: fields.secret("newPassword"), revoke_sessions: true };
    let Err(refused) = to_the_end(set(Arc::clone(&app), owner.caller.clone(), wanted)).await else {
        return Ok(done("password"));
    };
    let mut view = form(&app, &owner).await?;
    let [old, new] = view.fields.as_mut_slice() else { return Err(refused) };
    match refused.code {
        "E0000014" => *old = old.clone().refused(refusal(&refused)?),
        "E0000080" => {
            let sentences = refused.causes.iter().map(|rule| format!("{}.", capital(rule)));
            *new = new.clone().refused(Text::sentences(sentences.map(Text::from)));
        }
        _ => {
            let why = refusal(&refused)?;
            let notice = Notice::new(Tone::Danger, say("account-password-not"), why);
            view.notice = Some(notice.with_code(refused.code));
        }
    }
    Ok(page_with(refused.status, view))
}

async fn set(app: Arc<App>, caller: Caller, wanted: ChangedPassword) -> Result<(), ApiError> {
    users::change_password(&app, &caller, "me", wanted).await.map(drop)
}
