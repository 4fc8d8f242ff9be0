//! The console's pages of people: made, edited by two at once, and led through what can be done to an account.

use postern_store::scratch;

use crate::accounts::waiting;
use crate::app::TestApp;
use crate::browser::Browser;
use crate::people::organisation;

const GRACE: &[(&str, &str)] =
    &[("firstName", "Grace"), ("lastName", "Hopper"), ("email", "grace@harbour.example"), ("begin", "now")];

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_made_and_mailed_their_link() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open("/admin/people").await.expect(200).says(&["/admin/people/new"]);
        browser.open("/admin/people/new").await.expect(200).says(&["New person", "E-mail address"]);
        let wrong = browser.submit("/admin/people/new", &[("firstName", "Grace"), ("email", "no address")]).await;
        wrong.expect(400).says(&["Nothing was changed.", "This must not be empty.", "This is not of the right form."]);
        let page = browser.submit("/admin/people/new", GRACE).await.leads_to().to_owned();
        browser.open(&page).await.expect(200).says(&["Grace Hopper", "grace@harbour.example"]);
        let mail = waiting(&app).await;
        assert!(
            mail.iter().any(|(to, _, text)| to == "grace@harbour.example" && text.contains("/welcome/")),
            "{mail:?}"
        );
        browser.submit("/admin/people/new", GRACE).await.expect(400).says(&["Somebody else has this already."]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_saves_second_is_shown_what_the_first_saved() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let page = browser.submit("/admin/people/new", GRACE).await.leads_to().to_owned();
        let edit = format!("{page}/edit");
        let version = browser.open(&edit).await.expect(200).hidden("version");
        let fields = |title: &'static str, version: &'static str| {
            let mut fields = GRACE.to_vec();
            fields.extend([("login", "grace@harbour.example"), ("title", title), ("version", version)]);
            fields
        };
        let version: &'static str = Box::leak(version.into_boxed_str());
        browser.submit(&edit, &fields("Admiral", version)).await.leads_to();
        let second = browser.submit(&edit, &fields("Captain", version)).await.expect(412);
        second.says(&["Somebody else changed this person meanwhile.", "Admiral"]);
        assert!(!second.text().contains("Captain"));
        let version: &'static str = Box::leak(second.hidden("version").into_boxed_str());
        browser.submit(&edit, &fields("Captain", version)).await.leads_to();
        browser.open(&edit).await.expect(200).says(&["Captain"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_done_to_an_account_is_offered_and_done() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let page = browser.submit("/admin/people/new", GRACE).await.leads_to().to_owned();
        let act = |name: &str| format!("{page}/{name}");
        browser.open(&page).await.says(&[&act("reactivate")]);
        browser.submit(&act("reactivate"), &[]).await.leads_to();
        let mail = waiting(&app).await;
        let link = mail.iter().filter_map(|(_, _, text)| text.split("http://localhost:8080").nth(1)).next_back();
        let link = link.and_then(|rest| rest.lines().next()).expect("a link").to_owned();
        Browser::new(&app).submit(&link, &[("password", "four plain small words")]).await.expect(200);
        let shown = browser.open(&page).await;
        for offered in ["expire-password", "reset-password", "temporary-password", "sign-out", "reset-factors"] {
            shown.says(&[&act(offered)]);
        }
        let temporary = browser.submit(&act("temporary-password"), &[]).await.expect(200);
        temporary.says(&["Temporary password of Grace Hopper"]);
        for step in ["sign-out", "reset-factors", "reset-password"] {
            browser.submit(&act(step), &[]).await.leads_to();
        }
        browser.submit(&act("expire-password"), &[]).await.expect(403);
        browser.submit(&act("delete"), &[]).await.leads_to();
        browser.open(&page).await.expect(200).says(&["Grace Hopper"]);
        browser.submit(&act("lifecycle/deactivate"), &[]).await.leads_to();
        browser.open(&page).await.says(&[&act("delete")]);
        assert_eq!(browser.submit(&act("delete"), &[]).await.leads_to(), "/admin/people");
        browser.open(&page).await.expect(404);
    }
}
