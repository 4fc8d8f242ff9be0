//! The console's pages of API tokens: made and shown once, found, changed, revoked; and by whom not.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::harbour::Harbour;
use crate::staff::Staff;
use crate::zones::From;

const LIST: &str = "/admin/security/tokens";
const NEW: &str = "/admin/security/tokens/new";

/// The token that a page shows, and the address of its page.
fn shown(page: &str) -> (String, String) {
    let between =
        |from: &str, to: &str| page.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap().to_owned();
    (between("<span class=\"secret\">", "</span>"), between("class=\"button\" href=\"", "\""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_shown_once_found_changed_and_revoked() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let app = &harbour.app;
        let zone =
            json!({ "type": "IP", "name": "Office", "gateways": [{ "type": "CIDR", "value": "203.0.113.0/24" }] });
        let zone = app.post("/api/v1/zones", &harbour.super_token, &zone).await.expect(200).json();
        let zone = zone["id"].as_str().unwrap().to_owned();
        let mut browser = Browser::of(app, &harbour.ada).await;
        browser.open(NEW).await.expect(200).says(&["Makes recovery PINs", "Office", "Super administrator"]);
        let wrong = browser.submit(NEW, &[("name", ""), ("grant", "recovery_pins")]).await.expect(400);
        wrong.says(&["Write 1 to 100 characters on one line.", "value=\"recovery_pins\" checked"]);
        let gone = browser.submit(NEW, &[("name", "x"), ("include", "nzo00000000000000000")]).await.expect(400);
        gone.says(&["A zone was deleted meanwhile."]);

        let wanted = [("name", "Ticket <robot>"), ("grant", "recovery_pins"), ("exclude", zone.as_str())];
        // A factor that is not fresh is asked for in place; what was typed travels along.
        app.world.advance_seconds(301);
        browser.submit(NEW, &wanted).await.expect(403).says(&["Ticket &#60;robot&#62;", "name=\"passCode\""]);
        app.world.advance_seconds(30);
        let code = harbour.ada.code(app).expose().clone();
        let mut answer = wanted.to_vec();
        answer.extend([("stepUp", "Make a token"), ("stepUpDemand", "FRESH"), ("passCode", &code)]);
        let made = browser.submit(NEW, &answer).await.expect(200);
        let (text, page) = shown(&made.text());
        let own = |peer: &'static str| {
            let request =
                From { peer, forwarded: &[], token: &text }.request(Method::GET, "/api/v1/users/me", &Value::Null);
            app.send(request)
        };
        let (inside, outside) = ("203.0.113.5", "192.0.2.5");
        own(outside).await.expect(200);
        own(inside).await.refused(403, "E0000006");

        let list = browser.open(LIST).await.expect(200);
        list.says(&["Ticket &#60;robot&#62;", "Ada Lindqvist", "Not from Office."]);
        assert!(!list.text().contains(&text), "it is shown once");
        browser.open(&format!("{LIST}?q=ROBOT&network=ZONE")).await.says(&["Ticket &#60;robot&#62;"]);
        for nothing in ["q=nobody", "q=robot&network=ANYWHERE"] {
            browser.open(&format!("{LIST}?{nothing}")).await.expect(200).says(&["No token is like that."]);
        }
        browser.open(&page).await.expect(200).says(&["Makes recovery PINs", "Not from Office.", "30 days after"]);

        let edit = format!("{page}/edit");
        browser.open(&edit).await.expect(200).says(&["checked"]);
        browser.submit(&edit, &[("name", " ")]).await.expect(400).says(&["Write 1 to 100 characters"]);
        browser.submit(&edit, &[("name", "Night run"), ("include", &zone)]).await.leads_to();
        browser.open(&page).await.expect(200).says(&["Night run", "Only from Office."]);
        own(inside).await.expect(200);
        own(outside).await.refused(403, "E0000006");
        assert_eq!(harbour.events("system.api_token.request_outside_allowed_range").await.len(), 2);
        browser.submit(&edit, &[("name", "Night run")]).await.leads_to();
        own(outside).await.expect(200);

        let revoke = format!("{page}/revoke");
        browser.open(&revoke).await.expect(200).says(&["Revoke Night run", "refused from its next request on"]);
        assert_eq!(browser.submit(&revoke, &[]).await.leads_to(), LIST);
        own(outside).await.refused(401, "E0000011");
        for over in [&page, &edit, &revoke] {
            browser.open(over).await.expect(404);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_or_ends_what_is_above_them() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let list = harbour.app.get("/api/v1/api-tokens", &harbour.super_token).await.expect(200).json();
        let adas = list.as_array().unwrap().iter().find(|token| token["userId"] == harbour.ada.id.as_str()).unwrap();
        let page = format!("{LIST}/{}", adas["id"].as_str().unwrap());
        let env = harbour.app.app.env();
        let lowered = harbour.app.app.store.write(harbour.ada.org, |tx| {
            tx.assign_role(harbour.hal.id, Role::Super, "test", &env)?;
            for held in tx.role_assignments(harbour.ada.id)? {
                tx.take_role(held.id)?;
            }
            tx.assign_role(harbour.ada.id, Role::Org, "test", &env)
        });
        lowered.await.unwrap();
        let hals = list.as_array().unwrap().iter().find(|token| token["userId"] == harbour.hal.id.as_str()).unwrap();
        let hals = format!("{LIST}/{}", hals["id"].as_str().unwrap());
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        // Her own is hers; Hal's is above her by now, and not offered.
        browser.open(&page).await.expect(200).says(&[&format!("{page}/revoke")]);
        let above = browser.open(&hals).await.expect(200);
        assert!(!above.text().contains("/revoke"), "{}", above.text());
        browser.open(&format!("{hals}/revoke")).await.expect(403);
        browser.submit(&format!("{hals}/revoke"), &[]).await.expect(403);
        browser.submit(&format!("{hals}/edit"), &[("name", "mine")]).await.expect(403);
        harbour.app.get("/api/v1/users/me", &harbour.desk_token).await.expect(200);
        let taken = harbour.app.app.store.write(harbour.ada.org, |tx| {
            for held in tx.role_assignments(harbour.ada.id)? {
                tx.take_role(held.id)?;
            }
            tx.assign_role(harbour.ada.id, Role::ReadOnly, "test", &env)
        });
        taken.await.unwrap();
        assert!(!browser.open(LIST).await.expect(200).text().contains("/tokens/new"));
        browser.open("/admin/security/tokens/new").await.expect(403);
        browser.submit("/admin/security/tokens/new", &[("name", "x")]).await.expect(403);
        browser.submit(&format!("{page}/revoke"), &[]).await.expect(403);
        let alive = harbour.app.call(Method::GET, "/api/v1/api-tokens", &harbour.desk_token, &Value::Null).await;
        assert_eq!(alive.expect(200).json().as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_gets_a_part_of_the_limits_and_gives_it_back() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let app = &harbour.app;
        let tokens = app.get("/api/v1/api-tokens", &harbour.super_token).await.expect(200).json();
        let id = tokens[0]["id"].as_str().unwrap();
        let (own, limits) = (format!("{LIST}/{id}"), "/admin/settings/limits");
        let share = format!("{own}/share");
        let mut browser = Browser::of(app, &harbour.ada).await;
        browser.open(&own).await.expect(200).says(&["50 % of the requests of a limit, as every token.", &share]);
        browser.open(&share).await.expect(200).says(&["Per cent of the requests"]);
        let fields = |requests: &'static str, at_once: &'static str| {
            [("defaultPercentage", requests), ("defaultConcurrencyPercentage", at_once)]
        };
        for (requests, at_once) in [("0", "10"), ("101", "10"), ("10", "half"), ("-1", "")] {
            let wrong = browser.submit(&share, &fields(requests, at_once)).await.expect(400);
            wrong.says(&["A whole number from 1 to 100.", &format!("value=\"{requests}\"")]);
        }
        for (requests, at_once, said) in [("30", "", "30 % of the requests of a limit, 50 %"), ("20", "10", "20 %")] {
            assert_eq!(browser.submit(&share, &fields(requests, at_once)).await.leads_to(), own);
            browser.open(&own).await.says(&[said]);
            browser.open(limits).await.expect(200).says(&[said, &own]);
        }
        let listed = app.get("/api/v1/principal-rate-limits", &harbour.super_token).await.expect(200).json();
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["defaultPercentage"]), (1, &json!(20)));
        browser.submit(&share, &fields("", "")).await.leads_to();
        browser.open(&own).await.says(&["50 % of the requests of a limit, as every token."]);
        assert!(!browser.open(limits).await.text().contains(&own));
        let listed = app.get("/api/v1/principal-rate-limits", &harbour.super_token).await.expect(200).json();
        assert_eq!(listed, json!([]));
        browser.open(&format!("{LIST}/00Tnothingofthekind0/share")).await.expect(404);
        browser.submit(&format!("{LIST}/00Tnothingofthekind0/share"), &fields("1", "1")).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_set_a_part_see_what_the_other_saved() {
    let harbour = Harbour::new(scratch::engines()[0]).await;
    let tokens = harbour.app.get("/api/v1/api-tokens", &harbour.super_token).await.expect(200).json();
    let share = format!("{LIST}/{}/share", tokens[0]["id"].as_str().unwrap());
    let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
    let version = browser.open(&share).await.expect(200).hidden("version");
    let (requests, was) = ("defaultPercentage", "was-defaultPercentage");
    browser.submit(&share, &[(requests, "30"), (was, ""), ("version", &version)]).await.leads_to();
    let beside = browser.submit(&share, &[(requests, "20"), (was, ""), ("version", &version)]).await.expect(412);
    beside.says(&["Somebody else changed this meanwhile.", "Saved meanwhile: 30", "value=\"20\""]);
    let now = beside.hidden("version");
    browser.submit(&share, &[(requests, "20"), ("version", &now)]).await.leads_to();
    browser.open(&share).await.says(&["value=\"20\"", "value=\"50\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reaches_some_people_alone_reads_no_name_of_another_token() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let app = &staff.app;
        let (inside, _outside) = (staff.with("inside", &[]).await, staff.with("outside", &[]).await);
        let own = staff.group_of("Own", &[&inside]).await;
        let whole = staff.set("Settings", &["/api/v1/org".to_owned()]).await;
        let scoped = staff.set("Own people", &[format!("/api/v1/groups/{own}/users")]).await;
        let limits = staff.role("Limits", &["okta.rateLimits.read", "okta.orgs.read"]).await;
        let tokens = staff.role("Tokens", &["okta.users.apitokens.read", "okta.users.apitokens.manage"]).await;
        let holder = staff.holder("holder", &limits, &whole).await;
        let body = json!({ "type": "CUSTOM", "role": tokens, "resource-set": scoped });
        app.post(&format!("/api/v1/users/{}/roles", holder.id), &staff.root.token, &body).await.expect(201);
        let all = app.get("/api/v1/api-tokens", &staff.root.token).await.expect(200).json();
        for (owner, share) in [(&staff.root, 30), (&inside, 40)] {
            let id = all.as_array().unwrap().iter().find(|token| token["userId"] == owner.id.as_str()).unwrap()["id"]
                .clone();
            let part = json!({ "principalId": id, "principalType": "SSWS_TOKEN",
                               "defaultPercentage": share, "defaultConcurrencyPercentage": share });
            app.post("/api/v1/principal-rate-limits", &staff.root.token, &part).await.expect(201);
        }
        let page = async |path: &str, token: &str| {
            let request = axum::http::Request::get(path).header("authorization", format!("SSWS {token}"));
            app.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200).text()
        };
        let (theirs, roots) = (
            page("/admin/settings/limits", &holder.token).await,
            page("/admin/settings/limits", &staff.root.token).await,
        );
        assert!(theirs.contains("40 %") && !theirs.contains("30 %"), "{theirs}");
        assert!(roots.contains("40 %") && roots.contains("30 %"), "{roots}");
        // Every token that nobody used since ends within a week now.
        app.world.advance_seconds(25 * 86_400);
        let (theirs, roots) = (page("/admin", &holder.token).await, page("/admin", &staff.root.token).await);
        assert_eq!(theirs.matches("journey").count(), 1, "that of those whom they reach: {theirs}");
        assert!(roots.contains("journey, journey."), "{roots}");
    }
}
