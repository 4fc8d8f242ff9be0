//! Evidence on a case's page: what was found, a form for each type that an agent writes down, what records itself, and
//! what never counts.

use jiff::tz::TimeZone;
use postern_authn::recovery::case::Found;
use postern_authn::recovery::evidence::{self, Kind, NotEvidence, Witness};
use postern_authn::user::ContactPoint;
use postern_codes::Timestamp;
use serde_json::{Value, json};

use crate::cases::{Known, Names};
use crate::console::form::Form;
use crate::console::meanwhile;
use crate::console::part::{Field, Kind as Input, Moment, State, Tone};
use crate::console::people;
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

/// What was found.
pub struct Piece {
    /// Its type.
    pub kind: Text,
    /// What of it.
    pub what: Text,
    /// On whose word.
    pub by: Text,
    /// When.
    pub at: Moment,
    /// Whether it still counts.
    pub state: State,
}

/// A way to evidence.
pub struct Way {
    /// The type's name, which the form sends.
    pub kind: &'static str,
    /// Its mark in the page.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// What is to be done.
    pub how: Text,
    /// Whether there is some of it.
    pub is_had: bool,
    /// Whether its form is open.
    pub is_open: bool,
    /// What it asks.
    pub asks: Asks,
}

/// What a way asks.
pub enum Asks {
    /// Nothing here: it is recorded where it happens.
    Elsewhere(Text),
    /// What the agent writes down.
    Form {
        /// What is kept to compare with.
        references: Vec<Reference>,
        /// The numbers that may be called; none but these.
        numbers: Vec<Number>,
        /// In their order.
        fields: Vec<Field>,
    },
    /// It cannot be had now, and why.
    Never(Text),
}

/// Something to compare with.
pub struct Reference {
    /// Where it lies.
    pub text: String,
    /// Since when.
    pub since: Moment,
    /// The address of the photo, where one is kept.
    pub photo: Option<String>,
}

/// A number that may be called.
pub struct Number {
    /// Its id, which the form sends.
    pub id: String,
    /// The number.
    pub value: String,
    /// Since when, and from where.
    pub since: Text,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// What a type of evidence is called.
pub fn name(kind: Kind) -> Text {
    say_of("cases-kind", kind.evidence().name())
}

/// What never counts, and why.
pub fn never() -> Vec<(Text, Text)> {
    let one = |(name, _): &(&str, &str)| (say_of("cases-never", name), say_of("cases-why-never", name));
    evidence::NEVER.iter().map(one).collect()
}

/// What was found, the newest last.
pub fn found(known: &Known, names: &Names, viewer: &Viewer) -> Vec<Piece> {
    let piece = |found: &Found| Piece {
        kind: name(found.kind),
        what: what(known, found),
        by: found.by.map_or_else(|| say("cases-by-itself"), |by| names.of_one(by).into()),
        at: viewer.moment(found.at),
        state: if known.case.still_counts(found, &known.terms()) {
            State::new(Tone::Good, say("cases-counts"))
        } else {
            State::new(Tone::Plain, say("cases-counts-not"))
        },
    };
    known.case.evidence.iter().map(piece).collect()
}

/// What was found of it.
pub fn what(known: &Known, found: &Found) -> Text {
    let text = |member: &str| found.finding[member].as_str().unwrap_or_default().to_owned();
    match found.kind {
        Kind::CallBack => {
            let contact = known.contacts.iter().find(|contact| contact.id.as_str() == text("number"));
            let number = contact.map_or_else(|| text("number"), |contact| contact.value.clone());
            say("cases-found-call").with("number", number).with("heard", text("heard"))
        }
        Kind::Federated => say("cases-found-federated").with("provider", text("provider")),
        Kind::InPerson => say("cases-found-in-person").with("document", text("document")).with("place", text("place")),
        Kind::Manager => say("cases-found-manager"),
        Kind::OtherFactor => {
            let kind = postern_authn::factor::Kind::ALL.iter().find(|kind| kind.factor().name() == text("type"));
            kind.map_or_else(|| text("type").into(), |kind| people::factor(*kind))
        }
        Kind::Ticket => say("cases-found-ticket").with("ticket", text("ticket")).with("who", text("openedBy")),
        Kind::VideoCall => say("cases-found-video").with("reference", text("reference")).with("seen", text("seen")),
    }
}

/// Every way to evidence, what is checked best first; with what was typed of it and is to be mended.
pub fn ways(known: &Known, viewer: &Viewer, typed: Option<(&Form, &[(&str, Text)])>) -> Vec<Way> {
    let way = |kind: &Kind| {
        let name = kind.evidence().name();
        let mut asks = asks(*kind, known, viewer, typed.map(|(form, _)| form));
        let is_typed = typed.is_some_and(|(form, _)| form.text("kind") == name);
        if let (Asks::Form { fields, .. }, Some((form, wrong)), true) = (&mut asks, typed, is_typed) {
            meanwhile::mend(fields.iter_mut(), form, wrong);
        }
        Way {
            kind: name,
            id: format!("way-{}", name.to_ascii_lowercase().replace('_', "-")),
            title: self::name(*kind),
            how: say_of("cases-how", name),
            is_had: known
                .case
                .evidence
                .iter()
                .any(|found| found.kind == *kind && known.case.still_counts(found, &known.terms())),
            is_open: is_typed,
            asks,
        }
    };
    Kind::ALL.iter().map(way).collect()
}

fn asks(kind: Kind, known: &Known, viewer: &Viewer, typed: Option<&Form>) -> Asks {
    match kind.evidence().witness() {
        Witness::Agent => {}
        Witness::Manager if known.manager.is_none() => return Asks::Never(say("cases-no-manager")),
        Witness::Manager => {
            let manager = known.manager.as_ref().map_or_else(String::new, postern_authn::user::User::name);
            return Asks::Elsewhere(say("cases-manager-is").with("manager", manager));
        }
        Witness::System => return Asks::Elsewhere(say("cases-by-itself-here")),
    }
    let line = |name, label| Field::new(name, label, Input::Text);
    let (mut references, mut numbers) = (Vec::new(), Vec::new());
    let fields = match kind {
        Kind::CallBack => {
            numbers = self::numbers(known, typed);
            if numbers.is_empty() {
                return Asks::Never(say("cases-no-number").with("days", known.rules.number_ageing_days));
            }
            vec![line("heard", say("cases-heard")).hint(say("cases-heard-hint"))]
        }
        Kind::InPerson => vec![
            line("document", say("cases-document")).hint(say("cases-document-hint")),
            line("place", say("cases-place")).hint(say("cases-place-hint")),
        ],
        Kind::Ticket => vec![
            line("evidenceTicket", say("cases-ticket-number")),
            line("openedBy", say("cases-opened-by")).hint(say("cases-opened-by-hint")),
            Field::new("openedAt", say("cases-opened-on"), Input::Day),
        ],
        Kind::VideoCall => {
            let photo = |id| format!("/recovery/api/v1/users/{}/references/{id}/photo", known.person.id);
            references = known
                .references
                .iter()
                .map(|kept| Reference {
                    text: kept.reference.text.clone(),
                    since: viewer.moment(kept.reference.since),
                    photo: kept.has_photo.then(|| photo(kept.id)),
                })
                .collect();
            if references.is_empty() {
                return Asks::Never(say("cases-no-reference").with("person", known.person.name()));
            }
            let choices = references.iter().map(|kept| (kept.text.clone(), kept.text.clone().into())).collect();
            vec![
                Field::new("reference", say("cases-reference"), Input::Choice(choices)),
                line("seen", say("cases-seen")).hint(say("cases-seen-hint")),
            ]
        }
        Kind::Federated | Kind::Manager | Kind::OtherFactor => Vec::new(),
    };
    Asks::Form { references, numbers, fields }
}

/// The numbers that may be called, those from records first.
fn numbers(known: &Known, typed: Option<&Form>) -> Vec<Number> {
    let chosen = typed.map(|form| form.text("number")).unwrap_or_default();
    known.with_facts(None, |facts| {
        let number = |number: evidence::Number<'_>| {
            let ContactPoint { id, value, from_at, source, .. } = number.contact;
            let since = if number.is_from_records { say("cases-number-records") } else { say("cases-number-edited") };
            let moment = Moment::new(*from_at, known.now);
            Number {
                id: id.to_string(),
                value: value.clone(),
                since: since.around("since", moment).with("source", source.clone()),
                is_chosen: chosen == id.as_str(),
            }
        };
        evidence::numbers(facts).into_iter().map(number).collect()
    })
}

/// What an agent wrote down of a type.
///
/// # Errors
/// The field that cannot be read, and what to do.
pub fn finding(kind: Kind, form: &Form, zone: &TimeZone) -> Result<Value, (&'static str, Text)> {
    Ok(match kind {
        Kind::CallBack => json!({ "number": form.text("number"), "heard": form.text("heard") }),
        Kind::InPerson => json!({ "document": form.text("document"), "place": form.text("place") }),
        Kind::Ticket => {
            let day = form.text("openedAt").parse::<jiff::civil::Date>();
            let start =
                day.and_then(|day| day.to_zoned(zone.clone())).map_err(|_| ("openedAt", say("cases-no-day")))?;
            let at = Timestamp::from_micros(start.timestamp().as_microsecond());
            json!({ "ticket": form.text("evidenceTicket"), "openedBy": form.text("openedBy"), "openedAt": at })
        }
        Kind::VideoCall => json!({ "reference": form.text("reference"), "seen": form.text("seen") }),
        Kind::Federated | Kind::Manager | Kind::OtherFactor => Value::Null,
    })
}

/// Why a finding was no evidence: what is said above the page, and beside which field.
pub fn why(known: &Known, kind: Kind, finding: &Value) -> (Text, Vec<(&'static str, Text)>) {
    let judged = known.with_facts(None, |facts| kind.evidence().judge(finding, facts));
    let line = || say("cases-line").with("most", evidence::LONGEST_TEXT);
    match judged {
        Ok(_) => (say("cases-again-now"), Vec::new()),
        Err(NotEvidence::Form(member, _)) => {
            let field = match member.as_str() {
                "document" => "document",
                "heard" => "heard",
                "openedBy" => "openedBy",
                "place" => "place",
                "seen" => "seen",
                "ticket" => "evidenceTicket",
                _ => return (say("cases-choose-number"), Vec::new()),
            };
            (say("cases-mend"), vec![(field, line())])
        }
        Err(NotEvidence::NoNumber) => (say("cases-choose-number"), Vec::new()),
        Err(NotEvidence::NoReference) => (say("cases-mend"), vec![("reference", say("cases-reference-gone"))]),
        Err(NotEvidence::NumberGone) => (say("cases-number-gone"), Vec::new()),
        Err(NotEvidence::NumberTooYoung(from)) => (say("cases-number-young").with("from", from), Vec::new()),
        Err(NotEvidence::TicketTime) => (say("cases-mend"), vec![("openedAt", say("cases-ticket-time"))]),
        Err(NotEvidence::NotByWord | NotEvidence::NotTheManager | NotEvidence::WeakFactor) => {
            (say("cases-not-by-word"), Vec::new())
        }
    }
}
