//! Every screen with sample data. Where `POSTERN_SCREENS` names a folder, they are written there as files, to be looked at.

use std::time::Duration;

use askama::Template;
use postern_codes::env::Timestamp;
use postern_codes::secret::Secret;

use super::device::Device;
use super::form_page::{Asked, FormPage};
use super::part::{
    Act, Bulk, BulkAct, Chooser, Empty, Event, Facts, Field, Filters, Heads, Kind, Link, Moment, Notice, Once, Pages,
    Pick, Record, Source, State, Summary, Tick, Ticks, Tone,
};
use super::pin_state::{PinState, Stage};
use super::recovery::Recovery;
use super::shell::{Place, Shell};
use super::sign_in::Question;
use super::*;

#[path = "tests/groups.rs"]
mod groups_and_files;

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

fn ready(who: &str, detail: &str) -> Recovery {
    Recovery {
        who: Link::new(who, "/admin/people/00u6bu9lNAQewZeK2Lfx"),
        detail: detail.into(),
        since: days_ago(41),
        proof: State::new(Tone::Plain, "Proved with a factor"),
        readiness: State::new(Tone::Good, "Ready"),
        fix: None,
        newest: None,
        action: Some("/admin/devices/guo1/people/00u1/recovery".into()),
    }
}

fn stale(who: &str, detail: &str) -> Recovery {
    let fix = "This computer has not been online since 3 Nov 2026 (19 days). A time PIN needs 7 days or less. Ask the \
               caller to enter \"code\" and to read the nine digits on the screen.";
    Recovery {
        readiness: State::new(Tone::Warning, "Only with the caller's nine digits"),
        fix: Some((fix.into(), "offline_too_long".into())),
        ..ready(who, detail)
    }
}

fn device() -> Device {
    let fact = |name: &str, value: &str| (name.into(), value.into());
    Device {
        shell: shell(Place::Devices),
        name: "HARBOUR-07".into(),
        status: State::new(Tone::Good, "Active"),
        contact: State::new(Tone::Good, "Online"),
        last_seen: Some(ago(20)),
        notice: None,
        make: "Framework".into(),
        model: "Laptop 13".into(),
        serial: "FRANDGCP0931240071".into(),
        facts: vec![
            fact("Platform", "Linux, Debian 12"),
            fact("Agent", "0.1.0"),
            fact("Secret kept in", "A root-only file (no TPM)"),
            fact("Certificate until", "20 Feb 2027"),
            fact("Enrolled", "12 Oct 2026 by Ada Byron"),
        ],
        people: vec![ready("Grace Hopper", "grace@harbour.example"), stale("Jean Bartik", "jean@harbour.example")],
        acts: vec![act("Renew the recovery secrets", false), act("Suspend HARBOUR-07", true)],
        recent: Some(record()),
    }
}

fn request() -> pin_request::PinRequest {
    use pin_request::PinRequest;
    PinRequest {
        shell: shell(Place::Devices),
        action: "/admin/devices/guo1/people/00u1/recovery".into(),
        person: "Grace Hopper".into(),
        login: "grace@harbour.example".into(),
        computer: "HARBOUR-07".into(),
        device_href: "/admin/devices/guo1".into(),
        make: "Framework".into(),
        model: "Laptop 13".into(),
        serial: "FRANDGCP0931240071".into(),
        linked: days_ago(41),
        link: State::new(Tone::Plain, "Proved with a factor"),
        last_seen: Some(ago(200)),
        duration: "1 hour".into(),
        refusal: None,
        notice: None,
        challenge: Some(PinRequest::challenge_if_shown()),
        challenge_because: None,
        reason: PinRequest::reason_field(),
        case: None,
        ticket: PinRequest::ticket_field(),
        ticked: false,
    }
}

fn pin(stage: Stage) -> pin::Pin {
    pin::Pin {
        shell: shell(Place::Devices),
        person: "Grace Hopper".into(),
        computer: "HARBOUR-07".into(),
        device_href: "/admin/devices/guo1".into(),
        digits: Some(Secret::new("417205938".into())),
        expires: Moment::new(NOW.plus(Duration::from_mins(2)), NOW),
        state: PinState { stage, duration: "1 hour".into(), revoke: Some("/admin/recovery-pins/iss1/revoke".into()) },
        live: "/admin/recovery-pins/iss1/live".into(),
    }
}

fn policies_page() -> policies::Policies {
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

fn policy_page() -> policies::OnePolicy {
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

fn policy_form() -> policies::Sheet {
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

fn limits_page(is_editing: bool) -> limits::Limits {
    let field = Field::new("sign_in", "Sign-in attempts in a name", Kind::Number(1, 10_000)).optional();
    limits::Limits {
        shell: shell(Place::Limits),
        summary: None,
        groups: vec![limits::Group {
            heading: "Actions".into(),
            about: "Counted for a person.".into(),
            rows: vec![limits::Row {
                field: field.hint("20 in 60 seconds."),
                present: "30, in place of 20".into(),
                events: Link::new("See its refusals", "#"),
            }],
        }],
        may_edit: true,
        is_editing,
    }
}

fn networks_page() -> networks::Networks {
    networks::Networks {
        shell: shell(Place::Networks),
        tabs: part::Tabs {
            label: "Networks".into(),
            tabs: vec![part::Tab { label: "Network zones".into(), href: "#".into(), is_current: true }],
        },
        here: "You come from 192.0.2.7.".into(),
        here_in: vec![Link::new("Office", "#")],
        filters: Filters::new("/admin/security/networks"),
        rows: vec![networks::Row {
            zone: Link::new("Office", "#"),
            usage: State::new(Tone::Plain, "Policies and tokens"),
            ranges: "192.0.2.0/24".into(),
            state: State::new(Tone::Good, "Active"),
            is_system: true,
        }],
        empty: Empty { title: "None".into(), next: "Make one.".into(), act: None },
        pages: pages(),
        may_create: true,
    }
}

fn network_page() -> networks::Network {
    let fields = vec![
        Field::new("name", "Name", Kind::Text).holding("Office"),
        Field::new("gateways", "Addresses", Kind::Lines).holding("192.0.2.0/24").refused("No address: moon"),
    ];
    networks::Network {
        shell: shell(Place::Networks),
        title: "Office".into(),
        state: Some(State::new(Tone::Good, "Active")),
        notice: None,
        summary: part::Summary::of(&fields),
        action: "#".into(),
        version: "1".into(),
        fields,
        may_edit: true,
        uses: Some(vec![Link::new("Crew", "#")]),
        acts: vec![act("Deactivate Office", true)],
        delete: Some(Link::new("Delete Office", "#")),
    }
}

fn origins_page() -> origins::Origins {
    origins::Origins {
        shell: shell(Place::Networks),
        tabs: part::Tabs { label: "Networks".into(), tabs: Vec::new() },
        filters: Filters::new("/admin/security/networks/origins"),
        rows: vec![origins::Row {
            name: Link::new("App", "#"),
            origin: "https://app.example.com".into(),
            scopes: "Call the API".into(),
            state: State::new(Tone::Good, "Active"),
        }],
        empty: Empty { title: "None".into(), next: "Trust one.".into(), act: None },
        pages: pages(),
        may_create: true,
    }
}

fn origin_page() -> origins::Origin {
    let tick = part::Tick { value: "CORS".into(), label: "Call the API".into(), about: None, is_on: true };
    origins::Origin {
        shell: shell(Place::Networks),
        title: "App".into(),
        state: None,
        summary: None,
        action: "#".into(),
        fields: vec![Field::new("name", "Name", Kind::Text).holding("App")],
        scopes: part::Ticks::new("scope", "What it may do".into(), vec![tick]),
        may_edit: true,
        acts: vec![act("Trust App no longer", true)],
        delete: Some(Link::new("Delete App", "#")),
    }
}

fn what_if_page() -> what_if::WhatIf {
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

fn security(is_editing: bool) -> security::Security {
    let switch = || Kind::Choice(vec![("true".into(), "Enabled".into()), ("false".into(), "Disabled".into())]);
    security::Security {
        shell: shell(Place::SecurityGeneral),
        notice: None,
        may_edit: true,
        is_editing,
        blocks: vec![
            security::Block {
                heading: "Device access".into(),
                about: "What computers of this organisation may do when a factor is gone.".into(),
                fields: vec![
                    Field::new("desktopMFARecoveryPinEnabled", "Desktop MFA recovery PIN", switch()).holding("true"),
                    Field::new("desktopMFAEnforceNumberMatchingChallengeEnabled", "Number matching", switch())
                        .holding("false")
                        .hint("A push at the desktop asks for the number on its screen."),
                ],
            },
            security::Block {
                heading: "Device settings".into(),
                about: "Sent to every computer, signed.".into(),
                fields: vec![
                    Field::new("DeviceRecoveryPINDuration", "DeviceRecoveryPINDuration", Kind::Number(1, 7200))
                        .holding("60")
                        .hint("Minutes that a PIN keeps working after its first use."),
                    Field::new("AdminPhone", "AdminPhone", Kind::Text)
                        .optional()
                        .hint("Shown behind \"Contact admin\"."),
                ],
            },
        ],
    }
}

fn devices() -> devices::Devices {
    let row = |name: &str, serial: &str, person: &str, last_seen, recovery| devices::Row {
        pick: Some(Pick { value: name.to_lowercase(), of: name.into() }),
        computer: Link::new(name, "/admin/devices/guo1"),
        model: "Framework Laptop 13".into(),
        serial: serial.into(),
        people: vec![Link::new(person, "/admin/people/00u1")],
        status: State::new(Tone::Good, "Active"),
        last_seen,
        recovery,
    };
    let ready = || State::new(Tone::Good, "Ready");
    devices::Devices {
        shell: shell(Place::Devices),
        filters: Filters::new("/admin/devices"),
        heads: Heads::new().with_picks().plain("Computer".into()),
        bulk: Some(bulk_bar()),
        empty: Empty { title: "None".into(), next: "Enrol one.".into(), act: None },
        rows: vec![
            row("HARBOUR-02", "FRANDGCP0931240012", "Ida Lindqvist", Some(ago(600)), ready()),
            row("HARBOUR-07", "FRANDGCP0931240071", "Grace Hopper", Some(ago(20)), ready()),
            row(
                "HARBOUR-11",
                "5CD3471QXF",
                "Jean Bartik",
                Some(days_ago(19)),
                State::new(Tone::Warning, "Nine digits"),
            ),
            row("HARBOUR-15", "PF4K2M8Z", "Betty Holberton", None, State::new(Tone::Danger, "Not registered")),
        ],
        pages: pages(),
        enrol: Some(enrolment_code::ADDRESS),
    }
}

fn bulk_bar() -> Bulk {
    let act = BulkAct { value: "suspend", label: "Suspend".into(), is_dangerous: true };
    Bulk { action: "/admin/people/bulk", acts: vec![act] }
}

fn people() -> people::People {
    let row = |name: &str, login: &str, factors| people::Row {
        pick: Some(Pick { value: login.into(), of: name.into() }),
        person: Link::new(name, "/admin/people/00u1"),
        login: login.into(),
        status: State::new(Tone::Good, "Active"),
        factors,
        computers: 1,
        last_sign_in: Some(days_ago(1)),
    };
    people::People {
        shell: shell(Place::People),
        filters: Filters::new("/admin/people"),
        heads: Heads::new().with_picks().plain("Person".into()),
        bulk: Some(bulk_bar()),
        empty: Empty { title: "Nobody".into(), next: "Make one.".into(), act: None },
        rows: vec![
            row("Ada Byron", "ada@harbour.example", State::new(Tone::Good, "App code")),
            row("Grace Hopper", "grace@harbour.example", State::new(Tone::Warning, "None")),
        ],
        pages: pages(),
        may_create: true,
        may_import: true,
        export: Some("/admin/people/export.csv".into()),
    }
}

fn person_form() -> person_form::PersonForm {
    person_form::PersonForm {
        shell: shell(Place::People),
        title: "Edit Grace Hopper".into(),
        lead: "What decides over the account is told to the person.".into(),
        action: "#".into(),
        back: "#".into(),
        save: "Save".into(),
        version: Some(3),
        before: vec![("was-firstName".into(), "Grace".into())],
        notice: Some(Notice::new(Tone::Warning, "Somebody else changed this person meanwhile.", "Nothing was saved.")),
        fields: vec![
            Field::new("firstName", "First name", Kind::Text).holding("Grace").first(),
            Field::new("email", "E-mail address", Kind::Email)
                .holding("grace")
                .refused("This is not of the right form."),
        ],
    }
}

fn person() -> person::Person {
    let contact = |kind: &str, value: &str, until, source: &str| person::ContactPoint {
        kind: kind.into(),
        value: value.into(),
        from: days_ago(300),
        until,
        source: source.into(),
    };
    person::Person {
        shell: shell(Place::People),
        name: "Grace Hopper".into(),
        login: "grace@harbour.example".into(),
        status: State::new(Tone::Good, "Active"),
        done: None,
        notice: None,
        edit: Some("#".into()),
        devices: vec![ready("HARBOUR-07", "FRANDGCP0931240071")],
        factors: vec![person::Factor {
            name: "App code".into(),
            state: State::new(Tone::Good, "Active"),
            since: days_ago(120),
        }],
        contacts: vec![
            contact("E-mail", "grace@harbour.example", None, "by Ada Byron"),
            contact("Phone", "+46 8 555 0100", Some(days_ago(3)), "by Grace Hopper"),
        ],
        facts: vec![("Id".into(), "00u6bu9lNAQewZeK2Lfx".into()), ("Groups".into(), "Pilots, Everyone".into())],
        acts: vec![act("Suspend Grace Hopper", true)],
        recent: Some(record()),
    }
}

fn home() -> home::Home {
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

/// Every screen by its name, each in the states that look different.
fn allows() -> Vec<roles::Allows> {
    vec![roles::Allows { area: "People".into(), may: vec!["See people.".into(), "Reset passwords.".into()] }]
}

fn set() -> sets::SetPage {
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

fn form() -> FormPage {
    let tick = |value: &str, is_on| Tick { value: value.into(), label: "A zone".into(), about: None, is_on };
    FormPage {
        shell: shell(Place::Tokens),
        list: Link::new("API tokens", "#"),
        title: "Make a token".into(),
        lead: "It is shown once.".into(),
        notice: None,
        action: "#".into(),
        kept: vec![("version", "1".into())],
        asked: vec![
            Asked::Field(token_new::name_field("").refused("Write a name.")),
            Asked::Ticks(Ticks::new("include", "Zones".into(), vec![tick("one", true), tick("two", false)])),
        ],
        save: "Make the token".into(),
        back: "#".into(),
    }
}

#[expect(clippy::too_many_lines, reason = "one list of all screens, read as a list")]
fn screens() -> Vec<(&'static str, String)> {
    fn drawn(view: &impl Template) -> String {
        view.render().unwrap()
    }
    let wrong = Notice::new(
        Tone::Danger,
        "That password does not belong to this name.",
        "Check the name above and the caps lock key, and try again. After 10 failures in a row the account is locked for an hour.",
    )
    .with_code("E0000004");
    let new_link = pin_request::PinRequest {
        linked: ago(240),
        link: State::new(Tone::Danger, "The link is claimed by the computer alone"),
        ..request()
    };
    let challenge = pin_request::PinRequest {
        challenge: Some(pin_request::PinRequest::challenge_field()),
        challenge_because: Some("This computer has no TPM, so it takes no time PIN.".into()),
        case: Some(Field::new("caseId", "Case", Kind::Text)),
        ..request()
    };
    let refused = pin_request::PinRequest {
        refusal: Some(
            Notice::new(
                Tone::Danger,
                "No PIN can be made: Grace Hopper has not signed in online here since the computer was set up.",
                "The computer holds no recovery secret for her. She needs one online sign-in with a factor, or another \
                 computer that is ready.",
            )
            .with_code("not_registered"),
        ),
        ..request()
    };
    let token = tokens::Row {
        token: Link::new("Ticket system", "#"),
        grants: "Makes recovery PINs".into(),
        owner: Link::new("Ada Byron", "/admin/people/00u1"),
        network: "Only from Office.".into(),
        created: days_ago(30),
        last_used: Some(ago(4000)),
        expires: in_an_hour(),
    };
    let features = features::Features {
        shell: shell(Place::Features),
        notice: None,
        features: vec![features::Feature {
            name: "Desktop MFA recovery".into(),
            about: "A help desk can let a person without their factor into their own computer for a while, with a PIN."
                .into(),
            is_on: true,
            action: Some("#".into()),
        }],
    };
    let secret = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP";
    let mut sign_in_wrong =
        sign_in::SignIn::new("Harbour Lights", Question::Password, Some("ida@harbour.example".into()));
    sign_in_wrong.notice = Some(wrong);
    let mut screens = vec![
        ("person-edit", drawn(&person_form())),
        (
            "person-temporary",
            drawn(&person_acts::Temporary {
                shell: shell(Place::People),
                name: "Grace Hopper".into(),
                back: "#".into(),
                password: Secret::new("dGhpcyBpcyBub3Q".to_owned()),
            }),
        ),
        ("set-up", drawn(&set_up::SetUp::new("/set-up/abc"))),
        (
            "set-up-factor",
            drawn(&set_up::SetUpFactor {
                org: "Harbour Lights".into(),
                action: "/set-up/abc".into(),
                notice: None,
                qr: qr::image(&Secret::new("otpauth://totp/Harbour:ada?secret=JBSWY3DPEHPK3PXP&issuer=Harbour".into())),
                secret: Secret::new(secret.into()),
                code: set_up::SetUpFactor::code_field(),
            }),
        ),
        ("set-up-done", drawn(&set_up::SetUpDone { org: "Harbour Lights".into() })),
        ("sign-in", drawn(&sign_in::SignIn::new("Harbour Lights", Question::Name, None))),
        ("sign-in-wrong", drawn(&sign_in_wrong)),
        (
            "sign-in-code",
            drawn(&sign_in::SignIn::new("Harbour Lights", Question::AppCode, Some("ida@harbour.example".into()))),
        ),
        ("home", drawn(&home())),
        ("devices", drawn(&devices())),
        (
            "enrolment-code",
            drawn(&enrolment_code::EnrolmentCode {
                shell: shell(Place::Devices),
                serial: Field::new("serialNumber", "Serial number of the computer", Kind::Text),
                made: Some((
                    Secret::new("ABCDE-FGHIJ".into()),
                    in_an_hour(),
                    Secret::new("postern-agent enrol".into()),
                )),
            }),
        ),
        ("device", drawn(&device())),
        ("pin-request", drawn(&request())),
        ("pin-request-new-link", drawn(&new_link)),
        ("pin-request-challenge", drawn(&challenge)),
        ("pin-request-refused", drawn(&refused)),
        (
            "step-up",
            drawn(&step_up::StepUp {
                shell: shell(Place::Devices),
                act: "Make a recovery PIN for Grace Hopper".into(),
                action: "/admin/devices/guo1/people/00u1/recovery".into(),
                kept: vec![("reason".into(), "Phone left on a train".into())],
                code: step_up::Ask::code(),
            }),
        ),
        ("pin", drawn(&pin(Stage::Issued { seen: Some(ago(20)) }))),
        ("pin-offline", drawn(&pin(Stage::Issued { seen: None }))),
        ("pin-activated", drawn(&pin(Stage::Activated { at: ago(5), by_report: false, until: in_an_hour() }))),
        ("pin-expired", drawn(&pin(Stage::Expired))),
        ("people", drawn(&people())),
        ("policies", drawn(&policies_page())),
        ("policy", drawn(&policy_page())),
        ("policy-form", drawn(&policy_form())),
        ("what-if", drawn(&what_if_page())),
        ("limits", drawn(&limits_page(false))),
        ("limits-edit", drawn(&limits_page(true))),
        ("networks", drawn(&networks_page())),
        ("network", drawn(&network_page())),
        ("origins", drawn(&origins_page())),
        ("origin", drawn(&origin_page())),
        ("person", drawn(&person())),
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
        ("features", drawn(&features)),
        ("security", drawn(&security(false))),
        ("security-edit", drawn(&security(true))),
        (
            "reports",
            drawn(&reports::Reports {
                shell: shell(Place::Reports),
                filters: Filters::new("/admin/reports"),
                exports: [Link::new("CSV", "#"), Link::new("JSON", "#")],
                record: record(),
                pages: pages(),
            }),
        ),
        (
            "tokens",
            drawn(&tokens::Tokens {
                shell: shell(Place::Tokens),
                filters: Filters::new(tokens::ADDRESS),
                heads: Heads::new().plain("Token".into()).plain("Acts as".into()),
                rows: vec![token],
                empty: Empty { title: "Nothing".into(), next: "Make one.".into(), act: None },
                pages: pages(),
                new: Some(token_new::ADDRESS),
            }),
        ),
        ("form", drawn(&form())),
        (
            "token-made",
            drawn(&token_new::Made {
                shell: shell(Place::Tokens),
                token: Link::new("Ticket system", "#"),
                once: Once { label: "Token".into(), secret: Secret::new("00aBcDeFgHiJkLm".into()) },
            }),
        ),
        (
            "token",
            drawn(&token::Token {
                shell: shell(Place::Tokens),
                name: "Ticket system".into(),
                owner: Link::new("Ada Byron", "/admin/people/00u1"),
                roles: "Super administrator".into(),
                last_used: Some(ago(4000)),
                expires: in_an_hour(),
                facts: Facts { facts: vec![("Network".into(), "Anywhere".into())] },
                edit: Some("#".into()),
                revoke: Some("#".into()),
                recent: Some(record()),
            }),
        ),
        (
            "not-me",
            drawn(&not_me::NotMe {
                org: "Harbour Lights".into(),
                action: "/not-me/abc".into(),
                about: Some(("HARBOUR-07".into(), ago(60))),
                contact: "Help desk: +46 8 555 0199.".into(),
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
        ("unavailable", drawn(&problem::Problem { why: problem::Why::Unavailable, request_id: "req1".into() })),
        ("parts", drawn(&parts::Parts { shell: shell(Place::Nowhere) })),
    ];
    screens.extend(groups_and_files::screens(&|view| view.dyn_render().unwrap()));
    screens
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
    let made = pin(Stage::Issued { seen: Some(ago(20)) });
    let page = made.render().unwrap();
    assert!(page.contains("data-copy=\"417205938\"") && page.contains(">417</span>"));
    assert!(page.contains("aria-label=\"4 1 7, 2 0 5, 9 3 8\""));
    let later = pin::Pin { digits: None, ..made }.render().unwrap();
    assert!(!later.contains("417") && later.contains("The digits were shown once"));
}

#[test]
fn without_the_permission_the_action_is_not_shown() {
    let mut page = device();
    assert!(page.render().unwrap().contains("View recovery PIN"));
    for person in &mut page.people {
        person.action = None;
    }
    assert!(!page.render().unwrap().contains("View recovery PIN"));
}

#[test]
fn a_pin_that_cannot_be_made_is_explained_and_has_no_form() {
    let refusal = Notice::new(Tone::Danger, "No PIN can be made.", "Do this first.").with_code("not_registered");
    let page = pin_request::PinRequest { refusal: Some(refusal), ..request() }.render().unwrap();
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
