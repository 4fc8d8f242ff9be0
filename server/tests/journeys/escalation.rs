//! Ways up that are closed: nobody grants what they do not hold, nor reaches further by a detour.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_authn::policy::password::Lockout;
use postern_authn::user::Lifecycle;
use postern_store::attempts::{Browser, MOST_IN_A_ROW, Wrong};
use postern_store::roles::Loss;
use postern_store::scratch;
use postern_store::users::Failure;
use serde_json::{Value, json};

use crate::staff::{Member, Staff};

/// A role of the organisation's own that gives roles, held over everything about roles and people.
async fn keeper(staff: &Staff, name: &str, permissions: &[&str]) -> (Member, String, String) {
    let role = staff.role(&format!("Keeper {name}"), &[&["okta.iam.manage"], permissions].concat()).await;
    let all = ["/api/v1/iam", "/api/v1/users", "/api/v1/groups"].map(str::to_owned);
    let set = staff.set(&format!("All {name}"), &all).await;
    (staff.holder(name, &role, &set).await, role, set)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_what_they_do_not_hold() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (kim, role, set) = keeper(&staff, "kim", &["okta.users.read"]).await;
        let eve = staff.with("eve", &[]).await;
        let call = |method, path: String, body: Value| staff_call(&staff, &kim, method, path, body);
        let roles = format!("/api/v1/users/{}/roles", eve.id);
        for wanted in Role::ALL {
            let wanted = json!({ "type": wanted.as_str() });
            call(Method::POST, roles.clone(), wanted).await.refused(403, "E0000006");
        }
        // Their own role widened, for themselves and for all who hold it.
        let permission = |name: &str| format!("/api/v1/iam/roles/{role}/permissions/{name}");
        call(Method::POST, permission("okta.users.manage"), Value::Null).await.refused(403, "E0000006");
        let resources = format!("/api/v1/iam/resource-sets/{set}/resources");
        call(Method::PATCH, resources, json!({ "additions": ["/api/v1/logs"] })).await.expect(200);
        call(Method::POST, permission("okta.logs.read"), Value::Null).await.refused(403, "E0000006");
        // A new role of what they do not hold.
        let body = json!({ "label": "More", "description": "", "permissions": ["okta.users.manage"] });
        call(Method::POST, "/api/v1/iam/roles".into(), body).await.refused(403, "E0000006");
        // A role of others that holds more, by a binding or as a member of one.
        let strong = staff.role("Strong", &["okta.users.manage"]).await;
        let address = format!("/api/v1/users/{}", kim.id);
        let body = json!({ "role": strong, "members": [address] });
        call(Method::POST, format!("/api/v1/iam/resource-sets/{set}/bindings"), body).await.refused(403, "E0000006");
        let bound = json!({ "role": strong, "members": [] });
        let bindings = format!("/api/v1/iam/resource-sets/{set}/bindings");
        staff.as_root(Method::POST, &bindings, &bound).await.expect(200);
        let members = format!("{bindings}/{strong}/members");
        call(Method::PATCH, members, json!({ "additions": [address] })).await.refused(403, "E0000006");
        let custom = json!({ "type": "CUSTOM", "role": strong, "resource-set": set });
        call(Method::POST, roles, custom).await.refused(403, "E0000006");
        // What they hold, they give.
        let custom = json!({ "type": "CUSTOM", "role": role, "resource-set": set });
        call(Method::POST, format!("/api/v1/users/{}/roles", eve.id), custom).await.expect(201);
        let refused = staff.event_of("iam.role.permissions.add", "FAILURE").await;
        assert_eq!(refused["outcome"], json!({ "result": "FAILURE", "reason": "beyond" }));
    }
}

async fn staff_call(staff: &Staff, who: &Member, method: Method, path: String, body: Value) -> crate::app::Answer {
    staff.app.call(method, &path, &who.token, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_holds_a_role_is_no_way_up() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let boss = staff.with("boss", &[Role::Org]).await;
        let (eve, desk) = (staff.with("eve", &[]).await, staff.with("desk", &[Role::GroupMembership]).await);
        let group = staff.group_of("Strong", &[]).await;
        let body = json!({ "type": "SUPER_ADMIN" });
        staff.as_root(Method::POST, &format!("/api/v1/groups/{group}/roles"), &body).await.expect(200);
        for who in [&boss, &desk] {
            for member in [&boss, &eve] {
                let path = format!("/api/v1/groups/{group}/users/{}", member.id);
                staff.app.call(Method::PUT, &path, &who.token, &Value::Null).await.refused(403, "E0000006");
            }
        }
        let path = format!("/api/v1/groups/{group}");
        staff.app.call(Method::DELETE, &path, &boss.token, &Value::Null).await.refused(403, "E0000006");
        let made = json!({
            "profile": { "login": "new@acme.example", "email": "new@acme.example", "firstName": "N", "lastName": "N" },
            "groupIds": [group],
        });
        staff.app.post("/api/v1/users", &boss.token, &made).await.refused(403, "E0000006");
        // The super administrator may.
        let path = format!("/api/v1/groups/{group}/users/{}", eve.id);
        staff.as_root(Method::PUT, &path, &Value::Null).await.expect(204);
        staff.app.get("/api/v1/logs", &eve.token).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_fills_itself_holds_no_role() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let group = staff.group_of("Northerners", &[]).await;
        let rule = json!({
            "type": "group_rule",
            "name": "North",
            "conditions": { "expression": { "value": "user.city == \"Oslo\"", "type": "urn:okta:expression:1.0" } },
            "actions": { "assignUserToGroups": { "groupIds": [group] } },
        });
        staff.as_root(Method::POST, "/api/v1/groups/rules", &rule).await.expect(200);
        let roles = format!("/api/v1/groups/{group}/roles");
        staff.as_root(Method::POST, &roles, &json!({ "type": "HELP_DESK_ADMIN" })).await.refused(400, "E0000192");
        let reader = staff.role("Reader", &["okta.users.read"]).await;
        let set = staff.set("Everybody", &["/api/v1/users".to_owned()]).await;
        let body = json!({ "role": reader, "members": [format!("/api/v1/groups/{group}")] });
        let bindings = format!("/api/v1/iam/resource-sets/{set}/bindings");
        staff.as_root(Method::POST, &bindings, &body).await.refused(400, "E0000192");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_brings_others_into_their_own_reach() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (eve, bob) = (staff.with("eve", &[]).await, staff.with("bob", &[]).await);
        let sales = staff.group_of("Sales", &[&eve]).await;
        let desk = staff.with("desk", &[Role::GroupMembership, Role::HelpDesk]).await;
        let roles = format!("/api/v1/users/{}/roles", desk.id);
        let held = staff.as_root(Method::GET, &roles, &Value::Null).await.json();
        for one in held.as_array().unwrap() {
            let path = format!("{roles}/{}/targets/groups/{sales}", one["id"].as_str().unwrap());
            staff.as_root(Method::PUT, &path, &Value::Null).await.expect(204);
        }
        let path = format!("/api/v1/groups/{sales}/users/{}", bob.id);
        staff.app.call(Method::PUT, &path, &desk.token, &Value::Null).await.refused(403, "E0000006");
        let path = format!("/api/v1/groups/{sales}/users/{}", eve.id);
        staff.app.call(Method::DELETE, &path, &desk.token, &Value::Null).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_desk_reaches_no_administrator() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let desk = staff.with("desk", &[Role::HelpDesk]).await;
        for role in Role::ALL {
            let other = staff.with(&format!("other{role}"), &[*role]).await;
            let path = format!("/api/v1/users/{}/lifecycle/suspend", other.id);
            staff.app.post(&path, &desk.token, &Value::Null).await.refused(403, "E0000006");
        }
        let role = staff.role("Reader", &["okta.users.read"]).await;
        let set = staff.set("Everybody", &["/api/v1/users".to_owned()]).await;
        let reader = staff.holder("reader", &role, &set).await;
        let path = format!("/api/v1/users/{}/lifecycle/suspend", reader.id);
        staff.app.post(&path, &desk.token, &Value::Null).await.refused(403, "E0000006");
        let boss = staff.with("boss", &[Role::Org]).await;
        staff.app.post(&path, &boss.token, &Value::Null).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_super_administrator_stays_whatever_is_taken() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let eve = staff.with("eve", &[]).await;
        let group = staff.group_of("Supers", &[&eve]).await;
        let of_group = format!("/api/v1/groups/{group}/roles");
        let given = staff.as_root(Method::POST, &of_group, &json!({ "type": "SUPER_ADMIN" })).await.expect(200).json();
        // Two of them: root by herself, eve by her group. Root's own may go.
        let of_root = format!("/api/v1/users/{}/roles", staff.root.id);
        let held = staff.as_root(Method::GET, &of_root, &Value::Null).await.json();
        let own = format!("{of_root}/{}", held[0]["id"].as_str().unwrap());
        staff.app.call(Method::DELETE, &own, &eve.token, &Value::Null).await.expect(204);
        // Now whatever would take eve's is refused.
        let role = format!("{of_group}/{}", given["id"].as_str().unwrap());
        for path in [role, format!("/api/v1/groups/{group}/users/{}", eve.id), format!("/api/v1/groups/{group}")] {
            let refused = staff.app.call(Method::DELETE, &path, &eve.token, &Value::Null).await;
            refused.refused(403, "E0000006");
            assert!(refused.text().contains("last super administrator"), "{path}: {}", refused.text());
        }
        staff.app.get("/api/v1/logs", &eve.token).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_remove_each_other_one_stays() {
    for engine in scratch::engines() {
        for _ in 0..5 {
            let staff = Staff::new(engine).await;
            let other = staff.with("other", &[Role::Super]).await;
            let mut paths = Vec::new();
            for who in [&staff.root, &other] {
                let roles = format!("/api/v1/users/{}/roles", who.id);
                let held = staff.as_root(Method::GET, &roles, &Value::Null).await.json();
                paths.push(format!("{roles}/{}", held[0]["id"].as_str().unwrap()));
            }
            let take = |path, token| staff.app.call(Method::DELETE, path, token, &Value::Null);
            let (one, two) = tokio::join!(take(&paths[1], &staff.root.token), take(&paths[0], &other.token));
            let done = [&one, &two].into_iter().filter(|answer| answer.status == 204).count();
            assert_eq!(done, 1, "{} {}", one.text(), two.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_who_comes_in_by_themselves_stays_and_alarms_reach_every_super_administrator() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (env, root) = (staff.app.app.env(), staff.root.id);
        for (name, comes_in) in
            [("expired", true), ("locked", true), ("shut", false), ("guessed", false), ("recovering", false)]
        {
            let other = staff.with(name, &[Role::Super]).await;
            let judged = staff.app.app.store.write(staff.org, |tx| {
                let user = tx.user(other.id)?.expect("it is there");
                let lockout = tx.password_policy(user.id)?.password.lockout;
                let locks = |minutes| Lockout { max_attempts: 1, auto_unlock_minutes: minutes, ..lockout.clone() };
                let code = (Wrong::Code, Browser::Known);
                match name {
                    "expired" => drop(tx.move_user(&user, Lifecycle::ExpirePassword, env.now)?),
                    "recovering" => drop(tx.move_user(&user, Lifecycle::ResetPassword, env.now)?),
                    "locked" => drop(tx.attempt_failed(user.id, code, &locks(60), env.now)?),
                    "shut" => drop(tx.attempt_failed(user.id, code, &locks(0), env.now)?),
                    _ => {
                        let never = Lockout { max_attempts: 0, ..lockout };
                        for _ in 0..MOST_IN_A_ROW {
                            let wrong =
                                tx.attempt_failed(user.id, (Wrong::Password, Browser::Known), &never, env.now)?;
                            assert_eq!(wrong, Failure::Counted);
                        }
                        assert!(tx.end_password(user.id, env.now)?);
                    }
                }
                let told: Vec<_> = tx.super_administrators()?.iter().map(|person| person.id).collect();
                Ok((tx.leaves_no_super(Loss::User(root))?, tx.leaves_no_super(Loss::User(other.id))?, told))
            });
            let (root_is_last, other_is_last, told) = judged.await.unwrap();
            assert_eq!((root_is_last, other_is_last), (!comes_in, false), "{name}");
            assert_eq!(told, [root, other.id], "{name}");
            let gone = staff.app.app.store.write(staff.org, |tx| {
                for held in tx.role_assignments(other.id)? {
                    tx.take_role(held.id)?;
                }
                Ok(())
            });
            gone.await.unwrap();
        }
        // Where nobody comes in by themselves, the last at all stays.
        let ended = staff.app.app.store.write(staff.org, |tx| {
            let user = tx.user(root)?.expect("it is there");
            tx.move_user(&user, Lifecycle::ResetPassword, env.now)?;
            tx.leaves_no_super(Loss::User(root))
        });
        assert!(ended.await.unwrap());
    }
}
