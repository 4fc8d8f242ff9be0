//! Every part in every state, for whoever changes one.

use askama::Template;

use axum::response::Response;
use postern_codes::Secret;

use super::page::page;
use super::part::{
    Act, Ask, Bulk, BulkAct, Chooser, Danger, Empty, Facts, Field, Filter, Filters, Heads, Kind, Line, Link, Moves,
    Notice, Once, Pick, Source, State, Stepper, Summary, Tab, Tabs, Tick, Tickable, Ticks, Tone, Undo,
};
use super::pin_state::{PinState, Stage};
use super::recovery::lasting;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::{Text, say};
use crate::api::routes::{Access, Routes};

/// `/admin/parts`.
pub fn routes() -> Routes {
    Routes::new().get("/admin/parts", Access::SignedIn, show)
}

async fn show(viewer: Viewer) -> Response {
    page(Parts { shell: viewer.shell(Place::Nowhere) })
}

/// The page of all parts.
#[derive(Template)]
#[template(path = "console/parts.html")]
pub struct Parts {
    /// The frame.
    pub shell: Shell,
}

impl Parts {
    const TONES: [Tone; 5] = [Tone::Plain, Tone::Busy, Tone::Good, Tone::Warning, Tone::Danger];

    fn states() -> Vec<State> {
        Self::TONES.map(|tone| State::new(tone, say("parts-state").with("tone", tone.class().to_owned()))).into()
    }

    fn notices() -> Vec<Notice> {
        let notice = |tone| Notice::new(tone, say("parts-happened"), say("parts-next")).with_code("its_code");
        Self::TONES.map(notice).into()
    }

    fn fields() -> Vec<Field> {
        let choices = vec![("a".into(), say("parts-one")), ("b".into(), say("parts-another"))];
        vec![
            Field::new("part-text", say("parts-text"), Kind::Text).hint(say("parts-hint")),
            Field::new("part-refused", say("parts-refused"), Kind::Text)
                .holding("typed")
                .refused(say("parts-refused-why")),
            Field::new("part-code", say("parts-code"), Kind::AppCode),
            Field::new("part-any-code", say("parts-any-code"), Kind::Code),
            Field::new("part-phone", say("parts-phone"), Kind::Telephone),
            Field::new("part-nine", say("field-nine"), Kind::NineDigits),
            Field::new("part-number", say("parts-number"), Kind::Number(1, 7200)).holding("60"),
            Field::new("part-day", say("parts-a-day"), Kind::Day).holding("2026-11-22"),
            Field::new("part-choice", say("parts-choice"), Kind::Choice(choices)).holding("b"),
            Field::new("part-long", say("parts-long"), Kind::Long(255)).optional(),
        ]
    }

    fn tabs() -> Tabs {
        let tab = |label, is_current| Tab { label, href: "#".to_owned(), is_current };
        Tabs { label: say("parts-tabs"), tabs: vec![tab(say("parts-one"), true), tab(say("parts-another"), false)] }
    }

    fn filters() -> Filters {
        let choices = vec![(String::new(), say("devices-all")), ("a".to_owned(), say("parts-one"))];
        let filter = |name, label, ask, value: &str| Filter { name, label, ask, value: value.to_owned() };
        Filters {
            action: "/admin/parts",
            filters: vec![
                filter("words", say("parts-words"), Ask::Words, "harbour"),
                filter("choice", say("parts-choice"), Ask::Choice(choices), "a"),
                filter("known", say("parts-known"), Ask::Known(vec!["org.create".to_owned()]), ""),
                filter("day", say("parts-day"), Ask::Day, ""),
            ],
            kept: vec![("sort", "name".to_owned())],
        }
    }

    fn heads() -> Heads {
        let filters = Self::filters();
        Heads::new()
            .with_picks()
            .sortable(&filters, "name", say("parts-name"))
            .sortable(&filters, "size", say("parts-size"))
            .number(say("parts-number"))
            .acts()
    }

    fn picks() -> [Pick; 2] {
        [say("parts-one"), say("parts-another")].map(|of| Pick { value: of.to_string().to_ascii_lowercase(), of })
    }

    fn bulk() -> Bulk {
        let act = |value, label, is_dangerous| BulkAct { value, label, is_dangerous };
        let acts = vec![act("tell", say("parts-notify"), false), act("suspend", say("parts-suspend"), true)];
        Bulk { action: "/admin/parts", acts }
    }

    fn empty() -> Empty {
        let act = Some(Link::new(say("parts-empty-act"), "#"));
        Empty { title: say("parts-empty"), next: say("parts-empty-next"), act }
    }

    fn lines() -> Vec<Line> {
        let line =
            |who, effect, tone, state| Line { who: Link::new(who, "#"), effect, state: Some(State::new(tone, state)) };
        vec![
            line(say("parts-one"), say("parts-effect"), Tone::Good, say("events-done")),
            line(say("parts-another"), say("parts-effect-none"), Tone::Danger, say("events-refused")),
        ]
    }

    fn undo() -> Undo {
        Undo { happened: say("parts-undo"), action: "#".to_owned(), sent: Vec::new() }
    }

    fn summary() -> Summary {
        let wrong = vec![("part-refused".to_owned(), say("parts-refused"), say("parts-refused-why"))];
        Summary { wrong }
    }

    fn chooser() -> Chooser {
        Chooser { field: Field::new("part-person", say("parts-person"), Kind::Text), source: Source::People }
    }

    fn ticks() -> Ticks {
        let tick = |value: &str, label, is_on| Tick {
            value: value.to_owned(),
            label,
            about: Some(say("parts-ticks-about")),
            is_on,
        };
        let ticks = vec![tick("one", say("parts-one"), true), tick("another", say("parts-another"), false)];
        Ticks::new("part-ticks", say("parts-ticks"), ticks).hint(say("parts-ticks-hint"))
    }

    fn moves() -> Moves {
        Moves { of: say("parts-one"), action: "/admin/parts".to_owned(), up: Some(1), down: Some(3) }
    }

    fn tickable() -> Tickable {
        let field = Field::new("part-more", say("parts-person"), Kind::Text).optional();
        let tick = Tick { value: "1".to_owned(), label: say("parts-one"), about: None, is_on: true };
        let ticks = Ticks::new("part-kept", say("parts-person"), vec![tick]).hint(say("parts-effect"));
        Tickable { ticks, more: Some(Chooser { field, source: Source::People }) }
    }

    fn stepper() -> Stepper {
        Stepper { steps: vec![say("parts-one"), say("parts-another"), say("parts-outcome")], current: 1 }
    }

    fn once() -> Once {
        Once { label: say("parts-secret"), secret: Secret::new("00aBcDeFgHiJkLmNoPqRsTuVwXyZ".to_owned()) }
    }

    fn danger() -> Danger {
        let act = Act {
            words: say("parts-delete"),
            effect: say("parts-delete-effect"),
            address: "#".to_owned(),
            is_dangerous: true,
        };
        Danger { acts: vec![act] }
    }

    fn facts() -> Facts {
        Facts { facts: vec![(say("parts-name"), say("parts-one")), (say("parts-size"), Text::from(1_234_u32))] }
    }

    fn pins(&self) -> Vec<PinState> {
        let at = || self.shell.now;
        let stages = [
            Stage::Issued { seen: Some(at()) },
            Stage::Issued { seen: None },
            Stage::Activated { at: at(), by_report: false, until: at() },
            Stage::Activated { at: at(), by_report: true, until: at() },
            Stage::Expired,
            Stage::Superseded,
            Stage::Revoked { is_near: true },
            Stage::Revoked { is_near: false },
            Stage::Denied { because: say("parts-because") },
            Stage::Ended { at: at() },
        ];
        let drawn = stages.map(|stage| {
            let mut pin = PinState { stage, duration: lasting(60), revoke: None };
            pin.revoke = (pin.is_open() || pin.has_let_in()).then(|| "#".into());
            pin
        });
        drawn.into()
    }
}
