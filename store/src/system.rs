//! What belongs to no organisation: the installation itself, the set-up link, which organisation a token or host means,
//! and the claiming of jobs. The only file whose statements need not name `org_id`; the list may only shrink.

use std::time::Duration;

use postern_authn::factor::Channel;
use postern_codes::id::{Id, Org};
use postern_codes::{Env, Place, Sealed, Secret, Timestamp, b64, mac};

use crate::deliveries::{self, Carrier, DueDelivery};
use crate::orgs::{self, OrgRecord};
use crate::root_key::RootKeyError;
use crate::sql::{Error, OpenError, Store, Tx, values};

crate::statements! {
    KEY_CHECK = "SELECT key_check FROM installation WHERE only_row = 1";
    KEY_CHECK_INSERT = "INSERT INTO installation (only_row, created_at, key_check) VALUES (1, $1, $2)";
    ORGS = "SELECT org_id, name, created_at FROM orgs ORDER BY org_id";
    SETUP_LINK_CLEAR = "DELETE FROM setup_links WHERE used_at IS NULL";
    SETUP_LINK_INSERT = "INSERT INTO setup_links (token_hash, created_at, expires_at) VALUES ($1, $2, $3)";
    SETUP_LINK_ALIVE = "SELECT created_at FROM setup_links WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    SETUP_DRAFT = "SELECT draft FROM setup_links WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    SETUP_DRAFT_PUT = "UPDATE setup_links SET draft = $3 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    SETUP_LINK_USE = "UPDATE setup_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    /// Takes what is due by some channels and hides it from other servers for two minutes.
    DELIVERIES_CLAIM = "UPDATE deliveries SET next_at = $2, attempts = attempts + 1 WHERE next_at <= $1 AND (org_id, id) IN \
                        (SELECT org_id, id FROM deliveries WHERE next_at <= $1 AND channel IN ($3, $4) \
                        ORDER BY next_at LIMIT 20) \
                        RETURNING org_id, id, channel, recipient, message, attempts, expires_at";
}

const SETUP_LINK_LIFE: Duration = Duration::from_hours(1);
const CLAIM: Duration = Duration::from_mins(2);
const CHECK: &[u8] = b"postern";

/// Work for no organisation.
#[derive(Debug, Clone, Copy)]
pub struct System<'s>(&'s Store);

impl Store {
    /// What belongs to no organisation.
    pub const fn system(&self) -> System<'_> {
        System(self)
    }

    /// Proves that the root key is the one this database was made with, or makes the proof in a new database.
    pub(crate) async fn check_keyring(&self) -> Result<(), OpenError> {
        let place = || Place::new("installation", 1, "key_check");
        let world: std::sync::Arc<dyn postern_codes::env::World> = std::sync::Arc::new(postern_codes::env::System);
        let env = Env::of(&world);
        let right = self
            .unscoped(|tx| {
                if let Some(row) = tx.row(KEY_CHECK, values![])? {
                    let sealed: Sealed<()> = row.sealed(place())?;
                    Ok(self.keyring().open(&sealed).is_ok_and(|plain| plain.expose() == CHECK))
                } else {
                    let sealed: Sealed<()> = self.keyring().seal(place(), CHECK, &env);
                    tx.one(KEY_CHECK_INSERT, values![env.now, &sealed])?;
                    Ok(true)
                }
            })
            .await?;
        if right { Ok(()) } else { Err(RootKeyError::Foreign.into()) }
    }
}

impl System<'_> {
    /// Every organisation, oldest first.
    ///
    /// # Errors
    /// Of the database.
    pub async fn orgs(self) -> Result<Vec<OrgRecord>, Error> {
        self.0.unscoped(|tx| tx.rows(ORGS, values![])?.iter().map(orgs::org).collect()).await
    }

    /// A new set-up link's token, for an hour; those before it are void.
    ///
    /// # Errors
    /// Of the database.
    pub async fn new_setup_link(self, env: &Env) -> Result<Secret<String>, Error> {
        let token = env.token();
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        self.0
            .unscoped(|tx| {
                tx.execute(SETUP_LINK_CLEAR, values![])?;
                tx.one(SETUP_LINK_INSERT, values![hash, env.now, env.now.plus(SETUP_LINK_LIFE)])
            })
            .await?;
        Ok(token)
    }

    /// Whether a set-up link could be used now.
    ///
    /// # Errors
    /// Of the database.
    pub async fn is_setup_link_alive(self, token: &Secret<String>, now: Timestamp) -> Result<bool, Error> {
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        self.0.unscoped(|tx| Ok(tx.row(SETUP_LINK_ALIVE, values![hash, now])?.is_some())).await
    }

    /// Keeps, sealed, what was answered so far under a set-up link; `false` where the link cannot be used.
    ///
    /// # Errors
    /// Of the database.
    pub async fn put_setup_draft(
        self,
        token: &Secret<String>,
        draft: &Secret<Vec<u8>>,
        env: &Env,
    ) -> Result<bool, Error> {
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        let sealed: Sealed<()> = self.0.keyring().seal(draft_place(&hash), draft.expose(), env);
        self.0.unscoped(|tx| Ok(tx.execute(SETUP_DRAFT_PUT, values![hash, env.now, &sealed])? == 1)).await
    }

    /// What was answered so far under a set-up link that can still be used.
    ///
    /// # Errors
    /// Of the database.
    pub async fn setup_draft(self, token: &Secret<String>, now: Timestamp) -> Result<Option<Secret<Vec<u8>>>, Error> {
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        let row = self.0.unscoped(|tx| tx.row(SETUP_DRAFT, values![hash, now])).await?;
        let Some(bytes) = row.map(|row| row.get::<Option<Vec<u8>>>("draft")).transpose()?.flatten() else {
            return Ok(None);
        };
        Ok(Some(self.0.keyring().open(&Sealed::<()>::from_storage(draft_place(&hash), bytes))?))
    }

    /// Uses up a set-up link and does `act` for the new organisation in the same transaction; `None` where the link is
    /// unknown, used or too old.
    ///
    /// # Errors
    /// Of the database or of `act`; the link is not used up then.
    pub async fn use_setup_link<T>(
        self,
        token: &Secret<String>,
        org: Id<Org>,
        now: Timestamp,
        mut act: impl FnMut(&mut Tx<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        self.0
            .unscoped(|tx| {
                if tx.execute(SETUP_LINK_USE, values![hash, now])? == 0 {
                    return Ok(None);
                }
                tx.scoped(org, &mut act).map(Some)
            })
            .await
    }

    /// At most twenty messages that are due by this carrier, taken for two minutes.
    ///
    /// # Errors
    /// Of the database.
    pub async fn claim_deliveries(self, carrier: Carrier, now: Timestamp) -> Result<Vec<DueDelivery>, Error> {
        let [one, other] = carrier.channels().map(Channel::as_str);
        self.0
            .unscoped(|tx| {
                let claimed = tx.rows(DELIVERIES_CLAIM, values![now, now.plus(CLAIM), one, other])?;
                claimed.iter().map(deliveries::due).collect()
            })
            .await
    }
}

fn draft_place(token_hash: &[u8; 32]) -> Place {
    Place::new("setup_links", b64::encode(token_hash), "draft")
}
