//! Samples of the screens of people, and of their way in.

use super::device_screens::ready;
use super::*;

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
    let wrong = Notice::new(
        Tone::Danger,
        "That password does not belong to this name.",
        "Check the name above and the caps lock key, and try again. After 10 failures in a row the account is locked for an hour.",
    )
    .with_code("E0000004");
    let card = || sign_in::sent::Card {
        org: "Harbour Lights".into(),
        name: "ida@harbour.example".into(),
        state_token: Secret::new("abc".into()),
        to: "/account".into(),
    };
    let way = |factor: &str, label: &str| sign_in::ways::Way { factor: factor.into(), label: label.to_owned().into() };
    let sms = sign_in::ways::Asked {
        card: card(),
        factor: "sms1".into(),
        title: crate::say("sign-in-ask-sms"),
        lead: Some(crate::say("account-sent").with("to", "+1 XXX-XXX-1337")),
        notice: None,
        field: Field::new("answer", crate::say("account-code-sms"), Kind::AppCode).first(),
        is_sent: true,
    };
    let choices = sign_in::enrol::Choices {
        card: card(),
        makes_codes: true,
        offers: vec![sign_in::enrol::Offer {
            choice: "google_otp",
            label: "Authenticator app".into(),
            about: crate::say("account-add-about-token-software-totp"),
        }],
    };
    let app = sign_in::enrol::Enrol {
        card: card(),
        title: "Add: Authenticator app".into(),
        lead: "Scan the code.".into(),
        notice: Some(Notice::new(Tone::Good, "Another code is on its way", "The earlier one is void.")),
        scan: Some(qr::Scan::of_app(&Secret::new(vec![7; 20]), "Harbour Lights", "ada@harbour.example")),
        device: None,
        action: "/signin/enrol/activate",
        hidden: ("factor", "ost1".into()),
        fields: vec![Field::new("firstCode", "App code", Kind::AppCode).refused("Wrong.")],
        verb: "Finish".into(),
        is_sent: true,
    };
    let mut sign_in_wrong = sign_in::SignIn::new(card(), Question::Password);
    sign_in_wrong.notice = Some(wrong);
    vec![
        ("people", drawn(&people())),
        ("person", drawn(&person())),
        ("person-factors", drawn(&person_factors())),
        (
            "person-codes",
            drawn(&person_factors::NewCodes {
                shell: shell(Place::People),
                name: "Grace Hopper".into(),
                back: "#".into(),
                codes: vec![Secret::new("ABCD-EFGH-IJKL-MNOP".to_owned())],
                all: Secret::new("ABCD-EFGH-IJKL-MNOP".to_owned()),
            }),
        ),
        ("person-references", drawn(&person_references())),
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
                scan: qr::Scan::of_app(&Secret::new(vec![7; 20]), "Harbour Lights", "ada@harbour.example"),
                code: set_up::SetUpFactor::code_field(),
            }),
        ),
        ("set-up-done", drawn(&set_up::SetUpDone { org: "Harbour Lights".into() })),
        ("sign-in", drawn(&sign_in::SignIn::new(card(), Question::Name))),
        ("sign-in-wrong", drawn(&sign_in_wrong)),
        (
            "sign-in-ways",
            drawn(&sign_in::ways::Ways {
                card: card(),
                ways: vec![way("ost1", "Code of your app"), way("sms1", "Text message to +1 XXX-XXX-1337")],
                takes_passkey: true,
            }),
        ),
        ("sign-in-sms", drawn(&sms)),
        ("sign-in-choices", drawn(&choices)),
        ("sign-in-codes", drawn(&by_ticket())),
        ("sign-in-app", drawn(&app)),
        ("sign-in-code", drawn(&sign_in::SignIn::new(card(), Question::AppCode))),
    ]
}

pub fn people() -> people::People {
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

pub fn person_form() -> person_form::PersonForm {
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

pub fn person() -> person::Person {
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
        tabs: tabs(0),
        done: None,
        notice: None,
        edit: Some("#".into()),
        cases: Some(cases::OfPerson {
            current: None,
            open: Some("00u1".into()),
            earlier: vec![(Link::new("Case 998", "#"), State::new(Tone::Danger, "Refused"), days_ago(2))],
        }),
        devices: vec![ready("HARBOUR-07", "FRANDGCP0931240071")],
        contacts: vec![
            contact("E-mail", "grace@harbour.example", None, "by Ada Byron"),
            contact("Phone", "+46 8 555 0100", Some(days_ago(3)), "by Grace Hopper"),
        ],
        facts: vec![("Id".into(), "00u6bu9lNAQewZeK2Lfx".into()), ("Groups".into(), "Pilots, Everyone".into())],
        acts: vec![act("Suspend Grace Hopper", true)],
        recent: Some(record()),
    }
}

fn tabs(current: usize) -> Tabs {
    let tab = |at: usize, label: &str| Tab { label: label.into(), href: "#".into(), is_current: at == current };
    Tabs { label: "Pages about Grace Hopper".into(), tabs: vec![tab(0, "Overview"), tab(1, "Factors")] }
}

fn person_references() -> person_references::PersonReferences {
    person_references::PersonReferences {
        shell: shell(Place::People),
        name: "Grace Hopper".into(),
        login: "grace@harbour.example".into(),
        status: State::new(Tone::Good, "Active"),
        tabs: tabs(1),
        notice: None,
        summary: None,
        rows: vec![person_references::Row {
            text: "Badge photo".into(),
            since: days_ago(300),
            photo: Some("/photo".into()),
            remove: Some("#".into()),
        }],
        add: Some(("#".into(), Field::new("text", "What it is", Kind::Text).refused("Write one line."))),
        photo_error: Some("Choose a PNG or JPEG.".into()),
    }
}

fn person_factors() -> person_factors::PersonFactors {
    person_factors::PersonFactors {
        shell: shell(Place::People),
        name: "Grace Hopper".into(),
        login: "grace@harbour.example".into(),
        status: State::new(Tone::Good, "Active"),
        tabs: tabs(1),
        notice: None,
        is_own: true,
        factors: vec![person_factors::Row {
            name: "Text message".into(),
            detail: Some("+46 8 555 0100".into()),
            about: "A code that is sent".into(),
            state: State::new(Tone::Good, "Active"),
            since: days_ago(120),
            last_used: None,
            remove: Some("#".into()),
        }],
        codes: Some(person_factors::Codes {
            state: State::new(Tone::Warning, "2 backup codes of 10 remaining"),
            since: days_ago(30),
            last_used: Some(days_ago(2)),
        }),
        make: Some("#".into()),
        reset: Some("#".into()),
    }
}

fn by_ticket() -> sign_in::enrol::Codes {
    sign_in::enrol::Codes {
        card: sign_in::sent::Card::new("Harbour Lights", ""),
        codes: (0..10).map(|_| Secret::new("ABCD-EFGH-IJKL-MNOP".to_owned())).collect(),
        all: Secret::new("ABCD-EFGH-IJKL-MNOP".to_owned()),
    }
}
