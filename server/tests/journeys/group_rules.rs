//! Rules that fill groups: who comes and goes, what stays, and what is refused.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_server::jobs;
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::staff::Staff;

impl Staff {
    async fn new_group(&self, name: &str) -> String {
        let body = json!({ "profile": { "name": name } });
        let made = self.app.post("/api/v1/groups", &self.root.token, &body).await.expect(200).json();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn of_department(&self, login: &str, department: &str) -> String {
        self.app.world.advance_seconds(1);
        let profile = json!({ "profile": {
            "login": login, "email": format!("{login}@acme.example"), "firstName": "Grace", "lastName": login,
            "department": department,
        } });
        let made = self.app.post("/api/v1/users?activate=false", &self.root.token, &profile).await.expect(200).json();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn rule(&self, name: &str, expression: &str, group: &str) -> String {
        let made = self.app.post("/api/v1/groups/rules", &self.root.token, &draft(name, expression, group)).await;
        let made = made.expect(200).json();
        assert_eq!(made["status"], "INACTIVE");
        made["id"].as_str().unwrap().to_owned()
    }

    async fn turn(&self, rule: &str, step: &str) {
        let path = format!("/api/v1/groups/rules/{rule}/lifecycle/{step}");
        self.app.post(&path, &self.root.token, &Value::Null).await.expect(204);
        jobs::once(&self.app.app).await.unwrap();
    }

    /// The logins in a group, once every rule has done its work.
    async fn members(&self, group: &str) -> Vec<String> {
        jobs::once(&self.app.app).await.unwrap();
        let found = self.app.get(&format!("/api/v1/groups/{group}/users"), &self.root.token).await.expect(200).json();
        let logins = found.as_array().unwrap().iter();
        logins.map(|person| person["profile"]["login"].as_str().unwrap().to_owned()).collect()
    }

    async fn seat(&self, method: Method, group: &str, person: &str) {
        let path = format!("/api/v1/groups/{group}/users/{person}");
        self.app.call(method, &path, &self.root.token, &Value::Null).await.expect(204);
    }
}

fn draft(name: &str, expression: &str, group: &str) -> Value {
    json!({
        "type": "group_rule",
        "name": name,
        "conditions": { "expression": { "value": expression, "type": "urn:okta:expression:1.0" } },
        "actions": { "assignUserToGroups": { "groupIds": [group] } },
    })
}

const SALES: &str = r#"user.department=="Sales""#;

#[tokio::test(flavor = "multi_thread")]
async fn people_come_and_go_as_their_profiles_change() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.new_group("Sales").await;
        let ada = staff.of_department("ada", "Sales").await;
        staff.of_department("bea", "Support").await;
        let rule = staff.rule("sales", SALES, &group).await;
        assert_eq!(staff.members(&group).await, [""; 0], "a rule that is not begun does nothing");
        staff.turn(&rule, "activate").await;
        assert_eq!(staff.members(&group).await, ["ada"]);
        staff.of_department("cid", "Sales").await;
        assert_eq!(staff.members(&group).await, ["ada", "cid"]);
        let moved = json!({ "profile": { "department": "Support" } });
        staff.app.post(&format!("/api/v1/users/{ada}"), &staff.root.token, &moved).await.expect(200);
        assert_eq!(staff.members(&group).await, ["cid"]);

        let path = format!("/api/v1/groups/rules/{rule}?expand=groupIdToGroupNameMap");
        let shown = staff.app.get(&path, &staff.root.token).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["evaluation"]["running"]), (&json!("ACTIVE"), &json!(false)));
        assert_eq!(shown["_embedded"]["groupIdToGroupNameMap"][&group], "Sales");
        staff.turn(&rule, "deactivate").await;
        staff.of_department("dot", "Sales").await;
        assert_eq!(staff.members(&group).await, ["cid"], "nobody comes or goes any more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_by_hand_goes_before_rules() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.new_group("Sales").await;
        let (ada, bea) = (staff.of_department("ada", "Sales").await, staff.of_department("bea", "Support").await);
        let rule = staff.rule("sales", SALES, &group).await;
        staff.seat(Method::PUT, &group, &bea).await;
        staff.turn(&rule, "activate").await;
        assert_eq!(staff.members(&group).await, ["ada", "bea"], "who is there by hand stays");
        staff.seat(Method::DELETE, &group, &ada).await;
        assert_eq!(staff.members(&group).await, ["bea"], "who is taken out by hand stays out");
        let shown = staff.app.get(&format!("/api/v1/groups/rules/{rule}"), &staff.root.token).await.json();
        assert_eq!(shown["conditions"]["people"]["users"]["exclude"], json!([ada]));
        staff.seat(Method::PUT, &group, &ada).await;
        assert_eq!(staff.members(&group).await, ["ada", "bea"], "and comes back by hand");

        let cid = staff.of_department("cid", "Sales").await;
        assert_eq!(staff.members(&group).await, ["ada", "bea", "cid"]);
        staff.seat(Method::PUT, &group, &cid).await;
        let path = format!("/api/v1/groups/rules/{rule}?removeUsers=true");
        staff.of_department("dot", "Sales").await;
        assert_eq!(staff.members(&group).await.len(), 4);
        staff.app.call(Method::DELETE, &path, &staff.root.token, &Value::Null).await.expect(202);
        assert_eq!(staff.members(&group).await, ["ada", "bea", "cid"], "a rule takes with it whom it alone held");
        staff.app.get(&format!("/api/v1/groups/rules/{rule}"), &staff.root.token).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_rule_may_leave_its_people() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.new_group("Sales").await;
        let ada = staff.of_department("ada", "Sales").await;
        let rule = staff.rule("sales", SALES, &group).await;
        staff.turn(&rule, "activate").await;
        let path = format!("/api/v1/groups/rules/{rule}");
        staff.app.call(Method::DELETE, &path, &staff.root.token, &Value::Null).await.expect(202);
        let moved = json!({ "profile": { "department": "Support" } });
        staff.app.post(&format!("/api/v1/users/{ada}"), &staff.root.token, &moved).await.expect(200);
        assert_eq!(staff.members(&group).await, ["ada"]);
        staff
            .app
            .call(Method::DELETE, &format!("/api/v1/groups/{group}"), &staff.root.token, &Value::Null)
            .await
            .expect(204);
    }
}

/// The rule's people are let go of by a job: whoever deletes rule and group in one go does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_goes_with_its_rule_at_once_and_not_before() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.new_group("Sales").await;
        staff.of_department("ada", "Sales").await;
        let rule = staff.rule("sales", SALES, &group).await;
        staff.turn(&rule, "activate").await;
        let (group, rule) = (format!("/api/v1/groups/{group}"), format!("/api/v1/groups/rules/{rule}"));
        let gone = staff.app.call(Method::DELETE, &group, &staff.root.token, &Value::Null).await;
        gone.refused(400, "E0000001");
        assert!(gone.text().contains("the rule sales fills it"), "{}", gone.text());
        let ending = format!("{rule}?removeUsers=true");
        staff.app.call(Method::DELETE, &ending, &staff.root.token, &Value::Null).await.expect(202);
        staff.app.call(Method::DELETE, &group, &staff.root.token, &Value::Null).await.expect(204);
        jobs::once(&staff.app.app).await.unwrap();
        staff.app.get(&group, &staff.root.token).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_ask_for_groups_but_do_not_feed_one_another() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (leads, sales, all) =
            (staff.new_group("Leads").await, staff.new_group("Sales").await, staff.new_group("All").await);
        let ada = staff.of_department("ada", "Sales").await;
        staff.of_department("bea", "Sales").await;
        for (name, expression, group) in [
            ("sales", format!(r#"{SALES} AND isMemberOfAnyGroup("{leads}")"#), &sales),
            ("all", r#"isMemberOfGroupName("Sales")"#.to_owned(), &all),
        ] {
            let rule = staff.rule(name, &expression, group).await;
            staff.turn(&rule, "activate").await;
        }
        assert_eq!(staff.members(&sales).await, [""; 0]);
        staff.seat(Method::PUT, &leads, &ada).await;
        assert_eq!(staff.members(&sales).await, ["ada"]);
        assert_eq!(staff.members(&all).await, [""; 0], "whom a rule put there is not there for another");
        staff.seat(Method::DELETE, &leads, &ada).await;
        assert_eq!(staff.members(&sales).await, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_does_not_move_those_above_whoever_began_it() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let admin = staff.with("admin", &[Role::Org]).await;
        let group = staff.new_group("Everybody else").await;
        let rule = staff.rule("all", r#"user.lastName == "Example""#, &group).await;
        let path = format!("/api/v1/groups/rules/{rule}/lifecycle/activate");
        staff.app.post(&path, &admin.token, &Value::Null).await.expect(204);
        assert_eq!(staff.members(&group).await, [admin.login.as_str()], "and not the super administrator");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_rule_is_refused_with_its_code() {
    let staff = Staff::new(Engine::Sqlite).await;
    let group = staff.new_group("Sales").await;
    let rule = staff.rule("sales", SALES, &group).await;
    let post = async |body: Value| staff.app.post("/api/v1/groups/rules", &staff.root.token, &body).await;
    post(draft("SALES", SALES, &group)).await.refused(409, "E0000055");
    let wrong = post(draft("x", "user.department = \"Sales\"", &group)).await;
    assert!(wrong.text().contains("at character 17"), "{}", wrong.text());
    wrong.refused(400, "E0000001");
    post(draft("x", "user.department", &group)).await.refused(400, "E0000001");
    post(draft("x", &"(".repeat(3_000), &group)).await.refused(400, "E0000001");
    post(draft("", SALES, &group)).await.refused(400, "E0000001");
    post(draft(&"x".repeat(51), SALES, &group)).await.refused(400, "E0000001");
    post(draft("x", SALES, "00g00000000000000000")).await.refused(404, "E0000007");
    post(draft("x", SALES, "no id")).await.refused(404, "E0000007");
    let everyone = staff.app.get("/api/v1/groups?q=Everyone", &staff.root.token).await.json();
    post(draft("x", SALES, everyone[0]["id"].as_str().unwrap())).await.refused(400, "E0000001");
    let mut left_out = draft("x", SALES, &group);
    left_out["conditions"]["people"] = json!({ "users": { "exclude": ["00u00000000000000000"] } });
    post(left_out).await.refused(404, "E0000007");
    let mut kind = draft("x", SALES, &group);
    kind["type"] = "other".into();
    post(kind).await.refused(400, "E0000001");

    let path = format!("/api/v1/groups/rules/{rule}");
    let put = async |body: Value| staff.app.call(Method::PUT, &path, &staff.root.token, &body).await;
    let other = staff.new_group("Other").await;
    put(draft("sales", SALES, &other)).await.refused(400, "E0000001");
    put(draft("renamed", SALES, &group)).await.expect(200);
    staff.turn(&rule, "activate").await;
    put(draft("again", SALES, &group)).await.refused(400, "E0000001");
    let delete =
        staff.app.call(Method::DELETE, &format!("/api/v1/groups/{group}"), &staff.root.token, &Value::Null).await;
    delete.refused(400, "E0000001");
    let listed = staff.app.get("/api/v1/groups/rules?search=RENAM&limit=1", &staff.root.token).await.expect(200).json();
    assert_eq!(listed[0]["id"], rule.as_str());
    staff.app.get("/api/v1/groups/rules/0pr00000000000000000", &staff.root.token).await.refused(404, "E0000007");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_judge_at_once_agree() {
    for engine in scratch::engines() {
        let staff = std::sync::Arc::new(Staff::new(engine).await);
        let group = staff.new_group("Sales").await;
        for at in 0..30 {
            staff.of_department(&format!("p{at:02}"), if at % 2 == 0 { "Sales" } else { "Support" }).await;
        }
        let rule = staff.rule("sales", SALES, &group).await;
        let path = format!("/api/v1/groups/rules/{rule}/lifecycle/activate");
        staff.app.post(&path, &staff.root.token, &Value::Null).await.expect(204);
        let people = staff.app.get("/api/v1/users?q=p1", &staff.root.token).await.json();
        let servers: Vec<_> = (0..3)
            .map(|_| {
                let staff = std::sync::Arc::clone(&staff);
                tokio::spawn(async move { jobs::once(&staff.app.app).await })
            })
            .collect();
        for person in people.as_array().unwrap() {
            let moved = json!({ "profile": { "department": "Sales" } });
            let path = format!("/api/v1/users/{}", person["id"].as_str().unwrap());
            staff.app.post(&path, &staff.root.token, &moved).await.expect(200);
        }
        for server in servers {
            server.await.unwrap().unwrap();
        }
        // 15 of Sales at first, and the five of p10 to p19 with odd numbers who came.
        assert_eq!(staff.members(&group).await.len(), 20);
        let stats = staff.app.get(&format!("/api/v1/groups/{group}?expand=stats"), &staff.root.token).await.json();
        assert_eq!(stats["_embedded"]["stats"]["usersCount"], 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_owners_and_no_applications() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (group, other) = (staff.new_group("Sales").await, staff.new_group("Leads").await);
        let ada = staff.of_department("ada", "Sales").await;
        let path = format!("/api/v1/groups/{group}/owners");
        let name = async |id: &str, kind: &str| {
            staff.app.post(&path, &staff.root.token, &json!({ "id": id, "type": kind })).await
        };
        let owner = name(&ada, "USER").await.expect(201).json();
        assert_eq!(
            (owner["displayName"].as_str(), owner["originType"].as_str()),
            (Some("Grace ada"), Some("OKTA_DIRECTORY"))
        );
        name(&ada, "USER").await.expect(201);
        name(&other, "GROUP").await.expect(201);
        name(&other, "USER").await.refused(404, "E0000007");
        name("00g00000000000000000", "GROUP").await.refused(404, "E0000007");
        name(&ada, "ROBOT").await.refused(400, "E0000001");
        let owners = staff.app.get(&path, &staff.root.token).await.expect(200).json();
        assert_eq!(owners.as_array().unwrap().len(), 2);
        let people = format!("{path}?search=type+eq+%22USER%22");
        assert_eq!(staff.app.get(&people, &staff.root.token).await.json().as_array().unwrap().len(), 1);
        staff.app.get(&format!("{path}?search=name+pr"), &staff.root.token).await.refused(400, "E0000031");
        let one = format!("{path}/{ada}");
        staff.app.call(Method::DELETE, &one, &staff.root.token, &Value::Null).await.expect(204);
        staff.app.call(Method::DELETE, &one, &staff.root.token, &Value::Null).await.refused(404, "E0000007");
        assert_eq!(
            staff.app.get(&format!("/api/v1/groups/{group}/apps"), &staff.root.token).await.expect(200).json(),
            json!([])
        );
        staff
            .app
            .call(Method::DELETE, &format!("/api/v1/groups/{group}"), &staff.root.token, &Value::Null)
            .await
            .expect(204);
    }
}
