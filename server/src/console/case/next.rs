//! What comes next in a case, in one sentence, with one thing to press. It decides nothing: what may be done is asked of
//! the case's own rules.

use postern_authn::permission::Role;
use postern_authn::recovery::action::Action;
use postern_authn::recovery::case::{Actor, Missing, Stage};

use super::action;
use crate::cases::Known;
use crate::console::cases::address;
use crate::console::part::{Link, Tone};
use crate::console::viewer;
use crate::console::words::{Text, say};

/// The next step.
pub struct Next {
    /// How pressing it is.
    pub tone: Tone,
    /// What to do, in a sentence.
    pub sentence: Text,
    /// The one thing to press.
    pub act: Primary,
    /// Where to go where that does not help.
    pub otherwise: Option<Link>,
}

/// The one thing to press.
pub enum Primary {
    /// It leads somewhere.
    Link(Link),
    /// There is nothing to do but to wait.
    Nothing,
    /// It does something: where the form goes, what it sends, and its word.
    Post(String, Vec<(&'static str, String)>, Text),
}

impl Next {
    fn new(tone: Tone, sentence: Text, act: Primary) -> Self {
        Self { tone, sentence, act, otherwise: None }
    }

    fn or(self, otherwise: Link) -> Self {
        Self { otherwise: Some(otherwise), ..self }
    }

    /// What comes next for who looks; `leads` where they may lead cases.
    pub fn of(known: &Known, actor: &Actor, leads: bool) -> Self {
        let case = &known.case;
        let quiet = |sentence| Self::new(Tone::Plain, sentence, Primary::Nothing);
        match case.stage {
            Stage::Closed => return quiet(say("cases-next-closed")),
            Stage::Refused => return quiet(say("cases-next-refused")),
            _ => {}
        }
        if actor.id == case.person {
            return quiet(say("cases-next-own"));
        }
        if case.barred.contains(&actor.id) {
            return quiet(say("cases-next-out"));
        }
        if !leads || !actor.reaches {
            return quiet(say("cases-next-look"));
        }
        if case.agent == Some(actor.id) {
            return Self::of_agent(known, actor);
        }
        Self::of_another(known, actor)
    }

    /// For somebody who may take the case, or approve what its agent wants.
    fn of_another(known: &Known, actor: &Actor) -> Self {
        let case = &known.case;
        let take = || Primary::Post(format!("{}/take", address(case.id)), Vec::new(), say("cases-take"));
        if case.stage == Stage::Escalated {
            if actor.is_escalated_to {
                return Self::new(Tone::Warning, say("cases-next-handed"), take());
            }
            let role = case.escalated_to.as_deref().and_then(|role| role.parse::<Role>().ok());
            let role = role.map_or_else(|| say("cases-nobody"), viewer::role);
            return Self::new(Tone::Plain, say("cases-next-escalated").with("role", role), Primary::Nothing);
        }
        let Some(agent) = &known.agent else {
            return Self::new(Tone::Warning, say("cases-next-nobodys").with("person", known.person.name()), take());
        };
        if let Some(action) = approvable(known, actor).first() {
            let sent = vec![("action", action.as_str().to_owned())];
            let verb = say("cases-approve").with("action", action::name(*action));
            let to = format!("{}/approve", address(case.id));
            let sentence = say("cases-next-approve").with("agent", agent.name()).with("action", action::name(*action));
            return Self::new(Tone::Warning, sentence, Primary::Post(to, sent, verb));
        }
        Self::new(Tone::Plain, say("cases-next-others").with("agent", agent.name()), take())
    }

    fn of_agent(known: &Known, actor: &Actor) -> Self {
        let case = &known.case;
        let person = known.person.name();
        let evidence = || Link::new(say("cases-record"), "#evidence");
        match case.stage {
            Stage::AwaitingEnrolment => {
                let sentence = match case.enrol_until {
                    Some(until) => say("cases-next-enrol-until").with("person", person).with("until", until),
                    None => say("cases-next-enrol").with("person", person),
                };
                Self::new(Tone::Busy, sentence, Primary::Link(Link::new(say("cases-again"), address(case.id))))
            }
            Stage::Acting if case.incident.is_some() => {
                let act =
                    Primary::Link(Link::new(say("cases-close").with("number", case.number.to_string()), "#close"));
                Self::new(Tone::Good, say("cases-next-review"), act)
            }
            Stage::Acting => {
                let verb = say("cases-close").with("number", case.number.to_string());
                let act = Primary::Post(format!("{}/close", address(case.id)), Vec::new(), verb);
                Self::new(Tone::Good, say("cases-next-acting").with("person", person), act)
            }
            Stage::Incident => {
                if case.clone().restore(actor, &known.terms()).is_ok() {
                    let verb = say("cases-restore").with("person", person);
                    let act = Primary::Post(format!("{}/restore", address(case.id)), Vec::new(), verb);
                    return Self::new(Tone::Warning, say("cases-next-restore"), act);
                }
                Self::new(Tone::Danger, say("cases-next-incident"), Primary::Link(evidence()))
            }
            Stage::Open if known.codes_left > 0 && !has_done(known, Action::UseBackupCode) => {
                let sentence = say("cases-next-codes").with("person", person).with("count", known.codes_left);
                let act = Primary::Link(action::link(known, Action::UseBackupCode));
                Self::new(Tone::Busy, sentence, act).or(Link::new(say("cases-no-codes"), "#evidence"))
            }
            Stage::Open => {
                Self::new(Tone::Busy, say("cases-next-first").with("person", person), Primary::Link(evidence()))
            }
            Stage::Closed | Stage::Escalated | Stage::Refused | Stage::Verified | Stage::Verifying => {
                Self::of_evidence(known)
            }
        }
    }

    /// Where there is evidence: what it is enough for, or what is missing to what is wanted most often.
    fn of_evidence(known: &Known) -> Self {
        let case = &known.case;
        let open: Vec<_> = known
            .decisions()
            .filter(|(action, decision)| action.gives_access() && decision.missing.is_empty())
            .map(|(action, _)| action)
            .collect();
        let usual = if open.contains(&Action::ResetFactors) { Some(&Action::ResetFactors) } else { open.first() };
        if let Some(usual) = usual {
            let act = Primary::Link(action::link(known, *usual));
            return Self::new(Tone::Good, say("cases-next-act"), act).or(Link::new(say("cases-others"), "#actions"));
        }
        let decision = case.decide(Action::ResetFactors, &known.terms());
        let again = || Primary::Link(Link::new(say("cases-again"), address(case.id)));
        for missing in &decision.missing {
            match missing {
                Missing::Evidence(have, need, _) => {
                    let sentence = say("cases-next-more").with("have", *have).with("need", u64::from(*need));
                    let act = Primary::Link(Link::new(say("cases-record"), "#evidence"));
                    return Self::new(Tone::Busy, sentence, act);
                }
                Missing::Approvals(..) => {
                    let sentence = say("cases-next-second").with("number", case.number.to_string());
                    return Self::new(Tone::Busy, sentence, again());
                }
                Missing::Wait(until) => {
                    let sentence = say("cases-next-wait").with("person", known.person.name()).with("until", *until);
                    return Self::new(Tone::Busy, sentence, again());
                }
                Missing::Stage(_) => {}
            }
        }
        Self::new(Tone::Plain, say("cases-next-look"), Primary::Nothing)
    }
}

fn has_done(known: &Known, action: Action) -> bool {
    known.case.done.iter().any(|done| done.action == action)
}

/// What only an approval is missing to, which who looks could give.
pub fn approvable(known: &Known, actor: &Actor) -> Vec<Action> {
    let case = &known.case;
    let is_second = actor.reaches
        && actor.id != case.person
        && case.agent != Some(actor.id)
        && !case.barred.contains(&actor.id)
        && !case.evidence.iter().any(|found| found.by == Some(actor.id));
    let waits = |missing: &[Missing]| {
        missing.iter().any(|one| matches!(one, Missing::Approvals(..)))
            && !missing.iter().any(|one| matches!(one, Missing::Evidence(..) | Missing::Stage(_)))
    };
    let is_new = |action: Action| !case.approvals.iter().any(|own| own.by == actor.id && own.action == action);
    let found = known.decisions().filter(|(action, decision)| waits(&decision.missing) && is_new(*action));
    let mut found: Vec<_> = found.map(|(action, _)| action).filter(|_| is_second).collect();
    // What is wanted most often first.
    found.sort_by_key(|action| *action != Action::ResetFactors);
    found
}
