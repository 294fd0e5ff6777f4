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
        let by = index(search).map(|index| format!(" INDEXED BY {}", index.name)).unwrap_or_default();
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
        let by_tenant = index(search).is_some_and(|index| index.column == "tenant");
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
        if let Some(Index { column, common, .. }) = index(search) {
            // Word for word the condition of the index.
            for text in common {
                self.sql.push_str(&format!(" AND c.{column} <> {}", Tag::of(text).0));
            }
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

/// An index over calls.
struct Index {
    name: &'static str,
    column: &'static str,
    /// What it leaves out, since most calls have it.
    common: &'static [&'static str],
}

/// The indexes, the one that likely leaves the least first, each with what is asked of its column.
fn indexes(search: &Search) -> [(Index, Option<Tag>); 9] {
    let tags = &search.tags;
    // Of one kind alone it is in the order of lists.
    let tenant = tags.tenant.filter(|_| !search.or_no_tenant);
    let of_one_kind = tenant.filter(|_| search.kinds.len() == 1);
    let whole = |name, column| Index { name, column, common: &[] };
    [
        (whole("calls_by_session", "session"), tags.session),
        (whole("calls_by_actor", "actor"), tags.actor),
        (whole("calls_by_capability", "capability"), tags.capability),
        (
            Index {
                name: "calls_by_rare_code",
                column: "code",
                common: &["rule_allowed", "default_allowed"],
            },
            tags.code,
        ),
        (Index { name: "calls_not_allowed", column: "outcome", common: &["ALLOW"] }, tags.outcome),
        (Index { name: "calls_by_high_risk", column: "risk", common: &["low", "medium"] }, tags.risk),
        (whole(BY_TENANT, "tenant"), of_one_kind),
        (
            Index { name: "calls_by_other_tenant", column: "tenant", common: &["default", "anonymous"] },
            tenant,
        ),
        (whole("calls_by_surface", "surface"), tags.surface),
    ]
}

/// The index to walk; `None` for the table itself, which is in the order of time.
fn index(search: &Search) -> Option<Index> {
    let holds = |index: &Index, tag: Tag| !index.common.iter().any(|common| Tag::of(common) == tag);
    let mut fit = indexes(search).into_iter().filter(|(index, tag)| tag.is_some_and(|tag| holds(index, tag)));
    fit.next().map(|(index, _)| index)
}
