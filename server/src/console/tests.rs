//! Every screen with sample data. Where `POSTERN_SCREENS` names a folder, they are written there as files, to be looked at.

use std::time::Duration;

use askama::Template;
use postern_codes::env::Timestamp;
use postern_codes::secret::Secret;

use super::device::Device;
use super::form_page::{Asked, FormPage};
use super::part::{
    Act, Bulk, BulkAct, Chooser, Empty, Event, Facts, Field, Filters, Heads, Kind, Link, Moment, Notice, Once, Pages,
    Pick, Record, Source, State, Summary, Tab, Tabs, Tick, Ticks, Tone,
};
use super::pin_state::{PinState, Stage};
use super::recovery::Recovery;
use super::shell::{Place, Shell};
use super::sign_in::Question;
use super::*;

mod account_screens;
mod case_screens;
mod device_screens;
mod frame_screens;
mod group_screens;
mod people_screens;
mod policy_screens;
mod role_screens;
mod security_screens;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_334_700);

fn ago(seconds: u64) -> Moment {
    Moment::new(NOW.minus(Duration::from_secs(seconds)), NOW)
}

fn in_an_hour() -> Moment {
    Moment::new(NOW.plus(Duration::from_hours(1)), NOW).for_the_record()
}

fn days_ago(days: u64) -> Moment {
    ago(days * 86_400)
}

fn shell(place: Place) -> Shell {
    Shell {
        org: "Harbour Lights".into(),
        viewer: "Ida Lindqvist".into(),
        role: "Help desk administrator".into(),
        place,
        open: Place::ALL.to_vec(),
        now: ago(0),
        searched: String::new(),
    }
}

fn event(seconds: u64, tone: Tone, what: &str, about: &str, event_type: &str) -> Event {
    let outcome = if tone == Tone::Good { "Success" } else { "Failure" };
    Event {
        at: ago(seconds).for_the_record(),
        outcome: State::new(tone, outcome),
        what: what.into(),
        about: about.into(),
        details: vec![
            ("Event type".into(), event_type.into()),
            ("Actor".into(), "Ida Lindqvist 00u6bu9lNAQewZeK2Lfx".into()),
            ("Address".into(), "192.0.2.14".into()),
            ("Request".into(), "req7VLZPOyPagNMyYFm3".into()),
        ],
    }
}

fn record() -> Record {
    Record {
        events: vec![
            event(
                95,
                Tone::Good,
                "Recovery PIN activated",
                "HARBOUR-07, about Grace Hopper",
                "device.desktop_mfa.recovery_pin.activate",
            ),
            event(
                150,
                Tone::Good,
                "Recovery PIN made",
                "Ida Lindqvist, about Grace Hopper on HARBOUR-07",
                "device.desktop_mfa.recovery_pin.generate",
            ),
            event(
                4000,
                Tone::Danger,
                "Recovery PIN refused: asked for themselves",
                "Ida Lindqvist, about Ida Lindqvist on HARBOUR-02",
                "device.desktop_mfa.recovery_pin.generate",
            ),
            event(
                9000,
                Tone::Good,
                "Device recovery secret rotated",
                "HARBOUR-07, about Grace Hopper",
                "device.desktop_mfa.recovery_pin.rotate_secret",
            ),
        ],
    }
}

fn act(words: &str, is_dangerous: bool) -> Act {
    Act { words: words.into(), effect: "What follows from it.".into(), address: "#".into(), is_dangerous }
}

fn pages() -> Pages {
    Pages { summary: "25 shown".into(), first: None, next: Some("?after=guo1".into()) }
}

fn bulk_bar() -> Bulk {
    let act = BulkAct { value: "suspend", label: "Suspend".into(), is_dangerous: true };
    Bulk { action: "/admin/people/bulk", acts: vec![act] }
}

fn drawn(view: &impl Template) -> String {
    view.render().unwrap()
}

/// Every screen by its name.
fn screens() -> Vec<(&'static str, String)> {
    [
        account_screens::screens(),
        case_screens::screens(),
        device_screens::screens(),
        frame_screens::screens(),
        group_screens::screens(),
        people_screens::screens(),
        policy_screens::screens(),
        role_screens::screens(),
        security_screens::screens(),
    ]
    .concat()
}

/// The values of an attribute of every element with a given name, and whether it is there.
fn attribute<'a>(page: &'a str, element: &str, name: &str) -> Vec<Option<&'a str>> {
    let (open, sought) = (format!("<{element} "), format!(" {name}=\""));
    page.split(&open)
        .skip(1)
        .map(|rest| {
            let rest = &rest[..rest.find('>').unwrap()];
            let spaced = if rest.starts_with(&sought[1..]) { Some(sought.len() - 1) } else { None };
            let start = spaced.or_else(|| rest.find(&sought).map(|at| at + sought.len()))?;
            Some(&rest[start..start + rest[start..].find('"')?])
        })
        .collect()
}

#[test]
fn every_screen_is_small_with_its_style_and_script() {
    let folder = std::env::var_os("POSTERN_SCREENS").map(std::path::PathBuf::from);
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder.join("static")).unwrap();
        std::fs::write(folder.join("static/style.css"), assets::STYLE).unwrap();
        std::fs::write(folder.join("static/console.js"), assets::SCRIPT).unwrap();
    }
    for (name, page) in screens() {
        let whole = page.len() + assets::STYLE.len() + assets::SCRIPT.len() + assets::PASSKEY.len();
        assert!(whole < 100_000, "{name}: {whole} bytes");
        if let Some(folder) = &folder {
            std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
        }
    }
}

#[test]
fn no_screen_needs_what_the_content_security_policy_forbids() {
    for (name, page) in screens() {
        assert!(!page.contains(" style=") && !page.contains("<style"), "{name} has an inline style");
        assert!(!page.contains("javascript:"), "{name} has a script address");
        for script in page.split("<script").skip(1) {
            assert!(
                ["console.js", "passkey.js"].iter().any(|own| script.starts_with(&format!(" src=\"/static/{own}?v=")))
                    && script.contains("\" defer></script>"),
                "{name} has an inline script"
            );
        }
        for word in page.split_whitespace().filter(|word| word.contains('=')) {
            assert!(!word.starts_with("on"), "{name} has a handler in its marks: {word}");
        }
        for outside in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!page.contains(outside), "{name} asks somebody else");
        }
    }
}

#[test]
fn every_screen_has_a_language_a_title_and_one_heading_of_the_first_level() {
    for (name, page) in screens() {
        assert!(page.contains("<html lang=\"en\">"), "{name}");
        assert!(!page.contains("<title></title>") && page.contains("<title>"), "{name}");
        assert_eq!(page.matches("<h1").count(), 1, "{name}");
        assert_eq!(page.matches("<main").count(), 1, "{name}");
    }
}

#[test]
fn no_part_of_a_screen_is_shown_as_its_own_source() {
    for (name, page) in screens() {
        assert!(!page.contains("&#60;"), "{name} escapes what is a part of it");
    }
}

#[test]
fn every_input_has_a_label_of_its_own() {
    for (name, page) in screens() {
        let labels = attribute(&page, "label", "for");
        for element in ["input", "select", "textarea"] {
            let ids = attribute(&page, element, "id");
            let kinds = attribute(&page, element, "type");
            for (id, kind) in ids.into_iter().zip(kinds) {
                if kind != Some("hidden") {
                    assert!(id.is_some() && labels.contains(&id), "{name}: a {element} without a label: {id:?}");
                }
            }
        }
        let mut ids: Vec<_> = page.split(" id=\"").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name} uses an id twice");
    }
}

#[test]
fn only_the_answer_that_made_a_pin_holds_its_digits() {
    let made = device_screens::pin(Stage::Issued { seen: Some(ago(20)) });
    let page = made.render().unwrap();
    assert!(page.contains("data-copy=\"417205938\"") && page.contains(">417</span>"));
    assert!(page.contains("aria-label=\"4 1 7, 2 0 5, 9 3 8\""));
    let later = pin::Pin { digits: None, ..made }.render().unwrap();
    assert!(!later.contains("417") && later.contains("The digits were shown once"));
}

#[test]
fn without_the_permission_the_action_is_not_shown() {
    let mut page = device_screens::device();
    assert!(page.render().unwrap().contains("View recovery PIN"));
    for person in &mut page.people {
        person.action = None;
    }
    assert!(!page.render().unwrap().contains("View recovery PIN"));
}

#[test]
fn a_pin_that_cannot_be_made_is_explained_and_has_no_form() {
    let refusal = Notice::new(Tone::Danger, "No PIN can be made.", "Do this first.").with_code("not_registered");
    let page = pin_request::PinRequest { refusal: Some(refusal), ..device_screens::request() }.render().unwrap();
    assert!(page.contains("Do this first.") && page.contains("not_registered"));
    assert!(!page.contains("Make a recovery PIN"));
}

#[test]
fn every_state_of_a_pin_has_a_key_of_its_own() {
    let at = || ago(0);
    let stages = [
        Stage::Issued { seen: Some(ago(20)) },
        Stage::Issued { seen: None },
        Stage::Activated { at: at(), by_report: false, until: at() },
        Stage::Expired,
        Stage::Superseded,
        Stage::Revoked { is_near: true },
        Stage::Revoked { is_near: false },
        Stage::Denied { because: "".into() },
        Stage::Ended { at: at() },
    ];
    let mut keys = stages.map(|stage| PinState { stage, duration: "".into(), revoke: None }.key());
    keys.sort_unstable();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
}
