//! The organisation as Okta's API has it: its name, its pages, how its help desk is reached. What Okta has no place for,
//! such as its colour, stands beside it; whoever replaces the whole without naming those leaves them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use postern_authn::audit::EventType;
use postern_authn::org::OrgName;
use postern_authn::permission::{Permission, right};
use postern_codes::Timestamp;
use postern_store::{Error, Tx};
use postern_wire::settings::{DeviceSettings, Shown};
use serde_json::{Map, Value, json};

use crate::App;
use crate::api::body::Json;
use crate::api::caller::{Allowed, Caller};
use crate::api::device_access::settings::{DeviceDocument, put_device_settings};
use crate::api::error::ApiError;
use crate::api::hal;
use crate::api::routes::{Access, Routes};
use crate::console::accent::{Colour, Mode, TooFaint};
use crate::console::language::{self, Language};
use crate::organisation::Organisation;

/// The greatest length of a fact, in characters.
const LONGEST: usize = 255;

macro_rules! facts {
    ($($(#[$doc:meta])* $fact:ident $name:literal $is_of_okta:literal;)*) => {
        /// Something that an organisation says of itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fact {
            $($(#[$doc])* $fact,)*
        }

        impl Fact {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$fact),*];

            /// Its name in the API, in forms and in the record.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$fact => $name,)*
                }
            }

            /// Whether Okta's API has it.
            const fn is_of_okta(self) -> bool {
                match self {
                    $(Self::$fact => $is_of_okta,)*
                }
            }
        }
    };
}

facts! {
    /// The colour of links and buttons on a light page.
    AccentColor "accentColor" false;
    /// And on a dark one.
    AccentColorOnDark "accentColorOnDark" false;
    /// Street and number.
    Address1 "address1" true;
    /// What else the street needs.
    Address2 "address2" true;
    /// Town.
    City "city" true;
    /// Its name.
    CompanyName "companyName" true;
    /// Country.
    Country "country" true;
    /// The pages of the help desk.
    HelpUrl "endUserSupportHelpURL" true;
    /// The language of mails.
    Language "language" false;
    /// Its telephone number.
    PhoneNumber "phoneNumber" true;
    /// Postal code.
    PostalCode "postalCode" true;
    /// State or province.
    State "state" true;
    /// Anything else about whom to ask.
    SupportContactInfo "supportContactInfo" false;
    /// Where the help desk reads mail.
    SupportEmail "supportEmail" false;
    /// Where the help desk answers the telephone.
    SupportPhoneNumber "supportPhoneNumber" true;
    /// Where its clock stands.
    TimeZone "timeZone" false;
    /// Its own pages.
    Website "website" true;
}

/// Why a fact cannot be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It must say something.
    #[error("The field cannot be left blank")]
    Blank,
    /// It is no colour.
    #[error("must be # and six hexadecimal digits")]
    Colour,
    /// It is a colour that cannot be read.
    #[error("{0}")]
    Faint(TooFaint),
    /// It is no language that we have.
    #[error("must be de or en")]
    Language,
    /// It is too long, or not one line.
    #[error("must be one line of at most 255 characters")]
    Line,
    /// It is too long, or holds what cannot be shown.
    #[error("must have at most 1000 characters")]
    Long,
    /// It is no address of a page.
    #[error("must be an address that begins with https://")]
    Url,
    /// It is no time zone.
    #[error("must be the name of a time zone, such as Europe/Berlin")]
    Zone,
}

/// Everything that an organisation says of itself, wherever it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    name: String,
    created_at: Timestamp,
    device: DeviceSettings,
    organisation: Organisation,
}

impl Facts {
    /// As they are now.
    ///
    /// # Errors
    /// Of the database.
    pub fn read(tx: &mut Tx<'_>) -> Result<Self, Error> {
        let record = tx.org_record()?.ok_or_else(|| Error::fault("the organisation has no row"))?;
        let (DeviceDocument(device), _) = tx.setting()?;
        let (organisation, _) = tx.setting()?;
        Ok(Self { name: record.name, created_at: record.created_at, device, organisation })
    }

    /// What it says; empty where it says nothing.
    pub fn get(&self, fact: Fact) -> String {
        let Self { name, device, organisation, .. } = self;
        let address = &organisation.address;
        let colour = |colour: Option<_>| colour.map_or_else(String::new, String::from);
        match fact {
            Fact::AccentColor => colour(organisation.accent),
            Fact::AccentColorOnDark => colour(organisation.accent_on_dark),
            Fact::Address1 => address.line1.clone(),
            Fact::Address2 => address.line2.clone(),
            Fact::City => address.city.clone(),
            Fact::CompanyName => name.clone(),
            Fact::Country => address.country.clone(),
            Fact::HelpUrl => organisation.help_desk_website.clone(),
            Fact::Language => organisation.language.tag().to_owned(),
            Fact::PhoneNumber => organisation.phone_number.clone(),
            Fact::PostalCode => address.postal_code.clone(),
            Fact::State => address.state.clone(),
            Fact::SupportContactInfo => device.admin_contact_info.to_string(),
            Fact::SupportEmail => device.admin_email.to_string(),
            Fact::SupportPhoneNumber => device.admin_phone.to_string(),
            Fact::TimeZone => organisation.time_zone.clone(),
            Fact::Website => organisation.website.clone(),
        }
    }

    /// Says something else; an empty text says nothing.
    ///
    /// # Errors
    /// Why it cannot be so.
    pub fn set(&mut self, fact: Fact, text: &str) -> Result<(), Wrong> {
        let text = text.trim();
        let Self { name, device, organisation, .. } = self;
        let address = &mut organisation.address;
        match fact {
            Fact::AccentColor => organisation.accent = colour(text, Mode::Light)?,
            Fact::AccentColorOnDark => organisation.accent_on_dark = colour(text, Mode::Dark)?,
            Fact::Address1 => address.line1 = line(text)?,
            Fact::Address2 => address.line2 = line(text)?,
            Fact::City => address.city = line(text)?,
            Fact::CompanyName => {
                let parsed = text.parse::<OrgName>();
                *name = parsed.map_err(|_| if text.is_empty() { Wrong::Blank } else { Wrong::Line })?.to_string();
            }
            Fact::Country => address.country = line(text)?,
            Fact::HelpUrl => organisation.help_desk_website = url(text)?,
            Fact::Language => {
                let known = || Language::ALL.iter().copied().find(|own| own.tag() == text).ok_or(Wrong::Language);
                organisation.language = if text.is_empty() { Language::default() } else { known()? };
            }
            Fact::PhoneNumber => organisation.phone_number = line(text)?,
            Fact::PostalCode => address.postal_code = line(text)?,
            Fact::State => address.state = line(text)?,
            Fact::SupportContactInfo => device.admin_contact_info = Shown::new(text.to_owned()).ok_or(Wrong::Long)?,
            Fact::SupportEmail => device.admin_email = shown(text, &device.admin_email)?,
            Fact::SupportPhoneNumber => device.admin_phone = shown(text, &device.admin_phone)?,
            Fact::TimeZone => {
                let is_known = text.is_empty() || language::zone(text).is_some();
                organisation.time_zone = is_known.then(|| text.to_owned()).ok_or(Wrong::Zone)?;
            }
            Fact::Website => organisation.website = url(text)?,
        }
        Ok(())
    }

    /// Its colour, and all else that it says of itself alone.
    pub const fn organisation(&self) -> &Organisation {
        &self.organisation
    }
}

fn line(text: &str) -> Result<String, Wrong> {
    let is_line = text.chars().count() <= LONGEST && !text.contains(char::is_control);
    is_line.then(|| text.to_owned()).ok_or(Wrong::Line)
}

/// What stands in the device settings may have been written there, and longer: as it is, it may stay.
fn shown(text: &str, present: &Shown) -> Result<Shown, Wrong> {
    if text == present.trim() {
        return Ok(present.clone());
    }
    Shown::new(line(text)?).ok_or(Wrong::Line)
}

fn colour(text: &str, mode: Mode) -> Result<Option<Colour>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let colour: Colour = text.parse().map_err(|_| Wrong::Colour)?;
    colour.judge(mode).map_err(Wrong::Faint)?;
    Ok(Some(colour))
}

fn url(text: &str) -> Result<String, Wrong> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let parsed: Uri = text.parse().map_err(|_| Wrong::Url)?;
    let is_named = parsed.host().is_some_and(|host| !host.is_empty());
    let hides_nobody = parsed.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if parsed.scheme_str() == Some("https") && is_named && hides_nobody { line(text) } else { Err(Wrong::Url) }
}

/// What the organisation says of itself.
///
/// # Errors
/// Of the database.
pub async fn facts(app: &App, by: &Allowed<right::OrgRead>) -> Result<Facts, ApiError> {
    Ok(app.store.read(by.org, Facts::read).await?)
}

/// Says something else, as far as `given` names it; gives what it says from then on. The record has what changed.
///
/// # Errors
/// Which of it cannot be so; nothing is changed then.
pub async fn change(
    app: &App,
    by: &Allowed<right::OrgManage>,
    given: &[(Fact, String)],
) -> Result<Result<Facts, Vec<(Fact, Wrong)>>, ApiError> {
    let env = app.env();
    let changed = app.store.write(by.org, |tx| {
        tx.hold_configuration()?;
        let before = Facts::read(tx)?;
        let mut after = before.clone();
        let wrong = given.iter().filter_map(|(fact, text)| Some((*fact, after.set(*fact, text).err()?)));
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            return Ok(Err(wrong));
        }
        if after == before {
            return Ok(Ok(after));
        }
        after.organisation.updated_at = Some(env.now);
        if after.name != before.name {
            tx.rename_org(&after.name.parse().map_err(|_| Error::fault("the name was read before"))?)?;
        }
        if after.device != before.device {
            put_device_settings(tx, by, &after.device, &env)?;
        }
        tx.put_setting(&after.organisation, env.now)?;
        tx.note_perimeter(env.now)?;
        let mut event = by.success(EventType::OrgSettingUpdate).detail("setting", "organisation");
        for fact in Fact::ALL {
            let (from, to) = (before.get(*fact), after.get(*fact));
            if from != to {
                event = event.detail(fact.name(), format!("{from:?} to {to:?}"));
            }
        }
        tx.record(&event, &env)?;
        Ok(Ok(after))
    });
    Ok(app.perimeter.changed(changed).await?)
}

fn json(by: &Caller, facts: &Facts) -> Json<Value> {
    let mut members = Map::new();
    for fact in Fact::ALL {
        // What is not said is left out: the specification has no null here.
        let text = facts.get(*fact);
        if !text.is_empty() {
            members.insert(fact.name().to_owned(), text.into());
        }
    }
    members.insert("id".to_owned(), json!(by.org));
    members.insert("status".to_owned(), "ACTIVE".into());
    members.insert("created".to_owned(), hal::time(facts.created_at).into());
    let updated = facts.organisation.updated_at.unwrap_or(facts.created_at);
    members.insert("lastUpdated".to_owned(), hal::time(updated).into());
    Json(Value::Object(members))
}

/// The facts that a body names. What else it has is what this API gave: it is left.
fn given(body: &Map<String, Value>, is_whole: bool) -> Result<Vec<(Fact, String)>, ApiError> {
    let mut given = Vec::new();
    for fact in Fact::ALL {
        match body.get(fact.name()) {
            None if is_whole && fact.is_of_okta() => given.push((*fact, String::new())),
            None => {}
            Some(Value::Null) => given.push((*fact, String::new())),
            Some(Value::String(text)) => given.push((*fact, text.clone())),
            Some(_) => return Err(ApiError::validation(fact.name(), [format!("{}: must be a text", fact.name())])),
        }
    }
    Ok(given)
}

async fn set(
    app: &App,
    caller: Caller,
    body: Result<Json<Map<String, Value>>, ApiError>,
    is_whole: bool,
) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgManage>(app).await?;
    let given = given(&body?.0, is_whole)?;
    match change(app, &by, &given).await? {
        Ok(facts) => Ok(json(&by, &facts)),
        Err(wrong) => {
            let causes = wrong.iter().map(|(fact, wrong)| format!("{}: {wrong}", fact.name()));
            Err(ApiError::validation(wrong.first().map_or("body", |(fact, _)| fact.name()), causes))
        }
    }
}

async fn get(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let by = caller.require::<right::OrgRead>(&app).await?;
    Ok(json(&by, &facts(&app, &by).await?))
}

type Body = Result<Json<Map<String, Value>>, ApiError>;

async fn put(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    set(&app, caller, body, true).await
}

async fn post(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    set(&app, caller, body, false).await
}

/// `/api/v1/org`.
pub fn routes() -> Routes {
    let (manage, read) = (Access::Permission(Permission::OrgManage), Access::Permission(Permission::OrgRead));
    let address = "/api/v1/org";
    Routes::new().get(address, read, get).put(address, manage, put).post(address, manage, post)
}
