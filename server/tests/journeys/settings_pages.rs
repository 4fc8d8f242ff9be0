//! The console's pages of what holds for the whole organisation: limits, how guessing is met; and what Home has to say of
//! policies that never answer and of people who are locked out.

use axum::http::Method;
use postern_store::scratch;

use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::harbour::Harbour;
use crate::people::organisation;

const FACTORS: &str = "/admin/settings/factors";
const LIMITS: &str = "/admin/settings/limits";

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_set_within_its_range_and_taken_back() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let page = browser.open(LIMITS).await.expect(200);
        page.says(&[
            "Sign-in attempts in a name",
            "The console",
            "system.org.rate_limit.violation",
            "See its refusals",
        ]);
        browser.open(&format!("{LIMITS}?edit=yes")).await.expect(200).says(&["5 to 1,000,000"]);
        let wrong = browser.submit(LIMITS, &[("sign_in", "0"), ("requests_pages", "7000")]).await.expect(400);
        wrong.says(&["A whole number from 1 to 10,000.", "value=\"7000\""]);
        browser.submit(LIMITS, &[("sign_in", "30"), ("requests_pages", "7000")]).await.leads_to();
        browser.open(LIMITS).await.says(&["30, in place of 20", "7,000, in place of 6,000"]);
        // What a form does not send stays.
        browser.submit(LIMITS, &[("sign_in", "")]).await.leads_to();
        let page = browser.open(LIMITS).await;
        page.says(&["7,000, in place of 6,000"]);
        assert!(!page.text().contains("30, in place of 20"));
        browser.submit(LIMITS, &[("requests_pages", "")]).await.leads_to();
        assert!(!browser.open(LIMITS).await.text().contains("in place of"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_guessing_is_met_is_set_beside_the_rest() {
    let app = TestApp::new(scratch::engines()[0]).await;
    let ada = organisation(&app).await;
    let mut browser = Browser::of(&app, &ada).await;
    let general = "/admin/security/general";
    let shown = browser.open(general).await.expect(200);
    shown.says(&["Guessing", "The hundredth wrong password", "Count browsers that are new"]);
    let page = browser.open(&format!("{general}?edit=yes")).await.text();
    let mut fields = vec![("preventBruteForceLockoutFromUnknownDevices", "false".to_owned())];
    fields.push(("verifyKnowledgeSecondWhen2faRequired", "true".to_owned()));
    let fields = with_what_the_page_holds(&page, fields);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.submit(general, &fields).await.leads_to();
    let page = browser.open(&format!("{general}?edit=yes")).await.text();
    let at = page.find("id=\"preventBruteForceLockoutFromUnknownDevices\"").expect("the field");
    assert!(page[at..at + 400].contains("value=\"false\" selected"), "{}", &page[at..at + 400]);
}

/// The fields of a page's form as they stand, but for those given.
fn with_what_the_page_holds(page: &str, given: Vec<(&str, String)>) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let attribute = |tag: &str, name: &str| {
        tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
    };
    for element in page.split('<').skip(1) {
        let Some(name) = attribute(element, "name") else { continue };
        if fields.iter().any(|(own, _)| *own == name) {
            continue;
        }
        if element.starts_with("input ") {
            fields.push((name, attribute(element, "value").unwrap_or_default()));
        } else if element.starts_with("select ") {
            let from = page.find(&format!("id=\"{name}\"")).expect("the field");
            let chosen = page[from..].split("</select>").next().and_then(|list| {
                let option = list.split("<option").find(|option| option.contains(" selected"))?;
                attribute(option, "value")
            });
            fields.push((name, chosen.unwrap_or_default()));
        }
    }
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn home_names_idle_policies_and_locked_people() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let policies = "/admin/security/policies/new?type=OKTA_SIGN_ON";
        browser.submit(policies, &[("name", "Nobody's"), ("groupsInMore", "Everyone")]).await.leads_to();
        let person =
            [("firstName", "Grace"), ("lastName", "Hopper"), ("email", "grace@harbour.example"), ("begin", "now")];
        let page = browser.submit("/admin/people/new", &person).await.leads_to().to_owned();
        let id = page.rsplit('/').next().expect("an id").parse().expect("an id");
        let env = app.app.env();
        let locked = app.scratch.store.write(ada.org, |tx| {
            let user = tx.user(id)?.expect("she is there");
            tx.give_password(&user, ("none", false), &env)?;
            for _ in 0..postern_authn::user::FAILURES_TO_LOCK {
                let _ = tx.user_failed(id, env.now)?;
            }
            tx.user(id)
        });
        let user = locked.await.expect("the database serves").expect("she is there");
        let home = browser.open("/admin").await.expect(200);
        home.says(&["never answers: it has no active rule"]);
        assert!(user.is_locked_out(env.now), "{user:?}");
        home.says(&["Grace Hopper is locked out", "Unlock Grace Hopper"]);
        browser.open(&page).await.says(&["There were 10 failures in a row."]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn home_says_that_ones_own_password_will_expire() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let app = &harbour.app;
        let policies = app.get("/api/v1/policies?type=PASSWORD", &harbour.super_token).await.expect(200).json();
        let mut policy = policies[0].clone();
        policy["settings"]["password"]["age"]["maxAgeDays"] = 30.into();
        policy["settings"]["password"]["age"]["expireWarnDays"] = 5.into();
        let path = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
        app.call(Method::PUT, &path, &harbour.super_token, &policy).await.expect(200);
        for (days, is_told) in [(24, false), (2, true)] {
            app.world.advance_seconds(days * 86_400);
            let home = Browser::of(app, &harbour.ada).await.open("/admin").await.expect(200).text();
            assert_eq!(home.contains("Your password expires"), is_told, "{home}");
        }
    }
}

/// What a form sends that shows this page: what it showed first, and what was typed.
fn typed<'a>(page: &'a Answer, names: &[&str], fields: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let shown = names.iter().map(|name| format!("was-{name}")).chain(["version".to_owned()]);
    let shown = shown.map(|name| (name.clone(), page.hidden(&name)));
    shown.chain(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_change_what_holds_for_all_see_what_the_other_saved() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let (organisation, demands) = ("/admin/settings/organisation", "/admin/security/demands");
        for (path, edit, names, first, second, said) in [
            (
                LIMITS,
                "?edit=yes",
                ["sign_in", "requests_pages"],
                [("sign_in", "30"), ("requests_pages", "")],
                [("sign_in", "40"), ("requests_pages", "7000")],
                ["Saved meanwhile: 30", "value=\"40\"", "value=\"7000\""],
            ),
            (
                organisation,
                "?edit=yes",
                ["companyName", "supportContactInfo"],
                [("companyName", "Harbour"), ("supportContactInfo", "")],
                [("companyName", "Lights"), ("supportContactInfo", "Room 2")],
                ["Saved meanwhile: Harbour", "value=\"Lights\"", "Room 2</textarea>"],
            ),
            (
                demands,
                "",
                ["groups", "people"],
                [("groups", "FRESH"), ("people", "NOTHING")],
                [("groups", "NOTHING"), ("people", "FRESH")],
                ["value=\"FRESH\" selected", "value=\"NOTHING\" selected", "Somebody else changed this meanwhile."],
            ),
        ] {
            let page = browser.open(&format!("{path}{edit}")).await.expect(200);
            browser.submit(path, &pairs(&typed(&page, &names, &first))).await.leads_to();
            let overtaken = browser.submit(path, &pairs(&typed(&page, &names, &second))).await.expect(412);
            overtaken.says(&["Somebody else changed this meanwhile.", "E0000231"]).says(&said);
            browser.submit(path, &pairs(&typed(&overtaken, &names, &second))).await.leads_to();
        }
        browser.open(LIMITS).await.says(&["40, in place of 20", "7,000, in place of 6,000"]);
        browser.open(organisation).await.says(&["Lights", "Room 2"]);
        let strict =
            browser.submit(demands, &[("groups", "PHISHING_RESISTANT"), ("people", "FRESH")]).await.expect(403);
        strict.says(&["You have no passkey", "value=\"PHISHING_RESISTANT\" selected"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_fact_is_said_of_that_fact() {
    let app = TestApp::new(scratch::engines()[0]).await;
    let ada = organisation(&app).await;
    let mut browser = Browser::of(&app, &ada).await;
    let long = "x".repeat(101);
    for (name, text, says) in [
        ("companyName", long.as_str(), "One line, at most 100 characters."),
        ("website", "https://b\u{fc}cher.example", "begins with xn--"),
        ("website", "http://acme.example", "Give a whole address that begins with https://"),
    ] {
        browser.submit("/admin/settings/organisation", &[(name, text)]).await.expect(400).says(&[says]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_taken_and_a_zone_says_what_it_is_for() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let new = "/admin/security/networks/new";
        let ranges: Vec<String> = (0..1000)
            .map(|at| format!("2001:db8:{at:x}:1111:2222::-2001:db8:{at:x}:1111:2222:3333:4444:5555"))
            .collect();
        let zone = |ranges: &[String]| {
            let (name, usage) = (("name", "Far".to_owned()), ("usage", "BLOCKLIST".to_owned()));
            [name, usage, ("gateways", ranges.join("\r\n")), ("proxies", String::new())]
                .map(|(name, text)| (name.to_owned(), text))
                .to_vec()
        };
        let page = browser.submit(new, &pairs(&zone(&ranges))).await.leads_to().to_owned();
        let shown = browser.open(&page).await.expect(200);
        let mut again = zone(&ranges[1..]);
        again.push(("was-gateways".to_owned(), ranges.join("\r\n")));
        again.push(("version".to_owned(), shown.hidden("version")));
        browser.submit(&page, &pairs(&again)).await.leads_to();
        for usage in ["", "NONSENSE"] {
            let fields = [("name", "Near"), ("usage", usage), ("gateways", "192.0.2.0/24")];
            browser.submit(new, &fields).await.expect(400).says(&["Choose what it is for."]);
        }
        let group = browser.submit("/admin/groups/new", &[("name", "Pilots")]).await.leads_to().to_owned();
        let logins: Vec<String> = (0..2000).map(|at| format!("somebody.with.a.name.{at}@harbour.example")).collect();
        let many = browser.submit(&format!("{group}/members"), &[("many", &logins.join("\r\n"))]).await.expect(400);
        many.says(&["At most 500 lines at once.", "somebody.with.a.name.1999@harbour.example</textarea>"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_allowed_and_allowed_no_more_unless_that_shuts_somebody_out() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let page = browser.open(FACTORS).await.expect(200);
        page.says(&[
            "Authenticator app (GOOGLE)",
            "Off in a new organisation",
            "Numbers can be taken over",
            "Makes of tokens",
        ]);
        assert_eq!(browser.submit(&format!("{FACTORS}/allowed/okta_sms"), &[]).await.leads_to(), FACTORS);
        browser.open(FACTORS).await.says(&["/not-allowed/okta_sms"]);
        assert_eq!(browser.submit(&format!("{FACTORS}/not-allowed/okta_sms"), &[]).await.leads_to(), FACTORS);
        let refused = browser.submit(&format!("{FACTORS}/not-allowed/google_otp"), &[]).await.expect(403);
        refused.says(&["It stays allowed", "You would shut yourself out"]);
        browser.submit(&format!("{FACTORS}/allowed/nothing"), &[]).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_demanded_of_passkeys_is_set_and_cannot_shut_everybody_out() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let form = format!("{FACTORS}/passkeys");
        let version = browser.open(&form).await.expect(200).hidden("version");
        let with = |attestation: &'static str, roots: &'static str, version: &str| {
            let fields = [("userVerification", "REQUIRED"), ("attestation", attestation), ("attestationRoots", roots)];
            fields
                .map(|(name, value)| (name, value.to_owned()))
                .into_iter()
                .chain([("version", version.to_owned())])
                .collect::<Vec<_>>()
        };
        let send = async |browser: &mut Browser<'_>, fields: Vec<(&str, String)>| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.submit(&form, &fields).await
        };
        send(&mut browser, with("TRUSTED", "", &version))
            .await
            .expect(400)
            .says(&["attestationRoots-error", "nobody could add"]);
        let wrong = send(&mut browser, with("TRUSTED", "no certificate", &version)).await.expect(400);
        wrong.says(&["attestationRoots-error", "no certificate"]);
        send(&mut browser, with("SOME", "", &version)).await.expect(400);
        assert_eq!(send(&mut browser, with("NONE", "", &version)).await.leads_to(), FACTORS);
        browser.open(FACTORS).await.says(&["Always"]);
        send(&mut browser, with("NONE", "", &version)).await.expect(412).says(&["version"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn makes_of_tokens_and_texts_of_messages_come_and_go() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let new = format!("{FACTORS}/profiles/new");
        let make = |name: &'static str, length: &'static str, step: &'static str| {
            [
                ("name", name),
                ("hmacAlgorithm", "HMacSHA256"),
                ("passCodeLength", length),
                ("timeStep", step),
                ("sharedSecretEncoding", "hexadecimal"),
            ]
        };
        browser.open(&new).await.expect(200).says(&["HMAC-SHA-256", "Seconds between codes"]);
        let wrong = browser.submit(&new, &make("", "9", "301")).await.expect(400);
        wrong.says(&["name-error", "passCodeLength-error", "timeStep-error", "value=\"hexadecimal\" selected"]);
        browser.submit(&new, &make("Clocks", "8", "5")).await.expect(400).says(&["timeStep-error"]);
        assert_eq!(browser.submit(&new, &make("Clocks", "8", "60")).await.leads_to(), FACTORS);
        browser.submit(&new, &make("clocks", "8", "60")).await.expect(400).says(&["name-error"]);
        let page = browser.open(FACTORS).await;
        page.says(&["Clocks", "8 digits, a new code every 60 seconds"]);
        let delete = address(&page, "/profiles/", "/delete");
        browser.open(&delete).await.expect(200).says(&["Delete Clocks", "go on"]);
        assert_eq!(browser.submit(&delete, &[]).await.leads_to(), FACTORS);
        browser.submit(&delete, &[]).await.expect(404);

        let new = format!("{FACTORS}/messages/new");
        let text = |template: &'static str, translations: &'static str| {
            [("name", "Short"), ("template", template), ("translations", translations)]
        };
        browser.submit(&new, &text("no code", "")).await.expect(400).says(&["template-error", "no code"]);
        let wrong = browser.submit(&new, &text("${code}", "Ihr Code")).await.expect(400);
        wrong.says(&["translations-error", "Ihr Code"]);
        assert_eq!(browser.submit(&new, &text("${code} it is", "de: ${code} ist es")).await.leads_to(), FACTORS);
        let page = browser.open(FACTORS).await;
        page.says(&["${code} it is"]);
        let delete = address(&page, "/messages/", "/delete");
        let edit = delete.trim_end_matches("/delete");
        let shown = browser.open(edit).await.expect(200);
        shown.says(&["de: ${code} ist es"]);
        let version = shown.hidden("version");
        let fields = [&text("${code} now", "")[..], &[("version", version.as_str())]].concat();
        assert_eq!(browser.submit(edit, &fields).await.leads_to(), FACTORS);
        browser.submit(edit, &fields).await.expect(412).says(&["${code} now"]);
        browser.open(&delete).await.expect(200).says(&["Delete Short"]);
        browser.submit(&delete, &[]).await.leads_to();
        browser.open(edit).await.expect(404);
    }
}

/// The address in a page that has this in it and ends so.
fn address(page: &Answer, part: &str, end: &str) -> String {
    let text = page.text();
    let mut all = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    all.find(|href| href.contains(part) && href.ends_with(end)).expect("an address").to_owned()
}
