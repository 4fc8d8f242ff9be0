//! Who looks at a screen: a caller with a role, and what surrounds every screen of theirs.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use postern_authn::audit::EventType;
use postern_authn::permission::{Grant, Permission, Right, Role};
use postern_codes::Timestamp;

use super::language::Reader;
use super::part::Moment;
use super::shell::{Place, Shell};
use super::words::{Text, say_of};
use crate::App;
use crate::api::{Allowed, ApiError, Caller};
use crate::organisation::Organisation;

/// What people call a role.
pub fn role(role: Role) -> Text {
    say_of("domain-role", role.as_str()).or(role.label().to_owned())
}

/// What people call the role of a grant.
pub fn granted(grant: &Grant) -> Text {
    grant.role().map_or_else(|| grant.label().to_owned().into(), role)
}

/// An administrator before a screen. Whoever has no role is refused: the console is not for them.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who they are.
    pub caller: Caller,
    /// The organisation's name.
    pub org: String,
    /// The moment of the request.
    pub now: Timestamp,
    /// Their language, and where their clock stands, for days that they name.
    pub reader: Reader,
}

impl Viewer {
    /// The frame of a screen.
    pub fn shell(&self, place: Place) -> Shell {
        let grants = self.caller.authority().grants();
        Shell {
            org: self.org.clone(),
            viewer: self.caller.record.name.clone(),
            role: Text::list(grants.iter().map(granted)),
            place,
            open: Place::ALL
                .iter()
                .copied()
                .filter(|place| place.needs().is_none_or(|needed| self.may(needed)))
                .collect(),
            now: self.moment(self.now),
            searched: String::new(),
        }
    }

    /// Whether they hold a permission: what they may not do is not offered. The act itself asks again.
    pub fn may(&self, permission: Permission) -> bool {
        self.caller.authority().has(permission)
    }

    /// An instant as they see it.
    pub fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now)
    }

    /// The proof that they hold a permission.
    ///
    /// # Errors
    /// 403 where they do not; that is recorded.
    pub async fn require<R: Right>(&self, app: &App) -> Result<Allowed<R>, ApiError> {
        self.caller.clone().require::<R>(app).await
    }

    /// The proof that they hold a permission over everything of its area.
    ///
    /// # Errors
    /// 403 where they do not; that is recorded.
    pub async fn require_everywhere<R: Right>(&self, app: &App) -> Result<Allowed<R>, ApiError> {
        self.caller.clone().require_everywhere::<R>(app).await
    }
}

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Self::of(app, caller, &parts.headers).await
    }
}

impl Viewer {
    /// A caller, as who looks at a screen.
    ///
    /// # Errors
    /// 403 for whoever has no role; that is recorded.
    pub async fn of(app: &App, caller: Caller, headers: &HeaderMap) -> Result<Self, ApiError> {
        if !caller.authority().is_administrator() {
            // Somebody whose last role was taken may have a page open: what they try is on record.
            let event = caller.failure(EventType::PermissionDenied, "not_an_administrator");
            let env = app.env();
            app.store.write(caller.org, |tx| tx.record(&event, &env)).await?;
            let summary = "the console is for administrators";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "not_an_administrator", summary));
        }
        let read = app.store.read(caller.org, |tx| Ok((tx.org_record()?, tx.setting::<Organisation>()?.0)));
        let (org, organisation) = read.await?;
        let reader = Reader::of(headers, &organisation);
        Ok(Self { org: org.map(|org| org.name).unwrap_or_default(), now: app.env().now, reader, caller })
    }
}
