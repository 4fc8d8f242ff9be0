//! A one-time code by which a computer enrols, shown once with what to type there.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_codes::Secret;

use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Moment};
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::say;
use crate::App;
use crate::api::ApiError;
use crate::api::device_access::enroll::{CodeRequest, make_code};
use crate::api::routes::{Access, Routes};

/// The dialog's address.
pub const ADDRESS: &str = "/admin/devices/enrolment-code";

/// The dialog: first the question, then the code.
#[derive(Template)]
#[template(path = "console/enrolment_code.html")]
pub struct EnrolmentCode {
    /// The frame.
    pub shell: Shell,
    /// `serialNumber`.
    pub serial: Field,
    /// Once it is made: the code, until when it serves, and what to type at the computer.
    pub made: Option<(Secret<String>, Moment, Secret<String>)>,
}

impl EnrolmentCode {
    const fn address() -> &'static str {
        ADDRESS
    }
}

/// `/admin/devices/enrolment-code`.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::DevicesManage);
    Routes::new().get(ADDRESS, manage, ask).post(ADDRESS, manage, make)
}

async fn ask(State(app): State<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require_everywhere::<right::DevicesManage>(&app).await?;
    Ok(page(EnrolmentCode { shell: viewer.shell(Place::Devices), serial: serial_field(), made: None }))
}

async fn make(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require_everywhere::<right::DevicesManage>(&app).await?;
    let wanted = CodeRequest { serial_number: form.some("serialNumber"), expires_in_minutes: None };
    let shell = viewer.shell(Place::Devices);
    match make_code(&app, by, wanted).await {
        Ok(code) => {
            let server = app.config.public_url.first();
            let command = format!("sudo postern-agent enrol --server {server} --code {}", code.code.expose());
            let made = (code.code, viewer.moment(code.expires_at), Secret::new(command));
            Ok(page(EnrolmentCode { shell, serial: serial_field(), made: Some(made) }))
        }
        Err(error) if error.status == StatusCode::BAD_REQUEST => {
            let serial = serial_field().holding(form.text("serialNumber")).refused(say("enrolment-serial-long"));
            Ok(page_with(error.status, EnrolmentCode { shell, serial, made: None }))
        }
        Err(error) => Err(error),
    }
}

fn serial_field() -> Field {
    Field::new("serialNumber", say("enrolment-serial"), Kind::Text)
        .hint(say("enrolment-serial-hint"))
        .optional()
        .first()
}
