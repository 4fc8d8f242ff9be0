//! Security > Networks: the zones of addresses that policies and tokens speak of, the blocklists, and where the viewer is
//! among them. Trusted origins are in `origins.rs`.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use postern_authn::network::{AddressRange, Usage, ZoneDraft, ZoneName};
use postern_authn::permission::{Permission, right};
use postern_store::search::Condition;
use postern_store::zones::{self as rows, Zone};

use super::form::Form;
use super::list::{PAGE, pages};
use super::page::{page, page_with};
use super::part::{Act, Ask, Empty, Field, Filters, Kind, Line, Link, Notice, Pages, State, Summary, Tab, Tabs, Tone};
use super::part_page::Taking;
use super::policies;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::App;
use crate::api::ApiError;
use crate::api::page::Query;
use crate::api::path::Path;
use crate::api::policies::changed_meanwhile;
use crate::api::routes::{Access, Routes};
use crate::api::zones::{self, ZoneUse};

/// The list.
pub const ADDRESS: &str = "/admin/security/networks";
/// At most so many ranges of a zone stand in its line.
const FEW: usize = 3;

/// A zone in the list.
pub struct Row {
    /// Its name and page.
    pub zone: Link,
    /// What it is for.
    pub usage: State,
    /// The first of its ranges.
    pub ranges: Text,
    /// Whether it counts.
    pub state: State,
    /// Whether it came with the organisation.
    pub is_system: bool,
}

/// The zones.
#[derive(Template)]
#[template(path = "console/networks.html")]
pub struct Networks {
    /// The frame.
    pub shell: Shell,
    /// Zones and trusted origins.
    pub tabs: Tabs,
    /// Where the viewer is.
    pub here: Text,
    /// In which zones that is.
    pub here_in: Vec<Link>,
    /// What is asked for.
    pub filters: Filters,
    /// This page of them.
    pub rows: Vec<Row>,
    /// What stands where there are none.
    pub empty: Empty,
    /// The other pages.
    pub pages: Pages,
    /// Whether the viewer may make zones.
    pub may_create: bool,
}

/// A zone, or a new one.
#[derive(Template)]
#[template(path = "console/network.html")]
pub struct Network {
    /// The frame.
    pub shell: Shell,
    /// What is made or changed.
    pub title: Text,
    /// How it stands.
    pub state: Option<State>,
    /// What was refused.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// Where the form goes.
    pub action: String,
    /// Which state of it the form shows.
    pub version: String,
    /// The form.
    pub fields: Vec<Field>,
    /// Whether the viewer may change it.
    pub may_edit: bool,
    /// What speaks of it; none for a new one.
    pub uses: Option<Vec<Link>>,
    /// What else can be done to it.
    pub acts: Vec<Act>,
    /// Where it can be deleted.
    pub delete: Option<Link>,
}

/// `/admin/security/networks` and below.
pub fn routes() -> Routes {
    let manage = Access::Permission(Permission::NetworkZonesManage);
    let read = Access::Permission(Permission::NetworkZonesRead);
    Routes::new()
        .get(ADDRESS, read, show)
        .get("/admin/security/networks/new", manage, ask)
        .post("/admin/security/networks/new", manage, make)
        .get("/admin/security/networks/{zone}", read, show_one)
        .post("/admin/security/networks/{zone}", manage, save)
        .post("/admin/security/networks/{zone}/activate", manage, activate)
        .post("/admin/security/networks/{zone}/deactivate", manage, deactivate)
        .get("/admin/security/networks/{zone}/delete", manage, ask_delete)
        .post("/admin/security/networks/{zone}/delete", manage, delete)
}

/// The two pages about networks.
pub fn tabs(viewer: &Viewer, current: &str) -> Tabs {
    let pages = [
        (ADDRESS, say("networks-zones"), Permission::NetworkZonesRead),
        (super::origins::ADDRESS, say("origins-title"), Permission::TrustedOriginsRead),
    ];
    let open = pages.into_iter().filter(|(_, _, needed)| viewer.may(*needed));
    let tab = |(href, label, _): (&str, Text, _)| Tab { label, href: href.to_owned(), is_current: href == current };
    Tabs { label: say("networks-title"), tabs: open.map(tab).collect() }
}

fn address(zone: &Zone) -> String {
    format!("{ADDRESS}/{}", zone.id)
}

async fn show(Shared(app): Shared<Arc<App>>, viewer: Viewer, query: Query) -> Result<Response, ApiError> {
    let by = viewer.require::<right::NetworkZonesRead>(&app).await?;
    let usages = [Usage::Policy, Usage::Blocklist].map(|usage| (usage.as_str().to_owned(), usage_words(usage)));
    let choices = std::iter::once((String::new(), say("networks-any"))).chain(usages).collect();
    let filters = Filters::new(ADDRESS).ask(&query, "usage", say("networks-usage"), Ask::Choice(choices));
    let condition = match filters.value("usage").parse::<Usage>() {
        Ok(usage) => Condition::parse(&format!("usage eq \"{}\"", usage.as_str()), rows::ATTRIBUTES).ok(),
        Err(()) => None,
    };
    let mut found = zones::list(&app, &by, condition, query.get("after")?, PAGE).await?;
    let pages = pages(&query, &mut found, |zone| zone.id.to_string());
    let client = &by.client.0;
    let all = app.store.read(by.org, |tx| tx.zones()).await?;
    let here: Vec<&Zone> =
        client.ip.parse().map_or_else(|_| Vec::new(), |ip| all.iter().filter(|zone| zone.contains(ip)).collect());
    let may_create = viewer.may(Permission::NetworkZonesManage);
    let act = may_create.then(|| Link::new(say("networks-new"), "/admin/security/networks/new"));
    Ok(page(Networks {
        shell: viewer.shell(Place::Networks),
        tabs: tabs(&viewer, ADDRESS),
        here: say("networks-here").with("address", client.ip.clone()),
        here_in: here.iter().map(|zone| Link::new(zone.name.as_str().to_owned(), address(zone))).collect(),
        filters,
        rows: found.iter().map(row).collect(),
        empty: Empty { title: say("networks-none"), next: say("networks-none-next"), act },
        pages,
        may_create,
    }))
}

fn row(zone: &Zone) -> Row {
    let all: Vec<&AddressRange> = zone.gateways.iter().chain(&zone.proxies).collect();
    let few = all.iter().take(FEW).map(|range| range.as_str().to_owned().into());
    let more = (all.len() > FEW).then(|| say("policies-and-more").with("count", all.len() - FEW));
    Row {
        zone: Link::new(zone.name.as_str().to_owned(), address(zone)),
        usage: usage_state(zone.usage),
        ranges: if all.is_empty() { say("networks-empty") } else { Text::list(few.chain(more)) },
        state: state(zone.is_active),
        is_system: zone.system.is_some(),
    }
}

fn usage_words(usage: Usage) -> Text {
    match usage {
        Usage::Blocklist => say("networks-blocklist"),
        Usage::Policy => say("networks-policy"),
    }
}

fn usage_state(usage: Usage) -> State {
    let tone = match usage {
        Usage::Blocklist => Tone::Danger,
        Usage::Policy => Tone::Plain,
    };
    State::new(tone, usage_words(usage))
}

/// Whether something of networks counts.
pub fn state(is_active: bool) -> State {
    if is_active {
        return State::new(Tone::Good, say("networks-active"));
    }
    State::new(Tone::Plain, say("networks-inactive"))
}

/// What a form of a zone holds.
#[derive(Clone)]
struct Typed {
    name: String,
    usage: String,
    gateways: String,
    proxies: String,
    version: String,
}

impl Typed {
    fn of(zone: &Zone) -> Self {
        let lines = |ranges: &[AddressRange]| ranges.iter().map(AddressRange::as_str).collect::<Vec<_>>().join("\n");
        Self {
            name: zone.name.as_str().to_owned(),
            usage: zone.usage.as_str().to_owned(),
            gateways: lines(&zone.gateways),
            proxies: lines(&zone.proxies),
            version: zone.updated_at.micros().to_string(),
        }
    }

    fn read(form: &Form, present: Option<&Zone>) -> Self {
        let fixed = present.filter(|zone| zone.system.is_some()).map(Self::of);
        Self {
            name: fixed.as_ref().map_or_else(|| form.text("name").to_owned(), |zone| zone.name.clone()),
            usage: fixed.map_or_else(|| form.text("usage").to_owned(), |zone| zone.usage),
            gateways: form.text("gateways").to_owned(),
            proxies: form.text("proxies").to_owned(),
            version: form.text("version").to_owned(),
        }
    }

    fn new() -> Self {
        let empty = String::new;
        let usage = Usage::Policy.as_str().to_owned();
        Self { name: empty(), usage, gateways: empty(), proxies: empty(), version: empty() }
    }

    /// The zone that was typed, or what is to be mended field by field.
    fn draft(&self) -> Result<ZoneDraft, Vec<(&'static str, Text)>> {
        let mut wrong = Vec::new();
        let name = self.name.parse::<ZoneName>().map_err(|_| wrong.push(("name", say("networks-bad-name"))));
        let usage = self.usage.parse::<Usage>().unwrap_or(Usage::Policy);
        let mut ranges = |member: &'static str, text: &str| {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let parsed: Vec<Result<AddressRange, String>> =
                lines.map(|line| line.parse().map_err(|_| line.chars().take(60).collect())).collect();
            let bad: Vec<Text> =
                parsed.iter().filter_map(|range| range.as_ref().err()).take(FEW).map(Text::from).collect();
            if !bad.is_empty() {
                wrong.push((member, say("networks-bad-range").with("ranges", Text::list(bad))));
            }
            parsed.into_iter().flatten().collect::<Vec<_>>()
        };
        let (gateways, proxies) = (ranges("gateways", &self.gateways), ranges("proxies", &self.proxies));
        let (Ok(name), true) = (name, wrong.is_empty()) else { return Err(wrong) };
        ZoneDraft::new(name, usage, gateways, proxies).map_err(|bad| {
            use postern_authn::network::BadZone;
            vec![match bad {
                BadZone::Name => ("name", say("networks-bad-name")),
                BadZone::Nothing => ("gateways", say("networks-nothing")),
                BadZone::BlockedProxies => ("proxies", say("networks-blocked-proxies")),
                BadZone::TooMany(member, most) => (member, say("networks-too-many").with("most", most)),
            }]
        })
    }
}

fn fields(viewer: &Viewer, typed: &Typed, present: Option<&Zone>, wrong: &[(&'static str, Text)]) -> Vec<Field> {
    let usages = [Usage::Policy, Usage::Blocklist].map(|usage| (usage.as_str().to_owned(), usage_words(usage)));
    let here = viewer.caller.client.0.ip.clone();
    let mut fields = Vec::new();
    if present.is_none_or(|zone| zone.system.is_none()) {
        let usage = Field::new("usage", say("networks-usage"), Kind::Choice(usages.into()));
        fields.push(Field::new("name", say("networks-name"), Kind::Text).holding(&typed.name));
        fields.push(usage.hint(say("networks-usage-hint")).holding(&typed.usage));
    }
    let ranges = |name, label, hint: Text, held: &str| Field::new(name, label, Kind::Lines).hint(hint).holding(held);
    let hint = say("networks-gateways-hint").with("address", here);
    fields.push(ranges("gateways", say("networks-gateways"), hint, &typed.gateways));
    fields.push(ranges("proxies", say("networks-proxies"), say("networks-proxies-hint"), &typed.proxies).optional());
    for field in &mut fields {
        if let Some((_, why)) = wrong.iter().find(|(name, _)| *name == field.name) {
            *field = field.clone().refused(why.clone());
        }
    }
    fields
}

/// The page of a zone; what was typed instead of what is, where something is to be mended.
async fn one(
    app: &App,
    viewer: &Viewer,
    (present, typed): (Option<&Zone>, &Typed),
    (wrong, notice): (&[(&'static str, Text)], Option<Notice>),
) -> Result<Network, ApiError> {
    let may_edit = viewer.may(Permission::NetworkZonesManage);
    let uses = match present {
        None => None,
        Some(zone) => {
            let by = viewer.require::<right::NetworkZonesRead>(app).await?;
            Some(zones::uses(app, &by, zone).await?.iter().map(use_link).collect())
        }
    };
    let own = present.filter(|zone| may_edit && zone.system.is_none());
    let act = |zone: &Zone| {
        let (words, effect, step) = match (zone.is_active, zone.usage) {
            (true, Usage::Blocklist) => (say("networks-deactivate"), say("networks-open-effect"), "deactivate"),
            (true, Usage::Policy) => (say("networks-deactivate"), say("networks-deactivate-effect"), "deactivate"),
            (false, Usage::Blocklist) => (say("networks-activate"), say("networks-block-effect"), "activate"),
            (false, Usage::Policy) => (say("networks-activate"), say("networks-activate-effect"), "activate"),
        };
        Act {
            words: words.with("name", zone.name.as_str().to_owned()),
            effect,
            address: format!("{}/{step}", address(zone)),
            is_dangerous: zone.is_active == (zone.usage == Usage::Policy),
        }
    };
    let delete = |zone: &Zone| {
        let words = say("networks-delete").with("name", zone.name.as_str().to_owned());
        Link::new(words, format!("{}/delete", address(zone)))
    };
    let fields = fields(viewer, typed, present, wrong);
    Ok(Network {
        shell: viewer.shell(Place::Networks),
        title: present.map_or_else(|| say("networks-new"), |zone| zone.name.as_str().to_owned().into()),
        state: present.map(|zone| state(zone.is_active)),
        notice,
        summary: Summary::of(&fields),
        action: present.map_or_else(|| format!("{ADDRESS}/new"), address),
        version: typed.version.clone(),
        fields,
        may_edit,
        uses,
        acts: own.map(act).into_iter().collect(),
        delete: own.map(delete),
    })
}

fn use_link(of: &ZoneUse) -> Link {
    match of {
        ZoneUse::Policy(name, kind) => Link::new(name, policies::list_address(*kind)),
        ZoneUse::Token(name) => Link::new(say("networks-token").with("name", name.clone()), "/admin/security/tokens"),
    }
}

/// A refusal of the act, above the form; what has nothing to do with the form goes to the page of problems.
async fn refused(
    app: &App,
    viewer: &Viewer,
    (present, typed): (Option<&Zone>, &Typed),
    refusal: ApiError,
) -> Result<Response, ApiError> {
    let own_address = say("networks-own-address").with("address", viewer.caller.client.0.ip.clone());
    let (wrong, notice) = match refusal.status {
        StatusCode::FORBIDDEN if refusal.summary == zones::OWN_ADDRESS => (vec![("gateways", own_address)], None),
        StatusCode::BAD_REQUEST if refusal.causes.iter().any(|cause| cause.contains("already exists")) => {
            (vec![("name", say("networks-taken"))], None)
        }
        StatusCode::BAD_REQUEST => {
            let notice = Notice::new(Tone::Danger, say("networks-in-use"), say("networks-in-use-next"));
            (Vec::new(), Some(notice.with_code(refusal.code)))
        }
        StatusCode::PRECONDITION_FAILED => {
            let notice = Notice::new(Tone::Warning, say("policies-overtaken"), say("networks-overtaken-next"));
            (Vec::new(), Some(notice.with_code(refusal.code)))
        }
        _ => return Err(refusal),
    };
    Ok(page_with(refusal.status, one(app, viewer, (present, typed), (&wrong, notice)).await?))
}

async fn ask(app: Shared<Arc<App>>, viewer: Viewer) -> Result<Response, ApiError> {
    viewer.require::<right::NetworkZonesManage>(&app).await?;
    Ok(page(one(&app, &viewer, (None, &Typed::new()), (&[], None)).await?))
}

async fn make(app: Shared<Arc<App>>, viewer: Viewer, form: Result<Form, ApiError>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::NetworkZonesManage>(&app).await?;
    let typed = Typed::read(&form?, None);
    let draft = match typed.draft() {
        Ok(draft) => draft,
        Err(wrong) => {
            let view = one(&app, &viewer, (None, &typed), (&wrong, None)).await?;
            return Ok(page_with(StatusCode::BAD_REQUEST, view));
        }
    };
    match zones::create(&app, &by, &draft, true).await {
        Ok(zone) => Ok(Redirect::to(&address(&zone)).into_response()),
        Err(refusal) => refused(&app, &viewer, (None, &typed), refusal).await,
    }
}

async fn found(app: &App, viewer: &Viewer, id: &str) -> Result<Zone, ApiError> {
    let by = viewer.require::<right::NetworkZonesRead>(app).await?;
    zones::zone(app, &by, id).await
}

async fn show_one(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let zone = found(&app, &viewer, &id).await?;
    Ok(page(one(&app, &viewer, (Some(&zone), &Typed::of(&zone)), (&[], None)).await?))
}

async fn save(
    app: Shared<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<right::NetworkZonesManage>(&app).await?;
    let form = form?;
    let zone = found(&app, &viewer, &id).await?;
    let mut typed = Typed::read(&form, Some(&zone));
    let draft = match typed.draft() {
        Ok(draft) => draft,
        Err(wrong) => {
            let view = one(&app, &viewer, (Some(&zone), &typed), (&wrong, None)).await?;
            return Ok(page_with(StatusCode::BAD_REQUEST, view));
        }
    };
    let wanted = |present: &Zone| {
        if Typed::of(present).version == typed.version { Ok(draft.clone()) } else { Err(changed_meanwhile()) }
    };
    match zones::edit(&app, &by, &id, wanted).await {
        Ok(zone) => Ok(Redirect::to(&address(&zone)).into_response()),
        Err(refusal) if refusal.status == StatusCode::PRECONDITION_FAILED => {
            // Nothing of either is lost: what the other one saved and is missing here is put to it.
            let now = found(&app, &viewer, &id).await?;
            let saved = Typed::of(&now);
            typed.version.clone_from(&saved.version);
            typed.gateways = joined(&typed.gateways, &saved.gateways);
            typed.proxies = joined(&typed.proxies, &saved.proxies);
            refused(&app, &viewer, (Some(&now), &typed), refusal).await
        }
        Err(refusal) => refused(&app, &viewer, (Some(&zone), &typed), refusal).await,
    }
}

/// The lines of both, each once.
fn joined(own: &str, other: &str) -> String {
    let mut lines: Vec<&str> = own.lines().map(str::trim).collect();
    lines.extend(other.lines().filter(|line| !own.lines().any(|known| known.trim() == *line)));
    lines.join("\n")
}

async fn activate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    switch(&app, &viewer, &id, true).await
}

async fn deactivate(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    switch(&app, &viewer, &id, false).await
}

async fn switch(app: &App, viewer: &Viewer, id: &str, is_active: bool) -> Result<Response, ApiError> {
    let by = viewer.require::<right::NetworkZonesManage>(app).await?;
    match zones::set_active(app, &by, id, is_active).await {
        Ok(zone) => Ok(Redirect::to(&address(&zone)).into_response()),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => Err(refusal),
        Err(refusal) => {
            let zone = found(app, viewer, id).await?;
            refused(app, viewer, (Some(&zone), &Typed::of(&zone)), refusal).await
        }
    }
}

async fn ask_delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    viewer.require::<right::NetworkZonesManage>(&app).await?;
    let by = viewer.require::<right::NetworkZonesRead>(&app).await?;
    let zone = found(&app, &viewer, &id).await?;
    let uses = zones::uses(&app, &by, &zone).await?;
    if zone.system.is_some() || !uses.is_empty() {
        let refusal = zones::in_use();
        return refused(&app, &viewer, (Some(&zone), &Typed::of(&zone)), refusal).await;
    }
    let effect = match (zone.usage, zone.is_active) {
        (Usage::Blocklist, true) => say("networks-open-effect"),
        (Usage::Blocklist, false) | (Usage::Policy, _) => say("networks-unused"),
    };
    let who = Link::new(zone.name.as_str().to_owned(), address(&zone));
    let taking = Taking {
        place: Place::Networks,
        list: Link::new(say("networks-title"), ADDRESS),
        verb: say("networks-delete").with("name", zone.name.as_str().to_owned()),
        about: say("networks-delete-about"),
        lines: vec![Line { who, effect, state: Some(usage_state(zone.usage)) }],
        action: format!("{}/delete", address(&zone)),
        back: address(&zone),
    };
    Ok(taking.asked(&viewer))
}

async fn delete(app: Shared<Arc<App>>, viewer: Viewer, Path(id): Path<String>) -> Result<Response, ApiError> {
    let by = viewer.require::<right::NetworkZonesManage>(&app).await?;
    match zones::delete(&app, &by, &id).await {
        Ok(()) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let zone = found(&app, &viewer, &id).await?;
            refused(&app, &viewer, (Some(&zone), &Typed::of(&zone)), refusal).await
        }
        Err(refusal) => Err(refusal),
    }
}
