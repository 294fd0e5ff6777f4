//! The data behind the demo tools: contacts, refunds, documents, MCP sessions, and how often each tool was called.
//!
//! Imports nothing of ours. Everything is in memory and bounded: contacts and documents only ever shrink, refunds and
//! sessions have the limits below, and the call counter has one entry a tool.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::demo::error::DemoError;

/// Most refunds kept; the next one is refused.
pub(super) const MAX_REFUNDS: usize = 1000;
/// Largest refund, in cents.
pub(super) const MAX_REFUND_CENTS: i64 = 1_000_000;
/// Longest reason kept with a refund, in bytes.
pub(super) const MAX_REASON_BYTES: usize = 500;
/// Most MCP sessions kept; the oldest gives way, and its client is told to initialize again.
pub(super) const MAX_SESSIONS: usize = 1024;

const CONTACTS: [(&str, Contact); 4] = [
    ("1001", Contact { name: "Ada Moreno", email: "ada@northwind.example", company: "Northwind Traders" }),
    ("1002", Contact { name: "Jonas Weber", email: "jonas@fabrikam.example", company: "Fabrikam GmbH" }),
    ("1003", Contact { name: "Mei Tanaka", email: "mei@contoso.example", company: "Contoso Ltd" }),
    ("1004", Contact { name: "Samir Haddad", email: "samir@tailspin.example", company: "Tailspin Toys" }),
];

const DOCUMENTS: [(&str, &str); 5] = [
    (
        "handbook/refunds.md",
        "# Refunds\n\nRefunds up to 100.00 are paid at once.\nLarger refunds need the approval of a team lead.\nAlways note the reason.\n",
    ),
    (
        "handbook/onboarding.md",
        "# Onboarding\n\nWeek 1: accounts, laptop, a tour of the CRM.\nWeek 2: shadow the support desk.\n",
    ),
    (
        "runbooks/incident.md",
        "# Incidents\n\n1. Page the person on call.\n2. Open a channel and name a lead.\n3. Write down what you change, with the time.\n",
    ),
    (
        "reports/q3.md",
        "# Third quarter\n\nRevenue rose by 12 percent.\nRefunds fell to 0.8 percent of sales.\nSupport answered in 3.4 hours.\n",
    ),
    ("notes/todo.txt", "renew the certificates\nask legal about the new contract\nclean up old reports\n"),
];

/// A person in the demo CRM.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact {
    /// Full name.
    pub(super) name: &'static str,
    /// Address, in a domain that can never exist.
    pub(super) email: &'static str,
    /// Employer.
    pub(super) company: &'static str,
}

/// Money the demo CRM promised back.
#[derive(Clone, Debug)]
pub(super) struct Refund {
    /// `rf-1`, `rf-2`, ... in the order of creation.
    pub(super) id: String,
    /// Id of the contact who gets it.
    pub(super) contact: String,
    /// Amount in cents, 1 to [`MAX_REFUND_CENTS`].
    pub(super) amount_cents: i64,
    /// Why, at most [`MAX_REASON_BYTES`].
    pub(super) reason: String,
}

/// One demo tool server's data; clones share it. Starts with a few contacts and documents, no refunds, no calls.
#[derive(Clone, Debug, Default)]
pub struct DemoTools {
    data: Arc<Mutex<Data>>,
}

impl DemoTools {
    /// How often each tool was reached, by name: `contacts.read`, `delete_file`, and so on. A tool never called is absent.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.with(|data| data.calls.clone())
    }

    /// Runs `work` on the data. The lock is held only for it, and no step leaves the data half changed, so a poisoned
    /// lock is safe to go on with.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Data) -> T) -> T {
        work(&mut self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) contacts: BTreeMap<&'static str, Contact>,
    pub(super) refunds: Vec<Refund>,
    pub(super) documents: BTreeMap<&'static str, &'static str>,
    pub(super) emails_sent: u64,
    sessions: VecDeque<String>,
    calls: BTreeMap<&'static str, u64>,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            contacts: BTreeMap::from(CONTACTS),
            refunds: Vec::new(),
            documents: BTreeMap::from(DOCUMENTS),
            emails_sent: 0,
            sessions: VecDeque::new(),
            calls: BTreeMap::new(),
        }
    }
}

impl Data {
    /// Notes that a call reached `tool`, whatever comes of it. Only names written in this module's source get here.
    pub(super) fn count(&mut self, tool: &'static str) {
        *self.calls.entry(tool).or_default() += 1;
    }

    /// Stores a refund and gives it its id; the caller has checked the parts.
    ///
    /// # Errors
    /// [`DemoError::UnknownContact`], or [`DemoError::RefundsFull`] at the limit.
    pub(super) fn add_refund(
        &mut self,
        contact: &str,
        amount_cents: i64,
        reason: &str,
    ) -> Result<Refund, DemoError> {
        if !self.contacts.contains_key(contact) {
            return Err(DemoError::UnknownContact);
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(DemoError::RefundsFull);
        }
        let id = format!("rf-{}", self.refunds.len() + 1);
        let refund = Refund { id, contact: contact.to_owned(), amount_cents, reason: reason.to_owned() };
        self.refunds.push(refund.clone());
        Ok(refund)
    }

    /// Opens an MCP session under an id nobody can guess, and forgets the oldest one when there are too many.
    pub(super) fn open_session(&mut self) -> String {
        if self.sessions.len() >= MAX_SESSIONS {
            self.sessions.pop_front();
        }
        let id = format!("{:032x}", rand::random::<u128>());
        self.sessions.push_back(id.clone());
        id
    }

    /// Whether `id` is an open MCP session.
    pub(super) fn has_session(&self, id: &str) -> bool {
        self.sessions.iter().any(|open| open == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_distinct_and_the_oldest_gives_way() {
        let mut data = Data::default();
        let first = data.open_session();
        let second = data.open_session();
        assert_ne!(first, second);
        for _ in 0..MAX_SESSIONS - 1 {
            data.open_session();
        }
        assert!(!data.has_session(&first));
        assert!(data.has_session(&second));
        assert_eq!(data.sessions.len(), MAX_SESSIONS);
    }

    #[test]
    fn refunds_stop_at_their_limit() {
        let mut data = Data::default();
        for _ in 0..MAX_REFUNDS {
            data.add_refund("1001", 1, "test").unwrap();
        }
        assert_eq!(data.add_refund("1001", 1, "test").unwrap_err(), DemoError::RefundsFull);
        assert_eq!(data.refunds.len(), MAX_REFUNDS);
    }
}
