//! One's own backup codes: made anew, and shown this once, to be printed or copied.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::demand::Class;
use postern_codes::Secret;

use super::owner::{FormPage, Frame, Owner};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, backup_codes, demands};
use crate::app::to_the_end;
use crate::console::page::page;
use crate::console::part::Moment;
use crate::console::words::say;
use crate::factors::Doer;

/// Where they are made.
pub const ADDRESS: &str = "/account/backup-codes";

/// The sheet. No `Debug`: it is shown this once.
#[derive(Template)]
#[template(path = "portal/backup_codes.html")]
pub struct Codes {
    /// The frame.
    pub frame: Frame,
    /// Each in groups of four.
    pub codes: Vec<Secret<String>>,
    /// All of them, a line each, to be copied.
    pub all: Secret<String>,
    /// When they were made.
    pub made: Moment,
}

impl Codes {
    /// A sheet of these.
    pub fn new(frame: Frame, codes: Vec<Secret<String>>, made: Moment) -> Self {
        let all = backup_codes::in_lines(&codes);
        Self { frame, codes, all, made }
    }
}

/// `/account/backup-codes`.
pub(super) fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::SignedIn, ask).post(ADDRESS, Access::SignedIn, make)
}

async fn ask(Shared(app): Shared<Arc<App>>, owner: Owner) -> Result<Response, ApiError> {
    let left = app.store.read(owner.caller.org, |tx| backup_codes::left(tx, owner.user.id)).await?;
    let mut lead = vec![say("account-codes-about")];
    lead.extend(left.map(|set| say("account-codes-void").with("count", set.remaining)));
    let (title, verb) = (say("account-codes-new"), say("account-codes-make"));
    Ok(page(FormPage::new(owner.frame(), title, lead, ADDRESS.to_owned(), verb)))
}

async fn make(Shared(app): Shared<Arc<App>>, owner: Owner) -> Result<Response, ApiError> {
    demands::require(&app, &owner.caller, Class::OwnFactors).await?;
    let codes = to_the_end({
        let (app, owner) = (Arc::clone(&app), owner.clone());
        async move { backup_codes::generate(&app, owner.caller.org, &Doer::of(&owner.caller), &owner.user).await }
    });
    let made = owner.moment(owner.now).for_the_record();
    Ok(page(Codes::new(owner.frame(), codes.await?, made)))
}
