//! Lists that can be searched, on both engines: every attribute with every operator, and what pages and orders give.

use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::group::{GroupKind, GroupProfile};
use postern_authn::org::OrgName;
use postern_codes::Id;
use postern_codes::env::TestWorld;
use postern_codes::id::Org;
use postern_store::audit::EventQuery;
use postern_store::groups::GroupQuery;
use postern_store::scratch::{self, Scratch};
use postern_store::search::{Attribute, Condition, Unsupported};
use postern_store::{Error, Tx, audit, groups};
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
