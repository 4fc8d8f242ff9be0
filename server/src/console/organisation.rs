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
use super::meanwhile;
use super::page::{page, page_with};
use super::part::{Field, Kind, Notice, Summary};
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
    /// That somebody else came first.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// What the form shows of each.
    pub before: Vec<(String, String)>,
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
    let facts = org::facts(&app, &viewer.require::<right::OrgRead>(&app).await?).await?;
    if meanwhile::is_stale(&form, &mark(&facts)) {
        let view = view(&viewer, &facts, |fact| facts.get(fact), &[], true);
        return Ok(page_with(StatusCode::PRECONDITION_FAILED, view.overtaken(&form)));
    }
    // A browser ends each line in its own way: what nobody touched is the same.
    let typed = |fact: Fact| form.text(fact.name()).replace("\r\n", "\n");
    let given = asked().filter(|fact| form.has(fact.name()) && typed(*fact) != facts.get(*fact).replace("\r\n", "\n"));
    let given: Vec<_> = given.map(|fact| (fact, typed(fact))).collect();
    match org::change(&app, &by, &given).await? {
        Ok(_) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(wrong) => {
            let kept = |fact: Fact| if form.has(fact.name()) { typed(fact) } else { facts.get(fact) };
            Ok(page_with(StatusCode::BAD_REQUEST, view(&viewer, &facts, kept, &wrong, true)))
        }
    }
}

fn asked() -> impl Iterator<Item = Fact> {
    BLOCKS.iter().flat_map(|(_, facts)| *facts).copied()
}

/// The mark of what the form shows.
fn mark(facts: &Facts) -> String {
    meanwhile::mark(&asked().map(|fact| facts.get(fact)).collect::<Vec<_>>())
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
    let shown = blocks(|fact| facts.get(fact), &[]);
    let before = meanwhile::shown(shown.iter().flat_map(|block| &block.fields), mark(facts));
    let blocks = blocks(text, wrong);
    Organisation {
        shell: viewer.shell(Place::Organisation),
        notice: None,
        before,
        summary: Summary::of(blocks.iter().flat_map(|block| &block.fields)),
        blocks,
        accent: facts.organisation().accent(),
        may_edit: viewer.may(Permission::OrgManage),
        is_editing,
    }
}

impl Organisation {
    /// As it is now, with what was typed by somebody who comes second.
    fn overtaken(mut self, form: &Form) -> Self {
        meanwhile::keep_typed(self.blocks.iter_mut().flat_map(|block| &mut block.fields), form);
        let summary = Summary::of(self.blocks.iter().flat_map(|block| &block.fields));
        Self { notice: Some(meanwhile::notice()), summary, ..self }
    }
}

/// Every field, in its block.
pub fn blocks(text: impl Fn(Fact) -> String, wrong: &[(Fact, Wrong)]) -> Vec<Block> {
    let field = |fact: &Fact| {
        let name = fact.name();
        let held = text(*fact);
        let field = Field::new(name, say_of("organisation-fact", name), kind(*fact)).holding(&held);
        let field = field.hint(say_of("organisation-hint", name));
        let field = if matches!(fact, Fact::CompanyName | Fact::Language) { field } else { field.optional() };
        match wrong.iter().find(|(other, _)| other == fact) {
            Some((_, why)) => field.refused(words(*fact, *why, &held)),
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
        Fact::SupportContactInfo => Kind::Long(1000),
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
        | Fact::SupportEmail
        | Fact::SupportPhoneNumber
        | Fact::TimeZone
        | Fact::Website => Kind::Text,
    }
}

fn words(fact: Fact, wrong: Wrong, typed: &str) -> Text {
    match wrong {
        Wrong::Blank => say("organisation-blank"),
        Wrong::Colour => say("organisation-no-colour"),
        Wrong::Faint(faint) => say("organisation-faint")
            .with("whole", faint.tenths / 10)
            .with("tenth", faint.tenths % 10)
            .with("nearest", faint.nearest.to_string()),
        Wrong::Language => say("organisation-no-language"),
        Wrong::Line if fact == Fact::CompanyName => say("organisation-no-name"),
        Wrong::Line => say("organisation-no-line"),
        Wrong::Long => say("organisation-too-long"),
        Wrong::Url if typed.split('/').nth(2).is_some_and(|host| !host.is_ascii()) => say("organisation-no-host"),
        Wrong::Url => say("organisation-no-url"),
        Wrong::Zone => say("organisation-no-zone"),
    }
}
