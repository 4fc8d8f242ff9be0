//! Which policies and rules never get a turn, as far as their conditions tell by themselves.

use postern_codes::Id;
use postern_codes::id::Group;

use super::{Policy, Rule, Status, in_order};

/// A policy, or a rule of it, that answers nobody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Idle<'p> {
    /// The policy.
    pub policy: &'p Policy,
    /// The rule; nothing, where it is the whole policy.
    pub rule: Option<&'p Rule>,
    /// What answers in its place; nothing, where the policy has no rule that takes part.
    pub behind: Option<&'p str>,
}

/// Those of one type that take part and never answer. What came with the organisation is meant to be last, and is not
/// among them.
pub fn idle(policies: &[Policy], everyone: Id<Group>) -> Vec<Idle<'_>> {
    let active = in_order(policies);
    let mut found = Vec::new();
    for (at, policy) in active.iter().enumerate() {
        let rules = active_rules(policy);
        if rules.is_empty() {
            found.push(Idle { policy, rule: None, behind: None });
            continue;
        }
        let mut earlier = active[..at].iter();
        if let Some(before) = earlier.find(|earlier| takes_all_of(earlier, policy, everyone)) {
            if !policy.is_system {
                found.push(Idle { policy, rule: None, behind: Some(&before.name) });
            }
            continue;
        }
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.is_system) {
            if let Some(before) =
                rules[..at].iter().find(|earlier| earlier.conditions.cover(&rule.conditions, everyone))
            {
                found.push(Idle { policy, rule: Some(rule), behind: Some(&before.name) });
            }
        }
    }
    found
}

/// Whether a policy answers everybody whom another one would.
fn takes_all_of(earlier: &Policy, later: &Policy, everyone: Id<Group>) -> bool {
    let answers_always = |rule: &&Rule| rule.conditions.cover(&super::Conditions::default(), everyone);
    earlier.conditions.cover(&later.conditions, everyone) && active_rules(earlier).iter().any(answers_always)
}

/// The rules that take part, in the order in which they are asked.
pub(super) fn active_rules(policy: &Policy) -> Vec<&Rule> {
    let mut rules: Vec<&Rule> = policy.rules.iter().filter(|rule| rule.status == Status::Active).collect();
    rules.sort_by_key(|rule| (rule.is_system, rule.priority, rule.id));
    rules
}

#[cfg(test)]
mod tests {
    use postern_codes::Env;
    use postern_codes::env::TestWorld;
    use postern_codes::id::{Group, Zone};

    use super::*;
    use crate::policy::condition::{Connection, Members, Network, People};
    use crate::policy::{Conditions, PolicyType, default_policy, order};

    fn policy(env: &Env, name: &str, conditions: Conditions) -> Policy {
        let made = default_policy(PolicyType::OktaSignOn, (Id::new(env), Id::new(env)), Id::new(env), env.now);
        Policy { name: name.to_owned(), is_system: false, conditions, ..made }
    }

    fn names(policies: &[Policy], everyone: Id<Group>) -> Vec<(&str, Option<&str>)> {
        idle(policies, everyone).iter().map(|idle| (idle.policy.name.as_str(), idle.behind)).collect()
    }

    #[test]
    fn a_policy_behind_one_for_more_people_never_answers() {
        let world = TestWorld::new();
        let (pilots, crew, everyone) = (Id::new(&world.env()), Id::new(&world.env()), Id::new(&world.env()));
        let of = |groups: &[Id<Group>]| Conditions::of_groups(groups.to_vec());
        let mut all = Vec::new();
        for (name, conditions) in [("wide", of(&[pilots, crew])), ("narrow", of(&[crew])), ("all", of(&[everyone]))] {
            order::put(&mut all, policy(&world.env(), name, conditions), None);
        }
        assert_eq!(names(&all, everyone), [("narrow", Some("wide"))]);
        let excluding =
            People { groups: Some(Members { include: vec![everyone], exclude: vec![pilots] }), users: None };
        all[0].conditions = Conditions { people: Some(excluding), ..Conditions::default() };
        assert_eq!(names(&all, everyone), []);
    }

    #[test]
    fn a_policy_without_a_rule_never_answers_and_takes_nobody_from_others() {
        let world = TestWorld::new();
        let everyone = Id::new(&world.env());
        let mut all = Vec::new();
        for name in ["first", "second"] {
            order::put(&mut all, policy(&world.env(), name, Conditions::of_groups(vec![everyone])), None);
        }
        assert_eq!(names(&all, everyone), [("second", Some("first"))]);
        all[0].rules[0].status = Status::Inactive;
        assert_eq!(names(&all, everyone), [("first", None)]);
    }

    #[test]
    fn a_rule_for_a_zone_takes_nothing_from_one_for_everywhere() {
        let world = TestWorld::new();
        let everyone = Id::new(&world.env());
        let zone: Id<Zone> = Id::new(&world.env());
        let network = Network { connection: Connection::Zone, include: Some(vec![zone.to_string()]), exclude: None };
        let mut one = policy(&world.env(), "one", Conditions::of_groups(vec![everyone]));
        let mut narrow = one.rules[0].clone();
        narrow.conditions.network = Some(network);
        narrow.is_system = false;
        let wide = Rule { is_system: false, conditions: Conditions::default(), ..narrow.clone() };
        one.rules = Vec::new();
        for rule in [narrow.clone(), wide.clone()] {
            order::put(&mut one.rules, rule, None);
        }
        assert_eq!(idle(std::slice::from_ref(&one), everyone), []);
        one.rules.reverse();
        order::close(&mut one.rules);
        let found = idle(std::slice::from_ref(&one), everyone);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule.map(|rule| rule.conditions == narrow.conditions), Some(true));
    }
}
