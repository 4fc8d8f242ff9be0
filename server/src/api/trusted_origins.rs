//! Trusted web origins: whose pages may call the API in the name of who is signed in, be led back to, or frame our pages.

mod http;

use postern_authn::audit::{EventType, Target};
use postern_authn::network::OriginDraft;
use postern_authn::permission::right;
use postern_codes::Env;
use postern_codes::id::{Id, TrustedOrigin as TrustedOriginKind};
use postern_store::trusted_origins::{OriginQuery, Taken, TrustedOrigin};
use postern_store::{Error, Tx};

pub use http::{routes, shown};

use crate::App;
use crate::api::caller::{Allowed, Caller};
use crate::api::change::{Outcome, change};
use crate::api::error::ApiError;

/// Trusts an origin.
///
/// # Errors
/// 400 where its name or the origin is taken.
pub async fn create(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    draft: &OriginDraft,
) -> Result<TrustedOrigin, ApiError> {
    let env = app.env();
    let made = app.store.write(by.org, |tx| {
        let id = match tx.insert_trusted_origin(draft, by.user().as_str(), &env)? {
            Ok(id) => id,
            Err(taken) => return Ok(Err(refused(taken))),
        };
        let made = named(tx, id.as_str())?;
        if let Ok(origin) = &made {
            record(tx, by, EventType::TrustedOriginCreate, origin, &env)?;
        }
        Ok(made)
    });
    app.perimeter.changed(made).await?
}

/// Makes another trusted origin of this one; whether it is active stays.
///
/// # Errors
/// 404 where there is none, 400 where the name or the origin is taken.
pub async fn replace(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    which: &str,
    draft: &OriginDraft,
) -> Result<TrustedOrigin, ApiError> {
    edit(app, by, which, |_| Ok(draft.clone())).await
}

/// The same, where `wanted` makes of what it is what it shall be.
///
/// # Errors
/// As [`replace`], and those of `wanted`.
pub async fn edit(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    which: &str,
    wanted: impl Fn(&TrustedOrigin) -> Result<OriginDraft, ApiError>,
) -> Result<TrustedOrigin, ApiError> {
    alter(app, by, which, EventType::TrustedOriginUpdate, |tx, origin, env| {
        let draft = match wanted(origin) {
            Ok(draft) => draft,
            Err(refused) => return Ok(Err(refused)),
        };
        let taken = tx.set_trusted_origin(origin.id, &draft, by.user().as_str(), env.now)?;
        Ok(taken.map_or(Ok(()), |taken| Err(refused(taken))))
    })
    .await
}

/// Has an origin be trusted, or not for now. To repeat it changes nothing.
///
/// # Errors
/// 404 where there is none.
pub async fn set_active(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    which: &str,
    is_active: bool,
) -> Result<TrustedOrigin, ApiError> {
    let kind = if is_active { EventType::TrustedOriginActivate } else { EventType::TrustedOriginDeactivate };
    alter(app, by, which, kind, |tx, origin, env| {
        tx.set_origin_status(origin.id, is_active, by.user().as_str(), env.now).map(Ok)
    })
    .await
}

/// Trusts an origin no longer.
///
/// # Errors
/// 404 where there is none.
pub async fn delete(app: &App, by: &Allowed<right::TrustedOriginsManage>, which: &str) -> Result<(), ApiError> {
    let deleted = change(app, by, (named, which), |tx, origin, env| {
        tx.delete_trusted_origin(origin.id, env.now)?;
        record(tx, by, EventType::TrustedOriginDelete, origin, env)?;
        Ok(Ok(()))
    });
    app.perimeter.changed(deleted).await
}

/// Trusted origins, one more than `limit` where there are more.
///
/// # Errors
/// Of the database.
pub async fn list(
    app: &App,
    by: &Allowed<right::TrustedOriginsRead>,
    query: &OriginQuery,
    limit: u32,
) -> Result<Vec<TrustedOrigin>, ApiError> {
    Ok(app.store.read(by.org, |tx| tx.trusted_origins(query, limit.saturating_add(1))).await?)
}

/// One trusted origin.
///
/// # Errors
/// 404 where there is none.
pub async fn origin(
    app: &App,
    by: &Allowed<right::TrustedOriginsRead>,
    which: &str,
) -> Result<TrustedOrigin, ApiError> {
    app.store.read(by.org, |tx| named(tx, which)).await?
}

async fn alter(
    app: &App,
    by: &Allowed<right::TrustedOriginsManage>,
    which: &str,
    kind: EventType,
    act: impl Fn(&mut Tx<'_>, &TrustedOrigin, &Env) -> Outcome<()>,
) -> Result<TrustedOrigin, ApiError> {
    let altered = change(app, by, (named, which), |tx, origin, env| {
        let is_so = match kind {
            EventType::TrustedOriginActivate => origin.is_active,
            EventType::TrustedOriginDeactivate => !origin.is_active,
            _ => false,
        };
        if !is_so {
            if let Err(refused) = act(tx, origin, env)? {
                return Ok(Err(refused));
            }
            record(tx, by, kind, origin, env)?;
        }
        named(tx, which)
    });
    app.perimeter.changed(altered).await
}

fn named(tx: &mut Tx<'_>, which: &str) -> Outcome<TrustedOrigin> {
    let found = match which.parse::<Id<TrustedOriginKind>>() {
        Ok(id) => tx.trusted_origin(id)?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| ApiError::not_found::<TrustedOriginKind>(which)))
}

fn record(tx: &mut Tx<'_>, by: &Caller, kind: EventType, origin: &TrustedOrigin, env: &Env) -> Result<(), Error> {
    let target = Target::new("TrustedOrigin", origin.id, origin.origin.as_str(), origin.name.as_str());
    tx.record(&by.success(kind).target(target), env)
}

fn refused(taken: Taken) -> ApiError {
    let member = match taken {
        Taken::Name => "name",
        Taken::Origin => "origin",
    };
    let cause = format!("{member}: An object with this field already exists in the current organization");
    ApiError::validation(member, [cause])
}
