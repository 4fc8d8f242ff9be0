//! People, groups, roles and tokens over the API: what is done, what is refused and with which code.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::permission::Role;
use postern_store::scratch;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::staff::{Staff, founded, member};

fn profile(login: &str) -> Value {
    json!({ "profile": { "login": login, "email": login, "firstName": "Grace", "lastName": "Hopper" } })
}

fn links(answer: &Answer) -> Vec<String> {
    answer.headers.get_all(header::LINK).iter().map(|link| link.to_str().unwrap().to_owned()).collect()
}

/// What follows the host in the link of a relation.
fn link(answer: &Answer, relation: &str) -> Option<String> {
    let suffix = format!("; rel=\"{relation}\"");
    let found = links(answer).into_iter().find_map(|link| link.strip_suffix(&suffix).map(str::to_owned))?;
    found.strip_prefix("<http://localhost:8080").and_then(|rest| rest.strip_suffix('>')).map(str::to_owned)
}

impl Staff {
    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        self.app.call(method, path, &self.root.token, &body).await
    }

    async fn event(&self, kind: &str) -> Value {
        let path = format!("/api/v1/logs?sortOrder=DESCENDING&limit=1&filter=eventType+eq+%22{kind}%22");
        self.app.get(&path, &self.root.token).await.expect(200).json()[0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_made_found_changed_and_shut_out() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let mut body = profile("Grace@acme.example");
        body["profile"]["mobilePhone"] = "+1 555 0100".into();
        body["credentials"] = json!({ "password": { "value": "four plain small words" } });
        let made = staff.call(Method::POST, "/api/v1/users", body).await.expect(200).json();
        assert_eq!(made["status"], "ACTIVE");
        assert_eq!(made["profile"]["mobilePhone"], "+1 555 0100");
        assert_eq!(made["credentials"]["provider"]["type"], "OKTA");
        assert!(made["passwordChanged"].is_string() && made["activated"].is_string(), "{made}");
        assert!(!made.to_string().contains("argon2"), "{made}");
        let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());

        for who in [&path, "/api/v1/users/grace@ACME.example", "/api/v1/users/grace"] {
            let found = staff.app.get(who, &staff.root.token).await.expect(200).json();
            assert_eq!(found, made, "{who}");
        }
        assert_eq!(staff.app.get("/api/v1/users/me", &staff.root.token).await.json()["id"], staff.root.id.as_str());

        staff.app.world.advance_seconds(60);
        let changed = json!({ "profile": { "mobilePhone": "+1 555 0199", "nickName": null } });
        let changed = staff.call(Method::POST, &path, changed).await.expect(200).json();
        assert_eq!(changed["profile"]["mobilePhone"], "+1 555 0199");
        assert_eq!(changed["profile"]["firstName"], "Grace", "what is not named stays");
        let replaced = staff.call(Method::PUT, &path, profile("grace@acme.example")).await.expect(200).json();
        assert_eq!(replaced["profile"]["mobilePhone"], Value::Null, "what is not named is gone");

        let id = made["id"].as_str().unwrap().parse().unwrap();
        let contacts = staff.app.scratch.store.read(staff.org, |tx| tx.contacts(id)).await.unwrap();
        let phones: Vec<_> = contacts.iter().filter(|point| point.value.starts_with('+')).collect();
        assert_eq!(phones.len(), 2, "{contacts:?}");
        assert!(phones.iter().all(|point| point.until_at.is_some() && point.changed_by == staff.root.id.as_str()));

        assert_eq!(staff.call(Method::POST, &format!("{path}/lifecycle/suspend"), Value::Null).await.json(), json!({}));
        assert_eq!(staff.app.get(&path, &staff.root.token).await.json()["status"], "SUSPENDED");
        // Events of one moment have no order.
        staff.app.world.advance_seconds(1);
        let again = staff.call(Method::POST, &format!("{path}/lifecycle/suspend"), Value::Null).await;
        again.refused(400, "E0000001");
        assert_eq!(
            staff.event("user.lifecycle.suspend").await["outcome"],
            json!({ "result": "FAILURE", "reason": "status" })
        );
        staff.call(Method::POST, &format!("{path}/lifecycle/unsuspend"), Value::Null).await.expect(200);
        staff.call(Method::POST, &format!("{path}/lifecycle/activate"), Value::Null).await.refused(403, "E0000016");
        staff.call(Method::POST, &format!("{path}/lifecycle/unlock"), Value::Null).await.refused(403, "E0000032");
        staff.call(Method::DELETE, &format!("{path}/sessions"), Value::Null).await.expect(204);
        staff.call(Method::POST, &format!("{path}/lifecycle/deactivate"), Value::Null).await.expect(200);
        staff.call(Method::POST, &path, json!({ "profile": {} })).await.refused(403, "E0000038");
        let listed = staff.app.get("/api/v1/users", &staff.root.token).await.json();
        assert_eq!(listed.as_array().unwrap().len(), 1, "those whose account has ended are left out");
        let gone = r"/api/v1/users?filter=status+eq+%22DEPROVISIONED%22";
        assert_eq!(staff.app.get(gone, &staff.root.token).await.json().as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_nobody_is_active() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let made = staff.call(Method::POST, "/api/v1/users", profile("a@acme.example")).await.expect(200).json();
    assert_eq!(made["status"], "PROVISIONED");
    let staged = staff.call(Method::POST, "/api/v1/users?activate=false", profile("b@acme.example")).await.json();
    assert_eq!(staged["status"], "STAGED");
    assert!(staged["_links"]["activate"]["href"].as_str().unwrap().ends_with("/lifecycle/activate"));
    assert_eq!(staged["_links"]["unsuspend"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_belongs_to_one_person() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let taken = staff.call(Method::POST, "/api/v1/users", profile("ROOT@acme.example")).await;
        let cause = taken.json()["errorCauses"][0]["errorSummary"].as_str().unwrap().to_owned();
        assert_eq!(cause, "login: An object with this field already exists in the current organization");
        taken.refused(400, "E0000001");
        let other = staff.with("other", &[]).await;
        let path = format!("/api/v1/users/{}", other.id);
        let renamed = json!({ "profile": { "login": "Root@acme.example" } });
        staff.call(Method::POST, &path, renamed).await.refused(400, "E0000001");
        let recased = json!({ "profile": { "login": "OTHER@acme.example" } });
        staff.call(Method::POST, &path, recased).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_on_somebody_above_or_ends_themselves() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        let admin = staff.with("admin", &[Role::Org]).await;
        let step = async |by: &str, who: &str, step: &str| {
            staff.app.post(&format!("/api/v1/users/{who}/lifecycle/{step}"), by, &Value::Null).await
        };
        for verb in ["suspend", "deactivate", "unsuspend", "activate", "unlock"] {
            step(&desk.token, admin.id.as_str(), verb).await.refused(403, "E0000006");
            step(&admin.token, staff.root.id.as_str(), verb).await.refused(403, "E0000006");
        }
        assert_eq!(staff.event("user.lifecycle.suspend").await["outcome"]["reason"], "above");
        let rename = json!({ "profile": { "email": "mine@evil.example" } });
        let path = format!("/api/v1/users/{}", staff.root.id);
        staff.app.post(&path, &admin.token, &rename).await.refused(403, "E0000006");
        step(&admin.token, "me", "suspend").await.refused(403, "E0000006");
        assert_eq!(staff.event("user.lifecycle.suspend").await["outcome"]["reason"], "self");
        step(&admin.token, desk.id.as_str(), "suspend").await.expect(200);
        staff.app.get("/api/v1/users/me", &desk.token).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_super_administrator_stays() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let second = staff.with("second", &[Role::Super]).await;
        let suspend = format!("/api/v1/users/{}/lifecycle/suspend", staff.root.id);
        staff.app.post(&suspend, &second.token, &Value::Null).await.expect(200);
        // Somebody suspended keeps the role but cannot act: the second is the last.
        let roles = format!("/api/v1/users/{}/roles", second.id);
        let held = staff.app.get(&roles, &second.token).await.expect(200).json();
        let role = format!("{roles}/{}", held[0]["id"].as_str().unwrap());
        let taken = staff.app.call(Method::DELETE, &role, &second.token, &Value::Null).await;
        taken.refused(403, "E0000006");
        let unsuspend = format!("/api/v1/users/{}/lifecycle/unsuspend", staff.root.id);
        staff.app.post(&unsuspend, &second.token, &Value::Null).await.expect(200);
        staff.app.call(Method::DELETE, &role, &second.token, &Value::Null).await.expect(204);
        staff.app.post(&suspend, &second.token, &Value::Null).await.refused(403, "E0000006");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_super_administrators_cannot_remove_each_other_at_once() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let second = staff.with("second", &[Role::Super]).await;
        let path = |who: &str| format!("/api/v1/users/{who}/lifecycle/suspend");
        let staff = std::sync::Arc::new(staff);
        // A task each, as the server has it.
        let send = |who: &str, token: &str| {
            let (staff, path, token) = (std::sync::Arc::clone(&staff), path(who), token.to_owned());
            tokio::spawn(async move { staff.app.post(&path, &token, &Value::Null).await })
        };
        let (first, other) = (send(second.id.as_str(), &staff.root.token), send(staff.root.id.as_str(), &second.token));
        let (first, other) = (first.await.unwrap(), other.await.unwrap());
        assert!(first.status.as_u16() < 500 && other.status.as_u16() < 500, "{} {}", first.text(), other.text());
        let done = [&first, &other].into_iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(done, 1, "{} {}", first.text(), other.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_given_once_and_by_super_administrators_alone() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let person = staff.with("grace", &[]).await;
        let path = format!("/api/v1/users/{}/roles", person.id);
        let wanted = json!({ "type": "HELP_DESK_ADMIN" });
        let given = staff.call(Method::POST, &path, wanted.clone()).await.expect(201).json();
        assert_eq!(given["label"], "Help desk administrator");
        assert_eq!(given["assignmentType"], "USER");
        staff.call(Method::POST, &path, wanted.clone()).await.refused(409, "E0000090");
        staff.call(Method::POST, &path, json!({ "type": "CUSTOM" })).await.refused(400, "E0000001");
        let admin = staff.with("admin", &[Role::Org]).await;
        staff.app.post(&path, &admin.token, &wanted).await.refused(403, "E0000006");
        let one = format!("{path}/{}", given["id"].as_str().unwrap());
        assert_eq!(staff.app.get(&one, &staff.root.token).await.expect(200).json(), given);
        staff.call(Method::DELETE, &one, Value::Null).await.expect(204);
        staff.call(Method::DELETE, &one, Value::Null).await.refused(404, "E0000007");
        assert_eq!(staff.event("user.account.privilege.revoke").await["target"][0]["id"], person.id.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_hold_people_and_everybody_is_in_the_built_in_one() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let grace = staff.with("grace", &[]).await;
        let night = json!({ "profile": { "name": "Night shift", "description": "22 to 6" } });
        let group = staff.call(Method::POST, "/api/v1/groups", night.clone()).await.expect(200).json();
        assert_eq!((group["type"].as_str(), group["profile"].clone()), (Some("OKTA_GROUP"), night["profile"].clone()));
        staff.call(Method::POST, "/api/v1/groups", night).await.refused(400, "E0000001");
        let path = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
        let seat = format!("{path}/users/{}", grace.id);
        for _ in 0..2 {
            staff.call(Method::PUT, &seat, Value::Null).await.expect(204);
        }
        let members = staff.app.get(&format!("{path}/users"), &staff.root.token).await.expect(200).json();
        assert_eq!(members.as_array().unwrap().len(), 1);
        let of = staff.app.get(&format!("/api/v1/users/{}/groups", grace.id), &staff.root.token).await.json();
        let names: Vec<_> = of.as_array().unwrap().iter().map(|group| group["profile"]["name"].clone()).collect();
        assert_eq!(names, ["Everyone", "Night shift"]);

        let everyone = format!("/api/v1/groups/{}", of[0]["id"].as_str().unwrap());
        let all = staff.app.get(&format!("{everyone}/users"), &staff.root.token).await.json();
        assert_eq!(all.as_array().unwrap().len(), 2);
        staff.call(Method::DELETE, &everyone, Value::Null).await.refused(400, "E0000001");
        staff
            .call(Method::DELETE, &format!("{everyone}/users/{}", grace.id), Value::Null)
            .await
            .refused(400, "E0000001");

        let renamed = json!({ "profile": { "name": "Late shift" } });
        let renamed = staff.call(Method::PUT, &path, renamed).await.expect(200).json();
        assert_eq!(renamed["profile"]["description"], "");
        let found = staff.app.get("/api/v1/groups?q=late", &staff.root.token).await.json();
        assert_eq!(found.as_array().unwrap().len(), 1);
        staff.call(Method::DELETE, &seat, Value::Null).await.expect(204);
        staff.call(Method::PUT, &seat, Value::Null).await.expect(204);
        staff.call(Method::DELETE, &path, Value::Null).await.expect(204);
        staff.app.get(&path, &staff.root.token).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_their_links_to_the_end() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for n in 0..4 {
            staff.with(&format!("person{n}"), &[]).await;
        }
        let (mut path, mut seen, mut pages) = ("/api/v1/users/?limit=2&search=id+pr".to_owned(), Vec::new(), 0);
        loop {
            let page = staff.app.get(&path, &staff.root.token).await.expect(200);
            seen.extend(page.json().as_array().unwrap().iter().map(|person| person["id"].clone()));
            pages += 1;
            let relations = links(&page);
            assert!(relations[0].ends_with("rel=\"self\""), "self comes first: {relations:?}");
            match link(&page, "next") {
                Some(next) => path = next,
                None => break,
            }
        }
        assert_eq!((seen.len(), pages), (5, 3));
        seen.sort_by_key(Value::to_string);
        seen.dedup();
        assert_eq!(seen.len(), 5, "each once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_listed_without_its_text_and_dies_when_revoked() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        assert!(desk.token.starts_with("00") && desk.token.len() == 42, "the documented form");
        let listed = staff.app.get("/api/v1/api-tokens", &staff.root.token).await.expect(200);
        assert!(!listed.text().contains(&desk.token));
        let tokens = listed.json();
        let of_desk = tokens.as_array().unwrap().iter().find(|token| token["userId"] == desk.id.as_str()).unwrap();
        let path = format!("/api/v1/api-tokens/{}", of_desk["id"].as_str().unwrap());
        assert_eq!(staff.app.get(&path, &staff.root.token).await.expect(200).json()["tokenWindow"], "P30D");
        staff.app.get("/api/v1/users/me", &desk.token).await.expect(200);
        staff.call(Method::DELETE, &path, Value::Null).await.expect(204);
        staff.app.get("/api/v1/users/me", &desk.token).await.refused(401, "E0000011");
        staff.call(Method::DELETE, &path, Value::Null).await.refused(404, "E0000007");

        let admin = staff.with("admin", &[Role::Org]).await;
        let roots = tokens.as_array().unwrap().iter().find(|token| token["userId"] == staff.root.id.as_str()).unwrap();
        let roots = format!("/api/v1/api-tokens/{}", roots["id"].as_str().unwrap());
        staff.app.call(Method::DELETE, &roots, &admin.token, &Value::Null).await.refused(403, "E0000006");
        staff.call(Method::DELETE, "/api/v1/api-tokens/current", Value::Null).await.expect(204);
        staff.app.get("/api/v1/users/me", &staff.root.token).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lives_while_it_is_used_and_its_scheme_is_read_leniently() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    for _ in 0..3 {
        staff.app.world.advance_seconds(29 * 86_400);
        staff.app.get("/api/v1/users/me", &staff.root.token).await.expect(200);
    }
    for scheme in ["SSWS", "ssws ", "SsWs   "] {
        let request = Request::get("/api/v1/users/me").header("authorization", format!("{scheme}{}", staff.root.token));
        staff.app.send(request.body(Body::empty()).unwrap()).await.expect(200);
    }
    staff.app.world.advance_seconds(30 * 86_400 + 1);
    staff.app.get("/api/v1/users/me", &staff.root.token).await.refused(401, "E0000011");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisation_is_not_there() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let elsewhere = founded(&staff.app, "Elsewhere").await;
        let stranger = member(&staff.app, elsewhere, "stranger", &[Role::Super]).await;
        let theirs = staff.app.scratch.store.read(elsewhere, |tx| {
            Ok((
                tx.groups(&postern_store::groups::GroupQuery::default(), 1)?.remove(0).id,
                tx.tokens(staff.app.app.env().now, "", 1)?.remove(0).id,
            ))
        });
        let (group, token) = theirs.await.unwrap();
        for who in [stranger.id.as_str(), stranger.login.as_str(), "stranger"] {
            for (method, suffix) in [
                (Method::GET, ""),
                (Method::POST, "/lifecycle/suspend"),
                (Method::POST, "/lifecycle/deactivate"),
                (Method::GET, "/groups"),
                (Method::GET, "/roles"),
                (Method::DELETE, "/sessions"),
            ] {
                let path = format!("/api/v1/users/{who}{suffix}");
                staff.call(method, &path, Value::Null).await.refused(404, "E0000007");
            }
        }
        staff.call(Method::GET, &format!("/api/v1/groups/{group}"), Value::Null).await.refused(404, "E0000007");
        staff.call(Method::DELETE, &format!("/api/v1/api-tokens/{token}"), Value::Null).await.refused(404, "E0000007");
        let listed = staff.app.get("/api/v1/users", &staff.root.token).await.text();
        assert!(!listed.contains("stranger"));
        let logs = staff.app.get("/api/v1/logs?filter=target.id+pr", &staff.root.token).await.text();
        assert!(!logs.contains(stranger.id.as_str()));
        staff.app.get("/api/v1/users/me", &stranger.token).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_wrong_is_refused_with_its_code() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let send = async |body: Vec<u8>| {
        let request = Request::post("/api/v1/users").header("authorization", format!("SSWS {}", staff.root.token));
        staff.app.send(request.body(Body::from(body)).unwrap()).await
    };
    for (body, status, code) in [
        ("", 400, "E0000003"),
        ("{", 400, "E0000003"),
        ("\"text\"", 400, "E0000001"),
        ("[]", 400, "E0000001"),
        ("{}", 400, "E0000001"),
        (r#"{"profile": []}"#, 400, "E0000001"),
        (r#"{"profile": {"login": 5}}"#, 400, "E0000001"),
        (r#"{"profile": {}, "groupIds": "x"}"#, 400, "E0000001"),
    ] {
        send(body.into()).await.refused(status, code);
    }
    send(b"{\"profile\": {\"login\": \"\xff\xfe\"}}".to_vec()).await.refused(400, "E0000003");
    send(vec![b' '; 65 * 1024]).await.refused(413, "E0000001");
    let mut long = profile("x@acme.example");
    long["profile"]["firstName"] = "x".repeat(51).into();
    send(long.to_string().into()).await.refused(400, "E0000001");
    let mut weak = profile("x@acme.example");
    weak["credentials"] = json!({ "password": { "value": "short" } });
    let refused = send(weak.to_string().into()).await;
    assert!(!refused.text().contains("\"short\""), "a password is not repeated");
    refused.refused(400, "E0000001");
    let mut many = profile("x@acme.example");
    many["groupIds"] = vec!["00g00000000000000000"; 21].into();
    send(many.to_string().into()).await.refused(400, "E0000093");
    many["groupIds"] = json!(["00g00000000000000000"]);
    send(many.to_string().into()).await.refused(404, "E0000007");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_wrong_is_refused_with_its_code() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    for (path, status, code) in [
        ("/api/v1/users?search=status", 400, "E0000031"),
        ("/api/v1/users?search=shoeSize+eq+%2238%22", 400, "E0000031"),
        ("/api/v1/users?filter=created+gt+%22yesterday%22", 400, "E0000094"),
        ("/api/v1/users?filter=created+gt", 400, "E0000053"),
        ("/api/v1/users?limit=many", 400, "E0000001"),
        ("/api/v1/users?after=00g00000000000000000", 400, "E0000001"),
        ("/api/v1/users/00u00000000000000000", 404, "E0000007"),
        ("/api/v1/users/%FF%FE", 404, "E0000008"),
        ("/api/v1/logs?sortOrder=UP", 400, "E0000001"),
        ("/api/v1/logs?since=monday", 400, "E0000001"),
        ("/api/v1/logs?filter=published+gt+%222026-01-01T00:00:00Z%22", 400, "E0000031"),
        ("/api/v1/logs?after=first", 400, "E0000001"),
    ] {
        staff.app.get(path, &staff.root.token).await.refused(status, code);
    }
    staff.call(Method::DELETE, "/api/v1/users", Value::Null).await.refused(405, "E0000022");
    staff.app.get("//api/v1//users/", &staff.root.token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_filter_however_strange_makes_the_server_fail() {
    let staff = Staff::new(postern_store::migrate::Engine::Sqlite).await;
    let mut runner = TestRunner::deterministic();
    let attribute = prop::sample::select(vec!["id", "status", "profile.email", "profile.mobilePhone", "created", "x"]);
    let operator = prop::sample::select(vec!["eq", "ne", "sw", "co", "ew", "gt", "pr"]);
    let wild = (attribute, operator, "\\PC{0,12}", "[ ()\"a-z]{0,12}")
        .prop_map(|(attribute, operator, value, tail)| format!("{attribute} {operator} {}{tail}", json!(value)));
    for _ in 0..200 {
        let filter = wild.new_tree(&mut runner).unwrap().current();
        let encoded: Vec<String> = filter.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let encoded = encoded.concat();
        let answer = staff.app.get(&format!("/api/v1/users?search={encoded}"), &staff.root.token).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400), "{filter}: {}", answer.text());
    }
}
