//! Roles that an organisation makes, resource sets, bindings, group targets: what is answered, refused and written down.

use axum::http::Method;
use postern_authn::group::{GroupKind, GroupProfile};
use postern_authn::permission::Role;
use postern_authn::user::{Profile, Status, User};
use postern_codes::Id;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::Answer;
use crate::staff::{Member, Staff};

impl Staff {
    pub async fn as_root(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.app.call(method, path, &self.root.token, body).await
    }

    pub async fn role(&self, label: &str, permissions: &[&str]) -> String {
        let body = json!({ "label": label, "description": "For tests", "permissions": permissions });
        let made = self.as_root(Method::POST, "/api/v1/iam/roles", &body).await.expect(200).json();
        made["id"].as_str().unwrap().to_owned()
    }

    pub async fn set(&self, label: &str, resources: &[String]) -> String {
        let body = json!({ "label": label, "description": "For tests", "resources": resources });
        let made = self.as_root(Method::POST, "/api/v1/iam/resource-sets", &body).await.expect(200).json();
        made["id"].as_str().unwrap().to_owned()
    }

    /// Somebody who holds a role of the organisation's own over a resource set.
    pub async fn holder(&self, name: &str, role: &str, set: &str) -> Member {
        let member = self.with(name, &[]).await;
        let body = json!({ "type": "CUSTOM", "role": role, "resource-set": set });
        let path = format!("/api/v1/users/{}/roles", member.id);
        self.as_root(Method::POST, &path, &body).await.expect(201);
        member
    }

    pub async fn group_of(&self, name: &str, members: &[&Member]) -> String {
        let body = json!({ "profile": { "name": name } });
        let made = self.as_root(Method::POST, "/api/v1/groups", &body).await.expect(200).json();
        let id = made["id"].as_str().unwrap().to_owned();
        for member in members {
            let path = format!("/api/v1/groups/{id}/users/{}", member.id);
            self.as_root(Method::PUT, &path, &Value::Null).await.expect(204);
        }
        id
    }

    pub async fn event_of(&self, kind: &str, result: &str) -> Value {
        let path =
            format!("/api/v1/logs?limit=1&filter=eventType+eq+%22{kind}%22+and+outcome.result+eq+%22{result}%22");
        self.app.get(&path, &self.root.token).await.expect(200).json()[0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_bound_held_and_taken() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let role = staff.role("Reset desk", &["okta.users.read", "okta.users.credentials.resetPassword"]).await;
        assert_eq!(staff.event_of("iam.role.create", "SUCCESS").await["outcome"]["result"], "SUCCESS");
        let by_label = staff.as_root(Method::GET, "/api/v1/iam/roles/Reset%20desk", &Value::Null).await.expect(200);
        assert_eq!(by_label.json()["id"], role.as_str());
        let taken = json!({ "label": "RESET DESK", "description": "", "permissions": [] });
        staff.as_root(Method::POST, "/api/v1/iam/roles", &taken).await.refused(400, "E0000001");

        let eve = staff.with("eve", &[]).await;
        let group = staff.group_of("Sales", &[&eve]).await;
        let set = staff.set("Sales people", &[format!("https://acme.example/api/v1/groups/{group}/users")]).await;
        let resources = format!("/api/v1/iam/resource-sets/{set}/resources");
        let held = staff.as_root(Method::GET, &resources, &Value::Null).await.expect(200).json();
        let orn = format!("orn:okta:directory:{}:groups:{group}:contained_resources", staff.org);
        assert_eq!(held["resources"][0]["orn"], orn.as_str());

        let desk = staff.holder("desk", &role, &set).await;
        let roles = format!("/api/v1/users/{}/roles", desk.id);
        let listed = staff.as_root(Method::GET, &roles, &Value::Null).await.expect(200).json();
        assert_eq!((&listed[0]["type"], &listed[0]["role"]), (&json!("CUSTOM"), &json!(role)));
        assert_eq!(listed[0]["label"], "Reset desk");
        let again = json!({ "type": "CUSTOM", "role": role, "resource-set": set });
        staff.as_root(Method::POST, &roles, &again).await.refused(409, "E0000090");

        // Only who is in the group is seen.
        let seen = staff.app.get("/api/v1/users", &desk.token).await.expect(200).json();
        let seen: Vec<_> = seen.as_array().unwrap().iter().map(|person| person["id"].clone()).collect();
        assert_eq!(seen, [json!(eve.id)]);
        staff.app.get(&format!("/api/v1/users/{}", eve.id), &desk.token).await.expect(200);
        staff.app.get(&format!("/api/v1/users/{}", staff.root.id), &desk.token).await.refused(404, "E0000007");

        // In use, neither can go.
        staff
            .as_root(Method::DELETE, &format!("/api/v1/iam/roles/{role}"), &Value::Null)
            .await
            .refused(403, "E0000107");
        let set_path = format!("/api/v1/iam/resource-sets/{set}");
        staff.as_root(Method::DELETE, &set_path, &Value::Null).await.refused(403, "E0000107");

        let members = format!("{set_path}/bindings/{role}/members");
        let found = staff.as_root(Method::GET, &members, &Value::Null).await.expect(200).json();
        let member = found["members"][0]["id"].as_str().unwrap().to_owned();
        assert!(found["members"][0]["_links"]["self"]["href"].as_str().unwrap().ends_with(desk.id.as_str()));
        staff.as_root(Method::DELETE, &format!("{members}/{member}"), &Value::Null).await.expect(204);
        staff.app.get("/api/v1/users", &desk.token).await.refused(403, "E0000006");
        staff.as_root(Method::GET, &format!("{members}/{member}"), &Value::Null).await.refused(404, "E0000007");

        staff.as_root(Method::DELETE, &format!("{set_path}/bindings/{role}"), &Value::Null).await.expect(204);
        staff.as_root(Method::DELETE, &set_path, &Value::Null).await.expect(204);
        staff.as_root(Method::DELETE, &format!("/api/v1/iam/roles/{role}"), &Value::Null).await.expect(204);
        for gone in [set_path, format!("/api/v1/iam/roles/{role}")] {
            staff.as_root(Method::GET, &gone, &Value::Null).await.refused(404, "E0000007");
        }
        for kind in ["iam.role.delete", "iam.resourceset.delete", "iam.resourceset.bindings.delete"] {
            assert_eq!(staff.event_of(kind, "SUCCESS").await["outcome"]["result"], "SUCCESS", "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_come_and_go_and_conditions_are_checked() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let role = staff.role("Reader", &["okta.users.read"]).await;
        let path = |name: &str| format!("/api/v1/iam/roles/{role}/permissions/{name}");
        let include = json!({ "conditions": { "include": { "okta:ResourceAttribute/User/Profile": ["city"] } } });
        let put = staff.as_root(Method::PUT, &path("okta.users.read"), &include).await.expect(200).json();
        assert_eq!(put["conditions"], include["conditions"]);
        assert_eq!(
            staff.event_of("iam.role.permission.conditions.add", "SUCCESS").await["outcome"]["result"],
            "SUCCESS"
        );
        staff.as_root(Method::POST, &path("okta.groups.read"), &Value::Null).await.expect(204);
        staff.as_root(Method::POST, &path("okta.groups.read"), &Value::Null).await.refused(400, "E0000001");
        for (name, body) in [
            ("okta.groups.manage", include.clone()),
            ("okta.users.manage", json!({ "conditions": { "include": {} } })),
            ("okta.nothing", Value::Null),
            (
                "okta.users.read",
                json!({ "conditions": { "exclude": { "okta:ResourceAttribute/User/Profile": ["login"] } } }),
            ),
        ] {
            staff.as_root(Method::POST, &path(name), &body).await.refused(400, "E0000001");
        }
        staff.as_root(Method::PUT, &path("okta.users.manage"), &Value::Null).await.refused(404, "E0000007");
        let all = staff.as_root(Method::GET, &format!("/api/v1/iam/roles/{role}/permissions"), &Value::Null).await;
        assert_eq!(all.expect(200).json()["permissions"].as_array().unwrap().len(), 2);
        staff.as_root(Method::DELETE, &path("okta.users.read"), &Value::Null).await.expect(204);
        staff.as_root(Method::GET, &path("okta.users.read"), &Value::Null).await.refused(404, "E0000007");
        staff.as_root(Method::DELETE, &path("okta.users.read"), &Value::Null).await.refused(404, "E0000007");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_excluded_attribute_is_neither_shown_nor_searched_nor_changed() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let eve = staff.with("eve", &[]).await;
        let eve_path = format!("/api/v1/users/{}", eve.id);
        let phone = json!({ "profile": { "mobilePhone": "+1 555 0100" } });
        staff.as_root(Method::POST, &eve_path, &phone).await.expect(200);
        let permissions = ["okta.users.read", "okta.users.userprofile.manage"];
        let role = staff.role("No phones", &permissions).await;
        let hidden = json!({ "conditions": { "exclude": { "okta:ResourceAttribute/User/Profile": ["mobilePhone"] } } });
        for name in permissions {
            let path = format!("/api/v1/iam/roles/{role}/permissions/{name}");
            staff.as_root(Method::PUT, &path, &hidden).await.expect(200);
        }
        let set = staff.set("Everybody", &["/api/v1/users".to_owned()]).await;
        let desk = staff.holder("desk", &role, &set).await;

        for path in [&eve_path, "/api/v1/users"] {
            let shown = staff.app.get(path, &desk.token).await.expect(200).text();
            assert!(!shown.contains("555") && shown.contains("eve@acme.example"), "{path}: {shown}");
        }
        staff.app.get("/api/v1/users/export", &desk.token).await.refused(403, "E0000006");
        let search = "/api/v1/users?search=profile.mobilePhone+pr";
        staff.app.get(search, &desk.token).await.refused(400, "E0000031");
        staff.app.get(search, &staff.root.token).await.expect(200);
        let change = json!({ "profile": { "mobilePhone": "+1 555 0199" } });
        staff.app.post(&eve_path, &desk.token, &change).await.refused(403, "E0000006");
        let name = json!({ "profile": { "firstName": "Eva" } });
        let changed = staff.app.post(&eve_path, &desk.token, &name).await.expect(200).text();
        assert!(changed.contains("Eva") && !changed.contains("555"), "{changed}");
        let kept = staff.app.get(&eve_path, &staff.root.token).await.expect(200).json();
        assert_eq!(kept["profile"]["mobilePhone"], "+1 555 0100");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resource_sets_take_what_is_there_and_nothing_else() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let set = staff.set("Things", &[]).await;
        let path = format!("/api/v1/iam/resource-sets/{set}/resources");
        for wrong in [
            "https://acme.example/api/v1/apps".to_owned(),
            "/api/v1/users/00u00000000000000000".to_owned(),
            format!("orn:okta:directory:{}x:users", staff.org),
            String::new(),
        ] {
            staff.as_root(Method::PATCH, &path, &json!({ "additions": [wrong] })).await.refused(400, "E0000001");
        }
        let conditions = json!({ "Exclude": { "okta:ORN": ["orn:okta:idp:x:apps:y"] } });
        let body = json!({ "resourceOrnOrUrl": "/api/v1/users", "conditions": conditions });
        staff.as_root(Method::POST, &path, &body).await.refused(400, "E0000001");
        let body = json!({ "resourceOrnOrUrl": "/api/v1/users", "conditions": {} });
        let made = staff.as_root(Method::POST, &path, &body).await.expect(200).json();
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        staff.as_root(Method::PUT, &one, &json!({ "conditions": {} })).await.expect(200);
        staff.as_root(Method::GET, &one, &Value::Null).await.expect(200);
        staff.as_root(Method::DELETE, &one, &Value::Null).await.expect(204);
        staff.as_root(Method::GET, &one, &Value::Null).await.refused(404, "E0000007");
        let many: Vec<String> = (0..1001).map(|_| "/api/v1/users".to_owned()).collect();
        staff.as_root(Method::PATCH, &path, &json!({ "additions": many })).await.refused(400, "E0000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_a_group_is_held_by_those_in_it() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let eve = staff.with("eve", &[]).await;
        let group = staff.group_of("Desk", &[&eve]).await;
        let roles = format!("/api/v1/groups/{group}/roles");
        staff.app.get("/api/v1/devices", &eve.token).await.refused(403, "E0000006");
        let body = json!({ "type": "HELP_DESK_ADMIN" });
        let given = staff.as_root(Method::POST, &roles, &body).await.expect(200).json();
        assert_eq!(given["assignmentType"], "GROUP");
        staff.app.get("/api/v1/devices", &eve.token).await.expect(200);
        staff.as_root(Method::POST, &roles, &body).await.refused(409, "E0000263");
        let everyone = staff.as_root(Method::GET, "/api/v1/groups", &Value::Null).await.json();
        let everyone = everyone.as_array().unwrap().iter().find(|group| group["type"] == "BUILT_IN").unwrap();
        let built_in = format!("/api/v1/groups/{}/roles", everyone["id"].as_str().unwrap());
        staff.as_root(Method::POST, &built_in, &body).await.refused(400, "E0000211");

        let own = format!("/api/v1/users/{}/roles", eve.id);
        let held = staff.as_root(Method::GET, &own, &Value::Null).await.expect(200).json();
        assert_eq!(held[0]["assignmentType"], "GROUP");
        let id = held[0]["id"].as_str().unwrap().to_owned();
        staff.as_root(Method::DELETE, &format!("{own}/{id}"), &Value::Null).await.refused(403, "E0000006");
        let assignees =
            staff.as_root(Method::GET, "/api/v1/iam/assignees/users", &Value::Null).await.expect(200).json();
        let ids: Vec<_> = assignees["value"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, [json!(staff.root.id), json!(eve.id)]);
        let first = staff.as_root(Method::GET, "/api/v1/iam/assignees/users?limit=1", &Value::Null).await.json();
        assert!(first["_links"]["next"]["href"].as_str().unwrap().contains("after="), "{first}");

        // Out of the group, or the role gone: at the next request.
        staff.as_root(Method::DELETE, &format!("{roles}/{id}"), &Value::Null).await.expect(204);
        staff.app.get("/api/v1/devices", &eve.token).await.refused(403, "E0000006");
        for kind in ["group.privilege.grant", "group.privilege.revoke"] {
            assert_eq!(staff.event_of(kind, "SUCCESS").await["outcome"]["result"], "SUCCESS", "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_too_large_to_look_at_holds_no_role() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.group_of("Many", &[]).await;
        let (env, id) = (staff.app.app.env(), group.parse().unwrap());
        let filled = staff.app.app.store.write(staff.org, |tx| {
            for number in 0..=5000 {
                let profile = Profile {
                    first_name: "Many".into(),
                    last_name: "Example".into(),
                    email: format!("many{number}@acme.example"),
                    further: std::collections::BTreeMap::new(),
                };
                let login = profile.email.parse().unwrap();
                let user = User::new(Id::new(&env), login, profile, Status::Active, env.now);
                tx.insert_user(&user, "TEST", "system", &env)?;
                tx.add_member(id, user.id, env.now)?;
            }
            Ok(())
        });
        filled.await.unwrap();
        let path = format!("/api/v1/groups/{group}/roles");
        let body = json!({ "type": "READ_ONLY_ADMIN" });
        staff.as_root(Method::POST, &path, &body).await.refused(400, "E0000193");
        let stats = format!("/api/v1/groups/{group}?expand=stats");
        let stats = staff.as_root(Method::GET, &stats, &Value::Null).await.expect(200).json();
        assert_eq!(stats["_embedded"]["stats"]["usersCount"], 5001);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_limited_to_a_hundred_groups_at_most() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        let roles = format!("/api/v1/users/{}/roles", desk.id);
        let held = staff.as_root(Method::GET, &roles, &Value::Null).await.json();
        let targets = format!("{roles}/{}/targets/groups", held[0]["id"].as_str().unwrap());
        let env = staff.app.app.env();
        let made = staff.app.app.store.write(staff.org, |tx| {
            let mut made = Vec::new();
            for number in 0..=100 {
                let profile = GroupProfile::new(&format!("Group {number}"), "").unwrap();
                made.extend(tx.insert_group(GroupKind::Own, &profile, &env)?);
            }
            Ok(made)
        });
        let made = made.await.unwrap();
        for group in &made[..100] {
            staff.as_root(Method::PUT, &format!("{targets}/{group}"), &Value::Null).await.expect(204);
        }
        let more = format!("{targets}/{}", made[100]);
        staff.as_root(Method::PUT, &more, &Value::Null).await.refused(400, "E0000093");
        // One that is there already is no more.
        staff.as_root(Method::PUT, &format!("{targets}/{}", made[0]), &Value::Null).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_says_whether_it_gives_a_role() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.group_of("Desk", &[]).await;
        let path = format!("/api/v1/groups/{group}");
        let has_privilege = async || {
            let shown = staff.as_root(Method::GET, &format!("{path}?expand=stats"), &Value::Null).await;
            shown.expect(200).json()["_embedded"]["stats"]["hasAdminPrivilege"].clone()
        };
        assert_eq!(has_privilege().await, false);
        let body = json!({ "type": "HELP_DESK_ADMIN" });
        let given = staff.as_root(Method::POST, &format!("{path}/roles"), &body).await.expect(200).json();
        assert_eq!(has_privilege().await, true);
        let role = format!("{path}/roles/{}", given["id"].as_str().unwrap());
        staff.as_root(Method::DELETE, &role, &Value::Null).await.expect(204);
        assert_eq!(has_privilege().await, false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_limited_to_groups_and_stays_limited() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (eve, bob) = (staff.with("eve", &[]).await, staff.with("bob", &[]).await);
        let (sales, other) = (staff.group_of("Sales", &[&eve]).await, staff.group_of("Other", &[&bob]).await);
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        let roles = format!("/api/v1/users/{}/roles", desk.id);
        let held = staff.as_root(Method::GET, &roles, &Value::Null).await.json();
        let one = format!("{roles}/{}", held[0]["id"].as_str().unwrap());
        let suspend = |who: &Member| format!("/api/v1/users/{}/lifecycle/suspend", who.id);
        let put = staff.as_root(Method::PUT, &format!("{one}/targets/groups/{sales}"), &Value::Null).await;
        put.expect(204);
        staff.app.post(&suspend(&bob), &desk.token, &Value::Null).await.refused(404, "E0000007");
        staff.app.post(&suspend(&eve), &desk.token, &Value::Null).await.expect(200);
        let groups = staff.app.get("/api/v1/groups", &desk.token).await.expect(200).json();
        assert_eq!(groups.as_array().unwrap().len(), 1);
        assert_eq!(groups[0]["id"], sales.as_str());
        staff.app.get(&format!("/api/v1/groups/{other}"), &desk.token).await.refused(404, "E0000007");

        let targets = format!("{one}/targets/groups");
        let listed = staff.as_root(Method::GET, &targets, &Value::Null).await.expect(200).json();
        assert_eq!(listed[0]["id"], sales.as_str());
        // By the Base32 of its name, as the contract has it.
        let by_name = format!("{roles}/{}/targets", "JBCUYUC7IRCVGS27IFCE2SKO");
        let orns = staff.as_root(Method::GET, &by_name, &Value::Null).await.expect(200).json();
        assert_eq!(orns[0]["orn"], format!("orn:okta:directory:{}:groups:{sales}", staff.org));
        staff.as_root(Method::DELETE, &format!("{targets}/{other}"), &Value::Null).await.refused(404, "E0000007");
        staff.as_root(Method::DELETE, &format!("{targets}/{sales}"), &Value::Null).await.refused(403, "E0000107");
        staff.as_root(Method::PUT, &format!("{targets}/{other}"), &Value::Null).await.expect(204);
        staff.as_root(Method::DELETE, &format!("{targets}/{sales}"), &Value::Null).await.expect(204);

        // The last group goes: nothing is left, not everything.
        staff.as_root(Method::DELETE, &format!("/api/v1/groups/{other}"), &Value::Null).await.expect(204);
        staff.app.get("/api/v1/users", &desk.token).await.refused(403, "E0000006");

        let boss = staff.with("boss", &[Role::Org]).await;
        let held = staff.as_root(Method::GET, &format!("/api/v1/users/{}/roles", boss.id), &Value::Null).await.json();
        let of_boss = format!("/api/v1/users/{}/roles/{}", boss.id, held[0]["id"].as_str().unwrap());
        let wrong = staff.as_root(Method::PUT, &format!("{of_boss}/targets/groups/{sales}"), &Value::Null).await;
        wrong.refused(400, "E0000091");
    }
}
