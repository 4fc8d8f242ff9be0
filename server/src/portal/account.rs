//! One's own account, a card a matter: factors, backup codes, where one is signed in, what happened, computers, and how
//! pages look.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::factor::Enrolled;
use postern_authn::policy::enroll::Enrolment;
use postern_store::factors::OrgFactors;

use super::activity;
use super::owner::{Frame, Owner};
use super::sessions::{self, Remembered, Session};
use super::{ACCOUNT, factors};
use crate::App;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, backup_codes};
use crate::cases::vouching;
use crate::console::account::KEPT;
use crate::console::factor_words::{about, detail, named};
use crate::console::form::Form;
use crate::console::language::{self, ZONE_COOKIE, zone};
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Kind as FieldKind, Link, Moment, Notice, Record, State, Tone};
use crate::console::people;
use crate::console::words::{Text, say, say_of};

/// How many lines of the record stand on the card.
const FEW: u32 = 20;
/// So few backup codes are a reason to make others.
const SCARCE: u64 = 2;

/// A case of one's own.
pub struct OwnCase {
    /// Its number.
    pub number: u64,
    /// What the agent must say.
    pub agent: String,
    /// What its reader answers.
    pub person: String,
}

/// A case that asks for its reader's word.
pub struct Ask {
    /// Whom it is about.
    pub person: String,
    /// Their name to sign in.
    pub login: String,
    /// Its number.
    pub number: u64,
    /// Since when.
    pub since: Moment,
    /// Where the answer goes.
    pub action: String,
}

/// A factor of one's own.
pub struct Own {
    /// Its kind, or the name that it was given.
    pub name: Text,
    /// The address, number or question.
    pub detail: Option<String>,
    /// What it is.
    pub about: Text,
    /// That it proves nothing now.
    pub state: Option<State>,
    /// Since when.
    pub since: Moment,
    /// When it was last proved.
    pub last_used: Option<Moment>,
    /// The page that removes it.
    pub remove: String,
}

/// A factor that can be added.
pub struct Offer {
    /// Its kind, and the page that adds it.
    pub link: Link,
    /// That the organisation wants it.
    pub is_wanted: bool,
}

/// The backup codes that are left.
pub struct Codes {
    /// How many, and what to do.
    pub state: State,
    /// Since when there is this sheet.
    pub since: Moment,
    /// When one was last used.
    pub last_used: Option<Moment>,
}

/// A computer that knows its reader.
pub struct Computer {
    /// Its name.
    pub name: String,
    /// Its serial number.
    pub serial: String,
    /// Since when.
    pub since: Moment,
    /// When it was last in contact.
    pub last_seen: Option<Moment>,
}

/// The page.
#[derive(Template)]
#[template(path = "portal/account.html")]
pub struct Account {
    /// The frame.
    pub frame: Frame,
    /// What was just done.
    pub notice: Option<Notice>,
    /// Their own case that is under way.
    pub case: Option<OwnCase>,
    /// Whose cases ask for their word.
    pub asks: Vec<Ask>,
    /// Their factors, oldest first.
    pub factors: Vec<Own>,
    /// What they can add.
    pub offers: Vec<Offer>,
    /// Their backup codes; nothing, where they have none.
    pub codes: Option<Codes>,
    /// Whether to make backup codes is the next step.
    pub wants_codes: bool,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
    /// The browsers that are remembered.
    pub browsers: Vec<Remembered>,
    /// What happened lately.
    pub activity: Record,
    /// Their computers.
    pub computers: Vec<Computer>,
    /// `zone`.
    pub zone: Field,
}

/// `/account`.
pub(super) fn routes() -> Routes {
    Routes::new()
        .get(ACCOUNT, Access::SignedIn, show)
        .post("/account/zone", Access::SignedIn, choose_zone)
        .post("/account/cases/{case}/vouch", Access::SignedIn, vouch)
        .post("/account/case/factor", Access::SignedIn, show_factor)
}

async fn show(
    Shared(app): Shared<Arc<App>>,
    owner: Owner,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let chosen = language::cookie(&headers, ZONE_COOKIE).unwrap_or_default().to_owned();
    let view = account(&app, &owner, zone_field().holding(chosen)).await?;
    Ok(page(Account { notice: query.text("done").and_then(was_done), ..view }))
}

/// What can be said about an act that the address names; nothing about one that there is not.
fn was_done(act: &str) -> Option<Notice> {
    const ACTS: &[&str] = &[
        "added",
        "browsers-forgotten",
        "factor-shown",
        "not-me",
        "others-ended",
        "password",
        "removed",
        "session-ended",
        "vouched",
    ];
    let act = ACTS.iter().find(|own| **own == act)?;
    Some(Notice::new(Tone::Good, say_of("account-done", act), say_of("account-done-next", act)))
}

async fn account(app: &App, owner: &Owner, zone: Field) -> Result<Account, ApiError> {
    let user = owner.user.id;
    let read = app.store.read(owner.caller.org, |tx| {
        let mut held = tx.factors_of(user)?;
        held.retain(|factor| factor.kind.factor().is_listed());
        let (allowed, _) = tx.setting::<OrgFactors>()?;
        let mut computers = Vec::new();
        for link in tx.links_of_user(user)? {
            let Some(device) = tx.device(link.device)? else { continue };
            computers.push(Computer {
                name: device.profile.display_name,
                serial: device.profile.serial_number,
                since: owner.moment(link.since),
                last_seen: device.last_seen_at.map(|at| owner.moment(at)),
            });
        }
        let cases = (vouching::asked_of(tx, user)?, tx.open_case_of(user)?);
        Ok((held, allowed, (backup_codes::left(tx, user)?, cases), tx.enrolment_policy(user)?, computers))
    });
    let (held, allowed, (left, (asked, case)), policy, computers) = read.await?;
    let asks = asked.into_iter().map(|(case, person)| Ask {
        person: person.name(),
        login: person.login.to_string(),
        number: case.number,
        since: owner.moment(case.opened_at),
        action: format!("/account/cases/{}/vouch", case.id),
    });
    let offers = factors::offers(app, owner, &held).await?;
    let (sessions, browsers) = sessions::shown(app, owner).await?;
    let has = |kind| held.iter().any(|factor| factor.kind == kind);
    let offer = |(kind, provider)| Offer {
        link: Link::new(people::factor(kind), factors::address(provider)),
        is_wanted: policy.of(kind) == Enrolment::Required && !has(kind),
    };
    Ok(Account {
        frame: owner.frame(),
        notice: None,
        asks: asks.collect(),
        case: case.map(|case| OwnCase { number: case.number, agent: case.words.agent, person: case.words.person }),
        offers: offers.into_iter().map(offer).collect(),
        wants_codes: !held.is_empty() && left.is_none_or(|set| set.remaining <= SCARCE),
        factors: held.iter().map(|factor| own(owner, factor, &allowed)).collect(),
        codes: left.map(|set| codes(owner, set)),
        sessions,
        browsers,
        activity: activity::latest(app, owner, FEW).await?,
        computers,
        zone,
    })
}

async fn show_factor(Shared(app): Shared<Arc<App>>, owner: Owner) -> Result<Response, ApiError> {
    vouching::show_factor(&app, &owner.caller).await?;
    Ok(super::done("factor-shown"))
}

async fn vouch(
    Shared(app): Shared<Arc<App>>,
    owner: Owner,
    Path(case): Path<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let is_them = match form.text("answer") {
        "yes" => true,
        "no" => false,
        _ => return Ok(Redirect::to(ACCOUNT).into_response()),
    };
    vouching::vouch(&app, &owner.caller, &case, is_them).await?;
    Ok(super::done("vouched"))
}

fn own(owner: &Owner, factor: &Enrolled, allowed: &OrgFactors) -> Own {
    Own {
        name: named(factor),
        detail: detail(factor),
        about: about(factor),
        state: (!allowed.allows_factor(factor)).then(|| State::new(Tone::Warning, say("factors-off"))),
        since: owner.moment(factor.created_at),
        last_used: factor.last_used_at.map(|at| owner.moment(at)),
        remove: format!("/account/factors/{}/remove", factor.id),
    }
}

fn codes(owner: &Owner, set: backup_codes::Set) -> Codes {
    Codes {
        state: left(set.remaining),
        since: owner.moment(set.created_at),
        last_used: set.last_used_at.map(|at| owner.moment(at)),
    }
}

/// How many backup codes are left, in words.
pub fn left(remaining: u64) -> State {
    let tone = if remaining <= SCARCE { Tone::Warning } else { Tone::Good };
    let all = postern_authn::factor::backup_codes::COUNT;
    State::new(tone, say("factors-codes-left").with("count", remaining).with("all", all))
}

fn zone_field() -> Field {
    Field::new("zone", say("account-zone"), FieldKind::Text).hint(say("account-zone-hint")).optional()
}

async fn choose_zone(Shared(app): Shared<Arc<App>>, owner: Owner, form: Form) -> Result<Response, ApiError> {
    let typed = form.text("zone");
    if !typed.is_empty() && zone(typed).is_none() {
        let field = zone_field().holding(typed).refused(say("account-zone-unknown"));
        return Ok(page_with(StatusCode::BAD_REQUEST, account(&app, &owner, field).await?));
    }
    let kept = format!("{ZONE_COOKIE}={typed}; {KEPT}");
    Ok(([(header::SET_COOKIE, kept)], Redirect::to(ACCOUNT)).into_response())
}
