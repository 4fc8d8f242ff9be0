//! Texts of messages to telephones, each with its translations.

use std::collections::BTreeMap;

use postern_codes::id::{Id, SmsTemplate as SmsTemplateKind};
use postern_codes::{Env, Timestamp};

use crate::sql::{Error, Row, Tx, values};

crate::statements! {
    SMS_TEMPLATES = "SELECT id, name, template, translations, created_at, updated_at FROM sms_templates \
                     WHERE org_id = $1 ORDER BY id";
    SMS_TEMPLATE = "SELECT id, name, template, translations, created_at, updated_at FROM sms_templates \
                    WHERE org_id = $1 AND id = $2";
    SMS_TEMPLATE_INSERT = "INSERT INTO sms_templates (org_id, id, name, template, translations, created_at, updated_at) \
                           VALUES ($1, $2, $3, $4, $5, $6, $6)";
    SMS_TEMPLATE_SET = "UPDATE sms_templates SET name = $3, template = $4, translations = $5, updated_at = $6 \
                        WHERE org_id = $1 AND id = $2";
    SMS_TEMPLATE_DELETE = "DELETE FROM sms_templates WHERE org_id = $1 AND id = $2";
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsTemplate {
    /// Its id.
    pub id: Id<SmsTemplateKind>,
    /// What it says, and what it is called.
    pub text: SmsText,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a text says, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsText {
    /// What it is called.
    pub name: String,
    /// The text, where no translation fits.
    pub template: String,
    /// The text by language.
    pub translations: BTreeMap<String, String>,
}

impl Tx<'_> {
    /// Every text, oldest first. There are few.
    ///
    /// # Errors
    /// Of the database.
    pub fn sms_templates(&mut self) -> Result<Vec<SmsTemplate>, Error> {
        self.rows(SMS_TEMPLATES, values![])?.iter().map(template).collect()
    }

    /// One text.
    ///
    /// # Errors
    /// Of the database.
    pub fn sms_template(&mut self, id: Id<SmsTemplateKind>) -> Result<Option<SmsTemplate>, Error> {
        self.row(SMS_TEMPLATE, values![id])?.map(|row| template(&row)).transpose()
    }

    /// Keeps a new text.
    ///
    /// # Errors
    /// Of the database.
    pub fn insert_sms_template(&mut self, text: &SmsText, env: &Env) -> Result<Id<SmsTemplateKind>, Error> {
        let id = Id::new(env);
        let translations = serde_json::to_string(&text.translations)?;
        self.one(SMS_TEMPLATE_INSERT, values![id, &text.name, &text.template, translations, env.now])?;
        Ok(id)
    }

    /// Makes another text of this one; `false` where there is none.
    ///
    /// # Errors
    /// Of the database.
    pub fn set_sms_template(&mut self, id: Id<SmsTemplateKind>, text: &SmsText, now: Timestamp) -> Result<bool, Error> {
        let translations = serde_json::to_string(&text.translations)?;
        Ok(self.execute(SMS_TEMPLATE_SET, values![id, &text.name, &text.template, translations, now])? == 1)
    }

    /// Forgets a text; `false` where there is none.
    ///
    /// # Errors
    /// Of the database.
    pub fn delete_sms_template(&mut self, id: Id<SmsTemplateKind>) -> Result<bool, Error> {
        Ok(self.execute(SMS_TEMPLATE_DELETE, values![id])? == 1)
    }
}

fn template(row: &Row) -> Result<SmsTemplate, Error> {
    let text =
        SmsText { name: row.get("name")?, template: row.get("template")?, translations: row.json("translations")? };
    Ok(SmsTemplate { id: row.get("id")?, text, created_at: row.get("created_at")?, updated_at: row.get("updated_at")? })
}
