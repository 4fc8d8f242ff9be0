//! How a person's recovery secret comes, is followed by the next one, and how its reports go.

use postern_codes::drp1::{self, Context, derive_seed};
use postern_codes::id::{RecoveryEnrolment, User};
use postern_codes::mac::MacKey;
use postern_codes::report::Chain;
use postern_codes::{Id, Sealed, Secret, Timestamp};

use super::{Counter as _, Fault, STATE, Vault};
use crate::state::{Box64, Generation, Hourly, Identity, Outbox, Person, State, seed_place};

/// Registrations that were begun and of which nothing more was heard: so many are kept, since one may be the server's.
const MOST_UNFINISHED: u32 = 4;

/// A generation that was agreed on with the server and is not acknowledged yet.
#[derive(Debug, Clone)]
pub struct Link {
    /// The person at the server.
    pub user: Id<User>,
    /// Under which login.
    pub login: String,
    /// For which OS account.
    pub os_uid: u32,
    /// The generation.
    pub eid: Id<RecoveryEnrolment>,
    /// Its number.
    pub generation: u32,
}

impl Link {
    /// The link that a generation of a person is.
    pub fn of(person: &Person, generation: &Generation) -> Self {
        let (user, login, os_uid) = (person.user, person.login.clone(), person.os_uid);
        Self { user, login, os_uid, eid: generation.eid, generation: generation.number }
    }

    pub(crate) fn context(&self, identity: &Identity) -> Result<Context, Fault> {
        let (org, device) = (identity.org.as_str(), identity.device.as_str());
        Context::new(org, device, self.user.as_str(), self.generation).map_err(|_| Fault::Corrupt(STATE))
    }
}

/// Proof of a present secret, for `previous` of the next registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The present generation.
    pub eid: Id<RecoveryEnrolment>,
    /// Its number.
    pub generation: u32,
    /// The tag.
    pub mac: [u8; 32],
}

impl Vault {
    /// Keeps a new generation beside the present one, before it is acknowledged: from now on PINs of both open, since the
    /// server may go over to it without this computer hearing so. Answers with the tag that acknowledges it.
    pub fn begin(
        &mut self,
        link: &Link,
        shared: &Secret<[u8; 32]>,
        transcript: &[u8; 32],
        now: Timestamp,
    ) -> Result<[u8; 32], Fault> {
        let identity = self.state.device.ok_or(Fault::NotEnrolled)?;
        let context = link.context(&identity)?;
        let secret = derive_seed(shared, transcript, &context);
        let seed: Sealed<MacKey> = self.keyring.seal(seed_place(link.eid), secret.expose(), &self.env);
        let ack = drp1::Generation { mac: &self.keyring, seed: &seed, context: &context }.ack_mac(transcript)?;
        let outbox = Outbox { eid: link.eid, generation: link.generation, chain: Chain::default(), unsent: Vec::new() };
        let generation = Generation {
            eid: link.eid,
            number: link.generation,
            done: false,
            since: now,
            wrong_responses: 0,
            ack,
            outbox,
            seed: Box64(seed.bytes().to_vec()),
        };
        self.change(|state, _| {
            let State { people, farewells, .. } = state;
            if let Some(person) = people.iter_mut().find(|person| person.user == link.user) {
                let in_use = person.activation.as_ref().map(|used| used.eid);
                let mut unfinished = 0;
                let dropped = person.generations.extract_if(.., |old| {
                    unfinished += u32::from(!old.done);
                    !old.done && unfinished >= MOST_UNFINISHED && Some(old.eid) != in_use
                });
                farewells.extend(dropped.map(|old| old.outbox).filter(|outbox| !outbox.unsent.is_empty()));
                person.generations.insert(0, generation);
                return Ok(());
            }
            people.push(Person {
                user: link.user,
                login: link.login.clone(),
                os_uid: link.os_uid,
                generations: vec![generation],
                activation: None,
                rotate: false,
                slips: Hourly::default(),
                displays: Hourly::default(),
            });
            Ok(())
        })?;
        Ok(ack)
    }

    /// The server said that a generation is complete: it replaces the older ones, and the link is the new one's.
    pub fn done(&mut self, link: &Link) -> Result<(), Fault> {
        if self.state.generation(link.eid).is_none_or(|(person, _)| person.user != link.user) {
            return Ok(());
        }
        self.change(|state, _| {
            let State { people, farewells, .. } = state;
            people.retain_mut(|person| {
                if person.user != link.user {
                    // An OS account stands for one person.
                    if person.os_uid == link.os_uid {
                        farewells.extend(person.generations.drain(..).map(|old| old.outbox));
                    }
                    return person.os_uid != link.os_uid;
                }
                let (kept, old): (Vec<_>, Vec<_>) = person.generations.drain(..).partition(|g| g.eid == link.eid);
                farewells.extend(old.into_iter().map(|old| old.outbox));
                person.generations = kept;
                if let [kept] = &mut person.generations[..] {
                    kept.done = true;
                }
                (person.os_uid, person.login, person.rotate) = (link.os_uid, link.login.clone(), false);
                person.activation = person.activation.take().filter(|activation| activation.eid == link.eid);
                true
            });
            farewells.retain(|outbox| !outbox.unsent.is_empty());
            Ok(())
        })
    }

    /// Proves a person's present secret, to begin the next generation with.
    pub fn rotation_proof(&self, user: Id<User>, nonce: &[u8]) -> Result<Option<Proof>, Fault> {
        let identity = self.state.device.ok_or(Fault::NotEnrolled)?;
        let person = self.state.people.iter().find(|person| person.user == user);
        let Some(present) = person.and_then(|person| person.generations.iter().find(|g| g.done)) else {
            return Ok(None);
        };
        let (seed, context) = (present.seed(), present.context(&identity, user)?);
        let key = drp1::Generation { mac: &self.keyring, seed: &seed, context: &context };
        Ok(Some(Proof { eid: present.eid, generation: present.number, mac: key.rotation_mac(nonce)? }))
    }

    /// The server has the reports of `eid` up to `through`.
    pub fn sent(&mut self, eid: Id<RecoveryEnrolment>, through: u64) -> Result<(), Fault> {
        self.change(|state, _| {
            if let Some(outbox) = state.outboxes_mut().find(|outbox| outbox.eid == eid) {
                outbox.unsent.retain(|entry| entry["seq"].as_u64().is_none_or(|seq| seq > through));
            }
            state.farewells.retain(|outbox| !outbox.unsent.is_empty());
            Ok(())
        })
    }

    /// The server no longer takes the reports of `eid`: they are dropped, and a new generation is wanted.
    pub fn chain_broken(&mut self, eid: Id<RecoveryEnrolment>) -> Result<(), Fault> {
        self.change(|state, _| {
            state.farewells.retain(|outbox| outbox.eid != eid);
            for person in &mut state.people {
                if let Some(generation) = person.generations.iter_mut().find(|g| g.eid == eid) {
                    generation.outbox.unsent.clear();
                    person.rotate = true;
                }
            }
            Ok(())
        })
    }

    /// No step up to `step` of this enrolment may be accepted any more.
    pub fn burn(&mut self, eid: Id<RecoveryEnrolment>, step: u64) -> Result<(), Fault> {
        let Some(user) = self.state.generation(eid).map(|(person, _)| person.user) else { return Ok(()) };
        let mut record = self.record(user)?;
        record.last_step = record.last_step.max(step);
        self.commit_with(user, record, |_, _| Ok(()))
    }

    /// A new generation is wanted at the next contact.
    pub fn rotate(&mut self, eid: Id<RecoveryEnrolment>) -> Result<(), Fault> {
        self.change(|state, _| {
            let owner = state.people.iter_mut().find(|person| person.generations.iter().any(|g| g.eid == eid));
            if let Some(person) = owner {
                person.rotate = true;
            }
            Ok(())
        })
    }
}
