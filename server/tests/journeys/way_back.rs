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
pub struct Lost {
    pub door: Door,
    pub kim: Member,
    pub lee: Member,
}

impl Lost {
    pub async fn new(engine: Engine) -> Self {
        let door = Door::new(engine).await;
        let kim = door.staff.with("kim", &[Role::HelpDesk]).await;
        let lee = door.staff.with("lee", &[Role::HelpDesk]).await;
        door.authenticator().await;
        Self { door, kim, lee }
    }

    pub async fn post(&self, by: &Member, path: &str, body: Value) -> Answer {
        self.door.app().post(&format!("/recovery/api/v1/cases{path}"), &by.token, &body).await
    }

    pub async fn act(&self, by: &Member, case: &Value, act: &str, body: Value) -> Answer {
        self.post(by, &format!("/{}/{act}", id(case)), body).await
    }

    /// A case of Grace's, who stood there.
    pub async fn verified(&self) -> Value {
        let case = self.post(&self.kim, "", json!({ "userId": self.door.grace.id })).await.expect(201).json();
        let finding = json!({ "document": "passport", "place": "front desk" });
        let body = json!({ "kind": "IN_PERSON", "finding": finding });
        self.act(&self.kim, &case, "evidence", body).await.expect(200).json()
    }

    pub async fn acted(&self, case: &Value, action: &str) -> Value {
        let body = json!({ "action": action, "reason": "lost phone", "ticket": "T-1" });
        self.act(&self.kim, case, "actions", body).await.expect(200).json()
    }

    /// The case after a reset.
    pub async fn reset(&self) -> Value {
        let case = self.verified().await;
        self.acted(&case, "RESET_FACTORS").await
    }

    /// Types a ticket over the API after the password.
    pub async fn show(&self, ticket: &str) -> Answer {
        let entered = self.door.enter().await;
        assert_eq!(entered["status"], "MFA_REQUIRED", "{entered}");
        self.door.step("/factors/token:software:totp/verify", &entered, json!({ "passCode": ticket })).await
    }

    /// Enrols an app in a sign-in.
    pub async fn enrol(&self, state: &Value) -> Value {
        let body = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
        let begun = self.door.step("/factors", state, body).await.expect(200).json();
        let factor = &begun["_embedded"]["factor"];
        let code = self.door.now(&secret(&factor["_embedded"]["activation"]));
        let path = format!("/factors/{}/lifecycle/activate", id(factor));
        self.door.step(&path, &begun, json!({ "passCode": code })).await.expect(200).json()
    }

    pub async fn policy(&self, rules: Value) {
        let people = json!({ "people": { "users": { "exclude": [self.door.staff.root.id] } } });
        let body = json!({ "type": "RECOVERY", "name": "Ours", "conditions": people });
        self.door.policy(body, json!({ "recovery": rules })).await;
    }

    pub async fn stage(&self, case: &Value) -> Value {
        let path = format!("/recovery/api/v1/cases/{}", id(case));
        self.door.app().get(&path, &self.kim.token).await.expect(200).json()["stage"].clone()
    }
}

pub fn ticket(case: &Value) -> String {
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

/// The links of a case's mails that say "this was not me", oldest first, with who got them.
async fn objections(lost: &Lost) -> Vec<(String, String)> {
    let mail = lost.door.staff.mail().await;
    let link = |(to, _, text): &(String, String, String)| {
        let link = text.lines().find_map(|line| line.strip_prefix("http://localhost:8080/not-me/case/"))?;
        Some((to.clone(), format!("/not-me/case/{link}")))
    };
    mail.iter().filter_map(link).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_stops_a_case_by_the_link_in_its_notice() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        lost.door.staff.mail().await;
        let case = lost.verified().await;
        let told = objections(&lost).await;
        let (to, link) = told.first().expect("a notice");
        assert_eq!(to, &lost.door.grace.login);
        let mut browser = Browser::new(lost.door.app());
        browser.open(link).await.expect(200).says(&["Nothing was done yet", "stop the case"]);
        assert_eq!(lost.stage(&case).await, "VERIFIED", "a page that is opened changes nothing");
        browser.open("/not-me/case/guessed").await.expect(404).says(&["This link does not work"]);
        browser.submit("/not-me/case/guessed", &[]).await.expect(404);
        browser.submit(link, &[]).await.expect(200).says(&["The case is stopped"]);
        browser.submit(link, &[]).await.expect(404);
        assert_eq!(lost.stage(&case).await, "REFUSED");
        let body = json!({ "action": "RESET_FACTORS", "reason": "lost phone", "ticket": "T-1" });
        let late = lost.act(&lost.kim, &case, "actions", body).await;
        assert_ne!(late.status, 200, "{}", late.text());
        lost.door.staff.event_of("recovery.case.stop", "SUCCESS").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_shuts_their_account_after_a_reset_that_was_not_theirs() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        // The address was replaced yesterday: the old one is told too.
        let path = format!("/api/v1/users/{}", lost.door.grace.id);
        let root = lost.door.staff.root.token.clone();
        let replaced = json!({ "profile": { "email": "stolen@evil.example" } });
        lost.door.app().post(&path, &root, &replaced).await.expect(200);
        lost.door.app().world.advance_seconds(24 * 60 * 60);
        lost.door.staff.mail().await;
        let case = lost.reset().await;
        let told = objections(&lost).await;
        let to: std::collections::BTreeSet<_> = told.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(to, [lost.door.grace.login.as_str(), "stolen@evil.example"].into());
        // The impostor is faster, and enrols.
        let enrolling = lost.show(&ticket(&case)).await.expect(200).json();
        let done = lost.enrol(&enrolling).await;
        assert_eq!(lost.stage(&case).await, "CLOSED");
        let session = json!({ "sessionToken": done["sessionToken"] });
        let session = lost.door.app().post("/api/v1/sessions", "", &session).await.expect(200).json();
        let (_, link) = told.last().expect("a notice");
        let mut browser = Browser::new(lost.door.app());
        browser.open(link).await.expect(200).says(&["nobody signs in to it", "shut my account"]);
        browser.submit(link, &[]).await.expect(200).says(&["Your account is shut"]);
        assert_eq!(lost.stage(&case).await, "INCIDENT");
        let person = lost.door.app().get(&path, &root).await.expect(200).json();
        assert_eq!(person["status"], "SUSPENDED");
        let kept = lost.door.app().get(&format!("/api/v1/sessions/{}", id(&session)), &root).await;
        assert_eq!(kept.status, 404, "the impostor's session lives: {}", kept.text());
        let body = json!({ "username": lost.door.grace.login, "password": PASSWORD });
        lost.door.post("", &body).await.refused(401, "E0000004");
        // Whoever let them in is out of it.
        lost.act(&lost.kim, &case, "take", json!({})).await.refused(403, "barred");
        lost.act(&lost.lee, &case, "take", json!({})).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_from_the_sign_in_page_opens_the_case_with_its_words() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let login = lost.door.grace.login.as_str();
        let mut hers = Browser::new(lost.door.app());
        hers.open("/signin/help").await.expect(200).says(&["Get a number"]);
        hers.submit("/signin/help", &[]).await.expect(400);
        let page = hers.submit("/signin/help", &[("username", login)]).await.leads_to().to_owned();
        let shown = hers.open(&page).await.expect(200);
        shown.says(&["They say", "You answer"]);
        let number: u64 = page.rsplit('=').next().and_then(|number| number.parse().ok()).expect("a number");
        // A stranger's browser sees nothing of it, and gets a number of its own.
        let mut stranger = Browser::new(lost.door.app());
        assert!(!stranger.open(&page).await.expect(200).text().contains("They say"));
        let other = stranger.submit("/signin/help", &[("username", login)]).await.leads_to().to_owned();
        assert_ne!(other, page);
        assert!(!stranger.open(&page).await.expect(200).text().contains("They say"));
        // A name that nobody has gets one too, which opens nothing.
        let nobody = stranger.submit("/signin/help", &[("username", "nobody")]).await.leads_to().to_owned();
        stranger.open(&nobody).await.expect(200).says(&["They say", "You answer"]);
        let nobody: u64 = nobody.rsplit('=').next().and_then(|number| number.parse().ok()).expect("a number");
        lost.post(&lost.kim, "", json!({ "number": nobody })).await.refused(404, "E0000007");
        lost.post(&lost.kim, "", json!({ "number": 1 })).await.refused(404, "E0000007");
        let case = lost.post(&lost.kim, "", json!({ "number": number })).await.expect(201).json();
        assert_eq!(case["number"], number);
        shown.says(&[
            case["words"]["agent"].as_str().expect("a word"),
            case["words"]["person"].as_str().expect("a word"),
        ]);
        lost.post(&lost.lee, "", json!({ "number": number })).await.refused(404, "E0000007");
        // Over after an hour; and nobody draws them without end.
        for _ in 0..3 {
            stranger.submit("/signin/help", &[("username", login)]).await.leads_to();
        }
        stranger.submit("/signin/help", &[("username", login)]).await.expect(429);
        lost.door.app().world.advance_seconds(60 * 60);
        assert!(!hers.open(&page).await.expect(200).text().contains("They say"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_managers_word_is_theirs_alone_and_fresh() {
    for engine in scratch::engines() {
        let app = crate::app::TestApp::new(engine).await;
        let boss = crate::people::organisation(&app).await;
        let grace = crate::staff::member(&app, boss.org, "grace", &[]).await;
        let kim = crate::staff::member(&app, boss.org, "kim", &[Role::HelpDesk]).await;
        let root = crate::staff::member(&app, boss.org, "root", &[Role::Super]).await;
        let post = async |by: &Member, path: &str, body: Value| {
            app.post(&format!("/recovery/api/v1/cases{path}"), &by.token, &body).await
        };
        let case = post(&kim, "", json!({ "userId": grace.id })).await.expect(201).json();
        let ask = format!("/{}/manager", id(&case));
        post(&kim, &ask, json!({})).await.refused(400, "not_evidence");
        let named = json!({ "profile": { "managerId": boss.id } });
        app.post(&format!("/api/v1/users/{}", grace.id), &root.token, &named).await.expect(200);
        let mut browser = Browser::of(&app, &boss).await;
        let vouch = format!("/account/cases/{}/vouch", id(&case));
        browser.submit(&vouch, &[("answer", "yes")]).await.expect(404);
        let asked = post(&kim, &ask, json!({})).await.expect(200).json();
        assert_eq!(asked["managerAsked"], json!(boss.id));
        browser.open("/account").await.expect(200).says(&["Is it grace Example", &case["number"].to_string()]);
        // Not by a session that proved its factor long ago.
        app.world.advance_seconds(6 * 60);
        browser.submit(&vouch, &[("answer", "yes")]).await.expect(403);
        let mut browser = Browser::of(&app, &boss).await;
        assert_eq!(browser.submit(&vouch, &[("answer", "no")]).await.leads_to(), "/account?done=vouched");
        browser.submit(&vouch, &[("answer", "yes")]).await.expect(404);
        let path = format!("/recovery/api/v1/cases/{}", id(&case));
        let noted = app.get(&path, &kim.token).await.expect(200).json();
        assert_eq!((&noted["stage"], &noted["remarks"][0]["by"]), (&json!("OPEN"), &json!(boss.id)));
        post(&kim, &ask, json!({})).await.expect(200);
        assert_eq!(browser.submit(&vouch, &[("answer", "yes")]).await.leads_to(), "/account?done=vouched");
        let vouched = app.get(&path, &kim.token).await.expect(200).json();
        assert_eq!((&vouched["stage"], &vouched["evidence"][0]["kind"]), (&json!("VERIFIED"), &json!("MANAGER")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_still_works_is_shown_in_a_session_and_counts() {
    for engine in scratch::engines() {
        let app = crate::app::TestApp::new(engine).await;
        let grace = crate::people::organisation(&app).await;
        let root = crate::staff::member(&app, grace.org, "root", &[Role::Super]).await;
        let mut browser = Browser::of(&app, &grace).await;
        browser.submit("/account/case/factor", &[]).await.expect(404);
        let body = json!({ "userId": grace.id });
        let case = app.post("/recovery/api/v1/cases", &root.token, &body).await.expect(201).json();
        browser.open("/account").await.expect(200).says(&[case["words"]["person"].as_str().expect("a word")]);
        let shown = browser.submit("/account/case/factor", &[]).await;
        assert_eq!(shown.leads_to(), "/account?done=factor-shown");
        let path = format!("/recovery/api/v1/cases/{}", id(&case));
        let seen = app.get(&path, &root.token).await.expect(200).json();
        assert_eq!(seen["evidence"][0]["kind"], "OTHER_FACTOR", "{seen}");
        app.world.advance_seconds(6 * 60);
        browser.submit("/account/case/factor", &[]).await.expect(403);
    }
}
