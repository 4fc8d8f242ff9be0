//! Who looks at a page of their own account, administrator or not, and what surrounds every such page.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use postern_authn::user::User;
use postern_codes::Timestamp;

use crate::App;
use crate::api::{ApiError, Caller};
use crate::console::part::{Field, Moment, Notice, Summary};
use crate::console::step_up::Sheet;
use crate::console::words::Text;

/// Somebody before a page of their own account.
#[derive(Debug, Clone)]
pub struct Owner {
    /// How they came.
    pub caller: Caller,
    /// Who they are.
    pub user: User,
    /// The organisation's name.
    pub org: String,
    /// The moment of the request.
    pub now: Timestamp,
}

impl Owner {
    /// A caller, as who looks at a page.
    ///
    /// # Errors
    /// Where they are no more.
    pub async fn of(app: &App, caller: Caller) -> Result<Self, ApiError> {
        let (user, org) = app.store.read(caller.org, |tx| Ok((tx.user(caller.user())?, tx.org_record()?))).await?;
        let user = user.ok_or_else(ApiError::invalid_session)?;
        Ok(Self { user, org: org.map(|org| org.name).unwrap_or_default(), now: app.env().now, caller })
    }

    /// The frame of a page.
    pub fn frame(&self) -> Frame {
        Frame {
            org: self.org.clone(),
            name: self.user.name(),
            login: self.user.login.to_string(),
            is_administrator: self.caller.authority().is_administrator(),
            now: self.moment(self.now),
        }
    }

    /// An instant as they see it.
    pub fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now)
    }
}

impl FromRequestParts<Arc<App>> for Owner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Self::of(app, caller).await
    }
}

/// The frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The organisation's name.
    pub org: String,
    /// Who is signed in.
    pub name: String,
    /// Their name to sign in.
    pub login: String,
    /// Whether the console is open to them.
    pub is_administrator: bool,
    /// The server's time of rendering, by which the script counts.
    pub now: Moment,
}

/// A page that is one form.
#[derive(Template)]
#[template(path = "portal/form.html")]
pub struct FormPage {
    /// The frame.
    pub frame: Frame,
    /// What is done.
    pub title: Text,
    /// What follows from it, a paragraph each.
    pub lead: Vec<Text>,
    /// Why nothing was done.
    pub notice: Option<Notice>,
    /// Where the form goes; nowhere, where nothing can be done.
    pub action: Option<String>,
    /// What is asked.
    pub fields: Vec<Field>,
    /// What an answer must be.
    pub rules: Vec<Text>,
    /// The word of the button.
    pub verb: Text,
    /// Whether something is lost by it.
    pub is_dangerous: bool,
}

impl FormPage {
    /// A form that asks nothing yet.
    pub const fn new(frame: Frame, title: Text, lead: Vec<Text>, action: String, verb: Text) -> Self {
        Self {
            frame,
            title,
            lead,
            notice: None,
            action: Some(action),
            fields: Vec::new(),
            rules: Vec::new(),
            verb,
            is_dangerous: false,
        }
    }

    /// The same, for what takes something away.
    #[must_use]
    pub fn dangerous(self) -> Self {
        Self { is_dangerous: true, ..self }
    }

    fn summary(&self) -> Option<Summary> {
        Summary::of(&self.fields).filter(|summary| summary.wrong.len() > 1)
    }
}

/// A fresh proof, asked in place.
#[derive(Template)]
#[template(path = "portal/step_up.html")]
pub struct StepUp {
    /// The frame.
    pub frame: Frame,
    /// What is asked.
    pub sheet: Sheet,
}
