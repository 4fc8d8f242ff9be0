//! The record: written in the transaction it tells of, placed in commit order afterwards, read by position.
//!
//! A transaction cannot know where among others it commits. So it writes its events without a position, and
//! [`Tx::place_events`] numbers what is committed, under a lock on the organisation's head row. A reader who asks for what
//! follows a position therefore misses nothing: whatever commits later gets a later one.

use std::net::IpAddr;

use postern_authn::audit::{Event, Outcome, Severity};
use postern_codes::id::{Event as EventKind, Id};
use postern_codes::{Env, Timestamp, b64, mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::search::{Attribute, Column, Condition, Search};
use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    EVENT_INSERT = "INSERT INTO audit_events (org_id, id, published, event_type, actor_id, outcome, reason, body) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    TARGET_INSERT = "INSERT INTO audit_targets (org_id, event_id, target_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    PERSONAL_INSERT = "INSERT INTO audit_personal (org_id, event_id, salt, body) VALUES ($1, $2, $3, $4)";
    HEAD_MAKE = "INSERT INTO audit_heads (org_id, position) VALUES ($1, 0) ON CONFLICT (org_id) DO NOTHING";
    /// Takes the lock under which positions are given.
    HEAD_TAKE = "UPDATE audit_heads SET position = position WHERE org_id = $1 RETURNING position";
    HEAD_SET = "UPDATE audit_heads SET position = $2 WHERE org_id = $1";
    UNPLACED = "SELECT id FROM audit_events WHERE org_id = $1 AND position IS NULL ORDER BY id LIMIT 1000";
    PLACE = "UPDATE audit_events SET position = $3 WHERE org_id = $1 AND id = $2 AND position IS NULL";
    HEAD = "SELECT position FROM audit_heads WHERE org_id = $1";
    HAS_UNPLACED = "SELECT id FROM audit_events WHERE org_id = $1 AND position IS NULL LIMIT 1";
}

const LIST: &str = "SELECT e.id, e.position, e.published, e.body, p.body AS personal FROM audit_events e \
                    LEFT JOIN audit_personal p ON p.org_id = e.org_id AND p.event_id = e.id \
                    WHERE e.org_id = $1 AND e.position IS NOT NULL";

/// What the record can be filtered by.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "actor.id", column: Column::Exact("e.actor_id") },
    Attribute { name: "eventType", column: Column::Named("e.event_type", postern_authn::audit::known_name) },
    Attribute { name: "outcome.reason", column: Column::Exact("e.reason") },
    Attribute { name: "outcome.result", column: Column::Exact("e.outcome") },
    Attribute {
        name: "target.id",
        column: Column::AnyOf(
            "EXISTS (SELECT 1 FROM audit_targets t WHERE t.org_id = e.org_id AND t.event_id = e.id",
            "t.target_id",
        ),
    },
    Attribute { name: "uuid", column: Column::Exact("e.id") },
];

/// Which events are wanted, and from which end.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// A filter over [`ATTRIBUTES`].
    pub condition: Option<Condition>,
    /// Newest first.
    pub descending: bool,
    /// Only those beyond this position, in the order asked for.
    pub after: Option<i64>,
    /// Only those that happened then or later.
    pub since: Option<Timestamp>,
    /// Only those that happened then or earlier.
    pub until: Option<Timestamp>,
}

/// One entry as it is read back: what happened, and the personal part where it was not erased.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Its id.
    pub id: Id<EventKind>,
    /// Its place in commit order.
    pub position: i64,
    /// When it happened.
    pub published: Timestamp,
    /// What cannot be erased, names nobody.
    pub body: Body,
    /// Names and clients, unless erased.
    pub personal: Option<Personal>,
}

/// The canonical part: member order is alphabetical and fixed, so that its text can be hashed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// Who did it, by id.
    pub actor: Json,
    /// Further facts.
    pub details: std::collections::BTreeMap<String, String>,
    /// What happened.
    pub event_type: String,
    /// Its id.
    pub id: Id<EventKind>,
    /// `SUCCESS` or `FAILURE`, and why.
    pub outcome: Json,
    /// base64url of SHA-256(salt || canonical personal part).
    pub personal: String,
    /// Microseconds since 1970.
    pub published: Timestamp,
    /// The request that did it.
    pub request: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What it was done to, by id.
    pub targets: Vec<Json>,
}

/// The part that can be erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personal {
    /// Login and name of who did it.
    pub actor: Names,
    /// The network address.
    pub ip: String,
    /// The proxies that the request came through, the nearest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<IpAddr>,
    /// Login and name of each target, in order.
    pub targets: Vec<Names>,
    /// What the program called itself.
    pub user_agent: String,
}

/// A login or serial number, and a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Names {
    /// Login or serial number.
    pub alternate_id: String,
    /// Name.
    pub display_name: String,
}

impl Tx<'_> {
    /// Writes an event of this transaction.
    ///
    /// # Errors
    /// Of the database; then nothing of the transaction happens.
    pub fn record(&mut self, event: &Event, env: &Env) -> Result<(), Error> {
        let id = Id::<EventKind>::new(env);
        let names = |alternate_id: &str, display_name: &str| Names {
            alternate_id: alternate_id.to_owned(),
            display_name: display_name.to_owned(),
        };
        let personal = serde_json::to_string(&Personal {
            actor: names(&event.actor.alternate_id, &event.actor.display_name),
            ip: event.client.ip.clone(),
            proxies: event.client.proxies.clone(),
            targets: event.targets.iter().map(|target| names(&target.alternate_id, &target.display_name)).collect(),
            user_agent: event.client.user_agent.clone(),
        })?;
        let salt: [u8; 16] = env.bytes();
        let (result, reason) = match &event.outcome {
            Outcome::Failure(reason) => ("FAILURE", Some(reason)),
            Outcome::Success => ("SUCCESS", None),
        };
        let body = serde_json::to_string(&Body {
            actor: json!({ "id": event.actor.id, "token": event.actor.token, "type": event.actor.kind }),
            details: event.details.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            event_type: event.kind.as_str().to_owned(),
            id,
            outcome: json!({ "reason": reason, "result": result }),
            personal: b64::encode(&mac::sha256(&[&salt, personal.as_bytes()])),
            published: env.now,
            request: event.client.request.map(|request| request.to_string()),
            severity: event.severity(),
            targets: event.targets.iter().map(|target| json!({ "id": target.id, "type": target.kind })).collect(),
        })?;
        self.one(EVENT_INSERT, values![id, env.now, event.kind.as_str(), &event.actor.id, result, reason, body])?;
        for target in &event.targets {
            self.execute(TARGET_INSERT, values![id, &target.id])?;
        }
        self.one(PERSONAL_INSERT, values![id, salt.as_slice(), personal])
    }

    /// Whether events wait for their position.
    ///
    /// # Errors
    /// Of the database.
    pub fn has_unplaced_events(&mut self) -> Result<bool, Error> {
        Ok(self.row(HAS_UNPLACED, values![])?.is_some())
    }

    /// Gives committed events their positions, at most 1,000 at a time; gives how many.
    ///
    /// # Errors
    /// Of the database.
    pub fn place_events(&mut self) -> Result<usize, Error> {
        self.execute(HEAD_MAKE, values![])?;
        let head = self.row(HEAD_TAKE, values![])?.ok_or_else(|| Error::fault("no audit head"))?;
        let mut position: i64 = head.get("position")?;
        let waiting = self.rows(UNPLACED, values![])?;
        for row in &waiting {
            position += 1;
            self.one(PLACE, values![row.get::<Id<EventKind>>("id")?, position])?;
        }
        self.one(HEAD_SET, values![position])?;
        Ok(waiting.len())
    }

    /// The last position given; 0 before the first.
    ///
    /// # Errors
    /// Of the database.
    pub fn head(&mut self) -> Result<i64, Error> {
        self.row(HEAD, values![])?.map_or(Ok(0), |row| row.get("position"))
    }

    /// The events that have their position, in its order.
    ///
    /// # Errors
    /// Of the database.
    pub fn events(&mut self, query: &EventQuery, limit: u32) -> Result<Vec<StoredEvent>, Error> {
        let (beyond, order) =
            if query.descending { ("e.position < ?", "e.position DESC") } else { ("e.position > ?", "e.position") };
        Search::of(LIST)
            .and_if(query.condition.clone())
            .and_if(query.after.map(|position| Condition::new(beyond, values![position])))
            .and_if(query.since.map(|since| Condition::new("e.published >= ?", values![since])))
            .and_if(query.until.map(|until| Condition::new("e.published <= ?", values![until])))
            .run(self, order, limit)?
            .iter()
            .map(event)
            .collect()
    }
}

/// One row of a query that selects id, position, published, body and the personal body as `personal`.
fn event(row: &Row) -> Result<StoredEvent, Error> {
    let personal: Option<String> = row.get("personal")?;
    Ok(StoredEvent {
        id: row.get("id")?,
        position: row.get("position")?,
        published: row.get("published")?,
        body: row.json("body")?,
        personal: personal.map(|text| serde_json::from_str(&text)).transpose()?,
    })
}
