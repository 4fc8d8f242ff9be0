//! Samples of the screens of recovery cases.

use super::*;
use crate::console::case::evidence::{Asks, Number, Piece, Reference, Way};
use crate::console::case::next::{Next, Primary};
use crate::console::case::{Case, Entry, Panel, action};
use crate::console::cases::{Block, Cases, Row};

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
    let over = Case {
        stage: State::new(Tone::Danger, "Refused"),
        next: next(Tone::Plain, Primary::Nothing),
        words: None,
        may_press: false,
        is_pressed: true,
        ways: Vec::new(),
        actions: Vec::new(),
        notice: Some(Notice::new(Tone::Danger, "Nothing was done.", "Look again.").with_code("changed_meanwhile")),
        incident: vec![("What happened".into(), "The wrong one was let in.".into())],
        ..case()
    };
    vec![
        ("cases", drawn(&cases())),
        ("cases-none", drawn(&Cases { blocks: Vec::new(), ..cases() })),
        ("case", drawn(&case())),
        ("case-over", drawn(&over)),
        ("case-action", drawn(&action())),
        ("case-action-missing", drawn(&action::ActionPage { missing: vec!["Evidence.".into()], ..action() })),
        (
            "case-gained",
            drawn(&action::GainedPage {
                shell: shell(Place::Cases),
                case: Link::new("Case 1001", "#"),
                title: "Backup codes of Grace Hopper".into(),
                about: "Read them to the person.".into(),
                codes: vec![Secret::new("ABCD-EFGH-IJKL-MNOP".to_owned())],
                all: Secret::new("ABCD-EFGH-IJKL-MNOP".to_owned()),
                once: Some(Once { label: "Password".into(), secret: Secret::new("dGhpcyBpcyBub3Q".to_owned()) }),
            }),
        ),
    ]
}

fn cases() -> Cases {
    let row = |number: &str, stage| Row {
        case: Link::new(format!("Case {number}"), "#"),
        person: "Grace Hopper".into(),
        stage,
        agent: "Ida Lindqvist".into(),
        opened: ago(400),
    };
    let rows =
        vec![row("1001", State::new(Tone::Busy, "Some evidence")), row("1002", State::new(Tone::Good, "Verified"))];
    Cases {
        shell: shell(Place::Cases),
        notice: Some(Notice::new(Tone::Warning, "There is no case 4711 that you may see.", "Ask again.")),
        number: "4711".into(),
        is_past: false,
        blocks: vec![Block { heading: "Yours".into(), about: "Not finished yet.".into(), rows }],
        empty: Empty {
            title: "No case is under way".into(),
            next: "Find the person.".into(),
            act: Some(Link::new("People", "#")),
        },
        pages: Some(pages()),
    }
}

fn next(tone: Tone, act: Primary) -> Next {
    let sentence = "Make sure that you speak with Grace Hopper: exchange the two words, then take evidence.".into();
    Next { tone, sentence, act, otherwise: Some(Link::new("Something else", "#actions")) }
}

fn case() -> Case {
    let entry = || Entry {
        what: "Sign out everywhere".into(),
        by: "Ida Lindqvist".into(),
        at: ago(60),
        text: "The phone was stolen.".into(),
        ticket: "INC-4711".into(),
    };
    Case {
        shell: shell(Place::Cases),
        number: 1001,
        address: "/admin/cases/rcc1".into(),
        version: 3,
        person: Link::new("Grace Hopper", "#"),
        login: "grace@harbour.example".into(),
        standing: State::new(Tone::Good, "Active"),
        is_privileged: true,
        stage: State::new(Tone::Busy, "Some evidence"),
        agent: "Ida Lindqvist".into(),
        opened: ago(400),
        next: next(Tone::Busy, Primary::Link(Link::new("Take evidence", "#evidence"))),
        notice: None,
        summary: None,
        words: Some(("4711".into(), "0815".into())),
        is_pressed: false,
        may_press: true,
        flags: vec!["3 failed sign-ins in the last day.".into()],
        earlier: vec![(Link::new("Case 998", "#"), State::new(Tone::Danger, "Refused"), days_ago(2))],
        found: vec![Piece {
            kind: "In person".into(),
            what: "Passport, front desk".into(),
            by: "Ida Lindqvist".into(),
            at: ago(90),
            state: State::new(Tone::Good, "Counts"),
        }],
        ways: ways(),
        never: vec![("A chat message".into(), "comes from an account.".into())],
        actions: actions(),
        approvals: vec![Entry { text: String::new(), ticket: String::new(), ..entry() }],
        done: vec![entry()],
        remarks: vec![entry()],
        incident: Vec::new(),
        panels: vec![Panel {
            id: "refuse",
            title: "Refuse".into(),
            about: "You may refuse at any moment.".into(),
            action: "#".into(),
            fields: vec![Field::new("refuseReason", "Why", Kind::Long(2_000))],
            verb: "Refuse the case".into(),
            is_dangerous: true,
            is_open: false,
        }],
    }
}

fn ways() -> Vec<Way> {
    let way = |kind: &'static str, title: &str, asks| Way {
        kind,
        id: format!("way-{kind}"),
        title: title.into(),
        how: "Hang up, and call the person on one of these numbers.".into(),
        is_had: kind == "IN_PERSON",
        is_open: true,
        asks,
    };
    let field = |name, label: &str| Field::new(name, label, Kind::Text);
    let number = |id: &str, value: &str| Number {
        id: id.into(),
        value: value.into(),
        since: "From records (IMPORT), on file 41 days ago".into(),
        is_chosen: false,
    };
    let reference = Reference { text: "Badge photo".into(), since: days_ago(300), photo: Some("/photo".into()) };
    vec![
        way("OTHER_FACTOR", "Another factor", Asks::Elsewhere("It is recorded by itself.".into())),
        way("MANAGER", "The manager's word", Asks::Never("No manager is named.".into())),
        way(
            "CALL_BACK",
            "Call to a number on file",
            Asks::Form {
                references: Vec::new(),
                numbers: vec![number("cop1", "+46 8 555 0100"), number("cop2", "+46 8 555 0101")],
                fields: vec![field("heard", "Who answered").refused("Write something.")],
            },
        ),
        way(
            "VIDEO_CALL",
            "Live video call",
            Asks::Form {
                references: vec![reference],
                numbers: Vec::new(),
                fields: vec![field("seen", "What you saw")],
            },
        ),
    ]
}

fn actions() -> Vec<action::Row> {
    vec![
        action::Row {
            name: "Reset of every factor".into(),
            about: "For a lost phone.".into(),
            state: State::new(Tone::Good, "May be done"),
            missing: Vec::new(),
            open: Some(Link::new("Reset every factor of Grace Hopper", "#")),
            approve: None,
        },
        action::Row {
            name: "Temporary password".into(),
            about: "For a lost mailbox.".into(),
            state: State::new(Tone::Plain, "Not yet"),
            missing: vec!["0 of 1 approvals are there.".into()],
            open: None,
            approve: Some(("TEMPORARY_PASSWORD", "Approve: temporary password".into())),
        },
    ]
}

fn action() -> action::ActionPage {
    action::ActionPage {
        shell: shell(Place::Cases),
        case: Link::new("Case 1001", "#"),
        title: "Reset every factor of Grace Hopper".into(),
        about: "For a lost phone with nothing left.".into(),
        notice: None,
        summary: None,
        missing: Vec::new(),
        lines: vec![super::part::Line {
            who: Link::new("Authenticator app", "#"),
            effect: "It counts no more.".into(),
            state: None,
        }],
        instead: Some(Link::new("Walk Grace Hopper through a backup code", "#")),
        action: "#".into(),
        version: 3,
        fields: vec![
            Field::new("reason", "Reason", Kind::Long(2_000)).refused("Write something."),
            Field::new("ticket", "Ticket", Kind::Text),
        ],
        is_dangerous: true,
    }
}
