//! Samples of the screens of what surrounds the others.

use super::*;

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
    vec![
        ("home", drawn(&home())),
        (
            "reports",
            drawn(&reports::Reports {
                shell: shell(Place::Reports),
                filters: Filters::new("/admin/reports"),
                exports: [Link::new("CSV", "#"), Link::new("JSON", "#")],
                record: record(),
                pages: pages(),
                resets: reports::resets_link(),
            }),
        ),
        (
            "resets",
            drawn(&resets::Resets {
                shell: shell(Place::Reports),
                filters: Filters::new(resets::ADDRESS),
                rows: vec![resets_row(Some(Link::new("1001", "/admin/cases/x"))), resets_row(None)],
                empty: Empty { title: "None".into(), next: "Choose other days".into(), act: None },
                pages: pages(),
                exports: [Link::new("CSV", "#"), Link::new("JSON", "#")],
            }),
        ),
        (
            "not-me",
            drawn(&not_me::NotMe {
                org: "Harbour Lights".into(),
                action: "/not-me/abc".into(),
                about: Some(("HARBOUR-07".into(), ago(60))),
                stage: not_me::Stage::Asked,
            }),
        ),
        (
            "stale",
            drawn(&problem::Problem {
                why: problem::Why::Stale(problem::Kept {
                    action: "/admin/x".into(),
                    fields: vec![("reason".into(), "Typed".into())],
                }),
                request_id: "req1".into(),
            }),
        ),
        (
            "search",
            drawn(&search::Search {
                shell: shell(Place::Nowhere),
                q: "grace".into(),
                kinds: vec![search::Kind {
                    label: "People".into(),
                    hits: vec![search::Hit {
                        link: Link::new("Grace Hopper", "#"),
                        detail: "grace@harbour.example".into(),
                        state: None,
                    }],
                    more: None,
                }],
            }),
        ),
        ("not-found", drawn(&problem::Problem { why: problem::Why::NotFound, request_id: "req1".into() })),
        ("forbidden", drawn(&problem::Problem { why: problem::Why::Forbidden, request_id: "req1".into() })),
        (
            "unavailable",
            drawn(&problem::Problem {
                why: problem::Why::Unavailable(problem::Kept::default()),
                request_id: "req1".into(),
            }),
        ),
        ("parts", drawn(&parts::Parts { shell: shell(Place::Nowhere) })),
    ]
}

pub fn home() -> home::Home {
    let tally = |count, text: &str| home::Tally { count, of: Link::new(text, "/admin/devices") };
    home::Home {
        shell: shell(Place::Home),
        attention: vec![
            home::Attention {
                state: State::new(Tone::Danger, "HARBOUR-03 was opened by a PIN that nobody made"),
                next: "Its secrets are retired. Call the person on a number that is not new, and look at the record."
                    .into(),
                link: Link::new("See what happened", "/admin/reports"),
            },
            home::Attention {
                state: State::new(Tone::Warning, "2 computers could not let their people in"),
                next: "They have been offline for more than 7 days or have never registered.".into(),
                link: Link::new("See which", "/admin/devices"),
            },
        ],
        tallies: vec![
            tally(38, "active computers"),
            tally(36, "ready for recovery"),
            tally(41, "people"),
            tally(5, "recovery PINs this week"),
        ],
        recent: Some(record()),
    }
}

fn resets_row(case: Option<Link>) -> resets::Row {
    let evidence = case.iter().map(|_| "VIDEO_CALL by hal@acme.example".to_owned()).collect();
    resets::Row {
        at: ago(3600),
        what: "every factor removed".into(),
        by: "hal@acme.example".into(),
        person: "grace@acme.example".into(),
        case,
        evidence,
        approved_by: "lee@acme.example".into(),
        reason: "lost phone".into(),
        ticket: "T-1".into(),
        next: vec![("Factor enrolled".into(), ago(60))],
    }
}
