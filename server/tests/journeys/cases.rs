//! Recovery cases by the API: what unlocks an action, who may do what, and what the record says of it.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_server::api::recovery_settings::RecoverySettings;
use postern_server::api::tokens;
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::harbour::Harbour;
use crate::staff::{Member, Staff};

/// A help desk of two, an administrator, and Grace, who lost her phone.
pub struct Desk {
    pub staff: Staff,
    pub grace: Member,
    pub kim: Member,
    pub lee: Member,
}

impl Desk {
    pub async fn new(engine: Engine) -> Self {
        let staff = Staff::new(engine).await;
        let grace = staff.with("grace", &[]).await;
        let kim = staff.with("kim", &[Role::HelpDesk]).await;
        let lee = staff.with("lee", &[Role::HelpDesk]).await;
        Self { staff, grace, kim, lee }
    }

    pub async fn open(&self, by: &Member, who: &Member) -> Value {
        let opened = self.post(by, "", json!({ "userId": who.id })).await;
        opened.expect(201).json()
    }

    pub async fn post(&self, by: &Member, path: &str, body: Value) -> Answer {
        self.staff.app.call(Method::POST, &format!("/recovery/api/v1/cases{path}"), &by.token, &body).await
    }

    pub async fn act(&self, by: &Member, case: &Value, act: &str, body: Value) -> Answer {
        self.post(by, &format!("/{}/{act}", case["id"].as_str().unwrap()), body).await
    }

    pub async fn in_person(&self, by: &Member, case: &Value) -> Value {
        let finding = json!({ "document": "passport", "place": "front desk" });
        let taken = self.act(by, case, "evidence", json!({ "kind": "IN_PERSON", "finding": finding })).await;
        taken.expect(200).json()
    }
}

fn reset() -> Value {
    json!({ "action": "RESET_FACTORS", "reason": "lost phone", "ticket": "T-1" })
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_unlocks_a_reset_and_the_record_tells_all_of_it() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let case = desk.open(&desk.kim, &desk.grace).await;
        assert_eq!((&case["stage"], &case["number"]), (&json!("OPEN"), &json!(1001)));
        let early = desk.act(&desk.kim, &case, "actions", reset()).await;
        early.refused(409, "missing");
        assert_eq!(early.json()["missing"][0]["what"], "evidence");
        // What never counts is told as such, and recorded.
        for (kind, code) in
            [("EMAIL_CODE", "never_counts"), ("KNOWLEDGE_QUESTION", "never_counts"), ("MANAGER", "not_evidence")]
        {
            let body = json!({ "kind": kind, "finding": {} });
            desk.act(&desk.kim, &case, "evidence", body).await.refused(400, code);
        }
        let case = desk.in_person(&desk.kim, &case).await;
        assert_eq!(case["stage"], "VERIFIED");
        let done = desk.act(&desk.kim, &case, "actions", reset()).await.expect(200).json();
        assert_eq!(done["stage"], "AWAITING_ENROLMENT");
        let told = desk.staff.event_of("user.mfa.factor.reset_all", "SUCCESS").await;
        let detail = &told["debugContext"]["debugData"];
        assert_eq!(detail["caseId"], case["id"]);
        assert_eq!((&detail["reason"], &detail["ticket"]), (&json!("lost phone"), &json!("T-1")));
        assert_eq!((&detail["evidence"], &detail["runbook"]), (&json!("IN_PERSON"), &json!("mfa.factor_admin_reset")));
        let refused = desk.staff.event_of("recovery.case.evidence", "FAILURE").await;
        assert_eq!(refused["outcome"]["result"], "FAILURE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_for_themselves_upwards_or_in_anothers_case() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let boss = desk.staff.with("boss", &[Role::Org]).await;
        desk.post(&desk.kim, "", json!({ "userId": desk.kim.id })).await.refused(403, "E0000006");
        desk.post(&desk.kim, "", json!({ "userId": boss.id })).await.refused(403, "E0000006");
        desk.post(&desk.grace, "", json!({ "userId": desk.grace.id })).await.refused(403, "E0000006");
        let case = desk.open(&desk.kim, &desk.grace).await;
        let second = desk.post(&desk.lee, "", json!({ "userId": desk.grace.id })).await;
        second.refused(409, "case_under_way");
        assert_eq!(second.json()["caseId"], case["id"]);
        desk.act(&desk.lee, &case, "press", json!({})).await.refused(403, "not_theirs");
        desk.act(&desk.lee, &case, "take", json!({})).await.expect(200);
        desk.act(&desk.kim, &case, "press", json!({})).await.refused(403, "not_theirs");
        // Whoever looked at an older state is told so, and nothing happens.
        let old = json!({ "version": case["version"] });
        desk.act(&desk.lee, &case, "press", old).await.refused(409, "changed_meanwhile");
        for unknown in ["/4711/take", "/rcc00000000000000000/take", "/x/take"] {
            desk.post(&desk.kim, unknown, json!({})).await.refused(404, "E0000007");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hands_a_case_on_is_out_of_it() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let boss = desk.staff.with("boss", &[Role::Org]).await;
        let case = desk.open(&desk.kim, &desk.grace).await;
        desk.in_person(&desk.kim, &case).await;
        let wrong = json!({ "role": "READ_ONLY_ADMIN", "reason": "gut" });
        desk.act(&desk.kim, &case, "escalate", wrong).await.refused(400, "E0000001");
        let body = json!({ "role": "ORG_ADMIN", "reason": "my gut says no" });
        let case = desk.act(&desk.kim, &case, "escalate", body).await.expect(200).json();
        assert_eq!((&case["stage"], &case["agentId"]), (&json!("ESCALATED"), &Value::Null));
        desk.act(&desk.kim, &case, "take", json!({})).await.refused(403, "barred");
        desk.act(&desk.lee, &case, "take", json!({})).await.refused(403, "out_of_reach");
        desk.act(&boss, &case, "take", json!({})).await.expect(200);
        // The evidence on the word of who handed it on counts no more.
        desk.act(&boss, &case, "actions", reset()).await.refused(409, "missing");
        let case = desk.act(&boss, &case, "refuse", json!({ "reason": "not who they say" })).await.expect(200).json();
        assert_eq!(case["stage"], "REFUSED");
        let all =
            desk.staff.app.get(&format!("/recovery/api/v1/cases?userId={}", desk.grace.id), &desk.lee.token).await;
        let all = all.expect(200).json();
        assert_eq!(all[0]["remarks"][1]["text"], "not who they say");
        // The next case of the same person is another, and its agent sees the one before.
        let next = desk.open(&desk.kim, &desk.grace).await;
        assert_ne!(next["id"], case["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_who_act_at_once_act_once() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let case = desk.open(&desk.kim, &desk.grace).await;
        let case = desk.in_person(&desk.kim, &case).await;
        let body = |action: &str| json!({ "action": action, "reason": "lost phone", "ticket": "T-1", "version": case["version"] });
        let (one, two) = tokio::join!(
            desk.act(&desk.kim, &case, "actions", body("RESET_FACTORS")),
            desk.act(&desk.kim, &case, "actions", body("GENERATE_CODES")),
        );
        let mut answers = [one.status.as_u16(), two.status.as_u16()];
        answers.sort_unstable();
        assert_eq!(answers, [200, 409]);
        let heidi = desk.staff.with("heidi", &[]).await;
        let open = |by| desk.post(by, "", json!({ "userId": heidi.id }));
        let (one, two) = tokio::join!(open(&desk.kim), open(&desk.lee));
        let mut answers = [one.status.as_u16(), two.status.as_u16()];
        answers.sort_unstable();
        assert_eq!(answers, [201, 409]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_reset_needs_a_case_or_a_token_that_was_made_for_it() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let app = &desk.staff.app;
        let env = app.app.env();
        let made = app.scratch.store.write(desk.staff.org, |tx| {
            let kim = tx.user(desk.kim.id)?.expect("Kim");
            tokens::create(tx, &kim, &"plain".parse().expect("a name"), &[], &env)
        });
        let plain = made.await.expect("a token").1.expose().clone();
        let reset = format!("/api/v1/users/{}/lifecycle/reset_factors", desk.grace.id);
        let refused = app.post(&reset, &plain, &Value::Null).await;
        refused.refused(403, "E0000006");
        assert!(refused.text().contains("recovery case"), "{}", refused.text());
        app.post(&reset, &desk.kim.token, &Value::Null).await.expect(200);
        let told = desk.staff.event_of("user.mfa.factor.reset_all", "SUCCESS").await;
        assert_eq!(told["debugContext"]["debugData"]["outsideCase"], "true");
        // In a case, by the program's own call; what the case needs is needed.
        let case = desk.open(&desk.kim, &desk.grace).await;
        let id = case["id"].as_str().expect("an id");
        let inside = format!("{reset}?caseId={id}&reason=lost&ticket=T-1");
        app.post(&inside, &plain, &Value::Null).await.refused(409, "missing");
        let elsewhere = format!("/api/v1/users/{}/lifecycle/reset_factors?caseId={id}&reason=x&ticket=y", desk.lee.id);
        app.post(&elsewhere, &desk.staff.root.token, &Value::Null).await.refused(404, "E0000007");
        desk.in_person(&desk.kim, &case).await;
        let done = app.post(&inside, &plain, &Value::Null).await.expect(200).json();
        assert!(done["ticket"]["code"].is_string(), "{done}");
        // An organisation that forbids it.
        let settings = "/recovery/api/v1/settings";
        let forbid = json!({ "forbidsResetWithoutCase": true });
        app.call(Method::PUT, settings, &desk.kim.token, &forbid).await.refused(403, "E0000006");
        app.call(Method::PUT, settings, &desk.staff.root.token, &json!({ "forbids": 1 }))
            .await
            .refused(400, "E0000001");
        let set = app.call(Method::PUT, settings, &desk.staff.root.token, &forbid).await;
        if set.status.as_u16() == 403 {
            // A setting of the organisation asks for a factor that a token cannot prove.
            set.refused(403, "step_up_required");
            let setting = RecoverySettings { forbids_reset_without_case: true };
            let put = app.scratch.store.write(desk.staff.org, |tx| tx.put_setting(&setting, env.now).map(drop));
            put.await.expect("it is set");
        }
        app.post(&reset, &desk.kim.token, &Value::Null).await.refused(403, "E0000006");
        assert_eq!(app.get(settings, &desk.staff.root.token).await.expect(200).json(), forbid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_cases_are_needed_a_pin_is_made_in_one_that_allows_it() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        let needed = json!({ "recoveryPinCaseRequired": true });
        let settings = "/device-access/api/v1/access-settings";
        harbour.app.call(Method::PUT, settings, &harbour.super_token, &needed).await.expect(200);
        let ask = |case: Value| json!({ "mode": "TIME", "reason": "locked out", "caseId": case });
        harbour.ask(&computer, &ask(Value::Null)).await.refused(400, "case_required");
        harbour.ask(&computer, &ask(json!("INC-4711"))).await.refused(404, "E0000007");
        let cases = "/recovery/api/v1/cases";
        let post = async |path: &str, body: Value| {
            harbour.app.post(&format!("{cases}{path}"), &harbour.desk_token, &body).await
        };
        let case = post("", json!({ "userId": harbour.grace.id })).await.expect(201).json();
        harbour.ask(&computer, &ask(case["id"].clone())).await.refused(409, "missing");
        let finding = json!({ "document": "badge", "place": "front desk" });
        let path = format!("/{}/evidence", case["id"].as_str().expect("an id"));
        post(&path, json!({ "kind": "IN_PERSON", "finding": finding })).await.expect(200);
        harbour.ask(&computer, &ask(case["id"].clone())).await.expect(201);
        let path = format!("{cases}/{}", case["number"]);
        let now = harbour.app.get(&path, &harbour.desk_token).await.expect(200).json();
        assert_eq!((&now["stage"], &now["done"][0]["action"]), (&json!("ACTING"), &json!("RECOVERY_PIN")));
        // A second one too soon is refused, and the case keeps one.
        harbour.ask(&computer, &ask(case["id"].clone())).await.refused(409, "too_soon");
        let now = harbour.app.get(&path, &harbour.desk_token).await.expect(200).json();
        assert_eq!(now["done"].as_array().map(Vec::len), Some(1));
    }
}
