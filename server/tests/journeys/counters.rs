//! Every route that says "wrong" says so only so often: found by walking the table of routes with wrong answers, not by a
//! list of them, so that a new route cannot be forgotten.

use axum::http::Method;
use postern_authn::user::Lifecycle;
use postern_server::app::route_table;
use postern_store::migrate::Engine;
use serde_json::{Value, json};

use crate::authn::{Door, PASSWORD, path};
use crate::factors::id;

/// What says that an answer was wrong.
const WRONG: &[&str] = &["E0000004", "E0000014", "E0000068", "E0000082", "E0000083", "E0000087"];
/// More often nobody is told so in a row.
const MOST: usize = 25;
/// Those that are known to judge answers: the walk must have found them, or it looks in the wrong place.
const JUDGES: &[&str] = &[
    "/api/v1/authn",
    "/api/v1/authn/credentials/change_password",
    "/api/v1/authn/factors/{factor}/lifecycle/activate",
    "/api/v1/authn/factors/{factor}/verify",
    "/api/v1/authn/recovery/answer",
    "/api/v1/authn/recovery/factors/sms/verify",
    "/api/v1/users/{who}/credentials/change_password",
    "/api/v1/users/{who}/credentials/change_recovery_question",
    "/api/v1/users/{who}/credentials/forgot_password_recovery_question",
    "/api/v1/users/{who}/factors/{factor}/lifecycle/activate",
    "/api/v1/users/{who}/factors/{factor}/verify",
];

/// Somebody whose answers are awaited, and where.
struct Awaited {
    who: String,
    login: String,
    factor: String,
    state: Value,
}

/// One of each: who proves a factor, who enrols one, whose password is over, who lost theirs.
async fn awaited(door: &Door, app: &str, number: usize) -> Vec<Awaited> {
    let root = &door.staff.root.token;
    let post = async |path: &str, body: Value| door.app().post(path, root, &body).await.expect(200).json();
    let enter = async |name: &str| {
        let body = json!({ "username": format!("{name}@acme.example"), "password": PASSWORD });
        door.post("", &body).await.expect(200).json()
    };
    let find = async |name: &str| {
        let shown = door.app().get(&format!("/api/v1/users/{name}@acme.example"), root).await.expect(200).json();
        id(&shown).to_owned()
    };
    let mut all = Vec::new();
    let proving = enter("grace").await;
    let one = |who: String, name: &str, factor: String, state: &Value| Awaited {
        who,
        login: format!("{name}@acme.example"),
        factor,
        state: state["stateToken"].clone(),
    };
    all.push(one(find("grace").await, "grace", app.to_owned(), &proving));
    // Somebody who has nothing yet, whatever was done to those before.
    let hal = format!("hal{number}");
    door.give_password(&door.staff.with(&hal, &[]).await).await;
    let state = enter(&hal).await;
    let body = json!({ "factorType": "token:software:totp", "provider": "OKTA" });
    let begun = door.step("/factors", &state, body).await.expect(200).json();
    let factor = id(&begun["_embedded"]["factor"]).to_owned();
    all.push(one(find(&hal).await, &hal, factor, &state));
    all.push(one(find("ivy").await, "ivy", app.to_owned(), &enter("ivy").await));
    let made = post("/api/v1/authn/recovery/password", json!({ "username": "joe@acme.example" })).await;
    let begun =
        door.post("/recovery/token", &json!({ "recoveryToken": made["recoveryToken"] })).await.expect(200).json();
    assert_eq!(path(&begun["_links"]["next"]), "/recovery/answer");
    all.push(one(find("joe").await, "joe", app.to_owned(), &begun));
    let code = json!({ "username": "nobody@acme.example", "factorType": "SMS" });
    let begun = door.post("/recovery/password", &code).await.expect(200).json();
    all.push(one(find("joe").await, "nobody", app.to_owned(), &begun));
    all
}

/// A policy by which the recovery question is asked, and where no factor is.
async fn policies(door: &Door) {
    let root = &door.staff.root.token;
    let recovery =
        json!({ "factors": { "recovery_question": { "status": "ACTIVE" }, "okta_sms": { "status": "ACTIVE" } } });
    let reset = json!({ "selfServicePasswordReset": { "access": "ALLOW" }, "passwordChange": { "access": "ALLOW" } });
    let ivy = door.app().get("/api/v1/users/ivy@acme.example", root).await.expect(200).json();
    let only = json!({ "people": { "users": { "include": [ivy["id"]] } } });
    for (body, actions) in [
        (json!({ "type": "PASSWORD", "name": "Some", "settings": { "recovery": recovery } }), reset),
        (
            json!({ "type": "OKTA_SIGN_ON", "name": "Some", "conditions": only }),
            json!({ "signon": { "access": "ALLOW", "requireFactor": false } }),
        ),
    ] {
        let made = door.app().post("/api/v1/policies", root, &body).await.expect(200).json();
        let rules = format!("/api/v1/policies/{}/rules", id(&made));
        door.app().post(&rules, root, &json!({ "name": "r", "actions": actions })).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_lets_anybody_guess_for_ever() {
    let door = Door::new(Engine::Sqlite).await;
    let app = door.app();
    for name in ["ivy", "joe"] {
        let member = door.staff.with(name, &[]).await;
        door.give_password(&member).await;
    }
    let root = &door.staff.root.token;
    let question = json!({ "credentials": { "recovery_question": { "question": "What do you like?", "answer": "mustard soup" } } });
    for name in ["grace", "joe"] {
        app.post(&format!("/api/v1/users/{name}@acme.example"), root, &question).await.expect(200);
    }
    policies(&door).await;
    let (factor, _) = door.authenticator().await;
    let user = app.app.store.read(door.staff.org, |tx| tx.user_by_login(&"ivy@acme.example".parse().expect("a login")));
    let (user, now) = (user.await.expect("it serves").expect("ivy"), app.app.env().now);
    let expired = app.app.store.write(door.staff.org, |tx| tx.move_user(&user, Lifecycle::ExpirePassword, now));
    expired.await.expect("it serves").expect("she has a password");
    let (mut found, mut endless) = (Vec::new(), Vec::new());
    let is_api = |path: &str| path.starts_with("/api/") || path.starts_with("/recovery/");
    // What is done to an account takes no answer, and would end those that are walked with.
    let is_walked = |path: &str| is_api(path) && !path.starts_with("/api/v1/users/{who}/lifecycle/");
    let routes = route_table().into_iter().filter(|route| route.method == Method::POST && is_walked(route.path));
    for (number, route) in routes.enumerate() {
        // Locks and windows are over.
        app.world.advance_seconds(2 * 3600);
        for awaited in awaited(&door, id(&factor), number).await {
            let body = json!({
                "stateToken": awaited.state, "username": awaited.login,
                "passCode": "000000", "answer": "ketchup",
                "oldPassword": "not the one at all", "newPassword": "one that is never kept",
            });
            let nested = json!({
                "username": awaited.login, "passCode": "000000",
                "password": { "value": "one that is never kept" }, "oldPassword": { "value": "not the one at all" },
                "newPassword": { "value": "one that is never kept" },
                "recovery_question": { "question": "What else?", "answer": "ketchup" },
            });
            let first = json!({ "username": awaited.login, "password": "not the one at all" });
            let filled = route.path.replace("{who}", &awaited.who).replace("{factor}", &awaited.factor);
            for (token, body) in [("", &body), (root.as_str(), &body), (root.as_str(), &nested), ("", &first)] {
                let mut times = 0;
                while times < MOST {
                    let answer = app.post(&filled, token, body).await;
                    let code = if answer.bytes.is_empty() { Value::Null } else { answer.json()["errorCode"].clone() };
                    if !code.as_str().is_some_and(|code| WRONG.contains(&code)) {
                        break;
                    }
                    times += 1;
                }
                if times > 0 {
                    found.push(route.path);
                }
                if times == MOST {
                    endless.push((route.path, awaited.login.clone(), body.clone()));
                }
            }
        }
    }
    assert!(endless.is_empty(), "these answer a wrong guess as often as one likes: {endless:?}");
    let missed: Vec<_> = JUDGES.iter().filter(|judge| !found.contains(judge)).collect();
    assert!(missed.is_empty(), "the walk did not find {missed:?} among {found:?}");
}
