//! Samples of the screens of groups, of their rules, and of files of people.

use super::*;
use crate::console::part::{Bulk, BulkAct, Chooser, Source};
use crate::console::words::Text;

fn field(name: &'static str, label: &str) -> Field {
    Field::new(name, label, Kind::Text)
}

fn group() -> group::Group {
    let chooser = |name: &'static str, source| Chooser { field: field(name, "Person"), source };
    let member = |name: &str, id: &str| group::Member {
        pick: Pick { value: id.into(), of: name.into() },
        person: Link::new(name, "/admin/people/00u1"),
        login: "grace@harbour.example".into(),
        status: State::new(Tone::Good, "Active"),
    };
    group::Group {
        shell: shell(Place::Groups),
        name: "Pilots".into(),
        description: "First to get what is new".into(),
        address: "/admin/groups/00g1".into(),
        notice: None,
        facts: vec![("People".into(), "2".into()), ("Roles that it gives".into(), "None".into())],
        rules: vec![Link::new("Everybody in Sales", "#"), Link::new("Heads of something", "#")],
        members: Some((vec![member("Ada Byron", "00g1.00u1"), member("Grace Hopper", "00g1.00u2")], pages())),
        add: Some((
            chooser("who", Source::People),
            Field::new("many", "Or several", Kind::Lines).optional().refused("These lines name nobody: nemo."),
        )),
        bulk: Some(Bulk {
            action: "/admin/groups/members",
            acts: vec![BulkAct { value: "remove", label: "Take out of the group".into(), is_dangerous: true }],
        }),
        owners: vec![group::Owner { who: Link::new("Ida Lindqvist", "#"), kind: "Person".into(), id: "00u3".into() }],
        own: Some((chooser("person", Source::People), chooser("group", Source::Groups))),
        may_manage: true,
        recent: Some(record()),
    }
}

fn rule() -> rules::Rule {
    rules::Rule {
        shell: shell(Place::Groups),
        name: "Everybody in Sales".into(),
        address: "/admin/groups/rules/0pr1".into(),
        state: State::new(Tone::Plain, "Not carried out"),
        notice: Some(Notice::new(Tone::Busy, "Everybody is being looked at.", "400 people so far.")),
        expression: "user.department == \"Sales\" AND String.startsWith(user.title, \"Head\")".into(),
        targets: vec![Link::new("Pilots", "#")],
        excluded: vec![Link::new("Grace Hopper", "#")],
        facts: vec![("Created".into(), "22 Nov 2026".into())],
        acts: vec![act("Carry it out", false)],
        may_edit: true,
        may_delete: true,
        recent: Some(record()),
    }
}

fn rule_form() -> rule_form::RuleForm {
    rule_form::RuleForm {
        shell: shell(Place::Groups),
        title: "New rule".into(),
        action: "/admin/groups/rules/new".into(),
        back: "/admin/groups/rules".into(),
        rule: String::new(),
        name: field("name", "Name").refused("Another rule has this name."),
        expression: "user.department = \"Sales\"".into(),
        wrong: Some(rule_form::Wrong {
            before: "user.department ".into(),
            rest: "= \"Sales\"".into(),
            at: 17,
            expected: "`==`".into(),
        }),
        groups: "Pilots\nNobody".into(),
        groups_error: Some("There is no group Nobody.".into()),
        are_groups_open: true,
        excluded: String::new(),
        excluded_error: None,
        tried: Some(rule_form::Tried {
            words: "It means 12 people.".into(),
            sample: vec![Link::new("Ada Byron", "#"), Link::new("Grace Hopper", "#")],
        }),
        notice: None,
    }
}

fn standing(is_busy: bool) -> import_file::Standing {
    let count = |name: &str, count| (Text::from(name), count);
    let fault = |line, column: &str, why: &str| import_file::Fault {
        line,
        login: "ada@harbour.example".into(),
        column: column.into(),
        why: why.into(),
    };
    import_file::Standing {
        key: "CHECKED-1".into(),
        state: if is_busy { State::new(Tone::Busy, "Being read") } else { State::new(Tone::Warning, "Waits for you") },
        is_busy,
        progress: is_busy.then(|| (400, 1000, "4,000 rows read".into())),
        notice: None,
        counts: vec![
            count("Would be new", 120),
            count("Would change", 3),
            count("As they are", 9),
            count("Refused", 2),
        ],
        acts: vec![act("Carry it out: 120 new, 3 changed", false), act("Give it up", false)],
        faults: vec![fault(7, "email", "This is not of the right form."), fault(12, "cell 3", "This is not UTF-8.")],
        pages: Some(pages()),
        report: Some("#".into()),
    }
}

pub fn screens() -> Vec<(&'static str, String)> {
    let deletion = |is_held: bool| group_form::GroupDelete {
        shell: shell(Place::Groups),
        name: "Pilots".into(),
        back: "/admin/groups/00g1".into(),
        notice: is_held.then(|| Notice::new(Tone::Warning, "It cannot be deleted yet.", "Change these first.")),
        holders: vec![Link::new("Night (PASSWORD)", "#")],
        effects: vec!["12 people are in it. They stay.".into(), "This cannot be undone.".into()],
    };
    let mut screens = vec![
        (
            "groups",
            drawn(&groups::Groups {
                shell: shell(Place::Groups),
                tabs: rules::tabs(false),
                filters: Filters::new("/admin/groups"),
                rows: vec![groups::Row {
                    group: Link::new("Pilots", "#"),
                    description: "First to get it".into(),
                    filled: "By hand".into(),
                    people: 12,
                }],
                empty: Empty { title: "There is none".into(), next: "Make one.".into(), act: None },
                pages: pages(),
                may_create: true,
            }),
        ),
        ("group", drawn(&group())),
        (
            "group-everyone",
            drawn(&group::Group {
                notice: Some(Notice::new(Tone::Plain, "Everybody is in this group.", "It came with the organisation.")),
                add: None,
                bulk: None,
                own: None,
                may_manage: false,
                owners: Vec::new(),
                ..group()
            }),
        ),
        (
            "group-form",
            drawn(&group_form::GroupForm {
                shell: shell(Place::Groups),
                title: "New group".into(),
                action: "/admin/groups/new".into(),
                back: "/admin/groups".into(),
                save: "Make the group".into(),
                fields: vec![
                    field("name", "Group").refused("Another group has this name."),
                    field("description", "For"),
                ],
            }),
        ),
        ("group-delete", drawn(&deletion(false))),
        ("group-delete-held", drawn(&deletion(true))),
        (
            "rules",
            drawn(&rules::Rules {
                shell: shell(Place::Groups),
                tabs: rules::tabs(true),
                rows: vec![rules::Row {
                    rule: Link::new("Everybody in Sales", "#"),
                    expression: "user.department == \"Sales\"".into(),
                    state: State::new(Tone::Good, "Carried out"),
                }],
                pages: pages(),
                may_manage: true,
            }),
        ),
        ("rule", drawn(&rule())),
        ("rule-form", drawn(&rule_form())),
        (
            "rule-delete",
            drawn(&rules::RuleDelete {
                shell: shell(Place::Groups),
                name: "Everybody in Sales".into(),
                back: "/admin/groups/rules/0pr1".into(),
                targets: vec![Link::new("Pilots", "#")],
            }),
        ),
    ];
    screens.extend(files());
    screens
}

fn files() -> Vec<(&'static str, String)> {
    let import = |is_busy| import_file::ImportFile {
        shell: shell(Place::People),
        name: "people.csv".into(),
        live: "/admin/people/import/imp1/standing".into(),
        standing: standing(is_busy),
    };
    vec![
        (
            "imports",
            drawn(&imports::Imports {
                shell: shell(Place::People),
                error: Some("Choose a file that is not empty.".into()),
                rows: vec![imports::Row {
                    file: Link::new("people.csv", "#"),
                    state: State::new(Tone::Good, "Carried out"),
                    rows: 4000,
                    wrong: 2,
                    at: ago(400),
                }],
                pages: pages(),
            }),
        ),
        ("import-file", drawn(&import(false))),
        ("import-file-busy", drawn(&import(true))),
    ]
}
