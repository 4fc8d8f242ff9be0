//! What the perimeter goes by and what every page says, held in memory: read from the database when its number has risen, which is looked at every
//! few seconds. What this server changed itself holds at once; what another one changed, a few seconds later.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::Method;
use postern_authn::limit::LimitSettings;
use postern_authn::limit::requests::{Bucket, RequestSettings, SHARE};
use postern_authn::network::{AddressRange, OriginScope, Ranges, Usage};
use postern_codes::Timestamp;
use postern_codes::id::{ApiToken, Id, Org};
use postern_store::principal_limits::Share;
use postern_store::zones::{Blocklist, Zone};
use postern_store::{Error, Tx};

use super::counters::Counters;
use crate::App;
use crate::api::device_access::settings::DeviceDocument;
use crate::api::routes::Access;
use crate::console::help_desk::HelpDesk;
use crate::organisation::Organisation;

/// How long what was read is taken for true.
const FRESH: Duration = Duration::from_secs(5);

/// What holds for every request.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: Ranges,
    /// Whose is believed together with an API token.
    pub gateways: Ranges,
    /// Who is shut out.
    pub blocklist: Blocklist,
    /// Whose pages may call the API.
    origins: HashSet<String>,
    /// Where people may be led back to.
    returns: HashSet<String>,
    /// How many requests are served.
    pub limits: LimitSettings,
    /// What else is set about that.
    pub requests: RequestSettings,
    /// What pages say of the organisation.
    pub organisation: Organisation,
    /// How its help desk is reached, where that is set.
    pub help: Option<Arc<HelpDesk>>,
    shares: HashMap<Id<ApiToken>, Share>,
}

impl Rules {
    /// Whether the pages of an origin may call the API.
    pub fn may_call(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }

    /// Whether people may be led back to an origin.
    pub fn may_lead_to(&self, origin: &str) -> bool {
        self.returns.contains(origin)
    }

    /// What part of a limit a token may use up.
    pub fn share(&self, token: Id<ApiToken>) -> Share {
        self.shares.get(&token).copied().unwrap_or(Share { requests: SHARE, at_once: SHARE })
    }
}

/// The rules as this server last read them.
#[derive(Default)]
pub struct Perimeter {
    held: RwLock<Option<Held>>,
    /// One reads, the others wait for it.
    turn: tokio::sync::Mutex<()>,
    /// Rises when this server changed something: what was read before that is not held.
    changes: AtomicU64,
    /// How many requests there were.
    pub counters: Arc<Counters>,
    routes: OnceLock<HashMap<&'static str, Vec<Way>>>,
}

/// A method of a path, where its requests are counted, and who may send them.
type Way = (Method, &'static Bucket, Access);

#[derive(Clone)]
struct Held {
    rules: Arc<Rules>,
    /// The organisation and its number when they were read; none before the set-up.
    of: Option<(Id<Org>, i64)>,
    changes: u64,
    looked_at: Timestamp,
}

impl Perimeter {
    /// The rules. While the database does not answer, those that were read last.
    pub async fn rules(&self, app: &App) -> Arc<Rules> {
        let now = app.env().now;
        if let Some(fresh) = self.fresh(now) {
            return fresh;
        }
        let _turn = self.turn.lock().await;
        if let Some(fresh) = self.fresh(now) {
            return fresh;
        }
        let changes = self.changes.load(Ordering::SeqCst);
        let before = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        let held = match self.read(app, before.clone(), changes, now).await {
            Ok(held) => held,
            Err(error) => {
                tracing::warn!(cause = %error, "zones and limits cannot be read: those read before go on");
                let rules = before.map_or_else(|| Arc::new(of_configuration(app)), |held| held.rules);
                Held { rules, of: None, changes, looked_at: now }
            }
        };
        let rules = Arc::clone(&held.rules);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        rules
    }

    /// Waits for a change of what stands around the routes, and has the next request read it.
    pub async fn changed<T>(&self, change: impl Future<Output = T>) -> T {
        let done = change.await;
        self.changes.fetch_add(1, Ordering::SeqCst);
        done
    }

    /// The bucket of a request and who may send it; nobody in particular where no route has this method and path.
    pub fn route(&self, method: &Method, path: &str) -> (&'static Bucket, Option<Access>) {
        let routes = self.routes.get_or_init(|| {
            let mut by_path: HashMap<&'static str, Vec<Way>> = HashMap::new();
            for route in crate::app::route_table() {
                let bucket = Bucket::of(route.method.as_str(), route.path);
                by_path.entry(route.path).or_default().push((route.method, bucket, route.access));
            }
            by_path
        });
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let known = routes.get(path).and_then(|ways| ways.iter().find(|(method, ..)| method == wanted));
        known.map_or_else(|| (Bucket::of(wanted.as_str(), path), None), |(_, bucket, access)| (*bucket, Some(*access)))
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Rules>> {
        let changes = self.changes.load(Ordering::SeqCst);
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back makes nothing fresh for long.
        let is_fresh =
            |held: &&Held| held.changes == changes && held.looked_at <= now && now < held.looked_at.plus(FRESH);
        held.as_ref().filter(is_fresh).map(|held| Arc::clone(&held.rules))
    }

    async fn read(&self, app: &App, before: Option<Held>, changes: u64, now: Timestamp) -> Result<Held, Error> {
        let Ok(org) = app.org().await else {
            return Ok(Held { rules: Arc::new(of_configuration(app)), of: None, changes, looked_at: now });
        };
        let known = before.filter(|held| held.of.is_some_and(|(of, _)| of == org));
        let read = app.store.read(org, |tx| {
            let version = tx.perimeter_version()?;
            let is_known = known.as_ref().is_some_and(|held| held.of == Some((org, version)));
            Ok((version, if is_known { None } else { Some(of_database(tx, app)?) }))
        });
        let (version, read) = read.await?;
        let rules = match (read, known) {
            (None, Some(held)) => held.rules,
            (read, _) => Arc::new(read.unwrap_or_default()),
        };
        Ok(Held { rules, of: Some((org, version)), changes, looked_at: now })
    }
}

/// Before an organisation has zones of its own.
fn of_configuration(app: &App) -> Rules {
    Rules { proxies: app.config.trusted_proxies.iter().collect(), ..Rules::default() }
}

fn of_database(tx: &mut Tx<'_>, app: &App) -> Result<Rules, Error> {
    let zones = tx.zones()?;
    let (organisation, _) = tx.setting::<Organisation>()?;
    let (DeviceDocument(device), _) = tx.setting()?;
    let shares = tx.principal_limits()?.into_iter().map(|limit| (limit.token, limit.share));
    let ranges = |of: fn(&Zone) -> &[AddressRange]| {
        zones.iter().filter(|zone| zone.is_active && zone.usage == Usage::Policy).flat_map(of)
    };
    Ok(Rules {
        proxies: app.config.trusted_proxies.iter().chain(ranges(|zone| &zone.proxies)).collect(),
        gateways: ranges(|zone| &zone.gateways).collect(),
        blocklist: Blocklist::of(&zones),
        origins: tx.origins_for(OriginScope::Cors)?.into_iter().collect(),
        returns: tx.origins_for(OriginScope::Redirect)?.into_iter().collect(),
        limits: tx.setting()?.0,
        requests: tx.setting()?.0,
        help: HelpDesk::of(&device, &organisation).map(Arc::new),
        organisation,
        shares: shares.collect(),
    })
}
