//! Lists that can be searched, on both engines: every attribute with every operator, and what pages and orders give.

use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::group::{GroupKind, GroupProfile};
use postern_authn::org::OrgName;
use postern_authn::user::{Profile, Status, User};
use postern_codes::Id;
use postern_codes::env::TestWorld;
use postern_codes::id::Org;
use postern_store::audit::EventQuery;
use postern_store::groups::GroupQuery;
use postern_store::people::PeopleQuery;
use postern_store::scratch::{self, Scratch};
use postern_store::search::{Attribute, Condition, Unsupported};
use postern_store::{Error, Tx, audit, groups, people};
use std::sync::Arc;

struct Fixture {
    scratch: Scratch,
    org: Id<Org>,
    world: Arc<TestWorld>,
}

impl Fixture {
    async fn each() -> Vec<Self> {
        let mut fixtures = Vec::new();
        for engine in scratch::engines() {
            let (scratch, world) = (scratch::store(engine).await, TestWorld::new());
            let (org, name) = (Id::new(&world.env()), "Acme".parse::<OrgName>().unwrap());
            scratch.store.write(org, |tx| tx.insert_org(&name, &world.env())).await.unwrap();
            fixtures.push(Self { scratch, org, world });
        }
        fixtures
    }

    async fn write<T>(&self, act: impl FnMut(&mut Tx<'_>) -> Result<T, Error>) -> T {
        self.scratch.store.write(self.org, act).await.unwrap()
    }

    async fn group_names(&self, filter: &str) -> Vec<String> {
        let condition = Some(Condition::parse(filter, groups::ATTRIBUTES).unwrap());
        let query = GroupQuery { condition, ..GroupQuery::default() };
        self.write(|tx| tx.groups(&query, 10)).await.into_iter().map(|group| group.name).collect()
    }
}

/// Every filter of one comparison that the list takes, and how many it takes.
fn comparisons(attributes: &[Attribute]) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for attribute in attributes {
        for operator in ["eq", "ne", "gt", "ge", "lt", "le", "sw", "co", "ew"] {
            for value in ["x", "2026-11-22T12:00:00.000Z"] {
                let text = format!(r#"not ({0} {operator} "{value}" or {0} pr)"#, attribute.name);
                match Condition::parse(&text, attributes) {
                    Ok(condition) => conditions.push(condition),
                    Err(Unsupported::Operator(_)) => {}
                    Err(refused) => panic!("{text}: {refused}"),
                }
            }
        }
    }
    assert!(conditions.len() >= attributes.len() * 6, "too few comparisons are taken");
    conditions
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attribute_can_be_asked_with_every_operator_it_takes() {
    for fixture in Fixture::each().await {
        for condition in comparisons(groups::ATTRIBUTES) {
            let query = GroupQuery { condition: Some(condition), ..GroupQuery::default() };
            fixture.write(|tx| tx.groups(&query, 1)).await;
        }
        for condition in comparisons(people::ATTRIBUTES) {
            let query = PeopleQuery { condition: Some(condition), ..PeopleQuery::default() };
            fixture.write(|tx| tx.people(&query, 1)).await;
        }
        for condition in comparisons(audit::ATTRIBUTES) {
            let query = EventQuery { condition: Some(condition), ..EventQuery::default() };
            fixture.write(|tx| tx.events(&query, 1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_compared_literally_and_names_without_case() {
    for fixture in Fixture::each().await {
        for name in ["Night%shift", "Night_shift", "'; DROP TABLE groups; --", "day"] {
            let profile = GroupProfile::new(name, "").unwrap();
            fixture.world.advance_seconds(1);
            fixture.write(|tx| tx.insert_group(GroupKind::Own, &profile, &fixture.world.env())).await.unwrap();
        }
        assert_eq!(fixture.group_names(r#"profile.name sw "night%""#).await, ["Night%shift"]);
        assert_eq!(fixture.group_names(r#"profile.name co "T_S""#).await, ["Night_shift"]);
        assert_eq!(fixture.group_names(r#"profile.name ew "; --""#).await, ["'; DROP TABLE groups; --"]);
        assert_eq!(fixture.group_names(r#"profile.name ew "a much longer text than any name""#).await, [""; 0]);
        assert_eq!(fixture.group_names(r#"type eq "BUILT_IN""#).await, ["Everyone"]);
        assert_eq!(fixture.group_names(r#"not (type eq "BUILT_IN" or profile.name sw "n") and id pr"#).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_name_is_taken_whatever_its_case() {
    for fixture in Fixture::each().await {
        let (day, other) = (GroupProfile::new("Day", "").unwrap(), GroupProfile::new("dAY", "").unwrap());
        let env = fixture.world.env();
        let id = fixture.write(|tx| tx.insert_group(GroupKind::Own, &day, &env)).await.unwrap();
        assert_eq!(fixture.write(|tx| tx.insert_group(GroupKind::Own, &other, &env)).await, None);
        assert!(fixture.write(|tx| tx.set_group(id, &other, env.now)).await, "its own name in another case is free");
        let everyone = GroupProfile::new("everyone", "").unwrap();
        assert!(!fixture.write(|tx| tx.set_group(id, &everyone, env.now)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_paged_by_position_from_either_end() {
    for fixture in Fixture::each().await {
        for n in 0..5 {
            let target = Target::new("Group", format!("group{}", n % 2), "", "");
            let event = Event::success(EventType::GroupCreate, Actor::system(), Client::default()).target(target);
            fixture.write(|tx| tx.record(&event, &fixture.world.env())).await;
            fixture.world.advance_seconds(60);
        }
        assert!(fixture.write(|tx| tx.has_unplaced_events()).await);
        assert!(fixture.write(|tx| tx.events(&EventQuery::default(), 10)).await.is_empty(), "none has its place yet");
        assert_eq!(fixture.write(|tx| tx.place_events()).await, 5);
        assert_eq!(fixture.write(|tx| tx.head()).await, 5);

        let positions = async |query: EventQuery| -> Vec<i64> {
            fixture.write(|tx| tx.events(&query, 2)).await.iter().map(|event| event.position).collect()
        };
        assert_eq!(positions(EventQuery { after: Some(1), ..EventQuery::default() }).await, [2, 3]);
        assert_eq!(positions(EventQuery { descending: true, ..EventQuery::default() }).await, [5, 4]);
        let descending = EventQuery { descending: true, after: Some(2), ..EventQuery::default() };
        assert_eq!(positions(descending).await, [1]);
        let since = fixture.world.env().now.minus(std::time::Duration::from_secs(121));
        assert_eq!(positions(EventQuery { since: Some(since), ..EventQuery::default() }).await, [4, 5]);
        let filter = r#"target.id eq "group1" and outcome.result eq "SUCCESS" and eventType sw "group.""#;
        let condition = Some(Condition::parse(filter, audit::ATTRIBUTES).unwrap());
        assert_eq!(positions(EventQuery { condition, ..EventQuery::default() }).await, [2, 4]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_the_beginning_of_what_they_are_called() {
    for fixture in Fixture::each().await {
        for (login, first, last) in
            [("grace@acme.example", "Grace", "Hopper"), ("ghost@acme.example", "\u{c9}va", "Mc_Gill")]
        {
            fixture.world.advance_seconds(1);
            let env = fixture.world.env();
            let further = [("mobilePhone".to_owned(), "+15550100".into())].into();
            let profile =
                Profile { first_name: first.into(), last_name: last.into(), email: format!("m.{login}"), further };
            let user = User::new(Id::new(&env), login.parse().unwrap(), profile, Status::Active, env.now);
            assert!(fixture.write(|tx| tx.insert_user(&user, "API", "system", &env)).await);
        }
        let found = async |query: PeopleQuery| -> Vec<String> {
            fixture.write(|tx| tx.people(&query, 10)).await.into_iter().map(|user| user.profile.last_name).collect()
        };
        let words = |words: &str| PeopleQuery { words: Some(words.into()), ..PeopleQuery::default() };
        assert_eq!(found(words("g")).await, ["Hopper", "Mc_Gill"], "by login");
        assert_eq!(found(words("grace h")).await, ["Hopper"], "by whole name");
        assert_eq!(found(words("\u{e9}VA")).await, ["Mc_Gill"], "in any case");
        assert_eq!(found(words("mc_")).await, ["Mc_Gill"], "by last name, literally");
        assert_eq!(found(words("M.GRACE@")).await, ["Hopper"], "by mail address");
        assert_eq!(found(words("%")).await, [""; 0]);

        let filter = r#"profile.mobilePhone eq "+15550100" and status eq "ACTIVE" and not (profile.lastName sw "h")"#;
        let condition = Some(Condition::parse_at(filter, people::ATTRIBUTES, fixture.world.env().now).unwrap());
        assert_eq!(found(PeopleQuery { condition, ..PeopleQuery::default() }).await, ["Mc_Gill"]);

        let everyone = fixture.write(|tx| tx.groups(&GroupQuery::default(), 1)).await.remove(0).id;
        let profile = GroupProfile::new("Night shift", "").unwrap();
        let env = fixture.world.env();
        let shift = fixture.write(|tx| tx.insert_group(GroupKind::Own, &profile, &env)).await.unwrap();
        let of = |group| PeopleQuery { group: Some(group), ..PeopleQuery::default() };
        assert_eq!(found(of(everyone)).await, ["Hopper", "Mc_Gill"]);
        assert_eq!(found(of(shift)).await, [""; 0]);
        let grace = fixture.write(|tx| tx.people(&words("grace"), 1)).await.remove(0).id;
        assert!(fixture.write(|tx| tx.add_member(shift, grace, env.now)).await);
        assert!(!fixture.write(|tx| tx.add_member(shift, grace, env.now)).await, "once is enough");
        assert_eq!(found(of(shift)).await, ["Hopper"]);
        let names = fixture.write(|tx| tx.groups_of(grace)).await.into_iter().map(|group| group.name);
        assert_eq!(names.collect::<Vec<_>>(), ["Everyone", "Night shift"]);
    }
}
