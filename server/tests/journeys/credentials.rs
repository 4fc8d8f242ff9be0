//! Passwords, recovery questions and factors of people, as administrators and they themselves change them.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::accounts::{join_all, password};
use crate::app::Answer;
use crate::harbour::Harbour;
use crate::staff::Staff;

const PASSWORD: &str = "four plain small words";
const ANOTHER: &str = "quite another long one";

fn change(old: &str, new: &str) -> Value {
    json!({ "oldPassword": { "value": old }, "newPassword": { "value": new } })
}

impl Staff {
    async fn credential(&self, id: &str, act: &str, body: Value) -> Answer {
        self.act(Method::POST, &format!("/{id}/credentials/{act}"), body).await
    }

    async fn step(&self, id: &str, step: &str) -> Answer {
        self.act(Method::POST, &format!("/{id}/lifecycle/{step}"), Value::Null).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_whoever_knows_the_present_one() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (state, after) in
            [("ACTIVE", "ACTIVE"), ("PASSWORD_EXPIRED", "ACTIVE"), ("RECOVERY", "ACTIVE"), ("STAGED", "STAGED")]
        {
            let login = format!("{}@acme.example", state.to_lowercase());
            let id = if state == "STAGED" {
                let made = staff.make("?activate=false", &login, password()).await;
                made["id"].as_str().unwrap().to_owned()
            } else {
                staff.standing(state, &login).await
            };
            staff.mail().await;
            let changed = staff.credential(&id, "change_password?strict=true", change(PASSWORD, ANOTHER)).await;
            assert_eq!(changed.expect(200).json()["password"], json!({}), "{state}");
            assert_eq!(staff.status(&id).await, after);
            let mail = staff.mail().await;
            assert!(mail.len() == 1 && mail[0].0 == login && mail[0].1.contains("changed"), "{mail:?}");
            staff
                .credential(&id, "change_password", change(PASSWORD, "a third long one"))
                .await
                .refused(403, "E0000014");
        }
        for state in ["PROVISIONED", "SUSPENDED", "DEPROVISIONED"] {
            let id = staff.standing(state, &format!("no{}@acme.example", state.to_lowercase())).await;
            staff.credential(&id, "change_password", change(PASSWORD, ANOTHER)).await.refused(403, "E0000035");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_that_is_weak_missing_or_the_same_is_refused() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("ACTIVE", "grace@acme.example").await;
        for weak in ["short", "aaaaaaaaaaaaaaaa", "my name is hopper", PASSWORD] {
            staff.credential(&id, "change_password", change(PASSWORD, weak)).await.refused(403, "E0000080");
        }
        for broken in [json!({}), change("", ANOTHER), change(PASSWORD, ""), json!({ "oldPassword": "x" })] {
            staff.credential(&id, "change_password", broken).await.refused(400, "E0000001");
        }
        staff.credential(&id, "change_password?strict=often", change(PASSWORD, ANOTHER)).await.refused(400, "E0000001");
        staff.credential(&id, "change_password", change(PASSWORD, ANOTHER)).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_a_password_are_limited_and_lock() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("ACTIVE", "grace@acme.example").await;
        let guesses = (0..14).map(|_| staff.credential(&id, "change_password", change("wrong", ANOTHER)));
        let answers = join_all(guesses).await;
        let wrong = answers.iter().filter(|answer| answer.json()["errorCode"] == "E0000014").count();
        assert_eq!(wrong, 10, "no more are answered than the limit");
        let rest = answers.iter().filter(|answer| answer.json()["errorCode"] != "E0000014");
        assert!(rest.into_iter().all(|answer| matches!(answer.status.as_u16(), 429 | 403 | 409)));
        assert_eq!(staff.status(&id).await, "LOCKED_OUT");
        staff.app.world.advance_seconds(301);
        let right = staff.credential(&id, "change_password", change(PASSWORD, ANOTHER)).await;
        right.refused(403, "E0000069");
        staff.step(&id, "unlock").await.expect(200);
        staff.credential(&id, "change_password", change(PASSWORD, ANOTHER)).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_answer_gives_another_password_and_a_wrong_one_does_not() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("ACTIVE", "grace@acme.example").await;
        let question = |password: &str, answer: &str| {
            json!({ "password": { "value": password },
                    "recovery_question": { "question": "The first ship?", "answer": answer } })
        };
        let forgotten = "forgot_password_recovery_question";
        staff.credential(&id, forgotten, question(ANOTHER, "Jupiter")).await.refused(403, "E0000034");
        staff.credential(&id, "change_recovery_question", question("wrong", "Jupiter")).await.refused(403, "E0000014");
        staff.credential(&id, "change_recovery_question", question(PASSWORD, "Jup")).await.refused(400, "E0000001");
        let shown = staff.credential(&id, "change_recovery_question", question(PASSWORD, "Jupiter")).await.expect(200);
        assert_eq!(shown.json()["recovery_question"], json!({ "question": "The first ship?" }));
        staff.credential(&id, forgotten, question(ANOTHER, "Saturn")).await.refused(403, "E0000087");
        staff.credential(&id, forgotten, question("weak", "Jupiter")).await.refused(403, "E0000080");
        staff.credential(&id, forgotten, json!({ "password": { "value": ANOTHER } })).await.refused(400, "E0000001");
        staff.credential(&id, forgotten, question(ANOTHER, "  jUPITER ")).await.expect(200);
        staff.credential(&id, "change_password", change(ANOTHER, PASSWORD)).await.expect(200);
        staff.step(&id, "suspend").await.expect(200);
        staff.credential(&id, forgotten, question(ANOTHER, "Jupiter")).await.refused(403, "E0000034");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_is_shown_once_and_must_be_changed() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("ACTIVE", "grace@acme.example").await;
        let given = staff.step(&id, "expire_password_with_temp_password?revokeSessions=true").await.expect(200).json();
        let temporary = given["tempPassword"].as_str().unwrap().to_owned();
        assert!(temporary.len() >= 16, "{temporary}");
        assert_eq!(staff.status(&id).await, "PASSWORD_EXPIRED");
        let logs = staff.app.get("/api/v1/logs?limit=1000", &staff.root.token).await.expect(200).text();
        assert!(!logs.contains(&temporary));
        staff.credential(&id, "change_password", change(&temporary, ANOTHER)).await.expect(200);
        assert_eq!(staff.status(&id).await, "ACTIVE");
        let suspended = staff.standing("SUSPENDED", "sus@acme.example").await;
        staff.step(&suspended, "expire_password_with_temp_password").await.refused(403, "E0000038");
        let bare = staff.standing("PROVISIONED", "bare@acme.example").await;
        staff.step(&bare, "expire_password").await.refused(403, "E0000038");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_desk_begins_a_recovery_and_never_sees_its_link() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        let id = staff.standing("ACTIVE", "grace@acme.example").await;
        let ask =
            async |call: &str| staff.app.post(&format!("/api/v1/users/{id}/{call}"), &desk.token, &Value::Null).await;
        for secret in [
            "lifecycle/reset_password?sendEmail=false",
            "credentials/forgot_password?sendEmail=false",
            "lifecycle/reactivate",
            "lifecycle/expire_password_with_temp_password",
        ] {
            ask(secret).await.refused(403, "E0000006");
        }
        ask("lifecycle/reset_password").await.refused(400, "E0000001");
        assert_eq!(staff.status(&id).await, "ACTIVE");
        assert_eq!(ask("lifecycle/reset_password?sendEmail=true").await.expect(200).json(), json!({}));
        assert_eq!(staff.status(&id).await, "RECOVERY");
        let shown = staff.step(&id, "reset_password?sendEmail=false").await.expect(200).json();
        assert!(shown["resetPasswordUrl"].as_str().unwrap().contains("/reset/"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sets_a_password_and_the_person_is_told() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (state, after) in [
            ("ACTIVE", "ACTIVE"),
            ("PASSWORD_EXPIRED", "ACTIVE"),
            ("PROVISIONED", "ACTIVE"),
            ("RECOVERY", "ACTIVE"),
            ("STAGED", "STAGED"),
            ("SUSPENDED", "SUSPENDED"),
        ] {
            let login = format!("{}@acme.example", state.to_lowercase());
            let id = staff.standing(state, &login).await;
            let had_one = !matches!(state, "PROVISIONED" | "STAGED");
            staff.mail().await;
            let set = json!({ "credentials": { "password": { "value": ANOTHER } } });
            let shown = staff.act(Method::POST, &format!("/{id}"), set).await.expect(200).json();
            assert_eq!(shown["status"], after, "{state}");
            assert_eq!(staff.mail().await.len(), usize::from(had_one), "{state}");
        }
        let ended = staff.standing("DEPROVISIONED", "ended@acme.example").await;
        let set = json!({ "credentials": { "password": { "value": ANOTHER } } });
        staff.act(Method::POST, &format!("/{ended}"), set).await.refused(403, "E0000038");
        let weak = json!({ "credentials": { "password": { "value": "weak" } } });
        staff.act(Method::PUT, "/active@acme.example", weak).await.refused(400, "E0000001");
        let import = json!({ "credentials": { "password": { "hash": { "algorithm": "MD5",
                             "value": "CY9rzUYh03PK3k6DJie09g==" } } } });
        staff.act(Method::POST, "/active@acme.example", import.clone()).await.refused(403, "E0000038");
        staff.act(Method::POST, "/staged@acme.example", import).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_factor_goes_at_once_and_a_session_counts_as_fresh_no_more() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, token) = (&harbour.app, &harbour.super_token);
        let path = format!("/api/v1/users/{}", harbour.grace.id);
        let enrolled = app.get(&format!("{path}/authenticator-enrollments"), token).await.expect(200).json();
        assert_eq!((enrolled[0]["key"].as_str(), enrolled[0]["status"].as_str()), (Some("google_otp"), Some("ACTIVE")));
        let one = format!("{path}/authenticator-enrollments/{}", enrolled[0]["id"].as_str().unwrap());
        assert_eq!(app.get(&one, token).await.expect(200).json(), enrolled[0]);
        let done = app.post(&format!("{path}/lifecycle/reset_factors"), &harbour.desk_token, &Value::Null).await;
        assert_eq!(done.expect(200).json(), json!({}));
        app.get(&one, token).await.refused(404, "E0000007");
        assert_eq!(app.get(&format!("{path}/authenticator-enrollments"), token).await.expect(200).json(), json!([]));
        assert_eq!(harbour.events("user.mfa.factor.reset_all").await, ["SUCCESS"]);
        assert!(
            harbour.mail().await.iter().any(|(to, subject, _)| {
                to == "grace@harbour.example" && subject == "Your second factors were reset"
            })
        );
        let again = app.post(&format!("{path}/lifecycle/reset_factors"), token, &Value::Null).await;
        again.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_things_of_somebody_who_is_not_there() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (method, call, body) in [
            (Method::GET, "blocks", Value::Null),
            (Method::GET, "authenticator-enrollments", Value::Null),
            (Method::GET, "authenticator-enrollments/pwdxxxxxxxxxxxxxxxxx", Value::Null),
            (Method::GET, "devices", Value::Null),
            (Method::POST, "lifecycle/activate", Value::Null),
            (Method::POST, "lifecycle/reset_factors", Value::Null),
            (Method::POST, "lifecycle/reset_password?sendEmail=true", Value::Null),
            (Method::POST, "credentials/change_password", change(PASSWORD, ANOTHER)),
            (Method::POST, "credentials/forgot_password", Value::Null),
            (Method::DELETE, "sessions?oauthTokens=true&forgetDevices=false", Value::Null),
        ] {
            let answer = staff.act(method, &format!("/00uNobodyAtAll000000/{call}"), body).await;
            answer.refused(404, "E0000007");
        }
        staff.act(Method::DELETE, "/me/sessions?oauthTokens=perhaps", Value::Null).await.refused(400, "E0000001");
        let kept = staff.act(Method::POST, "/me/lifecycle/delete_sessions", Value::Null).await.expect(200);
        assert_eq!(kept.json(), json!({}));
        let broken = staff.act(Method::POST, "/me/lifecycle/delete_sessions", json!({ "keepCurrent": "x" })).await;
        broken.refused(400, "E0000001");
    }
}
