//! The console's pages of networks: zones made, changed by two at once, switched and deleted once nothing speaks of them;
//! a blocklist that would hold the viewer; trusted origins.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use postern_authn::permission::Role;
use postern_server::api::caller::COOKIE;
use postern_server::listener::Peer;
use postern_store::scratch;

use crate::app::TestApp;
use crate::browser::Browser;
use crate::people::organisation;
use crate::policy_pages::{RULE, with};
use crate::staff;

const LIST: &str = "/admin/security/networks";
const ORIGINS: &str = "/admin/security/networks/origins";

fn zone<'a>(name: &'a str, usage: &'a str, gateways: &'a str, version: &'a str) -> [(&'a str, &'a str); 5] {
    [("name", name), ("usage", usage), ("gateways", gateways), ("proxies", ""), ("version", version)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_is_made_changed_by_two_switched_and_deleted() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open(LIST).await.expect(200).says(&["You come from", "BlockedIpZone", "New zone"]);
        let new = format!("{LIST}/new");
        browser.open(&new).await.expect(200).says(&["Addresses of the zone"]);
        let wrong = browser.submit(&new, &zone("", "POLICY", "192.0.2.0/24\nmoon", "")).await.expect(400);
        wrong.says(&["1 to 128 characters on one line.", "No address, block or range: moon", "192.0.2.0/24"]);
        browser.submit(&new, &zone("Office", "POLICY", "", "")).await.expect(400).says(&["A zone needs an address"]);
        let office = browser.submit(&new, &zone("Office", "POLICY", "192.0.2.0/24", "")).await.leads_to().to_owned();
        let taken = browser.submit(&new, &zone("office", "POLICY", "192.0.2.0/24", "")).await.expect(400);
        taken.says(&["Another zone has this name already."]);
        let version = browser.open(&office).await.expect(200).hidden("version");
        app.world.advance_seconds(1);
        let more = "192.0.2.0/24\n198.51.100.7";
        browser.submit(&office, &zone("Office", "POLICY", more, &version)).await.leads_to();
        let less = "192.0.2.0/24\n203.0.113.9";
        let second = browser.submit(&office, &zone("Office", "POLICY", less, &version)).await.expect(412);
        second.says(&["Somebody else changed this meanwhile.", "198.51.100.7", "203.0.113.9"]);
        browser.submit(&format!("{office}/deactivate"), &[]).await.leads_to();
        browser.open(&format!("{LIST}?usage=POLICY")).await.expect(200).says(&["Office", "Inactive"]);
        browser.submit(&format!("{office}/activate"), &[]).await.leads_to();

        let policies = "/admin/security/policies";
        let fields = [("name", "Crew"), ("groupsInMore", "Everyone"), ("peopleOutMore", ada.login.as_str())];
        let crew = browser.submit(&format!("{policies}/new?type=OKTA_SIGN_ON"), &fields).await.leads_to().to_owned();
        let rule = with(RULE, &[("zonesInMore", "Office")]);
        browser.submit(&format!("{crew}/rules/new"), &rule).await.leads_to();
        browser.open(&crew).await.says(&["from Office"]);
        browser.open(&office).await.says(&["Where it is used", "Crew"]);
        browser.open(&format!("{office}/delete")).await.expect(400).says(&["Nothing was changed"]);
        browser.submit(&format!("{office}/delete"), &[]).await.expect(400).says(&["it is in use"]);
        browser.submit(&format!("{crew}/delete"), &[]).await.leads_to();
        browser.open(&format!("{office}/delete")).await.expect(200).says(&["Delete Office", "Nothing speaks of it."]);
        assert_eq!(browser.submit(&format!("{office}/delete"), &[]).await.leads_to(), LIST);
        browser.open(&office).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_blocks_the_address_that_they_come_from() {
    let app = TestApp::new(scratch::engines()[0]).await;
    let ada = organisation(&app).await;
    let everywhere = "0.0.0.0/0\n::/0";
    let new = format!("{LIST}/new");
    let body: String =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(zone("All", "BLOCKLIST", everywhere, "")).finish();
    let session = ada.sign_in(&app).await;
    let request = Request::post(&new).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("cookie", format!("{COOKIE}={}", session.expose()));
    let mut request = request.body(Body::from(body)).expect("a request");
    request.extensions_mut().insert(ConnectInfo(Peer("192.0.2.7:40000".parse().expect("an address"))));
    let refused = app.send(request).await.expect(403);
    refused.says(&["the blocklist would hold 192.0.2.7", "0.0.0.0/0"]);
    app.world.advance_seconds(60);
    let mut browser = Browser::of(&app, &ada).await;
    let blocked = browser.submit(&new, &zone("Far", "BLOCKLIST", "203.0.113.0/24", "")).await.leads_to().to_owned();
    browser.open(&blocked).await.says(&["Its addresses are let in again."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_is_trusted_and_no_longer() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open(ORIGINS).await.expect(200).says(&["No origin is trusted"]);
        let new = format!("{ORIGINS}/new");
        browser.open(&new).await.expect(200).says(&["Call the API"]);
        let wrong = [("name", ""), ("origin", "https://app.example.com/path")];
        let wrong = browser.submit(&new, &wrong).await.expect(400);
        wrong.says(&["1 to 255 characters on one line.", "Scheme, host and port alone"]);
        let bare = [("name", "App"), ("origin", "https://app.example.com")];
        browser.submit(&new, &bare).await.expect(400).says(&["Choose at least one."]);
        let full = [("name", "App"), ("origin", "https://app.example.com"), ("scope", "CORS"), ("scope", "REDIRECT")];
        assert_eq!(browser.submit(&new, &full).await.leads_to(), ORIGINS);
        browser.submit(&new, &full).await.expect(400).says(&["Another trusted origin has this already."]);
        let list = browser.open(&format!("{ORIGINS}?q=app")).await.expect(200).text();
        let page = list.split(&format!("href=\"{ORIGINS}/")).nth(2).and_then(|rest| rest.split('"').next());
        let page = format!("{ORIGINS}/{}", page.expect("a link"));
        browser.open(&page).await.expect(200).says(&["https://app.example.com"]);
        let version = browser.open(&page).await.expect(200).hidden("version");
        let fewer = [("name", "App"), ("origin", "https://app.example.com"), ("scope", "CORS"), ("version", &version)];
        browser.submit(&page, &fewer).await.leads_to();
        browser.submit(&format!("{page}/deactivate"), &[]).await.leads_to();
        browser.submit(&format!("{page}/activate"), &[]).await.leads_to();
        browser.open(&format!("{page}/delete")).await.expect(200).says(&["Its pages cannot call the API any more"]);
        browser.submit(&format!("{page}/delete"), &[]).await.leads_to();
        browser.open(&page).await.expect(404);
    }
}

/// What a form sends that was opened now: its fields as they are, but for those named.
async fn opened<'a>(browser: &mut Browser<'_>, page: &str, typed: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let shown = browser.open(page).await.expect(200);
    let hidden = ["version", "was-name", "was-usage", "was-gateways", "was-origin", "was-scope"];
    let text = shown.text();
    let kept = hidden.iter().filter(|name| text.contains(&format!("name=\"{name}\"")));
    let kept = kept.map(|name| ((*name).to_owned(), shown.hidden(name)));
    kept.chain(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_change_a_zone_or_an_origin_at_once_see_what_the_other_saved() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let new = format!("{LIST}/new");
        let two = "192.0.2.0/24\n198.51.100.7";
        let office = browser.submit(&new, &zone("Office", "POLICY", two, "")).await.leads_to().to_owned();
        // Both open the form in the same moment; neither clock nor row tells them apart.
        let first = [("name", "Office"), ("usage", "POLICY"), ("gateways", "192.0.2.0/24"), ("proxies", "")];
        let first = opened(&mut browser, &office, &first).await;
        let more = "192.0.2.0/24\n198.51.100.7\n203.0.113.9";
        let second = [("name", "Head office"), ("usage", "POLICY"), ("gateways", more), ("proxies", "")];
        let second = opened(&mut browser, &office, &second).await;
        browser.submit(&office, &pairs(&first)).await.leads_to();
        let beside = browser.submit(&office, &pairs(&second)).await.expect(412);
        beside.says(&["Somebody else changed this meanwhile.", "Saved meanwhile: 192.0.2.0/24."]);
        // The line that the first one took out stays out, and the one that the second one put in is there.
        beside.says(&["192.0.2.0/24\n203.0.113.9</textarea>", "value=\"Head office\""]);
        let version = beside.hidden("version");
        let joined = zone("Head office", "POLICY", "192.0.2.0/24\n203.0.113.9", &version);
        browser.submit(&office, &joined).await.leads_to();
        browser.open(&office).await.says(&["Head office", "203.0.113.9"]);

        let new = format!("{ORIGINS}/new");
        let app_of = |name, scopes: &[&'static str]| {
            let fields = [("name", name), ("origin", "https://app.example.com")];
            fields.into_iter().chain(scopes.iter().map(|scope| ("scope", *scope))).collect::<Vec<_>>()
        };
        browser.submit(&new, &app_of("App", &["CORS"])).await.leads_to();
        let list = browser.open(ORIGINS).await.expect(200).text();
        let page = list.split(&format!("href=\"{ORIGINS}/")).nth(2).and_then(|rest| rest.split('"').next());
        let page = format!("{ORIGINS}/{}", page.expect("a link"));
        let first = opened(&mut browser, &page, &app_of("App", &["REDIRECT"])).await;
        let second = opened(&mut browser, &page, &app_of("Portal", &["CORS", "IFRAME_EMBED"])).await;
        browser.submit(&page, &pairs(&first)).await.leads_to();
        let beside = browser.submit(&page, &pairs(&second)).await.expect(412);
        beside.says(&["Somebody else changed this meanwhile.", "Saved meanwhile: Be led back to.", "value=\"Portal\""]);
        let ticked = beside.text().matches(" checked").count();
        assert_eq!(ticked, 2, "what the first one ticked and what the second one did");
        let stale = app_of("Portal", &["CORS"]);
        browser.submit(&page, &stale).await.expect(412);
        browser.open(&page).await.expect(200).says(&["value=\"App\""]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_not_shown_networks() {
    let staff = staff::Staff::new(scratch::engines()[0]).await;
    let help = staff.with("help", &[Role::HelpDesk]).await;
    for path in [LIST, ORIGINS] {
        let request = Request::get(path).header("authorization", format!("SSWS {}", help.token));
        staff.app.send(request.body(Body::empty()).expect("a request")).await.expect(403);
    }
}
