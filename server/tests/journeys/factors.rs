//! The Factors API: apps, tokens and questions, from enrolment to removal; who may do that, and what an organisation allows.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_codes::otp::{self, AUTHENTICATOR_APP, Algorithm, Totp};
use postern_codes::{Secret, Timestamp};
use postern_store::audit::EventQuery;
use postern_store::factors::OrgFactors;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::people::organisation;
use crate::staff::{Member, Staff};

const QUESTION: &str = "What is the food you least liked as a child?";

/// A server whose organisation allows every factor, and somebody in it.
pub struct Desk {
    pub staff: Staff,
    pub grace: Member,
}

impl Desk {
    pub async fn new(engine: postern_store::migrate::Engine) -> Self {
        let staff = Staff::new(engine).await;
        let now = staff.app.app.env().now;
        let allow = staff.app.app.store.write(staff.org, |tx| tx.put_setting(&OrgFactors::all(), now).map(drop));
        allow.await.expect("the database serves");
        let grace = staff.with("grace", &[]).await;
        Self { staff, grace }
    }

    pub fn app(&self) -> &TestApp {
        &self.staff.app
    }

    /// A call about Grace's factors by the super administrator's token.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1/users/{}/factors{path}", self.grace.id);
        self.app().call(method, &path, &self.staff.root.token, &body).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    /// A factor that was begun.
    pub async fn enrol(&self, query: &str, body: Value) -> Value {
        self.post(query, body).await.expect(200).json()
    }

    pub async fn activate(&self, factor: &Value, body: Value) -> Answer {
        self.post(&format!("/{}/lifecycle/activate", id(factor)), body).await
    }

    pub async fn verify(&self, factor: &Value, body: Value) -> Answer {
        self.post(&format!("/{}/verify", id(factor)), body).await
    }

    /// Why each event of this type failed, nothing for a success, in the order of these words.
    pub async fn events(&self, kind: &str) -> Vec<Option<String>> {
        events(self.app(), self.staff.org, kind).await
    }
}

pub async fn events(app: &TestApp, org: postern_codes::Id<postern_codes::id::Org>, kind: &str) -> Vec<Option<String>> {
    let write = app.app.store.write(org, |tx| {
        while tx.place_events()? > 0 {}
        tx.events(&EventQuery::default(), 10_000)
    });
    let of_kind = write.await.expect("the database serves").into_iter().filter(|event| event.body.event_type == kind);
    let mut reasons: Vec<_> = of_kind.map(|event| event.body.outcome["reason"].as_str().map(str::to_owned)).collect();
    reasons.sort();
    reasons
}

pub fn id(factor: &Value) -> &str {
    factor["id"].as_str().expect("an id")
}

pub fn code(text: &str) -> Value {
    json!({ "passCode": text })
}

fn app_secret(factor: &Value) -> Secret<Vec<u8>> {
    let text = factor["_embedded"]["activation"]["sharedSecret"].as_str().expect("a secret");
    otp::from_base32(text).expect("base 32")
}

fn at(app: &TestApp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(app.app.env().now.unix_seconds() + seconds)
}

/// A code that is right at no moment near this one.
fn wrong(app: &TestApp, secret: &Secret<Vec<u8>>) -> String {
    let near: Vec<String> =
        (-6..=6).map(|steps| AUTHENTICATOR_APP.code(secret, at(app, steps * 30)).expose().clone()).collect();
    (0..20).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).expect("few are near")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_enrolled_activated_verified_and_removed() {
    for engine in scratch::engines() {
        for (provider, other) in [("GOOGLE", "OKTA"), ("OKTA", "GOOGLE")] {
            let desk = Desk::new(engine).await;
            let app = desk.app();
            let factor = desk.enrol("", json!({ "factorType": "token:software:totp", "provider": provider })).await;
            assert_eq!((&factor["status"], &factor["provider"]), (&json!("PENDING_ACTIVATION"), &json!(provider)));
            assert_eq!(factor["profile"], json!({ "credentialId": "grace@acme.example" }));
            assert!(factor["_links"].get("verify").is_none() && factor["_links"].get("activate").is_some());
            let embedded = &factor["_embedded"]["activation"];
            assert_eq!((&embedded["timeStep"], &embedded["keyLength"]), (&json!(30), &json!(6)));

            // The picture needs no token, and nobody finds it without its address.
            let href = embedded["_links"]["qrcode"]["href"].as_str().unwrap();
            let path = href.split_once("/api/").map(|(_, path)| format!("/api/{path}")).unwrap();
            let picture = app.get(&path, "").await.expect(200);
            assert_eq!(picture.headers["content-type"], "image/png");
            assert!(picture.bytes.starts_with(b"\x89PNG") && picture.headers["cache-control"] == "no-store");
            let guessed = format!("{}{}", &path[..path.len() - 2], "AA");
            app.get(&guessed, "").await.refused(404, "E0000007");

            let secret = app_secret(&factor);
            let shown = desk.call(Method::GET, &format!("/{}", id(&factor)), Value::Null).await.expect(200).json();
            assert!(shown.get("_embedded").is_none(), "the secret is shown once");
            desk.verify(&factor, code("123456")).await.refused(423, "E0000180");
            desk.activate(&factor, code(&wrong(app, &secret))).await.refused(403, "E0000068");
            desk.activate(&factor, json!({})).await.refused(400, "E0000001");
            let right = AUTHENTICATOR_APP.code(&secret, at(app, 0));
            let active = desk.activate(&factor, code(right.expose())).await.expect(200).json();
            assert_eq!(active["status"], "ACTIVE");
            assert!(active["_links"].get("verify").is_some() && active["_links"].get("activate").is_none());
            desk.activate(&factor, code(right.expose())).await.refused(403, "E0000079");
            app.get(&path, "").await.refused(404, "E0000007");

            desk.verify(&factor, code(right.expose())).await.refused(403, "E0000082");
            let early = AUTHENTICATOR_APP.code(&secret, at(app, 90));
            desk.verify(&factor, code(early.expose())).await.refused(403, "E0000083");
            app.world.advance_seconds(30);
            let next = AUTHENTICATOR_APP.code(&secret, at(app, 0));
            assert_eq!(
                desk.verify(&factor, code(next.expose())).await.expect(200).json(),
                json!({ "factorResult": "SUCCESS" })
            );
            desk.verify(&factor, code(next.expose())).await.refused(403, "E0000082");
            desk.verify(&factor, json!({})).await.refused(400, "E0000001");
            let again = json!({ "factorType": "token:software:totp", "provider": provider });
            desk.post("", again).await.refused(400, "E0000001");
            desk.enrol("", json!({ "factorType": "token:software:totp", "provider": other })).await;

            let listed = desk.call(Method::GET, "", Value::Null).await.expect(200).json();
            assert_eq!(listed.as_array().map(Vec::len), Some(2));
            desk.call(Method::DELETE, &format!("/{}", id(&factor)), Value::Null).await.expect(204);
            desk.call(Method::GET, &format!("/{}", id(&factor)), Value::Null).await.refused(404, "E0000007");
            desk.verify(&factor, code("123456")).await.refused(404, "E0000007");
            assert_eq!(desk.events("user.mfa.factor.deactivate").await, [None]);
            assert_eq!(desk.events("user.mfa.factor.activate").await, [None, Some("invalid_code".into())]);
            let told = crate::sent_codes::messages(app).await.join("\n");
            assert!(told.contains("can now be used") && told.contains("can no longer be used"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_of_somebody_else_is_not_there() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let hal = desk.staff.with("hal", &[]).await;
        let factor = desk.enrol("", json!({ "factorType": "token:software:totp" })).await;
        let path = format!("/api/v1/users/{}/factors/{}", hal.id, id(&factor));
        let root = &desk.staff.root.token;
        app.get(&path, root).await.refused(404, "E0000007");
        for act in ["lifecycle/activate", "verify", "resend"] {
            app.post(&format!("{path}/{act}"), root, &code("123456")).await.refused(404, "E0000007");
        }
        app.call(Method::DELETE, &path, root, &Value::Null).await.refused(404, "E0000007");
        // Nor by another organisation's administrator.
        let elsewhere = crate::staff::founded(app, "Elsewhere").await;
        let stranger = crate::staff::member(app, elsewhere, "stranger", &[Role::Super]).await;
        app.get(&path, &stranger.token).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_answers_are_limited_and_lock_nobody_out() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let factor = desk.enrol("", json!({ "factorType": "token:software:totp" })).await;
        let secret = app_secret(&factor);
        for _ in 0..5 {
            desk.activate(&factor, code(&wrong(app, &secret))).await.refused(403, "E0000068");
        }
        let right = AUTHENTICATOR_APP.code(&secret, at(app, 0));
        desk.activate(&factor, code(right.expose())).await.refused(429, "E0000047");
        let path = format!("/api/v1/users/{}", desk.grace.id);
        assert_eq!(app.get(&path, &desk.staff.root.token).await.json()["status"], "ACTIVE");
        app.world.advance_seconds(300);
        let right = AUTHENTICATOR_APP.code(&secret, at(app, 0));
        desk.activate(&factor, code(right.expose())).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_are_limited_and_lock_the_person() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let factor = desk.enrol("", json!({ "factorType": "token:software:totp" })).await;
        let secret = app_secret(&factor);
        let right = AUTHENTICATOR_APP.code(&secret, at(app, 0));
        desk.activate(&factor, code(right.expose())).await.expect(200);
        for round in 0..2 {
            for turn in 0..5 {
                let refused = desk.verify(&factor, code(&wrong(app, &secret))).await;
                if (round, turn) == (1, 4) {
                    refused.refused(403, "E0000069");
                } else {
                    refused.refused(403, "E0000068");
                }
            }
            app.world.advance_seconds(300);
        }
        let right = AUTHENTICATOR_APP.code(&secret, at(app, 0));
        desk.verify(&factor, code(right.expose())).await.refused(403, "E0000069");
        app.world.advance_seconds(3600);
        let right = AUTHENTICATOR_APP.code(&secret, at(app, 0));
        desk.verify(&factor, code(right.expose())).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_counts_at_once_and_its_answer_is_compared_loosely() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let ask = |profile: Value| json!({ "factorType": "question", "provider": "OKTA", "profile": profile });
        for broken in [
            json!({}),
            json!({ "question": "disliked_food" }),
            json!({ "question": "disliked_food", "answer": "egg" }),
            json!({ "question": "disliked_food", "answer": "the food" }),
            json!({ "question": "mothers_name", "answer": "mustard" }),
            json!({ "question": "custom", "answer": "mustard" }),
            json!({ "question": "disliked_food", "answer": "x".repeat(101) }),
            json!({ "question": 7, "answer": ["mustard"] }),
        ] {
            desk.post("", ask(broken)).await.refused(400, "E0000001");
        }
        let factor = desk.enrol("", ask(json!({ "question": "disliked_food", "answer": "Mustard" }))).await;
        assert_eq!(factor["status"], "ACTIVE");
        assert_eq!(factor["profile"], json!({ "question": "disliked_food", "questionText": QUESTION }));
        let wrong = desk.verify(&factor, json!({ "answer": "ketchup" })).await;
        wrong.refused(403, "E0000068");
        let cause = &wrong.json()["errorCauses"][0]["errorSummary"];
        assert_eq!(*cause, "Your answer doesn't match our records. Please try again.");
        for _ in 0..2 {
            desk.verify(&factor, json!({ "answer": " mUSTARD " })).await.expect(200);
        }
        desk.verify(&factor, json!({})).await.refused(400, "E0000001");
        for _ in 0..5 {
            desk.verify(&factor, json!({ "answer": "ketchup" })).await.refused(403, "E0000068");
        }
        desk.verify(&factor, json!({ "answer": "mustard" })).await.refused(429, "E0000047");
        let all = desk.call(Method::GET, "/questions", Value::Null).await.expect(200).json();
        assert_eq!((all.as_array().map(Vec::len), &all[0]["questionText"]), (Some(20), &json!(QUESTION)));
        // One's own question.
        desk.call(Method::DELETE, &format!("/{}", id(&factor)), Value::Null).await.expect(204);
        let own = json!({ "question": "custom", "questionText": "Which ship?", "answer": "Albatross" });
        assert_eq!(desk.enrol("", ask(own)).await["profile"]["questionText"], "Which ship?");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_by_its_make() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let (app, root) = (desk.app(), &desk.staff.root.token);
        let profiles = "/api/v1/org/factors/hotp/profiles";
        let make = |name: &str, hash: &str, length: u8, step: u64| {
            let settings = json!({
                "hmacAlgorithm": hash, "passCodeLength": length, "timeStep": step, "sharedSecretEncoding": "hexadecimal",
            });
            json!({ "name": name, "settings": settings })
        };
        for broken in [
            json!({}),
            make("", "HMacSHA1", 6, 30),
            make("x", "HMacMD5", 6, 30),
            make("x", "HMacSHA1", 5, 30),
            make("x", "HMacSHA1", 6, 10),
            json!({ "name": "x" }),
        ] {
            app.post(profiles, root, &broken).await.refused(400, "E0000001");
        }
        let clock = app.post(profiles, root, &make("Clocks", "HMacSHA256", 8, 60)).await.expect(201).json();
        app.post(profiles, root, &make("clocks", "HMacSHA1", 6, 30)).await.refused(400, "E0000001");
        let counter = app.post(profiles, root, &make("Counters", "HMacSHA1", 6, 0)).await.expect(201).json();
        assert_eq!(app.get(profiles, root).await.expect(200).json().as_array().map(Vec::len), Some(2));
        let one = app.get(&format!("{profiles}/{}", id(&clock)), root).await.expect(200).json();
        assert_eq!(one["settings"]["timeStep"], 60);

        let hex = "3132333435363738393031323334353637383930";
        let ask = |make: &Value, secret: &str| {
            let profile = json!({ "sharedSecret": secret });
            json!({ "factorType": "token:hotp", "provider": "CUSTOM", "factorProfileId": make["id"], "profile": profile })
        };
        for (broken, query) in [
            (json!({ "factorType": "token:hotp", "provider": "CUSTOM" }), ""),
            (ask(&clock, "31"), "?activate=true"),
            (ask(&clock, "not hexadecimal"), "?activate=true"),
            (ask(&json!({ "id": "fpr00000000000000000" }), hex), "?activate=true"),
            (ask(&json!({ "id": "nonsense" }), hex), "?activate=true"),
        ] {
            desk.post(query, broken).await.refused(400, "E0000001");
        }
        let factor = desk.enrol("?activate=true", ask(&clock, hex)).await;
        assert_eq!((&factor["status"], &factor["profile"]), (&json!("ACTIVE"), &json!({})));
        let secret = Secret::new(b"12345678901234567890".to_vec());
        let codes = Totp { algorithm: Algorithm::Sha256, digits: 8, drift: 1, period: 60 };
        let right = codes.code(&secret, at(app, 0));
        desk.verify(&factor, code(right.expose())).await.expect(200);
        desk.verify(&factor, code(right.expose())).await.refused(403, "E0000082");
        desk.verify(&factor, code(codes.code(&secret, at(app, 180)).expose())).await.refused(403, "E0000083");
        app.call(Method::DELETE, &format!("{profiles}/{}", id(&clock)), root, &Value::Null).await.expect(204);
        app.world.advance_seconds(60);
        let right = codes.code(&secret, at(app, 0));
        desk.verify(&factor, code(right.expose())).await.expect(200);
        desk.call(Method::DELETE, &format!("/{}", id(&factor)), Value::Null).await.expect(204);

        // RFC 4226, appendix D; the first proves the token where nobody vouches for it.
        let factor = desk.enrol("", ask(&counter, hex)).await;
        desk.activate(&factor, code("755224")).await.expect(200);
        desk.verify(&factor, code("755224")).await.refused(403, "E0000082");
        desk.verify(&factor, code("969429")).await.expect(200);
        desk.verify(&factor, code("287082")).await.refused(403, "E0000082");
        // Far ahead, two in a row bring it back.
        let far = |counter| otp::hotp(&secret, counter, 6, Algorithm::Sha1).expose().clone();
        desk.verify(&factor, code(&far(60))).await.refused(403, "E0000068");
        desk.verify(&factor, json!({ "passCode": far(60), "nextPassCode": far(62) })).await.refused(403, "E0000068");
        desk.verify(&factor, json!({ "passCode": far(60), "nextPassCode": far(61) })).await.expect(200);
        desk.verify(&factor, code(&far(62))).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_says_what_can_be_enrolled_and_what_is() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (app, root) = (&staff.app, &staff.root.token);
        let grace = staff.with("grace", &[]).await;
        let path = format!("/api/v1/users/{}/factors/catalog", grace.id);
        let types = |catalogue: &Value| -> Vec<String> {
            let of = |entry: &Value| {
                format!("{} {} {}", entry["factorType"], entry["provider"], entry["status"]).replace('"', "")
            };
            catalogue.as_array().unwrap().iter().map(of).collect()
        };
        // A new organisation does without what is phishable or restricted.
        let ours = types(&app.get(&path, root).await.expect(200).json());
        let wanted = [
            "webauthn FIDO NOT_SETUP",
            "token:software:totp GOOGLE NOT_SETUP",
            "token:software:totp OKTA NOT_SETUP",
            "token:hotp CUSTOM NOT_SETUP",
        ];
        assert_eq!(ours, wanted);
        let enrol = json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } });
        let factors = format!("/api/v1/users/{}/factors", grace.id);
        app.post(&factors, root, &enrol).await.refused(400, "E0000001");

        let all = app.get("/api/v1/org/factors", root).await.expect(200).json();
        let sms = all.as_array().unwrap().iter().find(|factor| factor["id"] == "okta_sms").unwrap();
        assert!(sms["status"] == "INACTIVE" && sms["note"].as_str().unwrap().contains("NIST"));
        app.post("/api/v1/org/factors/okta_sms/lifecycle/activate", root, &Value::Null).await.expect(200);
        app.post(&format!("{factors}?activate=true"), root, &enrol).await.expect(200);
        let entry = app.get(&path, root).await.expect(200).json();
        let sms = entry.as_array().unwrap().iter().find(|entry| entry["factorType"] == "sms").unwrap().clone();
        assert_eq!((&sms["status"], &sms["enrollment"]), (&json!("ACTIVE"), &json!("OPTIONAL")));
        assert_eq!(sms["_embedded"]["phones"][0]["profile"]["phoneNumber"], "+15554151337");
        // What is not allowed any more is not taken away, and counts for nothing.
        app.post("/api/v1/org/factors/okta_sms/lifecycle/deactivate", root, &Value::Null).await.expect(200);
        let listed = app.get(&factors, root).await.expect(200).json();
        let verify = format!("{factors}/{}/verify", id(&listed[0]));
        app.post(&verify, root, &json!({})).await.refused(423, "E0000180");
        let inactive =
            app.get("/api/v1/org/factors?filter=status%20eq%20%22INACTIVE%22", root).await.expect(200).json();
        assert_eq!(inactive.as_array().map(Vec::len), Some(4));
        app.get("/api/v1/org/factors?filter=nonsense", root).await.refused(400, "E0000031");
        app.get("/api/v1/org/factors/nonsense", root).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_factor_away_that_they_come_in_with() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let path = |name: &str, act: &str| format!("/api/v1/org/factors/{name}/lifecycle/{act}");
        browser.call(&path("google_otp", "deactivate"), &json!({})).await.refused(403, "E0000006");
        browser.call(&path("okta_otp", "deactivate"), &json!({})).await.expect(200);
        browser.call(&path("okta_otp", "activate"), &json!({})).await.expect(200);
        assert_eq!(events(&app, ada.org, "system.mfa.factor.deactivate").await, [None, Some("own_factor".into())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_look_after_their_own_by_a_session_that_proved_a_factor() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let now = app.app.env().now;
        let allow = app.app.store.write(ada.org, |tx| tx.put_setting(&OrgFactors::all(), now).map(drop));
        allow.await.expect("the database serves");
        let mut browser = Browser::of(&app, &ada).await;
        let own = "/api/v1/users/me/factors";
        let listed = browser.open(own).await.expect(200).json();
        assert_eq!(listed[0]["factorType"], "token:software:totp");
        let sms = json!({ "factorType": "sms", "profile": { "phoneNumber": "+1 555 415 1337" } });
        // Nobody vouches for themselves.
        let begun = browser.call(&format!("{own}?activate=true"), &sms).await.expect(200).json();
        assert_eq!(begun["status"], "PENDING_ACTIVATION");
        app.world.advance_seconds(300);
        browser.call(own, &sms).await.refused(403, "step_up_required");
        browser
            .call(&format!("{own}/{}/lifecycle/activate", id(&begun)), &code("123456"))
            .await
            .refused(403, "step_up_required");
        // To be asked is no change.
        let verify = format!("{own}/{}/verify", id(&listed[0]));
        browser.call(&verify, &code(ada.code(&app).expose())).await.expect(200);

        // A token does not change what its owner comes in with, and others' need a right.
        let staff = crate::staff::member(&app, ada.org, "tok", &[Role::Super]).await;
        let path = format!("/api/v1/users/{}/factors", staff.id);
        app.post(&path, &staff.token, &json!({ "factorType": "token:software:totp" }))
            .await
            .refused(403, "step_up_required");
        let plain = crate::staff::member(&app, ada.org, "plain", &[]).await;
        app.get("/api/v1/users/me/factors", &plain.token).await.expect(200);
        let path = format!("/api/v1/users/{}/factors", ada.id);
        for (method, rest) in [(Method::GET, ""), (Method::POST, ""), (Method::GET, "/catalog")] {
            let refused = app.call(method, &format!("{path}{rest}"), &plain.token, &json!({})).await;
            refused.refused(403, "E0000006");
        }
        // The help desk stands below a super administrator.
        let hal = crate::staff::member(&app, ada.org, "hal", &[Role::HelpDesk]).await;
        app.post(&path, &hal.token, &json!({ "factorType": "token:software:totp" })).await.refused(403, "E0000006");
        let gone = format!("{path}/{}", id(&listed[0]));
        app.call(Method::DELETE, &gone, &hal.token, &Value::Null).await.refused(403, "E0000006");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_none_are_refused() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = desk.app();
        let factor = desk.enrol("", json!({ "factorType": "token:software:totp" })).await;
        let own = format!("/api/v1/users/{}/factors", desk.grace.id);
        let paths = ["", &format!("/{}/lifecycle/activate", id(&factor)), &format!("/{}/verify", id(&factor))];
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        let nested = format!("{{\"profile\":{deep}}}");
        for path in paths {
            for (body, status, error) in [
                ("{", 400, "E0000003"),
                ("nonsense", 400, "E0000003"),
                ("[]", 400, "E0000001"),
                ("{\"passCode\": 7, \"factorType\": 7}", 400, "E0000001"),
                (&format!("{{\"profile\":\"{}\"}}", "x".repeat(70_000)), 413, "E0000001"),
            ] {
                let request = axum::http::Request::post(format!("{own}{path}"))
                    .header("authorization", format!("SSWS {}", desk.staff.root.token))
                    .body(body.to_owned().into())
                    .unwrap();
                app.send(request).await.refused(status, error);
            }
            // As deep as this it is no JSON, is not of its form, or is no member that is looked at.
            let request = axum::http::Request::post(format!("{own}{path}"))
                .header("authorization", format!("SSWS {}", desk.staff.root.token));
            let answer = app.send(request.body(nested.clone().into()).unwrap()).await;
            assert!(matches!(answer.status.as_u16(), 400 | 423), "{}", answer.text());
        }
        for broken in [
            json!({}),
            json!({ "factorType": "push" }),
            json!({ "factorType": "nonsense" }),
            json!({ "factorType": "backup_codes" }),
            json!({ "factorType": "sms", "provider": "GOOGLE" }),
            json!({ "factorType": "sms", "profile": "x" }),
        ] {
            desk.post("", broken).await.refused(400, "E0000001");
        }
        desk.post("?activate=perhaps", json!({ "factorType": "sms" })).await.refused(400, "E0000001");
        for life in ["0", "86401", "-1", "x"] {
            let query = format!("?tokenLifetimeSeconds={life}");
            desk.post(&query, json!({ "factorType": "email" })).await.refused(400, "E0000001");
        }
        // Nobody whose account has ended, or has not begun, gets a factor.
        for status in ["SUSPENDED", "DEPROVISIONED", "STAGED"] {
            let who = desk.staff.standing(status, &format!("x{}@acme.example", status.to_lowercase())).await;
            let path = format!("/api/v1/users/{who}/factors");
            let answer = app.post(&path, &desk.staff.root.token, &json!({ "factorType": "token:software:totp" })).await;
            answer.refused(403, "E0000038");
        }
    }
}
