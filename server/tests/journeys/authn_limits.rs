//! What the Authentication API refuses because of how often, when, or by whom it is asked: limits of names and addresses,
//! policies that allow nobody, locks, and steps that two take at once.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::user::Lifecycle;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::authn::{Door, PASSWORD, path};
use crate::browser::Browser;
use crate::staff::{founded, member};
use crate::zones::From;

const ANOTHER: &str = "quite another long one";
const CHANGE: &str = "/credentials/change_password";
const RESET: &str = "/credentials/reset_password";

impl Door {
    async fn from(&self, peer: &str, body: &Value) -> Answer {
        let request = From { peer, forwarded: &[], token: "" }.request(Method::POST, "/api/v1/authn", body);
        self.app().send(request).await
    }

    /// A sign-in that waits for Grace to choose another password.
    async fn expired(&self, password: &str) -> Value {
        let user = self.app().app.store.read(self.staff.org, |tx| tx.user(self.grace.id)).await.unwrap().unwrap();
        let now = self.app().app.env().now;
        let expire =
            self.app().app.store.write(self.staff.org, |tx| tx.move_user(&user, Lifecycle::ExpirePassword, now));
        expire.await.unwrap().unwrap();
        let begun = self.post("", &json!({ "username": self.grace.login, "password": password })).await;
        let begun = begun.expect(200).json();
        assert_eq!(begun["status"], "PASSWORD_EXPIRED");
        begun
    }

    /// The right to come back, as a program of the organisation's own is given it.
    async fn recovering(&self) -> Answer {
        let lost = json!({ "username": self.grace.login });
        self.app().post("/api/v1/authn/recovery/password", &self.staff.root.token, &lost).await
    }
}

/// That a refusal says when the name or address is free again; beside it stands the count of requests, as in every answer.
#[track_caller]
fn says_when(refused: &Answer, within: i64, now: i64) {
    refused.refused(429, "E0000047");
    let number = |name: &str| refused.headers[name].to_str().unwrap().parse::<i64>().unwrap();
    let after = number("retry-after");
    assert!((within - 1..=within + 1).contains(&after), "{after}");
    assert!((now..=now + 61).contains(&number("x-rate-limit-reset")));
    assert!(number("x-rate-limit-limit") > number("x-rate-limit-remaining"));
}

fn change(old: &str, new: &str) -> Value {
    json!({ "oldPassword": old, "newPassword": new })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_an_address_are_tried_so_often_a_minute() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let now = || app.app.env().now.unix_seconds();
        let counts = json!({ "requests_client": 500, "requests_address": 500 });
        let limits = "/device-access/api/v1/limits";
        app.call(Method::PUT, limits, &door.staff.root.token, &counts).await.expect(200);
        // Nobody's name is counted as anybody's is, from wherever it is tried.
        let nobody = json!({ "username": "nobody@acme.example", "password": ANOTHER });
        for number in 0..20 {
            door.from(&format!("203.0.113.{number}"), &nobody).await.refused(401, "E0000004");
        }
        app.world.advance_seconds(20);
        says_when(&door.from("203.0.113.99", &nobody).await, 40, now());
        // Another name goes on.
        let grace = json!({ "username": door.grace.login, "password": PASSWORD });
        door.from("203.0.113.99", &grace).await.expect(200);
        app.world.advance_seconds(40);
        door.from("203.0.113.99", &nobody).await.refused(401, "E0000004");

        app.world.advance_seconds(60);
        for number in 0..120 {
            let asked = json!({ "username": format!("person{number}@acme.example") });
            door.from("198.51.100.7", &asked).await.expect(200);
        }
        says_when(&door.from("198.51.100.7", &grace).await, 60, now());
        door.from("198.51.100.8", &grace).await.expect(200);
        app.world.advance_seconds(60);
        door.from("198.51.100.7", &grace).await.expect(200);
        let told = door.events("system.operation.rate_limit.violation").await;
        assert_eq!(told, [Some("sign_in".to_owned()), Some("sign_in_address".to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_lets_nobody_do_is_refused_by_its_name() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let password = json!({ "age": { "maxAgeDays": 10, "expireWarnDays": 5 } });
        let body = json!({ "type": "PASSWORD", "name": "Shut", "settings": { "password": password } });
        let deny = json!({ "access": "DENY" });
        let actions = json!({
            "passwordChange": deny, "selfServicePasswordReset": deny, "selfServiceUnlock": deny,
        });
        door.policy(body, actions).await;
        let lost = json!({ "username": door.grace.login, "factorType": "EMAIL" });
        door.post("/recovery/password", &lost).await.expect(200);
        assert_eq!(crate::sent_codes::messages(app).await, Vec::<String>::new(), "nobody is told, and nothing is sent");
        let unlock = json!({ "username": door.grace.login, "factorType": "EMAIL" });
        door.post("/recovery/unlock", &unlock).await.refused(403, "E0000032");
        app.world.advance_seconds(6 * 86_400);
        let warned = door.enter_with(json!({ "warnBeforePasswordExpired": true })).await;
        assert_eq!(warned["status"], "PASSWORD_WARN");
        door.step(CHANGE, &warned, change(PASSWORD, ANOTHER)).await.refused(403, "E0000035");
        assert_eq!(door.events("user.account.update_password").await, [Some("policy".to_owned())]);
        // It is left as it is, and goes on.
        assert_eq!(door.step("/skip", &warned, json!({})).await.expect(200).json()["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_locked_out_changes_no_password_and_answers_no_question() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (app, root) = (door.app(), &door.staff.root.token);
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let recovery = json!({ "factors": { "recovery_question": { "status": "ACTIVE" } } });
        let settings = json!({ "recovery": recovery, "password": { "lockout": { "maxAttempts": 2 } } });
        let actions = json!({
            "passwordChange": { "access": "ALLOW" }, "selfServicePasswordReset": { "access": "ALLOW" },
        });
        door.policy(json!({ "type": "PASSWORD", "name": "Some", "settings": settings }), actions).await;
        let question = json!({ "question": "What do you like?", "answer": "mustard soup" });
        let question = json!({ "credentials": { "recovery_question": question } });
        app.post(&format!("/api/v1/users/{}", door.grace.id), root, &question).await.expect(200);
        let begun = door.recovering().await.expect(200).json();
        let token = json!({ "recoveryToken": begun["recoveryToken"] });
        let asked = door.post("/recovery/token", &token).await.expect(200).json();
        let expired = door.expired(PASSWORD).await;
        let answer = path(&asked["_links"]["next"]);
        for _ in 0..2 {
            door.step(&answer, &asked, json!({ "answer": "ketchup" })).await.refused(403, "E0000087");
        }
        let refused = door.step(CHANGE, &expired, change(PASSWORD, ANOTHER)).await;
        refused.refused(403, "E0000069");
        assert!(refused.headers.contains_key(header::RETRY_AFTER), "it says how long the lock lasts");
        door.step(&answer, &asked, json!({ "answer": "mustard soup" })).await.refused(403, "E0000069");
        let still = door.step("", &expired, json!({})).await.expect(200).json();
        assert_eq!(still["status"], "PASSWORD_EXPIRED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_page_of_a_link_asks_the_question_too() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (app, root) = (door.app(), &door.staff.root.token);
        let recovery = json!({ "factors": { "recovery_question": { "status": "ACTIVE" } } });
        let settings = json!({ "recovery": recovery, "password": { "lockout": { "maxAttempts": 3 } } });
        let actions = json!({ "selfServicePasswordReset": { "access": "ALLOW" } });
        door.policy(json!({ "type": "PASSWORD", "name": "Some", "settings": settings }), actions).await;
        let question = json!({ "question": "What do you like?", "answer": "mustard soup" });
        let question = json!({ "credentials": { "recovery_question": question } });
        app.post(&format!("/api/v1/users/{}", door.grace.id), root, &question).await.expect(200);
        let link = async || {
            let begun = door.recovering().await.expect(200).json();
            format!("/reset/{}", begun["recoveryToken"].as_str().unwrap())
        };
        let send = async |link: &str, answer: &str, password: &str| {
            Browser::new(app).submit(link, &[("answer", answer), ("password", password)]).await
        };

        let first = link().await;
        Browser::new(app).open(&first).await.expect(200).says(&["What do you like?", "characters or more"]);
        // Without the answer nothing is told of the password, not even that it is the present one.
        for wrong in ["", "ketchup"] {
            let page = send(&first, wrong, PASSWORD).await.expect(400);
            page.says(&["That is not the answer"]);
        }
        send(&first, "mustard soup", PASSWORD).await.expect(400);
        send(&first, "mustard soup", ANOTHER).await.expect(200).says(&["Your password is set"]);

        let second = link().await;
        for _ in 0..3 {
            send(&second, "ketchup", "yet another long one").await.expect(400);
        }
        send(&second, "mustard soup", "yet another long one").await.expect(403);
        let events = door.events("user.account.reset_password").await;
        assert_eq!(events.iter().filter(|why| why.as_deref() == Some("invalid_answer")).count(), 5, "{events:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_choose_a_password_at_once_one_is_told_that_it_was_chosen() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        door.lets_people_back(json!({})).await;
        let enter = async |password: &str| {
            let answer = door.post("", &json!({ "username": door.grace.login, "password": password })).await;
            answer.status.as_u16()
        };
        let chosen = ["one that is long enough", "two that is long enough"];
        let token = json!({ "recoveryToken": door.recovering().await.expect(200).json()["recoveryToken"] });
        let begun = door.post("/recovery/token", &token).await.expect(200).json();
        // The link is used up, whoever has it beside them.
        door.post("/recovery/token", &token).await.refused(403, "E0000105");
        let reset = |new: &str| json!({ "newPassword": new });
        let (one, other) =
            tokio::join!(door.step(RESET, &begun, reset(chosen[0])), door.step(RESET, &begun, reset(chosen[1])));
        let kept = taken(&[one, other]);
        assert_eq!([enter(chosen[kept]).await, enter(chosen[1 - kept]).await], [200, 401]);

        // The same where a password is changed that is over, by two tabs of one sign-in and by two sign-ins.
        let mut present = chosen[kept].to_owned();
        for (round, is_one_sign_in) in [true, false].into_iter().enumerate() {
            door.app().world.advance_seconds(3600);
            let left = door.expired(&present).await;
            let right = if is_one_sign_in {
                left.clone()
            } else {
                let again = json!({ "username": door.grace.login, "password": present });
                door.post("", &again).await.expect(200).json()
            };
            let new = [format!("three that is long {round}"), format!("four that is long {round}")];
            let (one, other) = tokio::join!(
                door.step(CHANGE, &left, change(&present, &new[0])),
                door.step(CHANGE, &right, change(&present, &new[1]))
            );
            let kept = taken(&[one, other]);
            assert_eq!([enter(&new[kept]).await, enter(&new[1 - kept]).await], [200, 401]);
            let again = door.step(CHANGE, &left, change(&present, &new[0])).await;
            assert!(matches!(again.status.as_u16(), 401 | 403), "{}", again.text());
            present.clone_from(&new[kept]);
        }
    }
}

/// Of two requests side by side, which was served.
#[track_caller]
fn taken(answers: &[Answer; 2]) -> usize {
    let served: Vec<usize> = (0..2).filter(|number| answers[*number].status.is_success()).collect();
    let texts = answers.each_ref().map(Answer::text);
    assert_eq!(served.len(), 1, "{texts:?}");
    assert!(matches!(answers[1 - served[0]].status.as_u16(), 401 | 403), "{texts:?}");
    served[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_signed_in_by_a_token_that_is_whole_fresh_and_of_this_place() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let waiting = door.enter().await;
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let token = async || door.enter().await["sessionToken"].as_str().expect("a session token").to_owned();
        let go = async |query: &str| {
            let request = Request::get(format!("/login/sessionCookieRedirect?{query}")).body(Body::empty()).unwrap();
            app.send(request).await
        };
        let refused = async |query: &str, status: u16| {
            let answer = go(query).await;
            let is_bare = ["set-cookie", "location"].iter().all(|name| !answer.headers.contains_key(*name));
            assert!(answer.status.as_u16() == status && is_bare, "{query}: {} {}", answer.status, answer.text());
        };
        let state = waiting["stateToken"].as_str().expect("a state token");
        for (query, status) in [
            ("", 400),
            ("redirectUrl=%2F", 400),
            ("token=", 400),
            ("token=unknown", 401),
            ("token=%00", 401),
            (&format!("token={state}"), 401),
            (&format!("token={}", "x".repeat(2001)), 400),
            (&format!("token={}", door.staff.root.token), 401),
        ] {
            refused(query, status).await;
        }
        let used = token().await;
        app.post("/api/v1/sessions", "", &json!({ "sessionToken": used })).await.expect(200);
        refused(&format!("token={used}"), 401).await;
        let late = token().await;
        app.world.advance_seconds(300);
        refused(&format!("token={late}"), 401).await;
        // One that was made for somebody of another organisation opens nothing here.
        let elsewhere = founded(app, "Elsewhere").await;
        let mallory = member(app, elsewhere, "mallory", &[]).await;
        let grant =
            postern_store::session_tokens::SessionGrant { user: mallory.id, factor_at: None, amr: "pwd".into() };
        let env = app.app.env();
        let foreign = app.scratch.store.write(elsewhere, |tx| tx.insert_session_token(&grant, &env)).await.unwrap();
        refused(&format!("token={}", foreign.expose()), 401).await;
        // Nobody is led elsewhere, and the token that was sent along is as good as before.
        let good = token().await;
        for to in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example%2F", "data%3Atext%2Fhtml%2Cx", "x%00y"] {
            refused(&format!("token={good}&redirectUrl={to}"), 400).await;
        }
        let led = go(&format!("token={good}&redirectUrl=%2Faccount")).await;
        assert_eq!((led.status.as_u16(), led.headers["location"].to_str().unwrap()), (303, "/account"));
        refused(&format!("token={good}"), 401).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tabs_one_of_which_leaves_the_warning_out_one_goes_on() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let body = json!({ "type": "PASSWORD", "name": "Ages", "settings": { "password": { "age": { "maxAgeDays": 10, "expireWarnDays": 5 } } } });
        door.policy(body, json!({ "passwordChange": { "access": "ALLOW" } })).await;
        door.app().world.advance_seconds(6 * 86_400);
        let warned = door.enter_with(json!({ "warnBeforePasswordExpired": true })).await;
        assert_eq!(warned["status"], "PASSWORD_WARN");
        // One leaves the warning out while the other changes the password after all.
        let (one, other) =
            tokio::join!(door.step("/skip", &warned, json!({})), door.step(CHANGE, &warned, change(PASSWORD, ANOTHER)));
        let is_changed = other.status.is_success();
        assert!(one.status.is_success() || is_changed, "{} {}", one.text(), other.text());
        for answer in [&one, &other] {
            assert!(matches!(answer.status.as_u16(), 200 | 401 | 403), "{}", answer.text());
        }
        let rights: Vec<Value> = [one, other]
            .iter()
            .filter(|answer| answer.status.is_success())
            .map(|answer| answer.json()["sessionToken"].clone())
            .collect();
        assert_eq!(rights.len(), 1, "one sign-in gives one right");
        let session = json!({ "sessionToken": rights[0] });
        door.app().post("/api/v1/sessions", "", &session).await.expect(200);
        // What was refused was not done.
        let present = if is_changed { ANOTHER } else { PASSWORD };
        door.post("", &json!({ "username": door.grace.login, "password": present })).await.expect(200);
    }
}
