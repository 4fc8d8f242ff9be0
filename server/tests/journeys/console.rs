//! The console as a browser meets it: pages, forms, refusals.

use axum::body::Body;
use axum::http::{Method, Request, header};
use postern_authn::permission::Role;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_store::migrate::Engine;
use postern_store::scratch;

use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::people::{self, Person};

/// What a browser says of a form on one of our own pages.
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn open(app: &TestApp, path: &str) -> Answer {
    app.send(Request::get(path).body(Body::empty()).expect("a request")).await
}

async fn send(app: &TestApp, path: &str, (name, value): (&str, &str)) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header(name, value);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    app.send(request.body(Body::from("username=ida")).expect("a request")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn before_set_up_every_page_says_what_to_do() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let page = open(&app, "/admin/parts").await.expect(503).text();
        assert!(page.contains("set-up link") && page.contains("<h1"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_has_a_page_with_the_request_id() {
    let app = TestApp::new(Engine::Sqlite).await;
    let answer = open(&app, "/admin/nowhere").await.expect(404);
    let id = answer.headers["x-okta-request-id"].to_str().expect("ASCII").to_owned();
    assert!(answer.headers[header::CONTENT_TYPE].to_str().is_ok_and(|kind| kind.starts_with("text/html")));
    assert!(answer.text().contains(&id), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_on_another_site_changes_nothing_here() {
    let app = TestApp::new(Engine::Sqlite).await;
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-nothing", "")] {
        let page = send(&app, "/signin", foreign).await.expect(403).text();
        assert!(page.contains("cross_origin"), "{page}");
    }
    assert_ne!(send(&app, "/signin", OURS).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_style_and_the_script_need_no_sign_in() {
    let app = TestApp::new(Engine::Sqlite).await;
    assert!(open(&app, "/static/style.css").await.expect(200).text().contains("--accent"));
    assert!(open(&app, "/static/console.js").await.expect(200).text().contains("data-live"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_makes_the_organisation_and_works_once() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let link = app.app.store.system().new_setup_link(&app.app.env()).await.expect("a link");
        let path = format!("/setup/{}", link.expose());
        let mut browser = Browser::new(&app);
        browser.open(&path).await.expect(200).says(&["Step 1 of 2", "name=\"orgName\""]);

        let mut fields = vec![
            ("orgName", "Harbour Lights"),
            ("firstName", "Ada"),
            ("lastName", ""),
            ("email", "ada"),
            ("password", "short"),
        ];
        let refused = browser.submit(&path, &fields).await.expect(400);
        refused.says(&["value=\"Harbour Lights\"", "lastName-error", "email-error", "password-error"]);
        assert!(!refused.text().contains("short"), "the password came back");

        fields[2].1 = "Lindqvist";
        fields[3].1 = "ada@harbour.example";
        fields[4].1 = "four plain small words";
        let second = browser.submit(&path, &fields).await;
        assert_eq!(second.leads_to(), format!("{path}/app"));
        let pairing = browser.open(&format!("{path}/app")).await.expect(200);
        pairing.says(&["Step 2 of 2", "data:image/svg+xml"]);
        let key =
            pairing.text().split("data-copy=\"").nth(1).and_then(|rest| rest.split('"').next().map(str::to_owned));
        let secret = otp::from_base32(&key.expect("the key is written")).expect("base 32");

        browser.submit(&format!("{path}/app"), &[("passCode", "000000")]).await.expect(400).says(&["passCode-error"]);
        let code = AUTHENTICATOR_APP.code(&secret, app.app.env().now);
        let done = browser.submit(&format!("{path}/app"), &[("passCode", code.expose())]).await.expect(200);
        done.says(&["Harbour Lights is set up"]);
        browser.open(&path).await.expect(404).says(&["does not work any more"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_questions_lead_to_the_page_that_was_asked_for() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = people::organisation(&app).await;
        let mut browser = Browser::new(&app);
        let to_sign_in = browser.open("/admin/people?q=ada").await;
        assert_eq!(to_sign_in.leads_to(), "/signin?to=%2Fadmin%2Fpeople%3Fq%3Dada");
        let first = browser.open(to_sign_in.leads_to()).await.expect(200);
        let to = first.hidden("to");
        let second = browser.submit("/signin", &[("username", &ada.login), ("to", &to)]).await.expect(200);
        let state = second.hidden("stateToken");
        let answers =
            |name, value| vec![("username", ada.login.as_str()), ("to", &to), ("stateToken", &state), (name, value)];

        let wrong = browser.submit("/signin", &answers("password", "not that")).await.expect(401);
        wrong.says(&["Name and password do not fit", "E0000004"]);
        assert!(!wrong.text().contains("not that"), "the password came back");
        let third = browser.submit("/signin", &answers("password", &ada.password)).await.expect(200);
        third.says(&["Enter the code of your app"]);
        let wrong = ada.wrong_code(&app);
        browser.submit("/signin", &answers("passCode", wrong.expose())).await.expect(401).says(&["passCode-error"]);
        assert!(!browser.has_session());
        let code = ada.code(&app);
        let signed_in = browser.submit("/signin", &answers("passCode", code.expose())).await;
        assert_eq!(signed_in.leads_to(), "/admin/people?q=ada");
        assert!(browser.has_session());
        browser.open("/admin/people?q=ada").await.expect(200).says(&["Ada Lindqvist", "Authenticator app", "Active"]);

        assert_eq!(browser.submit("/signin/out", &[]).await.leads_to(), "/signin");
        assert!(!browser.has_session());
        assert!(browser.open("/admin/people").await.leads_to().starts_with("/signin"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sixth_wrong_code_closes_the_card_until_a_named_time() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = people::organisation(&app).await;
    let mut browser = Browser::new(&app);
    let state = browser.submit("/signin", &[("username", &ada.login)]).await.expect(200).hidden("stateToken");
    let answers = |name, value| vec![("username", ada.login.as_str()), ("stateToken", state.as_str()), (name, value)];
    browser.submit("/signin", &answers("password", &ada.password)).await.expect(200);
    let wrong = ada.wrong_code(&app);
    for _ in 0..5 {
        browser.submit("/signin", &answers("passCode", wrong.expose())).await.expect(401);
    }
    let code = ada.code(&app);
    let closed = browser.submit("/signin", &answers("passCode", code.expose())).await.expect(429);
    closed.says(&["Wait a little", "UTC"]);
    assert!(!closed.text().contains("name=\"passCode\""));
}

/// Ada, with another role than the one she set the organisation up with.
async fn ada_as(app: &TestApp, role: Role) -> Person {
    let ada = people::organisation(app).await;
    let env = app.app.env();
    let changed = app.app.store.write(ada.org, |tx| {
        for held in tx.role_assignments(ada.id)? {
            tx.take_role(held.id)?;
        }
        tx.assign_role(ada.id, role, "test", &env)
    });
    changed.await.expect("it serves");
    ada
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_the_screens_of_their_role_and_no_others() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = ada_as(&app, Role::HelpDesk).await;
        let mut browser = Browser::of(&app, &ada).await;
        let page = browser.open("/admin/people").await.expect(200);
        page.says(&["Help desk administrator", "href=\"/admin/groups\""]);
        for closed in ["/admin/reports", "/admin/administrators", "/admin/security/tokens"] {
            assert!(!page.text().contains(&format!("href=\"{closed}\"")), "{closed} is offered");
            browser.open(closed).await.expect(403).says(&["Your role does not allow this"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_show_what_there_is() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = people::organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open("/admin/groups").await.expect(200).says(&["Everyone"]);
        browser.open("/admin/administrators").await.expect(200).says(&["Ada Lindqvist", "Super administrator"]);
        browser.open("/admin/security/tokens").await.expect(200).says(&["There are no tokens"]);
        let reports = browser.open("/admin/reports?outcome=SUCCESS&actor=ada").await.expect(200);
        reports.says(&["Organisation made", "org.create", "Ada Lindqvist"]);
        browser
            .open("/admin/reports?eventType=org.create&outcome=FAILURE")
            .await
            .expect(200)
            .says(&["Nothing is on record"]);
        browser.open("/admin/parts").await.expect(200).says(&["What becomes of a PIN"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_role_is_told_that_the_console_is_not_for_them() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = ada_as(&app, Role::HelpDesk).await;
    let mut browser = Browser::of(&app, &ada).await;
    let taken = app.app.store.write(ada.org, |tx| {
        for held in tx.role_assignments(ada.id)? {
            tx.take_role(held.id)?;
        }
        Ok(())
    });
    taken.await.expect("it serves");
    browser.open("/admin/people").await.expect(403).says(&["The console is for administrators", "Sign out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_speaks_the_language_of_the_browser_unless_another_was_chosen() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = people::organisation(&app).await;
    let request = Request::get("/signin").header(header::ACCEPT_LANGUAGE, "fr, de-AT;q=0.8, en;q=0.5");
    let page = app.send(request.body(Body::empty()).expect("a request")).await.expect(200);
    page.says(&["<html lang=\"de\">", "Ihr Anmeldename"]);
    assert_eq!(page.headers[header::CONTENT_LANGUAGE], "de");

    let mut browser = Browser::of(&app, &ada).await;
    browser.open("/admin/people").await.expect(200).says(&["<html lang=\"en\">", "Authenticator app"]);
    browser.submit("/language", &[("language", "de")]).await.leads_to();
    let page = browser.open("/admin/people").await.expect(200);
    page.says(&["<html lang=\"de\">", "Authenticator-App", "Hauptadministrator"]);
    browser.open("/admin/nowhere").await.expect(404).says(&["Hier ist nichts"]);
    browser.submit("/language", &[("language", "tlh")]).await.expect(400);

    let zone = "/account/zone";
    browser.submit(zone, &[("zone", "../etc/passwd")]).await.expect(400).says(&["zone-error", "../etc/passwd"]);
    assert_eq!(browser.submit(zone, &[("zone", "Asia/Tokyo")]).await.leads_to(), "/account");
    browser.open("/account").await.expect(200).says(&["Asia/Tokyo", "JST"]);
}
