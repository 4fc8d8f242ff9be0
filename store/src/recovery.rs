//! Recovery secrets: a row for each generation of a (computer, person) pair.

use postern_authn::recovery::{Binding, Enrolment, EnrolmentStatus, LinkProof};
use postern_codes::id::{Device, Id, RecoveryEnrolment, User};
use postern_codes::mac::MacKey;
use postern_codes::report::Chain;
use postern_codes::{Env, Place, Sealed, Secret, Timestamp};

use crate::sql::{Error, Row, Tx, values};

/// The columns of an [`Enrolment`].
macro_rules! columns {
    () => {
        "id, device_id, user_id, os_uid, generation, status, seed, transcript, binding, proof, last_issued_step, last_step, \
         failures, is_locked, report_seq, report_hash, rotate_wanted, created_at, acknowledged_at, retired_at"
    };
}

crate::statements! {
    ENROLMENT_INSERT = "INSERT INTO recovery_enrolments (org_id, id, device_id, user_id, os_uid, generation, status, seed, \
                        transcript, binding, proof, is_locked, report_hash, created_at) \
                        VALUES ($1, $2, $3, $4, $5, $6, 'PENDING', $7, $8, $9, $10, $11, $12, $13)";
    ENROLMENT = concat!("SELECT ", columns!(), " FROM recovery_enrolments WHERE org_id = $1 AND id = $2");
    NEWEST = concat!("SELECT ", columns!(), " FROM recovery_enrolments WHERE org_id = $1 AND device_id = $2 AND user_id = $3 \
              AND acknowledged_at IS NOT NULL ORDER BY generation DESC LIMIT 1");
    OF_DEVICE = concat!("SELECT ", columns!(), " FROM recovery_enrolments WHERE org_id = $1 AND device_id = $2 \
                 AND acknowledged_at IS NOT NULL ORDER BY user_id, generation DESC");
    LAST_GENERATION = "SELECT MAX(generation) AS generation FROM recovery_enrolments \
                       WHERE org_id = $1 AND device_id = $2 AND user_id = $3";
    ACKNOWLEDGE = "UPDATE recovery_enrolments SET status = 'ACTIVE', acknowledged_at = $3 \
                   WHERE org_id = $1 AND id = $2 AND status = 'PENDING'";
    /// Everything of the pair before the generation that was just acknowledged.
    RETIRE_OLDER = "UPDATE recovery_enrolments SET status = 'RETIRED', retired_at = $5 WHERE org_id = $1 AND device_id = $2 \
                    AND user_id = $3 AND generation < $4 AND status IN ('ACTIVE', 'PENDING')";
    REVOKE = "UPDATE recovery_enrolments SET status = 'REVOKED', retired_at = $3 WHERE org_id = $1 AND id = $2 \
              AND status IN ('ACTIVE', 'PENDING')";
    REVOKE_PAIR = "UPDATE recovery_enrolments SET status = 'REVOKED', retired_at = $4 WHERE org_id = $1 AND device_id = $2 \
                   AND user_id = $3 AND status IN ('ACTIVE', 'PENDING')";
    REVOKE_DEVICE = "UPDATE recovery_enrolments SET status = 'REVOKED', retired_at = $3 WHERE org_id = $1 AND device_id = $2 \
                     AND status IN ('ACTIVE', 'PENDING')";
    /// The newest step wins; a step that is not after the last one changes nothing.
    TAKE_STEP = "UPDATE recovery_enrolments SET last_issued_step = $3 WHERE org_id = $1 AND id = $2 AND status = 'ACTIVE' \
                 AND last_issued_step < $3";
    TOLD = "UPDATE recovery_enrolments SET last_step = $3, failures = $4, is_locked = $5 WHERE org_id = $1 AND id = $2";
    WANT_ROTATION = "UPDATE recovery_enrolments SET rotate_wanted = $3 WHERE org_id = $1 AND id = $2 AND status = 'ACTIVE'";
    ACK_FAILED = "UPDATE recovery_enrolments SET ack_failures = ack_failures + 1 WHERE org_id = $1 AND id = $2";
    /// Of the pair, since its last registration that held: that one retired every offer before it.
    ACK_FAILURES = "SELECT CAST(COALESCE(SUM(ack_failures), 0) AS BIGINT) AS failures FROM recovery_enrolments \
                    WHERE org_id = $1 AND device_id = $2 AND user_id = $3 AND status = 'PENDING'";
    /// Changes nothing; takes the lock under which a chain goes on.
    CHAIN_TAKE = "UPDATE recovery_enrolments SET report_seq = report_seq WHERE org_id = $1 AND id = $2 \
                  RETURNING report_seq, report_hash";
    CHAIN_SET = "UPDATE recovery_enrolments SET report_seq = $3, report_hash = $4 WHERE org_id = $1 AND id = $2";
    WIPE_RETIRED = "UPDATE recovery_enrolments SET seed = NULL WHERE org_id = $1 AND device_id = $2 AND retired_at < $3 \
                    AND seed IS NOT NULL";
}

/// A generation that is offered to a computer.
pub struct NewEnrolment<'a> {
    /// The `eid` of the wire format.
    pub id: Id<RecoveryEnrolment>,
    /// The computer.
    pub device: Id<Device>,
    /// The person.
    pub user: Id<User>,
    /// The OS account's number there.
    pub os_uid: u64,
    /// One more than the pair ever had.
    pub generation: u32,
    /// The secret.
    pub seed: &'a Secret<[u8; 32]>,
    /// What the registration is bound to.
    pub transcript: [u8; 32],
    /// Where the computer keeps it.
    pub binding: Binding,
    /// How the server knows the person.
    pub proof: LinkProof,
}

impl Tx<'_> {
    /// Keeps a generation that is offered, its secret sealed for its row.
    ///
    /// # Errors
    /// Of the database; a conflict where another registration of the pair took the same generation.
    pub fn insert_enrolment(&mut self, new: &NewEnrolment<'_>, env: &Env) -> Result<(), Error> {
        let seed: Sealed<MacKey> = self.keyring().seal(place(new.id), new.seed.expose(), env);
        self.one(
            ENROLMENT_INSERT,
            values![
                new.id,
                new.device,
                new.user,
                new.os_uid,
                new.generation,
                &seed,
                new.transcript,
                new.binding.as_str(),
                new.proof.as_str(),
                false,
                Chain::default().hash,
                env.now,
            ],
        )
    }

    /// A generation by its `eid`.
    ///
    /// # Errors
    /// Of the database.
    pub fn enrolment(&mut self, id: Id<RecoveryEnrolment>) -> Result<Option<Enrolment>, Error> {
        self.row(ENROLMENT, values![id])?.as_ref().map(enrolment).transpose()
    }

    /// The newest acknowledged generation of a pair, whatever became of it.
    ///
    /// # Errors
    /// Of the database.
    pub fn newest_enrolment(&mut self, device: Id<Device>, user: Id<User>) -> Result<Option<Enrolment>, Error> {
        self.row(NEWEST, values![device, user])?.as_ref().map(enrolment).transpose()
    }

    /// Every acknowledged generation of a computer, the newest of each person first.
    ///
    /// # Errors
    /// Of the database.
    pub fn enrolments_of_device(&mut self, device: Id<Device>) -> Result<Vec<Enrolment>, Error> {
        self.rows(OF_DEVICE, values![device])?.iter().map(enrolment).collect()
    }

    /// The number of a pair's next generation.
    ///
    /// # Errors
    /// Of the database.
    pub fn next_generation(&mut self, device: Id<Device>, user: Id<User>) -> Result<u32, Error> {
        let last = self.row(LAST_GENERATION, values![device, user])?;
        let last: Option<u64> = last.map(|row| row.get("generation")).transpose()?.flatten();
        u32::try_from(last.unwrap_or(0) + 1).map_err(Error::fault)
    }

    /// Makes an offered generation the one that PINs come from, and retires those before it; `false` where it was
    /// acknowledged before.
    ///
    /// # Errors
    /// Of the database.
    pub fn acknowledge(&mut self, new: &Enrolment, now: Timestamp) -> Result<bool, Error> {
        if self.execute(ACKNOWLEDGE, values![new.id, now])? == 0 {
            return Ok(false);
        }
        self.execute(RETIRE_OLDER, values![new.device, new.user, new.generation, now])?;
        Ok(true)
    }

    /// Takes a generation back; `false` where it was not in use.
    ///
    /// # Errors
    /// Of the database.
    pub fn revoke_enrolment(&mut self, id: Id<RecoveryEnrolment>, now: Timestamp) -> Result<bool, Error> {
        Ok(self.execute(REVOKE, values![id, now])? == 1)
    }

    /// Takes every generation of a pair back, what is offered too.
    ///
    /// # Errors
    /// Of the database.
    pub fn revoke_enrolments_of_pair(
        &mut self,
        device: Id<Device>,
        user: Id<User>,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.execute(REVOKE_PAIR, values![device, user, now]).map(drop)
    }

    /// Takes every generation of a computer back.
    ///
    /// # Errors
    /// Of the database.
    pub fn revoke_enrolments_of_device(&mut self, device: Id<Device>, now: Timestamp) -> Result<(), Error> {
        self.execute(REVOKE_DEVICE, values![device, now]).map(drop)
    }

    /// Takes the time step for a PIN: steps rise strictly, so no PIN is ever issued twice. `false` where it is taken.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_step(&mut self, id: Id<RecoveryEnrolment>, step: u64) -> Result<bool, Error> {
        Ok(self.execute(TAKE_STEP, values![id, step])? == 1)
    }

    /// Keeps what a check-in told of a generation.
    ///
    /// # Errors
    /// Of the database.
    pub fn enrolment_told(
        &mut self,
        id: Id<RecoveryEnrolment>,
        last_step: u64,
        failures: u64,
        is_locked: bool,
    ) -> Result<(), Error> {
        self.one(TOLD, values![id, last_step, failures, is_locked])
    }

    /// Asks the computer to replace a generation; `false` where it is not in use.
    ///
    /// # Errors
    /// Of the database.
    pub fn want_rotation(&mut self, id: Id<RecoveryEnrolment>, why: &str) -> Result<bool, Error> {
        Ok(self.execute(WANT_ROTATION, values![id, why])? == 1)
    }

    /// Counts an acknowledgement that did not hold; gives how many there were for the pair since one held.
    ///
    /// # Errors
    /// Of the database.
    pub fn ack_failed(&mut self, of: &Enrolment) -> Result<u32, Error> {
        self.one(ACK_FAILED, values![of.id])?;
        let row = self.row(ACK_FAILURES, values![of.device, of.user])?;
        row.ok_or_else(|| Error::fault("a sum has no row"))?.get("failures")
    }

    /// Holds a generation until the commit, so that what is read of its PINs stays true.
    ///
    /// # Errors
    /// Of the database.
    pub fn hold_enrolment(&mut self, id: Id<RecoveryEnrolment>) -> Result<(), Error> {
        self.take_chain(id).map(drop)
    }

    /// Where the chain of a generation stands, held until the commit.
    ///
    /// # Errors
    /// Of the database.
    pub fn take_chain(&mut self, id: Id<RecoveryEnrolment>) -> Result<Chain, Error> {
        let row = self.row(CHAIN_TAKE, values![id])?.ok_or_else(|| Error::fault("the generation is gone"))?;
        chain(&row)
    }

    /// Moves the chain of a generation on.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_chain(&mut self, id: Id<RecoveryEnrolment>, chain: &Chain) -> Result<(), Error> {
        self.one(CHAIN_SET, values![id, chain.seq, chain.hash])
    }

    /// Wipes the secrets of a computer that retired before `before`.
    ///
    /// # Errors
    /// Of the database.
    pub fn wipe_retired(&mut self, device: Id<Device>, before: Timestamp) -> Result<(), Error> {
        self.execute(WIPE_RETIRED, values![device, before]).map(drop)
    }
}

fn enrolment(row: &Row) -> Result<Enrolment, Error> {
    let id = row.get("id")?;
    let seed: Option<Vec<u8>> = row.get("seed")?;
    Ok(Enrolment {
        id,
        device: row.get("device_id")?,
        user: row.get("user_id")?,
        os_uid: row.get("os_uid")?,
        generation: row.get("generation")?,
        status: row.parse::<EnrolmentStatus>("status")?,
        seed: seed.map(|bytes| Sealed::from_storage(place(id), bytes)),
        transcript: hash(row, "transcript")?,
        binding: row.parse("binding")?,
        proof: row.parse("proof")?,
        last_issued_step: row.get("last_issued_step")?,
        last_step: row.get("last_step")?,
        failures: row.get("failures")?,
        is_locked: row.get("is_locked")?,
        chain: chain(row)?,
        rotate_wanted: row.get("rotate_wanted")?,
        created_at: row.get("created_at")?,
        acknowledged_at: row.get("acknowledged_at")?,
        retired_at: row.get("retired_at")?,
    })
}

fn chain(row: &Row) -> Result<Chain, Error> {
    Ok(Chain { seq: row.get("report_seq")?, hash: hash(row, "report_hash")? })
}

pub(crate) fn hash(row: &Row, name: &str) -> Result<[u8; 32], Error> {
    row.get::<Vec<u8>>(name)?.try_into().map_err(|_| Error::fault(format!("column {name} is not 32 bytes")))
}

fn place(id: Id<RecoveryEnrolment>) -> Place {
    Place::new("recovery_enrolments", id, "seed")
}
