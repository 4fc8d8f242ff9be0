//! An organisation with somebody of each role, each with an API token: for journeys that are about what comes after
//! signing in.

use postern_authn::org::OrgName;
use postern_authn::permission::Role;
use postern_authn::token::Grant;
use postern_authn::user::{Profile, Status, User};
use postern_codes::id::{Id, Org, User as UserKind};
use postern_server::api::tokens;
use postern_store::migrate::Engine;

use crate::app::TestApp;

/// Somebody and their token.
#[derive(Debug, Clone)]
pub struct Member {
    pub id: Id<UserKind>,
    pub login: String,
    pub token: String,
}

/// A server with an organisation.
pub struct Staff {
    pub app: TestApp,
    pub org: Id<Org>,
    /// The one super administrator.
    pub root: Member,
}

impl Staff {
    pub async fn new(engine: Engine) -> Self {
        Self::at(TestApp::new(engine).await).await
    }

    /// At a server of one's own.
    pub async fn at(app: TestApp) -> Self {
        let org = founded(&app, "Acme").await;
        let root = member(&app, org, "root", &[Role::Super]).await;
        Self { app, org, root }
    }

    /// Somebody new with these roles.
    pub async fn with(&self, name: &str, roles: &[Role]) -> Member {
        member(&self.app, self.org, name, roles).await
    }
}

/// Another organisation in the same database.
pub async fn founded(app: &TestApp, name: &str) -> Id<Org> {
    app.world.advance_seconds(1);
    let env = app.app.env();
    let (org, name) = (Id::new(&env), name.parse::<OrgName>().expect("a name"));
    app.scratch.store.write(org, |tx| tx.insert_org(&name, &env)).await.expect("an organisation");
    org
}

/// Somebody of an organisation.
pub async fn member(app: &TestApp, org: Id<Org>, name: &str, roles: &[Role]) -> Member {
    app.world.advance_seconds(1);
    let env = app.app.env();
    let login = format!("{name}@acme.example");
    let profile = Profile {
        first_name: name.into(),
        last_name: "Example".into(),
        email: login.clone(),
        further: std::collections::BTreeMap::new(),
    };
    let user = User::new(Id::new(&env), login.parse().expect("a login"), profile, Status::Active, env.now);
    let token_name = "journey".parse().expect("a name");
    let made = app.scratch.store.write(org, |tx| {
        assert!(tx.insert_user(&user, "TEST", "system", &env)?, "{login} is free");
        for role in roles {
            tx.assign_role(user.id, *role, "system", &env)?;
        }
        tokens::create(tx, &user, &token_name, &[Grant::ResetWithoutCase], &env)
    });
    Member { id: user.id, login: login.clone(), token: made.await.expect("a member").1.expose().clone() }
}
