//! What the perimeter goes by, held in memory: read from the database when its number has risen, which is looked at every
//! few seconds. What this server changed itself holds at once; what another one changed, a few seconds later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use postern_authn::network::{AddressRange, Ranges, Usage};
use postern_codes::Timestamp;
use postern_codes::id::{Id, Org};
use postern_store::Error;
use postern_store::zones::{Blocklist, Zone};

use crate::App;

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
}

/// The rules as this server last read them.
#[derive(Default)]
pub struct Perimeter {
    held: RwLock<Option<Held>>,
    /// One reads, the others wait for it.
    turn: tokio::sync::Mutex<()>,
    /// Rises when this server changed something: what was read before that is not held.
    changes: AtomicU64,
}

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

    /// Has the next request read what this server just changed.
    pub fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
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
            Ok((version, if is_known { None } else { Some(tx.zones()?) }))
        });
        let (version, zones) = read.await?;
        let rules = match (zones, known) {
            (None, Some(held)) => held.rules,
            (zones, _) => Arc::new(of_zones(app, &zones.unwrap_or_default())),
        };
        Ok(Held { rules, of: Some((org, version)), changes, looked_at: now })
    }
}

/// Before an organisation has zones of its own.
fn of_configuration(app: &App) -> Rules {
    Rules { proxies: app.config.trusted_proxies.iter().collect(), ..Rules::default() }
}

fn of_zones(app: &App, zones: &[Zone]) -> Rules {
    let ranges = |of: fn(&Zone) -> &[AddressRange]| {
        zones.iter().filter(|zone| zone.is_active && zone.usage == Usage::Policy).flat_map(of)
    };
    Rules {
        proxies: app.config.trusted_proxies.iter().chain(ranges(|zone| &zone.proxies)).collect(),
        gateways: ranges(|zone| &zone.gateways).collect(),
        blocklist: Blocklist::of(zones),
    }
}
