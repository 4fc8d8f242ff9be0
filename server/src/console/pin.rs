//! The PIN: shown once, large, with its countdown and what becomes of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::pin::Issuance;
use postern_codes::id::Issuance as IssuanceKind;
use postern_codes::secret::Secret;

use super::page::page;
use super::part::Moment;
use super::pin_request::pair;
use super::pin_state::PinState;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::{device, recovery};
use crate::App;
use crate::api::ApiError;
use crate::api::path::Path;
use crate::api::recovery_pins::{self, Readiness};
use crate::api::routes::{Access, Routes};

/// Why a PIN was taken back, where it was done by the button beside it.
const BY_BUTTON: &str = "taken back in the console";

/// The dialog after a PIN was made. Opened again later it is the same page without the digits.
#[derive(Template)]
#[template(path = "console/pin.html")]
pub struct Pin {
    /// The frame.
    pub shell: Shell,
    /// The person's full name.
    pub person: String,
    /// The computer's name.
    pub computer: String,
    /// The computer's page.
    pub device_href: String,
    /// The nine digits, only in the answer that made them.
    pub digits: Option<Secret<String>>,
    /// When it stops opening anything for the first time.
    pub expires: Moment,
    /// What has become of it.
    pub state: PinState,
    /// Where [`PinState`] is served alone.
    pub live: String,
}

impl Pin {
    /// The digits three by three.
    fn groups(digits: &Secret<String>) -> [&str; 3] {
        let digits = digits.expose();
        [0, 3, 6].map(|from| digits.get(from..from + 3).unwrap_or(""))
    }

    /// One digit at a time, for a screen reader.
    fn spoken(digits: &Secret<String>) -> Secret<String> {
        let groups = Self::groups(digits).map(|group| group.chars().map(String::from).collect::<Vec<_>>().join(" "));
        Secret::new(groups.join(", "))
    }
}

/// `/admin/devices/ID/people/ID/recovery/ID`: what became of a PIN, and taking it back.
pub fn routes() -> Routes {
    let generate = Access::Permission(Permission::RecoveryPinGenerate);
    Routes::new()
        .get("/admin/devices/{device}/people/{user}/recovery/{pin}", generate, show)
        .get("/admin/devices/{device}/people/{user}/recovery/{pin}/live", generate, live)
        .post("/admin/devices/{device}/people/{user}/recovery/{pin}/revoke", generate, revoke)
}

type Ids = Path<(String, String, String)>;

/// The page without the digits: they were shown once.
async fn show(State(app): State<Arc<App>>, viewer: Viewer, ids: Ids) -> Result<Response, ApiError> {
    let (issued, known, address) = find(&app, &viewer, &ids).await?;
    Ok(page(Pin {
        shell: viewer.shell(Place::Devices),
        person: known.user.name(),
        computer: known.device.profile.display_name.clone(),
        device_href: device::address(known.device.id),
        digits: None,
        expires: viewer.moment(issued.expires_at),
        state: PinState::of(&issued, known.device.last_seen_at, &address, viewer.now),
        live: format!("{address}/live"),
    }))
}

/// The live part alone.
async fn live(State(app): State<Arc<App>>, viewer: Viewer, ids: Ids) -> Result<Response, ApiError> {
    let (issued, known, address) = find(&app, &viewer, &ids).await?;
    Ok(page(PinState::of(&issued, known.device.last_seen_at, &address, viewer.now)))
}

async fn revoke(State(app): State<Arc<App>>, viewer: Viewer, ids: Ids) -> Result<Response, ApiError> {
    let by = viewer.require::<right::RecoveryPinGenerate>(&app).await?;
    let (device, user, pin) = &ids.0;
    let pair = pair(device, user)?;
    let id = pin.parse().map_err(|_| ApiError::not_found::<IssuanceKind>(pin))?;
    recovery_pins::revoke(&app, by, pair, id, BY_BUTTON).await?;
    Ok(Redirect::to(&format!("{}/{id}", recovery::address(pair))).into_response())
}

async fn find(app: &App, viewer: &Viewer, ids: &Ids) -> Result<(Issuance, Readiness, String), ApiError> {
    let by = viewer.require::<right::RecoveryPinGenerate>(app).await?;
    let (device, user, pin) = &ids.0;
    let pair = pair(device, user)?;
    let id = pin.parse().map_err(|_| ApiError::not_found::<IssuanceKind>(pin))?;
    let issued = recovery_pins::issuance(app, &by, pair, id).await?;
    let reads = viewer.require::<right::DevicesRead>(app).await?;
    let known = recovery_pins::readiness(app, &reads, pair).await?;
    Ok((issued, known, format!("{}/{id}", recovery::address(pair))))
}
