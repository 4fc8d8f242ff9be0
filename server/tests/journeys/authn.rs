//! The Authentication API: a program leads somebody through a sign-in, a step a call. What gets in, what is refused, and what
//! is mixed up, repeated, left out or broken on the way.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::factor::webauthn::soft::Authenticator;
use postern_authn::user::Lifecycle;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Secret, b64};
use postern_store::attempts::Browser;
use postern_store::factors::OrgFactors;
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{Answer, TestApp};
use crate::device_factors::{made, signed};
use crate::factors::{code, events, id};
use crate::sent_codes::{other, sent};
use crate::staff::{Member, Staff};

pub const PASSWORD: &str = "four plain small words";
const ANOTHER: &str = "quite another long one";

/// An organisation that allows every factor, and Grace, who has a password.
pub struct Door {
    pub staff: Staff,
    pub grace: Member,
}

impl Door {
    pub async fn new(engine: Engine) -> Self {
        let staff = Staff::new(engine).await;
        let now = staff.app.app.env().now;
        let allow = staff.app.app.store.write(staff.org, |tx| tx.put_setting(&OrgFactors::all(), now).map(drop));
        allow.await.expect("the database serves");
        let grace = staff.with("grace", &[]).await;
        let door = Self { staff, grace };
        door.give_password(&door.grace).await;
        door
    }

    pub const fn app(&self) -> &TestApp {
        &self.staff.app
    }

    pub async fn give_password(&self, member: &Member) {
        let env = self.app().app.env();
        let hash = self.app().app.passwords.hash(Secret::new(PASSWORD.to_owned()), &env).await.expect("it hashes");
        let given = self.app().app.store.write(self.staff.org, |tx| tx.set_password(member.id, hash.expose(), &env));
        given.await.expect("the database serves");
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.app().post(&format!("/api/v1/authn{path}"), "", body).await
    }

    /// A step of a transaction.
    pub async fn step(&self, path: &str, of: &Value, mut members: Value) -> Answer {
        members["stateToken"] = of["stateToken"].clone();
        self.post(path, &members).await
    }

    /// The transaction after the right password.
    pub async fn enter(&self) -> Value {
        self.post("", &json!({ "username": self.grace.login, "password": PASSWORD })).await.expect(200).json()
    }

    /// The same, with options.
    pub async fn enter_with(&self, options: Value) -> Value {
        let body = json!({ "username": self.grace.login, "password": PASSWORD, "options": options });
        self.post("", &body).await.expect(200).json()
    }

    /// A factor of Grace's that counts.
    pub async fn factor(&self, body: Value) -> Value {
        let path = format!("/api/v1/users/{}/factors?activate=true", self.grace.id);
        self.app().post(&path, &self.staff.root.token, &body).await.expect(200).json()
    }

    /// An app of Grace's that counts, and its secret.
    pub async fn authenticator(&self) -> (Value, Secret<Vec<u8>>) {
        let path = format!("/api/v1/users/{}/factors", self.grace.id);
        let body = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
        let factor = self.app().post(&path, &self.staff.root.token, &body).await.expect(200).json();
        let secret = secret(&factor["_embedded"]["activation"]);
        let activate = format!("{path}/{}/lifecycle/activate", id(&factor));
        self.app().post(&activate, &self.staff.root.token, &code(&self.now(&secret))).await.expect(200);
        self.app().world.advance_seconds(30);
        (factor, secret)
    }

    /// What an app shows now.
    pub fn now(&self, secret: &Secret<Vec<u8>>) -> String {
        AUTHENTICATOR_APP.code(secret, self.app().app.env().now).expose().clone()
    }

    /// A policy that goes before all others.
    pub async fn policy(&self, mut body: Value, rule: Value) {
        body["priority"] = 1.into();
        let root = &self.staff.root.token;
        let made = self.app().post("/api/v1/policies", root, &body).await.expect(200).json();
        let path = format!("/api/v1/policies/{}/rules", id(&made));
        self.app().post(&path, root, &json!({ "name": "r", "actions": rule })).await.expect(200);
    }

    /// A policy by which people come back by themselves, also out of a lock, by these ways beside the mail.
    pub async fn lets_people_back(&self, factors: Value) {
        let settings = json!({ "recovery": { "factors": factors } });
        let actions = json!({
            "selfServicePasswordReset": { "access": "ALLOW" }, "selfServiceUnlock": { "access": "ALLOW" },
        });
        self.policy(json!({ "type": "PASSWORD", "name": "Back", "settings": settings }), actions).await;
    }

    /// Whether Grace is locked out, from wherever.
    pub async fn is_locked(&self) -> bool {
        let now = self.app().app.env().now;
        let read =
            self.app().app.store.read(self.staff.org, |tx| tx.locked_until(self.grace.id, Browser::Unknown, now));
        read.await.expect("the database serves").is_some()
    }

    pub async fn sign_on(&self, rule: Value) {
        let people = json!({ "people": { "users": { "exclude": [self.staff.root.id] } } });
        let body = json!({ "type": "OKTA_SIGN_ON", "name": "Some", "conditions": people });
        self.policy(body, json!({ "signon": rule })).await;
    }

    /// A policy before all others: what must and may be enrolled, and when people are asked to.
    pub async fn enrolment(&self, required: &[&str], optional: &[&str], moment: &str) {
        let one = |key: &&str, how: &str| json!({ "key": key, "enroll": { "self": how } });
        let own =
            required.iter().map(|key| one(key, "REQUIRED")).chain(optional.iter().map(|key| one(key, "OPTIONAL")));
        let people = json!({ "people": { "users": { "exclude": [self.staff.root.id] } } });
        let settings = json!({ "type": "AUTHENTICATORS", "authenticators": own.collect::<Vec<_>>() });
        let body = json!({ "type": "MFA_ENROLL", "name": "Some", "conditions": people, "settings": settings });
        self.policy(body, json!({ "enroll": { "self": moment } })).await;
    }

    pub async fn password_policy(&self, password: Value) {
        let body = json!({ "type": "PASSWORD", "name": "Some", "settings": { "password": password } });
        self.policy(body, json!({ "passwordChange": { "access": "ALLOW" } })).await;
    }

    pub async fn events(&self, kind: &str) -> Vec<Option<String>> {
        events(self.app(), self.staff.org, kind).await
    }
}

/// The secret that an app is given.
pub fn secret(activation: &Value) -> Secret<Vec<u8>> {
    otp::from_base32(activation["sharedSecret"].as_str().expect("a secret")).expect("base 32")
}

/// The path behind a link of ours.
pub fn path(link: &Value) -> String {
    let href = link["href"].as_str().unwrap_or_else(|| panic!("a link: {link}"));
    href.strip_prefix("http://localhost:8080/api/v1/authn").expect("a link of ours").to_owned()
}

fn factors(transaction: &Value) -> Vec<(&str, &str)> {
    let all = transaction["_embedded"]["factors"].as_array().expect("factors");
    all.iter().map(|one| (one["factorType"].as_str().unwrap(), one["status"].as_str().unwrap_or(""))).collect()
}

fn link_names(transaction: &Value) -> Vec<&str> {
    let links = transaction["_links"].as_object();
    let mut names: Vec<&str> = links.into_iter().flat_map(|links| links.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[track_caller]
fn stands(transaction: &Value, status: &str, links: &[&str]) {
    assert_eq!((&transaction["status"], link_names(transaction)), (&json!(status), links.to_vec()), "{transaction}");
}

#[tokio::test(flavor = "multi_thread")]
async fn password_and_app_end_with_the_right_to_one_session() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let (factor, secret) = door.authenticator().await;
        let body = json!({ "username": "Grace@acme.example", "password": PASSWORD, "relayState": "/back?x=1" });
        let answer = door.post("", &body).await.expect(200);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let asked = answer.json();
        stands(&asked, "MFA_REQUIRED", &["cancel"]);
        assert_eq!(
            (&asked["relayState"], &asked["_embedded"]["user"]["profile"]["login"]),
            (&json!("/back?x=1"), &json!("grace@acme.example"))
        );
        assert_eq!(asked["_embedded"]["user"]["id"], json!(door.grace.id));
        let own = &asked["_embedded"]["factors"][0];
        assert_eq!((&own["id"], &own["provider"], factors(&asked).len()), (&factor["id"], &json!("GOOGLE"), 1));
        let verify = path(&own["_links"]["verify"]);
        assert_eq!(verify, format!("/factors/{}/verify", id(&factor)));

        let right = door.now(&secret);
        let refused = door.step(&verify, &asked, code(&other(&right))).await;
        refused.refused(403, "E0000068");
        assert_eq!(
            refused.json()["errorCauses"][0]["errorSummary"],
            "Your passcode doesn't match our records. Please try again."
        );
        // Where it stands is told again, and it waits as long again.
        app.world.advance_seconds(240);
        let again = door.step("", &asked, json!({})).await.expect(200).json();
        assert_eq!(again["status"], "MFA_REQUIRED");
        app.world.advance_seconds(55);
        let right = door.now(&secret);
        let done = door.step(&verify, &asked, code(&right)).await.expect(200).json();
        stands(&done, "SUCCESS", &[]);
        assert_eq!((&done["relayState"], done.get("stateToken")), (&json!("/back?x=1"), None));
        door.step(&verify, &asked, code(&right)).await.refused(401, "E0000011");
        door.step("", &asked, json!({})).await.refused(401, "E0000011");

        let open = json!({ "sessionToken": done["sessionToken"] });
        let session = app.post("/api/v1/sessions", "", &open).await.expect(200).json();
        assert_eq!((&session["userId"], &session["amr"]), (&json!(door.grace.id), &json!(["pwd", "otp", "mfa"])));
        app.post("/api/v1/sessions", "", &open).await.refused(401, "E0000004");
        assert_eq!(door.events("policy.evaluate_sign_on").await, [None]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_token_is_over_after_five_minutes_and_so_is_a_step() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let done = door.enter().await;
        stands(&done, "SUCCESS", &[]);
        let open = json!({ "sessionToken": done["sessionToken"] });
        door.app().world.advance_seconds(300);
        door.app().post("/api/v1/sessions", "", &open).await.refused(401, "E0000004");
        // Whoever got one is out as soon as its owner changes the password.
        let open = json!({ "sessionToken": door.enter().await["sessionToken"] });
        door.give_password(&door.grace).await;
        door.app().post("/api/v1/sessions", "", &open).await.refused(401, "E0000004");

        let waiting = door.post("", &json!({ "username": door.grace.login })).await.expect(200).json();
        door.app().world.advance_seconds(300);
        door.step("", &waiting, json!({})).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_a_wrong_password_and_a_rule_that_denies_are_one_answer() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let wrong = |name: &str, password: &str| json!({ "username": name, "password": password });
        let mut said = Vec::new();
        for body in [wrong("nobody@acme.example", PASSWORD), wrong(&door.grace.login, ANOTHER), wrong("x y", PASSWORD)]
        {
            let answer = door.post("", &body).await;
            answer.refused(401, "E0000004");
            let mut body = answer.json();
            body["errorId"] = Value::Null;
            said.push(body);
        }
        door.sign_on(json!({ "access": "DENY" })).await;
        door.post("", &wrong(&door.grace.login, PASSWORD)).await.refused(401, "E0000004");
        assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");

        // By the name alone everybody is asked the same.
        let mut asked = Vec::new();
        for name in ["nobody@acme.example", &door.grace.login] {
            let mut body = door.post("", &json!({ "username": name })).await.expect(200).json();
            let verify = path(&body["_embedded"]["factors"][0]["_links"]["verify"]);
            assert_eq!(verify, "/factors/password/verify");
            door.step(&verify, &body, json!({ "password": ANOTHER })).await.refused(401, "E0000004");
            door.step(&verify, &body, json!({})).await.refused(400, "E0000001");
            door.step("/factors/token:software:totp/verify", &body, code("123456")).await.refused(403, "E0000079");
            body["stateToken"] = Value::Null;
            asked.push(body);
        }
        assert_eq!(asked[0], asked[1]);
        stands(&asked[0], "MFA_REQUIRED", &["cancel"]);
        assert!(asked[0]["_embedded"].get("user").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_comes_first_and_then_the_password() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let asked = door.post("", &json!({ "username": door.grace.login, "relayState": "r" })).await.expect(200).json();
        let password = json!({ "password": PASSWORD });
        let asked = door.step("/factors/password/verify", &asked, password).await.expect(200).json();
        stands(&asked, "MFA_REQUIRED", &["cancel"]);
        let verify = format!("/factors/{}/verify", id(&factor));
        let done = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        assert_eq!((&done["status"], &done["relayState"]), (&json!("SUCCESS"), &json!("r")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_text_message_is_asked_for_sent_anew_and_stepped_back_from() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let sms = door.factor(json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } })).await;
        crate::sent_codes::messages(app).await;
        let asked = door.enter().await;
        assert_eq!(asked["_embedded"]["factors"][0]["profile"]["phoneNumber"], "+1 XXX-XXX-1337");
        let verify = path(&asked["_embedded"]["factors"][0]["_links"]["verify"]);
        door.step(&format!("{verify}/resend"), &asked, json!({})).await.refused(403, "E0000079");
        door.step("/previous", &asked, json!({})).await.refused(403, "E0000079");
        door.step("/skip", &asked, json!({})).await.refused(403, "E0000079");
        let challenged = door.step(&verify, &asked, json!({ "passCode": "" })).await.expect(200).json();
        stands(&challenged, "MFA_CHALLENGE", &["cancel", "next", "prev", "resend"]);
        assert_eq!(
            (
                &challenged["factorResult"],
                &challenged["_embedded"]["factor"]["id"],
                &challenged["_links"]["next"]["name"]
            ),
            (&json!("CHALLENGE"), &sms["id"], &json!("verify"))
        );
        let resend = &challenged["_links"]["resend"][0];
        assert_eq!((&resend["name"], path(resend)), (&json!("sms"), format!("{verify}/resend")));
        let first = sent(app).await;
        door.step(&path(resend), &asked, json!({})).await.refused(429, "E0000109");
        let back = door.step(&path(&challenged["_links"]["prev"]), &asked, json!({})).await.expect(200).json();
        stands(&back, "MFA_REQUIRED", &["cancel"]);
        app.world.advance_seconds(30);
        door.step(&verify, &asked, json!({})).await.expect(200);
        let second = sent(app).await;
        door.step(&verify, &asked, code(&first)).await.refused(403, "E0000083");
        door.step(&verify, &asked, code(&other(&second))).await.refused(403, "E0000068");

        // What was sent for this sign-in is none of another's, and none of the Factors API's.
        let another = door.enter().await;
        door.step(&verify, &another, code(&second)).await.refused(403, "E0000068");
        let elsewhere = format!("/api/v1/users/{}/factors/{}/verify", door.grace.id, id(&sms));
        app.post(&elsewhere, &door.staff.root.token, &code(&second)).await.refused(403, "E0000068");
        door.step(&verify, &asked, code(&second)).await.expect(200);
        door.step(&verify, &another, code(&second)).await.refused(403, "E0000068");
        let gone = door.step("/cancel", &another, json!({})).await.expect(200).json();
        assert_eq!(gone, json!({}));
        door.step(&verify, &another, json!({})).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_factor_enrols_one_and_is_offered_more() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let asked = door.enter_with(json!({ "multiOptionalFactorEnroll": true })).await;
        stands(&asked, "MFA_ENROLL", &["cancel"]);
        let all = factors(&asked);
        assert!(all.contains(&("sms", "NOT_SETUP")) && all.contains(&("webauthn", "NOT_SETUP")), "{all:?}");
        assert!(!all.iter().any(|(kind, _)| *kind == "token:hotp"), "a token is handed out: {all:?}");
        door.step("/skip", &asked, json!({})).await.refused(403, "E0000079");
        let app_body = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
        let begun = door.step("/factors", &asked, app_body.clone()).await.expect(200).json();
        stands(&begun, "MFA_ENROLL_ACTIVATE", &["cancel", "next", "prev"]);
        let activation = &begun["_embedded"]["factor"]["_embedded"]["activation"];
        let picture = activation["_links"]["qrcode"]["href"].as_str().unwrap();
        app.get(picture.strip_prefix("http://localhost:8080").unwrap(), "").await.expect(200);
        let back = door.step("/previous", &asked, json!({})).await.expect(200).json();
        stands(&back, "MFA_ENROLL", &["cancel"]);
        let activate = path(&begun["_links"]["next"]);
        // What was stepped back from is not finished.
        door.step(&activate, &asked, code("123456")).await.refused(403, "E0000079");
        let begun = door.step("/factors", &asked, app_body).await.expect(200).json();
        let secret = secret(&begun["_embedded"]["factor"]["_embedded"]["activation"]);
        let activate = path(&begun["_links"]["next"]);
        let right = door.now(&secret);
        door.step(&activate, &asked, json!({})).await.refused(400, "E0000001");
        door.step(&activate, &asked, code(&other(&right))).await.refused(403, "E0000068");
        let verify = activate.replace("lifecycle/activate", "verify");
        door.step(&verify, &asked, code(&right)).await.refused(423, "E0000180");
        let more = door.step(&activate, &asked, code(&right)).await.expect(200).json();
        stands(&more, "MFA_ENROLL", &["cancel", "skip"]);
        assert!(factors(&more).contains(&("token:software:totp", "ACTIVE")), "{more}");

        // A number is proved by the code that it gets, and a question counts at once.
        let phone = json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+15554151337" } });
        crate::sent_codes::messages(app).await;
        let begun = door.step("/factors", &asked, phone).await.expect(200).json();
        stands(&begun, "MFA_ENROLL_ACTIVATE", &["cancel", "next", "prev", "resend"]);
        assert_eq!(begun["_embedded"]["factor"]["profile"]["phoneNumber"], "+1 XXX-XXX-1337");
        let first = sent(app).await;
        app.world.advance_seconds(30);
        let resend = path(&begun["_links"]["resend"][0]);
        door.step(&resend, &asked, json!({})).await.expect(200);
        door.step(&path(&begun["_links"]["next"]), &asked, code(&first)).await.refused(403, "E0000083");
        door.step(&path(&begun["_links"]["next"]), &asked, code(&sent(app).await)).await.expect(200);
        let profile = json!({ "question": "disliked_food", "answer": "mustard soup" });
        let asked_too = json!({ "factorType": "question", "provider": "OKTA", "profile": profile });
        let more = door.step("/factors", &asked, asked_too).await.expect(200).json();
        stands(&more, "MFA_ENROLL", &["cancel", "skip"]);
        let done = door.step(&path(&more["_links"]["skip"]), &asked, json!({})).await.expect(200).json();
        stands(&done, "SUCCESS", &[]);
        app.get("/api/v1/authn/factors/questions", "").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_enrolled_is_before_anybody_comes_in() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let (factor, secret) = door.authenticator().await;
        door.enrolment(&["security_question"], &["google_otp", "okta_email"], "CHALLENGE").await;
        let asked = door.enter().await;
        let verify = format!("/factors/{}/verify", id(&factor));
        let asked = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        stands(&asked, "MFA_ENROLL", &["cancel"]);
        door.step("/skip", &asked, json!({})).await.refused(403, "E0000079");
        // What the policy does not name, and what is handed out, is not enrolled.
        for kind in ["sms", "token:hotp", "backup_codes", "nothing"] {
            let body = json!({ "factorType": kind, "profile": { "phoneNumber": "+15554151337" } });
            door.step("/factors", &asked, body).await.refused(400, "E0000001");
        }
        let profile = json!({ "question": "disliked_food", "answer": "mustard soup" });
        let body = json!({ "factorType": "question", "profile": profile });
        stands(&door.step("/factors", &asked, body).await.expect(200).json(), "SUCCESS", &[]);

        // Where nobody enrols while signing in, who has nothing stays outside.
        let path = format!("/api/v1/users/{}/lifecycle/reset_factors", door.grace.id);
        app.post(&path, &door.staff.root.token, &Value::Null).await.expect(200);
        assert_eq!(door.enter().await["status"], "MFA_ENROLL");
        door.enrolment(&["security_question"], &["google_otp"], "NEVER").await;
        let body = json!({ "username": door.grace.login, "password": PASSWORD });
        door.post("", &body).await.refused(401, "E0000004");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_what_the_old_factor_began() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (app, token) = (door.app(), &door.staff.root.token);
        let (factor, secret) = door.authenticator().await;
        door.enrolment(&["security_question"], &["google_otp"], "CHALLENGE").await;
        let asked = door.enter().await;
        let verify = format!("/factors/{}/verify", id(&factor));
        let proved = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        stands(&proved, "MFA_ENROLL", &["cancel"]);

        let path = format!("/api/v1/users/{}/lifecycle/reset_factors", door.grace.id);
        app.post(&path, token, &Value::Null).await.expect(200);
        let profile = json!({ "question": "disliked_food", "answer": "mustard soup" });
        let body = json!({ "factorType": "question", "profile": profile });
        door.step("/factors", &proved, body).await.refused(401, "E0000011");
        let query = "/api/v1/logs?filter=eventType%20eq%20%22user.mfa.factor.reset_all%22";
        let record = app.get(query, token).await.expect(200).json();
        let told = &record[0]["debugContext"]["debugData"];
        assert_eq!((&told["retired"], &told["signIns"]), (&json!("1"), &json!("1")), "{record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_enrols_guesses_no_more_often_by_beginning_anew() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let asked = door.enter().await;
        let body = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
        for round in 0..6 {
            let begun = door.step("/factors", &asked, body.clone()).await.expect(200).json();
            let guess = door.step(&path(&begun["_links"]["next"]), &asked, code("000000")).await;
            let (status, why) = if round < 5 { (403, "E0000068") } else { (429, "E0000047") };
            guess.refused(status, why);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_enrols_has_no_messages_sent_all_day() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let asked = door.enter().await;
        for number in 0..31 {
            let profile = json!({ "phoneNumber": format!("+155541{number:05}") });
            let body = json!({ "factorType": "sms", "provider": "OKTA", "profile": profile });
            let answer = door.step("/factors?updatePhone=true", &asked, body).await;
            if number < 30 {
                answer.expect(200);
            } else {
                answer.refused(429, "E0000204");
            }
        }
        let call = json!({ "factorType": "call", "provider": "OKTA", "profile": { "phoneNumber": "+15554190000" } });
        door.step("/factors", &asked, call).await.refused(429, "E0000205");
        let email = json!({ "factorType": "email", "provider": "OKTA", "profile": { "email": door.grace.login } });
        door.step("/factors", &asked, email).await.refused(429, "E0000047");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_waits_at_enrolling_adds_nothing_to_what_came_meanwhile() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let asked = door.enter().await;
        stands(&asked, "MFA_ENROLL", &["cancel"]);
        let phone = json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+15554151337" } });
        // Its owner enrols an app elsewhere: the password alone adds a number no more.
        door.authenticator().await;
        door.step("/factors", &asked, phone).await.refused(403, "E0000079");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_administers_enrols_nothing_by_a_password_alone() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        door.give_password(&door.staff.root).await;
        let body = json!({ "username": door.staff.root.login, "password": PASSWORD });
        door.post("", &body).await.refused(401, "E0000004");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_password_is_changed_after_the_factor_was_proved() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let (factor, secret) = door.authenticator().await;
        let user = app.app.store.read(door.staff.org, |tx| tx.user(door.grace.id)).await.unwrap().unwrap();
        let now = app.app.env().now;
        let expire = app.app.store.write(door.staff.org, |tx| tx.move_user(&user, Lifecycle::ExpirePassword, now));
        expire.await.unwrap().unwrap();
        let change = "/credentials/change_password";
        let asked = door.enter().await;
        stands(&asked, "MFA_REQUIRED", &["cancel"]);
        let chosen = |old: &str, new: &str| json!({ "oldPassword": old, "newPassword": new });
        door.step(change, &asked, chosen(PASSWORD, ANOTHER)).await.refused(403, "E0000079");
        let verify = format!("/factors/{}/verify", id(&factor));
        let asked = door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        stands(&asked, "PASSWORD_EXPIRED", &["cancel", "next"]);
        assert_eq!(asked["_embedded"]["policy"]["complexity"]["minLength"], 12);
        door.step("/skip", &asked, json!({})).await.refused(403, "E0000079");
        let refused = door.step(change, &asked, chosen(ANOTHER, "a third that is long")).await;
        refused.refused(403, "E0000014");
        assert_eq!(
            refused.json()["errorCauses"][0]["errorSummary"],
            "oldPassword: The credentials provided were incorrect."
        );
        door.step(change, &asked, chosen(PASSWORD, "short")).await.refused(403, "E0000080");
        door.step(change, &asked, chosen(PASSWORD, PASSWORD)).await.refused(403, "E0000080");
        door.step(change, &asked, json!({ "newPassword": ANOTHER })).await.refused(400, "E0000001");
        let done = door.step(change, &asked, chosen(PASSWORD, ANOTHER)).await.expect(200).json();
        stands(&done, "SUCCESS", &[]);
        app.post("/api/v1/sessions", "", &json!({ "sessionToken": done["sessionToken"] })).await.expect(200);
        door.post("", &json!({ "username": door.grace.login, "password": PASSWORD })).await.refused(401, "E0000004");
        app.world.advance_seconds(30);
        door.post("", &json!({ "username": door.grace.login, "password": ANOTHER })).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_ends_soon_is_told_of_where_that_is_asked_for() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        door.password_policy(json!({ "age": { "maxAgeDays": 10, "expireWarnDays": 5 } })).await;
        let warns = json!({ "warnBeforePasswordExpired": true });
        stands(&door.enter_with(warns.clone()).await, "SUCCESS", &[]);
        door.app().world.advance_seconds(6 * 86_400);
        stands(&door.enter().await, "SUCCESS", &[]);
        let warned = door.enter_with(warns.clone()).await;
        stands(&warned, "PASSWORD_WARN", &["cancel", "next", "skip"]);
        assert_eq!(warned["_embedded"]["policy"]["expiration"]["passwordExpireDays"], 4);
        stands(&door.step("/skip", &warned, json!({})).await.expect(200).json(), "SUCCESS", &[]);
        let warned = door.enter_with(warns).await;
        let chosen = json!({ "oldPassword": PASSWORD, "newPassword": ANOTHER, "revokeSessions": true });
        let done = door.step(&path(&warned["_links"]["next"]), &warned, chosen).await.expect(200).json();
        stands(&done, "SUCCESS", &[]);
        // One that is over is changed by nobody who has no factor but their password: here none is asked for.
        door.app().world.advance_seconds(11 * 86_400);
        let body = json!({ "username": door.grace.login, "password": ANOTHER });
        stands(&door.post("", &body).await.expect(200).json(), "PASSWORD_EXPIRED", &["cancel", "next"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_a_password_that_was_replaced_meanwhile_is_over() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let asked = door.enter().await;
        door.app().world.advance_seconds(30);
        door.give_password(&door.grace).await;
        let verify = format!("/factors/{}/verify", id(&factor));
        door.step(&verify, &asked, code(&door.now(&secret))).await.refused(401, "E0000011");
        let asked = door.enter().await;
        let suspend = format!("/api/v1/users/{}/lifecycle/suspend", door.grace.id);
        door.app().post(&suspend, &door.staff.root.token, &Value::Null).await.expect(200);
        door.step(&verify, &asked, code(&door.now(&secret))).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_locks_out_which_is_said_where_the_policy_says_so() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        door.password_policy(json!({ "lockout": { "maxAttempts": 2, "showLockoutFailures": true } })).await;
        let wrong = json!({ "username": door.grace.login, "password": ANOTHER, "relayState": "r" });
        door.post("", &wrong).await.refused(401, "E0000004");
        let locked = door.post("", &wrong).await.expect(200).json();
        stands(&locked, "LOCKED_OUT", &[]);
        assert_eq!((&locked["relayState"], locked.get("stateToken")), (&json!("r"), None));
        let right = json!({ "username": door.grace.login, "password": PASSWORD });
        stands(&door.post("", &right).await.expect(200).json(), "LOCKED_OUT", &[]);
        door.post("", &json!({ "username": "nobody@acme.example", "password": ANOTHER }))
            .await
            .refused(401, "E0000004");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_guessed_no_more_often_here_than_elsewhere() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let verify = format!("/factors/{}/verify", id(&factor));
        let wrong = other(&door.now(&secret));
        let asked = door.enter().await;
        for _ in 0..5 {
            door.step(&verify, &asked, code(&wrong)).await.refused(403, "E0000068");
        }
        door.step(&verify, &asked, code(&door.now(&secret))).await.refused(429, "E0000047");
        let another = door.enter().await;
        door.step(&verify, &another, code(&door.now(&secret))).await.refused(429, "E0000047");
        let elsewhere = format!("/api/v1/users/{}/factors/{}/verify", door.grace.id, id(&factor));
        let answer = door.app().post(&elsewhere, &door.staff.root.token, &code(&door.now(&secret))).await;
        answer.refused(429, "E0000047");
        assert_eq!(door.events("user.authentication.auth_via_mfa").await.len(), 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_code_sent_twice_at_once_one_gets_in() {
    for engine in scratch::engines() {
        let door = std::sync::Arc::new(Door::new(engine).await);
        let (factor, secret) = door.authenticator().await;
        let verify = format!("/factors/{}/verify", id(&factor));
        let right = door.now(&secret);
        let mut tabs = vec![door.enter().await, door.enter().await];
        tabs.push(tabs[0].clone());
        let mut tries = JoinSet::new();
        for tab in tabs {
            let (door, verify, right) = (std::sync::Arc::clone(&door), verify.clone(), right.clone());
            tries.spawn(async move { door.step(&verify, &tab, code(&right)).await.status.as_u16() });
        }
        let mut said = tries.join_all().await;
        said.sort_unstable();
        assert_eq!(said[0], 200);
        assert!(said[1..].iter().all(|status| matches!(status, 401 | 403)), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_security_key_is_enrolled_and_proves_by_itself_or_among_others() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let mut keys = [Authenticator::new(1, "http://localhost:8080"), Authenticator::new(2, "http://localhost:8080")];
        let asked = door.enter_with(json!({ "multiOptionalFactorEnroll": true })).await;
        let body = json!({ "factorType": "webauthn", "provider": "FIDO" });
        for key in &mut keys {
            let begun = door.step("/factors", &asked, body.clone()).await.expect(200).json();
            let answer = made(key, &begun["_embedded"]["factor"]);
            door.step(&path(&begun["_links"]["next"]), &asked, answer).await.expect(200);
        }
        stands(&door.step("/skip", &asked, json!({})).await.expect(200).json(), "SUCCESS", &[]);

        let asked = door.enter().await;
        assert_eq!(factors(&asked).len(), 2);
        let second = json!(b64::encode(&[2; 32]));
        let is_second = |factor: &&Value| factor["profile"]["credentialId"] == second;
        let second = asked["_embedded"]["factors"].as_array().unwrap().iter().find(is_second).expect("the second");
        let verify = path(&second["_links"]["verify"]);
        let challenged = door.step(&verify, &asked, json!({})).await.expect(200).json();
        stands(&challenged, "MFA_CHALLENGE", &["cancel", "next", "prev"]);
        let challenge = challenged["_embedded"]["factor"]["_embedded"]["challenge"].clone();
        // The other key answers for itself alone.
        door.step(&verify, &asked, signed(&keys[0], &challenge)).await.refused(403, "E0000068");
        door.step(&verify, &asked, signed(&keys[1], &challenge)).await.refused(403, "E0000068");
        let challenged = door.step(&verify, &asked, json!({})).await.expect(200).json();
        let challenge = &challenged["_embedded"]["factor"]["_embedded"]["challenge"];
        let done = door.step(&verify, &asked, signed(&keys[1], challenge)).await.expect(200).json();
        stands(&done, "SUCCESS", &[]);

        let asked = door.enter().await;
        let challenged = door.step("/factors/webauthn/verify", &asked, json!({})).await.expect(200).json();
        assert_eq!((&challenged["challengeType"], factors(&challenged).len()), (&json!("FACTOR_TYPE"), 2));
        keys[0].counter += 1;
        let proof = signed(&keys[0], &challenged["_embedded"]["challenge"]);
        let done = door.step("/factors/webauthn/verify", &asked, proof.clone()).await.expect(200).json();
        stands(&done, "SUCCESS", &[]);
        let asked = door.enter().await;
        door.step("/factors/webauthn/verify", &asked, proof).await.refused(403, "E0000068");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_on_paper_are_taken_where_an_apps_code_is() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, _) = door.authenticator().await;
        let path = format!("/recovery/api/v1/users/{}/backup-codes", door.grace.id);
        let sheet = door.app().post(&path, &door.staff.root.token, &Value::Null).await;
        assert!(sheet.status.is_success(), "{}", sheet.text());
        let codes: Vec<String> = sheet.json()["codes"]
            .as_array()
            .expect("codes")
            .iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect();
        let verify = format!("/factors/{}/verify", id(&factor));
        let asked = door.enter().await;
        assert_eq!(factors(&asked).len(), 1, "they are no factor of the API");
        stands(&door.step(&verify, &asked, code(&codes[0])).await.expect(200).json(), "SUCCESS", &[]);
        let asked = door.enter().await;
        door.step(&verify, &asked, code(&codes[0])).await.refused(403, "E0000082");
        // Where the app is gone they are typed by themselves.
        let own = format!("/api/v1/users/{}/factors/{}", door.grace.id, id(&factor));
        door.app().call(Method::DELETE, &own, &door.staff.root.token, &Value::Null).await.expect(204);
        let asked = door.enter().await;
        let verify = self::path(&asked["_embedded"]["factors"][0]["_links"]["verify"]);
        stands(&door.step(&verify, &asked, code(&codes[1])).await.expect(200).json(), "SUCCESS", &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_others_or_is_broken_is_refused() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let hal = door.staff.with("hal", &[]).await;
        let theirs = format!("/api/v1/users/{}/factors?activate=true", hal.id);
        let body = json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151338" } });
        let sms = door.app().post(&theirs, &door.staff.root.token, &body).await.expect(200).json();
        let asked = door.enter().await;
        for which in [id(&sms), "ost000000000000000000", "x", "question", "hotp"] {
            let verify = format!("/factors/{which}/verify");
            let status = door.step(&verify, &asked, code("123456")).await.status.as_u16();
            assert_eq!(status, 404, "{which}");
            door.step(&format!("/factors/{which}/lifecycle/activate"), &asked, code("123456"))
                .await
                .refused(404, "E0000007");
        }
        let verify = format!("/factors/{}/verify", id(&factor));
        // Every step wants its transaction.
        for path in ["/factors", &*verify, "/previous", "/skip", "/cancel", "/credentials/change_password"] {
            door.post(path, &json!({})).await.refused(400, "E0000001");
            door.post(path, &json!({ "stateToken": "unknown", "factorType": "sms" })).await.refused(401, "E0000011");
            door.post(path, &json!({ "stateToken": 7 })).await.refused(400, "E0000001");
        }
        door.step("/factors", &asked, json!({ "factorType": "sms" })).await.refused(403, "E0000079");
        door.step(&verify, &asked, json!({ "clientData": "x" })).await.refused(403, "E0000068");
        for body in [
            json!({}),
            json!({ "username": "" }),
            json!({ "username": 7 }),
            json!([]),
            json!({ "username": "x", "options": 7 }),
        ] {
            door.post("", &body).await.refused(400, "E0000001");
        }
        let long = json!({ "username": "x", "relayState": "x".repeat(2049) });
        door.post("", &long).await.refused(400, "E0000001");
        let token = json!({ "username": "x", "context": { "deviceToken": "x".repeat(33) } });
        door.post("", &token).await.refused(400, "E0000001");
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        for (body, status, error) in [
            (String::new(), 400, "E0000003"),
            ("{".to_owned(), 400, "E0000003"),
            (format!("{{\"username\":\"{}\"}}", "x".repeat(70_000)), 413, "E0000001"),
        ] {
            for path in ["", "/factors", &verify] {
                let request = Request::post(format!("/api/v1/authn{path}")).body(Body::from(body.clone())).unwrap();
                door.app().send(request).await.refused(status, error);
            }
        }
        let body = format!("{{\"stateToken\":\"x\",\"profile\":{{\"deep\":{deep}}}}}");
        let request = Request::post("/api/v1/authn/factors").body(Body::from(body)).unwrap();
        door.app().send(request).await.refused(400, "E0000003");
        // The transaction is as it was.
        stands(&door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200).json(), "SUCCESS", &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_known_again_where_a_program_of_ones_own_says_so() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let rule =
            json!({ "access": "ALLOW", "requireFactor": true, "factorPromptMode": "SESSION", "factorLifetime": 60 });
        door.sign_on(rule).await;
        let begin =
            json!({ "username": door.grace.login, "password": PASSWORD, "context": { "deviceToken": "desk-7" } });
        let verify = format!("/factors/{}/verify?rememberDevice=true", id(&factor));
        let through = async |token: &str| {
            let asked = door.app().post("/api/v1/authn", token, &begin).await.expect(200).json();
            if asked["status"] == "SUCCESS" {
                return asked;
            }
            let mut body = code(&door.now(&secret));
            body["stateToken"] = asked["stateToken"].clone();
            let done = door.app().post(&format!("/api/v1/authn{verify}"), token, &body).await.expect(200).json();
            stands(&done, "SUCCESS", &[]);
            door.app().world.advance_seconds(30);
            asked
        };
        let (program, person) = (&door.staff.root.token, &door.grace.token);
        // Nobody else's word counts: of a page, or of a person who administers nothing.
        for token in ["", person] {
            let asked = through(token).await;
            assert_eq!(asked["_embedded"]["policy"]["allowRememberDevice"], false);
            assert_eq!(through(token).await["status"], "MFA_REQUIRED");
        }
        let asked = through(program).await;
        assert_eq!(asked["_embedded"]["policy"]["rememberDeviceLifetimeInMinutes"], 60);
        assert_eq!(through(program).await["status"], "SUCCESS");
        assert_eq!(through("").await["status"], "MFA_REQUIRED", "the token alone is known to anybody");
        door.app().world.advance_seconds(3600);
        assert_eq!(through(program).await["status"], "MFA_REQUIRED");
        door.app().post("/api/v1/authn", "00unknown", &begin).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_signed_in_and_led_back_to_where_it_may_go() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let app = door.app();
        let origin = json!({ "name": "App", "origin": "https://app.example.com", "scopes": [{ "type": "REDIRECT" }] });
        app.post("/api/v1/trustedOrigins", &door.staff.root.token, &origin).await.expect(200);
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let token = async || door.enter().await["sessionToken"].as_str().expect("a session token").to_owned();
        let go = async |query: &str, headers: &[(&str, &str)]| {
            let mut request =
                Request::get(format!("/login/sessionCookieRedirect?checkAccountSetupComplete=true&{query}"));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            app.send(request.body(Body::empty()).unwrap()).await
        };
        let first = token().await;
        for to in [
            "https%3A%2F%2Fevil.example%2F",
            "%2F%2Fevil.example",
            "%2F%5Cevil.example",
            "javascript%3Aalert(1)",
            "https%3A%2F%2Fapp.example.com%40evil.example%2F",
        ] {
            let refused = go(&format!("token={first}&redirectUrl={to}"), &[]).await;
            assert_eq!((refused.status.as_u16(), refused.headers.get(header::SET_COOKIE)), (400, None), "{to}");
        }
        let foreign = [("sec-fetch-site", "cross-site"), ("referer", "https://evil.example/")];
        assert_eq!(go(&format!("token={first}"), &foreign).await.status.as_u16(), 403);
        assert_eq!(go(&format!("token={first}"), &foreign[..1]).await.status.as_u16(), 403);

        let trusted = [("sec-fetch-site", "cross-site"), ("referer", "https://app.example.com/")];
        let led = go(&format!("token={first}&redirectUrl=https%3A%2F%2Fapp.example.com%2Fhome"), &trusted).await;
        assert_eq!(
            (led.status.as_u16(), led.headers["location"].to_str().unwrap()),
            (303, "https://app.example.com/home")
        );
        let cookies: Vec<&str> =
            led.headers.get_all(header::SET_COOKIE).iter().map(|one| one.to_str().unwrap()).collect();
        let own = cookies.iter().find(|one| one.starts_with("__Host-postern=")).expect("our own");
        let sid = cookies.iter().find(|one| one.starts_with("sid=")).expect("theirs");
        let with = async |cookie: &str, path: &str| {
            let value = cookie.split(';').next().unwrap();
            let request = Request::get(path).header(header::COOKIE, value).body(Body::empty()).unwrap();
            app.send(request).await.status.as_u16()
        };
        assert_eq!(with(own, "/api/v1/sessions/me").await, 200);
        assert_eq!(with(sid, "/api/v1/sessions/me").await, 200);
        // Our own pages read their own cookie alone.
        let login = door.grace.login.as_str();
        assert_eq!(with(own, &format!("/api/v1/users/{login}/factors")).await, 200);
        assert_eq!(with(sid, &format!("/api/v1/users/{login}/factors")).await, 401);
        let again = go(&format!("token={first}"), &[]).await;
        assert!(again.headers.get(header::SET_COOKIE).is_none(), "{}", again.status);
        let led = go(&format!("token={}", token().await), &[]).await;
        assert_eq!(led.headers["location"].to_str().unwrap(), "/");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_our_own_page_is_none_of_a_programs() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let client = crate::people::client();
        let (token, _) = postern_server::sign_in::begin(&door.app().app, &client, &door.grace.login).await.unwrap();
        let body = json!({ "stateToken": token.expose() });
        door.post("", &body).await.refused(401, "E0000011");
        door.post("/cancel", &body).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_code_comes_first_no_password_is_looked_at_before_it() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (_, secret) = door.authenticator().await;
        let order = json!({ "verifyKnowledgeSecondWhen2faRequired": true });
        let settings = "/attack-protection/api/v1/authenticator-settings";
        door.app().call(Method::PUT, settings, &door.staff.root.token, &order).await.expect(200);
        let mut said = Vec::new();
        for (name, password) in [(door.grace.login.as_str(), PASSWORD), (&door.grace.login, "wrong"), ("nobody", "x")] {
            let asked = door.post("", &json!({ "username": name, "password": password })).await.expect(200).json();
            stands(&asked, "MFA_REQUIRED", &["cancel"]);
            said.push(asked["_embedded"].clone());
        }
        assert!(said.iter().all(|one| *one == said[0]), "a name or a password was told from another: {said:?}");
        let asked = door.enter().await;
        let verify = "/factors/token:software:totp/verify";
        let asked = door.step(verify, &asked, code(&door.now(&secret))).await.expect(200).json();
        let wrong = json!({ "password": "wrong" });
        door.step("/factors/password/verify", &asked, wrong).await.refused(401, "E0000004");
        let right = json!({ "password": PASSWORD });
        let done = door.step("/factors/password/verify", &asked, right).await.expect(200).json();
        assert_eq!(done["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_meanwhile_is_asked_no_more() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (_, secret) = door.authenticator().await;
        let sms = door.factor(json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } })).await;
        let asked = door.enter().await;
        let verify = format!("/factors/{}/verify", id(&sms));
        door.step(&verify, &asked, json!({})).await.expect(200);
        let gone = format!("/api/v1/users/{}/factors/{}", door.grace.id, id(&sms));
        door.app().call(Method::DELETE, &gone, &door.staff.root.token, &json!({})).await.expect(204);
        let stood = door.step("", &asked, json!({})).await.expect(200).json();
        stands(&stood, "MFA_REQUIRED", &["cancel"]);
        let verify = path(&stood["_embedded"]["factors"][0]["_links"]["verify"]);
        door.step(&verify, &asked, code(&door.now(&secret))).await.expect(200);

        // The same of what was begun: two tabs begin one, and the first that is done is had.
        let nora = door.staff.with("nora", &[]).await;
        door.give_password(&nora).await;
        let enter = json!({ "username": nora.login, "password": PASSWORD });
        let wanted = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
        let (one, other) =
            (door.post("", &enter).await.expect(200).json(), door.post("", &enter).await.expect(200).json());
        door.step("/factors", &one, wanted.clone()).await.expect(200);
        let begun = door.step("/factors", &other, wanted).await.expect(200).json();
        let factor = &begun["_embedded"]["factor"];
        let secret = self::secret(&factor["_embedded"]["activation"]);
        let activate = format!("/factors/{}/lifecycle/activate", id(factor));
        door.step(&activate, &other, code(&door.now(&secret))).await.expect(200);
        let stood = door.step("", &one, json!({})).await.expect(200).json();
        stands(&stood, "MFA_ENROLL", &["cancel"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_or_set_up_by_whoever_is_suspended() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let sms = door.factor(json!({ "factorType": "sms", "profile": { "phoneNumber": "+15554151337" } })).await;
        let own = format!("/api/v1/users/{}/factors", door.grace.id);
        let root = &door.staff.root.token;
        let call = json!({ "factorType": "call", "profile": { "phoneNumber": "+15554151338" } });
        let begun = door.app().post(&own, root, &call).await.expect(200).json();
        crate::sent_codes::messages(door.app()).await;
        door.app().world.advance_seconds(60);
        let suspend = format!("/api/v1/users/{}/lifecycle/suspend", door.grace.id);
        door.app().post(&suspend, root, &json!({})).await.expect(200);
        for (factor, act) in [(&sms, "verify"), (&begun, "resend"), (&begun, "lifecycle/activate")] {
            let path = format!("{own}/{}/{act}", id(factor));
            let body = if act == "lifecycle/activate" { code("123456") } else { json!({}) };
            door.app().post(&path, root, &body).await.refused(403, "E0000038");
        }
        assert!(crate::sent_codes::messages(door.app()).await.iter().all(|text| !text.contains("code")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_a_programs_is_none_of_our_own_pages() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let (factor, secret) = door.authenticator().await;
        let begun = door.post("", &json!({ "username": door.grace.login })).await.expect(200).json();
        let state = begun["stateToken"].as_str().expect("a token");
        let mut browser = crate::browser::Browser::new(door.app());
        let form = [("username", door.grace.login.as_str()), ("stateToken", state), ("password", PASSWORD)];
        browser.submit("/signin", &form).await.expect(401).says(&["start again"]);
        let asked = door.step("/factors/password/verify", &begun, json!({ "password": PASSWORD })).await;
        let asked = asked.expect(200).json();
        let now = door.now(&secret);
        let form = [("username", door.grace.login.as_str()), ("stateToken", state), ("passCode", &now)];
        browser.submit("/signin", &form).await.expect(401).says(&["start again"]);
        browser.submit("/signin/passkey", &form).await;
        // Neither spent the code nor ended anything.
        let verify = format!("/factors/{}/verify", id(&factor));
        let done = door.step(&verify, &asked, code(&now)).await.expect(200).json();
        assert_eq!(done["status"], "SUCCESS");
    }
}
