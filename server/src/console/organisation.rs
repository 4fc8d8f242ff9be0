//! Settings > Organisation: its name and pages, how its help desk is reached, the language of its mails, its colour.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};

use super::accent::Accent;
use super::form::Form;
use super::language::Language;
use super::page::{page, page_with};
use super::part::{Field, Kind, Summary};
use super::security::Block;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;
use crate::api::org::{self, Fact, Facts, Wrong};
use crate::api::page::Query;
use crate::api::routes::{Access, Routes};

const ADDRESS: &str = "/admin/settings/organisation";

/// What the organisation says of itself. While it is not being edited it is shown as facts.
#[derive(Template)]
#[template(path = "console/organisation.html")]
pub struct Organisation {
    /// The frame.
    pub shell: Shell,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// What belongs together.
    pub blocks: Vec<Block>,
    /// The colour as it looks on a light page and on a dark one, where there is one.
    pub accent: Option<Accent>,
    /// Whether the viewer may change it.
    pub may_edit: bool,
    /// Whether it is being edited.
    pub is_editing: bool,
}

/// `/admin/settings/organisation`.
pub fn routes() -> Routes {
    Routes::new().get(ADDRESS, Access::Permission(Permission::OrgRead), show).post(
        ADDRESS,
        Access::Permission(Permission::OrgManage),
        save,
    )
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgRead>(&app).await?;
    let facts = org::facts(&app, &by).await?;
    let is_editing = viewer.may(Permission::OrgManage) && query.text("edit").is_some();
    Ok(page(view(&viewer, &facts, |fact| facts.get(fact), &[], is_editing)))
}

async fn save(Shared(app): Shared<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let asked = BLOCKS.iter().flat_map(|(_, facts)| *facts);
    let given: Vec<_> = asked.map(|fact| (*fact, form.text(fact.name()).to_owned())).collect();
    match org::change(&app, &by, &given).await? {
        Ok(_) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(wrong) => {
            let by = viewer.require::<right::OrgRead>(&app).await?;
            let facts = org::facts(&app, &by).await?;
            let typed = |fact: Fact| form.text(fact.name()).to_owned();
            Ok(page_with(StatusCode::BAD_REQUEST, view(&viewer, &facts, typed, &wrong, true)))
        }
    }
}

/// What the page asks. The lines of a postal address are Okta's, and kept for its clients.
const BLOCKS: &[(&str, &[Fact])] = &[
    ("itself", &[Fact::CompanyName, Fact::Website]),
    ("help", &[Fact::SupportPhoneNumber, Fact::SupportEmail, Fact::HelpUrl, Fact::SupportContactInfo]),
    ("mail", &[Fact::Language, Fact::TimeZone]),
    ("colour", &[Fact::AccentColor, Fact::AccentColorOnDark]),
];

/// The page with these words in its fields, and what is wrong with them.
pub fn view(
    viewer: &Viewer,
    facts: &Facts,
    text: impl Fn(Fact) -> String,
    wrong: &[(Fact, Wrong)],
    is_editing: bool,
) -> Organisation {
    let blocks = blocks(text, wrong);
    Organisation {
        shell: viewer.shell(Place::Organisation),
        summary: Summary::of(blocks.iter().flat_map(|block| &block.fields)),
        blocks,
        accent: facts.organisation().accent(),
        may_edit: viewer.may(Permission::OrgManage),
        is_editing,
    }
}

/// Every field, in its block.
pub fn blocks(text: impl Fn(Fact) -> String, wrong: &[(Fact, Wrong)]) -> Vec<Block> {
    let field = |fact: &Fact| {
        let name = fact.name();
        let field = Field::new(name, say_of("organisation-fact", name), kind(*fact)).holding(text(*fact));
        let field = field.hint(say_of("organisation-hint", name));
        let field = if matches!(fact, Fact::CompanyName | Fact::Language) { field } else { field.optional() };
        match wrong.iter().find(|(other, _)| other == fact) {
            Some((_, why)) => field.refused(words(*why)),
            None => field,
        }
    };
    let block = |(name, facts): &(&str, &[Fact])| Block {
        heading: say_of("organisation-block", name),
        about: say_of("organisation-about", name),
        fields: facts.iter().map(field).collect(),
    };
    BLOCKS.iter().map(block).collect()
}

fn kind(fact: Fact) -> Kind {
    match fact {
        Fact::Language => {
            Kind::Choice(Language::ALL.iter().map(|own| (own.tag().to_owned(), own.name().to_owned().into())).collect())
        }
        Fact::AccentColor
        | Fact::AccentColorOnDark
        | Fact::Address1
        | Fact::Address2
        | Fact::City
        | Fact::CompanyName
        | Fact::Country
        | Fact::HelpUrl
        | Fact::PhoneNumber
        | Fact::PostalCode
        | Fact::State
        | Fact::SupportContactInfo
        | Fact::SupportEmail
        | Fact::SupportPhoneNumber
        | Fact::TimeZone
        | Fact::Website => Kind::Text,
    }
}

fn words(wrong: Wrong) -> Text {
    match wrong {
        Wrong::Blank => say("organisation-blank"),
        Wrong::Colour => say("organisation-no-colour"),
        Wrong::Faint(faint) => say("organisation-faint")
            .with("whole", faint.tenths / 10)
            .with("tenth", faint.tenths % 10)
            .with("nearest", faint.nearest.to_string()),
        Wrong::Language => say("organisation-no-language"),
        Wrong::Line => say("organisation-no-line"),
        Wrong::Url => say("organisation-no-url"),
        Wrong::Zone => say("organisation-no-zone"),
    }
}
