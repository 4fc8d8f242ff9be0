//! Policies by API: made, ordered, refused, asked; and that nobody shuts themselves out.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_server::operator::{self, Command, run};
use postern_store::scratch;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{Answer, TestApp};
use crate::staff::{Staff, founded, member};

async fn put(app: &TestApp, path: &str, token: &str, body: &Value) -> Answer {
    app.call(Method::PUT, path, token, body).await
}

async fn delete(app: &TestApp, path: &str, token: &str) -> Answer {
    app.call(Method::DELETE, path, token, &Value::Null).await
}

fn id(answer: &Value) -> &str {
    answer["id"].as_str().expect("an id")
}

impl Staff {
    async fn policy(&self, body: &Value) -> Value {
        self.app.post("/api/v1/policies", &self.root.token, body).await.expect(200).json()
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let answer = self.app.get(&format!("/api/v1/policies?{query}"), &self.root.token).await.expect(200).json();
        answer.as_array().expect("a list").clone()
    }

    async fn group(&self, name: &str) -> String {
        let body = json!({ "profile": { "name": name } });
        id(&self.app.post("/api/v1/groups", &self.root.token, &body).await.expect(200).json()).to_owned()
    }
}

fn names(list: &[Value]) -> Vec<(&str, u64)> {
    list.iter().map(|policy| (policy["name"].as_str().unwrap(), policy["priority"].as_u64().unwrap())).collect()
}

fn deny(name: &str) -> Value {
    json!({ "type": "SIGN_ON", "name": name, "actions": { "signon": { "access": "DENY" } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_has_a_default_that_cannot_go() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (kind, rule_type) in [("OKTA_SIGN_ON", "SIGN_ON"), ("PASSWORD", "PASSWORD"), ("MFA_ENROLL", "MFA_ENROLL")] {
            let list = staff.list(&format!("type={kind}&expand=rules")).await;
            assert_eq!(names(&list), [("Default Policy", 1)]);
            let (policy, rule) = (&list[0], &list[0]["_embedded"]["rules"][0]);
            assert_eq!((&policy["system"], &policy["status"]), (&json!(true), &json!("ACTIVE")));
            assert_eq!((&rule["type"], &rule["system"]), (&json!(rule_type), &json!(true)));
            let path = format!("/api/v1/policies/{}", id(policy));
            assert_eq!(id(&staff.app.get(&path, &staff.root.token).await.expect(200).json()), id(policy));
            delete(&staff.app, &path, &staff.root.token).await.refused(403, "E0000111");
            let off = format!("{path}/lifecycle/deactivate");
            staff.app.post(&off, &staff.root.token, &Value::Null).await.refused(403, "E0000111");
            let rule_path = format!("{path}/rules/{}", id(rule));
            delete(&staff.app, &rule_path, &staff.root.token).await.refused(403, "E0000111");
            // Read, and put back as it was: what a client library does.
            put(&staff.app, &path, &staff.root.token, policy).await.expect(200);
            put(&staff.app, &rule_path, &staff.root.token, rule).await.expect(200);
            let renamed = json!({ "name": "Mine", "type": kind });
            put(&staff.app, &path, &staff.root.token, &renamed).await.refused(403, "E0000111");
            let again = staff.list(&format!("type={kind}")).await;
            assert_eq!((id(&again[0]), names(&again)), (id(policy), vec![("Default Policy", 1)]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_put_where_they_are_wanted_and_the_default_stays_last() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let mut ids = Vec::new();
        for (name, priority) in [("b", json!(null)), ("c", json!(2)), ("a", json!(1)), ("d", json!(99))] {
            let body = json!({ "type": "OKTA_SIGN_ON", "name": name, "priority": priority });
            ids.push(id(&staff.policy(&body).await).to_owned());
        }
        let list = staff.list("type=OKTA_SIGN_ON").await;
        assert_eq!(names(&list), [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("Default Policy", 5)]);

        let path = format!("/api/v1/policies/{}", ids[3]);
        put(&staff.app, &path, &staff.root.token, &json!({ "name": "d", "priority": 2 })).await.expect(200);
        delete(&staff.app, &format!("/api/v1/policies/{}", ids[0]), &staff.root.token).await.expect(204);
        let list = staff.list("type=OKTA_SIGN_ON").await;
        assert_eq!(names(&list), [("a", 1), ("d", 2), ("c", 3), ("Default Policy", 4)]);
        let list = staff.list("type=OKTA_SIGN_ON&q=D&sortBy=name").await;
        assert_eq!(names(&list), [("d", 2), ("Default Policy", 4)]);

        let page = staff.app.get("/api/v1/policies?type=OKTA_SIGN_ON&limit=3", &staff.root.token).await.expect(200);
        let links: Vec<_> = page.headers.get_all("link").iter().map(|link| link.to_str().unwrap().to_owned()).collect();
        let next = links.last().unwrap().split(['<', '>']).nth(1).unwrap();
        let next = next.split_once("/api").unwrap().1;
        let rest = staff.app.get(&format!("/api{next}"), &staff.root.token).await.expect(200).json();
        assert_eq!(names(rest.as_array().unwrap()), [("Default Policy", 4)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_who_order_at_once_leave_no_gap() {
    for engine in scratch::engines() {
        let staff = std::sync::Arc::new(Staff::new(engine).await);
        let mut ids = Vec::new();
        for name in ["a", "b", "c", "d"] {
            ids.push(id(&staff.policy(&json!({ "type": "PASSWORD", "name": name })).await).to_owned());
        }
        let mut movers = JoinSet::new();
        for (n, id) in ids.iter().cycle().take(24).enumerate() {
            let (staff, path) = (std::sync::Arc::clone(&staff), format!("/api/v1/policies/{id}"));
            let body = json!({ "name": format!("n{n}"), "priority": n % 5 + 1 });
            movers.spawn(async move { put(&staff.app, &path, &staff.root.token, &body).await.expect(200) });
        }
        movers.join_all().await;
        let list = staff.list("type=PASSWORD").await;
        let priorities: Vec<u64> = names(&list).into_iter().map(|(_, priority)| priority).collect();
        assert_eq!(priorities, [1, 2, 3, 4, 5], "on {engine:?}");
        assert_eq!(list[4]["system"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_have_an_order_of_their_own_and_a_life() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.group("night watch").await;
        let body = json!({ "type": "OKTA_SIGN_ON", "name": "Watch",
            "conditions": { "people": { "groups": { "include": [group] } } } });
        let policy = staff.policy(&body).await;
        let path = format!("/api/v1/policies/{}/rules", id(&policy));
        let allow = json!({ "type": "SIGN_ON", "name": "in", "conditions": { "network": { "connection": "ANYWHERE" },
            "authContext": { "authType": "ANY" } }, "actions": { "signon": { "access": "ALLOW", "requireFactor": true,
            "factorPromptMode": "SESSION", "factorLifetime": 15, "session": { "maxSessionIdleMinutes": 30,
            "maxSessionLifetimeMinutes": 0, "usePersistentCookie": false } } } });
        let first = staff.app.post(&path, &staff.root.token, &allow).await.expect(200).json();
        assert_eq!(first["actions"]["signon"]["factorLifetime"], 15);
        let second = json!({ "name": "out", "priority": 1, "actions": { "signon": { "access": "DENY" } } });
        let off = format!("{path}?activate=false");
        let second = staff.app.post(&off, &staff.root.token, &second).await.expect(200).json();
        assert_eq!((&second["priority"], &second["status"]), (&json!(1), &json!("INACTIVE")));
        let list = staff.app.get(&path, &staff.root.token).await.expect(200).json();
        assert_eq!(names(list.as_array().unwrap()), [("out", 1), ("in", 2)]);

        let own = format!("{path}/{}", id(&second));
        staff.app.post(&format!("{own}/lifecycle/activate"), &staff.root.token, &Value::Null).await.expect(204);
        let got = staff.app.get(&own, &staff.root.token).await.expect(200).json();
        assert!(got["_links"]["deactivate"].is_object() && got["_links"]["activate"].is_null());
        let moved = json!({ "name": "out", "priority": 9, "actions": { "signon": { "access": "DENY" } } });
        assert_eq!(put(&staff.app, &own, &staff.root.token, &moved).await.expect(200).json()["priority"], 2);
        delete(&staff.app, &own, &staff.root.token).await.expect(204);
        staff.app.get(&own, &staff.root.token).await.refused(404, "E0000007");

        // The group cannot go while the policy speaks of it; a clone speaks of it too.
        delete(&staff.app, &format!("/api/v1/groups/{group}"), &staff.root.token).await.refused(400, "E0000001");
        let copy = format!("/api/v1/policies/{}/clone", id(&policy));
        let copy = staff.app.post(&copy, &staff.root.token, &Value::Null).await.expect(200).json();
        assert_eq!((&copy["name"], &copy["status"]), (&json!("Copy of Watch"), &json!("INACTIVE")));
        for policy in [&policy, &copy] {
            delete(&staff.app, &format!("/api/v1/policies/{}", id(policy)), &staff.root.token).await.expect(204);
        }
        delete(&staff.app, &format!("/api/v1/groups/{group}"), &staff.root.token).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_in_an_enrolment_policy_is_refused_by_its_own_code() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let group = staff.group("night watch").await;
    let body = json!({ "type": "MFA_ENROLL", "name": "Watch", "settings": { "type": "AUTHENTICATORS",
        "authenticators": [{ "key": "google_otp", "enroll": { "self": "REQUIRED" } }] },
        "conditions": { "people": { "groups": { "include": [group] } } } });
    staff.policy(&body).await;
    delete(&staff.app, &format!("/api/v1/groups/{group}"), &staff.root.token).await.refused(400, "E0000209");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_or_cannot_be_evaluated_is_refused_with_its_name() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let default = staff.list("type=OKTA_SIGN_ON").await;
    let rules = format!("/api/v1/policies/{}/rules", id(&default[0]));
    let policies = "/api/v1/policies".to_owned();
    let nobody = "00g00000000000000000";
    let on = |signon: Value| json!({ "name": "r", "actions": { "signon": signon } });
    for (path, body, word) in [
        (&policies, json!({ "name": "x" }), "type"),
        (&policies, json!({ "type": "ACCESS_POLICY", "name": "x" }), "type"),
        (&policies, json!({ "type": "PASSWORD" }), "name"),
        (&policies, json!({ "type": "PASSWORD", "name": "x", "priority": 0 }), "priority"),
        (
            &policies,
            json!({ "type": "PASSWORD", "name": "x", "settings": { "password": { "age": { "maxAgeDays": -1 } } } }),
            "settings",
        ),
        (&policies, json!({ "type": "PASSWORD", "name": "x", "risk": {} }), "risk"),
        (&policies, json!({ "type": "OKTA_SIGN_ON", "name": "x", "settings": { "password": {} } }), "settings"),
        (&policies, json!({ "type": "OKTA_SIGN_ON", "name": "x", "conditions": { "device": {} } }), "device"),
        (
            &policies,
            json!({ "type": "OKTA_SIGN_ON", "name": "x", "conditions": { "people": { "groups": { "include": [nobody] } } } }),
            nobody,
        ),
        (&rules, json!({ "name": "r" }), "access"),
        (&rules, json!({ "name": "r", "type": "PASSWORD", "actions": {} }), "type"),
        (&rules, on(json!({ "access": "PERHAPS" })), "actions"),
        (&rules, on(json!({ "access": "ALLOW", "requireFactor": true })), "factorPromptMode"),
        (&rules, on(json!({ "access": "ALLOW", "challenge": { "chain": [] } })), "challenge"),
        (
            &rules,
            json!({ "name": "r", "conditions": { "riskScore": { "level": "HIGH" } }, "actions": { "signon": { "access": "DENY" } } }),
            "riskScore",
        ),
        (
            &rules,
            json!({ "name": "r", "conditions": { "network": { "connection": "ZONE", "include": ["nzo00000000000000000"] } }, "actions": { "signon": { "access": "DENY" } } }),
            "nzo",
        ),
    ] {
        let answer = staff.app.post(path, &staff.root.token, &body).await;
        answer.refused(400, "E0000001");
        let causes = answer.json()["errorCauses"].to_string();
        assert!(causes.contains(word), "{body}: {causes}");
    }
    staff.app.get(&policies, &staff.root.token).await.refused(400, "E0000028");
    staff.app.get("/api/v1/policies?type=NONE", &staff.root.token).await.refused(400, "E0000001");
    assert_eq!(staff.list("type=ACCESS_POLICY").await.len(), 0);
    let missing = format!("{policies}/00p00000000000000000");
    staff.app.get(&missing, &staff.root.token).await.refused(404, "E0000007");
    put(&staff.app, &missing, &staff.root.token, &json!({ "name": "x" })).await.refused(404, "E0000007");
    delete(&staff.app, &missing, &staff.root.token).await.refused(404, "E0000007");
    let mapped = format!("{policies}/{}/mappings", id(&default[0]));
    assert_eq!(staff.app.get(&mapped, &staff.root.token).await.expect(200).json(), json!([]));
    staff.app.post(&mapped, &staff.root.token, &json!({})).await.refused(400, "E0000001");
    staff.app.get(&format!("{mapped}/x"), &staff.root.token).await.refused(404, "E0000007");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_shuts_every_super_administrator_out() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let policy = staff.policy(&json!({ "type": "OKTA_SIGN_ON", "name": "Closed" })).await;
        let path = format!("/api/v1/policies/{}/rules", id(&policy));
        let refused = staff.app.post(&path, &staff.root.token, &deny("nobody")).await;
        refused.refused(400, "E0000001");
        assert!(refused.text().contains("shut administrators out"), "{}", refused.text());
        // Kept while it takes no part, and refused when it would.
        let off = format!("{path}?activate=false");
        let rule = staff.app.post(&off, &staff.root.token, &deny("nobody")).await.expect(200).json();
        let on = format!("{path}/{}/lifecycle/activate", id(&rule));
        staff.app.post(&on, &staff.root.token, &Value::Null).await.refused(400, "E0000001");
        let default = staff.list("type=OKTA_SIGN_ON&expand=rules").await.pop().unwrap();
        let rule = format!("/api/v1/policies/{}/rules/{}", id(&default), id(&default["_embedded"]["rules"][0]));
        put(&staff.app, &rule, &staff.root.token, &deny("Default Rule")).await.refused(400, "E0000001");
        // Others may be shut out.
        let group = staff.group("gone").await;
        let body = json!({ "name": "Closed", "conditions": { "people": { "groups": { "include": [group] } } } });
        put(&staff.app, &format!("/api/v1/policies/{}", id(&policy)), &staff.root.token, &body).await.expect(200);
        staff.app.post(&on, &staff.root.token, &Value::Null).await.expect(204);
        // And a group that a super administrator is in does not let the condition go.
        let body = json!({ "name": "Closed", "conditions": {} });
        put(&staff.app, &format!("/api/v1/policies/{}", id(&policy)), &staff.root.token, &body)
            .await
            .refused(400, "E0000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_says_which_rule_answers_and_which_do_not() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let group = staff.group("watch").await;
    let grace = staff.with("grace", &[]).await;
    staff
        .app
        .call(Method::PUT, &format!("/api/v1/groups/{group}/users/{}", grace.id), &staff.root.token, &Value::Null)
        .await
        .expect(204);
    let body = json!({ "type": "OKTA_SIGN_ON", "name": "Watch", "conditions": { "people": { "groups": { "include": [group] } } } });
    let policy = staff.policy(&body).await;
    let path = format!("/api/v1/policies/{}/rules", id(&policy));
    staff.app.post(&path, &staff.root.token, &deny("none")).await.expect(200);
    let ask = async |context: Value| {
        let body = json!([{ "appInstance": "0oa", "policyTypes": ["OKTA_SIGN_ON"], "policyContext": context }]);
        let path = "/api/v1/policies/simulate?expand=EVALUATED&expand=RULE";
        staff.app.post(path, &staff.root.token, &body).await.expect(200).json()[0].clone()
    };
    let found = ask(json!({ "user": { "id": grace.id }, "groups": { "ids": [] }, "ip": "192.0.2.1" })).await;
    assert_eq!((&found["status"], &found["result"]["policies"][0]["name"]), (&json!("MATCH"), &json!("Watch")));
    assert_eq!(found["result"]["policies"][0]["rules"][0]["name"], "none");
    let found = ask(json!({ "user": { "id": staff.root.id } })).await;
    assert_eq!(found["result"]["policies"][0]["name"], "Default Policy");
    assert_eq!(found["evaluated"]["policies"][0]["conditions"][0], json!({ "type": "people", "status": "NOT_MATCH" }));
    let found = ask(json!({ "groups": { "ids": [group] } })).await;
    assert_eq!(found["result"]["policies"][0]["name"], "Watch");
    let path = "/api/v1/policies/simulate";
    for wrong in [
        json!({}),
        json!([{}]),
        json!([{ "appInstance": "x", "policyTypes": ["PASSWORD"] }]),
        json!([{ "appInstance": "x", "policyContext": { "ip": "here" } }]),
        json!([{ "appInstance": "x", "policyContext": { "user": { "id": grace.id }, "groups": { "ids": [group] } } }]),
    ] {
        staff.app.post(path, &staff.root.token, &wrong).await.refused(400, "E0000001");
    }
    let nobody = json!([{ "appInstance": "x", "policyContext": { "user": { "id": "00u00000000000000000" } } }]);
    staff.app.post(path, &staff.root.token, &nobody).await.refused(404, "E0000007");
    let every = staff.app.post(path, &staff.root.token, &json!([{ "appInstance": "x" }])).await.expect(200).json();
    assert_eq!(every.as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_told_which_rules_answer_and_why() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let group = staff.group("watch").await;
    let body = json!({ "type": "OKTA_SIGN_ON", "name": "Watch", "conditions": { "people": { "groups": { "include": [group] } } } });
    let policy = staff.policy(&body).await;
    staff
        .app
        .post(&format!("/api/v1/policies/{}/rules", id(&policy)), &staff.root.token, &deny("none"))
        .await
        .expect(200);
    let explain = async |login: &str, ip: Option<&str>| {
        let command = Command::PolicyExplain { login: login.into(), ip: ip.map(str::to_owned) };
        // Twins of another organisation made later are never asked: the first one is this.
        match run(&staff.app.app, command).await.unwrap() {
            operator::Answer::Done(lines) => Ok(lines.join("\n")),
            operator::Answer::Refused(why) => Err(why),
        }
    };
    let told = explain(&staff.root.login, Some("192.0.2.7")).await.unwrap();
    assert!(told.contains("OKTA_SIGN_ON: policy \"Default Policy\", rule \"Default Rule\""), "{told}");
    assert!(told.contains("- people: neither the person nor a group of theirs is included"), "{told}");
    assert!(explain("nobody", None).await.unwrap_err().contains("nobody has the login"));
    assert!(explain(&staff.root.login, Some("here")).await.unwrap_err().contains("no network address"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisations_policies_are_not_there_and_others_may_only_look() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let elsewhere = founded(&staff.app, "Elsewhere").await;
    let theirs = staff.app.scratch.store.read(elsewhere, |tx| tx.policies(postern_authn::policy::PolicyType::Password));
    let theirs = theirs.await.unwrap().remove(0).id;
    staff.app.get(&format!("/api/v1/policies/{theirs}"), &staff.root.token).await.refused(404, "E0000007");
    let reader = member(&staff.app, staff.org, "reader", &[Role::ReadOnly]).await;
    staff.app.get("/api/v1/policies?type=PASSWORD", &reader.token).await.expect(200);
    let body = json!({ "type": "PASSWORD", "name": "x" });
    staff.app.post("/api/v1/policies", &reader.token, &body).await.refused(403, "E0000006");
}
