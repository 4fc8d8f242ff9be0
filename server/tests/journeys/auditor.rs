//! What an auditor asks half a year later: every act that gave somebody their access back.

use axum::http::Method;
use postern_server::cases::report::Format;
use postern_server::operator::{Answer, Command, run};
use postern_store::scratch;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::Desk;
use crate::harbour::Harbour;

/// Grace is reset in a case, Heidi outside any.
async fn two_resets(desk: &Desk) -> Value {
    let case = desk.open(&desk.kim, &desk.grace).await;
    desk.in_person(&desk.kim, &case).await;
    let body = json!({ "action": "RESET_FACTORS", "reason": "=HYPERLINK(\"x\")", "ticket": "T-1" });
    desk.act(&desk.kim, &case, "actions", body).await.expect(200);
    let heidi = desk.staff.with("heidi", &[]).await;
    let reset = format!("/api/v1/users/{}/lifecycle/reset_factors", heidi.id);
    desk.staff.app.post(&reset, &desk.kim.token, &Value::Null).await.expect(200);
    // What somebody does for themselves is none of it, nor is a refusal.
    desk.act(&desk.kim, &case, "actions", json!({ "action": "RESET_FACTORS" })).await.refused(400, "text_required");
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_tells_what_each_reset_rested_on_and_which_rested_on_nothing() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let case = two_resets(&desk).await;
        let root = &desk.staff.root.token;
        let lines = desk.staff.app.get("/recovery/api/v1/resets", root).await.expect(200).json();
        assert_eq!(lines.as_array().map(Vec::len), Some(2), "{lines}");
        assert_eq!((&lines[0]["isOutsideCase"], &lines[0]["person"]), (&json!(true), &json!("heidi@acme.example")));
        assert_eq!((&lines[1]["caseId"], &lines[1]["isOutsideCase"]), (&case["id"], &json!(false)));
        assert_eq!((&lines[1]["by"], &lines[1]["ticket"]), (&json!("kim@acme.example"), &json!("T-1")));
        let evidence = lines[1]["evidence"][0].as_str().expect("evidence");
        assert!(evidence.starts_with("IN_PERSON by kim@acme.example at "), "{evidence}");
        // Between two moments, a page at a time.
        let first = desk.staff.app.get("/recovery/api/v1/resets?limit=1", root).await.expect(200);
        assert_eq!(first.json()[0], lines[0]);
        let none = "/recovery/api/v1/resets?since=2031-01-01T00:00:00Z";
        assert_eq!(desk.staff.app.get(none, root).await.expect(200).json(), json!([]));
        desk.staff.app.get("/recovery/api/v1/resets?since=yesterday", root).await.refused(400, "E0000001");
        desk.staff.app.get("/recovery/api/v1/resets", &desk.grace.token).await.refused(403, "E0000006");
        // What happened next: the wrong one was let in.
        let body = json!({ "happened": "it was not Grace", "discovered": "Grace called" });
        desk.act(&desk.kim, &case, "incident", body).await.expect(200);
        let lines = desk.staff.app.get("/recovery/api/v1/resets", root).await.expect(200).json();
        assert_eq!(lines[1]["next"][0]["eventType"], "recovery.case.incident");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_command_writes_it_for_people_spreadsheets_and_programs() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        two_resets(&desk).await;
        let ask = async |since: Option<&str>, format| {
            let command = Command::AuditResets { since: since.map(str::to_owned), until: None, format };
            match run(&desk.staff.app.app, command).await.expect("it answers") {
                Answer::Done(lines) => lines.join("\n"),
                Answer::Refused(why) => format!("refused: {why}"),
            }
        };
        let text = ask(None, Format::Text).await;
        assert!(text.contains("kim@acme.example for grace@acme.example  case 1001"), "{text}");
        assert!(text.contains("heidi@acme.example  OUTSIDE ANY CASE"), "{text}");
        let csv = ask(Some("2020-01-01"), Format::Csv).await;
        assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\""), "no cell is a formula: {csv}");
        let json = ask(None, Format::JsonLines).await;
        let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(lines.len(), 2);
        assert!(ask(Some("last week"), Format::Text).await.starts_with("refused: last week is no moment"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn either_name_finds_an_event() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        two_resets(&desk).await;
        let root = &desk.staff.root.token;
        let found = async |name: &str| {
            let path = format!(
                "/api/v1/logs?filter=eventType%20eq%20%22{name}%22%20and%20outcome.result%20eq%20%22SUCCESS%22"
            );
            let events = desk.staff.app.call(Method::GET, &path, root, &Value::Null).await.expect(200).json();
            events.as_array().expect("a list").len()
        };
        assert_eq!(found("user.mfa.factor.reset_all").await, 2);
        assert_eq!(found("mfa.factor_admin_reset").await, 2);
        assert_eq!(found("mfa.nothing").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_it_and_offers_it_as_files() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let reset = format!("/api/v1/users/{}/lifecycle/reset_factors", harbour.grace.id);
        harbour.app.post(&reset, &harbour.desk_token, &Value::Null).await.expect(200);
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        browser.open("/admin/reports").await.expect(200).says(&["/admin/reports/resets"]);
        let page = browser.open("/admin/reports/resets").await.expect(200);
        page.says(&["Outside any case", "resets.csv", "resets.jsonl"]);
        browser
            .open("/admin/reports/resets?since=2031-01-01")
            .await
            .expect(200)
            .says(&["Nothing was done in this time"]);
        browser.open("/admin/reports/resets?since=soon").await.expect(400);
        browser.open("/admin/reports/resets.csv").await.expect(200).says(&["\"outside any case\""]);
        browser.open("/admin/reports/resets.jsonl").await.expect(200).says(&["\"isOutsideCase\":true"]);
    }
}
