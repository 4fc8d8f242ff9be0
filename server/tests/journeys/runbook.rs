//! The help desk's runbook, step for step, over the API: "I lost my phone, I can't sign in", and each way in which it goes
//! wrong.

use axum::http::Method;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::authn::PASSWORD;
use crate::factors::id;
use crate::way_back::{Lost, ticket};

const REASON: &str = "Lost device; identity verified by a call to a number on file, see the ticket";

fn wanted(action: &str) -> Value {
    json!({ "action": action, "reason": REASON, "ticket": "#1234" })
}

impl Lost {
    /// Grace's telephone number is on file; it was typed in, or read from HR's file.
    async fn number(&self, number: &str) {
        let path = format!("/api/v1/users/{}", self.door.grace.id);
        let body = json!({ "profile": { "mobilePhone": number } });
        self.door.app().post(&path, &self.door.staff.root.token, &body).await.expect(200);
    }

    async fn opened(&self) -> Value {
        self.post(&self.kim, "", json!({ "userId": self.door.grace.id })).await.expect(201).json()
    }

    fn days(&self, days: i64) {
        self.door.app().world.advance_seconds(days * 24 * 60 * 60);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i_lost_my_phone_i_cannot_sign_in() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        lost.number("+1 555 415 1337").await;
        lost.days(25);

        // Step 1. Confirm who they are. A number that was supplied just now is the attacker's.
        lost.number("+1 555 415 6666").await;
        let case = lost.opened().await;
        assert_eq!(case["numbers"], json!([]), "the old number was replaced, and the new one is new");
        for never in ["EMAIL_MATCH", "KNOWLEDGE_QUESTION", "EMAIL_CODE", "CHAT_MESSAGE"] {
            let body = json!({ "kind": never, "finding": { "said": "my birthday" } });
            lost.act(&lost.kim, &case, "evidence", body).await.refused(400, "never_counts");
        }
        // If verification is uncertain, ask for more. Don't proceed.
        lost.act(&lost.kim, &case, "actions", wanted("RESET_FACTORS")).await.refused(409, "missing");
        lost.days(8);
        let path = format!("/recovery/api/v1/cases/{}", id(&case));
        let case = lost.door.app().get(&path, &lost.kim.token).await.expect(200).json();
        let known = &case["numbers"][0];
        assert_eq!(known["number"], "+1 555 415 6666");
        let finding = json!({ "number": known["id"], "heard": "her voice" });
        let body = json!({ "kind": "CALL_BACK", "finding": finding });
        let case = lost.act(&lost.kim, &case, "evidence", body).await.expect(200).json();
        assert_eq!(case["stage"], "VERIFIED");

        // Step 2. Did the user save backup codes? Then walk them through one: a reset is refused.
        let codes = format!("/recovery/api/v1/users/{}/backup-codes", lost.door.grace.id);
        let made = lost.door.app().post(&codes, &lost.door.staff.root.token, &Value::Null).await.expect(201).json();
        let refused = lost.act(&lost.kim, &case, "actions", wanted("RESET_FACTORS")).await;
        refused.refused(409, "backup_codes_left");
        assert_eq!(refused.json()["codesLeft"], 10);
        let walked = lost.act(&lost.kim, &case, "actions", wanted("USE_BACKUP_CODE")).await.expect(200).json();
        assert_eq!(walked["backupCodesLeft"], 10);
        let code = made["codes"][0].as_str().expect("a code");
        assert_eq!(lost.show(code).await.expect(200).json()["status"], "SUCCESS");
        let root = &lost.door.staff.root.token;
        lost.door.app().call(Method::DELETE, &codes, root, &Value::Null).await.expect(204);

        // Step 3. Force the reset; the record has the agent, the reason and the ticket.
        lost.door.staff.mail().await;
        let done = lost.act(&lost.kim, &case, "actions", wanted("RESET_FACTORS")).await.expect(200).json();
        let told = lost.door.staff.event_of("user.mfa.factor.reset_all", "SUCCESS").await;
        assert_eq!(told["actor"]["id"], json!(lost.kim.id));
        let detail = &told["debugContext"]["debugData"];
        assert_eq!((&detail["runbook"], &detail["reason"]), (&json!("mfa.factor_admin_reset"), &json!(REASON)));
        assert_eq!((&detail["ticket"], &detail["evidence"]), (&json!("#1234"), &json!("CALL_BACK")));

        // Step 4. They sign in, land on the enrolment, and are back in.
        let enrolling = lost.show(&ticket(&done)).await.expect(200).json();
        assert_eq!(enrolling["status"], "MFA_ENROLL");
        assert_eq!(lost.enrol(&enrolling).await["status"], "SUCCESS");
        assert_eq!(lost.stage(&case).await, "CLOSED");
        lost.door.staff.event_of("user.mfa.factor.activate", "SUCCESS").await;

        // Step 5. The follow-up.
        let mail = lost.door.staff.mail().await;
        let subjects: Vec<_> = mail.iter().map(|(_, subject, _)| subject.as_str()).collect();
        assert!(subjects.contains(&"You can sign in again: what was done"), "{subjects:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn you_force_reset_and_the_user_was_not_the_user() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let case = lost.reset().await;
        let enrolling = lost.show(&ticket(&case)).await.expect(200).json();
        lost.enrol(&enrolling).await;
        // What happened, and how it was discovered, must be said.
        let silent = json!({ "happened": "", "discovered": "" });
        lost.act(&lost.lee, &case, "incident", silent).await.refused(400, "text_required");
        let said = json!({ "happened": "she never called", "discovered": "she told her manager" });
        lost.act(&lost.lee, &case, "incident", said).await.expect(200);
        let path = format!("/api/v1/users/{}", lost.door.grace.id);
        let person = lost.door.app().get(&path, &lost.door.staff.root.token).await.expect(200).json();
        assert_eq!(person["status"], "SUSPENDED");
        let body = json!({ "username": lost.door.grace.login, "password": PASSWORD });
        lost.door.post("", &body).await.refused(401, "E0000004");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn they_lost_access_to_their_email_too() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let case = lost.verified().await;
        let case = lost.acted(&case, "RESET_FACTORS").await;
        // Password and factors together take a second person, who is not the first.
        let alone = lost.act(&lost.kim, &case, "actions", wanted("TEMPORARY_PASSWORD")).await;
        alone.refused(409, "missing");
        assert_eq!(alone.json()["missing"][0]["what"], "approvals");
        let approval = json!({ "action": "TEMPORARY_PASSWORD" });
        lost.act(&lost.kim, &case, "approvals", approval.clone()).await.refused(403, "phishable_sign_in");
        lost.act(&lost.lee, &case, "approvals", approval).await.refused(403, "phishable_sign_in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn some_requests_are_refused_and_the_next_agent_sees_it() {
    for engine in scratch::engines() {
        let lost = Lost::new(engine).await;
        let case = lost.opened().await;
        // "This is urgent! I need it now!"
        let pressed = lost.act(&lost.kim, &case, "press", json!({})).await.expect(200).json();
        assert_eq!(pressed["isPressed"], true);
        let note = json!({ "action": "NOTE", "reason": "presses, and cannot name their manager" });
        lost.act(&lost.kim, &case, "actions", note).await.expect(200);
        lost.act(&lost.kim, &case, "refuse", json!({ "reason": " " })).await.refused(400, "text_required");
        let over = lost.act(&lost.kim, &case, "refuse", json!({ "reason": "my gut says no" })).await.expect(200).json();
        assert_eq!(over["stage"], "REFUSED");
        lost.act(&lost.kim, &case, "actions", wanted("RESET_FACTORS")).await.refused(409, "wrong_stage");
        let next = lost.post(&lost.lee, "", json!({ "userId": lost.door.grace.id })).await.expect(201).json();
        let flags = next["redFlags"].to_string();
        assert!(flags.contains("refused"), "the next agent sees it: {flags}");
    }
}
