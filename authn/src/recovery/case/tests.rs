//! Single rules by name, and random traces against an account of their own of what may have happened.

use std::env;

use postern_codes::Env;
use postern_codes::env::TestWorld;
use serde_json::json;

use super::*;
use crate::recovery::evidence::Reference;
use crate::user::{ContactKind, ContactPoint};

/// How many random traces there are, unless the environment says another number.
const TRACES: u32 = 10_000;
const STEPS: u32 = 40;
const DAY: Duration = Duration::from_hours(24);

struct Scene {
    env: Env,
    rules: Rules,
    is_privileged: bool,
    person: Id<User>,
    contacts: Vec<ContactPoint>,
    references: Vec<Reference>,
    manager: Id<User>,
}

impl Scene {
    fn new() -> Self {
        let env = TestWorld::new().env();
        let person = Id::new(&env);
        let contact = |kind, value: &str, age: Duration| ContactPoint {
            id: Id::new(&env),
            kind,
            value: value.to_owned(),
            source: "IMPORT".to_owned(),
            changed_by: "system".to_owned(),
            from_at: env.now.minus(age),
            until_at: None,
        };
        let contacts = vec![
            contact(ContactKind::MobilePhone, "+1 555 415 1337", 30 * DAY),
            contact(ContactKind::PrimaryPhone, "+1 555 415 1338", 2 * DAY),
        ];
        let references = vec![Reference { text: "badge photo".to_owned(), since: env.now }];
        let (rules, manager) = (Rules::default(), Id::new(&env));
        Self { env, rules, is_privileged: false, person, contacts, references, manager }
    }

    fn agent(&self) -> Actor {
        Actor { id: Id::new(&self.env), reaches: true, resists_phishing: true, is_escalated_to: false }
    }

    fn later(&mut self, span: Duration) {
        self.env.now = self.env.now.plus(span);
    }

    fn terms(&self) -> Terms<'_> {
        Terms { now: self.env.now, rules: &self.rules, is_privileged: self.is_privileged }
    }

    fn facts(&self, seen: Option<Seen>) -> evidence::Facts<'_> {
        evidence::Facts {
            now: self.env.now,
            today: self.env.now.minus(Duration::from_hours(9)),
            person: self.person,
            contacts: &self.contacts,
            ageing: self.rules.number_ageing(),
            references: &self.references,
            manager: Some(self.manager),
            seen,
        }
    }

    fn open(&self, by: &Actor) -> Case {
        Case::open(1001, self.person, by, &self.env).expect("it opens")
    }

    fn record(&self, case: &mut Case, kind: Kind, by: &Actor) -> Result<(), Refusal> {
        let finding = match kind {
            Kind::VideoCall => json!({ "reference": "badge photo", "seen": "the same scar" }),
            Kind::CallBack => json!({ "number": self.contacts[0].id, "heard": "her voice" }),
            Kind::Ticket => json!({ "ticket": "HR-1", "openedBy": "Hana Reed", "openedAt": self.env.now }),
            Kind::InPerson => json!({ "document": "passport", "place": "front desk" }),
            Kind::Federated | Kind::Manager | Kind::OtherFactor => json!({}),
        };
        case.record((kind, &finding), by, &self.facts(None), &self.terms())
    }

    fn act(&self, case: &mut Case, action: Action, by: &Actor) -> Result<Done, Refusal> {
        let wanted = Wanted { action, reason: "lost phone", ticket: "T-1", codes_left: 0, why_not_codes: "" };
        case.act(&wanted, by, &self.terms())
    }
}

#[test]
fn evidence_unlocks_a_reset_and_nothing_else_does() {
    let scene = Scene::new();
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    assert!(matches!(scene.act(&mut case, Action::ResetFactors, &agent), Err(Refusal::Missing(_))));
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    assert_eq!(case.stage, Stage::Verified);
    let done = scene.act(&mut case, Action::ResetFactors, &agent).expect("it is allowed");
    assert_eq!((done.action, done.by), (Action::ResetFactors, agent.id));
    assert_eq!(case.stage, Stage::AwaitingEnrolment);
    assert!(case.enrolled());
    assert_eq!(case.stage, Stage::Closed);
}

#[test]
fn what_only_takes_access_away_needs_no_evidence() {
    let scene = Scene::new();
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    for action in [Action::Suspend, Action::EndSessions, Action::Note] {
        let _done = scene.act(&mut case, action, &agent).expect("it protects");
    }
    assert_eq!(case.stage, Stage::Open);
}

#[test]
fn nobody_lets_themselves_in() {
    let scene = Scene::new();
    let oneself = Actor { id: scene.person, ..scene.agent() };
    let mut case = scene.open(&oneself);
    assert_eq!(case.agent, None);
    assert_eq!(case.take(&oneself), Err(Refusal::Oneself));
    assert_eq!(case.approve(Action::ResetFactors, &oneself, &scene.terms()), Err(Refusal::Oneself));
}

#[test]
fn nobody_reaches_upwards() {
    let scene = Scene::new();
    let low = Actor { reaches: false, ..scene.agent() };
    assert_eq!(Case::open(1001, scene.person, &low, &scene.env), Err(Refusal::OutOfReach));
    let mut case = scene.open(&scene.agent());
    assert_eq!(case.take(&low), Err(Refusal::OutOfReach));
    assert_eq!(case.report("a", "b", &low, scene.env.now), Err(Refusal::OutOfReach));
}

#[test]
fn a_privileged_person_needs_a_second_who_resists_phishing() {
    let mut scene = Scene::new();
    scene.is_privileged = true;
    let (agent, other) = (scene.agent(), scene.agent());
    let mut case = scene.open(&agent);
    let approve = |case: &mut Case, by: &Actor| case.approve(Action::ResetFactors, by, &scene.terms());
    assert!(matches!(approve(&mut case, &other), Err(Refusal::Missing(_))), "before there is evidence");
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    let missing = scene.act(&mut case, Action::ResetFactors, &agent);
    assert_eq!(missing, Err(Refusal::Missing(vec![Missing::Approvals(0, 1)])));
    assert_eq!(approve(&mut case, &agent), Err(Refusal::AlreadyOneOfThem));
    let phishable = Actor { resists_phishing: false, ..other };
    assert_eq!(approve(&mut case, &phishable), Err(Refusal::Phishable));
    approve(&mut case, &other).expect("a second");
    assert_eq!(approve(&mut case, &other), Err(Refusal::AlreadyOneOfThem), "counted once");
    let done = scene.act(&mut case, Action::ResetFactors, &agent).expect("two agree");
    assert_eq!(done.approved_by, [other.id]);
    let again = scene.act(&mut case, Action::ResetFactors, &agent);
    assert_eq!(again, Err(Refusal::Missing(vec![Missing::Approvals(0, 1)])), "an approval is for once");
}

#[test]
fn whoever_takes_a_case_over_did_not_approve_it() {
    let mut scene = Scene::new();
    scene.is_privileged = true;
    let (agent, other) = (scene.agent(), scene.agent());
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::InPerson, &agent).expect("it counts");
    case.approve(Action::ResetFactors, &other, &scene.terms()).expect("a second");
    case.take(&other).expect("it is free to take");
    let missing = scene.act(&mut case, Action::ResetFactors, &other);
    assert_eq!(missing, Err(Refusal::Missing(vec![Missing::Approvals(0, 1)])));
}

#[test]
fn whoever_gathers_evidence_later_did_not_approve_it() {
    let mut scene = Scene::new();
    scene.is_privileged = true;
    let (agent, other) = (scene.agent(), scene.agent());
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::InPerson, &agent).expect("it counts");
    case.approve(Action::ResetFactors, &other, &scene.terms()).expect("a second");
    case.take(&other).expect("it is free to take");
    scene.record(&mut case, Kind::VideoCall, &other).expect("it counts");
    case.take(&agent).expect("it is free to take");
    let missing = scene.act(&mut case, Action::ResetFactors, &agent);
    assert_eq!(missing, Err(Refusal::Missing(vec![Missing::Approvals(0, 1)])));
}

#[test]
fn an_approval_is_of_the_evidence_that_was_there() {
    let mut scene = Scene::new();
    scene.is_privileged = true;
    let (agent, other) = (scene.agent(), scene.agent());
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::InPerson, &agent).expect("it counts");
    scene.later(Duration::from_hours(23));
    case.approve(Action::ResetFactors, &other, &scene.terms()).expect("a second");
    scene.later(Duration::from_hours(2));
    scene.record(&mut case, Kind::Ticket, &agent).expect("it counts");
    let missing = scene.act(&mut case, Action::ResetFactors, &agent);
    assert_eq!(missing, Err(Refusal::Missing(vec![Missing::Approvals(0, 1)])));
}

#[test]
fn password_and_factors_together_need_a_second() {
    let scene = Scene::new();
    let agent = scene.agent();
    for (first, second) in
        [(Action::ResetFactors, Action::TemporaryPassword), (Action::TemporaryPassword, Action::GenerateCodes)]
    {
        let mut case = scene.open(&agent);
        scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
        let _done = scene.act(&mut case, first, &agent).expect("one alone");
        assert_eq!(
            scene.act(&mut case, second, &agent),
            Err(Refusal::Missing(vec![Missing::Approvals(0, 1)])),
            "{first} then {second}"
        );
    }
}

#[test]
fn a_caller_who_presses_needs_two_people() {
    let scene = Scene::new();
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    case.press(&agent).expect("one key");
    let missing = scene.act(&mut case, Action::RecoveryPin, &agent);
    assert_eq!(missing, Err(Refusal::Missing(vec![Missing::Approvals(0, 1)])));
}

#[test]
fn whoever_escalates_is_out_with_what_they_saw() {
    let scene = Scene::new();
    let (agent, senior) = (scene.agent(), Actor { is_escalated_to: true, ..scene.agent() });
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    case.escalate("ORG_ADMIN", "something is off", &agent, scene.env.now).expect("it is theirs");
    assert_eq!(case.take(&agent), Err(Refusal::Barred));
    assert_eq!(case.take(&scene.agent()), Err(Refusal::OutOfReach), "not of that role");
    case.take(&senior).expect("of that role");
    assert!(matches!(scene.act(&mut case, Action::ResetFactors, &senior), Err(Refusal::Missing(_))));
    scene.record(&mut case, Kind::CallBack, &senior).expect("their own");
    let _done = scene.act(&mut case, Action::ResetFactors, &senior).expect("their own evidence");
}

#[test]
fn a_refused_case_gives_nothing() {
    let scene = Scene::new();
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    case.refuse("my gut says no", &agent, scene.env.now).expect("at any moment");
    assert_eq!(scene.act(&mut case, Action::ResetFactors, &agent), Err(Refusal::Stage(Stage::Refused)));
    assert_eq!(case.remarks[0].text, "my gut says no");
}

#[test]
fn backup_codes_come_first() {
    let scene = Scene::new();
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    let wanted =
        Wanted { action: Action::ResetFactors, reason: "lost phone", ticket: "T-1", codes_left: 3, why_not_codes: " " };
    assert_eq!(case.act(&wanted, &agent, &scene.terms()), Err(Refusal::CodesLeft(3)));
    let why = Wanted { why_not_codes: "they were in the bag that was stolen", ..wanted };
    let _done = case.act(&why, &agent, &scene.terms()).expect("with a reason");
}

#[test]
fn an_action_waits_where_policy_says_so_and_the_person_can_stop_it() {
    let mut scene = Scene::new();
    let wait = |needed: &mut Requirement| needed.wait_minutes = 60;
    scene.rules.actions.get_mut(&Action::ResetFactors).map(wait).expect("it is there");
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    let until = scene.env.now.plus(Duration::from_hours(1));
    let missing = scene.act(&mut case, Action::ResetFactors, &agent);
    assert_eq!(missing, Err(Refusal::Missing(vec![Missing::Wait(until)])));
    let mut stopped = case.clone();
    stopped.stop(scene.env.now).expect("it is theirs");
    scene.later(Duration::from_hours(1));
    assert_eq!(scene.act(&mut stopped, Action::ResetFactors, &agent), Err(Refusal::Stage(Stage::Refused)));
    let _done = scene.act(&mut case, Action::ResetFactors, &agent).expect("it waited");
}

#[test]
fn evidence_counts_for_a_day() {
    let mut scene = Scene::new();
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    scene.later(evidence::LIFE);
    assert!(matches!(scene.act(&mut case, Action::ResetFactors, &agent), Err(Refusal::Missing(_))));
}

#[test]
fn after_an_incident_only_new_evidence_gives_the_account_back() {
    let mut scene = Scene::new();
    let (first, second) = (scene.agent(), scene.agent());
    let mut case = scene.open(&first);
    scene.record(&mut case, Kind::VideoCall, &first).expect("it counts");
    let _done = scene.act(&mut case, Action::ResetFactors, &first).expect("it is allowed");
    scene.later(Duration::from_mins(5));
    let person = Actor { id: scene.person, ..first };
    case.report("that was not me", "a message to my old number", &person, scene.env.now).expect("their own account");
    assert_eq!(case.take(&first), Err(Refusal::Barred), "whoever let the wrong one in");
    case.take(&second).expect("somebody else");
    let missing = scene.act(&mut case, Action::ResetFactors, &second);
    assert!(matches!(missing, Err(Refusal::Missing(_))), "{missing:?}");
    assert!(matches!(case.restore(&second, &scene.terms()), Err(Refusal::Missing(_))));
    scene.record(&mut case, Kind::CallBack, &second).expect("it counts");
    assert!(
        matches!(case.restore(&second, &scene.terms()), Err(Refusal::Missing(_))),
        "one by telephone is not enough"
    );
    scene.record(&mut case, Kind::InPerson, &second).expect("it counts");
    case.restore(&second, &scene.terms()).expect("they stood there");
    assert_eq!(case.close("", &second), Err(Refusal::Empty("review")));
    let _done = scene.act(&mut case, Action::ResetFactors, &second).expect("a real reset");
    assert!(case.enrolled());
}

#[test]
fn with_the_password_alone_there_is_a_deadline() {
    let mut scene = Scene::new();
    scene.rules.after_reset = AfterReset::PasswordOnly;
    let agent = scene.agent();
    let mut case = scene.open(&agent);
    scene.record(&mut case, Kind::VideoCall, &agent).expect("it counts");
    let _done = scene.act(&mut case, Action::ResetFactors, &agent).expect("it is allowed");
    assert_eq!(case.enrol_until, Some(scene.env.now.plus(DAY)));
}

/// What happened in a trace, kept apart from the case: what was found, approved and done is read from here alone.
#[derive(Default)]
struct Account {
    found: Vec<(Kind, Option<Id<User>>, Timestamp)>,
    approved: Vec<(Action, Id<User>, Timestamp)>,
    done: Vec<Action>,
    barred: BTreeSet<Id<User>>,
    acted: BTreeSet<Id<User>>,
    is_pressed: bool,
    is_shut: bool,
    incident: Option<Timestamp>,
}

impl Account {
    /// Whether an action that was just done may have been.
    fn allows(&self, action: Action, by: &Actor, scene: &Scene, agent: Id<User>) -> Result<(), &'static str> {
        let now = scene.env.now;
        if by.id == scene.person || !by.reaches || self.barred.contains(&by.id) || by.id != agent {
            return Err("by the wrong one");
        }
        if !action.gives_access() {
            return Ok(());
        }
        if self.is_shut {
            return Err("refused, escalated, closed or an incident");
        }
        let needed = &scene.rules.actions[&action];
        let takes_both = self.done.iter().any(|done| {
            (done.replaces_password() && action.replaces_factors())
                || (done.replaces_factors() && action.replaces_password())
        });
        let is_heavy = scene.is_privileged || self.is_pressed || takes_both;
        let approvals = usize::from(needed.approvals).max(usize::from(is_heavy));
        let until = now.minus(needed.wait());
        let types: BTreeSet<Kind> = self
            .found
            .iter()
            .filter(|(kind, witness, at)| {
                needed.from.contains(kind)
                    && at.plus(evidence::LIFE + needed.wait()) > now
                    && *at <= until
                    && self.incident.is_none_or(|incident| *at >= incident)
                    && witness.is_none_or(|witness| !self.barred.contains(&witness))
            })
            .map(|(kind, ..)| *kind)
            .collect();
        if types.len() < usize::from(needed.evidence) {
            return Err("without evidence");
        }
        let seconds: BTreeSet<Id<User>> = self
            .approved
            .iter()
            .filter(|(what, second, at)| {
                *what == action
                    && *at <= until
                    && *second != by.id
                    && *second != scene.person
                    && !self.found.iter().any(|(_, witness, _)| *witness == Some(*second))
            })
            .map(|(_, second, _)| *second)
            .collect();
        if seconds.len() < approvals { Err("without approvals") } else { Ok(()) }
    }
}

#[test]
fn no_trace_reaches_an_action_without_what_policy_asks_for() {
    let traces = env::var("POSTERN_TRACES").ok().and_then(|text| text.parse().ok()).unwrap_or(TRACES);
    let mut scene = Scene::new();
    let mut given = 0;
    for trace in 0..traces {
        given += walk(&mut scene, trace);
    }
    assert!(
        given > traces / 20,
        "only {given} actions gave access in {traces} traces: the walk does not go far enough"
    );
}

/// One trace; gives how many actions gave access.
fn walk(scene: &mut Scene, trace: u32) -> u32 {
    let below = |scene: &Scene, limit: u8| scene.env.below(limit);
    scene.is_privileged = below(scene, 4) == 0;
    for needed in scene.rules.actions.values_mut() {
        needed.evidence = 1 + scene.env.below(2);
        needed.approvals = scene.env.below(3) / 2;
        needed.wait_minutes = u32::from(scene.env.below(3) / 2) * 90;
    }
    let mut people: Vec<Actor> = (0..4).map(|_| scene.agent()).collect();
    people[2].is_escalated_to = true;
    people[3].resists_phishing = scene.env.below(2) == 0;
    people.push(Actor { reaches: false, ..scene.agent() });
    people.push(Actor { id: scene.person, ..scene.agent() });
    let mut case = scene.open(&people[0]);
    let (mut account, mut given) = (Account::default(), 0);
    for step in 0..STEPS {
        // Mostly the agent, so that traces get somewhere.
        let by = match scene.env.below(2) {
            0 => people.iter().find(|actor| Some(actor.id) == case.agent).copied().unwrap_or(people[1]),
            _ => people[usize::from(scene.env.below(6))],
        };
        let action = Action::ALL[usize::from(scene.env.below(9))];
        let now = scene.env.now;
        match scene.env.below(24) {
            0..=6 => {
                let kind = Kind::ALL[usize::from(scene.env.below(7))];
                if scene.record(&mut case, kind, &by).is_ok() {
                    account.found.push((kind, Some(by.id), now));
                }
            }
            7 => {
                let who = people[usize::from(scene.env.below(6))].id;
                let who = if scene.env.below(2) == 0 { scene.manager } else { who };
                let was_asked = case.ask_manager(Some(scene.manager), &by).is_ok();
                assert!(!was_asked || by.id != scene.manager);
                if case.witness(Kind::Manager, &scene.facts(Some(Seen::Manager(who))), &scene.terms()).is_ok() {
                    assert_eq!(who, scene.manager);
                    account.found.push((Kind::Manager, Some(who), now));
                }
            }
            8..=10 => {
                if case.approve(action, &by, &scene.terms()).is_ok() {
                    assert!(by.resists_phishing && by.reaches);
                    account.approved.push((action, by.id, now));
                }
            }
            11 => {
                if case.take(&by).is_ok() {
                    assert!(case.stage == Stage::Incident || case.stage.is_under_way());
                    account.is_shut &= account.incident.is_some() && case.stage == Stage::Incident;
                }
            }
            12 if scene.env.below(4) == 0 => {
                account.is_pressed |= case.press(&by).is_ok();
            }
            13 if scene.env.below(4) == 0 => {
                account.is_shut |= case.refuse("no", &by, now).is_ok();
            }
            14 if scene.env.below(3) == 0 => {
                if case.escalate("ORG_ADMIN", "off", &by, now).is_ok() {
                    account.barred.insert(by.id);
                    account.is_shut = true;
                }
            }
            15 if scene.env.below(4) == 0 => {
                if case.report("wrong one", "a call", &by, now).is_ok() {
                    account.barred.extend(account.acted.iter().copied());
                    account.approved.clear();
                    (account.incident, account.is_shut) = (Some(now), true);
                }
            }
            16 => {
                if case.restore(&by, &scene.terms()).is_ok() {
                    account.is_shut = false;
                }
            }
            17 if scene.env.below(4) == 0 => {
                account.is_shut |= case.close("talk to people", &by).is_ok();
            }
            18 => account.is_shut |= case.enrolled(),
            19 => scene.later(Duration::from_mins(40)),
            20 if scene.env.below(8) == 0 => scene.later(Duration::from_hours(25)),
            _ => {
                let agent = case.agent;
                if let Ok(done) = scene.act(&mut case, action, &by) {
                    let verdict = account.allows(action, &by, scene, agent.expect("somebody's"));
                    assert_eq!(verdict, Ok(()), "trace {trace}, step {step}: {action} {case:#?}");
                    assert_eq!(done.by, by.id);
                    account.approved.retain(|(what, ..)| *what != action);
                    account.done.push(action);
                    if action.gives_access() {
                        account.acted.insert(by.id);
                        given += 1;
                    }
                }
            }
        }
    }
    given
}
