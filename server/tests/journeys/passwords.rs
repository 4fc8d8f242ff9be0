//! Policies at work: who gets a session and for how long, and what passwords must be.

use postern_authn::audit::Client;
use postern_authn::permission::Role;
use postern_authn::user::{Profile, Status, User};
use postern_codes::id::Id;
use postern_codes::{Secret, mac};
use postern_server::sign_in::{self, Refusal, Reply, Step};
use postern_store::audit::EventQuery;
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::people::client;
use crate::staff::Staff;

const PASSWORD: &str = "four plain small words";

impl Staff {
    /// Somebody with a password and nothing else.
    async fn grace(&self) -> User {
        let env = self.app.app.env();
        let login = "grace@acme.example".to_owned();
        let profile = Profile {
            first_name: "Grace".into(),
            last_name: "Hopper".into(),
            email: login.clone(),
            further: std::collections::BTreeMap::new(),
        };
        let user = User::new(Id::new(&env), login.parse().expect("a login"), profile, Status::Active, env.now);
        let hash = self.app.app.passwords.hash(Secret::new(PASSWORD.to_owned()), &env).await.expect("it hashes");
        let made = self.app.scratch.store.write(self.org, |tx| {
            assert!(tx.insert_user(&user, "TEST", "system", &env)?);
            tx.set_password(user.id, hash.expose(), &env)
        });
        made.await.expect("she is made");
        user
    }

    async fn sign_on(&self, rule: Value) {
        let policy = json!({ "type": "OKTA_SIGN_ON", "name": "Some",
            "conditions": { "people": { "users": { "exclude": [self.root.id] } } } });
        let made = self.app.post("/api/v1/policies", &self.root.token, &policy).await.expect(200).json();
        let path = format!("/api/v1/policies/{}/rules", made["id"].as_str().unwrap());
        let body = json!({ "name": "r", "actions": { "signon": rule } });
        self.app.post(&path, &self.root.token, &body).await.expect(200);
    }

    async fn password_policy(&self, password: Value) {
        let body = json!({ "type": "PASSWORD", "name": "Some", "settings": { "password": password } });
        let made = self.app.post("/api/v1/policies", &self.root.token, &body).await.expect(200).json();
        let path = format!("/api/v1/policies/{}/rules", made["id"].as_str().unwrap());
        let actions = json!({ "passwordChange": { "access": "ALLOW" } });
        let body = json!({ "name": "r", "actions": actions });
        self.app.post(&path, &self.root.token, &body).await.expect(200);
    }
}

async fn sign_in_as(app: &TestApp, from: &Client, login: &str) -> Step {
    let (token, _) = sign_in::begin(&app.app, from, login).await.expect("it begins");
    let reply = Reply::Password(Secret::new(PASSWORD.to_owned()));
    sign_in::answer(&app.app, from, &token, reply).await.expect("the database serves")
}

async fn is_alive(app: &TestApp, org: Id<postern_codes::id::Org>, session: &Secret<String>) -> Option<bool> {
    let (hash, now) = (mac::sha256(&[session.expose().as_bytes()]), app.app.env().now);
    let found = app.app.store.read(org, |tx| tx.caller_by_session(hash, now)).await.expect("the database serves");
    found.map(|record| record.authority.is_administrator())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_denies_answers_as_a_wrong_password_does_and_is_recorded() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let grace = staff.grace().await;
        staff.sign_on(json!({ "access": "DENY" })).await;
        let step = sign_in_as(&staff.app, &client(), grace.login.as_str()).await;
        assert!(matches!(step, Step::Refused(Refusal::WrongNameOrPassword)));
        let read = staff.app.app.store.write(staff.org, |tx| {
            while tx.place_events()? > 0 {}
            tx.events(&EventQuery::default(), 10_000)
        });
        let events = read.await.unwrap();
        let found = events.iter().find(|event| event.body.event_type == "policy.evaluate_sign_on").expect("recorded");
        assert_eq!(found.body.outcome["reason"], "policy");
        assert_eq!(found.body.targets.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_without_a_factor_lets_in_by_password_for_as_long_as_it_says() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let grace = staff.grace().await;
        let enrols = sign_in_as(&staff.app, &client(), grace.login.as_str()).await;
        assert!(matches!(enrols, Step::Stands), "a factor is asked for, and set up by whoever has none");
        let session = json!({ "maxSessionIdleMinutes": 5, "maxSessionLifetimeMinutes": 8 });
        staff.sign_on(json!({ "access": "ALLOW", "requireFactor": false, "session": session })).await;
        let Step::SignedIn(session) = sign_in_as(&staff.app, &client(), grace.login.as_str()).await else { panic!() };
        let app = &staff.app;
        app.world.advance_seconds(299);
        assert_eq!(is_alive(app, staff.org, &session).await, Some(false));
        // Whoever is made an administrator meanwhile administers nothing in a session of one factor.
        let env = app.app.env();
        app.app.store.write(staff.org, |tx| tx.assign_role(grace.id, Role::Super, "system", &env)).await.unwrap();
        assert_eq!(is_alive(app, staff.org, &session).await, Some(false));
        app.world.advance_seconds(1);
        assert_eq!(is_alive(app, staff.org, &session).await, None, "idle for five minutes");
        assert!(matches!(
            sign_in_as(app, &client(), grace.login.as_str()).await,
            Step::Refused(Refusal::NothingEnrolled)
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_that_a_password_breaks_is_told() {
    let staff = Staff::new(Engine::Sqlite).await;
    staff.password_policy(json!({ "complexity": { "minLength": 14, "minNumber": 1, "minUpperCase": 1 } })).await;
    let person = |password: &str| {
        json!({ "profile": { "firstName": "Hal", "lastName": "Abelson", "email": "hal@acme.example",
            "login": "hal@acme.example" }, "credentials": { "password": { "value": password } } })
    };
    let refused = staff.app.post("/api/v1/users", &staff.root.token, &person("abelson word")).await;
    refused.refused(400, "E0000001");
    assert_eq!(refused.json()["errorCauses"].as_array().unwrap().len(), 4, "{}", refused.text());
    let common = staff.app.post("/api/v1/users", &staff.root.token, &person("Password123456")).await;
    assert!(common.text().contains("many people use"), "{}", common.text());
    staff.app.post("/api/v1/users", &staff.root.token, &person("Four plain small words 1")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_ages_and_its_earlier_ones_do_not_come_back() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.password_policy(json!({ "age": { "maxAgeDays": 30, "historyCount": 3 } })).await;
        let grace = staff.grace().await;
        let set = async |password: &str| {
            let path = format!("/api/v1/users/{}?strict=true", grace.id);
            let body = json!({ "credentials": { "password": { "value": password } } });
            staff.app.post(&path, &staff.root.token, &body).await
        };
        set("a second of small words").await.expect(200);
        set("a third one of the same").await.expect(200);
        let refused = set(PASSWORD).await;
        assert!(refused.text().contains("none of your last 3"), "{}", refused.text());
        set("a fourth one of the same").await.expect(200);
        set(PASSWORD).await.expect(200);

        staff.app.world.advance_seconds(30 * 86_400);
        let step = sign_in_as(&staff.app, &client(), grace.login.as_str()).await;
        assert!(matches!(step, Step::Expired(_)), "it is too old");
    }
}
