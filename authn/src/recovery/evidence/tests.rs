use postern_codes::Env;
use postern_codes::env::TestWorld;
use serde_json::json;

use super::*;
use crate::factor;
use crate::user::ContactKind;

const DAY: Duration = Duration::from_hours(24);

fn contact(env: &Env, kind: ContactKind, source: &str, age: Duration) -> ContactPoint {
    ContactPoint {
        id: Id::new(env),
        kind,
        value: "+1 555 415 1337".to_owned(),
        source: source.to_owned(),
        changed_by: "system".to_owned(),
        from_at: env.now.minus(age),
        until_at: None,
    }
}

fn facts<'a>(env: &Env, contacts: &'a [ContactPoint], references: &'a [Reference], seen: Option<Seen>) -> Facts<'a> {
    let today = env.now.minus(Duration::from_hours(9));
    let ageing = 7 * DAY;
    Facts { now: env.now, today, person: Id::new(env), contacts, ageing, references, manager: None, seen }
}

#[test]
fn names_are_told_apart_and_none_is_what_never_counts() {
    let names: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.evidence().name()).collect();
    assert_eq!(names.len(), Kind::ALL.len());
    for (name, why) in NEVER {
        assert_eq!(name.parse::<Kind>(), Err(()), "{name}");
        assert!(!why.is_empty());
    }
    for kind in Kind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(*kind));
        assert_eq!(serde_json::from_value::<Kind>(json!(kind)).expect("its own name"), *kind);
    }
    let fault = serde_json::from_value::<Kind>(json!("EMAIL_CODE")).expect_err("it never counts").to_string();
    assert!(fault.contains("there are OTHER_FACTOR"), "{fault}");
}

#[test]
fn what_the_system_or_the_manager_sees_is_not_taken_on_anybodys_word() {
    let env = TestWorld::new().env();
    for kind in Kind::ALL.iter().filter(|kind| kind.evidence().witness() != Witness::Agent) {
        let verdict = kind.evidence().judge(&json!({ "manager": "me" }), &facts(&env, &[], &[], None));
        assert_eq!(verdict, Err(NotEvidence::NotByWord), "{kind}");
    }
}

#[test]
fn every_agents_finding_must_say_something() {
    let env = TestWorld::new().env();
    let number = contact(&env, ContactKind::MobilePhone, "IMPORT", 30 * DAY);
    let (contacts, references) = ([number], [Reference { text: "badge photo".to_owned(), since: env.now }]);
    let known = facts(&env, &contacts, &references, None);
    let at = env.now;
    let wrong = [
        (Kind::VideoCall, json!({ "reference": "badge photo", "seen": " " })),
        (Kind::VideoCall, json!({ "reference": "badge photo" })),
        (Kind::CallBack, json!({ "number": contacts[0].id, "heard": "" })),
        (Kind::CallBack, json!({ "number": "+1 555", "heard": "her voice" })),
        (Kind::Ticket, json!({ "ticket": "", "openedBy": "Hana", "openedAt": at })),
        (Kind::Ticket, json!({ "ticket": "HR-1", "openedBy": "x\ny", "openedAt": at })),
        (Kind::InPerson, json!({ "document": "passport", "place": "x".repeat(LONGEST_TEXT + 1) })),
        (Kind::InPerson, json!({ "document": "passport", "place": "desk", "favourite": "colour" })),
        (Kind::InPerson, json!(["passport"])),
        (Kind::InPerson, serde_json::Value::Null),
    ];
    for (kind, finding) in wrong {
        let verdict = kind.evidence().judge(&finding, &known);
        assert!(matches!(verdict, Err(NotEvidence::Form(..))), "{kind} {finding}: {verdict:?}");
    }
    let other = json!({ "reference": "a photo that the caller sent", "seen": "the same face" });
    assert_eq!(Kind::VideoCall.evidence().judge(&other, &known), Err(NotEvidence::NoReference));
}

#[test]
fn only_a_number_that_was_on_file_long_enough_is_called() {
    let env = TestWorld::new().env();
    let hours = Duration::from_hours;
    let judged = |age: Duration, ageing: Duration, today: Duration| {
        let contacts = [contact(&env, ContactKind::MobilePhone, "API", age)];
        let known = Facts { ageing, today: env.now.minus(today), ..facts(&env, &contacts, &[], None) };
        let finding = json!({ "number": contacts[0].id, "heard": "her voice" });
        Kind::CallBack.evidence().judge(&finding, &known).is_ok()
    };
    assert!(judged(7 * DAY, 7 * DAY, hours(9)));
    assert!(!judged(hours(7 * 24 - 1), 7 * DAY, hours(9)));
    assert!(!judged(hours(23), Duration::ZERO, hours(9)), "never less than a day, whatever is set");
    assert!(judged(hours(25), Duration::ZERO, hours(9)));
    assert!(!judged(hours(24), DAY, hours(24)), "never of the present calendar day");
    assert!(!judged(hours(25), DAY, hours(25)), "a day of 25 hours");
}

#[test]
fn a_number_that_was_replaced_or_is_none_is_not_called() {
    let env = TestWorld::new().env();
    let mut contacts = [
        contact(&env, ContactKind::MobilePhone, "API", 30 * DAY),
        contact(&env, ContactKind::Email, "IMPORT", 30 * DAY),
    ];
    contacts[0].until_at = Some(env.now);
    let known = facts(&env, &contacts, &[], None);
    let judge = |id: &str| Kind::CallBack.evidence().judge(&json!({ "number": id, "heard": "her voice" }), &known);
    assert_eq!(judge(contacts[0].id.as_str()), Err(NotEvidence::NumberGone));
    assert_eq!(judge(contacts[1].id.as_str()), Err(NotEvidence::NoNumber));
    assert_eq!(judge(Id::<postern_codes::id::ContactPoint>::new(&env).as_str()), Err(NotEvidence::NoNumber));
    assert!(numbers(&known).is_empty());
}

#[test]
fn numbers_from_records_come_first_then_the_oldest() {
    let env = TestWorld::new().env();
    let contacts = [
        contact(&env, ContactKind::MobilePhone, "API", 20 * DAY),
        contact(&env, ContactKind::MobilePhone, "IMPORT", 10 * DAY),
        contact(&env, ContactKind::PrimaryPhone, "API", 40 * DAY),
        contact(&env, ContactKind::PrimaryPhone, "IMPORT", DAY),
    ];
    let shown = numbers(&facts(&env, &contacts, &[], None)).into_iter().map(|number| number.contact.id);
    assert_eq!(shown.collect::<Vec<_>>(), [contacts[1].id, contacts[2].id, contacts[0].id]);
}

#[test]
fn a_ticket_is_neither_old_nor_of_the_future() {
    let env = TestWorld::new().env();
    let judge = |at: Timestamp| {
        let finding = json!({ "ticket": "HR-1", "openedBy": "Hana Reed", "openedAt": at });
        Kind::Ticket.evidence().judge(&finding, &facts(&env, &[], &[], None))
    };
    assert!(judge(env.now.minus(30 * DAY)).is_ok());
    assert_eq!(judge(env.now.minus(30 * DAY + DAY)), Err(NotEvidence::TicketTime));
    assert_eq!(judge(env.now.plus(DAY)), Err(NotEvidence::TicketTime));
}

#[test]
fn only_the_manager_vouches() {
    let env = TestWorld::new().env();
    let (manager, other) = (Id::new(&env), Id::new(&env));
    let judge = |who, manager| {
        let known = Facts { manager, ..facts(&env, &[], &[], Some(Seen::Manager(who))) };
        Kind::Manager.evidence().judge(&json!(null), &known)
    };
    assert!(judge(manager, Some(manager)).is_ok());
    assert_eq!(judge(other, Some(manager)), Err(NotEvidence::NotTheManager));
    assert_eq!(judge(other, None), Err(NotEvidence::NotTheManager));
    let oneself = Facts { person: manager, ..facts(&env, &[], &[], Some(Seen::Manager(manager))) };
    let oneself = Facts { manager: Some(manager), ..oneself };
    assert_eq!(Kind::Manager.evidence().judge(&json!(null), &oneself), Err(NotEvidence::NotTheManager));
}

#[test]
fn a_factor_that_comes_by_telephone_mail_or_memory_is_none() {
    let env = TestWorld::new().env();
    for kind in factor::Kind::ALL {
        let seen = Seen::Factor(Id::with_prefix("fac", &env), *kind, kind.factor().traits());
        let verdict = Kind::OtherFactor.evidence().judge(&json!(null), &facts(&env, &[], &[], Some(seen)));
        let counts = match kind {
            factor::Kind::WebAuthn | factor::Kind::Totp | factor::Kind::Hotp | factor::Kind::BackupCodes => true,
            factor::Kind::Call
            | factor::Kind::Email
            | factor::Kind::EnrolmentTicket
            | factor::Kind::Question
            | factor::Kind::Sms => false,
        };
        assert_eq!(verdict.is_ok(), counts, "{kind:?}: {verdict:?}");
    }
}
