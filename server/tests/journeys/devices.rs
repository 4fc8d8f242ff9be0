//! Computers: how they come, how their calls are proved, and what an administrator does with them.

use axum::http::Method;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::computer::{Computer, b64, enrolment, key_and_csr};
use crate::harbour::Harbour;

const ENROLL: &str = "/device-access/api/v1/enroll";

fn check_in() -> Value {
    json!({ "agentVersion": "9", "osVersion": "x", "bootId": "b", "wall": 1, "nonce": b64(&[7; 16]), "enrolments": [] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_enrols_one_computer_once() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let code = harbour.code(json!({ "serialNumber": "pf3x-0042" })).await;
        let (_, csr) = key_and_csr();
        let other = harbour.app.post(ENROLL, "", &enrolment(&code, &csr, "OTHER")).await;
        other.refused(403, "enrollment_code_invalid");
        harbour
            .app
            .post(ENROLL, "", &enrolment("0000-0000", &csr, "PF3X-0042"))
            .await
            .refused(403, "enrollment_code_invalid");
        let no_csr = harbour.app.post(ENROLL, "", &enrolment(&code, &b64(b"no request"), "PF3X-0042")).await;
        assert!(no_csr.text().contains("csr"), "{}", no_csr.text());
        no_csr.refused(400, "malformed");
        let typed = code.to_lowercase().replace('-', " ");
        let computer = Computer::enrol(&harbour.app, &typed, "PF3X-0042").await;
        let again = harbour.app.post(ENROLL, "", &enrolment(&code, &csr, "PF3X-0042")).await;
        again.refused(403, "enrollment_code_invalid");
        let shown = harbour.app.get(&format!("/api/v1/devices/{}", computer.id), &harbour.desk_token).await.expect(200);
        assert_eq!(shown.json()["profile"]["serialNumber"], "PF3X-0042");
        assert_eq!(harbour.events("device.enrollment.create").await.len(), 4);

        let late = harbour.code(json!({ "expiresInMinutes": 1 })).await;
        harbour.app.world.advance_seconds(60);
        let late = harbour.app.post(ENROLL, "", &enrolment(&late, &csr, "PF3X-0042")).await;
        late.refused(403, "enrollment_code_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_enrolments_by_one_code_at_once_one_wins() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let code = harbour.code(json!({})).await;
        let (first, second) = (enrolment(&code, &key_and_csr().1, "A"), enrolment(&code, &key_and_csr().1, "B"));
        let (one, other) = tokio::join!(harbour.app.post(ENROLL, "", &first), harbour.app.post(ENROLL, "", &second));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 403]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_is_not_for_this_very_request_is_refused() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let body = check_in().to_string().into_bytes();
        let good = computer.claims(app, &Method::POST, "/check-in", &body);
        let send = async |proof: String| Computer::send(app, Method::POST, "/check-in", &proof, body.clone()).await;
        send(String::new()).await.refused(401, "proof_invalid");
        send("x.y.z".to_owned()).await.refused(401, "proof_invalid");
        let iat = good["iat"].as_i64().expect("a number");
        for (member, value) in [
            ("aud", json!("http://localhost:8080/")),
            ("aud", json!("https://elsewhere.example")),
            ("htm", json!("post")),
            ("htu", json!("/device-access/api/v1/renew")),
            ("bdy", json!(b64(&[0; 32]))),
            ("exp", json!(iat)),
            ("exp", json!(iat + 61)),
            ("jti", json!(b64(&[1; 11]))),
            ("iat", json!("soon")),
        ] {
            let mut claims = good.clone();
            claims[member] = value;
            send(computer.proof(&claims)).await.refused(401, "proof_invalid");
        }
        let mut other = computer.proof(&good);
        other.replace_range(other.len() - 4.., "AAAA");
        send(other).await.refused(401, "proof_invalid");
        let proof = computer.proof(&good);
        send(proof.clone()).await.expect(200);
        send(proof.clone()).await.refused(401, "proof_replayed");
        app.world.advance_seconds(299);
        send(proof.clone()).await.refused(401, "proof_replayed");
        app.world.advance_seconds(2);
        send(proof).await.refused(401, "clock_skew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_by_an_hour_gets_the_servers_time() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let mut computer = harbour.computer().await;
        for ahead in [3600, -3600, 301, -301] {
            computer.clock_ahead = ahead;
            let refused = computer.post(&harbour.app, "/check-in", &check_in()).await;
            assert_eq!(refused.json()["serverTime"], harbour.app.app.env().now.micros());
            refused.refused(401, "clock_skew");
        }
        computer.clock_ahead = 300;
        computer.post(&harbour.app, "/check-in", &check_in()).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_computer_is_told_to_it() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let path = format!("/api/v1/devices/{}", computer.id);
        let step =
            async |step: &str| app.post(&format!("{path}/lifecycle/{step}"), &harbour.super_token, &Value::Null).await;
        step("activate").await.refused(400, "E0000001");
        step("suspend").await.expect(204);
        computer.post(app, "/check-in", &check_in()).await.refused(403, "device_suspended");
        step("unsuspend").await.expect(204);
        computer.post(app, "/check-in", &check_in()).await.expect(200);
        let early = app.call(Method::DELETE, &path, &harbour.super_token, &Value::Null).await;
        early.refused(400, "E0000001");
        step("deactivate").await.expect(204);
        computer.post(app, "/check-in", &check_in()).await.refused(403, "device_deactivated");
        app.call(Method::DELETE, &path, &harbour.super_token, &Value::Null).await.expect(204);
        computer.post(app, "/check-in", &check_in()).await.refused(410, "device_deleted");
        app.get(&path, &harbour.super_token).await.refused(404, "E0000007");
        step("activate").await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_renewed_and_end() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let renewed = computer.renew(app).await;
        computer.post(app, "/check-in", &check_in()).await.expect(200);
        renewed.post(app, "/check-in", &check_in()).await.expect(200);
        computer.post(app, "/check-in", &check_in()).await.refused(401, "certificate_revoked");
        app.world.advance_seconds(90 * 86_400);
        renewed.post(app, "/check-in", &check_in()).await.refused(401, "certificate_expired");

        let stranger = Harbour::new(engine).await;
        let foreign = stranger.computer().await;
        foreign.post(app, "/check-in", &check_in()).await.refused(401, "certificate_unknown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn linux_is_shown_only_to_programs_that_know_it() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let (app, computer) = (&harbour.app, harbour.computer().await);
        let secret = harbour.register(&computer).await;
        assert_eq!(secret.user, harbour.grace.id.as_str());
        let ids = |answer: crate::app::Answer| -> Vec<String> {
            let list = answer.expect(200).json();
            list.as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
        };
        let token = &harbour.desk_token;
        let of_grace = format!("/api/v1/users/{}/devices", harbour.grace.id);
        for strict in ["/api/v1/devices", &of_grace] {
            assert_eq!(ids(app.get(strict, token).await), Vec::<String>::new(), "{strict}");
        }
        let all = "/device-access/api/v1/devices";
        for found in [
            "",
            "?q=grace",
            "?q=0042",
            "?q=LAPTOP",
            "?search=profile.serialNumber%20eq%20%22PF3X-0042%22",
            "?search=user.login%20eq%20%22grace%22",
            "?search=status%20eq%20%22ACTIVE%22%20and%20profile.displayName%20co%20%22lap%22",
        ] {
            assert_eq!(ids(app.get(&format!("{all}{found}"), token).await), [computer.id.as_str()], "{found}");
        }
        assert_eq!(ids(app.get(&format!("{all}?q=nobody"), token).await), Vec::<String>::new());
        app.get(&format!("{all}?search=colour%20eq%20%22blue%22"), token).await.refused(400, "E0000031");
        let settings = json!({ "showLinuxToEveryApiClient": true });
        let path = "/device-access/api/v1/access-settings";
        app.call(Method::PUT, path, &harbour.super_token, &settings).await.expect(200);
        assert_eq!(ids(app.get("/api/v1/devices", token).await), [computer.id.as_str()]);
        let expanded = app.get("/api/v1/devices?expand=user", token).await.expect(200).json();
        assert_eq!(expanded[0]["_embedded"]["users"][0]["user"]["id"], harbour.grace.id.as_str());
        let mine = app.get(&of_grace, token).await.expect(200).json();
        assert_eq!(mine[0]["device"]["id"], computer.id.as_str());
        let people = app.get(&format!("/api/v1/devices/{}/users", computer.id), token).await.expect(200).json();
        assert_eq!((&people[0]["proof"], &people[0]["user"]["profile"]["login"]), (&json!("FACTOR"), &json!("grace")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_super_administrator_changes_settings() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let app = &harbour.app;
        let device = "/device-access/api/v1/device-settings";
        let body = json!({ "DeviceRecoveryPINDuration": 90 });
        app.call(Method::PUT, device, &harbour.desk_token, &body).await.refused(403, "E0000006");
        let before = app.get(device, &harbour.super_token).await.expect(200).json()["version"].as_i64();
        let set = app.call(Method::PUT, device, &harbour.super_token, &body).await.expect(200).json();
        assert_eq!((&set["DeviceRecoveryPINDuration"], &set["RecoveryMode"]), (&json!(90), &json!("AUTO")));
        assert_eq!(set["version"].as_i64(), before.map(|version| version + 1));
        let wrong = json!({ "DeviceRecoveryPINDuration": 7201 });
        app.call(Method::PUT, device, &harbour.super_token, &wrong).await.refused(400, "E0000001");
        let feature = "/api/v1/features/ftrDesktopMfaRecover";
        app.post(&format!("{feature}/disable"), &harbour.super_token, &Value::Null).await.expect(200);
        let on = json!({ "desktopMFARecoveryPinEnabled": true });
        let switch = "/device-access/api/v1/desktop-mfa/recovery-pin-settings";
        app.call(Method::PUT, switch, &harbour.super_token, &on).await.refused(401, "E0000015");
        let computer = harbour.computer().await;
        let ask = json!({ "mode": "TIME", "reason": "phone lost" });
        harbour.ask(&computer, &ask).await.refused(403, "feature_disabled");
        let limit = json!({ "pins_pair_hour": 0 });
        let limits = "/device-access/api/v1/limits";
        app.call(Method::PUT, limits, &harbour.super_token, &limit).await.refused(400, "E0000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_computers_life_asks_for_its_own_permission() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        let make = async |path: &str, body: Value| {
            harbour.app.post(path, &harbour.super_token, &body).await.expect(200).json()["id"].clone()
        };
        let permissions = ["okta.devices.lifecycle.suspend", "okta.devices.lifecycle.delete"];
        let role = json!({ "label": "Bars", "description": "", "permissions": permissions });
        let set = json!({ "label": "Computers", "description": "", "resources": ["/api/v1/devices"] });
        let (role, set) = (make("/api/v1/iam/roles", role).await, make("/api/v1/iam/resource-sets", set).await);
        let body = json!({ "type": "CUSTOM", "role": role, "resource-set": set });
        let roles = format!("/api/v1/users/{}/roles", harbour.hal.id);
        harbour.app.post(&roles, &harbour.super_token, &body).await.expect(201);
        let own = format!("/api/v1/devices/{}", computer.id);
        let step = async |step: &str, token: &str| {
            harbour.app.post(&format!("{own}/lifecycle/{step}"), token, &Value::Null).await
        };
        step("suspend", &harbour.desk_token).await.expect(204);
        for other in ["unsuspend", "activate", "deactivate"] {
            step(other, &harbour.desk_token).await.refused(403, "E0000006");
        }
        step("nonsense", &harbour.desk_token).await.refused(404, "E0000008");
        step("deactivate", &harbour.super_token).await.expect(204);
        let delete = |token: String| {
            let (app, own) = (&harbour.app, own.clone());
            async move { app.call(Method::DELETE, &own, &token, &Value::Null).await }
        };
        delete(harbour.desk_token.clone()).await.expect(204);
    }
}
