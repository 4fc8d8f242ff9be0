//! Recovery cases by the console's pages: what an agent is shown to do next, what keeps them from it, and who else may.

use axum::body::Body;
use axum::http::{Request, header};
use postern_authn::permission::Role;
use postern_authn::user::ContactKind;
use postern_store::scratch;

use crate::app::Answer;
use crate::browser::Browser;
use crate::cases::Desk;
use crate::people::organisation;
use crate::staff::Member;

impl Desk {
    /// A page, as somebody sees it.
    async fn page(&self, by: &Member, path: &str) -> Answer {
        self.staff.app.get(path, &by.token).await
    }

    /// A form of a page.
    async fn form(&self, by: &Member, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("SSWS {}", by.token))
            .header(header::CONTENT_LENGTH, body.len())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.staff.app.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// Opens a case by the console; gives its page.
    async fn opened(&self, by: &Member, who: &Member) -> String {
        let opened = self.form(by, "/admin/cases", &[("person", who.id.as_str())]).await;
        opened.leads_to().to_owned()
    }
}

const IN_PERSON: &[(&str, &str)] = &[("kind", "IN_PERSON"), ("document", "passport"), ("place", "front desk")];

#[tokio::test(flavor = "multi_thread")]
async fn a_case_page_leads_from_the_call_to_the_new_factor() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        desk.page(&desk.kim, "/admin/cases").await.expect(200).says(&["No case is under way", "/admin/people"]);
        let case = desk.opened(&desk.kim, &desk.grace).await;
        let act = |name: &str| format!("{case}/{name}");
        let shown = desk.page(&desk.kim, &case).await.expect(200);
        shown.says(&["exchange the two words, then take evidence", "You say", "What never counts", "Not yet"]);
        desk.page(&desk.kim, "/admin/cases").await.expect(200).says(&["Yours", "Case 1001", "grace Example"]);
        assert_eq!(desk.page(&desk.kim, "/admin/cases?number=case+1001").await.leads_to(), case);
        desk.page(&desk.kim, "/admin/cases?number=4711").await.expect(200).says(&["There is no case 4711"]);
        // A second case of the same person is the same case.
        assert_eq!(desk.opened(&desk.kim, &desk.grace).await, case);
        // What is not whole is not recorded, and nothing that was typed is lost.
        let wrong = [("kind", "IN_PERSON"), ("document", "passport"), ("place", " ")];
        let refused = desk.form(&desk.kim, &act("evidence"), &wrong).await.expect(400);
        refused.says(&["value=\"passport\"", "Write 1 to 255 characters.", "is to be mended"]);
        let refused = desk.form(&desk.kim, &act("evidence"), &[("kind", "EMAIL_CODE")]).await.expect(400);
        refused.says(&["This never counts.", "never_counts"]);
        let early = desk.page(&desk.kim, &act("actions/RESET_FACTORS")).await.expect(200);
        early.says(&["This cannot be done yet.", "0 of 1 types of evidence"]);
        assert!(!early.text().contains("name=\"reason\""));
        let done = desk.form(&desk.kim, &act("evidence"), IN_PERSON).await.leads_to().to_owned();
        desk.page(&desk.kim, &done).await.expect(200).says(&["The evidence is recorded", "Do the least that helps"]);
        let plan = desk.page(&desk.kim, &act("actions/RESET_FACTORS")).await.expect(200);
        plan.says(&["Reset every factor of grace Example", "No factor is left", "name=\"reason\""]);
        let half = desk.form(&desk.kim, &act("actions/RESET_FACTORS"), &[("reason", "lost phone")]).await.expect(400);
        half.says(&["lost phone</textarea>", "Write 1 to 2,000 characters."]);
        let whole = [("reason", "lost phone"), ("ticket", "T-1"), ("version", &plan.hidden("version"))];
        let done = desk.form(&desk.kim, &act("actions/RESET_FACTORS"), &whole).await.leads_to().to_owned();
        let shown = desk.page(&desk.kim, &done).await.expect(200);
        shown.says(&["Every factor, session, link", "lost phone", "T-1", "enrols a new factor now"]);
        desk.form(&desk.kim, &act("note"), &[("note", "she laughed")]).await.leads_to();
        desk.page(&desk.kim, &case).await.says(&["she laughed"]);
        for unknown in ["actions/OPEN_ALL_DOORS", "actions/NOTE"] {
            desk.page(&desk.kim, &act(unknown)).await.expect(404);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_or_a_password_is_shown_this_once() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let case = desk.opened(&desk.kim, &desk.grace).await;
        desk.form(&desk.kim, &format!("{case}/evidence"), IN_PERSON).await.leads_to();
        let why = [("reason", "lost mailbox"), ("ticket", "T-1")];
        let made = desk.form(&desk.kim, &format!("{case}/actions/TEMPORARY_PASSWORD"), &why).await.expect(200);
        made.says(&["Temporary password of grace Example"]);
        assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
        let secret = made.text().split("data-copy-line=\"").nth(1).expect("it is shown")[..16].to_owned();
        let shown = desk.page(&desk.kim, &case).await.expect(200);
        assert!(!shown.text().contains(&secret), "shown twice");
        // Password and factors together are for two.
        shown.says(&["0 of 1 approvals by somebody else are there."]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_numbers_that_were_on_file_long_enough_are_offered() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let env = desk.staff.app.app.env();
        let kept = desk.staff.app.scratch.store.write(desk.staff.org, |tx| {
            let number = (ContactKind::MobilePhone, Some("+15554150001"));
            tx.note_contact(desk.grace.id, number, ("IMPORT", "system"), &env)
        });
        kept.await.expect("the database serves");
        let case = desk.opened(&desk.kim, &desk.grace).await;
        let shown = desk.page(&desk.kim, &case).await.expect(200);
        shown.says(&["No number may be called"]);
        assert!(!shown.text().contains("+15554150001"), "it is too young");
        desk.staff.app.world.advance_seconds(8 * 86_400);
        let shown = desk.page(&desk.kim, &case).await.expect(200);
        shown.says(&["+15554150001", "From records (IMPORT), on file", "8 days ago"]);
        let act = format!("{case}/evidence");
        let none = desk.form(&desk.kim, &act, &[("kind", "CALL_BACK"), ("heard", "her voice")]).await.expect(400);
        none.says(&["Choose one of the numbers shown", "value=\"her voice\""]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_agent_sees_what_is_theirs_to_do() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let boss = desk.staff.with("boss", &[Role::Org]).await;
        let case = desk.opened(&desk.kim, &desk.grace).await;
        let act = |name: &str| format!("{case}/{name}");
        let old = desk.page(&desk.kim, &case).await.expect(200).hidden("version");
        let seen = desk.page(&desk.lee, &case).await.expect(200);
        seen.says(&["kim Example has this case", "Take this case"]);
        assert!(!seen.text().contains("You say"), "the words are for who leads it");
        desk.form(&desk.lee, &act("press"), &[]).await.expect(403).says(&["Another agent has this case."]);
        desk.page(&desk.grace, &case).await.expect(403);
        // Who presses is answered kindly, and two must agree.
        let done = desk.form(&desk.kim, &act("press"), &[("version", &old)]).await.leads_to().to_owned();
        desk.page(&desk.kim, &done).await.says(&["Good that you said so.", "two people must agree"]);
        let stale = [("version", old.as_str()), ("refuseReason", "my gut says no")];
        let late = desk.form(&desk.kim, &act("refuse"), &stale).await.expect(409);
        late.says(&["Somebody changed this case since you looked at it.", "my gut says no</textarea>"]);
        assert_ne!(late.hidden("version"), old);
        desk.form(&desk.kim, &act("evidence"), IN_PERSON).await.leads_to();
        desk.page(&desk.kim, &case).await.says(&["A second person must approve"]);
        desk.page(&desk.lee, &case)
            .await
            .says(&["kim Example asks for a second person", "Approve: Reset of every factor"]);
        let approval = desk.form(&desk.lee, &act("approve"), &[("action", "RESET_FACTORS")]).await.expect(403);
        approval.says(&["Sign in with a passkey or security key first"]);
        // Who hands it on is out; the role that it was handed to finds it.
        desk.form(&desk.kim, &act("escalate"), &[("role", "NONE"), ("escalateReason", "x")]).await.expect(400);
        let handed = [("role", "ORG_ADMIN"), ("escalateReason", "not who they say")];
        desk.form(&desk.kim, &act("escalate"), &handed).await.leads_to();
        desk.page(&desk.kim, &case).await.says(&["You are out of this case"]);
        desk.page(&desk.lee, &case).await.says(&["waits for somebody of the role"]);
        desk.page(&boss, "/admin/cases").await.says(&["Handed to your role"]);
        desk.page(&boss, &case).await.says(&["This case was handed to your role."]);
        desk.form(&boss, &act("take"), &[]).await.leads_to();
        desk.form(&boss, &act("refuse"), &[("refuseReason", "")]).await.expect(400).says(&["Write 1 to 2,000"]);
        desk.form(&boss, &act("refuse"), &[("refuseReason", "an impostor")]).await.leads_to();
        desk.page(&boss, &case).await.says(&["This case was refused", "an impostor"]);
        // The next agent sees it, on the case and in the list of the past.
        let next = desk.opened(&desk.lee, &desk.grace).await;
        desk.page(&desk.lee, &next).await.says(&["Earlier cases", "Case 1001", "Refused"]);
        desk.page(&desk.lee, "/admin/cases?past=yes").await.expect(200).says(&["Case 1001", "Refused"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_reported_and_the_account_given_back_by_others() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let case = desk.opened(&desk.kim, &desk.grace).await;
        let act = |name: &str| format!("{case}/{name}");
        desk.form(&desk.kim, &act("evidence"), IN_PERSON).await.leads_to();
        let why = [("reason", "lost phone"), ("ticket", "T-1")];
        desk.form(&desk.kim, &act("actions/RESET_FACTORS"), &why).await.leads_to();
        let half = desk.form(&desk.lee, &act("incident"), &[("happened", "an impostor"), ("discovered", "")]).await;
        half.expect(400).says(&["an impostor</textarea>", "Write 1 to 2,000"]);
        let told = [("happened", "an impostor"), ("discovered", "Grace called")];
        desk.form(&desk.lee, &act("incident"), &told).await.leads_to();
        desk.page(&desk.kim, &case).await.says(&["You are out of this case", "an impostor"]);
        desk.form(&desk.lee, &act("take"), &[]).await.leads_to();
        desk.page(&desk.lee, &case).await.says(&["Nobody gets in until the account is given back."]);
        desk.form(&desk.lee, &act("restore"), &[]).await.expect(409);
        desk.form(&desk.lee, &act("evidence"), IN_PERSON).await.leads_to();
        desk.page(&desk.lee, &case).await.says(&["give the account back"]);
        desk.form(&desk.lee, &act("restore"), &[]).await.leads_to();
        desk.form(&desk.lee, &act("close"), &[("review", "")]).await.expect(400).says(&["Write 1 to 2,000"]);
        desk.form(&desk.lee, &act("close"), &[("review", "ask for two types")]).await.leads_to();
        desk.page(&desk.lee, &case).await.says(&["This case is over.", "ask for two types"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_approves_is_asked_for_a_passkey_in_place() {
    for engine in scratch::engines() {
        let app = crate::app::TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let (kim, grace) = (
            crate::staff::member(&app, ada.org, "kim", &[Role::HelpDesk]).await,
            crate::staff::member(&app, ada.org, "grace", &[]).await,
        );
        let call = async |path: &str, body: serde_json::Value| app.post(path, &kim.token, &body).await;
        let opened = call("/recovery/api/v1/cases", serde_json::json!({ "userId": grace.id })).await.expect(201).json();
        let case = opened["id"].as_str().expect("an id").to_owned();
        let path = |act: &str| format!("/recovery/api/v1/cases/{case}/{act}");
        call(&path("press"), serde_json::json!({})).await.expect(200);
        let finding = serde_json::json!({ "document": "passport", "place": "desk" });
        call(&path("evidence"), serde_json::json!({ "kind": "IN_PERSON", "finding": finding })).await.expect(200);
        let mut browser = Browser::of(&app, &ada).await;
        browser.open(&format!("/admin/cases/{case}")).await.expect(200).says(&["asks for a second person"]);
        let asked = browser.submit(&format!("/admin/cases/{case}/approve"), &[("action", "RESET_FACTORS")]).await;
        asked.expect(403).says(&["Reset factors and passwords of others", "needs a passkey"]);
    }
}
