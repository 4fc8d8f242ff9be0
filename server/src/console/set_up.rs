//! Set-up: the org and its first administrator, then that administrator's authenticator app.

use askama::Template;
use postern_codes::secret::Secret;

use super::part::{Field, Kind, Notice};

/// Step 1 of 2: the names and the password.
#[derive(Template)]
#[template(path = "console/set_up.html")]
pub struct SetUp {
    /// Where the form goes: the one-time link itself.
    pub action: String,
    /// A refusal that belongs to no field.
    pub notice: Option<Notice>,
    /// `orgName`.
    pub org: Field,
    /// `firstName`.
    pub first_name: Field,
    /// `lastName`.
    pub last_name: Field,
    /// `email`, also the sign-in name.
    pub email: Field,
    /// `password`.
    pub password: Field,
}

impl SetUp {
    /// The empty form.
    pub fn new(action: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            notice: None,
            org: Field::new("orgName", "Name of the organisation", Kind::Text)
                .hint("People see it when they sign in and on the phone with the help desk.")
                .first(),
            first_name: Field::new("firstName", "Your first name", Kind::Text),
            last_name: Field::new("lastName", "Your last name", Kind::Text),
            email: Field::new("email", "Your e-mail address", Kind::Email).hint("This is also your name to sign in."),
            password: Field::new("password", "Password", Kind::PasswordNew)
                .hint("12 characters or more. A few unrelated words are easier to keep than symbols."),
        }
    }
}

/// Step 2 of 2: the app is paired by a QR code or its text, and proves it with a first code.
#[derive(Template)]
#[template(path = "console/set_up_factor.html")]
pub struct SetUpFactor {
    /// The organisation's name.
    pub org: String,
    /// Where the form goes.
    pub action: String,
    /// A refusal that belongs to no field.
    pub notice: Option<Notice>,
    /// The QR code from [`super::qr::image`]; `None` leaves the text alone.
    pub qr: Option<Secret<String>>,
    /// The secret in base 32, in groups of four.
    pub secret: Secret<String>,
    /// `passCode`.
    pub code: Field,
}

impl SetUpFactor {
    /// The field for the first code.
    pub fn code_field() -> Field {
        Field::new("passCode", "The six digits your app shows now", Kind::AppCode).first()
    }
}

/// The end: there is an org, and one person who may do everything.
#[derive(Template)]
#[template(path = "console/set_up_done.html")]
pub struct SetUpDone {
    /// The organisation's name.
    pub org: String,
}
