//! Every list, in every order, with every shape of search: each statement walks an index, none sorts what it walks, and
//! nothing reads a table from end to end. And what a walk gives: each row once, whatever the order and the alphabet.

use postern_authn::group::{GroupKind, GroupProfile};
use postern_authn::org::OrgName;
use postern_authn::permission::Reach;
use postern_authn::user::{Profile, Status, User, fold};
use postern_codes::env::TestWorld;
use postern_codes::id::{Group, Id, Org, User as UserKind};
use postern_codes::{Env, Timestamp};
use postern_store::groups::{self, GroupQuery};
use postern_store::migrate::Engine;
use postern_store::people::{self, PeopleQuery};
use postern_store::scratch::{self, Scratch};
use postern_store::search::Condition;
use postern_store::sql::Location;
use postern_store::walk::{Cursor, Order, Sorting};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

const PEOPLE_ASKED: &[&str] = &[
    r#"profile.login sw "gr""#,
    r#"profile.email eq "grace@acme.example" or profile.lastName sw "ho""#,
    r#"status eq "LOCKED_OUT" and lastUpdated gt "2026-01-01T00:00:00Z""#,
    r#"status lt "STAGED" or status gt "STAGED""#,
    r#"profile.department eq "Sales" and profile.city sw "Lis""#,
    r#"profile.title co "head" and not (lastLogin gt "2026-01-01T00:00:00Z")"#,
    r#"id eq "00u00000000000000000" or created ge "2026-01-01T00:00:00Z""#,
];
const GROUPS_ASKED: &[&str] = &[
    r#"profile.name sw "ni""#,
    r#"type eq "OKTA_GROUP" and profile.description co "shift""#,
    r#"lastMembershipUpdated gt "2026-01-01T00:00:00Z" or lastUpdated gt "2026-01-01T00:00:00Z""#,
];

/// Every statement of every list, with what it is called here and how many values it has.
fn statements() -> Vec<(String, String, usize)> {
    let env = TestWorld::new().env();
    let now = env.now;
    let (group, behind) = (Id::<Group>::new(&env), Id::<UserKind>::new(&env));
    let directions = |orders: &'static [Order]| {
        orders.iter().flat_map(|order| [false, true].map(|descending| Sorting { order: *order, descending }))
    };
    let mut all = Vec::new();
    for sorting in directions(people::ORDERS) {
        let asked = PEOPLE_ASKED.iter().map(|text| Condition::parse_at(text, people::ATTRIBUTES, now).unwrap());
        for condition in asked.map(Some).chain([None]) {
            for after in [None, Some(cursor(behind, &sorting.order))] {
                let query = PeopleQuery { condition: condition.clone(), sorting, after, ..PeopleQuery::default() };
                let shapes = [
                    ("all", query.clone()),
                    ("present", PeopleQuery { without_ended: true, ..query.clone() }),
                    ("words", PeopleQuery { words: Some("gr".into()), without_ended: true, ..query.clone() }),
                    ("within", PeopleQuery { within: Some(members(&[group, group])), ..query }),
                ];
                for (shape, query) in shapes {
                    let texts = people::texts(&query).into_iter();
                    all.extend(
                        texts.map(|(name, text, n)| (format!("people {shape} {} {name}", sorting.order.name), text, n)),
                    );
                }
            }
        }
    }
    for words in [None, Some("gr".to_owned())] {
        let after = Some(Cursor::from(behind));
        let query = PeopleQuery { group: Some(group), words, after, without_ended: true, ..PeopleQuery::default() };
        all.extend(people::texts(&query).into_iter().map(|(name, text, n)| (format!("members {name}"), text, n)));
    }
    for sorting in directions(groups::ORDERS) {
        let asked = GROUPS_ASKED.iter().map(|text| Condition::parse(text, groups::ATTRIBUTES).unwrap());
        for condition in asked.map(Some).chain([None]) {
            for after in [None, Some(cursor(group, &sorting.order))] {
                let query = GroupQuery { condition: condition.clone(), sorting, after, ..GroupQuery::default() };
                let named = GroupQuery { name: Some("ni".into()), ..query.clone() };
                let within = Reach { groups: [group].into(), ..Reach::default() };
                let within = GroupQuery { within: Some(within), ..query.clone() };
                let texts = [query, named, within].map(|query| groups::texts(&query)).concat().into_iter();
                all.extend(texts.map(|(name, text, n)| (format!("groups {} {name}", sorting.order.name), text, n)));
            }
        }
    }
    all
}

/// The people of these groups, and nobody else.
fn members(groups: &[Id<Group>]) -> Reach {
    Reach { members: groups.iter().copied().collect(), ..Reach::default() }
}

fn cursor<K: postern_codes::id::Kind>(id: Id<K>, order: &Order) -> Cursor<K> {
    let forms = [id.to_string(), format!("{id}.n1"), format!("{id}.tYQ")];
    forms.iter().filter_map(|text| text.parse().ok()).find(|cursor: &Cursor<K>| cursor.fits(order)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_walks_an_index_on_sqlite() {
    let scratch = scratch::store(Engine::Sqlite).await;
    let Location::Sqlite(path) = &scratch.location else { unreachable!("asked for SQLite") };
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}?mode=ro", path.display())).await.unwrap();
    for (name, text, _) in statements() {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).fetch_all(&mut connection).await;
        let plan = plan.unwrap_or_else(|error| panic!("{name} does not prepare: {error}\n{text}"));
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        // What a bounded subquery gave is read from end to end, once each.
        let given =
            plan.iter().filter(|step| step.starts_with("CO-ROUTINE ") || step.starts_with("MATERIALIZE ")).count();
        let read = plan.iter().filter(|step| step.starts_with("SCAN ") && !step.contains("CONSTANT ROW")).count();
        let index = plan.iter().any(|step| step.starts_with("SCAN ") && step.contains("INDEX"));
        assert!(read <= given && !index, "{name} scans:\n{text}\n{}", plan.join("\n"));
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
        assert!(!sorts || !name.ends_with("walk") && !name.ends_with("last"), "{name} sorts:\n{text}\n{plan:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_walks_an_index_on_postgresql() {
    if !scratch::engines().contains(&Engine::Postgres) {
        return;
    }
    let scratch = scratch::store(Engine::Postgres).await;
    let Location::Postgres(url) = &scratch.location else { unreachable!("asked for PostgreSQL") };
    let mut connection = PgConnection::connect(url).await.unwrap();
    for setting in ["plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_sort = off"] {
        connection.execute(AssertSqlSafe(format!("SET {setting}"))).await.unwrap();
    }
    for (name, text, values) in statements() {
        let prepared = connection.execute(AssertSqlSafe(format!("PREPARE walk AS {text}"))).await;
        prepared.unwrap_or_else(|error| panic!("{name} does not prepare: {error}\n{text}"));
        let nulls = vec!["NULL"; values].join(", ");
        let plan = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN EXECUTE walk({nulls})"))).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{name} scans:\n{text}\n{plan}");
        assert!(!plan.contains("Sort") || !name.ends_with("walk"), "{name} sorts:\n{text}\n{plan}");
        connection.execute("DEALLOCATE walk").await.unwrap();
    }
}

struct Place {
    scratch: Scratch,
    org: Id<Org>,
    world: std::sync::Arc<TestWorld>,
}

impl Place {
    async fn new(engine: Engine) -> Self {
        let (scratch, world) = (scratch::store(engine).await, TestWorld::new());
        let (org, name) = (Id::new(&world.env()), "Acme".parse::<OrgName>().unwrap());
        scratch.store.write(org, |tx| tx.insert_org(&name, &world.env())).await.unwrap();
        Self { scratch, org, world }
    }

    fn person(&self, login: &str, last: &str, department: &str) -> User {
        self.world.advance_seconds(1);
        let env: Env = self.world.env();
        let further = [("department".to_owned(), department.into())].into();
        let profile = Profile {
            first_name: "Grace".into(),
            last_name: last.into(),
            email: format!("{login}@x.example"),
            further,
        };
        User::new(Id::new(&env), login.parse().unwrap(), profile, Status::Active, env.now)
    }

    /// Every page, two people each.
    async fn pages(&self, mut query: PeopleQuery) -> Vec<String> {
        let mut names = Vec::new();
        loop {
            let found = self.scratch.store.read(self.org, |tx| tx.some_people(&query, 2)).await.unwrap();
            assert!(found.rows.len() <= 2);
            names.extend(found.rows.into_iter().map(|person| person.profile.last_name));
            match found.next {
                // As it goes out and comes back.
                Some(next) => query.after = Some(next.to_string().parse().unwrap()),
                None => return names,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_in_any_order_give_everybody_once() {
    const NAMES: &[&str] =
        &["Ωmega", "alpha", "Same", "\u{1F600}face", "same", "Zeta", "\u{fb01}sh", "ὈΔΥΣΣΕΎΣ", "Élan"];
    for engine in scratch::engines() {
        let place = Place::new(engine).await;
        for (at, name) in NAMES.iter().enumerate() {
            let person = place.person(&format!("p{at}"), name, if at % 2 == 0 { "Sales" } else { "Support" });
            let env = place.world.env();
            place.scratch.store.write(place.org, |tx| tx.insert_user(&person, "API", "t", &env)).await.unwrap();
        }
        for order in people::ORDERS {
            for descending in [false, true] {
                let sorting = Sorting { order: *order, descending };
                let mut seen = place.pages(PeopleQuery { sorting, ..PeopleQuery::default() }).await;
                if order.name == "profile.lastName" {
                    let mut folded: Vec<String> = seen.iter().map(|name| fold(name)).collect();
                    if descending {
                        folded.reverse();
                    }
                    assert!(folded.is_sorted(), "{seen:?}");
                }
                seen.sort();
                let mut all: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
                all.sort();
                assert_eq!(seen, all, "{} descending: {descending}", order.name);
            }
        }
        let asked = async |text: &str| {
            let condition = Some(Condition::parse_at(text, people::ATTRIBUTES, place.world.env().now).unwrap());
            place.pages(PeopleQuery { condition, ..PeopleQuery::default() }).await
        };
        assert_eq!(asked(r#"profile.department eq "sales""#).await.len(), 5);
        assert_eq!(asked(r#"profile.department ne "sales""#).await.len(), 4);
        assert_eq!(asked(r#"profile.department co "UPP""#).await.len(), 4);
        assert_eq!(asked("not (profile.city pr)").await.len(), NAMES.len());
        assert_eq!(asked(r#"profile.lastName sw "ὀδυσσεύσ""#).await, ["ὈΔΥΣΣΕΎΣ"]);
        assert_eq!(asked("profile.lastName sw \"\u{1F600}\"").await, ["\u{1F600}face"]);
        assert_eq!(asked(r#"profile.lastName sw "ÉL""#).await, ["Élan"]);
        assert_eq!(
            asked(r#"status eq "active" and (status lt "STAGED" or status gt "STAGED")"#).await.len(),
            NAMES.len()
        );
        assert_eq!(asked(r#"status eq "GONE""#).await, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_is_found_as_it_is_shown() {
    for engine in scratch::engines() {
        let place = Place::new(engine).await;
        let person = place.person("grace", "Hopper", "Sales");
        let env = place.world.env();
        let locked = async |now: Timestamp, word: &str| {
            let text = format!("status eq \"{word}\"");
            let condition = Some(Condition::parse_at(&text, people::ATTRIBUTES, now).unwrap());
            place.pages(PeopleQuery { condition, ..PeopleQuery::default() }).await.len()
        };
        place.scratch.store.write(place.org, |tx| tx.insert_user(&person, "API", "t", &env)).await.unwrap();
        assert_eq!((locked(env.now, "ACTIVE").await, locked(env.now, "LOCKED_OUT").await), (1, 0));
        let fail = place.scratch.store.write(place.org, |tx| {
            for _ in 0..postern_authn::user::FAILURES_TO_LOCK {
                let _ = tx.user_failed(person.id, env.now)?;
            }
            Ok(())
        });
        fail.await.unwrap();
        assert_eq!((locked(env.now, "ACTIVE").await, locked(env.now, "LOCKED_OUT").await), (0, 1));
        let later = env.now.plus(postern_authn::user::LOCK);
        assert_eq!((locked(later, "ACTIVE").await, locked(later, "LOCKED_OUT").await), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_paged_and_bounded_by_groups() {
    for engine in scratch::engines() {
        let place = Place::new(engine).await;
        let env = place.world.env();
        let profile = |name: &str| GroupProfile::new(name, "").unwrap();
        let (night, day) = (profile("Night"), profile("Day"));
        let made = place.scratch.store.write(place.org, |tx| {
            Ok((
                tx.insert_group(GroupKind::Own, &night, &env)?.unwrap(),
                tx.insert_group(GroupKind::Own, &day, &env)?.unwrap(),
            ))
        });
        let (night, day) = made.await.unwrap();
        for at in 0..5 {
            let person = place.person(&format!("p{at}"), &format!("N{at}"), "Sales");
            let made = place.scratch.store.write(place.org, |tx| {
                tx.insert_user(&person, "API", "t", &env)?;
                tx.add_member(if at < 3 { night } else { day }, person.id, env.now)
            });
            made.await.unwrap();
        }
        let all = PeopleQuery::default();
        assert_eq!(place.pages(PeopleQuery { group: Some(night), ..all.clone() }).await, ["N0", "N1", "N2"]);
        let within = |groups: &[Id<Group>]| PeopleQuery { within: Some(members(groups)), ..all.clone() };
        assert_eq!(place.pages(within(&[day])).await, ["N3", "N4"]);
        assert_eq!(place.pages(within(&[day, night])).await.len(), 5);
        assert_eq!(place.pages(within(&[])).await, [""; 0]);
        let words = PeopleQuery { group: Some(night), words: Some("n1".into()), ..all.clone() };
        assert_eq!(place.pages(words).await, ["N1"]);
    }
}
