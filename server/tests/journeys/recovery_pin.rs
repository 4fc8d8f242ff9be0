//! The way of a recovery PIN: registered, made, used, told of, taken back, and every place where a fraud stops.

use std::sync::Arc;

use axum::http::Method;
use postern_codes::Secret as Hidden;
use postern_server::not_me;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::computer::{b64, check_digit, nonce};
use crate::harbour::Harbour;
use crate::people::client;

const REASON: &str = "phone lost";

fn step_of(harbour: &Harbour) -> u64 {
    u64::try_from(harbour.app.app.env().now.unix_seconds()).expect("after 1970") / 30
}

#[tokio::test(flavor = "multi_thread")]
async fn the_computer_computes_the_pin_that_the_administrator_is_shown() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        let (issued, pin) = harbour.issue(&computer).await;
        assert_eq!(pin, secret.time_pin(step_of(&harbour)));
        assert_eq!((pin.len(), check_digit(&pin)), (9, b'0'));
        assert_eq!((&issued["status"], &issued["durationMinutes"]), (&json!("ISSUED"), &json!(60)));
        assert_eq!(issued["device"]["serialNumber"], "PF3X-0042");
        assert!(harbour.status(&computer, &issued).await.get("pin").is_none());

        let body = secret.confirm_body(&pin).to_string();
        let verdict = computer.confirm_body(&harbour.app, body.clone()).await;
        assert_eq!((&verdict["granted"], &verdict["step"]), (&json!(true), &json!(step_of(&harbour))));
        let hour = harbour.app.app.env().now.micros() + 3_600_000_000;
        assert_eq!(verdict["deadline"], hour);
        harbour.app.world.advance_seconds(119);
        assert_eq!(computer.confirm_body(&harbour.app, body.clone()).await, verdict, "its answer was lost");
        let again = computer.confirm(&harbour.app, &secret, &pin).await;
        assert_eq!((&again["granted"], &again["reason"]), (&json!(false), &json!("already_used")));
        let status = harbour.status(&computer, &issued).await;
        assert_eq!((&status["status"], &status["source"]), (&json!("ACTIVATED"), &json!("ONLINE")));
        harbour.app.world.advance_seconds(3600);
        assert_eq!(harbour.status(&computer, &issued).await["status"], "ENDED");

        let subjects: Vec<String> = harbour.mail().await.into_iter().map(|(_, subject, _)| subject).collect();
        for told in ["linked with your account", "was made for you", "was used in your name"] {
            assert!(subjects.iter().any(|subject| subject.contains(told)), "{told}: {subjects:?}");
        }
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.generate").await, ["SUCCESS"]);
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.activate").await, ["SUCCESS"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_nine_digits_opens_too() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        harbour.settings(&json!({})).await;
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        harbour.ask(&computer, &json!({ "mode": "TIME", "reason": REASON })).await.refused(409, "challenge_required");
        let eight = "40718236";
        let challenge = format!("{eight}{}", char::from(check_digit(eight)));
        let spoken = format!("{} {} {}", &challenge[..3], &challenge[3..6], &challenge[6..]);
        let ask = json!({ "mode": "CHALLENGE", "reason": REASON, "challenge": spoken });
        let issued = harbour.ask(&computer, &ask).await.expect(201).json();
        let pin = issued["pin"].as_str().expect("a PIN").to_owned();
        assert_eq!(pin, secret.challenge_pin(&challenge));
        let swapped = format!("{}{}", &challenge[1..2], &challenge[..1]) + &challenge[2..];
        let mistyped = json!({ "mode": "CHALLENGE", "reason": REASON, "challenge": swapped });
        harbour.ask(&computer, &mistyped).await.refused(400, "challenge_mistyped");
        let verdict = computer.confirm(&harbour.app, &secret, &pin).await;
        assert_eq!((&verdict["granted"], verdict.get("step")), (&json!(true), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_late_replaced_or_revoked_pin_is_denied() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        harbour.loosen(&["pins_pair_hour", "pins_pair_day"]).await;
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        let reason = async |pin: &str| {
            let verdict = computer.confirm(&harbour.app, &secret, pin).await;
            assert_eq!(verdict["granted"], false);
            verdict["reason"].as_str().expect("a reason").to_owned()
        };
        let (first, first_pin) = harbour.issue(&computer).await;
        let (second, second_pin) = harbour.issue(&computer).await;
        assert_eq!(harbour.status(&computer, &first).await["status"], "SUPERSEDED");
        assert_eq!(reason(&first_pin).await, "superseded");
        assert_eq!(reason(&secret.time_pin(1)).await, "no_match");
        harbour.app.world.advance_seconds(120);
        assert_eq!(harbour.status(&computer, &second).await["status"], "EXPIRED");
        assert_eq!(reason(&second_pin).await, "expired");
        assert_eq!(harbour.status(&computer, &second).await["status"], "DENIED");
        let (third, third_pin) = harbour.issue(&computer).await;
        let path = format!("{}/{}/revoke", harbour.pins(&computer), third["id"].as_str().expect("an id"));
        harbour.app.post(&path, &harbour.desk_token, &json!({})).await.refused(400, "reason_required");
        let revoked = harbour.app.post(&path, &harbour.desk_token, &json!({ "reason": "wrong caller" })).await;
        let revoked = revoked.expect(200).json();
        assert_eq!((&revoked["status"], &revoked["effective"]), (&json!("REVOKED"), &json!("NOW")));
        // The computer was not seen since, so nobody knows whether it took the PIN: its secret is void too.
        computer
            .post(&harbour.app, "/recovery/confirm", &secret.confirm_body(&third_pin))
            .await
            .refused(409, "generation_retired");
        let (commands, _) = computer.check_in(&harbour.app, &[&secret], 0).await;
        assert_eq!(commands[0], json!({ "type": "retire", "eid": secret.eid }));
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.deny").await.len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_pin_of_a_computer_that_is_online_is_burnt() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        let (issued, pin) = harbour.issue(&computer).await;
        let step = step_of(&harbour);
        harbour.app.world.advance_seconds(1);
        assert_eq!(computer.check_in(&harbour.app, &[&secret], 0).await.0, Vec::<Value>::new());
        let path = format!("{}/{}/revoke", harbour.pins(&computer), issued["id"].as_str().expect("an id"));
        harbour.app.post(&path, &harbour.desk_token, &json!({ "reason": "wrong caller" })).await.expect(200);
        let verdict = computer.confirm(&harbour.app, &secret, &pin).await;
        assert_eq!((&verdict["reason"], &verdict["step"]), (&json!("revoked"), &json!(step)));
        let (commands, policy) = computer.check_in(&harbour.app, &[&secret], 0).await;
        assert_eq!(commands, [json!({ "type": "burn", "eid": secret.eid, "step": step })]);
        assert_eq!(policy["RecoveryMode"], "TIME");
        assert_eq!(computer.check_in(&harbour.app, &[&secret], step).await.0, Vec::<Value>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_online_ends_soon() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        let (_, pin) = harbour.issue(&computer).await;
        for step in 1..=10 {
            assert_eq!(computer.confirm(&harbour.app, &secret, &secret.time_pin(step)).await["reason"], "no_match");
        }
        let refused = computer.post(&harbour.app, "/recovery/confirm", &secret.confirm_body(&pin)).await;
        assert!(refused.headers.contains_key("retry-after"));
        refused.refused(429, "rate_limited");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_needs_the_persons_factor_once() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer, other) = (&harbour.app, harbour.computer().await, harbour.computer().await);
        let begin = async |login: &str, further: Value| computer.begin(app, login, further).await.0;
        begin("grace", json!({})).await.refused(403, "factor_required");
        begin("nobody", json!({})).await.refused(404, "user_unknown");
        let elsewhere = other.show_factor(app, "grace", &harbour.grace_code()).await;
        begin("grace", json!({ "factorVerdict": elsewhere })).await.refused(403, "factor_required");
        let late = computer.show_factor(app, "grace", &harbour.grace_code()).await;
        app.world.advance_seconds(600);
        begin("grace", json!({ "factorVerdict": late })).await.refused(403, "factor_required");
        let verdict = computer.show_factor(app, "grace", &harbour.grace_code()).await;
        begin("hal", json!({ "factorVerdict": verdict })).await.refused(403, "factor_required");
        computer.register(app, "grace", json!({ "factorVerdict": verdict })).await;
        begin("grace", json!({ "factorVerdict": verdict })).await.refused(403, "factor_required");
        assert_eq!(harbour.events("device.recovery.register_failed").await.len(), 6);
        harbour.settings(&json!({ "RecoveryRegistration": "CLAIMED", "RecoveryMode": "TIME" })).await;
        other.register(app, "grace", json!({})).await;
        let path = format!("/device-access/api/v1/devices/{}/users/{}/recovery-readiness", other.id, harbour.grace.id);
        let ready = app.get(&path, &harbour.desk_token).await.expect(200).json();
        assert_eq!((&ready["ready"], &ready["link"]["proof"]), (&json!(true), &json!("CLAIMED")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_generation_retires_the_one_before() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let first = harbour.register(&computer).await;
        let path = format!(
            "/device-access/api/v1/devices/{}/users/{}/recovery-enrolments/{}/rotate",
            computer.id, harbour.grace.id, first.eid
        );
        app.post(&path, &harbour.desk_token, &Value::Null).await.refused(403, "E0000006");
        app.post(&path, &harbour.super_token, &Value::Null).await.expect(202);
        assert_eq!(computer.check_in(app, &[&first], 0).await.0, [json!({ "type": "rotate", "eid": first.eid })]);
        let mut wrong = first.previous(&nonce());
        wrong["previous"]["mac"] = b64(&[0; 32]).into();
        computer.begin(app, "grace", wrong).await.0.refused(403, "factor_required");
        let second = computer.register(app, "grace", first.previous(&nonce())).await;
        assert_eq!((first.generation, second.generation), (1, 2));
        computer.ack(app, &second).await.expect(200);
        computer.ack(app, &first).await.refused(409, "generation_retired");
        computer
            .post(app, "/recovery/confirm", &first.confirm_body("000000000"))
            .await
            .refused(409, "generation_retired");
        computer.begin(app, "grace", first.previous(&nonce())).await.0.refused(403, "factor_required");
        let (_, pin) = harbour.issue(&computer).await;
        assert_eq!(pin, second.time_pin(step_of(&harbour)));
        let (commands, _) = computer.check_in(app, &[&first, &second], 0).await;
        assert_eq!(commands, [json!({ "type": "retire", "eid": first.eid })]);
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.rotate_secret").await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_acknowledged_is_unknown() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        for failed in 1..=3 {
            let verdict = computer.show_factor(app, "grace", &harbour.grace_code()).await;
            let (answer, body, key) = computer.begin(app, "grace", json!({ "factorVerdict": verdict })).await;
            let offer = answer.expect(200).json()["offer"].as_str().expect("an offer").to_owned();
            let secret = computer.secret(&offer, &body, key);
            let confirm = computer.post(app, "/recovery/confirm", &secret.confirm_body("000000000")).await;
            confirm.refused(404, "enrolment_unknown");
            harbour.ask(&computer, &json!({ "reason": REASON })).await.refused(409, "not_registered");
            let wrong = json!({ "eid": secret.eid, "generation": secret.generation, "mac": b64(&[0; 32]) });
            computer.post(app, "/recovery/ack", &wrong).await.refused(409, "ack_mismatch");
            let alerts = harbour.mail().await.iter().filter(|(_, subject, _)| subject.contains("Look at this")).count();
            assert_eq!(alerts, usize::from(failed == 3), "an alert after three");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_the_secret_of_another_computer() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer, thief) = (&harbour.app, harbour.computer().await, harbour.computer().await);
        let secret = harbour.register(&computer).await;
        let (_, pin) = harbour.issue(&computer).await;
        let reports = secret.reports(&[]);
        thief.post(app, "/recovery/confirm", &secret.confirm_body(&pin)).await.refused(404, "enrolment_unknown");
        thief.post(app, "/recovery/reports", &reports).await.refused(404, "enrolment_unknown");
        thief.ack(app, &secret).await.refused(404, "enrolment_unknown");
        let (commands, _) = thief.check_in(app, &[&secret], 0).await;
        assert_eq!(commands, [json!({ "type": "retire", "eid": secret.eid })]);
        let mut other = secret.confirm_body(&pin);
        other["generation"] = json!(2);
        computer.post(app, "/recovery/confirm", &other).await.refused(404, "enrolment_unknown");
        let none = computer.post(app, "/factors/verify", &json!({})).await;
        none.refused(400, "malformed");
        assert_eq!(computer.confirm(app, &secret, &pin).await["granted"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_offline_is_told_once_and_matched() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let mut secret = harbour.register(&computer).await;
        let (issued, _) = harbour.issue(&computer).await;
        let step = step_of(&harbour);
        let failed = secret.report(app, "failed", None);
        let activated = secret.report(app, "activated", Some(step));
        app.world.advance_seconds(200);
        let sent = secret.reports(&[failed.clone(), activated.clone()]);
        let answer = computer.post(app, "/recovery/reports", &sent).await.expect(200).json();
        assert_eq!(answer, json!({ "acceptedThrough": 2 }));
        let ended = secret.report(app, "ended", Some(step));
        let sent = secret.reports(&[failed.clone(), activated.clone(), ended]);
        for _ in 0..2 {
            let answer = computer.post(app, "/recovery/reports", &sent).await.expect(200).json();
            assert_eq!(answer, json!({ "acceptedThrough": 3 }));
        }
        let status = harbour.status(&computer, &issued).await;
        assert_eq!((&status["status"], &status["source"]), (&json!("ENDED"), &json!("REPORT")));
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.activate").await, ["SUCCESS"]);
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.end").await, ["SUCCESS"]);
        let (commands, _) = computer.check_in(app, &[&secret], step).await;
        assert_eq!(commands, [json!({ "type": "rotate", "eid": secret.eid })], "a used secret is replaced");

        let mut fork = failed.clone();
        fork["counter"] = json!(7);
        let mut gap = secret.clone();
        let _lost = gap.report(app, "failed", None);
        for broken in [vec![fork], vec![gap.report(app, "failed", None)], vec![activated.clone(), activated]] {
            let is_repeat = broken.len() == 2;
            let answer = computer.post(app, "/recovery/reports", &secret.reports(&broken)).await;
            if is_repeat {
                answer.expect(200);
            } else {
                answer.refused(409, "report_chain_broken");
            }
        }
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.chain_broken").await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_that_nobody_issued_raises_the_alarm() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let mut secret = harbour.register(&computer).await;
        let entry = secret.report(app, "activated", Some(12_345));
        computer.post(app, "/recovery/reports", &secret.reports(&[entry])).await.expect(200);
        let kind = "device.desktop_mfa.recovery_pin.activation_without_issuance";
        assert_eq!(harbour.events(kind).await, ["SUCCESS"]);
        let alarm = harbour.mail().await.into_iter().find(|(_, subject, _)| subject.contains("never issued"));
        let (recipient, ..) = alarm.expect("super administrators are told");
        assert_eq!(recipient.to_lowercase(), "ada@harbour.example");
        let (commands, _) = computer.check_in(app, &[&secret], 0).await;
        assert_eq!(commands[0], json!({ "type": "retire", "eid": secret.eid }));
        assert_eq!(commands[1], json!({ "type": "sign_out", "osUid": 1000 }));
        harbour.ask(&computer, &json!({ "reason": REASON })).await.refused(409, "not_registered");
        computer.begin(app, "grace", secret.previous(&nonce())).await.0.refused(403, "factor_required");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_takes_a_pin_back_that_they_did_not_ask_for() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let secret = harbour.register(&computer).await;
        let (issued, pin) = harbour.issue(&computer).await;
        let mail = harbour.mail().await.into_iter().find(|(_, subject, _)| subject.contains("was made for you"));
        let (recipient, _, text) = mail.expect("the person is told");
        assert_eq!(recipient, "grace@harbour.example");
        assert!(!text.contains(&pin));
        let token = text.split("/not-me/").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link");
        let token = Hidden::new(token.to_owned());
        let client = postern_server::api::client::Client(client());
        assert!(not_me::look(&app.app, &token).await.unwrap().is_some());
        assert!(not_me::act(&app.app, &token, &client).await.unwrap().is_some());
        assert!(not_me::act(&app.app, &token, &client).await.unwrap().is_none(), "once");
        assert_eq!(harbour.status(&computer, &issued).await["status"], "REVOKED");
        computer.post(app, "/recovery/confirm", &secret.confirm_body(&pin)).await.refused(409, "generation_retired");
        assert_eq!(harbour.events("user.account.report_suspicious_activity_by_enduser").await, ["SUCCESS"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_make_a_pin_is_told_why() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let ask = json!({ "mode": "TIME", "reason": REASON });
        harbour.ask(&computer, &ask).await.refused(409, "not_registered");
        harbour.register(&computer).await;
        harbour.ask(&computer, &json!({ "mode": "TIME" })).await.refused(400, "reason_required");
        harbour.ask(&computer, &json!({ "mode": "LATER", "reason": REASON })).await.refused(400, "E0000001");
        harbour.ask(&computer, &json!({ "reason": "x".repeat(256) })).await.refused(400, "E0000001");
        let path =
            |device: &str, user: &str| format!("/device-access/api/v1/devices/{device}/users/{user}/recovery-pins");
        let grace = harbour.grace.id.to_string();
        app.post(&path("guo00000000000000000", &grace), &harbour.desk_token, &ask).await.refused(404, "E0000007");
        app.post(&path(&computer.id, "00u00000000000000000"), &harbour.desk_token, &ask).await.refused(404, "E0000007");
        app.post(&path(&computer.id, harbour.hal.id.as_str()), &harbour.desk_token, &ask)
            .await
            .refused(403, "self_issue");
        app.post(&path(&computer.id, harbour.ada.id.as_str()), &harbour.desk_token, &ask)
            .await
            .refused(403, "E0000006");
        app.post(&path(&computer.id, &grace), "nonsense", &ask).await.refused(401, "E0000011");

        let access = json!({ "recoveryPinCaseRequired": true });
        let settings = "/device-access/api/v1/access-settings";
        app.call(Method::PUT, settings, &harbour.super_token, &access).await.expect(200);
        harbour.ask(&computer, &ask).await.refused(400, "case_required");
        app.call(Method::PUT, settings, &harbour.super_token, &json!({})).await.expect(200);

        harbour.ask(&computer, &ask).await.expect(201);
        let soon = harbour.ask(&computer, &ask).await;
        assert!(soon.headers.contains_key("retry-after"));
        soon.refused(409, "too_soon");
        harbour.issue(&computer).await;
        harbour.issue(&computer).await;
        app.world.advance_seconds(30);
        harbour.ask(&computer, &ask).await.refused(429, "rate_limited");
        app.world.advance_seconds(8 * 86_400);
        harbour.ask(&computer, &ask).await.refused(409, "offline_too_long");
        // A token that is not used for thirty days is void.
        app.get("/api/v1/devices", &harbour.super_token).await.expect(200);
        app.world.advance_seconds(23 * 86_400);
        computer.check_in(app, &[], 0).await;
        harbour.ask(&computer, &ask).await.refused(409, "secret_too_old");
        let lifecycle = format!("/api/v1/devices/{}/lifecycle/suspend", computer.id);
        app.post(&lifecycle, &harbour.super_token, &Value::Null).await.expect(204);
        harbour.ask(&computer, &ask).await.refused(403, "device_suspended");
        harbour.switch(false).await;
        harbour.ask(&computer, &ask).await.refused(403, "feature_disabled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_needs_a_fresh_factor_and_a_token_its_grant() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        harbour.register(&computer).await;
        let env = app.app.env();
        let made = app
            .app
            .store
            .write(harbour.ada.org, |tx| tx.insert_token(harbour.hal.id, &"plain".parse().expect("a name"), &[], &env));
        let (_, plain) = made.await.unwrap();
        let ask = json!({ "mode": "TIME", "reason": REASON });
        let refused = app.post(&harbour.pins(&computer), plain.expose(), &ask).await;
        refused.refused(403, "step_up_required");
        assert_eq!(harbour.events("device.desktop_mfa.recovery_pin.generate").await, ["step_up_required"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_pins_at_once_one_is_made() {
    for engine in scratch::engines() {
        let harbour = Arc::new(Harbour::new(engine).await);
        let computer = Arc::new(harbour.computer().await);
        let secret = harbour.register(&computer).await;
        let ask = || {
            let (harbour, computer) = (Arc::clone(&harbour), Arc::clone(&computer));
            tokio::spawn(async move { harbour.ask(&computer, &json!({ "mode": "TIME", "reason": REASON })).await })
        };
        let (one, other) = (ask(), ask());
        let (one, other) = (one.await.unwrap(), other.await.unwrap());
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let pin = [one, other].into_iter().find_map(|answer| answer.json()["pin"].as_str().map(str::to_owned)).unwrap();
        let enter = |body: String| {
            let (harbour, computer) = (Arc::clone(&harbour), Arc::clone(&computer));
            tokio::spawn(async move { computer.confirm_body(&harbour.app, body).await })
        };
        let one = enter(secret.confirm_body(&pin).to_string());
        let other = enter(secret.confirm_body(&pin).to_string());
        let (one, other) = (one.await.unwrap(), other.await.unwrap());
        let granted = [one, other].iter().filter(|verdict| verdict["granted"] == true).count();
        assert_eq!(granted, 1, "exactly once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_of_its_form_is_refused() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let secret = harbour.register(&computer).await;
        for path in [
            "/check-in",
            "/recovery/begin",
            "/recovery/ack",
            "/recovery/confirm",
            "/recovery/reports",
            "/renew",
            "/factors/verify",
        ] {
            for body in [&b""[..], b"{", b"[]", b"{}", b"\xff\xfe", b"{\"eid\":1}", b"{\"csr\":\"=\"}"] {
                computer.post_bytes(app, path, body.to_vec()).await.refused(400, "malformed");
            }
            computer.post_bytes(app, path, vec![b' '; 64 * 1024 + 1]).await.refused(413, "malformed");
        }
        let good = secret.confirm_body("000000000").to_string();
        let doubled = good.replacen('{', "{\"generation\":1,", 1);
        computer.post_bytes(app, "/recovery/confirm", doubled.into_bytes()).await.refused(400, "malformed");
        let unknown = good.replacen('{', "{\"colour\":\"blue\",", 1);
        computer.post_bytes(app, "/recovery/confirm", unknown.into_bytes()).await.expect(200);
        let many = json!({ "eid": secret.eid, "generation": 1, "entries": vec![json!({}); 101] });
        computer.post(app, "/recovery/reports", &many).await.refused(400, "malformed");
        let one = json!({ "eid": secret.eid, "generation": 1, "entries": [{}] });
        computer.post(app, "/recovery/reports", &one).await.refused(400, "malformed");
    }
}
