//! A network zone as something that is kept.

use axum::http::StatusCode;
use postern_authn::network::{AddressRange, BadZone, Usage, ZoneDraft, ZoneName};
use postern_authn::permission::right;
use postern_store::zones::Zone;
use serde::Serialize;

use super::ZONES;
use super::kept::{Addresses, Kept, Words, Wrong};
use super::zones::{usage_state, usages};
use crate::App;
use crate::api::zones::{self, ZoneUse};
use crate::api::{Allowed, ApiError};
use crate::console::form::Form;
use crate::console::meanwhile::lines;
use crate::console::part::{Field, Kind, Line, Link, Notice, Ticks, Tone};
use crate::console::policies;
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

/// At most so many wrong lines are named.
const FEW: usize = 3;

/// What the form of a zone holds.
#[derive(Clone, Serialize)]
pub struct Typed {
    name: String,
    usage: String,
    gateways: String,
    proxies: String,
}

impl Kept for Zone {
    type Read = right::NetworkZonesRead;
    type Manage = right::NetworkZonesManage;
    type Typed = Typed;
    type Draft = ZoneDraft;
    const LIST: &'static str = ZONES;
    const ADDRESSES: Addresses = Addresses {
        new: "/admin/security/networks/new",
        one: "/admin/security/networks/{zone}",
        activate: "/admin/security/networks/{zone}/activate",
        deactivate: "/admin/security/networks/{zone}/deactivate",
        delete: "/admin/security/networks/{zone}/delete",
    };

    fn crumbs() -> Vec<Link> {
        vec![Link::new(say("networks-title"), ZONES)]
    }

    fn words() -> Words {
        Words {
            lead: say("networks-lead"),
            new: say("networks-new"),
            delete: say("networks-delete"),
            delete_about: say("networks-delete-about"),
        }
    }

    fn new() -> Typed {
        let usage = Usage::Policy.as_str().to_owned();
        Typed { name: String::new(), usage, gateways: String::new(), proxies: String::new() }
    }

    fn read(form: &Form, present: Option<&Self>) -> Typed {
        let text = |name: &str| form.text(name).to_owned();
        let typed =
            Typed { name: text("name"), usage: text("usage"), gateways: text("gateways"), proxies: text("proxies") };
        match present.filter(|zone| zone.stays()) {
            None => typed,
            Some(zone) => {
                let fixed = zone.typed();
                Typed { name: fixed.name, usage: fixed.usage, ..typed }
            }
        }
    }

    /// The zone that was typed, or what is to be mended field by field.
    fn draft(typed: &Typed, _: Option<&Self>) -> Result<ZoneDraft, Wrong> {
        let mut wrong = Vec::new();
        let name = typed.name.parse::<ZoneName>().map_err(|_| wrong.push(("name", say("networks-bad-name"))));
        let usage = typed.usage.parse::<Usage>().map_err(|()| wrong.push(("usage", say("networks-no-usage"))));
        let mut ranges = |member: &'static str, text: &str| {
            let lines = lines(text);
            let parsed: Vec<Result<AddressRange, String>> =
                lines.map(|line| line.parse().map_err(|_| line.chars().take(60).collect())).collect();
            let bad: Vec<Text> =
                parsed.iter().filter_map(|range| range.as_ref().err()).take(FEW).map(Text::from).collect();
            if !bad.is_empty() {
                wrong.push((member, say("networks-bad-range").with("ranges", Text::list(bad))));
            }
            parsed.into_iter().flatten().collect::<Vec<_>>()
        };
        let (gateways, proxies) = (ranges("gateways", &typed.gateways), ranges("proxies", &typed.proxies));
        let (Ok(name), Ok(usage), true) = (name, usage, wrong.is_empty()) else { return Err(wrong) };
        ZoneDraft::new(name, usage, gateways, proxies).map_err(|bad| {
            vec![match bad {
                BadZone::Name => ("name", say("networks-bad-name")),
                BadZone::Nothing => ("gateways", say("networks-nothing")),
                BadZone::BlockedProxies => ("proxies", say("networks-blocked-proxies")),
                BadZone::TooMany(member, most) => (member, say("networks-too-many").with("most", most)),
            }]
        })
    }

    fn form(viewer: &Viewer, typed: &Typed, present: Option<&Self>) -> (Vec<Field>, Option<Ticks>) {
        let mut fields = Vec::new();
        if present.is_none_or(|zone| !zone.stays()) {
            let usage = Field::new("usage", say("networks-usage"), Kind::Choice(usages().into()));
            fields.push(Field::new("name", say("networks-name"), Kind::Text).holding(&typed.name));
            fields.push(usage.hint(say("networks-usage-hint")).holding(&typed.usage));
        }
        let hint = say("networks-gateways-hint").with("address", viewer.caller.client.0.ip.clone());
        let gateways = Field::new("gateways", say("networks-gateways"), Kind::Lines).hint(hint);
        let proxies = Field::new("proxies", say("networks-proxies"), Kind::Lines).hint(say("networks-proxies-hint"));
        fields.push(gateways.holding(&typed.gateways));
        fields.push(proxies.holding(&typed.proxies).optional());
        (fields, None)
    }

    fn typed(&self) -> Typed {
        let lines = |ranges: &[AddressRange]| ranges.iter().map(AddressRange::as_str).collect::<Vec<_>>().join("\n");
        Typed {
            name: self.name(),
            usage: self.usage.as_str().to_owned(),
            gateways: lines(&self.gateways),
            proxies: lines(&self.proxies),
        }
    }

    fn address(&self) -> String {
        format!("{ZONES}/{}", self.id)
    }

    fn name(&self) -> String {
        self.name.as_str().to_owned()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn stays(&self) -> bool {
        self.system.is_some()
    }

    fn next(&self) -> String {
        self.address()
    }

    fn switch(&self) -> (Text, Text, bool) {
        let (words, effect) = match (self.is_active, self.usage) {
            (true, Usage::Blocklist) => (say("networks-deactivate"), say("networks-open-effect")),
            (true, Usage::Policy) => (say("networks-deactivate"), say("networks-deactivate-effect")),
            (false, Usage::Blocklist) => (say("networks-activate"), say("networks-block-effect")),
            (false, Usage::Policy) => (say("networks-activate"), say("networks-activate-effect")),
        };
        (words, effect, self.is_active == (self.usage == Usage::Policy))
    }

    fn losses(&self) -> Vec<Line> {
        let effect = match (self.usage, self.is_active) {
            (Usage::Blocklist, true) => say("networks-open-effect"),
            (Usage::Blocklist, false) | (Usage::Policy, _) => say("networks-unused"),
        };
        vec![Line { who: Link::new(self.name(), self.address()), effect, state: Some(usage_state(self.usage)) }]
    }

    fn refused(viewer: &Viewer, refusal: &ApiError) -> Option<(Wrong, Option<Notice>)> {
        let own_address = say("networks-own-address").with("address", viewer.caller.client.0.ip.clone());
        match refusal.status {
            StatusCode::FORBIDDEN if refusal.summary == zones::OWN_ADDRESS => {
                Some((vec![("gateways", own_address)], None))
            }
            StatusCode::BAD_REQUEST if refusal.causes.iter().any(|cause| cause.contains("already exists")) => {
                Some((vec![("name", say("networks-taken"))], None))
            }
            StatusCode::BAD_REQUEST => {
                let is = |what: &str| refusal.causes.iter().any(|cause| cause.contains(what));
                let notice = if is("one of the system") {
                    Notice::new(Tone::Danger, say("networks-stays"), say("networks-system"))
                } else if is("it is used by") {
                    Notice::new(Tone::Danger, say("networks-in-use"), say("networks-in-use-next"))
                } else {
                    let next = refusal.causes.join(". ");
                    Notice::new(Tone::Danger, say_of("domain-error", refusal.code).or(refusal.summary.clone()), next)
                };
                Some((Vec::new(), Some(notice.with_code(refusal.code))))
            }
            _ => None,
        }
    }

    async fn uses(&self, app: &App, by: &Allowed<Self::Read>) -> Result<Option<Vec<Link>>, ApiError> {
        Ok(Some(zones::uses(app, by, self).await?.iter().map(use_link).collect()))
    }

    async fn find(app: &App, by: &Allowed<Self::Read>, id: &str) -> Result<Self, ApiError> {
        zones::zone(app, by, id).await
    }

    async fn create(app: &App, by: &Allowed<Self::Manage>, draft: &ZoneDraft) -> Result<Self, ApiError> {
        zones::create(app, by, draft, true).await
    }

    async fn edit(
        app: &App,
        by: &Allowed<Self::Manage>,
        id: &str,
        wanted: impl Fn(&Self) -> Result<ZoneDraft, ApiError> + Send + Sync,
    ) -> Result<Self, ApiError> {
        zones::edit(app, by, id, wanted).await
    }

    async fn set_active(app: &App, by: &Allowed<Self::Manage>, id: &str, is_active: bool) -> Result<Self, ApiError> {
        zones::set_active(app, by, id, is_active).await
    }

    async fn delete(app: &App, by: &Allowed<Self::Manage>, id: &str) -> Result<(), ApiError> {
        zones::delete(app, by, id).await
    }
}

fn use_link(of: &ZoneUse) -> Link {
    match of {
        ZoneUse::Policy(name, kind) => Link::new(name, policies::list_address(*kind)),
        ZoneUse::Token(name) => Link::new(say("networks-token").with("name", name.clone()), "/admin/security/tokens"),
    }
}
