//! An administrator whose role reaches a resource set alone: no route, whatever it is, leads them to anybody or anything
//! outside. The table of routes is the server's own.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::permission::{Area, Permission};
use postern_server::api::routes::{Access, Route};
use postern_server::app::route_table;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::staff::Staff;

/// Members of a body that many routes take, so that they come as far as asking whom it is about.
fn body() -> Value {
    json!({
        "profile": { "name": "Mine", "firstName": "Mine" },
        "name": "Mine",
        "type": "HELP_DESK_ADMIN",
        "reason": "outside",
        "mode": "TIME",
        "credentials": { "password": { "value": "four plain small words" } },
        "oldPassword": { "value": "four plain small words" },
        "newPassword": { "value": "five plain small words, no more" },
    })
}

fn request(method: &Method, path: &str, token: &str, body: &str, kind: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
    let request = request.header(header::AUTHORIZATION, format!("SSWS {token}")).header(header::CONTENT_TYPE, kind);
    let body = if method == Method::GET { Body::empty() } else { Body::from(body.to_owned()) };
    request.body(body).expect("a request")
}

/// What is outside, by the names that paths have for it.
fn filled(route: &Route, outside: &BTreeMap<&str, String>) -> (String, bool) {
    let mut is_about = false;
    let member = |part: &str, is_about: &mut bool| {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        match name.map(|name| outside.get(name)) {
            None => part.to_owned(),
            Some(Some(id)) => {
                *is_about = true;
                id.clone()
            }
            Some(None) => "nobody00000000000000".to_owned(),
        }
    };
    let path = route.path.split('/').map(|part| member(part, &mut is_about)).collect::<Vec<_>>().join("/");
    (path, is_about)
}

impl Staff {
    /// A role of every permission that a resource set can limit.
    async fn whole_role(&self) -> String {
        let limited = Permission::ALL
            .iter()
            .filter(|permission| matches!(permission.area(), Area::Devices | Area::Groups | Area::Users));
        let permissions: Vec<&str> = limited.map(|permission| permission.as_str()).collect();
        self.role("Everything there", &permissions).await
    }

    /// How what is outside stands.
    async fn state(&self, outside: &BTreeMap<&str, String>) -> Vec<Value> {
        let (person, group) = (&outside["person"], &outside["group"]);
        let mut state = Vec::new();
        for path in [
            format!("/api/v1/users/{person}"),
            format!("/api/v1/users/{person}/groups"),
            format!("/api/v1/users/{person}/roles"),
            format!("/api/v1/groups/{group}"),
            format!("/api/v1/groups/{group}/users"),
            format!("/api/v1/groups/{group}/owners"),
            format!("/api/v1/groups/{group}/roles"),
            format!("/api/v1/api-tokens/{}", outside["token"]),
        ] {
            state.push(self.app.get(&path, &self.root.token).await.expect(200).json());
        }
        state
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_leads_a_scoped_administrator_outside_their_set() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (inside, outside) = (staff.with("inside", &[]).await, staff.with("outside", &[]).await);
        let own = staff.group_of("Own", &[&inside]).await;
        let foreign = staff.group_of("Foreign", &[&outside]).await;
        let resources = [format!("/api/v1/groups/{own}/users"), format!("/api/v1/groups/{own}")];
        let set = staff.set("Own people", &resources).await;
        let role = staff.whole_role().await;
        let tokens = staff.app.get("/api/v1/api-tokens", &staff.root.token).await.expect(200).json();
        let of_outside =
            tokens.as_array().unwrap().iter().find(|token| token["userId"] == outside.id.as_str()).unwrap();
        let session = staff.app.app.store.write(staff.org, |tx| {
            let grant = postern_store::session_tokens::SessionGrant {
                user: outside.id,
                amr: "pwd mfa".into(),
                factor_at: None,
            };
            tx.insert_session_token(&grant, &staff.app.app.env())
        });
        let token = session.await.unwrap();
        let body_of = json!({ "sessionToken": token.expose() });
        let session = staff.app.post("/api/v1/sessions", "", &body_of).await.expect(200).json();
        let session = session["id"].as_str().unwrap().to_owned();
        let names = ["who", "user", "userId", "person", "owner", "member"].map(|name| (name, outside.id.to_string()));
        let names: BTreeMap<&str, String> = names
            .into_iter()
            .chain(["group", "target"].map(|name| (name, foreign.clone())))
            .chain([("token", of_outside["id"].as_str().unwrap().to_owned()), ("session", session.clone())])
            .collect();
        let before = staff.state(&names).await;
        let (mut wrong, mut asked) = (Vec::new(), 0);
        for (number, route) in route_table().iter().enumerate() {
            if !matches!(route.access, Access::Permission(_) | Access::SignedIn) {
                continue;
            }
            let (path, is_about) = filled(route, &names);
            let is_page = !path.starts_with("/api/") && !path.starts_with("/device-access/");
            let (body, kind) = if is_page {
                ("name=Mine&firstName=Mine".to_owned(), "application/x-www-form-urlencoded")
            } else {
                (body().to_string(), "application/json")
            };
            // Somebody new each time: a route may end the token that asks.
            let holder = staff.holder(&format!("scoped{number}"), &role, &set).await;
            let answer = staff.app.send(request(&route.method, &path, &holder.token, &body, kind)).await;
            let text = answer.text();
            if is_about {
                asked += 1;
            }
            let is_done = answer.status.is_success() && is_about;
            let tells = ["outside@acme.example", "Foreign"].iter().any(|name| text.contains(name));
            if is_done || tells || answer.status.is_server_error() {
                wrong.push(format!("{} {path}: {} {}", route.method, answer.status, &text[..text.len().min(200)]));
            }
        }
        assert!(asked > 80, "only {asked} routes are about somebody or something");
        assert!(wrong.is_empty(), "these lead outside:\n{}", wrong.join("\n"));
        assert_eq!(staff.state(&names).await, before, "something outside has changed");
        let alive = staff.app.get(&format!("/api/v1/sessions/{session}"), &staff.root.token).await;
        alive.expect(200);
    }
}
