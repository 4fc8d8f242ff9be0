//! A step-up that a program of the organisation's own has somebody do: what it proves, to whom, and that nobody gets in by it.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::authn::{Door, PASSWORD, path};
use crate::factors::{code, id};
use crate::sent_codes::other;

async fn call(door: &Door, token: &str, body: Value) -> Answer {
    door.app().call(Method::POST, "/api/v1/authn", token, &body).await
}

fn for_payroll(name: &str) -> Value {
    json!({ "username": name, "audience": "Payroll", "relayState": "r" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_proved_to_a_program_without_a_password_and_opens_nothing() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let asked = call(&door, &door.staff.root.token, for_payroll(&door.grace.login)).await.expect(200).json();
        assert_eq!((&asked["status"], &asked["type"]), (&json!("MFA_REQUIRED"), &json!("SESSION_STEP_UP")));
        let target = json!({ "type": "APP", "name": "Payroll", "label": "Payroll" });
        assert_eq!((&asked["_embedded"]["target"], &asked["relayState"]), (&target, &json!("r")));
        assert_eq!(asked["_embedded"]["user"]["profile"]["login"], json!(door.grace.login));
        let verify = path(&asked["_embedded"]["factors"][0]["_links"]["verify"]);
        for (step, body) in [
            ("/skip", json!({})),
            ("/factors", json!({ "factorType": "token:software:totp", "provider": "OKTA" })),
            ("/factors/password/verify", json!({ "password": PASSWORD })),
            ("/credentials/change_password", json!({ "oldPassword": PASSWORD, "newPassword": "any other long one" })),
            ("/credentials/reset_password", json!({ "newPassword": "any other long one" })),
            ("", json!({ "username": door.staff.root.login, "password": PASSWORD })),
        ] {
            door.step(step, &asked, body).await.refused(403, "E0000079");
        }
        let now = door.now(&secret);
        door.step(&verify, &asked, code(&other(&now))).await.refused(403, "E0000068");
        let done = door.step(&verify, &asked, code(&now)).await.expect(200).json();
        assert_eq!((&done["status"], &done["type"]), (&json!("SUCCESS"), &json!("SESSION_STEP_UP")));
        assert_eq!((done.get("sessionToken"), &done["_embedded"]["target"]), (None, &target));
        door.step(&verify, &asked, code(&now)).await.refused(401, "E0000011");
        assert_eq!(door.events("user.authentication.verify").await, [None]);
        assert_eq!(door.events("user.session.start").await.iter().filter(|why| why.is_none()).count(), 0);
        assert_eq!(asked["_embedded"]["factors"][0]["id"], json!(id(&factor)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_could_not_sign_in_steps_up_no_more_and_no_stranger_begins_it() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let root = door.staff.root.token.clone();
        // Nothing is enrolled by it.
        call(&door, &root, for_payroll(&door.grace.login)).await.refused(401, "E0000004");
        call(&door, &root, for_payroll("nobody@acme.example")).await.refused(401, "E0000004");
        let (_, secret) = door.authenticator().await;
        let asked = call(&door, &root, for_payroll(&door.grace.login)).await.expect(200).json();
        let act = async |step: &str| {
            let path = format!("/api/v1/users/{}/lifecycle/{step}", door.grace.id);
            door.app().post(&path, &root, &Value::Null).await.expect(200);
        };
        act("suspend").await;
        let verify = path(&asked["_embedded"]["factors"][0]["_links"]["verify"]);
        door.step(&verify, &asked, code(&door.now(&secret))).await.refused(401, "E0000011");
        call(&door, &root, for_payroll(&door.grace.login)).await.refused(401, "E0000004");
        act("unsuspend").await;

        let reader = door.staff.with("reader", &[Role::ReadOnly]).await;
        call(&door, &reader.token, for_payroll(&door.grace.login)).await.refused(403, "E0000006");
        let helper = door.staff.with("helper", &[Role::HelpDesk]).await;
        call(&door, &helper.token, for_payroll(&door.staff.root.login)).await.refused(403, "E0000006");
        for token in ["", &door.grace.token] {
            let first = call(&door, token, for_payroll(&door.grace.login)).await.expect(200).json();
            assert_eq!((&first["_embedded"]["factors"][0]["id"], first.get("type")), (&json!("password"), None));
            call(&door, token, json!({ "audience": "Payroll" })).await.refused(400, "E0000001");
        }
        let long = json!({ "username": door.grace.login, "audience": "x".repeat(256) });
        call(&door, &root, long).await.refused(400, "E0000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_who_they_are_at_the_page_signs_in_as_ever() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (_, secret) = door.authenticator().await;
        let begun = call(&door, &door.staff.root.token, json!({ "audience": "Payroll" })).await.expect(200).json();
        assert_eq!((&begun["status"], &begun["type"]), (&json!("UNAUTHENTICATED"), &json!("SESSION_STEP_UP")));
        assert_eq!(
            (path(&begun["_links"]["next"]), &begun["_links"]["next"]["name"]),
            (String::new(), &json!("authenticate"))
        );
        door.step("/factors/password/verify", &begun, json!({ "password": PASSWORD })).await.refused(403, "E0000079");
        let says = |password: &str| json!({ "username": door.grace.login, "password": password });
        door.step("", &begun, says("not the one at all")).await.refused(401, "E0000004");
        let asked = door.step("", &begun, says(PASSWORD)).await.expect(200).json();
        assert_eq!((&asked["status"], &asked["type"]), (&json!("MFA_REQUIRED"), &json!("SESSION_STEP_UP")));
        // It is said no more who it is.
        door.step("", &begun, json!({ "username": door.staff.root.login })).await.refused(403, "E0000079");
        let verify = path(&asked["_embedded"]["factors"][0]["_links"]["verify"]);
        let done = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        assert!(done["status"] == "SUCCESS" && done["sessionToken"].is_string(), "{done}");
        assert_eq!(done["_embedded"]["target"]["name"], "Payroll");
    }
}
