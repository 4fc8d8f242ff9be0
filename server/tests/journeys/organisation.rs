//! What an organisation says of itself, and the language of its mails.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::harbour::Harbour;
use crate::staff::Staff;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_in_the_language_that_its_reader_prefers() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for (login, preferred, subject, until) in [
            ("dora@acme.example", "de", "Ihr Konto bei Acme", "er gilt einmal, bis"),
            ("dirk@acme.example", "de_AT", "Ihr Konto bei Acme", "er gilt einmal, bis"),
            ("emma@acme.example", "en-GB", "Your account at Acme", "it works once, until"),
            ("tlhi@acme.example", "tlh", "Your account at Acme", "it works once, until"),
        ] {
            let profile = json!({ "login": login, "email": login, "firstName": "Dora", "lastName": "Maar",
                                  "preferredLanguage": preferred });
            staff.act(Method::POST, "", json!({ "profile": profile })).await.expect(200);
            let mail = staff.mail().await;
            let (to, said, text) = &mail[0];
            assert_eq!((mail.len(), to.as_str(), said.as_str()), (1, login, subject));
            assert!(text.contains(until) && text.contains("/welcome/") && text.contains("Dora Maar,"), "{text}");
        }
    }
}

const PAGE: &str = "/admin/settings/organisation";

/// What the page's form holds, but for what is given.
fn form<'a>(given: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("companyName", "Harbour"),
        ("supportPhoneNumber", "+49 30 123456"),
        ("supportEmail", "help@harbour.example"),
        ("endUserSupportHelpURL", "https://help.harbour.example/locked"),
        ("language", "de"),
        ("timeZone", "Europe/Berlin"),
        ("accentColor", "#7a3e9d"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| given.iter().all(|(other, _)| other != name));
    kept.chain(given.iter().copied()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_organisation_says_of_itself_is_on_every_page() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let app = &harbour.app;
        let mut browser = Browser::of(app, &harbour.ada).await;
        browser.open(&format!("{PAGE}?edit=yes")).await.expect(200).says(&["Name of the organisation", "accentColor"]);
        let wrong: &[(&str, &str, &str)] = &[
            ("companyName", " ", "Give a name."),
            ("website", "http://harbour.example", "begins with https://"),
            ("endUserSupportHelpURL", "javascript:alert(1)", "begins with https://"),
            ("endUserSupportHelpURL", "https://harbour.example@evil.example/", "begins with https://"),
            ("supportPhoneNumber", "1\u{7}2", "One line, at most 255 characters"),
            ("language", "tlh", "Choose one of these languages."),
            ("timeZone", "../etc/passwd", "There is no such time zone."),
            ("accentColor", "red", "A colour is # and six digits"),
            ("accentColor", "#ffcc00", "stands out only 1.3 to 1"),
            ("accentColorOnDark", "#0b5563", "The nearest shade that does: #"),
        ];
        for (name, text, says) in wrong {
            let refused = browser.submit(PAGE, &form(&[(name, text)])).await.expect(400);
            refused.says(&[says, "help@harbour.example", "aria-invalid"]);
        }
        let before = app.get("/api/v1/org", &harbour.super_token).await.expect(200).json();
        assert!(before["accentColor"].is_null() && before["supportPhoneNumber"].is_null(), "{before}");

        assert_eq!(browser.submit(PAGE, &form(&[("companyName", "Harbour & <Sons>")])).await.leads_to(), PAGE);
        browser.open(PAGE).await.expect(200).says(&["+49 30 123456", "Europe/Berlin", "<svg"]);
        for path in ["/signin", "/forgot", "/not-me/none", "/reset/none"] {
            let page = Browser::new(app).open(path).await;
            let style = page.text().split("href=\"/static/accent/").nth(1).expect("its colour").to_owned();
            let style = format!("/static/accent/{}", style.split('"').next().expect("an address"));
            Browser::new(app).open(&style).await.expect(200).says(&[":root{--accent:#7a3e9d;"]);
            page.says(&[
                "Harbour &#38; &#60;Sons&#62;",
                "lang=\"de\"",
                "+49 30 123456, help@harbour.example. <a href=\"https:",
            ]);
        }
        Browser::new(app).open("/static/accent/ffcc00-ffcc00.css").await.expect(404);
        let device = app.get("/device-access/api/v1/device-settings", &harbour.super_token).await.expect(200).json();
        assert_eq!((&device["AdminPhone"], &device["RecoveryMode"]), (&json!("+49 30 123456"), &json!("TIME")));

        let events = app.get("/api/v1/logs?limit=1000", &harbour.super_token).await.expect(200).text();
        assert!(events.contains("org.setting.update") && events.contains("#7a3e9d"), "{events}");
        let same = browser.submit(PAGE, &form(&[("companyName", "Harbour & <Sons>")])).await;
        same.leads_to();
        let again = app.get("/api/v1/logs?limit=1000", &harbour.super_token).await.expect(200).text();
        assert_eq!(again.matches("org.setting.update").count(), events.matches("org.setting.update").count());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oktas_calls_give_and_take_the_same_facts() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let org =
            async |method: Method, body: Value| staff.app.call(method, "/api/v1/org", &staff.root.token, &body).await;
        let first = staff.app.get("/api/v1/org", &staff.root.token).await.expect(200).json();
        assert_eq!(
            (&first["companyName"], &first["status"], &first["id"]),
            (&json!("Acme"), &json!("ACTIVE"), &json!(staff.org))
        );
        let part = json!({ "supportPhoneNumber": "555 0100", "accentColor": "#7a3e9d", "city": "Porto" });
        let changed = org(Method::POST, part).await.expect(200).json();
        assert_eq!((&changed["companyName"], &changed["city"]), (&json!("Acme"), &json!("Porto")));
        let mut whole = changed.clone();
        whole["companyName"] = "Acme Works".into();
        whole["city"] = Value::Null;
        let replaced = org(Method::PUT, whole).await.expect(200).json();
        assert_eq!((&replaced["companyName"], &replaced["city"]), (&json!("Acme Works"), &Value::Null));
        // Whoever knows Okta's facts alone leaves ours.
        let replaced = org(Method::PUT, json!({ "companyName": "Acme" })).await.expect(200).json();
        assert_eq!((&replaced["supportPhoneNumber"], &replaced["accentColor"]), (&Value::Null, &json!("#7a3e9d")));
        for wrong in [
            json!({ "companyName": "" }),
            json!({ "website": "ftp://acme.example" }),
            json!({ "website": 1 }),
            json!({ "accentColor": "#eeeeee" }),
            json!({ "address1": "x".repeat(256) }),
            json!([]),
        ] {
            let refused = org(Method::POST, wrong.clone()).await;
            assert_eq!(refused.status, 400, "{wrong}: {}", refused.text());
        }
        let causes = org(Method::POST, json!({ "accentColor": "#eeeeee" })).await.json()["errorCauses"].to_string();
        assert!(causes.contains("its contrast is 1.0:1") && causes.contains("nearest shade"), "{causes}");
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        for method in [Method::PUT, Method::POST] {
            let body = json!({ "companyName": "Mine" });
            staff.app.call(method, "/api/v1/org", &desk.token, &body).await.refused(403, "E0000006");
        }
    }
}
