//! The text of a message that carries a code to a telephone, with its translations.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Id, SmsTemplate as SmsTemplateKind};
use postern_store::sms_templates::{SmsTemplate, SmsText};

use super::{ADDRESS, list};
use crate::App;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, sms_templates};
use crate::console::form::Form;
use crate::console::form_page::{Asked, FormPage};
use crate::console::meanwhile::{self, lines};
use crate::console::page::page;
use crate::console::part::{Field, Kind, Line, Link};
use crate::console::part_page::Taking;
use crate::console::shell::Place;
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say};

const NEW: &str = "/admin/settings/factors/messages/new";
const EDIT: &str = "/admin/settings/factors/messages/{message}";
const DELETE: &str = "/admin/settings/factors/messages/{message}/delete";

/// `/admin/settings/factors/messages`.
pub(super) fn routes() -> Routes {
    let manage = Access::Permission(Permission::OrgManage);
    Routes::new()
        .get(NEW, manage, ask)
        .post(NEW, manage, make)
        .get(EDIT, manage, edit)
        .post(EDIT, manage, save)
        .get(DELETE, manage, confirm)
        .post(DELETE, manage, delete)
}

/// The page of a text.
pub(super) fn address(id: Id<SmsTemplateKind>) -> String {
    EDIT.replace("{message}", id.as_str())
}

/// Where it is deleted.
pub(super) fn delete_address(id: Id<SmsTemplateKind>) -> String {
    DELETE.replace("{message}", id.as_str())
}

/// The form with a text, as it is kept or typed.
fn form(viewer: &Viewer, action: String, [name, template, translations]: [String; 3]) -> FormPage {
    let fields = [
        Field::new("name", say("factors-name"), Kind::Text).holding(name).first(),
        Field::new("template", say("factors-message-text"), Kind::Long(161))
            .hint(say("factors-message-text-hint"))
            .holding(template),
        Field::new("translations", say("factors-translations"), Kind::Lines)
            .hint(say("factors-translations-hint"))
            .holding(translations)
            .optional(),
    ];
    FormPage {
        shell: viewer.shell(Place::Factors),
        list: list(),
        title: if action == NEW { say("factors-message-new") } else { say("factors-message-edit") },
        lead: say("factors-messages-about"),
        notice: None,
        action,
        kept: Vec::new(),
        asked: fields.map(Asked::Field).into(),
        save: say("part-save"),
        back: ADDRESS.to_owned(),
    }
}

fn shown(text: &SmsText) -> [String; 3] {
    let line = |(tag, text): (&String, &String)| format!("{tag}: {}", text.replace('\n', " "));
    let translations: Vec<String> = text.translations.iter().map(line).collect();
    [text.name.clone(), text.template.clone(), translations.join("\n")]
}

/// What was typed; a line of the translations that says no language is what is to be mended.
fn read(typed: &Form) -> Result<SmsText, Vec<(&'static str, Text)>> {
    let mut translations = BTreeMap::new();
    for line in lines(typed.text("translations")) {
        let Some((tag, text)) = line.split_once(':') else {
            return Err(vec![("translations", say("factors-translations-wrong"))]);
        };
        translations.insert(tag.trim().to_owned(), text.trim().to_owned());
    }
    let template = typed.text("template").replace("\r\n", "\n");
    let text = SmsText { name: typed.text("name").to_owned(), template, translations };
    let causes = sms_templates::faults(&text);
    let of = |member: &'static str, why: Text| {
        causes.iter().any(|cause| cause.starts_with(&format!("{member}:"))).then_some((member, why))
    };
    let wrong: Vec<_> = [
        of("name", say("factors-message-name-wrong")),
        of("template", say("factors-message-text-wrong")),
        of("translations", say("factors-translations-wrong")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if wrong.is_empty() { Ok(text) } else { Err(wrong) }
}

fn typed_again(typed: &Form) -> [String; 3] {
    ["name", "template", "translations"].map(|name| typed.text(name).to_owned())
}

async fn ask(Shared(app): Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::OrgManage>(&app).await?;
    Ok(page(form(&viewer, NEW.to_owned(), Default::default())))
}

async fn make(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let typed = typed?;
    match read(&typed) {
        Ok(text) => sms_templates::create(&app, &by, &text).await.map(drop)?,
        Err(wrong) => {
            let form = form(&viewer, NEW.to_owned(), typed_again(&typed));
            return Ok(form.refused(StatusCode::BAD_REQUEST, wrong));
        }
    }
    Ok(Redirect::to(ADDRESS).into_response())
}

async fn kept(app: &App, by: &Allowed<right::OrgManage>, which: &str) -> Result<SmsTemplate, ApiError> {
    let missing = || ApiError::not_found::<SmsTemplateKind>(which);
    let id = which.parse().map_err(|_| missing())?;
    app.store.read(by.org, |tx| tx.sms_template(id)).await?.ok_or_else(missing)
}

fn edited(viewer: &Viewer, kept: &SmsTemplate, holding: [String; 3]) -> FormPage {
    let mark = meanwhile::mark(&shown(&kept.text));
    FormPage { kept: vec![("version".to_owned(), mark)], ..form(viewer, address(kept.id), holding) }
}

async fn edit(Shared(app): Shared<Arc<App>>, viewer: Viewer, Path(which): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let kept = kept(&app, &by, &which).await?;
    Ok(page(edited(&viewer, &kept, shown(&kept.text))))
}

async fn save(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
    typed: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let typed = typed?;
    let kept = kept(&app, &by, &which).await?;
    let form = edited(&viewer, &kept, typed_again(&typed));
    if meanwhile::is_stale(&typed, &meanwhile::mark(&shown(&kept.text))) {
        return Ok(form.noticed(StatusCode::PRECONDITION_FAILED, meanwhile::notice()));
    }
    match read(&typed) {
        Ok(text) => sms_templates::change(&app, &by, &which, |_| Ok(text.clone())).await.map(drop)?,
        Err(wrong) => return Ok(form.refused(StatusCode::BAD_REQUEST, wrong)),
    }
    Ok(Redirect::to(ADDRESS).into_response())
}

async fn confirm(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    let kept = kept(&app, &by, &which).await?;
    let name = kept.text.name.clone();
    let taking = Taking {
        place: Place::Factors,
        list: list(),
        verb: say("factors-delete-named").with("name", name.clone()),
        about: say("factors-message-delete-about"),
        lines: vec![Line { who: Link::new(name, address(kept.id)), effect: kept.text.template.into(), state: None }],
        action: delete_address(kept.id),
        back: ADDRESS.to_owned(),
    };
    Ok(taking.asked(&viewer))
}

async fn delete(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path(which): Path<String>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::OrgManage>(&app).await?;
    sms_templates::delete(&app, &by, &which).await?;
    Ok(Redirect::to(ADDRESS).into_response())
}
