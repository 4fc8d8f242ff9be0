//! The console's pages of people: made, edited by two at once, and led through what can be done to an account.

use postern_store::scratch;

use crate::accounts::waiting;
use crate::app::{Answer, TestApp};
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
        let shown = browser.open(&edit).await.expect(200);
        let sent = |title: &str, department: &str, shown: &Answer| {
            let mut fields: Vec<(String, String)> =
                GRACE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let kept = ["version", "was-firstName", "was-lastName", "was-email", "was-login", "was-title"];
            fields.extend(kept.map(|name| (name.to_owned(), shown.hidden(name))));
            let typed = [("login", "grace@harbour.example"), ("title", title), ("department", department)];
            fields.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
            fields
        };
        let save = async |browser: &mut Browser<'_>, fields: Vec<(String, String)>| {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            browser.submit(&edit, &fields).await
        };
        save(&mut browser, sent("Admiral", "", &shown)).await.leads_to();
        // Nothing that was typed is lost, and nothing that was saved is overwritten unseen.
        let second = save(&mut browser, sent("Captain", "Fleet", &shown)).await.expect(412);
        let kept =
            ["Somebody else changed this person meanwhile.", "Saved meanwhile: Admiral", "\"Captain\"", "\"Fleet\""];
        second.says(&kept);
        assert_eq!(second.hidden("was-title"), "Admiral");
        // Whoever left the title alone takes over what the other saved.
        let third = save(&mut browser, sent("", "Fleet", &shown)).await.expect(412);
        third.says(&["value=\"Admiral\"", "\"Fleet\""]);
        assert!(!third.text().contains("Saved meanwhile"));
        save(&mut browser, sent("Captain", "Fleet", &second)).await.leads_to();
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
        choose_password(&app).await;
        let shown = browser.open(&page).await;
        for offered in ["expire-password", "reset-password", "temporary-password", "sign-out", "factors"] {
            shown.says(&[&act(offered)]);
        }
        let temporary = browser.submit(&act("temporary-password"), &[]).await.expect(200);
        temporary.says(&["Temporary password of Grace Hopper"]);
        for step in ["sign-out", "reset-password"] {
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

#[tokio::test(flavor = "multi_thread")]
async fn many_are_acted_on_at_once_and_it_is_taken_back() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let page = browser.submit("/admin/people/new", GRACE).await.leads_to().to_owned();
        let grace = page.rsplit('/').next().expect("an id").to_owned();
        let (mine, theirs) = (ada.id.to_string(), grace.as_str());
        browser.open("/admin/people?status=PROVISIONED").await.expect(200).says(&["Grace Hopper", "Suspend"]);
        let list = browser.open("/admin/people?status=SUSPENDED").await.expect(200);
        list.says(&["Nobody is like that"]);
        assert!(!list.text().contains("Grace Hopper"));

        let ask = |act: &'static str| vec![("act", act), ("id", theirs), ("id", mine.as_str()), ("id", "00unobody")];
        let planned = browser.submit("/admin/people/bulk", &ask("deactivate")).await.expect(200);
        planned.says(&["Deactivate 2 people", "The account ends", "Its state does not allow it"]);
        let done = browser.submit("/admin/people/bulk/apply", &ask("deactivate")).await.expect(200);
        done.says(&["The account ends", "Done", "Refused"]);
        browser.open(&page).await.says(&["Deactivated"]);
        browser.open("/admin/people").await.expect(200).says(&["Ada Lindqvist"]);
        browser.submit("/admin/people/bulk", &[("act", "delete"), ("id", theirs)]).await.expect(400);
        browser.submit("/admin/people/bulk", &[("act", "suspend")]).await.expect(400);

        browser.submit(&format!("{page}/lifecycle/activate"), &[]).await.leads_to();
        choose_password(&app).await;
        let done = browser.submit("/admin/people/bulk/apply", &ask("suspend")).await.expect(200);
        done.says(&["Undo", "value=\"unsuspend\""]);
        browser.open(&page).await.says(&["Suspended"]);
        browser.submit("/admin/people/bulk/apply", &[("act", "unsuspend"), ("id", theirs)]).await.expect(200);
        let told = browser.submit(&format!("{page}/lifecycle/suspend"), &[]).await.leads_to().to_owned();
        browser.open(&told).await.says(&["Grace Hopper is suspended", "Undo"]);
        browser.open(&format!("{page}?done=anything")).await.expect(200);
    }
}

/// The newest link that was mailed is used.
async fn choose_password(app: &TestApp) {
    let mail = waiting(app).await;
    let link = mail.iter().filter_map(|(_, _, text)| text.split("http://localhost:8080").nth(1)).next_back();
    let link = link.and_then(|rest| rest.lines().next()).expect("a link").to_owned();
    Browser::new(app).submit(&link, &[("password", "four plain small words")]).await.expect(200);
}
