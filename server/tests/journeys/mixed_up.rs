//! Proofs that are mixed up: of one way in given in another, of another factor, too early, too late, twice, or by two tabs at
//! once; and factors that the organisation does not allow any more.

use axum::http::Method;
use postern_authn::factor::webauthn::soft::Authenticator;
use postern_codes::Timestamp;
use postern_codes::otp::AUTHENTICATOR_APP;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::authn::{Door, path, secret};
use crate::device_factors::made;
use crate::factors::{code, id};
use crate::sent_codes::{messages, sent};

fn app() -> Value {
    json!({ "factorType": "token:software:totp", "provider": "GOOGLE" })
}

fn sms() -> Value {
    json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } })
}

/// Of two requests side by side, the one that was served.
#[track_caller]
fn one_of([one, other]: [Answer; 2]) -> Answer {
    let (served, refused) = if one.status.is_success() { (one, other) } else { (other, one) };
    assert_eq!(served.status.as_u16(), 200, "{}", served.text());
    assert!(matches!(refused.status.as_u16(), 401 | 403), "both were served: {}", refused.text());
    served
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_for_one_way_in_is_none_for_another() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let factor = door.factor(sms()).await;
        messages(door.app()).await;
        let (verify, root) = (format!("/factors/{}/verify", id(&factor)), &door.staff.root.token);
        let own = format!("/api/v1/users/{}{verify}", door.grace.id);
        door.app().post(&own, root, &json!({})).await.expect(200);
        let outside = sent(door.app()).await;
        let asked = door.enter().await;
        door.step(&verify, &asked, code(&outside)).await.refused(403, "E0000068");
        door.app().world.advance_seconds(30);
        door.step(&verify, &asked, json!({})).await.expect(200);
        let inside = sent(door.app()).await;
        door.app().post(&own, root, &code(&inside)).await.refused(403, "E0000068");
        let another = door.enter().await;
        door.step(&verify, &another, code(&inside)).await.refused(403, "E0000068");
        assert_eq!(door.step(&verify, &asked, code(&inside)).await.expect(200).json()["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_that_set_an_app_up_signs_nobody_in_nor_does_an_early_or_a_late_one() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let asked = door.enter().await;
        let begun = door.step("/factors", &asked, app()).await.expect(200).json();
        let factor = &begun["_embedded"]["factor"];
        let secret = secret(&factor["_embedded"]["activation"]);
        let used = door.now(&secret);
        let activate = format!("/factors/{}/lifecycle/activate", id(factor));
        door.step(&activate, &asked, code(&used)).await.expect(200);
        let asked = door.enter().await;
        let verify = format!("/factors/{}/verify", id(factor));
        door.step(&verify, &asked, code(&used)).await.refused(403, "E0000082");
        door.app().world.advance_seconds(280);
        for seconds in [90, -90] {
            let at = Timestamp::from_unix_seconds(door.app().app.env().now.unix_seconds() + seconds);
            let other = AUTHENTICATOR_APP.code(&secret, at);
            door.step(&verify, &asked, code(other.expose())).await.refused(403, "E0000083");
        }
        assert_eq!(door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json()["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_inside_a_sign_in_is_sent_for_its_own_factor_and_not_too_often() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (app, root) = (door.app(), &door.staff.root.token);
        let (totp, _) = door.authenticator().await;
        let call = json!({ "factorType": "call", "profile": { "phoneNumber": "+15554151337" } });
        let email = json!({ "factorType": "email", "profile": { "email": door.grace.login } });
        for (body, name, often) in [(call, "call", "E0000133"), (email, "email", "E0000118")] {
            let factor = door.factor(body).await;
            let asked = door.enter().await;
            let verify = format!("/factors/{}/verify", id(&factor));
            let challenged = door.step(&verify, &asked, json!({})).await.expect(200).json();
            assert_eq!(challenged["_links"]["resend"][0]["name"], name, "{challenged}");
            door.step(&format!("{verify}/resend"), &asked, json!({})).await.refused(429, often);
            app.world.advance_seconds(30);
            let other = format!("/factors/{}/verify/resend", id(&totp));
            door.step(&other, &asked, json!({})).await.refused(403, "E0000079");
            door.step(&format!("{verify}/resend"), &asked, json!({})).await.expect(200);
        }
        let hal = door.staff.with("hal", &[]).await;
        let theirs = format!("/api/v1/users/{}/factors?activate=true", hal.id);
        let theirs = app.post(&theirs, root, &sms()).await.expect(200).json();
        let asked = door.enter().await;
        for act in ["verify", "verify/resend", "lifecycle/resend", "lifecycle/activate"] {
            let path = format!("/factors/{}/{act}", id(&theirs));
            door.step(&path, &asked, code("123456")).await.refused(404, "E0000007");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tabs_one_goes_on() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let mut key = Authenticator::new(1, "http://localhost:8080");
        let asked = door.enter_with(json!({ "multiOptionalFactorEnroll": true })).await;
        let body = json!({ "factorType": "webauthn", "provider": "FIDO" });
        let begun = door.step("/factors", &asked, body).await.expect(200).json();
        let answer = made(&mut key, &begun["_embedded"]["factor"]);
        door.step(&path(&begun["_links"]["next"]), &asked, answer).await.expect(200);
        let (one, other) = tokio::join!(door.step("/skip", &asked, json!({})), door.step("/skip", &asked, json!({})));
        assert_eq!(one_of([one, other]).json()["status"], "SUCCESS");

        let (factor, secret) = door.authenticator().await;
        let verify = format!("/factors/{}/verify", id(&factor));
        let asked = door.enter().await;
        let right = door.now(&secret);
        let (one, other) =
            tokio::join!(door.step("/cancel", &asked, json!({})), door.step(&verify, &asked, code(&right)));
        one_of([one, other]);
        door.step("", &asked, json!({})).await.refused(401, "E0000011");
        // A right code given twice at once counts once.
        door.app().world.advance_seconds(60);
        let (left, right) = (door.enter().await, door.enter().await);
        let now = door.now(&secret);
        let (one, other) = tokio::join!(door.step(&verify, &left, code(&now)), door.step(&verify, &right, code(&now)));
        assert_eq!(one_of([one, other]).json()["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_any_more_does_not_count_and_the_only_one_of_a_policy_stays() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let factor = door.factor(sms()).await;
        door.authenticator().await;
        let root = &door.staff.root.token;
        let deactivate = async |name: &str| {
            let path = format!("/api/v1/org/factors/{name}/lifecycle/deactivate");
            door.app().post(&path, root, &Value::Null).await
        };
        deactivate("okta_sms").await.expect(200);
        let verify = format!("/factors/{}/verify", id(&factor));
        let asked = door.enter().await;
        for body in [json!({}), code("123456")] {
            door.step(&verify, &asked, body.clone()).await.refused(423, "E0000180");
            let own = format!("/api/v1/users/{}{verify}", door.grace.id);
            door.app().post(&own, root, &body).await.refused(423, "E0000180");
        }
        door.app()
            .call(
                Method::DELETE,
                &format!("/api/v1/users/{}/factors/{}", door.grace.id, id(&factor)),
                root,
                &Value::Null,
            )
            .await
            .expect(204);

        door.enrolment(&["security_question"], &["google_otp"], "LOGIN").await;
        deactivate("okta_question").await.refused(403, "E0000148");
        door.enrolment(&[], &["google_otp"], "LOGIN").await;
        // Another make of the same type is left.
        deactivate("okta_otp").await.expect(200);
        let refused = deactivate("google_otp").await;
        refused.refused(403, "E0000148");
        assert!(refused.text().contains("Some"), "it names the policy: {}", refused.text());
        let failed = door.events("system.mfa.factor.deactivate").await;
        assert_eq!(failed, [None, None, Some("in_use".to_owned()), Some("in_use".to_owned())]);
    }
}
