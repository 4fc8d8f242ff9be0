//! The way back after a reset: what a ticket opens and what it does not, what a password opens and until when, and what the
//! person says.

use postern_authn::permission::Role;
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::authn::{Door, PASSWORD, secret};
use crate::browser::Browser;
use crate::factors::id;
use crate::staff::Member;

/// Grace, who lost her phone, and the help desk.
struct Lost {
    door: Door,
    kim: Member,
    lee: Member,
}

impl Lost {
    async fn new(engine: Engine) -> Self {
        let door = Door::new(engine).await;
        let kim = door.staff.with("kim", &[Role::HelpDesk]).await;
        let lee = door.staff.with("lee", &[Role::HelpDesk]).await;
        door.authenticator().await;
        Self { door, kim, lee }
    }

    async fn post(&self, by: &Member, path: &str, body: Value) -> Answer {
        self.door.app().post(&format!("/recovery/api/v1/cases{path}"), &by.token, &body).await
    }

    async fn act(&self, by: &Member, case: &Value, act: &str, body: Value) -> Answer {
        self.post(by, &format!("/{}/{act}", id(case)), body).await
    }

    /// A case of Grace's, who stood there.
    async fn verified(&self) -> Value {
        let case = self.post(&self.kim, "", json!({ "userId": self.door.grace.id })).await.expect(201).json();
        let finding = json!({ "document": "passport", "place": "front desk" });
        let body = json!({ "kind": "IN_PERSON", "finding": finding });
        self.act(&self.kim, &case, "evidence", body).await.expect(200).json()
    }

    async fn acted(&self, case: &Value, action: &str) -> Value {
        let body = json!({ "action": action, "reason": "lost phone", "ticket": "T-1" });
        self.act(&self.kim, case, "actions", body).await.expect(200).json()
    }

    /// The case after a reset.
    async fn reset(&self) -> Value {
        let case = self.verified().await;
        self.acted(&case, "RESET_FACTORS").await
    }

    /// Types a ticket over the API after the password.
    async fn show(&self, ticket: &str) -> Answer {
        let entered = self.door.enter().await;
        assert_eq!(entered["status"], "MFA_REQUIRED", "{entered}");
        self.door.step("/factors/token:software:totp/verify", &entered, json!({ "passCode": ticket })).await
    }

    /// Enrols an app in a sign-in.
    async fn enrol(&self, state: &Value) -> Value {
        let body = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
        let begun = self.door.step("/factors", state, body).await.expect(200).json();
        let factor = &begun["_embedded"]["factor"];
        let code = self.door.now(&secret(&factor["_embedded"]["activation"]));
        let path = format!("/factors/{}/lifecycle/activate", id(factor));
        self.door.step(&path, &begun, json!({ "passCode": code })).await.expect(200).json()
    }

    async fn policy(&self, rules: Value) {
        let people = json!({ "people": { "users": { "exclude": [self.door.staff.root.id] } } });
        let body = json!({ "type": "RECOVERY", "name": "Ours", "conditions": people });
        self.door.policy(body, json!({ "recovery": rules })).await;
    }

    async fn stage(&self, case: &Value) -> Value {
        let path = format!("/recovery/api/v1/cases/{}", id(case));
        self.door.app().get(&path, &self.kim.token).await.expect(200).json()["stage"].clone()
    }
}

fn ticket(case: &Value) -> String {
    case["ticket"]["code"].as_str().unwrap_or_else(|| panic!("a ticket: {case}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_and_the_password_lead_to_enrolment_which_closes_the_case() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let case = lost.reset().await;
        let ticket = ticket(&case);
        assert_eq!(ticket.len(), 19);
        assert!(case["ticket"]["expiresAt"].is_string());
        let enrolling = lost.show(&ticket).await.expect(200).json();
        assert_eq!(enrolling["status"], "MFA_ENROLL", "{enrolling}");
        // It is used up.
        lost.show(&ticket).await.refused(403, "E0000068");
        let done = lost.enrol(&enrolling).await;
        assert_eq!(done["status"], "SUCCESS", "{done}");
        assert_eq!(lost.stage(&case).await, "CLOSED");
        let closed = lost.door.staff.event_of("recovery.case.close", "SUCCESS").await;
        assert_eq!(closed["debugContext"]["debugData"]["by"], "enrolment");
        // And nobody has a ticket any more.
        let entered = lost.door.enter().await;
        let factors = entered["_embedded"]["factors"].as_array().expect("factors").len();
        assert_eq!((&entered["status"], factors), (&json!("MFA_REQUIRED"), 1));
        lost.act(&lost.kim, &case, "ticket", json!({})).await.refused(409, "wrong_stage");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_takes_a_ticket_and_lets_nobody_past_enrolment() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        // Where a password alone lets in, and nobody is asked to enrol.
        lost.door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        lost.door.enrolment(&[], &["google_otp", "phone_number"], "NEVER").await;
        let ticket = ticket(&lost.reset().await);
        let login = lost.door.grace.login.as_str();
        let mut browser = Browser::new(lost.door.app());
        let state = browser.submit("/signin", &[("username", login)]).await.expect(200).hidden("stateToken");
        let card = [("username", login), ("stateToken", state.as_str())];
        let page = browser.submit("/signin", &[&card[..], &[("password", PASSWORD)]].concat()).await.expect(200);
        page.says(&["A ticket from the help desk"]);
        let factor = page.hidden("factor");
        let chosen = [&card[..], &[("factor", factor.as_str())]].concat();
        browser.submit("/signin/factor", &chosen).await.expect(200).says(&["ticket that the help desk gave you"]);
        let page =
            browser.submit("/signin/answer", &[&chosen[..], &[("answer", "AAAA-AAAA-AAAA-AAAA")]].concat()).await;
        page.expect(401);
        assert!(!browser.has_session());
        let page = browser.submit("/signin/answer", &[&chosen[..], &[("answer", ticket.as_str())]].concat()).await;
        page.expect(200).says(&["Set up a second factor", "Authenticator app"]);
        assert!(!browser.has_session(), "a ticket let somebody in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_counts_once_for_its_person_for_a_quarter_of_an_hour_and_till_the_next() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let case = lost.reset().await;
        let first = ticket(&case);
        lost.show("AAAA-AAAA-AAAA-AAAA").await.refused(403, "E0000068");
        lost.act(&lost.lee, &case, "ticket", json!({})).await.refused(403, "not_theirs");
        let second = ticket(&lost.act(&lost.kim, &case, "ticket", json!({})).await.expect(200).json());
        lost.show(&first).await.refused(403, "E0000068");
        // Of another person: Heidi has a ticket of her own.
        let heidi = lost.door.staff.with("heidi", &[]).await;
        lost.door.give_password(&heidi).await;
        lost.door.app().world.advance_seconds(14 * 60);
        let entered = json!({ "username": heidi.login, "password": PASSWORD });
        let entered = lost.door.post("", &entered).await.expect(200).json();
        let typed = json!({ "passCode": second });
        let refused = lost.door.step("/factors/token:software:totp/verify", &entered, typed).await;
        assert_eq!(refused.status, 403, "{}", refused.text());
        lost.door.app().world.advance_seconds(61);
        lost.show(&second).await.refused(403, "E0000068");
        // What is over leaves no way by the password alone.
        assert_eq!(lost.door.enter().await["status"], "MFA_REQUIRED");
        for _ in 0..4 {
            lost.act(&lost.kim, &case, "ticket", json!({})).await.expect(200);
        }
        lost.act(&lost.kim, &case, "ticket", json!({})).await.refused(429, "E0000047");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_no_factor_anywhere_else() {
    let lost = Lost::new(Engine::Sqlite).await;
    lost.reset().await;
    let (door, grace) = (&lost.door, &lost.door.grace);
    let listed = door.app().get(&format!("/api/v1/users/{}/factors", grace.id), &door.staff.root.token).await;
    assert_eq!(listed.expect(200).json(), json!([]));
    let catalogue =
        door.app().get(&format!("/api/v1/users/{}/factors/catalog", grace.id), &door.staff.root.token).await;
    assert!(!catalogue.expect(200).text().contains("enrolment_ticket"));
    let body = json!({ "factorType": "enrolment_ticket", "provider": "OKTA" });
    let made = door.app().post(&format!("/api/v1/users/{}/factors", grace.id), &door.staff.root.token, &body).await;
    assert_eq!(made.status, 400, "{}", made.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_policy_says_so_the_password_leads_to_enrolment_until_the_deadline() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        lost.policy(json!({ "afterReset": "PASSWORD_ONLY", "enrolmentDeadlineHours": 2 })).await;
        lost.door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let case = lost.reset().await;
        assert_eq!(case["ticket"], Value::Null);
        assert!(case["enrolUntil"].is_string(), "{case}");
        assert_eq!(lost.door.enter().await["status"], "MFA_ENROLL");
        lost.act(&lost.kim, &case, "ticket", json!({})).await.refused(409, "wrong_stage");
        lost.door.app().world.advance_seconds(2 * 60 * 60);
        let body = json!({ "username": lost.door.grace.login, "password": PASSWORD });
        lost.door.post("", &body).await.refused(401, "E0000004");
        postern_server::jobs::once(&lost.door.app().app).await.expect("the jobs run");
        assert_eq!(lost.stage(&case).await, "ACTING");
        let path = format!("/api/v1/users/{}", lost.door.grace.id);
        let person = lost.door.app().get(&path, &lost.door.staff.root.token).await.expect(200).json();
        assert_eq!(person["status"], "SUSPENDED");
        // Let in again, she needs a ticket.
        lost.door
            .app()
            .post(&format!("{path}/lifecycle/unsuspend"), &lost.door.staff.root.token, &json!({}))
            .await
            .expect(200);
        let given = lost.act(&lost.kim, &case, "ticket", json!({})).await.expect(200).json();
        assert_eq!(given["stage"], "AWAITING_ENROLMENT");
        let enrolling = lost.show(&ticket(&given)).await.expect(200).json();
        assert_eq!(lost.enrol(&enrolling).await["status"], "SUCCESS");
        assert_eq!(lost.stage(&case).await, "CLOSED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_go_to_the_person_by_a_ticket() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let case = lost.verified().await;
        let done = lost.acted(&case, "GENERATE_CODES").await;
        assert_eq!(done["codes"], Value::Null);
        let ticket = ticket(&done);
        let login = lost.door.grace.login.as_str();
        let mut browser = Browser::new(lost.door.app());
        let state = browser.submit("/signin", &[("username", login)]).await.expect(200).hidden("stateToken");
        let card = [("username", login), ("stateToken", state.as_str())];
        let page = browser.submit("/signin", &[&card[..], &[("password", PASSWORD)]].concat()).await.expect(200);
        // She still has her app, somewhere.
        page.says(&["Enter the code of your app"]);
        // Before the ticket was shown, nothing is made.
        browser.submit("/signin/enrol/codes", &card).await.expect(401);
        let page = browser.submit("/signin", &[&card[..], &[("passCode", ticket.as_str())]].concat()).await;
        page.expect(200).says(&["Make ten backup codes"]);
        let page = browser.submit("/signin/enrol/codes", &card).await.expect(200);
        page.says(&["Your backup codes"]);
        browser.submit("/signin/enrol/codes", &card).await.expect(401);
        assert!(!browser.has_session());
        let text = page.text();
        let shown = text.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("a code").to_owned();
        let done = lost.show(&shown).await.expect(200).json();
        assert_eq!(done["status"], "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_shuts_the_account_and_a_reset_after_it_opens_it() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let case = lost.reset().await;
        let first = ticket(&case);
        let body = json!({ "happened": "let the wrong one in", "discovered": "they called" });
        lost.act(&lost.kim, &case, "incident", body).await.expect(200);
        let path = format!("/api/v1/users/{}", lost.door.grace.id);
        let person = lost.door.app().get(&path, &lost.door.staff.root.token).await.expect(200).json();
        assert_eq!(person["status"], "SUSPENDED");
        lost.act(&lost.lee, &case, "take", json!({})).await.expect(200);
        lost.door.app().world.advance_seconds(1);
        let finding = json!({ "document": "passport", "place": "front desk" });
        let body = json!({ "kind": "IN_PERSON", "finding": finding });
        lost.act(&lost.lee, &case, "evidence", body).await.expect(200);
        lost.act(&lost.lee, &case, "restore", json!({})).await.expect(200);
        let body = json!({ "action": "RESET_FACTORS", "reason": "after the incident", "ticket": "T-2" });
        let done = lost.act(&lost.lee, &case, "actions", body).await.expect(200).json();
        lost.show(&first).await.refused(403, "E0000068");
        let enrolling = lost.show(&ticket(&done)).await.expect(200).json();
        assert_eq!(lost.enrol(&enrolling).await["status"], "SUCCESS");
    }
}
