//! Samples of the screens of policies.

use super::*;

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
    vec![
        ("policies", drawn(&policies_page())),
        ("policy", drawn(&policy_page())),
        ("policy-form", drawn(&policy_form())),
        ("what-if", drawn(&what_if_page())),
    ]
}

pub fn policies_page() -> policies::Policies {
    let row = |priority, name: &str, note: Option<State>, moves: Option<(Option<u32>, Option<u32>)>| policies::Row {
        priority,
        name: Link::new(name, "#"),
        about: "For those who fly".into(),
        applies: "Pilots, but not Grace Hopper".into(),
        state: State::new(Tone::Good, "Active"),
        note,
        moves: moves.map(|(up, down)| part::Moves { of: name.into(), action: "#".into(), up, down }),
    };
    policies::Policies {
        shell: shell(Place::Policies),
        tabs: part::Tabs {
            label: "Types".into(),
            tabs: vec![part::Tab { label: "Sign-on".into(), href: "#".into(), is_current: true }],
        },
        lead: "Who gets a session.".into(),
        notice: None,
        rows: vec![
            row(1, "Pilots", None, Some((None, Some(2)))),
            row(2, "Crew", Some(State::new(Tone::Warning, "Never answers")), Some((Some(1), None))),
            row(3, "Default Policy", Some(State::new(Tone::Plain, "Default")), None),
        ],
        create: Some("#".into()),
    }
}

pub fn policy_page() -> policies::OnePolicy {
    let policies::Policies { rows, .. } = policies_page();
    policies::OnePolicy {
        shell: shell(Place::Policies),
        list: Link::new("Sign-on", "#"),
        name: "Pilots".into(),
        states: vec![State::new(Tone::Good, "Active")],
        notice: None,
        facts: vec![("Applies to".into(), "Everybody".into())],
        blocks: vec![policies::Fields {
            heading: "What a new password must be".into(),
            about: "Length does most.".into(),
            fields: vec![Field::new("minLength", "Fewest characters", Kind::Number(8, 72)).holding("12")],
        }],
        rules: rows,
        edit: Some("#".into()),
        create: Some("#".into()),
        acts: vec![act("Activate Pilots", false)],
        asks: vec![Link::new("Delete Pilots", "#")],
    }
}

pub fn policy_form() -> policies::Sheet {
    let more = Field::new("groupsInMore", "Add a group", Kind::Text).optional();
    let field = Field::new("minLength", "Fewest characters", Kind::Number(8, 72)).refused("From 8 to 72.");
    policies::Sheet {
        shell: shell(Place::Policies),
        crumbs: vec![Link::new("Policies", "#")],
        title: "Edit Pilots".into(),
        lead: "What passwords must be.".into(),
        action: "#".into(),
        back: "#".into(),
        version: "v".into(),
        notice: None,
        summary: part::Summary::of([&field]),
        form: policies::Shown {
            own: vec![Field::new("name", "Name", Kind::Text).holding("Pilots")],
            lists: vec![part::Tickable {
                ticks: part::Ticks::new(
                    "groupsIn",
                    "Groups that are in".into(),
                    vec![part::Tick { value: "00g1".into(), label: "Pilots".into(), about: None, is_on: true }],
                ),
                more: Some(part::Chooser { field: more, source: part::Source::Groups }),
            }],
            blocks: vec![policies::Fields {
                heading: "What a new password must be".into(),
                about: "Length does most.".into(),
                fields: vec![field],
            }],
        },
        may_edit: true,
        acts: vec![act("Deactivate Pilots", true)],
        delete: Some(Link::new("Delete Pilots", "#")),
    }
}

pub fn what_if_page() -> what_if::WhatIf {
    let step = |name: &str, tone, state: &str, rules| what_if::Step {
        name: Link::new(name, "#"),
        state: State::new(tone, state),
        reasons: vec![what_if::Reason { state: State::new(tone, state), why: "People: they are in".into() }],
        rules,
    };
    let chooser = |name, label: &str, source| part::Chooser { field: Field::new(name, label, Kind::Text), source };
    what_if::WhatIf {
        shell: shell(Place::WhatIf),
        person: chooser("person", "Person", part::Source::People),
        address: Field::new("ip", "Network address", Kind::Text).optional(),
        zone: chooser("zone", "Network zone", part::Source::Zones),
        browser: Field::new("browser", "Browser", Kind::Choice(vec![("new".into(), "A new one".into())])),
        found: Some((Link::new("Grace Hopper", "#"), State::new(Tone::Good, "Active"))),
        answers: vec![what_if::Answer {
            about: "Sign-on".into(),
            decision: State::new(Tone::Good, "Let in"),
            means: "They prove a password and a factor.".into(),
            by: "Answered by the rule".into(),
            steps: vec![
                step("Pilots", Tone::Plain, "Does not hold", Vec::new()),
                step(
                    "Default Policy",
                    Tone::Good,
                    "Holds",
                    vec![step("Default Rule", Tone::Good, "Holds", Vec::new())],
                ),
            ],
            not_asked: vec!["Crew".into()],
        }],
    }
}
