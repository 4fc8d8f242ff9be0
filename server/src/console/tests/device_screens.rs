//! Samples of the screens of computers and recovery PINs.

use super::*;

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
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
    vec![
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
                sheet: step_up::Sheet {
                    act: "Make a recovery PIN for Grace Hopper".into(),
                    action: "/admin/devices/guo1/people/00u1/recovery".into(),
                    kept: vec![("reason".into(), "Phone left on a train".into())],
                    code: step_up::Ask::code(),
                },
            }),
        ),
        ("pin", drawn(&pin(Stage::Issued { seen: Some(ago(20)) }))),
        ("pin-offline", drawn(&pin(Stage::Issued { seen: None }))),
        ("pin-activated", drawn(&pin(Stage::Activated { at: ago(5), by_report: false, until: in_an_hour() }))),
        ("pin-expired", drawn(&pin(Stage::Expired))),
    ]
}

pub fn ready(who: &str, detail: &str) -> Recovery {
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

pub fn stale(who: &str, detail: &str) -> Recovery {
    let fix = "This computer has not been online since 3 Nov 2026 (19 days). A time PIN needs 7 days or less. Ask the \
               caller to enter \"code\" and to read the nine digits on the screen.";
    Recovery {
        readiness: State::new(Tone::Warning, "Only with the caller's nine digits"),
        fix: Some((fix.into(), "offline_too_long".into())),
        ..ready(who, detail)
    }
}

pub fn device() -> Device {
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

pub fn request() -> pin_request::PinRequest {
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

pub fn pin(stage: Stage) -> pin::Pin {
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

pub fn devices() -> devices::Devices {
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
