//! The way back by a code that a telephone gets: what it is worth, what strangers learn, and what is mixed up on the way.

use std::sync::Arc;

use axum::http::Method;
use postern_store::scratch;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::Answer;
use crate::authn::{Door, PASSWORD, path};
use crate::factors::{code, id};
use crate::sent_codes::{messages, other, sent};

const ANOTHER: &str = "quite another long one";

/// A door where a telephone is a way back, and Grace has one.
async fn door(engine: postern_store::migrate::Engine) -> (Door, Value) {
    let door = Door::new(engine).await;
    door.lets_people_back(json!({ "okta_sms": { "status": "ACTIVE" }, "okta_call": { "status": "ACTIVE" } })).await;
    let phone = door.factor(phone("sms")).await;
    messages(door.app()).await;
    (door, phone)
}

fn phone(kind: &str) -> Value {
    json!({ "factorType": kind, "provider": "OKTA", "profile": { "phoneNumber": "+1-555-415-1337" } })
}

fn lost(name: &str, way: &str) -> Value {
    json!({ "username": name, "factorType": way, "relayState": "r" })
}

async fn begin(door: &Door, what: &str, way: &str) -> Value {
    door.post(&format!("/recovery/{what}"), &lost(&door.grace.login, way)).await.expect(200).json()
}

fn stands(transaction: &Value, status: &str, kind: &str) {
    assert_eq!((&transaction["status"], &transaction["recoveryType"]), (&json!(status), &json!(kind)), "{transaction}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_replaced_by_a_code_and_its_telephone_proves_no_more() {
    for engine in scratch::engines() {
        let (door, phone_of_grace) = door(engine).await;
        door.factor(phone("call")).await;
        let (app, secret) = door.authenticator().await;
        for (way, password) in [("SMS", ANOTHER), ("CALL", PASSWORD)] {
            messages(door.app()).await;
            let begun = begin(&door, "password", way).await;
            stands(&begun, "RECOVERY_CHALLENGE", "PASSWORD");
            assert_eq!((&begun["factorType"], &begun["relayState"]), (&json!(way), &json!("r")));
            let verify = path(&begun["_links"]["next"]);
            assert_eq!(verify, format!("/recovery/factors/{}/verify", way.to_lowercase()));
            let typed = sent(door.app()).await;
            door.step(&verify, &begun, code(&other(&typed))).await.refused(403, "E0000068");
            door.step(&verify, &begun, json!({})).await.refused(400, "E0000001");
            let chosen = door.step(&verify, &begun, code(&typed)).await.expect(200).json();
            stands(&chosen, "PASSWORD_RESET", "PASSWORD");
            door.step(&verify, &begun, code(&typed)).await.refused(403, "E0000079");
            let new = json!({ "newPassword": password });
            let asked = door.step("/credentials/reset_password", &chosen, new).await.expect(200).json();
            assert_eq!(asked["status"], "MFA_REQUIRED");
            let offered: Vec<&Value> = asked["_embedded"]["factors"].as_array().unwrap().iter().collect();
            assert_eq!(offered.iter().map(|factor| &factor["id"]).collect::<Vec<_>>(), [&app["id"]]);
            let by_phone = format!("/factors/{}/verify", id(&phone_of_grace));
            door.step(&by_phone, &asked, json!({})).await.refused(404, "E0000007");
            let by_app = format!("/factors/{}/verify", id(&app));
            let done = door.step(&by_app, &asked, code(&door.now(&secret))).await.expect(200).json();
            assert!(done["sessionToken"].is_string() && done["status"] == "SUCCESS", "{done}");
            door.app().world.advance_seconds(30);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_alone_gives_a_password_and_no_session() {
    for engine in scratch::engines() {
        let (door, _) = door(engine).await;
        let begun = begin(&door, "password", "SMS").await;
        let typed = sent(door.app()).await;
        let chosen = door.step("/recovery/factors/sms/verify", &begun, code(&typed)).await.expect(200).json();
        let new = json!({ "newPassword": ANOTHER });
        let done = door.step("/credentials/reset_password", &chosen, new).await.expect(200).json();
        stands(&done, "SUCCESS", "PASSWORD");
        assert_eq!((done.get("sessionToken"), done.get("stateToken")), (None, None));
        // Nor does it later: nothing else was proved, and an administrator or another link has to help.
        let again = json!({ "username": door.grace.login, "password": ANOTHER });
        door.post("", &again).await.refused(401, "E0000004");
        assert_eq!(door.events("user.session.start").await.last(), Some(&Some("telephone_twice".to_owned())));
        let path = format!("/api/v1/users/{}/lifecycle/reset_password?sendEmail=false", door.grace.id);
        let link = door.app().post(&path, &door.staff.root.token, &Value::Null).await.expect(200).json();
        let token = link["resetPasswordUrl"].as_str().and_then(|url| url.rsplit('/').next()).expect("a link");
        let shown = door.post("/recovery/token", &json!({ "recoveryToken": token })).await.expect(200).json();
        let new = json!({ "newPassword": PASSWORD });
        let asked = door.step("/credentials/reset_password", &shown, new).await.expect(200).json();
        assert_eq!(asked["status"], "MFA_REQUIRED");
        assert_eq!(door.enter().await["status"], "MFA_REQUIRED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_gave_the_password_proves_nothing_beside_it_before_another_factor_did() {
    for engine in scratch::engines() {
        let (door, phone_of_grace) = door(engine).await;
        let (app, secret) = door.authenticator().await;
        let begun = begin(&door, "password", "SMS").await;
        let typed = sent(door.app()).await;
        let chosen = door.step("/recovery/factors/sms/verify", &begun, code(&typed)).await.expect(200).json();
        let new = json!({ "newPassword": ANOTHER });
        door.step("/credentials/reset_password", &chosen, new).await.expect(200);
        let enter = async |password: &str| {
            let body = json!({ "username": door.grace.login, "password": password });
            let asked = door.post("", &body).await.expect(200).json();
            let offered = asked["_embedded"]["factors"].as_array().expect("factors").iter();
            let offered: Vec<String> = offered.map(|factor| id(factor).to_owned()).collect();
            (asked, offered)
        };
        let by_phone = format!("/factors/{}/verify", id(&phone_of_grace));
        let (asked, offered) = enter(ANOTHER).await;
        assert_eq!(offered, [id(&app)]);
        door.step(&by_phone, &asked, json!({})).await.refused(404, "E0000007");
        // Whoever knows a password may change it, and has proved nothing more by that.
        let path = format!("/api/v1/users/{}/credentials/change_password", door.grace.id);
        let change = json!({ "oldPassword": { "value": ANOTHER }, "newPassword": { "value": "a third long one" } });
        door.app().post(&path, &door.staff.root.token, &change).await.expect(200);
        let (asked, offered) = enter("a third long one").await;
        assert_eq!(offered, [id(&app)]);
        let by_app = format!("/factors/{}/verify", id(&app));
        door.step(&by_app, &asked, code(&door.now(&secret))).await.expect(200);
        door.app().world.advance_seconds(30);
        let (asked, offered) = enter("a third long one").await;
        assert_eq!(offered.len(), 2);
        door.step(&by_phone, &asked, json!({})).await.expect(200);
        let done = door.step(&by_phone, &asked, code(&sent(door.app()).await)).await.expect(200).json();
        assert_eq!(done["status"], "SUCCESS");
    }
}

/// What a stranger sees of an answer: all but ids and times.
fn seen(answer: &Answer) -> Value {
    let mut body = answer.json();
    for member in ["stateToken", "expiresAt", "errorId"] {
        if let Some(found) = body.get_mut(member) {
            *found = json!("any");
        }
    }
    let mut headers: Vec<&str> = answer.headers.keys().map(axum::http::HeaderName::as_str).collect();
    headers.sort_unstable();
    json!([answer.status.as_u16(), headers, body])
}

#[tokio::test(flavor = "multi_thread")]
async fn of_nobody_everything_is_answered_as_of_somebody() {
    for engine in scratch::engines() {
        let (door, _) = door(engine).await;
        let root = &door.staff.root.token;
        for name in ["without", "shut"] {
            door.give_password(&door.staff.with(name, &[]).await).await;
        }
        let shut = door.app().get("/api/v1/users/shut@acme.example", root).await.expect(200).json();
        let path = format!("/api/v1/users/{}/factors?activate=true", id(&shut));
        door.app().post(&path, root, &phone("sms")).await.expect(200);
        let path = format!("/api/v1/users/{}/lifecycle/suspend", id(&shut));
        door.app().post(&path, root, &Value::Null).await.expect(200);
        let mut all = Vec::new();
        for name in [door.grace.login.as_str(), "nobody@acme.example", "without@acme.example", "shut@acme.example"] {
            door.app().world.advance_seconds(3600 * 25);
            messages(door.app()).await;
            let mut answers = Vec::new();
            let begun = door.post("/recovery/password", &lost(name, "SMS")).await;
            let state = begun.json();
            answers.push(seen(&begun));
            let typed = if name == door.grace.login { sent(door.app()).await } else { "123456".to_owned() };
            assert!(messages(door.app()).await.is_empty());
            let step = async |path: &str, body: Value| seen(&door.step(path, &state, body).await);
            for _ in 0..5 {
                answers.push(step("/recovery/factors/sms/verify", code(&other(&typed))).await);
            }
            // It has died, also for whoever has the right one.
            answers.push(step("/recovery/factors/sms/verify", code(&typed)).await);
            answers.push(step("/recovery/factors/call/verify", code(&typed)).await);
            answers.push(step("/recovery/factors/sms/resend", json!({})).await);
            for path in ["/previous", "/skip", "/factors/x/verify", "/recovery/answer", "", "/factors/webauthn/verify"]
            {
                answers.push(step(path, json!({ "answer": "x", "passCode": "123456" })).await);
            }
            for path in ["/factors/token:software:totp/verify", "/factors/password/verify"] {
                answers.push(step(path, json!({ "passCode": "123456", "password": PASSWORD })).await);
            }
            let reset = json!({ "newPassword": ANOTHER });
            answers.push(step("/credentials/reset_password", reset).await);
            for _ in 0..3 {
                door.app().world.advance_seconds(30);
                answers.push(step("/recovery/factors/sms/resend", json!({})).await);
            }
            answers.push(seen(&door.post("/recovery/password", &lost(name, "SMS")).await));
            for _ in 0..16 {
                answers.push(step("/recovery/factors/sms/verify", code("000000")).await);
            }
            answers.push(step("/cancel", json!({})).await);
            answers.push(step("/recovery/factors/sms/resend", json!({})).await);
            all.push((name.to_owned(), answers));
        }
        let (_, first) = &all[0];
        let statuses: Vec<u64> = first.iter().filter_map(|answer| answer[0].as_u64()).collect();
        assert_eq!(statuses[..9], [200, 403, 403, 403, 403, 403, 403, 403, 429], "{first:?}");
        assert!(statuses.iter().filter(|status| **status == 429).count() >= 3, "{statuses:?}");
        for (name, answers) in &all {
            for (number, (one, other)) in first.iter().zip(answers).enumerate() {
                assert_eq!(one, other, "{name}, step {number}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_ones_own_is_told_what_hinders() {
    for engine in scratch::engines() {
        let (door, _) = door(engine).await;
        door.give_password(&door.staff.with("without", &[]).await).await;
        let call = async |body: Value| {
            let root = &door.staff.root.token;
            door.app().call(Method::POST, "/api/v1/authn/recovery/password", root, &body).await
        };
        call(lost("nobody@acme.example", "SMS")).await.refused(403, "E0000095");
        call(lost("without@acme.example", "SMS")).await.refused(403, "E0000097");
        let begun = call(lost(&door.grace.login, "SMS")).await.expect(200).json();
        stands(&begun, "RECOVERY_CHALLENGE", "PASSWORD");
        call(lost(&door.grace.login, "SMS")).await.refused(429, "E0000109");
        let typed = sent(door.app()).await;
        let chosen = door.step("/recovery/factors/sms/verify", &begun, code(&typed)).await.expect(200).json();
        stands(&chosen, "PASSWORD_RESET", "PASSWORD");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_for_its_flow_its_telephone_and_the_account_as_it_was() {
    for engine in scratch::engines() {
        let (door, phone) = door(engine).await;
        let root = &door.staff.root.token;
        let verify = "/recovery/factors/sms/verify";
        let next = async || {
            door.app().world.advance_seconds(3600);
            messages(door.app()).await;
            let begun = begin(&door, "password", "SMS").await;
            (begun, sent(door.app()).await)
        };
        let (first, typed) = next().await;
        door.app().world.advance_seconds(30);
        let second = begin(&door, "password", "SMS").await;
        let later = sent(door.app()).await;
        door.step(verify, &second, code(&typed)).await.refused(403, "E0000068");
        door.step(verify, &first, code(&later)).await.refused(403, "E0000068");
        // The one that was sent anew counts, and the one before no more.
        door.app().world.advance_seconds(30);
        door.step("/recovery/factors/sms/resend", &second, json!({})).await.expect(200);
        let anew = sent(door.app()).await;
        door.step(verify, &second, code(&later)).await.refused(403, "E0000068");
        door.step(verify, &second, code(&anew)).await.expect(200);

        let (begun, typed) = next().await;
        door.app().world.advance_seconds(299);
        door.post("", &json!({ "stateToken": begun["stateToken"] })).await.expect(200);
        door.app().world.advance_seconds(1);
        door.step(verify, &begun, code(&typed)).await.refused(403, "E0000068");

        let (begun, typed) = next().await;
        door.app().world.advance_seconds(30);
        door.give_password(&door.grace).await;
        door.step(verify, &begun, code(&typed)).await.refused(403, "E0000068");

        let (begun, typed) = next().await;
        let act = async |step: &str| {
            let path = format!("/api/v1/users/{}/lifecycle/{step}", door.grace.id);
            door.app().post(&path, root, &Value::Null).await.expect(200);
        };
        act("suspend").await;
        door.step(verify, &begun, code(&typed)).await.refused(403, "E0000068");
        act("unsuspend").await;

        let (begun, typed) = next().await;
        let remove = format!("/api/v1/users/{}/factors/{}", door.grace.id, id(&phone));
        door.app().call(Method::DELETE, &remove, root, &Value::Null).await.expect(204);
        door.step(verify, &begun, code(&typed)).await.refused(403, "E0000068");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_code_typed_many_times_at_once_one_is_taken() {
    for engine in scratch::engines() {
        let (door, _) = door(engine).await;
        let door = Arc::new(door);
        let begun = begin(&door, "password", "SMS").await;
        let typed = sent(door.app()).await;
        let mut tries = JoinSet::new();
        for _ in 0..8 {
            let (door, begun, typed) = (Arc::clone(&door), begun.clone(), typed.clone());
            tries.spawn(async move { door.step("/recovery/factors/sms/verify", &begun, code(&typed)).await.status });
        }
        let all = tries.join_all().await;
        assert_eq!(all.iter().filter(|status| status.is_success()).count(), 1, "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_ended_by_a_code() {
    for engine in scratch::engines() {
        let (door, _) = door(engine).await;
        // Not locked: as anybody, and nothing is sent.
        begin(&door, "unlock", "SMS").await;
        assert!(messages(door.app()).await.is_empty());
        door.app().world.advance_seconds(60);
        let wrong = json!({ "username": door.grace.login, "password": ANOTHER });
        for _ in 0..10 {
            door.post("", &wrong).await.refused(401, "E0000004");
        }
        assert!(door.is_locked().await);
        messages(door.app()).await;
        let begun = begin(&door, "unlock", "SMS").await;
        stands(&begun, "RECOVERY_CHALLENGE", "UNLOCK");
        let typed = sent(door.app()).await;
        let verify = path(&begun["_links"]["next"]);
        door.step(&verify, &begun, code(&other(&typed))).await.refused(403, "E0000068");
        let done = door.step(&verify, &begun, code(&typed)).await.expect(200).json();
        stands(&done, "SUCCESS", "UNLOCK");
        assert_eq!((done.get("sessionToken"), door.is_locked().await), (None, false));
        door.step(&verify, &begun, code(&typed)).await.refused(401, "E0000011");
        assert_eq!(door.enter().await["status"], "MFA_REQUIRED");
    }
}
