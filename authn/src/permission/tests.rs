use std::collections::BTreeSet;

use postern_codes::env::TestWorld;
use postern_codes::id::{Group, Id};
use proptest::prelude::*;

use super::*;

fn of(role: Role) -> Authority {
    Authority::new(vec![Grant::everywhere(role)], true)
}

fn groups(count: usize) -> Vec<Id<Group>> {
    // Always the same ids, so that scopes of different cases meet.
    let world = TestWorld::new();
    (0..count).map(|_| Id::new(&world.env())).collect()
}

#[test]
fn managing_computers_implies_their_pins_until_switched_off() {
    let authority = |role, implied| Authority::new(vec![Grant::everywhere(role)], implied);
    assert!(authority(Role::Org, true).has(Permission::RecoveryPinGenerate));
    assert!(!authority(Role::Org, false).has(Permission::RecoveryPinGenerate));
    assert!(authority(Role::HelpDesk, false).has(Permission::RecoveryPinGenerate));
}

#[test]
fn the_pins_that_managing_computers_includes_are_those_of_the_computers_managed() {
    let [group] = groups(1)[..] else { unreachable!("one was asked for") };
    let scope = Scope::Only(BTreeSet::from([Resource::Members(group)]));
    let grant = Grant::custom("Field engineer", [(Permission::DevicesManage, Attributes::all())], scope);
    let authority = Authority::new(vec![grant], true);
    assert!(authority.has(Permission::DevicesRead));
    assert!(!authority.has(Permission::DevicesManage), "who shares a computer is touched by what is done to it");
    assert!(!authority.has(Permission::RecoveryPinGenerate));
}

#[test]
fn read_only_and_report_change_nothing() {
    for role in [Role::ReadOnly, Role::Report] {
        for permission in Permission::ALL {
            let reads = permission.as_str().rsplit('.').next() == Some("read");
            assert!(!of(role).has(*permission) || reads, "{role}: {permission}");
        }
    }
}

#[test]
fn only_the_super_administrator_gives_roles() {
    for role in Role::ALL {
        assert_eq!(of(*role).has(Permission::RolesManage), *role == Role::Super, "{role}");
        assert!(of(Role::Super).covers(&of(*role)), "{role}");
        assert_eq!(of(*role).covers(&of(Role::Super)), *role == Role::Super, "{role}");
    }
}

#[test]
fn the_help_desk_acts_on_no_administrator() {
    let desk = of(Role::HelpDesk);
    for permission in Role::HelpDesk.permissions() {
        assert!(desk.reach(*permission).whole, "{permission}");
        assert_eq!(desk.reach_of_administrators(*permission), Reach::default(), "{permission}");
    }
    assert!(desk.covers(&Authority::default()));
    assert!(!desk.covers(&of(Role::Org)));
}

#[test]
fn a_role_of_an_organisation_never_covers_one_that_acts_on_administrators() {
    let everything = Permission::ALL.iter().map(|permission| (*permission, Attributes::all()));
    let custom = Authority::new(vec![Grant::custom("All", everything, Scope::Everything)], true);
    assert!(!custom.covers(&of(Role::Org)));
    assert!(custom.covers(&of(Role::HelpDesk)));
    assert!(of(Role::Super).covers(&custom));
}

#[test]
fn a_scope_of_groups_reaches_them_and_the_people_in_them() {
    let two = groups(2);
    let scope = Scope::of_groups(Role::HelpDesk, [two[0]]);
    let authority = Authority::new(vec![Grant::standard(Role::HelpDesk, scope)], true);
    let people = authority.reach(Permission::UsersUnlock);
    assert_eq!((people.everybody, people.members), (false, BTreeSet::from([two[0]])));
    assert_eq!(authority.reach(Permission::GroupsRead).groups, BTreeSet::from([two[0]]));
    assert_eq!(authority.reach(Permission::RecoveryPinGenerate).members, BTreeSet::from([two[0]]));
    assert_eq!(authority.over_members(two[1]), []);
    assert!(authority.over_members(two[0]).contains(&Permission::UsersResetPassword));
    let empty = Authority::new(vec![Grant::standard(Role::HelpDesk, Scope::of_groups(Role::HelpDesk, []))], true);
    assert!(Permission::ALL.iter().all(|permission| !empty.has(*permission)), "no group left is no reach, not all");
}

#[test]
fn a_condition_limits_the_permission_that_it_stands_on_and_no_other_grant() {
    let hidden = Attributes::AllBut(BTreeSet::from(["salary".to_owned()]));
    let reader = Grant::custom("Reader", [(Permission::UsersRead, hidden)], Scope::Everything);
    let limited = Authority::new(vec![reader.clone()], true);
    assert!(!limited.attributes(Permission::UsersRead, |_| true).has("salary"));
    assert!(!limited.covers(&of(Role::App)));
    let both = Authority::new(vec![reader, Grant::everywhere(Role::App)], true);
    assert!(both.attributes(Permission::UsersRead, |_| true).is_all());
    assert!(!both.attributes_everywhere(Permission::UsersRead).has("salary"));
}

#[test]
fn conditions_are_read_as_they_are_written() {
    let text = r#"{"include":{"okta:ResourceAttribute/User/Profile":["city","state"]},
                   "exclude":{"okta:ResourceAttribute/User/Profile":["state"]}}"#;
    let conditions: Conditions = serde_json::from_str(text).unwrap();
    assert_eq!(conditions.attributes(), Attributes::Only(BTreeSet::from(["city".to_owned()])));
    assert!(Conditions::default().attributes().is_all());
    for wrong in [r#"{"only":{}}"#, r#"{"include":{"okta:ResourceAttribute/Group/Profile":[]}}"#, r#"{"exclude":{}}"#] {
        assert!(serde_json::from_str::<Conditions>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_permission_has_its_own_name_and_includes_nothing_in_a_circle() {
    for permission in Permission::ALL {
        assert_eq!(permission.as_str().parse(), Ok(*permission));
        let with = permission.with_implied();
        assert_eq!(with.iter().filter(|one| *one == permission).count(), 1, "{permission}");
        assert!(with.iter().all(|one| one.area() == permission.area()), "{permission}");
    }
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(*role));
    }
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let names = proptest::collection::btree_set(prop_oneof![Just("city"), Just("pay"), Just("state")], 0..3);
    (any::<bool>(), names).prop_map(|(all_but, names)| {
        let names = names.into_iter().map(str::to_owned).collect();
        if all_but { Attributes::AllBut(names) } else { Attributes::Only(names) }
    })
}

fn resource() -> impl Strategy<Value = Resource> {
    let group = || (0..2_usize).prop_map(|at| groups(2)[at]);
    prop_oneof![
        proptest::sample::select(Area::ALL).prop_map(Resource::All),
        group().prop_map(Resource::Group),
        group().prop_map(Resource::Members),
        Just(Resource::User(Id::new(&TestWorld::new().env()))),
        Just(Resource::Device(Id::new(&TestWorld::new().env()))),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        1 => Just(Scope::Everything),
        4 => proptest::collection::btree_set(resource(), 0..4).prop_map(Scope::Only),
    ]
}

fn grant() -> impl Strategy<Value = Grant> {
    let own = proptest::collection::vec((proptest::sample::select(Permission::ALL), attributes()), 0..5);
    prop_oneof![
        (own, scope()).prop_map(|(permissions, scope)| Grant::custom("Own", permissions, scope)),
        (proptest::sample::select(Role::ALL), scope()).prop_map(|(role, scope)| Grant::standard(role, scope)),
    ]
}

fn authority() -> impl Strategy<Value = Authority> {
    proptest::collection::vec(grant(), 0..3).prop_map(|grants| Authority::new(grants, true))
}

fn both(one: &Authority, two: &Authority) -> Authority {
    Authority::new(one.grants().iter().chain(two.grants()).cloned().collect(), true)
}

proptest! {
    #[test]
    fn everybody_covers_themselves_and_nobody(one in authority()) {
        prop_assert!(one.covers(&one));
        prop_assert!(one.covers(&Authority::default()));
        prop_assert!(of(Role::Super).covers(&one));
    }

    #[test]
    fn to_cover_is_handed_on(one in authority(), two in authority(), three in authority()) {
        if one.covers(&two) && two.covers(&three) {
            prop_assert!(one.covers(&three));
        }
    }

    #[test]
    fn another_grant_never_takes_anything_away(one in authority(), two in authority()) {
        let sum = both(&one, &two);
        prop_assert!(sum.covers(&one) && sum.covers(&two));
    }

    #[test]
    fn two_who_are_covered_are_covered_together(one in authority(), two in authority(), three in authority()) {
        if one.covers(&two) && one.covers(&three) {
            prop_assert!(one.covers(&both(&two, &three)));
        }
    }

    #[test]
    fn a_condition_never_widens(permission in proptest::sample::select(Permission::ALL), scope in scope(), by in attributes()) {
        let without = Grant::custom("Own", [(permission, Attributes::all())], scope.clone());
        let with = Grant::custom("Own", [(permission, by)], scope);
        prop_assert!(Authority::new(vec![without], true).covers(&Authority::new(vec![with], true)));
    }

    #[test]
    fn a_scope_never_widens(role in proptest::sample::select(Role::ALL), scope in scope(), more in resource()) {
        let everywhere = of(role);
        let narrow = everywhere.of(Grant::standard(role, scope.clone()));
        prop_assert!(everywhere.covers(&narrow));
        if let Scope::Only(mut resources) = scope {
            resources.insert(more);
            prop_assert!(everywhere.of(Grant::standard(role, Scope::Only(resources))).covers(&narrow));
        }
    }

    #[test]
    fn whoever_covers_has_at_least_the_same_reach(one in authority(), two in authority()) {
        if one.covers(&two) {
            for permission in Permission::ALL {
                let (wide, narrow) = (one.reach(*permission), two.reach(*permission));
                prop_assert!(wide.whole || !narrow.whole);
                prop_assert!(wide.everybody || !narrow.everybody);
                prop_assert!(wide.whole || narrow.groups.is_subset(&wide.groups));
                prop_assert!(wide.everybody || narrow.members.is_subset(&wide.members));
                prop_assert!(wide.everybody || narrow.users.is_subset(&wide.users));
                prop_assert!(wide.whole || narrow.devices.is_subset(&wide.devices));
            }
        }
    }

    #[test]
    fn sets_of_attributes_are_sets(one in attributes(), two in attributes()) {
        let (or, and) = (one.clone().or(two.clone()), one.clone().and(two.clone()));
        for name in ["city", "pay", "state", "other"] {
            prop_assert_eq!(or.has(name), one.has(name) || two.has(name));
            prop_assert_eq!(and.has(name), one.has(name) && two.has(name));
        }
        prop_assert!(or.covers(&one) && one.covers(&and));
    }
}
