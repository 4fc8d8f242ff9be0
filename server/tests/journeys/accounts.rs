//! Accounts over the API: made in every way, changed by two at once, led through every state, deleted.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::permission::Role;
use postern_store::deliveries::Carrier;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::staff::{Member, Staff};

const PASSWORD: &str = "four plain small words";

pub fn body(login: &str, credentials: &Value) -> Value {
    let profile = json!({ "login": login, "email": login, "firstName": "Grace", "lastName": "Hopper" });
    json!({ "profile": profile, "credentials": credentials })
}

pub fn password() -> Value {
    json!({ "password": { "value": PASSWORD } })
}

impl Staff {
    pub async fn act(&self, method: Method, path: &str, body: Value) -> Answer {
        self.app.call(method, &format!("/api/v1/users{path}"), &self.root.token, &body).await
    }

    pub async fn make(&self, query: &str, login: &str, credentials: Value) -> Value {
        self.act(Method::POST, query, body(login, &credentials)).await.expect(200).json()
    }

    pub async fn status(&self, id: &str) -> Value {
        self.act(Method::GET, &format!("/{id}"), Value::Null).await.expect(200).json()["status"].clone()
    }

    /// Somebody who stands so.
    pub async fn standing(&self, status: &str, login: &str) -> String {
        let id = |made: Value| made["id"].as_str().unwrap().to_owned();
        match status {
            "STAGED" => id(self.make("?activate=false", login, json!({})).await),
            "PROVISIONED" => id(self.make("", login, json!({})).await),
            "PASSWORD_EXPIRED" => id(self.make("?nextLogin=changePassword", login, password()).await),
            "ACTIVE" => id(self.make("", login, password()).await),
            other => {
                let made = id(self.make("", login, password()).await);
                let step = match other {
                    "SUSPENDED" => "suspend",
                    "DEPROVISIONED" => "deactivate",
                    "RECOVERY" => "reset_password?sendEmail=true",
                    _ => panic!("no such status: {other}"),
                };
                self.act(Method::POST, &format!("/{made}/lifecycle/{step}"), Value::Null).await.expect(200);
                made
            }
        }
    }

    /// Mail that waits to leave, as (recipient, subject, text).
    pub async fn mail(&self) -> Vec<(String, String, String)> {
        waiting(&self.app).await
    }
}

/// Mail that waits to leave, as (recipient, subject, text).
pub async fn waiting(app: &TestApp) -> Vec<(String, String, String)> {
    let mut mail = Vec::new();
    loop {
        let claimed = app
            .app
            .store
            .system()
            .claim_deliveries(Carrier::Mail, app.app.env().now)
            .await
            .expect("the database serves");
        if claimed.is_empty() {
            return mail;
        }
        for due in claimed {
            let plain = app.app.store.keyring().open(&due.message).expect("it opens");
            let message: Value = serde_json::from_slice(plain.expose()).expect("JSON");
            let text = |name: &str| message[name].as_str().expect("a text").to_owned();
            mail.push((due.recipient, text("subject"), text("text")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_made_in_every_way() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (query, credentials, status) in [
            ("", json!({}), "PROVISIONED"),
            ("?activate=true", password(), "ACTIVE"),
            ("?activate=false", json!({}), "STAGED"),
            ("?activate=false", password(), "STAGED"),
            ("?activate=true&nextLogin=changePassword", password(), "PASSWORD_EXPIRED"),
            ("?provider=true", json!({ "provider": { "type": "OKTA", "name": "OKTA" } }), "PROVISIONED"),
        ] {
            let login = format!("p{}@acme.example", staff.app.app.env().token().expose());
            let made = staff.make(query, &login, credentials).await;
            assert_eq!(made["status"], status, "{query}");
            assert_eq!(made["activated"].is_string(), status == "ACTIVE" || status == "PASSWORD_EXPIRED", "{made}");
            let mailed = staff.mail().await;
            assert_eq!(mailed.len(), usize::from(status == "PROVISIONED"), "{query} {mailed:?}");
            assert!(mailed.iter().all(|(to, _, text)| *to == login && text.contains("/welcome/")), "{mailed:?}");
        }
        let question = json!({ "password": { "value": PASSWORD },
                               "recovery_question": { "question": "The first ship?", "answer": "Jupiter" } });
        let made = staff.make("", "asked@acme.example", question).await;
        assert_eq!(made["credentials"]["recovery_question"], json!({ "question": "The first ship?" }));
        assert_eq!(made["credentials"]["password"], json!({}));
        assert!(!made.to_string().to_lowercase().contains("jupiter"), "{made}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_cannot_be_made_is_refused_with_its_code() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let made = async |query: &str, credentials: Value| {
            staff.act(Method::POST, query, body("new@acme.example", &credentials)).await
        };
        made("?nextLogin=changePassword", json!({})).await.refused(400, "E0000124");
        made("?nextLogin=changePassword&activate=false", password()).await.refused(400, "E0000125");
        made("?nextLogin=dance", password()).await.refused(400, "E0000001");
        made("?activate=perhaps", password()).await.refused(400, "E0000001");
        made("?provider=perhaps", password()).await.refused(400, "E0000001");
        for (credentials, says) in [
            (json!({ "password": { "value": "short" } }), "at least 12"),
            (json!({ "password": { "hook": { "type": "default" } } }), "hooks"),
            (json!({ "password": { "value": PASSWORD, "hash": { "algorithm": "MD5", "value": "" } } }), "not both"),
            (json!({ "password": { "hash": { "algorithm": "BCRYPT", "value": "", "workFactor": 31 } } }), "workFactor"),
            (json!({ "provider": { "type": "FEDERATION" } }), "FEDERATION"),
            (json!({ "recovery_question": { "question": "", "answer": "Jupiter" } }), "question"),
            (json!({ "recovery_question": { "question": "Ship?", "answer": "x" } }), "answer"),
            (json!({ "recovery_question": { "question": "Was it Jupiter?", "answer": "jupiter" } }), "answer"),
            (json!({ "recovery_question": { "answer": "Jupiter" } }), "question"),
        ] {
            let refused = made("", credentials.clone()).await;
            let causes = refused.json()["errorCauses"].to_string();
            refused.refused(400, "E0000001");
            assert!(causes.contains(says), "{credentials}: {causes}");
        }
        made("", json!("none")).await.refused(400, "E0000001");
        staff.app.get("/api/v1/users/new@acme.example", &staff.root.token).await.refused(404, "E0000007");
    }
}

async fn with_match(staff: &Staff, by: &Member, path: &str, tag: &str, body: Value) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header(header::IF_MATCH, tag);
    let request = request.header(header::AUTHORIZATION, format!("SSWS {}", by.token));
    staff.app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_edit_one_person_the_second_is_told() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let other = staff.with("other", &[Role::Org]).await;
        let made = staff.act(Method::POST, "", body("grace@acme.example", &password())).await.expect(200);
        let path = format!("/api/v1/users/{}", made.json()["id"].as_str().unwrap());
        let tag = staff.app.get(&path, &other.token).await.headers[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(made.headers[header::ETAG], tag.as_str(), "what made them says the same");
        let named = |name: &str| json!({ "profile": { "nickName": name } });
        let first = with_match(&staff, &staff.root, &path, &tag, named("Amazing")).await.expect(200);
        assert_ne!(first.headers[header::ETAG], tag.as_str());
        let second = with_match(&staff, &other, &path, &tag, named("Admiral")).await;
        assert!(second.text().contains("ETag value doesn't match."));
        second.refused(412, "E0000231");
        assert_eq!(staff.app.get(&path, &other.token).await.json()["profile"]["nickName"], "Amazing");
        for fitting in ["*", &format!("W/{}", first.headers[header::ETAG].to_str().unwrap())] {
            with_match(&staff, &other, &path, fitting, named("Amazing")).await.expect(200);
        }
        with_match(&staff, &other, &path, "\"nothing of ours\"", named("x")).await.refused(412, "E0000231");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_edit_one_state_at_once_one_wins() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let made = staff.act(Method::POST, "", body("grace@acme.example", &password())).await.expect(200);
        let path = format!("/api/v1/users/{}", made.json()["id"].as_str().unwrap());
        let tag = made.headers[header::ETAG].to_str().unwrap();
        let edits = (0..6).map(|number| {
            let named = json!({ "profile": { "nickName": format!("n{number}") } });
            with_match(&staff, &staff.root, &path, tag, named)
        });
        let answers: Vec<u16> = join_all(edits).await.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 412).count(), 5, "{answers:?}");
    }
}

pub async fn join_all<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in all.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// A link, its call, the states that allow it with those after it, and the refusal in every other.
type Step = (&'static str, &'static str, &'static [(&'static str, &'static str)], (u16, &'static str));

/// Which calls each state allows, the status after each, and how the others are refused.
const STEPS: &[Step] = &[
    ("activate", "lifecycle/activate", &[("STAGED", "PROVISIONED"), ("DEPROVISIONED", "ACTIVE")], (403, "E0000016")),
    (
        "reactivate",
        "lifecycle/reactivate?sendEmail=true",
        &[("PROVISIONED", "PROVISIONED"), ("RECOVERY", "RECOVERY")],
        (403, "E0000038"),
    ),
    ("suspend", "lifecycle/suspend", &[("ACTIVE", "SUSPENDED")], (400, "E0000001")),
    ("unsuspend", "lifecycle/unsuspend", &[("SUSPENDED", "ACTIVE")], (400, "E0000001")),
    ("unlock", "lifecycle/unlock", &[], (403, "E0000032")),
    (
        "expirePassword",
        "lifecycle/expire_password",
        &[("ACTIVE", "PASSWORD_EXPIRED"), ("PASSWORD_EXPIRED", "PASSWORD_EXPIRED")],
        (403, "E0000038"),
    ),
    (
        "resetPassword",
        "lifecycle/reset_password?sendEmail=true",
        &[
            ("ACTIVE", "RECOVERY"),
            ("PASSWORD_EXPIRED", "RECOVERY"),
            ("PROVISIONED", "RECOVERY"),
            ("RECOVERY", "RECOVERY"),
            ("STAGED", "RECOVERY"),
        ],
        (403, "E0000017"),
    ),
    ("forgotPassword", "credentials/forgot_password", &[("ACTIVE", "ACTIVE")], (403, "E0000034")),
    (
        "deactivate",
        "lifecycle/deactivate",
        &[
            ("ACTIVE", "DEPROVISIONED"),
            ("PASSWORD_EXPIRED", "DEPROVISIONED"),
            ("PROVISIONED", "DEPROVISIONED"),
            ("RECOVERY", "DEPROVISIONED"),
            ("STAGED", "DEPROVISIONED"),
            ("SUSPENDED", "DEPROVISIONED"),
        ],
        (403, "E0000038"),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_state_shows_the_links_of_what_it_allows_and_refuses_the_rest() {
    let states = ["ACTIVE", "DEPROVISIONED", "PASSWORD_EXPIRED", "PROVISIONED", "RECOVERY", "STAGED", "SUSPENDED"];
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for state in states {
            for (link, call, allowed, (status, code)) in STEPS {
                let login = format!("{}{}@acme.example", state.to_lowercase(), link.to_lowercase());
                let id = staff.standing(state, &login).await;
                let shown = staff.act(Method::GET, &format!("/{id}"), Value::Null).await.expect(200).json();
                assert_eq!(shown["status"], state);
                let after = allowed.iter().find(|(before, _)| before == &state).map(|(_, after)| *after);
                assert_eq!(shown["_links"].get(link).is_some(), after.is_some(), "{link} in {state}: {shown}");
                let answer = staff.act(Method::POST, &format!("/{id}/{call}"), Value::Null).await;
                if after.is_some() {
                    answer.expect(200);
                } else {
                    answer.refused(*status, code);
                }
                assert_eq!(staff.status(&id).await, after.unwrap_or(state), "{call} in {state}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_is_shown_as_locked_and_is_unlocked() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("ACTIVE", "grace@acme.example").await;
        let user = id.parse().unwrap();
        let now = staff.app.app.env().now;
        let locked = staff.app.scratch.store.write(staff.org, |tx| {
            for _ in 0..postern_authn::user::FAILURES_TO_LOCK {
                let _ = tx.user_failed(user, now)?;
            }
            Ok(())
        });
        locked.await.unwrap();
        let shown = staff.act(Method::GET, &format!("/{id}?expand=blocks"), Value::Null).await.expect(200).json();
        assert_eq!(shown["status"], "LOCKED_OUT");
        assert!(shown["_links"].get("unlock").is_some());
        let block = json!([{ "type": "DEVICE_BASED", "appliesTo": "ANY_DEVICES" }]);
        assert_eq!(shown["_embedded"]["blocks"], block);
        let blocks = staff.act(Method::GET, &format!("/{id}/blocks"), Value::Null).await.expect(200);
        assert_eq!(blocks.json(), block);
        staff.act(Method::POST, &format!("/{id}/lifecycle/unlock"), Value::Null).await.expect(200);
        assert_eq!(staff.status(&id).await, "ACTIVE");
        let blocks = staff.act(Method::GET, &format!("/{id}/blocks"), Value::Null).await.expect(200);
        assert_eq!(blocks.json(), json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_ends_first_and_erases_then() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let grace = staff.with("grace", &[Role::ReadOnly]).await;
        staff.mail().await;
        let path = format!("/{}", grace.id);
        let told = format!("{path}?sendEmail=true");
        staff.act(Method::DELETE, &told, Value::Null).await.expect(204);
        assert_eq!(staff.status(grace.id.as_str()).await, "DEPROVISIONED");
        staff.app.get("/api/v1/users/me", &grace.token).await.refused(401, "E0000011");
        let mail = staff.mail().await;
        assert!(
            mail.len() == 1 && mail[0].0 == staff.root.login && mail[0].2.contains("grace@acme.example"),
            "{mail:?}"
        );

        staff.act(Method::DELETE, &path, Value::Null).await.expect(204);
        staff.act(Method::GET, &path, Value::Null).await.refused(404, "E0000007");
        staff.act(Method::GET, "/grace@acme.example", Value::Null).await.refused(404, "E0000007");
        staff.act(Method::DELETE, &path, Value::Null).await.refused(404, "E0000007");
        staff.act(Method::POST, &format!("{path}/lifecycle/activate"), Value::Null).await.refused(404, "E0000007");
        for list in ["", "?q=grace", "?filter=status+eq+%22DEPROVISIONED%22"] {
            let listed = staff.act(Method::GET, list, Value::Null).await.expect(200).text();
            assert!(!listed.contains(grace.id.as_str()), "{list}: {listed}");
        }
        let again = staff.make("", &grace.login, password()).await;
        assert_ne!(again["id"], grace.id.as_str(), "the login is free");
        let roles = staff.app.get("/api/v1/logs?limit=1000", &staff.root.token).await.expect(200).text();
        assert!(roles.contains("user.lifecycle.delete.completed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_above_is_touched_by_no_call() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let desk = staff.with("desk", &[Role::Org]).await;
        let path = format!("/api/v1/users/{}", staff.root.id);
        let before = staff.app.get(&path, &staff.root.token).await.json();
        let profile = json!({ "profile": { "nickName": "x" } });
        let change =
            json!({ "oldPassword": { "value": PASSWORD }, "newPassword": { "value": "quite another long one" } });
        let question = json!({ "password": { "value": PASSWORD },
                               "recovery_question": { "question": "Ship?", "answer": "Jupiter" } });
        for (method, call, body) in [
            (Method::POST, "", profile.clone()),
            (Method::PUT, "", profile),
            (Method::DELETE, "", Value::Null),
            (Method::POST, "/lifecycle/activate", Value::Null),
            (Method::POST, "/lifecycle/deactivate", Value::Null),
            (Method::POST, "/lifecycle/expire_password", Value::Null),
            (Method::POST, "/lifecycle/expire_password_with_temp_password", Value::Null),
            (Method::POST, "/lifecycle/reactivate", Value::Null),
            (Method::POST, "/lifecycle/reset_factors", Value::Null),
            (Method::POST, "/lifecycle/reset_password?sendEmail=false", Value::Null),
            (Method::POST, "/lifecycle/suspend", Value::Null),
            (Method::POST, "/lifecycle/unlock", Value::Null),
            (Method::POST, "/lifecycle/unsuspend", Value::Null),
            (Method::POST, "/credentials/change_password", change),
            (Method::POST, "/credentials/change_recovery_question", question.clone()),
            (Method::POST, "/credentials/forgot_password", Value::Null),
            (Method::POST, "/credentials/forgot_password_recovery_question", question),
            (Method::DELETE, "/sessions", Value::Null),
        ] {
            let answer = staff.app.call(method.clone(), &format!("{path}{call}"), &desk.token, &body).await;
            assert_eq!(answer.json()["errorCode"], "E0000006", "{method} {call}: {}", answer.text());
        }
        assert_eq!(staff.app.get(&path, &staff.root.token).await.json(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_themselves_or_the_last_super_administrator() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for call in ["lifecycle/deactivate", "lifecycle/suspend", "lifecycle/reset_factors"] {
            let path = format!("/me/{call}");
            staff.act(Method::POST, &path, Value::Null).await.refused(403, "E0000006");
        }
        staff.act(Method::DELETE, "/me", Value::Null).await.refused(403, "E0000006");
        assert_eq!(staff.status("me").await, "ACTIVE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_address_is_told_at_the_old_one_and_voids_links() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("PROVISIONED", "grace@acme.example").await;
        let link = staff.mail().await.remove(0).2.split("/welcome/").nth(1).unwrap().lines().next().unwrap().to_owned();
        staff.app.get(&format!("/welcome/{link}"), "").await.expect(200);
        let moved = json!({ "profile": { "email": "elsewhere@acme.example" } });
        staff.act(Method::POST, &format!("/{id}"), moved).await.expect(200);
        let mail = staff.mail().await;
        assert!(mail.iter().any(|(to, _, text)| to == "grace@acme.example" && text.contains("your e-mail address")));
        staff.app.get(&format!("/welcome/{link}"), "").await.expect(404);
    }
}
