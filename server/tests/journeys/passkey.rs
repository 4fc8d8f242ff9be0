//! Passkeys: added on one's own page, proved at sign-in and before weighty acts, demanded, removed; and everything that
//! an answer must not be.

use axum::http::Method;
use postern_authn::factor::webauthn::soft::Authenticator;
use postern_authn::permission::Role;
use postern_server::jobs;
use postern_store::audit::EventQuery;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::people::{Person, organisation};
use crate::staff::member;

const ORIGIN: &str = "http://localhost:8080";
const OWN: &str = "/account";
const NEW: &str = "/account/factors/new/fido_webauthn";
const ADD: &str = "/account/factors/passkey";
const ADDED: &str = "/account?done=added";
const DEMANDS: &str = "/admin/security/demands";

/// What a page hands to the browser for a device that is to be enrolled.
fn options(page: &Answer) -> Value {
    let text = page.text();
    let options = text.split("data-options=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("options");
    let options = options.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#38;", "&");
    serde_json::from_str(&options).expect("JSON")
}

/// Asks for the passkey that a form's script would ask for: its token and options.
async fn asked(browser: &mut Browser<'_>, address: &str, state: &str) -> (String, Value) {
    let said = browser.submit(address, &[("stateToken", state)]).await.expect(200).json();
    (said["token"].as_str().expect("a token").to_owned(), said["options"].clone())
}

async fn enrol(browser: &mut Browser<'_>, device: &mut Authenticator, name: &str) -> Answer {
    let page = browser.submit(NEW, &[("name", name)]).await.expect(200);
    let answer = device.enrol(&options(&page));
    let token = page.hidden("passkeyToken");
    browser.submit(ADD, &[("name", name), ("passkeyToken", &token), ("passkey", &answer)]).await
}

async fn sign_in(browser: &mut Browser<'_>, device: &Authenticator) -> Answer {
    let (token, options) = asked(browser, "/signin/passkey", "").await;
    browser.submit("/signin", &[("passkeyToken", &token), ("passkey", &device.prove(&options))]).await
}

/// Why each event of this type failed, in order; nothing for a success.
async fn events(app: &TestApp, person: &Person, kind: &str) -> Vec<Option<String>> {
    let write = app.app.store.write(person.org, |tx| {
        while tx.place_events()? > 0 {}
        tx.events(&EventQuery::default(), 10_000)
    });
    let of_kind = write.await.expect("the database serves").into_iter().filter(|event| event.body.event_type == kind);
    of_kind.map(|event| event.body.outcome["reason"].as_str().map(str::to_owned)).collect()
}

async fn mails(app: &TestApp) -> String {
    jobs::once(&app.app).await.expect("the jobs run");
    app.mails.take().join("\n")
}

/// Ada with a passkey, signed in by password and code.
async fn ada_with_a_passkey(app: &TestApp) -> (Person, Authenticator) {
    let ada = organisation(app).await;
    let mut device = Authenticator::new(7, ORIGIN);
    let mut browser = Browser::of(app, &ada).await;
    assert_eq!(enrol(&mut browser, &mut device, "Blue key").await.leads_to(), ADDED);
    app.world.advance_seconds(30);
    (ada, device)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_added_signs_in_alone_and_is_removed() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let (ada, device) = ada_with_a_passkey(&app).await;
        let told = mails(&app).await;
        assert!(told.contains("What you sign in with has changed") && told.contains("Blue key"), "{told}");

        let mut browser = Browser::new(&app);
        browser.open("/signin").await.expect(200).says(&["data-passkey=\"/signin/passkey\"", "username webauthn"]);
        assert_eq!(sign_in(&mut browser, &device).await.leads_to(), "/admin");
        let own = browser.open(OWN).await.expect(200);
        own.says(&["Passkey “Blue key”", "Authenticator app", "Stays on one device"]);
        let text = own.text();
        let removals: Vec<&str> = text.split("href=\"").filter_map(|rest| rest.split('"').next()).collect();
        let removals: Vec<&str> = removals.into_iter().filter(|href| href.ends_with("/remove")).collect();
        assert_eq!(removals.len(), 2);

        browser.open(removals[1]).await.expect(200).says(&["Remove: Passkey “Blue key”", "told by mail"]);
        assert_eq!(browser.submit(removals[1], &[]).await.leads_to(), "/account?done=removed");
        assert!(mails(&app).await.contains("can no longer be used"), "{engine:?}");
        browser.submit(removals[1], &[]).await.expect(404);
        // The app is the last factor now: an administrator keeps it.
        browser.open(removals[0]).await.expect(200).says(&["your last factor"]);
        browser.submit(removals[0], &[]).await.expect(409).says(&["last_factor"]);
        // Deleted meanwhile: the device answers for nobody.
        sign_in(&mut Browser::new(&app), &device).await.expect(401).says(&["This passkey did not fit"]);
        assert_eq!(events(&app, &ada, "user.mfa.factor.deactivate").await, [None, Some("last_factor".into())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_the_second_factor_after_the_password() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let (ada, device) = ada_with_a_passkey(&app).await;
        let mut browser = Browser::new(&app);
        let first = browser.submit("/signin", &[("username", &ada.login)]).await.expect(200);
        assert!(!first.text().contains("/signin/passkey"), "a stranger learned that there is a passkey");
        let state = first.hidden("stateToken");
        let answers = [("username", ada.login.as_str()), ("stateToken", &state), ("password", &ada.password)];
        let second = browser.submit("/signin", &answers).await.expect(200);
        second.says(&["Use a passkey", "name=\"passCode\""]);
        let (token, options) = asked(&mut browser, "/signin/passkey", &state).await;
        assert_eq!(options["publicKey"]["allowCredentials"].as_array().map(Vec::len), Some(1));
        // A touch is enough: the password was right.
        let touched = Authenticator { verifies: false, ..device.clone() };
        let touched = touched.prove(&options);
        let fields =
            [("username", ada.login.as_str()), ("stateToken", &state), ("passkeyToken", &token), ("passkey", &touched)];
        let refused = browser.submit("/signin", &fields).await;
        // It made sure of its owner when it was enrolled: less than that is not taken from it.
        if refused.status == 401 {
            let (token, options) = asked(&mut browser, "/signin/passkey", &state).await;
            let answer = device.prove(&options);
            let fields = [("stateToken", state.as_str()), ("passkeyToken", &token), ("passkey", &answer)];
            assert_eq!(browser.submit("/signin", &fields).await.leads_to(), "/admin");
        }
        assert!(browser.has_session());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_asked_the_same_for_every_name() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    let (ada, _) = ada_with_a_passkey(&app).await;
    let mut browser = Browser::new(&app);
    let mut shapes = Vec::new();
    for name in [ada.login.as_str(), "nobody@harbour.example"] {
        let state = browser.submit("/signin", &[("username", name)]).await.expect(200).hidden("stateToken");
        let (_, mut options) = asked(&mut browser, "/signin/passkey", &state).await;
        options["publicKey"]["challenge"] = Value::Null;
        shapes.push(options);
        // A code before the password is judged for neither.
        let code = ada.code(&app);
        let fields = [("username", name), ("stateToken", &state), ("passCode", code.expose())];
        browser.submit("/signin", &fields).await.expect(401).says(&["Please start again"]);
    }
    shapes.push({
        let (_, mut options) = asked(&mut browser, "/signin/passkey", "").await;
        options["publicKey"]["challenge"] = Value::Null;
        options
    });
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:#?}");
    assert_eq!(shapes[0]["publicKey"]["allowCredentials"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_wrong_answer_signs_anybody_in() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let (ada, device) = ada_with_a_passkey(&app).await;
        let mut browser = Browser::new(&app);
        let wrong: &[fn(&mut Authenticator)] = &[
            |device| device.origin = "https://evil.example".into(),
            |device| device.party = Some("evil.example".into()),
            |device| device.challenge = Some("AAAA".into()),
            |device| device.verifies = false,
            |device| device.is_forger = true,
        ];
        for behave in &wrong[..4] {
            let mut device = device.clone();
            behave(&mut device);
            sign_in(&mut browser, &device).await.expect(401).says(&["This passkey did not fit"]);
        }
        // Another device, an answer that is none, and a device that says to be another's.
        sign_in(&mut browser, &Authenticator::new(9, ORIGIN)).await.expect(401);
        sign_in(&mut browser, &Authenticator { owner: None, ..device.clone() }).await.expect(401);
        for broken in ["{", "null", "{\"id\":\"AA\"}"] {
            let (token, _) = asked(&mut browser, "/signin/passkey", "").await;
            let fields = [("passkeyToken", token.as_str()), ("passkey", broken)];
            browser.submit("/signin", &fields).await.expect(401).says(&["This passkey did not fit"]);
        }
        app.world.advance_seconds(300);

        let (token, options) = asked(&mut browser, "/signin/passkey", "").await;
        let answer = device.prove(&options);
        let fields = [("passkeyToken", token.as_str()), ("passkey", answer.as_str())];
        app.world.advance_seconds(300);
        browser.submit("/signin", &fields).await.expect(401).says(&["Please start again"]);

        let (token, options) = asked(&mut browser, "/signin/passkey", "").await;
        let answer = device.prove(&options);
        let fields = [("passkeyToken", token.as_str()), ("passkey", answer.as_str())];
        assert_eq!(browser.submit("/signin", &fields).await.leads_to(), "/admin");
        Browser::new(&app).submit("/signin", &fields).await.expect(401).says(&["Please start again"]);

        let failed = events(&app, &ada, "user.session.start").await;
        assert!(failed.contains(&Some("unknown_passkey".into())), "{failed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_is_asked_nobody_else_answers_and_nowhere_else() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    let (ada, device) = ada_with_a_passkey(&app).await;
    let mut here = Browser::of(&app, &ada).await;
    app.world.advance_seconds(30);
    let mut there = Browser::of(&app, &ada).await;
    app.world.advance_seconds(300);

    // A step-up of one session, answered in another and as a sign-in.
    let (token, options) = asked(&mut here, "/signin/step-up", "").await;
    let answer = device.prove(&options);
    let fields = [("stepUp", "x"), ("stepUpDemand", "FRESH"), ("passkeyToken", &token), ("passkey", &answer)];
    there.submit(NEW, &[&[("name", "Key")], &fields[..]].concat()).await.expect(403).says(&["longer than"]);
    Browser::new(&app).submit("/signin", &fields[2..]).await.expect(401).says(&["Please start again"]);
    // A sign-in's question is none of a step-up.
    let (token, options) = asked(&mut here, "/signin/passkey", "").await;
    let answer = device.prove(&options);
    let other = [("name", "Key"), ("stepUp", "x"), ("passkeyToken", &token), ("passkey", &answer)];
    here.submit(NEW, &other).await.expect(403).says(&["longer than"]);
    // Where it was asked, it is right.
    here.submit(NEW, &[&[("name", "Key")], &fields[..]].concat()).await.expect(200).says(&["Ask my device"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_goes_back_is_refused_and_recorded() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let (ada, device) = ada_with_a_passkey(&app).await;
        let at = |counter| Authenticator { counter, ..device.clone() };
        assert_eq!(sign_in(&mut Browser::new(&app), &at(5)).await.leads_to(), "/admin");
        sign_in(&mut Browser::new(&app), &at(5)).await.expect(401);
        sign_in(&mut Browser::new(&app), &at(0)).await.expect(401);
        assert_eq!(sign_in(&mut Browser::new(&app), &at(6)).await.leads_to(), "/admin");
        let suspected = events(&app, &ada, "user.mfa.factor.clone_suspected").await;
        assert_eq!(suspected, [Some("sign_count".into()), Some("sign_count".into())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_enrolled_once_and_only_after_a_fresh_factor() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    let (ada, mut device) = ada_with_a_passkey(&app).await;
    let mut browser = Browser::of(&app, &ada).await;
    enrol(&mut browser, &mut device, "The same again").await.expect(409).says(&["passkey_enrolled"]);
    browser.submit(NEW, &[("name", " ")]).await.expect(400).says(&["name-error"]);
    let mut far = Authenticator { origin: "https://evil.example".into(), ..Authenticator::new(8, ORIGIN) };
    enrol(&mut browser, &mut far, "Far").await.expect(400).says(&["passkey_refused"]);
    app.world.advance_seconds(300);
    let asked = browser.submit(NEW, &[("name", "Later")]).await.expect(403);
    asked.says(&["Show that it is you", "value=\"Later\"", "Use a passkey", "name=\"passCode\""]);
    let code = ada.code(&app);
    let fields = [("name", "Later"), ("stepUp", "Add"), ("stepUpDemand", "FRESH"), ("passCode", code.expose())];
    browser.submit(NEW, &fields).await.expect(200).says(&["Add the passkey Later"]);
    assert_eq!(enrol(&mut browser, &mut Authenticator::new(8, ORIGIN), "Later").await.leads_to(), ADDED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_demands_what_is_set_and_asks_in_place() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let bob = member(&app, ada.org, "bob", &[]).await;
        let root = member(&app, ada.org, "root", &[Role::Super]).await;
        let watch = json!({ "profile": { "name": "Watch", "description": "" } });
        let watch = app.post("/api/v1/groups", &root.token, &watch).await.expect(200).json()["id"].clone();
        let watch = format!("/api/v1/groups/{}", watch.as_str().expect("an id"));
        app.post(&format!("{watch}/roles"), &root.token, &json!({ "type": "USER_ADMIN" })).await;
        let mut browser = Browser::of(&app, &ada).await;
        let strict: Vec<(&str, &str)> = postern_authn::demand::Class::ALL
            .iter()
            .map(|class| (class.name(), if class.name() == "groups" { "PHISHING_RESISTANT" } else { "FRESH" }))
            .collect();
        // Nobody demands what they could not meet.
        browser.submit(DEMANDS, &strict).await.expect(403).says(&["You have no passkey", "demand_not_met"]);
        let mut device = Authenticator::new(7, ORIGIN);
        assert_eq!(enrol(&mut browser, &mut device, "Blue key").await.leads_to(), ADDED);
        // She has one now, and proved only her app in this session.
        let asked = browser.submit(DEMANDS, &strict).await.expect(403);
        asked.says(&["Show that it is you", "Use a passkey"]);
        assert!(!asked.text().contains("name=\"passCode\""), "a code is not enough");
        let (act, demand) = (asked.hidden("stepUp"), asked.hidden("stepUpDemand"));
        let code = ada.code(&app);
        let by_code =
            [&strict[..], &[("stepUp", &act), ("stepUpDemand", "FRESH"), ("passCode", code.expose())]].concat();
        browser.submit(DEMANDS, &by_code).await.expect(403).says(&["Use a passkey"]);
        let (token, options) = self::asked(&mut browser, "/signin/step-up", "").await;
        let answer = device.prove(&options);
        let fields =
            [("stepUp", act.as_str()), ("stepUpDemand", &demand), ("passkeyToken", &token), ("passkey", &answer)];
        let saved = browser.submit(DEMANDS, &[&strict[..], &fields[..]].concat()).await;
        assert_eq!(saved.leads_to(), DEMANDS);
        browser.open(DEMANDS).await.expect(200).says(&["value=\"PHISHING_RESISTANT\" selected"]);

        // A program is held to it where the class says so, and a session that is not fresh too.
        let shown = app.get("/device-access/api/v1/demands", &root.token).await.expect(200).json();
        assert_eq!(shown["groups"], json!({ "demand": "PHISHING_RESISTANT", "least": "NOTHING", "tokensMay": true }));
        let group = json!({ "profile": { "name": "Divers", "description": "" } });
        app.post("/api/v1/groups", &root.token, &group).await.expect(200);
        let role = json!({ "type": "HELP_DESK_ADMIN" });
        let path = format!("/api/v1/users/{}/roles", bob.id);
        app.post(&path, &root.token, &role).await.refused(403, "step_up_required");
        // Nor does a group that holds a role give it to anybody.
        let join = format!("{watch}/users/{}", bob.id);
        app.call(Method::PUT, &join, &root.token, &json!({})).await.refused(403, "step_up_required");
        app.call(Method::DELETE, &watch, &root.token, &json!({})).await.refused(403, "step_up_required");
        let wrong = json!({ "recoveryPins": "NOTHING", "nonsense": "FRESH" });
        app.call(Method::PUT, "/device-access/api/v1/demands", &root.token, &wrong).await.refused(400, "E0000001");
        app.call(Method::PUT, "/device-access/api/v1/demands", &root.token, &json!({})).await.expect(403);
        assert!(events(&app, &ada, "core.access.denied").await.contains(&Some("step_up_required".into())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_does_not_allow_is_not_enrolled_and_nothing_outlives_a_reset() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let root = member(&app, ada.org, "root", &[Role::Super]).await;
        let mut browser = Browser::of(&app, &ada).await;
        let mut device = Authenticator::new(9, ORIGIN);
        let begun = browser.submit(NEW, &[("name", "Key")]).await.expect(200);
        let policy = json!({ "type": "MFA_ENROLL", "name": "No keys", "conditions": everybody(&app, &root.token).await,
            "settings": { "type": "AUTHENTICATORS", "authenticators": [
                { "key": "okta_password", "enroll": { "self": "REQUIRED" } },
                { "key": "google_otp", "enroll": { "self": "REQUIRED" } } ] } });
        let made = app.post("/api/v1/policies", &root.token, &policy).await.expect(200).json();
        let path = format!("/api/v1/policies/{}", made["id"].as_str().expect("an id"));
        let rule = json!({ "type": "MFA_ENROLL", "name": "Always", "actions": { "enroll": { "self": "LOGIN" } } });
        app.post(&format!("{path}/rules"), &root.token, &rule).await.expect(200);
        browser.submit(NEW, &[("name", "Key")]).await.expect(404);
        let fields = [("name", "Key"), ("passkeyToken", &begun.hidden("passkeyToken"))];
        let answer = device.enrol(&options(&begun));
        let late = [&fields[..], &[("passkey", answer.as_str())]].concat();
        browser.submit(ADD, &late).await.expect(403).says(&["factor_not_allowed"]);
        // The app must be there, whatever else is.
        let app_of_hers = app.app.store.read(ada.org, |tx| tx.factors_of(ada.id)).await.expect("it serves")[0].id;
        let remove = format!("/account/factors/{app_of_hers}/remove");
        browser.submit(&remove, &[]).await.expect(409);
        app.call(Method::DELETE, &path, &root.token, &json!({})).await.expect(204);
        let begun = browser.submit(NEW, &[("name", "Key")]).await.expect(200);
        let reset = format!("/api/v1/users/{}/lifecycle/reset_factors", ada.id);
        app.post(&reset, &root.token, &json!({})).await.expect(200);
        let answer = device.enrol(&options(&begun));
        let token = begun.hidden("passkeyToken");
        let ended = browser.submit(ADD, &[("name", "Key"), ("passkeyToken", &token), ("passkey", &answer)]).await;
        ended.expect(403).says(&["You are signed out"]);
        let own = app.app.store.read(ada.org, |tx| tx.factors_of(ada.id)).await.expect("the database serves");
        assert!(own.is_empty(), "a factor outlived the reset");
    }
}

/// The condition that a policy is for everybody.
async fn everybody(app: &TestApp, token: &str) -> Value {
    let groups = app.get("/api/v1/groups?q=Everyone", token).await.expect(200).json();
    json!({ "people": { "groups": { "include": [groups[0]["id"]] } } })
}
