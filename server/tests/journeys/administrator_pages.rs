//! The console's pages of administrators, roles and resource sets: given, limited, taken, by forms as people send them.

use postern_authn::factor::totp;
use postern_authn::permission::Role;
use postern_authn::user::User;
use postern_codes::Secret;
use postern_codes::otp::AUTHENTICATOR_APP;
use postern_store::scratch;
use serde_json::json;

use crate::browser::Browser;
use crate::harbour::Harbour;
use crate::people::Person;

const LIST: &str = "/admin/administrators";
const NEW: &str = "/admin/administrators/new";
const GIVE: &str = "/admin/administrators/give";
const ROLES: &str = "/admin/administrators/roles";
const SETS: &str = "/admin/administrators/sets";
const PASSWORD: &str = "four plain small words";

impl Harbour {
    /// Somebody of the organisation with a password and an app.
    pub async fn with_sign_in(&self, user: &User) -> Person {
        let (app, env) = (&self.app.app, self.app.app.env());
        let app_secret = totp::new_secret(&env);
        let code = AUTHENTICATOR_APP.code(&app_secret, env.now);
        let factor = totp::enrol(user, &app_secret, &code, env.now).expect("the right code");
        let hash = app.passwords.hash(Secret::new(PASSWORD.to_owned()), &env).await.expect("a hash");
        let given = app.store.write(self.ada.org, |tx| {
            tx.set_password(user.id, hash.expose(), &env)?;
            tx.insert_factor(&factor, &env).map(drop)
        });
        given.await.expect("the database serves");
        self.app.world.advance_seconds(30);
        let login = user.login.to_string();
        Person { id: user.id, org: self.ada.org, login, password: PASSWORD.to_owned(), app_secret }
    }

    async fn group(&self, name: &str, members: &[&User]) -> String {
        // Lists go by age: of two in one moment neither is the older.
        self.app.world.advance_seconds(1);
        let body = json!({ "profile": { "name": name } });
        let made = self.app.post("/api/v1/groups", &self.super_token, &body).await.expect(200).json();
        let id = made["id"].as_str().unwrap().to_owned();
        for member in members {
            let path = format!("/api/v1/groups/{id}/users/{}", member.id);
            self.app
                .call(axum::http::Method::PUT, &path, &self.super_token, &serde_json::Value::Null)
                .await
                .expect(204);
        }
        id
    }

    /// The page of the one role that somebody holds.
    async fn held(&self, path: &str) -> String {
        let held = self.app.get(&format!("{path}/roles"), &self.super_token).await.expect(200).json();
        format!("{LIST}/{}", held[0]["id"].as_str().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_given_after_what_follows_was_shown_and_taken_likewise() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let crew = harbour.group("Crew", &[&harbour.grace]).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        browser.open(LIST).await.expect(200).says(&["Ada Lindqvist", "Super administrator", "Hal Okonkwo", NEW]);
        browser.open(&format!("{LIST}?kind=groups")).await.says(&["Nobody holds a role like that."]);
        let desk = browser.open(&format!("{LIST}?role=HELP_DESK_ADMIN&q=HAL")).await.expect(200);
        assert!(desk.text().contains("Hal Okonkwo") && !desk.text().contains("<td><a href=\"/admin/people/00u\">Ada"));
        browser.open(NEW).await.expect(200).says(&["SUPER_ADMIN", "USER_ADMIN"]);
        for (wrong, why) in [
            (vec![("role", "USER_ADMIN")], "Name a person, or a group below."),
            (vec![("person", "nobody"), ("role", "USER_ADMIN")], "Nobody is called that"),
            (vec![("person", "grace"), ("group", "Crew"), ("role", "USER_ADMIN")], "not both"),
            (vec![("group", "Everyone"), ("role", "USER_ADMIN")], "cannot hold a role"),
            (vec![("person", "grace")], "Choose one of the roles"),
            (vec![("person", "grace"), ("role", "REPORT_ADMIN"), ("limit", "Crew")], "cannot be limited"),
            (vec![("person", "grace"), ("role", "USER_ADMIN"), ("limit", "Nothing")], "No group is called that"),
        ] {
            browser.submit(NEW, &wrong).await.expect(400).says(&[why]);
            browser.submit(GIVE, &wrong).await.expect(400).says(&[why]);
        }
        let wanted = [("person", "grace"), ("role", "USER_ADMIN"), ("limit", "Crew")];
        let asked = browser.submit(NEW, &wanted).await.expect(200);
        asked.says(&["Give User administrator to Grace Hopper", "The groups Crew", "name=\"limit\" value=\"Crew\""]);
        let page = browser.submit(GIVE, &wanted).await.leads_to().to_owned();
        browser.open(&page).await.expect(200).says(&["Grace Hopper: User administrator", "The groups Crew"]);
        browser.submit(GIVE, &wanted).await.expect(409).says(&["It is held already."]);
        harbour.group("Deck", &[]).await;
        let targets = format!("{page}/targets");
        browser.submit(&targets, &[("group", "Nothing")]).await.expect(400).says(&["No group is called that"]);
        browser.submit(&targets, &[("group", "Deck")]).await.leads_to();
        browser.open(&page).await.expect(200).says(&["The groups Crew, Deck", "Take out Crew"]);
        browser.submit(&format!("{targets}/{crew}/remove"), &[]).await.leads_to();
        let alone = browser.open(&page).await.expect(200);
        assert!(!alone.text().contains("Take out"), "the last one stays");
        let take = format!("{page}/take");
        browser
            .open(&take)
            .await
            .expect(200)
            .says(&["Take User administrator from Grace Hopper", "They hold no other"]);
        assert_eq!(browser.submit(&take, &[]).await.leads_to(), LIST);
        browser.open(&page).await.expect(404);
        browser.submit(&take, &[]).await.expect(404);
        assert_eq!(harbour.events("user.account.privilege.revoke").await.len(), 1);

        let given = browser.submit(GIVE, &[("group", "Crew"), ("role", "REPORT_ADMIN")]).await.leads_to().to_owned();
        browser.open(LIST).await.says(&["A group of one person", "Report administrator"]);
        browser.open(&format!("{given}/take")).await.says(&["The one person in the group loses the role at once."]);
        browser.submit(&format!("{given}/take"), &[]).await.leads_to();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_super_administrator_is_told_before_the_click_and_stays() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        let page = harbour.held(&format!("/api/v1/users/{}", harbour.ada.id)).await;
        let shown = browser.open(&page).await.expect(200);
        shown
            .says(&["This is the last super administrator who can sign in.", "make another super administrator first"]);
        assert!(!shown.text().contains("/take"));
        assert_eq!(browser.open(&format!("{page}/take")).await.leads_to(), page);
        browser.submit(&format!("{page}/take"), &[]).await.expect(403);
        browser.open(&page).await.expect(200);
        assert_eq!(harbour.events("user.account.privilege.revoke").await, ["last_super_admin"]);
        browser.submit(GIVE, &[("person", "grace"), ("role", "SUPER_ADMIN")]).await.leads_to();
        browser.open(&page).await.expect(200).says(&[&format!("{page}/take")]);
        browser.open(&format!("{page}/take")).await.says(&["the console closes for you"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_ones_own_is_made_changed_bound_and_deleted() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        harbour.group("Crew", &[&harbour.grace]).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        browser.open(ROLES).await.expect(200).says(&["No role has been made here.", "Read-only administrator"]);
        browser.open(&format!("{ROLES}/HELP_DESK_ADMIN")).await.expect(200).says(&["Reset passwords."]);
        let new = format!("{ROLES}/new");
        browser.open(&new).await.expect(200).says(&["okta.users.read", "See people."]);
        browser.submit(&new, &[("label", "Desk")]).await.expect(400).says(&["Tick at least one permission."]);
        let read = ("permission", "okta.users.read");
        browser.submit(&new, &[("label", ""), read]).await.expect(400).says(&["Write 1 to 255 characters"]);
        let role = browser.submit(&new, &[("label", "Desk"), read]).await.leads_to().to_owned();
        browser.submit(&new, &[("label", "DESK"), read]).await.expect(400).says(&["called this already"]);
        browser.open(&role).await.expect(200).says(&["Desk", "See people.", "it reaches no resource set yet"]);
        browser.open(ROLES).await.says(&["Desk"]);

        let edit = format!("{role}/edit");
        let version = browser.open(&edit).await.expect(200).hidden("version");
        harbour.app.world.advance_seconds(1);
        let reset = ("permission", "okta.users.credentials.resetPassword");
        let saved = [("label", "Front desk"), ("description", "Calls"), read, reset, ("version", version.as_str())];
        browser.submit(&edit, &saved).await.leads_to();
        browser.open(&role).await.expect(200).says(&["Front desk", "Reset passwords."]);
        // Whoever saves what they saw before that changes nothing.
        let late = browser.submit(&edit, &[("label", "Mine"), read, ("version", version.as_str())]).await.expect(412);
        late.says(&["Somebody else changed this role meanwhile.", "Front desk"]);
        assert!(!late.text().contains("Mine"));
        let version = late.hidden("version");
        browser.submit(&edit, &[("label", "Front desk"), reset, ("version", version.as_str())]).await.leads_to();
        let changed = browser.open(&role).await.expect(200);
        assert!(!changed.text().contains("See people."), "{}", changed.text());
        assert_eq!(harbour.events("iam.role.permissions.delete").await.len(), 1);

        browser.open(SETS).await.expect(200).says(&["There are no resource sets."]);
        let new = format!("{SETS}/new");
        browser.submit(&new, &[("label", "Crew"), ("members", "None")]).await.expect(400).says(&["No group is called"]);
        let set = browser.submit(&new, &[("label", "Crew people"), ("members", "Crew")]).await.leads_to().to_owned();
        browser.open(&set).await.expect(200).says(&["The people in Crew", "No role reaches this set yet."]);
        let resources = format!("{set}/resources");
        browser.submit(&resources, &[]).await.expect(400).says(&["Choose what to put in"]);
        browser.submit(&resources, &[("person", "nobody")]).await.expect(400).says(&["Nobody is called that"]);
        harbour.app.world.advance_seconds(1);
        browser.submit(&resources, &[("person", "hal"), ("area", "groups")]).await.leads_to();
        browser.open(&set).await.expect(200).says(&["Hal Okonkwo", "All groups"]);
        let remove = browser.open(&set).await.text();
        let remove =
            remove.split("action=\"").map(|rest| rest.split('"').next().unwrap()).find(|to| to.ends_with("/remove"));
        browser.submit(remove.unwrap(), &[]).await.leads_to();
        assert!(!browser.open(&set).await.text().contains("The people in Crew"));
        let edit = format!("{set}/edit");
        browser.submit(&edit, &[("label", "")]).await.expect(400).says(&["Write 1 to 255 characters"]);
        browser.submit(&edit, &[("label", "Watch")]).await.leads_to();

        let id = |page: &str| page.rsplit('/').next().unwrap().to_owned();
        let (role_id, set_id) = (id(&role), id(&set));
        let mut wanted = vec![("person", "grace"), ("role", role_id.as_str())];
        browser.submit(NEW, &wanted).await.expect(400).says(&["Choose what the role reaches."]);
        wanted.push(("set", set_id.as_str()));
        browser.submit(NEW, &wanted).await.expect(200).says(&["Give Front desk to Grace Hopper", "What is in Watch"]);
        let held = browser.submit(GIVE, &wanted).await.leads_to().to_owned();
        browser.open(&held).await.expect(200).says(&["Reset passwords.", "Watch"]);
        browser.open(&set).await.expect(200).says(&["Grace Hopper", "A role reaches this set"]);
        browser.open(&role).await.expect(200).says(&["Held by one person or group", "The role is in use"]);
        assert_eq!(browser.open(&format!("{role}/delete")).await.leads_to(), role);
        assert_eq!(browser.open(&format!("{set}/delete")).await.leads_to(), set);
        browser.submit(&format!("{role}/delete"), &[]).await.expect(403);
        browser.submit(&format!("{set}/delete"), &[]).await.expect(403);
        let end = format!("{set}/bindings/{role_id}/end");
        browser.open(&end).await.expect(200).says(&["End Front desk over Watch", "Grace Hopper"]);
        browser.submit(&end, &[]).await.leads_to();
        browser.open(&held).await.expect(404);
        for (page, list) in [(&role, ROLES), (&set, SETS)] {
            let delete = format!("{page}/delete");
            browser.open(&delete).await.expect(200).says(&["This cannot be undone."]);
            assert_eq!(browser.submit(&delete, &[]).await.leads_to(), list);
            browser.open(page).await.expect(404);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_offered_or_gives_what_they_do_not_hold() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let hal = harbour.with_sign_in(&harbour.hal).await;
        let role = json!({ "label": "Giver", "description": "", "permissions": ["okta.iam.manage"] });
        let role = harbour.app.post("/api/v1/iam/roles", &harbour.super_token, &role).await.expect(200).json();
        let set = json!({ "label": "Iam", "description": "", "resources": ["/api/v1/iam"] });
        let set = harbour.app.post("/api/v1/iam/resource-sets", &harbour.super_token, &set).await.expect(200).json();
        let body = json!({ "type": "CUSTOM", "role": role["id"], "resource-set": set["id"] });
        let path = format!("/api/v1/users/{}/roles", harbour.hal.id);
        harbour.app.post(&path, &harbour.super_token, &body).await.expect(201);
        let mut browser = Browser::of(&harbour.app, &hal).await;
        let offered = browser.open(NEW).await.expect(200);
        offered.says(&["value=\"HELP_DESK_ADMIN\"", "Giver"]);
        for not in ["SUPER_ADMIN", "ORG_ADMIN", "USER_ADMIN"] {
            assert!(!offered.text().contains(&format!("value=\"{not}\"")), "{not}");
            let forged = [("person", "grace"), ("role", not)];
            browser.submit(GIVE, &forged).await.expect(400).says(&["Choose one of the roles"]);
        }
        let new = browser.open(&format!("{ROLES}/new")).await.expect(200);
        assert!(!new.text().contains("okta.policies.manage"), "not held, not offered");
        let forged = [("label", "Mine"), ("permission", "okta.policies.manage")];
        browser.submit(&format!("{ROLES}/new"), &forged).await.expect(400).says(&["Tick at least one"]);
        // Ada is above him: her role is seen, and not his to take.
        let ada = harbour.held(&format!("/api/v1/users/{}", harbour.ada.id)).await;
        let env = harbour.app.app.env();
        let store = &harbour.app.app.store;
        let another = store.write(harbour.ada.org, |tx| tx.assign_role(harbour.grace.id, Role::Super, "test", &env));
        another.await.unwrap();
        assert!(!browser.open(&ada).await.expect(200).text().contains("/take"));
        browser.submit(&format!("{ada}/take"), &[]).await.expect(403);
        // To somebody above him he gives nothing, not even what he holds.
        browser.submit(GIVE, &[("person", "ada@harbour.example"), ("role", "HELP_DESK_ADMIN")]).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_a_role_with_a_page_open_is_refused_kindly_at_once() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let hal = harbour.with_sign_in(&harbour.hal).await;
        let (mut boss, mut desk) =
            (Browser::of(&harbour.app, &harbour.ada).await, Browser::of(&harbour.app, &hal).await);
        let page = format!("/admin/people/{}", harbour.grace.id);
        let suspend = format!("{page}/lifecycle/suspend");
        desk.open(&page).await.expect(200).says(&[&suspend]);
        // With another role left, the page says that this one does not allow it.
        let (env, store) = (harbour.app.app.env(), &harbour.app.app.store);
        let another = store.write(harbour.ada.org, |tx| tx.assign_role(harbour.hal.id, Role::Report, "test", &env));
        another.await.unwrap();
        let held = harbour.held(&format!("/api/v1/users/{}", harbour.hal.id)).await;
        boss.submit(&format!("{held}/take"), &[]).await.leads_to();
        desk.submit(&suspend, &[]).await.expect(403).says(&["Your role does not allow this", "Nothing was changed."]);
        // With none, that the console is not theirs any more.
        let held = harbour.held(&format!("/api/v1/users/{}", harbour.hal.id)).await;
        boss.submit(&format!("{held}/take"), &[]).await.leads_to();
        let refused = desk.submit(&suspend, &[]).await.expect(403);
        refused.says(&["The console is for administrators", "Nothing was changed."]);
        assert_eq!(harbour.events("core.access.denied").await.len(), 2);
        let grace = harbour.app.get(&format!("/api/v1/users/{}", harbour.grace.id), &harbour.super_token).await;
        assert_eq!(grace.expect(200).json()["status"], "ACTIVE");
    }
}
