//! Samples of the screens of administrators, roles and resource sets.

use super::*;

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
    vec![
        (
            "administrators",
            drawn(&administrators::Administrators {
                shell: shell(Place::Administrators),
                tabs: administrators::tabs(administrators::ADDRESS),
                filters: Filters::new(administrators::ADDRESS),
                heads: Heads::new().plain("Held by".into()).plain("Role".into()),
                rows: vec![administrators::Row {
                    holder: Link::new("Ida Lindqvist", "#"),
                    detail: "ida@harbour.example".into(),
                    role: Link::new("Help desk administrator", "#"),
                    reach: "The whole organisation".into(),
                    since: days_ago(90),
                }],
                empty: Empty { title: "Nobody".into(), next: "Leave out a filter.".into(), act: None },
                pages: pages(),
                new: Some(administrator_new::ADDRESS),
            }),
        ),
        (
            "administrator",
            drawn(&administrator::Administrator {
                shell: shell(Place::Administrators),
                holder: Link::new("Ida Lindqvist", "#"),
                detail: "ida@harbour.example".into(),
                role: Link::new("Help desk administrator", "#"),
                set: Some(Link::new("Sales", "#")),
                facts: Facts { facts: vec![("Over what".into(), "The whole organisation".into())] },
                allows: allows(),
                targets: Some(administrator::Targets {
                    groups: vec![("Pilots".into(), Some(act("Take out Pilots", true))), ("Crew".into(), None)],
                    add: Some((
                        "#".into(),
                        Chooser { field: Field::new("group", "Group", Kind::Text), source: Source::Groups },
                    )),
                }),
                stays: Some(Notice::new(Tone::Warning, "It is the last.", "Make another first.")),
                take: Some("#".into()),
            }),
        ),
        (
            "roles",
            drawn(&roles::Roles {
                shell: shell(Place::Administrators),
                tabs: administrators::tabs(roles::ADDRESS),
                own: vec![roles::Row { role: Link::new("Desk", "#"), about: "Resets".into(), changed: Some(ago(60)) }],
                standard: vec![roles::Row { role: Link::new("Super", "#"), about: "Everything".into(), changed: None }],
                pages: pages(),
                new: Some(role_form::NEW),
            }),
        ),
        (
            "role",
            drawn(&roles::RolePage {
                shell: shell(Place::Administrators),
                name: "Desk".into(),
                about: "Resets".into(),
                allows: allows(),
                bindings: Some(vec![(Link::new("Sales", "#"), "Held by two".into())]),
                holders: Link::new("Who holds it", "#"),
                give: Some("#".into()),
                edit: Some("#".into()),
                delete: Some("#".into()),
                stays: Some(roles::in_use("It is in use.".into())),
            }),
        ),
        (
            "sets",
            drawn(&sets::Sets {
                shell: shell(Place::Administrators),
                tabs: administrators::tabs(sets::ADDRESS),
                rows: vec![sets::Row {
                    set: Link::new("Sales", "#"),
                    about: "People of sales".into(),
                    resources: 3,
                    changed: ago(60),
                }],
                empty: Empty { title: "None".into(), next: "Make one.".into(), act: None },
                pages: pages(),
                new: Some(set_form::NEW),
            }),
        ),
        ("set", drawn(&set())),
    ]
}

/// Every screen by its name, each in the states that look different.
pub fn allows() -> Vec<roles::Allows> {
    vec![roles::Allows { area: "People".into(), may: vec!["See people.".into(), "Reset passwords.".into()] }]
}

pub fn set() -> sets::SetPage {
    let (all, choosers) = sets::asked(|_| String::new());
    let all = all.refused("Choose something.");
    sets::SetPage {
        shell: shell(Place::Administrators),
        name: "Sales".into(),
        about: "People of sales".into(),
        resources: vec![(Link::new("The people in Sales", "#"), Some("#".into()))],
        wrong: Summary::of([&all]),
        add: Some(("#".into(), all, choosers)),
        bound: vec![sets::Bound {
            role: Link::new("Desk", "#"),
            members: vec![Link::new("Ida Lindqvist", "#")],
            end: Some("#".into()),
        }],
        give: Some("#".into()),
        edit: Some("#".into()),
        delete: Some("#".into()),
        stays: None,
    }
}
