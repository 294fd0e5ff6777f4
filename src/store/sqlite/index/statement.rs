//! The statements of a search: which conditions there are depends on what is asked for, values are always bound, and the index
//! that is walked is named, so that no plan depends on what SQLite guesses.

use rusqlite::ToSql;

use crate::audit::index::{Order, Search, Tag};

/// The columns of an entry, in the order `view.rs` reads them.
const COLUMNS: &str = "c.time, c.epoch, c.seq, c.segment, c.offset, c.call, c.kind, c.tenant, c.actor, c.capability, \
     c.outcome, c.code, c.risk, c.session, c.surface, c.result_status, e.epoch, e.seq, e.segment, e.offset, e.result, \
     e.result_status";

/// A bound of the order: time, number of the epoch, number of the record. Neither end is in.
pub(super) type Bound = (i64, i64, i64);

/// A statement and its values.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Box<dyn ToSql>>,
}

/// A page of at most `limit`.
pub(super) fn page(search: &Search, bounds: (Bound, Bound), limit: i64) -> Statement {
    let mut statement = Statement::select(COLUMNS, search, true);
    statement.conditions(search, bounds);
    let way = match search.order {
        Order::Ascending => "ASC",
        Order::Descending => "DESC",
    };
    statement.sql.push_str(&format!(" ORDER BY c.time {way}, c.epoch {way}, c.seq {way} LIMIT ?"));
    statement.values.push(Box::new(limit));
    statement
}

/// How many there are.
pub(super) fn count(search: &Search, bounds: (Bound, Bound)) -> Statement {
    let mut statement = Statement::select("count(*)", search, search.asks_results());
    statement.conditions(search, bounds);
    statement
}

/// The entries of one call.
pub(super) fn of_call() -> String {
    format!(
        "SELECT {COLUMNS} FROM calls AS c INDEXED BY calls_by_call LEFT JOIN executions AS e ON e.call = c.call \
         WHERE c.call = ? ORDER BY c.time, c.epoch, c.seq"
    )
}

impl Statement {
    fn select(what: &str, search: &Search, executions: bool) -> Self {
        let by = index(search).map(|index| format!(" INDEXED BY {index}")).unwrap_or_default();
        // Never the executions first: CROSS keeps the order of the tables.
        let join = if search.result.is_some() { "CROSS JOIN" } else { "LEFT JOIN" };
        let mut sql = format!("SELECT {what} FROM calls AS c{by}");
        if executions {
            sql.push_str(&format!(" {join} executions AS e ON e.call = c.call"));
        }
        Self { sql, values: Vec::new() }
    }

    fn conditions(&mut self, search: &Search, (above, below): (Bound, Bound)) {
        self.sql
            .push_str(" WHERE (c.time, c.epoch, c.seq) > (?, ?, ?) AND (c.time, c.epoch, c.seq) < (?, ?, ?)");
        for part in [above.0, above.1, above.2, below.0, below.1, below.2] {
            self.values.push(Box::new(part));
        }
        let tags = &search.tags;
        // The sign keeps SQLite from an index that was not chosen here, and that is not in the order of the list.
        let by_tenant = index(search) == Some(BY_TENANT);
        let tenant = if by_tenant { "c.tenant" } else { "+c.tenant" };
        for (column, tag) in [
            (tenant, tags.tenant),
            ("c.actor", tags.actor),
            ("c.capability", tags.capability),
            ("c.outcome", tags.outcome),
            ("c.code", tags.code),
            ("c.risk", tags.risk),
            ("c.session", tags.session),
            ("c.surface", tags.surface),
            ("e.result", search.result),
            ("coalesce(e.result_status, c.result_status)", search.result_status),
        ] {
            if let Some(Tag(number)) = tag {
                if column == tenant && search.or_no_tenant {
                    self.sql.push_str(" AND (+c.tenant = ? OR +c.tenant IS NULL)");
                    self.values.push(Box::new(number));
                    continue;
                }
                self.sql.push_str(&format!(" AND {column} = ?"));
                self.values.push(Box::new(number));
            }
        }
        if refuses(search) {
            // Word for word the condition of the index.
            self.sql.push_str(&format!(" AND c.outcome <> {}", Tag::of("ALLOW").0));
        }
        if let [Tag(kind)] = *search.kinds {
            self.sql.push_str(" AND c.kind = ?");
            self.values.push(Box::new(kind));
        } else if !search.kinds.is_empty() {
            let marks = vec!["?"; search.kinds.len()].join(", ");
            self.sql.push_str(&format!(" AND c.kind IN ({marks})"));
            self.values.extend(search.kinds.iter().map(|Tag(kind)| Box::new(*kind) as Box<dyn ToSql>));
        }
    }
}

/// In the order of lists for each tenant and kind.
const BY_TENANT: &str = "calls_by_tenant";

/// Whether an outcome is asked for that few calls have.
fn refuses(search: &Search) -> bool {
    search.tags.outcome.is_some_and(|outcome| outcome != Tag::of("ALLOW"))
}

/// The index to walk: the one that likely leaves the least; `None` for the table itself, which is in the order of time.
fn index(search: &Search) -> Option<&'static str> {
    let tags = &search.tags;
    match () {
        () if tags.session.is_some() => Some("calls_by_session"),
        () if tags.actor.is_some() => Some("calls_by_actor"),
        () if tags.capability.is_some() => Some("calls_by_capability"),
        () if refuses(search) => Some("calls_not_allowed"),
        // Of one kind alone it is in the order of lists.
        () if tags.tenant.is_some() && !search.or_no_tenant && search.kinds.len() == 1 => Some(BY_TENANT),
        () => None,
    }
}
