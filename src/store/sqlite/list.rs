//! The statements of a list: which conditions there are depends on the filter, values are always bound.

use rusqlite::ToSql;

use crate::holds::{HoldFilter, HoldState};
use crate::model::time::Timestamp;
use crate::store::sqlite::row::columns;

/// A statement and its values.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Box<dyn ToSql>>,
}

/// How many match, without regard to `before` and `limit`.
pub(super) fn total(filter: &HoldFilter, now: Timestamp) -> Statement {
    let mut statement = Statement { sql: "SELECT count(*) FROM holds".to_owned(), values: Vec::new() };
    statement.matching(filter, now);
    statement
}

/// The page.
pub(super) fn page(filter: &HoldFilter, now: Timestamp) -> Statement {
    let before = filter.before.as_ref().map(|(time, id)| (time.as_micros(), id.to_string()));
    page_before(filter, now, before, filter.limit)
}

/// The page of `limit` that begins behind the row of that time and id.
pub(super) fn page_before(
    filter: &HoldFilter,
    now: Timestamp,
    before: Option<(i64, String)>,
    limit: usize,
) -> Statement {
    let select = concat!("SELECT ", columns!(), " FROM holds");
    let mut statement = Statement { sql: select.to_owned(), values: Vec::new() };
    statement.matching(filter, now);
    if let Some((micros, id)) = before {
        statement.and("(created_at, id) < (?, ?)");
        statement.values.push(Box::new(micros));
        statement.values.push(Box::new(id));
    }
    statement.sql.push_str(" ORDER BY created_at DESC, id DESC LIMIT ?");
    statement.values.push(Box::new(i64::try_from(limit).unwrap_or(i64::MAX)));
    statement
}

impl Statement {
    fn matching(&mut self, filter: &HoldFilter, now: Timestamp) {
        if let Some(tenant) = &filter.tenant {
            self.and_equal("tenant", tenant);
        }
        match filter.state {
            None => {}
            // As they stand now: what has run out counts as such before anyone has marked it.
            Some(state) if state.is_open() => {
                self.and_equal("state", state.as_str());
                self.and("expires_at > ?");
                self.values.push(Box::new(now.as_micros()));
            }
            Some(HoldState::Expired) => {
                self.and(
                    "state IN ('expired', 'pending', 'approved') AND (state = 'expired' OR expires_at <= ?)",
                );
                self.values.push(Box::new(now.as_micros()));
            }
            Some(state) => self.and_equal("state", state.as_str()),
        }
        if let Some(capability) = &filter.capability {
            self.and_equal("capability", capability);
        }
        if let Some(actor) = &filter.actor {
            self.and_equal("actor", actor);
        }
    }

    fn and_equal(&mut self, column: &'static str, value: &str) {
        self.and(column);
        self.sql.push_str(" = ?");
        self.values.push(Box::new(value.to_owned()));
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(if self.sql.contains(" WHERE ") { " AND " } else { " WHERE " });
        self.sql.push_str(condition);
    }
}
