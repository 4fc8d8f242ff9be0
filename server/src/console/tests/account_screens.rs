//! Samples of the pages of one's own account, and of what an organisation sets for them.

use super::*;
use crate::cases::objection::Effect;
use crate::console::not_me_case::NotMeCase;
use crate::portal::account::{Account, Computer, Offer, Own, left};
use crate::portal::activity::Activity;
use crate::portal::backup_codes::Codes;
use crate::portal::factors::{Activate, NewPasskey};
use crate::portal::forgot::Forgot;
use crate::portal::help::{Drawn, Help};
use crate::portal::owner::{FormPage, Frame, StepUp};
use crate::portal::sessions::{Remembered, Session};
use crate::portal::unlock::{self, Unlock};
use crate::portal::{account, owner};

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
    let frame = frame();
    let asked = FormPage {
        fields: vec![
            Field::new("phoneNumber", "Telephone number", Kind::Telephone).holding("555").refused("None."),
            Field::new("phoneExtension", "Extension", Kind::Text).optional().refused("Digits."),
        ],
        rules: vec!["12 characters or more".into()],
        ..FormPage::new(frame.clone(), "Add: Call".into(), vec!["About it.".into()], "#".into(), "Send".into())
    };
    let removal =
        FormPage::new(frame.clone(), "Remove: App".into(), vec!["About it.".into()], "#".into(), "Remove".into());
    let kept = FormPage { action: None, ..removal };
    let codes = (0..10).map(|_| Secret::new("ABCD-EFGH-IJKL-MNOP".to_owned())).collect();
    let sheet = step_up::Sheet { act: "Go on".into(), action: "#".into(), kept: Vec::new(), code: any_code() };
    vec![
        ("account", drawn(&account())),
        ("account-empty", drawn(&nothing())),
        ("factor-settings", drawn(&settings())),
        ("account-form", drawn(&asked)),
        ("account-stays", drawn(&kept)),
        ("account-activate", drawn(&activate())),
        ("account-codes", drawn(&Codes::new(frame.clone(), codes, ago(0).for_the_record()))),
        ("account-activity", drawn(&Activity { frame: frame.clone(), record: record(), pages: pages() })),
        ("help", drawn(&help(false))),
        ("help-number", drawn(&help(true))),
        ("not-me-case-shuts", drawn(&objecting(Effect::Shuts, false))),
        ("not-me-case-stops", drawn(&objecting(Effect::Stops, false))),
        ("not-me-case-stopped", drawn(&objecting(Effect::Stops, true))),
        ("forgot", drawn(&lost(false, false))),
        ("locked-out", drawn(&lost(true, false))),
        ("locked-out-sent", drawn(&lost(true, true))),
        ("locked-out-not-here", drawn(&Forgot { ends_locks: false, ..lost(true, false) })),
        ("unlock", drawn(&ending(asked_to_unlock()))),
        ("unlock-done", drawn(&ending(unlock::Stage::Done("grace@harbour.example".into())))),
        ("unlock-over", drawn(&ending(unlock::Stage::Over))),
        ("account-step-up", drawn(&StepUp { frame: frame.clone(), sheet })),
        (
            "account-passkey",
            drawn(&NewPasskey {
                frame,
                name: "Work laptop".into(),
                options: "{}".into(),
                token: Secret::new("abc".into()),
            }),
        ),
    ]
}

fn lost(is_lock: bool, is_sent: bool) -> Forgot {
    let field = Field::new("username", "Name", Kind::Text).hint("As you sign in.");
    Forgot { org: "Harbour Lights".into(), is_lock, ends_locks: true, is_sent, notice: None, field }
}

fn help(is_drawn: bool) -> Help {
    let field = Field::new("username", "Name", Kind::Text).hint("As you sign in.");
    let drawn =
        is_drawn.then(|| Drawn { number: 1001, agent: "4711".into(), person: "0815".into(), until: in_an_hour() });
    Help { org: "Harbour Lights".into(), drawn, notice: None, field }
}

fn objecting(effect: Effect, is_done: bool) -> NotMeCase {
    let (org, action) = ("Harbour Lights".into(), "/not-me/case/abc".into());
    NotMeCase { org, action, about: Some((1001, effect)), is_done }
}

fn ending(stage: unlock::Stage) -> Unlock {
    Unlock { org: "Harbour Lights".into(), stage }
}

fn asked_to_unlock() -> unlock::Stage {
    let question = Field::new("answer", "What do you like?".to_owned(), Kind::Text).refused("Not that.");
    let (login, action) = ("grace@harbour.example".into(), "/unlock/abc".into());
    unlock::Stage::Asked { login, action, question: Some(question) }
}

fn any_code() -> step_up::Ask {
    step_up::Ask {
        code: Some(Field::new("passCode", "Code", Kind::Code).hint("One of these.")),
        has_passkey: true,
        sendable: vec![("sms1".into(), "Text message: +46 8 555 0100".into())],
        sent: Some("A code is on its way.".into()),
        ..step_up::Ask::code()
    }
}

fn frame() -> Frame {
    owner::Frame {
        org: "Harbour Lights".into(),
        name: "Grace Hopper".into(),
        login: "grace@harbour.example".into(),
        is_administrator: true,
        now: ago(0),
    }
}

fn activate() -> Activate {
    Activate {
        frame: frame(),
        title: "Add: Authenticator app".into(),
        lead: "Scan the code.".into(),
        notice: Some(Notice::new(Tone::Good, "Another code is on its way", "The earlier one is void.")),
        scan: Some(qr::Scan::of_app(&Secret::new(vec![7; 20]), "Harbour Lights", "ada@harbour.example")),
        action: "#".into(),
        resend: Some("#".into()),
        code: Field::new("firstCode", "App code", Kind::AppCode).refused("Wrong."),
    }
}

fn settings() -> factor_settings::FactorSettings {
    let row = |why: Option<&str>, is_on| factor_settings::Row {
        name: "Text message".into(),
        api_name: "okta_sms",
        why: why.map(Into::into),
        is_on,
        action: Some("#".into()),
    };
    let kept = || factor_settings::Kept {
        name: "Short".into(),
        about: "${code} is your code".into(),
        edit: Some("#".into()),
        delete: Some("#".into()),
    };
    factor_settings::FactorSettings {
        shell: shell(Place::Factors),
        notice: None,
        factors: vec![row(None, true), row(Some("Numbers can be taken over."), false)],
        passkeys: Facts { facts: vec![("Root certificates".into(), "0".into())] },
        profiles: Vec::new(),
        messages: vec![kept()],
        may_edit: true,
    }
}

fn nothing() -> Account {
    Account {
        frame: Frame { is_administrator: false, ..frame() },
        notice: None,
        case: None,
        asks: Vec::new(),
        factors: Vec::new(),
        offers: Vec::new(),
        codes: None,
        wants_codes: false,
        browsers: Vec::new(),
        activity: Record::default(),
        computers: Vec::new(),
        ..account()
    }
}

fn account() -> Account {
    let own = |name: &str, detail: Option<&str>, state| Own {
        name: name.into(),
        detail: detail.map(str::to_owned),
        about: "Codes of six digits".into(),
        state,
        since: days_ago(120),
        last_used: Some(ago(90)),
        remove: "#".into(),
    };
    let off = State::new(Tone::Warning, "Does not count");
    let offer = |name: &str, is_wanted| Offer { link: Link::new(name, "#"), is_wanted };
    let session = |program: &str, end: Option<&str>| Session {
        program: program.into(),
        ip: "192.0.2.14".into(),
        since: days_ago(1),
        last_used: ago(100),
        end: end.map(str::to_owned),
    };
    Account {
        frame: frame(),
        notice: Some(Notice::new(Tone::Good, "The factor is added", "You were told by mail.")),
        case: Some(account::OwnCase { number: 1001, agent: "4711".into(), person: "0815".into() }),
        asks: vec![account::Ask {
            person: "Grace Hopper".into(),
            login: "grace@harbour.example".into(),
            number: 1001,
            since: ago(20),
            action: "#".into(),
        }],
        factors: vec![own("Authenticator app", None, None), own("Text message", Some("+46 8 555 0100"), Some(off))],
        offers: vec![offer("Passkey", true), offer("Security question", false)],
        codes: Some(account::Codes { state: left(2), since: days_ago(30), last_used: Some(days_ago(2)) }),
        wants_codes: true,
        sessions: vec![session("Firefox, Linux", None), session("Safari, iPhone", Some("#"))],
        browsers: vec![Remembered { since: days_ago(90), last_used: days_ago(1), is_this: true }],
        activity: record(),
        computers: vec![Computer {
            name: "HARBOUR-07".into(),
            serial: "FRANDGCP0931240071".into(),
            since: days_ago(40),
            last_seen: Some(ago(400)),
        }],
        zone: Field::new("zone", "Time zone", Kind::Text).optional(),
    }
}
