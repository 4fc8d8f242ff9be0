//! Recovery cases by the console's pages: what an agent is shown to do next, what keeps them from it, and who else may.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::permission::Role;
use postern_authn::user::ContactKind;
use postern_codes::b64;
use postern_store::scratch;
use serde_json::{Value, json};

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
        let half = [("reason", "lost phone"), ("ticket", "")];
        let half = desk.form(&desk.kim, &act("actions/RESET_FACTORS"), &half).await.expect(400);
        half.says(&["lost phone</textarea>", "Write 1 to 2,000 characters."]);
        let whole = [("reason", "lost phone"), ("ticket", "T-1"), ("version", &plan.hidden("version"))];
        let made = desk.form(&desk.kim, &act("actions/RESET_FACTORS"), &whole).await.expect(200);
        made.says(&["A ticket for grace Example"]);
        let shown = desk.page(&desk.kim, &case).await.expect(200);
        shown.says(&["lost phone", "T-1", "enrols a new factor now"]);
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
        desk.form(&desk.kim, &act("actions/RESET_FACTORS"), &why).await.expect(200);
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
        let call = async |path: &str, body: Value| app.post(path, &kim.token, &body).await;
        let opened = call("/recovery/api/v1/cases", json!({ "userId": grace.id })).await.expect(201).json();
        let case = opened["id"].as_str().expect("an id").to_owned();
        let path = |act: &str| format!("/recovery/api/v1/cases/{case}/{act}");
        call(&path("press"), json!({})).await.expect(200);
        let finding = json!({ "document": "passport", "place": "desk" });
        call(&path("evidence"), json!({ "kind": "IN_PERSON", "finding": finding })).await.expect(200);
        let mut browser = Browser::of(&app, &ada).await;
        browser.open(&format!("/admin/cases/{case}")).await.expect(200).says(&["asks for a second person"]);
        let asked = browser.submit(&format!("/admin/cases/{case}/approve"), &[("action", "RESET_FACTORS")]).await;
        asked.expect(403).says(&["Reset factors and passwords of others", "needs a passkey"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_to_compare_with_is_added_before_a_case_and_shown_in_it() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let of = |who: &Member| format!("/recovery/api/v1/users/{}/references", who.id);
        let photo = [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 300]].concat();
        let body = json!({ "text": "badge photo", "photo": b64::encode(&photo) });
        let call = async |by: &Member, method, path: &str, body: &Value| {
            desk.staff.app.call(method, path, &by.token, body).await
        };
        call(&desk.kim, Method::POST, &of(&desk.kim), &body).await.refused(403, "E0000006");
        call(&desk.grace, Method::GET, &of(&desk.grace), &Value::Null).await.refused(403, "E0000006");
        let script = json!({ "text": "drawing", "photo": b64::encode(b"<svg onload=alert(1)>") });
        call(&desk.kim, Method::POST, &of(&desk.grace), &script).await.refused(400, "E0000001");
        let large = json!({ "text": "large", "photo": b64::encode(&[photo.as_slice(), &vec![0; 200_000]].concat()) });
        call(&desk.kim, Method::POST, &of(&desk.grace), &large).await.refused(400, "E0000001");
        let kept = call(&desk.kim, Method::POST, &of(&desk.grace), &body).await.expect(201).json();
        call(&desk.kim, Method::POST, &of(&desk.grace), &body).await.refused(400, "E0000001");
        desk.staff.event_of("recovery.reference.add", "SUCCESS").await;
        let one = format!("{}/{}", of(&desk.grace), kept["id"].as_str().expect("an id"));
        let shown = call(&desk.lee, Method::GET, &format!("{one}/photo"), &Value::Null).await.expect(200);
        assert_eq!(shown.bytes, photo);
        for (name, value) in [
            ("content-type", "image/png"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; sandbox"),
        ] {
            assert_eq!(shown.headers[name], value);
        }
        call(&desk.grace, Method::GET, &format!("{one}/photo"), &Value::Null).await.refused(403, "E0000006");
        // Of somebody else there is none of that id.
        let elsewhere = one.replace(desk.grace.id.as_str(), desk.lee.id.as_str());
        call(&desk.kim, Method::GET, &format!("{elsewhere}/photo"), &Value::Null).await.refused(404, "E0000007");

        let page = format!("/admin/people/{}/references", desk.grace.id);
        desk.page(&desk.kim, &page).await.expect(200).says(&["badge photo", "Keep it", "To compare with"]);
        let case = desk.opened(&desk.kim, &desk.grace).await;
        let shown = desk.page(&desk.kim, &case).await.expect(200);
        shown.says(&["Compared with", "badge photo", &format!("{one}/photo")]);
        // What comes while a case is under way may come from whoever calls.
        let late = json!({ "text": "what the caller sent" });
        call(&desk.kim, Method::POST, &of(&desk.grace), &late).await.refused(409, "case_under_way");
        let video = [("kind", "VIDEO_CALL"), ("reference", "what the caller sent"), ("seen", "her face")];
        let refused = desk.form(&desk.kim, &format!("{case}/evidence"), &video).await.expect(400);
        refused.says(&["There is no such photo or record any more", "value=\"her face\""]);
        let video = [("kind", "VIDEO_CALL"), ("reference", "badge photo"), ("seen", "her face")];
        desk.form(&desk.kim, &format!("{case}/evidence"), &video).await.leads_to();
        desk.page(&desk.kim, &case).await.says(&["Compared with badge photo: her face"]);
        let gone = format!("{page}/{}/remove", kept["id"].as_str().expect("an id"));
        desk.form(&desk.kim, &gone, &[]).await.leads_to();
        desk.page(&desk.kim, &page).await.says(&["Nothing is kept of grace Example"]);
        desk.form(&desk.kim, &gone, &[]).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_sent_by_the_form_and_what_was_typed_is_kept() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let page = format!("/admin/people/{}/references", desk.grace.id);
        let send = async |text: &str, photo: &[u8]| {
            let head = format!(
                "--mark\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n--mark\r\n\
                 Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\n"
            );
            let body = [head.as_bytes(), photo, b"\r\n--mark--\r\n"].concat();
            let request = Request::post(&page)
                .header(header::AUTHORIZATION, format!("SSWS {}", desk.kim.token))
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=mark");
            desk.staff.app.send(request.body(Body::from(body)).expect("a request")).await
        };
        let refused = send("badge photo", b"GIF89a").await.expect(400);
        refused.says(&["value=\"badge photo\"", "Choose a PNG or JPEG of at most 200 kB."]);
        send("", b"\xff\xd8\xff\xe0").await.expect(400).says(&["Write one line"]);
        send("x", &vec![0; 300_000]).await.expect(413).says(&["Choose a PNG or JPEG"]);
        send("badge photo", b"\xff\xd8\xff\xe0").await.leads_to();
        send("HR file 4711", b"").await.leads_to();
        desk.page(&desk.kim, &page).await.says(&["badge photo", "HR file 4711", "/photo\""]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_page_leads_to_their_case_and_tells_of_earlier_ones() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let page = format!("/admin/people/{}", desk.grace.id);
        let shown = desk.page(&desk.kim, &page).await.expect(200);
        shown.says(&["Open a recovery case", "No case yet."]);
        assert_eq!(desk.page(&desk.kim, &format!("{page}/factors/reset")).await.status, 404);
        assert_eq!(desk.form(&desk.kim, &format!("{page}/reset-factors"), &[]).await.status, 404);
        let own = desk.page(&desk.kim, &format!("/admin/people/{}", desk.kim.id)).await.expect(200);
        assert!(!own.text().contains("Open a recovery case"));
        let case = desk.opened(&desk.kim, &desk.grace).await;
        desk.page(&desk.lee, &page).await.says(&["Go to case 1001", &case]);
        desk.page(&desk.kim, "/admin").await.expect(200).says(&["Case 1001 of grace Example is not finished"]);
        assert!(!desk.page(&desk.lee, "/admin").await.text().contains("is not finished"));
        desk.form(&desk.kim, &format!("{case}/refuse"), &[("refuseReason", "no")]).await.leads_to();
        desk.page(&desk.lee, &page).await.says(&["Open a recovery case", "Case 1001", "Refused"]);
        // Whoever may not lead cases is offered none.
        let reader = desk.staff.with("reader", &[Role::ReadOnly]).await;
        let seen = desk.page(&reader, &page).await.expect(200);
        assert!(!seen.text().contains("Open a recovery case"));
        desk.form(&reader, "/admin/cases", &[("person", desk.grace.id.as_str())]).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_deserves_doubt_stands_beside_the_person() {
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        let quiet = desk.open(&desk.kim, &desk.grace).await;
        desk.act(&desk.kim, &quiet, "refuse", json!({ "reason": "my gut says no" })).await.expect(200);
        let env = desk.staff.app.app.env();
        let kept = desk.staff.app.scratch.store.write(desk.staff.org, |tx| {
            let number = (ContactKind::MobilePhone, Some("+15554150001"));
            tx.note_contact(desk.grace.id, number, ("API", desk.grace.id.as_str()), &env)?;
            for address in ["198.51.100.9", "198.51.100.9", "198.51.100.7"] {
                let actor = Actor::user(desk.grace.id, &desk.grace.login, "Grace");
                let client = Client { ip: address.to_owned(), ..Client::default() };
                tx.record(&Event::failure(EventType::SessionStart, actor, client, "invalid_credentials"), &env)?;
            }
            Ok(())
        });
        kept.await.expect("the database serves");
        let case = desk.opened(&desk.kim, &desk.grace).await;
        let shown = desk.page(&desk.kim, &case).await.expect(200);
        shown.says(&[
            "Look twice",
            "An earlier case of the person was refused",
            "changed in the last 30 days",
            "2 network addresses",
            "3 attempts to sign in failed in the last day",
        ]);
        let number = case.rsplit('/').next().expect("an id");
        let answer = desk.staff.app.get(&format!("/recovery/api/v1/cases/{number}"), &desk.kim.token).await;
        let flags = answer.expect(200).json()["redFlags"].clone();
        let flags: Vec<_> = flags.as_array().expect("a list").iter().map(|flag| flag["what"].as_str()).collect();
        let wanted = ["earlier_cases", "contacts_changed", "strange_networks", "failures"];
        assert_eq!(flags, wanted.map(Some));
    }
}
