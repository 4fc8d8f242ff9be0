//! The console's pages of groups and of their rules: made, filled, looked after, tried, carried out, deleted.

use postern_server::jobs;
use postern_store::scratch;
use serde_json::json;

use crate::app::TestApp;
use crate::browser::Browser;
use crate::harbour::Harbour;
use crate::people::organisation;

async fn person(browser: &mut Browser<'_>, name: &str) -> String {
    let email = format!("{name}@harbour.example");
    let fields =
        [("firstName", name), ("lastName", "Example"), ("email", &email), ("begin", "later"), ("department", "Sales")];
    browser.submit("/admin/people/new", &fields).await.leads_to().rsplit('/').next().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_filled_and_deleted_with_what_hangs_on_it_in_view() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open("/admin/groups").await.expect(200).says(&["Everyone", "With everybody", "/admin/groups/new"]);
        let wrong = browser.submit("/admin/groups/new", &[("name", " ")]).await.expect(400);
        wrong.says(&["A name has 1 to 255 characters"]);
        let page = browser.submit("/admin/groups/new", &[("name", "Pilots"), ("description", "New things")]).await;
        let page = page.leads_to().to_owned();
        let taken = browser.submit("/admin/groups/new", &[("name", "pilots"), ("description", "typed")]).await;
        taken.expect(400).says(&["Another group has this name.", "value=\"typed\""]);
        browser.open(&page).await.expect(200).says(&["Pilots", "Nobody is in this group.", "Nobody is named."]);

        let grace = person(&mut browser, "grace").await;
        let members = format!("{page}/members");
        let nobody = browser.submit(&members, &[("who", "nobody@harbour.example")]).await.expect(404);
        nobody.says(&["There is nobody of this name.", "value=\"nobody@harbour.example\""]);
        browser.submit(&members, &[("who", "grace@harbour.example")]).await.leads_to();
        browser.open(&page).await.says(&["grace Example", "Take out of the group"]);
        let owners = format!("{page}/owners");
        browser.submit(&owners, &[("person", "grace@harbour.example")]).await.leads_to();
        browser.submit(&owners, &[("group", "Nowhere")]).await.expect(404).says(&["There is nobody of this name."]);
        browser.open(&page).await.says(&[&format!("name=\"id\" value=\"{grace}\"")]);
        browser.submit(&format!("{owners}/remove"), &[("id", &grace)]).await.leads_to();

        browser.submit(&format!("{page}/edit"), &[("name", "Fliers"), ("description", "")]).await.leads_to();
        let group = page.rsplit('/').next().expect("an id");
        let pair = format!("{group}.{grace}");
        let asked = browser.submit("/admin/groups/members", &[("act", "remove"), ("id", &pair)]).await.expect(200);
        asked.says(&["Take one person out of Fliers", "leaves them out from now on"]);
        browser.submit("/admin/groups/members", &[("act", "remove")]).await.expect(400);
        let done = browser.submit("/admin/groups/members/apply", &[("id", &pair)]).await.expect(200);
        done.says(&["No longer in the group", "/admin/groups/members/restore"]);
        browser
            .submit("/admin/groups/members/restore", &[("id", &pair)])
            .await
            .expect(200)
            .says(&["In the group again"]);
        browser.submit("/admin/groups/members/apply", &[("id", &pair)]).await.expect(200);
        browser.open(&page).await.says(&["Nobody is in this group."]);

        let edith = person(&mut browser, "edith").await;
        let typed = "grace@harbour.example\r\n\r\nnobody@harbour.example\r\nedith@harbour.example";
        let refused = browser.submit(&members, &[("who", ""), ("many", typed)]).await.expect(400);
        refused.says(&["nobody was put into the group: nobody@harbour.example.", "edith@harbour.example</textarea>"]);
        browser.open(&page).await.says(&["Nobody is in this group."]);
        let long = "grace@harbour.example\n".repeat(501);
        browser.submit(&members, &[("many", &long)]).await.expect(400).says(&["At most 500 lines at once."]);
        let typed = "grace@harbour.example\r\n edith@harbour.example \r\ngrace@harbour.example";
        assert_eq!(browser.submit(&members, &[("many", typed)]).await.leads_to(), page);
        browser.open(&page).await.says(&["grace Example", "edith Example"]);
        for person in [&grace, &edith] {
            let pair = format!("{group}.{person}");
            browser.submit("/admin/groups/members/apply", &[("id", &pair)]).await.expect(200);
        }
        browser.open(&page).await.says(&["Nobody is in this group."]);

        let policy = json!({ "type": "PASSWORD", "name": "Fliers only",
            "conditions": { "people": { "groups": { "include": [group] } } } });
        browser.call("/api/v1/policies", &policy).await.expect(200);
        let held = browser.open(&format!("{page}/delete")).await.expect(200);
        held.says(&["It cannot be deleted yet.", "Fliers only"]);
        assert!(!held.text().contains("class=\"danger\""));
        browser.submit(&format!("{page}/delete"), &[("sure", "yes")]).await.expect(400).says(&["Fliers only"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_in_the_built_in_group_and_the_page_says_so() {
    let app = TestApp::new(postern_store::migrate::Engine::Sqlite).await;
    let ada = organisation(&app).await;
    let mut browser = Browser::of(&app, &ada).await;
    let list = browser.open("/admin/groups?q=every").await.expect(200).text();
    let page = list.split("href=\"/admin/groups/00g").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let page = format!("/admin/groups/00g{page}");
    let shown = browser.open(&page).await.expect(200);
    shown.says(&["Everybody is in this group.", "Roles that it gives"]);
    assert!(!shown.text().contains("/delete") && !shown.text().contains("/members\""));
    browser
        .submit(&format!("{page}/members"), &[("who", "x")])
        .await
        .expect(400)
        .says(&["Everybody is in this group."]);
    browser.open("/admin/groups/00g00000000000000000").await.expect(404);
    browser.open("/admin/groups?q=nothing").await.expect(200).says(&["There is no such group."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tried_mended_carried_out_and_deleted() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let group = browser.submit("/admin/groups/new", &[("name", "Sales")]).await.leads_to().to_owned();
        person(&mut browser, "grace").await;
        person(&mut browser, "hal").await;
        browser.open("/admin/groups/rules").await.expect(200).says(&["There are no rules."]);
        browser.open("/admin/groups/rules/new").await.expect(200).says(&["Try it"]);
        let typed = |expression, groups| {
            [
                ("rule", ""),
                ("name", "Sellers"),
                ("expression", expression),
                ("groups", groups),
                ("excluded", "hal@harbour.example"),
            ]
        };
        let wrong = typed("user.department = \"Sales\"", "Sales");
        for path in ["/admin/groups/rules/try", "/admin/groups/rules/new"] {
            let answer = browser.submit(path, &wrong).await.expect(400);
            answer.says(&["At character 17: expected", "<mark>= ", "value=\"Sellers\""]);
        }
        for (language, words) in
            [("de", "erwartet wird AND, OR, ein Vergleich oder das Ende"), ("en", "expected AND, OR")]
        {
            browser.submit("/language", &[("language", language)]).await.leads_to();
            browser.submit("/admin/groups/rules/try", &wrong).await.expect(400).says(&[words]);
        }
        let right = "user.department == \"Sales\"";
        let tried = browser.submit("/admin/groups/rules/try", &typed(right, "Sales")).await.expect(200);
        tried.says(&["It means 2 people.", "grace Example"]);
        browser
            .submit("/admin/groups/rules/new", &typed(right, "Nowhere"))
            .await
            .expect(400)
            .says(&["no group Nowhere"]);
        browser
            .submit("/admin/groups/rules/new", &typed(right, "Everyone"))
            .await
            .expect(400)
            .says(&["no rule fills it"]);
        browser.submit("/admin/groups/rules/new", &typed(right, "")).await.expect(400).says(&["at least one group"]);
        let page = browser.submit("/admin/groups/rules/new", &typed(right, "Sales")).await.leads_to().to_owned();
        browser.submit("/admin/groups/rules/new", &typed(right, "Sales")).await.expect(409).says(&["Another rule has"]);
        browser.open(&page).await.expect(200).says(&["Not carried out", "hal Example", "Carry it out"]);
        browser.open(&group).await.says(&["Sellers"]);
        browser.open(&format!("{group}/delete")).await.says(&["It cannot be deleted yet.", "Sellers"]);

        browser.submit(&format!("{page}/activate"), &[("x", "")]).await.leads_to();
        jobs::once(&app.app).await.unwrap();
        let filled = browser.open(&group).await;
        filled.says(&["grace Example"]);
        assert!(!filled.text().contains("hal Example"));
        let edit = format!("{page}/edit");
        browser.open(&edit).await.says(&["Stop it before you change it.", "user.department =="]);
        let change = [("rule", ""), ("name", "Sellers"), ("expression", "user.department == \"x\""), ("excluded", "")];
        browser.submit(&edit, &change).await.expect(400).says(&["Stop it before you change it."]);
        browser.submit(&format!("{page}/deactivate"), &[("x", "")]).await.leads_to();
        browser.submit(&edit, &change).await.leads_to();
        browser.open(&page).await.says(&["user.department == &#34;x&#34;"]);

        browser.open(&format!("{page}/delete")).await.expect(200).says(&["stay there", "Sales"]);
        browser.submit(&format!("{page}/delete"), &[("members", "perhaps")]).await.expect(400);
        browser.submit(&format!("{page}/delete"), &[("members", "remove")]).await.leads_to();
        jobs::once(&app.app).await.unwrap();
        browser.open(&page).await.expect(404);
        assert!(!browser.open(&group).await.text().contains("grace Example"));
        browser.submit(&format!("{group}/delete"), &[("sure", "yes")]).await.leads_to();
        browser.open(&group).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_for_those_to_see_and_change_who_may() {
    let harbour = Harbour::new(postern_store::migrate::Engine::Sqlite).await;
    let mut root = Browser::of(&harbour.app, &harbour.ada).await;
    let group = root.submit("/admin/groups/new", &[("name", "Pilots")]).await.leads_to().to_owned();
    let delete = format!("{group}/delete");
    for path in ["/admin/groups/new", "/admin/groups/rules/new", "/admin/people/import", &delete] {
        harbour.app.get(path, &harbour.desk_token).await.expect(403);
    }
    harbour.app.get(&group, &harbour.desk_token).await.expect(200).says(&["Pilots"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_whom_it_changed_are_put_back() {
    let app = TestApp::new(scratch::engines()[0]).await;
    let ada = organisation(&app).await;
    let mut browser = Browser::of(&app, &ada).await;
    let page = browser.submit("/admin/groups/new", &[("name", "Pilots")]).await.leads_to().to_owned();
    let group = page.rsplit('/').next().expect("an id");
    let (grace, edith) = (person(&mut browser, "grace").await, person(&mut browser, "edith").await);
    browser.submit(&format!("{page}/members"), &[("who", "grace@harbour.example")]).await.leads_to();
    let (member, stranger) = (format!("{group}.{grace}"), format!("{group}.{edith}"));
    let done = browser.submit("/admin/groups/members/apply", &[("id", &member), ("id", &stranger)]).await.expect(200);
    done.says(&["2 of 2 done", &format!("value=\"{member}\"")]);
    assert!(!done.text().contains(&format!("value=\"{stranger}\"")), "{}", done.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_database_takes_no_more_the_page_says_who_was_not_put_in() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut names = Vec::new();
        for at in 0..60 {
            let name = format!("crew{at}");
            crate::staff::member(&app, ada.org, &name, &[]).await;
            names.push(format!("{name}@acme.example"));
        }
        let mut browser = Browser::of(&app, &ada).await;
        let page = browser.submit("/admin/groups/new", &[("name", "Pilots")]).await.leads_to().to_owned();
        let members = format!("{page}/members");
        app.scratch.refuse_writes().await;
        let done = browser.submit(&members, &[("many", &names.join("\n"))]).await.expect(200);
        done.says(&["Postern could not answer.", "Not tried"]);
        let kept = browser.submit(&members, &[("who", "crew59@acme.example")]).await.expect(503);
        kept.says(&["crew59@acme.example</textarea>", "Send again"]);
        app.scratch.allow_writes().await;
        browser.submit(&members, &[("many", &names.join("\n"))]).await.leads_to();
    }
}
