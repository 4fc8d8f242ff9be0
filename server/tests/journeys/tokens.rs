//! API tokens: made with a second factor at hand, never worth more than their owner, limited, changed, revoked.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::harbour::Harbour;
use crate::staff::Staff;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_in_a_session_with_a_fresh_factor_and_shown_once() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        let wanted = json!({ "name": "ticket robot", "grants": ["recovery_pins"] });
        let made = browser.call("/api/v1/api-tokens", &wanted).await.expect(201).json();
        let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
        assert_eq!(made["grants"], json!(["recovery_pins"]));
        let path = format!("/api/v1/api-tokens/{id}");
        let seen = harbour.app.get(&path, token).await.expect(200);
        assert!(!seen.text().contains(token));
        // A token makes no tokens, and neither does a session whose factor is stale.
        harbour.app.post("/api/v1/api-tokens", token, &wanted).await.refused(403, "step_up_required");
        harbour.app.world.advance_seconds(301);
        browser.call("/api/v1/api-tokens", &wanted).await.refused(403, "step_up_required");
        assert_eq!(harbour.events("system.api_token.create").await.len(), 3);
        // Its owner's rights are its own, at every request.
        harbour.app.get("/api/v1/logs", token).await.expect(200);
        let (ada, env) = (&harbour.ada, harbour.app.app.env());
        let demoted = harbour.app.app.store.write(ada.org, |tx| {
            for held in tx.role_assignments(ada.id)? {
                tx.take_role(held.id)?;
            }
            tx.assign_role(ada.id, Role::App, "test", &env)
        });
        demoted.await.unwrap();
        harbour.app.get("/api/v1/logs", token).await.refused(403, "E0000006");
        harbour.app.get("/api/v1/users", token).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renamed_limited_and_revoked_by_whoever_may() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let boss = staff.with("boss", &[Role::Org]).await;
        let list = staff.app.get("/api/v1/api-tokens", &boss.token).await.expect(200).json();
        let of = |id: &str| {
            let found = list.as_array().unwrap().iter().find(|token| token["userId"] == id);
            format!("/api/v1/api-tokens/{}", found.unwrap()["id"].as_str().unwrap())
        };
        let (own, roots) = (of(boss.id.as_str()), of(staff.root.id.as_str()));
        let put = |path: String, token: String, body: Value| {
            let app = &staff.app;
            async move { app.call(Method::PUT, &path, &token, &body).await }
        };
        let renamed = put(own.clone(), boss.token.clone(), json!({ "name": "night run" })).await.expect(200).json();
        assert_eq!((&renamed["name"], &renamed["network"]["connection"]), (&json!("night run"), &json!("ANYWHERE")));
        put(roots.clone(), boss.token.clone(), json!({ "name": "mine" })).await.refused(403, "E0000006");
        for wrong in [
            json!({ "name": "" }),
            json!({ "network": { "connection": "ZONE" } }),
            json!({ "network": { "connection": "ANYWHERE", "include": ["nzo00000000000000000"] } }),
            json!({ "network": { "connection": "ZONE", "include": ["nzo00000000000000000"] } }),
            json!({ "network": { "connection": "MOON" } }),
        ] {
            put(own.clone(), boss.token.clone(), wrong).await.refused(400, "E0000001");
        }
        let reader = staff.with("reader", &[Role::ReadOnly]).await;
        staff.app.get(&own, &reader.token).await.expect(200);
        put(own.clone(), reader.token.clone(), json!({ "name": "mine" })).await.refused(403, "E0000006");
        staff
            .app
            .get("/api/v1/api-tokens", &staff.with("desk", &[Role::HelpDesk]).await.token)
            .await
            .refused(403, "E0000006");
        staff.app.call(Method::DELETE, &roots, &boss.token, &Value::Null).await.refused(403, "E0000006");
        staff.app.call(Method::DELETE, &own, &staff.root.token, &Value::Null).await.expect(204);
        staff.app.get("/api/v1/users/me", &boss.token).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_token_is_worth_nothing_elsewhere() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let boss = staff.with("boss", &[Role::Org]).await;
        let env = staff.app.app.env();
        let limited = staff.app.app.store.write(staff.org, |tx| {
            let token =
                tx.tokens(env.now, "", u32::MAX)?.into_iter().find(|token| token.user == boss.id).expect("a token");
            let network = serde_json::from_value(json!({ "connection": "ZONE", "include": ["nzo00000000000000000"] }));
            tx.set_token(token.id, &"office".parse().expect("a name"), &network.expect("a network"), env.now)
        });
        assert!(limited.await.unwrap());
        staff.app.get("/api/v1/users/me", &boss.token).await.refused(403, "E0000006");
        let path = "/api/v1/logs?filter=eventType+eq+%22system.api_token.request_outside_allowed_range%22";
        let events = staff.app.get(path, &staff.root.token).await.expect(200).json();
        assert_eq!(events[0]["actor"]["id"], boss.id.as_str());
        assert_eq!(events[0]["outcome"]["result"], "FAILURE");
    }
}
