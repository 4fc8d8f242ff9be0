//! Texts of messages that carry a code to a telephone, with their translations.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use postern_authn::audit::{EventType, Target};
use postern_authn::permission::{Permission, right};
use postern_codes::id::{Id, SmsTemplate as SmsTemplateKind};
use postern_store::sms_templates::{SmsTemplate, SmsText};
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::error::ApiError;
use crate::api::hal;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// The one type there is.
const TYPE: &str = "SMS_VERIFY_CODE";
/// Most texts of an organisation.
const MOST: usize = 50;
/// Most characters of a text, and of its name.
const LONGEST: usize = 161;
const LONGEST_NAME: usize = 50;
/// Most translations of a text.
const MOST_TRANSLATIONS: usize = 100;
const SETTING: &str = "sms_template";

type By = Allowed<right::OrgManage>;

/// Makes a text.
///
/// # Errors
/// 400 where there are too many.
pub async fn create(app: &App, by: &By, text: &SmsText) -> Result<SmsTemplate, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        if tx.sms_templates()?.len() >= MOST {
            return Ok(Err(ApiError::validation("template", [format!("template: there may be {MOST}")])));
        }
        let id = tx.insert_sms_template(text, &env)?;
        record(tx, app, by, (id, &text.name, "create"))?;
        Ok(tx.sms_template(id)?.ok_or_else(|| missing(id.as_str())))
    });
    made.await?
}

/// Makes another text of this one.
///
/// # Errors
/// 404 for none; 400 for what is no text.
pub async fn change(
    app: &App,
    by: &By,
    which: &str,
    to: impl Fn(SmsText) -> Result<SmsText, ApiError>,
) -> Result<SmsTemplate, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        let Some(present) = named(tx, which)? else { return Ok(Err(missing(which))) };
        let text = match to(present.text) {
            Ok(text) => text,
            Err(refused) => return Ok(Err(refused)),
        };
        tx.set_sms_template(present.id, &text, env.now)?;
        record(tx, app, by, (present.id, &text.name, "update"))?;
        Ok(tx.sms_template(present.id)?.ok_or_else(|| missing(which)))
    });
    changed.await?
}

/// Forgets a text.
///
/// # Errors
/// 404 for none.
pub async fn delete(app: &App, by: &By, which: &str) -> Result<(), ApiError> {
    let deleted = app.store.write(by.org, |tx| {
        let Some(present) = named(tx, which)? else { return Ok(Err(missing(which))) };
        tx.delete_sms_template(present.id)?;
        record(tx, app, by, (present.id, &present.text.name, "delete"))?;
        Ok(Ok(()))
    });
    deleted.await?
}

fn record(
    tx: &mut Tx<'_>,
    app: &App,
    by: &By,
    (id, name, what): (Id<SmsTemplateKind>, &str, &str),
) -> Result<(), Error> {
    let event = by.success(EventType::OrgSettingUpdate).detail("setting", SETTING).detail("change", what);
    tx.record(&event.target(Target::new("SmsTemplate", id, "", name)), &app.env())
}

fn named(tx: &mut Tx<'_>, which: &str) -> Result<Option<SmsTemplate>, Error> {
    match which.parse() {
        Ok(id) => tx.sms_template(id),
        Err(_) => Ok(None),
    }
}

fn missing(which: &str) -> ApiError {
    ApiError::not_found::<SmsTemplateKind>(which)
}

/// The routes.
pub fn routes() -> Routes {
    let (read, manage) = (Access::Permission(Permission::OrgRead), Access::Permission(Permission::OrgManage));
    Routes::new()
        .get("/api/v1/templates/sms", read, list)
        .post("/api/v1/templates/sms", manage, post)
        .get("/api/v1/templates/sms/{template}", read, one)
        .post("/api/v1/templates/sms/{template}", manage, update)
        .put("/api/v1/templates/sms/{template}", manage, put)
        .delete("/api/v1/templates/sms/{template}", manage, remove)
}

fn shown(template: &SmsTemplate) -> Value {
    json!({
        "id": template.id,
        "type": TYPE,
        "name": template.text.name,
        "template": template.text.template,
        "translations": template.text.translations,
        "created": hal::time(template.created_at),
        "lastUpdated": hal::time(template.updated_at),
    })
}

#[derive(Deserialize)]
struct TemplateBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    template: Option<String>,
    translations: Option<BTreeMap<String, String>>,
}

impl TemplateBody {
    /// The whole text; what is not said is as in `present`, where there is one.
    fn parse(self, present: Option<SmsText>) -> Result<SmsText, ApiError> {
        if self.kind.as_deref().is_some_and(|kind| kind != TYPE) || (self.kind.is_none() && present.is_none()) {
            return Err(ApiError::validation("type", [format!("type: must be {TYPE}")]));
        }
        let (name, template, translations) =
            present.map_or((None, None, None), |text| (Some(text.name), Some(text.template), Some(text.translations)));
        let blank = |member: &str| ApiError::validation(member, [format!("{member}: The field cannot be left blank")]);
        let name = self.name.or(name).ok_or_else(|| blank("name"))?.trim().to_owned();
        let template = self.template.or(template).ok_or_else(|| blank("template"))?;
        let translations = self.translations.or(translations).unwrap_or_default();
        let text = SmsText { name, template, translations };
        let causes = faults(&text);
        if causes.is_empty() { Ok(text) } else { Err(ApiError::validation("template", causes)) }
    }
}

/// What is wrong with a text: each cause names its member.
pub fn faults(text: &SmsText) -> Vec<String> {
    let SmsText { name, template, translations } = text;
    let mut causes = Vec::new();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.contains(char::is_control) {
        causes.push(format!("name: must have 1 to {LONGEST_NAME} characters on one line"));
    }
    causes.extend(fault("template", template));
    if translations.len() > MOST_TRANSLATIONS {
        causes.push(format!("translations: there may be {MOST_TRANSLATIONS}"));
    }
    for (tag, text) in translations {
        let is_tag = (2..=20).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_tag {
            causes.push("translations: a language is a tag such as de or pt-BR".to_owned());
        }
        causes.extend(fault("translations", text));
    }
    causes
}

/// A text without the code would tell nobody anything.
fn fault(member: &str, text: &str) -> Option<String> {
    if !(1..=LONGEST).contains(&text.chars().count()) {
        return Some(format!("{member}: must have 1 to {LONGEST} characters"));
    }
    (!text.contains("${code}")).then(|| format!("{member}: must contain ${{code}}"))
}

async fn list(
    app: State<Arc<App>>,
    caller: Caller,
    query: Result<Query, ApiError>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    match query?.text("templateType") {
        None | Some(TYPE) => {}
        Some(_) => return Err(ApiError::validation("templateType", [format!("templateType: must be {TYPE}")])),
    }
    let all = app.store.read(by.org, |tx| tx.sms_templates()).await?;
    Ok(Json(all.iter().map(shown).collect()))
}

async fn one(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    let found = app.store.read(by.org, |tx| named(tx, &which.0)).await?;
    found.map(|found| Json(shown(&found))).ok_or_else(|| missing(&which.0))
}

async fn post(
    app: State<Arc<App>>,
    caller: Caller,
    body: Result<Json<TemplateBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    let text = body?.0.parse(None)?;
    Ok(Json(shown(&create(&app, &by, &text).await?)))
}

async fn update(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<Value>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    let body = body?.0;
    let read = || serde_json::from_value::<TemplateBody>(body.clone()).map_err(|_| not_of_form());
    read()?;
    let changed = change(&app, &by, &which.0, |present| read()?.parse(Some(present)));
    Ok(Json(shown(&changed.await?)))
}

async fn put(
    app: State<Arc<App>>,
    caller: Caller,
    which: Path<String>,
    body: Result<Json<TemplateBody>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    let text = body?.0.parse(None)?;
    Ok(Json(shown(&change(&app, &by, &which.0, |_| Ok(text.clone())).await?)))
}

fn not_of_form() -> ApiError {
    ApiError::validation("body", ["a member is not of its form"])
}

async fn remove(app: State<Arc<App>>, caller: Caller, which: Path<String>) -> Result<StatusCode, ApiError> {
    let by = caller.require::<right::OrgManage>(&app).await?;
    delete(&app, &by, &which.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
