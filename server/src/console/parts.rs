//! Every part in every state, for whoever changes one.

use askama::Template;

use axum::response::Response;

use super::page::page;
use super::part::{Field, Kind, Notice, State, Tone};
use super::pin_state::{PinState, Stage};
use super::recovery::lasting;
use super::shell::{Place, Shell};
use super::viewer::Viewer;
use super::words::say;
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
            Field::new("part-nine", say("field-nine"), Kind::NineDigits),
            Field::new("part-number", say("parts-number"), Kind::Number(1, 7200)).holding("60"),
            Field::new("part-choice", say("parts-choice"), Kind::Choice(choices)).holding("b"),
            Field::new("part-long", say("parts-long"), Kind::Long).optional(),
        ]
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
