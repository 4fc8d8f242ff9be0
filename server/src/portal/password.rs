//! Choosing a password by a one-time link: the first one, another one, or one in place of one that is expired. The page
//! says beforehand what the password must be; to open it uses nothing up.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postern_authn::audit;
use postern_authn::user::User;
use postern_codes::Secret;
use postern_store::links::LinkPurpose;

use super::org_name;
use crate::account::{self, Chosen};
use crate::api::ApiError;
use crate::api::client::Client;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::app::to_the_end;
use crate::console::form::Form;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind};
use crate::console::people::capital;
use crate::console::words::Text;
use crate::{App, say};

/// What the page knows.
enum Stage {
    /// The link works: what must be chosen, and for what name.
    Asked(Box<Ask>),
    /// The password is set, for this name.
    Done(String),
    /// The link does not work: unknown, used, too old, or the account does not wait for it.
    Over,
}

/// The question.
struct Ask {
    /// The name to sign in with.
    login: String,
    /// Where the form goes: the link itself.
    action: String,
    /// `answer`, labelled by the recovery question, where it is asked.
    question: Option<Field>,
    /// `password`.
    field: Field,
    /// What it must be.
    rules: Vec<Rule>,
}

/// One thing that a password must be; the script ticks it off while typing.
struct Rule {
    /// In words.
    text: Text,
    /// Which check the script makes.
    check: &'static str,
    /// What it compares with.
    with: String,
}

/// The page.
#[derive(Template)]
#[template(path = "portal/password.html")]
struct Password {
    /// The organisation's name.
    org: String,
    /// What for.
    purpose: LinkPurpose,
    /// What it knows.
    stage: Stage,
}

/// `/welcome/LINK`, `/reset/LINK`, `/expired/LINK`.
pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/welcome/{token}", Access::Anyone, async |app, path| ask(app, path, LinkPurpose::Activate).await)
        .post("/welcome/{token}", Access::Anyone, async |app, path, client, form| {
            answer(app, path, client, form, LinkPurpose::Activate).await
        })
        .get("/reset/{token}", Access::Anyone, async |app, path| ask(app, path, LinkPurpose::Reset).await)
        .post("/reset/{token}", Access::Anyone, async |app, path, client, form| {
            answer(app, path, client, form, LinkPurpose::Reset).await
        })
        .get("/expired/{token}", Access::Anyone, async |app, path| ask(app, path, LinkPurpose::Expired).await)
        .post("/expired/{token}", Access::Anyone, async |app, path, client, form| {
            answer(app, path, client, form, LinkPurpose::Expired).await
        })
}

async fn ask(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    purpose: LinkPurpose,
) -> Result<Response, ApiError> {
    let org = org_name(&app).await?;
    let Some(person) = account::look(&app, purpose, &Secret::new(link.clone())).await? else {
        return Ok(over(org, purpose));
    };
    let stage = Stage::Asked(Box::new(asked(&app, &person, purpose, &link).await?));
    Ok(page(Password { org, purpose, stage }))
}

async fn answer(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    Client(client): Client,
    form: Form,
    purpose: LinkPurpose,
) -> Result<Response, ApiError> {
    to_the_end(set(app, link, client, (form.secret("password"), form.secret("answer")), purpose)).await
}

async fn set(
    app: Arc<App>,
    link: String,
    client: audit::Client,
    (password, answer): (Secret<String>, Secret<String>),
    purpose: LinkPurpose,
) -> Result<Response, ApiError> {
    let org = org_name(&app).await?;
    let token = Secret::new(link.clone());
    let weak = |person, why: Text| (person, Some(why));
    let (person, why) = match account::choose(&app, &client, (purpose, &token), (password, &answer)).await? {
        Chosen::Done(person) => {
            return Ok(page(Password { org, purpose, stage: Stage::Done(person.login.to_string()) }));
        }
        Chosen::LinkOver => return Ok(over(org, purpose)),
        Chosen::Same(person) => weak(person, say("password-same")),
        Chosen::Weak(person, broken) => {
            let broken: Vec<String> = broken.iter().map(|rule| format!("{}.", capital(rule))).collect();
            weak(person, broken.join(" ").into())
        }
        Chosen::WrongAnswer(person) => (person, None),
    };
    let mut asked = asked(&app, &person, purpose, &link).await?;
    match why {
        Some(why) => asked.field = asked.field.refused(why),
        None => asked.question = asked.question.map(|question| question.refused(say("unlock-wrong"))),
    }
    Ok(page_with(StatusCode::BAD_REQUEST, Password { org, purpose, stage: Stage::Asked(Box::new(asked)) }))
}

/// The code is the API's for such links, its status the one of every link that is unknown.
fn over(org: String, purpose: LinkPurpose) -> Response {
    page_with(StatusCode::NOT_FOUND, Password { org, purpose, stage: Stage::Over })
}

async fn asked(app: &App, person: &User, purpose: LinkPurpose, link: &str) -> Result<Ask, ApiError> {
    let fewest = account::fewest(app, person).await?;
    let question = account::question(app, person, purpose).await?;
    let question = question.map(|question| Field::new("answer", question, Kind::Text).first());
    let field = Field::new("password", say("password-new"), Kind::PasswordNew).hint(say("password-new-hint"));
    let names = [person.login.as_str(), &person.profile.first_name, &person.profile.last_name];
    let telling: Vec<&str> = names.into_iter().filter(|name| name.chars().count() >= 4).collect();
    let rule = |text, check, with: String| Rule { text, check, with };
    Ok(Ask {
        login: person.login.to_string(),
        action: format!("{}/{link}", account::page(purpose)),
        field: if question.is_some() { field } else { field.first() },
        question,
        rules: vec![
            rule(say("password-rule-length").with("count", fewest), "length", fewest.to_string()),
            rule(say("password-rule-different"), "different", "6".to_owned()),
            rule(say("password-rule-names"), "names", telling.join("\n")),
        ],
    })
}
