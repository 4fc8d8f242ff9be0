use postern_codes::Env;
use postern_codes::env::TestWorld;
use proptest::prelude::*;
use serde_json::json;

use super::condition::{Members, Network, People, Place, Why};
use super::sign_on::{Access, SignOn, SignOnActions};
use super::*;

fn env() -> Env {
    TestWorld::new().env()
}

/// Ids that are the same in every case: three groups, three people, three zones.
fn group(n: usize) -> Id<Group> {
    format!("00g0000000000000000{n}").parse().unwrap()
}

fn user(n: usize) -> Id<User> {
    format!("00u0000000000000000{n}").parse().unwrap()
}

fn zone(n: usize) -> Id<Zone> {
    format!("nzo0000000000000000{n}").parse().unwrap()
}

fn rule(name: &str, priority: u32, conditions: Conditions, access: Access) -> Rule {
    let env = env();
    Rule {
        id: Id::new(&env),
        name: name.into(),
        priority,
        status: Status::Active,
        is_system: false,
        conditions,
        actions: Actions::OktaSignOn(SignOnActions { signon: SignOn { access, ..SignOn::ours() } }),
        created_at: env.now,
        updated_at: env.now,
    }
}

fn policy(name: &str, priority: u32, conditions: Conditions, rules: Vec<Rule>) -> Policy {
    let env = env();
    Policy {
        id: format!("00p0000000000000000{priority}").parse().unwrap(),
        name: name.into(),
        description: String::new(),
        priority,
        status: Status::Active,
        is_system: false,
        conditions,
        settings: Settings::OktaSignOn,
        rules,
        created_at: env.now,
        updated_at: env.now,
    }
}

fn everybody() -> Policy {
    let env = env();
    default_policy(PolicyType::OktaSignOn, (Id::new(&env), Id::new(&env)), group(0), env.now)
}

fn in_zones(include: &[usize]) -> Conditions {
    let include = include.iter().map(|n| zone(*n).to_string()).collect();
    let network = Network { connection: condition_zone(), include: Some(include), exclude: None };
    Conditions { network: Some(network), ..Conditions::default() }
}

fn condition_zone() -> super::condition::Connection {
    super::condition::Connection::Zone
}

fn answer<'p>(policies: &'p [Policy], situation: &Situation) -> Option<(&'p str, &'p str)> {
    match decide(policies, situation).outcome {
        Outcome::Applies(policy, rule) => Some((&policy.name, &rule.name)),
        Outcome::CannotTell(_) | Outcome::Nothing => None,
    }
}

fn grace() -> Situation {
    Situation {
        user: Some(user(1)),
        groups: vec![group(0), group(1)],
        zones: Some(vec![zone(1)]),
        ..Situation::default()
    }
}

#[test]
fn the_first_rule_of_the_first_policy_that_matches_answers() {
    let staff = Conditions::of_groups(vec![group(1)]);
    let policies = [
        everybody(),
        policy("second", 2, staff.clone(), vec![rule("any", 1, Conditions::default(), Access::Allow)]),
        policy(
            "first",
            1,
            staff,
            vec![
                rule("later", 2, Conditions::default(), Access::Allow),
                rule("elsewhere", 1, in_zones(&[2]), Access::Deny),
            ],
        ),
    ];
    assert_eq!(answer(&policies, &grace()), Some(("first", "later")));
    let there = Situation { zones: Some(vec![zone(2)]), ..grace() };
    assert_eq!(answer(&policies, &there), Some(("first", "elsewhere")));
}

#[test]
fn where_no_rule_matches_the_next_policy_is_asked() {
    let policies = [
        policy("first", 1, Conditions::default(), vec![rule("elsewhere", 1, in_zones(&[2]), Access::Deny)]),
        everybody(),
    ];
    let decision = decide(&policies, &grace());
    assert!(matches!(decision.outcome, Outcome::Applies(policy, _) if policy.is_system));
    let first = &decision.because[0];
    assert_eq!((first.verdict, first.rules[0].verdict), (Verdict::NoMatch, Verdict::NoMatch));
    assert_eq!(first.rules[0].conditions[0].why, Why::OutsideZones);
}

#[test]
fn a_policy_without_rules_never_applies() {
    let policies = [policy("empty", 1, Conditions::default(), vec![]), everybody()];
    assert_eq!(answer(&policies, &grace()), Some(("Default Policy", "Default Rule")));
    assert!(settings_for(&policies, &grace()).unwrap().is_system);
}

#[test]
fn what_is_inactive_is_passed_over() {
    let mut first =
        policy("first", 1, Conditions::default(), vec![rule("any", 1, Conditions::default(), Access::Deny)]);
    first.rules[0].status = Status::Inactive;
    assert_eq!(answer(&[first.clone(), everybody()], &grace()), Some(("Default Policy", "Default Rule")));
    first.rules[0].status = Status::Active;
    first.status = Status::Inactive;
    assert_eq!(answer(&[first, everybody()], &grace()), Some(("Default Policy", "Default Rule")));
}

#[test]
fn what_cannot_be_told_is_answered_by_nothing_behind_it() {
    let policies =
        [policy("first", 1, Conditions::default(), vec![rule("here", 1, in_zones(&[1]), Access::Deny)]), everybody()];
    let nowhere = Situation { zones: None, ..grace() };
    assert!(matches!(decide(&policies, &nowhere).outcome, Outcome::CannotTell(_)));
}

#[test]
fn whoever_is_excluded_is_out_even_if_included() {
    let people = People {
        groups: Some(Members { include: vec![group(1)], exclude: vec![] }),
        users: Some(Members { include: vec![], exclude: vec![user(1)] }),
    };
    let conditions = Conditions { people: Some(people), ..Conditions::default() };
    let found = conditions.judge(&grace());
    assert_eq!((found[0].verdict, found[0].why), (Verdict::NoMatch, Why::ExcludedPerson));
    let hal = Situation { user: Some(user(2)), ..grace() };
    assert_eq!(conditions.judge(&hal)[0].why, Why::IncludedGroup);
}

#[test]
fn every_zone_means_any_zone() {
    let read = |document| Conditions::read(Place::Rule(PolicyType::OktaSignOn), &document).unwrap();
    let inside = read(json!({ "network": { "connection": "ZONE", "include": ["ALL_ZONES"] } }));
    let outside = read(json!({ "network": { "connection": "ZONE", "exclude": ["ALL_ZONES"] } }));
    let nowhere = Situation { zones: Some(vec![]), ..grace() };
    let verdict = |conditions: &Conditions, situation: &Situation| Verdict::all(&conditions.judge(situation));
    assert_eq!(verdict(&inside, &grace()), Verdict::Match);
    assert_eq!(verdict(&inside, &nowhere), Verdict::NoMatch);
    assert_eq!(verdict(&outside, &grace()), Verdict::NoMatch);
    assert_eq!(verdict(&outside, &nowhere), Verdict::Match);
}

#[test]
fn what_cannot_be_evaluated_is_refused_by_its_name() {
    let rule = Place::Rule(PolicyType::OktaSignOn);
    for (document, name) in [
        (json!({ "risk": { "behaviors": [] } }), "risk"),
        (json!({ "riskScore": { "level": "LOW" } }), "riskScore"),
        (json!({ "device": { "managed": true } }), "device"),
        (json!({ "authProvider": { "provider": "OKTA" } }), "authProvider"),
        (json!({ "network": { "connection": "ZONE" } }), "network"),
        (json!({ "network": { "connection": "ON_NETWORK" } }), "conditions"),
        (json!({ "people": { "groups": { "include": ["00u00000000000000001"] } } }), "conditions"),
        (json!([]), "conditions"),
    ] {
        let refused = Conditions::read(rule, &document).unwrap_err().to_string();
        assert!(refused.contains(name), "{document}: {refused}");
    }
    let chain = json!({ "signon": { "access": "ALLOW", "challenge": { "chain": [] } } });
    let refused = Actions::read(PolicyType::OktaSignOn, &chain).unwrap_err().to_string();
    assert!(refused.contains("challenge"), "{refused}");
}

#[test]
fn members_that_need_each_other_are_asked_for() {
    for (signon, name) in [
        (json!({ "access": "ALLOW", "requireFactor": true }), "factorPromptMode"),
        (json!({ "access": "ALLOW", "requireFactor": true, "factorPromptMode": "SESSION" }), "factorLifetime"),
        (json!({ "access": "ALLOW", "session": { "maxSessionIdleMinutes": 0 } }), "maxSessionIdleMinutes"),
        (
            json!({ "access": "ALLOW", "session": { "maxSessionIdleMinutes": 9, "maxSessionLifetimeMinutes": 5 } }),
            "maxSessionIdleMinutes",
        ),
        (json!({}), "access"),
    ] {
        let refused = Actions::read(PolicyType::OktaSignOn, &json!({ "signon": signon })).unwrap_err().to_string();
        assert!(refused.contains(name), "{refused}");
    }
}

#[test]
fn numbers_of_a_password_policy_have_bounds() {
    for (path, value) in [
        ("/complexity/minLength", 7),
        ("/complexity/minLength", 73),
        ("/complexity/minSymbol", 2),
        ("/age/historyCount", 31),
        ("/age/maxAgeDays", 1000),
        ("/age/expireWarnDays", 1),
        ("/lockout/maxAttempts", 101),
    ] {
        let mut document = serde_json::to_value(password::PasswordSettings::default()).unwrap();
        *document["password"].pointer_mut(path).unwrap() = value.into();
        let refused = Settings::read(PolicyType::Password, &document).unwrap_err().to_string();
        assert!(refused.contains(path.rsplit('/').next().unwrap()), "{refused}");
    }
    let sms = json!({ "recovery": { "factors": { "okta_sms": { "status": "ACTIVE" } } } });
    assert!(Settings::read(PolicyType::Password, &sms).is_ok());
}

#[test]
fn an_enrolment_policy_has_one_form() {
    let read = |document| Settings::read(PolicyType::MfaEnroll, &document);
    let older = read(
        json!({ "factors": { "google_otp": { "enroll": { "self": "REQUIRED" }, "consent": { "type": "NONE" } } } }),
    );
    assert_eq!(older.unwrap().enroll().unwrap().of(crate::factor::Kind::Totp), enroll::Enrolment::Required);
    let newer = read(
        json!({ "type": "AUTHENTICATORS", "authenticators": [{ "key": "okta_password", "enroll": { "self": "OPTIONAL" } }] }),
    );
    let newer = newer.unwrap();
    assert_eq!(newer.enroll().unwrap().of(crate::factor::Kind::Totp), enroll::Enrolment::NotAllowed);
    assert_eq!(newer.enroll().unwrap().password(), enroll::Enrolment::Optional);
    for wrong in [
        json!({ "factors": {}, "authenticators": [], "type": "AUTHENTICATORS" }),
        json!({ "authenticators": [] }),
        json!({ "factors": { "carrier_pigeon": {} } }),
        json!({ "type": "AUTHENTICATORS", "authenticators": [{ "key": "webauthn" }, { "key": "webauthn" }] }),
        json!({ "type": "AUTHENTICATORS", "authenticators": [{ "key": "webauthn", "constraints": { "aaguidGroups": ["x"] } }] }),
    ] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_password_ages_by_days_and_warns_before() {
    let age = password::Age { max_age_days: 90, expire_warn_days: 5, min_age_minutes: 60, history_count: 0 };
    let set = env().now;
    let day = |n: u64| set.plus(std::time::Duration::from_secs(n * 86_400));
    assert!(!age.is_expired(set, day(89)) && age.is_expired(set, day(90)));
    assert_eq!((age.warning(set, day(84)), age.warning(set, day(86))), (None, Some(day(90))));
    assert_eq!(age.changeable_at(set), set.plus(std::time::Duration::from_hours(1)));
    assert!(!password::Age::default().is_expired(set, day(100_000)));
}

fn members<I: std::fmt::Debug + 'static>(make: fn(usize) -> I) -> impl Strategy<Value = Members<I>> {
    let list = move || prop::collection::vec((0..3usize).prop_map(make), 0..3);
    (list(), list()).prop_map(|(include, exclude)| Members { include, exclude })
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let people = (prop::option::of(members(group)), prop::option::of(members(user)))
        .prop_map(|(groups, users)| People { groups, users });
    let zones = || prop::option::of(prop::collection::vec((0..3usize).prop_map(|n| zone(n).to_string()), 1..3));
    let network = (any::<bool>(), zones(), zones()).prop_map(|(by_zone, include, exclude)| {
        if by_zone { Network { connection: condition_zone(), include, exclude } } else { Network::default() }
    });
    (prop::option::of(people), prop::option::of(network)).prop_map(|(people, network)| Conditions {
        network,
        people,
        ..Conditions::default()
    })
}

fn situations() -> impl Strategy<Value = Situation> {
    let groups = prop::collection::vec((0..3usize).prop_map(group), 0..3);
    let zones = prop::option::of(prop::collection::vec((0..3usize).prop_map(zone), 0..3));
    (prop::option::of((0..3usize).prop_map(user)), groups, zones).prop_map(|(user, groups, zones)| Situation {
        user,
        groups,
        zones,
        ..Situation::default()
    })
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let rules = prop::collection::vec((conditions(), any::<bool>()), 0..4);
    prop::collection::vec((conditions(), rules), 0..5).prop_map(|all| {
        (1..)
            .zip(all)
            .map(|(priority, (conditions, rules))| {
                let access = |allows| if allows { Access::Allow } else { Access::Deny };
                let rules = (1..).zip(rules).map(|(n, (conditions, allows))| rule("r", n, conditions, access(allows)));
                policy("p", priority, conditions, rules.collect())
            })
            .collect()
    })
}

/// Any JSON, small.
fn documents() -> impl Strategy<Value = serde_json::Value> {
    let names = prop::sample::select(vec![
        "people",
        "network",
        "authContext",
        "groups",
        "users",
        "include",
        "exclude",
        "connection",
        "signon",
        "access",
        "requireFactor",
        "session",
        "password",
        "complexity",
        "minLength",
        "factors",
        "authenticators",
        "type",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        prop::sample::select(vec![
            "ALLOW",
            "DENY",
            "ZONE",
            "ANYWHERE",
            "ALL_ZONES",
            "ANY",
            "AUTHENTICATORS",
            "\u{0}",
            ""
        ])
        .prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn a_further_condition_never_lets_a_rule_answer_more(
        mut all in policies(), further in conditions(), which in any::<prop::sample::Index>(), situation in situations()
    ) {
        prop_assume!(!all.is_empty());
        let at = which.index(all.len());
        let id = all[at].id;
        let applies = |all: &[Policy]| {
            matches!(decide(all, &situation).outcome, Outcome::Applies(policy, _) if policy.id == id)
        };
        let before = applies(&all);
        let own = all[at].conditions.clone();
        let joined = Conditions {
            network: own.network.clone().or(further.network),
            people: own.people.clone().or(further.people),
            ..own
        };
        all[at].conditions = joined;
        prop_assert!(before || !applies(&all));
    }

    #[test]
    fn the_default_policy_answers_whatever_no_other_does(mut all in policies(), mut situation in situations()) {
        situation.groups.push(group(0));
        let others = decide(&all, &situation).outcome;
        let nothing = matches!(others, Outcome::Nothing);
        let id = match others { Outcome::Applies(policy, _) => Some(policy.id), Outcome::CannotTell(_) | Outcome::Nothing => None };
        all.push(everybody());
        match decide(&all, &situation).outcome {
            Outcome::Applies(policy, rule) if policy.is_system => prop_assert!(nothing && rule.is_system),
            Outcome::Applies(policy, _) => prop_assert_eq!(Some(policy.id), id),
            Outcome::CannotTell(_) => prop_assert!(!nothing && id.is_none()),
            Outcome::Nothing => prop_assert!(false, "nothing answers"),
        }
    }

    #[test]
    fn the_order_of_the_list_does_not_matter_but_the_priority(all in policies(), situation in situations()) {
        let mut shuffled = all.clone();
        shuffled.reverse();
        for policy in &mut shuffled {
            policy.rules.reverse();
        }
        prop_assert_eq!(decide(&all, &situation).because, decide(&shuffled, &situation).because);
    }

    #[test]
    fn no_document_makes_reading_panic_or_allows_what_it_does_not_say(document in documents(), situation in situations()) {
        for kind in PolicyType::ALL {
            let _ = Settings::read(*kind, &document);
            for place in [Place::Policy(*kind), Place::Rule(*kind)] {
                if let Ok(conditions) = Conditions::read(place, &document) {
                    let _ = Verdict::all(&conditions.judge(&situation));
                    let again = serde_json::to_value(&conditions).unwrap();
                    prop_assert_eq!(Conditions::read(place, &again), Ok(conditions));
                }
            }
            if let Ok(actions) = Actions::read(*kind, &document)
                && let Some(sign_on) = actions.sign_on()
            {
                let says_allow = document.pointer("/signon/access") == Some(&json!("ALLOW"));
                prop_assert_eq!(sign_on.access == Access::Allow, says_allow);
            }
        }
    }

    #[test]
    fn priorities_have_no_gap_and_the_default_stays_last(wanted in prop::collection::vec(prop::option::of(0..9u32), 0..9)) {
        let mut all = vec![everybody()];
        for wanted in wanted {
            order::put(&mut all, policy("p", 0, Conditions::default(), vec![]), wanted);
            let priorities: Vec<u32> = all.iter().map(|policy| policy.priority).collect();
            prop_assert_eq!(priorities, (1..=u32::try_from(all.len()).unwrap()).collect::<Vec<_>>());
            prop_assert!(all.last().unwrap().is_system);
        }
    }
}
