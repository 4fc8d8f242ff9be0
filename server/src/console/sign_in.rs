//! Sign-in: one question at a time.

use askama::Template;

use super::part::{Field, Kind, Notice};

/// What is asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Who is there.
    Name,
    /// The password of the person named.
    Password,
    /// The code of the authenticator app.
    AppCode,
}

/// One question on a card.
#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub struct SignIn {
    /// The organisation's name.
    pub org: String,
    /// What is asked.
    pub question: Question,
    /// Who said to be there, once the name is given.
    pub name: Option<String>,
    /// Which attempt this belongs to, once there is one.
    pub state_token: Option<String>,
    /// What happened and what to do: a wrong password, a lock and until when.
    pub notice: Option<Notice>,
    /// The one field.
    pub field: Field,
    /// Whether another try would be refused now; the form is then left out.
    pub is_closed: bool,
}

impl SignIn {
    /// The empty question.
    pub fn new(org: impl Into<String>, question: Question, name: Option<String>) -> Self {
        let field = match question {
            Question::Name => {
                Field::new("username", "Your name to sign in", Kind::Text).hint("Usually your work e-mail address.")
            }
            Question::Password => Field::new("password", "Password", Kind::Password),
            Question::AppCode => {
                Field::new("passCode", "Code", Kind::AppCode).hint("Six digits; a new code comes every 30 seconds.")
            }
        };
        Self {
            org: org.into(),
            question,
            name,
            state_token: None,
            notice: None,
            field: field.first(),
            is_closed: false,
        }
    }
}
